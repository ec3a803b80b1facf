// SPDX-License-Identifier: MIT
#include <tenon/detail/build/compiler.hpp>

#include <set>
#include <stdlib.h>
#include <string>
#include <utility>
#include <vector>

#include <tenon/manifest.hpp>

#include "building.hpp"
#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::basic_compiler;
using tenon::detail::toolchain;
using tenon::detail::toolchain_flags;
using tests::scratch_directory;
using tests::write;

namespace {

std::string with(const std::string& key, const std::string& value) {
    std::string text = toolchain;
    const std::size_t at = text.find(key);
    return text.replace(at, text.find('\n', at) - at, key + value);
}

bool is_clang(const std::string& compiler) {
    return basic_compiler<>({compiler}).traits().clang;
}

/// $CXX for as long as this lives.
struct cxx {
    explicit cxx(const std::string& value) { ::setenv("CXX", value.c_str(), 1); }
    cxx(const cxx&) = delete;
    ~cxx() { ::unsetenv("CXX"); }
};

bool has_libcxx(const std::string& compiler) {
    const scratch_directory scratch;
    write(scratch / "probe.cpp", "#include <string>\n");
    return tests::run({compiler, "-std=c++20", "-stdlib=libc++", "-shared", "-fPIC", scratch / "probe.cpp",
                       "-o", scratch / "probe.so"})
               .status == 0;
}

} // namespace

TEST_CASE("the flags for a toolchain make a plugin of that toolchain", "[compiler]") {
    const scratch_directory scratch;
    for (const std::string& compiler : tests::compilers()) {
        std::vector<std::string> wanted{
            toolchain, with("debug mode=", "_GLIBCXX_DEBUG"), with("sanitizer=", "address"),
            with("library=", "libstdc++ with the old strings (_GLIBCXX_USE_CXX11_ABI=0)"),
            with("wchar_t=", "2 bytes")};
#if defined(__x86_64__)
        wanted.push_back(with("long double=", "8 bytes, 53 digits"));
#endif
        if (has_libcxx(compiler))
            wanted.push_back(with("library=", "libc++ abi 1"));
        if (!is_clang(compiler))
            wanted.push_back(with("sanitizer=", "thread"));
        for (const std::string& one : wanted) {
            const std::vector<std::string> flags = toolchain_flags(one, is_clang(compiler));
            INFO(compiler + "\n" + one);
            const auto library = tests::compiled(scratch / "library.so", tests::calculator, flags, compiler);
            const tenon::manifest manifest(library);
            REQUIRE(!manifest.plugins().empty());
            CHECK(manifest.plugins()[0].toolchain == one);
        }
    }
}

TEST_CASE("what a compiler is, it says itself", "[compiler]") {
    std::set<std::string> identities;
    for (const std::string& compiler : tests::compilers()) {
        const tenon::detail::compiler_traits traits = basic_compiler<>({compiler}).traits();
        CHECK(traits.clang == (compiler.find("clang") != compiler.npos));
        CHECK(traits.gnu_unique == !traits.clang);
        identities.insert(traits.identity);
    }
    CHECK(identities.size() == tests::compilers().size());
}

TEST_CASE("a compiler is asked once", "[compiler]") {
    const scratch_directory scratch;
    const std::string program = scratch / "c++";
    write(program,
          "#!/bin/sh\necho asked >> '" + (scratch / "log").native() + "'\nexec " TENON_GXX " \"$@\"\n");
    tests::fs::permissions(program, tests::fs::perms::owner_all);
    for (int i = 0; i < 3; ++i)
        CHECK(basic_compiler<>({program}).traits().gnu_unique);
    CHECK(tests::read(scratch / "log") == "asked\n");
}

