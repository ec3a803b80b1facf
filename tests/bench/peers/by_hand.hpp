// SPDX-License-Identifier: MIT
// Written by hand: an interface, and a factory function in the library.
#ifndef TENON_TESTS_BENCH_PEERS_BY_HAND_HPP
#define TENON_TESTS_BENCH_PEERS_BY_HAND_HPP

struct adder {
    virtual ~adder() = default;
    virtual int add(int a, int b) = 0;
};

#ifdef BENCH_HOST
#include "../hand_written.hpp"

using peer = hand_written;
#endif

#endif
