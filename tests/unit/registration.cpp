// SPDX-License-Identifier: MIT
#include <tenon/registration.hpp>

#include <string>
#include <type_traits>
#include <utility>

#include "catch.hpp"

namespace {

static_assert(!std::is_copy_constructible_v<tenon::registration>);
static_assert(std::is_nothrow_move_constructible_v<tenon::registration>);
static_assert(tenon::detail::known_layout<tenon::registration>); // so that an interface may give it out

tenon::registration registered(std::string& log, unsigned long number) {
    return {[](void* with, unsigned long which) noexcept {
                *static_cast<std::string*>(with) += std::to_string(which);
            },
            &log, number};
}

} // namespace

TEST_CASE("a registration ends once: when it goes, or before when it is told to", "[registration]") {
    std::string log;
    {
        const auto one = registered(log, 1);
    }
    CHECK(log == "1");
    {
        auto two = registered(log, 2);
        CHECK(two);
        two.end();
        CHECK_FALSE(two);
        CHECK(log == "12");
    }
    CHECK(log == "12");
}

TEST_CASE("a registration may be moved, and one that is moved to ends what it was before", "[registration]") {
    std::string log;
    tenon::registration none;
    CHECK_FALSE(none);
    {
        auto one = registered(log, 1);
        none = std::move(one);
        CHECK_FALSE(one);
        CHECK(log.empty());
        none = registered(log, 2);
        CHECK(log == "1");
        tenon::registration last = std::move(none);
        CHECK_FALSE(none);
    }
    CHECK(log == "12");
}
