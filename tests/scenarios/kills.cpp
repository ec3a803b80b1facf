// SPDX-License-Identifier: MIT
// Builders that are killed, or that meet odd files, disks and clocks. Whatever they leave behind must never
// become a wrong plugin.
#include <tenon/detail/build/builder.hpp>
#include <tenon/loader.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <random>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "building.hpp"
#include "catch.hpp"
#include "plugins/part.hpp"

using tenon::errc;
using tenon::error;
using tenon::plugin_type;
using tenon::detail::basic_builder;
using tenon::detail::basic_cache;
using tenon::detail::posix;
using tests::read;
using tests::scratch_directory;
using tests::write;
using tests::fs::path;

namespace {

constexpr plugin_type noted{"noted", "/where/this/program/was/compiled/noted.hpp"};

/// Builders of one plugin that share a cache, with a shell script as a fast compiler. Its output is the
/// source's text between two words, written in steps.
struct workshop {
    explicit workshop(const path& cache_folder = "")
        : cache(cache_folder.empty() ? root / "cache" : cache_folder) {
        write(root / "include/noted.hpp", "// a plugin_type named \"noted\"\n");
        write(compiler, R"(#!/bin/sh
if [ -e ')" + living_on.native() +
                            R"(' ] && [ "$1" != again ]; then exec setsid -w "$0" again "$@"; fi
for word; do
    case $before in -MF) made=$word;; -o) out=$word;; esac
    case $word in *.cpp) source=$word;; *.o) objects="$objects $word";; esac
    before=$word
done
case "$*" in
*-dM*) echo '#define __cplusplus)" +
#ifdef __clang__
                            " __clang__" // for a clang program with a sanitizer, only clang can build plugins
#else
                            ""
#endif
                            R"(';;
*' -c '*) echo "library: $source" > "$made"; : > "$out"; while read -r line; do echo "$line" >> "$out"; done < "$source";;
*) echo begin > "$out"; for object in $objects; do [ "$object" = "$out" ] || cat "$object" >> "$out"; done; echo end >> "$out";;
esac
)");
        permissions(compiler, tests::fs::perms::owner_all);
    }

    static std::string text(int version) {
        return "// version " + std::to_string(version) + "\n// of a source\n";
    }
    void edit(int version) const { write(source, text(version)); }

    /// Builds, and returns the text of the library.
    template <class System = posix>
    std::string build() const {
        const auto check = [](const std::string& made) {
            const std::string whole = read(made);
            if (!whole.starts_with("begin\n") || !whole.ends_with("end\n"))
                throw tenon::detail::not_a_library(made, "it is not whole");
        };
        return read(basic_builder<System>({.compiler = {compiler}, .include = {root / "include"}},
                                          basic_cache<System>(cache))
                        .library(root / "plugin", noted, check));
    }

    /// Starts a host that builds, in a process of its own.
    pid_t host() const {
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                build();
            } catch (...) {
            }
            ::_exit(0);
        }
        return child;
    }

    bool nothing_unfinished() const { return !exists(cache / "tmp") || is_empty(cache / "tmp"); }

    /// Processes that have this folder in their command line.
    std::vector<pid_t> programs() const {
        std::vector<pid_t> found;
        for (const auto& each : tests::fs::directory_iterator("/proc"))
            if (const std::string name = each.path().filename();
                name.find_first_not_of("0123456789") == name.npos)
                if (read(each.path() / "cmdline").find(root.path().native()) != std::string::npos)
                    found.push_back(std::stoi(name));
        return found;
    }
    bool no_programs_after(int seconds) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        while (!programs().empty() && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return programs().empty();
    }

    scratch_directory root;
    path cache, source = root / "plugin/main.cpp", compiler = root / "c++", living_on = root / "living_on";
};

std::string library_of(int version) {
    return "begin\n" + workshop::text(version) + "end\n";
}

std::mt19937& chance() {
    static std::mt19937 numbers(20240607);
    return numbers;
}
int up_to(int most) {
    return std::uniform_int_distribution<int>(0, most)(chance());
}

