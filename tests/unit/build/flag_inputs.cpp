// SPDX-License-Identifier: MIT
#include <tenon/detail/build/flag_inputs.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::flag_inputs;
using tenon::detail::possible_paths;
using list = std::vector<std::string>;

TEST_CASE("every spelling of a folder that is searched is found, whether or not it is there",
          "[flag_inputs]") {
    flag_inputs named;
    named.add({"-Ia",
               "-I",
               "b",
               "-isystem",
               "c",
               "-isystemd",
               "-iquote",
               "e",
               "-idirafter",
               "/f",
               "--include-directory=g",
               "--include-directory",
               "h",
               "--include-directory-after=i",
               "-Lj",
               "-L",
               "k",
               "--library-directory=l",
               "-Wl,-L,m",
               "-Wl,-Ln",
               "-Wl,--library-path=o",
               "-Wl,-rpath-link,p"},
              "/p");
    list expected;
    for (const char c : std::string("abcdefghijklmnop"))
        expected.push_back((c == 'f' ? "/" : "/p/") + std::string(1, c));
    CHECK(named.folders == expected);
    CHECK(named.files.empty());
}

TEST_CASE("the files that flags name are found, in every spelling", "[flag_inputs]") {
    const tests::scratch_directory root;
    for (const char* flag : {"-Wl,--version-script=x", "-Wl,--version-script,x", "-Wl,-T,x", "-Tx", "x",
                             "-fsanitize-ignorelist=x", "-fprofile-use=x", "-includex", "-imacrosx",
                             "-Wl,--dynamic-list=x,--as-needed"}) {
        INFO(flag);
        flag_inputs named;
        named.add({flag}, root.path());
        CHECK(named.files.empty());
        tests::write(root / "x", "");
        named.add({flag}, root.path());
        CHECK(named.files == list{root / "x"});
        CHECK(named.folders.empty());
        remove(root / "x");
    }
    for (const char* flag : {"-DNAME=x", "-Wno-x", "-std=x", "-O2", "-g"})
        CHECK(possible_paths(flag).empty());
}

TEST_CASE("a folder of profiles stands for all that is in it", "[flag_inputs]") {
    const tests::scratch_directory root;
    tests::write(root / "profiles/a.gcda", "");
    tests::write(root / "profiles/b.gcda", "");
    flag_inputs named;
    named.add({"-fprofile-use=profiles"}, root.path());
    CHECK(named.files == list{root / "profiles/a.gcda", root / "profiles/b.gcda"});
    CHECK(named.folders == list{root / "profiles"});
}

TEST_CASE("what is compiled for the processor of this machine depends on that", "[flag_inputs]") {
    for (const char* flag : {"-march=native", "-mtune=native", "-mcpu=native"}) {
        flag_inputs named;
        named.add({"-O2", flag}, "/");
        CHECK(named.files == list{"/proc/cpuinfo"});
    }
    flag_inputs named;
    named.add({"-march=x86-64-v3", "-DTARGET=native"}, "/");
    CHECK(named.files.empty());
}
