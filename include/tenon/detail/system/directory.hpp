// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_DIRECTORY_HPP
#define TENON_DETAIL_SYSTEM_DIRECTORY_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The path with all symbolic links resolved. Empty, with errno set, if the path leads nowhere.
template <class System = posix>
std::string canonical(const std::string& path) {
    char* const found = System::realpath(path.c_str());
    if (!found)
        return "";
    std::string resolved = found;
    std::free(found);
    return resolved;
}

/// The path made absolute against the current directory, so that it names the same file after the process has
/// changed to another.
template <class System = posix>
std::string absolute(const std::string& path) {
    if (!path.empty() && path[0] == '/')
        return path;
    const std::string here = canonical<System>(".");
    if (here.empty())
        throw error::system_call("find the working folder, where a path begins that is not absolute,", path,
                                 errno);
    std::string_view rest = path;
    while (rest.substr(0, 2) == "./")
        rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of('/', 1)));
    return rest.empty() || rest == "." ? here : join(here, rest);
}

/// The sorted names in a folder. A missing folder has none.
template <class System = posix>
std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    DIR* const open = System::opendir(folder.c_str());
    if (!open) {
        if (errno == ENOENT || errno == ENOTDIR)
            return names;
        throw error::system_call("open the folder", folder, errno);
    }
    while (const dirent* entry = System::readdir(open))
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            names.emplace_back(name);
    System::closedir(open);
    std::sort(names.begin(), names.end());
    return names;
}

/// Makes a folder and its missing parents, for this user alone (mode 0700).
template <class System = posix>
void make_folders(const std::string& path) {
    struct stat status;
    if (System::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        return;
    if (const std::string above(parent(path)); above != path && path.find('/') != path.npos)
        make_folders<System>(above);
    if (System::mkdir(path.c_str(), 0700) == 0)
        return;
    const int why = errno;
    // Another process may have made the folder meanwhile.
    if (why != EEXIST || System::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        throw error::system_call("make the folder", path, why);
}

/// Removes a file, an empty folder, or a symbolic link but not its target.
template <class System>
bool removed(const std::string& path) noexcept {
    return System::unlink(path.c_str()) == 0 || System::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

/// Removes a folder and its contents as far as possible. Symbolic links are never followed.
///
/// Nested folders are moved up before they are removed. So a tree may be deeper than a path can name, or than
/// a process can have folders open.
template <class System = posix>
void remove_tree(const std::string& path) noexcept {
    const auto entries = [](const std::string& folder) {
        struct stat status;
        const bool is_folder = System::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
        try {
            return is_folder ? names_in<System>(folder) : std::vector<std::string>();
        } catch (const error&) {
            return std::vector<std::string>();
        }
    };
    std::size_t moved = 0;
    for (bool progress = true; progress && !removed<System>(path);) {
        progress = false;
        for (const std::string& name : entries(path)) {
            const std::string inside = join(path, name);
            for (const std::string& deeper : entries(inside))
                if (const std::string from = join(inside, deeper); !removed<System>(from))
                    progress = System::rename(from.c_str(),
                                              join(path, "moved-" + std::to_string(++moved)).c_str()) == 0 ||
                               progress;
            progress = removed<System>(inside) || progress;
        }
    }
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
