// SPDX-License-Identifier: MIT
// For tests of builders: compilers that log their calls, and the answer of a library.
#ifndef TENON_TESTS_BUILDING_HPP
#define TENON_TESTS_BUILDING_HPP

#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "compiled.hpp"

#ifndef TENON_CXX
#define TENON_CXX TENON_GXX
#endif

namespace tests {

/// The compilers that can build plugins for this program. With a sanitizer that is only this program's own
/// compiler, because the runtimes of two sanitizers conflict.
inline std::vector<std::string> plugin_compilers() {
    return sanitized ? std::vector<std::string>{TENON_CXX} : compilers();
}

/// Writes an executable shell script.
inline void write_program(const fs::path& path, const std::string& text) {
    write(path, "#!/bin/sh\n" + text);
    fs::permissions(path, fs::perms::owner_all);
}

/// A program that logs its arguments, one line a call, and then runs another program with them.
inline void write_wrapper(const fs::path& path, const fs::path& log, const std::string& real,
                          const std::string& before = "") {
    write_program(path, "echo \"$@\" >> '" + log.native() + "'\n" + before + "\nexec " + real + " \"$@\"\n");
}

inline int occurrences(const std::string& text, const std::string& what) {
    int found = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; ++at)
        ++found;
    return found;
}

/// The source of a plugin that consists of the function `int answer()`.
inline std::string answering(const std::string& value) {
    return "extern \"C\" __attribute__((visibility(\"default\"))) int answer() { return " + value + "; }\n";
}

inline int answer_of(const std::string& library) {
    void* const loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!loaded)
        throw std::runtime_error(::dlerror());
    const int value = reinterpret_cast<int (*)()>(::dlsym(loaded, "answer"))();
    ::dlclose(loaded);
    return value;
}

} // namespace tests

#endif
