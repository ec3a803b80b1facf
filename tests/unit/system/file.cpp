// SPDX-License-Identifier: MIT
#include <tenon/detail/system/file.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_file;
using tenon::detail::file_identity;
using tenon::detail::posix;
using tenon::detail::publish;
using tenon::detail::read_file;
using tenon::detail::settled;
using tests::read;
using tests::scratch_directory;
using tests::write;

namespace {

file_identity identity(const std::string& path) {
    struct stat found;
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return file_identity(found);
}

file_identity changed(std::int64_t at) {
    file_identity state;
    state.changed = at;
    return state;
}

/// Gives and takes a byte at a time, and is interrupted every other time.
struct slow : posix {
    static inline int calls = 0;
    static bool interrupted() { return ++calls % 2 == 0; }
    static int open(const char* path, int flags, mode_t mode = 0) noexcept {
        return interrupted() ? (errno = EINTR, -1) : posix::open(path, flags, mode);
    }
    static ssize_t read(int fd, void* into, size_t) noexcept {
        return interrupted() ? (errno = EINTR, -1) : posix::read(fd, into, 1);
    }
    static ssize_t write(int fd, const void* from, size_t) noexcept {
        return interrupted() ? (errno = EINTR, -1) : posix::write(fd, from, 1);
    }
};

} // namespace

TEST_CASE("a state is believed when a later change would have shown", "[file]") {
    CHECK(settled(changed(1'000'000'005), 1'000'000'006));
    CHECK(!settled(changed(1'000'000'005), 1'000'000'005));
    CHECK(!settled(changed(1'000'000'005), 1'000'000'004));
    // A file system that keeps whole seconds.
    CHECK(!settled(changed(5'000'000'000), 6'500'000'000));
    CHECK(settled(changed(5'000'000'000), 7'000'000'001));
}

TEST_CASE("a file's identity stays until the file changes", "[file]") {
    const scratch_directory scratch;
    const std::string path = scratch / "f";
    write(path, "one");
    const file_identity before = identity(path);
    CHECK(identity(path) == before);
    write(path, "longer");
    CHECK(identity(path) != before);
    const file_identity longer = identity(path);
    tests::fs::permissions(path, tests::fs::perms::owner_read);
    CHECK(identity(path).size == longer.size);
    write(scratch / "g", "longer");
    tests::fs::rename(scratch / "g", path);
    CHECK(identity(path) != longer);
    CHECK(file_identity() != identity(path));
}

TEST_CASE("a file is read whole, up to the limit", "[file]") {
    const scratch_directory scratch;
    const std::string path = scratch / "f", text(200'000, 'x');
    write(path, text);
    CHECK(read_file(path) == text);
    CHECK(read_file(path, 200'000) == text);
    CHECK_THROWS_WITH(read_file(path, 199'999), "cannot read '" + path + "': File too large");
}

TEST_CASE("what is no file is not read", "[file]") {
    const scratch_directory scratch;
    CHECK_THROWS_WITH(read_file(scratch / "none"),
                      "cannot open '" + (scratch / "none").native() + "': No such file or directory");
    CHECK_THROWS_WITH(read_file(scratch.path()), "'" + scratch.path().native() + "' is not a regular file");
    REQUIRE(::mkfifo((scratch / "pipe").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(read_file(scratch / "pipe"),
                      "'" + (scratch / "pipe").native() + "' is not a regular file");
}

TEST_CASE("interrupted and partial reads and writes go on", "[file]") {
    const scratch_directory scratch;
    const std::string path = scratch / "f";
    basic_file<slow>(path, O_WRONLY | O_CREAT, 0600).write(path, "some text");
    CHECK(read(path) == "some text");
    CHECK(read_file<slow>(path) == "some text");
}

TEST_CASE("a file is closed once, by its last owner", "[file]") {
    struct counting : posix {
        static int close(int fd) noexcept { return ++closed(), posix::close(fd); }
        static int& closed() {
            static int count = 0;
            return count;
        }
    };
    {
        basic_file<counting> first("/dev/null", O_RDONLY);
        const basic_file<counting> second(std::move(first));
        CHECK(first.descriptor() == -1);
        CHECK(counting::closed() == 0);
        basic_file<counting> third;
        third = basic_file<counting>("/dev/null", O_RDONLY);
        CHECK(counting::closed() == 0);
    }
    CHECK(counting::closed() == 2);
}

TEST_CASE("text is published whole or not at all", "[file]") {
    const scratch_directory scratch;
    const std::string path = scratch / "f", beside = scratch / "tmp";
    tests::fs::create_directory(beside);
    write(path, "old");
    publish(path, "new", beside);
    CHECK(read(path) == "new");
    CHECK((tests::fs::status(path).permissions() & tests::fs::perms::all) ==
          (tests::fs::perms::owner_read | tests::fs::perms::owner_write));

    struct full : posix {
        static ssize_t write(int fd, const void* from, size_t size) noexcept {
            static int calls = 0;
            return calls++ == 0 ? posix::write(fd, from, std::min<size_t>(size, 2)) : (errno = ENOSPC, -1);
        }
    };
    CHECK_THROWS_WITH((publish<full>(path, "newer", beside)),
                      "cannot write '" + beside + "/f': No space left on device");
    CHECK(read(path) == "new");
    CHECK(is_empty(tests::fs::path(beside)));

    struct read_only : posix {
        static int rename(const char*, const char*) noexcept { return errno = EROFS, -1; }
    };
    CHECK_THROWS_WITH((publish<read_only>(path, "newer", beside)),
                      "cannot rename to '" + path + "': Read-only file system");
    CHECK(read(path) == "new");
    CHECK(is_empty(tests::fs::path(beside)));
}

TEST_CASE("a lock is one owner's at a time, in one process too", "[file]") {
    const scratch_directory scratch;
    const std::string path = scratch / "f";
    write(path, "");
    const basic_file<> other(path, O_RDWR);
    {
        const basic_file<> owner(path, O_RDWR);
        CHECK(owner.try_lock());
        CHECK(!other.try_lock());
    }
    CHECK(other.try_lock());
}
