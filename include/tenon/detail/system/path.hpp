// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_PATH_HPP
#define TENON_DETAIL_SYSTEM_PATH_HPP

#include <string>
#include <string_view>

#include <tenon/version.hpp>

#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// `a/b` of `a` and `b`, whether or not `a` ends in a slash.
inline std::string join(std::string_view folder, std::string_view name) {
    std::string path(folder);
    if (!path.empty() && path.back() != '/')
        path += '/';
    return path.append(name);
}

/// `a` of `a/b`, `.` of `b`, `/` of `/b`.
inline std::string_view parent(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == path.npos)
        return ".";
    return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

/// `b` of `a/b`.
inline std::string_view basename(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// True if a path is that of a folder, or of something in it, and does not leave the folder by `..` on its
/// way. `/a/bc` and `/a/b/../c` are not below `/a/b`.
inline bool is_at_or_below(std::string_view path, std::string_view folder) {
    if (folder.empty() || !skip(path, folder) || (!path.empty() && path[0] != '/' && folder.back() != '/'))
        return false;
    for (int depth = 0; !path.empty();) {
        const std::string_view name = take_until(path, '/');
        if (name == "..")
            --depth;
        else if (!name.empty() && name != ".")
            ++depth;
        if (depth < 0)
            return false;
    }
    return true;
}

/// True if a path is absolute and has no empty component, no `.` and no `..`. Only symbolic links can then
/// lead elsewhere.
inline bool is_normal(std::string_view path) {
    if (path.empty() || path[0] != '/')
        return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view component = path.substr(0, path.find('/'));
        if (component.empty() || component == "." || component == "..")
            return false;
        path.remove_prefix(component.size());
    }
    return true;
}

/// True if a file of that name is compiled: g++ and clang++ both take these endings for C++. `.#a.cpp` is an
/// editor's lock beside `a.cpp`, and is not compiled.
inline bool is_source_name(std::string_view name) {
    return name[0] != '.' && ends_in_one_of(name, {".cpp", ".cc", ".cxx", ".c++", ".cp", ".CPP", ".C"});
}

/// True if a file of that name is a source that is not compiled: in another language, which needs flags of
/// its own, a module unit, or with an ending that not every compiler knows.
inline bool is_foreign_source_name(std::string_view name) {
    return name[0] != '.' && ends_in_one_of(name, {".c",   ".s",    ".S",   ".sx",  ".asm",  ".m",   ".mm",
                                                   ".M",   ".cu",   ".hip", ".ixx", ".cppm", ".ccm", ".cxxm",
                                                   ".mpp", ".c++m", ".CC",  ".CXX", ".C++",  ".f",   ".f90"});
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
