// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/hazard_domain_definitions.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "catch.hpp"

using namespace tenon::detail;

namespace {

// A system without membarrier(2), and a system that registers it and then refuses it.
struct old_kernel : posix {
    static bool prepare_barrier() noexcept { return false; }
};
struct sandbox : posix {
    static inline bool refuses = false;
    static bool prepare_barrier() noexcept { return true; }
    static bool barrier() noexcept { return !refuses; }
};

template <class System>
struct hazards {
    basic_hazard_domain<System>& all = basic_hazard_domain<System>::here();
    std::unique_ptr<int> first = std::make_unique<int>(1), second = std::make_unique<int>(2);
    std::atomic<int*> now = first.get();

    basic_hazard_pointer<int, System> use() { return {all, now}; }
};

} // namespace

TEMPLATE_TEST_CASE("an object is in use from when it was found until that use ends", "[hazard]", posix,
                   old_kernel) {
    hazards<TestType> here;
    CHECK_FALSE(here.all.in_use(here.first.get()));
    {
        const auto used = here.use();
        CHECK(used.get() == here.first.get());
        here.now = here.second.get();
        CHECK(here.all.in_use(here.first.get()));
        CHECK_FALSE(here.all.in_use(here.second.get()));
        CHECK(here.use().get() == here.second.get());
    }
    CHECK_FALSE(here.all.in_use(here.first.get()));
}

TEMPLATE_TEST_CASE("a thread may use as many objects at once as it likes, and end their uses in any order",
                   "[hazard]", posix, old_kernel) {
    hazards<TestType> here;
    constexpr std::size_t many = 3 * basic_hazard_domain<TestType>::places;
    std::vector<std::unique_ptr<int>> objects;
    std::vector<std::unique_ptr<basic_hazard_pointer<int, TestType>>> uses;
    for (std::size_t i = 0; i < many; ++i) {
        objects.push_back(std::make_unique<int>(0));
        here.now = objects.back().get();
        uses.push_back(std::make_unique<basic_hazard_pointer<int, TestType>>(here.all, here.now));
    }
    here.now = nullptr;
    for (std::size_t i = 0; i < many; ++i) {
        const std::size_t which = i * 7 % many; // every one, as 7 and many have no divisor in common
        CHECK(here.all.in_use(objects[which].get()));
        uses[which].reset();
        CHECK_FALSE(here.all.in_use(objects[which].get()));
    }
}

TEMPLATE_TEST_CASE("who found an object in use is told when that may have ended", "[hazard]", posix,
                   old_kernel) {
    hazards<TestType> here;
    int told = 0;
    here.all.when_free([](void* count) { ++*static_cast<int*>(count); }, &told);
    {
        const auto used = here.use();
    }
    CHECK(told == 0);
    {
        const auto used = here.use();
        CHECK(here.all.in_use(here.first.get()));
        CHECK(told == 0);
    }
    CHECK(told == 1);
    here.all.when_free(nullptr, nullptr);
}

TEMPLATE_TEST_CASE("a use may end in another thread than it began in", "[hazard]", posix, old_kernel) {
    hazards<TestType> here;
    std::optional<basic_hazard_pointer<int, TestType>> used;
    std::thread([&] { used.emplace(here.all, here.now); }).join();
    here.now = here.second.get();
    CHECK(here.all.in_use(here.first.get()));
    std::thread([&] { used.reset(); }).join();
    CHECK_FALSE(here.all.in_use(here.first.get()));
}

TEST_CASE("where a system refuses the barrier that it promised, nothing is known to be free", "[hazard]") {
    hazards<sandbox> here;
    CHECK_FALSE(here.all.in_use(here.first.get()));
    sandbox::refuses = true;
    CHECK(here.all.in_use(here.first.get()));
    sandbox::refuses = false;
}

TEST_CASE("a use knows whether an exception is in flight", "[hazard]") {
    hazards<posix> here;
    struct noting {
        basic_hazard_pointer<int> used;
        bool& thrown;
        noting(hazards<posix>& from, bool& to) : used(from.all, from.now), thrown(to) {}
        ~noting() { thrown = used.throwing(); }
    };
    bool thrown = true;
    {
        const noting quiet(here, thrown);
    }
    CHECK_FALSE(thrown);
    try {
        const noting loud(here, thrown);
        throw std::runtime_error("out");
    } catch (const std::runtime_error&) {
        CHECK(thrown);
        {
            const noting handled(here, thrown);
        }
        CHECK_FALSE(thrown);
    }
}

TEST_CASE("what is kept for an exception goes with the next use after it was handled", "[hazard]") {
    hazards<posix> here;
    const auto kept = std::make_shared<int>(1);
    try {
        throw std::runtime_error("out");
    } catch (const std::runtime_error&) {
        here.all.keep(kept);
        {
            const auto used = here.use();
        }
        CHECK(kept.use_count() == 2);
    }
    CHECK(kept.use_count() == 2);
    {
        const auto used = here.use();
    }
    CHECK(kept.use_count() == 1);
}

TEST_CASE("what is kept for an exception goes with its thread", "[hazard]") {
    hazards<posix> here;
    const auto kept = std::make_shared<int>(1);
    std::thread([&] {
        try {
            throw std::runtime_error("out");
        } catch (const std::runtime_error&) {
            here.all.keep(kept);
        }
    }).join();
    CHECK(kept.use_count() == 1);
}

TEMPLATE_TEST_CASE("no object goes that is in use, whatever threads do", "[hazard]", posix, old_kernel) {
    auto& all = basic_hazard_domain<TestType>::here();
    struct counted {
        std::atomic<int> alive = 1;
    };
    std::atomic<counted*> now = new counted;
    std::atomic<bool> done = false;
    std::atomic<long> dead_seen = 0, uses = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            while (!done) {
                const basic_hazard_pointer<counted, TestType> used(all, now);
                dead_seen += used.get()->alive.load() == 1 ? 0 : 1;
                ++uses;
            }
        });
    std::vector<counted*> retired, dead;
    for (int i = 0; i < 2000 || uses < 1000; ++i) {
        retired.push_back(now.exchange(new counted));
        for (auto each = retired.begin(); each != retired.end();)
            if (all.in_use(*each)) {
                ++each;
            } else {
                (*each)->alive = 0; // and its memory is kept, so that a mistake is seen and not a crash
                dead.push_back(*each);
                each = retired.erase(each);
            }
    }
    done = true;
    for (std::thread& each : readers)
        each.join();
    CHECK(dead_seen == 0);
    CHECK(dead.size() > 1000);
    retired.push_back(now);
    for (counted* each : retired)
        delete each;
    for (counted* each : dead)
        delete each;
}
