// SPDX-License-Identifier: MIT
// What greeter.hpp includes has all been included here, so that it adds nothing.
#include <tenon/plugin.hpp>

#include "greeter.hpp"

std::string from_many_files(const char* library) {
    tenon::plugin<greeter> hello{library};
    return hello->greet("again");
}
