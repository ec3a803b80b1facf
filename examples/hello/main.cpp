// SPDX-License-Identifier: MIT
//   c++ -std=c++20 -Iinclude -shared -fPIC examples/hello/hello.cpp -o libhello.so
//   c++ -std=c++20 -Iinclude examples/hello/main.cpp -o hello && ./hello
#include "greeter.hpp"
#include <iostream>
#include <tenon/plugin.hpp>

int main() {
    tenon::plugin<greeter> hello{"./libhello.so"};
    std::cout << hello->greet("world") << '\n';
}
