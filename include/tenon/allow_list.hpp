// SPDX-License-Identifier: MIT
#ifndef TENON_ALLOW_LIST_HPP
#define TENON_ALLOW_LIST_HPP

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// The values that an option allows: any value by default, else the listed ones only. An empty list allows
/// nothing, so that an empty configuration does not open what a full one would close.
///
///     tenon::allow_list<std::string> any;
///     tenon::allow_list<std::string> ours{"example.org", "example.net"};
///     tenon::allow_list<std::string> none(std::vector<std::string>{});
template <class T>
class TENON_HOST_TYPE allow_list {
public:
    allow_list() = default;
    allow_list(std::initializer_list<T> list) : allow_list(std::vector<T>(list)) {}
    allow_list(std::vector<T> list) : anything_(false), list_(std::move(list)) {}

    bool anything() const noexcept { return anything_; }
    /// The listed values. The list is empty where any value is allowed, too; see `anything`.
    const std::vector<T>& list() const noexcept { return list_; }

    // Not std::find: <algorithm> would be a tenth of what plugin.hpp costs.
    bool operator()(const T& value) const {
        for (const T& allowed : list_)
            if (allowed == value)
                return true;
        return anything_;
    }

private:
    bool anything_ = true;
    std::vector<T> list_;
};

namespace detail {
inline namespace TENON_OWN {

/// Only ASCII letters change. Hosts and digests have no others.
inline std::string in_small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return small;
}

/// For messages: `only a, b`, or `nothing`.
template <class T, class Name>
std::string in_words(const allow_list<T>& list, Name&& name) {
    std::string text;
    for (const T& allowed : list.list())
        text.append(text.empty() ? "only " : ", ").append(name(allowed));
    return text.empty() ? "nothing" : text;
}
inline std::string in_words(const allow_list<std::string>& list) {
    return in_words(list, [](const std::string& text) { return text; });
}

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif
