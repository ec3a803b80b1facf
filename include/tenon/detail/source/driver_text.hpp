// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_DRIVER_TEXT_HPP
#define TENON_DETAIL_SOURCE_DRIVER_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <tenon/allow_list.hpp>
#include <tenon/version.hpp>

// What the texts of drivers are made of, and how they are shown.

namespace tenon::inline v1::detail {
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

/// For messages: a URL without the values in its query whose names sound like a secret:
/// `https://host/r?private_token=***`.
inline std::string without_query_secrets(std::string_view url) {
    const auto is_secret = [](std::string_view name) {
        const std::string small = in_small_letters(name);
        for (const std::string_view word : {"token", "secret", "pass", "key", "auth", "sig", "cred"})
            if (small.find(word) != small.npos)
                return true;
        return false;
    };
    std::string plain(url.substr(0, url.find('?')));
    for (std::string_view rest = url.substr(plain.size()); !rest.empty();) {
        const std::string_view part = rest.substr(0, rest.find_first_of("&#", 1));
        rest.remove_prefix(part.size());
        const auto equals = part[0] == '#' ? part.npos : part.find('=');
        if (equals != part.npos && is_secret(part.substr(0, equals)))
            plain.append(part.substr(0, equals + 1)).append("***");
        else
            plain.append(part);
    }
    return plain;
}

/// For messages: the text without what may be a secret. A password that is not encoded may itself contain
/// slashes and at signs, and a token is often given as the user, so that rather too much is hidden; only the
/// user of ssh is never a secret.
inline std::string without_credentials(std::string_view whole) {
    const std::string plain = without_query_secrets(whole);
    const std::string_view text = plain;
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

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
