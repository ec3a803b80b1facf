// SPDX-License-Identifier: MIT
#include <tenon/detail/build/compilation.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::basic_cache;
using tenon::detail::basic_compilation;
using tenon::detail::basic_compiler;
using tenon::detail::basic_scratch;
using tenon::detail::compile_flags;
using tenon::detail::posix;
using tenon::detail::read_dependencies;
using tenon::detail::read_linked;
using tests::scratch_directory;
using tests::write;
using list = std::vector<std::string>;

namespace {
constexpr auto nothing_said = [](const std::string& said) { CHECK(said == ""); };
}

TEST_CASE("the files that a compiler has read are read off its makefile, whatever their names",
          "[compilation]") {
    CHECK(read_dependencies("library: /a/b.cpp /a/b.hpp\n") == list{"/a/b.cpp", "/a/b.hpp"});
    CHECK(read_dependencies("library: /a/b.cpp \\\n  /c.hpp\\\n /d.hpp\n") ==
          list{"/a/b.cpp", "/c.hpp", "/d.hpp"});
    CHECK(read_dependencies("library: /two\\ words /dollar$$ /hash\\# /colon\\:x /back\\slash\n") ==
          list{"/two words", "/dollar$", "/hash#", "/colon:x", "/back\\slash"});
    CHECK(read_dependencies("") == list{});
    CHECK(read_dependencies("library:\\") == list{"library:\\"});
}

TEST_CASE("the files that a linker has opened are read off its trace", "[compilation]") {
    CHECK(read_linked(
              "/usr/lib/crti.o\n/own/libx.a(member.o)\n(/own/liby.a)member.o\ntrace: libz.a(m.o)\n\nlast") ==
          list{"/usr/lib/crti.o", "/own/libx.a", "/own/liby.a", "libz.a", "last"});
    CHECK(read_linked("") == list{});
}

TEST_CASE("a compilation knows what it read, with each compiler and linker", "[compilation]") {
    const scratch_directory root;
    const std::string directory = root / "plugin";
    write(root / "plugin/a.cpp", "#include \"own.hpp\"\n#include <cstddef>\nint from_archive();\nint f() { "
                                 "return from_archive() + g(); }\n");
    write(root / "plugin/b.cpp", "#include \"own.hpp\"\nint g() { return 1; }\n");
    write(root / "plugin/own.hpp", "int g();\n");
    write(root / "archive.cpp", "int from_archive() { return 1; }\n");
    REQUIRE(tests::run({TENON_GXX, "-fPIC", "-c", "archive.cpp"}, root.path()).status == 0);
    REQUIRE(tests::run({"ar", "rc", "libarchive.a", "archive.o"}, root.path()).status == 0);
    const basic_cache<> cache(root / "cache");
    const bool sanitized =
        std::string_view(tenon::detail::toolchain).find("sanitizer=none") == std::string_view::npos;
    for (const std::string& compiler : sanitized ? list{TENON_GXX} : tests::compilers())
        for (const std::string linker : {"", "lld", "mold", "gold"}) {
            compile_flags flags;
            flags.add_lines("-L..\n-larchive\n" + (linker.empty() ? "" : "-fuse-ld=" + linker),
                            "compile_flags.txt");
            if (!linker.empty() && tests::run({compiler, "-fuse-ld=" + linker, "-shared", "-o",
                                               root / "probe.so", "-x", "c++", "/dev/null"})
                                           .status != 0)
                continue;
            INFO(compiler + " " + linker);
            const basic_scratch<> scratch(cache);
            const basic_compiler<> with({compiler});
            basic_compilation<> compilation(with, directory, {"a.cpp", "b.cpp"}, flags, {root / "include"},
                                            scratch);
            compilation.compile([](std::size_t) {}, nothing_said);
            compilation.link(nothing_said);
            CHECK(tests::fs::exists(compilation.library()));
            list own;
            bool system = false;
            for (const std::string& path : compilation.files()) {
                system = system || path.find("stddef.h") != path.npos;
                if (path.find(root.path().native()) == 0)
                    own.push_back(tests::fs::canonical(path));
            }
            CHECK(system);
            CHECK(own == list{root / "libarchive.a", root / "plugin/a.cpp", root / "plugin/b.cpp",
                              root / "plugin/own.hpp"});
        }
}

TEST_CASE("the recipe changes with the compiler's flags and the sources, and not with the folder that it is "
          "made in",
          "[compilation]") {
    const scratch_directory root;
    const basic_cache<> cache(root / "cache");
    const std::string directory = root / "plugin";
    const auto recipe = [&](const list& sources, const std::string& flag, const list& folders) {
        compile_flags flags;
        flags.add(flag, "a test");
        const basic_scratch<> scratch(cache);
        const basic_compiler<> compiler({TENON_GXX});
        return basic_compilation<>(compiler, directory, sources, flags, folders, scratch).recipe();
    };
    const std::string first = recipe({"a.cpp"}, "-O2", {"/i"});
    CHECK(recipe({"a.cpp"}, "-O2", {"/i"}) == first);
    CHECK(recipe({"b.cpp"}, "-O2", {"/i"}) != first);
    CHECK(recipe({"a.cpp"}, "-O3", {"/i"}) != first);
    CHECK(recipe({"a.cpp"}, "-lx", {"/i"}) != first);
    CHECK(recipe({"a.cpp"}, "-O2", {"/j"}) != first);
}

