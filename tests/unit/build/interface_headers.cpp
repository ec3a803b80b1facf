// SPDX-License-Identifier: MIT
#include <tenon/detail/build/interface_headers.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::basic_interface_headers;
using tenon::detail::headers;
using tests::scratch_directory;
using tests::write;
using folders = std::vector<std::string>;

namespace {

const std::string source = tests::source_directory;
const std::string include = source + "/include";

constexpr tenon::plugin_type here{"calculator", TENON_SOURCE_DIR "/tests/plugins/calculator.hpp"};
constexpr tenon::plugin_type relative{"calculator", "app/interfaces/calculator.hpp"};
constexpr tenon::plugin_type beside{"calculator", "calculator.hpp"};

const std::string says_calculator = "static constexpr tenon::plugin_type type{\"calculator\"};\n";
const std::string says_version = "#define TENON_VERSION \"" TENON_VERSION "\"\n";

/// $TENON_INCLUDE for as long as this lives.
struct include_variable {
    explicit include_variable(const std::string& value) { ::setenv("TENON_INCLUDE", value.c_str(), 1); }
    ~include_variable() { ::unsetenv("TENON_INCLUDE"); }
};

/// A program that stands somewhere else.
template <int Number>
struct elsewhere : tenon::detail::posix {
    static inline std::string program;
    static ssize_t readlink(const char*, char* into, size_t size) noexcept {
        if (program.empty())
            return -1;
        const size_t used = program.size() < size ? program.size() : size;
        std::memcpy(into, program.data(), used);
        return static_cast<ssize_t>(used);
    }
};

const std::string lost =
    "cannot find the folder of the header 'app/interfaces/calculator.hpp' that plugins are compiled against: "
    "it is not where the "
    "compiler of this program saw it; name its folder in $TENON_INCLUDE or in options.include";

} // namespace

TEST_CASE("headers are found where the compiler saw them", "[headers]") {
    const std::string seen = include + "/tenon/detail/build/interface_headers.hpp";
    CHECK(headers({}, seen).folders(here) == folders{source + "/tests/plugins", include + "/tenon/.."});
}

TEST_CASE("folders that are given come first, and none comes twice", "[headers]") {
    const std::string plugins = source + "/tests/plugins";
    const std::string seen = include + "/tenon/detail/build/interface_headers.hpp";
    CHECK(headers({include, plugins}, seen).folders(here) == folders{include, plugins});
    CHECK(headers({"/nowhere", include}, seen).folders(here) == folders{"/nowhere", include, plugins});

    const include_variable set(":" + include + "::/nowhere:");
    CHECK(headers({"/first"}, seen).folders(here) == folders{"/first", include, "/nowhere", plugins});
}

TEST_CASE("a folder that holds another header of that name is passed over", "[headers]") {
    const scratch_directory scratch;
    const std::string wrong = scratch / "wrong", older = scratch / "older", right = scratch / "right";
    write(wrong + "/calculator.hpp", "struct calculator {};\n");
    write(older + "/tenon/version.hpp", "#define TENON_VERSION \"0.0.1\"\n");
    write(right + "/calculator.hpp", says_calculator);
    write(right + "/tenon/version.hpp", says_version);
    CHECK(
        headers({wrong, older, right}, "moved/tenon/detail/build/interface_headers.hpp").folders(relative) ==
        folders{wrong, older, right});
    CHECK(tests::refusal([&] { headers({wrong, include}).folders(relative); }) == lost);
}

TEST_CASE("a header that is not found names the ways to say where it is", "[headers]") {
    const std::string text = tests::refusal([] { headers({include}).folders(relative); });
    CHECK(text == lost);
    CHECK(tests::refusal([] {
              headers({source + "/tests/plugins"}, "/nowhere/tenon/detail/build/interface_headers.hpp")
                  .folders(relative);
          }) == "cannot find the folder of the header 'tenon/version.hpp' that plugins are compiled against: "
                "it is not where the compiler "
                "of this program saw it; name its folder in $TENON_INCLUDE or in options.include");
}

