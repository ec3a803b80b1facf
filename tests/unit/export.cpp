// SPDX-License-Identifier: MIT
#include <tenon/export.hpp>

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <string>
#include <vector>

#include <tenon/detail/library/abi_difference.hpp>
#include <tenon/manifest.hpp>

#include "abi.hpp"
#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/counters.hpp"

using tenon::manifest;
using tests::scratch_directory;
using tests::fs::path;

namespace greedy {

// Whatever an author calls functions of the same namespace, tenon calls its own.
#define TENON_TESTS_GREEDY(NAME)                                                                             \
    template <class... A>                                                                                    \
    int NAME(A&&...) = delete;                                                                               \
    template <class X, class... A>                                                                           \
    int NAME(A&&...) = delete;                                                                               \
    template <class X, class Y, class... A>                                                                  \
    int NAME(A&&...) = delete;
TENON_TESTS_GREEDY(make)
TENON_TESTS_GREEDY(held)
TENON_TESTS_GREEDY(implementation)
TENON_TESTS_GREEDY(joined)
TENON_TESTS_GREEDY(outputs)
TENON_TESTS_GREEDY(bind_fields)
TENON_TESTS_GREEDY(method_of)
TENON_TESTS_GREEDY(make_export)
TENON_TESTS_GREEDY(make_abi)
TENON_TESTS_GREEDY(all_slots_of)
#undef TENON_TESTS_GREEDY
template <class F, class C>
int method_of(F C::*) = delete;
template <class T>
int bind_fields(T&) = delete;

struct pair {
    int first, second;
};

/// Functions of the names that tenon's own classes have.
struct taker {
    static constexpr tenon::plugin_type type{"taker"};
    using factory = tenon::factory<int>;
    using self = taker;
    virtual ~taker() = default;
    virtual int make(int) = 0;
    virtual int held() = 0;
    virtual int end(pair) = 0;
    virtual int self_(pair (*)(taker&)) = 0;
    virtual int made_() const = 0;
    virtual int emit() = 0;
    using methods =
        tenon::methods<&taker::make, &taker::held, &taker::end, &taker::self_, &taker::made_, &taker::emit>;
    template <class P>
    struct model;
};
template <class P>
struct taker::model final : tenon::holds<taker, P> {
    int make(int n) override { return this->self().make(n); }
    int held() override { return this->self().held(); }
    int end(pair of) override { return this->self().end(of); }
    int self_(pair (*of)(taker&)) override { return this->self().self_(of); }
    int made_() const override { return this->self().made_(); }
    int emit() override { return this->self().emit(); }
};

struct plain {
    explicit plain(int from) : number(from) {}
    int make(int n) { return number = n; }
    int held() { return number; }
    int end(pair of) { return of.first; }
    int self_(pair (*)(taker&)) { return number; }
    int made_() const { return number; }
    int emit() { return number; }
    void start() { ++number; }
    plain* operator&() = delete;
    int number;
};

} // namespace greedy

TENON_EXPORT(greedy::taker, greedy::plain, "plain", "1.0.0")

namespace {

const path plugins = tests::source_directory / "tests/plugins";

/// A library that dlopen loads, without tenon.
struct loaded {
    explicit loaded(const path& file) : handle(::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        if (!handle)
            throw std::runtime_error(::dlerror());
        const auto table =
            reinterpret_cast<tenon_exports_v1_range (*)()>(::dlsym(handle, "tenon_exports_v1"));
        if (!table)
            throw std::runtime_error(::dlerror());
        range = table();
    }
    loaded(const loaded&) = delete;
    ~loaded() { ::dlclose(handle); }

    template <class T, class... A>
    std::unique_ptr<T> make(const char* name, A... arguments) const {
        for (const auto* each = range.begin; each != range.end; ++each)
            if (std::strcmp(each->type, T::type.name()) == 0 && std::strcmp(each->name, name) == 0)
                return std::unique_ptr<T>(reinterpret_cast<T* (*)(A...)>(each->create)(arguments...));
        throw std::runtime_error("not there");
    }

