// SPDX-License-Identifier: MIT
#ifndef TENON_LAYOUT_HPP
#define TENON_LAYOUT_HPP

#include <cstddef>
#include <type_traits>

namespace tenon::inline v1 {

/// States the fields of a type that tenon cannot see into: one with private members, a base class or an anonymous union.
///
///     template <> struct tenon::layout<account> : tenon::fields<&account::id, &account::name> {};
///
/// A class with private fields makes `tenon::layout<account>` its friend.
template <auto... Field>
struct fields {};

/// States that a type's fields are its author's business; `Version` has to change whenever its layout does.
///
///     template <> struct tenon::layout<json> : tenon::opaque<json, 3> {};
template <class T, unsigned Version>
struct opaque {};

/// Specialised for a type whose fields tenon cannot see, by deriving from `fields` or `opaque`.
template <class T>
struct layout;

namespace detail {

template <class... T>
struct list {};

template <class List, class T>
inline constexpr bool contains = false;
template <class... L, class T>
inline constexpr bool contains<list<L...>, T> = (std::is_same_v<L, T> || ...);

template <class T>
concept complete = requires { sizeof(T); };

// The name of T as the compiler spells it, after its own fashion: good for what both spell alike (a leading
// `std::`) and for a number that need only hold within one compilation.
struct spelling {
    const char* begin;
    std::size_t size;

