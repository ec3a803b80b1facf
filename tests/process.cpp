// SPDX-License-Identifier: MIT
#include <tenon/process.hpp>

#include <csignal>
#include <fcntl.h>
#include <stdlib.h>
#include <string>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_process;
using tenon::detail::command;
using tenon::detail::ended;
using tenon::detail::environment;
using tenon::detail::find_program;
using tenon::detail::posix;
using tenon::detail::run;
using tenon::detail::shown;
using tests::scratch_directory;
using tests::write;

namespace {

ended shell(const std::string& script, std::vector<std::string> variables = {},
            const std::string& folder = "/") {
    return run({{"/bin/sh", "-c", script}, std::move(variables), folder});
}

} // namespace

TEST_CASE("a program gets its arguments and variables as they are, and no others", "[process]") {
    const ended echo = run({{"/usr/bin/printf", "%s|", "a b", "", "$HOME", "'\"\\", "*"}, {}});
    CHECK(echo.out == "a b||$HOME|'\"\\|*|");
    CHECK(shell("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_=", {"A=1", "B=two words"}).out ==
          "A=1\nB=two words\n");
}

TEST_CASE("a program runs in its folder and has nothing to read", "[process]") {
    const scratch_directory scratch;
    CHECK(shell("pwd; cat", {}, scratch.path()).out == scratch.path().native() + "\n");
}

TEST_CASE("what a program says is kept, however much it is", "[process]") {
    const ended loud = shell("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2; exit 7");
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
    const ended late = run({{"/bin/sh", "-c", "echo begun; exec sleep 60"}, {"PATH=/usr/bin:/bin"}}, 1);
    CHECK(late.how() == "did not end within 1 seconds");
    CHECK(late.failed());
    CHECK(late.out == "begun\n");
    const ended quick = run({{"/bin/sh", "-c", "exit 3"}, {}}, 60);
    CHECK(quick.how() == "exited with status 3");
}

TEST_CASE("signals of the host's own neither shorten nor lengthen the time that a program has", "[process]") {
    const auto before = std::signal(SIGALRM, [](int) {});
    const itimerval often{{0, 50'000}, {0, 50'000}}, never{};
    ::setitimer(ITIMER_REAL, &often, nullptr);
    const ended quick = run({{"/bin/sh", "-c", "sleep 0.5"}, {"PATH=/usr/bin:/bin"}}, 30);
    const ended late = run({{"/bin/sh", "-c", "exec sleep 60"}, {"PATH=/usr/bin:/bin"}}, 1);
    ::setitimer(ITIMER_REAL, &never, nullptr);
    std::signal(SIGALRM, before);
    CHECK(quick.how() == "exited with status 0");
    CHECK(late.how() == "did not end within 1 seconds");
}

TEST_CASE("a program that cannot be run is an error that names it", "[process]") {
    CHECK_THROWS_WITH(run({{"/no/such/program"}, {}}),
                      "cannot run '/no/such/program': No such file or directory");
}

TEST_CASE("a program inherits neither descriptors nor ignored and blocked signals", "[process]") {
    const int leaked = ::open("/dev/null", O_RDONLY); // without O_CLOEXEC, as a careless host does
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
}

TEST_CASE("where the host ignores SIGCHLD how a program ended is not known, and what it said is",
          "[process]") {
    const auto before = std::signal(SIGCHLD, SIG_IGN);
    const ended unknown = shell("echo done; exit 3");
    std::signal(SIGCHLD, before);
    CHECK(!unknown.known);
    CHECK(!unknown.failed());
    CHECK(unknown.how() == "ended in an unknown way");
    CHECK(unknown.out == "done\n");
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
    { const basic_process<> sleeping({{"/bin/sleep", "60"}, {}}); }
    CHECK(::time(nullptr) - begin < 30);
}

TEST_CASE("without descriptors or processes there is an error and no program", "[process]") {
    struct no_files : posix {
        static int memory_file(const char*) noexcept { return errno = EMFILE, -1; }
    };
    CHECK_THROWS_WITH(run<no_files>({{"/bin/true"}, {}}),
                      "cannot make a file in memory for 'out': Too many open files");
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

TEST_CASE("variables are chosen by name, or by how their names begin", "[process]") {
    ::setenv("TENON_TEST_ONE", "1=2", 1);
    ::setenv("TENON_TEST_TWO", "", 1);
    CHECK(environment({"TENON_TEST_ONE", "NOT_SET"}) == std::vector<std::string>{"TENON_TEST_ONE=1=2"});
    CHECK(environment({"TENON_TEST_*"}).size() == 2);
    CHECK(environment({"TENON_TEST"}).empty());
    ::unsetenv("TENON_TEST_ONE");
    ::unsetenv("TENON_TEST_TWO");
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
    CHECK(find_program("other") == "");
    ::setenv("PATH", before.c_str(), 1);
    CHECK(find_program(in("third/tool")) == in("third/tool"));
    CHECK(find_program(in("first/tool")) == "");
    CHECK(find_program(in("second/tool")) == "");
    ::unsetenv("PATH");
    CHECK(find_program("sh") != "");
    ::setenv("PATH", before.c_str(), 1);
}
