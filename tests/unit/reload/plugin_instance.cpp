// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/plugin_instance_definitions.hpp>

#include <memory>
#include <string>
#include <vector>

#include <tenon/detail/library/plugin_code_definitions.hpp>
#include <tenon/registry.hpp>

#include "catch.hpp"

using tenon::reload_event;
using tenon::detail::instance_share;
using tenon::detail::plugin_code;
using tenon::detail::plugin_instance;
using tenon::detail::reload_history;
using tenon::detail::version_code;

namespace lighting {

struct lamp {
    static constexpr tenon::plugin_type type{"lamp"};
    virtual ~lamp() = default;
    virtual bool lit() const = 0;
    using methods = tenon::methods<&lamp::lit>;
};

} // namespace lighting

namespace {

using lighting::lamp;

class candle final : public lamp {
public:
    bool lit() const override { return lit_; }
    void start() { lit_ = true; }

private:
    bool lit_ = false;
};

/// A history that adds a line for each event.
std::shared_ptr<reload_history> history_into(std::vector<std::string>& lines) {
    auto history = std::make_shared<reload_history>();
    history->on_event([&](const reload_event& event) { lines.push_back(event.text()); });
    return history;
}

instance_share candle_told_to(const std::shared_ptr<reload_history>& history) {
    tenon::registry plugins;
    plugins.add<lamp, candle>("candle", "2");
    auto code = std::make_shared<version_code>(std::make_unique<plugin_code>(*plugins.find<lamp>("candle")),
                                               1, history);
    return instance_share(new plugin_instance(
        std::move(code), 1,
        [](const plugin_code& made_from) { return tenon::detail::create<lamp>(made_from); },
        tenon::detail::functions_of<lamp>));
}

bool lit(const instance_share& instance) {
    return static_cast<lamp*>(instance->object())->lit();
}

} // namespace

TEST_CASE("the last owner of an instance destroys the object, and then closes the code",
          "[plugin_instance]") {
    std::vector<std::string> told;
    instance_share first = candle_told_to(history_into(told));
    first->start();
    CHECK(lit(first));
    first->share();
    instance_share second(first.get());
    first.reset();
    CHECK(told.empty());
    CHECK(lit(second));
    second.reset();
    CHECK(told ==
          std::vector<std::string>{"version 1 of candle 2 is retired",
                                   "version 1 of candle 2's code stays: 'candle' stays in memory: it is "
                                   "built into this program"});
}

TEST_CASE("an instance that was never started is not said to be retired", "[plugin_instance]") {
    std::vector<std::string> told;
    candle_told_to(history_into(told)).reset();
    CHECK(told.size() == 1);
    CHECK(told[0].find("code stays") != std::string::npos);
}
