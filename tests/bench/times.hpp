// SPDX-License-Identifier: MIT
// The times of several things in each round of one run, and their text.
#ifndef TENON_BENCH_TIMES_HPP
#define TENON_BENCH_TIMES_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace tests {

inline double milliseconds(const std::function<void()>& what) {
    const auto begin = std::chrono::steady_clock::now();
    what();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

/// The times of one thing, one for each round.
using times = std::vector<double>;

inline double quantile(times of, double part) {
    std::sort(of.begin(), of.end());
    return of[static_cast<std::size_t>(part * static_cast<double>(of.size() - 1) + 0.5)];
}

inline void print(const std::string& what, const times& of, const std::string& against, const times& base) {
    times ratios;
    for (std::size_t i = 0; i < of.size(); ++i)
        ratios.push_back(of[i] / base[i]);
    std::printf("  %-46s %9.2f ms  %6.3f (%.3f to %.3f) of %s\n", what.c_str(), quantile(of, 0.5),
                quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75), against.c_str());
}

} // namespace tests

#endif
