// SPDX-License-Identifier: MIT
#include "greeter.hpp"

#include <iostream>

#include <tenon/plugin.hpp>

int main(int, char** arguments) {
    tenon::plugin<greeter> hello{arguments[1]};
    std::cout << hello->greet("world") << '\n';
    if (const tenon::unloaded gone = hello.close(); !gone) {
        std::cerr << gone.reason() << '\n';
        return 1;
    }
}
