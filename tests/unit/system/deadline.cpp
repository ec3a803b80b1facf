// SPDX-License-Identifier: MIT
#include <tenon/detail/system/deadline.hpp>

#include "catch.hpp"

using tenon::errc;
using tenon::detail::basic_deadline;
using tenon::detail::deadline;
using tenon::detail::in_seconds;
using tenon::detail::posix;
using tenon::detail::stop_reason;

namespace {

struct set_clock : posix {
    static inline std::int64_t now = 1'000'000;
    static std::int64_t milliseconds() noexcept { return now; }
};

} // namespace

TEST_CASE("without a time there is no end", "[bounds]") {
    CHECK(deadline().left() == -1);
    CHECK(deadline({}, 0).left() == -1);
    CHECK(deadline().cause() == stop_reason::itself);
    CHECK(deadline().time_limit() == "");
}

TEST_CASE("time runs from the beginning, and does not go below nothing", "[bounds]") {
    const basic_deadline<set_clock> within({}, 5000, -1, "options.patience");
    CHECK(within.left() == 5000);
    set_clock::now += 4999;
    CHECK(within.left() == 1);
    CHECK(within.cause() == stop_reason::itself);
    set_clock::now += 100;
    CHECK(within.left() == 0);
    CHECK(within.cause() == stop_reason::time);
    CHECK(within.time_limit() == ": options.patience is 5.0 seconds");
}

TEST_CASE("a time that poll cannot count is as long as it can", "[bounds]") {
    const basic_deadline<set_clock> within({}, std::int64_t{1} << 40);
    CHECK(within.left() == std::numeric_limits<int>::max());
}

TEST_CASE("of two times the sooner is taken, with what it comes from", "[bounds]") {
    const basic_deadline<set_clock> within({}, 5000, -1, "options.patience");
    CHECK(within.at_most(1000).left() == 1000);
    CHECK(within.at_most(1000).time_limit() == "");
    CHECK(within.at_most(9000).left() == 5000);
    CHECK(within.at_most(9000).time_limit() == ": options.patience is 5.0 seconds");
    CHECK(basic_deadline<set_clock>().at_most(7).left() == 7);
}

TEST_CASE("what can be read calls off, and ends a pause", "[bounds]") {
    const int stop = posix::event();
    const deadline within({}, 0, stop);
    CHECK(within.cause() == stop_reason::itself);
    const std::int64_t begin = posix::milliseconds();
    within.pause(20);
    CHECK(posix::milliseconds() - begin >= 19);
    const std::uint64_t one = 1;
    REQUIRE(posix::write(stop, &one, sizeof one) == sizeof one);
    CHECK(within.cause() == stop_reason::stop);
    within.pause(60'000);
    CHECK(within.at_most(0).cause() == stop_reason::stop);
    posix::close(stop);
}

TEST_CASE("what ended a wait has a code, and a duration words", "[bounds]") {
    using tenon::detail::code_of;
    CHECK(code_of(stop_reason::time, errc::build_failed) == errc::timed_out);
    CHECK(code_of(stop_reason::stop, errc::build_failed) == errc::cancelled);
    CHECK(code_of(stop_reason::output, errc::build_failed) == errc::build_failed);
    CHECK(code_of(stop_reason::itself, errc::fetch_failed) == errc::fetch_failed);
    CHECK(in_seconds(0) == "0.0 seconds");
    CHECK(in_seconds(12'345) == "12.3 seconds");
}
