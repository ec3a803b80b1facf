// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_PERMITTED_DRIVER_HPP
#define TENON_DETAIL_SOURCE_PERMITTED_DRIVER_HPP

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/policy.hpp>

#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error forbidden(const std::string& what, std::string_view rule, std::string_view allows) {
    return {errc::forbidden, concatenated({"'", what, "' is refused, because ", rule, " allows ", allows}),
            what};
}

constexpr std::string_view plural(driver::kind what) {
    constexpr std::string_view names[] = {"names", "libraries", "directories", "repositories"};
    return names[static_cast<int>(what)];
}

constexpr std::string_view scheme(transport how) {
    constexpr std::string_view names[] = {"https", "ssh", "file"};
    return names[static_cast<int>(how)];
}

constexpr transport transport_of(std::string_view url) {
    return url.starts_with("https:") ? transport::https
           : url.starts_with("ssh:") ? transport::ssh
                                     : transport::file;
}

/// The host of a parsed URL, without a port that is the transport's own.
inline std::string host_of(std::string_view url) {
    const auto begin = url.find("://") + 3;
    std::string_view host = url.substr(begin, url.find('/', begin) - begin);
    host.remove_prefix(host.rfind('@') + 1);
    const std::string_view own_port = transport_of(url) == transport::https ? ":443" : ":22";
    if (host.ends_with(own_port))
        host.remove_suffix(own_port.size());
    return in_small_letters(host);
}

/// The path in a URL, as git reads it.
inline std::string path_in(std::string_view file_url) {
    return percent_decoded(file_url.substr(std::string_view("file://").size()));
}

template <class System>
bool is_in(const allow_list<std::string>& folders, std::string_view canonical_path) {
    for (const std::string& allowed : folders.list())
        if (is_at_or_below(canonical_path, canonical<System>(allowed)))
            return true;
    return false;
}

/// A path after its symbolic links are resolved: all of it, or as much of its beginning as exists.
struct resolved_path {
    std::optional<std::string> all; ///< none where it does not lead to anything
    int why = 0;                    ///< errno of that
    std::string beginning;          ///< never empty, but where the current folder is gone
};

template <class System>
resolved_path resolved(const std::string& path) {
    resolved_path result{.all = {}, .why = 0, .beginning = canonical<System>(path)};
    if (result.beginning.empty())
        result.why = errno;
    else
        result.all = result.beginning;
    for (std::string_view above = path; result.beginning.empty() && parent(above) != above;) {
        above = parent(above);
        result.beginning = canonical<System>(std::string(above));
    }
    return result;
}

/// Throws for a path that leads out of the policy's folders. A path that does not exist is judged by its
/// beginning, so that no error reveals which files exist elsewhere.
template <class System>
resolved_path require_in_folders(const std::string& path, const policy& rules) {
    resolved_path result = resolved<System>(path);
    if (!is_in<System>(rules.folders, result.beginning))
        throw forbidden(path, "options.policy.folders", in_words(rules.folders));
    return result;
}

/// The path, if a policy allows it, with all symbolic links resolved: a link could point elsewhere by the
/// time it is followed again.
template <class System = posix>
std::string permitted_path(const std::string& path, const policy& rules) {
    if (rules.folders.anything())
        return path;
    resolved_path result = require_in_folders<System>(path, rules);
    if (result.all)
        return std::move(*result.all);
    if (result.why == ENOENT)
        throw no_such_path(path, instead_of<System>(path), repository_meant_by<System>(path));
    throw error::system_call("look at", path, result.why);
}

template <class System>
void require_permitted_repository(const driver& repository, const policy& rules) {
    const std::string& url = repository.place;
    const transport how = transport_of(url);
    if (!rules.transports(how))
        throw forbidden(url, "options.policy.transports", in_words(rules.transports, scheme));
    const std::string host = host_of(url);
    const auto is_host = [&](const std::string& allowed) { return in_small_letters(allowed) == host; };
    if (!rules.hosts.anything() &&
        std::none_of(rules.hosts.list().begin(), rules.hosts.list().end(), is_host))
        throw forbidden(url, "options.policy.hosts", in_words(rules.hosts));
    if (how == transport::file && !rules.folders.anything())
        require_in_folders<System>(path_in(url), rules);
    if (rules.full_commit_ids && !is_commit_id(repository.reference))
        throw forbidden(url + (repository.reference.empty() ? "" : "@") + repository.reference,
                        "options.policy.full_commit_ids", "only the full id of a commit after '@'");
    if (rules.signed_by && rules.signed_by->ssh.empty() && rules.signed_by->gpg.empty())
        throw forbidden(url, "options.policy.signed_by", "nothing");
}

/// `driver::parse` under a policy.
template <class System = posix>
driver permitted_driver(std::string_view text, const policy& rules) {
    spelled_driver as_text = spelled<System>(text);
    driver& wanted = as_text.of;
    const auto require_kind = [&](bool permitted) {
        if (!permitted)
            throw forbidden(wanted.place, "options.policy.kinds", in_words(rules.kinds, plural));
    };
    if (as_text.is_path) {
        require_kind(rules.kinds(driver::kind::library) || rules.kinds(driver::kind::directory));
        wanted.place = permitted_path<System>(wanted.place, rules);
        wanted = looked_at<System>(std::move(wanted));
    }
    require_kind(rules.kinds(wanted.what));
    if (wanted.what == driver::kind::repository)
        require_permitted_repository<System>(wanted, rules);
    return std::move(wanted);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