TEST_CASE("sources are compiled at the same time, as many as there are processors", "[compilation]") {
    struct three : posix {
        static long processors() noexcept { return 3; }
    };
    const scratch_directory root;
    const std::string directory = root / "plugin", program = root / "c++", log = root / "log";
    write(program, "#!/bin/sh\ncase \"$*\" in *' -c '*) echo begin >> '" + log +
                       "'; sleep 0.1; echo end >> '" + log + "';; esac\nexec " TENON_GXX " \"$@\"\n");
    tests::fs::permissions(program, tests::fs::perms::owner_all);
    list sources;
    for (int i = 0; i < 7; ++i) {
        sources.push_back("s" + std::to_string(i) + ".cpp");
        write(root / "plugin" / sources.back(), "int f" + std::to_string(i) + "() { return 0; }\n");
    }
    const basic_cache<three> cache(root / "cache");
    const basic_scratch<three> scratch(cache);
    const basic_compiler<three> compiler({program});
    const compile_flags flags;
    basic_compilation<three> compilation(compiler, directory, sources, flags, {}, scratch);
    std::vector<std::size_t> done;
    compilation.compile([&](std::size_t so_many) { done.push_back(so_many); }, nothing_said);
    CHECK(done == std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7});
    int now = 0, most = 0, all = 0;
    std::istringstream lines(tests::read(log));
    for (std::string line; std::getline(lines, line);) {
        now += line == "begin" ? 1 : -1;
        most = std::max(most, now);
        all += line == "begin";
    }
    CHECK(all == 7);
    CHECK((most > 1 && most <= 3));
}

TEST_CASE("a link that a fast linker refuses is left to the compiler's own", "[compilation]") {
    const scratch_directory root;
    const std::string directory = root / "plugin", program = root / "c++", log = root / "log";
    write(root / "plugin/a.cpp", "int f() { return 1; }\n");
    const basic_cache<> cache(root / "cache");
    const auto links = [&](const std::string& refuse) {
        write(program, "#!/bin/sh\necho \"$@\" >> '" + log + "'\ncase \"$*\" in *--version*) ;; *" + refuse +
                           "*-shared*|*-shared*" + refuse +
                           "*) echo not me >&2; exit 1;; esac\nexec " TENON_GXX " \"$@\"\n");
        tests::fs::permissions(program, tests::fs::perms::owner_all);
        tests::fs::remove(log);
        const basic_scratch<> scratch(cache);
        const basic_compiler<> compiler({program});
        const compile_flags flags;
        basic_compilation<> compilation(compiler, directory, {"a.cpp"}, flags, {}, scratch);
        compilation.compile([](std::size_t) {}, nothing_said);
        compilation.link(nothing_said);
        CHECK(tests::fs::exists(compilation.library()));
        return compilation.recipe();
    };
    const std::string with_any = links("-fuse-ld=no-such"), with_own = links("-fuse-ld");
    const bool has_fast = tests::read(log).find("-fuse-ld=") != std::string::npos;
    CHECK((with_any != with_own) == has_fast);
}

TEST_CASE("a profile is for speed of the plugin or of the compiler", "[compilation]") {
    const scratch_directory root;
    const basic_cache<> cache(root / "cache");
    const std::string directory = root / "plugin";
    write(root / "plugin/a.cpp", "#ifdef __OPTIMIZE__\n#error fast\n#else\n#error quick\n#endif\n");
    const auto said = [&](tenon::profile wanted) {
        const compile_flags flags;
        const basic_scratch<> scratch(cache);
        const basic_compiler<> compiler({TENON_GXX});
        basic_compilation<> compilation(compiler, directory, {"a.cpp"}, flags, {}, scratch, {}, wanted);
        return tests::refusal([&] { compilation.compile([](std::size_t) {}, nothing_said); });
    };
    CHECK(said(tenon::profile::optimised).find("#error fast") != std::string::npos);
    CHECK(said(tenon::profile::optimised).find(" -O2 -g ") != std::string::npos);
    CHECK(said(tenon::profile::quick).find("#error quick") != std::string::npos);
}

TEST_CASE("a host with a sanitizer names the way out of two", "[compilation]") {
    CHECK(std::string(tenon::detail::other_sanitizer("/usr/bin/g++").what()) ==
          "this program was compiled with a sanitizer, and '/usr/bin/g++' is of another family than its "
          "compiler: two sanitizers would end the "
          "program; name one of the same family in $CXX or options.compiler");
}