    void* handle;
    tenon_exports_v1_range range{};
};

std::vector<std::string> names(const manifest& of) {
    std::vector<std::string> all;
    for (const auto& each : of.plugins())
        all.push_back(std::string(each.type) + " " + std::string(each.name) + " " +
                      std::string(each.version));
    std::sort(all.begin(), all.end());
    return all;
}

/// What a sanitizer of the host would refuse where a plugin has no RTTI: it looks for the type of each
/// object.
__attribute__((no_sanitize("undefined"))) int count_once(counters::counter* made) {
    const int counted = made->count();
    delete made;
    return counted;
}

/// Two files in one library.
path both(const path& library, std::vector<std::string> flags, const std::string& compiler) {
    flags.push_back((plugins / "up.cpp").native());
    return tests::compiled(library, plugins / "down.cpp", flags, compiler);
}

/// The processor's time, in seconds, of a compilation without output; the least of several.
double cost(const std::string& compiler, const path& source) {
    return tests::least_time({compiler, "-std=c++20", "-I" + (tests::source_directory / "include").native(),
                              "-fsyntax-only", source},
                             3);
}

int alive = 0;
struct fragile {
    explicit fragile(int start) {
        if (start < 0)
            throw start;
        ++alive;
    }
    fragile(const fragile&) = delete;
    ~fragile() { --alive; }
    int count() const { return alive; }
};

} // namespace

TEST_CASE("a library has plugins of several types from several files, with every linker", "[export]") {
    const scratch_directory scratch;
    int count = 0;
    for (const std::string& compiler : tests::compilers())
        for (const std::string linker : {"bfd", "gold", "lld", "mold"}) {
            if (!tests::installed("ld." + linker)) {
                WARN("ld." + linker + " is absent, and not tested");
                continue;
            }
            for (const std::string level : {"-O0", "-O2"}) {
                INFO(compiler << " " << linker << " " << level);
                const path library = both(scratch / ("both" + std::to_string(count++) + ".so"),
                                          {level, "-fuse-ld=" + linker, "-ffunction-sections",
                                           "-fdata-sections", "-Wl,--gc-sections"},
                                          compiler);
                CHECK(names(manifest{library}) == std::vector<std::string>{"counter down 2.0.0",
                                                                           "counter up 1.0.0",
                                                                           "label upward 1.1.0"});
                const loaded here(library);
                CHECK(here.range.end - here.range.begin == 3);
                const auto up = here.make<counters::counter>("up", 5),
                           down = here.make<counters::counter>("down", 5);
                CHECK(up->count() + up->count() == 11);
                CHECK(down->count() + down->count() == 9);
                CHECK(std::string(here.make<counters::label>("upward")->text()) == "up");
            }
        }
}

TEST_CASE("a library may be linked of what different compilers made", "[export]") {
    const auto compilers = tests::compilers();
    const scratch_directory scratch;
    const path up = scratch / "up.o", library = scratch / "mixed.so";
    tests::compiled(up, plugins / "up.cpp", {"-c"}, compilers.front());
    tests::compiled(library, plugins / "down.cpp", {up}, compilers.back());
    CHECK(names(manifest{library}).size() == 3);
    const loaded here(library);
    CHECK(here.make<counters::counter>("up", 5)->count() + here.make<counters::counter>("down", 5)->count() ==
          10);
}

TEST_CASE("what the macro leaves in a library does not keep it in memory", "[export]") {
    const scratch_directory scratch;
    for (const std::string& compiler : tests::compilers())
        for (const std::string level : {"-O0", "-O2"}) {
            const std::string library =
                both(scratch / "visible.so", {level, "-fvisibility=default"}, compiler);
            const tenon::detail::basic_file<> file(library, O_RDONLY);
            const auto pins = tenon::detail::elf_reader<>(file.descriptor(), library).what_pins();
            CHECK(pins.unique_symbols == std::vector<std::string>{});
            CHECK(!pins.thread_local_destructors);
        }
}

TEST_CASE("two files that give one name to two plugins are found out", "[export]") {
    const scratch_directory scratch;
    const auto copy = scratch / "copy.cpp";
    tests::write(copy, "#include \"" + (plugins / "up.cpp").native() + "\"\n");
    const path library = both(scratch / "twice.so", {copy}, tests::compilers()[0]);
    const std::string beginning = "'" + library.native() + "' has two plugins of type '";
    CHECK_THAT(tests::refusal([&] { manifest{library}; }), Catch::Matchers::StartsWith(beginning));
}

