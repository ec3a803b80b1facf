// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_DRIVER_PARSER_HPP
#define TENON_DETAIL_SOURCE_DRIVER_PARSER_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/source/driver_text.hpp>
#include <tenon/detail/source/suggestions.hpp>
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

/// Parses the part after a `#`: `KEY=VALUE`, joined by `&`, with these keys. `refused` turns a complaint into
/// an error.
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

/// Throws for a symbolic link that leads nowhere or in a circle.
template <class System = posix>
void require_no_dangling_link(const std::string& path) {
    struct stat status{};
    if (System::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode) ||
        System::stat(path.c_str(), &status) == 0)
        return;
    if (errno != ENOENT && errno != ENOTDIR)
        throw error::system_call("look at", path, errno);
    std::string target(4096, '\0');
    const ssize_t size = System::readlink(path.c_str(), target.data(), target.size());
    target.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    throw dangling_link(path, escaped(target));
}

/// Parses the URL of a repository. `refused` turns a complaint into an error.
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
    constexpr std::string_view credentials =
        "credentials do not belong in it, because it ends up in logs; leave "
        "them to git's credential helper or to ssh";
    if (without_query_secrets(address) != address)
        throw refused(credentials);
    if (const auto at = host.rfind('@'); at != host.npos) {
        const std::string_view user = host.substr(0, at);
        if (transport != "ssh" || user.find(':') != user.npos)
            throw refused(credentials);
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

/// True for the URL of a repository in tenon's spelling.
inline bool is_repository(std::string_view text) {
    struct refusal {};
    try {
        parse_repository(text, [](std::string_view) { return refusal(); });
        return true;
    } catch (const refusal&) {
        return false;
    }
}

/// The repository URL that a wrongly spelled text probably means. None if nothing comes close, or if the text
/// may contain a secret.
inline std::optional<std::string> meant_repository(std::string_view text) {
    if (without_credentials(text) != text)
        return std::nullopt;
    for (const std::string_view prefix : {"git::", "git+"})
        text.remove_prefix(text.starts_with(prefix) ? prefix.size() : 0);
    std::string url;
    if (const auto scheme = text.find("://"); scheme == text.npos) {
        url =
            text.find(':') < text.find('/') ? url_of_scp(text).value_or("") : "https://" + std::string(text);
    } else {
        const std::string name = in_small_letters(text.substr(0, scheme)), rest(text.substr(scheme));
        url = name == "ssh" || name == "file"                      ? "git+" + name + rest
              : name == "https" || name == "http" || name == "git" ? "https" + rest
                                                                   : "";
        // `git+ssh://git@host:user/repo` mixes a URL with the spelling of scp.
        const auto host = url.find("://") + 3, colon = url.find(':', host);
        if (name == "ssh" && colon < url.find('/', host) && !is_repository(url))
            url[colon] = '/';
    }
    if (url.find('?') != url.npos)
        url = without_query(url).value_or("");
    return url != text && is_repository(url) ? std::optional(std::move(url)) : std::nullopt;
}

/// The repository URL for the web page of a forge: for `https://host/user/repo/tree/v1/json`,
/// `https://host/user/repo@v1#subdirectory=json`. None for other addresses.
inline std::optional<std::string> repository_of_page(std::string_view url) {
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
        return is_repository(meant) ? std::optional(std::move(meant)) : std::nullopt;
    }
    return std::nullopt;
}

inline driver parse_repository(std::string_view text) {
    const auto refused = [&](std::string_view why) {
        return bad_repository(without_credentials(text), why, meant_repository(text).value_or(""));
    };
    // git itself would pass the query on to the server as part of the path.
    if (const auto query = text.find('?'); query < text.find('#') && meant_repository(text))
        throw refused("a branch, tag or commit id follows '@', and a folder '#subdirectory='");
    return parse_repository(text, refused);
}

/// The names beside a missing path, for the error.
template <class System>
std::string instead_of(const std::string& path) {
    const std::string folder(parent(path));
    struct stat status{};
    if (System::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
        System::access(folder.c_str(), R_OK) != 0)
        return "'" + folder + "' is no folder that can be looked into";
    const std::vector<std::string> names = names_in<System>(folder);
    return names.empty() ? "'" + folder + "' is empty"
                         : "'" + folder + "' has " + likeliest(basename(path), names);
}

