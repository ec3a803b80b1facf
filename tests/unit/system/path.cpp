// SPDX-License-Identifier: MIT
#include <tenon/detail/system/path.hpp>

#include <filesystem>
#include <string>
#include <string_view>

#include <tenon/detail/system/path_like.hpp>

#include "catch.hpp"

using tenon::path_like;
using tenon::detail::join;
using tenon::detail::native;
using tenon::detail::parent;

namespace {

struct own_path {
    std::string text;
    const std::string& native() const { return text; }
};
struct no_path {
    int native() const;
};

static_assert(path_like<std::string> && path_like<std::string_view> && path_like<const char*> &&
              path_like<char[4]> && path_like<std::filesystem::path> && path_like<own_path>);
static_assert(!path_like<int> && !path_like<no_path> && !path_like<std::wstring>);

} // namespace

TEST_CASE("whatever names a file gives its name as it is", "[path]") {
    CHECK(native("./a b") == "./a b");
    CHECK(native(std::string("/x/../y//")) == "/x/../y//");
    CHECK(native(std::string_view("abc").substr(0, 2)) == "ab");
    CHECK(native(std::filesystem::path("/x") / "y") == "/x/y");
    CHECK(native(own_path{"z"}) == "z");
    CHECK(native(std::string()).empty());
}

TEST_CASE("a path is below a folder only where a whole name says so", "[path]") {
    using tenon::detail::is_at_or_below;
    CHECK(is_at_or_below("/a/b", "/a/b"));
    CHECK(is_at_or_below("/a/b/c", "/a/b"));
    CHECK(is_at_or_below("/a", "/"));
    CHECK(is_at_or_below("/a/b/c", "/a/b/"));
    CHECK(is_at_or_below("/a/b/c/../d", "/a/b"));
    CHECK(is_at_or_below("/a/b/./c", "/a/b"));
    CHECK(is_at_or_below("/a/b/..c", "/a/b"));
    CHECK(!is_at_or_below("/a/bc", "/a/b"));
    CHECK(!is_at_or_below("/a/b/../c", "/a/b"));
    CHECK(!is_at_or_below("/a/b/c/../../d", "/a/b"));
    CHECK(!is_at_or_below("/a/b/../b", "/a/b"));
    CHECK(!is_at_or_below("/a", "/a/b"));
    CHECK(!is_at_or_below("/a", ""));
}

TEST_CASE("paths are joined with one slash", "[path]") {
    CHECK(join("a", "b") == "a/b");
    CHECK(join("a/", "b") == "a/b");
    CHECK(join("/", "b") == "/b");
    CHECK(join("", "b") == "b");
}

TEST_CASE("a path has a folder and a last name", "[path]") {
    CHECK(parent("a/b") == "a");
    CHECK(parent("/a/b") == "/a");
    CHECK(parent("b") == ".");
    CHECK(parent("/b") == "/");
    CHECK(parent("/") == "/");
    CHECK(parent("") == ".");
    CHECK(tenon::detail::basename("a/b") == "b");
    CHECK(tenon::detail::basename("b") == "b");
    CHECK(tenon::detail::basename("/b") == "b");
    CHECK(tenon::detail::basename("a/") == "");
    CHECK(tenon::detail::basename("") == "");
}

TEST_CASE("a path is normal where links alone can lead elsewhere", "[path]") {
    for (const char* normal : {"/a", "/a/b.so", "/a/.b", "/a/b.", "/a/..b/...", "/a b"})
        CHECK(tenon::detail::is_normal(normal));
    for (const char* other :
         {"", "/", "a", "a/b", "./a", "//a", "/a//b", "/a/", "/./a", "/a/.", "/../a", "/a/..", "/a/../b"})
        CHECK(!tenon::detail::is_normal(other));
}
