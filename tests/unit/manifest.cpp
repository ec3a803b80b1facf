// SPDX-License-Identifier: MIT
#include <tenon/manifest.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <tenon/detail/library/abi_difference.hpp>

#include "catch.hpp"
#include "compiled.hpp"
#include "notes.hpp"

using tenon::manifest;
using tests::refusal;
using tests::scratch_directory;
using tests::fs::path;

namespace {

/// A plugin's file, and the places of its notes.
struct plugin_file {
    std::string bytes;

    std::size_t find_note(std::uint32_t kind, std::size_t which = 0) const {
        for (std::size_t at = 0; (at = bytes.find(std::string_view("tenon\0\0\0", 8), at)) != bytes.npos;
             ++at) {
            std::uint32_t words[3];
            std::memcpy(words, bytes.data() + at - 12, sizeof words);
            if (words[0] == 6 && words[2] == kind && which-- == 0)
                return at - 12;
        }
        throw std::runtime_error("no such note");
    }
    void put(std::size_t at, std::uint32_t word) { std::memcpy(bytes.data() + at, &word, sizeof word); }
    void replace(std::string_view text, std::string_view with) {
        REQUIRE(text.size() == with.size());
        bytes.replace(bytes.find(text, find_note(1)), text.size(), with);
    }
};
constexpr std::size_t description = 20; // behind the note's three words and its owner

const plugin_file& tiny() {
    static const plugin_file one = [] {
        const scratch_directory scratch;
        return plugin_file{tests::read(tests::compiled(scratch / "tiny.so", tests::tiny))};
    }();
    return one;
}

struct in_memory {
    explicit in_memory(std::string_view bytes) : fd(::memfd_create("test", 0)) {
        if (::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
            throw std::runtime_error("cannot write to memory");
    }
    in_memory(const in_memory&) = delete;
    ~in_memory() { ::close(fd); }
    int fd;
};

manifest manifest_of(const plugin_file& file) {
    const in_memory one(file.bytes);
    return manifest::of(one.fd, "x.so");
}

/// The error for a damaged manifest, without the part that all share.
std::string damage(const plugin_file& file) {
    const std::string text = refusal([&] { manifest_of(file); }),
                      begin = "the manifest in 'x.so' is damaged: ", end = "; compile the library again";
    return text.compare(0, begin.size(), begin) == 0
               ? text.substr(begin.size(), text.size() - begin.size() - end.size())
               : text;
}

std::string names(const manifest& of) {
    std::string all;
    for (const auto& each : of.plugins())
        all += std::string(each.type) + " " + std::string(each.name) + " " + std::string(each.version) + "\n";
    return all;
}

/// The same numbers in every run.
struct numbers {
    std::uint64_t state = 88172645463325252u;
    std::size_t below(std::size_t end) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<std::size_t>(state % end);
    }
};

} // namespace

TEST_CASE("a manifest tells the plugins of a library without running it", "[manifest]") {
    const scratch_directory scratch;
    const auto compiler = GENERATE(from_range(tests::compilers()));
    manifest read{tests::compiled(scratch / "calculator.so", tests::calculator, {"-DSECOND"}, compiler)};
    CHECK(names(read) == "calculator plain 1.0.0\ncalculator second 2.0.0\n");

    const manifest moved = std::move(read); // the texts are views, and stay valid
    REQUIRE(moved.plugins().size() == 2);
    for (const auto& plugin : moved.plugins()) {
        CHECK(tenon::detail::toolchain_differences(tenon::detail::toolchain, plugin.toolchain) == "");
        CHECK(tenon::detail::readable(plugin.abi.interface) == "calc::calculator");
        CHECK(tenon::detail::readable_list(plugin.abi.factory) == "int");
        REQUIRE(plugin.abi.methods.size() == 3);
        CHECK(tenon::detail::readable_method(plugin.abi.methods[0].name) == "add");
        CHECK(tenon::detail::described(plugin.abi.methods[0]) == "int (int, int), slot 2");
        CHECK(tenon::detail::described(plugin.abi.methods[1]) == "std::string () const, slot 3");
        CHECK(tenon::detail::described(plugin.abi.methods[2]) ==
              "calc::origin (calc::origin const&) const, slot 4");
        CHECK(plugin.abi.slots == 5);
        CHECK(plugin.incompleteness() == "");
    }
}

