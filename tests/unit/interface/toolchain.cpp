// SPDX-License-Identifier: MIT
#include <tenon/detail/interface/toolchain.hpp>

#include <string>
#include <vector>

#include <tenon/detail/library/abi_difference.hpp>
#include <tenon/manifest.hpp>

#include "catch.hpp"
#include "compiled.hpp"

using tests::scratch_directory;

namespace {

/// How a plugin that is compiled with these flags differs from this program, or that the compiler cannot.
std::string differences(const std::vector<std::string>& flags, const std::string& compiler) {
    const scratch_directory scratch;
    try {
        const tenon::manifest read{tests::compiled(scratch / "plugin.so", tests::tiny, flags, compiler)};
        return tenon::detail::toolchain_differences(tenon::detail::toolchain, read.plugins().at(0).toolchain);
    } catch (const std::runtime_error& e) {
        return "cannot: " + std::string(e.what());
    }
}

} // namespace

TEST_CASE("a toolchain is what decides over the standard library's types, one a line", "[toolchain]") {
    const std::string text = tenon::detail::toolchain;
    for (const std::string key :
         {"library=", "\ndebug mode=", "\nsanitizer=", "\nlong double=", "\nwchar_t="})
        CHECK_THAT(text, Catch::Matchers::ContainsSubstring(key));
    CHECK(text.back() == '\n');
    CHECK(text.find("TENON_") == std::string::npos); // every macro has its value
    CHECK(text.find("__") == std::string::npos);
}

#if defined(__GLIBCXX__) && _GLIBCXX_USE_CXX11_ABI && !defined(_GLIBCXX_DEBUG)
TEST_CASE("what changes the standard library's types is another toolchain", "[toolchain]") {
    for (const std::string& compiler : tests::compilers()) {
        INFO(compiler);
        CHECK(differences({}, compiler) == "");
        CHECK(differences({"-O3", "-g", "-DNDEBUG", "-std=c++2b"}, compiler) == "");
        CHECK(differences({"-D_GLIBCXX_USE_CXX11_ABI=0"}, compiler) ==
              "  library\n    host:   libstdc++ with the C++11 strings\n"
              "    plugin: libstdc++ with the old strings (_GLIBCXX_USE_CXX11_ABI=0)\n");
        CHECK(differences({"-D_GLIBCXX_DEBUG"}, compiler) ==
              "  debug mode\n    host:   none\n    plugin: _GLIBCXX_DEBUG\n");
        CHECK(differences({"-fshort-wchar"}, compiler) ==
              "  wchar_t\n    host:   4 bytes\n    plugin: 2 bytes\n");
        CHECK(differences({"-D_GLIBCXX_DEBUG", "-fshort-wchar"}, compiler) ==
              "  debug mode\n    host:   none\n    plugin: _GLIBCXX_DEBUG\n"
              "  wchar_t\n    host:   4 bytes\n    plugin: 2 bytes\n");
    }
}

#if defined(__x86_64__)
TEST_CASE("another long double is another toolchain", "[toolchain]") {
    const std::string said = differences({"-mlong-double-64"}, tests::compilers()[0]);
    CHECK(said == "  long double\n    host:   16 bytes, 64 digits\n    plugin: 8 bytes, 53 digits\n");
}
#endif

TEST_CASE("another standard library is another toolchain", "[toolchain]") {
    const std::string compiler = TENON_CLANGXX;
    const std::string said =
        compiler.empty() ? "cannot: there is no clang" : differences({"-stdlib=libc++"}, compiler);
    if (said.compare(0, 8, "cannot: ") == 0)
        WARN("libc++ is absent, and not tested");
    else
        CHECK_THAT(said, Catch::Matchers::ContainsSubstring(
                             "\n    host:   libstdc++ with the C++11 strings\n    plugin: libc++ abi "));
}
#endif