TEST_CASE("a compiler's stamp is that of each program in its command", "[compiler]") {
    const scratch_directory scratch;
    for (const std::string name : {"launcher", "c++"}) {
        write(scratch / name, "#!/bin/sh\n");
        tests::fs::permissions(scratch / name, tests::fs::perms::owner_all);
    }
    const auto stamp = [&] {
        return basic_compiler<>({scratch / "launcher", scratch / "c++", "-m64"}).stamp();
    };
    const std::string first = stamp();
    CHECK(stamp() == first);
    write(scratch / "c++", "#!/bin/sh\n# another\n");
    CHECK(stamp() != first);
}

TEST_CASE("$CXX is taken apart as a shell takes a command", "[compiler]") {
    using list = std::vector<std::string>;
    using tenon::detail::shell_words;
    CHECK(shell_words("  ccache  g++ -m64 ") == list{"ccache", "g++", "-m64"});
    CHECK(shell_words("").empty());
    CHECK(shell_words(" \t").empty());
    CHECK(shell_words("g++\t-DX=tab") == list{"g++", "-DX=tab"});
    CHECK(shell_words("\"/opt/my tools/g++\" -m64") == list{"/opt/my tools/g++", "-m64"});
    CHECK(shell_words("/opt/my\\ tools/g++ '-DX=\"a b\"' -DY=\"a\\\"\\b\"") ==
          list{"/opt/my tools/g++", "-DX=\"a b\"", "-DY=a\"\\b"});
    CHECK(shell_words("'' x") == list{"", "x"});
    CHECK(shell_words("'/opt/not closed") == list{"/opt/not closed"});
    CHECK(shell_words("g++ $HOME/*") == list{"g++", "$HOME/*"});
    const cxx set(TENON_GXX " -DA");
    CHECK(basic_compiler<>({}).arguments().size() == 2);
    CHECK(basic_compiler<>({TENON_GXX}).arguments().size() == 1);
    ::unsetenv("CXX");
    CHECK(basic_compiler<>({}).arguments().size() == 1);
    CHECK(basic_compiler<>({}).found());
}

TEST_CASE("a compiler's path may have spaces, and begin where the program works", "[compiler]") {
    using list = std::vector<std::string>;
    const scratch_directory scratch;
    tests::write_wrapper(scratch / "my tools/c++", scratch / "log", TENON_GXX);
    const std::string program = scratch / "my tools/c++";
    for (const std::string& text : {program, "'" + program + "'", "\"" + program + "\""}) {
        const cxx set(text);
        CHECK(basic_compiler<>({}).arguments() == list{program});
    }
    CHECK(basic_compiler<>({program, "-m64"}).arguments() == list{program, "-m64"});

    const auto before = tests::fs::current_path();
    tests::fs::current_path(scratch.path());
    const basic_compiler<> chosen({"./my tools/c++", "-m64"}), launched({"env", "my tools/c++"});
    const cxx set("'my tools/c++' -I../x");
    const basic_compiler<> by_variable({});
    tests::fs::current_path(before);
    CHECK(chosen.arguments() == list{program, "-m64"});
    CHECK(launched.arguments()[1] == program);
    CHECK(by_variable.arguments() == list{program, "-I../x"});
    CHECK(chosen.traits().gnu_unique);
}

TEST_CASE("a driver for C stands for the one for C++ beside it", "[compiler]") {
    using tenon::detail::cxx_name;
    for (const auto& [c, plus] : {std::pair{"gcc", "g++"},
                                  {"cc", "c++"},
                                  {"clang", "clang++"},
                                  {"gcc-12", "g++-12"},
                                  {"clang-14", "clang++-14"},
                                  {"aarch64-linux-gnu-gcc-12", "aarch64-linux-gnu-g++-12"}})
        CHECK(cxx_name(c) == plus);
    for (const char* other : {"g++", "c++", "clang++", "clang-format", "gcc-ar", "gcc-ar-12", "icc", "ccache",
                              "distcc", "cc1plus", "clang-cl", ""})
        CHECK(cxx_name(other) == "");

    const scratch_directory scratch;
    for (const char* name : {"gcc-12", "g++-12", "cc"})
        tests::write_program(scratch / name, "exit 1\n");
    const auto program = [](const std::vector<std::string>& chosen) {
        return basic_compiler<>(chosen).arguments().back();
    };
    CHECK(program({scratch / "gcc-12"}) == (scratch / "g++-12").native());
    CHECK(program({"env", scratch / "gcc-12"}) == (scratch / "g++-12").native());
    CHECK(program({scratch / "cc"}) == (scratch / "cc").native()); // nothing beside it
}