TEST_CASE("a manifest survives every linker and what is done to libraries after linking", "[manifest]") {
    struct way {
        std::string compiler, linker;
        std::vector<std::string> flags;
    };
    std::vector<way> ways;
    for (const std::string& compiler : tests::compilers())
        for (const std::string linker : {"bfd", "gold", "lld", "mold"}) {
            if (!tests::installed("ld." + linker)) {
                WARN("ld." + linker + " is absent, and not tested");
                continue;
            }
            ways.push_back({compiler, linker, {"-O0"}});
            ways.push_back(
                {compiler,
                 linker,
                 {"-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-Wl,-s"}});
        }
    // Each compiler can rely on one linker to understand its intermediate code.
    for (const std::string& compiler : tests::compilers()) {
        if (compiler == TENON_GXX && tests::installed("ld.bfd"))
            ways.push_back({compiler, "bfd", {"-O2", "-flto"}});
        if (compiler == TENON_CLANGXX && tests::installed("ld.lld"))
            ways.push_back({compiler, "lld", {"-O2", "-flto", "-Wl,--gc-sections"}});
    }
    REQUIRE(!ways.empty());

    const scratch_directory scratch;
    const bool patchelf = tests::installed("patchelf"), strip = tests::installed("strip"),
               objcopy = tests::installed("objcopy");
    if (!patchelf)
        WARN("patchelf is absent, and not tested");
    int count = 0, changes = 0;
    for (way& each : ways) {
        const path library = scratch / ("plugin" + std::to_string(count++) + ".so");
        each.flags.push_back("-fuse-ld=" + each.linker);
        std::string how = each.compiler;
        for (const std::string& flag : each.flags)
            how += ' ' + flag;
        INFO(how);
        tests::compiled(library, tests::tiny, each.flags, each.compiler);
        const manifest plain{library};
        REQUIRE(names(plain) == "tiny one 1.0.0\n");
        const auto changed = [&](std::vector<std::string> words) {
            const path before = scratch / "before.so";
            tests::fs::copy_file(library, before, tests::fs::copy_options::overwrite_existing);
            words.push_back(library);
            if (const auto said = tests::run(words);
                said.status != 0) { // patchelf does not know all that linkers do
                WARN(how << ", " << words[0] << " " << words[1] << ": " << said.err);
                tests::fs::rename(before, library);
                return;
            }
            ++changes;
            const manifest again{library};
            CHECK(names(again) == "tiny one 1.0.0\n");
            CHECK(tenon::detail::fits(plain.plugins()[0].abi, again.plugins()[0].abi));
        };
        if (strip)
            changed({"strip", "--strip-all"});
        if (objcopy)
            changed({"objcopy", "--add-section", ".more=" + tests::tiny.native()});
        if (patchelf) {
            changed({"patchelf", "--set-rpath", "/" + std::string(3000, 'r')});
            changed({"patchelf", "--add-needed", "libm.so.6"});
        }
    }
    CHECK((changes > 0 || (!strip && !objcopy && !patchelf)));
}

