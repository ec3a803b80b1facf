// SPDX-License-Identifier: MIT
#include <tenon/registry.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

// The sources of plugins, linked into this program instead.
#include "plugins/down.cpp"
#include "plugins/up.cpp"

#include "catch.hpp"
#include "compiled.hpp"

using counters::counter;
using counters::label;
using tenon::registry;
using tests::refusal;

namespace impostor {

/// Another interface that has taken the name of `label`'s type.
struct label {
    static constexpr tenon::plugin_type type{"label"};
    virtual ~label() = default;
    virtual int number() const = 0;
    using methods = tenon::methods<&label::number>;
};

} // namespace impostor

namespace {

struct by_two {
    explicit by_two(int start) : value(start) {}
    int count() { return value += 2; }
    int value;
};

struct seven final : impostor::label {
    int number() const override { return 7; }
};

std::unique_ptr<counter> make(const registry& from, const char* name, int start) {
    const auto* found = from.find<counter>(name);
    REQUIRE(found);
    return std::unique_ptr<counter>(reinterpret_cast<counter* (*)(int)>(found->create)(start));
}

std::vector<std::string> sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

TEST_CASE("what TENON_EXPORT links into a program is a built-in", "[registry]") {
    const registry built_ins;
    std::vector<std::string> all;
    for (const auto& each : built_ins.list())
        all.push_back(std::string(each.type) + " " + std::string(each.name) + " " +
                      std::string(each.version));
    CHECK(sorted(all) ==
          std::vector<std::string>{"counter down 2.0.0", "counter up 1.0.0", "label upward 1.1.0"});
    CHECK(sorted(built_ins.names("counter")) == std::vector<std::string>{"down", "up"});
    CHECK(built_ins.names("nothing").empty());

    const auto up = make(built_ins, "up", 5), down = make(built_ins, "down", 5);
    CHECK(up->count() + up->count() == 11);
    CHECK(down->count() + down->count() == 9);
}

TEST_CASE("a built-in is found by type and name, both of them", "[registry]") {
    const registry built_ins;
    CHECK(built_ins.find<counter>("sideways") == nullptr);
    CHECK(built_ins.find<counter>("upward") == nullptr);
    CHECK(built_ins.find<label>("up") == nullptr);
    CHECK(built_ins.find<label>("") == nullptr);
    CHECK(built_ins.find<label>("upward") != nullptr);
}

TEST_CASE("a class is added by hand", "[registry]") {
    registry built_ins;
    built_ins.add<counter, by_two>("by-two", "0.1");
    CHECK(make(built_ins, "by-two", 1)->count() == 3);
    CHECK(registry().find<counter>("by-two") == nullptr); // to this registry alone

    CHECK(refusal([&] { built_ins.add<counter, by_two>("up", "3.0.0"); }) ==
          "this program has two built-in plugins of type 'counter' named 'up', versions 1.0.0 and 3.0.0; "
          "give one of them another name");
    for (const char* name : {"", "Up", "u/p", "2up", "u p"})
        CHECK(refusal([&] { built_ins.add<counter, by_two>(name, "1"); }) ==
              "'" + std::string(name) + "' is no name for a plugin: it has to be [a-z][a-z0-9_-]*");
    CHECK(built_ins.list().size() == 4);
}

TEST_CASE("two interfaces of one type name are told apart", "[registry]") {
    registry built_ins;
    CHECK(refusal([&] { built_ins.find<impostor::label>("upward"); }) ==
          "the built-in plugin 'upward' of type 'label' implements 'counters::label', and 'impostor::label' "
          "was asked for; give one "
          "of the interfaces another type name");
    built_ins.add<impostor::label, seven>("seven", "1");
    CHECK(built_ins.find<impostor::label>("seven") != nullptr);
    CHECK_THAT(refusal([&] { built_ins.find<label>("seven"); }),
               Catch::Matchers::ContainsSubstring("implements 'impostor::label'"));
}
