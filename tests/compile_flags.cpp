// SPDX-License-Identifier: MIT
#include <tenon/compile_flags.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

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

TEST_CASE("folders with headers are found in either spelling", "[compile_flags]") {
    compile_flags flags;
    flags.add_lines(
        "-Ia\n-I\nb\n-iquotec\n-iquote\nd\n-isysteme\n-isystem\nf\n-idirafter\ng\n-include\nh.hpp\n-I", "f");
    CHECK(flags.include_folders() == list{"a", "b", "c", "d", "e", "f", "g"});
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
    for (const char* flag : {"-c", "-E", "-S", "-o", "-oother", "--output=x", "-M", "-MD", "-MFx", "@more",
                             "-Wp,-MD,x", "-save-temps=obj", "-Wl,-o,x", "-Wl,--as-needed,--output=x",
                             "-Wl,@more", "-fsyntax-only", "--help"}) {
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
