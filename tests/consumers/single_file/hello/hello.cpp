// SPDX-License-Identifier: MIT
#include "greeter.hpp"

struct hello : greeter {
    std::string greet(std::string_view who) override { return "hello from one file, " + std::string(who); }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
