// SPDX-License-Identifier: MIT
#include "greeter.hpp"

#include <tenon/export.hpp>

// g++ makes this unique in the process, unless it is told not to, and the library stays.
[[gnu::visibility("default")]] inline int greetings;

struct hello : greeter {
    std::string greet(std::string_view who) override {
        ++greetings;
        return "hello, " + std::string(who);
    }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
