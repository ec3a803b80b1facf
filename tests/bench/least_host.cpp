// SPDX-License-Identifier: MIT
// The smallest host of one peer, BENCH_PEER, for measuring its size on disk.
#include BENCH_PEER

int main(int, char** arguments) {
    return (*peer(arguments[1])).add(1, 2);
}
