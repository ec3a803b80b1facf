// SPDX-License-Identifier: MIT
#include <tenon/detail/library/abi_difference.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/detail/library/mangled_name.hpp>
#include <tenon/manifest.hpp>

#include "abi.hpp"
#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/calculator.hpp"
#include "plugins/served.hpp"

using tenon::manifest;
using tenon::detail::described;
using tenon::detail::differences;
using tenon::detail::fits;
using tenon::detail::incompleteness;
using tenon::detail::plugin_abi;
using tests::abi_here;
using tests::scratch_directory;

namespace overloading {

struct whole {
    static constexpr tenon::plugin_type type{"whole"};
    virtual ~whole() = default;
    virtual int first(int) = 0;
    virtual int second(int) = 0;
    virtual int third(int) = 0;
    using methods = tenon::methods<&whole::first, &whole::second, &whole::third>;
};
struct overrides_one : whole {
    int first(int) override = 0;
    using methods = tenon::methods<&overrides_one::first, &whole::second, &whole::third>;
};

// One name, several functions, in another order on the other side.
struct overloads {
    static constexpr tenon::plugin_type type{"overloads"};
    virtual ~overloads() = default;
    virtual int scale(int) = 0;
    virtual int scale(char) = 0;
    virtual int scale(long) = 0;
    using methods = tenon::methods<tenon::overload<int(int)>(&overloads::scale),
                                   tenon::overload<int(char)>(&overloads::scale),
                                   tenon::overload<int(long)>(&overloads::scale)>;
};
struct overloads_turned {
    static constexpr tenon::plugin_type type{"overloads"};
    virtual ~overloads_turned() = default;
    virtual int scale(char) = 0;
    virtual int scale(int) = 0;
    virtual int scale(long) const = 0;
    using methods = tenon::methods<tenon::overload<int(char)>(&overloads_turned::scale),
                                   tenon::overload<int(int)>(&overloads_turned::scale),
                                   tenon::overload<int(long) const>(&overloads_turned::scale)>;
};

} // namespace overloading

namespace reaching {

// Interfaces that reach each other, and themselves; and names that mean something else where there are no
// plugins.
struct ring;
struct node {
    virtual node* next() = 0;
    virtual ring& around() = 0;
    using methods = tenon::methods<&node::next, &node::around>;
    using factory = int;

private: // whoever is given one does not delete it
    virtual ~node() = default;
};
struct ring {
    static constexpr tenon::plugin_type type{"ring"};
    virtual ~ring() = default;
    virtual node* first() = 0;
    virtual void join(ring&) = 0;
    using methods = tenon::methods<&ring::first, &ring::join>;
};

// What an author states the layout of is not called through `methods`.
struct stated final {
    virtual ~stated() = default;
    virtual int get() { return value; }
    using methods = tenon::methods<&stated::get>;
    int value = 0;
};
struct takes_stated {
    static constexpr tenon::plugin_type type{"takes-stated"};
    virtual ~takes_stated() = default;
    virtual int take(stated&) = 0;
    using methods = tenon::methods<&takes_stated::take>;
};

} // namespace reaching

template <>
struct tenon::layout<reaching::stated> : tenon::opaque<reaching::stated, 1> {};

namespace described_at_length {

struct order {};
template <class... T>
struct result {};
using rows = std::vector<std::map<std::string, std::vector<std::pair<std::string, order>>>>;

// A mangled name with dozens of substitutions, which a person still has to be able to read.
struct archive {
    static constexpr tenon::plugin_type type{"archive"};
    virtual ~archive() = default;
    virtual result<rows, order> merge(const rows&, const std::map<std::string, rows>&,
                                      std::vector<std::vector<rows>>,
                                      void (*)(const rows&, int (*)(rows, order))) const = 0;
    using methods = tenon::methods<&archive::merge>;
};

} // namespace described_at_length

namespace {

/// A plugin's ABI, and the manifest that it is a view of.
struct compiled_abi {
    explicit compiled_abi(const std::vector<std::string>& macros,
                          const std::string& compiler = tests::compilers().front(),
                          const tests::fs::path& source = tests::calculator)
        : read{tests::compiled(scratch / "plugin.so", source, macros, compiler)} {}
    const plugin_abi& operator*() const { return read.plugins().at(0).abi; }
    const plugin_abi& of(std::string_view type) const {
        for (const auto& plugin : read.plugins())
            if (plugin.type == type)
                return plugin.abi;
        throw std::runtime_error("no such plugin");
    }

