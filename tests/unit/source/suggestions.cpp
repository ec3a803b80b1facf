// SPDX-License-Identifier: MIT
#include <tenon/detail/source/suggestions.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

namespace detail = tenon::detail;

TEST_CASE("known names are sorted by likeness, then by the alphabet, each once", "[suggestions]") {
    CHECK(detail::by_likeness("demo", {}).empty());
    CHECK(detail::by_likeness("dmeo", {"json", "ldap", "demo", "json", "dome"}) ==
          std::vector<std::string>{"demo", "dome", "json", "ldap"});
    CHECK(detail::by_likeness("", {"bb", "a", "cc"}) == std::vector<std::string>{"a", "bb", "cc"});
    CHECK(detail::edit_distance("kitten", "sitting") == 3);
    CHECK(detail::edit_distance("", "abc") == 3);
    CHECK(detail::edit_distance("abc", "") == 3);
    CHECK(detail::likeliest("a", {"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"}) ==
          "a1, a2, a3, a4, a5, a6, a7, a8");
    CHECK(detail::likeliest("a", {"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "b"}) ==
          "a1, a2, a3, a4, a5, a6, a7, a8 and 1 more");
}

TEST_CASE("the addresses that other tools write are rewritten, and others left alone", "[suggestions]") {
    CHECK(detail::url_of_scp("git@host:user/repo") == "git+ssh://git@host/user/repo");
    CHECK(detail::url_of_scp("github:user/repo") == "https://github.com/user/repo");
    CHECK(detail::url_of_scp("host/user:repo") == std::nullopt);
    CHECK(detail::without_query("https://host/repo?ref=v1&dir=a") == "https://host/repo@v1#subdirectory=a");
    CHECK(detail::without_query("https://host/repo?page=2") == std::nullopt);
}
