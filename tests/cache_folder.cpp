// SPDX-License-Identifier: MIT
#include <tenon/cache_folder.hpp>

#include <stdlib.h>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_cache;
using tenon::detail::basic_lock;
using tenon::detail::basic_scratch;
using tenon::detail::posix;
using tenon::detail::remove_tree;
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
    const variables none({});
    CHECK_THROWS_WITH(basic_cache<>(""), "there is no folder to keep compiled plugins in: $TENON_CACHE, "
                                         "$XDG_CACHE_HOME and $HOME are not set; set "
                                         "one of them, or options.cache");
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
    const std::string text = "the cache '" + scratch.path().native() +
                             "' is not used, because it has to belong to this user alone; `chmod 700 '" +
                             scratch.path().native() + "'`, or name another in $TENON_CACHE or options.cache";
    for (const auto wrong : {tests::fs::perms::group_write, tests::fs::perms::others_write}) {
        tests::fs::permissions(scratch.path(), tests::fs::perms::owner_all | wrong);
        CHECK_THROWS_WITH(basic_cache<>(scratch.path()).folder("bin"), text);
    }
    tests::fs::permissions(scratch.path(), tests::fs::perms::owner_all);
    struct another : posix {
        static uid_t geteuid() noexcept { return posix::geteuid() + 1; }
    };
    CHECK_THROWS_WITH(basic_cache<another>(scratch.path()).folder("bin"), text);
}

TEST_CASE("a cache that cannot be made names the folder and the reason", "[cache_folder]") {
    const scratch_directory scratch;
    struct read_only : posix {
        static int mkdir(const char*, mode_t) noexcept { return errno = EROFS, -1; }
    };
    CHECK_THROWS_WITH(basic_cache<read_only>(scratch / "c").folder("bin"),
                      "cannot make the folder '" + (scratch / "c").native() + "': Read-only file system");
    write(scratch / "file", "");
    CHECK_THROWS_WITH(basic_cache<>(scratch / "file/c").folder("bin"),
                      "cannot make the folder '" + (scratch / "file/c").native() + "': Not a directory");
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
    { const basic_scratch<> next(cache); }
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
    { const basic_lock<> mine(path); }
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
}