TEST_CASE("what a manifest says of interfaces that are reached survives every linker", "[manifest]") {
    const scratch_directory scratch;
    const path source = scratch / "reaching.cpp";
    tests::write(source, R"(
#include <tenon/export.hpp>
struct clock { virtual long now() const = 0; using methods = tenon::methods<&clock::now>; protected: ~clock() = default; };
struct services {
    virtual ~services() = default;
    virtual void note(int) = 0;
    virtual void erase_all(int) = 0;
    virtual const clock& time() = 0;
    using methods = tenon::methods<&services::erase_all, &services::note, &services::time>;
};
struct job {
    static constexpr tenon::plugin_type type{"job"};
    using factory = tenon::factory<services&>;
    virtual ~job() = default;
    virtual int run() = 0;
    using methods = tenon::methods<&job::run>;
};
struct one : job {
    explicit one(services& from) : from_(from) {}
    int run() override { return from_.note(1), 1; }
    services& from_;
};
TENON_EXPORT(job, one, "one", "1.0.0")
TENON_EXPORT(job, one, "other", "1.0.0")
)");
    std::vector<std::pair<std::string, std::vector<std::string>>> ways;
    for (const std::string& compiler : tests::compilers())
        for (const std::string linker : {"bfd", "gold", "lld", "mold"}) {
            if (!tests::installed("ld." + linker))
                continue;
            ways.push_back({compiler,
                            {"-O2", "-fuse-ld=" + linker, "-ffunction-sections", "-fdata-sections",
                             "-Wl,--gc-sections", "-Wl,-s"}});
            if ((compiler == TENON_GXX && linker == "bfd") || (compiler == TENON_CLANGXX && linker == "lld"))
                ways.push_back({compiler, {"-O2", "-flto", "-fuse-ld=" + linker, "-Wl,--gc-sections"}});
        }
    REQUIRE(!ways.empty());
    const auto described = [](const tenon::detail::interface_abi& of) {
        std::string text = tenon::detail::readable(of.interface);
        for (const auto& method : of.methods)
            text += ", " + tenon::detail::readable_method(method.name) + " " + std::to_string(method.slot);
        return text + ", destructor: " + tenon::detail::destructor_slots(of) + " of " +
               std::to_string(of.slots);
    };
    for (const auto& [compiler, flags] : ways) {
        INFO(compiler << " " << flags[1] << " " << flags[2]);
        const manifest read{tests::compiled(scratch / "reaching.so", source, flags, compiler)};
        REQUIRE(read.plugins().size() == 2);
        for (const auto& plugin : read.plugins()) {
            REQUIRE(plugin.abi.reached.size() == 2);
            CHECK(described(plugin.abi) == "job, run 2, destructor: slots 0, 1 of 3");
            CHECK(described(plugin.abi.reached[0]) ==
                  "services, erase_all 3, note 2, time 4, destructor: slots 0, 1 of 5");
            CHECK(described(plugin.abi.reached[1]) == "clock, now 0, destructor: not virtual of 1");
        }
    }
}

TEST_CASE("a manifest of many plugins is longer than a page, and is read whole", "[manifest]") {
    const scratch_directory scratch;
    std::string source = "#include \"" + tests::tiny.native() + "\"\n", expected = "tiny one 1.0.0\n";
    for (int i = 0; i < 40; ++i) {
        const std::string n = std::to_string(i);
        source += "namespace { struct p" + n + " : one {}; }\nTENON_EXPORT(tiny, p" + n + ", \"p" + n +
                  "\", \"0." + n + "\")\n";
        expected += "tiny p" + n + " 0." + n + "\n";
    }
    tests::write(scratch / "many.cpp", source);
    for (const std::string& compiler : tests::compilers()) {
        const manifest read{tests::compiled(scratch / "many.so", scratch / "many.cpp", {"-O2"}, compiler)};
        std::size_t bytes = 0;
        for (const auto& range : read.ranges())
            bytes += range.bytes.size();
        CHECK(bytes > 4096);
        // Linkers keep the order within one file; compilers may reverse it.
        REQUIRE(read.plugins().size() == 41);
        for (const auto& plugin : read.plugins())
            CHECK(expected.find(std::string(plugin.type) + " " + std::string(plugin.name) + " " +
                                std::string(plugin.version) + "\n") != std::string::npos);
    }
}

TEST_CASE("a library without plugins has an empty manifest", "[manifest]") {
    const scratch_directory scratch;
    tests::write(scratch / "plain.cpp", "extern const char text[] = \"tenon\";\n");
    CHECK(manifest{tests::compiled(scratch / "plain.so", scratch / "plain.cpp")}.plugins().empty());
}

TEST_CASE("other notes may speak of tenon", "[manifest]") {
    const scratch_directory scratch;
    tests::write(
        scratch / "packaged.cpp",
        "asm(\".pushsection .note.package,\\\"a\\\",%note\\n.balign 4\\n"
        ".4byte 4, 6, 1\\n.asciz \\\"pkg\\\"\\n.asciz \\\"tenon\\\"\\n.balign 4\\n.popsection\");\n");
    CHECK(manifest{tests::compiled(scratch / "packaged.so", scratch / "packaged.cpp")}.plugins().empty());
}

