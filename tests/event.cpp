// SPDX-License-Identifier: MIT
#include <tenon/event.hpp>

#include "catch.hpp"

using tenon::event;

TEST_CASE("an event says what begins, of what, and how far it is", "[event]") {
    CHECK(event{event::step::compiling, "passwd"}.text() == "compiling passwd");
    CHECK(event{event::step::compiling, "passwd", 1, 1}.text() == "compiling passwd");
    CHECK(event{event::step::compiling, "passwd", 3, 12}.text() == "compiling passwd (3 of 12)");
    CHECK(event{event::step::resolving, "https://example.org/x"}.text() == "asking https://example.org/x");
    CHECK(event{.what = event::step::falling_back, .subject = "https://example.org/x", .detail = "no network"}.text() ==
          "cannot reach https://example.org/x: no network");
    CHECK(event{event::step::cached, "passwd"}.text() == "found passwd");
}
