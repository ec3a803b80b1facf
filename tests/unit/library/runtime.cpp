// SPDX-License-Identifier: MIT
#include <tenon/detail/library/runtime.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/detail/system/file.hpp>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::linkage;
using tenon::detail::runtime_use;
using tests::fs::path;

namespace {

using words = std::vector<std::string>;

/// The program and the plugin of plugins/runtime*.cpp, compiled once by a compiler and linked in any way.
class pair_of {
public:
    explicit pair_of(std::string compiler, words flags = {})
        : compiler_(std::move(compiler)), flags_(std::move(flags)) {
        compile("runtime_host.cpp", "host.o", {"-fPIE"});
        compile("runtime.cpp", "plugin.o", {"-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden"});
    }

    /// Empty if this machine lacks a library to link with.
    path link(const std::string& name, const char* object, words how) const {
        how.insert(how.begin(), {compiler_, scratch_ / object, "-o", scratch_ / name, "-pthread"});
        how.insert(how.end(), flags_.begin(), flags_.end());
        return tests::run(how).status == 0 ? scratch_ / name : path();
    }
    path host(const words& how) const { return link("host", "host.o", how); }
    path plugin(const std::string& name, words how) const {
        how.push_back("-shared");
        return link(name + ".so", "plugin.o", how);
    }

    /// A library that does the host's work, in a function `run(int, char**)`.
    path module(words how) const {
        if (!tests::fs::exists(scratch_ / "module.o"))
            compile("runtime_host.cpp", "module.o", {"-fPIC", "-Dmain=run"});
        how.push_back("-shared");
        return link("module.so", "module.o", how);
    }

    path scratch(const char* name) const { return scratch_ / name; }

private:
    void compile(const char* source, const char* object, words how) const {
        how.insert(how.begin(),
                   {compiler_, "-std=c++20", "-I" + (tests::source_directory / "include").native(), "-c",
                    (tests::source_directory / "tests/plugins" / source).native(), "-o", scratch_ / object});
        how.insert(how.end(), flags_.begin(), flags_.end());
        if (const tests::outcome said = tests::run(how); said.status != 0)
            throw std::runtime_error(said.err);
    }

    std::string compiler_;
    words flags_;
    tests::scratch_directory scratch_;
};

/// Of the compiler that this test is compiled with.
const pair_of& ours() {
    static const pair_of made(TENON_CXX);
    return made;
}

/// One letter for each plugin.
std::string verdicts(const tests::outcome& ended) {
    const std::pair<std::string_view, char> letters[] = {
        {"works", 'w'},
        {"': it has a C++ runtime linked into it (-static-libstdc++) and would use that instead of its "
         "host's, ",
         'P'},
        {"': its host has a C++ runtime linked into it (-static-libstdc++) that libraries do not see, ", 'H'},
        {"': it or its host has the unwinder of exceptions linked into it (-static-libgcc), ", 'U'},
        {"': this program is linked statically, ", 'S'},
    };
    std::string found;
    for (std::string_view rest = ended.err; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        char letter = '?';
        for (const auto& [text, meaning] : letters)
            letter = line.find(text) != line.npos ? meaning : letter;
        found += letter == '?' ? "\n" + std::string(line) + "\n" : std::string(1, letter);
    }
    return found + (ended.status == 0 ? "" : " and ended with status " + std::to_string(ended.status));
}

/// A way to link a host, and what it says of plugins: those that are dynamic, with -static-libgcc, with
/// -static-libstdc++ and with both; each plain, with --exclude-libs,ALL and with -Bsymbolic.
struct way {
    const char* name;
    words flags;
    const char* verdicts;
};

const std::vector<way>& ways() {
    static const std::vector<way> all{
        {"dynamic", {}, "www www wPP wPP"},
        {"dynamic -rdynamic", {"-rdynamic"}, "www www wPP wPP"},
        {"-static-libgcc", {"-static-libgcc"}, "www www wPP wPP"},
        {"-static-libgcc -rdynamic", {"-static-libgcc", "-rdynamic"}, "www www wPP wPP"},
        {"-static-libstdc++", {"-static-libstdc++"}, "HHH HHH HPP HPP"},
        {"-static-libstdc++ -rdynamic", {"-static-libstdc++", "-rdynamic"}, "www www wPP wPP"},
        {"both", {"-static-libstdc++", "-static-libgcc"}, "HHH HHH HPP HPP"},
        {"both -rdynamic", {"-static-libstdc++", "-static-libgcc", "-rdynamic"}, "www www wPP wPP"},
        {"-static", {"-static"}, "SSS SSS SSS SSS"},
        {"-static-pie", {"-static-pie"}, "SSS SSS SSS SSS"},
    };
    return all;
}

void check_table(const pair_of& made, const std::vector<way>& hosts) {
    words plugins;
    for (const way& libraries : {ways()[0], ways()[2], ways()[4], ways()[6]})
        for (const char* how : {"", "-Wl,--exclude-libs,ALL", "-Wl,-Bsymbolic"}) {
            words flags = libraries.flags;
            if (*how)
                flags.emplace_back(how);
            plugins.push_back(made.plugin(libraries.name + std::string(how), flags).native());
            if (plugins.back().empty())
                FAIL_CHECK("cannot link a plugin with " << libraries.name);
        }
    for (const way& each : hosts) {
        const path host = made.host(each.flags);
        if (host.empty()) {
            WARN("cannot link a host with " << each.name);
            continue;
        }
        words arguments{host.native()};
        arguments.insert(arguments.end(), plugins.begin(), plugins.end());
        std::string found = verdicts(tests::run(arguments));
        if (found.size() == 12)
            for (const std::size_t at : {9u, 6u, 3u})
                found.insert(at, " ");
        INFO(each.name);
        CHECK(found == each.verdicts);
    }
}

linkage linkage_of(const path& library) {
    const tenon::detail::basic_file<> file(library.native(), O_RDONLY);
    const std::string& name = library.native();
    return tenon::detail::linkage_of(tenon::detail::elf_reader<>(file.descriptor(), name));
}

} // namespace

