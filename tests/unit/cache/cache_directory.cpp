// SPDX-License-Identifier: MIT
#include <tenon/detail/cache/cache_directory.hpp>

#include <iterator>
#include <stdlib.h>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_cache;
using tenon::detail::basic_lock;
using tenon::detail::basic_scratch;
using tenon::detail::posix;
using tenon::detail::remove_tree;
using tests::read;
using tests::scratch_directory;
using tests::write;

namespace {

/// Sets variables for as long as it lives.
struct variables {
    explicit variables(std::initializer_list<std::pair<const char*, const char*>> values) {
        for (const char* name : {"TENON_CACHE", "XDG_CACHE_HOME", "HOME"})
            ::unsetenv(name);
        for (const auto& [name, value] : values)
            ::setenv(name, value, 1);
    }
    ~variables() {
        ::unsetenv("TENON_CACHE");
        ::unsetenv("XDG_CACHE_HOME");
        ::setenv("HOME", home.c_str(), 1);
    }
    const std::string home = std::getenv("HOME") ? std::getenv("HOME") : "/";
};

} // namespace

TEST_CASE("the cache is where the first variable that is set says", "[cache_folder]") {
    CHECK(basic_cache<>("/chosen").path() == "/chosen");
    CHECK((variables({{"TENON_CACHE", "/t"}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}),
           basic_cache<>("").path()) == "/t");
    CHECK((variables({{"TENON_CACHE", ""}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}),
           basic_cache<>("").path()) == "/x/tenon");
    CHECK((variables({{"XDG_CACHE_HOME", "relative"}, {"HOME", "/h"}}), basic_cache<>("").path()) ==
          "/h/.cache/tenon");
    const std::string none = "there is no folder to keep compiled plugins in: $TENON_CACHE, "
                             "$XDG_CACHE_HOME and $HOME are not set",
                      advice = "; set one of them, or options.cache";
    {
        const variables nothing({});
        CHECK_THROWS_WITH(basic_cache<>(""), none + advice);
    }
    const variables relative({{"XDG_CACHE_HOME", "x"}, {"HOME", "home/me"}});
    CHECK_THROWS_WITH(basic_cache<>(""), none +
                                             ", or not absolute: $XDG_CACHE_HOME is 'x', $HOME is "
                                             "'home/me'" +
                                             advice);
}

TEST_CASE("a cache that is named by a relative path is in the folder where the program was then",
          "[cache_folder]") {
    const scratch_directory scratch;
    const auto before = tests::fs::current_path();
    tests::fs::current_path(scratch.path());
    const std::string here = scratch.path();
    const auto chosen = [](const std::string& path) { return basic_cache<>(path).path(); };
    CHECK(chosen("c") == here + "/c");
    CHECK(chosen("./c/d") == here + "/c/d");
    CHECK(chosen(".//./c") == here + "/c");
    CHECK(chosen(".") == here);
    CHECK(chosen("./~/c") == here + "/~/c");
    {
        const variables set({{"TENON_CACHE", "c"}});
        const basic_cache<> cache("");
        tests::fs::current_path("/");
        CHECK(cache.folder("bin") == here + "/c/bin");
        CHECK(exists(scratch / "c/bin"));
    }
    for (const std::string home : {"~", "~/c"})
        CHECK_THROWS_WITH(
            basic_cache<>(home),
            "the cache '" + home +
                "' is not used, because only a shell takes '~' for a home directory; write the "
                "whole path in $TENON_CACHE or options.cache, or begin with './' where the name "
                "is meant");
    struct lost : posix {
        static char* realpath(const char*) noexcept { return errno = ENOENT, nullptr; }
    };
    CHECK(basic_cache<lost>("/c").path() == "/c");
    CHECK_THROWS_WITH(basic_cache<lost>("c"), "cannot find the working folder, where a path begins that is "
                                              "not absolute, 'c': No such file or directory");
    tests::fs::current_path(before);
}

