// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/reload_thread.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "catch.hpp"
#include "compiled.hpp"

using namespace tenon::detail;
using namespace std::chrono_literals;
using tests::fs::path;

namespace {

template <class Condition>
bool soon(const Condition& condition) {
    for (int i = 0; i < 30'000; ++i, std::this_thread::sleep_for(1ms))
        if (condition())
            return true;
    return false;
}

/// Counts the calls of the reload thread.
struct served : reloadable {
    explicit served(std::vector<std::string> watched_paths = {}) : paths(std::move(watched_paths)) {}

    std::vector<std::string> watched() override {
        const std::lock_guard locked(mutex);
        return paths;
    }
    void look() noexcept override {
        ++looks;
        if (during)
            during();
    }
    void retire() noexcept override { ++retires; }
    std::int64_t every() const noexcept override { return interval; }

    std::mutex mutex;
    std::vector<std::string> paths;
    std::function<void()> during;
    std::atomic<std::int64_t> interval = 0;
    std::atomic<int> looks = 0, retires = 0;
};

std::ptrdiff_t threads() {
    const tests::fs::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
}

} // namespace

TEST_CASE("a change is looked at once, and nothing is done while nothing changes", "[reloader]") {
    const tests::scratch_directory scratch;
    const path file = scratch / "a.cpp";
    tests::write(file, "");
    served one({file.native()}), other({(scratch / "b.cpp").native()});
    reload_thread::here().add(one);
    reload_thread::here().add(other);
    // The first look: something may have changed before the watch began.
    REQUIRE(soon([&] { return one.looks == 1 && other.looks == 1; }));
    CHECK(soon([&] {
        const int retires = one.retires; // each time that it wakes
        std::this_thread::sleep_for(50ms);
        return one.retires == retires;
    }));
    CHECK(one.looks == 1);
    tests::write(file, "1");
    CHECK(soon([&] { return one.looks == 2; }));
    std::this_thread::sleep_for(20ms);
    CHECK(one.looks == 2);
    CHECK(other.looks == 1);
    reload_thread::here().remove(one);
    reload_thread::here().remove(other);
}

TEST_CASE("many changes in a moment are one, and those that go on are not waited for", "[reloader]") {
    const tests::scratch_directory scratch;
    served one({scratch.path().native()});
    reload_thread::here().add(one);
    REQUIRE(soon([&] { return one.looks == 1; }));
    const auto first = std::chrono::steady_clock::now();
    for (int i = 0; i < 300; ++i)
        tests::write(scratch / std::to_string(i), "");
    REQUIRE(soon([&] { return one.looks > 1; }));
    // However slow this machine is: there is a quiet millisecond before each look.
    CHECK(one.looks <= 2 + (std::chrono::steady_clock::now() - first) / 1ms);
    const int before = one.looks;
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; one.looks == before && std::chrono::steady_clock::now() - begun < 20s; ++i)
        tests::write(scratch / std::to_string(i % 300), "again");
    CHECK(one.looks > before);
    reload_thread::here().remove(one);
}

TEST_CASE("what a look finds to matter is looked at again, as it may have changed before it was watched",
          "[reloader]") {
    const tests::scratch_directory scratch;
    served one({(scratch / "a.cpp").native()});
    one.during = [&] {
        const std::lock_guard locked(one.mutex);
        one.paths = {(scratch / "a.cpp").native(), (scratch / "a.hpp").native()};
    };
    reload_thread::here().add(one);
    REQUIRE(soon([&] { return one.looks == 2; }));
    tests::write(scratch / "a.hpp", "");
    CHECK(soon([&] { return one.looks == 3; }));
    reload_thread::here().remove(one);
}

TEST_CASE("what wants to be looked at every so often is", "[reloader]") {
    const tests::scratch_directory scratch;
    served one({scratch.path().native()});
    one.interval = 5;
    reload_thread::here().add(one);
    CHECK(soon([&] { return one.looks > 5; }));
    reload_thread::here().remove(one);
}

