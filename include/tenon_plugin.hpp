// SPDX-License-Identifier: MIT
// tenon 0.1.0: what interfaces and plugins need.
//
// Made by tests/amalgamate.py from include/tenon/; do not edit.
//
// MIT License
//
// Copyright (c) 2026 The tenon authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.
#ifndef TENON_PLUGIN_ONLY_HPP
#define TENON_PLUGIN_ONLY_HPP

#ifndef TENON_INTERFACE_HPP
#define TENON_INTERFACE_HPP

#include <cstddef>
#include <new>
#include <type_traits>

#ifndef TENON_LAYOUT_HPP
#define TENON_LAYOUT_HPP

#include <cstddef>
#include <type_traits>

#ifndef TENON_VERSION_HPP
#define TENON_VERSION_HPP

// The lowest header, which every other one includes before any code: what cannot compile ends here, with one
// sentence. An #error alone is followed by thousands of lines; a header that cannot be found ends the
// compilation.
#if __cplusplus < 202002L
#error "tenon: C++20 is needed: compile with -std=c++20, or a later standard"
#include <the compilation ends here>
#elif !defined(__ELF__)
#error                                                                                                       \
    "tenon: libraries have to be ELF files: tenon runs on Linux and other POSIX systems that have them, and not on macOS or Windows"
#include <the compilation ends here>
#endif

/// The library's version, read by CMake and Meson too.
#define TENON_VERSION "0.1.0"

/// The number of the binary interface between host and plugin. It is also the inline namespace (`tenon::v1`)
/// and part of the exported symbol's name, so that another one is refused by name.
#define TENON_ABI 1

// Each program and library that includes tenon has a copy of it, and several may be in one process: of other
// versions, or compiled for other containers. None may use what was made for another one. So all that has a
// state is hidden, and what is no part of the binary interface has its copy's kind in its name. Public types
// are not hidden, because a class with a member of a hidden type would have to be hidden too; their functions
// have no static objects.
#ifdef _GLIBCXX_DEBUG
#define TENON_COPY v0_1_0_debug
#define TENON_COPY_NAME "v0_1_0_debug"
#else
#define TENON_COPY v0_1_0
#define TENON_COPY_NAME "v0_1_0"
#endif
#define TENON_HIDDEN [[gnu::visibility("hidden")]]
#define TENON_OWN TENON_HIDDEN TENON_COPY
#ifdef __clang__
#define TENON_HOST_TYPE                                                                                      \
    [[clang::type_visibility("default"), gnu::visibility("hidden"), gnu::abi_tag(TENON_COPY_NAME)]]
#else
#define TENON_HOST_TYPE [[gnu::abi_tag(TENON_COPY_NAME)]]
#endif

// With TENON_SEPARATE, the functions that know no type of a plugin are compiled once for a program: in its
// file with TENON_IMPLEMENTATION.
#if defined(TENON_IMPLEMENTATION) && !defined(TENON_SEPARATE)
#define TENON_SEPARATE
#endif
#ifdef TENON_SEPARATE
#define TENON_INLINE
#else
#define TENON_INLINE inline
#endif
#if !defined(TENON_SEPARATE) || defined(TENON_IMPLEMENTATION)
#define TENON_DEFINITIONS
#endif

#endif

namespace tenon::inline v1 {

/// States the fields of a type whose fields tenon cannot see: with private members, a base class or an
/// anonymous union.
///
///     template <> struct tenon::layout<account> : tenon::fields<&account::id, &account::name> {};
///
/// A class with private fields makes `tenon::layout<account>` its friend.
template <auto... Field>
struct fields {};

/// Hides the fields of a type from comparison. The author has to change `Version` whenever the layout
/// changes.
///
///     template <> struct tenon::layout<json> : tenon::opaque<json, 3> {};
template <class T, unsigned Version>
struct opaque {};

/// Specialised for a type whose fields tenon cannot see, by deriving from `fields` or `opaque`.
template <class T>
struct layout;

template <auto... Method>
struct methods; // interface.hpp

namespace TENON_HIDDEN detail {

template <class... T>
struct list {};

// Hundreds of types may cross one interface. So no template here nests once for each type, and no fold
// expression is used, which clang limits to 256.

template <bool...>
struct bools;
template <bool... Each>
inline constexpr bool all_of = std::is_same_v<bools<true, Each...>, bools<Each..., true>>;

template <class... List>
struct concatenation {
    using type = list<>;
};
template <class... A>
struct concatenation<list<A...>> {
    using type = list<A...>;
};
template <class... A, class... B, class... More>
struct concatenation<list<A...>, list<B...>, More...> : concatenation<list<A..., B...>, More...> {};
template <class... A, class... B, class... C, class... D, class... E, class... F, class... G, class... H,
          class... More>
struct concatenation<list<A...>, list<B...>, list<C...>, list<D...>, list<E...>, list<F...>, list<G...>,
                     list<H...>, More...>
    : concatenation<list<A..., B..., C..., D..., E..., F..., G..., H...>, More...> {};

template <bool, class T>
struct list_if {
    using type = list<>;
};
template <class T>
struct list_if<true, T> {
    using type = list<T>;
};

template <template <class> class Is, class List>
struct those_that_are;
template <template <class> class Is, class... T>
struct those_that_are<Is, list<T...>> : concatenation<typename list_if<Is<T>::value, T>::type...> {};

template <class T>
concept complete = requires { sizeof(T); };

// The name of T in the compiler's own spelling. Use it only for parts that g++ and clang spell alike (a
// leading `std::`), and for numbers that are used within one compilation.
struct spelling {
    const char* begin;
    std::size_t size;

