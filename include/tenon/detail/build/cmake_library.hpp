// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_CMAKE_LIBRARY_HPP
#define TENON_DETAIL_BUILD_CMAKE_LIBRARY_HPP

#include <algorithm>
#include <cstdint>
#include <elf.h>
#include <fcntl.h>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/driver.hpp>
#include <tenon/error.hpp>

#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_target(const std::string& directory, std::string_view target, std::string_view known) {
    if (known.empty())
        return {errc::not_found,
                concatenated({"the CMakeLists.txt in '", directory,
                              "' makes no library that can be loaded; tenon_add_plugin(NAME SOURCES ...) or "
                              "add_library(NAME MODULE ...) is expected"}),
                directory};
    return {errc::not_found,
            concatenated({"the CMakeLists.txt in '", directory,
                          "' makes no library that can be loaded named '", target, "'; it has ", known}),
            directory};
}

inline error several_targets(const std::string& directory, std::string_view known) {
    return {errc::ambiguous,
            concatenated({"the CMakeLists.txt in '", directory,
                          "' makes several libraries that may be the plugin: ", known, "; choose one ",
                          adding_a_target}),
            directory};
}

inline error needs_library_of_build(const std::string& directory, std::string_view target,
                                    std::string_view needed) {
    return {errc::build_failed,
            concatenated({"the plugin in '", directory, "' is not used, because its target '", target,
                          "' needs '", needed,
                          "', which is made with it and which nobody keeps: make that a STATIC library"}),
            directory};
}

/// A library that a CMakeLists.txt makes.
struct cmake_library {
    std::string target, path;
    bool module = false;
    bool plugin = false; ///< says tenon_add_plugin
};

/// Chooses a library: the target of that name; without a name, the only target marked as a plugin, else the
/// only module, else the only library.
inline const cmake_library& chosen_library(const std::string& directory, const std::string& target,
                                           const std::vector<cmake_library>& all) {
    const auto names = [](const std::vector<const cmake_library*>& libraries) {
        std::string text;
        for (const cmake_library* built : libraries)
            text.append(text.empty() ? "" : ", ").append(built->target);
        return text;
    };
    std::vector<const cmake_library*> any, modules, plugins;
    for (const cmake_library& built : all) {
        any.push_back(&built);
        if (built.module)
            modules.push_back(&built);
        if (built.plugin)
            plugins.push_back(&built);
        if (built.target == target)
            return built;
    }
    if (!target.empty() || any.empty())
        throw no_target(directory, target, names(any));
    const auto& likely = !plugins.empty() ? plugins : !modules.empty() ? modules : any;
    if (likely.size() > 1)
        throw several_targets(directory, names(likely));
    return *likely[0];
}

/// Parses the list of libraries, and the folder of CMake's own modules, that `cmake_beginning` writes. False
/// if the text is not in that format.
inline bool read_cmake_libraries(std::string_view text, std::vector<cmake_library>& into,
                                 std::string& modules) {
    std::string_view first = take_until(text, '\n');
    if (!skip(first, "modules "))
        return false;
    modules = first;
    while (!text.empty()) {
        std::string_view head = take_until(text, '\n');
        cmake_library read;
        if (!skip(head, "library "))
            return false;
        read.module = skip(head, "MODULE_LIBRARY ");
        if (!read.module && !skip(head, "SHARED_LIBRARY "))
            return false;
        read.plugin = !skip(head, "FALSE ");
        if (read.plugin)
            head.remove_prefix(std::min(head.size(), head.find(' ') + 1));
        read.target = head;
        read.path = take_until(text, '\n');
        into.push_back(std::move(read));
    }
    return true;
}

/// The name by which other libraries need this one, the libraries that it needs, and their search folders.
/// For a missing file, or one that is no library, only the name is set.
template <class System = posix>
struct library_needs {
    explicit library_needs(const std::string& path) : name(basename(path)), folders{"/"} {
        const basic_file<System> file(System::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
        if (file.descriptor() < 0)
            return;
        typename elf_reader<System>::loader_information told;
        const elf_reader<System> reader(file.descriptor(), path);
        reader.read(told);
        told.for_each([&](std::int64_t tag, std::uint64_t value) {
            const std::string_view text = told.name(value);
            if (tag == DT_SONAME)
                name = text;
            else if (tag == DT_NEEDED)
                libraries.emplace(text);
            else if (tag == DT_RUNPATH || tag == DT_RPATH)
                for (std::string_view rest = text; !rest.empty();)
                    folders.emplace_back(take_until(rest, ':'));
        });
    }

    std::string name;
    std::set<std::string> libraries;
    std::vector<std::string> folders;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
