// SPDX-License-Identifier: MIT
#include <tenon/folder.hpp>

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

TEST_CASE("folders are made for this user alone, with those above them, and may be there already", "[folder]") {
    const tests::scratch_directory scratch;
    make_folders(scratch / "a/b/c");
    make_folders(scratch / "a/b/c");
    CHECK(fs::status(scratch / "a").permissions() == fs::perms::owner_all);
    CHECK(fs::status(scratch / "a/b/c").permissions() == fs::perms::owner_all);

    struct full : posix {
        static int mkdir(const char*, mode_t) noexcept {
            errno = ENOSPC;
            return -1;
        }
    };
    const std::string path = scratch / "d";
    CHECK_THROWS_WITH(make_folders<full>(path), "cannot make the folder '" + path + "': No space left on device");
}