    constexpr bool starts_with(const char* prefix) const {
        for (std::size_t i = 0; prefix[i]; ++i)
            if (i == size || begin[i] != prefix[i])
                return false;
        return true;
    }
    constexpr bool contains(const char* part) const {
        for (std::size_t i = 0; i < size; ++i)
            if (spelling{begin + i, size - i}.starts_with(part))
                return true;
        return false;
    }
    // True if the spelling is `name`, or begins with it if `name` ends in "<". Inner namespaces of the
    // standard library are skipped: `std::__cxx11::basic_regex<char>` is "std::basic_regex<".
    constexpr bool is(const char* name) const {
        std::size_t i = 0;
        for (const char* at = name; *at; ++at, ++i) {
            if (at != name && at[-1] == ':' && at[0] != ':')
                i += inner_namespace(i);
            if (i == size || begin[i] != *at)
                return false;
            if (*at == '<')
                return true;
        }
        return i == size;
    }

private:
    constexpr std::size_t inner_namespace(std::size_t from) const {
        if (from == size || begin[from] != '_')
            return 0;
        for (std::size_t i = from; i + 1 < size && begin[i] != '<'; ++i)
            if (begin[i] == ':' && begin[i + 1] == ':')
                return i + 2 - from;
        return 0;
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

// The standard library's namespaces, which the iterators of vectors are in, and structs of the C library with
// a union.
inline constexpr const char* known_by_name[] = {"std::", "__gnu_cxx::", "__gnu_debug::"};
inline constexpr const char* structs_of_c[] = {"mbstate_t", "__mbstate_t", "in6_addr"};

template <class T, std::size_t N>
consteval bool is_one_of(const char* const (&names)[N]) {
    for (const char* name : names)
        if (spelled<T>().is(name))
            return true;
    return false;
}

template <class T>
consteval bool is_standard() {
    for (const char* beginning : known_by_name)
        if (spelled<T>().starts_with(beginning))
            return true;
    return is_one_of<T>(structs_of_c);
}

template <class T>
concept standard = std::is_class_v<T> && is_standard<T>();

// ---- The fields of an aggregate, found by the number of initialisers that it takes

// Never called, but defined, because clang wants a definition if T has no linkage.
struct anything {
    template <class T>
    operator T() const {
        __builtin_trap();
    }
};

// Not copyable, so that std::any does not take it.
template <class T>
struct any_base_of {
    any_base_of() = default;
    any_base_of(const any_base_of&) = delete;
    template <class B>
        requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>)
    operator B() const;
};

// std::index_sequence, without <utility>, which would cost a third of what this whole header costs to
// include.
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

// The largest N in [Low, High) for which Holds is true, by bisection: an array may have thousands of
// elements.
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

inline constexpr std::size_t most_fields = 32;

// The fewest initialisers that T takes: fields without a default, and all fields before them, cannot be left
// out. 0 if T takes none, or more than are tried.
template <class T, std::size_t N = 1>
consteval std::size_t fewest_initialisers() {
    if constexpr (flat<T>::template takes<N>::value)
        return N;
    else if constexpr (std::is_empty_v<T>)
        return 0;
    else if constexpr (N < 2 * most_fields)
        return fewest_initialisers<T, N + 1>();
    else
        return 0;
}

// The number of initialisers that T takes. An array counts once for each of its elements.
template <class T, std::size_t Fewest>
consteval std::size_t count_initialisers() {
    if constexpr (Fewest == 0)
        return 0;
    else
        return largest_above<flat<T>::template takes, Fewest>();
}

// True if N initialisers from the I-th on belong to an array. A class takes several in braces too, but is
// followed by as many initialisers as any other single field.
template <class T, std::size_t All, std::size_t I, std::size_t N>
inline constexpr bool array_at = takes<T, make_indices<I>, make_indices<N>, make_indices<All - I - N>> &&
                                 !takes<T, make_indices<I>, make_indices<N>, make_indices<All - I - N + 1>>;

// The number of initialisers of the field that begins at the I-th one; more than one for an array.
template <class T, std::size_t Fewest, std::size_t All, std::size_t I, std::size_t N = 2>
consteval std::size_t extent_at() {
    if constexpr (I + N > All) {
        return 1;
    } else if constexpr (Fewest >
                         I + 1) { // none but the right number holds, as what follows cannot be left out
        if constexpr (array_at<T, All, I, N>)
            return N;
        else if constexpr (I + N < Fewest)
            return extent_at<T, Fewest, All, I, N + 1>();
        else
            return 1;
    } else if constexpr (nested<T, I>::template takes<N>::value) {
        constexpr std::size_t most = largest<nested<T, I>::template takes, N, All - I + 1>();
        return array_at<T, All, I, most> ? most : 1;
    } else {
        return 1;
    }
}

template <class T, std::size_t Fewest, std::size_t All, std::size_t I = 0, std::size_t Fields = 0>
consteval std::size_t count_fields() {
    if constexpr (I >= All || Fields > most_fields)
        return Fields;
    else
        return count_fields<T, Fewest, All, I + extent_at<T, Fewest, All, I>(), Fields + 1>();
}
template <class T, std::size_t Fewest = fewest_initialisers<T>()>
inline constexpr std::size_t field_count = count_fields<T, Fewest, count_initialisers<T, Fewest>()>();

// Both compilers show the line of the macro. An error in it means an anonymous union, or another field that
// cannot be seen.
// clang-format off
#define TENON_DETAIL_BIND(N, TYPES, ...)                                                                     \
    if constexpr (field_count<T> == N) {                                                                     \
        auto& [__VA_ARGS__] = object; /* tenon: say tenon::layout<T> : tenon::fields<...> or tenon::opaque<T, 1> */ \
        return list<TENON_DETAIL_TYPES TYPES>{};                                                             \
    } else
#define TENON_DETAIL_TYPES(...) __VA_ARGS__
#define TENON_DETAIL_NAMES_8 f0, f1, f2, f3, f4, f5, f6, f7
#define TENON_DETAIL_TYPES_8 decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7)
#define TENON_DETAIL_NAMES_16 TENON_DETAIL_NAMES_8, f8, f9, f10, f11, f12, f13, f14, f15
#define TENON_DETAIL_TYPES_16 TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15)
#define TENON_DETAIL_NAMES_24 TENON_DETAIL_NAMES_16, f16, f17, f18, f19, f20, f21, f22, f23
#define TENON_DETAIL_TYPES_24 TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23)

// The declared types of all fields. Written out by number, because C++20 has no packs of structured bindings.
template <class T>
auto bind_fields(T& object) {
    if constexpr (field_count<T> == 0) return list<>{}; else
    TENON_DETAIL_BIND(1, (decltype(f0)), f0)
    TENON_DETAIL_BIND(2, (decltype(f0), decltype(f1)), f0, f1)
    TENON_DETAIL_BIND(3, (decltype(f0), decltype(f1), decltype(f2)), f0, f1, f2)
    TENON_DETAIL_BIND(4, (decltype(f0), decltype(f1), decltype(f2), decltype(f3)), f0, f1, f2, f3)
    TENON_DETAIL_BIND(5, (decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4)), f0, f1, f2, f3, f4)
    TENON_DETAIL_BIND(6, (decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5)), f0, f1, f2, f3, f4, f5)
    TENON_DETAIL_BIND(7, (decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6)), f0, f1, f2, f3, f4, f5, f6)
    TENON_DETAIL_BIND(8, (decltype(f0), decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6), decltype(f7)), f0, f1, f2, f3, f4, f5, f6, f7)
    TENON_DETAIL_BIND(9, (TENON_DETAIL_TYPES_8, decltype(f8)), TENON_DETAIL_NAMES_8, f8)
    TENON_DETAIL_BIND(10, (TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9)), TENON_DETAIL_NAMES_8, f8, f9)
    TENON_DETAIL_BIND(11, (TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9), decltype(f10)), TENON_DETAIL_NAMES_8, f8, f9, f10)
    TENON_DETAIL_BIND(12, (TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9), decltype(f10), decltype(f11)), TENON_DETAIL_NAMES_8, f8, f9, f10, f11)
    TENON_DETAIL_BIND(13, (TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12)), TENON_DETAIL_NAMES_8, f8, f9, f10, f11, f12)
    TENON_DETAIL_BIND(14, (TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13)), TENON_DETAIL_NAMES_8, f8, f9, f10, f11, f12, f13)
    TENON_DETAIL_BIND(15, (TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14)), TENON_DETAIL_NAMES_8, f8, f9, f10, f11, f12, f13, f14)
    TENON_DETAIL_BIND(16, (TENON_DETAIL_TYPES_8, decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13), decltype(f14), decltype(f15)), TENON_DETAIL_NAMES_8, f8, f9, f10, f11, f12, f13, f14, f15)
    TENON_DETAIL_BIND(17, (TENON_DETAIL_TYPES_16, decltype(f16)), TENON_DETAIL_NAMES_16, f16)
    TENON_DETAIL_BIND(18, (TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17)), TENON_DETAIL_NAMES_16, f16, f17)
    TENON_DETAIL_BIND(19, (TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17), decltype(f18)), TENON_DETAIL_NAMES_16, f16, f17, f18)
    TENON_DETAIL_BIND(20, (TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17), decltype(f18), decltype(f19)), TENON_DETAIL_NAMES_16, f16, f17, f18, f19)
    TENON_DETAIL_BIND(21, (TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20)), TENON_DETAIL_NAMES_16, f16, f17, f18, f19, f20)
    TENON_DETAIL_BIND(22, (TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21)), TENON_DETAIL_NAMES_16, f16, f17, f18, f19, f20, f21)
    TENON_DETAIL_BIND(23, (TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22)), TENON_DETAIL_NAMES_16, f16, f17, f18, f19, f20, f21, f22)
    TENON_DETAIL_BIND(24, (TENON_DETAIL_TYPES_16, decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20), decltype(f21), decltype(f22), decltype(f23)), TENON_DETAIL_NAMES_16, f16, f17, f18, f19, f20, f21, f22, f23)
    TENON_DETAIL_BIND(25, (TENON_DETAIL_TYPES_24, decltype(f24)), TENON_DETAIL_NAMES_24, f24)
    TENON_DETAIL_BIND(26, (TENON_DETAIL_TYPES_24, decltype(f24), decltype(f25)), TENON_DETAIL_NAMES_24, f24, f25)
    TENON_DETAIL_BIND(27, (TENON_DETAIL_TYPES_24, decltype(f24), decltype(f25), decltype(f26)), TENON_DETAIL_NAMES_24, f24, f25, f26)
    TENON_DETAIL_BIND(28, (TENON_DETAIL_TYPES_24, decltype(f24), decltype(f25), decltype(f26), decltype(f27)), TENON_DETAIL_NAMES_24, f24, f25, f26, f27)
    TENON_DETAIL_BIND(29, (TENON_DETAIL_TYPES_24, decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28)), TENON_DETAIL_NAMES_24, f24, f25, f26, f27, f28)
    TENON_DETAIL_BIND(30, (TENON_DETAIL_TYPES_24, decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28), decltype(f29)), TENON_DETAIL_NAMES_24, f24, f25, f26, f27, f28, f29)
    TENON_DETAIL_BIND(31, (TENON_DETAIL_TYPES_24, decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28), decltype(f29), decltype(f30)), TENON_DETAIL_NAMES_24, f24, f25, f26, f27, f28, f29, f30)
    TENON_DETAIL_BIND(32, (TENON_DETAIL_TYPES_24, decltype(f24), decltype(f25), decltype(f26), decltype(f27), decltype(f28), decltype(f29), decltype(f30), decltype(f31)), TENON_DETAIL_NAMES_24, f24, f25, f26, f27, f28, f29, f30, f31)
    static_assert(field_count<T> <= most_fields);
}
// clang-format on
#undef TENON_DETAIL_BIND
#undef TENON_DETAIL_TYPES
#undef TENON_DETAIL_NAMES_8
#undef TENON_DETAIL_TYPES_8
#undef TENON_DETAIL_NAMES_16
#undef TENON_DETAIL_TYPES_16
#undef TENON_DETAIL_NAMES_24
#undef TENON_DETAIL_TYPES_24

// A type that converts to nothing.
struct stranger {
    stranger() = default;
    stranger(const stranger&) = delete;
};

// Tells a first field whose constructor takes any type from a base class.
template <class T>
concept has_base = requires { T{any_base_of<T>{}}; } && !requires { T{stranger{}}; };

template <class T>
concept has_stated_layout = complete<layout<T>>;

template <class T>
inline constexpr bool is_methods = false;
template <auto... M>
inline constexpr bool is_methods<methods<M...>> = true;

/// A class that is a plugin interface itself, and is described by its methods.
template <class T>
concept has_methods = requires { requires is_methods<typename T::methods>; };

/// A reached class that is called through its `methods`, as a host's services are. Not a class whose author
/// states its layout.
template <class T>
concept reached_by_methods = has_methods<T> && !has_stated_layout<T>;

template <class T>
concept has_countable_fields = field_count<T> <= most_fields && (field_count<T> != 0 || std::is_empty_v<T>);

/// A class whose fields tenon can find by itself.
template <class T>
concept visible_aggregate =
    std::is_aggregate_v<T> && !std::is_union_v<T> && !has_base<T> && has_countable_fields<T>;

template <auto... F>
constexpr bool states_fields(const fields<F...>*) {
    return true;
}
template <class T, unsigned Version>
constexpr bool states_fields(const opaque<T, Version>*) {
    return false;
}

template <class T>
concept has_virtual_functions = complete<T> && std::is_polymorphic_v<T>;

/// A class with virtual functions whose author states its fields, but not its methods.
template <class T>
concept hides_functions = has_virtual_functions<T> && has_stated_layout<T> &&
                          requires { requires detail::states_fields(static_cast<layout<T>*>(nullptr)); };

/// A type whose fields are visible or stated.
template <class T>
concept known_layout = !hides_functions<T> && (!complete<T> || has_stated_layout<T> || standard<T> ||
                                               std::is_enum_v<T> || has_methods<T> || visible_aggregate<T>);

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
template <template <class, class, auto...> class X, class A, class B, auto... N>
    requires(sizeof...(N) > 0)
struct arguments_of<X<A, B, N...>> {
    using type = list<A, B>;
};

// The types that make up the layout of T: its fields, the underlying type of an enumeration, the template
// arguments of a standard class.
template <class T>
consteval auto contents() {
    if constexpr (!complete<T>)
        return list<>{};
    else if constexpr (has_stated_layout<T>)
        return decltype(detail::stated_fields<T>(static_cast<layout<T>*>(nullptr))){};
    else if constexpr (std::is_enum_v<T>)
        return list<std::underlying_type_t<T>>{};
    else if constexpr (standard<T>)
        return typename arguments_of<T>::type{};
    else if constexpr (has_methods<T>)
        return typename T::methods::signatures{};
    else if constexpr (visible_aggregate<T>)
        return detail::bind_fields(*static_cast<T*>(nullptr));
    else
        return list<>{};
}

template <class T>
consteval unsigned layout_version() {
    if constexpr (has_stated_layout<T>)
        return detail::stated_version(static_cast<layout<T>*>(nullptr));
    else
        return 0;
}

// ---- All types that are reached from given ones

template <class T>
struct function_parts; // of a function type: its result and its parameters

#define TENON_DETAIL_FUNCTION(QUALIFIERS)                                                                    \
    template <class R, class... A, bool N>                                                                   \
    struct function_parts<R(A...) QUALIFIERS noexcept(N)> {                                                  \
        using result = R;                                                                                    \
        using parameters = list<A...>;                                                                       \
    };                                                                                                       \
    template <class R, class... A, bool N>                                                                   \
    struct function_parts<R(A..., ...) QUALIFIERS noexcept(N)> : function_parts<R(A...)> {};
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

// The types behind pointers, references, arrays and functions.
template <class T>
struct parts_of {
    using type = list<>;
};
template <class T>
    requires std::is_function_v<T>
struct parts_of<T> {
    using type = decltype(detail::joined(list<typename function_parts<T>::result>{},
                                         typename function_parts<T>::parameters{}));
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
struct parts_of<F C::*> { // an offset in C, or a slot of its virtual table
    using type = list<F, C>;
};

// A type that gets an entry of its own. Standard tags, allocators and comparisons do not.
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

// The types that one step leads to from T.
template <class T>
consteval auto next_to() {
    if constexpr (recorded<T>())
        return contents<T>();
    else
        return typename parts_of<T>::type{};
}

// Compares types by a built-in, because addresses of templates are no constants under g++'s
// -fsanitize=undefined. Uses an array, because a fold expression nests as deep as it is long.
template <class Seen, class List>
struct unseen_of;
template <class... Seen, class... T>
struct unseen_of<list<Seen...>, list<T...>> {
    template <class U>
    static consteval std::size_t place() {
        const bool same[] = {__is_same(U, Seen)..., __is_same(U, T)..., true};
        std::size_t i = 0;
        while (!same[i])
            ++i;
        return i;
    }

