// SPDX-License-Identifier: MIT
#include "runtime.hpp"

#include <iostream>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <typeinfo>

#include <tenon/export.hpp>

namespace {

struct own_error : std::runtime_error {
    using runtime_error::runtime_error;
};

struct crosses : crossing {
    std::string ask(std::string_view what) override {
        if (what == "standard")
            throw std::out_of_range("standard");
        if (what == "system")
            throw std::system_error(std::make_error_code(std::errc::permission_denied), "system");
        if (what == "own")
            throw own_error("own");
        if (what == "write")
            std::cout << "of the plugin " << 1.5 << std::endl;
        std::ostringstream text;
        text << "a text that is too long to be anywhere but on the heap: " << 42;
        return text.str();
    }
    std::string call(const std::function<void()>& action) override {
        try {
            pass(action);
        } catch (const std::logic_error& e) {
            return e.what();
        }
        return "nothing";
    }
    std::string pass(const std::function<void()>& action) override {
        const std::string on_the_stack(100, 'x');
        action();
        return on_the_stack;
    }
    bool is_out_of_range(const std::exception& e) override {
        return dynamic_cast<const std::out_of_range*>(&e) != nullptr &&
               typeid(e) == typeid(std::out_of_range);
    }
    bool sees_an_exception() override { return std::current_exception() != nullptr; }
    int uncaught() override { return std::uncaught_exceptions(); }
    char decimal_point() override {
        return std::use_facet<std::numpunct<char>>(std::locale()).decimal_point();
    }
};

} // namespace

TENON_EXPORT(crossing, crosses, "crosses", "1.0.0")
