// SPDX-License-Identifier: MIT
#include <tenon/detail/library/mangled_name.hpp>

#include <chrono>
#include <cstddef>
#include <string>

#include "catch.hpp"

using tenon::detail::as_written;
using tenon::detail::readable;
using tenon::detail::readable_method;

TEST_CASE("names are shown as a person would write them", "[mangled_name]") {
    CHECK(readable("no mangled name") == "no mangled name");
    CHECK(readable("") == "");
    CHECK(readable("_Z") == "_Z");
    CHECK(readable("_Z4mainv") == "main()");
    CHECK(readable("_ZZN4acme8registry3oneERKS0_E4only") ==
          "acme::registry::one(acme::registry const&)::only");
    CHECK(readable("_Z1fSt6vectorISsSaISsEES1_") == "f(std::vector<std::string>, std::vector<std::string>)");
    CHECK(readable("_Z1fNSt3__16vectorIiNS_9allocatorIiEEEES3_") == "f(std::vector<int>, std::vector<int>)");
    CHECK(readable("_Z1fN4acme7HTTPS_XES0_") == "f(acme::HTTPS_X, acme::HTTPS_X)");
    CHECK(readable("_ZN4acme4nameB5cxx11ERKSs") == "acme::name(std::string const&)");
    CHECK(readable("_ZNK4acme4listcvSt6vectorIS0_SaIS0_EEEv") ==
          "acme::list::operator std::vector<acme::list>() const");
}

TEST_CASE("a method's name is told from its class's, whatever either begins with", "[mangled_name]") {
    const auto both = [](const std::string& method) {
        return tenon::detail::readable_owner(method) + " " + readable_method(method);
    };
    CHECK(both("method<&(acme::box<int>::put(int) const)>") == "acme::box<int> put");
    CHECK(both("method<&(acme::box::operator()(int) const)>") == "acme::box operator()");
    CHECK(both("method<&(acme::box::operator int())>") == "acme::box operator int");
    CHECK(both("method<&(acme::operators::run(int))>") == "acme::operators run");
    CHECK(both("method<&(acme::cooperator::operator_of(int))>") == "acme::cooperator operator_of");
}

TEST_CASE("no name has a character that controls a terminal", "[mangled_name]") {
    CHECK(readable("\033[31mred\177") == "\\x1b[31mred\\x7f");
    CHECK(readable("_Z3a\nbv") == "a\\x0ab()");
}

TEST_CASE("a template's own is shown where a library has it that runs already", "[mangled_name]") {
    const std::string symbol = "_ZZ8instanceIiERT_vE1t";
    CHECK(readable(symbol) == symbol);
    CHECK(as_written(tenon::detail::demangled(symbol)) == "instance<int>()::t");
}

TEST_CASE("a name that would take long to write out is shown as it is, at once", "[mangled_name]") {
    const std::string id = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const auto repeated = [](std::size_t times, const std::string& text) {
        std::string all;
        for (std::size_t i = 0; i < times; ++i)
            all += text;
        return all;
    };
    // Each part is twice the part before it.
    std::string members = "_Z1fM1aS_", templates = "_Z1f1aI1bS0_E", functions = "_Z1fF1aS_E",
                nested = "_Z1fN1a1bINS_1cES2_EE";
    for (std::size_t i = 0; i < 30; ++i) {
        const std::string last = std::string("S") + id[i] + "_", next = std::string("S") + id[i + 1] + "_";
        members += "M" + last + last;
        templates += "S_I" + next + next + "E";
        functions += "F" + last + last + "E";
        nested += "NS_1bI" + next + next + "EE";
    }
    // The arguments of a template refer to each other.
    std::string arguments = "_Z1fI";
    for (std::size_t i = 0; i < 30; ++i)
        arguments += "1aIT" + std::to_string(i) + "_T" + std::to_string(i) + "_E";
    arguments += "iEvT_";
    const std::size_t many = 100'000;
    const std::string shown_as_they_are[] = {
        members,
        templates,
        functions,
        nested,
        arguments,
        "_Z1f" + repeated(many, "P") + "i",
        "_Z1f" + repeated(many, "i"),
        "_Z1f" + repeated(many, "1aI") + "i" + repeated(many, "E"),
        repeated(many, "std::allocator<"),
        repeated(many, "<"),
        repeated(many, "S_"),
    };
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& each : shown_as_they_are)
        CHECK((readable(each) == each)); // not printed, for that takes longest
    readable(repeated(many, ", std::allocator<") + repeated(many, ">"));
    readable(repeated(many, "[abi:"));
    readable(repeated(many, "[abi:]"));
    readable(repeated(many, " ") + ">");
    readable_method(repeated(many, "&"));
    readable_method(repeated(many, "<"));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}
