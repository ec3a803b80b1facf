// SPDX-License-Identifier: MIT
// For tests that need real libraries: compiles them while the test runs.
#ifndef TENON_TESTS_COMPILED_HPP
#define TENON_TESTS_COMPILED_HPP

#include <string>
#include <vector>

#include <tenon/error.hpp>

#include "program.hpp"

#ifndef TENON_SOURCE_DIR
#define TENON_SOURCE_DIR "."
#endif
#ifndef TENON_GXX
#define TENON_GXX "g++"
#endif
#ifndef TENON_CLANGXX
#define TENON_CLANGXX "clang++"
#endif

namespace tests {

inline const fs::path source_directory = fs::absolute(TENON_SOURCE_DIR);
inline const fs::path calculator = source_directory / "tests/plugins/calculator.cpp";
inline const fs::path tiny = source_directory / "tests/plugins/tiny.cpp";

/// True under a sanitizer, which makes the program slower and manages its memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

/// The compilers to compile plugins with, in turn, so that each compiler's plugins meet the other's hosts.
inline std::vector<std::string> compilers() {
    std::vector<std::string> found;
    for (const std::string name : {TENON_GXX, TENON_CLANGXX})
        if (!name.empty())
            found.push_back(name);
    return found;
}

/// Compiles and links one source into a shared library. Throws the output of the compiler on failure.
inline fs::path compiled(const fs::path& library, const fs::path& source, std::vector<std::string> flags = {},
                         const std::string& compiler = compilers().front()) {
    std::vector<std::string> words{compiler,  "-std=c++20", "-I" + (source_directory / "include").native(),
                                   "-shared", "-fPIC",      "-fvisibility=hidden"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.insert(words.end(), {source.native(), "-o", library.native()});
    if (const outcome said = run(words); said.status != 0)
        throw std::runtime_error(said.err);
    return library;
}

/// True if a program is installed. A test without its tool says so and passes.
inline bool installed(const std::string& tool) {
    try {
        return run({tool, "--version"}).status == 0;
    } catch (const std::system_error&) {
        return false;
    }
}

inline std::string text_of(const tenon::error& e) {
    return e.what();
}

/// The message of the error that a call throws.
template <class Action>
std::string refusal(const Action& action) {
    try {
        action();
    } catch (const tenon::error& e) {
        return e.what();
    }
    return "no refusal";
}

} // namespace tests

#endif