// Without the refusals, what has an H or a P ends the program with the first exception (both), or loses count
// of exceptions, has other error codes and another global locale (-static-libstdc++).
TEST_CASE("host and plugin load where they have one C++ runtime, however each is linked, and are refused "
          "where they have two",
          "[runtime]") {
    check_table(ours(), ways());
    for (const std::string& compiler : tests::compilers())
        if (compiler != TENON_CXX) {
            CAPTURE(compiler);
            check_table(pair_of(compiler), {ways()[0], ways()[6], ways()[7]});
        }
}

TEST_CASE("a runtime in a plugin is seen whichever linker has bound or hidden it", "[runtime]") {
    const pair_of& made = ours();
    const std::string host = made.host({}).native();
    tests::write(made.scratch("script"), "{ global: tenon_exports_v1; local: *; };");
    for (const char* linker : {"bfd", "gold", "lld", "mold"}) {
        CAPTURE(linker);
        const auto said = [&](const char* how) {
            const path plugin =
                made.plugin(linker, {"-static-libstdc++", std::string("-fuse-ld=") + linker, how});
            return plugin.empty() ? "not linked" : verdicts(tests::run({host, plugin.native()}));
        };
        if (said("-Wl,-z,now") == "not linked") {
            WARN("there is no " << linker);
            continue;
        }
        CHECK(said("-Wl,-z,now") == "w");
        CHECK(said("-Wl,--hash-style=sysv") == "w");
        CHECK(said("-Wl,-Bsymbolic") == "P");
        CHECK(said("-Wl,-Bsymbolic-functions") == "P");
        CHECK(said("-Wl,--exclude-libs,ALL") == "P");
        CHECK(said(("-Wl,--version-script=" + made.scratch("script").native()).c_str()) == "P");
    }
}

