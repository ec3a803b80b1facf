// SPDX-License-Identifier: MIT
// usage: runtime_host LIBRARY...   For each: `works`, what does not, or why it is refused, in a line.
#include "runtime.hpp"

#include <iostream>
#include <locale>
#include <stdexcept>
#include <system_error>
#include <typeinfo>

#include <tenon/plugin.hpp>

namespace {

struct comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
};

template <class Exception, class Action>
bool throws(const Action& action) {
    try {
        action();
    } catch (const Exception& e) {
        return std::uncaught_exceptions() == 0 && *e.what() != '\0';
    } catch (...) {
    }
    return false;
}

bool same_categories(crossing& plugin) {
    try {
        plugin.ask("system");
    } catch (const std::system_error& e) {
        return e.code() == std::errc::permission_denied;
    }
    return false;
}

bool sees_ours(crossing& plugin) {
    try {
        throw std::out_of_range("ours");
    } catch (const std::exception& e) {
        return plugin.is_out_of_range(e) && plugin.sees_an_exception() && plugin.uncaught() == 0;
    }
}

std::string fails(crossing& plugin) {
    const auto ours = [] { throw std::out_of_range("ours"); };
    std::string text;
    const auto note = [&text](bool works, const char* what) {
        text += works ? "" : std::string(text.empty() ? "" : ", ") + what;
    };
    note(plugin.ask("text") + '!' == "a text that is too long to be anywhere but on the heap: 42!", "memory");
    note(plugin.ask("write").size() > 50 && std::cout.good(), "iostream");
    note(throws<std::out_of_range>([&] { plugin.ask("standard"); }), "standard exceptions");
    note(throws<std::runtime_error>([&] { plugin.ask("own"); }), "the plugin's exceptions");
    note(same_categories(plugin), "error codes");
    note(plugin.call(ours) == "ours", "the host's exceptions");
    note(throws<std::out_of_range>([&] { plugin.pass(ours); }), "exceptions that pass");
    note(sees_ours(plugin), "type information");
    std::locale::global(std::locale(std::locale::classic(), new comma));
    note(plugin.decimal_point() == ',', "locales");
    std::locale::global(std::locale::classic());
    return text;
}

} // namespace

int main(int, char** arguments) {
    for (char** each = arguments + 1; *each; ++each)
        try {
            tenon::plugin<crossing> plugin{*each};
            const std::string text = fails(*plugin);
            std::cerr << (text.empty() ? "works" : text) << '\n';
        } catch (const tenon::error& e) {
            std::cerr << e.what() << '\n';
        }
    return 0; // of a module, where it is no `main`
}