TEST_CASE("plugins are compiled without exceptions, without RTTI, or with anything visible", "[export]") {
    const scratch_directory scratch;
    int count = 0;
    for (const std::string& compiler : tests::compilers())
        for (const std::vector<std::string>& flags : {std::vector<std::string>{"-fno-exceptions"},
                                                      {"-fno-rtti"},
                                                      {"-fno-exceptions", "-fno-rtti", "-O2"},
                                                      {"-fvisibility=default"},
                                                      {"-fvisibility=hidden", "-fvisibility-inlines-hidden"},
                                                      {"-std=c++2b"},
                                                      {"-g"}}) {
            INFO(compiler << " " << flags[0]);
            const path library = both(scratch / ("flags" + std::to_string(count++) + ".so"), flags, compiler);
            CHECK(names(manifest{library}).size() == 3);
            const loaded here(library);
            CHECK(count_once(here.make<counters::counter>("up", 7).release()) == 7);
        }
}

TEST_CASE("a sanitizer leaves the manifest as it is, and its name in it", "[export]") {
    const scratch_directory scratch;
    const manifest plain{both(scratch / "plain.so", {}, tests::compilers()[0])};
    int count = 0;
    for (const std::string& compiler : tests::compilers())
        for (const std::string sanitizer : {"address", "thread", "undefined"}) {
            const std::string how = compiler + " -fsanitize=" + sanitizer;
            INFO(how);
            path library;
            try {
                library = both(scratch / ("sanitized" + std::to_string(count++) + ".so"),
                               {"-fsanitize=" + sanitizer}, compiler);
            } catch (const std::runtime_error&) {
                WARN(how << " does not work here, and is not tested");
                continue;
            }
            const manifest read{library};
            CHECK(names(read) == names(plain));
            const bool changes_the_library = sanitizer != "undefined";
            for (const auto& each : read.plugins())
                CHECK_THAT(std::string(each.toolchain),
                           Catch::Matchers::ContainsSubstring(
                               "sanitizer=" + (changes_the_library ? sanitizer : "none") + "\n"));
            for (const auto& each : read.plugins())
                for (const auto& other : plain.plugins())
                    if (each.name == other.name)
                        CHECK(tenon::detail::differences(other.abi, each.abi) == "");
        }
}

TEST_CASE("a plain class that throws while it is made leaves nothing behind", "[export]") {
    using creation = tenon::detail::creation<counters::counter, fragile, tenon::detail::list<int>>;
    CHECK_THROWS_AS(creation::create(-1), int);
    CHECK(alive == 0);
    delete creation::create(1);
    CHECK(alive == 0);
}

TEST_CASE("an interface's functions may have any names, those that tenon uses too", "[export]") {
    using creation = tenon::detail::creation<greedy::taker, greedy::plain, tenon::detail::list<int>>;
    greedy::taker* const made = creation::create(5);
    CHECK(made->held() == 5);
    tenon::detail::hooks_of<greedy::taker, greedy::plain>()->start(made);
    CHECK(made->make(7) == 7);
    CHECK(made->made_() == 7);
    CHECK(made->end({1, 2}) == 1);
    delete made;
    CHECK(tenon::detail::incompleteness(tests::abi_here<greedy::taker>()) == "");
}

TEST_CASE("names and versions of plugins are checked by the compiler", "[export]") {
    using tenon::detail::valid_plugin_name, tenon::detail::valid_version;
    static_assert(valid_plugin_name("a") && valid_plugin_name("json-2_x"));
    static_assert(!valid_plugin_name("") && !valid_plugin_name("Json") && !valid_plugin_name("2json") &&
                  !valid_plugin_name("j son") && !valid_plugin_name("js/on") && !valid_plugin_name("j\0n"));
    static_assert(valid_version("1") && valid_version("1.2.3-rc+build~5"));
    static_assert(!valid_version("") && !valid_version("1 2") && !valid_version("1\n") &&
                  !valid_version("\xc3\xa4"));
    SUCCEED("the assertions above are the test");
}

TEST_CASE("including what a plugin needs costs a fraction of what one standard header costs", "[export]") {
    const scratch_directory scratch;
    tests::write(scratch / "nothing.cpp", "");
    tests::write(scratch / "memory.cpp", "#include <memory>\n");
    tests::write(scratch / "tenon.cpp", "#include <tenon/interface.hpp>\n#include <tenon/export.hpp>\n");
    for (const std::string& compiler : tests::compilers()) {
        const double nothing = cost(compiler, scratch / "nothing.cpp");
        const double ratio = (cost(compiler, scratch / "tenon.cpp") - nothing) /
                             (cost(compiler, scratch / "memory.cpp") - nothing);
        INFO(compiler);
        CHECK(ratio < 0.30); // about 0.07 where nothing else runs
    }
}