TEST_CASE("folders are made when they are needed, for this user alone", "[cache_folder]") {
    const scratch_directory scratch;
    const basic_cache<> cache(scratch / "a/b/c");
    CHECK(!exists(scratch / "a"));
    CHECK(cache.folder("bin") == (scratch / "a/b/c/bin").native());
    for (const char* made : {"a", "a/b", "a/b/c", "a/b/c/bin"})
        CHECK((status(scratch / made).permissions() & tests::fs::perms::all) == tests::fs::perms::owner_all);
    CHECK(cache.folder("bin") == (scratch / "a/b/c/bin").native());
}

TEST_CASE("a cache that others may write to, or that belongs to another, is not used", "[cache_folder]") {
    const scratch_directory scratch;
    const std::string text = "the cache '" + scratch.path().native() + "' is not used, because ",
                      advice = "name another in $TENON_CACHE or options.cache";
    for (const auto wrong : {tests::fs::perms::group_write, tests::fs::perms::others_write}) {
        tests::fs::permissions(scratch.path(), tests::fs::perms::owner_all | wrong);
        CHECK_THROWS_WITH(basic_cache<>(scratch.path()).folder("bin"),
                          text + "others may write to it; `chmod 700 '" + scratch.path().native() +
                              "'`, or " + advice);
    }
    tests::fs::permissions(scratch.path(), tests::fs::perms::owner_all);
    struct another : posix {
        static uid_t geteuid() noexcept { return posix::geteuid() + 1; }
    };
    CHECK_THROWS_WITH(basic_cache<another>(scratch.path()).folder("bin"),
                      text + "it belongs to user " + std::to_string(posix::geteuid()) +
                          ", and this program runs as user " + std::to_string(posix::geteuid() + 1) + "; " +
                          advice);
    CHECK(is_empty(scratch.path()));
}

TEST_CASE("a cache is a folder that is empty or tenon's, and no other is written to", "[cache_folder]") {
    const scratch_directory scratch;
    const tests::fs::path folder = scratch / "c";
    const auto use = [&] { return basic_cache<>(folder).folder("bin"); };
    const auto is_marked = [&] { return read(folder / "CACHEDIR.TAG") == tenon::detail::cache_mark; };
    using list = std::vector<std::string>;

    for (const list& mine : {list{}, list{"lost+found/x"}, list{".gitignore", ".gitkeep"}}) {
        remove_all(folder);
        create_directories(folder);
        for (const std::string& name : mine)
            write(folder / name, "mine");
        INFO(mine.size());
        CHECK(use() == (folder / "bin").native());
        CHECK(is_marked());
        for (const std::string& name : mine)
            CHECK(read(folder / name) == "mine");
        // From then on it is tenon's, whatever it has.
        write(folder / "letter", "");
        CHECK_NOTHROW(use());
    }

    for (const std::string foreign : {"letter", ".bashrc", "Documents/letter", "bin/tool", "CACHEDIR.TAG"}) {
        remove_all(folder);
        write(folder / foreign, "");
        if (foreign == "CACHEDIR.TAG")
            write(folder / foreign, "Signature: 8a477f597d28d172789f06886806bc55\n# of cargo's\n");
        const std::string named = foreign.substr(0, foreign.find('/'));
        CHECK_THROWS_WITH(use(), "'" + folder.native() + "' is not used as the cache, because it has '" +
                                     named +
                                     "', which is not tenon's; in $TENON_CACHE or options.cache, name a "
                                     "folder that is empty or does not exist, such as '" +
                                     folder.native() + "/tenon-cache'");
        CHECK(std::distance(tests::fs::directory_iterator(folder), tests::fs::directory_iterator()) == 1);
    }
}

