// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_SUGGESTIONS_HPP
#define TENON_DETAIL_SOURCE_SUGGESTIONS_HPP

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <tenon/version.hpp>

#include <tenon/detail/source/driver_text.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>

// Suggestions for a name or an address that leads nowhere.

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The number of letters to change, add or remove to turn one text into the other (Levenshtein distance).
inline std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t j = 0; j <= to.size(); ++j)
        row[j] = j;
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t changed = diagonal + (from[i] != to[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/// The known names without repetition, those closest to the wanted one first.
inline std::vector<std::string> by_likeness(std::string_view wanted, const std::vector<std::string>& known) {
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (const std::string& name : known)
        ranked.emplace_back(edit_distance(wanted, name), name);
    std::sort(ranked.begin(), ranked.end());
    ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
    std::vector<std::string> names;
    for (auto& [distance, name] : ranked)
        names.push_back(std::move(name));
    return names;
}

/// The closest names for messages, `a, b, c and 4 more`; empty if no name is known.
inline std::string likeliest(std::string_view wanted, const std::vector<std::string>& known) {
    constexpr std::size_t most = 8;
    const std::vector<std::string> names = by_likeness(wanted, known);
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < most; ++i)
        text.append(i ? ", " : "").append(escaped(names[i]));
    if (names.size() > most)
        text.append(" and ").append(std::to_string(names.size() - most)).append(" more");
    return text;
}

/// The path of a file or directory in the current directory that the writer of a name may have meant; empty
/// if there is none.
template <class System = posix>
std::string found_here(std::string_view name) {
    if (name.empty() || name.find('/') != name.npos)
        return "";
    const std::string as_it_is = "./" + std::string(name);
    for (const std::string& path : {as_it_is, as_it_is + ".so", "./lib" + std::string(name) + ".so"})
        if (struct stat status; System::stat(path.c_str(), &status) == 0 &&
                                (path == as_it_is || (S_ISREG(status.st_mode) && status.st_size != 0)))
            return path;
    return "";
}

/// `git@host:user/repo` and the like as a URL; none where the text is not spelled so.
inline std::optional<std::string> url_of_scp(std::string_view text) {
    constexpr std::pair<std::string_view, std::string_view> forges[] = {
        {"github", "github.com"}, {"gitlab", "gitlab.com"}, {"bitbucket", "bitbucket.org"}};
    const auto colon = text.find(':');
    if (colon == text.npos || colon > text.find('/'))
        return std::nullopt;
    const std::string_view authority = text.substr(0, colon);
    std::string_view path = text.substr(colon + 1);
    for (const auto& [name, host] : forges)
        if (authority == name)
            return "https://" + std::string(host) + "/" + std::string(path);
    if (const std::string_view port = path.substr(0, path.find('/'));
        !port.empty() && all_are(is_digit, port))
        return "https://" + std::string(text);
    if (authority.find_first_of("@.") == authority.npos)
        return std::nullopt;
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    return "git+ssh://" + std::string(authority) + "/" + std::string(path);
}

/// The URL with `?ref=v1`, and other tools' queries for a reference and a subdirectory, rewritten to `@v1`
/// and `#subdirectory=`. None for a query with another meaning.
inline std::optional<std::string> without_query(std::string_view url) {
    const auto mark = url.find('?');
    std::string address(url.substr(0, mark)), reference, subdirectory;
    std::string_view query = url.substr(mark + 1);
    query = query.substr(0, query.find('#'));
    const auto is_one_of = [](std::string_view key, std::initializer_list<std::string_view> keys) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    while (!query.empty()) {
        const std::string_view part = take_until(query, '&');
        const auto equals = std::min(part.find('='), part.size());
        const std::string_view key = part.substr(0, equals),
                               value = part.substr(std::min(equals + 1, part.size()));
        if (is_one_of(key, {"ref", "rev", "branch", "tag", "commit"}))
            reference = value;
        else if (is_one_of(key, {"dir", "subdir", "subdirectory", "path"}))
            subdirectory = value;
        else if (key != "depth")
            return std::nullopt;
    }
    // Terraform and go-getter write a subdirectory behind two slashes.
    if (const auto two = address.find("//", address.find("://") + 3); two != address.npos) {
        subdirectory = address.substr(two + 2);
        address.resize(two);
    }
    return address + (reference.empty() ? "" : "@" + reference) +
           (subdirectory.empty() ? "" : "#subdirectory=" + subdirectory);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
