// SPDX-License-Identifier: MIT
// Programs of several files, which are compiled with TENON_SEPARATE and share one definition of most of
// tenon.
#include <tenon/loader.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"

namespace {

using tests::fs::path;

const std::string greeter = R"(
struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet() = 0;
    using methods = tenon::methods<&greeter::greet>;
};
)";

/// A program whose two files each load a plugin, and a plugin.
struct program {
    tests::scratch_directory folder;
    std::string compiler;

    explicit program(std::string with) : compiler(std::move(with)) {
        tests::write(folder / "main.cpp", "#include <iostream>\n#include <tenon/loader.hpp>\n" + greeter + R"(
int other(const char* library);
int main(int, char** arguments) {
    try {
        std::cout << tenon::load<greeter>(arguments[1])->greet() + other(arguments[1]) << '\n';
        tenon::loader loader;
        std::cout << loader.watch<greeter>(arguments[1])->greet() << loader.built_ins().list().size() << '\n';
    } catch (const tenon::error& e) {
        std::cout << e.what() << '\n';
    }
})");
        tests::write(folder / "other.cpp", "#include <tenon/plugin.hpp>\n" + greeter + R"(
int other(const char* library) { return tenon::plugin<greeter>(library)->greet(); }
)");
        tests::write(folder / "hello.cpp", "#include <tenon/export.hpp>\n" + greeter + R"(
struct hello final : greeter { int greet() override { return 21; } };
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
)");
        tests::compiled(folder / "hello.so", folder / "hello.cpp", {}, compiler);
    }

    tests::outcome compile(const path& source, std::vector<std::string> flags) const {
        std::vector<std::string> words{
            compiler,     "-std=c++20", "-Wall",   "-Wextra",
            "-Wpedantic", "-Wshadow",   "-Werror", "-I" + (tests::source_directory / "include").native(),
            "-c"};
        words.insert(words.end(), flags.begin(), flags.end());
        words.insert(words.end(), {source.native(), "-o", object(source)});
        return tests::run(words, folder.path());
    }
    std::string object(const path& source) const { return folder / (source.stem().native() + ".o"); }

    /// Compiles `source` and returns its object. A failure is the test's.
    std::string compiled(const path& source, std::vector<std::string> flags) const {
        const tests::outcome said = compile(source, std::move(flags));
        INFO(said.err);
        REQUIRE(said.status == 0);
        return object(source);
    }

    tests::outcome link(std::vector<std::string> objects) const {
        objects.insert(objects.begin(), {compiler, "-o", folder / "program"});
        objects.insert(objects.end(), {"-pthread", "-ldl", "-Wl,--gc-sections"});
        return tests::run(objects);
    }

    std::string said() const {
        const tests::outcome ran = tests::run({folder / "program", folder / "hello.so"}, folder.path());
        return ran.out + ran.err;
    }
};

/// The object of include/tenon.cpp, compiled once with each compiler.
std::string definitions(const program& with) {
    static const tests::scratch_directory folder;
    const path source = tests::source_directory / "include/tenon.cpp",
               object = folder / (path(with.compiler).filename().native() + ".o");
    if (!exists(object))
        copy(with.compiled(source, {}), object);
    return object;
}

} // namespace

TEST_CASE("a program that is compiled separately loads, watches and says what one of headers alone does",
          "[separate]") {
    for (const std::string& compiler : tests::compilers()) {
        INFO(compiler);
        const program all(compiler);
        const std::string main = all.compiled(all.folder / "main.cpp", {"-DTENON_SEPARATE"}),
                          other = all.compiled(all.folder / "other.cpp", {"-DTENON_SEPARATE"}),
                          rest = definitions(all);
        CHECK(all.link({main, other, rest}).err == "");
        CHECK(all.said() == "42\n210\n");
    }
}

TEST_CASE("one of the program's own files may have the definitions", "[separate]") {
    const program all(tests::compilers().front());
    const std::string main = all.compiled(all.folder / "main.cpp", {"-DTENON_IMPLEMENTATION"}),
                      other = all.compiled(all.folder / "other.cpp", {"-DTENON_SEPARATE"});
    CHECK(all.link({main, other}).err == "");
    CHECK(all.said() == "42\n210\n");
}

