// SPDX-License-Identifier: MIT
// An interface with the headers that many interfaces include.
#ifndef TENON_TESTS_BENCH_WORKER_HPP
#define TENON_TESTS_BENCH_WORKER_HPP

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <tenon/interface.hpp>

struct worker {
    static constexpr tenon::plugin_type type{"worker"};
    virtual ~worker() = default;
    virtual int work(int round) = 0;
    using methods = tenon::methods<&worker::work>;
};

#endif
