// SPDX-License-Identifier: MIT
#include <tenon/detail/build/linker.hpp>

#include <string>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::basic_compiler;
using tenon::detail::find_fast_linker;
using tenon::detail::lets_choose_linker;
using tenon::detail::linker_choice;
using tenon::detail::linker_version;
using tests::scratch_directory;
using tests::write;

TEST_CASE("the fast linker that is found is one that the compiler can link with", "[linker]") {
    const scratch_directory scratch;
    for (const std::string& compiler : tests::compilers()) {
        const linker_choice found = find_fast_linker(basic_compiler<>({compiler}), {});
        if (tests::installed("ld.mold"))
            CHECK(found.version.find("mold") == 0);
        if (!found.flags.empty())
            tests::compiled(scratch / "tiny.so", tests::tiny, found.flags, compiler);
    }
}

TEST_CASE("a compiler that cannot use a linker is not given one, and is asked once", "[linker]") {
    const scratch_directory scratch;
    const std::string program = scratch / "c++", log = scratch / "log";
    write(program, "#!/bin/sh\necho \"$@\" >> '" + log + "'\nexit 1\n");
    tests::fs::permissions(program, tests::fs::perms::owner_all);
    for (int i = 0; i < 2; ++i)
        CHECK(find_fast_linker(basic_compiler<>({program}), {}).flags.empty());
    const std::string asked = tests::read(log);
    if (tests::installed("ld.lld"))
        CHECK(asked.find("-fuse-ld=lld -Wl,--version\n") != asked.npos);
    CHECK(asked.find("lld", asked.find("lld") + 3) == asked.npos);
}

TEST_CASE("flags that name a linker, or tie one to the compiler, leave no choice", "[linker]") {
    CHECK(lets_choose_linker({"-O2", "-lx", "-Lflto", "-Wl,-z,defs", "-Wl,-z,undefs"}));
    for (const std::string flag :
         {"-fuse-ld=bfd", "--ld-path=/x", "-flto", "-flto=auto", "-fsanitize=address", "-Tscript",
          "-Wl,-Tscript", "-Wl,-plugin=x", "-Wl,--unresolved-symbols=ignore-all"})
        CHECK(!lets_choose_linker({"-O2", flag}));
}
