// SPDX-License-Identifier: MIT
#include <tenon/detail/system/event_report.hpp>

#include "catch.hpp"

using tenon::event;

TEST_CASE("an event says what begins, of what, and how far it is", "[event]") {
    CHECK(event{event::step::compiling, "passwd"}.text() == "compiling passwd");
    CHECK(event{event::step::compiling, "passwd", 0, 12}.text() == "compiling passwd");
    CHECK(event{event::step::compiling, "passwd", 1, 1}.text() == "compiling passwd");
    CHECK(event{event::step::compiling, "passwd", 3, 12}.text() == "compiling passwd (3 of 12)");
    CHECK(event{event::step::resolving, "https://example.org/x"}.text() == "asking https://example.org/x");
    CHECK(event{event::step::fetching, "https://example.org/x", 45, 100}.text() ==
          "fetching https://example.org/x (45%)");
    CHECK(event{.what = event::step::falling_back, .subject = "https://example.org/x", .detail = "no network"}
              .text() == "cannot reach https://example.org/x: no network");
    CHECK(event{event::step::waiting, "passwd"}.text() == "waiting until another is done with passwd");
    CHECK(event{event::step::configuring, "passwd"}.text() == "configuring passwd");
    CHECK(event{event::step::cached, "passwd"}.text() == "found passwd");
    CHECK(event{.what = event::step::warning,
                .subject = "passwd",
                .said = {.level = tenon::diagnostic::severity::warning,
                         .file = "/p/a.cpp",
                         .line = 2,
                         .column = 7,
                         .text = "unused variable 'x'"}}
              .text() == "/p/a.cpp:2:7: warning: unused variable 'x'");
}

TEST_CASE("events are told to a handler where there is one, and what it throws reaches the teller",
          "[event]") {
    CHECK_NOTHROW(tenon::detail::tell({}, {event::step::linking, "passwd"}));
    std::string told;
    tenon::detail::tell([&](const event& e) { told = e.text(); }, {event::step::linking, "passwd"});
    CHECK(told == "linking passwd");
    CHECK_THROWS_AS(tenon::detail::tell([](const event&) { throw 7; }, {event::step::linking, "passwd"}),
                    int);
}
