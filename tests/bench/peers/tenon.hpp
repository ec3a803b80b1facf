// SPDX-License-Identifier: MIT
#ifndef TENON_TESTS_BENCH_PEERS_TENON_HPP
#define TENON_TESTS_BENCH_PEERS_TENON_HPP

#include <tenon/interface.hpp>

struct adder {
    static constexpr tenon::plugin_type type{"adder"};
    virtual ~adder() = default;
    virtual int add(int a, int b) = 0;
    using methods = tenon::methods<&adder::add>;
};

#ifdef BENCH_HOST
#include <tenon/plugin.hpp>

using peer = tenon::plugin<adder>;
#else
#include <tenon/export.hpp>
#define BENCH_EXPORT TENON_EXPORT(adder, sum, "sum", "1.0.0")
#endif

#endif
