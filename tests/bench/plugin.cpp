// SPDX-License-Identifier: MIT
// The plugin of BENCH_PEER, exported in that peer's way and also by hand.
#include BENCH_PEER

struct sum : adder {
    int add(int a, int b) override { return a + b; }
};

extern "C" __attribute__((visibility("default"))) adder* make_adder() {
    return new sum;
}

#ifdef BENCH_EXPORT
BENCH_EXPORT
#endif
