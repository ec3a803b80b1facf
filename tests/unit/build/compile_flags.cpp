// SPDX-License-Identifier: MIT
#include <tenon/detail/build/compile_flags.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::compile_flags;
using list = std::vector<std::string>;

TEST_CASE("each line is one flag, without the space around it, and empty lines are none", "[compile_flags]") {
    compile_flags flags;
    flags.add_lines("\n -Wall \t\r\n\n\n-DNAME=a b\n-I\n include \n-O3", "f");
    CHECK(flags.compile() == list{"-Wall", "-DNAME=a b", "-I", "include", "-O3"});
    CHECK(flags.link().empty());
}

TEST_CASE("what the linker alone reads is kept apart, in order, with its values", "[compile_flags]") {
    compile_flags flags;
    flags.add_lines("-lssl\n-pthread\n-L/opt/lib\n-Wl,-rpath,/opt/"
                    "lib\n-l\ncrypto\nlibown.a\n-Xlinker\n--as-needed\n-u\nsymbol\n-z\nnow\nlibthing.so\n"
                    "more.o\n-fuse-ld=lld\n-T\nscript",
                    "f");
    CHECK(flags.compile() == list{"-pthread", "-fuse-ld=lld"});
    CHECK(flags.link() == list{"-lssl", "-L/opt/lib", "-Wl,-rpath,/opt/lib", "-l", "crypto", "libown.a",
                               "-Xlinker", "--as-needed", "-u", "symbol", "-z", "now", "libthing.so",
                               "more.o", "-T", "script"});
}

TEST_CASE("the language of the sources is nothing to the linker, in either spelling", "[compile_flags]") {
    for (const char* text : {"-Wall\n-xc++\n-pthread", "-Wall\n-x\nc++\n-pthread"}) {
        compile_flags flags;
        flags.add_lines(text, "f");
        CHECK(flags.compile().size() >= 3);
        CHECK(flags.compile()[1].substr(0, 2) == "-x");
        CHECK(flags.common() == list{"-Wall", "-pthread"});
        CHECK(flags.link().empty());
    }
    for (const char* text : {"-xc++-header", "-x\nc++-header", "-x\nc++-system-header"})
        CHECK_THROWS_AS(compile_flags().add_lines(text, "f"), tenon::error);
    compile_flags flags;
    flags.add_lines("-x\n-x\n-O1", "f");
    CHECK(flags.common() == list{"-O1"});
}

TEST_CASE("a file that an editor has begun with a mark of its bytes' order is read without it, and UTF-16 is "
          "refused",
          "[compile_flags]") {
    compile_flags flags;
    flags.add_lines("\xEF\xBB\xBF-Wall\r\n-O1\r\n", "f");
    CHECK(flags.compile() == list{"-Wall", "-O1"});
    CHECK_THROWS_WITH(
        compile_flags().add_lines(std::string_view("\xFF\xFE-\0O\0", 6), "/p/compile_flags.txt"),
        "'/p/compile_flags.txt' is not read, because it has zero bytes in it, as text in UTF-16 "
        "has; store it as UTF-8, one flag a line");
}

TEST_CASE("flags for how compilers say what they say are left out", "[compile_flags]") {
    compile_flags flags;
    flags.add_lines("-Wall\n-fdiagnostics-format=json\n-fdiagnostics-format=sarif-file\n-fmessage-length=40\n"
                    "-fno-show-column\n-fdiagnostics-color=always\n-fdiagnostics-parseable-fixits\n-H\n-v\n"
                    "-Wfatal-errors\n-fno-diagnostics-show-caret\n-fdiagnostics-plain-output\n-ftime-report",
                    "f");
    CHECK(flags.compile() == list{"-Wall", "-fdiagnostics-color=always", "-H", "-v", "-Wfatal-errors",
                                  "-fno-diagnostics-show-caret", "-fdiagnostics-plain-output",
                                  "-ftime-report"});
    CHECK_THROWS_AS(compile_flags().add_lines("-Xclang\n-fdiagnostics-format=msvc", "f"), tenon::error);
}

TEST_CASE("flags by which files are written beside an object are for trees that stay", "[compile_flags]") {
    CHECK_THROWS_WITH(
        compile_flags().add_lines("-Wall\n--coverage", "/p/compile_flags.txt"),
        "/p/compile_flags.txt:2: the flag '--coverage' is refused, because what it has written "
        "beside the objects is lost with these once the library is made; remove it, or give the "
        "directory a CMakeLists.txt, of which the build tree is kept");
    for (const char* flag :
         {"--coverage", "-fprofile-arcs", "-ftest-coverage", "-fprofile-generate", "-fprofile-generate=/data",
          "-gsplit-dwarf", "-gsplit-dwarf=single", "-fstack-usage", "-fdump-tree-all", "-ftime-trace"}) {
        INFO(flag);
        CHECK_THROWS_AS(compile_flags().add(flag, "f:1"), tenon::error);
        compile_flags staying(false, true);
        staying.add(flag, "f:1");
        CHECK(staying.common() == list{flag});
    }
    for (const char* flag : {"-fprofile-use=/data", "-fprofile-instr-generate", "-fno-profile-arcs"})
        CHECK_NOTHROW(compile_flags().add(flag, "f:1"));
}

