// SPDX-License-Identifier: MIT
// A plugin that says which one it is, and of which nothing else differs.
#include "copy.hpp"
#include <tenon/export.hpp>

namespace {

struct plugin : numbered {
    int number() const override { return NUMBER; }
};

} // namespace

TENON_EXPORT(numbered, plugin, "numbered", "1.0.0")
