// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/path_watcher.hpp>

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_path_watcher;
using tenon::detail::posix;
using tests::scratch_directory;
using tests::write;
namespace fs = tests::fs;

namespace {

struct without_inotify : posix {
    static int notifier() noexcept { return errno = ENOSYS, -1; }
};
/// As where the user has as many watches as he may.
struct full : posix {
    static int notify_of(int, const char*, std::uint32_t) noexcept { return errno = ENOSPC, -1; }
};
/// As where `inside` may be entered and not read.
struct half_blind : posix {
    static inline std::string_view closed;
    static int notify_of(int notifier, const char* folder, std::uint32_t what) noexcept {
        return folder == closed ? (errno = EACCES, -1) : posix::notify_of(notifier, folder, what);
    }
};

/// A system where a file appears in `folder` just as the kernel begins to watch it.
struct busy : posix {
    static inline std::string folder;
    static int notify_of(int notifier, const char* path, std::uint32_t what) noexcept {
        const int number = posix::notify_of(notifier, path, what);
        if (path == folder)
            tests::write(fs::path(folder) / "unrelated", "1");
        return number;
    }
};

/// As with a clock of the file system that seldom ticks.
struct coarse : without_inotify {
    static void cut(timespec& time) noexcept { time.tv_nsec -= time.tv_nsec % 20'000'000; }
    static timespec now() noexcept {
        timespec time = posix::now();
        return cut(time), time;
    }
    static int lstat(const char* path, struct stat* out) noexcept {
        if (posix::lstat(path, out) != 0)
            return -1;
        cut(out->st_mtim);
        cut(out->st_ctim);
        return 0;
    }
};

using keys = std::vector<std::size_t>;

bool contains(const keys& all, std::size_t key) {
    return std::count(all.begin(), all.end(), key) == 1;
}

/// Waits as the thread does that reloads.
template <class System>
keys next(basic_path_watcher<System>& files, std::int64_t milliseconds = 10'000) {
    for (const std::int64_t end = posix::milliseconds() + milliseconds;;) {
        const std::int64_t left = end - posix::milliseconds(), wanted = files.timeout();
        pollfd readable{files.descriptor(), POLLIN, 0};
        posix::poll(&readable, 1,
                    static_cast<int>(std::max<std::int64_t>(wanted < 0 ? left : std::min(left, wanted), 0)));
        if (keys found = files.changed(); !found.empty() || left <= 0)
            return found;
    }
}

/// What is still to be said, also of files that a look could not be certain of; none when all has been.
template <class System>
keys rest(basic_path_watcher<System>& files) {
    return next(files,
                files.timeout() < 0 ? 0 : 8); // inotify says things before the call that does them returns
}

template <class System>
void calm(basic_path_watcher<System>& files) {
    while (!rest(files).empty()) {
    }
}

/// True if nothing is reported before `sentinel`, the key of a file that is changed last.
template <class System>
bool is_the_first(basic_path_watcher<System>& files, std::size_t sentinel, const fs::path& file) {
    write(file, "sentinel");
    return next(files) == keys{sentinel};
}

void write_in_place(const fs::path& path, const std::string& text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(fd);
}

/// How many folders the kernel watches for a descriptor.
std::size_t watched_by(int descriptor) {
    const std::string info = tests::read("/proc/self/fdinfo/" + std::to_string(descriptor));
    std::size_t count = 0;
    for (std::size_t at = 0; (at = info.find("inotify wd:", at)) != info.npos; ++at)
        ++count;
    return count;
}

} // namespace

#define WATCHERS basic_path_watcher<>, basic_path_watcher<without_inotify>

TEMPLATE_TEST_CASE("a file that is written to in place is said to have changed, and its neighbour is not",
                   "[watch]", WATCHERS, basic_path_watcher<full>) {
    const scratch_directory scratch;
    write(scratch / "a", "1");
    write(scratch / "b", "1");
    TestType files(5);
    files.set(1, {scratch / "a"});
    files.set(2, {scratch / "b"});
    calm(files);
    write(scratch / "unrelated", "1");
    fs::rename(scratch / "unrelated", scratch / "other");
    fs::remove(scratch / "other");
    CHECK(is_the_first(files, 2, scratch / "b"));
    calm(files);
    write_in_place(scratch / "a", "2");
    CHECK(next(files) == keys{1});
    calm(files);
    CHECK(files.changed() == keys{});
}

TEMPLATE_TEST_CASE("editors that write in place, rename over, or move the old file away first are seen",
                   "[watch]", WATCHERS) {
    const scratch_directory scratch;
    const fs::path file = scratch / "a.cpp";
    write(file, "1");
    TestType files(5);
    files.set(1, {file});
    calm(files);
    SECTION("in place, twice") {
        write_in_place(file, "2");
        CHECK(next(files) == keys{1});
        write_in_place(file, "3");
        CHECK(next(files) == keys{1});
    }
    SECTION("by a new file that is renamed over the old one") {
        write(scratch / ".a.cpp.new", "2");
        fs::rename(scratch / ".a.cpp.new", file);
        CHECK(next(files) == keys{1});
    }
    SECTION("as vim does") {
        write(scratch / "4913", "");
        fs::remove(scratch / "4913");
        fs::rename(file, scratch / "a.cpp~");
        write(file, "2");
        fs::remove(scratch / "a.cpp~");
        CHECK(next(files) == keys{1});
    }
    SECTION("by a file without a name that is given this one") {
        fs::remove(file);
        calm(files);
        const int fd = ::open(scratch.path().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0) { // not every file system has them
            REQUIRE(::write(fd, "2", 1) == 1);
            REQUIRE(::linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str(), AT_FDCWD,
                             file.c_str(), AT_SYMLINK_FOLLOW) == 0);
            CHECK(next(files) == keys{1});
            ::close(fd);
        }
    }
    SECTION("by a link") {
        write(scratch / "b.cpp", "2");
        fs::remove(file);
        fs::create_hard_link(scratch / "b.cpp", file);
        CHECK(next(files) == keys{1});
    }
    SECTION("by its mode alone") {
        fs::permissions(file, fs::perms::owner_read);
        CHECK(next(files) == keys{1});
    }
    calm(files);
    write_in_place(scratch / "a.cpp", "4");
    CHECK(next(files) == keys{1});
}

TEST_CASE("two changes in one tick of the clock are two, though a look sees one state", "[watch]") {
    const scratch_directory scratch;
    write(scratch / "a", "1");
    basic_path_watcher<coarse> files(1);
    files.set(1, {scratch / "a"});
    for (int times = 0; times < 20; ++times) {
        write_in_place(scratch / "a", std::to_string(times % 10));
        REQUIRE(next(files) == keys{1});
    }
    calm(files);
    CHECK(files.changed() == keys{});
}

