// SPDX-License-Identifier: MIT
// The plugin of examples/hello, linked in: c++ -std=c++20 -Iinclude examples/static_plugin/main.cpp
// examples/hello/hello.cpp
#include "../hello/greeter.hpp"
#include <iostream>
#include <tenon/loader.hpp>

int main() {
    const auto hello = tenon::load<greeter>("hello");
    std::cout << hello->greet("world") << '\n';
}
