// SPDX-License-Identifier: MIT
#include <tenon/plugin.hpp>

#include <chrono>
#include <condition_variable>
#include <dlfcn.h>
#include <mutex>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <type_traits>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/calculator.hpp"
#include "plugins/part.hpp"
#include "plugins/served.hpp"

using tenon::unloaded;
using tests::compiled;
using tests::fs::path;

namespace {

static_assert(sizeof(tenon::plugin<part>) == 2 * sizeof(void*));
static_assert(std::is_nothrow_move_constructible_v<tenon::plugin<part>>);
static_assert(std::is_nothrow_move_assignable_v<tenon::plugin<part>>);
static_assert(!std::is_copy_constructible_v<tenon::plugin<part>>);

// Wrong arguments are compile errors, and so is a path that is none.
static_assert(std::is_constructible_v<tenon::plugin<part>, const char*, part_counts&>);
static_assert(std::is_constructible_v<tenon::plugin<part>, path, part_counts&>);
static_assert(!std::is_constructible_v<tenon::plugin<part>, const char*>);
static_assert(!std::is_constructible_v<tenon::plugin<part>, const char*, part_counts>);
static_assert(!std::is_constructible_v<tenon::plugin<part>, const char*, const part_counts&>);
static_assert(!std::is_constructible_v<tenon::plugin<part>, const char*, part_counts&, int>);
static_assert(!std::is_constructible_v<tenon::plugin<part>, int, part_counts&>);
static_assert(std::is_constructible_v<tenon::plugin<calc::calculator>, const char*, short>);
static_assert(!std::is_constructible_v<tenon::plugin<calc::calculator>, const char*, const char*>);

/// Compiles the plugin of plugins/part.cpp once for each set of flags.
path part_library(const std::vector<std::string>& flags = {}) {
    static const tests::scratch_directory scratch;
    std::string name = "part";
    for (const std::string& flag : flags)
        for (const char c : flag)
            name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
    const path library = scratch / (name + ".so");
    if (!tests::fs::exists(library)) {
        std::vector<std::string> all{"-fvisibility-inlines-hidden"};
        all.insert(all.end(), flags.begin(), flags.end());
        compiled(library, tests::source_directory / "tests/plugins/part.cpp", all, TENON_CXX);
    }
    return library;
}

/// A folder with a copy of a plugin, for a test to change.
struct workshop {
    tests::scratch_directory scratch;
    path library = scratch / "part.so";
    part_counts counts{};

    explicit workshop(const path& from = part_library()) { tests::fs::copy_file(from, library); }

    tenon::plugin<part> load() { return tenon::plugin<part>{library, counts}; }
    tenon::plugin<part> load(const tenon::library_options& options) {
        return tenon::plugin<part>{options, library, counts};
    }

    /// As a linker or an installer should.
    void put_in_place(const path& from) const {
        tests::fs::copy_file(from, scratch / "new");
        tests::fs::rename(scratch / "new", library);
    }

    /// The error of a load, without the folder.
    std::string complaint() {
        try {
            load();
        } catch (const tenon::error& e) {
            std::string text = e.what();
            for (std::size_t at; (at = text.find(scratch.path().native() + "/")) != text.npos;)
                text.erase(at, scratch.path().native().size() + 1);
            return text;
        }
        return "no complaint";
    }
};

std::size_t loads() {
    const char* text = std::getenv("PART_LOADS");
    return text ? std::string(text).size() : 0;
}
void forget_loads() {
    ::unsetenv("PART_LOADS");
}

bool mapped(const path& library) {
    return tests::read("/proc/self/maps").find(tests::fs::canonical(library).native()) != std::string::npos;
}

std::ptrdiff_t entries(const path& folder) {
    const tests::fs::directory_iterator all(folder);
    return std::distance(begin(all), end(all));
}

std::size_t mappings() {
    const std::string all = tests::read("/proc/self/maps");
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n'));
}

} // namespace

