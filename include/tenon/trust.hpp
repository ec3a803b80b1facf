// SPDX-License-Identifier: MIT
#ifndef TENON_TRUST_HPP
#define TENON_TRUST_HPP

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

inline error untrusted(const std::string& path, std::string_view why) {
    return {errc::untrusted,
            concatenated({"'", path, "' is not run, because somebody else could have written it: ", why}),
            path};
}

} // namespace TENON_OWN
} // namespace detail

/// Whose files a host runs: those that nobody but root, its own user and the ones named here could have
/// written.
///
///     tenon::loader loader{{.trust = {.users = {1000}}}};            // what the deploying user owns too
///     tenon::loader careless{{.trust = {.everyone = true}}};         // anything
///
/// A file may be writable by its group where that is its owner's own, which has the owner's number, or is
/// among `groups`, and where no access list says who else may write. A folder that everybody may write to
/// passes where it is sticky, as /tmp is.
struct TENON_HOST_TYPE trust {
    std::vector<uid_t> users{};
    std::vector<gid_t> groups{};
    bool everyone = false;
};

namespace detail {
inline namespace TENON_OWN {

template <class List, class Value>
bool among(const List& list, Value value) {
    for (const auto& listed : list)
        if (listed == value)
            return true;
    return false;
}

// What keeps one file or folder from being trusted; empty where nothing does.
template <class System>
std::string distrust(const std::string& path, const struct stat& of, const trust& rule) {
    if (of.st_uid != 0 && of.st_uid != System::geteuid() && !among(rule.users, of.st_uid))
        return "'" + path + "' belongs to user " + std::to_string(of.st_uid) +
               ", and this program runs as user " + std::to_string(System::geteuid()) + "; `chown " +
               std::to_string(System::geteuid()) + " '" + path + "'`, or name the user in options.trust";
    if (S_ISDIR(of.st_mode) && (of.st_mode & S_ISVTX))
        return "";
    if (of.st_mode & S_IWOTH)
        return "everybody may write to '" + path + "'; `chmod o-w '" + path + "'`, or widen options.trust";
    if (!(of.st_mode & S_IWGRP))
        return "";
    if (of.st_gid != of.st_uid && !among(rule.groups, of.st_gid))
        return "group " + std::to_string(of.st_gid) + " may write to '" + path + "'; `chmod g-w '" + path +
               "'`, or name the group in options.trust";
    // Then what the mode says of the group is the most that anybody on the list may do.
    if (System::has_access_list(path.c_str()))
        return "an access list may let others write to '" + path + "'; `setfacl -b '" + path +
               "'`, or widen options.trust";
    return "";
}

/// Whether a path is canonical and its file, whose status is given, and every folder above it are trusted, as
/// far as one look at each of them tells; where not, `require_trust` of the canonical path says why.
template <class System = posix>
bool plainly_trusted(const std::string& path, const struct stat& of, const trust& rule) {
    if (rule.everyone || !is_normal(path) || !distrust<System>(path, of, rule).empty())
        return false;
    std::string folder = path;
    for (std::size_t end = path.rfind('/');; end = path.rfind('/', end - 1)) {
        folder.resize(end == 0 ? 1 : end);
        struct stat status;
        // A link is no folder here.
        if (System::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
            !distrust<System>(folder, status, rule).empty())
            return false;
        if (end == 0)
            return true;
    }
}

/// Throws unless a file, whose canonical path and status are given, and every folder above it are trusted.
template <class System = posix>
void require_trust(const std::string& canonical, const struct stat& of, const trust& rule) {
    if (rule.everyone)
        return;
    std::string why = distrust<System>(canonical, of, rule);
    for (std::string_view folder = canonical; why.empty() && parent(folder) != folder;) {
        folder = parent(folder);
        struct stat status;
        const std::string path(folder);
        if (System::stat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        why = distrust<System>(path, status, rule);
    }
    if (!why.empty())
        throw detail::untrusted(canonical, why);
}

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif
