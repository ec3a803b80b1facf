// SPDX-License-Identifier: MIT
#include <tenon/detail/system/child_lifetime.hpp>

#include <unistd.h>

#include "catch.hpp"

using tenon::detail::basic_child_lifetime;
using tenon::detail::basic_pipe;
using tenon::detail::posix;

namespace {

/// A process in a group of its own that holds the group's pipe and sleeps. Runs `ready` first.
template <class Ready>
pid_t sleeper(const basic_child_lifetime<>& line, Ready&& ready) {
    basic_pipe<> started("a test");
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        const int held = ::dup(line.descriptor());
        for (int fd = 3; fd < 100; ++fd)
            if (fd != held && fd != started.to.descriptor())
                ::close(fd);
        ready();
        ::close(started.to.descriptor());
        for (;;)
            ::pause();
    }
    started.to = tenon::detail::basic_file<>();
    char none;
    CHECK(posix::read(started.from.descriptor(), &none, 1) == 0);
    return child;
}

int signal_that_ended(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

} // namespace

TEST_CASE("who is held is asked to end when the line goes", "[lifeline]") {
    pid_t child = 0;
    {
        basic_child_lifetime<> line;
        child = sleeper(line, [] { ::signal(SIGTERM, SIG_DFL); });
        line.hold(child);
    }
    CHECK(signal_that_ended(child) == SIGTERM);
}

TEST_CASE("who is let go lives on", "[lifeline]") {
    pid_t child = 0;
    {
        basic_child_lifetime<> line;
        child = sleeper(line, [] { ::signal(SIGTERM, SIG_DFL); });
        line.hold(child);
        line.let_go();
    }
    CHECK(::kill(child, SIGUSR1) == 0);
    CHECK(signal_that_ended(child) == SIGUSR1);
}

TEST_CASE("it is known when nobody is left, and who then is left is killed", "[lifeline]") {
    pid_t child = 0;
    {
        basic_child_lifetime<> line;
        child = sleeper(line, [] { ::signal(SIGTERM, SIG_IGN); });
        line.hold(child);
        ::kill(-child, SIGTERM);
        CHECK(!line.all_gone_within(50));
    }
    CHECK(signal_that_ended(child) == SIGKILL);

    basic_child_lifetime<> line;
    child = sleeper(line, [] { ::signal(SIGTERM, SIG_DFL); });
    line.hold(child);
    ::kill(-child, SIGTERM);
    CHECK(line.all_gone_within(10'000));
    CHECK(signal_that_ended(child) == SIGTERM);
}

TEST_CASE("a pipe keeps off the numbers that a child sets up for itself", "[lifeline]") {
    const pid_t host = ::fork();
    if (host == 0) {
        for (const int stream : {0, 1, 2, 3})
            ::close(stream);
        const basic_pipe<> first("a test"), second("a test");
        ::_exit(first.from.descriptor() > 3 && first.to.descriptor() > 3 && second.from.descriptor() > 3 ? 0
                                                                                                         : 1);
    }
    int status = -1;
    ::waitpid(host, &status, 0);
    CHECK(status == 0);
}
