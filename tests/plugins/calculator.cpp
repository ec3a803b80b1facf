// SPDX-License-Identifier: MIT
#include "calculator.hpp"

#include <cstdio>
#include <stdexcept>

#include <tenon/export.hpp>

namespace {

// What a refused plugin must never get to say.
struct said_at_load {
    said_at_load() { std::puts("the plugin's code ran"); }
} const at_load;

struct plain final : calc::calculator {
    explicit plain(int start) : start_(start) {
        if (start == 13)
            throw std::runtime_error("thirteen");
        if (start == 14)
            throw at_load;
    }
#if defined(PARAMETER_TYPE)
    int add(int a, long b) override { return start_ + a + static_cast<int>(b); }
#elif defined(METHOD_NOEXCEPT)
    int add(int a, int b) noexcept override { return start_ + a + b; }
#elif !defined(METHOD_REMOVED)
    int add(int a, int b) override { return start_ + a + b; }
#endif
#if defined(METHOD_CONST)
    std::string name() override { return "plain"; }
#else
    std::string name() const override { return "plain"; }
#endif
    calc::origin where(const calc::origin& at) const override { return at; }
#if defined(METHOD_APPENDED)
    double half(double of) const override { return of / 2; }
#endif

    int start_;
};

} // namespace

TENON_EXPORT(calc::calculator, plain, "plain", "1.0.0")

#if defined(SECOND)
TENON_EXPORT(calc::calculator, plain, "second", "2.0.0")
#endif