    template <std::size_t... I>
    static consteval auto choose(indices<I...>) {
        return
            typename concatenation<typename list_if<place<T>() == sizeof...(Seen) + I, T>::type...>::type{};
    }
    using type = decltype(choose(make_indices<sizeof...(T)>{}));
};
template <class Seen, class List>
struct unseen;
template <class Seen, class... T>
struct unseen<Seen, list<T...>> : unseen_of<Seen, list<std::remove_cv_t<T>...>> {};

// Takes one step from all types at once, until no new type is found.
template <class T>
struct step {
    using type = decltype(next_to<T>());
};
template <class Seen, class New, template <class> class Step = step>
struct closure;
template <class Seen, template <class> class Step>
struct closure<Seen, list<>, Step> {
    using type = Seen;
};
template <class... Seen, class First, class... New, template <class> class Step>
struct closure<list<Seen...>, list<First, New...>, Step> {
    using all = list<Seen..., First, New...>;
    using next = typename concatenation<typename Step<First>::type, typename Step<New>::type...>::type;
    using type = typename closure<all, typename unseen<all, next>::type, Step>::type;
};

template <class T>
using is_recorded = std::bool_constant<recorded<T>()>;

template <class T>
struct listed {
    using type = list<T>;
};
template <class... T>
struct listed<list<T...>> : concatenation<typename listed<T>::type...> {};

/// All types reached from given types or lists of types, each once, with pointers, references and functions.
template <template <class> class Step, class... T>
using everything_by =
    typename closure<list<>,
                     typename unseen<list<>, typename concatenation<typename listed<T>::type...>::type>::type,
                     Step>::type;
template <class... T>
using everything_in = everything_by<step, T...>;

/// The classes, unions and enumerations among them.
template <class... T>
using reached = typename those_that_are<is_recorded, everything_in<T...>>::type;

// ---- Types that carry the plugin's code

template <class T>
inline constexpr bool is_polymorphic = false;
template <class T>
    requires std::is_class_v<T> && complete<T>
inline constexpr bool is_polymorphic<T> = std::is_polymorphic_v<T>;

// Objects with the virtual table of the side that made them, other than interfaces.
template <class T>
concept has_foreign_table = is_polymorphic<T> && !has_methods<T>;

template <class T>
concept points_to_table =
    (std::is_pointer_v<T> || std::is_reference_v<T>) &&
    has_foreign_table<std::remove_cv_t<std::remove_pointer_t<std::remove_reference_t<T>>>>;

template <class T>
concept owns_polymorphic =
    spelled<T>().is("std::unique_ptr<") && requires { requires is_polymorphic<typename T::element_type>; };

template <class T>
concept wraps_polymorphic =
    spelled<T>().is("std::reference_wrapper<") && requires { requires has_foreign_table<typename T::type>; };

// Their virtual tables are the standard library's own.
inline constexpr const char* library_exceptions[] = {
    "std::exception",      "std::logic_error",     "std::domain_error",  "std::invalid_argument",
    "std::length_error",   "std::out_of_range",    "std::runtime_error", "std::range_error",
    "std::overflow_error", "std::underflow_error", "std::bad_alloc"};

// Types that contain code and do not show it by fields or template arguments, in groups by the reason.
inline constexpr const char* code_carriers[] = {
    // they keep functions
    "std::function<", "std::move_only_function<", "std::copyable_function<", "std::function_ref<",
    "std::packaged_task<", "std::generator<", "std::coroutine_handle<", "std::basic_regex<", "std::regex",
    "std::wregex", "std::regex_iterator<", "std::regex_token_iterator<", "std::basic_format_arg<",
    "std::basic_format_args<", "std::thread", "std::jthread", "tenon::registration",
    "tenon::v1::registration",
    // they know how to destroy what they share or hold
    "std::any", "std::shared_ptr<", "std::weak_ptr<", "std::future<", "std::shared_future<", "std::promise<",
    "std::exception_ptr", "std::polymorphic<",
    // they point to something with a virtual table
    "std::error_code", "std::error_condition", "std::locale", "std::type_index",
    "std::pmr::polymorphic_allocator<", "std::istreambuf_iterator<", "std::ostreambuf_iterator<",
    "std::istream_iterator<", "std::ostream_iterator<", "std::wstring_convert<"};

// For classes only, because comparing names takes a compiler a while.
template <class T>
concept keeps_code =
    owns_polymorphic<T> || wraps_polymorphic<T> ||
    (has_foreign_table<T> && !is_one_of<T>(library_exceptions)) || is_one_of<T>(code_carriers);

/// A type whose values point to code or virtual tables of the side that made them: a function or a pointer to
/// one; an object with virtual functions or a pointer to one, unless it is an interface; and standard types
/// that contain one of these.
template <class T>
concept carries_code = std::is_function_v<T> || points_to_table<T> || (std::is_class_v<T> && keeps_code<T>);

template <class T>
using is_carrier = std::bool_constant<carries_code<T>>;

} // namespace detail
} // namespace tenon::inline v1

#endif

namespace tenon::inline v1 {

template <class Interface, class P>
class holds;

namespace TENON_HIDDEN detail {
template <class Pieces>
constexpr bool well_named(const Pieces& name) {
    if (name.size() == 0 || name[0] < 'a' || name[0] > 'z')
        return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}
} // namespace detail

/// The name of a plugin type, and the path of the header that declares its interface.
///
///     static constexpr tenon::plugin_type type{"greeter"};   // in the interface
///
/// A name is `[a-z][a-z0-9_-]*`. The path is spelled as the compiler saw it. The builder compiles plugins
/// against that header.
class plugin_type {
public:
    template <std::size_t N>
    consteval plugin_type(const char (&name)[N], const char* header = __builtin_FILE())
        : name_(name), size_(N - 1), header_(header) {}

    constexpr const char* name() const { return name_; }
    constexpr std::size_t size() const { return size_; }
    constexpr char operator[](std::size_t i) const { return name_[i]; }
    constexpr const char* header() const { return header_; }

private:
    const char* name_;
    std::size_t size_;
    const char* header_;
};

/// The arguments of the plugins' constructors. Without a `factory` in the interface these take none.
///
///     using factory = tenon::factory<const settings&>;
template <class... Argument>
struct factory {};

/// Chooses one overload of a method by its type without the class.
///
///     using methods = tenon::methods<tenon::overload<int(int) const>(&shape::scale)>;
template <class F, class C>
consteval auto overload(F C::* method) {
    return method;
}

template <auto Method>
struct escape {};

/// Lets one method return a value that carries the plugin's code: a `std::function`, a `std::shared_ptr` …
///
///     using methods = tenon::methods<tenon::lets_code_escape<&logger::sink>>;
///
/// A caller has to destroy the result before the plugin is closed.
template <auto Method>
TENON_HIDDEN inline constexpr escape<Method> lets_code_escape{};

namespace TENON_HIDDEN detail {

template <auto Method>
consteval auto method_of(escape<Method>) {
    return Method;
}
template <class F, class C>
consteval auto method_of(F C::* method) {
    return method;
}

template <class M>
inline constexpr bool is_escape = false;
template <auto Method>
inline constexpr bool is_escape<escape<Method>> = true;

template <class M>
struct member_function {};
template <class F, class C>
struct member_function<F C::*> : function_parts<F> {
    using signature = F;
    using owner = C;
};

} // namespace detail

/// Lists every virtual function of an interface. The order is part of the interface, and new functions go to
/// the end.
///
///     using methods = tenon::methods<&greeter::greet>;
///
/// A class that crosses an interface and is called through virtual functions, such as the services of a host,
/// has such a list too. Host and plugin have to have the same one.
template <auto... Method>
struct methods {
    static constexpr std::size_t size = sizeof...(Method);
    using signatures =
        detail::list<typename detail::member_function<decltype(detail::method_of(Method))>::signature...>;
};

namespace TENON_HIDDEN detail {

// `&beside_self<T>::self` is ambiguous, and so ill-formed, if T has a `self`, even a private or overloaded
// one.
struct has_self {
    int self;
};
template <class T>
struct beside_self : T, has_self {
protected:
    ~beside_self() noexcept;
};
template <class T>
concept has_no_self =
    requires { &beside_self<T>::self; } || requires { typename T::self; }; // a type is not in a model's way

/// Constructs and accesses the plain object of a model. Not members of `holds`, because their names would
/// hide those of an interface.
struct model_access {
    template <class T, class P, class... A>
    static void make(holds<T, P>& model, A&&... arguments) {
        ::new (static_cast<void*>(__builtin_addressof(model.self_))) P(static_cast<A&&>(arguments)...);
        model.made_ = true;
    }
    template <class T, class P>
    static P& held(holds<T, P>& model) noexcept {
        return model.self_;
    }
};

} // namespace detail

/// The base class of an interface's `model`: derives from `Interface` and holds an object of the plain class
/// `P`.
///
///     template <user_driver P> struct user_provider::model final : tenon::holds<user_provider, P> {
///         std::optional<user> get_user(std::string_view id) const override { return this->self().get_user(id); }
///     };
template <class Interface, class P>
class holds : public Interface {
    static_assert(detail::has_no_self<Interface>,
                  "tenon: the interface has a function called `self`, and that is what a model calls its "
                  "plain class: give the interface's function another name");

public:
    holds() noexcept {}
    holds(const holds&) = delete;
    holds& operator=(const holds&) = delete;
    ~holds() override {
        if (made_)
            self_.~P();
    }

protected:
    P& self() noexcept { return self_; }
    const P& self() const noexcept { return self_; }

private:
    friend struct detail::model_access;

