// SPDX-License-Identifier: MIT
#ifndef TENON_DRIVER_HPP
#define TENON_DRIVER_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/allow_list.hpp>
#include <tenon/error.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

inline error unknown_name(std::string_view type, std::string_view name, std::string_view known,
                          std::string_view here, std::string_view searched = "") {
    return {errc::not_found, concatenated({"unknown name '", name, "' of plugin type '", type, "'; ",
                                           known.empty() ? "there are no plugins of that type" : "known: ",
                                           known, searched.empty() ? "" : "; searched: ", searched,
                                           here.empty() ? "" : "; there is a '", here,
                                           here.empty() ? "" : "', and a path has to contain a slash"})};
}

inline error empty_driver() {
    return {errc::malformed_driver,
            "the driver is empty: it has to be the name of a plugin, the path of a library or of a "
            "directory with its source, or the URL of a repository"};
}

inline error driver_too_long(std::size_t size, std::size_t longest) {
    return {errc::malformed_driver,
            concatenated({"a driver of ", std::to_string(size), " characters is too long: it may have ",
                          std::to_string(longest)})};
}

inline error control_character(std::string_view escaped) {
    return {errc::malformed_driver,
            concatenated({"the driver '", escaped, "' has a control character, and none may"})};
}

inline error no_transport(std::string_view driver, std::string_view meant) {
    return {errc::malformed_driver,
            concatenated(
                {"the driver '", driver,
                 "' is neither a repository nor a path: a repository is written https://host/user/repo or "
                 "git+ssh://git@host/user/repo, and a path whose first name has a colon begins with ./",
                 meant.empty() ? "" : "; write ", meant})};
}

inline error bad_repository(std::string_view url, std::string_view why, std::string_view meant) {
    return {errc::malformed_driver, concatenated({"the repository '", url, "' is refused: ", why,
                                                  meant.empty() ? "" : "; write ", meant})};
}

inline error bad_name(std::string_view name, std::string_view here) {
    return {
        errc::malformed_driver,
        concatenated({"'", name,
                      "' is no name for a plugin: it has to be [a-z][a-z0-9_-]*, and a path has to contain a "
                      "slash",
                      here.empty() ? "" : "; there is a '", here, here.empty() ? "" : "'"})};
}

inline error foreign_source(const std::string& path) {
    return {errc::malformed_driver,
            concatenated(
                {"'", path,
                 "' is neither a library nor a source that is compiled: such a source ends in .cpp, .cc, "
                 ".cxx, .c++, .cp, .CPP or .C; a directory with a CMakeLists.txt can have others "
                 "compiled"}),
            path};
}

inline error bad_choice(const std::string& path, std::string_view choice, std::string_view why,
                        std::string_view repository) {
    return {errc::malformed_driver,
            concatenated({"the driver '", path, "#", choice, "' is refused: ", why,
                          repository.empty() ? "" : "; a repository is written ", repository}),
            path};
}

inline error bad_plugin_choice(const std::string& path, std::string_view plugin) {
    return {
        errc::malformed_driver,
        concatenated({"'", plugin, "', which follows '", path,
                      "#', is no name for a plugin: it has to be [a-z][a-z0-9_-]*; where the "
                      "'#' is part of a file's name, add another and the plugin, and where of a directory's, "
                      "a slash"}),
        path};
}

inline error no_such_path(const std::string& path, std::string_view instead, std::string_view repository) {
    return {errc::not_found,
            concatenated({"there is no '", path, "'; ", instead,
                          repository.empty() ? "" : "; a repository is written ", repository}),
            path};
}

inline error dangling_link(const std::string& path, std::string_view target) {
    return {errc::not_found,
            concatenated({"'", path, "' is a symbolic link to '", target, "', which is not there"}), path};
}

inline error neither_file_nor_directory(const std::string& path) {
    return {errc::system_call, concatenated({"'", path, "' is neither a file nor a directory"}), path};
}

inline error no_targets_here(const std::string& path, std::string_view target) {
    return {
        errc::not_found,
        concatenated({"'", path, "' has no target '", target, "': it is no directory with a CMakeLists.txt"}),
        path};
}

} // namespace TENON_OWN
} // namespace detail

