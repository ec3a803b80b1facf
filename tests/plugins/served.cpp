// SPDX-License-Identifier: MIT
#include "served.hpp"

#include <cstdlib>

#include <tenon/export.hpp>

namespace {

const int ran = ::setenv("TENON_TESTS_SERVED", "ran", 1);

struct diligent final : served::worker {
    explicit diligent(served::services&) {}
    int run(const served::work&, served::desk&) override { return ran; }
    std::unique_ptr<served::answer> ask() override { return nullptr; }
    void listen(int (*)(served::listener&)) override {}
    void watch(const std::function<void(served::watcher&)>&) override {}
};

// It has every function that any version of its interface has.
struct idle final : served::plain {
    virtual int note(int n) { return n; }
    virtual int erase_all(int n) { return n + 1; }
    virtual int count(int n) { return n + 2; }
    virtual int count_all(int n) { return n + 3; }
};

} // namespace

TENON_EXPORT(served::worker, diligent, "diligent", "1.0.0")
TENON_EXPORT(served::plain, idle, "idle", "1.0.0")