    // The implicit constructor of a model takes no arguments, so the object is constructed after it.
    union {
        P self_;
    };
    bool made_ = false;
};

// ---- The requirements on an interface, one concept each

template <class T>
concept states_its_type = requires { requires std::is_same_v<decltype(T::type), const plugin_type>; };

template <class T>
concept has_valid_type_name = states_its_type<T> && detail::well_named(T::type);

template <class T>
concept has_virtual_destructor = std::has_virtual_destructor_v<T>;

template <class T>
concept is_abstract = std::is_abstract_v<T>;

// The whole object is one pointer to one virtual table. The manifest describes nothing else.
template <class T>
concept has_only_functions = detail::complete<T> && std::is_polymorphic_v<T> && sizeof(T) == sizeof(void*);

namespace TENON_HIDDEN detail {

template <class T>
struct factory_of {
    using type = factory<>;
};
template <class T>
    requires requires { typename T::factory; }
struct factory_of<T> {
    using type = typename T::factory;
};

template <class F>
inline constexpr bool is_factory = false;
template <class... A>
inline constexpr bool is_factory<factory<A...>> = true;

// The list is empty if `factory` is no tenon::factory: a reached interface has no plugins, and may use the
// name for something else.
template <class F>
struct arguments_of_factory {
    using type = list<>;
};
template <class... A>
struct arguments_of_factory<factory<A...>> {
    using type = list<A...>;
};

template <class T>
using factory_arguments = typename arguments_of_factory<typename factory_of<T>::type>::type;

// The type of the state that a plugin passes to its next version: a list of one type, or of none.
template <class T>
struct state_of {
    using type = list<>;
};
template <class T>
    requires requires { typename T::state; }
struct state_of<T> {
    using type = list<typename T::state>;
};

// True if Method is a member function of T, or of a base that T has once and not virtually.
template <class T, class M>
concept method_in_chain = std::is_member_function_pointer_v<M> &&
                          requires(typename member_function<M>::owner* base) { static_cast<T*>(base); };

#ifdef __clang__
// A member pointer of a virtual function cannot be compared in a constant expression (expr.eq/4.4). g++ folds
// the comparison all the same, so with g++ a non-virtual function is only noticed by its slot in the
// manifest.
template <auto Method>
concept virtual_method = !requires { typename std::bool_constant<(Method == Method)>; };
#else
template <auto Method>
concept virtual_method = true;
#endif

// A type that can be written to. Not functions and objects with virtual functions, which are called instead.
template <class T>
concept passed_out = !std::is_const_v<T> && !std::is_function_v<T> && !is_polymorphic<T>;

// The types that a plugin can write to through a parameter.
template <class T>
struct written_through {
    using type = list<>;
};
template <passed_out T>
struct written_through<T&> {
    using type = list<T>;
};
template <passed_out T>
struct written_through<T*> {
    using type = list<T>;
};
template <class T>
    requires std::is_class_v<T> &&
             (spelled<T>().is("std::span<") || spelled<T>().is("std::reference_wrapper<"))
struct written_through<T> {
    template <class Element>
    static consteval auto of(list<Element>) {
        return typename written_through<Element*>::type{};
    }
    using type = decltype(of(typename arguments_of<T>::type{}));
};

template <class R, class... A>
list<R, typename written_through<A>::type...> outputs(list<A...>);

// The types that a method returns or writes to, unless the author lets code escape.
template <auto Entry>
consteval auto outputs_of() {
    if constexpr (is_escape<std::remove_cv_t<decltype(Entry)>>) {
        return list<>{};
    } else {
        using parts = member_function<decltype(Entry)>;
        return decltype(detail::outputs<typename parts::result>(typename parts::parameters{})){};
    }
}

template <class T, class Methods>
inline constexpr bool methods_in_chain_v = false;
template <class T, auto... M>
inline constexpr bool methods_in_chain_v<T, methods<M...>> =
    all_of<method_in_chain<T, decltype(detail::method_of(M))>...>;

// True if the class of one of T's methods has the same list of methods, which T then inherits.
template <class T, class Owner>
inline constexpr bool inherits_methods_of = false;
template <class T, has_methods Owner>
inline constexpr bool inherits_methods_of<T, Owner> =
    !std::is_same_v<T, Owner> && std::is_same_v<typename T::methods, typename Owner::methods>;

template <class T, class Methods>
inline constexpr bool states_methods_v = false;
template <class T, auto... M>
inline constexpr bool states_methods_v<T, methods<M...>> =
    all_of<!inherits_methods_of<T, typename member_function<decltype(detail::method_of(M))>::owner>...>;

template <class Methods>
inline constexpr bool methods_virtual_v = false;
template <auto... M>
inline constexpr bool methods_virtual_v<methods<M...>> = all_of<virtual_method<detail::method_of(M)>...>;

template <class Methods>
struct outputs_of_all;
template <auto... M>
struct outputs_of_all<methods<M...>> : concatenation<decltype(outputs_of<M>())...> {};

// The types that a plugin gives out along with a T: for an interface, those that its methods give out. A type
// that carries code is not looked into further.
template <class T>
struct step_out : step<T> {};
template <carries_code T>
struct step_out<T> {
    using type = list<>;
};
template <class F, class C>
    requires(!std::is_function_v<F>)
struct step_out<F C::*> {
    using type = list<F>;
};
template <has_methods T>
    requires methods_in_chain_v<T, typename T::methods>
struct step_out<T> : outputs_of_all<typename T::methods> {};

/// The types that carry a plugin's code, among all types reached from these.
template <class... T>
using carriers = typename those_that_are<is_carrier, everything_by<step_out, T...>>::type;

/// All types that cross the boundary of an interface.
template <class T>
using crossing = reached<typename T::methods::signatures, factory_arguments<T>, typename state_of<T>::type>;

/// An interface whose slots can be counted, which takes a class derived from it.
template <class T>
concept measurable = has_only_functions<T> && !std::is_final_v<T> &&
                     methods_in_chain_v<T, typename T::methods> && methods_virtual_v<typename T::methods>;

template <class T>
concept reached_and_measurable = reached_by_methods<T> && measurable<T>;

template <class T>
using is_reached_and_measurable = std::bool_constant<reached_and_measurable<T>>;

/// The interfaces that cross T's boundary, which its host or its plugins call besides T.
template <class T>
using reached_interfaces = typename those_that_are<is_reached_and_measurable, crossing<T>>::type;

template <class List>
inline constexpr bool all_measurable = false;
template <class... T>
inline constexpr bool all_measurable<list<T...>> = all_of<(!reached_by_methods<T> || measurable<T>)...>;

// A type whose name means the same type in two files. A standard template is judged by its arguments.
template <class T>
concept shared_name =
    standard<T> || !(spelled<T>().contains("(anonymous namespace)") || spelled<T>().contains("{anonymous}"));

template <class List>
inline constexpr bool all_names_shared = false;
template <class... T>
inline constexpr bool all_names_shared<list<T...>> = all_of<shared_name<T>...>;

template <class List>
inline constexpr bool all_layouts_known = false;
template <class... T>
inline constexpr bool all_layouts_known<list<T...>> = all_of<known_layout<T>...>;

} // namespace detail

template <class T>
concept names_its_methods = detail::has_methods<T>;

template <class T>
concept names_only_its_own = names_its_methods<T> && detail::methods_in_chain_v<T, typename T::methods>;

template <class T>
concept names_only_virtual_functions =
    names_only_its_own<T> && detail::methods_virtual_v<typename T::methods>;

/// The interface has a list of its own, and not just the one that it inherits from its base.
template <class T>
concept states_its_methods = names_only_its_own<T> && detail::states_methods_v<T, typename T::methods>;

template <class T>
concept has_valid_factory = detail::is_factory<typename detail::factory_of<T>::type>;

template <class T>
concept keeps_its_code =
    names_only_its_own<T> &&
    std::is_same_v<detail::carriers<typename detail::outputs_of_all<typename T::methods>::type>,
                   detail::list<>>;

template <class T>
concept state_keeps_its_code =
    std::is_same_v<detail::carriers<typename detail::state_of<T>::type>, detail::list<>>;

template <class T>
concept has_known_layouts =
    names_only_its_own<T> && has_valid_factory<T> && detail::all_layouts_known<detail::crossing<T>>;

template <class T>
concept has_shared_names = names_only_its_own<T> && has_valid_factory<T> && detail::shared_name<T> &&
                           detail::all_names_shared<detail::crossing<T>>;

template <class T>
concept reaches_measurable_interfaces =
    names_only_its_own<T> && has_valid_factory<T> && detail::all_measurable<detail::crossing<T>>;

/// A class that can be a plugin interface: abstract, with a virtual destructor, a name, a list of all virtual
/// functions, and known layouts for the types that they pass.
template <class T>
concept plugin_interface =
    states_its_type<T> && has_valid_type_name<T> && has_virtual_destructor<T> && is_abstract<T> &&
    has_only_functions<T> && names_its_methods<T> && names_only_its_own<T> &&
    names_only_virtual_functions<T> && states_its_methods<T> && has_valid_factory<T> && keeps_its_code<T> &&
    state_keeps_its_code<T> && has_known_layouts<T> && has_shared_names<T> &&
    reaches_measurable_interfaces<T>;

// ---- The requirements on an implementation

namespace TENON_HIDDEN detail {
template <class P, class Arguments>
inline constexpr bool made_from = false;
template <class P, class... A>
inline constexpr bool made_from<P, list<A...>> =
    requires(A&&... arguments) { P(static_cast<A&&>(arguments)...); };

template <class P, class T>
concept has_model_for = requires { typename T::template model<P>; };
} // namespace detail

template <class P, class T>
concept derives_from_interface =
    detail::complete<P> && std::is_base_of_v<T, P> && std::is_convertible_v<P*, T*>;

template <class P, class T>
concept implements_every_method = derives_from_interface<P, T> && !std::is_abstract_v<P>;

template <class P, class T>
concept fits_the_model = detail::complete<P> && !derives_from_interface<P, T> && detail::has_model_for<P, T>;

template <class P, class T>
concept made_from_the_factorys_arguments = detail::made_from<P, detail::factory_arguments<T>>;

/// A class that can be a plugin of type T: it implements T, or fits T's model.
template <class P, class T>
concept plugin_for = plugin_interface<T> && (implements_every_method<P, T> || fits_the_model<P, T>) &&
                     made_from_the_factorys_arguments<P, T> && std::is_destructible_v<P>;

/// Only for messages: compilers show its arguments after a sentence about types.
template <class... T>
struct these_types;

namespace TENON_HIDDEN detail {

// ---- The conditions behind the sentences of export.hpp

// A value in place of a concept: g++ explains failed concepts at length, which would bury the sentence.
template <bool Holds>
inline constexpr bool value = Holds;

template <class T>
using of_unknown_layout = std::bool_constant<!known_layout<T> && !has_virtual_functions<T>>;
template <class T>
using of_unknown_functions =
    std::bool_constant<!known_layout<T> && has_virtual_functions<T> && !hides_functions<T>>;
template <class T>
using hiding_functions = std::bool_constant<hides_functions<T>>;
template <class T>
using named_for_one_file = std::bool_constant<!shared_name<T>>;
template <class T>
using called_with_data = std::bool_constant<reached_by_methods<T> && !has_only_functions<T>>;
template <class T>
concept has_methods_and_is_final = reached_by_methods<T> && std::is_final_v<T>;
template <class T>
using called_and_final = std::bool_constant<has_methods_and_is_final<T>>;
template <class T>
using called_by_foreign_methods = std::bool_constant<reached_by_methods<T> && !names_only_its_own<T>>;
template <class T>
using called_by_plain_functions =
    std::bool_constant<names_only_its_own<T> && reached_by_methods<T> && !names_only_virtual_functions<T>>;

// The types that cross the interface, as far as they can be determined.
template <class T, template <class> class Is>
struct crossing_that_are {
    using type = list<>;
};
template <class T, template <class> class Is>
    requires(names_only_its_own<T> && has_valid_factory<T>)
struct crossing_that_are<T, Is> : those_that_are<Is, crossing<T>> {};

template <class T>
using unknown_layouts = typename crossing_that_are<T, of_unknown_layout>::type;
template <class T>
using unknown_functions = typename crossing_that_are<T, of_unknown_functions>::type;
template <class T>
using hidden_functions = typename crossing_that_are<T, hiding_functions>::type;
template <class T>
using names_of_one_file = typename crossing_that_are<T, named_for_one_file>::type;
template <class T>
using interfaces_with_data = typename crossing_that_are<T, called_with_data>::type;
template <class T>
using final_interfaces = typename crossing_that_are<T, called_and_final>::type;
template <class T>
using interfaces_of_foreign_methods = typename crossing_that_are<T, called_by_foreign_methods>::type;
template <class T>
using interfaces_of_plain_functions = typename crossing_that_are<T, called_by_plain_functions>::type;

template <class T>
struct given_out {
    using type = list<>;
};
template <names_only_its_own T>
struct given_out<T> : outputs_of_all<typename T::methods> {};
template <class T>
using carriers_given_out = carriers<typename given_out<T>::type>;
template <class T>
using carriers_in_state = carriers<typename state_of<T>::type>;

// A class that is only declared gets an error about that, and none of these.
template <class P, class T>
concept is_no_longer_abstract = !derives_from_interface<P, T> || implements_every_method<P, T>;
template <class P, class T>
concept derives_or_fits = !complete<P> || derives_from_interface<P, T> || fits_the_model<P, T>;
template <class P>
concept is_destroyed = !complete<P> || std::is_destructible_v<P>;

// The arguments are a template parameter, so that compilers show them. True if another error tells the cause:
// an object that cannot be destroyed cannot be constructed either.
template <class P, class T, class Arguments>
inline constexpr bool is_made_from = made_from<P, Arguments>;
template <class P, class T, class Arguments>
    requires(!complete<P> || !has_valid_factory<T> || !std::is_destructible_v<P> || std::is_abstract_v<P>)
inline constexpr bool is_made_from<P, T, Arguments> = true;

// The model is checked only if there is no other error about it or the plugin's class.
template <class P, class T>
concept models_without_self = !fits_the_model<P, T> || has_no_self<T>;
template <class P, class T>
concept looks_into_model = fits_the_model<P, T> && has_no_self<T> && std::is_destructible_v<P>;
template <class P, class T>
concept defines_the_model = !looks_into_model<P, T> || requires { sizeof(typename T::template model<P>); };
template <class P, class T>
concept has_a_concrete_model = !looks_into_model<P, T> || !defines_the_model<P, T> ||
                               !requires { requires std::is_abstract_v<typename T::template model<P>>; };
template <class P, class T>
concept has_a_usable_model =
    models_without_self<P, T> && defines_the_model<P, T> && has_a_concrete_model<P, T>;

template <class P, class T>
using arguments_not_taken =
    std::conditional_t<is_made_from<P, T, factory_arguments<T>>, list<>, factory_arguments<T>>;

template <class List>
inline constexpr bool is_empty = std::is_same_v<List, list<>>;

// The types for compilers to name; a complete type if there are none.
template <class List>
struct named {
    using type = char;
};
template <class First, class... More>
struct named<list<First, More...>> {
    using type = these_types<First, More...>;
};

// Makes the compiler explain why a class does not fit the model, and so the author's concept.
template <class P, class T>
auto explain_model() {
    if constexpr (!derives_or_fits<P, T>)
        static_cast<void>(sizeof(typename T::template model<P>));
    return true;
}

} // namespace detail
} // namespace tenon::inline v1

