// SPDX-License-Identifier: MIT
#include <tenon/detail/system/text.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

using tenon::detail::begins_with_one_of;
using tenon::detail::ends_in;
using tenon::detail::ends_in_one_of;
using tenon::detail::joined;
using tenon::detail::skip;
using tenon::detail::take_line;
using tenon::detail::take_until;

namespace {

std::vector<std::string> taken(std::string_view text, char end) {
    std::vector<std::string> parts;
    while (!text.empty())
        parts.emplace_back(take_until(text, end));
    return parts;
}

} // namespace

TEST_CASE("a text is taken apart at a mark, which need not stand at its end", "[text]") {
    using parts = std::vector<std::string>;
    CHECK(taken("a:bc:d", ':') == parts{"a", "bc", "d"});
    CHECK(taken("a:bc:", ':') == parts{"a", "bc"});
    CHECK(taken("::a", ':') == parts{"", "", "a"});
    CHECK(taken("", ':').empty());
    std::string_view lines = "one\ntwo";
    CHECK(take_line(lines) == "one");
    CHECK(take_line(lines) == "two");
    CHECK(take_line(lines).empty());
}

TEST_CASE("a word is skipped only where the text begins with it", "[text]") {
    std::string_view text = "-fuse-ld=mold";
    CHECK(!skip(text, "fuse"));
    CHECK(text == "-fuse-ld=mold");
    CHECK(skip(text, "-fuse-ld="));
    CHECK(text == "mold");
}

TEST_CASE("beginnings and ends are looked for in lists, and an end alone is no name with that end",
          "[text]") {
    CHECK(begins_with_one_of("-lx", {"-L", "-l"}));
    CHECK(!begins_with_one_of("-x", {"-L", "-l"}));
    CHECK(!begins_with_one_of("", {"-L"}));
    CHECK(ends_in("a.so", ".so"));
    CHECK(!ends_in(".so", ".so"));
    CHECK(ends_in_one_of("a.o", {".so", ".o"}));
    CHECK(!ends_in_one_of("a.obj", {".so", ".o"}));
}

TEST_CASE("words are joined with something between them", "[text]") {
    CHECK(joined({}, ", ") == "");
    CHECK(joined({"a"}, ", ") == "a");
    CHECK(joined({"a", "b"}, ", ") == "a, b");
}
