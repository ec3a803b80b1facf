// SPDX-License-Identifier: MIT
// The time to fill and to search a registry of many built-in plugins. `built_ins COUNT` prints both, in
// nanoseconds for each plugin.
#include "peers/tenon.hpp"

#include <tenon/registry.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct sum final : adder {
    int add(int a, int b) override { return a + b; }
};

double nanoseconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace

int main(int count, char** arguments) {
    const int plugins = count > 1 ? std::atoi(arguments[1]) : 1;
    std::vector<std::string> names;
    for (int i = 0; i < plugins; ++i)
        names.push_back("sum-" + std::to_string(i));
    auto begin = std::chrono::steady_clock::now();
    tenon::registry built_ins;
    for (const std::string& name : names)
        built_ins.add<adder, sum>(name.c_str(), "1.0.0");
    const double made = nanoseconds_since(begin);
    // More rounds for fewer plugins, so that the measured time is always long enough.
    const int rounds = 1 + 10000 / plugins;
    int found = 0;
    begin = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round)
        for (const std::string& name : names)
            found += built_ins.find<adder>(name) != nullptr;
    if (found != rounds * plugins)
        return 1;
    std::printf("%.1f %.1f\n", made / plugins, nanoseconds_since(begin) / found);
}
