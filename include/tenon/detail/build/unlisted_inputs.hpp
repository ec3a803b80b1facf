// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_UNLISTED_INPUTS_HPP
#define TENON_DETAIL_BUILD_UNLISTED_INPUTS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Inputs of a source that no dependency file lists: `unlisted_inputs_in(text)` finds
/// "local.hpp" in `#if __has_include("local.hpp")`, and "logo.png" in `asm(".incbin \"logo.png\"")`.
struct unlisted_inputs {
    std::vector<std::string> asked{};    ///< by __has_include: there or not there
    std::vector<std::string> embedded{}; ///< by .incbin, .include of an assembler, or #embed
    bool unknown = false;                ///< a macro stands for one of the names
};

namespace unlisted {

inline std::string_view skip_spaces(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    return begin == text.npos ? std::string_view() : text.substr(begin);
}

inline bool in_comment(std::string_view before) {
    const std::string_view first = skip_spaces(before);
    return before.find("//") != before.npos || first.substr(0, 1) == "*" || first.substr(0, 2) == "/*";
}

/// Calls `found(before, after)` with the rest of the line around each `word`, except in comments.
template <class Found>
void for_each(std::string_view text, std::string_view word, Found&& found) {
    for (std::size_t at = 0; (at = text.find(word, at)) != text.npos;) {
        const std::size_t begin = text.rfind('\n', at) + 1; // 0 in the first line
        const std::string_view before = text.substr(begin, at - begin);
        at += word.size();
        if (!in_comment(before))
            found(before, text.substr(at, text.find('\n', at) - at));
    }
}

inline void add_asked(unlisted_inputs& to, std::string_view text) {
    for (const std::string_view word : {"__has_include", "__has_embed"})
        for_each(text, word, [&](std::string_view, std::string_view after) {
            if (after.substr(0, 5) == "_next")
                after.remove_prefix(5);
            after = skip_spaces(after);
            if (after.substr(0, 1) != "(")
                return; // `#ifdef __has_include`
            after = skip_spaces(after.substr(1));
            const char end = after.substr(0, 1) == "<" ? '>' : '"';
            const std::size_t length = after.find(end, 1);
            if (after.empty() || (end == '"' && after[0] != '"') || length == after.npos)
                to.unknown = true;
            else
                to.asked.emplace_back(after.substr(1, length - 1));
        });
}

inline void add_embedded(unlisted_inputs& to, std::string_view text) {
    for (const std::string_view word : {".incbin", ".include", "embed"})
        for_each(text, word, [&](std::string_view before, std::string_view after) {
            const bool directive = word == "embed";
            if (directive && (skip_spaces(before).substr(0, 1) != "#" ||
                              !skip_spaces(skip_spaces(before).substr(1)).empty()))
                return;
            after = skip_spaces(after);
            const bool escaped = after.substr(0, 1) == "\\";
            after = after.substr(escaped ? 1 : 0);
            const char open = after.empty() ? '\0' : after[0];
            if (open != '"' && !(directive && open == '<')) {
                to.unknown = to.unknown || (directive && open != '\0');
                return;
            }
            const std::size_t end = after.find_first_of(open == '<' ? ">" : "\"\\", 1);
            // The quotation mark ends a string, and a macro stands for the name.
            if (end == after.npos || end == 1 || after[1] == ' ')
                to.unknown = true;
            else
                to.embedded.emplace_back(after.substr(1, end - 1));
        });
}

} // namespace unlisted

inline unlisted_inputs unlisted_inputs_in(std::string_view text) {
    unlisted_inputs inputs;
    unlisted::add_asked(inputs, text);
    unlisted::add_embedded(inputs, text);
    return inputs;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