/// The result of a build, or the text of its error.
template <class Build>
std::string attempt(const Build& build) {
    try {
        return build();
    } catch (const error& e) {
        return std::string("error: ") + e.what();
    }
}

/// A file system in memory, unmounted at the end of the process at the latest. Not available if this process
/// may not mount.
class memory_disk {
public:
    explicit memory_disk(const std::string& options) {
        tests::fs::create_directory(at_);
        // The mount is in a namespace of its own, which goes with the process.
        there_ = ::unshare(CLONE_NEWNS) == 0 &&
                 ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                 ::mount("tenon", at_.c_str(), "tmpfs", 0, ("mode=0700," + options).c_str()) == 0;
        if (!there_)
            WARN("this process may not mount file systems, and a full one is not tested");
    }
    memory_disk(const memory_disk&) = delete;
    memory_disk& operator=(const memory_disk&) = delete;
    ~memory_disk() {
        if (there_)
            ::umount2(at_.c_str(), MNT_DETACH);
    }

    explicit operator bool() const { return there_; }
    const path& at() const { return at_; }
    void mount_again(unsigned long flags) const {
        REQUIRE(::mount("tenon", at_.c_str(), "tmpfs", MS_REMOUNT | flags, "mode=0700") == 0);
    }

private:
    scratch_directory root_;
    path at_ = root_ / "disk";
    bool there_ = false;
};

/// Sets a file's stamps to so many seconds from now.
void stamp(const path& file, long seconds) {
    timespec times[2];
    ::clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec += seconds;
    times[1] = times[0];
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

} // namespace

TEST_CASE("after three hundred kills at any moment the next host has the right plugin, and nothing is left",
          "[kills]") {
    const workshop work;
    constexpr int at_once = 3;
    int version = 0;
    auto usual = std::chrono::microseconds::max();
    for (; version < 5; ++version) {
        work.edit(version);
        const auto begin = std::chrono::steady_clock::now();
        REQUIRE(work.build() == library_of(version));
        usual = std::min(usual, std::chrono::duration_cast<std::chrono::microseconds>(
                                    std::chrono::steady_clock::now() - begin));
    }
    --version;
    for (int killed = 0, round = 0; killed < 300; ++round) {
        INFO("round " << round);
        // In some rounds there is nothing to build, or only a new time stamp to check. In some, the compilers
        // survive their host.
        if (const int what = up_to(9); what > 1)
            work.edit(++version);
        else if (what == 1)
            stamp(work.source, 0);
        if (round % 4 == 3)
            write(work.living_on, "");
        else
            remove(work.living_on);

        std::vector<pid_t> hosts;
        for (int i = 0; i < at_once; ++i)
            hosts.push_back(work.host());
        for (const pid_t host : hosts) {
            std::this_thread::sleep_for(
                std::chrono::microseconds(up_to(static_cast<int>(usual.count()) / 2)));
            ::kill(host, SIGKILL);
        }
        for (const pid_t host : hosts) {
            int status = 0;
            REQUIRE(::waitpid(host, &status, 0) == host);
            killed += WIFSIGNALED(status);
        }
        REQUIRE(attempt([&] { return work.build(); }) == library_of(version));
        REQUIRE(round < 2000);
    }
    CHECK(work.no_programs_after(2));
    work.edit(++version);
    CHECK(work.build() == library_of(version));
    CHECK(work.nothing_unfinished());
    // Libraries published on the way also match their sources.
    for (int earlier = 0; earlier <= version; earlier += 7) {
        work.edit(earlier);
        CHECK(work.build() == library_of(earlier));
    }
}

namespace {

/// Kills this process before its Nth call that changes the file system.
struct dying : posix {
    static inline int countdown = 0;
    static void live_or_die() noexcept {
        if (--countdown == 0)
            ::raise(SIGKILL);
    }
    static int open(const char* name, int flags, mode_t mode = 0) noexcept {
        return live_or_die(), posix::open(name, flags, mode);
    }
    static int close(int fd) noexcept { return live_or_die(), posix::close(fd); }
    static ssize_t write(int fd, const void* from, size_t size) noexcept {
        return live_or_die(), posix::write(fd, from, size);
    }
    static int chmod(const char* name, mode_t mode) noexcept {
        return live_or_die(), posix::chmod(name, mode);
    }
    static int mkdir(const char* name, mode_t mode) noexcept {
        return live_or_die(), posix::mkdir(name, mode);
    }
    static char* mkdtemp(char* name) noexcept { return live_or_die(), posix::mkdtemp(name); }
    static int rename(const char* from, const char* to) noexcept {
        return live_or_die(), posix::rename(from, to);
    }
    static int unlink(const char* name) noexcept { return live_or_die(), posix::unlink(name); }
    static int rmdir(const char* name) noexcept { return live_or_die(), posix::rmdir(name); }
    static int flock(int fd, int operation) noexcept { return live_or_die(), posix::flock(fd, operation); }
    static int spawn(pid_t* child, const char* program, const posix_spawn_file_actions_t* files,
                     const posix_spawnattr_t* attributes, char* const arguments[],
                     char* const environment[]) noexcept {
        return live_or_die(), posix::spawn(child, program, files, attributes, arguments, environment);
    }
    static pid_t waitpid(pid_t child, int* status) noexcept {
        return live_or_die(), posix::waitpid(child, status);
    }
};

} // namespace

TEST_CASE("a builder that is killed before any one of its system calls does no harm", "[kills]") {
    const workshop work;
    int version = 0;
    for (bool killed = true; killed;) {
        work.edit(++version);
        INFO("call " << version);
        const pid_t host = ::fork();
        if (host == 0) {
            dying::countdown = version;
            try {
                work.build<dying>();
            } catch (...) {
            }
            ::_exit(0);
        }
        int status = 0;
        REQUIRE(::waitpid(host, &status, 0) == host);
        killed = WIFSIGNALED(status);
        // Built again, the same text may be in the cache already. The next build removes leftovers.
        REQUIRE(attempt([&] { return work.build(); }) == library_of(version));
    }
    CHECK(version > 50);
    work.edit(++version);
    CHECK(work.build() == library_of(version));
    CHECK(work.no_programs_after(2));
    CHECK(work.nothing_unfinished());
}

