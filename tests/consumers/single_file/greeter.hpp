// SPDX-License-Identifier: MIT
#ifndef GREETER_HPP
#define GREETER_HPP

#include <string>
#include <string_view>

#include <tenon_plugin.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual std::string greet(std::string_view who) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

#endif