#endif

#ifndef TENON_EXPORT_HPP
#define TENON_EXPORT_HPP

#include <cstddef>
#include <cstdint>

#ifndef TENON_HOOKS_HPP
#define TENON_HOOKS_HPP

#include <type_traits>


// What a plugin's class may offer beside its interface, by having public functions of these names. A name
// that the interface itself has means what the interface says, and is no hook. Any other member of such a
// name would never be called, and is an error.
//
//     void start()            after construction, outside of the system loader's lock: the place for threads
//     void stop() noexcept    before destruction, where start() has returned: the place to end them
//     void quiesce()          before the next version is made: lets go of what only one can have, such as a port
//     void resume()           takes that back, where the next version came to nothing
//     state save()            what the next version starts from, of the interface's `using state = ...`
//     void restore(state)     in the next version, between its construction and its start()

namespace tenon::inline v1 {

template <class P, class T>
concept starts = requires(P& plugin) { requires std::is_void_v<decltype(plugin.start())>; } &&
                 !requires(T& interface) { interface.start(); };

template <class P, class T>
concept stops = requires(P& plugin) { requires std::is_void_v<decltype(plugin.stop())>; } &&
                !requires(T& interface) { interface.stop(); };

template <class P, class T>
concept stops_without_exceptions = !stops<P, T> || requires(P& plugin) {
    { plugin.stop() } noexcept;
};

template <class P, class T>
concept quiesces = requires(P& plugin) { requires std::is_void_v<decltype(plugin.quiesce())>; } &&
                   !requires(T& interface) { interface.quiesce(); };

template <class P, class T>
concept resumes = requires(P& plugin) { requires std::is_void_v<decltype(plugin.resume())>; } &&
                  !requires(T& interface) { interface.resume(); };

template <class P, class T>
concept saves_state = requires(P& plugin) {
    requires std::is_convertible_v<decltype(plugin.save()), typename T::state>;
} && !requires(T& interface) { interface.save(); };

template <class P, class T>
concept restores_state = requires(P& plugin, typename T::state&& saved) {
    requires std::is_void_v<decltype(plugin.restore(static_cast<typename T::state&&>(saved)))>;
} && !requires(T& interface, typename T::state&& saved) {
    interface.restore(static_cast<typename T::state&&>(saved));
};

namespace TENON_HIDDEN detail {

// A name that stands beside one of C's is ambiguous, whoever may call that and however many functions have
// it.
struct hook_names {
    int start, stop, quiesce, resume, save, restore;

protected:
    ~hook_names() = default;
};
template <class C>
struct beside_hooks : C, hook_names {}; // a class with a `final` destructor has to be `final` itself

// Nothing derives from a class that is final: of its members only those are found that can be named from
// outside.
template <class C>
concept shows_every_name = complete<C> && std::is_class_v<C> && !std::is_final_v<C>;

#define TENON_DETAIL_HAS_MEMBER(NAME)                                                                        \
    template <class C>                                                                                       \
    concept has_##NAME = requires { &C::NAME; } || requires(C& object) { object.NAME(); } ||                 \
                         (shows_every_name<C> && !requires { &beside_hooks<C>::NAME; });
TENON_DETAIL_HAS_MEMBER(start)
TENON_DETAIL_HAS_MEMBER(stop)
TENON_DETAIL_HAS_MEMBER(quiesce)
TENON_DETAIL_HAS_MEMBER(resume)
TENON_DETAIL_HAS_MEMBER(save)
TENON_DETAIL_HAS_MEMBER(restore)
#undef TENON_DETAIL_HAS_MEMBER

// Where nothing is in the way that has a sentence of its own.
template <class P>
concept looks_into_members = complete<P> && std::is_destructible_v<P>;

// Without `using state = ...`, or where one of the two names is the interface's own, `save` and `restore` are
// names as any others.
template <class T>
concept hands_on_state = requires { typename T::state; } && !has_save<T> && !has_restore<T>;

// A member of a hook's name that is no hook.
template <class P, class T>
concept misuses_start = !starts<P, T> && looks_into_members<P> && has_start<P> && !has_start<T>;
template <class P, class T>
concept misuses_stop = !stops<P, T> && looks_into_members<P> && has_stop<P> && !has_stop<T>;
template <class P, class T>
concept misuses_quiesce = !quiesces<P, T> && looks_into_members<P> && has_quiesce<P> && !has_quiesce<T>;
template <class P, class T>
concept misuses_resume = !resumes<P, T> && looks_into_members<P> && has_resume<P> && !has_resume<T>;
template <class P, class T>
concept misuses_save = !saves_state<P, T> && looks_into_members<P> && has_save<P> && hands_on_state<T>;
template <class P, class T>
concept misuses_restore =
    !restores_state<P, T> && looks_into_members<P> && has_restore<P> && hands_on_state<T>;

template <class P, class T>
concept misuses_no_name = !(misuses_start<P, T> || misuses_stop<P, T> || misuses_quiesce<P, T> ||
                            misuses_resume<P, T> || misuses_save<P, T> || misuses_restore<P, T>);

// Of a member that is no hook one thing is said, and not also that it is missing.
template <class P, class T>
concept pairs_quiesce = quiesces<P, T> == resumes<P, T> || misuses_quiesce<P, T> || misuses_resume<P, T>;
template <class P, class T>
concept pairs_state =
    saves_state<P, T> == restores_state<P, T> || misuses_save<P, T> || misuses_restore<P, T>;

} // namespace detail

/// What hooks a class has are those that belong together, and no other member has the name of one.
template <class P, class T>
concept has_whole_hooks = stops_without_exceptions<P, T> && detail::misuses_no_name<P, T> &&
                          detail::pairs_quiesce<P, T> && detail::pairs_state<P, T>;

namespace TENON_HIDDEN detail {

template <class T>
struct state_hooks {
    void (*save)() = nullptr;
    void (*restore)() = nullptr;
};
template <class T>
    requires requires { typename T::state; }
struct state_hooks<T> {
    typename T::state (*save)(T*) = nullptr;
    void (*restore)(T*, typename T::state&&) = nullptr;
};

/// The hooks of one class, as plain functions of its interface; null where it has none of that name.
template <class T>
struct hooks : state_hooks<T> {
    void (*start)(T*) = nullptr;
    void (*stop)(T*) = nullptr;
    void (*quiesce)(T*) = nullptr;
    void (*resume)(T*) = nullptr;
};

template <class P, class T>
P& implementation(T* object) {
    if constexpr (derives_from_interface<P, T>)
        return static_cast<P&>(*object);
    else
        return model_access::held(static_cast<typename T::template model<P>&>(*object));
}

template <class T, class P>
constexpr hooks<T> make_hooks() {
    hooks<T> table;
    if constexpr (starts<P, T>)
        table.start = [](T* object) { detail::implementation<P>(object).start(); };
    if constexpr (stops<P, T>)
        table.stop = [](T* object) { detail::implementation<P>(object).stop(); };
    if constexpr (quiesces<P, T> && resumes<P, T>) {
        table.quiesce = [](T* object) { detail::implementation<P>(object).quiesce(); };
        table.resume = [](T* object) { detail::implementation<P>(object).resume(); };
    }
    if constexpr (saves_state<P, T> && restores_state<P, T>) {
        table.save = [](T* object) -> typename T::state { return detail::implementation<P>(object).save(); };
        table.restore = [](T* object, typename T::state&& saved) {
            detail::implementation<P>(object).restore(static_cast<typename T::state&&>(saved));
        };
    }
    return table;
}

template <class T, class P>
[[gnu::visibility("hidden")]] inline constexpr hooks<T> hooks_of_class = make_hooks<T, P>();

// Null where there is none: nothing is then fetched to find that out.
template <class T, class P>
constexpr const hooks<T>* hooks_of() {
    if constexpr (starts<P, T> || stops<P, T> || quiesces<P, T> || saves_state<P, T>)
        return &hooks_of_class<T, P>;
    else
        return nullptr;
}

} // namespace detail
} // namespace tenon::inline v1

#endif

#ifndef TENON_DETAIL_INTERFACE_NOTES_HPP
#define TENON_DETAIL_INTERFACE_NOTES_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>


#ifndef TENON_DETAIL_INTERFACE_TOOLCHAIN_HPP
#define TENON_DETAIL_INTERFACE_TOOLCHAIN_HPP

#include <cstddef>


