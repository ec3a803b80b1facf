// SPDX-License-Identifier: MIT
#include <tenon/detail/system/process.hpp>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <stdlib.h>
#include <string>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"
#include "program.hpp"

using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using tenon::detail::basic_process;
using tenon::detail::command;
using tenon::detail::deadline;
using tenon::detail::environment;
using tenon::detail::find_program;
using tenon::detail::posix;
using tenon::detail::process_result;
using tenon::detail::run;
using tenon::detail::shown;
using tenon::detail::stop_reason;
using tests::read;
using tests::scratch_directory;
using tests::write;

namespace {

const std::vector<std::string> path{"PATH=/usr/bin:/bin"};

process_result shell(const std::string& script, std::vector<std::string> variables = {},
                     const std::string& folder = "/", const deadline& within = deadline()) {
    return run({{"/bin/sh", "-c", script}, std::move(variables), folder}, within);
}

/// True if a process ends within 20 seconds. A zombie has ended.
bool is_gone(pid_t process) {
    for (int i = 0; i < 2'000; ++i) { // 20 s: to be slow is no fault
        const std::string state = read("/proc/" + std::to_string(process) + "/stat");
        if (state.empty() || state.substr(state.rfind(')')).starts_with(") Z"))
            return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

/// What a child gives that may change its own limits, and the text that it has put into `text`.
bool in_a_child(const std::function<bool()>& work, std::string* text = nullptr) {
    int said[2];
    REQUIRE(::pipe(said) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        bool good = false;
        try {
            good = work();
        } catch (const std::exception& e) {
            (text ? *text : std::string()) = e.what();
        }
        if (text && ::write(said[1], text->data(), text->size()) < 0)
            ::_exit(2);
        ::_exit(good ? 0 : 1);
    }
    ::close(said[1]);
    char part[512];
    for (ssize_t got; (got = ::read(said[0], part, sizeof part)) > 0;)
        if (text)
            text->append(part, static_cast<std::size_t>(got));
    ::close(said[0]);
    int status = -1;
    ::waitpid(child, &status, 0);
    return status == 0;
}

} // namespace

TEST_CASE("a program gets its arguments and variables as they are, and no others", "[process]") {
    const process_result echo = run({{"/usr/bin/printf", "%s|", "a b", "", "$HOME", "'\"\\", "*"}, {}});
    CHECK(echo.out == "a b||$HOME|'\"\\|*|");
    CHECK(shell("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_=", {"A=1", "B=two words"}).out ==
          "A=1\nB=two words\n");
}

TEST_CASE("a program runs in its folder and has nothing to read", "[process]") {
    const scratch_directory scratch;
    CHECK(shell("pwd; cat", {}, scratch.path()).out == scratch.path().native() + "\n");
}

TEST_CASE("what a program says is kept, also where it is much", "[process]") {
    const process_result loud = shell("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2; exit 7");
    CHECK(loud.out.size() == 3'000'000);
    CHECK(loud.err.size() == 2'000'000);
    CHECK(loud.failed());
    CHECK(loud.how() == "exited with status 7");
}

TEST_CASE("how a program ended is said in words", "[process]") {
    CHECK(shell("exit 0").how() == "exited with status 0");
    CHECK(!shell("exit 0").failed());
    CHECK(shell("kill -KILL $$").how() == "was killed by signal 9 (Killed)");
    CHECK(shell("kill -KILL $$").failed());
}

TEST_CASE("a program that takes longer than it may is ended, and what it said until then is kept",
          "[process]") {
    const process_result late = shell("echo begun; exec sleep 60", path, "/", deadline({}, 300));
    CHECK_THAT(late.how(), StartsWith("was ended after 0."));
    CHECK_THAT(late.how(), EndsWith(" seconds, because its time was up"));
    CHECK(late.failed());
    CHECK(late.code(tenon::errc::build_failed) == tenon::errc::timed_out);
    CHECK(late.out == "begun\n");
    const process_result quick = shell("exit 3", {}, "/", deadline({}, 60'000));
    CHECK(quick.how() == "exited with status 3");
    CHECK(quick.code(tenon::errc::build_failed) == tenon::errc::build_failed);
}

TEST_CASE("of two times the sooner one counts", "[process]") {
    CHECK(shell("exec sleep 60", path, "/", deadline({}, 60'000).at_most(200)).cause == stop_reason::time);
    CHECK(shell("exec sleep 60", path, "/", deadline({}, 200).at_most(60'000)).cause == stop_reason::time);
    CHECK(shell("exec sleep 60", path, "/", deadline().at_most(200)).cause == stop_reason::time);
}

TEST_CASE("signals of the host's own neither shorten nor lengthen the time that a program has", "[process]") {
    const auto before = std::signal(SIGALRM, [](int) {});
    const itimerval often{{0, 50'000}, {0, 50'000}}, never{};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    const process_result quick = shell("sleep 0.5", path, "/", deadline({}, 30'000));
    const process_result late = shell("exec sleep 60", path, "/", deadline({}, 1000));
    ::setitimer(ITIMER_REAL, &never, nullptr);
    std::signal(SIGALRM, before);
    CHECK(quick.how() == "exited with status 0");
    CHECK(late.cause == stop_reason::time);
    CHECK(late.milliseconds < 20'000);
}

TEST_CASE("all that a program has started ends with it when its time is up", "[process]") {
    const process_result late = shell("sleep 60 & echo $!; sleep 60", path, "/", deadline({}, 300));
    CHECK(late.cause == stop_reason::time);
    CHECK(late.milliseconds < 1000);
    CHECK(is_gone(std::stoi(late.out)));
}

TEST_CASE("programs that are asked to end can tidy up, and those that do not end are killed", "[process]") {
    const scratch_directory scratch;
    const std::string mark = scratch / "tidy";
    shell("trap 'echo > " + mark + "; exit 1' TERM; sleep 60 & wait", path, "/", deadline({}, 300));
    CHECK(exists(tests::fs::path(mark)));

    const process_result stubborn =
        shell("trap '' TERM; sleep 60 & echo $!; sleep 60; sleep 60", path, "/", deadline({}, 300));
    CHECK(stubborn.cause == stop_reason::time);
    CHECK(stubborn.milliseconds >= 1300);
    CHECK(stubborn.milliseconds < 20'000);
    CHECK(is_gone(std::stoi(stubborn.out)));

    const process_result left_behind =
        shell("(trap '' TERM; echo $(exec sh -c 'echo $PPID'); sleep 60; sleep 60) & sleep 60", path, "/",
              deadline({}, 300));
    CHECK(is_gone(std::stoi(left_behind.out)));
}

TEST_CASE("a program is cancelled through a descriptor, at any time", "[process]") {
    const tenon::detail::basic_file<> stop(posix::event());
    std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        const std::uint64_t one = 1;
        CHECK(posix::write(stop.descriptor(), &one, sizeof one) == sizeof one);
    });
    const process_result cancelled =
        shell("echo begun; exec sleep 60", path, "/", deadline({}, 0, stop.descriptor()));
    later.join();
    CHECK_THAT(cancelled.how(), EndsWith(" seconds, because it was cancelled"));
    CHECK(cancelled.code(tenon::errc::build_failed) == tenon::errc::cancelled);
    CHECK(cancelled.milliseconds < 10'000);
    CHECK(cancelled.out == "begun\n");
    CHECK(shell("exec sleep 60", path, "/", deadline({}, 0, stop.descriptor())).cause == stop_reason::stop);
}

TEST_CASE("where the system cannot tell of a child's end it is found out all the same", "[process]") {
    struct without : posix {
        static int watch(pid_t) noexcept { return -1; }
    };
    using few = tenon::detail::basic_deadline<without>;
    CHECK(run<without>({{"/bin/sh", "-c", "sleep 0.2; exit 4"}, path}).how() == "exited with status 4");
    CHECK(run<without>({{"/bin/sleep", "60"}, path}, few({}, 200)).cause == stop_reason::time);
    CHECK(run<without>({{"/bin/sh", "-c", "exit 5"}, path}, few({}, 60'000)).how() == "exited with status 5");
}

TEST_CASE("a daemon that a program has started lives on", "[process]") {
    const process_result starter = shell("sleep 60 >&- 2>&- & echo $!", path);
    const int daemon = std::stoi(starter.out);
    CHECK(starter.how() == "exited with status 0");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(::kill(daemon, SIGTERM) == 0);
}

TEST_CASE("what a program has started ends with one that is to be alone, also where it does not hear of that",
          "[process]") {
    for (const std::string child : {"sleep 100", "trap \"\" TERM; sleep 100", "exec 3>&- 3<&-; sleep 100"}) {
        INFO(child);
        command what{{"/bin/sh", "-c", "(" + child + ") & echo $!; exit 3"}, path, "/"};
        what.alone = true;
        const process_result end = run(what);
        CHECK(end.how() == "exited with status 3");
        CHECK(is_gone(std::stoi(end.out)));
    }
}

TEST_CASE("what a program has started ends when somebody kills the program", "[process]") {
    const process_result killed = shell("sleep 60 & echo $!; kill -KILL $$", path);
    CHECK(killed.how() == "was killed by signal 9 (Killed)");
    CHECK(is_gone(std::stoi(killed.out)));
}

TEST_CASE("a host that is killed takes its programs, and what they have started, along", "[process]") {
    for (const int signal : {SIGKILL, SIGTERM, SIGABRT}) {
        const scratch_directory scratch;
        const std::string pids = scratch / "pids";
        const pid_t host = ::fork();
        if (host == 0) {
            for (const int deadly : {SIGTERM, SIGABRT})
                std::signal(deadly, SIG_DFL);
            shell("sleep 60 & echo $$ $! > " + pids + ".new; mv " + pids + ".new " + pids + "; wait", path);
            ::_exit(0);
        }
        while (!exists(tests::fs::path(pids)))
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        // The host has to run once more after the start of a program before that ends with it.
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        ::kill(host, signal);
        ::waitpid(host, nullptr, 0);
        std::istringstream text(read(pids));
        int program = 0, child = 0;
        text >> program >> child;
        CHECK(is_gone(program));
        CHECK(is_gone(child));
    }
}

TEST_CASE("a program has no terminal", "[process]") {
    CHECK(shell(": < /dev/tty").failed());
    CHECK(shell("test $(ps -o sid= -p $$) = $$", path).how() == "exited with status 0");
}

TEST_CASE("a host without standard streams hears what programs say", "[process]") {
    const pid_t host = ::fork();
    if (host == 0) {
        for (const int stream : {0, 1, 2, 3})
            ::close(stream);
        const process_result said = shell("cat; echo out; echo err >&2");
        ::_exit(said.out == "out\n" && said.err == "err\n" ? 0 : 1);
    }
    int status = -1;
    ::waitpid(host, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("what a program says is told while it runs", "[process]") {
    std::string first;
    const process_result end =
        basic_process<>({{"/bin/sh", "-c", "echo one >&2; sleep 0.3; echo two >&2"}, path})
            .wait([&](std::string_view said) {
                if (first.empty())
                    first = said;
            });
    CHECK(first == "one\n");
    CHECK(end.err == "one\ntwo\n");
}

TEST_CASE("a program that reaches a limit is ended, and the option is named", "[process]") {
    tenon::limits few;
    few.output = 1000;
    const process_result loud = shell("exec cat /dev/zero", path, "/", deadline(few));
    CHECK_THAT(loud.how(), EndsWith(" seconds, because it said too much: options.limits.output is 1000"));
    CHECK(loud.failed());
    CHECK(loud.code(tenon::errc::build_failed) == tenon::errc::build_failed);
    CHECK(shell("head -c 1000 /dev/zero >&2", path, "/", deadline(few)).how() == "exited with status 0");
    CHECK_THAT(shell("head -c 1001 /dev/zero >&2", path, "/", deadline(few)).how(),
               EndsWith("output is 1000"));

    few = {};
    few.cpu_seconds = 1;
    CHECK(shell("while :; do :; done", path, "/", deadline(few)).how() ==
          "was killed by signal 24 (CPU time limit exceeded), at a limit: options.limits.cpu_seconds is 1");

    // Limits are set after the start.
    few = {};
    few.file = 4096;
    const scratch_directory scratch;
    CHECK(shell("sleep 0.2; exec head -c 5000 /dev/zero > file", path, scratch.path(), deadline(few)).how() ==
          "was killed by signal 25 (File size limit exceeded), at a limit: options.limits.file is 4096");
    CHECK(shell("sleep 0.2; head -c 4096 /dev/zero > file; ulimit -c", path, scratch.path(), deadline(few))
              .out == "0\n");

    few = {};
    few.memory = 32 << 20;
    write(scratch / "large.cpp",
          "#include <functional>\n#include <string>\n#include <map>\n#include <regex>\n");
    const process_result large =
        run({{find_program(TENON_CXX).value(), "-std=c++20", "-fsyntax-only", "large.cpp"},
             environment({"PATH"}),
             scratch.path()},
            deadline(few));
    CHECK_THAT(
        large.how(),
        EndsWith(
            ", at a limit: options.limits.memory is 33554432, unless the machine itself has no more memory"));
    CHECK(run({{find_program(TENON_CXX).value(), "-std=c++20", "-fsyntax-only", "large.cpp"},
               environment({"PATH"}),
               scratch.path()})
              .how() == "exited with status 0");
}

TEST_CASE("a limit of the host's own is not widened, and one that cannot be set is none", "[process]") {
    for (const rlim_t most : {rlim_t{4096}, RLIM_INFINITY})
        CHECK(in_a_child([&] {
            const rlimit narrow{4096, most};
            return ::setrlimit(RLIMIT_FSIZE, &narrow) == 0 &&
                   shell("sleep 0.2; ulimit -f", path).out == "8\n";
        }));
    struct unlimited : posix {
        static int limit(pid_t, limit_of, const rlimit*, rlimit*) noexcept { return errno = EPERM, -1; }
        static int signal_by(int, int, pid_t) noexcept { return errno = EINVAL, -1; }
    };
    CHECK(run<unlimited>({{"/bin/sh", "-c", "sleep 0.1; exit 6"}, path}).how() == "exited with status 6");
}

TEST_CASE("the limit that is named is the one that was reached: an option's, or the host's own",
          "[process]") {
    const scratch_directory scratch;
    const auto how_with = [&](auto resource, rlim_t own, const tenon::limits& most, const std::string& script,
                              rlim_t last = RLIM_INFINITY) {
        std::string how;
        REQUIRE(in_a_child(
            [&] {
                rlimit narrow{}; // what is hard already cannot be widened, by root neither in a container
                ::getrlimit(resource, &narrow);
                narrow = {own, std::min(last, narrow.rlim_max)};
                if (::setrlimit(resource, &narrow) != 0)
                    return false;
                how = shell("sleep 0.2; " + script, path, scratch.path(), deadline(most)).how();
                return true;
            },
            &how));
        return how;
    };
    const std::string writes = "exec head -c 9000 /dev/zero > file",
                      killed = "was killed by signal 25 (File size limit exceeded), at a limit: ",
                      spins = "while :; do :; done",
                      slow = "was killed by signal 24 (CPU time limit exceeded), at a limit: ";
    CHECK(how_with(RLIMIT_FSIZE, 4096, {}, writes) == killed + "RLIMIT_FSIZE of this process is 4096");
    CHECK(how_with(RLIMIT_FSIZE, 1 << 20, {.file = 4096}, writes) == killed + "options.limits.file is 4096");
    CHECK(how_with(RLIMIT_FSIZE, 4096, {.file = 0}, writes) ==
          killed + "RLIMIT_FSIZE of this process is 4096");
    CHECK(how_with(RLIMIT_CPU, 1, {.cpu_seconds = 5}, spins) == slow + "RLIMIT_CPU of this process is 1");
    CHECK(how_with(RLIMIT_CPU, 1, {}, spins, 1) ==
          "was killed by signal 9 (Killed), at a limit: RLIMIT_CPU of this process is 1");
    CHECK(how_with(RLIMIT_CPU, 100, {}, "kill -KILL $$", 100) == "was killed by signal 9 (Killed)");
    CHECK(how_with(RLIMIT_CPU, 5, {.cpu_seconds = 1}, spins) == slow + "options.limits.cpu_seconds is 1");
    const std::string lacks = "echo 'cc1plus: out of memory allocating 65536 bytes' >&2; exit 1",
                      failed = "exited with status 1";
    CHECK(how_with(RLIMIT_NOFILE, 512, {}, lacks) == failed);
    if (tests::sanitized) // its own memory would not fit
        return;
    CHECK(
        how_with(RLIMIT_DATA, 64 << 20, {.memory = 32 << 20}, lacks) ==
        failed +
            ", at a limit: options.limits.memory is 33554432, unless the machine itself has no more memory");
    CHECK(how_with(RLIMIT_DATA, 64 << 20, {.memory = 128 << 20}, lacks) ==
          failed + ", at a limit: RLIMIT_DATA of this process is 67108864, unless the machine itself has no "
                   "more memory");
    CHECK(how_with(RLIMIT_AS, rlim_t{1} << 32, {}, lacks) ==
          failed + ", at a limit: RLIMIT_AS of this process is 4294967296, unless the machine itself has no "
                   "more memory");
    CHECK(how_with(RLIMIT_AS, rlim_t{1} << 32, {.memory = 128 << 20}, lacks) ==
          failed + ", at a limit: options.limits.memory is 134217728, and RLIMIT_AS of this process is "
                   "4294967296, unless the machine itself has no more memory");
    CHECK(how_with(RLIMIT_AS, rlim_t{1} << 32, {.memory = 128 << 20}, "exit 1") == failed);
}

TEST_CASE("words about a limit that are a source's, or a server's, name none", "[process]") {
    tenon::limits all;
    all.memory = all.cpu_seconds = all.file = 1;
    const auto named = [&](std::string_view said) {
        const std::string text = tenon::detail::reached_limit<>(all, 0, said, 0);
        return text.substr(0, text.find(" is "));
    };
    for (const char* innocent :
         {"a.cpp:1:2: error: #error out of memory\n    1 | #error out of memory\n      |  ^~~~~\n",
          "a.cpp:1:1: error: static assertion failed: File too large\n",
          "a.cpp:3: warning: CPU time limit exceeded\n", "In file included from a.cpp:3:\n",
          "static_assert(false, \"memory exhausted\");\n              ^~~~~\n",
          "remote: fatal: Out of memory, malloc failed\n",
          "a.cpp:1:10: fatal error: out of memory.hpp: No such file or directory\n",
          "/usr/bin/ld: undefined reference to `std::bad_alloc::what() const'\n",
          "CMake Error at CMakeLists.txt:3 (message):\n  out of memory\n",
          "/usr/bin/ld: final link failed: No space left on device\n", ""})
        CHECK(named(innocent) == "");
    for (const char* own :
         {"cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes\n",
          "virtual memory exhausted: Cannot allocate memory\n", "LLVM ERROR: out of memory\n",
          "fatal: Out of memory, malloc failed (tried to allocate 1 bytes)\n",
          "terminate called after throwing an instance of 'std::bad_alloc'\n"})
        CHECK(named(own) == "options.limits.memory");
    for (const char* own :
         {"g++: internal compiler error: File size limit exceeded signal terminated program cc1plus\n",
          "collect2: fatal error: ld terminated with signal 25 [File size limit exceeded]\n",
          "ld.lld: error: failed to open a.so: File too large\n", "error: index-pack died of signal 25\n",
          "a.cpp:5:1: fatal error: error writing to /tmp/cc.s: File too large\n"})
        CHECK(named(own) == "options.limits.file");
    CHECK(named("g++: fatal error: CPU time limit exceeded signal terminated program cc1plus\n") ==
          "options.limits.cpu_seconds");
}

TEST_CASE("a program that cannot be run is an error that names it", "[process]") {
    CHECK_THROWS_WITH(run({{"/no/such/program"}, {}}),
                      "cannot run '/no/such/program': No such file or directory");
    const scratch_directory scratch;
    const std::string script = scratch / "script";
    write(script, "#!/no/such/shell\n");
    tests::fs::permissions(script, tests::fs::perms::owner_all);
    CHECK_THROWS_WITH(
        run({{script}, {}}),
        "cannot run '" + script +
            "': No such file or directory; it is there, and what runs it is not: the program in "
            "the first line of a script, or the system's loader");
    write(script, "echo\n");
    CHECK_THROWS_WITH(
        run({{script}, {}}),
        "cannot run '" + script +
            "': Exec format error; a script begins with '#!' and the path of what runs it, and a "
            "program has to be one for this machine");
    CHECK_THROWS_WITH(shell("exit 0", {}, "/no/such/folder"),
                      "cannot run '/bin/sh' in '/no/such/folder': No such file or directory");
    struct without_null : posix {
        static int open(const char* name, int flags, mode_t mode = 0) noexcept {
            return std::string_view(name) == "/dev/null" ? (errno = ENOENT, -1)
                                                         : posix::open(name, flags, mode);
        }
    };
    CHECK_THROWS_WITH(run<without_null>({{"/bin/true"}, {}}),
                      "cannot open '/dev/null': No such file or directory");
}

TEST_CASE("a program inherits neither descriptors nor ignored and blocked signals", "[process]") {
    const int opened = ::open("/dev/null", O_RDONLY);
    const int leaked = ::fcntl(opened, F_DUPFD, 10); // without O_CLOEXEC, as a careless host does
    const auto before = std::signal(SIGTERM, SIG_IGN);
    sigset_t blocked, old;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &old);
    CHECK(shell("kill -TERM $$; sleep 5").how() == "was killed by signal 15 (Terminated)");
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    std::signal(SIGTERM, before);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    CHECK(shell("test -e /proc/self/fd/" + std::to_string(leaked) + " && echo there").out == "");
#endif
    ::close(leaked);
    ::close(opened);
}

TEST_CASE("where the host ignores SIGCHLD how a program ended is not known, and what it said is",
          "[process]") {
    const auto before = std::signal(SIGCHLD, SIG_IGN);
    const process_result unknown = shell("echo done; exit 3");
    const process_result late =
        shell("(trap '' TERM; echo $(exec sh -c 'echo $PPID'); sleep 60; sleep 60) & sleep 60", path, "/",
              deadline({}, 300));
    std::signal(SIGCHLD, before);
    CHECK(!unknown.known);
    CHECK(!unknown.failed());
    CHECK(unknown.how() == "ended in an unknown way");
    CHECK(unknown.out == "done\n");
    CHECK(late.cause == stop_reason::time);
    CHECK(is_gone(std::stoi(late.out)));
}

TEST_CASE("waiting goes on after a signal", "[process]") {
    struct interrupted : posix {
        static pid_t waitpid(pid_t child, int* status) noexcept {
            static int times = 0;
            return ++times < 4 ? (errno = EINTR, -1) : posix::waitpid(child, status);
        }
    };
    CHECK(run<interrupted>({{"/bin/sh", "-c", "exit 5"}, {}}).how() == "exited with status 5");
}

TEST_CASE("a program whose owner goes is ended", "[process]") {
    const auto begin = ::time(nullptr);
    {
        const basic_process<> sleeping({{"/bin/sleep", "60"}, {}});
    }
    CHECK(::time(nullptr) - begin < 30);
}

TEST_CASE("without descriptors or processes there is an error and no program", "[process]") {
    struct no_files : posix {
        static int pipe(int (&)[2]) noexcept { return errno = EMFILE, -1; }
    };
    CHECK_THROWS_WITH(run<no_files>({{"/bin/true"}, {}}),
                      "cannot make a pipe for 'what a program says': Too many open files");
    struct no_processes : posix {
        static int spawn(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                         char* const[], char* const[]) noexcept {
            return EAGAIN;
        }
    };
    CHECK_THROWS_WITH(run<no_processes>({{"/bin/true"}, {}}),
                      "cannot run '/bin/true': Resource temporarily unavailable");
}

TEST_CASE("a command is shown as one would type it", "[process]") {
    CHECK(shown({{"/usr/bin/g++", "-DA=1", "two words", "it's", "", "a;b", "größe"}, {}}) ==
          "/usr/bin/g++ -DA=1 'two words' 'it'\\''s' '' 'a;b' 'größe'");
}

TEST_CASE("of a program with another user's rights nothing of the environment counts", "[process]") {
    if (::geteuid() != 0)
        return; // nobody else can make such a program
    const scratch_directory scratch;
    tests::fs::permissions(scratch.path(), tests::fs::perms(0755));
    const std::string copy = scratch / "copy";
    tests::fs::copy_file("/proc/self/exe", copy);
    REQUIRE(::chmod(copy.c_str(), 04755) == 0);
    const std::string as_nobody = find_program("setpriv").value_or("");
    REQUIRE(!as_nobody.empty());
    const auto said =
        tests::run({as_nobody, "--reuid=65534", "--regid=65534", "--clear-groups", copy, "[secure]"}, "/",
                   {"PATH=/nonsense:" + (scratch / "bin").native()});
    CHECK(said.out + said.err == said.out);
    CHECK(said.status == 0);
}

// Run by the test above alone.
TEST_CASE("such a program sees no variables", "[.][secure]") {
    REQUIRE(::getauxval(AT_SECURE) != 0);
    REQUIRE(::getenv("PATH"));
    CHECK(environment({"PATH", "HOME", "LC_*"}).empty());
    CHECK(find_program("sh").value().ends_with("bin/sh"));
}

TEST_CASE("variables are chosen by name, or by how their names begin", "[process]") {
    ::setenv("TENON_TEST_ONE", "1=2", 1);
    ::setenv("TENON_TEST_TWO", "", 1);
    CHECK(environment({"TENON_TEST_ONE", "NOT_SET"}) == std::vector<std::string>{"TENON_TEST_ONE=1=2"});
    CHECK(environment({"TENON_TEST_*"}).size() == 2);
    CHECK(environment({"TENON_TEST"}).empty());
    ::unsetenv("TENON_TEST_ONE");
    ::unsetenv("TENON_TEST_TWO");
}

TEST_CASE("the first word of a command is what a shell would take for it", "[process]") {
    const std::pair<const char*, const char*> known[] = {{"ssh", "ssh"},
                                                         {"  /usr/bin/ssh -i key", "/usr/bin/ssh"},
                                                         {"'/with space/ssh' -i key", "/with space/ssh"},
                                                         {"\"/with space/s\"s'h' x", "/with space/ssh"},
                                                         {"/with\\ space/ssh\t-v", "/with space/ssh"},
                                                         {"'a\\b' c", "a\\b"},
                                                         {"", ""},
                                                         {"  ", ""},
                                                         {"'never closed", "never closed"},
                                                         {"\\", "\\"}};
    for (const auto& [command, word] : known) {
        const std::vector<std::string> words = tenon::detail::shell_words(command);
        CHECK((words.empty() ? "" : words[0]) == word);
    }
}

TEST_CASE("a variable with relative paths says the same in another folder", "[process]") {
    const scratch_directory scratch;
    const auto before = tests::fs::current_path();
    tests::fs::current_path(scratch.path());
    const std::string here = scratch.path();
    const auto value = [](const char* name, const std::string& text) {
        return tenon::detail::from_anywhere<>(name, text);
    };
    CHECK(value("TMPDIR", "tmp") == here + "/tmp");
    CHECK(value("TMPDIR", ".") == here);
    CHECK(value("TMPDIR", "/a:b") == "/a:b");
    CHECK(value("HOME", "") == "");
    CHECK(value("CCACHE_DIR", "../c") == here + "/../c");
    CHECK(value("CCACHE_SLOPPINESS", "time_macros") == "time_macros");
    CHECK(value("LD_LIBRARY_PATH", ":lib::/usr/lib:$ORIGIN/x:") == here + "/lib:/usr/lib:$ORIGIN/x");
    CHECK(value("CMAKE_PREFIX_PATH", "a:b") == here + "/a:" + here + "/b");
    CHECK(value("PATH", ".:/bin::tools:/usr/bin") == "/bin:/usr/bin");
    CHECK(value("https_proxy", "proxy:80") == "proxy:80");
    // An empty entry would search the compiler's current directory.
    const std::string searched = std::getenv("PATH");
    for (const char* nowhere : {"", ".", "bin:"}) {
        ::setenv("PATH", nowhere, 1);
        CHECK(environment({"PATH"}).empty());
    }
    ::setenv("PATH", searched.c_str(), 1);
    tests::fs::current_path(before);
}

TEST_CASE("a program is found along $PATH, in absolute folders only, and has to be one that can be run",
          "[process]") {
    const scratch_directory scratch;
    const std::string before = std::getenv("PATH");
    write(scratch / "first/tool", "not a program");
    create_directories(scratch / "second/tool");
    write(scratch / "third/tool", "#!/bin/sh\n");
    tests::fs::permissions(scratch / "third/tool", tests::fs::perms::owner_all);
    const auto in = [&](const char* name) { return (scratch / name).native(); };
    ::setenv(
        "PATH",
        (".::relative:" + in("none") + ":" + in("first") + ":" + in("second") + ":" + in("third")).c_str(),
        1);
    CHECK(find_program("tool") == in("third/tool"));
    CHECK(find_program("other") == std::nullopt);
    ::setenv("PATH", before.c_str(), 1);
    CHECK(find_program(in("third/tool")) == in("third/tool"));
    CHECK(find_program(in("first/tool")) == std::nullopt);
    CHECK(find_program(in("second/tool")) == std::nullopt);
    ::unsetenv("PATH");
    CHECK(find_program("sh") != std::nullopt);
    ::setenv("PATH", before.c_str(), 1);
}
