// SPDX-License-Identifier: MIT
// The plugin of examples/hello, linked into its host: no file to find, and no other change.
//   c++ -std=c++20 -Iinclude examples/static_plugin/main.cpp examples/hello/hello.cpp -o hello && ./hello
#include "../hello/greeter.hpp"
#include <iostream>
#include <tenon/loader.hpp>

int main() {
    const auto hello = tenon::load<greeter>("hello");
    std::cout << hello->greet("world") << '\n';
}
