// SPDX-License-Identifier: MIT
#include <tenon/hooks.hpp>

#include <memory>

#include <tenon/plugin.hpp>
#include <tenon/registry.hpp>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/lamp.hpp"

using tests::fs::path;

namespace {

// A name that the interface has is the interface's own.
struct engine {
    static constexpr tenon::plugin_type type{"engine"};
    virtual ~engine() = default;
    virtual void start() = 0;
    virtual void stop() = 0;
    using methods = tenon::methods<&engine::start, &engine::stop>;
};
struct diesel final : engine {
    void start() override {}
    void stop() override {}
};
static_assert(tenon::has_valid_type_name<engine>);
static_assert(!tenon::starts<diesel, engine>);
static_assert(!tenon::stops<diesel, engine>);
static_assert(tenon::stops_without_exceptions<diesel, engine>);
static_assert(tenon::detail::make_hooks<engine, diesel>().start == nullptr);

// `state` too may mean something else there.
struct document {
    static constexpr tenon::plugin_type type{"document"};
    enum class state { clean, changed };
    virtual ~document() = default;
    virtual state save() = 0;
    using methods = tenon::methods<&document::save>;
};
struct letter final : document {
    state save() override { return state::clean; }
};
static_assert(tenon::has_valid_type_name<document>);
static_assert(!tenon::saves_state<letter, document> && !tenon::restores_state<letter, document>);
static_assert(tenon::has_whole_hooks<letter, document>);

struct nothing {};
static_assert(!tenon::starts<nothing, lamp> && !tenon::stops<nothing, lamp>);
static_assert(!tenon::quiesces<nothing, lamp> && !tenon::resumes<nothing, lamp>);
static_assert(!tenon::saves_state<nothing, lamp> && !tenon::restores_state<nothing, lamp>);

struct saver {
    const char* save();
    void restore(std::string&&);
};
static_assert(tenon::saves_state<saver, lamp> && tenon::restores_state<saver, lamp>);
static_assert(!tenon::saves_state<saver, engine> && !tenon::restores_state<saver, engine>);

struct saver_of_another_type {
    int save();
    void restore(int);
};
static_assert(!tenon::saves_state<saver_of_another_type, lamp>);
static_assert(!tenon::restores_state<saver_of_another_type, lamp>);

// A member with a hook's name that is no hook is found, even if it is private.
class hides_every_hook {
    void start();
    int stop;
    static void quiesce();
    template <class Clock>
    void resume(Clock);
    void save(int);
    void save(long);

protected:
    void restore();
};
static_assert(tenon::detail::misuses_start<hides_every_hook, lamp> &&
              tenon::detail::misuses_stop<hides_every_hook, lamp>);
static_assert(tenon::detail::misuses_quiesce<hides_every_hook, lamp> &&
              tenon::detail::misuses_resume<hides_every_hook, lamp>);
static_assert(tenon::detail::misuses_save<hides_every_hook, lamp> &&
              tenon::detail::misuses_restore<hides_every_hook, lamp>);
static_assert(!tenon::has_whole_hooks<hides_every_hook, lamp>);

struct inherits_privately : private hides_every_hook {};
static_assert(tenon::detail::misuses_start<inherits_privately, lamp>);

struct gives_results final {
    bool start();
    int restore(std::string);
};
static_assert(!tenon::starts<gives_results, lamp> && tenon::detail::misuses_start<gives_results, lamp>);
static_assert(!tenon::restores_state<gives_results, lamp> &&
              tenon::detail::misuses_restore<gives_results, lamp>);

// In a final class, only public members are found.
struct takes_arguments final {
    void start(int);

private:
    void stop(int);
};
static_assert(tenon::detail::misuses_start<takes_arguments, lamp> &&
              !tenon::detail::misuses_stop<takes_arguments, lamp>);

// What has the hook may have others of its name.
struct starts_in_two_ways {
    void start();
    void stop() noexcept;

private:
    void start(int);
    int started;
};
static_assert(tenon::starts<starts_in_two_ways, lamp> && tenon::has_whole_hooks<starts_in_two_ways, lamp>);

// A name that the interface or its base uses is no hook, whatever the class does with it.
struct machine {
    virtual void start(int) = 0;

protected:
    virtual ~machine() = default;
    virtual bool stop(int) = 0;
};
struct press : machine {
    static constexpr tenon::plugin_type type{"press"};
    ~press() override = default;
    using methods = tenon::methods<&press::start>;
};
class steam final : public press {
    void start(int) override {}
    bool stop(int) override { return true; }
};
struct plain_steam {
    void start(int);
    bool stop(int);
};
static_assert(tenon::has_valid_type_name<press>);
static_assert(tenon::has_whole_hooks<steam, press> && tenon::has_whole_hooks<plain_steam, press>);

// So are the names of what an interface without a state does not ask for.
class keeps_a_file {
    void save();
    void restore(const char*);
};
static_assert(tenon::has_whole_hooks<keeps_a_file, engine> && !tenon::has_whole_hooks<keeps_a_file, lamp>);
class keeps_a_copy final : public document {
    state save() override { return state::clean; }
    void restore();
};
static_assert(tenon::has_whole_hooks<keeps_a_copy, document>);

path lamps() {
    static const tests::scratch_directory scratch;
    static const path library =
        tests::compiled(scratch / "lamps.so", tests::source_directory / "tests/plugins/lamp.cpp",
                        {"-fno-gnu-unique", "-fvisibility-inlines-hidden"}, TENON_GXX);
    return library;
}

struct built_in final : lamp {
    explicit built_in(lamp_log& log) : log_(log) {}
    std::string colour() const override { return "blue"; }
    void start() { log_.push_back("started"); }
    void stop() noexcept { log_.push_back("stopped"); }