TEST_CASE("a path that was relative when the program was compiled is looked for above the program",
          "[headers]") {
    const scratch_directory scratch;
    write(scratch / "project/app/interfaces/calculator.hpp", says_calculator);
    using built = elsewhere<1>;
    built::program = scratch / "project/build/bin/program";
    CHECK(basic_interface_headers<built>({include}).folders(relative) ==
          folders{include, scratch / "project/app/interfaces"});

    using installed = elsewhere<2>;
    installed::program = "/usr/bin/program";
    CHECK(tests::refusal([] { basic_interface_headers<installed>({include}).folders(relative); }) == lost);

    using unknown = elsewhere<3>; // no /proc
    CHECK(tests::refusal([] { basic_interface_headers<unknown>({include}).folders(relative); }) == lost);
}

TEST_CASE("a header in the current folder is believed only if it is that header", "[headers]") {
    const scratch_directory scratch;
    const tests::fs::path before = tests::fs::current_path();
    tests::fs::current_path(scratch.path());
    write(scratch / "calculator.hpp", "// another one\n");
    const std::string text = tests::refusal([] { headers({include}).folders(beside); });
    write(scratch / "calculator.hpp", says_calculator);
    const folders found = headers({include}).folders(beside);
    tests::fs::current_path(before);
    CHECK_THAT(text, Catch::Matchers::StartsWith("cannot find the folder of the header 'calculator.hpp'"));
    CHECK(found == folders{include, "."});
}

TEST_CASE("all of tenon in one file is found by that file", "[headers]") {
    const scratch_directory scratch;
    const std::string vendored = scratch / "vendored";
    write(vendored + "/tenon.hpp", std::string(400'000, '\n') + says_version);
    const std::string plugins = source + "/tests/plugins";
    CHECK(headers({}, vendored + "/tenon.hpp").folders(here) == folders{plugins, vendored});
    CHECK(headers({vendored}, "third_party/tenon.hpp").folders(here) == folders{vendored, plugins});
}

TEST_CASE("what is no file is no header, and is not waited for", "[headers]") {
    const scratch_directory scratch;
    const std::string odd = scratch / "odd";
    tests::fs::create_directories(odd + "/calculator.hpp");
    tests::fs::create_directories(odd + "/tenon");
    REQUIRE(::mkfifo((odd + "/tenon/version.hpp").c_str(), 0600) == 0);
    const std::string seen = include + "/tenon/detail/build/interface_headers.hpp",
                      plugins = source + "/tests/plugins";
    CHECK(headers({odd}, seen).folders(here) == folders{odd, plugins, include + "/tenon/.."});

    tests::fs::remove(odd + "/tenon/version.hpp");
    tests::fs::create_symlink("/dev/zero", odd + "/tenon/version.hpp");
    CHECK(headers({odd}, seen).folders(here) == folders{odd, plugins, include + "/tenon/.."});

    tests::fs::remove(odd + "/tenon/version.hpp");
    write(odd + "/tenon/version.hpp", says_version);
    tests::fs::resize_file(odd + "/tenon/version.hpp", std::uintmax_t{1} << 40); // holes
    CHECK(headers({odd}, seen).folders(here) == folders{odd, plugins, include + "/tenon/.."});
}

TEST_CASE("a hostile $TENON_INCLUDE is only a list of folders", "[headers]") {
    const std::string seen = include + "/tenon/detail/build/interface_headers.hpp",
                      plugins = source + "/tests/plugins";
    {
        const include_variable set(std::string(5000, ':'));
        CHECK(headers({}, seen).folders(here) == folders{plugins, include + "/tenon/.."});
    }
    const auto within = [](const std::string& name) {
        return tests::fs::current_path().native() + '/' + name;
    };
    const std::string long_name(5000, 'x'), odd = "-o /tmp/$(touch x)\n\"'";
    const include_variable set(long_name + ":" + odd);
    CHECK(headers({}, seen).folders(here) ==
          folders{within(long_name), within(odd), plugins, include + "/tenon/.."});
    const include_variable from_here(":./a:b/../c::a:");
    CHECK(headers::named({"./b", "/d", "b"}) == folders{within("b"), "/d", within("a"), within("b/../c")});
}

TEST_CASE("reads of headers that are interrupted go on", "[headers]") {
    struct interrupted : tenon::detail::posix {
        static ssize_t read(int fd, void* into, size_t size) noexcept {
            static bool now = false;
            if ((now = !now)) {
                errno = EINTR;
                return -1;
            }
            return posix::read(fd, into, size < 10 ? size : 10);
        }
    };
    CHECK(basic_interface_headers<interrupted>({include}).folders(here) ==
          folders{include, source + "/tests/plugins"});
}