TEST_CASE("what is no library is refused at once", "[manifest]") {
    const scratch_directory scratch;
    const auto said = [&](const path& file) {
        std::string text = refusal([&] { manifest{file}; });
        for (std::size_t at; (at = text.find(scratch.path().native() + "/")) != text.npos;)
            text.erase(at, scratch.path().native().size() + 1);
        return text;
    };
    const std::string no = "' is not a library that this program can load: ";
    CHECK(said(scratch / "nowhere.so") == "cannot open 'nowhere.so': No such file or directory");

    tests::fs::create_directory(scratch / "folder.so");
    CHECK(said(scratch / "folder.so") == "'folder.so" + no + "it is not a regular file");

    REQUIRE(::mkfifo((scratch / "pipe.so").c_str(), 0600) == 0);
    CHECK(said(scratch / "pipe.so") == "'pipe.so" + no + "it is not a regular file");
    CHECK(said("/dev/null") == "'/dev/null" + no + "it is not a regular file");

    tests::write(scratch / "empty.so", "");
    CHECK(said(scratch / "empty.so") == "'empty.so" + no + "it is empty");
    tests::write(scratch / "text.so", "INPUT(libreal.so)\n");
    CHECK(said(scratch / "text.so") == "'text.so" + no + "it does not begin as an ELF file does");

    tests::compiled(scratch / "object.o", tests::tiny, {"-c", "-shared"});
    CHECK(said(scratch / "object.o") ==
          "'object.o" + no + "it is an object file, not linked yet: link it with -shared");

    tests::write(scratch / "main.cpp", "int main() {}\n");
    REQUIRE(tests::run({tests::compilers()[0], "-no-pie", scratch / "main.cpp", "-o", scratch / "program"})
                .status == 0);
    CHECK(said(scratch / "program") == "'program" + no + "it is a program");

    if (tests::installed("objcopy")) {
        tests::compiled(scratch / "whole.so", tests::tiny, {"-g"});
        REQUIRE(tests::run({"objcopy", "--only-keep-debug", scratch / "whole.so", scratch / "whole.debug"})
                    .status == 0);
        CHECK(said(scratch / "whole.debug") == "'whole.debug" + no +
                                                   "its dynamic section is not in the part of it that is "
                                                   "loaded: is it a file of debug information?");
    }

    tests::fs::create_symlink("loop.so", scratch / "loop.so");
    CHECK(said(scratch / "loop.so") == "cannot open 'loop.so': Too many levels of symbolic links");
}