    scratch_directory scratch;
    manifest read;
};

const plugin_abi& host() {
    return abi_here<calc::calculator>();
}

/// The plugins of plugins/served.cpp, in which an interface has changed in the way of the macro that is its
/// name's value.
compiled_abi served_with(const std::string& changed,
                         const std::string& compiler = tests::compilers().front()) {
    return compiled_abi({"-D" + changed}, compiler, tests::source_directory / "tests/plugins/served.cpp");
}

/// The differences between two ABIs. Checks that `fits` agrees.
std::string difference(const plugin_abi& host, const plugin_abi& plugin) {
    const std::string text = differences(host, plugin);
    CHECK(fits(host, plugin) == text.empty());
    return text;
}

std::string line(const std::string& of, const std::string& host, const std::string& plugin) {
    return "  " + of + "\n    host:   " + host + "\n    plugin: " + plugin + "\n";
}

/// The lines above, each for itself.
std::vector<std::string> lines_of(const std::string& differences) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0, end; begin < differences.size(); begin = end) {
        end = begin;
        for (int i = 0; i < 3; ++i)
            end = differences.find('\n', end) + 1;
        lines.push_back(differences.substr(begin, end - begin));
    }
    return lines;
}

/// What a host says of a plugin that was compiled with these macros.
std::string said_of(const std::vector<std::string>& macros) {
    const compiled_abi plugin(macros);
    const std::string text = differences(host(), *plugin);
    CHECK(fits(host(), *plugin) == text.empty());
    return text;
}

} // namespace

TEST_CASE("a host and a plugin of one interface fit, whoever compiled them and however", "[abi_difference]") {
    for (const std::string& compiler : tests::compilers())
        for (const std::string flag : {"-O0", "-O2", "-fno-rtti"}) {
            const compiled_abi plugin({flag}, compiler);
            INFO(compiler << " " << flag);
            CHECK(differences(host(), *plugin) == "");
            CHECK(fits(host(), *plugin));
            CHECK(fits(*plugin, host()));
        }
}

TEST_CASE("compilers name even the hardest types alike", "[abi_difference]") {
    std::vector<std::string> compilers;
    for (const std::string name : {TENON_GXX, TENON_CLANGXX, "clang++-14", "clang++-19"})
        if (!name.empty() && tests::installed(name))
            compilers.push_back(name);
    const scratch_directory scratch;
    const auto source = tests::source_directory / "tests/plugins/hard.cpp";
    const manifest expected{tests::compiled(scratch / "expected.so", source, {}, compilers[0])};
    const plugin_abi& first = expected.plugins().at(0).abi;
    CHECK(incompleteness(first) == "");
    for (const std::string& compiler : compilers) {
        const manifest read{tests::compiled(scratch / "other.so", source, {"-O1"}, compiler)};
        const plugin_abi& other = read.plugins().at(0).abi;
        INFO(compiler);
        CHECK(differences(first, other) == "");
        REQUIRE(first.methods.size() == other.methods.size());
        for (std::size_t i = 0; i < first.methods.size(); ++i) {
            CHECK(first.methods[i].name == other.methods[i].name);
            CHECK(first.methods[i].signature == other.methods[i].signature);
            CHECK(first.methods[i].slot == other.methods[i].slot);
        }
        REQUIRE(other.reached.size() == 1); // itself
        CHECK(other.reached[0].methods == first.methods);
        REQUIRE(first.types.size() == other.types.size());
        for (std::size_t i = 0; i < first.types.size(); ++i) {
            CHECK(first.types[i].name == other.types[i].name);
            CHECK((first.types[i] == other.types[i]));
        }
    }

    // So that each is shown as a person would write it, where the demangler knows it.
    std::vector<std::string_view> mangled;
    for (const auto& each : first.methods)
        mangled.insert(mangled.end(), {each.name, each.signature});
    for (const auto& each : first.types)
        mangled.insert(mangled.end(), {each.name, each.fields});
    for (const std::string_view each : mangled) {
        INFO(each);
        CHECK(tenon::detail::mangled_reader(each).within(1 << 20));
    }

    const auto method = [&](std::size_t i) {
        return tenon::detail::readable_method(first.methods[i].name) + ": " + described(first.methods[i]);
    };
    CHECK(method(0) ==
          "inline_namespaces: acme::v2::abi1::in (acme::v2::abi1::in const&, acme::v2::abi1::in*, "
          "std::vector<acme::v2::abi1::in>), slot 2");
    CHECK(method(7) == "recursive: acme::tree (acme::tree const&, acme::unknown&), slot 9");
    std::string operators;
    for (const auto& each : first.methods)
        if (const std::string name = tenon::detail::readable_method(each.name);
            name.compare(0, 8, "operator") == 0)
            operators += name + " ";
    CHECK(operators == "operator< operator-> operator() operator[] operator<< operator>> ");
    std::string tree, unknown;
    for (const auto& each : first.types) {
        if (const std::string name = tenon::detail::readable(each.name); name == "acme::tree")
            tree = described(each);
        else if (name == "acme::unknown")
            unknown = described(each);
    }
    CHECK(tree == "size 40, alignment 8: std::vector<acme::tree>, acme::tree*, acme::unknown*");
    CHECK(unknown == "incomplete");
}