TEST_CASE(
    "a plugin of a library is made with the factory's arguments, called, and destroyed before its code goes",
    "[plugin]") {
    workshop here;
    {
        const auto part = here.load();
        CHECK(part->version() == 1);
        CHECK(here.counts.made == 1);
        CHECK(here.counts.destroyed == 0);
        CHECK(part.get() == &*part);
        CHECK(part);
        CHECK(mapped(here.library));
    }
    CHECK(here.counts.destroyed == 1);
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("a plugin that knows other services than its host gives is refused with none of its code run",
          "[plugin]") {
    struct : served::services {
        int note(int n) override { return n; }
        int erase_all(int) override { return -1; }
    } services;
    const tests::scratch_directory scratch;
    const auto library = [&](const std::string& change) {
        return compiled(scratch / (change + ".so"), tests::source_directory / "tests/plugins/served.cpp",
                        {"-DSERVICES=" + change}, TENON_CXX);
    };
    ::unsetenv("TENON_TESTS_SERVED");
    for (const std::string change :
         {"SWAPPED", "RENAMED", "INSERTED", "REMOVED", "OTHER_SIGNATURE", "DESTRUCTOR_LAST"}) {
        const path file = library(change);
        INFO(change);
        CHECK_THAT(tests::refusal([&] { tenon::plugin<served::worker>{file, services}; }),
                   Catch::Matchers::StartsWith(
                       "the plugin 'diligent' in '" + file.native() +
                       "' was compiled against another 'worker' than this program:\n  served::services::"));
        CHECK(::getenv("TENON_TESTS_SERVED") == nullptr);
    }
    const tenon::plugin<served::worker> worker{library("WHOLE"), services};
    CHECK(worker.info().name == "diligent");
    CHECK(::getenv("TENON_TESTS_SERVED") != nullptr);
}

TEST_CASE("a handle tells what its plugin is and where it came from", "[plugin]") {
    workshop here;
    const auto part = here.load();
    CHECK(part.info().type == "part");
    CHECK(part.info().name == "plain");
    CHECK(part.info().version == "1.0.0");
    CHECK(part.info().path == here.library);
}

TEST_CASE("a handle that is moved from holds nothing, and one that is moved to lets go of what it had",
          "[plugin]") {
    workshop here;
    auto first = here.load();
    auto second = here.load();
    second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second->version() == 1);
    CHECK(here.counts.made == 2);
    CHECK(here.counts.destroyed == 1);
    const tenon::plugin<part> third(std::move(second));
    CHECK(third->version() == 1);
    CHECK(second.close());
    CHECK(tenon::plugin<part>().close().what() == unloaded::state::unmapped);
}

TEST_CASE("one of several plugins of a library is chosen by its name", "[plugin]") {
    workshop here(part_library({"-DSECOND"}));
    CHECK(tenon::plugin<part>{here.library.native() + "#second", here.counts}.info().version == "2.0.0");
    CHECK(here.complaint() == "'part.so' has several plugins of type 'part': 'plain', 'second'; choose one "
                              "by adding '#' and its name");
    here.library += "#third";
    CHECK(here.complaint() ==
          "'part.so' has no plugin of type 'part' named 'third'; it has 'plain', 'second'");
    here.library += "#Third";
    CHECK(here.complaint() == "'Third' is no name for a plugin: it has to be [a-z][a-z0-9_-]*");
}

TEST_CASE("a library without plugins of the type, or without any, says what it has", "[plugin]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "empty.cpp", "extern \"C\" int nothing() { return 0; }\n");
    const path empty = compiled(scratch / "empty.so", scratch / "empty.cpp", {}, TENON_CXX);
    part_counts counts{};
    CHECK_THROWS_WITH(
        (tenon::plugin<part>{empty, counts}),
        "'" + empty.native() +
            "' has no plugins: it was not made with TENON_EXPORT; a plugin of type 'part' was asked for");
    const path other = part_library();
    CHECK_THROWS_WITH((tenon::plugin<calc::calculator>{other, 1}),
                      "'" + other.native() +
                          "' has no plugin of type 'calculator'; it has 'plain' of type 'part'");
}

