// SPDX-License-Identifier: MIT
// All of tenon from one file, linked with other.cpp, which has it from many.
#include <tenon.hpp>

#include "greeter.hpp"

#include <iostream>

std::string from_many_files(const char* library);

int main(int count, char** arguments) {
    for (int i = 1; i < count; ++i)
        std::cout << tenon::load<greeter>(arguments[i])->greet("world") << '\n';
    std::cout << from_many_files(arguments[1]) << '\n';
}