/// What one string of a configuration says about where a plugin comes from.
///
///     json                                                          a name: built in, or in the search path
///     ./libmany.so#ldap                                             a library, and which of its plugins
///     ./drivers/ldap                                                a directory of source
///     ./drivers#target=json&plugin=json                             which target of its CMakeLists.txt
///     ./drivers/ldap.cpp                                            one source
///     https://host/user/repo                                        a repository, at its default branch
///     git+ssh://git@host/user/repo@v1.2#subdirectory=drivers/json&plugin=json
///
/// A path contains a slash, and a name never does. The last component of a path may end in `#` and a plugin's
/// name, or what a repository's may; a file whose own name has a `#` needs a second one, and a directory a
/// slash at its end.
///
/// A repository begins with `https://`, `git+https://`, `git+ssh://` or `git+file:///`; what follows is
/// spelled as pip does. The branch, tag or full commit id follows the first `@` after the host that does not
/// follow a slash, so that both `/@user/repo` and the tag `json@1.2` can be written; any other `@` of a path
/// is written `%40`. Percent-encoding of the address is left as it is, for git to read; the `#` of a branch
/// or tag is written `%23`, and a `%` that two hexadecimal digits follow `%25`. Only ssh takes a user, and
/// nothing takes a password: URLs end up in logs.
struct TENON_HOST_TYPE driver {
    enum class kind {
        name,
        /// or one source
        library,
        directory,
        repository
    };

    kind what = kind::name;
    std::string place{};        ///< the name; the path; or the URL, as git takes it
    std::string plugin{};       ///< which of its plugins; empty: the only one
    std::string reference{};    ///< of a repository: branch, tag or commit id; empty: its default branch
    std::string subdirectory{}; ///< of a repository; empty: all of it
    std::string target{};       ///< of a directory's CMakeLists.txt; empty: the only one that may be a plugin

    /// Looks at the file system only to tell a file from a directory.
    template <class System = detail::posix>
    static driver parse(std::string_view text);
};