TEST_CASE("a plugin that needs no runtime but memory loads into any program that has a loader", "[runtime]") {
    for (const std::string& compiler : tests::compilers()) {
        CAPTURE(compiler);
        const tests::scratch_directory scratch;
        const path plain =
            tests::compiled(scratch / "plain.so", tests::tiny, {"-fno-exceptions", "-fno-rtti"}, compiler);
        CHECK(linkage_of(plain).runtime == runtime_use::none);
        CHECK(linkage_of(plain).exports_plugins);
        // What looks for something else in the libraries that are loaded handles no exceptions by that.
        tests::write(scratch / "looks.cpp", "#include \"" + tests::tiny.native() +
                                                "\"\n#include <link.h>\n"
                                                "int looks = dl_iterate_phdr([](dl_phdr_info*, std::size_t, "
                                                "void*) { return 1; }, nullptr);\n");
        CHECK(linkage_of(tests::compiled(scratch / "looks.so", scratch / "looks.cpp",
                                         {"-fno-exceptions", "-fno-rtti"}, compiler))
                  .runtime == runtime_use::none);
        tenon::detail::require_one_runtime<tenon::detail::posix>("plain.so", linkage_of(plain));
        const std::string include = "-I" + (tests::source_directory / "include").native();
        tests::write(scratch / "host.cpp",
                     "#include \"" + tests::tiny.native() +
                         "\"\n#include <cstdio>\n#include <tenon/plugin.hpp>\n"
                         "int main(int, char** words) try {\n"
                         "    std::printf(\"%d\", tenon::plugin<tiny>{words[1]}->twice(21));\n"
                         "} catch (const tenon::error& e) { std::puts(e.what()); }\n");
        const auto said = [&](words how) {
            how.insert(how.begin(), {compiler, "-std=c++20", include, scratch / "host.cpp", "-o",
                                     scratch / "host", "-pthread"});
            const tests::outcome linked = tests::run(how);
            return linked.status == 0 ? tests::run({scratch / "host", plain}).out : linked.err;
        };
        CHECK(said({"-static-libstdc++", "-static-libgcc"}) == "42");
        CHECK(said({"-static"}) ==
              "cannot load '" + plain.native() +
                  "': this program is linked statically, and a library would bring a second C library into "
                  "it; link the "
                  "program without -static and -static-pie, or the plugin into the program\n");
    }
}

TEST_CASE("the runtime of a host that is a library itself is where that library has it", "[runtime]") {
    const pair_of& made = ours();
    tests::write(made.scratch("program.c"),
                 "#include <dlfcn.h>\n"
                 "int main(int count, char** words) {\n"
                 "    void* module = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);\n"
                 "    int (*run)(int, char**) = (int (*)(int, char**))dlsym(module, \"_Z3runiPPc\");\n"
                 "    return run(count - 1, words + 1);\n"
                 "}\n");
    const std::string program = made.scratch("program");
    REQUIRE(tests::run({"cc", made.scratch("program.c"), "-o", program, "-ldl"}).status == 0);
    const std::string plain = made.plugin("plain", {}), with = made.plugin("with", {"-static-libstdc++"});
    const auto said = [&](const words& how) {
        return verdicts(tests::run({program, made.module(how), plain, with}));
    };
    // The module's local symbols do not replace the plugin's.
    CHECK(said({}) == "wP");
    CHECK(said({"-static-libstdc++"}) == "HH");
    CHECK(said({"-static-libstdc++", "-static-libgcc", "-Wl,--exclude-libs,ALL"}) == "HH");
}

TEST_CASE("with libc++ the unwinder has to be one too", "[runtime]") {
    const std::string compiler = TENON_CLANGXX;
    if (compiler.empty() ||
        tests::run({compiler, "-stdlib=libc++", "-x", "c++", "-E", "-include", "version", "/dev/null"})
                .status != 0) {
        WARN("there is no libc++");
        return;
    }
    const pair_of made(compiler, {"-stdlib=libc++"});
    const std::string plain = made.plugin("plain", {}),
                      runtime = made.plugin("runtime", {"-static-libstdc++"}),
                      both = made.plugin("both", {"-static-libstdc++", "-static-libgcc"}),
                      hidden = made.plugin("hidden", {"-static-libstdc++", "-Wl,--exclude-libs,ALL"});
    const auto said = [&](const words& how) {
        return verdicts(tests::run({made.host(how), plain, runtime, both, hidden}));
    };
    CHECK(said({"-rdynamic"}) == "wwUP");
    CHECK(said({"-static-libstdc++"}) == "HHHP");
    CHECK(said({"-static-libstdc++", "-rdynamic"}) == "wwUP");
    CHECK(said({"-static-libstdc++", "-static-libgcc", "-rdynamic"}) == "UUUP");
}