    constexpr bool starts_with(const char* prefix) const {
        for (std::size_t i = 0; prefix[i]; ++i)
            if (i == size || begin[i] != prefix[i])
                return false;
        return true;
    }
};

template <class T>
consteval spelling spelled() {
    const char* text = __PRETTY_FUNCTION__;
    while (!(text[0] == 'T' && text[1] == ' ' && text[2] == '='))
        ++text;
    text += 4;
    std::size_t size = 0;
    while (text[size])
        ++size;
    return {text, size - 1};
}

template <class T>
concept standard = std::is_class_v<T> && spelled<T>().starts_with("std::");

// ---- The fields of an aggregate, found by trying how many initialisers it takes.

// Never called, and defined all the same: clang asks for the definition where T has no linkage.
struct anything {
    template <class T>
    operator T() const {
        __builtin_trap();
    }
};

template <class T>
struct any_base_of {
    template <class B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const;
};

// <utility> has these too, for a third of what all of this header costs to include.
template <std::size_t...>
struct indices {};
#ifdef __clang__
template <class, std::size_t... I>
using indices_of = indices<I...>;
template <std::size_t N>
using make_indices = __make_integer_seq<indices_of, std::size_t, N>;
#else
template <std::size_t N>
using make_indices = indices<__integer_pack(N)...>;
#endif

template <std::size_t>
using anything_at = anything;

template <class T, class Before, class Within, class After>
inline constexpr bool takes = false;
template <class T, std::size_t... B, std::size_t... W, std::size_t... A>
inline constexpr bool takes<T, indices<B...>, indices<W...>, indices<A...>> =
    requires { T{anything_at<B>{}..., {anything_at<W>{}...}, anything_at<A>{}...}; };

template <class T, class Sequence>
inline constexpr bool takes_flat = false;
template <class T, std::size_t... I>
inline constexpr bool takes_flat<T, indices<I...>> = requires { T{anything_at<I>{}...}; };

// The largest N that holds, of those in [Low, High): an array of thousands of elements has to be found in few steps.
template <template <std::size_t> class Holds, std::size_t Low, std::size_t High>
consteval std::size_t largest() {
    if constexpr (High - Low <= 1)
        return Low;
    else if constexpr (constexpr std::size_t middle = Low + (High - Low) / 2; Holds<middle>::value)
        return largest<Holds, middle, High>();
    else
        return largest<Holds, Low, middle>();
}
// The same without an upper bound, by doubling.
template <template <std::size_t> class Holds, std::size_t Low = 1>
consteval std::size_t largest_above() {
    if constexpr (Holds<Low * 2>::value)
        return largest_above<Holds, Low * 2>();
    else
        return largest<Holds, Low, Low * 2>();
}

template <class T>
struct flat {
    template <std::size_t N>
    using takes = std::bool_constant<takes_flat<T, make_indices<N>>>;
};

template <class T, std::size_t I>
struct nested {
    template <std::size_t N>
    using takes = std::bool_constant<detail::takes<T, make_indices<I>, make_indices<N>, indices<>>>;
};

// How many initialisers T takes, an array counting once for each of its elements.
template <class T>
consteval std::size_t count_initialisers() {
    if constexpr (flat<T>::template takes<1>::value)
        return largest_above<flat<T>::template takes>();
    else
        return 0;
}

// How many initialisers the field at the I-th one takes up: more than one where it is an array. A class takes several in
// braces too, but then as many can follow it as follow a field of one.
template <class T, std::size_t Total, std::size_t I>
consteval std::size_t extent_at() {
    if constexpr (Total - I >= 2 && nested<T, I>::template takes<2>::value) {
        constexpr std::size_t n = largest<nested<T, I>::template takes, 2, Total - I + 1>();
        if constexpr (takes<T, make_indices<I>, make_indices<n>, make_indices<Total - I - n>> &&
                      !takes<T, make_indices<I>, make_indices<n>, make_indices<Total - I - n + 1>>)
            return n;
    }
    return 1;
}

template <class T, std::size_t Total, std::size_t I = 0>
consteval std::size_t count_fields() {
    if constexpr (I >= Total)
        return 0;
    else
        return 1 + count_fields<T, Total, I + extent_at<T, Total, I>()>();
}

// An error inside this function: T has an anonymous union or another field that cannot be found from outside.
template <class T, std::size_t N>
auto bind_fields(T& object) {
    // clang-format off
    if constexpr (N == 0) return list<>{};
    else if constexpr (N == 1) { auto& [f0] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0)>{}; }
    else if constexpr (N == 2) { auto& [f0, f1] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1)>{}; }
    else if constexpr (N == 3) { auto& [f0, f1, f2] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2)>{}; }
    else if constexpr (N == 4) { auto& [f0, f1, f2, f3] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3)>{}; }
    else if constexpr (N == 5) { auto& [f0, f1, f2, f3, f4] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4)>{}; }
    else if constexpr (N == 6) { auto& [f0, f1, f2, f3, f4, f5] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5)>{}; }
    else if constexpr (N == 7) { auto& [f0, f1, f2, f3, f4, f5, f6] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6)>{}; }
    else if constexpr (N == 8) { auto& [f0, f1, f2, f3, f4, f5, f6, f7] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7)>{}; }
    else if constexpr (N == 9) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8)>{}; }
    else if constexpr (N == 10) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9)>{}; }
    else if constexpr (N == 11) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10)>{}; }
    else if constexpr (N == 12) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11)>{}; }
    else if constexpr (N == 13) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12)>{}; }
    else if constexpr (N == 14) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13)>{}; }
    else if constexpr (N == 15) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14)>{}; }
    else if constexpr (N == 16) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15)>{}; }
    else if constexpr (N == 17) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16)>{}; }
    else if constexpr (N == 18) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17)>{}; }
    else if constexpr (N == 19) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18)>{}; }
    else if constexpr (N == 20) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19)>{}; }
    else if constexpr (N == 21) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20)>{}; }
    else if constexpr (N == 22) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21)>{}; }
    else if constexpr (N == 23) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22)>{}; }
    else if constexpr (N == 24) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23)>{}; }
    else if constexpr (N == 25) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24)>{}; }
    else if constexpr (N == 26) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25)>{}; }
    else if constexpr (N == 27) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26)>{}; }
    else if constexpr (N == 28) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27)>{}; }
    else if constexpr (N == 29) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28)>{}; }
    else if constexpr (N == 30) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28), decltype(f29)>{}; }
    else if constexpr (N == 31) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28), decltype(f29), decltype(f30)>{}; }
    else if constexpr (N == 32) { auto& [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31] = object; /* tenon: say tenon::layout<T> : tenon::fields<…> or tenon::opaque<T, 1> */ return list<decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28), decltype(f29), decltype(f30), decltype(f31)>{}; }
    // clang-format on
}