namespace detail {
inline namespace TENON_OWN {

constexpr bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter_or_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool all_are(bool (*kind)(char), std::string_view text) {
    return std::all_of(text.begin(), text.end(), kind);
}

/// For messages: a terminal does not obey what it shows, but for the control characters that are kept.
inline std::string escaped(std::string_view text, std::string_view kept = "") {
    std::string safe;
    for (const char c : text)
        if (is_control(c) && kept.find(c) == kept.npos) {
            constexpr char digits[] = "0123456789abcdef";
            safe.append("\\x").append(1, digits[(c >> 4) & 15]).append(1, digits[c & 15]);
        } else {
            safe += c;
        }
    return safe;
}

/// For messages: without what may be a secret. A password that is not encoded may itself contain slashes and
/// at signs, and a token is often given as the user, so that rather too much is hidden; only the user of ssh
/// is never a secret.
inline std::string without_credentials(std::string_view text) {
    const auto scheme = text.find("://");
    const auto begin = scheme == text.npos ? 0 : scheme + 3;
    const std::string_view authority = text.substr(begin, text.find('/', begin) - begin);
    const auto at = authority.find('@'), colon = authority.find(':');
    const bool scp_like = scheme == text.npos && at < colon;
    const bool port =
        authority.starts_with('[') || authority.find_first_not_of("0123456789", colon + 1) == authority.npos;

    auto end = text.npos;
    if (colon != authority.npos && !port && !scp_like)
        end = text.rfind('@');
    else if (scheme != text.npos && at != authority.npos && !text.substr(0, scheme).ends_with("ssh"))
        end = begin + authority.rfind('@');
    if (end == text.npos || end < begin)
        return std::string(text);
    return std::string(text.substr(0, begin)).append("***").append(text.substr(end));
}

/// Whether all of a text is the id of a commit, in either of git's two object formats.
constexpr bool is_commit_id(std::string_view text) {
    return (text.size() == 40 || text.size() == 64) && all_are(is_hex_digit, text);
}

/// git's own rules for the name of a branch or tag, git-check-ref-format(1), and no leading hyphen.
constexpr bool is_reference(std::string_view text) {
    if (text.empty() || text == "@" || text.front() == '-' || text.back() == '.' ||
        text.find("..") != text.npos || text.find("@{") != text.npos ||
        text.find_first_of(" ~^:?*[\\") != text.npos || std::any_of(text.begin(), text.end(), is_control))
        return false;
    for (;;) {
        const auto slash = text.find('/');
        const std::string_view component = text.substr(0, slash);
        if (component.empty() || component.front() == '.' || component.ends_with(".lock"))
            return false;
        if (slash == text.npos)
            return true;
        text.remove_prefix(slash + 1);
    }
}

/// Whether a relative path stays below where it begins, and is no option to any program.
constexpr bool stays_below(std::string_view path) {
    if (path.starts_with('-'))
        return false;
    for (;;) {
        const auto slash = path.find('/');
        const std::string_view component = path.substr(0, slash);
        if (component.empty() || component == "." || component == "..")
            return false;
        if (slash == path.npos)
            return true;
        path.remove_prefix(slash + 1);
    }
}

/// `host`, `host:22`, `[::1]:22`: narrower than the standard for URLs, so that nothing is left that ssh could
/// take for an option.
constexpr bool is_host(std::string_view text) {
    if (const auto colon = text.rfind(':'); colon != text.npos && !text.ends_with(']')) {
        const std::string_view port = text.substr(colon + 1);
        if (port.empty() || !all_are(is_digit, port))
            return false;
        text = text.substr(0, colon);
    }
    if (text.size() > 2 && text.starts_with('[') && text.ends_with(']'))
        return all_are([](char c) { return is_hex_digit(c) || c == ':' || c == '.'; },
                       text.substr(1, text.size() - 2));
    return !text.empty() && text.front() != '-' && text.front() != '.' &&
           all_are([](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; }, text);
}

constexpr bool is_user(std::string_view text) {
    return !text.empty() && text.front() != '-' &&
           all_are(
               [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '+'; },
               text);
}

/// Whether percent-encoding hides a control character: a line break in a URL has made git ask one host's
/// password for another.
constexpr bool hides_control(std::string_view url) {
    for (std::size_t i = 0; i + 2 < url.size(); ++i)
        if (url[i] == '%' &&
            (url[i + 1] == '0' || url[i + 1] == '1' || (url[i + 1] == '7' && (url[i + 2] | 0x20) == 'f')))
            return true;
    return false;
}

/// A text without its percent-encoding. What is no such encoding stays as it is.
inline std::string percent_decoded(std::string_view text) {
    const auto digit = [](char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; };
    std::string decoded;
    while (!text.empty()) {
        const bool encoded =
            text.size() > 2 && text[0] == '%' && is_hex_digit(text[1]) && is_hex_digit(text[2]);
        decoded += encoded ? static_cast<char>(digit(text[1]) << 4 | digit(text[2])) : text[0];
        text.remove_prefix(encoded ? 3 : 1);
    }
    return decoded;
}

/// A name that CMake gives a target by itself.
constexpr bool is_target(std::string_view text) {
    return !text.empty() && text.front() != '-' &&
           all_are(
               [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_' || c == '+'; },
               text);
}

/// Takes what follows a `#` apart: `KEY=VALUE`, joined by `&`, of these keys. `refused` makes an error of
/// what is wrong.
template <class Refused>
void parse_choices(std::string_view text, driver& into, bool in_repository, const Refused& refused) {
    for (bool more = true; more;) {
        const std::string_view part = text.substr(0, text.find('&'));
        more = part.size() < text.size();
        text.remove_prefix(part.size() + more);
        const auto equals = part.find('=');
        const std::string_view key = part.substr(0, equals);
        std::string* const value = key == "subdirectory" && in_repository ? &into.subdirectory
                                   : key == "plugin"                      ? &into.plugin
                                   : key == "target"                      ? &into.target
                                                                          : nullptr;
        if (!value || equals == part.npos)
            throw refused(
                std::string("after '#' it may have ") + (in_repository ? "subdirectory=FOLDER, " : "") +
                "target=NAME and plugin=NAME, joined by '&', and nothing else" +
                (in_repository ? "; a branch, tag or commit id follows '@', and a '#' in it is %23" : ""));
        if (!value->empty())
            throw refused("it says " + std::string(key) + "= twice");
        *value = part.substr(equals + 1);
        if (value == &into.plugin && !well_named(*value))
            throw refused("the name of its plugin has to be [a-z][a-z0-9_-]*");
        if (value == &into.target && !is_target(*value))
            throw refused(
                "the name of its target has to be letters, digits and ._+-, and not begin with '-'");
        if (value == &into.subdirectory && !stays_below(*value))
            throw refused("its subdirectory has to be a relative path without '.', '..' and a leading '-'");
    }
}

/// How many letters one has to change, add or remove to make one text of the other.
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

/// The known names, each once, those most like the wanted one first.
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

/// For messages: `a, b, c and 4 more`, those most like the wanted one first; empty where nothing is known.
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

/// The path of a file or directory in the current directory that somebody who wrote this name may have meant;
/// else empty.
template <class System = posix>
std::string found_here(std::string_view name) {
    if (name.empty() || name.find('/') != name.npos)
        return "";
    const std::string as_it_is = "./" + std::string(name);
    for (const std::string& path : {as_it_is, as_it_is + ".so", "./lib" + std::string(name) + ".so"})
        if (struct stat found; System::stat(path.c_str(), &found) == 0 &&
                               (path == as_it_is || (S_ISREG(found.st_mode) && found.st_size != 0)))
            return path;
    return "";
}

/// Throws where a path is a symbolic link that leads nowhere, or in a circle.
template <class System = posix>
void require_no_dangling_link(const std::string& path) {
    struct stat found{};
    if (System::lstat(path.c_str(), &found) != 0 || !S_ISLNK(found.st_mode) ||
        System::stat(path.c_str(), &found) == 0)
        return;
    if (errno != ENOENT && errno != ENOTDIR)
        throw error::system_call("look at", path, errno);
    std::string target(4096, '\0');
    const ssize_t size = System::readlink(path.c_str(), target.data(), target.size());
    target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    throw detail::dangling_link(path, escaped(target));
}

/// Takes the URL of a repository apart. `refused` makes an error of what is wrong.
template <class Refused>
driver parse_repository(std::string_view text, const Refused& refused) {
    const bool spelled_out = text.starts_with("git+");
    std::string_view rest = text.substr(spelled_out ? 4 : 0);
    const std::string_view transport = rest.substr(0, rest.find("://"));
    if (transport == rest ||
        (transport != "https" && !(spelled_out && (transport == "ssh" || transport == "file"))))
        throw refused("it has to begin with https://, git+https://, git+ssh:// or git+file:///");
    const std::string_view address = rest.substr(0, rest.find('#'));
    const std::string_view fragment = rest.substr(address.size());

    const std::size_t begin = transport.size() + 3;
    std::string_view host = address.substr(begin, address.find('/', begin) - begin);
    std::string_view path = address.substr(begin + host.size());
    if (const auto at = host.rfind('@'); at != host.npos) {
        const std::string_view user = host.substr(0, at);
        if (transport != "ssh" || user.find(':') != user.npos)
            throw refused("credentials do not belong in it, because it ends up in logs; leave them to git's "
                          "credential helper "
                          "or to ssh");
        if (!is_user(user))
            throw refused("its user is not one that ssh takes");
        host.remove_prefix(at + 1);
    }
    if (transport == "file" && !host.empty())
        throw refused("the path has to be absolute, as in git+file:///srv/repo");
    if (transport == "ssh" && !is_host(host) && is_host(host.substr(0, host.find(':'))))
        throw refused("its path follows the host behind a '/', and not behind a ':', which is for a port");
    if (transport != "file" && !is_host(host))
        throw refused("it has no host, or one that is not letters, digits, dots and hyphens");

    driver parsed{.what = driver::kind::repository};
    for (std::size_t i = 1; i < path.size(); ++i)
        if (path[i] == '@' && path[i - 1] != '/') {
            parsed.reference = percent_decoded(path.substr(i + 1));
            path = path.substr(0, i);
            if (!is_reference(parsed.reference))
                throw refused(
                    std::string(
                        "what follows '@' is no name that git allows for a branch or tag, and no commit id") +
                    (fragment.empty() ? "" : "; a '#' in it is written %23"));
        }
    if (path.find_first_not_of('/') == path.npos)
        throw refused("it has no path after the host");
    if (path.find(' ') != path.npos)
        throw refused("a space in it is written %20");
    if (hides_control(path))
        throw refused("it hides a control character in percent-encoding");
    parsed.place = address.substr(0, static_cast<std::size_t>(path.data() + path.size() - address.data()));

    if (!fragment.empty())
        parse_choices(fragment.substr(1), parsed, true, refused);
    return parsed;
}

/// Whether a text is a repository's URL, as tenon spells it.
inline bool is_repository(std::string_view text) {
    struct refusal {};
    try {
        parse_repository(text, [](std::string_view) { return refusal(); });
        return true;
    } catch (const refusal&) {
        return false;
    }
}

/// `git@host:user/repo` and the like as a URL; empty if the text is not spelled so.
inline std::string url_of_scp(std::string_view text) {
    constexpr std::pair<std::string_view, std::string_view> forges[] = {
        {"github", "github.com"}, {"gitlab", "gitlab.com"}, {"bitbucket", "bitbucket.org"}};
    const auto colon = text.find(':');
    if (colon == text.npos || colon > text.find('/'))
        return "";
    const std::string_view authority = text.substr(0, colon);
    std::string_view path = text.substr(colon + 1);
    for (const auto& [name, host] : forges)
        if (authority == name)
            return "https://" + std::string(host) + "/" + std::string(path);
    if (const std::string_view port = path.substr(0, path.find('/'));
        !port.empty() && all_are(is_digit, port))
        return "https://" + std::string(text);
    if (authority.find_first_of("@.") == authority.npos)
        return "";
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    return "git+ssh://" + std::string(authority) + "/" + std::string(path);
}

/// `?ref=v1` and what else other tools have for a reference and a subdirectory, rewritten to `@v1` and
/// `#subdirectory=`; empty if the query says something else.
inline std::string without_query(std::string_view url) {
    const auto mark = url.find('?');
    std::string address(url.substr(0, mark)), reference, subdirectory;
    std::string_view query = url.substr(mark + 1);
    query = query.substr(0, query.find('#'));
    const auto is_one_of = [](std::string_view key, std::initializer_list<std::string_view> keys) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        const auto equals = std::min(part.find('='), part.size());
        const std::string_view key = part.substr(0, equals),
                               value = part.substr(std::min(equals + 1, part.size()));
        if (is_one_of(key, {"ref", "rev", "branch", "tag", "commit"}))
            reference = value;
        else if (is_one_of(key, {"dir", "subdir", "subdirectory", "path"}))
            subdirectory = value;
        else if (key != "depth")
            return "";
    }
    // Terraform and go-getter write a subdirectory behind two slashes.
    if (const auto two = address.find("//", address.find("://") + 3); two != address.npos) {
        subdirectory = address.substr(two + 2);
        address.resize(two);
    }
    return address + (reference.empty() ? "" : "@" + reference) +
           (subdirectory.empty() ? "" : "#subdirectory=" + subdirectory);
}

/// What was probably meant by a text that names no repository as it is, spelled so that it does; empty where
/// nothing comes close, and where there may be a secret in it.
inline std::string meant_repository(std::string_view text) {
    if (without_credentials(text) != text)
        return "";
    for (const std::string_view prefix : {"git::", "git+"})
        text.remove_prefix(text.starts_with(prefix) ? prefix.size() : 0);
    std::string url;
    if (const auto scheme = text.find("://"); scheme == text.npos) {
        url = text.find(':') < text.find('/') ? url_of_scp(text) : "https://" + std::string(text);
    } else {
        const std::string name = in_small_letters(text.substr(0, scheme)), rest(text.substr(scheme));
        url = name == "ssh" || name == "file"                      ? "git+" + name + rest
              : name == "https" || name == "http" || name == "git" ? "https" + rest
                                                                   : "";
        // `git+ssh://git@host:user/repo` is spelled by half as scp does.
        const auto host = url.find("://") + 3, colon = url.find(':', host);
        if (name == "ssh" && colon < url.find('/', host) && !is_repository(url))
            url[colon] = '/';
    }
    if (url.find('?') != url.npos)
        url = without_query(url);
    return url != text && is_repository(url) ? url : "";
}

/// What a page of a forge shows, as a repository: of `https://host/user/repo/tree/v1/json` that is
/// `https://host/user/repo@v1#subdirectory=json`. Empty where the address is like none.
inline std::string repository_of_page(std::string_view url) {
    for (const std::string_view mark :
         {"/-/tree/", "/-/blob/", "/-/commit/", "/-/tags/", "/tree/", "/blob/", "/commit/", "/releases/tag/",
          "/src/branch/", "/src/tag/", "/src/commit/"}) {
        const auto at = url.find(mark);
        if (at == url.npos)
            continue;
        const std::string_view rest = url.substr(at + mark.size()),
                               reference = rest.substr(0, rest.find('/'));
        const bool folder = reference.size() < rest.size() && mark.find("blob") == mark.npos;
        std::string meant = std::string(url.substr(0, at)) + "@" + std::string(reference);
        if (folder)
            meant.append("#subdirectory=").append(rest.substr(reference.size() + 1));
        return is_repository(meant) ? meant : "";
    }
    return "";
}

inline driver parse_repository(std::string_view text) {
    const auto refused = [&](std::string_view why) {
        return detail::bad_repository(without_credentials(text), why, meant_repository(text));
    };
    // git itself would ask the server for a path with the query in it.
    if (const auto query = text.find('?'); query < text.find('#') && !meant_repository(text).empty())
        throw refused("a branch, tag or commit id follows '@', and a folder '#subdirectory='");
    return parse_repository(text, refused);
}

/// What is in the folder where a path is missing, for the error.
template <class System>
std::string instead_of(const std::string& path) {
    const std::string folder(parent(path));
    struct stat found{};
    if (System::stat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
        System::access(folder.c_str(), R_OK) != 0)
        return "'" + folder + "' is no folder that can be looked into";
    const std::vector<std::string> names = names_in<System>(folder);
    return names.empty() ? "'" + folder + "' is empty"
                         : "'" + folder + "' has " + likeliest(basename(path), names);
}

/// The repository that was probably meant by a relative path that leads nowhere, `host.tld/user/repo`; empty
/// where the path is not so, and where its first folder is there.
template <class System>
std::string repository_meant_by(std::string_view path) {
    const auto host_end = path.find('/');
    const std::string host(path.substr(0, host_end));
    struct stat found{};
    const bool like_a_host =
        !host.empty() && host.find('.', 1) != host.npos && host.back() != '.' && is_host(host);
    if (!like_a_host || host_end == path.npos || path.find('/', host_end + 1) == path.npos ||
        System::stat(host.c_str(), &found) == 0)
        return "";
    return meant_repository(path);
}

/// A driver as far as its text tells; whether a path is a library or a directory, only the file system does.
struct spelled_driver {
    driver of;
    bool is_path = false;
};

template <class System>
spelled_driver spelled_path(std::string_view text) {
    driver found;
    const std::string repository = repository_meant_by<System>(text);
    if (const auto hash = text.rfind('#'); hash != text.npos && hash > text.rfind('/')) {
        const std::string_view choice = text.substr(hash + 1);
        text = text.substr(0, hash);
        if (choice.find('=') != choice.npos) {
            parse_choices(choice, found, false, [&](std::string_view why) {
                return detail::bad_choice(std::string(text), choice, why, repository);
            });
        } else {
            found.plugin = choice;
            if (!well_named(choice))
                throw detail::bad_plugin_choice(std::string(text), choice);
        }
    }
    while (text.size() > 1 && text.ends_with("//"))
        text.remove_suffix(1);
    found.place = text;
    return {std::move(found), true};
}

/// Throws where a driver names nothing.
template <class System = posix>
spelled_driver spelled(std::string_view text) {
    constexpr std::size_t longest = 4096;
    if (text.empty())
        throw detail::empty_driver();
    if (text.size() > longest)
        throw detail::driver_too_long(text.size(), longest);
    if (std::any_of(text.begin(), text.end(), is_control))
        throw detail::control_character(escaped(without_credentials(text)));

    const auto slash = text.find('/'), scheme = text.find("://");
    if (text.starts_with("git+") || (scheme != text.npos && slash == scheme + 1))
        return {parse_repository(text)};
    // `git@host:repo` and `ext::command` are things that git itself would take.
    if (const auto colon = text.find(':'); colon < slash && colon < text.find('#'))
        throw detail::no_transport(without_credentials(text), meant_repository(text));
    if (slash != text.npos)
        return spelled_path<System>(text);
    if (!well_named(text))
        throw detail::bad_name(text, found_here<System>(text.substr(0, text.find('#'))));
    return {{.what = driver::kind::name, .place = std::string(text)}};
}

/// What a path is.
template <class System = posix>
driver looked_at(driver path) {
    struct stat found{};
    if (System::stat(path.place.c_str(), &found) != 0) {
        const int why = errno;
        if (why != ENOENT)
            throw error::system_call("look at", path.place, why);
        while (path.place.size() > 1 && path.place.back() == '/')
            path.place.pop_back();
        require_no_dangling_link<System>(path.place);
        throw detail::no_such_path(path.place, instead_of<System>(path.place),
                                   repository_meant_by<System>(path.place));
    }
    if (S_ISREG(found.st_mode) && is_foreign_source_name(basename(path.place)))
        throw detail::foreign_source(path.place);
    if (S_ISREG(found.st_mode))
        path.what = is_source_name(basename(path.place)) ? driver::kind::directory : driver::kind::library;
    else if (S_ISDIR(found.st_mode))
        path.what = driver::kind::directory;
    else
        throw detail::neither_file_nor_directory(path.place);
    if (!path.target.empty() && !S_ISDIR(found.st_mode))
        throw detail::no_targets_here(path.place, path.target);
    if (path.place.size() > 1 && path.place.back() == '/')
        path.place.pop_back();
    return path;
}

/// The text that `driver::parse` makes this of. A placeholder may stand for a name.
inline std::string text_of(const driver& from) {
    std::string text = from.place;
    const bool repository = from.what == driver::kind::repository;
    if (repository && !text.starts_with("https:"))
        text.insert(0, "git+");
    if (!from.reference.empty())
        text += '@';
    for (std::size_t i = 0; i < from.reference.size(); ++i) {
        const std::string_view rest = std::string_view(from.reference).substr(i);
        const bool encoded =
            rest.size() > 2 && rest[0] == '%' && is_hex_digit(rest[1]) && is_hex_digit(rest[2]);
        text += rest[0] == '#' ? "%23" : encoded ? "%25" : std::string(1, rest[0]);
    }
    if (from.what == driver::kind::directory && basename(text).find('#') != text.npos)
        text += '/';
    const bool plugin_alone = !repository && from.target.empty();
    const char* before = "#";
    for (const auto& [key, value] :
         {std::pair<const char*, const std::string&>{"subdirectory=", from.subdirectory},
          {"target=", from.target},
          {plugin_alone ? "" : "plugin=", from.plugin}})
        if (!value.empty())
            text.append(std::exchange(before, "&")).append(key).append(value);
    return text;
}

} // namespace TENON_OWN
} // namespace detail

template <class System>
driver driver::parse(std::string_view text) {
    detail::spelled_driver found = detail::spelled<System>(text);
    return found.is_path ? detail::looked_at<System>(std::move(found.of)) : std::move(found.of);
}

} // namespace tenon::inline v1

#endif