namespace tenon::inline v1 {
namespace TENON_HIDDEN detail {

// What decides whether two compilations agree on the standard library's types, read off predefined macros:
// one `key=value` a line.

#define TENON_DETAIL_TEXT(X) #X
#define TENON_DETAIL_VALUE(X) TENON_DETAIL_TEXT(X)

#if defined(_LIBCPP_ABI_VERSION)
#define TENON_DETAIL_LIBRARY "library=libc++ abi " TENON_DETAIL_VALUE(_LIBCPP_ABI_VERSION) "\n"
#elif defined(__GLIBCXX__) && _GLIBCXX_USE_CXX11_ABI
#define TENON_DETAIL_LIBRARY "library=libstdc++ with the C++11 strings\n"
#elif defined(__GLIBCXX__)
#define TENON_DETAIL_LIBRARY "library=libstdc++ with the old strings (_GLIBCXX_USE_CXX11_ABI=0)\n"
#else
#error "tenon: this standard library is not known: libstdc++ and libc++ are"
#endif

#if defined(_GLIBCXX_DEBUG)
#define TENON_DETAIL_DEBUG "debug mode=_GLIBCXX_DEBUG\n"
#elif defined(_LIBCPP_DEBUG) && _LIBCPP_DEBUG > 0
#define TENON_DETAIL_DEBUG "debug mode=_LIBCPP_DEBUG\n"
#else
#define TENON_DETAIL_DEBUG "debug mode=none\n"
#endif

#if defined(__has_feature)
#define TENON_DETAIL_FEATURE(X) __has_feature(X)
#else
#define TENON_DETAIL_FEATURE(X) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || TENON_DETAIL_FEATURE(address_sanitizer)
#define TENON_DETAIL_SANITIZER "sanitizer=address\n"
#elif defined(__SANITIZE_THREAD__) || TENON_DETAIL_FEATURE(thread_sanitizer)
#define TENON_DETAIL_SANITIZER "sanitizer=thread\n"
#elif TENON_DETAIL_FEATURE(memory_sanitizer)
#define TENON_DETAIL_SANITIZER "sanitizer=memory\n"
#else
#define TENON_DETAIL_SANITIZER "sanitizer=none\n"
#endif

#define TENON_DETAIL_LONG_DOUBLE                                                                             \
    "long double=" TENON_DETAIL_VALUE(__SIZEOF_LONG_DOUBLE__) " bytes, " TENON_DETAIL_VALUE(                 \
        __LDBL_MANT_DIG__) " digits\n"
#define TENON_DETAIL_WCHAR "wchar_t=" TENON_DETAIL_VALUE(__SIZEOF_WCHAR_T__) " bytes\n"

static constexpr char toolchain[] = TENON_DETAIL_LIBRARY TENON_DETAIL_DEBUG TENON_DETAIL_SANITIZER
    TENON_DETAIL_LONG_DOUBLE TENON_DETAIL_WCHAR;

#undef TENON_DETAIL_TEXT
#undef TENON_DETAIL_VALUE
#undef TENON_DETAIL_LIBRARY
#undef TENON_DETAIL_DEBUG
#undef TENON_DETAIL_FEATURE
#undef TENON_DETAIL_SANITIZER
#undef TENON_DETAIL_LONG_DOUBLE
#undef TENON_DETAIL_WCHAR

} // namespace detail
} // namespace tenon::inline v1

#endif

// The manifest in a library file: ELF notes of owner "tenon" in the section `.note.tenon`. Words are in the
// file's own byte order, and texts end with NUL. Every description begins with the key of its interface:
//
//   plugin     format, key, number of slots, slots,
//              {number of slots, key, properties, slots} for each reached interface, 0,
//              type, name, version, toolchain
//   interface  key, name, factory, state
//   method     key, place in `methods`, name, signature
//   type       key, size (0: incomplete here), alignment, stated version, name, fields
//
// A slot is {pointer, adjustment}. An interface that is reached through another one is called too, as a
// host's services are. Such an interface has its own notes of the kinds `interface` and `method`, and its
// slots are in each plugin's note.
//
// Readers skip notes of unknown kinds, and unknown fields at the end of a description. So new kinds and
// further fields at the end need no new format number; a change in the meaning of the rest does.
//
// Names, signatures and fields are mangled names (Itanium C++ ABI, 5.1), which g++ and clang agree on to the
// byte where __PRETTY_FUNCTION__ differs between them; only the assembler can write them down without running
// the plugin.

namespace tenon::inline v1 {
namespace TENON_HIDDEN detail {

inline constexpr std::uint32_t note_format = 2;

enum class note_kind : std::uint32_t { plugin = 1, interface = 2, method = 3, type = 4 };
constexpr bool known_kind(std::uint32_t kind) {
    return kind >= 1 && kind <= 4;
}

// The key that ties together the notes of one interface in one compilation. Two compilations need not agree
// on it.
template <class T>
consteval std::uint64_t interface_key() {
    std::uint64_t hash = 14695981039346656037u; // FNV-1a
    const spelling name = spelled<T>();
    for (std::size_t i = 0; i < name.size; ++i)
        hash = (hash ^ static_cast<unsigned char>(name.begin[i])) * 1099511628211u;
    return hash;
}

template <class T>
inline constexpr unsigned key_low = static_cast<unsigned>(interface_key<T>());
template <class T>
inline constexpr unsigned key_high = static_cast<unsigned>(interface_key<T>() >> 32);

// A function that is never called: its mangled name is the text. Hidden, so that the compiler takes its
// address for a constant in position-independent code too.
template <class... T>
[[gnu::visibility("hidden")]] void type_name() {}
// A method's name stands in a class's, because since clang 18 a function template says in its name that a
// parameter is `auto`.
template <auto M>
struct method;

// The address of a note in this image: declared here, and defined by the assembler with the note.
template <class T>
[[gnu::visibility("hidden")]] void interface_note();
template <class T, std::size_t Index>
[[gnu::visibility("hidden")]] void method_note();
template <class T, class U>
[[gnu::visibility("hidden")]] void crossing_note();

// A section group cannot hold a note that has to survive --gc-sections. So every file that needs a note
// writes one, under a weak name. Readers take the first one and compare the others with it.
#ifdef __aarch64__
#define TENON_DETAIL_ADDRESS "S" // g++ takes no address for "i" there in position-independent code
#else
#define TENON_DETAIL_ADDRESS "i"
#endif
#define TENON_DETAIL_NOTE(KIND, NAME)                                                                        \
    ".pushsection .note.tenon,\"a\",%%note\n.balign 4\n.weak %c[here]\n.hidden %c[here]\n%c[here]:\n"        \
    ".4byte 6, 2f-1f, " KIND "\n.asciz \"tenon\"\n.balign 4\n1: .4byte %c[low], %c[high]\n" NAME             \
    "2: .balign 4\n.popsection"

template <class T>
[[gnu::noinline, gnu::used, gnu::visibility("hidden")]] void emit_interface_note() {
    asm(TENON_DETAIL_NOTE("2", ".asciz \"%c[name]\"\n.asciz \"%c[made]\"\n.asciz \"%c[state]\"\n")
        :
        : [here] TENON_DETAIL_ADDRESS(&interface_note<T>), [low] "i"(key_low<T>), [high] "i"(key_high<T>),
          [name] TENON_DETAIL_ADDRESS(&type_name<T>),
          [made] TENON_DETAIL_ADDRESS(&type_name<factory_arguments<T>>),
          [state] TENON_DETAIL_ADDRESS(&type_name<typename state_of<T>::type>));
}

template <class T, std::size_t Index, auto Method>
[[gnu::noinline, gnu::used, gnu::visibility("hidden")]] void emit_method_note() {
    asm(TENON_DETAIL_NOTE("3", ".4byte %c[index]\n.asciz \"%c[name]\"\n.asciz \"%c[signature]\"\n")
        :
        : [here] TENON_DETAIL_ADDRESS(&method_note<T, Index>), [low] "i"(key_low<T>), [high] "i"(key_high<T>),
          [index] "i"(Index), [name] TENON_DETAIL_ADDRESS(&type_name<method<Method>>),
          [signature] TENON_DETAIL_ADDRESS(
              &type_name<typename member_function<decltype(Method)>::signature>));
}

template <class U>
consteval std::size_t size_here() {
    if constexpr (complete<U>)
        return sizeof(U);
    else
        return 0;
}
template <class U>
consteval std::size_t alignment_here() {
    if constexpr (complete<U>)
        return alignof(U);
    else
        return 0;
}

// An interface has no fields, and its functions have notes of their own.
template <class U>
consteval auto fields_noted() {
    if constexpr (reached_by_methods<U>)
        return list<>{};
    else
        return contents<U>();
}

template <class T, class U>
[[gnu::noinline, gnu::used, gnu::visibility("hidden")]] void emit_crossing_note() {
    asm(TENON_DETAIL_NOTE(
            "4", ".4byte %c[size], %c[alignment], %c[version]\n.asciz \"%c[name]\"\n.asciz \"%c[fields]\"\n")
        :
        : [here] TENON_DETAIL_ADDRESS(&crossing_note<T, U>), [low] "i"(key_low<T>), [high] "i"(key_high<T>),
          [size] "i"(size_here<U>()), [alignment] "i"(alignment_here<U>()),
          [version] "i"(layout_version<U>()), [name] TENON_DETAIL_ADDRESS(&type_name<U>),
          [fields] TENON_DETAIL_ADDRESS(&type_name<decltype(fields_noted<U>())>));
}
#undef TENON_DETAIL_NOTE
#undef TENON_DETAIL_ADDRESS

// The words of member pointers: {1 + 8 * slot, 0} for a virtual function (on Arm {8 * slot, 1}), with no
// relocation.
template <class M, class... Rest>
struct [[gnu::packed]] pointers {
    M first;
    pointers<Rest...> rest;

    constexpr pointers(M pointer, Rest... others) : first(pointer), rest(others...) {}
};
template <class M>
struct [[gnu::packed]] pointers<M> {
    M first;

    constexpr pointers(M pointer) : first(pointer) {}
};

// Its one virtual function's slot is the number of T's slots. No function of T takes a tail, so this
// overrides none; it is no conversion, because g++ from 13 on warns that one hides another of T. As it is
// never defined, neither are a virtual table and a destructor, which T may not let it have.
template <class T>
struct tail : T {
    virtual void tenon_slot_behind_the_last(tail&);

protected:
    ~tail() noexcept; // tenon: the destructor of an interface may be neither `final` nor deleted: its slots are counted by deriving from it
};

/// The slots of T's functions, in the order of `methods`, and how many there are.
template <class T, auto... M>
consteval auto slots_of(methods<M...>*) {
    return pointers<decltype(detail::method_of(M))..., void (tail<T>::*)(tail<T>&)>(
        detail::method_of(M)..., &tail<T>::tenon_slot_behind_the_last);
}
template <class T>
consteval auto slots_of() {
    return slots_of<T>(static_cast<typename T::methods*>(nullptr));
}

// Properties of an interface, one bit each.
inline constexpr std::uint32_t has_destructor_slots = 1;

template <class T>
struct [[gnu::packed]] reached_slots {
    std::uint32_t count = T::methods::size + 1, low = key_low<T>, high = key_high<T>,
                  properties = std::has_virtual_destructor_v<T> ? has_destructor_slots : 0;
    decltype(slots_of<T>()) slots = slots_of<T>();
};

// The count 0 ends the list: every interface has one slot at least.
template <class... T>
struct [[gnu::packed]] all_reached_slots {
    std::uint32_t end = 0;
};
template <class T, class... Rest>
struct [[gnu::packed]] all_reached_slots<T, Rest...> {
    reached_slots<T> first;
    all_reached_slots<Rest...> rest;
};
template <class... T>
all_reached_slots<T...> all_slots_of(list<T...>);

/// The part of a plugin's note about all interfaces that are called.
template <class T>
struct [[gnu::packed]] slots_in_image {
    std::uint32_t count = T::methods::size + 1;
    decltype(slots_of<T>()) slots = slots_of<T>();
    decltype(detail::all_slots_of(reached_interfaces<T>{})) reached;
};

template <class T, class Methods, class Indices>
struct abi_of;

// All notes of one image about the interface T.
template <class T, auto... M, std::size_t... I>
struct abi_of<T, methods<M...>, indices<I...>> {
    [[gnu::visibility("hidden")]] static void emit() {
        emit_methods();
        emit_types(crossing<T>{});
        emit_interfaces(reached_interfaces<T>{});
    }

    [[gnu::visibility("hidden")]] static void emit_methods() {
        emit_interface_note<T>();
        const int emitted[] = {(emit_method_note<T, I, detail::method_of(M)>(), 0)..., 0};
        static_cast<void>(emitted);
    }