TEST_CASE("who asks is looked at", "[reloader]") {
    const tests::scratch_directory scratch;
    served one({scratch.path().native()}), gone;
    reload_thread::here().add(one);
    REQUIRE(soon([&] { return one.looks == 1; }));
    reload_thread::here().ask(one);
    CHECK(soon([&] { return one.looks == 2; }));
    reload_thread::here().ask(gone);
    reload_thread::here().remove(one);
    reload_thread::here().remove(gone);
}

TEST_CASE("once something is removed nothing of it is called, and the thread is there only for what is left",
          "[reloader]") {
    const tests::scratch_directory scratch;
    const auto before = threads();
    std::atomic<bool> inside = false, finished = false;
    served one({scratch.path().native()}), other({scratch.path().native()});
    one.during = [&] {
        inside = true;
        std::this_thread::sleep_for(30ms);
        finished = true;
    };
    reload_thread::here().add(one);
    reload_thread::here().add(other);
    REQUIRE(soon([&] { return inside.load(); }));
    reload_thread::here().remove(one);
    CHECK(finished);
    const int looks = one.looks;
    REQUIRE(soon([&] { return other.looks == 1; }));
    tests::write(scratch / "a", "");
    CHECK(soon([&] { return other.looks == 2; }));
    CHECK(one.looks == looks);
    CHECK(threads() == before + 1);
    reload_thread::here().remove(other);
    CHECK(threads() == before);
}

TEST_CASE("what is called may add and remove, itself too", "[reloader]") {
    const tests::scratch_directory scratch;
    served one({scratch.path().native()}), other({scratch.path().native()});
    std::atomic<bool> removed = false;
    one.during = [&] {
        reload_thread::here().add(other);
        reload_thread::here().remove(one);
        removed = true;
    };
    reload_thread::here().add(one);
    REQUIRE(soon([&] { return removed && other.looks == 1; }));
    CHECK(one.looks == 1);
    reload_thread::here().remove(other);
}

TEST_CASE("threads may add and remove at the same time", "[reloader]") {
    const tests::scratch_directory scratch;
    std::vector<std::thread> all;
    for (int i = 0; i < 4; ++i)
        all.emplace_back([&] {
            for (int round = 0; round < 50; ++round) {
                served one({scratch.path().native()});
                reload_thread::here().add(one);
                if (round % 3 == 0)
                    std::this_thread::yield();
                reload_thread::here().remove(one);
            }
        });
    for (std::thread& each : all)
        each.join();
    served last({scratch.path().native()});
    reload_thread::here().add(last);
    CHECK(soon([&] { return last.looks == 1; }));
    reload_thread::here().remove(last);
}

TEST_CASE("a system that has no event for it is said", "[reloader]") {
    struct none_left : posix {
        static int event() noexcept {
            errno = EMFILE;
            return -1;
        }
    };
    served one;
    CHECK(tests::refusal([&] { basic_reload_thread<none_left>::here().add(one); }) ==
          "cannot make an event for 'reloads': Too many open files");
}

TEST_CASE("signals are the host's, and none reaches the thread", "[reloader]") {
    const tests::scratch_directory scratch;
    static std::atomic<pid_t> taken_by = 0;
    const auto before = std::signal(SIGUSR1, [](int) { taken_by = posix::thread(); });
    served one({scratch.path().native()});
    std::atomic<pid_t> thread = 0;
    one.during = [&] { thread = posix::thread(); };
    reload_thread::here().add(one);
    REQUIRE(soon([&] { return thread != 0; }));
    for (int i = 0; i < 20; ++i) {
        taken_by = 0;
        ::kill(::getpid(), SIGUSR1);
        REQUIRE(soon([&] { return taken_by != 0; }));
        CHECK(taken_by != thread);
    }
    reload_thread::here().remove(one);
    std::signal(SIGUSR1, before);
}
