// SPDX-License-Identifier: MIT
// A host that loads its plugins by BENCH_PEER, and by hand.
//
//     host measure LIBRARY HAND_WRITTEN_LIBRARY [GOOGLE BENCHMARK'S OPTIONS]
//     host first LIBRARY peer|hand            nanoseconds that the first load in this process takes
//     host many FOLDER COUNT peer|hand        nanoseconds to load and to unload 0.so and so on, all at once,
//                                             and bytes, of each
//     host cold FOLDER COUNT                  nanoseconds to load each of them, by hand and by the peer, when
//                                             none of it is in memory; nothing where it cannot be dropped
//     host cycles LIBRARY COUNT peer|hand     nothing: for those who watch from outside
//     host unloads LIBRARY                    whether it is gone after that: yes or no
#include BENCH_PEER

#include "hand_written.hpp"

#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

// Defined in another file, so that the compiler cannot inline calls of its object.
extern "C" adder* make_adder();

namespace {

template <class Handle>
void load(benchmark::State& state, const std::string& library) {
    for (auto _ : state) {
        Handle handle(library);
        benchmark::DoNotOptimize((*handle).add(1, 2));
    }
}

template <class Handle>
void call(benchmark::State& state, const Handle& handle) {
    int sum = 0;
    for (auto _ : state)
        sum = (*handle).add(sum, 1); // a call that the compiler cannot inline
    benchmark::DoNotOptimize(sum);
}

int measure(int count, char** arguments, const std::string& library, const std::string& other) {
    benchmark::Initialize(&count, arguments);
    using benchmark::RegisterBenchmark;
    using benchmark::State;
    RegisterBenchmark("load/hand", [&](State& state) { load<hand_written>(state, other); });
    RegisterBenchmark("load/same", [&](State& state) { load<hand_written>(state, library); });
    RegisterBenchmark("load/peer", [&](State& state) { load<peer>(state, library); });
    adder* const local = make_adder();
    // Each benchmark loads its own library: one that is still loaded would not be loaded again.
    RegisterBenchmark("call/virtual", [&](State& state) { call(state, local); });
    RegisterBenchmark("call/peer", [&](State& state) { call(state, peer(library)); });
    RegisterBenchmark("call/hand", [&](State& state) { call(state, hand_written(library)); });
    benchmark::RunSpecifiedBenchmarks();
    delete local;
    return 0;
}

using clock_type = std::chrono::steady_clock;

long nanoseconds_since(clock_type::time_point begin) {
    return static_cast<long>(std::chrono::nanoseconds(clock_type::now() - begin).count());
}

long resident() {
    long all = 0, pages = 0;
    std::ifstream("/proc/self/statm") >> all >> pages;
    return pages * ::sysconf(_SC_PAGESIZE);
}

template <class Handle>
long first(const std::string& library) {
    const auto begin = clock_type::now();
    Handle handle(library);
    benchmark::DoNotOptimize((*handle).add(1, 2));
    return nanoseconds_since(begin);
}

/// Drops a file from the page cache. Returns false if it is still there: not every file system supports that.
bool dropped(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    ::fdatasync(fd); // dirty pages are not dropped
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    void* const page = ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    unsigned char resident = 1;
    ::mincore(page, 1, &resident);
    ::munmap(page, 1);
    return (resident & 1) == 0;
}

void cold(const std::string& folder, int count) {
    // One round more than is counted: the first brings the loading code itself into memory.
    for (int i = 0; i <= count; ++i) {
        const std::string library = folder + "/" + std::to_string(i) + ".so";
        long by_hand = 0, by_peer = 0;
        for (const bool hand : {i % 2 == 0, i % 2 != 0}) {
            if (!dropped(library))
                return;
            (hand ? by_hand : by_peer) = hand ? first<hand_written>(library) : first<peer>(library);
        }
        if (i > 0)
            std::printf("%ld %ld\n", by_hand, by_peer);
    }
}

template <class Handle>
void many(const std::string& folder, int count) {
    std::deque<Handle> all;
    const long before = resident();
    auto begin = clock_type::now();
    for (int i = 0; i < count; ++i)
        all.emplace_back(folder + "/" + std::to_string(i) + ".so");
    const long loaded = nanoseconds_since(begin), after = resident();
    begin = clock_type::now();
    all.clear();
    std::printf("%ld %ld %ld\n", loaded / count, nanoseconds_since(begin) / count, (after - before) / count);
}

template <class Handle>
void cycles(const std::string& library, int count) {
    for (int i = 0; i < count; ++i) {
        Handle handle(library);
        benchmark::DoNotOptimize((*handle).add(1, 2));
    }
}

} // namespace

int main(int count, char** arguments) try {
    const auto argument = [&](int i) { return std::string(i < count ? arguments[i] : ""); };
    const std::string what = argument(1), library = argument(2), last = argument(count - 1);
    const int times = std::atoi(argument(3).c_str());
    const bool by_hand = last == "hand";
    if (what == "measure")
        return measure(count, arguments, library, argument(3));
    if (what == "first")
        std::printf("%ld\n", by_hand ? first<hand_written>(library) : first<peer>(library));
    else if (what == "cold")
        cold(library, times);
    else if (what == "many")
        by_hand ? many<hand_written>(library, times) : many<peer>(library, times);
    else if (what == "cycles")
        by_hand ? cycles<hand_written>(library, times) : cycles<peer>(library, times);
    else if (what == "unloads") {
        cycles<peer>(library, 1);
        std::puts(::dlopen(library.c_str(), RTLD_NOLOAD | RTLD_NOW) ? "no" : "yes");
    } else {
        return std::fprintf(stderr, "host: '%s' is unknown\n", what.c_str()), 2;
    }
} catch (const std::exception& e) {
    std::fprintf(stderr, "host: %s\n", e.what());
    return 1;
}
