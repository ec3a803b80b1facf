// SPDX-License-Identifier: MIT
#include <tenon/detail/system/stop_event.hpp>

#include "catch.hpp"

#ifdef __cpp_lib_jthread
#include <thread>

using tenon::detail::basic_stop_event;
using tenon::detail::posix;

namespace {

bool can_be_read(int fd) {
    pollfd watched{fd, POLLIN, 0};
    return posix::poll(&watched, 1, 0) == 1;
}

} // namespace

TEST_CASE("a token that nobody can stop needs no descriptor", "[stop_event]") {
    CHECK(basic_stop_event<>::of({}).descriptor() == -1);
    CHECK(basic_stop_event<>::of(std::stop_token()).descriptor() == -1);
    std::stop_token orphan = std::stop_source().get_token();
    CHECK(basic_stop_event<>::of(orphan).descriptor() == -1);
}

TEST_CASE("a request, before or after, from any thread, can be read", "[stop_event]") {
    std::stop_source source;
    const auto early = basic_stop_event<>::of(source.get_token());
    CHECK(!can_be_read(early.descriptor()));
    std::thread([&] { source.request_stop(); }).join();
    CHECK(can_be_read(early.descriptor()));
    const auto late = basic_stop_event<>::of(source.get_token());
    CHECK(can_be_read(late.descriptor()));
}

TEST_CASE("an event is raised by hand as well, whether or not its token can ask for a stop", "[stop_event]") {
    std::stop_source source;
    for (const std::stop_token& token : {std::stop_token(), source.get_token()}) {
        const basic_stop_event<> event(token);
        CHECK(!can_be_read(event.descriptor()));
        event.raise();
        CHECK(can_be_read(event.descriptor()));
    }
    const basic_stop_event<> requested(source.get_token());
    source.request_stop();
    CHECK(can_be_read(requested.descriptor()));
}

TEST_CASE("without descriptors there is an error", "[stop_event]") {
    struct without : posix {
        static int event() noexcept { return errno = EMFILE, -1; }
    };
    std::stop_source source;
    CHECK_THROWS_WITH(basic_stop_event<without>::of(source.get_token()),
                      "cannot make an event for 'options.stop': Too many open files");
}
#else
TEST_CASE("a standard library without stop tokens leaves options.stop out", "[stop_event]") {
    SUCCEED();
}
#endif