TEST_CASE("a manifest that tenon cannot have written says what is wrong with it", "[manifest]") {
    plugin_file bad = tiny();
    bad.put(bad.find_note(1) + description, 7);
    CHECK(refusal([&] { manifest_of(bad); }) ==
          "the manifest in 'x.so' has format 7, and this program reads format 2; "
          "compile both with the same version of tenon");

    bad = tiny();
    bad.put(bad.find_note(3) + 4, 4);
    CHECK(damage(bad) == "a note of kind 3 has 4 bytes");

    bad = tiny();
    bad.put(bad.find_note(2) + 4, 0xfffffff0);
    CHECK(damage(bad) == "a note of it ends past the end of all notes");

    const std::string contradiction =
        "two notes about one interface contradict each other, or one is damaged";
    bad = tiny();
    bad.put(bad.find_note(3) + description + 8, 1); // both methods in one place
    CHECK(damage(bad) == contradiction);
    bad = tiny();
    bad.put(bad.find_note(3) + description + 8, 0x7fffffff);
    CHECK(damage(bad) == contradiction);

    bad = tiny();
    bad.put(bad.find_note(3) + description + 8, 90'000); // there are not so many notes
    CHECK(damage(bad) == "it has places for more methods than it names");

    const std::string slots = "a plugin's note does not go with its methods' notes";
    bad = tiny();
    bad.put(bad.find_note(1) + description + 12, 7);
    CHECK(damage(bad) == slots);
    bad = tiny();
    bad.put(bad.find_note(3, 1) + description, 7); // a method of another interface
    CHECK(damage(bad) == slots);

    const std::string damaged = "a plugin's note is damaged";
    bad = tiny();
    bad.put(bad.find_note(2) + description, 7); // an interface that is not this plugin's
    CHECK(damage(bad) == damaged);
    bad = tiny();
    bad.replace(std::string_view("one\0", 4), std::string_view("One\0", 4));
    CHECK(damage(bad) == damaged);
    bad = tiny();
    bad.replace("1.0.0", "1. .0");
    CHECK(damage(bad) == damaged);
    bad = tiny();
    bad.replace("tiny", "t/ny");
    CHECK(damage(bad) == damaged);
    bad = tiny();
    bad.replace("library=", "lib\033[2m="); // which a terminal would obey
    CHECK(damage(bad) == damaged);
}

namespace {

/// Notes made by hand: of an interface `shape` with one method, which reaches `host` with one too, and of a
/// plugin; with `more` behind the fields of each.
struct written {
    std::string more;
    std::uint32_t count = 2, key = 7, properties = 1; // of what is said of `host`
    std::string texts{"name\0factory\0state\0", 19}, method{"name\0signature\0", 15},
        type{"host\0fields\0", 12};

    std::string interface(std::uint32_t of) const {
        return tests::note(2, tests::words({of, 0}) + texts + more);
    }
    std::string method_of(std::uint32_t of) const {
        return tests::note(3, tests::words({of, 0, 0}) + method + more);
    }
    std::string of_type() const { return tests::note(4, tests::words({1, 0, 8, 8, 0}) + type + more); }
    std::string plugin(const std::string& end = std::string(4, '\0')) const {
        const std::uintptr_t slots[] = {17, 0, 25, 0};
        const std::string both(reinterpret_cast<const char*>(slots), sizeof slots);
        return tests::note(1, tests::words({2, 1, 0, 2}) + both + tests::words({count, key, 0, properties}) +
                                  both + end + std::string("type\0plugin\0001.0\0toolchain\0", 26) + more);
    }
    std::string all() const {
        return interface(1) + method_of(1) + of_type() + interface(7) + method_of(7) + plugin();
    }
};

std::string damage_of(const std::string& notes) {
    return damage({tests::library_of(notes)});
}

} // namespace

TEST_CASE(
    "a reader skips notes of kinds that it does not know, and what stands behind the fields that it knows",
    "[manifest]") {
    const written plain;
    const plugin_file file{tests::library_of(plain.all())};
    const manifest expected = manifest_of(file);
    REQUIRE(names(expected) == "type plugin 1.0\n");
    const tenon::detail::plugin_abi& abi = expected.plugins()[0].abi;
    REQUIRE(abi.reached.size() == 1);
    CHECK(abi.reached[0].slots == 3);
    CHECK(abi.reached[0].methods[0].slot == 2);

    for (const auto& more :
         {std::string("further\0fields", 14), std::string(4, '\0'), std::string(1000, '\xff')}) {
        written longer;
        longer.more = more;
        const std::string unknown =
            tests::note(5, more) + tests::note(0, "") + tests::note(0xffffffff, "\1\2\3");
        const plugin_file later{tests::library_of(unknown + longer.all() + unknown)};
        const manifest read = manifest_of(later);
        CHECK(names(read) == "type plugin 1.0\n");
        CHECK(read.plugins().at(0).toolchain == "toolchain");
        CHECK(tenon::detail::differences(abi, read.plugins().at(0).abi) == "");
        CHECK(tenon::detail::fits(abi, read.plugins().at(0).abi));
    }
    written later;
    later.properties = 0xffffffff; // bits that mean nothing yet
    const plugin_file with_bits{tests::library_of(later.all())};
    CHECK(tenon::detail::fits(abi, manifest_of(with_bits).plugins().at(0).abi));
}

TEST_CASE("what a plugin's note says of the interfaces that it reaches goes with their notes", "[manifest]") {
    const std::string unknown = "a plugin's note does not go with the notes of an interface that it reaches",
                      damaged = "what a plugin's note says of an interface that it reaches is damaged";
    written bad;
    bad.key = 8;
    CHECK(damage_of(bad.all()) == unknown);
    bad = {};
    bad.count = 3;
    CHECK(damage_of(bad.all()) == unknown);
    bad.count = 0xffffffff;
    CHECK(damage_of(bad.all()) == unknown);
    bad = {};
    const std::string own = bad.interface(1) + bad.method_of(1);
    CHECK(damage_of(own + bad.method_of(7) + bad.plugin()) == damaged); // it has no name
    CHECK(damage_of(own + bad.interface(7) + bad.plugin()) == unknown);
    CHECK(damage_of(own + bad.interface(7) + bad.method_of(7) + bad.plugin("")) !=
          "no refusal"); // it never ends

    std::string many = own + bad.interface(7);
    std::string blocks;
    for (int i = 0; i < 1001; ++i)
        blocks += tests::words({1, 7, 0, 1}) + std::string(2 * sizeof(void*), '\1');
    CHECK(damage_of(many + tests::note(1, tests::words({2, 1, 0, 2}) + std::string(4 * sizeof(void*), '\1') +
                                              blocks)) ==
          "it has more than 1000 interfaces that one reaches");
}

TEST_CASE("a manifest that would take all memory or all day is refused", "[manifest]") {
    const auto said = [](std::uint32_t kind, int count,
                         const std::function<std::string(std::uint32_t)>& description_of) {
        std::string notes;
        for (int i = 0; i < count; ++i)
            notes += tests::note(kind, description_of(static_cast<std::uint32_t>(i)));
        return damage({tests::library_of(notes)});
    };
    const std::string interface("name\0factory\0state\0", 19), method("name\0signature\0", 15),
        type("\0fields\0", 8);
    CHECK(said(2, 1000, [&](std::uint32_t i) { return tests::words({i, 0}) + interface; }) == "no refusal");
    CHECK(said(2, 1001, [&](std::uint32_t i) { return tests::words({i, 0}) + interface; }) ==
          "it has more than 1000 interfaces");
    const auto typed = [&](std::uint32_t i) {
        return tests::words({0, 0, 1, 1, 1}) + std::to_string(i) + type;
    };
    CHECK(said(4, 1000, typed) == "no refusal");
    CHECK(said(4, 1001, typed) == "it has more than 1000 types of one interface");
    CHECK(said(3, 900, [&](std::uint32_t i) { return tests::words({i, 0, 100'000}) + method; }) ==
          "it has places for more methods than it names");
    CHECK(said(3, 900, [&](std::uint32_t i) { return tests::words({0, 0, 899 - i}) + method; }) ==
          "no refusal");

    const auto plugin = [](std::uint32_t i) {
        const std::uintptr_t slot[] = {1, 0};
        return tests::words({2, 0, 0, 1}) + std::string(reinterpret_cast<const char*>(slot), sizeof slot) +
               tests::words({0}) + std::string("type\0p", 6) + std::to_string(i) +
               std::string("\0001.0\0\0", 6);
    };
    std::string one = tests::note(2, tests::words({0, 0}) + interface), many = one;
    for (std::uint32_t i = 0; i < 1000; ++i)
        many += tests::note(1, plugin(i));
    CHECK(manifest_of({tests::library_of(many)}).plugins().size() == 1000);
    CHECK(damage({tests::library_of(many + tests::note(1, plugin(1000)))}) ==
          "it has more than 1000 plugins");
}

TEST_CASE("two plugins of one type and name are an error that gives both versions", "[manifest]") {
    const scratch_directory scratch;
    tests::write(scratch / "twice.cpp",
                 "#include \"" + tests::tiny.native() + "\"\nTENON_EXPORT(tiny, one, \"one\", \"1.1.0\")\n");
    tests::compiled(scratch / "twice.so", scratch / "twice.cpp");
    const std::string text = refusal([&] { manifest{scratch / "twice.so"}; }),
                      where = (scratch / "twice.so").native();
    CHECK((text == "'" + where +
                       "' has two plugins of type 'tiny' named 'one', versions 1.0.0 and 1.1.0; give one of "
                       "them another name" ||
           text == "'" + where +
                       "' has two plugins of type 'tiny' named 'one', versions 1.1.0 and 1.0.0; give one of "
                       "them another name"));
}

TEST_CASE("whatever stands in a manifest, there is an answer or an error", "[manifest]") {
    const scratch_directory scratch;
    const plugin_file whole =
        GENERATE(false, true)
            ? plugin_file{tests::read(tests::compiled(scratch / "served.so",
                                                      tests::source_directory / "tests/plugins/served.cpp"))}
            : tiny();
    const in_memory file(whole.bytes);
    const std::size_t begin =
        whole.find_note(2) < whole.find_note(1) ? whole.find_note(2) : whole.find_note(1);
    const std::size_t size = manifest_of(whole).ranges()[0].bytes.size();
    int answers = 0, errors = 0;
    const auto read = [&] {
        try {
            const manifest damaged = manifest::of(file.fd, "x.so");
            // Comparing and describing damaged manifests has to be safe too.
            for (const auto& plugin : damaged.plugins()) {
                tenon::detail::differences(plugin.abi, plugin.abi);
                plugin.incompleteness();
            }
            ++answers;
        } catch (const tenon::error&) {
            ++errors;
        }
    };
    const auto put = [&](std::size_t at, char value) {
        if (::pwrite(file.fd, &value, 1, static_cast<off_t>(at)) != 1)
            throw std::runtime_error("cannot write");
    };
    for (std::size_t at = begin; at < begin + size && at < whole.bytes.size(); ++at)
        for (const int change : {1, 0x80, 0xff}) {
            put(at, static_cast<char>(whole.bytes[at] ^ change));
            read();
            put(at, whole.bytes[at]);
        }
    numbers random;
    for (int round = 0; round < 4000; ++round) {
        std::vector<std::size_t> places;
        for (std::size_t i = 0, n = 1 + random.below(6); i < n; ++i) {
            places.push_back(begin + random.below(size));
            put(places.back(), static_cast<char>(random.below(256)));
        }
        read();
        for (const std::size_t at : places)
            put(at, whole.bytes[at]);
    }
    CHECK(answers > 100);
    CHECK(errors > 100);
}

TEST_CASE("no bit of what is said of functions changes without notice", "[manifest]") {
    const scratch_directory scratch;
    const plugin_file whole{tests::read(
        tests::compiled(scratch / "served.so", tests::source_directory / "tests/plugins/served.cpp"))};
    const manifest original = manifest_of(whole);
    REQUIRE(original.plugins().size() == 2);
    const auto unnoticed = [&](std::size_t at) {
        plugin_file changed = whole;
        changed.bytes[at] = static_cast<char>(changed.bytes[at] ^ 1);
        try {
            const manifest read = manifest_of(changed);
            bool fit = read.plugins().size() == 2;
            for (std::size_t i = 0; fit && i < 2; ++i)
                fit = tenon::detail::fits(original.plugins()[i].abi, read.plugins()[i].abi);
            return fit;
        } catch (const tenon::error&) {
            return false;
        }
    };
    const auto each_note = [&](std::uint32_t kind, const auto& look_at) {
        int count = 0;
        for (std::size_t at; true; ++count) {
            try {
                at = whole.find_note(kind, static_cast<std::size_t>(count));
            } catch (const std::runtime_error&) {
                return count;
            }
            std::uint32_t size;
            std::memcpy(&size, whole.bytes.data() + at + 4, sizeof size);
            look_at(at + description, at + description + size);
        }
    };
    std::string missed;
    const int methods = each_note(3, [&](std::size_t begin, std::size_t end) {
        for (std::size_t at = begin; at < end; ++at)
            if (unnoticed(at))
                missed += " " + std::to_string(at - begin) + " of " +
                          whole.bytes.substr(begin + 12, end - begin - 12);
    });
    CHECK(missed == "");
    CHECK(methods == 4 + 2 + 7 * 2 + 1); // of the worker, of the plain one, of what is reached
    int left_over = 0;
    each_note(1, [&](std::size_t begin, std::size_t end) {
        const std::size_t texts =
            std::min({whole.bytes.find(std::string_view("worker\0diligent", 15), begin),
                      whole.bytes.find(std::string_view("plain\0idle", 10), begin), end});
        for (std::size_t at = begin; at < texts; ++at)
            left_over += unnoticed(at);
    });
    CHECK(left_over == 8 * 3); // bits of `properties` that mean nothing yet
}

TEST_CASE("every file of a system is answered for", "[manifest]") {
    const scratch_directory scratch;
    tests::fs::create_directories(scratch / "control/deep");
    tests::compiled(scratch / "control/deep/plugin.so", tests::tiny);
    int files = 0, plugins = 0;
    std::vector<std::string> strange;
    const auto sweep = [&](const path& root) {
        std::error_code ignored;
        const auto options = tests::fs::directory_options::skip_permission_denied;
        for (tests::fs::recursive_directory_iterator at(root, options, ignored), end; at != end;
             at.increment(ignored)) {
            if (at->is_directory(ignored))
                continue;
            ++files;
            try {
                plugins += static_cast<int>(manifest{at->path()}.plugins().size());
            } catch (const tenon::error&) {
            } catch (const std::exception& e) {
                strange.push_back(at->path().native() + ": " + e.what());
            }
        }
    };
    sweep("/usr/lib");
    const int system_files = files, system_plugins = plugins;
    CHECK(strange == std::vector<std::string>{});
    CHECK(system_files > 10);
    sweep(scratch.path());
    CHECK(plugins == system_plugins + 1);
}