    lamp_log& log_;
};

} // namespace

TEST_CASE("start() runs once the object is made, and stop() before it is destroyed", "[hooks]") {
    lamp_log log;
    {
        tenon::plugin<lamp> lit{lamps().native() + "#hooked", log};
        CHECK(log == lamp_log{"made", "started"});
        CHECK(lit->colour() == "red");
        log.clear();
        const tenon::plugin<lamp> moved = std::move(lit);
        CHECK(log.empty());
    }
    CHECK(log == lamp_log{"stopped", "destroyed"});
}

TEST_CASE("close() stops an object once, and destroys it", "[hooks]") {
    lamp_log log;
    tenon::plugin<lamp> lit{lamps().native() + "#hooked", log};
    log.clear();
    CHECK(lit.close().what() == tenon::unloaded::state::unmapped);
    CHECK(lit.close().what() == tenon::unloaded::state::unmapped);
    CHECK(log == lamp_log{"stopped", "destroyed"});
}

TEST_CASE("a class without hooks is made and destroyed, and no more", "[hooks]") {
    lamp_log log;
    tenon::plugin<lamp>{lamps().native() + "#plain", log};
    CHECK(log == lamp_log{"made", "destroyed"});
}

TEST_CASE("what start() throws reaches who loads, of an object that is destroyed and was never stopped",
          "[hooks]") {
    lamp_log log;
    try {
        tenon::plugin<lamp>{lamps().native() + "#burnt", log};
        FAIL("it started");
    } catch (const std::exception& e) {
        // The exception's code stays in memory until the handler ends.
        CHECK(std::string(e.what()) == "the filament is really gone");
    }
    CHECK(log == lamp_log{"made", "starting", "destroyed"});
    tenon::plugin<lamp> next{lamps().native() + "#plain", log};
    CHECK(next.close());
}

TEST_CASE("a built-in's hooks run as a library's do", "[hooks]") {
    tenon::registry known;
    known.add<lamp, built_in>("blue", "1.0.0");
    lamp_log log;
    {
        const auto lit = tenon::plugin<lamp>::from_built_in(*known.find<lamp>("blue"), log);
        CHECK(log == lamp_log{"started"});
    }
    CHECK(log == lamp_log{"started", "stopped"});
}

TEST_CASE("a class hands on its state in the type that its interface says", "[hooks]") {
    lamp_log log;
    const std::unique_ptr<const tenon::detail::plugin_code> code(
        tenon::detail::plugin_code::load({}, lamps().native(), "hooked", tenon::detail::notes_here<lamp>()));
    const std::unique_ptr<lamp> before(tenon::detail::create<lamp>(*code, log)),
        after(tenon::detail::create<lamp>(*code, log));
    const auto& hooks = tenon::detail::hooks_offered<lamp>(*code);
    hooks.restore(after.get(), hooks.save(before.get()));
    CHECK(after->colour() == "red saved");
    log.clear();
    hooks.quiesce(before.get());
    hooks.resume(before.get());
    CHECK(log == lamp_log{"quiesced", "resumed"});
}

TEST_CASE("a plugin that was compiled for another state does not fit", "[hooks]") {
    const tests::scratch_directory scratch;
    std::string text = tests::read(tests::source_directory / "tests/plugins/lamp.hpp");
    text.replace(text.find("using state = std::string"), 25, "using state = std::vector<int>");
    tests::write(scratch / "lamp.hpp", text);
    tests::write(scratch / "dark.cpp", "#include \"lamp.hpp\"\n#include <tenon/export.hpp>\n"
                                       "struct dark final : lamp {\n    explicit dark(lamp_log&) {}\n    "
                                       "std::string colour() const override { return {}; }\n};\n"
                                       "TENON_EXPORT(lamp, dark, \"dark\", \"1.0.0\")\n");
    const path library = tests::compiled(scratch / "dark.so", scratch / "dark.cpp");
    lamp_log log;
    const std::string said = tests::refusal([&] { tenon::plugin<lamp>{library, log}; });
    CHECK(said.find("  state\n    host:   std::string\n    plugin: std::vector<int>\n") != std::string::npos);
}