// What converts to nothing.
struct stranger {};

// A first field that takes anything whatever, as std::any does, is no base.
template <class T>
concept has_base = requires { T{any_base_of<T>{}}; } && !requires { T{stranger{}}; };

template <class T>
concept has_stated_layout = complete<layout<T>>;

/// A class that is a plugin interface itself is seen through its methods.
template <class T>
concept has_methods = requires { typename T::methods; };

/// A class whose fields tenon finds by itself.
template <class T>
concept visible_aggregate = std::is_aggregate_v<T> && !std::is_union_v<T> && !has_base<T>;

/// A type whose fields tenon knows, because it sees them or because it was told.
template <class T>
concept known_layout = !complete<T> || has_stated_layout<T> || standard<T> || std::is_enum_v<T> || has_methods<T> ||
                       visible_aggregate<T>;

template <class T>
struct fields_of_member;
template <class F, class C>
struct fields_of_member<F C::*> {
    using type = F;
};

template <class T, auto... F>
list<typename fields_of_member<decltype(F)>::type...> stated_fields(const fields<F...>*);
template <class T, unsigned Version>
list<> stated_fields(const opaque<T, Version>*);

template <auto... F>
constexpr unsigned stated_version(const fields<F...>*) {
    return 0;
}
template <class T, unsigned Version>
constexpr unsigned stated_version(const opaque<T, Version>*) {
    return Version;
}

template <class T>
struct arguments_of {
    using type = list<>;
};
template <template <class...> class X, class... A>
struct arguments_of<X<A...>> {
    using type = list<A...>;
};
template <template <class, auto...> class X, class A, auto... N>
    requires(sizeof...(N) > 0)
struct arguments_of<X<A, N...>> {
    using type = list<A>;
};

// The types that T's layout is made of: its fields, an enumeration's underlying type, a standard class's
// template arguments.
template <class T>
consteval auto contents() {
    if constexpr (!complete<T>)
        return list<>{};
    else if constexpr (has_stated_layout<T>)
        return decltype(stated_fields<T>(static_cast<layout<T>*>(nullptr))){};
    else if constexpr (std::is_enum_v<T>)
        return list<std::underlying_type_t<T>>{};
    else if constexpr (standard<T>)
        return typename arguments_of<T>::type{};
    else if constexpr (has_methods<T>)
        return typename T::methods::signatures{};
    else if constexpr (visible_aggregate<T>)
        return bind_fields<T, count_fields<T, count_initialisers<T>()>()>(*static_cast<T*>(nullptr));
    else
        return list<>{};
}

template <class T>
consteval unsigned layout_version() {
    if constexpr (has_stated_layout<T>)
        return stated_version(static_cast<layout<T>*>(nullptr));
    else
        return 0;
}

// ---- All types that are reached from some.

template <class T>
struct function_parts; // of a function type: its result and its parameters

#define TENON_DETAIL_FUNCTION(QUALIFIERS)                                                                              \
    template <class R, class... A, bool N>                                                                             \
    struct function_parts<R(A...) QUALIFIERS noexcept(N)> {                                                            \
        using result = R;                                                                                              \
        using parameters = list<A...>;                                                                                 \
    };
TENON_DETAIL_FUNCTION()
TENON_DETAIL_FUNCTION(const)
TENON_DETAIL_FUNCTION(volatile)
TENON_DETAIL_FUNCTION(const volatile)
TENON_DETAIL_FUNCTION(&)
TENON_DETAIL_FUNCTION(const&)
TENON_DETAIL_FUNCTION(volatile&)
TENON_DETAIL_FUNCTION(const volatile&)
TENON_DETAIL_FUNCTION(&&)
TENON_DETAIL_FUNCTION(const&&)
TENON_DETAIL_FUNCTION(volatile&&)
TENON_DETAIL_FUNCTION(const volatile&&)
#undef TENON_DETAIL_FUNCTION

