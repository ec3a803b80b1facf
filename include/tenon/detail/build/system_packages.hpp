// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_SYSTEM_PACKAGES_HPP
#define TENON_DETAIL_BUILD_SYSTEM_PACKAGES_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Where the known package managers say what is installed.
inline constexpr const char* package_lists[] = {"/var/lib/dpkg/status",  "/var/lib/rpm/rpmdb.sqlite",
                                                "/var/lib/rpm/Packages", "/usr/lib/sysimage/rpm/rpmdb.sqlite",
                                                "/lib/apk/db/installed", "/var/lib/pacman/local"};

/// Stands for all files that belong to the system's package manager: it changes whenever that installs or
/// removes something. Empty where no manager is known, or where it has worked only just now.
template <class System = posix>
std::string package_state(std::int64_t look) {
    sha256 all;
    bool any = false;
    for (const char* list : package_lists) {
        struct stat found;
        if (System::stat(list, &found) != 0)
            continue;
        const file_identity state(found);
        if (!settled(state, look))
            return "";
        any = true;
        for (const std::uint64_t number :
             {state.device, state.inode, state.size, static_cast<std::uint64_t>(state.modified),
              static_cast<std::uint64_t>(state.changed)})
            all.field(std::to_string(number));
    }
    return any ? all.hex() : "";
}

/// A path without `.` and `..`, as far as its text goes; empty where it is relative, or leaves its first
/// folder on the way.
inline std::string within_first_folder(std::string_view path) {
    if (path.empty() || path[0] != '/')
        return "";
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(part.size() < path.size() ? part.size() + 1 : path.size());
        if (part == "..") {
            if (parts.size() < 2)
                return "";
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

/// Whether a file or folder is one that only a package manager changes, or nobody.
template <class System = posix>
bool is_packaged(const std::string& path) {
    const auto inside = [](std::string place) {
        place += '/';
        // Not all of /usr: what is in /usr/local anybody may have put there, and in /usr/share are plugins
        // that an administrator edits.
        for (const std::string_view root :
             {"/usr/include/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/nix/store/", "/gnu/store/"})
            if (place.compare(0, root.size(), root) == 0)
                return true;
        return false;
    };
    // Clang calls them `/usr/bin/../lib/gcc/…`.
    if (!inside(within_first_folder(path)))
        return false;
    // A link to somewhere else is not.
    return inside(canonical<System>(path));
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