TEST_CASE("the files of a program may have tenon from one file", "[separate]") {
    const program all(tests::compilers().front());
    const std::vector<std::string> flags{"-DTENON_SEPARATE", "-include",
                                         (tests::source_directory / "include/tenon.hpp").native()};
    const std::string main = all.compiled(all.folder / "main.cpp", flags),
                      other = all.compiled(all.folder / "other.cpp", {"-DTENON_SEPARATE"}),
                      rest = definitions(all);
    CHECK(all.link({main, other, rest}).err == "");
    CHECK(all.said() == "42\n210\n");
}

TEST_CASE("a program with files of both kinds is refused at its first load", "[separate]") {
    const program all(tests::compilers().front());
    const std::string separate = all.compiled(all.folder / "main.cpp", {"-DTENON_SEPARATE"}),
                      whole = all.compiled(all.folder / "other.cpp", {}), rest = definitions(all);
    // Whichever of them the linker puts first.
    for (const auto& objects : {std::vector{separate, whole, rest}, std::vector{rest, whole, separate}}) {
        CHECK(all.link(objects).err == "");
        const std::string said = all.said();
        INFO(said);
        CHECK(said.find("this program was compiled in two ways: '") == 0);
        CHECK(said.find("other.cpp' without it; compile all of its files that include tenon with it, or "
                        "none\n") != said.npos);
    }
}

TEST_CASE("a program without the definitions does not link", "[separate]") {
    const program all(tests::compilers().front());
    const std::string main = all.compiled(all.folder / "main.cpp", {"-DTENON_SEPARATE"}),
                      other = all.compiled(all.folder / "other.cpp", {"-DTENON_SEPARATE"});
    const tests::outcome said = all.link({main, other});
    CHECK(said.status != 0);
    CHECK(said.err.find("tenon::v1::detail::") != said.err.npos);
}

TEST_CASE("libraries and caches are read, drivers parsed and diagnostics told by what is compiled once",
          "[separate]") {
    const program all(tests::compilers().front());
    tests::write(all.folder / "main.cpp", R"(#include <iostream>
#include <tenon/cache.hpp>
#include <tenon/driver.hpp>
#include <tenon/loader.hpp>
#include <tenon/manifest.hpp>
int main(int, char** arguments) {
    const tenon::manifest library(arguments[1]);
    std::cout << library.plugins().at(0).name << library.plugins().at(0).incompleteness() << ' '
              << (library.plugins().at(0).description().find("greet") != std::string::npos) << ' '
              << tenon::driver::parse("json").place << ' '
              << tenon::cache("/nowhere").entries().size() << tenon::cache("/nowhere").size()
              << tenon::cache("/nowhere").prune().size() << ' ' << tenon::diagnostics(tenon::loader()).size() << '\n';
})");
    const std::string main = all.compiled(all.folder / "main.cpp", {"-DTENON_SEPARATE"});
    CHECK(all.link({main, definitions(all)}).err == "");
    CHECK(all.said() == "hello 1 json 000 0\n");
}

// Measured: README of tests/bench. The bounds leave room for other machines.
TEST_CASE("a file of a separate program compiles in the time of what it includes of the standard library",
          "[separate]") {
    const program all(tests::compilers().front());
    tests::write(all.folder / "yardstick.cpp",
                 "#include <iostream>\n#include <regex>\nint main(int, char** arguments) {\n"
                 "    std::cout << std::regex_match(arguments[1], std::regex(\"a*b\"));\n}\n");
    tests::write(all.folder / "load.cpp", "#include <tenon/loader.hpp>\n" + greeter +
                                              "int main(int, char** arguments) {\n"
                                              "    return tenon::load<greeter>(arguments[1])->greet();\n}\n");
    const auto words = [&](const char* source, const char* level, const char* mode) {
        return std::vector<std::string>{all.compiler,
                                        "-std=c++20",
                                        level,
                                        mode,
                                        "-c",
                                        all.folder / source,
                                        "-I" + (tests::source_directory / "include").native(),
                                        "-o",
                                        all.folder / "timed.o"};
    };
    const auto size = [&] { return tests::fs::file_size(all.folder / "timed.o"); };
    const double unoptimised = tests::least_time(words("yardstick.cpp", "-O0", "-DNONE"), 2);
    CHECK(tests::least_time(words("load.cpp", "-O0", "-DTENON_SEPARATE"), 2) < 0.8 * unoptimised);
    CHECK(size() < 100'000);
    const double optimised = tests::least_time(words("yardstick.cpp", "-O2", "-DNONE"), 2);
    CHECK(tests::least_time(words("load.cpp", "-O2", "-DTENON_SEPARATE"), 2) < 0.6 * optimised);
    CHECK(size() < 20'000);
}
