// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_FILE_TRUST_HPP
#define TENON_DETAIL_LIBRARY_FILE_TRUST_HPP

#include <cerrno>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include <tenon/error.hpp>
#include <tenon/trust.hpp>

#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error untrusted(const std::string& path, std::string_view why) {
    return {errc::untrusted,
            concatenated({"'", path, "' is not run, because somebody else could have written it: ", why}),
            path};
}

template <class List, class Value>
bool among(const List& list, Value value) {
    for (const auto& listed : list)
        if (listed == value)
            return true;
    return false;
}

// The reason not to trust one file or folder; empty if there is none.
template <class System>
std::string distrust(const std::string& path, const struct stat& status, const trust& rule) {
    if (status.st_uid != 0 && status.st_uid != System::geteuid() && !among(rule.users, status.st_uid))
        return "'" + path + "' belongs to user " + std::to_string(status.st_uid) +
               ", and this program runs as user " + std::to_string(System::geteuid()) + "; `chown " +
               std::to_string(System::geteuid()) + " '" + path + "'`, or name the user in options.trust";
    if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX))
        return "";
    if (status.st_mode & S_IWOTH)
        return "everybody may write to '" + path + "'; `chmod o-w '" + path + "'`, or widen options.trust";
    if (!(status.st_mode & S_IWGRP))
        return "";
    if (status.st_gid != status.st_uid && !among(rule.groups, status.st_gid))
        return "group " + std::to_string(status.st_gid) + " may write to '" + path + "'; `chmod g-w '" +
               path + "'`, or name the group in options.trust";
    // With an access list, the group bits of the mode are the most that anybody on the list may do (acl(5)).
    if (System::has_access_list(path.c_str()))
        return "an access list may let others write to '" + path + "'; `setfacl -b '" + path +
               "'`, or widen options.trust";
    return "";
}

/// True if the path is canonical, and its file and every folder above it are trusted at one look each. If
/// not, `require_trust` of the canonical path finds out why. `of` is the status of the file.
template <class System = posix>
bool plainly_trusted(const std::string& path, const struct stat& status, const trust& rule) {
    if (rule.everyone || !is_normal(path) || !distrust<System>(path, status, rule).empty())
        return false;
    std::string folder = path;
    for (std::size_t end = path.rfind('/');; end = path.rfind('/', end - 1)) {
        folder.resize(end == 0 ? 1 : end);
        struct stat above;
        // lstat: a symbolic link does not count as a folder.
        if (System::lstat(folder.c_str(), &above) != 0 || !S_ISDIR(above.st_mode) ||
            !distrust<System>(folder, above, rule).empty())
            return false;
        if (end == 0)
            return true;
    }
}

/// Throws unless a file and every folder above it are trusted. The path has to be canonical.
template <class System = posix>
void require_trust(const std::string& canonical, const struct stat& status, const trust& rule) {
    if (rule.everyone)
        return;
    std::string why = distrust<System>(canonical, status, rule);
    for (std::string_view folder = canonical; why.empty() && parent(folder) != folder;) {
        folder = parent(folder);
        struct stat above;
        const std::string path(folder);
        if (System::stat(path.c_str(), &above) != 0)
            throw error::system_call("look at", path, errno);
        why = distrust<System>(path, above, rule);
    }
    if (!why.empty())
        throw untrusted(canonical, why);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
