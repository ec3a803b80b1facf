// SPDX-License-Identifier: MIT
#include <tenon/detail/source/driver_text.hpp>

#include <string>

#include "catch.hpp"

namespace detail = tenon::detail;

TEST_CASE("percent-encoding is taken away where it is one", "[driver_text]") {
    CHECK(detail::percent_decoded("%41%4") == "A%4");
    CHECK(detail::percent_decoded("%zz%") == "%zz%");
}

TEST_CASE("values in a query whose names sound like a secret are hidden, all of them, and no others",
          "[driver_text]") {
    CHECK(detail::without_query_secrets("https://h/r?private_token=a&ref=v1&Sig=b#plugin=x") ==
          "https://h/r?private_token=***&ref=v1&Sig=***#plugin=x");
    for (const char* url : {"https://h/r", "https://h/r?ref=v1", "https://h/git?p=token", "https://h/r?token",
                            "https://h/token=a", "", "?"})
        CHECK(detail::without_query_secrets(url) == url);
}

TEST_CASE("what a terminal would obey is shown and not obeyed", "[driver_text]") {
    CHECK(detail::escaped("a\x1b[2Jb\n") == "a\\x1b[2Jb\\x0a");
    CHECK(detail::escaped("a\nb\t", "\n") == "a\nb\\x09");
}

TEST_CASE("a commit id has all digits of one of git's formats", "[driver_text]") {
    CHECK(detail::is_commit_id(std::string(40, 'a')));
    CHECK(detail::is_commit_id(std::string(64, '0')));
    for (const std::string& text : {std::string(39, 'a'), std::string(40, 'g'), std::string()})
        CHECK_FALSE(detail::is_commit_id(text));
}