/// The repository that a missing relative path like `host.tld/user/repo` probably means. Empty for other
/// paths, and if the first folder exists.
template <class System>
std::string repository_meant_by(std::string_view path) {
    const auto host_end = path.find('/');
    const std::string host(path.substr(0, host_end));
    struct stat status{};
    const bool like_a_host =
        !host.empty() && host.find('.', 1) != host.npos && host.back() != '.' && is_host(host);
    if (!like_a_host || host_end == path.npos || path.find('/', host_end + 1) == path.npos ||
        System::stat(host.c_str(), &status) == 0)
        return "";
    return meant_repository(path).value_or("");
}

/// A driver as far as its text tells. Only the file system tells a library from a directory.
struct spelled_driver {
    driver of;
    bool is_path = false;
};

template <class System>
spelled_driver spelled_path(std::string_view text) {
    driver result;
    const std::string repository = repository_meant_by<System>(text);
    if (const auto hash = text.rfind('#'); hash != text.npos && hash > text.rfind('/')) {
        const std::string_view choice = text.substr(hash + 1);
        text = text.substr(0, hash);
        if (choice.find('=') != choice.npos) {
            parse_choices(choice, result, false, [&](std::string_view why) {
                return bad_choice(std::string(text), choice, why, repository);
            });
        } else {
            result.plugin = choice;
            if (!well_named(choice))
                throw bad_plugin_choice(std::string(text), choice);
        }
    }
    while (text.size() > 1 && text.ends_with("//"))
        text.remove_suffix(1);
    result.place = text;
    return {std::move(result), true};
}

/// Parses the text of a driver. Throws `error` for a malformed one.
template <class System = posix>
spelled_driver spelled(std::string_view text) {
    constexpr std::size_t longest = 4096;
    if (text.empty())
        throw empty_driver();
    if (text.size() > longest)
        throw driver_too_long(text.size(), longest);
    if (std::any_of(text.begin(), text.end(), is_control))
        throw control_character(escaped(without_credentials(text)));

    const auto slash = text.find('/'), scheme = text.find("://");
    if (text.starts_with("git+") || (scheme != text.npos && slash == scheme + 1))
        return {parse_repository(text)};
    // git itself would take `git@host:repo` and `ext::command`.
    if (const auto colon = text.find(':'); colon < slash && colon < text.find('#'))
        throw no_transport(without_credentials(text), meant_repository(text).value_or(""));
    if (slash != text.npos)
        return spelled_path<System>(text);
    if (!well_named(text))
        throw bad_name(text, found_here<System>(text.substr(0, text.find('#'))));
    return {{.what = driver::kind::name, .place = std::string(text)}};
}

/// Whether a path is a library or a directory.
template <class System = posix>
driver looked_at(driver path) {
    struct stat status{};
    if (System::stat(path.place.c_str(), &status) != 0) {
        const int why = errno;
        if (why != ENOENT)
            throw error::system_call("look at", path.place, why);
        while (path.place.size() > 1 && path.place.back() == '/')
            path.place.pop_back();
        require_no_dangling_link<System>(path.place);
        throw no_such_path(path.place, instead_of<System>(path.place),
                           repository_meant_by<System>(path.place));
    }
    if (S_ISREG(status.st_mode) && is_foreign_source_name(basename(path.place)))
        throw foreign_source(path.place);
    if (S_ISREG(status.st_mode))
        path.what = is_source_name(basename(path.place)) ? driver::kind::directory : driver::kind::library;
    else if (S_ISDIR(status.st_mode))
        path.what = driver::kind::directory;
    else
        throw neither_file_nor_directory(path.place);
    if (!path.target.empty() && !S_ISDIR(status.st_mode))
        throw no_targets_here(path.place, path.target);
    if (path.place.size() > 1 && path.place.back() == '/')
        path.place.pop_back();
    return path;
}

/// The text that `driver::parse` parses into this driver. A placeholder may stand for a name.
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

#ifdef TENON_SEPARATE
template driver driver::parse<detail::posix>(std::string_view);
#endif

} // namespace tenon::inline v1

#endif
