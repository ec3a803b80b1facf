// SPDX-License-Identifier: MIT
#include <tenon/callbacks.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "catch.hpp"

namespace {

/// Counts how many copies of a function there are.
struct counted {
    explicit counted(std::shared_ptr<int> token) : alive(std::move(token)) {}
    void operator()(int) const {}

    std::shared_ptr<int> alive;
};

} // namespace

TEST_CASE("all that is registered is called, in its order, until its registration ends", "[callbacks]") {
    tenon::callbacks<void(int, const std::string&)> all;
    std::string log;
    const auto first =
        all.add([&](int n, const std::string& s) { log += "first " + std::to_string(n) + s + ' '; });
    {
        const auto second = all.add([&](int, const std::string&) { log += "second "; });
        all(1, "!");
        CHECK(log == "first 1! second ");
        CHECK(all.size() == 2);
    }
    log.clear();
    all(2, "?");
    CHECK(log == "first 2? ");
    CHECK(all.size() == 1);
}

TEST_CASE("a function is destroyed when its registration has ended", "[callbacks]") {
    tenon::callbacks<void(int)> all;
    const auto token = std::make_shared<int>();
    auto one = all.add(counted(token));
    CHECK(token.use_count() == 2);
    all(1);
    CHECK(token.use_count() == 2);
    one.end();
    CHECK(token.use_count() == 1);
}

TEST_CASE("a registration may outlive what it is registered with", "[callbacks]") {
    std::optional<tenon::callbacks<void(int)>> all(std::in_place);
    const auto token = std::make_shared<int>();
    auto one = all->add(counted(token)), two = all->add(counted(token));
    all.reset();
    one.end();
    two.end();
    CHECK(token.use_count() == 1);
}

TEST_CASE("a callback may end registrations, also its own, and add others", "[callbacks]") {
    tenon::callbacks<void()> all;
    std::string log;
    tenon::registration own, other, added;
    own = all.add([&] {
        log += "own ";
        own.end();
        other.end();
        added = all.add([&] { log += "added "; });
    });
    other = all.add([&] { log += "other "; });
    all();
    CHECK(log == "own ");
    all();
    CHECK(log == "own added ");
}

TEST_CASE("a callback may call all the others", "[callbacks]") {
    tenon::callbacks<void(int)> all;
    int calls = 0;
    const auto again = all.add([&](int depth) {
        ++calls;
        if (depth > 0)
            all(depth - 1);
    });
    all(3);
    CHECK(calls == 4);
}

TEST_CASE("what a callback throws reaches who called, and nothing is left running", "[callbacks]") {
    tenon::callbacks<void()> all;
    auto throwing = all.add([] { throw std::runtime_error("no"); });
    CHECK_THROWS_WITH(all(), "no");
    throwing.end();
    CHECK_NOTHROW(all());
}

TEST_CASE("the end of a registration waits for a call in another thread", "[callbacks]") {
    tenon::callbacks<void()> all;
    std::atomic<bool> inside = false, leave = false, left = false;
    auto one = all.add([&] {
        inside = true;
        while (!leave)
            std::this_thread::yield();
        left = true;
    });
    std::thread caller([&] { all(); });
    while (!inside)
        std::this_thread::yield();
    std::thread leaving([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        leave = true;
    });
    one.end();
    CHECK(left);
    caller.join();
    leaving.join();
}

TEST_CASE("threads may call, add and end at any time", "[callbacks]") {
    tenon::callbacks<void()> all;
    std::atomic<bool> done = false;
    std::atomic<long> calls = 0, after_the_end = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            while (!done)
                all();
        });
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 300; ++round) {
                bool there = true; // gone with this round, as a plugin's object is
                auto one = all.add([&] {
                    after_the_end += there ? 0 : 1;
                    ++calls;
                });
                std::this_thread::yield();
                one.end();
                there = false;
            }
        });
    threads[2].join();
    threads[3].join();
    const auto last = all.add([&] { ++calls; });
    while (calls < 1)
        std::this_thread::yield();
    done = true;
    threads[0].join();
    threads[1].join();
    CHECK(after_the_end == 0);
    CHECK(all.size() == 1);
}