template <class R, class... A>
list<R, A...> joined(list<R>, list<A...>);

// What stands behind pointers, references, arrays and functions.
template <class T>
struct parts_of {
    using type = list<>;
};
template <class T>
    requires std::is_function_v<T>
struct parts_of<T> {
    using type = decltype(joined(list<typename function_parts<T>::result>{}, typename function_parts<T>::parameters{}));
};
template <class T>
struct parts_of<T*> {
    using type = list<T>;
};
template <class T>
struct parts_of<T&> {
    using type = list<T>;
};
template <class T>
struct parts_of<T&&> {
    using type = list<T>;
};
template <class T, std::size_t N>
struct parts_of<T[N]> {
    using type = list<T>;
};
template <class T>
struct parts_of<T[]> {
    using type = list<T>;
};
template <class F, class C>
struct parts_of<F C::*> {
    using type = list<F>;
};

// A type that gets an entry of its own; a standard tag, allocator or comparison says nothing.
template <class T>
consteval bool recorded() {
    if constexpr (std::is_enum_v<T> || std::is_union_v<T>)
        return true;
    else if constexpr (!std::is_class_v<T>)
        return false;
    else if constexpr (standard<T> && complete<T>)
        return !std::is_empty_v<T>;
    else
        return true;
}

template <class Seen, class... Work>
struct closure;
template <class Seen>
struct closure<Seen> {
    using type = Seen;
};
template <class... Seen, class... T, class... Work>
struct closure<list<Seen...>, list<T...>, Work...> : closure<list<Seen...>, T..., Work...> {};

template <class... Seen, class T, class... Work>
struct closure<list<Seen...>, T, Work...> {
    static consteval auto next() {
        using bare = std::remove_cv_t<T>;
        if constexpr (contains<list<Seen...>, bare>)
            return closure<list<Seen...>, Work...>{};
        else if constexpr (recorded<bare>())
            return closure<list<Seen..., bare>, decltype(contents<bare>()), Work...>{};
        else
            return closure<list<Seen...>, typename parts_of<bare>::type, Work...>{};
    }
    using type = typename decltype(next())::type;
};

/// The classes, unions and enumerations that are reached from some types, each once.
template <class... T>
using reached = typename closure<list<>, T...>::type;

// ---- Types that carry the plugin's code along.

template <class T>
concept owns_polymorphic = spelled<T>().starts_with("std::unique_ptr<") && requires {
    requires std::is_polymorphic_v<typename T::element_type>;
};

/// A standard type whose value keeps pointers to code or vtables of whoever made it.
template <class T>
concept carries_code =
    owns_polymorphic<T> || spelled<T>().starts_with("std::function<") || spelled<T>().starts_with("std::any") ||
    spelled<T>().starts_with("std::shared_ptr<") || spelled<T>().starts_with("std::weak_ptr<") ||
    spelled<T>().starts_with("std::__exception_ptr::exception_ptr") ||
    spelled<T>().starts_with("std::exception_ptr") || spelled<T>().starts_with("std::error_code") ||
    spelled<T>().starts_with("std::error_condition") || spelled<T>().starts_with("std::move_only_function<") ||
    spelled<T>().starts_with("std::packaged_task<") || spelled<T>().starts_with("std::future<") ||
    spelled<T>().starts_with("std::shared_future<") || spelled<T>().starts_with("std::coroutine_handle<");

template <class List>
inline constexpr bool any_carries_code = false;
template <class... T>
inline constexpr bool any_carries_code<list<T...>> = (carries_code<T> || ...);

} // namespace detail
} // namespace tenon::inline v1

#endif