TEST_CASE("neither the root, nor a home directory, nor a folder for everybody is a cache, though it be empty",
          "[cache_folder]") {
    const scratch_directory scratch;
    const tests::fs::path folder = scratch / "c";
    create_directories(folder);
    const auto refused = [](const std::string& path, const std::string& why, const std::string& instead) {
        CHECK_THROWS_WITH(basic_cache<>(path).folder("bin"),
                          "'" + path + "' is not used as the cache, because it is " + why +
                              "; in $TENON_CACHE or options.cache, name a folder that is empty or does not "
                              "exist, such as '" +
                              instead + "'");
    };
    refused("/", "the root of all folders", "/tenon-cache");
    refused("/usr/..", "the root of all folders", "/usr/../tenon-cache");
    {
        const variables home({{"HOME", folder.c_str()}});
        refused(folder, "a home directory", folder / "tenon-cache");
        create_symlink(folder, scratch / "link");
        refused(scratch / "link", "a home directory", scratch / "link/tenon-cache");
    }
    permissions(folder, tests::fs::perms::all | tests::fs::perms::sticky_bit);
    refused(folder, "a folder for everybody's files", folder / "tenon-cache");
    CHECK(is_empty(folder));
    CHECK_FALSE(exists(tests::fs::path("/CACHEDIR.TAG")));
}

TEST_CASE("a mark that was not written to its end is written again", "[cache_folder]") {
    const scratch_directory scratch;
    const std::string whole(tenon::detail::cache_mark);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
        remove_all(scratch / "c");
        write(scratch / "c/CACHEDIR.TAG", whole.substr(0, size));
        CHECK_NOTHROW(basic_cache<>(scratch / "c").folder("bin"));
        // What follows the sentence that makes the folder tenon's is for people.
        const auto counts = whole.find(':', whole.find('#'));
        CHECK(read(scratch / "c/CACHEDIR.TAG").substr(0, counts) == whole.substr(0, counts));
    }
    struct full : posix {
        static ssize_t write(int, const void*, size_t) noexcept { return errno = ENOSPC, -1; }
    };
    CHECK_THROWS_WITH(basic_cache<full>(scratch / "d").folder("bin"),
                      "the cache '" + (scratch / "d").native() + "' cannot be used: cannot write '" +
                          (scratch / "d/CACHEDIR.TAG").native() +
                          "': No space left on device; name another in $TENON_CACHE or options.cache");
    CHECK_NOTHROW(basic_cache<>(scratch / "d").folder("bin"));
}

TEST_CASE("processes that make a cache at once, and some that are killed on the way, all find it theirs",
          "[cache_folder]") {
    const scratch_directory scratch;
    for (int round = 0; round < 20; ++round) {
        const std::string path = scratch / std::to_string(round);
        std::vector<pid_t> all;
        for (int i = 0; i < 6; ++i)
            if (all.push_back(::fork()); all.back() == 0) {
                try {
                    const basic_scratch<> here{basic_cache<>(path)};
                    write(here / "x", "");
                    ::_exit(0);
                } catch (const tenon::error& e) {
                    WARN(e.what());
                    ::_exit(1);
                }
            }
        ::kill(all[0], SIGKILL);
        for (const pid_t each : all) {
            int status = -1;
            REQUIRE(::waitpid(each, &status, 0) == each);
            CHECK((each == all[0] || status == 0));
        }
        CHECK_NOTHROW(basic_cache<>(path).folder("bin"));
    }
}

TEST_CASE("a cache that cannot be made names the folder and the reason", "[cache_folder]") {
    const scratch_directory scratch;
    const auto unusable = [&](const std::string& name, const std::string& why) {
        return "the cache '" + (scratch / name).native() + "' cannot be used: " + why +
               "; name another in $TENON_CACHE or options.cache";
    };
    struct read_only : posix {
        static int mkdir(const char*, mode_t) noexcept { return errno = EROFS, -1; }
    };
    CHECK_THROWS_WITH(
        basic_cache<read_only>(scratch / "c").folder("bin"),
        unusable("c", "cannot make the folder '" + (scratch / "c").native() + "': Read-only file system"));
    write(scratch / "file", "");
    CHECK_THROWS_WITH(
        basic_cache<>(scratch / "file/c").folder("bin"),
        unusable("file/c", "cannot make the folder '" + (scratch / "file").native() + "': File exists"));
    CHECK_THROWS_WITH(
        basic_cache<>(scratch / "file").folder("bin"),
        unusable("file", "cannot make the folder '" + (scratch / "file").native() + "': File exists"));
}

