// SPDX-License-Identifier: MIT
#include <tenon/detail/system/job_slots.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "catch.hpp"

using tenon::detail::basic_deadline;
using tenon::detail::basic_job_slot;
using tenon::detail::posix;

TEST_CASE("there are as many jobs as asked for, and one that ends is free for another", "[jobs]") {
    auto first = basic_job_slot<>::one_of(2), second = basic_job_slot<>::one_of(2);
    CHECK((first && second));
    CHECK(!basic_job_slot<>::one_of(2));
    CHECK(basic_job_slot<>::one_of(3));
    first = basic_job_slot<>();
    CHECK(basic_job_slot<>::one_of(2));
}

TEST_CASE("without a number there is a job for each processor, and at least one", "[jobs]") {
    struct three : posix {
        static long processors() noexcept { return 3; }
    };
    struct unknown : posix {
        static long processors() noexcept { return -1; }
    };
    std::vector<basic_job_slot<three>> jobs;
    while (basic_job_slot<three> job = basic_job_slot<three>::one_of(0))
        jobs.push_back(std::move(job));
    CHECK(jobs.size() == 3);
    CHECK(basic_job_slot<unknown>::one_of(0));
}

TEST_CASE("threads share the jobs of their process and wait for their turn", "[jobs]") {
    std::atomic<int> now = 0, most = 0, all = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                const basic_job_slot<> job = basic_job_slot<>::next_of(2, {});
                const int running = ++now;
                for (int seen = most; seen < running && !most.compare_exchange_weak(seen, running);)
                    ;
                all += static_cast<bool>(job);
                std::this_thread::yield();
                --now;
            }
        });
    for (std::thread& each : threads)
        each.join();
    CHECK(all == 120);
    CHECK(most <= 2);
}

TEST_CASE("the wait for a job ends when it is called off", "[jobs]") {
    const basic_job_slot<> only = basic_job_slot<>::one_of(1);
    CHECK(!basic_job_slot<>::next_of(1, basic_deadline<>({}, 20)));
}
