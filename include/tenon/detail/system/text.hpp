// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_TEXT_HPP
#define TENON_DETAIL_SYSTEM_TEXT_HPP

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Removes the text up to the first `end` and that mark, and returns the text before it.
inline std::string_view take_until(std::string_view& text, char end) {
    const std::string_view part = text.substr(0, text.find(end));
    text.remove_prefix(part.size() < text.size() ? part.size() + 1 : part.size());
    return part;
}

/// Removes the first line from a text and returns it.
inline std::string_view take_line(std::string_view& text) {
    return take_until(text, '\n');
}

/// Removes a word that a text begins with. False if it does not.
inline bool skip(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word))
        return false;
    text.remove_prefix(word.size());
    return true;
}

inline bool begins_with_one_of(std::string_view text, std::initializer_list<std::string_view> beginnings) {
    for (const std::string_view beginning : beginnings)
        if (text.starts_with(beginning))
            return true;
    return false;
}

inline bool ends_in(std::string_view name, std::string_view end) {
    return name.size() > end.size() && name.substr(name.size() - end.size()) == end;
}

inline bool ends_in_one_of(std::string_view name, std::initializer_list<std::string_view> ends) {
    for (const std::string_view end : ends)
        if (ends_in(name, end))
            return true;
    return false;
}

/// Words as one text, with `between` between them.
inline std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string text;
    for (const std::string& word : words)
        text.append(text.empty() ? "" : between).append(word);
    return text;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
