// SPDX-License-Identifier: MIT
// The least host of one peer, BENCH_PEER: what it takes on the disk is measured.
#include BENCH_PEER

int main(int, char** arguments) {
    return (*peer(arguments[1])).add(1, 2);
}
