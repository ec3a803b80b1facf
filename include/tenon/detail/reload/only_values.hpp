// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_ONLY_VALUES_HPP
#define TENON_DETAIL_RELOAD_ONLY_VALUES_HPP

#include <type_traits>

#include <tenon/interface.hpp>
#include <tenon/layout.hpp>

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

// With libc++, clang spells some of these names shorter.
inline constexpr const char* views[] = {
    "std::basic_string_view<", "std::string_view",    "std::wstring_view", "std::u8string_view",
    "std::u16string_view",     "std::u32string_view", "std::span<",        "std::reference_wrapper<",
    "std::initializer_list<",  "std::mdspan<"};

template <class T>
consteval bool is_view() {
    return is_one_of<T>(views) || detail::spelled<T>().starts_with("std::ranges::");
}

template <class T>
concept is_iterator = requires { typename T::iterator_category; };

template <class T>
concept refers = std::is_pointer_v<T> || std::is_reference_v<T> || is_view<T>() || is_iterator<T>;

template <class List>
inline constexpr bool none_refers = false;
template <class... T>
inline constexpr bool none_refers<list<T...>> = all_of<!refers<T>...>;

template <class Methods>
inline constexpr bool gives_values_v = false;
template <auto... M>
inline constexpr bool gives_values_v<methods<M...>> =
    none_refers<everything_in<decltype(outputs_of<M>())...>> &&
    all_of<!is_escape<std::remove_cv_t<decltype(M)>>...>;

} // namespace TENON_OWN
} // namespace detail

/// An interface whose methods return only values: no pointer, reference or view that could refer into the
/// plugin, and no type that contains one.
template <class T>
concept gives_values = detail::gives_values_v<typename T::methods>;

} // namespace tenon::inline v1

#endif
