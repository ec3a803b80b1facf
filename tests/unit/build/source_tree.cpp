// SPDX-License-Identifier: MIT
#include <tenon/detail/build/source_tree.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::basic_source_tree;
using tests::scratch_directory;
using tests::write;

TEST_CASE(
    "a source tree has all folders and files, but for what is hidden, a backup, a build tree or no file",
    "[source_tree]") {
    const scratch_directory root;
    for (const char* name : {"a.cpp", "data/x.txt", "data/.hidden", "data/y~", "#z#", ".git/config",
                             "build/CMakeCache.txt", "build/made.hpp", "CMakeCache.txt"})
        write(root / name, "");
    REQUIRE(::mkfifo((root / "pipe").c_str(), 0600) == 0);
    const auto all = [&] {
        const basic_source_tree<> tree(root.path());
        std::vector<std::string> names;
        for (const std::vector<std::string>* list : {&tree.folders(), &tree.files()})
            for (const std::string& path : *list)
                names.push_back(tests::fs::path(path).lexically_relative(root.path()));
        std::sort(names.begin(), names.end());
        return names;
    };
    CHECK(all() == std::vector<std::string>{".", "CMakeCache.txt", "a.cpp", "data", "data/x.txt"});

    // Links, of which one leads in a circle and one nowhere.
    const scratch_directory other;
    write(other / "b.cpp", "");
    create_directory_symlink(other.path(), root / "linked");
    create_directory_symlink(root.path(), root / "data/circle");
    create_symlink("nowhere", root / "broken");
    CHECK(all() == std::vector<std::string>{".", "CMakeCache.txt", "a.cpp", "data", "data/x.txt", "linked",
                                            "linked/b.cpp"});
}

TEST_CASE("a name with a line break, and more files than one would look at each time, are refused",
          "[source_tree]") {
    struct endless : tenon::detail::posix {
        static int stat(const char* name, struct stat* out) noexcept {
            static ino_t number = 0;
            const int result = posix::stat("/", out);
            out->st_ino = ++number;
            return static_cast<void>(name), result;
        }
        static DIR* opendir(const char*) noexcept { return posix::opendir("/"); }
    };
    CHECK(tests::refusal([&] { basic_source_tree<endless> tree("/"); }) ==
          "'/' has more than 100000 files and folders, and each would be looked at whenever its plugin is "
          "loaded; "
          "give the plugin a directory of its own");
    const scratch_directory root;
    write(root / "two\nlines", "");
    CHECK(tests::refusal([&] { basic_source_tree<> tree(root.path()); }).starts_with("the name of '"));
}
