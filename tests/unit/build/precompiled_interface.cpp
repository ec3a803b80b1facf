// SPDX-License-Identifier: MIT
#include <tenon/detail/build/precompiled_interface.hpp>

#include <string>
#include <vector>

#include <tenon/detail/build/builder.hpp>

#include "building.hpp"
#include "catch.hpp"

using tenon::plugin_type;
using tenon::detail::basic_builder;
using tenon::detail::basic_cache;
using tenon::detail::begins_with;
using tenon::detail::first_include;
using tenon::detail::lets_precompile;
using tests::read;
using tests::scratch_directory;
using tests::write;
using tests::fs::path;

namespace {

constexpr plugin_type tiny{"tiny", "/where/this/program/was/compiled/tiny.hpp"};

/// A plugin, and a compiler that writes down how it is called.
struct workshop {
    explicit workshop(const std::string& real) {
        header("1");
        edit("0");
        tests::write_wrapper(wrapper, log, real);
        options.compiler = {wrapper};
    }

    void header(const std::string& value) const {
        write(include / "tiny.hpp", "// a plugin_type named \"tiny\"\n#pragma once\n#include <string>\n"
                                    "inline int from_header() { return __COUNTER__ + 10 * " +
                                        value + "; }\n");
    }
    void edit(const std::string& value, const std::string& first = "#include \"tiny.hpp\"\n") const {
        write(plugin / "main.cpp", first + "// an edit: " + value + '\n' +
                                       tests::answering("from_header() + __COUNTER__ + " + value));
    }
    /// The library after an edit, which is current for nothing that was compiled before.
    std::string build(const std::string& value = "0") const {
        edit(value);
        return library();
    }
    int answer(const std::string& value) const { return tests::answer_of(build(value)); }
    std::string library() const {
        return basic_builder<>(options, basic_cache<>(cache)).library(plugin, tiny, [](const std::string&) {
        });
    }

    int made() const { return count("c++-header"); }
    int used() const { return count(" -Winvalid-pch ") + count(" -include-pch "); }
    int compiles() const { return count(" -c "); }
    int count(const std::string& what) const { return tests::occurrences(read(log), what); }
    std::vector<path> files() const {
        std::vector<path> found;
        for (const auto& each : tests::fs::directory_iterator(cache / "bin/tiny"))
            if (each.path().extension() == ".gch")
                found.push_back(each.path());
        return found;
    }

    scratch_directory root;
    path plugin = root / "plugin", include = root / "include", cache = root / "cache", log = root / "log",
         wrapper = root / "c++";
    tenon::detail::build_options options{.include = {include}};
};

} // namespace

TEST_CASE("a source begins with a header when only comments come before it", "[precompiled]") {
    CHECK(first_include("#include <a.hpp>\n") == "<a.hpp>");
    CHECK(first_include(
              "\xef\xbb\xbf// why\n/* and\n how */ #pragma once\r\n\n#  include\t\"b/a.hpp\" // it\n") ==
          "\"b/a.hpp\"");
    for (const std::string other :
         {"", "int a;\n#include <a.hpp>\n", "#define A\n#include <a.hpp>\n", "#include A\n",
          "#include <a.hpp\n>", "#pragma pack(1)\n#include <a.hpp>\n", "// goes on \\\n#include <a.hpp>\n",
          "/* for ever", "#if 1\n", "import a;", "#include", "#import <a.hpp>\n"})
        CHECK(first_include(other) == std::nullopt);
}

TEST_CASE("the header that a source begins with is the interface's, however it is spelled", "[precompiled]") {
    const scratch_directory root;
    write(root / "include/kind/tiny.hpp", "");
    write(root / "plugin/other.hpp", "");
    tests::fs::create_directory_symlink("include", root / "link");
    const std::string header = root / "include/kind/tiny.hpp", plugin = root / "plugin";
    const std::vector<std::string> folders{root / "none", root / "include/kind", root / "include"};
    for (const std::string same : {"<tiny.hpp>", "\"tiny.hpp\"", "<kind/tiny.hpp>",
                                   "\"../include/kind/tiny.hpp\"", "\"../link/kind/tiny.hpp\""})
        CHECK(begins_with("#include " + same + "\n", header, plugin, folders));
    CHECK(begins_with("#include \"" + header + "\"\n", header, plugin, folders));
    for (const std::string other : {"<other.hpp>", "\"other.hpp\"", "<../include/kind/none.hpp>"})
        CHECK(!begins_with("#include " + other + "\n", header, plugin, folders));
    write(root / "plugin/tiny.hpp", "");
    CHECK(!begins_with("#include \"tiny.hpp\"\n", header, plugin, folders));
    CHECK(begins_with("#include <tiny.hpp>\n", header, plugin, folders));
}

TEST_CASE("flags that put something before the first header leave nothing to precompile", "[precompiled]") {
    CHECK(lets_precompile({"-DA", "-Iinclude", "-isystem", "x", "-O3"}));
    for (const std::string flag : {"-include", "-includea.hpp", "-imacros", "-iquote", "-x", "-xc"})
        CHECK(!lets_precompile({"-DA", flag}));
}