    template <class... U>
    [[gnu::visibility("hidden")]] static void emit_types(list<U...>) {
        const int emitted[] = {(emit_crossing_note<T, U>(), 0)..., 0};
        static_cast<void>(emitted);
    }

    template <class... U>
    [[gnu::visibility("hidden")]] static void emit_interfaces(list<U...>) {
        const int emitted[] = {
            (abi_of<U, typename U::methods, make_indices<U::methods::size>>::emit_methods(), 0)..., 0};
        static_cast<void>(emitted);
    }
};

template <class T>
using abi_in_image = abi_of<T, typename T::methods, make_indices<T::methods::size>>;

} // namespace detail
} // namespace tenon::inline v1

#endif

namespace tenon::inline v1 {
namespace TENON_HIDDEN detail {

/// One plugin of this image, an entry of the export table. `Create` is `T*(arguments of T's factory...)`. A
/// host does not know this type before the manifest has been compared, and reads the entry as one with the
/// default; all pointers to functions have one layout.
template <class Create = void()>
struct exported {
    const char* type;
    const char* name;
    const char* version;
    void (*interface)(); // where the interface's note stands, behind which all of its shape is found
    Create* create;
    const void* hooks; // detail::hooks<T>; null where the class offers none
};

// The note of one plugin in the manifest; see detail/interface/notes.hpp.
template <class Slots, std::size_t Text>
struct [[gnu::packed]] plugin_note {
    std::uint32_t name_size = 6, size = sizeof(plugin_note) - 20,
                  kind = static_cast<std::uint32_t>(note_kind::plugin);
    char owner[8] = "tenon";
    std::uint32_t format = note_format, low, high;
    Slots slots{};
    char text[(Text + 3) / 4 * 4] = {};

    constexpr plugin_note(std::uint32_t key_low, std::uint32_t key_high) : low(key_low), high(key_high) {}
};

template <class T, std::size_t Name, std::size_t Version>
consteval auto make_plugin_note(const char (&name)[Name], const char (&version)[Version]) {
    constexpr std::size_t size = T::type.size() + 1 + Name + Version + sizeof toolchain;
    plugin_note<slots_in_image<T>, size> note{key_low<T>, key_high<T>};
    char* at = note.text;
    for (std::size_t i = 0; i <= T::type.size(); ++i)
        *at++ = T::type.name()[i];
    for (const char c : name)
        *at++ = c;
    for (const char c : version)
        *at++ = c;
    for (const char c : toolchain)
        *at++ = c;
    return note;
}

template <class T, class P, class Arguments>
struct creation;
template <class T, class P, class... A>
struct creation<T, P, list<A...>> {
    using function = T*(A...);

    [[gnu::visibility("hidden")]] static T* create(A... arguments) {
        if constexpr (derives_from_interface<P, T>) {
            return new P(static_cast<A&&>(arguments)...);
        } else {
            using model = typename T::template model<P>;
            // A destructor in place of try and catch, which -fno-exceptions forbids.
            struct unfinished {
                model* object;
                ~unfinished() { delete object; }
            } owner{new model};
            model_access::make(*owner.object, static_cast<A&&>(arguments)...);
            T* const finished = owner.object;
            owner.object = nullptr;
            return finished;
        }
    }
};

template <class T, class P>
constexpr auto make_export(const char* name, const char* version) {
    using creation = creation<T, P, factory_arguments<T>>;
    return exported<typename creation::function>{
        T::type.name(), name, version, &interface_note<T>, &creation::create, hooks_of<T, P>()};
}

// The texts are those in the plugin's note, whose page the host has read already. Texts on another page would
// be one more page to fetch at each load.
template <class T, class P, class Slots, std::size_t Text>
constexpr auto make_export(const plugin_note<Slots, Text>& note, std::size_t name_size) {
    const char* const name = note.text + T::type.size() + 1;
    auto entry = detail::make_export<T, P>(name, name + name_size);
    entry.type = note.text;
    return entry;
}

// Not `[[gnu::error]]`: clang finds a second declaration with it, such as a module's, at odds with the first.
__attribute__((error("tenon: the interface's `methods` leaves out a virtual function, or names one twice or "
                     "one that is not virtual"))) void
methods_are_not_the_virtual_functions();

// The number of slots is no constant expression, but an optimising compiler knows it. Without optimisation
// the manifest is checked instead, by the builder after linking and by the host before loading.
template <class T>
void require_every_method() {
#ifdef __OPTIMIZE__
    constexpr auto last = &tail<T>::tenon_slot_behind_the_last;
    std::uintptr_t words[2];
    static_assert(sizeof words == sizeof last);
    __builtin_memcpy(words, &last, sizeof words);
    const std::size_t slots = words[0] / sizeof(void*),
                      named = T::methods::size + (std::has_virtual_destructor_v<T> ? 2 : 0);
    if (__builtin_constant_p(slots) && slots != named)
        methods_are_not_the_virtual_functions();
#endif
}

template <class T, class P>
concept exportable = plugin_for<P, T> && has_a_usable_model<P, T> && has_whole_hooks<P, T>;

// Empty for a class that does not fit: the sentences below say why, and compilers would add errors of their
// own.
template <class T, class P>
struct exporting {
    static consteval int note(const char*, const char*) { return 0; }
    static consteval int entry(int, std::size_t) { return 0; }
    static void emit() {}
};
template <class T, class P>
    requires exportable<T, P>
struct exporting<T, P> {
    template <std::size_t Name, std::size_t Version>
    static consteval auto note(const char (&name)[Name], const char (&version)[Version]) {
        return make_plugin_note<T>(name, version);
    }
    template <class Note>
    static constexpr auto entry(const Note& note, std::size_t name_size) {
        return make_export<T, P>(note, name_size);
    }
    static void emit() {
        abi_in_image<T>::emit();
        require_every_method<T>();
    }
};

template <std::size_t N>
struct literal {
    const char (&text)[N];
    constexpr std::size_t size() const { return N - 1; }
    constexpr char operator[](std::size_t i) const { return text[i]; }
};

template <std::size_t N>
consteval bool valid_plugin_name(const char (&name)[N]) {
    return well_named(literal<N>{name});
}

template <std::size_t N>
consteval bool valid_version(const char (&version)[N]) {
    for (std::size_t i = 0; i + 1 < N; ++i)
        if (version[i] <= ' ' || version[i] > '~')
            return false;
    return N > 1;
}

} // namespace detail
} // namespace tenon::inline v1

// The export table: one entry for each TENON_EXPORT of the image, in a section whose ends the linker names.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const tenon::detail::exported<> __start_tenon_exports[];
[[gnu::weak, gnu::visibility("hidden")]] extern const tenon::detail::exported<> __stop_tenon_exports[];

/// The ends of the export table, where a host finds the factories. The ABI version is in the symbol's name,
/// so that a host never calls factories of another version.
struct TENON_HIDDEN tenon_exports_v1_range {
    const tenon::detail::exported<>*begin, *end;
};
[[gnu::used, gnu::visibility("default")]] inline tenon_exports_v1_range tenon_exports_v1() {
    return {__start_tenon_exports, __stop_tenon_exports};
}
}

#ifdef __clang__
// Without this, the address sanitizer would put a red zone behind the note, in the middle of the manifest.
#define TENON_DETAIL_UNPADDED __attribute__((no_sanitize("address")))
#else
#define TENON_DETAIL_UNPADDED
#endif

// Only macros follow. As a system header, g++ reports their errors at the line that uses them.
#if defined(__GNUC__) && !defined(__clang__) && __INCLUDE_LEVEL__ > 0
#pragma GCC system_header
#endif

// g++ only names the types of a failed condition if it is in a template.
#ifdef __clang__
#define TENON_DETAIL_NAME(...)
#else
#define TENON_DETAIL_NAME(...) static_assert(sizeof(typename ::tenon::detail::named<__VA_ARGS__>::type) > 0);
#endif

// A sentence for each clause of `plugin_interface`, so that all faults are reported at once.
#define TENON_DETAIL_REQUIRE_INTERFACE(T)                                                                    \
    static_assert(::tenon::detail::value<::tenon::states_its_type<T>>,                                       \
                  "tenon: the interface needs `static constexpr tenon::plugin_type type{\"its-name\"};`");   \
    static_assert(::tenon::detail::value<(!::tenon::states_its_type<T> || ::tenon::has_valid_type_name<T>)>, \
                  "tenon: the name of the plugin type has to be [a-z][a-z0-9_-]*");                          \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::shared_name<T>>,                                             \
        "tenon: the interface is in an anonymous namespace, where each file has a type of its own: "         \
        "move it into a namespace with a name");                                                             \
    static_assert(::tenon::detail::value<::tenon::has_virtual_destructor<T>>,                                \
                  "tenon: the interface needs `virtual ~T() = default;`");                                   \
    static_assert(::tenon::detail::value<::tenon::is_abstract<T>>,                                           \
                  "tenon: the interface has no pure virtual function: there is nothing for a plugin to do"); \
    static_assert(                                                                                           \
        ::tenon::detail::value<(!::std::is_polymorphic_v<T> || ::tenon::has_only_functions<T>)>,             \
        "tenon: the interface has data members or a second base with virtual functions: a host and its "     \
        "plugins share one chain of bases, and functions alone");                                            \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::names_its_methods<T>>,                                               \
        "tenon: the interface needs `using methods = tenon::methods<&T::f, ...>;` with every virtual "       \
        "function in it; one of several of its name is tenon::overload<R(A)>(&T::f)");                       \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::has_valid_factory<T>>,                                               \
        "tenon: the interface's `factory` has to be a tenon::factory<...> of the arguments that a "          \
        "plugin is made from");                                                                              \
    static_assert(                                                                                           \
        ::tenon::detail::value<(!::tenon::names_its_methods<T> || ::tenon::names_only_its_own<T>)>,          \
        "tenon: `methods` names what is no member function of the interface, or one of a base that it "      \
        "has twice or virtually");                                                                           \
    static_assert(::tenon::detail::value<(!::tenon::names_only_its_own<T> ||                                 \
                                          ::tenon::names_only_virtual_functions<T>)>,                        \
                  "tenon: `methods` names a function that is not virtual: a plugin could not supply it");    \
    static_assert(                                                                                           \
        ::tenon::detail::value<(!::tenon::names_only_its_own<T> || ::tenon::states_its_methods<T>)>,         \
        "tenon: the interface has the `methods` of its base, in which nothing of its own can be: say "       \
        "`using methods = tenon::methods<&T::f, ...>;` in it, with the base's functions and its own; "       \
        "one that adds none is its base");                                                                   \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::carriers_given_out<T>>,                                   \
        "tenon: a method gives out a type that carries the plugin's code along, and would dangle when "      \
        "the plugin goes: a pointer to a function or to an object with virtual functions, or what "          \
        "keeps one (std::function, std::any, std::shared_ptr, std::error_code ...); return plain data, "     \
        "or say tenon::lets_code_escape<&T::f> in `methods`. The types:");                                   \
    TENON_DETAIL_NAME(::tenon::detail::carriers_given_out<T>)                                                \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::carriers_in_state<T>>,                                    \
        "tenon: the interface's `state` carries the code of the plugin that saved it along, which "          \
        "goes: a pointer to a function or to an object with virtual functions, or what keeps one "           \
        "(std::function, std::any, std::shared_ptr, std::error_code ...); make it plain data. The "          \
        "types:");                                                                                           \
    TENON_DETAIL_NAME(::tenon::detail::carriers_in_state<T>)                                                 \
    TENON_DETAIL_REQUIRE_CROSSING(T)

