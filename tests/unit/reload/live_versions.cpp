// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/live_versions.hpp>

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tenon/registry.hpp>

#include "catch.hpp"

using tenon::reload_event;
using tenon::detail::live_versions;
using tenon::detail::plugin_code;
using tenon::detail::plugin_source;
using step = tenon::reload_event::step;

namespace counting {

/// Controls the versions of a counter, and records their steps.
struct world {
    bool refuse_to_start = false;
    std::vector<std::string> happened{};
};

struct counter {
    static constexpr tenon::plugin_type type{"counter"};
    using factory = tenon::factory<world&>;
    using state = int;
    virtual ~counter() = default;
    virtual int next() = 0;
    virtual std::string version() const = 0;
    using methods = tenon::methods<&counter::next, &counter::version>;
};

} // namespace counting

namespace {

using counting::counter;
using counting::world;

template <char Version>
class numbered final : public counter {
public:
    explicit numbered(world& in) : world_(in) { note("constructed"); }
    ~numbered() override { note("destroyed"); }

    int next() override { return ++count_; }
    std::string version() const override { return std::string(1, Version); }

    void start() {
        note("started");
        if (world_.refuse_to_start)
            throw std::runtime_error("version " + version() + " does not start");
    }
    void stop() noexcept { note("stopped"); }
    void quiesce() { note("quiesced"); }
    void resume() noexcept { note("resumed"); }
    int save() const { return count_; }
    void restore(const int& count) { count_ = count; }

private:
    void note(const char* what) { world_.happened.push_back(version() + ' ' + what); }

    world& world_;
    int count_ = 0;
};

/// A source with the newest version that the test sets.
class told_source final : public plugin_source {
public:
    struct settings {
        std::string newest = "a";
        std::size_t loaded = 0; ///< how often code was asked for
        bool cancelled = false;
    };
    told_source(const tenon::registry& plugins, settings& now) : plugins_(plugins), settings_(now) {}

    std::unique_ptr<plugin_code> newest(const std::function<bool(const std::string& id)>& known) override {
        if (settings_.newest.empty())
            throw std::runtime_error("it does not compile");
        if (known(settings_.newest))
            return nullptr;
        ++settings_.loaded;
        return std::make_unique<plugin_code>(*plugins_.find<counter>(settings_.newest));
    }
    std::vector<std::string> watched() const override { return {}; }
    void cancel() noexcept override { settings_.cancelled = true; }

private:
    const tenon::registry& plugins_;
    settings& settings_;
};

/// The versions of a counter, which are looked for only when a test asks.
struct counters {
    counters() {
        plugins.add<counter, numbered<'a'>>("a", "1");
        plugins.add<counter, numbered<'b'>>("b", "1");
        versions = std::make_unique<live_versions>(
            std::make_unique<told_source>(plugins, source),
            [this](const plugin_code& code) { return tenon::detail::create<counter>(code, in); },
            tenon::detail::functions_of<counter>, 16, 0);
        in.happened.clear();
    }

    counter& serving() { return *static_cast<counter*>(versions->serving().load()->object()); }
    reload_event to(std::string newest, bool again = false) {
        source.newest = std::move(newest);
        return versions->refresh(again);
    }

    world in;
    tenon::registry plugins;
    told_source::settings source;
    std::unique_ptr<live_versions> versions;
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("a newer version gets the state of the one before, and replaces it", "[live_versions]") {
    counters all;
    all.serving().next();
    CHECK(all.to("b").what == step::replaced);
    CHECK(all.serving().version() == "b");
    CHECK(all.serving().next() == 2);
    CHECK(all.in.happened == texts{"a quiesced", "b constructed", "b started", "a stopped", "a destroyed"});
    CHECK(all.versions->status().version == 2);
    CHECK(all.versions->status().replaced == 1);
}

TEST_CASE("the version that serves is not loaded again", "[live_versions]") {
    counters all;
    CHECK(all.to("a").what == step::unchanged);
    CHECK(all.source.loaded == 1);
    CHECK(all.in.happened.empty());
}

TEST_CASE("a version that does not start leaves the one before serving", "[live_versions]") {
    counters all;
    all.serving().next();
    all.in.refuse_to_start = true;
    const reload_event refused = all.to("b");
    CHECK(refused.what == step::refused);
    CHECK(refused.reason == "version b does not start");
    CHECK(refused.version == 1);
    CHECK(all.serving().next() == 2);
    CHECK(all.in.happened == texts{"a quiesced", "b constructed", "b started", "b destroyed", "a resumed"});
    CHECK(all.versions->status().refusal == "version b does not start");
}

TEST_CASE("a refused version is tried again only when it is asked for", "[live_versions]") {
    counters all;
    all.in.refuse_to_start = true;
    all.to("b");
    all.in.refuse_to_start = false;
    CHECK(all.to("b").what == step::unchanged);
    CHECK(all.serving().version() == "a");
    CHECK(all.to("b", true).what == step::replaced);
    CHECK(all.serving().version() == "b");
}

TEST_CASE("a rollback brings back the version before once, and avoids the newest", "[live_versions]") {
    counters all;
    all.to("b");
    all.serving().next();
    CHECK(all.versions->rollback().what == step::rolled_back);
    CHECK(all.serving().version() == "a");
    CHECK(all.serving().next() == 2);
    CHECK(all.to("b").what == step::unchanged);
    CHECK_THROWS_WITH(all.versions->rollback(),
                      "there is no version of 'a' to go back to: only the one before the newest is kept, and "
                      "only once");
}

TEST_CASE("an edit that was undone takes the code that is kept, and loads nothing", "[live_versions]") {
    counters all;
    all.to("b");
    CHECK(all.source.loaded == 2);
    CHECK(all.to("a").what == step::replaced);
    CHECK(all.source.loaded == 2);
    CHECK(all.versions->status().version == 3);
}

TEST_CASE("a source that throws, and a check that throws, refuse with that text", "[live_versions]") {
    counters all;
    CHECK(all.to("").reason == "it does not compile");
    all.versions->check([](void* newer) {
        if (static_cast<counter*>(newer)->version() == "b")
            throw std::runtime_error("the host does not like b");
    });
    CHECK(all.to("b").reason == "the host does not like b");
    CHECK(all.serving().version() == "a");
    CHECK(all.versions->status().refused == 2);
}

TEST_CASE("a version that is in use outlives its replacement", "[live_versions]") {
    counters all;
    {
        const tenon::detail::basic_hazard_pointer call(all.versions->hazards(), all.versions->serving());
        all.to("b");
        CHECK(static_cast<counter*>(call.get()->object())->next() == 1);
        CHECK(all.in.happened == texts{"a quiesced", "b constructed", "b started"});
    }
    all.versions->retire();
    CHECK(all.in.happened.back() == "a destroyed");
}

TEST_CASE("the end cancels the source", "[live_versions]") {
    counters all;
    all.versions->begin();
    all.versions->end();
    CHECK(all.source.cancelled);
}
