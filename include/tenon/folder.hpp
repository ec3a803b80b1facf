// SPDX-License-Identifier: MIT
#ifndef TENON_FOLDER_HPP
#define TENON_FOLDER_HPP

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>

namespace tenon::inline v1::detail {

/// The sorted names in a folder; none where there is no such folder.
template <class System = posix>
std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    DIR* const open = System::opendir(folder.c_str());
    if (!open) {
        if (errno == ENOENT || errno == ENOTDIR)
            return names;
        throw error::system_call("open the folder", folder, errno);
    }
    while (const dirent* each = System::readdir(open))
        if (const std::string_view name = each->d_name; name != "." && name != "..")
            names.emplace_back(name);
    System::closedir(open);
    std::sort(names.begin(), names.end());
    return names;
}

/// Makes a folder, and those above it, that only this user can look into.
template <class System = posix>
void make_folders(const std::string& path) {
    struct stat found;
    if (System::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode))
        return;
    if (const std::string above(parent(path)); above != path && path.find('/') != path.npos)
        make_folders<System>(above);
    if (System::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        throw error::system_call("make the folder", path, errno);
}

/// Removes a folder and all that is in it, as far as that is possible; never follows a symbolic link.
template <class System = posix>
void remove_tree(const std::string& path) noexcept {
    if (System::unlink(path.c_str()) == 0 || errno == ENOENT)
        return;
    struct stat found;
    if (System::lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
        return;
    DIR* folder = System::opendir(path.c_str());
    if (!folder)
        return;
    while (const dirent* each = System::readdir(folder))
        if (const std::string_view name = each->d_name; name != "." && name != "..")
            remove_tree<System>(join(path, name));
    System::closedir(folder);
    System::rmdir(path.c_str());
}

} // namespace tenon::inline v1::detail

#endif
