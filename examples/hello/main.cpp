// SPDX-License-Identifier: MIT
#include "greeter.hpp"
#include <iostream>
#include <tenon/plugin.hpp>

int main() {
    tenon::plugin<greeter> hello{"./libhello.so"};
    std::cout << hello->greet("world") << '\n';
}