TEST_CASE("plugins of both compilers load in this host", "[plugin]") {
    const tests::scratch_directory scratch;
    for (const std::string& compiler : tests::compilers()) {
        const path library = scratch / (path(compiler).filename().native() + ".so");
        const tenon::plugin<calc::calculator> calculator{compiled(library, tests::calculator, {}, compiler),
                                                         40};
        CHECK(calculator->add(1, 1) == 42);
        CHECK(calculator->name() == "plain");
        CHECK(calculator->where({1, 2}).column == 2);
    }
}

TEST_CASE("what the plugin's constructor throws is thrown, and the library is let go", "[plugin]") {
    const tests::scratch_directory scratch;
    const path library = compiled(scratch / "calculator.so", tests::calculator, {}, TENON_CXX);
    CHECK_THROWS_WITH((tenon::plugin<calc::calculator>{library, 13}), "thirteen");
    // Its close was deferred while the exception lived, and happens at the next load.
    CHECK(tenon::plugin<calc::calculator>{library, 1}.close());
    CHECK_FALSE(mapped(library));
}

TEST_CASE("an exception of the plugin's own type can be handled after its constructor threw it", "[plugin]") {
    workshop here(part_library({"-DTHROWS"}));
    bool thrown = false;
    try {
        here.load();
    } catch (...) {
        thrown = true;
        CHECK(mapped(here.library));
    }
    CHECK(thrown);
    workshop other;
    other.load();
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("a closed handle's code is gone, and close says so", "[plugin]") {
    workshop here;
    auto part = here.load();
    const unloaded gone = part.close();
    CHECK(gone);
    CHECK(gone.what() == unloaded::state::unmapped);
    CHECK(gone.reason() == "");
    CHECK_FALSE(part);
    CHECK(here.counts.destroyed == 1);
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("a library with other open handles is shared, and close says with how many", "[plugin]") {
    workshop here;
    auto first = here.load(), second = here.load(), third = here.load();
    const unloaded one = first.close();
    CHECK_FALSE(one);
    CHECK(one.what() == unloaded::state::shared);
    CHECK(one.reason() == "'" + here.library.native() + "' stays in memory: it has 2 more open handles");
    CHECK(second.close().reason() ==
          "'" + here.library.native() + "' stays in memory: it has 1 more open handle");
    CHECK(third.close());
}

TEST_CASE("an inline variable that g++ makes a unique symbol pins a library, and close names it",
          "[plugin]") {
    workshop here(part_library({"-DUNIQUE_SYMBOL"}));
    auto part = here.load();
    CHECK(part->version() == 1);
    const unloaded gone = part.close();
#ifdef __clang__
    CHECK(gone);
#else
    CHECK(gone.what() == unloaded::state::pinned);
    CHECK(gone.reason() == "'" + here.library.native() +
                               "' stays in memory: it defines unique symbols, such as counter::value, which "
                               "other libraries may use; "
                               "compile it with -fno-gnu-unique");
    CHECK(mapped(here.library));

    workshop cured(part_library({"-DUNIQUE_SYMBOL", "-fno-gnu-unique", "-DVERSION=2"}));
    auto other = cured.load();
    CHECK(other->version() == 2);
    CHECK(other.close());
#endif
}

TEST_CASE("a thread_local object that is yet to be destroyed pins a library, and close says so", "[plugin]") {
    workshop here(part_library({"-DTHREAD_LOCAL_DESTRUCTOR"}));
    auto first = here.load();
    unloaded gone{unloaded::state::unmapped, ""};
    std::thread([&] {
        CHECK(first->version() == 1);
        gone = first.close();
    }).join();
    CHECK(gone.what() == unloaded::state::pinned);
    CHECK(gone.reason() == "'" + here.library.native() +
                               "' stays in memory: a thread may have a thread_local object of it with a "
                               "destructor, which runs when the "
                               "thread ends");
    CHECK(mapped(here.library));
    // The thread has ended, and the system's loader looks again when something is closed.
    auto second = here.load();
    CHECK(second.close());
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("a library that was linked with -z nodelete stays, and close says so", "[plugin]") {
    workshop here(part_library({"-Wl,-z,nodelete"}));
    CHECK(here.load().close().reason() ==
          "'" + here.library.native() + "' stays in memory: it was linked with -z nodelete");
    CHECK(mapped(here.library));
}

TEST_CASE("a library that something else has opened stays, and close says so", "[plugin]") {
    workshop here;
    void* other = ::dlopen(here.library.c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(other);
    CHECK(here.load().close().reason() == "'" + here.library.native() +
                                              "' stays in memory: something else has opened it, another "
                                              "library depends on it, or this system's loader never unmaps");
    ::dlclose(other);
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("libraries stay where the policy says never", "[plugin]") {
    workshop here;
    const unloaded gone = here.load({.unload = tenon::unload_policy::never}).close();
    CHECK(gone.what() == unloaded::state::pinned);
    CHECK(gone.reason() == "'" + here.library.native() + "' stays in memory: options.unload says never");
    CHECK(mapped(here.library));
    CHECK(here.load()->version() == 1);
}

TEST_CASE(
    "a library stays while an exception of its own is being handled, and goes with the next load or close",
    "[plugin]") {
    workshop here, other;
    {
        auto part = here.load();
        try {
            part->fail();
        } catch (...) {
            const unloaded gone = part.close();
            CHECK(gone.what() == unloaded::state::deferred);
            CHECK(gone.reason() == "'" + here.library.native() +
                                       "' stays in memory: an exception, whose code may be in it, is in "
                                       "flight or being handled on this "
                                       "thread; it goes with the next load or close after that");
            CHECK(mapped(here.library));
            // Another load during the exception does not end the wait, and neither does another thread.
            other.load();
            std::thread([&] { other.load(); }).join();
            CHECK(mapped(here.library));
        }
    }
    other.load();
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("a library stays while an exception unwinds past its handle", "[plugin]") {
    workshop here, other;
    try {
        const auto part = here.load();
        part->fail();
    } catch (...) {
        CHECK(mapped(here.library));
    }
    other.load();
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("what a thread deferred and did not close goes once the thread has ended", "[plugin]") {
    workshop here, other;
    std::thread([&] {
        try {
            const auto part = here.load();
            part->fail();
        } catch (...) {
        }
    }).join();
    CHECK(mapped(here.library));
    // join returns a moment before the kernel has forgotten the thread.
    for (int i = 0; i < 1000 && mapped(here.library); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        other.load();
    }
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("a path whose older file is still loaded loads the new file", "[plugin]") {
    workshop here;
    std::vector<tenon::plugin<part>> versions;
    versions.push_back(here.load());
    for (int version = 2; version <= 4; ++version) {
        here.put_in_place(part_library({"-DVERSION=" + std::to_string(version)}));
        versions.push_back(here.load());
    }
    for (int version = 1; version <= 4; ++version)
        CHECK(versions[static_cast<std::size_t>(version - 1)]->version() == version);
    // A library that is loaded again is found, and the names of unloaded ones are free again.
    CHECK(here.load()->version() == 4);
    versions.erase(versions.begin());
    CHECK(here.load()->version() == 4);
    versions.clear();
    CHECK_FALSE(mapped(here.library));
}

TEST_CASE("a replaced library is loaded anew even if the host itself has the older one open under that path",
          "[plugin]") {
    workshop here;
    void* older = ::dlopen(here.library.c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(older);
    here.put_in_place(part_library({"-DVERSION=2"}));
    CHECK(here.load()->version() == 2);
    ::dlclose(older);
}

TEST_CASE("a relative path is another file in another folder", "[plugin]") {
    workshop here, there(part_library({"-DVERSION=2"}));
    const path before = tests::fs::current_path();
    tests::fs::current_path(here.scratch.path());
    const tenon::plugin<part> first{"./part.so", here.counts};
    tests::fs::current_path(there.scratch.path());
    const tenon::plugin<part> second{"./part.so", there.counts}, third{"part.so", there.counts};
    tests::fs::current_path(before);
    CHECK(first->version() == 1);
    CHECK(second->version() == 2);
    CHECK(third->version() == 2);
}

TEST_CASE("links to a library are the same library", "[plugin]") {
    workshop here;
    tests::fs::create_hard_link(here.library, here.scratch / "hard.so");
    tests::fs::create_symlink(here.library, here.scratch / "soft.so");
    forget_loads();
    const auto part = here.load();
    CHECK(tenon::plugin<::part> { here.scratch / "hard.so", here.counts } -> version() == 1);
    CHECK(tenon::plugin<::part> { here.scratch / "soft.so", here.counts } -> version() == 1);
    CHECK(loads() == 1);
}

TEST_CASE(
    "a loaded library that is written to in place is an error, and one whose links or mode change is not",
    "[plugin]") {
    workshop here;
    const auto part = here.load();
    tests::fs::create_hard_link(here.library, here.scratch / "hard.so");
    tests::fs::permissions(here.library, tests::fs::perms::owner_all);
    CHECK(here.complaint() == "no complaint");
    tests::fs::last_write_time(here.library,
                               tests::fs::last_write_time(here.library) + std::chrono::seconds(1));
    CHECK(
        here.complaint() ==
        "'part.so' was written to while it is loaded, so that neither the old version nor the new one can be "
        "trusted; put new versions in place by renaming");
}

TEST_CASE("a private copy is used whatever becomes of the file", "[plugin]") {
    workshop here;
    const tenon::library_options copied{.private_copy = true};
    const auto descriptors = entries("/proc/self/fd");
    std::vector<tenon::plugin<part>> all;
    for (int version = 1; version <= 3; ++version) {
        tests::fs::copy_file(part_library({"-DVERSION=" + std::to_string(version)}), here.library,
                             tests::fs::copy_options::overwrite_existing); // in place
        all.push_back(here.load(copied));
    }
    tests::fs::resize_file(here.library, 100);
    for (int version = 1; version <= 3; ++version)
        CHECK(all[static_cast<std::size_t>(version - 1)]->version() == version);
    CHECK(entries("/proc/self/fd") == descriptors + 3); // nobody else knows what was in them
    for (auto& each : all) {
        const unloaded gone = each.close();
        INFO(gone.reason());
        CHECK(gone);
    }
    CHECK(entries("/proc/self/fd") == descriptors);
    CHECK(tests::read("/proc/self/maps").find("memfd:tenon") == std::string::npos);
}

namespace {

/// What is written to standard output meanwhile.
template <class F>
std::string output_of(F&& run) {
    std::fflush(stdout);
    const int before = ::dup(STDOUT_FILENO), file = ::memfd_create("output", 0);
    ::dup2(file, STDOUT_FILENO);
    run();
    std::fflush(stdout);
    ::dup2(before, STDOUT_FILENO);
    ::close(before);
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(::pread(file, text.data(), text.size(), 0)));
    ::close(file);
    return text;
}

/// The error of loading a calculator that was compiled differently, and the output of its code.
struct refusal {
    std::string said, printed;

    explicit refusal(const std::vector<std::string>& differences) {
        const tests::scratch_directory scratch;
        std::vector<std::string> flags;
        for (const std::string& each : differences)
            flags.push_back("-D" + each);
        const path library = compiled(scratch / "calculator.so", tests::calculator, flags, TENON_CXX);
        printed = output_of([&] {
            try {
                tenon::plugin<calc::calculator>{library, 1};
                said = "no complaint";
            } catch (const tenon::error& e) {
                said = e.code() == tenon::errc::misfit ? e.what() : "another error";
            }
        });
    }
};

} // namespace

TEST_CASE("a library whose interface differs in anything that matters is refused before any of its code runs",
          "[plugin]") {
    for (const std::string difference :
         {"METHOD_ORDER", "PARAMETER_TYPE", "METHOD_CONST", "METHOD_NOEXCEPT", "FIELD_TYPE", "FIELD_ORDER",
          "FIELD_ADDED", "METHOD_REMOVED", "FACTORY_ARGUMENT"}) {
        INFO(difference);
        const refusal refused({difference});
        CHECK(refused.said.find("was compiled against another 'calculator' than this program") !=
              std::string::npos);
        CHECK(refused.printed == "");
    }
    for (const std::vector<std::string>& fits : {std::vector<std::string>{}, {"METHOD_APPENDED"}}) {
        const refusal accepted(fits);
        CHECK(accepted.said == "no complaint");
        CHECK(accepted.printed == "the plugin's code ran\n");
    }
}

TEST_CASE("two differences are both listed, each with the host's text and the plugin's", "[plugin]") {
    const std::string said = refusal({"PARAMETER_TYPE", "FIELD_TYPE"}).said;
    CHECK(said.substr(said.find('\n') + 1) ==
          "  add\n    host:   int (int, int), slot 2\n    plugin: int (int, long), slot 2\n"
          "  calc::origin\n    host:   size 8, alignment 4: short, int\n"
          "    plugin: size 16, alignment 8: long, int\n"
          "compile both against the same header");
}

TEST_CASE("a library of another standard library's ABI is refused by that alone, before any of its code runs",
          "[plugin]") {
    forget_loads();
    const std::string advice = "compile it with the same standard library, mode and sanitizer";
    workshop debug(part_library({"-D_GLIBCXX_DEBUG"}));
    CHECK(debug.complaint() ==
          "the plugin 'plain' in 'part.so' was compiled with another toolchain than this program:\n"
          "  debug mode\n    host:   none\n    plugin: _GLIBCXX_DEBUG\n" +
              advice);
    workshop old(part_library({"-D_GLIBCXX_USE_CXX11_ABI=0"}));
    CHECK(old.complaint() ==
          "the plugin 'plain' in 'part.so' was compiled with another toolchain than this program:\n"
          "  library\n    host:   libstdc++ with the C++11 strings\n"
          "    plugin: libstdc++ with the old strings (_GLIBCXX_USE_CXX11_ABI=0)\n" +
              advice);
    CHECK(loads() == 0);
}

TEST_CASE("a truncated library is refused, wherever it ends", "[plugin]") {
    workshop here;
    const auto whole = tests::fs::file_size(here.library);
    for (std::uintmax_t percent = 1; percent < 100; percent += 7) {
        tests::fs::resize_file(here.library, whole * percent / 100);
        CHECK_THROWS_AS(here.load(), tenon::error);
        tests::fs::copy_file(part_library(), here.library, tests::fs::copy_options::overwrite_existing);
    }
}

TEST_CASE("a library that somebody else could have written is refused, and the error names the cure",
          "[plugin]") {
    workshop here;
    tests::fs::permissions(here.library, tests::fs::perms::others_write, tests::fs::perm_options::add);
    CHECK(here.complaint() == "'part.so' is not run, because somebody else could have written it: everybody "
                              "may write to 'part.so'; "
                              "`chmod o-w 'part.so'`, or widen options.trust");
    CHECK(here.load({.trust = {.everyone = true}})->version() == 1);
}

TEST_CASE("the loader's own words are in the error for a library that it refuses", "[plugin]") {
    workshop here(part_library({"-DMISSING_FUNCTION"}));
    CHECK(here.complaint() ==
          "cannot load 'part.so': part.so: undefined symbol: nobody_defines_this; if it is its host that has "
          "this, link that with -rdynamic and show the symbol, which -fvisibility=hidden hides; else link it "
          "with -Wl,-z,defs to find this when it is built");
}

TEST_CASE("a path that names nothing, a folder or a pipe is an error", "[plugin]") {
    const tests::scratch_directory scratch;
    part_counts counts{};
    CHECK_THROWS_WITH((tenon::plugin<part>{"./nowhere.so", counts}),
                      "cannot open './nowhere.so': No such file or directory");
    CHECK_THROWS_WITH((tenon::plugin<part>{"", counts}), "cannot open '': No such file or directory");
    CHECK_THROWS_WITH((tenon::plugin<part>{scratch.path(), counts}),
                      "'" + scratch.path().native() +
                          "' is not a library that this program can load: it is not a regular file");
    REQUIRE(::mkfifo((scratch / "pipe").c_str(), 0600) == 0);
    CHECK_THROWS_WITH((tenon::plugin<part>{scratch / "pipe", counts}),
                      "'" + (scratch / "pipe").native() +
                          "' is not a library that this program can load: it is not a regular file");
}

TEST_CASE("ten thousand times: load, use, close; the code goes and the constructor runs each time, and "
          "nothing grows",
          "[plugin]") {
    workshop here;
    const auto cycle = [&] {
        auto part = here.load();
        REQUIRE(part->version() == 1);
        REQUIRE(part.close());
    };
    for (int i = 0; i < 200; ++i)
        cycle();
    forget_loads();
    cycle();
    CHECK(loads() == 1);
    cycle();
    CHECK(loads() == 2);
    const auto resident = [] {
        std::istringstream text(tests::read("/proc/self/statm"));
        std::size_t size = 0, pages = 0;
        text >> size >> pages;
        return pages;
    };
    const auto descriptors = entries("/proc/self/fd");
    const std::size_t maps = mappings(), pages = resident();
    const int made = here.counts.made;
    for (int i = 0; i < 10'000; ++i)
        cycle();
    CHECK(here.counts.made == made + 10'000);
    CHECK(here.counts.destroyed == here.counts.made);
    CHECK(entries("/proc/self/fd") == descriptors);
    if (tests::sanitized)
        return; // they keep what was freed, and map as they like
    CHECK(mappings() <= maps + 2);
    CHECK(resident() <= pages + 64);
}

TEST_CASE(
    "eight threads load, call and close at once, the same file and different ones, while files are replaced",
    "[plugin]") {
    workshop here;
    const path first = part_library(), second = part_library({"-DVERSION=2"});
    std::vector<std::thread> threads;
    std::vector<int> wrong(8);
    for (std::size_t n = 0; n < 8; ++n)
        threads.emplace_back([&, n] {
            part_counts counts{};
            for (int i = 0; i < 100; ++i)
                try {
                    tenon::plugin<part> shared{here.library, counts};
                    const int version = shared->version();
                    wrong[n] += version != 1 && version != 2;
                    tenon::plugin<part> own{n % 2 ? first : second, counts};
                    wrong[n] += own->version() != (n % 2 ? 1 : 2);
                } catch (const tenon::error& e) {
                    // The file may be replaced during each load.
                    wrong[n] += e.code() != tenon::errc::changed;
                }
            wrong[n] += counts.made != counts.destroyed;
        });
    for (int i = 0; i < 40; ++i) {
        here.put_in_place(i % 2 ? first : second);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (std::thread& each : threads)
        each.join();
    CHECK(wrong == std::vector<int>(8));
    CHECK(here.load().close());
}

namespace {
tenon::plugin<part> closed_by_a_static_destructor;
part_counts counted_until_the_end;
} // namespace

TEST_CASE("a handle may be closed by a static object's destructor", "[plugin]") {
    closed_by_a_static_destructor = tenon::plugin<part>{part_library(), counted_until_the_end};
    CHECK(closed_by_a_static_destructor->version() == 1);
}
