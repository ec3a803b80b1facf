// SPDX-License-Identifier: MIT
#include <tenon/allow_list.hpp>

#include "catch.hpp"

using tenon::allow_list;

TEST_CASE("anything is allowed where nobody said, and nothing where somebody listed nothing", "[allowed]") {
    const allow_list<std::string> any, none(std::vector<std::string>{}), some{"a", "b"};
    CHECK(any.anything());
    CHECK(any("a"));
    CHECK_FALSE(none.anything());
    CHECK_FALSE(none("a"));
    CHECK(some("b"));
    CHECK_FALSE(some("c"));
    CHECK_FALSE(some(""));
}

TEST_CASE("a list is written as one, also where it comes from elsewhere", "[allowed]") {
    struct rules {
        allow_list<int> numbers{};
        allow_list<std::string> names{};
    };
    const std::vector<std::string> configured{"a", "b"};
    const rules of{.numbers = {1, 2}, .names = configured};
    CHECK(of.numbers.list() == std::vector<int>{1, 2});
    CHECK(of.names.list() == configured);
    CHECK((rules{.names = {"a", "b"}}.names.list() == configured));
}

TEST_CASE("what is allowed is said in words", "[allowed]") {
    using tenon::detail::in_words;
    CHECK(in_words(allow_list<std::string>{"a", "b"}) == "only a, b");
    CHECK(in_words(allow_list<std::string>(std::vector<std::string>{})) == "nothing");
    CHECK(in_words(allow_list<int>{1, 2}, [](int each) { return std::to_string(each); }) == "only 1, 2");
    CHECK(tenon::detail::in_small_letters("aBZ[@09ü") == "abz[@09ü");
}
