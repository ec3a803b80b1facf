// SPDX-License-Identifier: MIT
#include <tenon/stop_signal.hpp>

#include <memory>

#include "catch.hpp"

using tenon::stop_signal;

TEST_CASE("a signal of nobody never stops anything", "[stop_signal]") {
    const stop_signal nobody;
    CHECK(!nobody.possible());
    CHECK(nobody.on_stop([] { FAIL("called"); }) == nullptr);
}

#ifdef __cpp_lib_jthread
TEST_CASE("a signal is a token, which calls once, at once where a stop was requested before",
          "[stop_signal]") {
    std::stop_source source;
    const stop_signal signal = source.get_token();
    CHECK(signal.possible());
    int calls = 0;
    const auto listening = signal.on_stop([&] { ++calls; });
    CHECK(calls == 0);
    source.request_stop();
    CHECK(calls == 1);
    const auto late = signal.on_stop([&] { calls += 10; });
    CHECK(calls == 11);
    CHECK(signal.possible());
}

TEST_CASE("nothing is called once the listener is gone", "[stop_signal]") {
    std::stop_source source;
    const stop_signal signal(source.get_token());
    signal.on_stop([] { FAIL("called"); }).reset();
    source.request_stop();
}

TEST_CASE("a token whose source is gone can stop nothing", "[stop_signal]") {
    CHECK(!stop_signal(std::stop_token()).possible());
    const std::stop_token orphan = std::stop_source().get_token();
    CHECK(!stop_signal(orphan).possible());
}
#endif