TEST_CASE("each difference is named, host and plugin beside each other", "[abi_difference]") {
    CHECK(said_of({}) == "");
    CHECK(said_of({"-DMETHOD_APPENDED"}) == "");
    CHECK(said_of({"-DFIELD_TYPE"}) == "  calc::origin\n    host:   size 8, alignment 4: short, int\n    "
                                       "plugin: size 16, alignment 8: long, int\n");
    CHECK(said_of({"-DFIELD_ORDER"}) == "  calc::origin\n    host:   size 8, alignment 4: short, int\n    "
                                        "plugin: size 8, alignment 4: int, short\n");
    CHECK(said_of({"-DFIELD_ADDED"}) == "  calc::origin\n    host:   size 8, alignment 4: short, int\n    "
                                        "plugin: size 12, alignment 4: short, int, int\n");
    CHECK(said_of({"-DFACTORY_ARGUMENT"}) == "  factory\n    host:   (int)\n    plugin: (long)\n");
    CHECK(said_of({"-DMETHOD_ORDER"}) ==
          "  add\n    host:   int (int, int), slot 2\n    plugin: int (int, int), slot 3\n"
          "  name\n    host:   std::string () const, slot 3\n    plugin: std::string () const, slot 2\n");
    CHECK(said_of({"-DPARAMETER_TYPE"}) ==
          "  add\n    host:   int (int, int), slot 2\n    plugin: int (int, long), slot 2\n");
    CHECK(said_of({"-DMETHOD_NOEXCEPT"}) ==
          "  add\n    host:   int (int, int), slot 2\n    plugin: int (int, int) noexcept, slot 2\n");
    CHECK(said_of({"-DMETHOD_REMOVED"}) ==
          "  add\n    host:   int (int, int), slot 2\n    plugin: not there\n"
          "  name\n    host:   std::string () const, slot 3\n    plugin: std::string () const, slot 2\n"
          "  where\n    host:   calc::origin (calc::origin const&) const, slot 4\n    plugin: calc::origin "
          "(calc::origin const&) const, slot 3\n");
    CHECK(said_of({"-DMETHOD_CONST"}) ==
          "  name\n    host:   std::string () const, slot 3\n    plugin: std::string (), slot 3\n");
}

TEST_CASE("several differences are named at once", "[abi_difference]") {
    CHECK(said_of({"-DPARAMETER_TYPE", "-DFIELD_ADDED"}) ==
          "  add\n    host:   int (int, int), slot 2\n    plugin: int (int, long), slot 2\n"
          "  calc::origin\n    host:   size 8, alignment 4: short, int\n    plugin: size 12, alignment 4: "
          "short, int, int\n");
    CHECK(said_of({"-DFACTORY_ARGUMENT", "-DMETHOD_CONST", "-DFIELD_ORDER", "-DMETHOD_APPENDED"}) ==
          "  factory\n    host:   (int)\n    plugin: (long)\n"
          "  name\n    host:   std::string () const, slot 3\n    plugin: std::string (), slot 3\n"
          "  calc::origin\n    host:   size 8, alignment 4: short, int\n    plugin: size 8, alignment 4: "
          "int, short\n");
}

TEST_CASE("overloads are held against those of the same signature", "[abi_difference]") {
    using namespace overloading;
    CHECK(differences(abi_here<overloads>(), abi_here<overloads_turned>()) ==
          "  interface\n    host:   overloading::overloads\n    plugin: "
          "overloading::overloads_turned\n"
          "  scale\n    host:   int (int), slot 2\n    plugin: int (int), slot 3\n"
          "  scale\n    host:   int (char), slot 3\n    plugin: int (char), slot 2\n"
          "  scale\n    host:   int (long), slot 4\n    plugin: int (long) const, slot 4\n");
}

