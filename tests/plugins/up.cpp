// SPDX-License-Identifier: MIT
#include "counters.hpp"

#include <tenon/export.hpp>

namespace {

struct up {
    explicit up(int start) : value(start) {}
    int count() { return value++; }
    int value;
};

struct upward : counters::label {
    const char* text() const override { return "up"; }
};

} // namespace

TENON_EXPORT(counters::counter, up, "up", "1.0.0")
TENON_EXPORT(counters::label, upward, "upward", "1.1.0")