TEST_CASE("a scratch folder goes with its owner, and its neighbours stay", "[cache_folder]") {
    const scratch_directory root;
    const basic_cache<> cache(root / "c");
    const basic_scratch<> neighbour(cache);
    write(neighbour / "kept", "");
    std::string path;
    {
        const basic_scratch<> scratch(cache);
        path = scratch.path();
        CHECK(path.compare(0, (root / "c/tmp/").native().size(), (root / "c/tmp/").native()) == 0);
        write(scratch / "a/b/c", "");
        CHECK(exists(tests::fs::path(neighbour / "kept")));
    }
    CHECK(!tests::fs::exists(path));
    CHECK(tests::fs::exists(neighbour / "kept"));
}

TEST_CASE("what a killed owner left is removed by the next, and only that", "[cache_folder]") {
    const scratch_directory root;
    const basic_cache<> cache(root / "c");
    const pid_t child = ::fork();
    if (child == 0) {
        const basic_scratch<> left(cache);
        write(left / "deep/file", "");
        ::raise(SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    CHECK(!is_empty(root / "c/tmp"));
    {
        const basic_scratch<> next(cache);
    }
    CHECK(is_empty(root / "c/tmp"));
}

TEST_CASE("a scratch folder that is swept away before it has its lock is made again", "[cache_folder]") {
    struct swept : posix {
        static int open(const char* path, int flags, mode_t mode = 0) noexcept {
            static int folders = 0;
            if (std::string_view(path).find("/tmp/") != std::string_view::npos && (flags & O_DIRECTORY) &&
                ++folders < 3)
                posix::rmdir(path);
            return posix::open(path, flags, mode);
        }
    };
    const scratch_directory root;
    const basic_cache<swept> cache(root / "c");
    const basic_scratch<swept> scratch(cache);
    CHECK(tests::fs::exists(scratch.path()));
}

TEST_CASE("a cache without locks or space is an error, not a wait", "[cache_folder]") {
    const scratch_directory root;
    struct without_locks : posix {
        static int flock(int, int) noexcept { return errno = ENOLCK, -1; }
    };
    CHECK_THROWS(basic_scratch<without_locks>(basic_cache<without_locks>(root / "c")));
    struct full : posix {
        static char* mkdtemp(char*) noexcept { return errno = ENOSPC, nullptr; }
    };
    CHECK_THROWS_WITH(basic_scratch<full>(basic_cache<full>(root / "c")),
                      "cannot make a folder in '" + (root / "c/tmp").native() + "': No space left on device");
}

TEST_CASE("removing a tree follows no link", "[cache_folder]") {
    const scratch_directory root;
    write(root / "kept/file", "");
    write(root / "tree/file", "");
    create_symlink(root / "kept", root / "tree/link");
    remove_tree(root / "tree");
    CHECK(!exists(root / "tree"));
    CHECK(exists(root / "kept/file"));

    struct stubborn : posix {
        static int unlink(const char*) noexcept { return errno = EACCES, -1; }
    };
    create_symlink(root / "kept", root / "link");
    remove_tree<stubborn>(root / "link");
    CHECK(exists(root / "kept/file"));
}

TEST_CASE("a lock holds others up until it goes, also by a kill", "[cache_folder]") {
    const scratch_directory root;
    const std::string path = root / "lock";
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const basic_lock<> held(path);
        [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
        ::pause();
    }
    char byte;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(!tenon::detail::basic_file<>(path, O_RDWR).try_lock());
    ::kill(child, SIGKILL);
    {
        const basic_lock<> mine(path);
    }
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
}
