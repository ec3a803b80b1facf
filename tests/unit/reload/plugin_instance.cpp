// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/plugin_instance.hpp>

#include <memory>
#include <string>
#include <vector>

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

instance_share<lamp> candle_told_to(const std::shared_ptr<reload_history>& history) {
    tenon::registry plugins;
    plugins.add<lamp, candle>("candle", "2");
    auto code = std::make_shared<version_code<lamp>>(
        std::make_unique<plugin_code<lamp>>(*plugins.find<lamp>("candle")), 1, history);
    return instance_share<lamp>(new plugin_instance<lamp>(
        std::move(code), 1, [](const plugin_code<lamp>& made_from) { return made_from.create(); }));
}

} // namespace

TEST_CASE("the last owner of an instance destroys the object, and then closes the code",
          "[plugin_instance]") {
    std::vector<std::string> told;
    instance_share<lamp> first = candle_told_to(history_into(told));
    first->start();
    CHECK(first->object()->lit());
    first->share();
    instance_share<lamp> second(first.get());
    first.reset();
    CHECK(told.empty());
    CHECK(second->object()->lit());
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
