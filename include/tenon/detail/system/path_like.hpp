// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_PATH_LIKE_HPP
#define TENON_DETAIL_SYSTEM_PATH_LIKE_HPP

#include <concepts>
#include <string>
#include <string_view>

#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// A type that names a file: a string, or a path type with `native()`, such as `std::filesystem::path`.
template <class P>
concept path_like = std::convertible_to<const P&, std::string_view> || requires(const P& path) {
    { path.native() } -> std::convertible_to<std::string_view>;
};

namespace detail {
inline namespace TENON_OWN {

template <path_like P>
std::string native(const P& path) {
    if constexpr (std::convertible_to<const P&, std::string_view>)
        return std::string(std::string_view(path));
    else
        return std::string(std::string_view(path.native()));
}
inline const std::string& native(const std::string& path) noexcept {
    return path;
}

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif
