// SPDX-License-Identifier: MIT
#include <tenon/detail/system/directory.hpp>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::make_folders;
using tenon::detail::names_in;
using tenon::detail::posix;
namespace fs = tests::fs;

TEST_CASE("the names in a folder are sorted, and neither the folder itself nor the one above", "[folder]") {
    const tests::scratch_directory scratch;
    for (const char* name : {"b", "a", ".hidden", "c\nd"})
        tests::write(scratch / name, "");
    fs::create_symlink("nowhere", scratch / "link");
    CHECK(names_in(scratch.path()) == std::vector<std::string>{".hidden", "a", "b", "c\nd", "link"});
}

TEST_CASE("what is no folder has no names, and a folder that cannot be opened is an error", "[folder]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "file", "");
    CHECK(names_in(scratch / "none").empty());
    CHECK(names_in(scratch / "file").empty());

    struct closed : posix {
        static DIR* opendir(const char*) noexcept {
            errno = EACCES;
            return nullptr;
        }
    };
    CHECK_THROWS_WITH(names_in<closed>("/root"), "cannot open the folder '/root': Permission denied");
}

TEST_CASE("folders are made for this user alone, with those above them, and may be there already",
          "[folder]") {
    const tests::scratch_directory scratch;
    make_folders(scratch / "a/b/c");
    make_folders(scratch / "a/b/c");
    CHECK(fs::status(scratch / "a").permissions() == fs::perms::owner_all);
    tests::write(scratch / "file", "");
    fs::create_symlink("gone", scratch / "loose");
    for (const char* name : {"file", "loose"})
        CHECK_THROWS_WITH(make_folders(scratch / name),
                          "cannot make the folder '" + (scratch / name).native() + "': File exists");
    CHECK(fs::status(scratch / "a/b/c").permissions() == fs::perms::owner_all);

    struct full : posix {
        static int mkdir(const char*, mode_t) noexcept {
            errno = ENOSPC;
            return -1;
        }
    };
    const std::string path = scratch / "d";
    CHECK_THROWS_WITH(make_folders<full>(path),
                      "cannot make the folder '" + path + "': No space left on device");
}

TEST_CASE("a tree is removed however deep it is, and what its links lead to is not", "[folder]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "kept/file", "x");
    const std::string tree = scratch / "tree";
    tests::write(scratch / "tree/moved-1/file", "");
    tests::write(scratch / "tree/moved-2", "");
    fs::create_directory_symlink("../kept", scratch / "tree/link");
    int at = ::open(tree.c_str(), O_RDONLY | O_DIRECTORY);
    REQUIRE(at >= 0);
    for (int depth = 0; depth < 1500; ++depth) {
        REQUIRE(::mkdirat(at, "aa", 0700) == 0);
        REQUIRE(::symlinkat("/", at, "root") == 0);
        const int next = ::openat(at, "aa", O_RDONLY | O_DIRECTORY);
        REQUIRE(next >= 0);
        ::close(std::exchange(at, next));
    }
    ::close(at);
    tenon::detail::remove_tree(tree);
    CHECK(!fs::exists(fs::symlink_status(tree)));
    CHECK(fs::exists(scratch / "kept/file"));

    tests::write(scratch / "file", "");
    for (const char* name : {"file", "none"})
        tenon::detail::remove_tree(scratch / name);
    CHECK(!fs::exists(scratch / "file"));
}

TEST_CASE("what cannot be removed is left, and nobody waits for it", "[folder]") {
    struct stubborn : posix {
        static int unlink(const char*) noexcept {
            errno = EPERM;
            return -1;
        }
    };
    const tests::scratch_directory scratch;
    tests::write(scratch / "tree/a/b/file", "");
    tests::write(scratch / "tree/file", "");
    tenon::detail::remove_tree<stubborn>(scratch / "tree");
    CHECK(fs::exists(scratch / "tree/file"));
}