TEMPLATE_TEST_CASE("who writes slowly is seen when he has finished", "[watch]", WATCHERS) {
    const scratch_directory scratch;
    write(scratch / "a.so", "old");
    TestType files(5);
    files.set(1, {scratch / "a.so"});
    calm(files);
    const int fd = ::open((scratch / "a.so").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    for (const char* part : {"one", "two", "three"}) {
        calm(files);
        REQUIRE(::write(fd, part, 3) == 3);
    }
    ::close(fd);
    CHECK(next(files) == keys{1});
}

TEST_CASE("inotify says nothing of a file before its writer has closed it", "[watch]") {
    const scratch_directory scratch;
    write(scratch / "a.so", "old");
    write(scratch / "b.so", "old");
    basic_path_watcher<> files(5);
    files.set(1, {scratch / "a.so"});
    files.set(2, {scratch / "b.so"});
    const int fd = ::open((scratch / "a.so").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    REQUIRE(::write(fd, "new", 3) == 3);
    CHECK(is_the_first(files, 2, scratch / "b.so"));
    ::close(fd);
    CHECK(next(files) == keys{1});
}

TEMPLATE_TEST_CASE("a file that is not there yet is said when it comes, also in folders that come with it",
                   "[watch]", WATCHERS) {
    const scratch_directory scratch;
    TestType files(5);
    files.set(1, {scratch / "x/y/a"});
    calm(files);
    write(scratch / "unrelated", "");
    write(scratch / "x/y/a", "1"); // with x and y, before anybody could watch them
    CHECK(next(files) == keys{1});
    calm(files);
    write_in_place(scratch / "x/y/a", "2");
    CHECK(next(files) == keys{1});

    files.set(2, {scratch / "p/q/b"});
    calm(files);
    for (const char* folder : {"p", "p/q"}) {
        fs::create_directory(scratch / folder);
        CHECK(next(files) == keys{2});
        calm(files);
    }
    write(scratch / "p/b", "1");
    write(scratch / "p/q/a", "1");
    CHECK(is_the_first(files, 2, scratch / "p/q/b"));
}

TEMPLATE_TEST_CASE("of a folder every entry counts, and nothing below them", "[watch]", WATCHERS) {
    const scratch_directory scratch;
    write(scratch / "f/old", "1");
    write(scratch / "f/g/below", "1");
    fs::create_symlink("../sentinel", scratch / "f/a");
    write(scratch / "sentinel", "1");
    TestType files(5);
    files.set(1, {scratch / "f"});
    files.set(2, {scratch / "sentinel"});
    calm(files);
    write(scratch / "f/g/new", "1");
    write_in_place(scratch / "f/g/below", "2");
    fs::remove(scratch / "f/g/below");
    write(scratch / "unrelated", "1");
    CHECK(is_the_first(files, 2, scratch / "sentinel"));
    calm(files);
    const auto change = GENERATE(0, 1, 2, 3, 4, 5, 6);
    CAPTURE(change);
    switch (change) {
    case 0:
        write(scratch / "f/new", "1");
        break;
    case 1:
        write_in_place(scratch / "f/old", "2");
        break;
    case 2:
        fs::remove(scratch / "f/old");
        break;
    case 3:
        fs::rename(scratch / "f/old", scratch / "f/new");
        break;
    case 4:
        fs::rename(scratch / "f/old", scratch / "old");
        break;
    case 5:
        fs::create_directory(scratch / "f/new");
        break;
    case 6:
        fs::permissions(scratch / "f/old", fs::perms::none);
        break;
    }
    CHECK(next(files) == keys{1});
}

TEMPLATE_TEST_CASE("a folder that goes and comes back is said both times, and watched again", "[watch]",
                   WATCHERS) {
    const scratch_directory scratch;
    write(scratch / "repo/src/a", "1");
    TestType files(5);
    files.set(1, {scratch / "repo/src/a"});
    files.set(2, {scratch / "repo"});
    calm(files);
    SECTION("removed, and made again") {
        fs::remove_all(scratch / "repo");
        CHECK(next(files) == keys{1, 2});
        calm(files);
        write(scratch / "repo/src/a", "2");
        CHECK(next(files) == keys{1, 2});
    }
    SECTION("removed and made again between two calls") {
        fs::remove_all(scratch / "repo");
        write(scratch / "repo/src/a", "2");
        CHECK(contains(next(files), 1)); // a look at the second sees a folder src as before
    }
    SECTION("removed while somebody is in it, so that it lives on without a name") {
        const int held = ::open((scratch / "repo/src").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fs::remove(scratch / "repo/src/a");
        CHECK(next(files) == keys{1});
        calm(files);
        fs::remove_all(scratch / "repo");
        CHECK(next(files) == keys{1, 2});
        calm(files);
        write(scratch / "repo/src/a", "2");
        CHECK(next(files) == keys{1, 2});
        calm(files);
        ::close(held);
    }
    SECTION("moved away, and back") {
        fs::rename(scratch / "repo", scratch / "away");
        CHECK(next(files) == keys{1, 2});
        calm(files);
        fs::rename(scratch / "away", scratch / "repo");
        CHECK(next(files) == keys{1, 2});
    }
    SECTION("another one put in its place") {
        write(scratch / "other/src/a", "2");
        fs::rename(scratch / "repo", scratch / "away");
        fs::rename(scratch / "other", scratch / "repo");
        CHECK(next(files) == keys{1, 2});
        calm(files);
        write_in_place(scratch / "away/src/a", "3"); // the old one matters no more
        files.set(3, {scratch / "sentinel"});
        CHECK(is_the_first(files, 3, scratch / "sentinel"));
    }
    SECTION("a folder on the way moved, which says nothing in those below it") {
        fs::rename(scratch / "repo", scratch / "away");
        fs::create_directory(scratch / "repo");
        fs::rename(scratch / "away/src", scratch / "repo/src");
        CHECK(next(files) == keys{1, 2});
    }
    SECTION("closed and opened by its mode") {
        fs::permissions(scratch / "repo/src", fs::perms::none);
        CHECK(next(files) == keys{1, 2});
        calm(files);
        fs::permissions(scratch / "repo/src", fs::perms::owner_all);
        CHECK(next(files) == keys{1, 2});
    }
    calm(files);
    write_in_place(scratch / "repo/src/a", "4");
    CHECK(next(files) == keys{1});
    calm(files);
    write(scratch / "repo/b", "1");
    CHECK(next(files) == keys{2});
}

TEMPLATE_TEST_CASE("a folder far above the only file that is watched may go, too", "[watch]", WATCHERS) {
    const scratch_directory scratch;
    write(scratch / "a/b/c/f", "1");
    TestType files(5);
    files.set(1, {scratch / "a/b/c/f"});
    calm(files);
    SECTION("by another name") {
        for (const auto& [from, to] : {std::pair("a", "x"), std::pair("x", "a")}) {
            fs::rename(scratch / from, scratch / to);
            CHECK(next(files) == keys{1});
            calm(files);
        }
    }
    SECTION("and come back before anybody asks, in whose stead something else is watched there") {
        fs::remove_all(scratch / "a");
        write(scratch / "a/b/c/f", "2");
        files.set(2, {scratch / "a/b/c/g"});
        CHECK(contains(next(files), 1));
        calm(files);
    }
    SECTION("while somebody is in it") {
        const tenon::detail::basic_file<> held(posix::open((scratch / "a/b/c").c_str(), O_RDONLY));
        fs::remove(scratch / "a/b/c/f");
        CHECK(next(files) == keys{1});
        calm(files);
        fs::remove(scratch / "a/b/c");
        write(scratch / "a/b/c/f", "2");
        CHECK(next(files) == keys{1});
        calm(files);
    }
    write_in_place(scratch / "a/b/c/f", "3");
    CHECK(next(files) == keys{1});
}

TEMPLATE_TEST_CASE("a folder that is watched and empty may go while somebody is in it", "[watch]", WATCHERS) {
    const scratch_directory scratch;
    fs::create_directories(scratch / "a/b");
    TestType files(5);
    files.set(1, {scratch / "a/b"});
    calm(files);
    const tenon::detail::basic_file<> held(posix::open((scratch / "a/b").c_str(), O_RDONLY));
    fs::remove(scratch / "a/b");
    CHECK(next(files) == keys{1});
    calm(files);
    write(scratch / "a/b/f", "1");
    CHECK(next(files) == keys{1});
}

namespace {
/// A system where one folder is also mounted at another place.
struct mounted_twice : posix {
    static inline std::string here, there;
    static int notify_of(int notifier, const char* folder, std::uint32_t what) noexcept {
        return posix::notify_of(notifier, folder == there ? here.c_str() : folder, what);
    }
};
} // namespace

TEST_CASE("of a folder that has two paths what both need is known", "[watch]") {
    const scratch_directory scratch;
    mounted_twice::here = scratch / "here";
    mounted_twice::there = scratch / "there";
    write(scratch / "here/f", "1");
    write(scratch / "here/g/h", "1");
    write(scratch / "there/g/h", "1");
    basic_path_watcher<mounted_twice> files(5);
    files.set(1, {scratch / "here/f"});
    files.set(2, {scratch / "there/g/h"});
    write_in_place(scratch / "here/f", "2");
    CHECK(files.changed() == keys{1});
    files.remove(1);
    write_in_place(scratch / "there/g/h", "2");
    CHECK(files.changed() == keys{2});
}

TEMPLATE_TEST_CASE("two paths that are one folder after the other", "[watch]", WATCHERS) {
    const scratch_directory scratch;
    write(scratch / "a/f", "1");
    TestType files(5);
    files.set(1, {scratch / "a/f"});
    files.set(2, {scratch / "b/f"});
    calm(files);
    for (int turns = 0; turns < 2; ++turns) {
        fs::rename(scratch / "a", scratch / "b");
        CHECK(next(files) == keys{1, 2});
        calm(files);
        write_in_place(scratch / "b/f", "2");
        CHECK(next(files) == keys{2});
        calm(files);
        fs::rename(scratch / "b", scratch / "a");
        CHECK(next(files) == keys{1, 2});
        calm(files);
        write_in_place(scratch / "a/f", "3");
        CHECK(next(files) == keys{1});
        calm(files);
    }
}

TEMPLATE_TEST_CASE("symbolic links are followed, and a change of one counts", "[watch]", WATCHERS) {
    const scratch_directory scratch;
    write(scratch / "releases/1/a", "1");
    write(scratch / "releases/2/a", "2");
    fs::create_directory_symlink("../releases//./1",
                                 scratch / "releases/first"); // over a folder that is not passed
    fs::create_directory_symlink("releases/1", scratch / "current");
    fs::create_directories(scratch / "bin");
    fs::create_symlink("../current/a", scratch / "bin/a");
    write(scratch / "sentinel", "1");
    TestType files(5);
    files.set(1, {scratch / "bin/a"});
    files.set(2, {scratch / "sentinel"});
    files.set(3, {scratch / "releases/first/../1/a"});
    calm(files);
    write_in_place(scratch / "releases/2/a", "3");
    CHECK(is_the_first(files, 2, scratch / "sentinel"));
    calm(files);
    write_in_place(scratch / "releases/1/a", "3");
    CHECK(next(files) == keys{1, 3});
    calm(files);

    fs::create_directory_symlink(scratch / "releases/2", scratch / "next");
    fs::rename(scratch / "next", scratch / "current");
    CHECK(next(files) == keys{1});
    calm(files);
    write_in_place(scratch / "releases/2/a", "4");
    CHECK(next(files) == keys{1});
    calm(files);
    write_in_place(scratch / "releases/1/a", "4");
    CHECK(next(files) == keys{3});
    calm(files);

    fs::remove(scratch / "current");
    CHECK(next(files) == keys{1});
    calm(files);
    fs::create_directory_symlink("releases/3", scratch / "current");
    CHECK(next(files) == keys{1});
    calm(files);
    write(scratch / "releases/3/a", "3");
    CHECK(next(files) == keys{1});
}

TEMPLATE_TEST_CASE("links that lead round in circles, and names that no file can have, are waited for",
                   "[watch]", WATCHERS) {
    const scratch_directory scratch;
    fs::create_symlink("b", scratch / "a");
    fs::create_symlink("a", scratch / "b");
    fs::create_symlink("c/c/c", scratch / "c");
    write(scratch / "file", "1");
    TestType files(5);
    files.set(1, {scratch / "a"});
    files.set(2, {scratch / "c"});
    files.set(3, {scratch / std::string(5000, 'x'), scratch / "file/below/it", "/", "/../..", ""});
    calm(files);
    fs::remove(scratch / "b");
    CHECK(next(files) == keys{1});
    calm(files);
    write(scratch / "b", "1");
    CHECK(next(files) == keys{1});
    calm(files);
    fs::remove(scratch / "file");
    CHECK(next(files) == keys{3});
    calm(files);
    write(scratch / "file/below/it", "1");
    CHECK(next(files) == keys{3});
}

TEMPLATE_TEST_CASE("a change between the call that watches a file and the first question is not lost",
                   "[watch]", WATCHERS) {
    const scratch_directory scratch;
    write(scratch / "a", "1");
    TestType files(60'000); // so that in time only what set() itself sees is said
    files.set(1, {scratch / "a"});
    write_in_place(scratch / "a", "2");
    files.set(2, {scratch / "./a"});
    SECTION("by who still wants it") {
        CHECK(contains(next(files), 1));
    }
    SECTION("unless nobody does") {
        files.remove(1);
        CHECK(!contains(files.changed(), 1));
    }
}

TEMPLATE_TEST_CASE("a key has the paths that it was given last, and others keep theirs", "[watch]",
                   WATCHERS) {
    const scratch_directory scratch;
    for (const char* name : {"a", "b", "c", "sentinel"})
        write(scratch / name, "1");
    TestType files(5);
    files.set(1, {scratch / "a", scratch / "b", scratch / "b"});
    files.set(2, {scratch / "b"});
    files.set(9, {scratch / "sentinel"});
    calm(files);
    write_in_place(scratch / "b", "2");
    CHECK(next(files) == keys{1, 2});
    calm(files);

    write_in_place(scratch / "a", "2"); // said to nobody, because it is let go before anybody asks
    files.set(1, {scratch / "b", scratch / "c"});
    CHECK(is_the_first(files, 9, scratch / "sentinel"));
    calm(files);
    write_in_place(scratch / "c", "2");
    CHECK(next(files) == keys{1});
    calm(files);
    write_in_place(scratch / "b", "3");
    CHECK(next(files) == keys{1, 2});
    calm(files);

    files.remove(1);
    files.remove(7); // which there never was
    write_in_place(scratch / "c", "3");
    write_in_place(scratch / "b", "4");
    CHECK(next(files) == keys{2});
}

TEMPLATE_TEST_CASE("a checkout of hundreds of files", "[watch]", WATCHERS) {
    const scratch_directory scratch;
    const auto git = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"git", "-c", "user.name=tests", "-c", "user.email=tests@example.org"});
        const tests::outcome said = tests::run(words, scratch.path());
        INFO(said.err);
        REQUIRE(said.status == 0);
    };
    const auto name = [](std::size_t each) {
        return "src/" + std::to_string(each % 7) + '/' + std::to_string(each);
    };
    constexpr std::size_t count = 300;
    git({"init", "-q", "-b", "main"});
    for (std::size_t each = 0; each < count; ++each)
        write(scratch / name(each), "1");
    git({"add", "."});
    git({"commit", "-q", "-m", "one"});
    git({"checkout", "-q", "-b", "other"});
    for (std::size_t each = 0; each < count; ++each)
        if (each % 3 == 0)
            write(scratch / name(each), "2");
        else if (each % 3 == 1)
            fs::remove(scratch / name(each));
    git({"commit", "-q", "-a", "-m", "two"});

    TestType files(5);
    for (std::size_t each = 0; each < count; ++each)
        files.set(each, {scratch / name(each)});
    calm(files);
    for (const char* branch : {"main", "other"}) {
        git({"checkout", "-q", branch});
        std::set<std::size_t> said;
        for (keys some = next(files); !some.empty(); some = rest(files))
            said.insert(some.begin(), some.end());
        std::set<std::size_t> expected;
        for (std::size_t each = 0; each < count; ++each)
            if (each % 3 != 2)
                expected.insert(each);
        CHECK(said == expected);
    }
}

TEST_CASE("a thousand keys that share files and folders cost one watch for each folder", "[watch]") {
    const scratch_directory scratch;
    basic_path_watcher<> files(5);
    const std::string common = scratch / "common.hpp";
    write(common, "1");
    for (const char* folder : {"p/0", "p/1", "p/2", "p/3"})
        fs::create_directories(scratch / folder);
    const auto own = [&](std::size_t key) {
        return scratch / ("p/" + std::to_string(key % 4) + '/' + std::to_string(key));
    };
    for (std::size_t key = 0; key < 1000; ++key) {
        write(own(key), "1");
        files.set(key, {common, own(key)});
    }
    calm(files);
    const auto above = std::distance(scratch.path().begin(), scratch.path().end()); // with the one that it is
    CHECK(watched_by(files.descriptor()) == static_cast<std::size_t>(above) + 5);
    write_in_place(own(123), "2");
    CHECK(next(files) == keys{123});
    write_in_place(common, "2");
    CHECK(next(files).size() == 1000);
    for (std::size_t key = 0; key < 1000; ++key)
        files.set(key, {own(key)});
    write_in_place(common, "3");
    CHECK(is_the_first(files, 321, own(321)));
    for (std::size_t key = 0; key < 1000; ++key)
        files.remove(key);
    CHECK(watched_by(files.descriptor()) == 0);
    write_in_place(common, "4");
    CHECK(files.changed() == keys{});
}

TEMPLATE_TEST_CASE("whatever happens to a file, who reads it when he is told has its last state in the end",
                   "[watch]", WATCHERS) {
    const scratch_directory scratch;
    const fs::path real = scratch / "d/e/f", path = GENERATE(false, true) ? real : scratch / "link/e/f";
    fs::create_directory_symlink("d", scratch / "link");
    TestType files(1);
    files.set(1, {path});
    std::string known;
    std::vector<tenon::detail::basic_file<>> held;
    unsigned random = 1;
    for (int step = 0; step < 400; ++step) {
        const std::string text = std::to_string(step % 10); // of one size always
        random = random * 1103515245 + 12345;
        std::error_code ignored;
        switch (random / 65536 % 12) {
        case 0:
            fs::remove_all(scratch / "d");
            break;
        case 1:
            fs::rename(scratch / "d", scratch / "away", ignored);
            break;
        case 2:
            fs::rename(scratch / "away", scratch / "d", ignored);
            break;
        case 3:
            fs::remove_all(scratch / "away");
            break;
        case 4:
            fs::remove(real, ignored);
            break;
        case 5:
            write(scratch / "new", text);
            fs::create_directories(real.parent_path());
            fs::rename(scratch / "new", real);
            break;
        case 6:
            fs::remove(scratch / "link");
            fs::create_directory_symlink(step % 2 ? "away" : "d", scratch / "link");
            break;
        case 7: // what is removed lives on
            held.emplace_back(posix::open((scratch / (step % 2 ? "d" : "d/e")).c_str(), O_RDONLY));
            break;
        case 8:
            fs::remove_all(scratch / "d/e", ignored);
            break;
        case 9:
            ::rename((scratch / "away/e").c_str(), (scratch / "d/e").c_str()); // also over an empty one
            break;
        default:
            write(real, text);
            break;
        }
        if (random / 65536 / 12 % 3 == 0 && files.changed() == keys{1})
            known = tests::read(path);
        if (random / 65536 / 36 % 8 == 0) {
            while (!rest(files).empty())
                known = tests::read(path);
            INFO("after step " << step);
            REQUIRE(known == tests::read(path));
        }
    }
}

TEST_CASE("nobody is woken by what others do in the folders above, unless the way to the file ends there",
          "[watch]") {
    const scratch_directory scratch;
    write(scratch / "x/y/a", "1");
    basic_path_watcher<> files(5);
    files.set(1, {scratch / "x/y/a"});
    pollfd readable{files.descriptor(), POLLIN, 0};
    write(scratch / "unrelated", "1");
    write(scratch / "x/unrelated", "1");
    fs::rename(scratch / "unrelated", scratch / "x/unrelated");
    fs::remove(scratch / "x/unrelated");
    CHECK(posix::poll(&readable, 1, 0) == 0);
    files.set(2, {scratch / "x/b"});
    write(scratch / "x/unrelated", "1");
    CHECK(posix::poll(&readable, 1, 0) == 1);
    CHECK(files.changed() == keys{});
    write(scratch / "x/b", "1");
    CHECK(files.changed() == keys{2});
    files.remove(2);
    write(scratch / "x/unrelated", "2");
    CHECK(posix::poll(&readable, 1, 0) == 0);
    files.set(3, {scratch / "x/z/c"});
    write(scratch / "x/z/c", "1");
    CHECK(files.changed() == keys{3});
    write(scratch / "x/unrelated", "3");
    CHECK(posix::poll(&readable, 1, 0) == 0);
}

TEST_CASE("what others do in the folders above while these begin to be watched wakes nobody either",
          "[watch]") {
    const scratch_directory scratch;
    busy::folder = scratch.path();
    write(scratch / "x/a", "1");
    basic_path_watcher<busy> files(5);
    pollfd readable{files.descriptor(), POLLIN, 0};
    files.set(1, {scratch / "x/a"});
    CHECK(posix::poll(&readable, 1, 0) == 0);
    CHECK(files.timeout() == -1);
    write(scratch / "x/a", "2");
    CHECK(posix::poll(&readable, 1, 0) == 1);
    CHECK(files.changed() == keys{1});
    CHECK(posix::poll(&readable, 1, 0) == 0);
    // A change that matters is not lost among the others.
    files.set(2, {scratch / "unrelated"});
    CHECK(next(files) == keys{2});
    files.remove(2);
    CHECK(posix::poll(&readable, 1, 0) == 0);
    CHECK(files.timeout() == -1);
}

TEST_CASE("nobody has to ask unless something can be read, and no program inherits what is read from",
          "[watch]") {
    const scratch_directory scratch;
    basic_path_watcher<> files(5);
    CHECK(files.timeout() == -1);
    files.set(1, {scratch / "a"});
    CHECK(files.timeout() == -1);
    CHECK((::fcntl(files.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
    write(scratch / "a", "1");
    CHECK(files.changed() == keys{1});
    pollfd readable{files.descriptor(), POLLIN, 0};
    CHECK(posix::poll(&readable, 1, 0) == 0);
    CHECK(files.changed() == keys{});
}

TEST_CASE("without inotify files are looked at, and only where there are some and the time has come",
          "[watch]") {
    const scratch_directory scratch;
    basic_path_watcher<without_inotify> files(60'000);
    CHECK(files.descriptor() == -1);
    CHECK(files.timeout() == -1);
    files.set(1, {scratch / "a"});
    CHECK(files.timeout() > 0);
    CHECK(files.timeout() <= 60'000);
    write(scratch / "a", "1");
    CHECK(files.changed() == keys{});
}

TEST_CASE("a folder that cannot be watched is looked at, the others are not, until it can", "[watch]") {
    const scratch_directory scratch;
    write(scratch / "inside/a", "1");
    write(scratch / "b", "1");
    const std::string inside = scratch / "inside";
    half_blind::closed = inside;
    basic_path_watcher<half_blind> files(5);
    files.set(2, {scratch / "b"});
    CHECK(files.timeout() == -1);
    files.set(1, {scratch / "inside/a"});
    CHECK(files.timeout() >= 0);
    calm(files);
    write_in_place(scratch / "inside/a", "2");
    CHECK(next(files) == keys{1});
    write_in_place(scratch / "b", "2");
    while (next(files) != keys{2}) {
    }
    calm(files);
    half_blind::closed = "";
    CHECK(next(files, 10) == keys{});
    CHECK(files.timeout() == -1);
    write_in_place(scratch / "inside/a", "3");
    CHECK(files.changed() == keys{1});
    half_blind::closed = inside;
    fs::remove_all(inside);
    write(scratch / "inside/a", "4");
    CHECK(next(files) == keys{1});
    CHECK(files.timeout() >= 0);
}

namespace {
/// Says once what `what` is when it is to be read.
struct failing_read : posix {
    static inline int error = 0;
    static inline bool overflows = false;
    static ssize_t read(int fd, void* into, size_t size) noexcept {
        if (std::exchange(overflows, false)) {
            // In its place, since the kernel's queue is full: what is in it is thrown away.
            while (posix::read(fd, into, size) > 0) {
            }
            inotify_event full{};
            full.wd = -1;
            full.mask = IN_Q_OVERFLOW;
            ::memcpy(into, &full, sizeof full);
            return sizeof full;
        }
        if (const int now = std::exchange(error, 0))
            return errno = now, -1;
        return posix::read(fd, into, size);
    }
};
} // namespace

TEST_CASE("when the kernel has too much to say, everything may have changed", "[watch]") {
    const scratch_directory scratch;
    write(scratch / "inside/a", "1");
    basic_path_watcher<failing_read> files(5);
    files.set(1, {scratch / "inside/a"});
    files.set(2, {scratch / "b"});
    files.set(3, {});
    fs::remove_all(scratch / "inside");
    write(scratch / "inside/a", "2");
    failing_read::overflows = true;
    CHECK(next(files) == keys{1, 2});
    write_in_place(scratch / "inside/a", "3");
    CHECK(next(files) == keys{1});
    CHECK(files.changed() == keys{});
}

TEST_CASE("a read that was interrupted is tried again", "[watch]") {
    const scratch_directory scratch;
    basic_path_watcher<failing_read> files(5);
    files.set(1, {scratch / "a"});
    write(scratch / "a", "1");
    failing_read::error = EINTR;
    CHECK(files.changed() == keys{1});
    CHECK(files.descriptor() >= 0);
}

TEST_CASE("where nothing can be read any more, everything may have changed and is looked at from now on",
          "[watch]") {
    const scratch_directory scratch;
    write(scratch / "a", "1");
    basic_path_watcher<failing_read> files(5);
    files.set(1, {scratch / "a"});
    failing_read::error = EIO;
    CHECK(files.changed() == keys{1});
    CHECK(files.descriptor() == -1);
    CHECK(files.timeout() >= 0);
    calm(files);
    write_in_place(scratch / "a", "2");
    CHECK(next(files) == keys{1});
    calm(files);
    files.remove(1);
    CHECK(files.timeout() == -1);
}

TEST_CASE("a folder whose names cannot be read has none", "[watch]") {
    struct closed : without_inotify {
        static DIR* opendir(const char*) noexcept { return errno = EACCES, nullptr; }
    };
    const scratch_directory scratch;
    basic_path_watcher<closed> files(5);
    files.set(1, {scratch.path()});
    write(scratch / "a", "1");
    CHECK(next(files, 20) == keys{});
    fs::permissions(scratch.path(), fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(next(files) == keys{1});
}