TEST_CASE("an interface is precompiled when it is compiled against again, and that changes nothing",
          "[precompiled]") {
    for (const std::string& compiler : tests::plugin_compilers()) {
        workshop work(compiler);
        const std::string first = work.build("0");
        CHECK(work.made() == 0);
        CHECK(work.answer("1") == 12);
        CHECK((work.made() == 1 && work.used() == 1));
        CHECK(work.answer("2") == 13);
        CHECK((work.made() == 1 && work.used() == 2 && work.compiles() == 3));

        // A library has the same name as without.
        for (const auto& each : tests::fs::directory_iterator(work.cache / "bin/tiny"))
            if (each.path().filename().native().find("plugin-") == 0)
                tests::fs::remove(each.path());
        CHECK(work.build("0") == first);
        CHECK((work.made() == 1 && work.used() == 3));

        work.plugin = work.root / "another";
        CHECK(work.answer("3") == 14);
        CHECK((work.made() == 1 && work.used() == 4));

        work.header("1"); // touched
        CHECK(work.answer("4") == 15);
        CHECK((work.made() == 1 && work.used() == 5));

        work.header("2");
        CHECK(work.answer("5") == 26);
        CHECK((work.made() == 2 && work.used() == 6 && work.compiles() == 7));
        CHECK(work.files().size() == 1);

        write(work.include / "string", "#include_next <string>\n"); // comes to stand before another
        CHECK(work.answer("6") == 27);
        CHECK((work.made() == 3 && work.used() == 7));

        work.options.flags = {"-DA"};
        work.build("7");
        work.build("8");
        CHECK((work.made() == 4 && work.used() == 8));
        CHECK(work.files().size() == 2);
    }
}

TEST_CASE("sources that begin otherwise, launchers and the option do without", "[precompiled]") {
    workshop work(TENON_GXX);
    work.build("1");
    SECTION("sources") {
        work.edit("2", "#define A\n#include \"tiny.hpp\"\n");
    }
    SECTION("a launcher") {
        write(work.root / "launcher", "#!/bin/sh\nexec \"$@\"\n");
        tests::fs::permissions(work.root / "launcher", tests::fs::perms::owner_all);
        work.options.compiler = {work.root / "launcher", work.wrapper};
    }
    SECTION("the option") {
        work.options.precompile = false;
    }
    for (const std::string line : {"\n// a", "\n// b"}) {
        write(work.plugin / "main.cpp", read(work.plugin / "main.cpp") + line);
        work.library();
    }
    CHECK((work.made() == 0 && work.used() == 0));
}

TEST_CASE("what a compiler refuses precompiled is compiled without, and not tried again", "[precompiled]") {
    for (const std::string& compiler : tests::plugin_compilers())
        for (const bool damaged : {true, false}) {
            workshop work(compiler);
            if (damaged) {
                work.build("1");
                work.build("2");
                REQUIRE(work.files().size() == 1);
                write(work.files()[0], std::string(read(work.files()[0]).size(), 'x'));
            } else {
                // It does not say that it is to be read once.
                write(work.include / "tiny.hpp",
                      "// a plugin_type named \"tiny\"\nint from_header() { return 10; }\n");
                work.build("1");
            }
            const int compiles = work.compiles(), used = work.used();
            CHECK(work.build("3") != "");
            CHECK(work.compiles() == compiles + 2);
            CHECK(work.used() == used + 1);
            const int made = work.made();
            work.build("4");
            CHECK(work.compiles() == compiles + 3);
            CHECK(work.made() == made);
            work.header("7");
            work.build("5");
            CHECK(work.made() == made + 1);
            CHECK(work.used() == used + 2);
        }
}

TEST_CASE("an error is the compiler's own, without what was precompiled", "[precompiled]") {
    workshop work(TENON_GXX);
    work.build("1");
    work.build("2");
    const std::string said = tests::refusal([&] { work.build("missing"); });
    CHECK(said.find("‘missing’ was not declared in this scope") != std::string::npos);
    CHECK(said.find(".gch") == std::string::npos);
    CHECK(said.find("interface-") == std::string::npos);
    work.build("3");
    CHECK(work.made() == 1);
}

TEST_CASE("a header that changes while it is precompiled is not kept as it was", "[precompiled]") {
    workshop work(TENON_GXX);
    const path once = work.root / "once";
    write(work.wrapper, "#!/bin/sh\necho \"$@\" >> '" + work.log.native() +
                            "'\ncase \"$*\" in *c++-header*) test -e '" + once.native() + "' || { touch '" +
                            once.native() + "'; " + TENON_GXX + " \"$@\"; sleep 0.02; sed -i 's/10/20/' '" +
                            (work.include / "tiny.hpp").native() +
                            "'; exit; };; esac\nexec " TENON_GXX " \"$@\"\n");
    CHECK(work.answer("2") == 13); // the first with this compiler
    CHECK(!exists(once));
    CHECK(work.answer("3") == 24);
    CHECK(exists(once));
    CHECK(work.files().size() == 1);
}