TEST_CASE("flags that run other programs need leave", "[compile_flags]") {
    CHECK_THROWS_WITH(
        compile_flags().add_lines("-Wall\n-B/opt/bin", "/p/compile_flags.txt"),
        "/p/compile_flags.txt:2: the flag '-B/opt/bin' is refused, because it has another program take part "
        "in the "
        "build, of which a change would not be seen; remove it, or set options.builds_may_run_programs");
    for (const char* flag :
         {"-B", "-wrapper", "-specs=x", "--specs=x", "-fplugin=x.so", "-fpass-plugin=x.so", "--ld-path=/x"}) {
        INFO(flag);
        CHECK_THROWS_AS(compile_flags().add(flag, "f:1"), tenon::error);
        compile_flags trusting(true);
        CHECK_NOTHROW(trusting.add(flag, "f:1"));
        CHECK(trusting.compile() == list{flag});
    }
}

TEST_CASE("a refused flag is named with its line", "[compile_flags]") {
    compile_flags flags;
    CHECK_THROWS_WITH(flags.add_lines("-Wall\n\n  @more  \n", "/p/compile_flags.txt"),
                      "/p/compile_flags.txt:3: the flag '@more' is refused, because what is made of a "
                      "plugin's sources, by which program and where, is not "
                      "for its flags to say; remove it");
    for (const char* flag : {"-c",        "-E",
                             "-S",        "-o",
                             "-oother",   "--output=x",
                             "-M",        "-MD",
                             "-MFx",      "@more",
                             "-Wp,-MD,x", "-save-temps=obj",
                             "-Wl,-o,x",  "-Wl,--as-needed,--output=x",
                             "-Wl,@more", "-fsyntax-only",
                             "--help",    "-dumpspecs",
                             "-dumpdir",  "-print-search-dirs"}) {
        INFO(flag);
        CHECK_THROWS_AS(compile_flags().add(flag, "f:1"), tenon::error);
        CHECK_THROWS_AS(compile_flags(true).add(flag, "f:1"), tenon::error);
    }
    CHECK_THROWS_AS(compile_flags().add_lines("-Xlinker\n-o", "f"), tenon::error);
    CHECK_NOTHROW(flags.add("-Wl,-O1,--build-id,-z,now", "f"));
    CHECK_NOTHROW(flags.add("-fopenmp", "f"));
    CHECK_NOTHROW(flags.add("-march=native", "f"));
    CHECK_NOTHROW(flags.add("-Wmissing-braces", "f"));
    CHECK_NOTHROW(flags.add("", "f"));
}

TEST_CASE("a line that is plainly no flag is refused with what is wrong with it", "[compile_flags]") {
    const tests::scratch_directory scratch;
    const std::string path = scratch / "compile_flags.txt";
    tests::write(scratch / "map", "");
    const auto refused = [&](const std::string& line, const std::string& why) {
        for (const std::string before : {"", "-Wall\n", "-DX\n", "-I\ninclude\n"}) {
            const std::string number = std::to_string(1 + std::count(before.begin(), before.end(), '\n'));
            CHECK_THROWS_WITH(compile_flags().add_lines(before + line + "\n", path),
                              path + ':' + number + ": the line '" + line + "' is refused, because " + why);
        }
    };
    for (const char* line :
         {"-Wall -Wextra", "-std=c++20  -O2", "-I include", "-l sqlite3", "-Ia -Ib", "-x c++"})
        refused(line, "each line is one flag, or the value of the flag before; write it on several lines");
    refused("# comment", "the file has no comments, as each line is a flag; remove it");
    for (const char* line : {"\"-DX=a b\"", "'-O2'"})
        refused(line, "no shell reads it, and a quotation mark would be part of the flag; write it without");
    for (const char* line : {"Wall", "mapp", "../map", "/map"})
        refused(line, "a flag begins with '-', and no file in '" + scratch.path().native() +
                          "' has this name; correct it or remove it");
    for (const char* line : {"main.cpp", "src/absent.cc"})
        refused(line,
                "it is a source, and sources are not named: those directly in the directory are compiled; "
                "move it there, or give the directory a CMakeLists.txt");
    for (const char* line : {"helper.c", "part.cppm"})
        refused(line, "it is a source in another language than C++, or a module; give the directory a "
                      "CMakeLists.txt, which can have it compiled");
    for (const char* line : {"all.hpp", "inc/old.h"})
        refused(line, "it is a header and no flag; include it in the sources, or write -include before it");
    for (const char* lines :
         {"map", "-include\nall.hpp", "-include\nmain.cpp", "-Wall\nmap", "-DX=-O2 -g", "-I/my folder - copy",
          "-DX=\"a b\"", "-D\nX", "-mllvm\nx", "--unknown\nvalue", "-u\nsymbol", "-include\nfile"}) {
        INFO(lines);
        CHECK_NOTHROW(compile_flags().add_lines(lines, path));
    }
}