TEST_CASE("real compilers end with a host that is killed, and take their temporary files along", "[kills]") {
    for (const std::string& compiler : tests::plugin_compilers()) {
        const scratch_directory scratch;
        const path temporary = scratch / "temporary";
        tests::fs::create_directory(temporary);
        write(scratch / "include/noted.hpp", "// a plugin_type named \"noted\"\n");
        write(scratch / "plugin/main.cpp",
              "#include <map>\n#include <regex>\nvoid f(std::string& a, std::wstring& b) {\n"
              "    a = std::regex_replace(a, std::regex(\"a*\"), \"\");\n"
              "    b = std::regex_replace(b, std::wregex(L\"b*\"), L\"\");\n}\n");
        const auto compiling = [&] {
            for (const auto& each : tests::fs::directory_iterator("/proc"))
                if (read(each.path() / "cmdline").find(scratch / "plugin/main.cpp") != std::string::npos)
                    return true;
            return false;
        };
        const pid_t host = ::fork();
        if (host == 0) {
            ::setenv("TMPDIR", temporary.c_str(), 1);
            try {
                basic_builder<>({.compiler = {compiler}, .include = {scratch / "include"}},
                                basic_cache<>(scratch / "cache"))
                    .library(scratch / "plugin", noted, [](const std::string&) {});
            } catch (...) {
            }
            ::_exit(0);
        }
        for (int i = 0; i < 2000 && !compiling(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        // The host has to run once more after the start of a program before that ends with it, which takes a
        // while on a busy machine.
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        ::kill(host, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(host, &status, 0) == host);
        CHECK(WIFSIGNALED(status));
        for (int i = 0; i < 300 && compiling(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        CHECK(!compiling());
        CHECK(is_empty(temporary));
    }
}

TEST_CASE("a compiler that somebody kills is an error, and the next build works", "[kills]") {
    const workshop work;
    for (int version = 0; version < 40; ++version) {
        work.edit(version);
        const pid_t host = work.host();
        std::this_thread::sleep_for(std::chrono::microseconds(up_to(10'000)));
        for (const pid_t program : work.programs())
            ::kill(program, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(host, &status, 0) == host);
        REQUIRE(WIFEXITED(status));
        REQUIRE(attempt([&] { return work.build(); }) == library_of(version));
        REQUIRE(work.nothing_unfinished());
    }
}

TEST_CASE("sources that change all the time never give a library of other sources their name", "[kills]") {
    const workshop work;
    constexpr int versions = 5;
    work.edit(0);
    std::atomic<bool> editing = true;
    std::thread editor([&] {
        for (int i = 0; editing; ++i) {
            // In place, where a compiler can read half of it, or by rename. All texts have one size.
            if (i % 2)
                work.edit(i % versions);
            else {
                write(work.root / "new", work.text(i % versions));
                rename(work.root / "new", work.source);
            }
            std::this_thread::sleep_for(std::chrono::microseconds(i % 7 * 500));
        }
    });
    int built = 0;
    std::string wrong;
    for (int i = 0; i < 40; ++i) {
        const std::string library = attempt([&] { return work.build(); });
        const bool refused = library.find(" changed each time ") != std::string::npos;
        // A source read during a write is a truncated version.
        const std::string text = library.substr(0, library.size() - std::string("end\n").size());
        bool right = refused;
        for (int version = 0; version < versions; ++version)
            right = right || library_of(version).starts_with(text);
        if (!right)
            wrong += library;
        built += !refused;
    }
    editing = false;
    editor.join();
    CHECK(wrong == "");
    INFO(built << " of 40 were built meanwhile");
    for (int version = 0; version < versions; ++version) {
        work.edit(version);
        CHECK(work.build() == library_of(version));
    }
    CHECK(work.nothing_unfinished());
}

TEST_CASE("an edit is seen wherever the clock goes and whatever the stamps say", "[kills]") {
    struct set_clock : posix {
        static long& ahead() {
            static long seconds = 0;
            return seconds;
        }
        static timespec now() noexcept {
            timespec time = posix::now();
            time.tv_sec += ahead();
            return time;
        }
    };
    const workshop work;
    int version = 10; // two digits, so that all texts have the same size
    for (const long clock : {0L, -86'400L, 86'400L, -1L, 1L, 0L})
        for (const long stamped : {0L, -86'400L, 86'400L, 86'400L, 0L}) {
            set_clock::ahead() = clock;
            work.edit(++version);
            stamp(work.source, stamped);
            CHECK(work.build<set_clock>() == library_of(version));
            CHECK(work.build<set_clock>() == library_of(version));
        }

    // The same size and the same time stamp as the file before.
    struct stat before;
    REQUIRE(::stat(work.source.c_str(), &before) == 0);
    work.edit(++version);
    const timespec times[2] = {before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, work.source.c_str(), times, 0) == 0);
    CHECK(work.build() == library_of(version));
}

TEST_CASE("edits that follow each other at once are all seen", "[kills]") {
    const workshop work;
    for (int version = 10; version < 60; ++version) {
        work.edit(version);
        REQUIRE(work.build() == library_of(version));
    }
}

TEST_CASE("on a disk that is full to whatever degree there is an error or the right plugin, and with room "
          "again it works",
          "[kills]") {
    const memory_disk disk("size=256k");
    if (!disk)
        return;
    const workshop work(disk.at() / "cache");
    int errors = 0, version = 0;
    for (int pages = 0; pages < 20; ++pages) {
        INFO(pages << " pages are left");
        {
            // Filled by writing, because a failed fallocate gives its pages back.
            const path filler = disk.at() / "filler";
            const tenon::detail::basic_file<> file(filler, O_WRONLY | O_CREAT, 0600);
            const std::string page(4096, 'x');
            while (posix::write(file.descriptor(), page.data(), page.size()) > 0)
                continue;
            const auto full = tests::fs::file_size(filler);
            REQUIRE(full > 20 * page.size());
            resize_file(filler, full - static_cast<std::size_t>(pages) * page.size());
        }
        work.edit(++version);
        const std::string tight = attempt([&] { return work.build(); });
        if (tight.starts_with("error: ")) {
            ++errors;
            // A shell reports a full disk as an I/O error.
            CHECK_THAT(tight, Catch::Matchers::ContainsSubstring("No space left on device") ||
                                  Catch::Matchers::ContainsSubstring("I/O error"));
        } else {
            CHECK(tight == library_of(version));
        }
        remove(disk.at() / "filler");
        CHECK(work.build() == library_of(version));
        CHECK(work.nothing_unfinished());
    }
    CHECK(errors > 1);
    CHECK(errors < 20);
}

TEST_CASE("a disk that becomes read-only serves what is on it, and says so of what is not", "[kills]") {
    const memory_disk disk("size=1m");
    if (!disk)
        return;
    const workshop work(disk.at() / "cache");
    work.edit(1);
    work.build();
    disk.mount_again(MS_RDONLY);
    CHECK(work.build() == library_of(1));
    stamp(work.source, -5); // the new stamp needs a check, whose result cannot be stored
    CHECK(work.build() == library_of(1));
    work.edit(2);
    const std::string refused = attempt([&] { return work.build(); });
    CHECK(refused.starts_with("error: cannot "));
    CHECK(refused.ends_with(": Read-only file system"));
    disk.mount_again(0);
    CHECK(work.build() == library_of(2));
}

TEST_CASE("a library on a disk from which nothing is run is refused in words, and loads once that may be",
          "[kills]") {
    const memory_disk disk("size=64m");
    if (!disk)
        return;
    const scratch_directory sources;
    write(sources / "part.cpp",
          "#define VERSION 7\n" + read(tests::source_directory / "tests/plugins/part.cpp"));
    const tenon::loader loader({.cache = disk.at() / "cache", .compiler = {TENON_CXX}});
    part_counts counts{};
    disk.mount_again(MS_NOEXEC);
    const std::string refused = tests::refusal([&] { loader.load<part>(sources.path(), counts); });
    CHECK(refused.starts_with("cannot load '" + disk.at().native()));
    CHECK(refused.ends_with("; its file system may be mounted noexec"));
    disk.mount_again(0);
    CHECK(loader.load<part>(sources.path(), counts)->version() == 7);
}

TEST_CASE("a host without a home directory says what to set, and works once it is", "[kills]") {
    const workshop work;
    work.edit(1);
    std::map<std::string, std::string> before;
    for (const char* name : {"HOME", "TENON_CACHE", "XDG_CACHE_HOME"}) {
        if (const char* set = std::getenv(name))
            before[name] = set;
        ::unsetenv(name);
    }
    const auto build = [&] {
        return attempt([&] {
            return read(basic_builder<>({.compiler = {work.compiler}, .include = {work.root / "include"}},
                                        basic_cache<>(""))
                            .library(work.root / "plugin", noted, [](const std::string&) {}));
        });
    };
    CHECK(build().starts_with("error: there is no folder to keep compiled plugins in: "));
    ::setenv("HOME", "/proc/nobody", 1);
    CHECK(build() ==
          "error: the cache '/proc/nobody/.cache/tenon' cannot be used: cannot make the folder "
          "'/proc/nobody': No such file or directory; name another in $TENON_CACHE or options.cache");
    ::setenv("HOME", (work.root / "home").c_str(), 1);
    CHECK(build() == library_of(1));
    CHECK(exists(work.root / "home/.cache/tenon/bin/noted"));
    ::unsetenv("HOME");
    for (const auto& [name, value] : before)
        ::setenv(name.c_str(), value.c_str(), 1);
}
