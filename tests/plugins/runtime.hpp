// SPDX-License-Identifier: MIT
// What crosses between a host and a plugin that works only where both have one C++ runtime.
#ifndef TENON_TESTS_RUNTIME_HPP
#define TENON_TESTS_RUNTIME_HPP

#include <exception>
#include <functional>
#include <string>
#include <string_view>

#include <tenon/interface.hpp>

struct crossing {
    static constexpr tenon::plugin_type type{"crossing"};
    virtual ~crossing() = default;

    /// Throws a std::out_of_range, a std::system_error or an error of the plugin's own, writes to std::cout
    /// or gives a long text.
    virtual std::string ask(std::string_view) = 0;
    /// What the plugin caught, with an object of its own on the stack.
    virtual std::string call(const std::function<void()>&) = 0;
    /// Lets what is thrown pass.
    virtual std::string pass(const std::function<void()>&) = 0;
    /// Whether it is a std::out_of_range for the plugin too.
    virtual bool is_out_of_range(const std::exception&) = 0;
    virtual bool sees_an_exception() = 0;
    virtual int uncaught() = 0;
    virtual char decimal_point() = 0;

    using methods =
        tenon::methods<&crossing::ask, &crossing::call, &crossing::pass, &crossing::is_out_of_range,
                       &crossing::sees_an_exception, &crossing::uncaught, &crossing::decimal_point>;
};

#endif
