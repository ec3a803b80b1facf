// SPDX-License-Identifier: MIT
#include "counters.hpp"

#include <tenon/export.hpp>

namespace {

struct down : counters::counter {
    explicit down(int start) : value(start) {}
    int count() override { return value--; }
    int value;
};

} // namespace

TENON_EXPORT(counters::counter, down, "down", "2.0.0")
