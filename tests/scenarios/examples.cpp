// SPDX-License-Identifier: MIT
// The output of the example programs. examples/users has a test of its own.
#include <string>

#include "catch.hpp"
#include "program.hpp"

using tests::outcome;
using tests::run;
using tests::scratch_directory;
using tests::write;

namespace {
const tests::fs::path hello_plugin = TENON_HELLO_PLUGIN;
} // namespace

TEST_CASE("the hello example greets", "[examples]") {
    const outcome said = run({TENON_HELLO_PROGRAM}, hello_plugin.parent_path());
    CHECK(said.out == "hello, world\n");
    CHECK(said.err == "");
    CHECK(said.status == 0);
}

TEST_CASE("the same plugin linked into the host greets too, with no file", "[examples]") {
    const scratch_directory empty;
    const outcome said = run({TENON_STATIC_PLUGIN_PROGRAM}, empty.path());
    CHECK(said.out == "hello, world\n");
    CHECK(said.err == "");
    CHECK(said.status == 0);
}

TEST_CASE("inspect prints what a library's manifest says", "[examples]") {
    const outcome said = run({TENON_INSPECT_PROGRAM, hello_plugin.filename()}, hello_plugin.parent_path());
    CHECK(said.out.substr(0, said.out.find("    toolchain\n")) == hello_plugin.filename().native() + R"(
  greeter hello 1.0.0
    interface greeter
    made from ()
    methods
      greet: std::string (std::string_view), slot 2
      destructor: slots 0, 1
    types
      std::string: size 32, alignment 8: char, std::char_traits<char>
      std::string_view: size 16, alignment 8: char, std::char_traits<char>
)");
    CHECK(said.out.find("    toolchain\n      library=") != std::string::npos);
    CHECK(said.err == "");
    CHECK(said.status == 0);
}

TEST_CASE("inspect says which library it cannot read and why, and goes on with the next", "[examples]") {
    const scratch_directory scratch;
    write(scratch / "text.so", "this is text");
    const outcome said =
        run({TENON_INSPECT_PROGRAM, "absent.so", "text.so", hello_plugin.native()}, scratch.path());
    CHECK(said.out.find("  greeter hello 1.0.0\n") != std::string::npos);
    CHECK(said.err == "inspect: cannot open 'absent.so': No such file or directory\n"
                      "inspect: 'text.so' is not a library that this program can load: "
                      "it does not begin as an ELF file does\n");
    CHECK(said.status == 2);
}

TEST_CASE("inspect without a library says how to use it", "[examples]") {
    const outcome said = run({TENON_INSPECT_PROGRAM});
    CHECK(said.out == "");
    CHECK(said.err == "usage: inspect LIBRARY...\n");
    CHECK(said.status == 2);
}