// The same for the types that cross the interface.
#define TENON_DETAIL_REQUIRE_CROSSING(T)                                                                     \
    static_assert(::tenon::detail::is_empty<::tenon::detail::hidden_functions<T>>,                           \
                  "tenon: a type that crosses the interface has virtual functions, of which "                \
                  "`tenon::fields` says nothing: say "                                                       \
                  "`template <> struct tenon::layout<T> : tenon::opaque<T, 1> {};`, with another number "    \
                  "whenever its fields "                                                                     \
                  "or its functions change. The types:");                                                    \
    TENON_DETAIL_NAME(::tenon::detail::hidden_functions<T>)                                                  \
    static_assert(::tenon::detail::is_empty<::tenon::detail::unknown_functions<T>>,                          \
                  "tenon: a type that crosses the interface has virtual functions: say `using methods = "    \
                  "tenon::methods<&T::f, ...>;` in it, with every virtual function, or `template <> struct " \
                  "tenon::layout<T> "                                                                        \
                  ": tenon::opaque<T, 1> {};`. The types:");                                                 \
    TENON_DETAIL_NAME(::tenon::detail::unknown_functions<T>)                                                 \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::unknown_layouts<T>>,                                      \
        "tenon: the fields of a type that crosses the interface cannot be seen, it has private "             \
        "members, a base, a reference or more than 32 fields: say `template <> struct tenon::layout<T> "     \
        ": tenon::fields<&T::a, ...> {};` or `: tenon::opaque<T, 1> {};`. The types:");                      \
    TENON_DETAIL_NAME(::tenon::detail::unknown_layouts<T>)                                                   \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::names_of_one_file<T>>,                                    \
        "tenon: a type that crosses the interface is in an anonymous namespace, where each file has a "      \
        "type of its own: move it into a namespace with a name. The types:");                                \
    TENON_DETAIL_NAME(::tenon::detail::names_of_one_file<T>)                                                 \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::interfaces_with_data<T>>,                                 \
        "tenon: a type that crosses the interface has `methods`, so it is called through its virtual "       \
        "table, and it has data members, a second base with virtual functions, or no virtual function "      \
        "at all: a class with `methods` is one chain of bases and functions alone; pass what it "            \
        "derives from, or say `template <> struct tenon::layout<T> : tenon::opaque<T, 1> {};`, and nothing " \
        "of it is compared. The types:");                                                                    \
    TENON_DETAIL_NAME(::tenon::detail::interfaces_with_data<T>)                                              \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::final_interfaces<T>>,                                     \
        "tenon: an interface that crosses the interface is `final`: the slots of its virtual table are "     \
        "counted by deriving from it; leave `final` out, or say `template <> struct tenon::layout<T> "       \
        ": tenon::opaque<T, 1> {};`, and nothing of it is compared. The types:");                            \
    TENON_DETAIL_NAME(::tenon::detail::final_interfaces<T>)                                                  \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::interfaces_of_foreign_methods<T>>,                        \
        "tenon: the `methods` of a type that crosses the interface name what is no member function of "      \
        "it, or one of a base that it has twice or virtually. The types:");                                  \
    TENON_DETAIL_NAME(::tenon::detail::interfaces_of_foreign_methods<T>)                                     \
    static_assert(::tenon::detail::is_empty<::tenon::detail::interfaces_of_plain_functions<T>>,              \
                  "tenon: the `methods` of a type that crosses the interface name a function that is not "   \
                  "virtual. The types:");                                                                    \
    TENON_DETAIL_NAME(::tenon::detail::interfaces_of_plain_functions<T>)

// A sentence for each clause of `plugin_for`.
#define TENON_DETAIL_REQUIRE_PLUGIN(P, T)                                                                    \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::complete<P>>,                                                \
        "tenon: the plugin's class is only declared so far: its definition has to stand before this");       \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::is_no_longer_abstract<P, T>>,                                \
        "tenon: the plugin derives from the interface but is still abstract: it has to override every "      \
        "pure virtual function, with the same parameters and the same const");                               \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::derives_or_fits<P, T>>,                                      \
        "tenon: the plugin neither derives from the interface nor fits its model; the compiler's own "       \
        "reason follows");                                                                                   \
    static_assert((static_cast<void>(sizeof(::tenon::detail::explain_model<P, T>())), true));                \
    static_assert(::tenon::detail::value<::tenon::detail::models_without_self<P, T>>,                        \
                  "tenon: the interface has a function called `self`, and that is what a model calls its "   \
                  "plain class: "                                                                            \
                  "give the interface's function another name");                                             \
    static_assert(::tenon::detail::value<::tenon::detail::defines_the_model<P, T>>,                          \
                  "tenon: the interface's `model` is declared and not defined, or not for this plugin: its " \
                  "definition has to "                                                                       \
                  "stand before this");                                                                      \
    static_assert(::tenon::detail::value<::tenon::detail::has_a_concrete_model<P, T>>,                       \
                  "tenon: the interface's `model` is still abstract: it has to override every pure virtual " \
                  "function of the "                                                                         \
                  "interface, with the same parameters and the same const");                                 \
    static_assert(::tenon::detail::is_made_from<P, T, ::tenon::detail::factory_arguments<T>>,                \
                  "tenon: the plugin has no constructor that takes what the interface's `factory` passes. "  \
                  "The types:");                                                                             \
    TENON_DETAIL_NAME(::tenon::detail::arguments_not_taken<P, T>)                                            \
    static_assert(::tenon::detail::value<::tenon::detail::is_destroyed<P>>,                                  \
                  "tenon: the plugin's destructor has to be public");

// A member of a hook's name is that hook, or a mistake.
#define TENON_DETAIL_REQUIRE_HOOKS(P, T)                                                                     \
    TENON_DETAIL_REQUIRE_HOOK(P, T, start, "void start()")                                                   \
    TENON_DETAIL_REQUIRE_HOOK(P, T, stop, "void stop() noexcept")                                            \
    TENON_DETAIL_REQUIRE_HOOK(P, T, quiesce, "void quiesce()")                                               \
    TENON_DETAIL_REQUIRE_HOOK(P, T, resume, "void resume()")                                                 \
    TENON_DETAIL_REQUIRE_HOOK(P, T, save, "state save()")                                                    \
    TENON_DETAIL_REQUIRE_HOOK(P, T, restore, "void restore(state)")                                          \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::stops_without_exceptions<P, T>>,                                     \
        "tenon: the plugin's stop() has to be noexcept: it runs when a handle goes, where nobody could "     \
        "be told");                                                                                          \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::pairs_quiesce<P, T>>,                                        \
        "tenon: the plugin has one of quiesce() and resume() and not the other: without both there is "      \
        "no way back");                                                                                      \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::pairs_state<P, T>>,                                          \
        "tenon: the plugin has one of `state save()` and `void restore(state)` and not the other");

#define TENON_DETAIL_REQUIRE_HOOK(P, T, NAME, HOOK)                                                          \
    static_assert(::tenon::detail::value<!::tenon::detail::misuses_##NAME<P, T>>,                            \
                  "tenon: the plugin has a member `" #NAME                                                   \
                  "` that is no hook and would never be called: a hook is a "                                \
                  "public `" HOOK "`; give any other member another name");

#define TENON_DETAIL_EXPORT(T, P, NAME, VERSION, NUMBER) TENON_DETAIL_EXPORT_AS(T, P, NAME, VERSION, NUMBER)
#define TENON_DETAIL_EXPORT_AS(T, P, NAME, VERSION, NUMBER)                                                  \
    namespace {                                                                                              \
    [[gnu::used, gnu::section(".note.tenon"),                                                                \
      gnu::aligned(4)]] TENON_DETAIL_UNPADDED constexpr auto tenon_note_##NUMBER =                           \
        ::tenon::detail::exporting<T, P>::note(NAME, VERSION);                                               \
    [[gnu::used, gnu::retain, gnu::section("tenon_exports"),                                                 \
      gnu::aligned(alignof(void*))]] constexpr auto tenon_export_##NUMBER =                                  \
        ::tenon::detail::exporting<T, P>::entry(tenon_note_##NUMBER, sizeof NAME);                           \
    [[gnu::used]] void tenon_emit_##NUMBER() {                                                               \
        ::tenon::detail::exporting<T, P>::emit();                                                            \
    }                                                                                                        \
    }

/// Makes the class P a plugin of type T in this library, or a built-in of the program that it is linked into.
///
///     TENON_EXPORT(greeter, hello, "hello", "1.0.0")
///
/// To be used at namespace scope in a source file. `NAME` is `[a-z][a-z0-9_-]*`, and `VERSION` a text without
/// spaces. A library may export several plugins, of several types, from several files. A class that does not
/// fit is a compile error with a sentence for each reason.
#define TENON_EXPORT(T, P, NAME,                                                                             \
                     VERSION) /* of four arguments: a type with a comma in its name needs an alias */        \
    TENON_DETAIL_REQUIRE_INTERFACE(T)                                                                        \
    TENON_DETAIL_REQUIRE_PLUGIN(P, T)                                                                        \
    TENON_DETAIL_REQUIRE_HOOKS(P, T)                                                                         \
    static_assert(::tenon::detail::valid_plugin_name(NAME),                                                  \
                  "tenon: a plugin's name has to be [a-z][a-z0-9_-]*");                                      \
    static_assert(::tenon::detail::valid_version(VERSION),                                                   \
                  "tenon: a plugin's version has to be printable text without spaces, such as \"1.2.0\"");   \
    TENON_DETAIL_EXPORT(T, P, NAME, VERSION, __COUNTER__)

#endif

#ifndef TENON_REGISTRATION_HPP
#define TENON_REGISTRATION_HPP


namespace tenon::inline v1 {

/// One registration of a plugin with its host. The registration ends with the object: let it be a member of
/// the plugin's class.
///
///     struct audit {
///         explicit audit(host& h) : changes_(h.on_change([this](const change& c) { write(c); })) {}
///         tenon::registration changes_;   // after what the callback uses, so that it goes first
///     };
///
/// A host makes it, mostly with `callbacks`. Its end waits for a call under way in another thread: do not end
/// it while holding what that call waits for. A registration that was moved from is empty. It may outlive
/// what it is registered with. One thread at a time may use it.
class [[nodiscard]] registration {
public:
    registration() noexcept = default;

    /// For hosts: the end of the registration calls `call(with, number)`, once.
    registration(void (*call)(void* with, unsigned long number) noexcept, void* with,
                 unsigned long number) noexcept
        : end_(call), with_(with), number_(number) {}

    registration(registration&& other) noexcept
        : end_(other.end_), with_(other.with_), number_(other.number_) {
        other.end_ = nullptr;
    }
    registration& operator=(registration&& other) noexcept {
        registration moved(static_cast<registration&&>(other));
        end();
        end_ = moved.end_;
        with_ = moved.with_;
        number_ = moved.number_;
        moved.end_ = nullptr;
        return *this;
    }
    ~registration() { end(); }

    void end() noexcept {
        if (const auto call = end_) {
            end_ = nullptr;
            call(with_, number_);
        }
    }
    explicit operator bool() const noexcept { return end_ != nullptr; }

private:
    void (*end_)(void*, unsigned long) noexcept = nullptr;
    void* with_ = nullptr;
    unsigned long number_ = 0;
};

template <>
struct layout<registration> : opaque<registration, 1> {};

} // namespace tenon::inline v1

#endif

#endif