TEST_CASE("a function that one side names of a base is said to be of that", "[abi_difference]") {
    using namespace overloading;
    const plugin_abi& own = abi_here<overrides_one>();
    plugin_abi of_base = own;
    of_base.methods[0].name = abi_here<whole>().methods[0].name;
    CHECK(difference(own, of_base) ==
          line("first", "of overloading::overrides_one", "of overloading::whole"));
}

TEST_CASE(
    "an interface that is reached through another is compared as that is, whichever side has changed it",
    "[abi_difference]") {
    const plugin_abi& whole = abi_here<served::worker>();
    REQUIRE(whole.reached.size() == 8);
    const std::string note = "served::services::note", erase = "served::services::erase_all",
                      count = "served::services::count", nothing = "not there", at2 = "int (int), slot 2",
                      at3 = "int (int), slot 3", at4 = "int (int), slot 4";
    struct change {
        std::string macro;
        std::vector<std::vector<std::string>> lines; // of what, as it was, as it is
    };
    const change changes[] = {
        {"WHOLE", {}},
        {"SWAPPED", {{note, at2, at3}, {erase, at3, at2}}},
        {"RENAMED", {{erase, at3, nothing}, {"served::services::erase_some", nothing, at3}}},
        {"INSERTED", {{erase, at3, at4}, {count, nothing, at3}}},
        {"APPENDED", {{count, nothing, at4}}},
        {"REMOVED", {{note, at2, nothing}, {erase, at3, at2}}},
        {"OTHER_SIGNATURE", {{erase, at3, "int (int) const, slot 3"}}},
        {"DESTRUCTOR_LAST",
         {{note, at2, "int (int), slot 0"},
          {erase, at3, "int (int), slot 1"},
          {"served::services::destructor", "slots 0, 1", "slots 2, 3"}}},
        {"NOT_DELETED",
         {{note, at2, "int (int), slot 0"},
          {erase, at3, "int (int), slot 1"},
          {"served::services::destructor", "slots 0, 1", "not virtual"}}},
    };
    std::size_t compiler = 0;
    for (const change& each : changes) {
        const compiled_abi changed =
            served_with("SERVICES=" + each.macro, tests::compilers()[compiler++ % tests::compilers().size()]);
        INFO(each.macro);
        std::vector<std::string> ours, theirs;
        for (const auto& of : each.lines) {
            ours.push_back(line(of[0], of[1], of[2]));
            theirs.push_back(line(of[0], of[2], of[1]));
        }
        CHECK_THAT(lines_of(difference(whole, changed.of("worker"))), Catch::Matchers::UnorderedEquals(ours));
        CHECK_THAT(lines_of(difference(changed.of("worker"), whole)),
                   Catch::Matchers::UnorderedEquals(theirs));
        CHECK(difference(changed.of("worker"), changed.of("worker")) == "");
        CHECK(incompleteness(changed.of("worker")) == "");
    }
}

TEST_CASE("an interface is reached by whatever leads to it", "[abi_difference]") {
    const plugin_abi& whole = abi_here<served::worker>();
    std::size_t compiler = 0;
    for (const std::string name : {"task", "answer", "listener", "watcher", "clock", "cursor"}) {
        std::string macro = name;
        for (char& c : macro)
            c = static_cast<char>(c - 'a' + 'A');
        const compiled_abi changed =
            served_with(macro + "=SWAPPED", tests::compilers()[compiler++ % tests::compilers().size()]);
        const std::string expected =
            line("served::" + name + "::note", "int (int), slot 2", "int (int), slot 3") +
            line("served::" + name + "::erase_all", "int (int), slot 3", "int (int), slot 2");
        CHECK(difference(whole, changed.of("worker")) == expected);
    }
}

