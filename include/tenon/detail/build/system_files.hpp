// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_SYSTEM_FILES_HPP
#define TENON_DETAIL_BUILD_SYSTEM_FILES_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/version.hpp>

#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A path without `.` and `..`, as far as its text goes; none where it is relative, or leaves its first
/// folder on the way.
inline std::optional<std::string> within_first_folder(std::string_view path) {
    if (path.empty() || path[0] != '/')
        return std::nullopt;
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::string_view part = take_until(path, '/');
        if (part == "..") {
            if (parts.size() < 2)
                return std::nullopt;
            parts.pop_back();
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
    }
    std::string text;
    for (const std::string_view part : parts)
        text.append("/").append(part);
    return text;
}

/// True of files and directories that belong to the system: only its administrator or package manager writes
/// there.
template <class System = posix>
bool is_system_file(const std::string& path) {
    const auto inside = [](std::string place) {
        place += '/';
        // Not all of /usr: files in /usr/local may be anybody's, and /usr/share has plugins that an
        // administrator edits.
        return begins_with_one_of(place, {"/usr/include/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/",
                                          "/nix/store/", "/gnu/store/"});
    };
    // Clang calls them `/usr/bin/../lib/gcc/…`.
    if (const auto plain = within_first_folder(path); !plain || !inside(*plain))
        return false;
    // A link that leads elsewhere does not count. For a missing file the name decides.
    const std::string target = canonical<System>(path);
    return target.empty() || inside(target);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