TEST_CASE("the flags of a compiler's command are checked as a plugin's are, and are nothing to what runs it",
          "[compiler]") {
    using list = std::vector<std::string>;
    const auto compiler = [](const list& words) {
        list all{TENON_GXX};
        all.insert(all.end(), words.begin(), words.end());
        return basic_compiler<>(all);
    };
    const basic_compiler<> plain = compiler({"-m64", "-x", "c++", "-fdiagnostics-format=json", "-lz"});
    CHECK(plain.program_words() == list{TENON_GXX});
    CHECK(plain.flags(false).compile() == list{"-m64", "-x", "c++"});
    CHECK(plain.flags(false).common() == list{"-m64"});
    CHECK(plain.flags(false).link() == list{"-lz"});
    CHECK_FALSE(plain.launched());

    const basic_compiler<> pinned({"env", "-u", "NOTHING", TENON_GXX, "-m64"});
    CHECK(pinned.program_words() == list{pinned.arguments()[0], "-u", "NOTHING", TENON_GXX});
    CHECK(pinned.flags(false).compile() == list{"-m64"});
    CHECK(pinned.launched());

    CHECK(compiler({"-B/opt/tools"}).flags(false).compile() == list{"-B/opt/tools"});
    CHECK(compiler({"--coverage"}).flags(true).compile() == list{"--coverage"});
    const auto complaint = [&](const char* flag) {
        try {
            compiler({flag}).flags(false);
        } catch (const tenon::error& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    CHECK(complaint("--coverage")
              .find("options.compiler or $CXX: the flag '--coverage' is refused, because what "
                    "it has written beside") == 0);
    CHECK(complaint("-c").find("options.compiler or $CXX: the flag '-c' is refused, because what is made") ==
          0);
}

TEST_CASE("without a compiler the choice stays known, and asking it says what was looked for", "[compiler]") {
    const auto refused = [](const std::string& text, const std::string& why) {
        const cxx set(text);
        const basic_compiler<> missing({});
        CHECK(!missing.found());
        CHECK(missing.choice() != basic_compiler<>({TENON_GXX}).choice());
        CHECK_THROWS_WITH(missing.traits(), "there is no compiler for plugins: " + why +
                                                "; install one, or name another in $CXX or options.compiler");
    };
    refused("no-such-compiler -O3", "cannot find 'no-such-compiler'");
    {
        const scratch_directory scratch;
        tests::write_program(scratch / "tools/no-such-compiler", "exit 1\n");
        const std::string before = std::getenv("PATH");
        const auto folder = tests::fs::current_path();
        tests::fs::current_path(scratch.path());
        ::setenv("PATH", ("tools:" + before).c_str(), 1);
        refused("no-such-compiler",
                "cannot find 'no-such-compiler' where $PATH counts: it is in 'tools', which "
                "is not absolute");
        ::setenv("PATH", before.c_str(), 1);
        tests::fs::current_path(folder);
    }
    refused("/tmp", "'/tmp' is no program that can be run");
    refused("/etc/passwd", "'/etc/passwd' is no program that can be run");
    refused(
        "/opt/my tools/no-such-compiler",
        "cannot find '/opt/my', the first word of $CXX, which is '/opt/my tools/no-such-compiler': a path "
        "with spaces needs quotes around it");
    for (const std::string command : {"\"" TENON_GXX, TENON_GXX " '-DX=a b", "g++ -DX=\\\"'"})
        refused(command, "$CXX, which is '" + command + "', has a quotation mark that is not closed");
}