TEST_CASE("interfaces that reach each other and themselves are told once", "[abi_difference]") {
    const plugin_abi& ring = abi_here<reaching::ring>();
    std::string names;
    for (const auto& each : ring.reached)
        names += tenon::detail::readable(each.interface) + ": " + std::to_string(each.slots) + " ";
    CHECK(names == "reaching::node: 4 reaching::ring: 4 ");
    CHECK(incompleteness(ring) == "");
    CHECK(difference(ring, ring) == "");
    CHECK(abi_here<reaching::takes_stated>().reached.empty());

    // A method more at its end is no mere addition where either side may call another's.
    plugin_abi more = ring;
    const plugin_abi::method added{"_ZN4ring4moreEv", "FvvE", ring.slots};
    more.methods.push_back(added);
    ++more.slots;
    CHECK(difference(ring, more) == "");
    more.reached[1].methods.push_back(added);
    ++more.reached[1].slots;
    CHECK_THAT(difference(ring, more),
               Catch::Matchers::StartsWith("  reaching::ring::more\n    host:   not there\n    plugin: "));
}

TEST_CASE("who knows a reached interface by name only calls nothing of it", "[abi_difference]") {
    const plugin_abi& whole = abi_here<served::worker>();
    plugin_abi by_name = whole;
    const std::string_view services = whole.reached.front().interface;
    by_name.reached.erase(by_name.reached.begin());
    const std::string name = tenon::detail::readable(services);
    CHECK(difference(whole, by_name) ==
          line(name, "an interface with `methods`", "a type without `methods`"));
    CHECK(difference(by_name, whole) ==
          line(name, "a type without `methods`", "an interface with `methods`"));
    for (plugin_abi::type& type : by_name.types)
        if (type.name == services)
            type.size = 0;
    CHECK(difference(whole, by_name) == "");
    CHECK(difference(by_name, whole) == "");
}

TEST_CASE("the destructor's slots are compared: methods that push them away are no mere addition",
          "[abi_difference]") {
    const compiled_abi last = served_with("OWN=DESTRUCTOR_LAST"),
                       more = served_with("OWN=DESTRUCTOR_LAST_AND_APPENDED"),
                       appended = served_with("OWN=APPENDED");
    const plugin_abi &first = abi_here<served::plain>(), &host = last.of("plain"), &plugin = more.of("plain");
    CHECK(incompleteness(host) == "");
    CHECK(incompleteness(plugin) == "");
    CHECK(difference(host, plugin) == line("destructor", "slots 2, 3", "slots 4, 5"));
    CHECK(difference(plugin, host) == line("count", "int (int), slot 2", "not there") +
                                          line("count_all", "int (int), slot 3", "not there") +
                                          line("destructor", "slots 4, 5", "slots 2, 3"));
    CHECK(difference(first, appended.of("plain")) == "");
    CHECK(difference(appended.of("plain"), first) == line("count", "int (int), slot 4", "not there"));
}

TEST_CASE("toolchains are compared line by line, and a plain plugin may run under a sanitizer",
          "[abi_difference]") {
    using tenon::detail::toolchain_differences;
    CHECK(toolchain_differences(tenon::detail::toolchain, tenon::detail::toolchain) == "");
    CHECK(toolchain_differences("library=a\nsanitizer=address\n", "library=a\nsanitizer=none\n") == "");
    CHECK(toolchain_differences("sanitizer=memory\n", "sanitizer=none\n") ==
          "  sanitizer\n    host:   memory\n    plugin: none\n");
    CHECK(toolchain_differences("sanitizer=none\n", "sanitizer=address\n") ==
          "  sanitizer\n    host:   none\n    plugin: address\n");
    CHECK(toolchain_differences("library=a\nmode=x\n", "mode=y\nlibrary=b") ==
          "  library\n    host:   a\n    plugin: b\n  mode\n    host:   x\n    plugin: y\n");
    CHECK(toolchain_differences("library=a\n", "") == "  library\n    host:   a\n    plugin: not stated\n");
    CHECK(toolchain_differences("library=a\n", "library\n=\n\n") ==
          "  library\n    host:   a\n    plugin: not stated\n");
    CHECK(toolchain_differences("", "library=a\n") == "");
}

TEST_CASE("a long name of a real interface is read in full", "[abi_difference]") {
    using namespace described_at_length;
    const std::string order = "described_at_length::order";
    const std::string cells = "std::vector<std::pair<std::string, " + order + ">>";
    const std::string rows = "std::vector<std::map<std::string, " + cells + ", std::less<std::string>>>";
    CHECK(described(abi_here<archive>().methods[0]) ==
          "described_at_length::result<" + rows + ", " + order + "> (" + rows +
              " const&, std::map<std::string, " + rows +
              ", std::less<std::string>> const&, std::vector<std::vector<" + rows + ">>, void (*)(" + rows +
              " const&, int (*)(" + rows + ", " + order + "))) const, slot 2");
}
