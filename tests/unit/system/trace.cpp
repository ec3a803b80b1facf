// SPDX-License-Identifier: MIT
#include <tenon/detail/system/trace.hpp>

#include "catch.hpp"
#include "program.hpp"

namespace {
const tests::fs::path folder = tests::fs::path(TENON_HELLO_PLUGIN).parent_path();
} // namespace

TEST_CASE("TENON_DEBUG=1 traces each decision to standard error", "[trace]") {
    const auto said = tests::run({TENON_HELLO_PROGRAM}, folder, {"TENON_DEBUG=1"});
    CHECK(said.out == "hello, world\n");
    // The name is a spelling of the path that no other library of the process has.
    const std::string begin =
        "tenon: loading './libhello.so' as '" + tests::fs::canonical(folder).native() + "/";
    REQUIRE(said.err.starts_with(begin));
    const std::string rest = said.err.substr(said.err.find_first_not_of("/.", begin.size()));
    CHECK(rest == "libhello.so'\n"
                  "tenon: closed './libhello.so', and its code is gone\n");
}

TEST_CASE("nothing is traced where nobody asks", "[trace]") {
    for (const std::string set : {"TENON_DEBUG=", "TENON_DEBUG=0", "TENON_DEBUG=yes"})
        CHECK(tests::run({TENON_HELLO_PROGRAM}, folder, {set}).err == "");
}
