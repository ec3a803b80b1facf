// SPDX-License-Identifier: MIT
// This must not link: nobody has the function.
#include "greeter.hpp"

#include <tenon/export.hpp>

std::string defined_nowhere();

struct lacking : greeter {
    std::string greet(std::string_view) override { return defined_nowhere(); }
};
TENON_EXPORT(greeter, lacking, "lacking", "1.0.0")
