// SPDX-License-Identifier: MIT
// tenon 0.1.0: everything, for hosts and plugins.
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
#ifndef TENON_HPP
#define TENON_HPP

#ifndef TENON_ALLOW_LIST_HPP
#define TENON_ALLOW_LIST_HPP

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

#ifndef TENON_CACHE_HPP
#define TENON_CACHE_HPP

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#ifndef TENON_DETAIL_SYSTEM_PATH_LIKE_HPP
#define TENON_DETAIL_SYSTEM_PATH_LIKE_HPP

#include <concepts>
#include <string>
#include <string_view>


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
#ifndef TENON_DETAIL_SYSTEM_POSIX_FWD_HPP
#define TENON_DETAIL_SYSTEM_POSIX_FWD_HPP


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The default of the template parameter `System`, for headers that make no system call.
struct posix;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1 {

/// One file or folder in a cache.
struct TENON_HOST_TYPE cache_entry {
    enum class kind {
        library,      ///< what a directory of sources was compiled to
        intermediate, ///< what makes the next build faster: precompiled headers, objects, CMake's build trees
        record,       ///< from what the libraries of a directory were made
        checkout,     ///< the files of a commit
        unfinished,   ///< what somebody works on, or has left
    };

    kind what;
    std::string path{};
    std::string type{}; ///< the plugin type, but of a checkout
    /// of a library the directory's, of a checkout the repository's URL as far as that is known
    std::string name{};
    std::string commit{};   ///< of a checkout
    std::uint64_t size = 0; ///< on the disk, in bytes
    std::chrono::system_clock::time_point
        last_use{};      ///< within an hour; backups and the like may make it later
    bool in_use = false; ///< a process has it loaded, or a build needs it at the moment
};

/// Which entries `cache::prune` removes.
struct TENON_HOST_TYPE prune_rule {
    std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max(); ///< the longest unused goes first
    std::chrono::seconds unused_for = std::chrono::seconds::max(); ///< what was not used for so long goes
};

/// The folder in which loaders keep compiled libraries and fetched repositories.
///
///     tenon::cache cache;
///     for (const tenon::cache_entry& entry : cache.entries())
///         std::cout << entry.name << ' ' << entry.size << '\n';
///     cache.prune({.most_bytes = 1 << 30, .unused_for = std::chrono::hours(24 * 30)});
///
/// Any process and any thread may list and prune at any time, also while others build and load. Files that
/// tenon did not make are neither listed nor removed. Symbolic links are never followed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE cache {
public:
    /// The cache of a loader whose `loader_options::cache` is `folder`; by default, of a loader without
    /// options.
    template <path_like P = std::string>
    explicit cache(const P& folder = {}) : path_(found<>(detail::native(folder))) {}

    const std::string& path() const noexcept { return path_; }

    template <class System = detail::posix>
    std::vector<cache_entry> entries() const;

    /// Bytes on the disk, of all entries together.
    template <class System = detail::posix>
    std::uint64_t size() const;

    /// Removes the entries that the rule names and those that are useless: files that killed builders left,
    /// and files that no record names. Returns the removed entries.
    ///
    /// Results of a source directory that is gone are kept until the rule names them, because the directory's
    /// disk may just not be mounted. Entries in use stay. So do entries that were used in the last minute,
    /// because a load may be about to open them. A library that another process has loaded unseen, such as
    /// one in another container, is removed, which does not disturb that process.
    template <class System = detail::posix>
    std::vector<cache_entry> prune(const prune_rule& rule = {}) const;

private:
    template <class System = detail::posix>
    static std::string found(const std::string& folder);

    std::string path_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif

#ifndef TENON_CALLBACKS_HPP
#define TENON_CALLBACKS_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#ifndef TENON_REGISTRATION_HPP
#define TENON_REGISTRATION_HPP

#ifndef TENON_LAYOUT_HPP
#define TENON_LAYOUT_HPP

#include <cstddef>
#include <type_traits>


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

#ifndef TENON_DETAIL_SYSTEM_MUTEX_LOCK_HPP
#define TENON_DETAIL_SYSTEM_MUTEX_LOCK_HPP

#include <pthread.h>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Holds a mutex until the end of its scope. std::mutex and std::lock_guard would cost each host more to
/// include than all code that uses them here.
class mutex_lock {
public:
    explicit mutex_lock(pthread_mutex_t& mutex) noexcept : mutex_(mutex) { ::pthread_mutex_lock(&mutex_); }
    mutex_lock(const mutex_lock&) = delete;
    mutex_lock& operator=(const mutex_lock&) = delete;
    ~mutex_lock() { ::pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t& mutex_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_POSIX_HPP
#define TENON_DETAIL_SYSTEM_POSIX_HPP


#include <cerrno>
#include <cstdint>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#if __has_include(<sys/inotify.h>)
#include <sys/inotify.h>
#endif
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// All calls of the operating system. Code that needs them takes this class as its template parameter
/// `System`. A test derives from the class, hides one function, and so makes that call fail on demand. Every
/// descriptor is closed on exec.
struct posix {
    static int open(const char* path, int flags, mode_t mode = 0) noexcept {
        return ::open(path, flags | O_CLOEXEC, mode);
    }
    static int close(int fd) noexcept { return ::close(fd); }
    static ssize_t read(int fd, void* into, size_t size) noexcept { return ::read(fd, into, size); }
    static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
        return ::pread(fd, into, size, at);
    }
    static ssize_t write(int fd, const void* from, size_t size) noexcept { return ::write(fd, from, size); }
    static int fstat(int fd, struct stat* out) noexcept { return ::fstat(fd, out); }
    static int stat(const char* path, struct stat* out) noexcept { return ::stat(path, out); }
    static int lstat(const char* path, struct stat* out) noexcept { return ::lstat(path, out); }
    /// True if a file has an access list beyond its mode, acl(5).
    static bool has_access_list(const char* path) noexcept {
        return ::getxattr(path, "system.posix_acl_access", nullptr, 0) > 0;
    }
    static int access(const char* path, int mode) noexcept { return ::access(path, mode); }
    static ssize_t readlink(const char* path, char* into, size_t size) noexcept {
        return ::readlink(path, into, size);
    }
    static char* realpath(const char* path) noexcept { return ::realpath(path, nullptr); }
    static int chmod(const char* path, mode_t mode) noexcept { return ::chmod(path, mode); }
    /// Writes a file through to the disk.
    static int fsync(int fd) noexcept { return ::fsync(fd); }
    /// Writes the whole file system of a file through to the disk.
    static int syncfs(int fd) noexcept { return ::syncfs(fd); }
    static int mkdir(const char* path, mode_t mode) noexcept { return ::mkdir(path, mode); }
    static char* mkdtemp(char* path) noexcept { return ::mkdtemp(path); }
    /// Sets the access time of a file to now, and with `written` the modification time too.
    static int touch(const char* path, bool written) noexcept {
        const timespec times[] = {{0, UTIME_NOW}, {0, written ? UTIME_NOW : UTIME_OMIT}};
        return ::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
    }
    static int rename(const char* from, const char* to) noexcept { return ::rename(from, to); }
    static int link(const char* from, const char* to) noexcept { return ::link(from, to); }
    static int unlink(const char* path) noexcept { return ::unlink(path); }
    static int rmdir(const char* path) noexcept { return ::rmdir(path); }
    static int flock(int fd, int operation) noexcept { return ::flock(fd, operation); }
    static DIR* opendir(const char* path) noexcept { return ::opendir(path); }
    static dirent* readdir(DIR* directory) noexcept { return ::readdir(directory); }
    static int closedir(DIR* directory) noexcept { return ::closedir(directory); }
    static uid_t geteuid() noexcept { return ::geteuid(); }

    /// The time that the kernel would stamp a file with now: it moves in steps of some milliseconds.
    static timespec now() noexcept {
#ifdef CLOCK_REALTIME_COARSE
        constexpr clockid_t stamps = CLOCK_REALTIME_COARSE;
#else
        constexpr clockid_t stamps = CLOCK_REALTIME;
#endif
        timespec time{};
        ::clock_gettime(stamps, &time);
        return time;
    }
    static void pause_a_millisecond() noexcept {
        const timespec millisecond{0, 1'000'000};
        ::nanosleep(&millisecond, nullptr);
    }
    static long processors() noexcept { return ::sysconf(_SC_NPROCESSORS_ONLN); }

    /// Makes an unnamed file in memory, which may be mapped executable.
    static int memory_file(const char* name) noexcept {
#ifdef MFD_EXEC
        constexpr unsigned executable = MFD_EXEC;
#else
        constexpr unsigned executable = 0x10; // Linux 6.3; older kernels refuse the flag and need none
#endif
        const int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | executable);
        return fd >= 0 ? fd : ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
    /// Makes a file of `memory_file` unchangeable for everybody.
    static int seal(int fd) noexcept {
        return ::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    }

    static int spawn(pid_t* child, const char* path, const posix_spawn_file_actions_t* files,
                     const posix_spawnattr_t* attributes, char* const arguments[],
                     char* const environment[]) noexcept {
        return ::posix_spawn(child, path, files, attributes, arguments, environment);
    }
    /// Signals a process, or a process group by its negative number.
    static int kill(pid_t child, int signal) noexcept { return ::kill(child, signal); }
    static pid_t waitpid(pid_t child, int* status) noexcept { return ::waitpid(child, status, 0); }
    /// True if a child has ended and can be waited for, and if it is no child of this process any more.
    static bool has_ended(pid_t child) noexcept {
        siginfo_t ended{};
        return ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
               ended.si_pid != 0;
    }
    /// A descriptor that becomes readable when a child ends; -1 if the system has none.
    static int watch(pid_t child) noexcept {
#ifdef SYS_pidfd_open
        return static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
#else
        return static_cast<void>(child), -1;
#endif
    }
#ifdef IN_ONLYDIR
    /// A descriptor that becomes readable when something changes in a watched folder, inotify(7).
    static int notifier() noexcept { return ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }
    /// Watches a folder, and returns its number in the notifier. All paths to one folder have one number.
    static int notify_of(int notifier, const char* folder, std::uint32_t events) noexcept {
        return ::inotify_add_watch(notifier, folder, events);
    }
    static int notify_no_more(int notifier, int folder) noexcept {
        return ::inotify_rm_watch(notifier, folder);
    }
#else
    static int notifier() noexcept { return errno = ENOSYS, -1; }
    static int notify_of(int, const char*, std::uint32_t) noexcept { return errno = ENOSYS, -1; }
    static int notify_no_more(int, int) noexcept { return errno = ENOSYS, -1; }
#endif
    static int pipe(int (&ends)[2]) noexcept { return ::pipe2(ends, O_CLOEXEC); }
    /// A descriptor that becomes readable when something is written to it, eventfd(2).
    static int event() noexcept { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
    static int poll(pollfd* watched, nfds_t size, int milliseconds) noexcept {
        return ::poll(watched, size, milliseconds);
    }
    /// Duplicates a descriptor. The new number is `at_least` or above.
    static int duplicate(int fd, int at_least) noexcept { return ::fcntl(fd, F_DUPFD_CLOEXEC, at_least); }
    static int never_wait_for(int fd) noexcept { return ::fcntl(fd, F_SETFL, O_NONBLOCK); }
    /// Has the kernel signal a process group at each event of a pipe, including the last close of its other
    /// end.
    static int signal_by(int fd, int signal, pid_t group) noexcept {
        const f_owner_ex owner{F_OWNER_PGRP, group};
        if (::fcntl(fd, F_SETOWN_EX, &owner) != 0 || ::fcntl(fd, F_SETSIG, signal) != 0)
            return -1;
        return ::fcntl(fd, F_SETFL, O_ASYNC);
    }
    static int signal_by_another(int fd, int signal) noexcept { return ::fcntl(fd, F_SETSIG, signal); }
    static int signal_no_more(int fd) noexcept { return ::fcntl(fd, F_SETFL, 0); }
    using limit_of = decltype(RLIMIT_CPU);
    static int limit(pid_t child, limit_of resource, const rlimit* set, rlimit* before) noexcept {
        return ::prlimit(child, resource, set, before);
    }
    /// Milliseconds of the monotonic clock.
    static std::int64_t milliseconds() noexcept {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
    }

    /// Registers this process for `barrier`. False if the system has no membarrier(2).
    static bool prepare_barrier() noexcept {
#if defined(SYS_membarrier) && !defined(__SANITIZE_THREAD__)
        return ::syscall(SYS_membarrier, 16 /* MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED */, 0, 0) == 0;
#else
        return false; // the thread sanitizer would not see it
#endif
    }
    /// Executes a full memory barrier in every running thread of this process.
    static bool barrier() noexcept {
#ifdef SYS_membarrier
        return ::syscall(SYS_membarrier, 8 /* MEMBARRIER_CMD_PRIVATE_EXPEDITED */, 0, 0) == 0;
#else
        return false;
#endif
    }

    static pid_t thread() noexcept { return ::gettid(); }
    static bool thread_ended(pid_t thread) noexcept {
        return ::tgkill(::getpid(), thread, 0) != 0 && errno == ESRCH;
    }

    /// Makes a thread-specific key. False if the process has none left.
    static bool create_key(pthread_key_t& key) noexcept { return ::pthread_key_create(&key, nullptr) == 0; }
    static void delete_key(pthread_key_t key) noexcept { ::pthread_key_delete(key); }

    static void* dlopen(const char* path, int flags) noexcept { return ::dlopen(path, flags); }
    static void* dlsym(void* library, const char* symbol) noexcept { return ::dlsym(library, symbol); }
    static int dlclose(void* library) noexcept { return ::dlclose(library); }
    static const char* dlerror() noexcept { return ::dlerror(); }
    /// The first symbol of that name in the global scope: in the program, or in a library that was loaded
    /// globally.
    static const void* first_symbol(const char* name) noexcept {
        void* const all = ::dlopen(nullptr, RTLD_LAZY);
        const void* const found = all ? ::dlsym(all, name) : nullptr;
        if (all)
            ::dlclose(all);
        return found;
    }
    /// True if two addresses are in the same library, or both in the program.
    static bool in_one_image(const void* one, const void* other) noexcept {
        Dl_info first{}, second{};
        return ::dladdr(one, &first) != 0 && ::dladdr(other, &second) != 0 &&
               first.dli_fbase == second.dli_fbase;
    }
    /// True if the system's loader started the program. False in a statically linked one.
    static bool has_loader() noexcept {
        const auto program = [](dl_phdr_info* object, size_t, void*) {
            for (unsigned i = 0; i < object->dlpi_phnum; ++i)
                if (object->dlpi_phdr[i].p_type == PT_INTERP)
                    return 1;
            return -1; // the program is the first
        };
        return ::dl_iterate_phdr(program, nullptr) == 1;
    }
    /// The loader's name of a library, and its load address, which has to be added to addresses in the file.
    /// The name lives as long as the handle. The thread sanitizer does not see the loader's own lock, which
    /// orders the access.
    __attribute__((no_sanitize("thread"))) static bool find(void* library, const char*& name,
                                                            ElfW(Addr) & base) noexcept {
        struct link_map* map = nullptr;
        if (::dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
            return false;
        name = map->l_name;
        base = map->l_addr;
        return true;
    }
    /// True if a library is loaded whose name for the system's loader is `name`.
    static bool is_known(const char* name) noexcept {
        const auto is_it = [](dl_phdr_info* object, size_t, void* wanted) {
            return equal(object->dlpi_name, static_cast<const char*>(wanted)) ? 1 : 0;
        };
        return ::dl_iterate_phdr(is_it, const_cast<char*>(name)) == 1;
    }
    /// True if a library of that name is loaded at `base`. dladdr would give a name that another thread can
    /// free meanwhile.
    static bool is_loaded(const char* name, ElfW(Addr) base) noexcept {
        struct wanted {
            const char* name;
            ElfW(Addr) base;
        } sought{name, base};
        const auto is_it = [](dl_phdr_info* object, size_t, void* context) {
            const auto* that = static_cast<const wanted*>(context);
            return object->dlpi_addr == that->base && equal(object->dlpi_name, that->name) ? 1 : 0;
        };
        return ::dl_iterate_phdr(is_it, &sought) == 1;
    }
    /// Compares names as strcmp does, but unseen by the thread sanitizer, which knows nothing of the loader's
    /// lock.
    __attribute__((no_sanitize("thread"))) static bool equal(const char* name, const char* other) noexcept {
        for (; *name && *name == *other; ++name)
            ++other;
        return *name == *other;
    }
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1 {

template <class Signature>
class TENON_HOST_TYPE callbacks;

/// The functions that plugins have registered with their host. A function is neither called nor kept once its
/// plugin is gone.
///
///     tenon::callbacks<void(const change&)> changed;                                         // the host's
///     tenon::registration on_change(std::function<void(const change&)> f) { return changed.add(std::move(f)); }
///     changed(change{…});                                                                    // calls all
///
/// Any thread may call, add, and end a registration at any time, also from within a callback. A function is
/// destroyed when its registration ends; if its own callback ends the registration, when that callback
/// returns. A function that is added during a call is not part of that call.
template <class... A>
class callbacks<void(A...)> {
public:
    callbacks() : all_(new list) {}
    callbacks(const callbacks&) = delete;
    callbacks& operator=(const callbacks&) = delete;
    /// A registration may outlive its `callbacks`; ending it then does nothing.
    ~callbacks() { let_go(all_); }

    registration add(std::function<void(A...)> call) {
        const detail::mutex_lock locked(all_->mutex);
        all_->entries.push_back(std::make_shared<entry>(++all_->numbers, std::move(call)));
        ++all_->owners;
        return {&end, all_, all_->numbers};
    }

    /// Calls all functions in the order in which they were added. An exception passes through, and the
    /// functions after it are not called.
    void operator()(A... arguments) const {
        std::vector<std::shared_ptr<entry>> now;
        {
            const detail::mutex_lock locked(all_->mutex);
            now = all_->entries;
            ++all_->owners;
        }
        const owner stays{all_};
        for (const auto& callback : now)
            if (const running run(*all_, *callback); run.entered)
                callback->call(arguments...);
    }

    std::size_t size() const {
        const detail::mutex_lock locked(all_->mutex);
        return all_->entries.size();
    }

private:
    struct entry {
        entry(unsigned long its_number, std::function<void(A...)> function)
            : number(its_number), call(std::move(function)) {}

        unsigned long number;
        std::function<void(A...)> call;
        bool ended = false;
        std::vector<pid_t> threads{}; // that are in it
    };

    struct list {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t left = PTHREAD_COND_INITIALIZER;
        std::vector<std::shared_ptr<entry>> entries;
        unsigned long numbers = 0;
        std::size_t owners = 1; // the host's, each registration, each call
    };

    static void let_go(list* all) {
        {
            const detail::mutex_lock locked(all->mutex);
            if (--all->owners > 0)
                return;
        }
        delete all;
    }
    struct owner {
        list* all;
        ~owner() { let_go(all); }
    };

    struct running {
        running(list& callbacks, entry& called) : all(callbacks), callback(called) {
            const detail::mutex_lock locked(all.mutex);
            entered = !callback.ended;
            if (entered)
                callback.threads.push_back(detail::posix::thread());
        }
        running(const running&) = delete;
        ~running() {
            if (!entered)
                return;
            std::function<void(A...)> last;
            const detail::mutex_lock locked(all.mutex);
            callback.threads.erase(
                std::find(callback.threads.begin(), callback.threads.end(), detail::posix::thread()));
            if (callback.ended && callback.threads.empty())
                last.swap(callback.call);
            ::pthread_cond_broadcast(&all.left);
        }

        list& all;
        entry& callback;
        bool entered;
    };

    static void end(void* with, unsigned long number) noexcept {
        list& all = *static_cast<list*>(with);
        const owner stays{&all};
        std::function<void(A...)> last;
        const detail::mutex_lock locked(all.mutex);
        const auto found = std::find_if(all.entries.begin(), all.entries.end(),
                                        [&](const auto& callback) { return callback->number == number; });
        const std::shared_ptr<entry> ending = *found;
        all.entries.erase(found);
        ending->ended = true;
        const pid_t self = detail::posix::thread();
        const auto elsewhere = [&] {
            return std::any_of(ending->threads.begin(), ending->threads.end(),
                               [&](pid_t thread) { return thread != self; });
        };
        while (elsewhere())
            ::pthread_cond_wait(&all.left, &all.mutex);
        if (ending->threads.empty())
            last.swap(ending->call);
    }

    list* all_;
};

} // namespace tenon::inline v1

#endif

#ifndef TENON_DIAGNOSTIC_HPP
#define TENON_DIAGNOSTIC_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#ifndef TENON_ERROR_HPP
#define TENON_ERROR_HPP

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>


namespace tenon::inline v1 {

/// What went wrong, for a program to act on.
enum class errc {
    system_call = 1,  ///< the operating system refused something
    not_found,        ///< no such file, plugin or built-in
    malformed_driver, ///< a driver string that names nothing
    untrusted,        ///< somebody else could have written the file
    not_a_library,    ///< not an ELF shared library for this machine, or a damaged one
    not_a_plugin,     ///< a library without a plugin of this type, or one that hides its plugins
    malformed_note,   ///< a manifest that tenon cannot have written
    ambiguous,        ///< several plugins to choose from, or two of one name
    toolchain, ///< compiled for another standard library, ABI or sanitizer, or linked with a runtime of its
               ///< own
    misfit,    ///< compiled against another shape of the interface
    bad_interface,  ///< an interface that does not describe itself completely
    load_failed,    ///< the system's loader refused the library
    changed,        ///< the file changed while it was being loaded
    no_compiler,    ///< no compiler, or one that cannot be run
    build_failed,   ///< the compiler refused the source
    build_needed,   ///< something has to be built and `build = never`
    fetch_failed,   ///< git could not fetch or check out
    timed_out,      ///< a build or a fetch took longer than it may
    cancelled,      ///< options.stop asked for the end of a build or a fetch
    forbidden,      ///< options.policy does not allow it
    nothing_before, ///< there is no version to go back to
    too_many,       ///< versions of one plugin that are in memory
};

namespace detail {
inline namespace TENON_OWN {
class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "tenon"; }
    std::string message(int value) const override {
        static constexpr const char* text[] = {
            "success",        "system call failed", "not found",        "malformed driver",
            "untrusted file", "not a library",      "not a plugin",     "malformed note",
            "ambiguous",      "other toolchain",    "interface misfit", "bad interface",
            "load failed",    "file changed",       "no compiler",      "build failed",
            "build needed",   "fetch failed",       "timed out",        "cancelled",
            "forbidden",      "nothing before",     "too many versions"};
        const bool known = value >= 0 && value < static_cast<int>(sizeof text / sizeof *text);
        return known ? text[value] : "unknown error";
    }
};

/// One string of many.
inline std::string concatenated(std::initializer_list<std::string_view> parts) {
    std::string whole;
    for (const std::string_view part : parts)
        whole += part;
    return whole;
}

// How one of several is chosen, for those who know no more of the driver than its path.
inline constexpr std::string_view adding_a_plugin = "by adding '#' and its name",
                                  adding_a_target = "by adding '#target=' and its name";
} // namespace TENON_OWN
} // namespace detail

TENON_HIDDEN inline const std::error_category& category() noexcept {
    static const detail::category instance;
    return instance;
}

TENON_HIDDEN inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), category()};
}

/// The one type of exception that this library throws; `build_error` is one, with more to say.
///
///     try { tenon::plugin<greeter> g{"./nowhere.so"}; }
///     catch (const tenon::error& e) { std::cerr << e.what(); }
///     // cannot open './nowhere.so': No such file or directory
///
/// `what()` is for a person: what was expected, what was found, what to do, and verbatim what the loader, the
/// compiler or git said. `code()` is an `errc`. Copying one does not throw.
class error : public std::system_error {
public:
    error(errc code, const std::string& text, const std::string& path = {})
        : std::system_error(make_error_code(code)), text_(text), path_(path) {}

    const char* what() const noexcept override { return text_.what(); }
    /// The file that the error is about; empty where there is none.
    const char* path() const noexcept { return path_.what(); }

    /// What a failed build has to say besides, for `failed_commands`: a virtual function, because hosts may
    /// have no run-time type information. Null for all other errors.
    virtual const void* details() const noexcept { return nullptr; }

    // What several headers throw; what one throws is made beside it.

    static error system_call(std::string_view doing, const std::string& path, int error_number) {
        return {errc::system_call,
                detail::concatenated({"cannot ", doing, " '", path, "': ", reason(error_number)}), path};
    }

    static error bad_plugin_name(std::string_view name) {
        return {
            errc::malformed_driver,
            detail::concatenated({"'", name, "' is no name for a plugin: it has to be [a-z][a-z0-9_-]*"})};
    }

private:
    static std::string reason(int error_number) { return std::generic_category().message(error_number); }

    // std::runtime_error shares its text, so that copies of an error cannot throw.
    std::runtime_error text_, path_;
};

} // namespace tenon::inline v1

template <>
struct std::is_error_code_enum<tenon::errc> : std::true_type {};

namespace tenon::inline v1 {

/// Also of an error that another library's copy of tenon threw, which has a category of its own.
TENON_HIDDEN inline bool operator==(const std::error_code& code, errc what) noexcept {
    return code.value() == static_cast<int>(what) &&
           std::string_view(code.category().name()) == category().name();
}

} // namespace tenon::inline v1

#endif

namespace tenon::inline v1 {

/// One message of a compiler, a linker or CMake: an error, a warning or a note.
struct TENON_HOST_TYPE diagnostic {
    enum class severity { note, warning, error };

    severity level = severity::error;
    std::string file{};     ///< empty where it is about no file
    std::size_t line = 0;   ///< from 1; 0 where that is not known
    std::size_t column = 0; ///< from 1; 0 where that is not known
    std::string text{};
    std::vector<diagnostic> notes{}; ///< what belongs to it: where it was included, instantiated or declared

    /// `/opt/users/json.cpp:12:7`, as editors and terminals open it.
    std::string place() const {
        std::string where = file;
        for (const std::size_t number : {line, column})
            if (number != 0)
                where += ':' + std::to_string(number);
        return where;
    }

    /// `/opt/users/json.cpp:12:7: warning: unused variable 'x' [-Wunused]`, as a compiler prints it, and a
    /// line for each note.
    std::string message() const {
        constexpr const char* word[] = {"note: ", "warning: ", "error: "};
        std::string lines = place() + (file.empty() ? "" : ": ") + word[static_cast<int>(level)] + text;
        for (const diagnostic& note : notes)
            lines += '\n' + note.message();
        return lines;
    }
};

/// A command of a build that failed.
struct TENON_HOST_TYPE failed_command {
    std::string command{}; ///< as one would type it
    std::string ending{};  ///< `exited with status 1`, `was killed by signal 11 (Segmentation fault)`
    std::optional<int> exit_status{}, signal{};
    std::string output{}; ///< word for word
    std::vector<diagnostic> diagnostics{};
};

/// The error of a build in which commands failed. Copying one does not throw.
///
///     catch (const tenon::build_error& e) { std::cerr << e.commands()[0].ending; }   // exited with status 1
///
/// The first line of `what()` is the cause. Each command follows, with how it ended and all of its output.
class TENON_HOST_TYPE build_error : public error {
public:
    build_error(errc code, const std::string& text, const std::string& directory,
                std::vector<failed_command> commands)
        : error(code, text, directory),
          commands_(std::make_shared<const std::vector<failed_command>>(std::move(commands))) {}

    const std::vector<failed_command>& commands() const noexcept { return *commands_; }

    const void* details() const noexcept override { return commands_.get(); }

private:
    std::shared_ptr<const std::vector<failed_command>> commands_;
};

/// The commands that failed in a build. The list is empty for other errors, and for errors of another copy of
/// tenon in this process.
///
///     catch (const tenon::error& e) {
///         for (const tenon::failed_command& failed : tenon::failed_commands(e))
///             std::cerr << failed.command << ' ' << failed.ending << '\n';   // g++ … exited with status 1
///     }
TENON_HIDDEN inline std::vector<failed_command> failed_commands(const error& failed) {
    // In a copy of tenon that was compiled with other modes, vectors may have another layout.
    if (&failed.code().category() != &category() || !failed.details())
        return {};
    return *static_cast<const std::vector<failed_command>*>(failed.details());
}

/// The messages of compilers and linkers in a build that failed. The list is empty for other errors.
///
///     catch (const tenon::error& e) {
///         for (const tenon::diagnostic& found : tenon::diagnostics(e))
///             editor.mark(found.file, found.line, found.column, found.text);
///     }
TENON_HIDDEN inline std::vector<diagnostic> diagnostics(const error& failed) {
    std::vector<diagnostic> all;
    for (failed_command& command : failed_commands(failed))
        for (diagnostic& said : command.diagnostics)
            all.push_back(std::move(said));
    return all;
}

} // namespace tenon::inline v1

#endif

#ifndef TENON_DRIVER_HPP
#define TENON_DRIVER_HPP

#include <string>
#include <string_view>


namespace tenon::inline v1 {

/// A driver string, parsed: where a plugin comes from.
///
///     json                                                          a name: built in, or in the search path
///     ./libmany.so#ldap                                             a library, and which of its plugins
///     ./drivers/ldap                                                a directory of source
///     ./drivers#target=json&plugin=json                             which target of its CMakeLists.txt
///     ./drivers/ldap.cpp                                            one source
///     https://host/user/repo                                        a repository, at its default branch
///     git+ssh://git@host/user/repo@v1.2#subdirectory=drivers/json&plugin=json
///
/// A path contains a slash, and a name never does. A path may end in `#` and a plugin's name, or in the same
/// `#KEY=VALUE` as a repository. For a file with a `#` in its own name write a second `#` at the end, and for
/// such a directory a slash at the end.
///
/// A repository begins with `https://`, `git+https://`, `git+ssh://` or `git+file:///`; the rest is spelled
/// as for pip. The branch, tag or full commit id follows the first `@` after the host that does not follow a
/// slash, so that both `/@user/repo` and the tag `json@1.2` can be written. Write any other `@` of a path as
/// `%40`. Percent-encoding in the address is passed on to git. In a branch or tag, write `#` as `%23`, and a
/// `%` before two hexadecimal digits as `%25`. Only ssh takes a user. No transport takes a password, because
/// URLs end up in logs.
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

    /// Parses a text. Throws `error` with `errc::malformed_driver` for a malformed one. The file system is only
    /// asked whether a path is a file or a directory.
    template <class System = detail::posix>
    static driver parse(std::string_view text);
};

} // namespace tenon::inline v1

#endif

#ifndef TENON_EVENT_HPP
#define TENON_EVENT_HPP

#include <cstddef>
#include <functional>
#include <string>


namespace tenon::inline v1 {

/// One step on the way from a driver to its plugin, or one warning of a compiler on that way.
///
///     tenon::loader loader{{.on_event = [](const tenon::event& e) { std::cerr << e.text() << '\n'; }}};
///     // compiling passwd
///
/// A step is told when it begins, and again as its parts are done, where these can be counted.
struct TENON_HOST_TYPE event {
    enum class step {
        resolving,    ///< asking a remote what a branch or tag is
        fetching,     ///< getting a commit; `done` is a percentage
        falling_back, ///< the remote cannot be reached, and an older commit will do; `detail` says why
        waiting,      ///< for another thread or process that builds or fetches the same
        configuring,  ///< what a CMakeLists.txt says
        precompiling, ///< the interface's headers
        compiling,    ///< the sources
        linking,      ///< their objects
        checking,     ///< the library that was built
        cached,       ///< nothing has to be built or fetched
        warning,      ///< of a compiler, a linker or CMake, in a build that goes on: `said` has it
    };

    step what;
    std::string subject;  ///< the directory's name, or the repository's URL
    std::size_t done = 0; ///< parts; 0 when the step begins
    std::size_t of = 0;   ///< parts that there are; 0: nothing is counted
    std::string detail{};
    diagnostic said{};

    /// `compiling passwd (3 of 12)`; of a warning what the compiler has printed, without the source.
    std::string text() const {
        if (what == step::warning)
            return said.message();
        constexpr const char* verb[] = {"asking",       "fetching",
                                        "cannot reach", "waiting until another is done with",
                                        "configuring",  "precompiling the headers of",
                                        "compiling",    "linking",
                                        "checking",     "found"};
        std::string line = std::string(verb[static_cast<int>(what)]) + ' ' + subject;
        if (done > 0 && what == step::fetching)
            line += " (" + std::to_string(done) + "%)";
        else if (done > 0 && of > 1)
            line += " (" + std::to_string(done) + " of " + std::to_string(of) + ')';
        if (!detail.empty())
            line += ": " + detail;
        return line;
    }
};

/// A function that is told of every event, by the thread that loads, which waits for it.
///
/// What the function throws cancels the load: the compilers and the git that run are ended, nothing is left
/// half-made, and the exception reaches who asked for the plugin. It may be anything but `error`.
using event_handler = std::function<void(const event&)>;

} // namespace tenon::inline v1

#endif

#ifndef TENON_EXPORT_HPP
#define TENON_EXPORT_HPP

#include <cstddef>
#include <cstdint>

#ifndef TENON_HOOKS_HPP
#define TENON_HOOKS_HPP

#include <type_traits>

#ifndef TENON_INTERFACE_HPP
#define TENON_INTERFACE_HPP

#include <cstddef>
#include <new>
#include <type_traits>


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

#ifndef TENON_LIVE_HPP
#define TENON_LIVE_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>


#ifndef TENON_DETAIL_LIBRARY_PLUGIN_OBJECT_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_OBJECT_HPP


#ifndef TENON_DETAIL_INTERFACE_FACTORY_HPP
#define TENON_DETAIL_INTERFACE_FACTORY_HPP


namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

template <class Arguments, class... A>
inline constexpr bool takes_arguments_v = false;
template <class... Parameter, class... A>
inline constexpr bool takes_arguments_v<list<Parameter...>, A...> =
    requires(void (*create)(Parameter...), A&&... arguments) { create(static_cast<A&&>(arguments)...); };

// Where T's `factory` is none, that is what there is to say.
template <class T, class... A>
inline constexpr bool factory_takes = !has_valid_factory<T> || takes_arguments_v<factory_arguments<T>, A...>;

} // namespace TENON_OWN
} // namespace detail

/// The arguments are those of T's factory.
template <class T, class... A>
concept arguments_of_the_factory = detail::factory_takes<T, A...>;

/// Named by compilers where a factory is given other arguments: `the_factory_takes<const
/// settings&>::and_was_given<int>`.
template <class... Argument>
struct the_factory_takes {
    template <class... Given>
    struct and_was_given;
};

namespace detail {
inline namespace TENON_OWN {

template <class T, class Arguments>
struct creating;
template <class T, class... Parameter>
struct creating<T, list<Parameter...>> {
    using function = T*(Parameter...);
    template <class... A>
    using given = typename the_factory_takes<Parameter...>::template and_was_given<A...>;
};

/// The factory of one class, as it is exported.
template <class T>
using factory_function = typename creating<T, factory_arguments<T>>::function;

/// A type whose name says what is wrong with some arguments.
template <class T, class... A>
using mismatch = typename creating<T, factory_arguments<T>>::template given<A...>;

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif
#ifndef TENON_DETAIL_LIBRARY_PLUGIN_CODE_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_CODE_HPP

#include <string>
#include <string_view>

#ifndef TENON_OPTIONS_HPP
#define TENON_OPTIONS_HPP

#include <cstdint>
#include <string>

#ifndef TENON_TRUST_HPP
#define TENON_TRUST_HPP

#include <sys/types.h>
#include <vector>


namespace tenon::inline v1 {

/// The users whose files a host runs. Root and the host's own user are always trusted; a file that anybody
/// else could have written is refused.
///
///     tenon::loader loader{{.trust = {.users = {1000}}}};            // what the deploying user owns too
///     tenon::loader careless{{.trust = {.everyone = true}}};         // anything
///
/// A group may write to a file if the group is the owner's private group, which has the owner's number, or is
/// among `groups`, and if no access list lets others write. A folder that everybody may write to passes if
/// its sticky bit is set, as that of /tmp is.
struct TENON_HOST_TYPE trust {
    std::vector<uid_t> users{};
    std::vector<gid_t> groups{};
    bool everyone = false;
};

} // namespace tenon::inline v1

#endif

namespace tenon::inline v1 {

/// The most that one run of a compiler or of git may use. 0 is the limit of this process itself.
///
///     tenon::loader loader{{.limits = {.memory = 2ull << 30, .cpu_seconds = 300}}};
///
/// The limits of memory, CPU time and files hold for each process of a run by itself: their sum has no bound.
/// They are set right after a program has started, so that its first moments have no bound either. A program
/// that reaches one fails, and the error names the limit.
struct TENON_HOST_TYPE limits {
    /// Bytes of address space. No number is right for every machine and plugin.
    std::uint64_t memory = 0;
    /// Seconds of CPU time. Programs that only wait are ended by options.build_timeout and fetch_timeout.
    std::uint64_t cpu_seconds = 0;
    /// Bytes in one file that is written. No library and no pack of git's is so large.
    std::uint64_t file = 4ull << 30;
    /// Bytes of output, which this process keeps in memory.
    std::uint64_t output = 16ull << 20;
};

/// What the loader compiles plugins for.
enum class profile {
    optimised, ///< running fast, and debuggers: -O2 -g
    quick,     ///< a short wait after an edit: -O0
};

/// When the code of a library leaves memory.
enum class unload_policy {
    when_unused, ///< with the last handle
    never, ///< for leak checkers that look for it at the end, and for libraries that are not safe to unload
};

/// How one library is loaded.
///
///     tenon::plugin<greeter> hello{tenon::library_options{.private_copy = true}, "./libhello.so"};
struct TENON_HOST_TYPE library_options {
    unload_policy unload = unload_policy::when_unused;
    /// Whose files are run.
    tenon::trust trust{};
    /// Loads a sealed copy in memory, which nobody can change any more. The copy has another path than the
    /// file, so that the library finds no files beside itself.
    bool private_copy = false;
    /// Digests of the library's file, in hexadecimal. With `private_copy` the bytes that are loaded are the
    /// bytes that were compared. Without it, who may write to the file can change it until it is mapped, and
    /// afterwards.
    allow_list<std::string> sha256{};
};

} // namespace tenon::inline v1

#endif

#ifndef TENON_DETAIL_INTERFACE_NOTE_ADDRESSES_HPP
#define TENON_DETAIL_INTERFACE_NOTE_ADDRESSES_HPP

#include <cstddef>
#include <type_traits>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

using note_address = void (*)();

/// Where this image has the notes of one interface. Lists end with null.
struct interface_notes {
    note_address interface;
    const note_address* methods;
    const void* slots; // as in a plugin's note
    std::size_t slots_size;
    bool has_destructor;
};

/// Where this image has the notes of a plugin's interface and of all that crosses it: constants, from which
/// one function reads the ABI of any interface.
struct plugin_notes : interface_notes {
    const plugin_type& type;
    const note_address* types;
    const interface_notes* const* reached;
};

template <class T>
[[gnu::visibility("hidden")]] inline constexpr auto slots_here = slots_of<T>();

template <class T, class Indices = make_indices<T::methods::size>>
struct method_notes;
template <class T, std::size_t... I>
struct method_notes<T, indices<I...>> {
    [[gnu::visibility("hidden")]] static constexpr note_address list[] = {&method_note<T, I>..., nullptr};
};

template <class T>
[[gnu::visibility("hidden")]] inline constexpr interface_notes notes_of_interface{
    &interface_note<T>, method_notes<T>::list, &slots_here<T>, sizeof slots_here<T>,
    std::has_virtual_destructor_v<T>};

template <class T, class Crossing>
struct crossing_notes;
template <class T, class... U>
struct crossing_notes<T, list<U...>> {
    [[gnu::visibility("hidden")]] static constexpr note_address list[] = {&crossing_note<T, U>..., nullptr};
};

template <class Reached>
struct reached_notes;
template <class... U>
struct reached_notes<list<U...>> {
    [[gnu::visibility("hidden")]] static constexpr const interface_notes* list[] = {&notes_of_interface<U>...,
                                                                                    nullptr};
};

template <class T>
[[gnu::visibility("hidden")]] inline constexpr plugin_notes notes_of_plugin{
    notes_of_interface<T>, T::type, crossing_notes<T, crossing<T>>::list,
    reached_notes<reached_interfaces<T>>::list};

/// The addresses of T's notes, which this file writes.
template <class T>
[[gnu::visibility("hidden")]] const plugin_notes& notes_here() {
    abi_in_image<T>::emit();
    require_every_method<T>();
    return notes_of_plugin<T>;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LIBRARY_HOST_FILE_HPP
#define TENON_DETAIL_LIBRARY_HOST_FILE_HPP


// version.hpp, which interfaces include too, has chosen between declarations and definitions. A macro that
// is defined later changes nothing of that.
#if (defined(TENON_SEPARATE) && defined(TENON_DEFINITIONS) && !defined(TENON_IMPLEMENTATION)) ||             \
    (defined(TENON_IMPLEMENTATION) && !(defined(TENON_SEPARATE) && defined(TENON_DEFINITIONS)))
#error                                                                                                       \
    "tenon: TENON_SEPARATE and TENON_IMPLEMENTATION have to be defined before the first header of tenon, also before an interface's"
#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// How one file of this image that loads plugins was compiled.
struct host_file {
    const char* name;
    bool separate;
};

// Each such file has an entry in a section whose ends the linker names.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const host_file __start_tenon_hosts[];
[[gnu::weak, gnu::visibility("hidden")]] extern const host_file __stop_tenon_hosts[];
}

#ifdef TENON_SEPARATE
inline constexpr bool compiled_separately = true;
#else
inline constexpr bool compiled_separately = false;
#endif

namespace {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // clang 14 has no `retain`
// NOLINTNEXTLINE(misc-definitions-in-headers): each file needs an entry of its own
[[gnu::used, gnu::retain, gnu::section("tenon_hosts")]] constexpr host_file this_file{__BASE_FILE__,
                                                                                      compiled_separately};
#pragma GCC diagnostic pop
} // namespace

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LIBRARY_UNLOADED_HPP
#define TENON_DETAIL_LIBRARY_UNLOADED_HPP

#include <string>
#include <utility>


namespace tenon::inline v1 {

/// What became of a library's code when a handle was closed.
///
///     if (tenon::unloaded gone = users.close(); !gone)
///         std::cerr << gone.reason();   // '/opt/users.so' stays in memory: it has the unique symbol ...
class TENON_HOST_TYPE unloaded {
public:
    enum class state {
        unmapped, ///< it is gone
        shared,   ///< other handles of this library are open
        deferred, ///< an exception, whose code may be in the library, is in flight or being handled on this
                  ///< thread
        pinned,   ///< it stays until the process ends
    };

    unloaded(state outcome, std::string reason) : what_(outcome), reason_(std::move(reason)) {}

    explicit operator bool() const noexcept { return what_ == state::unmapped; }
    state what() const noexcept { return what_; }
    /// A sentence about why the code is still in memory; empty if it is gone.
    const std::string& reason() const noexcept { return reason_; }

private:
    state what_;
    std::string reason_;
};

} // namespace tenon::inline v1

#endif

namespace tenon::inline v1 {

/// The type, name and version of a plugin.
struct TENON_HOST_TYPE plugin_info {
    std::string type, name, version;
    std::string path; ///< of its library; empty for a built-in
};

namespace detail {
inline namespace TENON_OWN {

template <class System>
class basic_library;
template <class System>
class basic_library_file;

/// The code of one plugin: its factory and its hooks, and a reference to its library.
template <class System = posix>
class basic_plugin_code {
public:
    /// Loads the plugin `name` of a library, or its only one if the name is empty. A file that is replaced
    /// during the load is tried again a few times. The caller owns the result.
    [[nodiscard]] static basic_plugin_code* load(const library_options& options, const std::string& path,
                                                 std::string_view name, const plugin_notes& host);

    /// The code of a plugin that is part of the program.
    explicit basic_plugin_code(const exported<>& built_in);
    basic_plugin_code(const basic_plugin_code&) = delete;
    basic_plugin_code& operator=(const basic_plugin_code&) = delete;
    ~basic_plugin_code();

    const plugin_info& info() const noexcept { return info_; }
    /// The factory and the hooks, as functions of an interface that only the caller knows.
    const exported<>& entry() const noexcept { return entry_; }
    /// Null for a built-in.
    const basic_library<System>* from() const noexcept { return library_; }

    /// Lets go of the library, and says what became of it.
    unloaded close();

private:
    basic_plugin_code(const library_options& options, const basic_library_file<System>& file,
                      std::string_view name, const plugin_notes& host);

    plugin_info info_;
    basic_library<System>* library_ =
        nullptr; // owned; <memory> would add a quarter to the cost of plugin.hpp
    exported<> entry_{};
};

using plugin_code = basic_plugin_code<>;

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Makes an object of a plugin that implements T.
template <class T, class... A>
T* create(const plugin_code& code, A&&... arguments) {
    return reinterpret_cast<factory_function<T>*>(code.entry().create)(static_cast<A&&>(arguments)...);
}

template <class T>
const hooks<T>& hooks_offered(const plugin_code& code) noexcept {
    static constexpr hooks<T> none{};
    return code.entry().hooks ? *static_cast<const hooks<T>*>(code.entry().hooks) : none;
}

/// The functions of one interface, for code that has only a `void*` to the object of a plugin. Each calls the
/// hook of its name, if the object's class offers that hook.
struct object_functions {
    void (*start)(const plugin_code&, void* object);
    void (*stop)(const plugin_code&, void* object);
    /// Sets `called` before the hook is called, which may throw after half of its work.
    void (*quiesce)(const plugin_code&, void* object, bool& called);
    void (*resume)(const plugin_code&, void* object);
    /// Passes the state that the object saves to `next`, if one offers `save` and the other `restore`.
    void (*hand_on)(const plugin_code& from, void* object, const plugin_code& to, void* next);
    void (*destroy)(void* object);
};

template <class T>
struct typed_object {
    static void start(const plugin_code& code, void* object) {
        if (const auto hook = hooks_offered<T>(code).start)
            hook(static_cast<T*>(object));
    }
    static void stop(const plugin_code& code, void* object) {
        if (const auto hook = hooks_offered<T>(code).stop)
            hook(static_cast<T*>(object));
    }
    static void quiesce(const plugin_code& code, void* object, bool& called) {
        if (const auto hook = hooks_offered<T>(code).quiesce) {
            called = true;
            hook(static_cast<T*>(object));
        }
    }
    static void resume(const plugin_code& code, void* object) {
        if (const auto hook = hooks_offered<T>(code).resume)
            hook(static_cast<T*>(object));
    }
    static void hand_on(const plugin_code& from, void* object, const plugin_code& to, void* next) {
        if constexpr (requires { typename T::state; }) {
            const auto save = hooks_offered<T>(from).save;
            const auto restore = hooks_offered<T>(to).restore;
            if (save && restore)
                restore(static_cast<T*>(next), save(static_cast<T*>(object)));
        }
    }
    static void destroy(void* object) { delete static_cast<T*>(object); }
};

template <class T>
[[gnu::visibility("hidden")]] inline constexpr object_functions functions_of = {
    &typed_object<T>::start,  &typed_object<T>::stop,    &typed_object<T>::quiesce,
    &typed_object<T>::resume, &typed_object<T>::hand_on, &typed_object<T>::destroy};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_RELOAD_HAZARD_POINTER_HPP
#define TENON_DETAIL_RELOAD_HAZARD_POINTER_HPP

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <pthread.h>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The objects that threads are using at this moment, so that a replaced object is destroyed only when no
/// thread uses it.
///
/// Each thread announces an object in a slot of its own, to which no other thread's use writes: hazard
/// pointers (M. M. Michael, 2004). A full barrier is needed between the announcement and the second read of
/// the shared pointer. That barrier costs more than all the rest. So with membarrier(2) the thread that
/// replaces an object executes the barrier in all other threads instead.
template <class System = posix>
class basic_hazard_domain {
public:
    static constexpr std::size_t places = 6;

    /// The slots of one thread. A thread that uses more objects at once gets more records.
    struct alignas(64) record {
        basic_hazard_domain* domain = nullptr;
        std::atomic<const void*> used[places] = {};
        std::atomic<bool> awaited = false; // somebody wants to know when one of them is free
        bool fenced = false;
        bool keeps = false;
        // On another cache line, which is written to less often.
        const unsigned* uncaught = nullptr; // how many exceptions of the thread are in flight
        std::vector<std::shared_ptr<void>> kept;
        record* next = nullptr; // of all
        record* next_of_thread = nullptr;
        bool taken = true;
    };

    /// Never destroyed: a thread may end after all static objects have been destroyed.
    static basic_hazard_domain& here();

    /// Sets a function that is called when an object that in_use() found in use may have become free. The
    /// thread that used the object calls it.
    void when_free(void (*call)(void*), void* with);

    /// True if a thread uses an object, which no thread can newly find. In that case the function of
    /// `when_free` is called later.
    bool in_use(const void* object);

    /// A record of the calling thread with a free slot, whose index is stored in `place`.
    static record& mine(basic_hazard_domain& domain, std::size_t& place) {
        if (record* const last = last_used; last && last->domain == &domain) [[likely]] {
            if (last->keeps) [[unlikely]]
                release(*last);
            for (place = 0; place < places; ++place)
                if (!last->used[place].load(std::memory_order_relaxed)) [[likely]]
                    return *last;
        }
        return another(domain, place);
    }

    /// Keeps an object alive until this thread has left all exception handlers and uses an object again, or
    /// ends.
    void keep(std::shared_ptr<void> object);

    void freed();

    /// True if the calling thread has an exception in flight. std::uncaught_exceptions() would cost more than
    /// the rest of a use, so the thread's own counter is read (Itanium C++ ABI: Exception Handling, 2.2.2).
    static bool throwing(const record& by) noexcept {
        return (&by == last_used ? *by.uncaught : static_cast<unsigned>(std::uncaught_exceptions())) > 0;
    }

private:
    basic_hazard_domain();

    struct thread_records;

    static record& another(basic_hazard_domain& domain, std::size_t& place);
    record& take();
    static void release(record& released);
    bool barrier() const;
    static bool uses(const record& one, const void* object);

    static inline constinit thread_local record* last_used = nullptr;

    const bool fenced_;
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    record* records_ = nullptr; // are never freed
    void (*call_)(void*) = nullptr;
    void* with_ = nullptr;
};

/// One use of the object behind a shared pointer. The object is not destroyed during the use. The use may end
/// in another thread than it began in.
template <class Object, class System = posix>
class basic_hazard_pointer {
public:
    basic_hazard_pointer(basic_hazard_domain<System>& among, const std::atomic<Object*>& from)
        : record_(basic_hazard_domain<System>::mine(among, place_)) {
        std::atomic<const void*>& used = record_.used[place_];
        Object* now = from.load(std::memory_order_relaxed);
        if (record_.fenced) [[unlikely]] {
            do
                used.store(object_ = now);
            while ((now = from.load()) != object_);
        } else {
            do {
                used.store(object_ = now, std::memory_order_relaxed);
                std::atomic_signal_fence(std::memory_order_seq_cst);
            } while ((now = from.load(std::memory_order_acquire)) != object_);
        }
    }
    basic_hazard_pointer(const basic_hazard_pointer&) = delete;
    basic_hazard_pointer& operator=(const basic_hazard_pointer&) = delete;
    ~basic_hazard_pointer() {
        std::atomic<const void*>& used = record_.used[place_];
        if (record_.fenced) [[unlikely]] {
            used.store(nullptr);
        } else {
            used.store(nullptr, std::memory_order_release);
            std::atomic_signal_fence(std::memory_order_seq_cst);
        }
        if (record_.awaited.load(std::memory_order_relaxed)) [[unlikely]]
            announce_free();
    }

    Object* get() const noexcept { return object_; }

    basic_hazard_domain<System>& among() const noexcept { return *record_.domain; }
    bool throwing() const noexcept { return basic_hazard_domain<System>::throwing(record_); }

private:
    [[gnu::noinline]] void announce_free() {
        if (record_.awaited.exchange(false))
            record_.domain->freed();
    }

    std::size_t place_;
    typename basic_hazard_domain<System>::record& record_;
    Object* object_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_RELOAD_ONLY_VALUES_HPP
#define TENON_DETAIL_RELOAD_ONLY_VALUES_HPP

#include <type_traits>


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
#ifndef TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

template <class System>
class basic_version_code;
using version_code = basic_version_code<posix>;

/// The object of one version, and a count of its owners, the last of which destroys it.
class plugin_instance {
public:
    /// Constructs the object with `make`. `functions` have to be those of the type that `make` constructs.
    plugin_instance(std::shared_ptr<version_code> code, std::uint64_t number,
                    const std::function<void*(const plugin_code&)>& make, const object_functions& functions);
    plugin_instance(const plugin_instance&) = delete;
    plugin_instance& operator=(const plugin_instance&) = delete;

    void* object() const noexcept { return object_; }
    std::uint64_t number() const noexcept { return number_; }
    const std::shared_ptr<version_code>& code() const noexcept { return code_; }
    const plugin_info& info() const noexcept;

    void start();
    /// Sets `called` before the hook is called, which may throw after half of its work.
    void quiesce(bool& called);
    void resume();
    /// Gives the object's state to that of another version, if one saves and the other restores.
    void hand_on_to(const plugin_instance& next);

    /// Adds a reference, which release() drops.
    void share() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
    /// Drops one reference. The last one destroys the object.
    void release() noexcept {
        if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

private:
    ~plugin_instance();

    std::shared_ptr<version_code> code_;
    std::uint64_t number_;
    const object_functions& functions_;
    void* object_;
    bool started_ = false;
    std::atomic<std::size_t> owners_ = 1;
};

struct instance_release {
    void operator()(plugin_instance* instance) const noexcept { instance->release(); }
};
/// A counted reference to an instance.
using instance_share = std::unique_ptr<plugin_instance, instance_release>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_RELOAD_PLUGIN_SOURCE_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_SOURCE_HPP

#include <functional>
#include <memory>
#include <string>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Builds, finds and loads the versions of one plugin.
class plugin_source {
public:
    virtual ~plugin_source() = default;

    /// Builds or finds the newest version, and loads it. Returns null if `known(id)` is true for the id of
    /// that very library.
    virtual std::unique_ptr<plugin_code> newest(const std::function<bool(const std::string& id)>& known) = 0;
    /// The files and folders whose change may lead to another version.
    virtual std::vector<std::string> watched() const = 0;
    /// Stops newest() in other threads, and makes all later calls fail.
    virtual void cancel() noexcept = 0;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_RELOAD_PLUGIN_VERSIONS_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_VERSIONS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#ifndef TENON_DETAIL_RELOAD_RELOAD_EVENT_HPP
#define TENON_DETAIL_RELOAD_RELOAD_EVENT_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>


namespace tenon::inline v1 {

/// A step in the life of a watched plugin, passed to the handler of `live::on_event`.
///
///     users.on_event([](const tenon::reload_event& r) { std::clog << r.text() << '\n'; });
///     // version 3 of json 1.2.0 has taken over
struct TENON_HOST_TYPE reload_event {
    enum class step {
        built,       ///< there is a newer library, about to be loaded
        replaced,    ///< a newer version has taken over
        refused,     ///< a newer one came to nothing; `reason` says why, and `version` goes on
        unchanged,   ///< nothing newer is there; only an answer of `live::refresh`
        rolled_back, ///< the version before has taken over again, under a number of its own
        retired,     ///< the last call in a version has returned, and its object is destroyed
        closed,      ///< its code is unmapped, or stays: `reason` says why
    };

    step what = step::unchanged;
    std::uint64_t version = 0; ///< 1 is the first; what is refused uses up a number too
    std::string plugin{};      ///< its name and its own version
    std::string reason{};      ///< a sentence; empty where all is well
    /// The time to build or find the version (`built`), or to load, construct and switch (`replaced`,
    /// `rolled_back`).
    std::chrono::microseconds took{};

    std::string text() const {
        constexpr const char* said[] = {
            " is there and is being loaded", " has taken over", " goes on", " goes on, as nothing is newer",
            " has taken over again",         " is retired",     "'s code"};
        std::string line =
            "version " + std::to_string(version) + " of " + plugin + said[static_cast<int>(what)];
        if (what == step::refused)
            return line + ", because a newer one was refused: " + reason;
        if (what == step::closed)
            return line + (reason.empty() ? " is unmapped" : " stays: " + reason);
        return line;
    }
};

/// The state of a watched plugin.
struct TENON_HOST_TYPE live_status {
    std::uint64_t version = 0; ///< that serves
    plugin_info info{};
    std::uint64_t replaced = 0, refused = 0; ///< how often
    std::string refusal{};                   ///< why the newest there is does not serve; empty where it does
    std::size_t mapped = 0; ///< libraries in memory: of the version that serves, of the one before it for
        ///< `rollback`, of those in use, and those that stay. Versions of one library share it
};

/// Called for every step of a reload, by the thread that takes it: the reload thread, a caller of `refresh`
/// or `rollback`, or the owner of the last `pinned` handle of a version. Exceptions are ignored.
using reload_handler = std::function<void(const reload_event&)>;

} // namespace tenon::inline v1

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The versions of one plugin, as a `live` handle uses them.
class plugin_versions {
public:
    using maker = std::function<void*(const plugin_code&)>;

    /// Loads the first version. `functions` have to be those of the type that `make` constructs.
    template <class System = posix>
    static std::unique_ptr<plugin_versions> from(std::unique_ptr<plugin_source> source, maker make,
                                                 const object_functions& functions, std::size_t most_mapped,
                                                 std::int64_t every);

    plugin_versions(const plugin_versions&) = delete;
    plugin_versions& operator=(const plugin_versions&) = delete;
    virtual ~plugin_versions() = default;

    basic_hazard_domain<>& hazards() const noexcept { return hazards_; }
    const std::atomic<plugin_instance*>& serving() const noexcept { return serving_; }

    /// Starts watching for newer versions.
    virtual void begin() = 0;
    /// Ends watching, and waits for other threads. Has to be called before destruction.
    virtual void end() = 0;
    virtual void on_event(reload_handler handler) = 0;
    virtual void check(std::function<void(void*)> check) = 0;
    virtual live_status status() const = 0;
    /// Looks for a newer version now. With `again`, a version that was refused before is tried once more.
    virtual reload_event refresh(bool again) = 0;
    virtual reload_event rollback() = 0;

protected:
    explicit plugin_versions(basic_hazard_domain<>& hazards) : hazards_(hazards) {}

    // The domain of the copy of tenon that made this object, whichever copy destroys it.
    basic_hazard_domain<>& hazards_;
    std::atomic<plugin_instance*> serving_ = nullptr;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1 {

/// One version of a watched plugin, kept alive for as long as this handle exists.
///
///     auto pinned = users.pin();
///     std::string_view name = pinned->name();   // may refer into that version
///
/// The handle may outlive its `live`. The last handle of a version destroys the version's object. One thread
/// at a time may use the handle itself; calls may come from as many threads as the object allows.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
template <class T>
class TENON_HOST_TYPE pinned {
public:
    pinned() noexcept = default;

    T* get() const noexcept { return version_ ? static_cast<T*>(version_->object()) : nullptr; }
    T* operator->() const noexcept { return get(); }
    T& operator*() const noexcept { return *get(); }
    explicit operator bool() const noexcept { return version_ != nullptr; }

    /// The number of the version, which counts from 1. The handle has to hold a version.
    std::uint64_t version() const noexcept { return version_->number(); }
    const plugin_info& info() const noexcept { return version_->info(); }

private:
    template <class>
    friend class live;
    explicit pinned(detail::plugin_instance* serving) noexcept : version_(serving) { serving->share(); }

    detail::instance_share version_;
};
#pragma GCC diagnostic pop

/// A plugin that is replaced by its newest working version while the program runs; made by `loader::watch`.
///
///     tenon::live<user_provider> users = loader.watch<user_provider>(driver, settings);
///     users->get_user("root");                    // in the newest version that works
///     auto pinned = users.pin();                  // one version for as long as this lives
///     users.on_event([](const tenon::reload_event& r) { std::clog << r.text() << '\n'; });
///
/// When the driver's files change, a new version is built, checked, loaded beside the old one, constructed,
/// given the old version's state, started and passed to the host's `check`. Then the new version serves. The
/// old object is destroyed once the last call in it has returned. A step that fails is reported as a refused
/// reload, and the old version continues to serve. Calls never wait for a reload.
///
/// Any thread may call through `->` at any time, which costs some nanoseconds more than a call through a
/// `plugin`. Two calls may reach two versions. A call that throws keeps that version's code in memory until
/// its thread has left all handlers and calls again, or ends. The handle may be moved while no thread calls
/// through it. Neither one of its own calls nor its event handler may destroy it. The destructor waits for
/// calls in other threads, and stops the compilers of a running reload.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
template <class T>
class TENON_HOST_TYPE live {
    TENON_DETAIL_REQUIRE_INTERFACE(T)
    using versions = detail::plugin_versions;

    // Exists until the end of the full expression that calls `operator->`.
    class TENON_HIDDEN call {
    public:
        explicit call(const versions& all) : serving_(all.hazards(), all.serving()) {}
        ~call() {
            if (serving_.throwing()) [[unlikely]]
                serving_.among().keep(serving_.get()->code());
        }
        T* operator->() const noexcept { return static_cast<T*>(serving_.get()->object()); }

    private:
        detail::basic_hazard_pointer<detail::plugin_instance> serving_;
    };

public:
    live(live&&) noexcept = default;
    live& operator=(live&& other) noexcept {
        std::swap(versions_, other.versions_);
        return *this;
    }
    ~live() {
        if (versions_)
            versions_->end();
    }

    /// Calls the version that serves now.
    call operator->() const {
        static_assert(gives_values<T>, "tenon: a method of this interface gives out what may refer into the "
                                       "plugin (a pointer, a reference or a "
                                       "view), and the next version would leave that dangling: call it "
                                       "through pin(), or have it return values");
        return call(*versions_);
    }

    /// Returns a handle that keeps the version that serves now.
    pinned<T> pin() const {
        const detail::basic_hazard_pointer serving(versions_->hazards(), versions_->serving());
        return pinned<T>(serving.get());
    }

    live_status status() const { return versions_->status(); }

    /// Replaces the function that is told of reloads; an empty one removes it. `reload_handler` says which
    /// threads call it.
    void on_event(reload_handler handler) { versions_->on_event(std::move(handler)); }

    /// Sets a test for newer versions, called after a version has started and before it serves. An exception
    /// from `check` refuses the version. `check` must not ask this handle for a reload.
    void check(std::function<void(T&)> check) {
        std::function<void(void*)> untyped;
        if (check)
            untyped = [check = std::move(check)](void* object) { check(*static_cast<T*>(object)); };
        versions_->check(std::move(untyped));
    }

    /// Looks for a newer version now, tries one again that was refused before, and returns the outcome. Waits
    /// for builds and fetches. Any thread may call.
    reload_event refresh() { return versions_->refresh(true); }

    /// Returns to the version before: a new object of the older code gets the state of the object that
    /// serves. The version that served until now is not loaded again until its files change. Throws `error`
    /// with `errc::nothing_before` before the first reload, and for a second rollback in a row. An exception
    /// from the older version's code is reported as a refusal. Any thread may call.
    reload_event rollback() { return versions_->rollback(); }

    /// Used by `loader::watch`: a handle whose versions come from `source`, each made by `make`.
    static live from(std::unique_ptr<detail::plugin_source> source, typename versions::maker make,
                     std::size_t most_mapped, std::int64_t every) {
        live handle;
        handle.versions_ =
            versions::from(std::move(source), std::move(make), detail::functions_of<T>, most_mapped, every);
        handle.versions_->begin();
        return handle;
    }

private:
    live() = default;

    std::unique_ptr<versions> versions_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif

#ifndef TENON_LOADER_HPP
#define TENON_LOADER_HPP

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#ifndef TENON_LOADER_OPTIONS_HPP
#define TENON_LOADER_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#ifndef TENON_POLICY_HPP
#define TENON_POLICY_HPP

#include <optional>
#include <string>


namespace tenon::inline v1 {

/// How a repository is reached.
enum class transport { https, ssh, file };

/// The files with the keys that may sign commits. The files have to satisfy `options.trust`. No other
/// configuration of git, ssh or GnuPG counts.
struct TENON_HOST_TYPE signers {
    std::string ssh{}; ///< who may sign, in the format of ALLOWED SIGNERS in ssh-keygen(1)
    std::string gpg{}; ///< public keys, as `gpg --export` writes them
};

/// The rules for what a loader may load, whatever a driver asks for. A driver that breaks a rule is an error,
/// `errc::forbidden`, which names the rule and what the rule allows. The error comes before a file is opened,
/// a server is asked or a program is run.
///
///     using kind = tenon::driver::kind;
///     tenon::loader loader{{.policy = {.kinds = {kind::name, kind::repository},
///                                      .transports = {tenon::transport::https},
///                                      .hosts = {"git.example.org"},
///                                      .full_commit_ids = true,
///                                      .signed_by = tenon::signers{.ssh = "/etc/host/signers"}}}};
///
/// Each rule applies to the drivers that have what it restricts: `folders` does not restrict repositories on
/// other machines, and `hosts` does not restrict libraries.
struct TENON_HOST_TYPE policy {
    allow_list<driver::kind> kinds{};
    /// The folders that libraries, source directories and repositories on this machine have to be in or
    /// below, after all symbolic links in the path have been resolved.
    allow_list<std::string> folders{};
    /// The SHA-256 digests of libraries, in hexadecimal; see `library_options::sha256`. Libraries that the
    /// loader compiles itself are not compared.
    allow_list<std::string> sha256{};
    allow_list<transport> transports{};
    /// The hosts of repositories, as URLs spell them: `example.org`, or `example.org:8443` with a port that
    /// is not the transport's own. The host of `git+file:///` is empty. With this rule a server may not
    /// redirect git to another address.
    allow_list<std::string> hosts{};
    bool full_commit_ids = false; ///< what is fetched is what was reviewed; no branch, no tag
    std::optional<signers> signed_by{};
};

} // namespace tenon::inline v1

#endif
#ifndef TENON_STOP_SIGNAL_HPP
#define TENON_STOP_SIGNAL_HPP

#include <functional>
#include <memory>
#include <utility>
#include <version>

// libc++ has no stop_token before version 20.
#ifdef __cpp_lib_jthread
#include <stop_token>
#endif


namespace tenon::inline v1 {

/// A `std::stop_token`, in a type that is the same where the standard library has none.
///
///     std::stop_source source;
///     tenon::loader loader{{.stop = source.get_token()}};
///     source.request_stop();   // by any thread: ends the builds and fetches of `loader`
///
/// A default-constructed signal never stops anything. Any thread may copy and use a signal.
class TENON_HOST_TYPE stop_signal {
public:
    stop_signal() = default;
#ifdef __cpp_lib_jthread
    stop_signal(std::stop_token token) {
        if (token.stop_possible())
            listen_ = [token = std::move(token)](std::function<void()> call) -> std::shared_ptr<const void> {
                return std::make_shared<std::stop_callback<std::function<void()>>>(token, std::move(call));
            };
    }
#endif

    /// True if a stop can still be requested, or has been.
    bool possible() const noexcept { return listen_ != nullptr; }

    /// Calls `call` once when a stop is requested; now, if that is so already. The thread that requests it
    /// makes the call, which must not throw. `call` is not run any more once the returned object is gone. Null
    /// if no stop is possible.
    std::shared_ptr<const void> on_stop(std::function<void()> call) const {
        return listen_ ? listen_(std::move(call)) : nullptr;
    }

private:
    std::function<std::shared_ptr<const void>(std::function<void()>)> listen_{};
};

} // namespace tenon::inline v1

#endif

namespace tenon::inline v1 {

/// Whether a loader may compile sources and fetch repositories.
enum class build_policy {
    when_needed, ///< if the cache has no current result
    never,       ///< runs no compiler and no git; a result missing from the cache is `errc::build_needed`
};

/// How watched plugins are reloaded.
struct TENON_HOST_TYPE reload_options {
    /// The time between two questions to a remote whether a branch or tag has moved. 0: only `live::refresh`
    /// asks.
    std::chrono::milliseconds fetch_every{0};
    /// The most libraries of one plugin in memory at once, counting those that cannot be unmapped. At the
    /// limit a newer version is refused. A second reload needs at least 3: one version serves, and the one
    /// before is kept for `live::rollback`.
    std::size_t most_versions = 16;
    /// Loads a driver's library from a copy in memory, as `private_copy` does, so that a program that writes
    /// over the file does not write over running code. A library that needs files beside itself needs
    /// `false`.
    bool copy_libraries = true;
};

/// The settings of a loader. Every member has a default.
///
///     tenon::loader loader{{.search = {"/opt/plugins"}, .build = tenon::build_policy::never}};
struct TENON_HOST_TYPE loader_options {
    /// The directory for results, which has to be empty or tenon's. Default: $TENON_CACHE, else
    /// $XDG_CACHE_HOME/tenon, else ~/.cache/tenon.
    std::string cache{};
    /// The compiler's argument vector: `{"ccache", "g++"}`. Default: $CXX, else a compiler of the family that
    /// compiled this program.
    std::vector<std::string> compiler{};
    /// Flags for every plugin, before those in its compile_flags.txt.
    std::vector<std::string> flags{};
    /// Permits flags that run programs during a build (compiler plugins, -B, -wrapper), and fetched
    /// repositories with a CMakeLists.txt, which may run any program.
    bool builds_may_run_programs = false;
    /// Directories with headers, searched before those of the interface and of tenon.
    std::vector<std::string> include{};
    /// `quick` for plugins that are edited and reloaded.
    tenon::profile profile = profile::optimised;
    /// The most compilers at once, over all loaders of this process. 0: one for each processor.
    unsigned jobs = 0;
    /// Precompiles the header of an interface the second time that a plugin is compiled against it.
    bool precompile = true;
    /// Compares the contents of all inputs, system headers included, even if size and times are unchanged.
    bool thorough = false;
    /// The directories in which a bare name is looked for, as `name.so` and `libname.so`.
    std::vector<std::string> search{};
    build_policy build = build_policy::when_needed;
    unload_policy unload = unload_policy::when_unused;
    /// The users whose files are compiled and run.
    tenon::trust trust{};
    /// Which drivers are loaded at all.
    tenon::policy policy{};
    /// See `library_options`.
    bool private_copy = false;
    /// Called for each step that takes time.
    event_handler on_event{};
    /// For `loader::watch`.
    reload_options reload{};
    /// The longest time for a build, including the wait for another process that builds the same. 0: no
    /// limit.
    std::chrono::milliseconds build_timeout = std::chrono::minutes(10);
    /// The longest time for git. 0: no limit.
    std::chrono::milliseconds fetch_timeout = std::chrono::minutes(10);
    /// The limits of each run of a compiler and of git.
    tenon::limits limits{};
    /// Stops builds and fetches, and all programs that they run: a `std::stop_token`. Loads that need neither
    /// still work.
    stop_signal stop{};
};

} // namespace tenon::inline v1

#endif
#ifndef TENON_PLUGIN_HPP
#define TENON_PLUGIN_HPP

#include <string>
#include <string_view>
#include <utility>



namespace tenon::inline v1 {

/// An owning handle of a plugin of type T: of the object, and of a reference to the library with its code.
///
///     tenon::plugin<user_provider> users{"./libpasswd.so", settings};
///     users->get_user("root");
///     tenon::plugin<user_provider> ldap{"./libmany.so#ldap", settings};   // one of several in a library
///
/// A path without a folder names a file in the current folder. The library is checked before any of its code
/// runs. Throws `error` if the library cannot be loaded, is not trusted or does not fit. Exceptions of the
/// plugin's constructor and of its start() pass through, after the library has been closed again. hooks.hpp
/// lists what a plugin's class may offer beside its interface: start() returns before the handle exists, and
/// stop() returns before the object is destroyed, both on the thread that makes or drops the handle.
///
/// A call costs what a virtual call costs. Once the handle is gone, everything that refers to the plugin's
/// code or data dangles: references into the object, exceptions of the plugin's own types, string literals.
/// One thread at a time may use a handle. As many threads as the object allows may call through a `const`
/// handle. Different handles are independent.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
template <class T>
class TENON_HOST_TYPE plugin {
    TENON_DETAIL_REQUIRE_INTERFACE(T)

public:
    /// An empty handle.
    plugin() noexcept = default;

    template <path_like P, class... A>
        requires arguments_of_the_factory<T, A...>
    explicit plugin(const P& path, A&&... arguments)
        : plugin(library_options{}, path, static_cast<A&&>(arguments)...) {}

    /// The same with options: `tenon::plugin<greeter> hello{tenon::library_options{.private_copy = true},
    /// "./libhello.so"};`
    template <path_like P, class... A>
        requires arguments_of_the_factory<T, A...>
    explicit plugin(const library_options& options, const P& path, A&&... arguments) {
        std::string file = detail::native(path), name;
        if (const auto mark = file.rfind('#'); mark != file.npos && file.find('/', mark) == file.npos) {
            name = file.substr(mark + 1);
            file.resize(mark);
            if (!detail::well_named(name))
                throw error::bad_plugin_name(name);
        }
        *this = from_library(options, file, name, static_cast<A&&>(arguments)...);
    }

    // Chosen for arguments that the factory does not take: the compile error stands at the caller's line, and
    // the name of `Mismatch` says which arguments the factory takes.
    template <path_like P, class... A, class Mismatch = detail::mismatch<T, A...>>
        requires(!arguments_of_the_factory<T, A...>)
    explicit plugin(const P& path, A&&... arguments) = delete; // tenon: the factory takes other arguments

    template <path_like P, class... A, class Mismatch = detail::mismatch<T, A...>>
        requires(!arguments_of_the_factory<T, A...>)
    explicit plugin(const library_options& options, const P& path,
                    A&&... arguments) = delete; // tenon: the factory takes other arguments

    /// The plugin `name` of a library. An empty name stands for the library's only plugin.
    template <class... A>
        requires arguments_of_the_factory<T, A...>
    static plugin from_library(const library_options& options, const std::string& path, std::string_view name,
                               A&&... arguments) {
        return from_code(detail::plugin_code::load(options, path, name, detail::notes_here<T>()),
                         static_cast<A&&>(arguments)...);
    }

    /// Constructs and starts an object of plugin code that was loaded, and which the handle owns.
    template <class... A>
        requires arguments_of_the_factory<T, A...>
    static plugin from_code(detail::plugin_code* code, A&&... arguments) {
        struct unstarted {
            T* object = nullptr;
            detail::plugin_code* code;
            ~unstarted() {
                delete object;
                delete code;
            }
        } made{nullptr, code};
        made.object = detail::create<T>(*code, static_cast<A&&>(arguments)...);
        detail::typed_object<T>::start(*code, made.object);
        plugin handle;
        handle.object_ = std::exchange(made.object, nullptr);
        handle.code_ = std::exchange(made.code, nullptr);
        return handle;
    }

    /// A plugin that is part of the program and was found in its `registry`.
    template <class... A>
        requires arguments_of_the_factory<T, A...>
    static plugin from_built_in(const detail::exported<>& built_in, A&&... arguments) {
        return from_code(new detail::plugin_code(built_in), static_cast<A&&>(arguments)...);
    }

    template <class... A, class Mismatch = detail::mismatch<T, A...>>
        requires(!arguments_of_the_factory<T, A...>)
    static plugin from_library(const library_options& options, const std::string& path, std::string_view name,
                               A&&... arguments) = delete; // tenon: the factory takes other arguments

    template <class... A, class Mismatch = detail::mismatch<T, A...>>
        requires(!arguments_of_the_factory<T, A...>)
    static plugin from_built_in(const detail::exported<>& built_in,
                                A&&... arguments) = delete; // tenon: the factory takes other arguments

    plugin(plugin&& other) noexcept
        : object_(std::exchange(other.object_, nullptr)), code_(std::exchange(other.code_, nullptr)) {}
    plugin& operator=(plugin&& other) noexcept {
        plugin old(std::move(*this));
        object_ = std::exchange(other.object_, nullptr);
        code_ = std::exchange(other.code_, nullptr);
        return *this;
    }
    ~plugin() {
        destroy();
        delete code_;
    }

    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

    /// Type, name and version, as exported. The handle must not be empty; the texts dangle with the library.
    const plugin_info& info() const noexcept { return code_->info(); }

    /// Stops and destroys the object, closes the library, and returns whether its code was unmapped, and if
    /// not, why. The handle is empty afterwards.
    unloaded close() {
        destroy();
        plugin closing;
        closing.code_ = std::exchange(code_, nullptr);
        return closing.code_ ? closing.code_->close() : unloaded{unloaded::state::unmapped, ""};
    }

private:
    void destroy() noexcept {
        if (T* const object = std::exchange(object_, nullptr)) {
            detail::typed_object<T>::stop(*code_, object);
            delete object;
        }
    }

    T* object_ = nullptr;
    detail::plugin_code* code_ = nullptr;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif
#ifndef TENON_REGISTRY_HPP
#define TENON_REGISTRY_HPP

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1 {

/// The plugins that are part of the program itself.
///
///     tenon::registry built_ins;                            // has what TENON_EXPORT linked into this program
///     built_ins.add<greeter, polite>("polite", "1.0.0");    // and what is added by hand
///     for (const tenon::registry::built_in& plugin : built_ins.list())
///         std::cout << plugin.type << ' ' << plugin.name << ' ' << plugin.version << '\n';   // greeter polite 1.0.0
///
/// A second plugin of the same type and name throws an `error` with both versions. The linker leaves out
/// objects of a static archive that nothing refers to, and their built-ins with them: link these as objects,
/// or with `--whole-archive`. Any number of threads may read; adding must not overlap with another access.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE registry {
public:
    struct built_in {
        std::string_view type, name, version;
    };

    registry();

    /// Adds a class as a plugin of type T; the texts have to outlive the registry, as literals do.
    template <class T, class P>
    void add(const char* name, const char* version) {
        TENON_DETAIL_REQUIRE_INTERFACE(T)
        TENON_DETAIL_REQUIRE_PLUGIN(P, T)
        TENON_DETAIL_REQUIRE_HOOKS(P, T)
        if (!detail::well_named(std::string_view(name)))
            throw error::bad_plugin_name(name);
        if constexpr (detail::exportable<T, P>) {
            const auto entry = detail::make_export<T, P>(name, version);
            insert({entry.type, entry.name, entry.version, entry.interface,
                    reinterpret_cast<void (*)()>(entry.create), entry.hooks});
        }
    }

    /// All built-ins, sorted by type and name.
    std::vector<built_in> list() const;

    /// The names of one plugin type's built-ins.
    std::vector<std::string> names(std::string_view type) const;

    /// The built-in `name` of plugin type T, or null if there is none that was compiled against this T.
    template <class T>
    const detail::exported<>* find(std::string_view name) const {
        return find(name, detail::notes_here<T>());
    }
    const detail::exported<>* find(std::string_view name, const detail::plugin_notes& asked) const;

private:
    void insert(const detail::exported<>& entry);

    // The keys are views into the texts of the values.
    std::map<std::pair<std::string_view, std::string_view>, detail::exported<>> entries_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif

#ifndef TENON_DETAIL_LOAD_UNTYPED_LOADER_HPP
#define TENON_DETAIL_LOAD_UNTYPED_LOADER_HPP

#include <memory>
#include <string>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

class build_log;
class plugin_source;

/// A loader that knows the interface of a plugin by its notes, and not by its C++ type.
template <class System = posix>
struct basic_untyped_loader {
    /// Relative paths in the options are resolved now.
    explicit basic_untyped_loader(loader_options with);

    /// Loads the code of the plugin that a driver names.
    std::unique_ptr<plugin_code> code(const std::string& text, const plugin_notes& host) const;
    /// Where the versions of a watched plugin come from.
    std::unique_ptr<plugin_source> source(const std::string& text, const plugin_notes& host) const;
    /// Builds and checks what a driver names, and returns the library's path.
    std::string prepared(const std::string& text, const plugin_notes& host) const;
    /// What compilers said in the last successful build.
    std::vector<diagnostic> diagnostics() const;

    loader_options options;
    registry built_ins{};
    std::shared_ptr<build_log> last_build; // of copies too
    int cancelled = -1;                    // descriptor of a stop_event that replaces options.stop
};

using untyped_loader = basic_untyped_loader<>;

/// Loads the code of a plugin with a loader that has no options.
template <class System = posix>
std::unique_ptr<plugin_code> code_by_default(const std::string& text, const plugin_notes& host);

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1 {

/// Loads plugins, each named by a driver: a built-in's name, a library's path, a source directory, or a git
/// repository.
///
///     tenon::loader loader{{.search = {"/opt/plugins"}}};
///     auto users = loader.load<user_provider>("git+https://example.org/drivers@v1.2#subdirectory=json", settings);
///     users->get_user("root");
///
/// Throws `error`; exceptions of the plugin's constructor pass through. Any number of threads may call any
/// function but `built_ins` at the same time, and so may a plugin's constructor. A handle may outlive the
/// loader.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE loader {
public:
    /// Relative paths in the options, and in the environment variables that replace them, are resolved now,
    /// against the current directory.
    explicit loader(loader_options options = {}) : untyped_(std::move(options)) {}

    /// The plugins that are part of this program. Add to them before other threads load.
    registry& built_ins() noexcept { return untyped_.built_ins; }

    template <class T, path_like D, class... A>
        requires arguments_of_the_factory<T, A...>
    plugin<T> load(const D& text, A&&... arguments) const {
        return plugin<T>::from_code(untyped_.code(detail::native(text), detail::notes_here<T>()).release(),
                                    static_cast<A&&>(arguments)...);
    }

    template <class T, path_like D, class... A, class Mismatch = detail::mismatch<T, A...>>
        requires(!arguments_of_the_factory<T, A...>)
    plugin<T> load(const D& text,
                   A&&... arguments) const = delete; // tenon: the factory takes other arguments

    /// Loads a plugin and reloads it whenever its sources, their headers or its library change, or its branch
    /// moves. Calls go to the newest version that works; see `live`.
    ///
    ///     tenon::live<user_provider> users = loader.watch<user_provider>("./drivers/json", settings);
    ///     users->get_user("root");
    ///
    /// Copies of the arguments are kept to construct each new version. Pass a reference as
    /// `std::ref(object)`; the object has to outlive the handle. The first version throws what `load` throws.
    /// A built-in never changes.
    template <class T, path_like D, class... A>
        requires arguments_of_the_factory<T, std::decay_t<A>&...>
    live<T> watch(const D& text, A&&... arguments) const {
        auto make = [kept = std::tuple<std::decay_t<A>...>(static_cast<A&&>(arguments)...)](
                        const detail::plugin_code& code) mutable {
            return std::apply(
                [&](std::decay_t<A>&... argument) { return detail::create<T>(code, argument...); }, kept);
        };
        return live<T>::from(untyped_.source(detail::native(text), detail::notes_here<T>()), std::move(make),
                             untyped_.options.reload.most_versions,
                             untyped_.options.reload.fetch_every.count());
    }

    template <class T, path_like D, class... A, class Mismatch = detail::mismatch<T, std::decay_t<A>&...>>
        requires(!arguments_of_the_factory<T, std::decay_t<A>&...>)
    live<T> watch(const D& text, A&&... arguments) const =
        delete; // tenon: the factory takes other arguments, or references as std::ref

    /// Fetches, compiles and checks a plugin without running its code, for a container image that will run
    /// with `build = never`. Returns the library's path, or an empty text for a built-in.
    template <class T, path_like D>
    std::string prepare(const D& text) const {
        return untyped_.prepared(detail::native(text), detail::notes_here<T>());
    }

private:
    friend std::vector<diagnostic> diagnostics(const loader& by);

    detail::untyped_loader untyped_;
};
#pragma GCC diagnostic pop

/// The warnings of compilers, linkers and CMake in the last successful build by this loader, one of its
/// copies or one of its watched handles. Sources that had not changed since an earlier build were not
/// compiled, and gave no warnings again. Any thread may call.
///
///     auto users = loader.load<user_provider>("./drivers/json", settings);
///     for (const tenon::diagnostic& warning : tenon::diagnostics(loader))
///         std::cerr << warning.message() << '\n';   // ./drivers/json/json.cpp:12:7: warning: unused variable 'x' [-Wunused-variable]
TENON_HIDDEN inline std::vector<diagnostic> diagnostics(const loader& by) {
    return by.untyped_.diagnostics();
}

/// Loads a plugin with a loader of its own that has no options: `tenon::load<user_provider>("./drivers/json",
/// settings)`.
template <class T, path_like D, class... A>
    requires arguments_of_the_factory<T, A...>
TENON_HIDDEN plugin<T> load(const D& driver, A&&... arguments) {
    return plugin<T>::from_code(
        detail::code_by_default(detail::native(driver), detail::notes_here<T>()).release(),
        static_cast<A&&>(arguments)...);
}

template <class T, path_like D, class... A, class Mismatch = detail::mismatch<T, A...>>
    requires(!arguments_of_the_factory<T, A...>)
plugin<T> load(const D& driver, A&&... arguments) = delete; // tenon: the factory takes other arguments

} // namespace tenon::inline v1

#endif

#ifndef TENON_MANIFEST_HPP
#define TENON_MANIFEST_HPP

#include <string>
#include <string_view>
#include <vector>

#ifndef TENON_DETAIL_LIBRARY_ABI_HPP
#define TENON_DETAIL_LIBRARY_ABI_HPP

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline constexpr std::uint64_t no_slot = ~std::uint64_t{0}, most_slots = 100'000;

// The vtable slot that a member pointer's words stand for (Itanium C++ ABI 2.3; on Arm the virtual bit is in
// the adjustment).
inline std::uint64_t slot_of(std::uintptr_t pointer, std::uintptr_t adjustment) noexcept {
#if defined(__arm__) || defined(__aarch64__)
    return adjustment == 1 ? pointer / sizeof(void*) : no_slot;
#else
    return (pointer & 1) == 1 && adjustment == 0 ? (pointer - 1) / sizeof(void*) : no_slot;
#endif
}

/// The functions of an interface as one side was compiled with it.
struct interface_abi {
    struct method {
        std::string_view name, signature; // mangled
        std::uint64_t slot = no_slot;
        friend bool operator==(const method&, const method&) = default;
    };
    std::string_view interface; // mangled
    std::vector<method> methods;
    std::uint64_t slots = no_slot; // how many slots the vtable has
    bool has_destructor = true;    // of which two are its own
};

/// An interface and all types that cross it, as one side was compiled with it: the host's from its own image,
/// a plugin's from its manifest. The texts are views into the notes.
struct plugin_abi : interface_abi {
    struct type {
        std::string_view name, fields; // mangled
        std::uint32_t size = 0, alignment = 0, version = 0;
        friend bool operator==(const type&, const type&) = default;
    };
    std::string_view factory, state; // mangled
    std::vector<type> types;
    std::vector<interface_abi> reached; // the interfaces among the types
};

/// Reads the description of a note from front to back. After the first failure every further read fails.
class note_reader {
public:
    explicit note_reader(std::string_view description) noexcept : rest_(description) {}

    template <class Word>
    Word word() noexcept {
        Word value{};
        if (rest_.size() < sizeof value) {
            failed_ = true;
            rest_ = {};
        } else {
            std::memcpy(&value, rest_.data(), sizeof value);
            rest_.remove_prefix(sizeof value);
        }
        return value;
    }
    std::string_view text() noexcept {
        const auto end = rest_.find('\0');
        if (end == rest_.npos) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const std::string_view word = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return word;
    }
    bool failed() const noexcept { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

/// Adds an interface, method or type note. False if the notes are damaged or contradict each other.
inline bool add_note(plugin_abi& into, note_kind kind, note_reader from) {
    if (kind == note_kind::interface) {
        const auto name = from.text(), factory = from.text(), state = from.text();
        if (from.failed() || (!into.interface.empty() &&
                              (into.interface != name || into.factory != factory || into.state != state)))
            return false;
        into.interface = name;
        into.factory = factory;
        into.state = state;
    } else if (kind == note_kind::method) {
        const auto index = from.word<std::uint32_t>();
        const auto name = from.text(), signature = from.text();
        if (from.failed() || name.empty() || index > most_slots)
            return false;
        if (into.methods.size() <= index)
            into.methods.resize(index + 1);
        plugin_abi::method& method = into.methods[index];
        if (!method.name.empty() && (method.name != name || method.signature != signature))
            return false;
        method.name = name;
        method.signature = signature;
    } else if (kind == note_kind::type) {
        plugin_abi::type type;
        type.size = from.word<std::uint32_t>();
        type.alignment = from.word<std::uint32_t>();
        type.version = from.word<std::uint32_t>();
        type.name = from.text();
        type.fields = from.text();
        if (from.failed())
            return false;
        for (const plugin_abi::type& other : into.types)
            if (other.name == type.name)
                return other == type;
        into.types.push_back(type);
    }
    return true;
}

/// Adds the slots in a plugin's note to an interface whose methods are known.
inline bool add_slots(interface_abi& into, note_reader& from, std::uint32_t count) {
    if (count != into.methods.size() + 1)
        return false;
    for (std::uint32_t i = 0; i < count && !from.failed(); ++i) {
        const auto pointer = from.word<std::uintptr_t>();
        const std::uint64_t slot = slot_of(pointer, from.word<std::uintptr_t>());
        if (i + 1 == count)
            into.slots = slot;
        else if (i < into.methods.size())
            into.methods[i].slot = slot;
    }
    return !from.failed();
}

// The description, without its key, of the note at an address of this image.
inline note_reader note_at(void (*address)()) noexcept {
    const char* note = reinterpret_cast<const char*>(address);
    std::uint32_t size;
    std::memcpy(&size, note + 4, sizeof size);
    return note_reader({note + 20 + 8, size - 8});
}

// Notes of this very program, as its compiler wrote them, cannot contradict each other.
inline void require_sound(bool sound) noexcept {
    if (!sound)
        std::abort();
}

inline void read_interface(plugin_abi& abi, const interface_notes& from) {
    bool sound = add_note(abi, note_kind::interface, note_at(from.interface));
    for (const note_address* method = from.methods; *method; ++method)
        sound = add_note(abi, note_kind::method, note_at(*method)) && sound;
    note_reader words({static_cast<const char*>(from.slots), from.slots_size});
    require_sound(add_slots(abi, words, static_cast<std::uint32_t>(abi.methods.size()) + 1) && sound);
    abi.has_destructor = from.has_destructor;
}

/// The ABI of an interface in this image. The texts live as long as the image.
inline plugin_abi read_abi(const plugin_notes& from) {
    plugin_abi abi;
    read_interface(abi, from);
    for (const note_address* type = from.types; *type; ++type)
        require_sound(add_note(abi, note_kind::type, note_at(*type)));
    for (const interface_notes* const* reached = from.reached; *reached; ++reached) {
        plugin_abi other;
        read_interface(other, **reached);
        abi.reached.push_back(std::move(other));
    }
    return abi;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LIBRARY_NOTE_RANGE_HPP
#define TENON_DETAIL_LIBRARY_NOTE_RANGE_HPP

#include <cstdint>
#include <string>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A run of notes: its address in the loaded library, counted from the load address, and its bytes in the
/// file.
struct note_range {
    std::uint64_t address;
    std::string bytes;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

struct stat;

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {
template <class System>
class elf_reader;
} // namespace TENON_OWN
} // namespace detail

/// The list of plugins in a library file, read without running any of the library's code.
///
///     const tenon::manifest library{"./libusers.so"};
///     for (const auto& plugin : library.plugins())
///         std::cout << plugin.type << ' ' << plugin.name << ' ' << plugin.version << '\n';   // userprovider passwd 1.2.0
///
/// The texts are views into the manifest and dangle once it is gone. The list of a library without plugins is
/// empty. Throws `error` with `errc::not_a_library` for a file that is no library for this machine, and with
/// `errc::malformed_note` for notes that tenon cannot have written. Only the pages that hold the notes are
/// read and checked, in most libraries the first one. A load checks the rest of the file.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE manifest {
public:
    struct plugin {
        std::string_view type, name, version, toolchain;
        detail::plugin_abi abi;

        /// The methods of the interface and all types that cross it, as indented lines.
        std::string description() const;
        /// Sentences about virtual functions that `methods` leaves out, for which a load refuses the plugin;
        /// empty if there are none.
        std::string incompleteness() const;
    };

    template <path_like P>
    explicit manifest(const P& path) : manifest(opened<detail::posix>(detail::native(path))) {}

    /// Reads an open file. Messages name it by `path`.
    template <class System = detail::posix>
    static manifest of(int fd, const std::string& path);
    /// Reads an open file, and throws if the system's loader must not be given it.
    template <class System = detail::posix>
    static manifest of_loadable(int fd, const struct stat& status, const std::string& path);
    template <class System>
    static manifest of_loadable(const detail::elf_reader<System>& file, const std::string& path);

    manifest(manifest&&) = default;
    manifest& operator=(manifest&&) = default;

    const std::vector<plugin>& plugins() const noexcept { return plugins_; }

    /// The addresses of the notes in the loaded library, and their bytes in the file.
    const std::vector<detail::note_range>& ranges() const noexcept { return ranges_; }

private:
    template <class System>
    static manifest opened(const std::string& path);

    manifest(std::vector<detail::note_range> ranges, const std::string& path);

    std::vector<detail::note_range> ranges_; // never grows once views of it exist
    std::vector<plugin> plugins_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif

#ifndef TENON_SHARE_HPP
#define TENON_SHARE_HPP

#include <memory>
#include <utility>


namespace tenon::inline v1 {

/// Turns a handle into a shared pointer. The last pointer destroys the object, and then closes the library.
///
///     std::shared_ptr<greeter> hello = tenon::share(tenon::plugin<greeter>{"./libhello.so"});
///     hello->greet("world");   // hello, world
///
/// An empty handle gives an empty pointer. Throws `std::bad_alloc`. Whether the code was unmapped is not
/// reported; `plugin::close` reports it.
template <class T>
TENON_HIDDEN std::shared_ptr<T> share(plugin<T>&& handle) {
    if (!handle)
        return nullptr;
    auto owner = std::make_shared<plugin<T>>(std::move(handle));
    T* const object = owner->get();
    return {std::move(owner), object};
}

} // namespace tenon::inline v1

#endif

#ifdef TENON_DEFINITIONS

#ifndef TENON_DETAIL_CACHE_CACHE_CONTENTS_HPP
#define TENON_DETAIL_CACHE_CACHE_CONTENTS_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_CACHE_BUILD_RECORD_HPP
#define TENON_DETAIL_CACHE_BUILD_RECORD_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_SYSTEM_FILE_HPP
#define TENON_DETAIL_SYSTEM_FILE_HPP

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>


#ifndef TENON_DETAIL_SYSTEM_PATH_HPP
#define TENON_DETAIL_SYSTEM_PATH_HPP

#include <string>
#include <string_view>


#ifndef TENON_DETAIL_SYSTEM_TEXT_HPP
#define TENON_DETAIL_SYSTEM_TEXT_HPP

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>


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

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// `a/b` of `a` and `b`, whether or not `a` ends in a slash.
inline std::string join(std::string_view folder, std::string_view name) {
    std::string path(folder);
    if (!path.empty() && path.back() != '/')
        path += '/';
    return path.append(name);
}

/// `a` of `a/b`, `.` of `b`, `/` of `/b`.
inline std::string_view parent(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == path.npos)
        return ".";
    return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

/// `b` of `a/b`.
inline std::string_view basename(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

/// True if a path is that of a folder, or of something in it, and does not leave the folder by `..` on its
/// way. `/a/bc` and `/a/b/../c` are not below `/a/b`.
inline bool is_at_or_below(std::string_view path, std::string_view folder) {
    if (folder.empty() || !skip(path, folder) || (!path.empty() && path[0] != '/' && folder.back() != '/'))
        return false;
    for (int depth = 0; !path.empty();) {
        const std::string_view name = take_until(path, '/');
        if (name == "..")
            --depth;
        else if (!name.empty() && name != ".")
            ++depth;
        if (depth < 0)
            return false;
    }
    return true;
}

/// True if a path is absolute and has no empty component, no `.` and no `..`. Only symbolic links can then
/// lead elsewhere.
inline bool is_normal(std::string_view path) {
    if (path.empty() || path[0] != '/')
        return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view component = path.substr(0, path.find('/'));
        if (component.empty() || component == "." || component == "..")
            return false;
        path.remove_prefix(component.size());
    }
    return true;
}

/// True if a file of that name is compiled: g++ and clang++ both take these endings for C++. `.#a.cpp` is an
/// editor's lock beside `a.cpp`, and is not compiled.
inline bool is_source_name(std::string_view name) {
    return name[0] != '.' && ends_in_one_of(name, {".cpp", ".cc", ".cxx", ".c++", ".cp", ".CPP", ".C"});
}

/// True if a file of that name is a source that is not compiled: in another language, which needs flags of
/// its own, a module unit, or with an ending that not every compiler knows.
inline bool is_foreign_source_name(std::string_view name) {
    return name[0] != '.' && ends_in_one_of(name, {".c",   ".s",    ".S",   ".sx",  ".asm",  ".m",   ".mm",
                                                   ".M",   ".cu",   ".hip", ".ixx", ".cppm", ".ccm", ".cxxm",
                                                   ".mpp", ".c++m", ".CC",  ".CXX", ".C++",  ".f",   ".f90"});
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_regular_file(const std::string& path) {
    return {errc::system_call, concatenated({"'", path, "' is not a regular file"}), path};
}

inline std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// A path to the file behind a descriptor. The path works even after the file was renamed or removed.
inline std::string descriptor_path(int descriptor) {
    return "/proc/self/fd/" + std::to_string(descriptor);
}

/// Identity and state of a file. Two equal values mean that nobody wrote to the file in between, except
/// within one tick of the clock.
struct file_identity {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified = 0, changed = 0; // nanoseconds

    file_identity() = default;
    explicit file_identity(const struct stat& status)
        : device(status.st_dev), inode(status.st_ino), size(static_cast<std::uint64_t>(status.st_size)),
          modified(nanoseconds(status.st_mtim)), changed(nanoseconds(status.st_ctim)) {}

    friend bool operator==(const file_identity&, const file_identity&) = default;

    /// True if both are states of one file, which existed all the time in between.
    bool same_file(const file_identity& other) const noexcept {
        return device == other.device && inode == other.inode;
    }
    /// True if nobody wrote to the file. `changed` is not compared: a new link or mode sets it too.
    bool same_content(const file_identity& other) const noexcept {
        return size == other.size && modified == other.modified;
    }
};

/// True if every change after `look` would give the file or folder another state.
inline bool settled(const file_identity& state, std::int64_t look) {
    // Some file systems store times in steps of one or two seconds, and two changes within a step look like
    // one.
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t step = state.changed % second == 0 ? 2 * second : 0;
    return state.changed + step < look;
}

/// An owning file descriptor.
template <class System = posix>
class basic_file {
public:
    basic_file() = default;
    explicit basic_file(int descriptor) noexcept : descriptor_(descriptor) {}
    basic_file(const std::string& path, int flags, mode_t mode = 0) {
        do
            descriptor_ = System::open(path.c_str(), flags | O_NOCTTY, mode);
        while (descriptor_ < 0 && errno == EINTR);
        if (descriptor_ < 0)
            throw error::system_call("open", path, errno);
    }
    basic_file(basic_file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    basic_file& operator=(basic_file other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~basic_file() {
        // No second try after EINTR: Linux has closed the descriptor all the same, close(2).
        if (descriptor_ >= 0)
            System::close(descriptor_);
    }

    int descriptor() const noexcept { return descriptor_; }

    struct stat status(const std::string& path) const {
        struct stat state;
        if (System::fstat(descriptor_, &state) != 0)
            throw error::system_call("look at", path, errno);
        return state;
    }

    /// Calls `take(part)` for each part of the file from the current position on.
    template <class Take>
    void parts(const std::string& path, Take&& take) const {
        char part[64 * 1024];
        for (;;) {
            const ssize_t got = System::read(descriptor_, part, sizeof part);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path, errno);
            if (got == 0)
                return;
            take(std::string_view(part, static_cast<std::size_t>(got)));
        }
    }

    /// Returns the rest of the file from the current position. Throws if that is more than `limit` bytes.
    std::string read(const std::string& path, std::size_t limit = 64 * 1024 * 1024) const {
        std::string text;
        parts(path, [&](std::string_view part) {
            if (text.size() + part.size() > limit)
                throw error::system_call("read", path, EFBIG);
            text += part;
        });
        return text;
    }

    void write(const std::string& path, std::string_view text) const {
        while (!text.empty()) {
            const ssize_t put = System::write(descriptor_, text.data(), text.size());
            if (put < 0 && errno == EINTR)
                continue;
            if (put < 0)
                throw error::system_call("write", path, errno);
            text.remove_prefix(static_cast<std::size_t>(put));
        }
    }

    /// Takes the exclusive lock. False if another holder has it.
    bool try_lock() const { return System::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }
    /// Takes the shared lock. False if another holder has the exclusive one.
    bool try_share() const { return System::flock(descriptor_, LOCK_SH | LOCK_NB) == 0; }

    /// True if the path still names this file, as far as can be known.
    bool is_at(const std::string& path) const {
        struct stat opened, named;
        if (System::lstat(path.c_str(), &named) != 0)
            return errno != ENOENT;
        return System::fstat(descriptor_, &opened) != 0 ||
               (opened.st_dev == named.st_dev && opened.st_ino == named.st_ino);
    }

private:
    int descriptor_ = -1;
};

/// The text of a regular file.
template <class System = posix>
std::string read_file(const std::string& path, std::size_t limit = 64 * 1024 * 1024) {
    // Without O_NONBLOCK, opening a pipe without a writer would block.
    const basic_file<System> from(path, O_RDONLY | O_NONBLOCK);
    if (!S_ISREG(from.status(path).st_mode))
        throw not_a_regular_file(path);
    return from.read(path, limit);
}

/// The text of a regular file; empty where it cannot be read.
template <class System = posix>
std::string text_of(const std::string& path) {
    try {
        return read_file<System>(path);
    } catch (const error&) {
        return "";
    }
}

/// Replaces the file at `path` in one step: a reader sees the old text or the new one, never a part. `beside`
/// is a folder of the same file system for the unfinished file.
template <class System = posix>
void publish(const std::string& path, std::string_view text, const std::string& beside) {
    const std::string unfinished = join(beside, basename(path));
    try {
        basic_file<System>(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600)
            .write(unfinished, text);
        if (System::rename(unfinished.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
    } catch (...) {
        System::unlink(unfinished.c_str());
        throw;
    }
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A file or directory that a result was made from. For an empty state only the digest counts.
struct build_input {
    std::string path;
    file_identity state;
    std::string digest;
};
using build_inputs = std::vector<build_input>;

/// A built file, and everything that it was made from.
struct build_result {
    std::string key;                  ///< SHA-256 in the name of the file in the cache
    std::uint64_t size = 0;           ///< of that file: a file that a crash cut short has another
    std::string tools;                ///< stamp of the programs that built it
    build_inputs files{};             ///< all that these programs read
    build_inputs folders{};           ///< where a new name could shadow one of the files
    std::vector<std::string> names{}; ///< looked for without being read: `__has_include("x.hpp")`, `-lx`
};

/// The last few results of one action, newest first.
///
/// A damaged, truncated or forged record reads as an empty one. That is safe: contents of a record are only
/// compared, and the only name in it that is ever opened is checked to be 64 hexadecimal digits.
class build_record {
public:
    static constexpr std::size_t most_results = 8;

    build_record() = default;
    /// Parses the text of a record, and keeps the `most` newest results at most.
    explicit build_record(std::string_view text, std::size_t most = most_results) {
        build_inputs inputs;
        std::size_t count = 0;
        reader from{text};
        bool whole = from.take(header) && from.take("inputs ") && from.take_number(count, '\n') &&
                     from.take_inputs(inputs, count);
        while (whole && !from.rest.empty() && results_.size() < most)
            whole = from.take_result(results_.emplace_back(), inputs);
        if (!whole)
            results_.clear();
    }

    const std::vector<build_result>& results() const noexcept { return results_; }

    /// The text of a record with `newest` first, and `most` results at most.
    std::string with(const build_result& newest, std::size_t most = most_results) const {
        writer to;
        std::size_t kept = 1;
        to.add(newest);
        for (const build_result& result : results_)
            if (result.key != newest.key && kept++ < most)
                to.add(result);
        return std::string(header) + "inputs " + std::to_string(to.lines.size()) + '\n' + to.inputs +
               to.results;
    }

private:
    static constexpr std::string_view header = "tenon build record 2\n";

    // Results share most of their inputs, so each input is written once and referred to by its number.
    struct writer {
        std::map<std::string, std::size_t> lines{};
        std::string inputs{}, results{};

        void add(const build_result& result) {
            results += "result " + result.key + ' ' + std::to_string(result.size) + ' ' + result.tools;
            add(result.files);
            add(result.folders);
            results += ' ' + std::to_string(result.names.size()) + '\n';
            for (const std::string& name : result.names)
                results += name + '\n';
        }

        void add(const build_inputs& list) {
            results += ' ' + std::to_string(list.size());
            for (const build_input& input : list)
                results += ' ' + std::to_string(number_of(input));
        }

        std::size_t number_of(const build_input& input) {
            std::string line;
            const file_identity& state = input.state;
            for (const std::uint64_t number :
                 {state.device, state.inode, state.size, static_cast<std::uint64_t>(state.modified),
                  static_cast<std::uint64_t>(state.changed)})
                line += std::to_string(number) + ' ';
            line += input.digest + ' ' + input.path + '\n';
            const auto [place, is_new] = lines.try_emplace(std::move(line), lines.size());
            if (is_new)
                inputs += place->first;
            return place->second;
        }
    };

    struct reader {
        std::string_view rest;

        bool take(std::string_view word) { return skip(rest, word); }

        template <class Number>
        bool take_number(Number& into, char end) {
            const auto [after, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), into);
            rest.remove_prefix(static_cast<std::size_t>(after - rest.data()));
            return failed == std::errc{} && take({&end, 1});
        }

        bool take_digest(std::string& into) {
            into = rest.substr(0, 64);
            rest.remove_prefix(into.size());
            return into.size() == 64 && into.find_first_not_of("0123456789abcdef") == into.npos && take(" ");
        }

        bool take_line(std::string& into) {
            const std::size_t end = rest.find('\n');
            if (end == rest.npos)
                return false;
            into = rest.substr(0, end);
            rest.remove_prefix(end + 1);
            return true;
        }

        bool take_inputs(build_inputs& into, std::size_t count) {
            for (; count > 0; --count) {
                build_input& input = into.emplace_back();
                file_identity& state = input.state;
                std::uint64_t modified = 0, changed = 0;
                if (!take_number(state.device, ' ') || !take_number(state.inode, ' ') ||
                    !take_number(state.size, ' ') || !take_number(modified, ' ') ||
                    !take_number(changed, ' ') || !take_digest(input.digest) || !take_line(input.path) ||
                    input.path.empty() || input.path[0] != '/')
                    return false;
                state.modified = static_cast<std::int64_t>(modified);
                state.changed = static_cast<std::int64_t>(changed);
            }
            return true;
        }

        bool take_numbered(build_inputs& into, const build_inputs& inputs) {
            std::size_t count = 0;
            if (!take_number(count, ' '))
                return false;
            for (std::size_t number = 0; count > 0; --count) {
                if (!take_number(number, ' ') || number >= inputs.size())
                    return false;
                into.push_back(inputs[number]);
            }
            return true;
        }

        bool take_result(build_result& into, const build_inputs& inputs) {
            std::size_t names = 0;
            bool good = take("result ") && take_digest(into.key) && take_number(into.size, ' ') &&
                        take_digest(into.tools) && take_numbered(into.files, inputs) &&
                        take_numbered(into.folders, inputs) && take_number(names, '\n');
            for (; good && names > 0; --names)
                good = take_line(into.names.emplace_back());
            return good;
        }
    };

    std::vector<build_result> results_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_CACHE_CACHE_DIRECTORY_HPP
#define TENON_DETAIL_CACHE_CACHE_DIRECTORY_HPP

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>


#ifndef TENON_DETAIL_SYSTEM_DEADLINE_HPP
#define TENON_DETAIL_SYSTEM_DEADLINE_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What ended a program or a wait.
enum class stop_reason { itself, time, stop, output };

/// The error code for a stop reason; `otherwise` for a program that ended by itself.
inline errc code_of(stop_reason cause, errc otherwise) {
    return cause == stop_reason::time   ? errc::timed_out
           : cause == stop_reason::stop ? errc::cancelled
                                        : otherwise;
}

/// `12.3 seconds`
inline std::string in_seconds(std::int64_t milliseconds) {
    return std::to_string(milliseconds / 1000) + '.' + std::to_string(milliseconds % 1000 / 100) + " seconds";
}

/// How long a caller waits for other programs, how the wait is cancelled, and the limits of these programs.
template <class System = posix>
class basic_deadline {
public:
    basic_deadline() = default;
    /// Ends `milliseconds` from now; 0: never. Cancelled when the descriptor `stop` becomes readable. Errors
    /// name `option` as the source of the time.
    explicit basic_deadline(const tenon::limits& most, std::int64_t milliseconds = 0, int stop = -1,
                            const char* option = "")
        : limits_(most), stop_(stop), option_(option), milliseconds_(milliseconds) {
        if (milliseconds > 0)
            end_ = System::milliseconds() + milliseconds;
    }

    /// This deadline, or `milliseconds` from now if that is earlier.
    basic_deadline at_most(std::int64_t milliseconds) const {
        basic_deadline other(limits_, 0, stop_);
        other.end_ = System::milliseconds() + milliseconds;
        return other.end_ < end_ ? other : *this;
    }

    const tenon::limits& limits() const noexcept { return limits_; }
    int stop_descriptor() const noexcept { return stop_; }
    /// The option that the time comes from, for messages.
    std::string time_limit() const {
        return *option_ ? std::string(": ") + option_ + " is " + in_seconds(milliseconds_) : "";
    }

    /// The remaining milliseconds, as poll(2) takes them: -1 stands for no limit.
    int left() const noexcept {
        if (end_ == never)
            return -1;
        const std::int64_t left = end_ - System::milliseconds();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
    }

    /// The reason to end a wait now; `itself` if there is none.
    stop_reason cause() const noexcept {
        pollfd stop{stop_, POLLIN, 0};
        if (stop_ >= 0 && System::poll(&stop, 1, 0) > 0)
            return stop_reason::stop;
        return left() == 0 ? stop_reason::time : stop_reason::itself;
    }

    /// Waits for a time, or until the deadline is cancelled.
    void pause(int milliseconds) const noexcept {
        pollfd stop{stop_, POLLIN, 0};
        const int most = left();
        System::poll(&stop, 1, most < 0 ? milliseconds : std::min(milliseconds, most));
    }

private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    tenon::limits limits_{};
    std::int64_t end_ = never;
    int stop_ = -1;
    const char* option_ = "";
    std::int64_t milliseconds_ = 0;
};
using deadline = basic_deadline<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_DIRECTORY_HPP
#define TENON_DETAIL_SYSTEM_DIRECTORY_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The path with all symbolic links resolved. Empty, with errno set, if the path leads nowhere.
template <class System = posix>
std::string canonical(const std::string& path) {
    char* const found = System::realpath(path.c_str());
    if (!found)
        return "";
    std::string resolved = found;
    std::free(found);
    return resolved;
}

/// The path made absolute against the current directory, so that it names the same file after the process has
/// changed to another.
template <class System = posix>
std::string absolute(const std::string& path) {
    if (!path.empty() && path[0] == '/')
        return path;
    const std::string here = canonical<System>(".");
    if (here.empty())
        throw error::system_call("find the working folder, where a path begins that is not absolute,", path,
                                 errno);
    std::string_view rest = path;
    while (rest.substr(0, 2) == "./")
        rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of('/', 1)));
    return rest.empty() || rest == "." ? here : join(here, rest);
}

/// The sorted names in a folder. A missing folder has none.
template <class System = posix>
std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    DIR* const open = System::opendir(folder.c_str());
    if (!open) {
        if (errno == ENOENT || errno == ENOTDIR)
            return names;
        throw error::system_call("open the folder", folder, errno);
    }
    while (const dirent* entry = System::readdir(open))
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            names.emplace_back(name);
    System::closedir(open);
    std::sort(names.begin(), names.end());
    return names;
}

/// Makes a folder and its missing parents, for this user alone (mode 0700).
template <class System = posix>
void make_folders(const std::string& path) {
    struct stat status;
    if (System::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        return;
    if (const std::string above(parent(path)); above != path && path.find('/') != path.npos)
        make_folders<System>(above);
    if (System::mkdir(path.c_str(), 0700) == 0)
        return;
    const int why = errno;
    // Another process may have made the folder meanwhile.
    if (why != EEXIST || System::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        throw error::system_call("make the folder", path, why);
}

/// Removes a file, an empty folder, or a symbolic link but not its target.
template <class System>
bool removed(const std::string& path) noexcept {
    return System::unlink(path.c_str()) == 0 || System::rmdir(path.c_str()) == 0 || errno == ENOENT;
}

/// Removes a folder and its contents as far as possible. Symbolic links are never followed.
///
/// Nested folders are moved up before they are removed. So a tree may be deeper than a path can name, or than
/// a process can have folders open.
template <class System = posix>
void remove_tree(const std::string& path) noexcept {
    const auto entries = [](const std::string& folder) {
        struct stat status;
        const bool is_folder = System::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
        try {
            return is_folder ? names_in<System>(folder) : std::vector<std::string>();
        } catch (const error&) {
            return std::vector<std::string>();
        }
    };
    std::size_t moved = 0;
    for (bool progress = true; progress && !removed<System>(path);) {
        progress = false;
        for (const std::string& name : entries(path)) {
            const std::string inside = join(path, name);
            for (const std::string& deeper : entries(inside))
                if (const std::string from = join(inside, deeper); !removed<System>(from))
                    progress = System::rename(from.c_str(),
                                              join(path, "moved-" + std::to_string(++moved)).c_str()) == 0 ||
                               progress;
            progress = removed<System>(inside) || progress;
        }
    }
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_TRACE_HPP
#define TENON_DETAIL_SYSTEM_TRACE_HPP

#include <cstdlib>
#include <string>
#include <string_view>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// True if `TENON_DEBUG=1` asks for every decision on standard error. The variable is read once.
inline bool tracing() noexcept {
    static const bool wanted = [] {
        const char* set = ::secure_getenv("TENON_DEBUG");
        return set && std::string_view(set) == "1";
    }();
    return wanted;
}

/// Prints one decision, in one write, so that the lines of threads do not mix.
template <class... S>
void trace(const S&... parts) {
    if (!tracing())
        return;
    std::string line = "tenon: ";
    (line.append(parts), ...);
    line += '\n';
    [[maybe_unused]] const ssize_t written = posix::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_cache(const std::string& path, std::string_view why) {
    return {
        errc::untrusted,
        concatenated({"'", path, "' is not used as the cache, because ", why,
                      "; in $TENON_CACHE or options.cache, name a folder that is empty or does not exist, "
                      "such as '",
                      path, path.ends_with('/') ? "" : "/", "tenon-cache'"}),
        path};
}

inline error cache_of_another(const std::string& path, unsigned owner, unsigned user) {
    return {errc::untrusted,
            concatenated({"the cache '", path, "' is not used, because it belongs to user ",
                          std::to_string(owner), ", and this program runs as user ", std::to_string(user),
                          "; name another in $TENON_CACHE or options.cache"}),
            path};
}

inline error cache_for_others(const std::string& path) {
    return {errc::untrusted,
            concatenated({"the cache '", path, "' is not used, because others may write to it; `chmod 700 '",
                          path, "'`, or name another in $TENON_CACHE or options.cache"}),
            path};
}

inline error cache_unusable(const std::string& path, std::string_view why) {
    return {errc::system_call,
            concatenated({"the cache '", path, "' cannot be used: ", why,
                          "; name another in $TENON_CACHE or options.cache"}),
            path};
}

inline error cache_in_a_home(const std::string& path) {
    return {
        errc::not_found,
        concatenated({"the cache '", path,
                      "' is not used, because only a shell takes '~' for a home directory; write the whole "
                      "path in $TENON_CACHE or options.cache, or begin with './' where the name is meant"}),
        path};
}

/// `relative` lists the variables that are set but not absolute, each as `$NAME is 'VALUE'`.
inline error no_cache(std::string_view relative = "") {
    return {errc::not_found,
            concatenated({"there is no folder to keep compiled plugins in: $TENON_CACHE, $XDG_CACHE_HOME and "
                          "$HOME are not set",
                          relative.empty() ? "" : ", or not absolute: ", relative,
                          "; set one of them, or options.cache"})};
}

inline error not_waited_for(const std::string& path, std::string_view after, errc code,
                            std::string_view limit) {
    return {code,
            concatenated({"gave up waiting for '", path, "', which another process or thread has locked: ",
                          code == errc::cancelled ? "it was cancelled" : "the time was up", " after ", after,
                          code == errc::cancelled ? "" : limit}),
            path};
}

/// True for the names that mkdtemp(3) gives the scratch folders of builds in `tmp`.
inline bool is_scratch_name(std::string_view name) {
    return name.size() == 6 && name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"
                                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == name.npos;
}

/// The text of the file CACHEDIR.TAG in the cache. Backup programs recognise its first line and skip the
/// folder (https://bford.info/cachedir); tenon recognises the second.
inline constexpr std::string_view cache_mark =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This is the cache of tenon: compiled plugins, and sources that were fetched.\n"
    "# All of it can be removed and is made again. Put nothing else here.\n";

/// The folder for compiled libraries and fetched repositories: the chosen one, else `$TENON_CACHE`, else
/// `$XDG_CACHE_HOME/tenon`, else `~/.cache/tenon`. The folder is made when it is first needed, is writable by
/// this user alone, and holds only files of tenon.
template <class System = posix>
class basic_cache {
public:
    explicit basic_cache(const std::string& chosen) : path_(named(chosen)) {
        if (path_.empty())
            path_ = usual();
        if (is_in_a_home(path_))
            throw cache_in_a_home(path_);
    }

    /// The absolute path of the chosen folder, else of $TENON_CACHE, else an empty text. A path that begins
    /// with `~/` is returned unchanged, and the constructor refuses it.
    static std::string named(std::string chosen) {
        if (const char* set = ::secure_getenv("TENON_CACHE"); chosen.empty() && set)
            chosen = set;
        return chosen.empty() || is_in_a_home(chosen) ? chosen : absolute<System>(chosen);
    }

    /// Makes the folder `name` in the cache if it is missing, and returns its path.
    std::string folder(std::string_view name) const {
        try {
            make_folders<System>(path_);
            require_own();
            mark();
            std::string inside = join(path_, name);
            make_folders<System>(inside);
            return inside;
        } catch (const error& e) {
            if (e.code() != errc::system_call)
                throw;
            throw cache_unusable(path_, e.what());
        }
    }

    /// Throws if another user could have put files into the cache, or if it has files that are not tenon's.
    void require_own() const {
        require_tenons();
        const struct stat state = status();
        if (state.st_uid != System::geteuid())
            throw cache_of_another(path_, state.st_uid, System::geteuid());
        if (state.st_mode & (S_IWGRP | S_IWOTH))
            throw cache_for_others(path_);
    }

    /// Throws if the folder has files that are not tenon's, or is a place where others put files.
    void require_tenons() const {
        const struct stat state = status();
        if (is_marked())
            return;
        if (is_the_same(state, "/"))
            throw not_a_cache(path_, "it is the root of all folders");
        if (const char* home = ::secure_getenv("HOME"); home && is_the_same(state, home))
            throw not_a_cache(path_, "it is a home directory");
        if (state.st_mode & S_ISVTX)
            throw not_a_cache(path_, "it is a folder for everybody's files");
        // Another process may have written the mark after the first look.
        if (const auto other = not_tenons(); other && !is_marked())
            throw not_a_cache(path_, "it has '" + *other + "', which is not tenon's");
    }

    const std::string& path() const noexcept { return path_; }

private:
    static bool is_in_a_home(std::string_view path) { return path == "~" || path.substr(0, 2) == "~/"; }

    static std::string usual() {
        std::string relative;
        for (const auto& [variable, inside] :
             {std::pair{"XDG_CACHE_HOME", "tenon"}, {"HOME", ".cache/tenon"}}) {
            const char* const set = ::secure_getenv(variable);
            if (set && *set == '/')
                return join(set, inside);
            // The XDG specification says to ignore relative paths.
            if (set && *set)
                relative.append(relative.empty() ? "$" : ", $").append(variable);
            if (set && *set)
                relative.append(" is '").append(set).append("'");
        }
        throw no_cache(relative);
    }

    struct stat status() const {
        struct stat state;
        if (System::stat(path_.c_str(), &state) != 0)
            throw error::system_call("look at", path_, errno);
        return state;
    }

    static bool is_the_same(const struct stat& folder, const char* path) {
        struct stat other;
        return System::stat(path, &other) == 0 && other.st_dev == folder.st_dev &&
               other.st_ino == folder.st_ino;
    }

    // ---- The mark

    std::string mark_file() const { return join(path_, "CACHEDIR.TAG"); }

    std::string mark_text() const { return text_of<System>(mark_file()); }

    bool is_marked() const {
        const std::string_view first_lines = cache_mark.substr(0, cache_mark.find(':', cache_mark.find('#')));
        return mark_text().starts_with(first_lines);
    }

    // Every process that finds the mark missing or incomplete writes the same text over it. So two may write
    // at once, and one that is killed does not block the others.
    void mark() const {
        if (is_marked())
            return;
        const std::string path = mark_file();
        basic_file<System>(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600).write(path, cache_mark);
    }

    // A name in the folder that shows the folder to be somebody else's. Files that file systems and version
    // control keep in an otherwise empty folder do not count.
    std::optional<std::string> not_tenons() const {
        for (const std::string& name : names_in<System>(path_))
            if (name != "lost+found" && name != ".gitignore" && name != ".gitkeep" &&
                !(name == "CACHEDIR.TAG" && begins_the_mark()))
                return name;
        return std::nullopt;
    }

    bool begins_the_mark() const {
        struct stat status;
        return System::lstat(mark_file().c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
               cache_mark.starts_with(mark_text());
    }

    std::string path_;
};
using cache = basic_cache<>;

/// Removes the scratch folders of builders that were killed. A living builder holds a lock on its folder.
template <class System = posix>
void remove_unfinished(const std::string& all) noexcept {
    DIR* folder = System::opendir(all.c_str());
    if (!folder)
        return;
    while (const dirent* entry = System::readdir(folder)) {
        if (!is_scratch_name(entry->d_name))
            continue;
        const std::string path = join(all, entry->d_name);
        const basic_file<System> found(System::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        if (found.descriptor() >= 0 && found.try_lock()) {
            trace("removing '", path, "', which a builder that was killed left");
            remove_tree<System>(path);
        }
    }
    System::closedir(folder);
}

/// A scratch folder in the cache for unfinished files, removed with its owner. Folders of killed owners are
/// removed when the next one is made.
template <class System = posix>
class basic_scratch {
public:
    explicit basic_scratch(const basic_cache<System>& in) {
        const std::string all = in.folder("tmp");
        remove_unfinished<System>(all);
        for (;;) {
            path_ = join(all, "XXXXXX");
            if (!System::mkdtemp(path_.data()))
                throw error::system_call("make a folder in", all, errno);
            // Until the lock is taken, another process may take the folder for a leftover and remove it.
            lock_ = basic_file<System>(System::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
            if (lock_.descriptor() >= 0 && lock_.try_lock() && lock_.is_at(path_))
                return;
            if (errno != ENOENT && errno != EWOULDBLOCK)
                throw error::system_call("lock", path_, errno);
        }
    }
    basic_scratch(const basic_scratch&) = delete;
    basic_scratch& operator=(const basic_scratch&) = delete;
    ~basic_scratch() { remove_tree<System>(path_); }

    const std::string& path() const noexcept { return path_; }
    std::string operator/(std::string_view name) const { return join(path_, name); }

private:
    std::string path_;
    basic_file<System> lock_;
};

/// A lock between processes and threads, released on destruction and when its process is killed. The lock
/// file stays until `cache::prune` removes it.
template <class System = posix>
class basic_lock {
public:
    /// Calls `waiting` if another holder has the lock.
    template <class Waiting>
    basic_lock(const std::string& path, const basic_deadline<System>& within, Waiting&& waiting)
        : file_(open(path)) {
        if (try_lock(path))
            return;
        waiting();
        // A blocking flock(2) has no time limit and cannot be cancelled.
        const std::int64_t begin = System::milliseconds();
        for (int step = 1; !try_lock(path); step = std::min(2 * step, 10)) {
            if (const stop_reason why = within.cause(); why != stop_reason::itself)
                throw not_waited_for(path, in_seconds(System::milliseconds() - begin),
                                     code_of(why, errc::timed_out), within.time_limit());
            within.pause(step);
        }
    }
    explicit basic_lock(const std::string& path) : basic_lock(path, basic_deadline<System>(), [] {}) {}

private:
    static basic_file<System> open(const std::string& path) {
        return {path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600};
    }

    bool try_lock(const std::string& path) {
        // The former holder may have removed the file, and another process may hold its successor.
        for (; file_.try_lock(); file_ = open(path))
            if (file_.is_at(path))
                return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            throw error::system_call("lock", path, errno);
        return false;
    }

    basic_file<System> file_;
};

/// True if a time is an hour ago or more. Uses are noted once an hour: noting each would cost more than it is
/// worth.
template <class System = posix>
bool is_hour_ago(const timespec& time) noexcept {
    return nanoseconds(System::now()) - nanoseconds(time) >= 3'600'000'000'000;
}

/// Notes for `cache::prune` that a file of the cache was used.
template <class System = posix>
void note_use(const std::string& path) noexcept {
    struct stat status;
    if (System::stat(path.c_str(), &status) == 0 && is_hour_ago<System>(status.st_atim))
        System::touch(path.c_str(), false);
}

/// Keeps a repository's checkout from being pruned for as long as it lives.
template <class System = posix>
class basic_hold {
public:
    /// Holds the checkout of `directory`, which is the checkout or a folder in it, fetched from `url`. The
    /// checkout may be gone already.
    basic_hold(const basic_cache<System>& in, std::string_view directory, std::string_view url) {
        const std::string all = join(in.path(), "src/");
        if (directory.substr(0, all.size()) != all)
            return;
        const auto slash = directory.find('/', all.size());
        if (slash == directory.npos)
            return;
        const std::string_view commit =
            directory.substr(slash + 1, directory.find('/', slash + 1) - slash - 1);
        const std::string path = file(directory.substr(0, slash), commit);
        try {
            do {
                file_ = basic_file<System>(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
                // The holder of the exclusive lock is removing the checkout, which does not take long.
                while (!file_.try_share() && (errno == EWOULDBLOCK || errno == EINTR))
                    System::pause_a_millisecond();
            } while (!file_.is_at(path));
            if (const struct stat state = file_.status(path); state.st_size == 0)
                file_.write(path, url);
            else if (is_hour_ago<System>(state.st_mtim))
                System::touch(path.c_str(), true);
        } catch (const error& e) {
            // Nobody can prune a cache that cannot be written to.
            trace("not holding '", directory, "': ", e.what());
        }
    }

    static std::string file(std::string_view repository, std::string_view commit) {
        return join(repository, "used-").append(commit);
    }

private:
    basic_file<System> file_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

/// `tenon::cache` over a replaceable set of system calls.
template <class System = posix>
class basic_cache_contents {
public:
    explicit basic_cache_contents(const std::string& folder) : folder_(folder) {}

    const std::string& path() const noexcept { return folder_.path(); }

    std::vector<cache_entry> entries() const {
        std::vector<cache_entry> entries;
        if (!is_there())
            return entries;
        folder_.require_tenons();
        const std::set<std::string> loaded = loaded_libraries();
        for (const std::string& type : folders_in(below("bin")))
            add_built(entries, type, loaded);
        for (const std::string& checkouts : folders_in(below("src")))
            add_checkouts(entries, join(below("src"), checkouts));
        for (const std::string& name : folders_in(below("tmp"))) {
            const std::string path = join(below("tmp"), name);
            if (!is_scratch_name(name))
                continue;
            add(entries, {.what = cache_entry::kind::unfinished, .path = path, .in_use = is_locked(path)});
        }
        return entries;
    }

    std::uint64_t size() const { return sum(entries()); }

    std::vector<cache_entry> prune(const prune_rule& rule = {}) const {
        if (!is_there())
            return {};
        folder_.require_own();
        std::vector<cache_entry> all = entries(), removed;
        const std::set<std::string> useful = useful_files(all);
        std::sort(all.begin(), all.end(), [&](const cache_entry& a, const cache_entry& b) {
            const bool a_first = is_useless(a, useful), b_first = is_useless(b, useful);
            return a_first != b_first ? a_first : a.last_use < b.last_use;
        });
        std::uint64_t bytes = sum(all);
        std::map<std::string, std::vector<std::string>> locks;
        for (cache_entry& entry : all) {
            const bool unwanted = unused_for(entry) >= rule.unused_for || bytes > rule.most_bytes;
            if ((is_useless(entry, useful) || (by_rule(entry) && unwanted)) && remove(entry, locks)) {
                bytes -= entry.size;
                removed.push_back(std::move(entry));
            }
        }
        remove_lone_files();
        return removed;
    }

private:
    using time_point = std::chrono::system_clock::time_point;
    using file = basic_file<System>;

    static constexpr std::string_view library_end = ".so", record_end = ".record", lock_end = ".lock",
                                      tree_end = ".tree";

    bool is_there() const {
        struct stat status;
        return System::stat(path().c_str(), &status) == 0;
    }
    std::string below(std::string_view name) const { return join(folder_.path(), name); }

    // ---- Listing

    static time_point time_of(const timespec& time) {
        return time_point(
            std::chrono::duration_cast<time_point::duration>(std::chrono::nanoseconds(nanoseconds(time))));
    }
    static time_point now() { return time_of(System::now()); }
    static std::chrono::seconds unused_for(const cache_entry& entry) {
        return std::chrono::duration_cast<std::chrono::seconds>(now() - entry.last_use);
    }
    static bool is_fresh(time_point last_use) { return now() - last_use < std::chrono::minutes(1); }

    static bool look_at(const std::string& path, struct stat& status) {
        return System::lstat(path.c_str(), &status) == 0;
    }
    static bool is_folder(const std::string& path) {
        struct stat status;
        return look_at(path, status) && S_ISDIR(status.st_mode);
    }
    static bool is_file(const std::string& path) {
        struct stat status;
        return look_at(path, status) && S_ISREG(status.st_mode);
    }

    // Returns no names for a folder that cannot be read.
    static std::vector<std::string> names_in(const std::string& folder) {
        try {
            return is_folder(folder) ? detail::names_in<System>(folder) : std::vector<std::string>();
        } catch (const error&) {
            return {};
        }
    }
    static std::vector<std::string> folders_in(const std::string& folder) {
        std::vector<std::string> names = names_in(folder);
        std::erase_if(names, [&](const std::string& name) { return !is_folder(join(folder, name)); });
        return names;
    }

    static bool is_hex(std::string_view text, std::size_t size) {
        return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos;
    }

    // The parts of `NAME-DIGEST.END`, the name of a file that a build leaves in `bin/TYPE`. NAME may have
    // hyphens and dots too.
    struct built_name {
        std::string_view name, end;
    };
    static std::optional<built_name> parse_built_name(std::string_view whole) {
        constexpr std::size_t digest = 64;
        const auto dot = whole.rfind('.');
        if (dot == whole.npos || dot < digest + 1 || whole[dot - digest - 1] != '-' ||
            !is_hex(whole.substr(dot - digest, digest), digest))
            return std::nullopt;
        return built_name{whole.substr(0, dot - digest - 1), whole.substr(dot)};
    }
    static bool ends_in(std::string_view whole, std::string_view end) {
        const auto built = parse_built_name(whole);
        return built && built->end == end;
    }

    static bool is_repository_name(std::string_view name) {
        return name.size() > 33 && name[name.size() - 33] == '-' && is_hex(name.substr(name.size() - 32), 32);
    }
    static bool is_commit(std::string_view name) { return is_hex(name, 40) || is_hex(name, 64); }

    static void add(std::vector<cache_entry>& to, cache_entry entry) {
        struct stat status;
        if (!look_at(entry.path, status))
            return;
        entry.size = size_of(entry.path, status);
        if (entry.last_use == time_point())
            entry.last_use = last_use(entry.what, status);
        to.push_back(std::move(entry));
    }

    // The listing itself reads records and checkouts, so that reading these does not count as use.
    static time_point last_use(cache_entry::kind kind, const struct stat& status) {
        const bool reading_counts = S_ISREG(status.st_mode) && (kind == cache_entry::kind::library ||
                                                                kind == cache_entry::kind::intermediate);
        return std::max(reading_counts ? time_of(status.st_atim) : time_point(), time_of(status.st_mtim));
    }

    static std::uint64_t size_of(const std::string& path, const struct stat& status) {
        auto size = static_cast<std::uint64_t>(status.st_blocks) * 512;
        if (S_ISDIR(status.st_mode))
            for (const std::string& name : names_in(path))
                if (struct stat inside; look_at(join(path, name), inside))
                    size += size_of(join(path, name), inside);
        return size;
    }

    static std::uint64_t sum(const std::vector<cache_entry>& all) {
        std::uint64_t bytes = 0;
        for (const cache_entry& entry : all)
            bytes += entry.size;
        return bytes;
    }

    void add_built(std::vector<cache_entry>& to, const std::string& type,
                   const std::set<std::string>& loaded) const {
        using kind = cache_entry::kind;
        const std::string folder = join(below("bin"), type);
        const std::vector<std::string> names = names_in(folder);
        std::set<std::string_view> being_built;
        for (const std::string& name : names)
            if (const auto built = parse_built_name(name);
                built && built->end == lock_end && is_locked(join(folder, name)))
                being_built.insert(built->name);
        for (const std::string& name : names) {
            const auto built = parse_built_name(name);
            const std::string path = join(folder, name);
            if (!built || built->end == lock_end ||
                !(built->end == tree_end ? is_folder(path) : is_file(path)))
                continue;
            const kind role = built->end == library_end  ? kind::library
                              : built->end == record_end ? kind::record
                                                         : kind::intermediate;
            // Any build of this plugin type may read an intermediate file at the moment.
            const bool used_by_build =
                role == kind::intermediate ? !being_built.empty() : being_built.count(built->name) != 0;
            add(to, {.what = role,
                     .path = path,
                     .type = type,
                     .name = std::string(built->name),
                     .in_use = used_by_build || loaded.count(name) != 0});
        }
    }

    static void add_checkouts(std::vector<cache_entry>& to, const std::string& checkouts) {
        if (!is_repository_name(basename(checkouts)))
            return;
        const std::vector<std::string> names = names_in(checkouts);
        std::string url;
        for (const std::string& name : names)
            if (const auto known = is_memory(name) ? remembered(join(checkouts, name)) : std::nullopt)
                url = known->url;
        for (const std::string& commit : names) {
            const std::string path = join(checkouts, commit),
                              use = basic_hold<System>::file(checkouts, commit);
            if (!is_commit(commit) || !is_folder(path))
                continue;
            struct stat status;
            const bool noted = look_at(use, status) && S_ISREG(status.st_mode);
            if (!noted && !look_at(path, status))
                continue;
            add(to, {.what = cache_entry::kind::checkout,
                     .path = path,
                     .name = !url.empty() ? url
                             : noted      ? text_of(use)
                                          : "",
                     .commit = commit,
                     .last_use = time_of(noted ? status.st_mtim : status.st_ctim),
                     .in_use = is_locked(use)});
        }
    }

    // The commit in a file name `signed-COMMIT-KEYS`.
    static std::optional<std::string> signed_commit(std::string_view name) {
        constexpr std::string_view begin = "signed-";
        const auto end = name.rfind('-');
        if (name.substr(0, begin.size()) != begin || end <= begin.size() || !is_hex(name.substr(end + 1), 32))
            return std::nullopt;
        const std::string_view commit = name.substr(begin.size(), end - begin.size());
        return is_commit(commit) ? std::optional<std::string>(commit) : std::nullopt;
    }

    static bool is_memory(std::string_view name) {
        return name.substr(0, 3) == "at-" && is_hex(name.substr(3), 64);
    }

    // From a line `COMMIT REFERENCE URL`.
    struct remembered_commit {
        std::string id, url;
    };
    static std::optional<remembered_commit> remembered(const std::string& path) {
        const std::string line = text_of(path);
        const auto first = line.find(' '), last = line.rfind(' ');
        if (first == line.npos || line.back() != '\n')
            return std::nullopt;
        return remembered_commit{line.substr(0, first), line.substr(last + 1, line.size() - last - 2)};
    }

    static std::string text_of(const std::string& path) {
        return is_file(path) ? detail::text_of<System>(path) : "";
    }

    // ---- Entries in use

    static bool is_locked(const std::string& path) {
        const file open(System::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        return open.descriptor() >= 0 && !open.try_lock();
    }

    // The file names of all libraries that processes of this user have loaded. The digest in a name makes the
    // name unique, whatever path a process sees the cache by. The kernel keeps this list, so that no load has
    // to register itself and no killed process leaves a stale entry.
    static std::set<std::string> loaded_libraries() {
        std::set<std::string> keys;
        for (const std::string& process : names_in("/proc")) {
            if (process.find_first_not_of("0123456789") != process.npos)
                continue;
            std::string text;
            try {
                text = file("/proc/" + process + "/maps", O_RDONLY).read("/proc");
            } catch (const error&) {
                continue; // it has ended, or is another user's
            }
            for (std::string_view maps = text; !maps.empty();) {
                const std::string_view line = take_line(maps);
                if (const std::string_view name = basename(line); ends_in(name, library_end))
                    keys.emplace(name);
            }
        }
        return keys;
    }

    // ---- Choosing entries

    static bool by_rule(const cache_entry& entry) {
        using kind = cache_entry::kind;
        return entry.what == kind::library || entry.what == kind::intermediate ||
               entry.what == kind::checkout;
    }

    static bool is_useless(const cache_entry& entry, const std::set<std::string>& useful) {
        return entry.what == cache_entry::kind::unfinished ||
               (entry.what != cache_entry::kind::checkout && useful.count(entry.path) == 0);
    }

    // The records with at least one remaining result, these results, and the build trees beside the records.
    static std::set<std::string> useful_files(const std::vector<cache_entry>& all) {
        std::set<std::string> paths, found;
        for (const cache_entry& entry : all)
            paths.insert(entry.path);
        for (const cache_entry& entry : all) {
            if (entry.what != cache_entry::kind::record)
                continue;
            const build_record record(text_of(entry.path));
            const std::string place = entry.path.substr(0, entry.path.size() - record_end.size());
            std::set<std::string> results;
            for (const build_result& result : record.results()) {
                // A record does not say how the names of its results end.
                const std::string stem = place.substr(0, place.size() - 64) + result.key + '.';
                for (auto path = paths.lower_bound(stem);
                     path != paths.end() && path->compare(0, stem.size(), stem) == 0; ++path)
                    results.insert(*path);
            }
            if (results.empty())
                continue;
            found.insert(entry.path);
            found.insert(place + std::string(tree_end));
            found.insert(results.begin(), results.end());
        }
        return found;
    }

    // ---- Removing

    // Returns false if the entry is in use after all. `locks` caches the names of lock files by folder.
    bool remove(const cache_entry& entry, std::map<std::string, std::vector<std::string>>& locks) const {
        struct stat status;
        if (entry.in_use || !look_at(entry.path, status))
            return false;
        switch (entry.what) {
        case cache_entry::kind::unfinished:
            remove_unfinished<System>(below("tmp"));
            break;
        case cache_entry::kind::checkout:
            return !is_fresh(entry.last_use) && remove_checkout(entry);
        default:
            // Look again: the entry may have been used since it was listed.
            return (S_ISREG(status.st_mode) || ends_in(basename(entry.path), tree_end)) &&
                   !is_fresh(last_use(entry.what, status)) && remove_built(entry, locks);
        }
        return !look_at(entry.path, status);
    }

    // Takes the locks of all builds that may need the entry, so that none of them loses a file that it has
    // just found.
    bool remove_built(const cache_entry& entry,
                      std::map<std::string, std::vector<std::string>>& locks) const {
        std::vector<file> turns;
        const std::string folder(parent(entry.path));
        const auto [known, fresh] = locks.try_emplace(folder);
        // The locks of a folder are listed once. A build that creates a new lock meanwhile finds its files,
        // or makes them again.
        if (fresh)
            for (std::string& other : names_in(folder))
                if (ends_in(other, lock_end))
                    known->second.push_back(std::move(other));
        for (const std::string& other : known->second)
            if (const auto built = parse_built_name(other);
                entry.what == cache_entry::kind::intermediate || (built && built->name == entry.name)) {
                turns.emplace_back(
                    System::open(join(folder, other).c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK));
                const bool gone = turns.back().descriptor() < 0 && errno == ENOENT;
                if (!gone && !turns.back().try_lock())
                    return false;
            }
        trace("pruning '", entry.path, "'");
        if (!ends_in(basename(entry.path), tree_end))
            return System::unlink(entry.path.c_str()) == 0;
        const basic_scratch<System> scratch(folder_);
        return System::rename(entry.path.c_str(), (scratch / "tree").c_str()) == 0;
    }

    // Renames the checkout away in one step: every checkout that exists is complete.
    bool remove_checkout(const cache_entry& entry) const {
        const std::string use = basic_hold<System>::file(parent(entry.path), entry.commit);
        const basic_scratch<System> scratch(folder_);
        const file alone(System::open(use.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
        if (alone.descriptor() < 0 || !alone.try_lock() || !alone.is_at(use))
            return false;
        trace("pruning '", entry.path, "'");
        if (System::rename(entry.path.c_str(), (scratch / entry.commit).c_str()) != 0)
            return false;
        System::unlink(use.c_str());
        return true;
    }

    // Removes locks without a record, and notes about commits that are gone.
    void remove_lone_files() const {
        for (const std::string& type : folders_in(below("bin"))) {
            const std::string folder = join(below("bin"), type);
            for (const std::string& name : names_in(folder))
                if (const std::string path = join(folder, name); ends_in(name, lock_end))
                    remove_lone(path, path.substr(0, path.size() - lock_end.size()).append(record_end), path);
        }
        for (const std::string& checkouts : folders_in(below("src"))) {
            if (!is_repository_name(checkouts))
                continue;
            const std::string folder = join(below("src"), checkouts), lock = join(folder, "lock");
            for (const std::string& name : names_in(folder)) {
                const std::string path = join(folder, name);
                if (const auto known = is_memory(name) ? remembered(path) : std::nullopt)
                    remove_lone(path, join(folder, known->id), lock);
                else if (name.substr(0, 5) == "used-" && is_commit(name.substr(5)))
                    remove_lone(path, join(folder, name.substr(5)), path);
                else if (const auto commit = signed_commit(name))
                    remove_lone(path, join(folder, *commit), lock);
            }
        }
    }

    static void remove_lone(const std::string& path, const std::string& its_owner, const std::string& lock) {
        struct stat status;
        if (look_at(its_owner, status) || !look_at(path, status) || !S_ISREG(status.st_mode) ||
            is_fresh(time_of(status.st_mtim)))
            return;
        const file alone(System::open(lock.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK));
        if (alone.descriptor() >= 0 && alone.try_lock() && alone.is_at(lock) && !look_at(its_owner, status)) {
            trace("pruning '", path, "'");
            System::unlink(path.c_str());
        }
    }

    basic_cache<System> folder_;
};

} // namespace TENON_OWN
} // namespace detail

template <class System>
std::string cache::found(const std::string& folder) {
    return detail::basic_cache<System>(folder).path();
}

template <class System>
std::vector<cache_entry> cache::entries() const {
    return detail::basic_cache_contents<System>(path_).entries();
}

template <class System>
std::uint64_t cache::size() const {
    return detail::basic_cache_contents<System>(path_).size();
}

template <class System>
std::vector<cache_entry> cache::prune(const prune_rule& rule) const {
    return detail::basic_cache_contents<System>(path_).prune(rule);
}

#ifdef TENON_SEPARATE
template std::string cache::found<detail::posix>(const std::string&);
template std::vector<cache_entry> cache::entries<detail::posix>() const;
template std::uint64_t cache::size<detail::posix>() const;
template std::vector<cache_entry> cache::prune<detail::posix>(const prune_rule&) const;
#endif

} // namespace tenon::inline v1

#endif

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


#ifndef TENON_DETAIL_SOURCE_DRIVER_TEXT_HPP
#define TENON_DETAIL_SOURCE_DRIVER_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>


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
#ifndef TENON_DETAIL_SOURCE_SUGGESTIONS_HPP
#define TENON_DETAIL_SOURCE_SUGGESTIONS_HPP

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>



// Suggestions for a name or an address that leads nowhere.

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The number of letters to change, add or remove to turn one text into the other (Levenshtein distance).
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

/// The known names without repetition, those closest to the wanted one first.
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

/// The closest names for messages, `a, b, c and 4 more`; empty if no name is known.
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

/// The path of a file or directory in the current directory that the writer of a name may have meant; empty
/// if there is none.
template <class System = posix>
std::string found_here(std::string_view name) {
    if (name.empty() || name.find('/') != name.npos)
        return "";
    const std::string as_it_is = "./" + std::string(name);
    for (const std::string& path : {as_it_is, as_it_is + ".so", "./lib" + std::string(name) + ".so"})
        if (struct stat status; System::stat(path.c_str(), &status) == 0 &&
                                (path == as_it_is || (S_ISREG(status.st_mode) && status.st_size != 0)))
            return path;
    return "";
}

/// `git@host:user/repo` and the like as a URL; none where the text is not spelled so.
inline std::optional<std::string> url_of_scp(std::string_view text) {
    constexpr std::pair<std::string_view, std::string_view> forges[] = {
        {"github", "github.com"}, {"gitlab", "gitlab.com"}, {"bitbucket", "bitbucket.org"}};
    const auto colon = text.find(':');
    if (colon == text.npos || colon > text.find('/'))
        return std::nullopt;
    const std::string_view authority = text.substr(0, colon);
    std::string_view path = text.substr(colon + 1);
    for (const auto& [name, host] : forges)
        if (authority == name)
            return "https://" + std::string(host) + "/" + std::string(path);
    if (const std::string_view port = path.substr(0, path.find('/'));
        !port.empty() && all_are(is_digit, port))
        return "https://" + std::string(text);
    if (authority.find_first_of("@.") == authority.npos)
        return std::nullopt;
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    return "git+ssh://" + std::string(authority) + "/" + std::string(path);
}

/// The URL with `?ref=v1`, and other tools' queries for a reference and a subdirectory, rewritten to `@v1`
/// and `#subdirectory=`. None for a query with another meaning.
inline std::optional<std::string> without_query(std::string_view url) {
    const auto mark = url.find('?');
    std::string address(url.substr(0, mark)), reference, subdirectory;
    std::string_view query = url.substr(mark + 1);
    query = query.substr(0, query.find('#'));
    const auto is_one_of = [](std::string_view key, std::initializer_list<std::string_view> keys) {
        return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    while (!query.empty()) {
        const std::string_view part = take_until(query, '&');
        const auto equals = std::min(part.find('='), part.size());
        const std::string_view key = part.substr(0, equals),
                               value = part.substr(std::min(equals + 1, part.size()));
        if (is_one_of(key, {"ref", "rev", "branch", "tag", "commit"}))
            reference = value;
        else if (is_one_of(key, {"dir", "subdir", "subdirectory", "path"}))
            subdirectory = value;
        else if (key != "depth")
            return std::nullopt;
    }
    // Terraform and go-getter write a subdirectory behind two slashes.
    if (const auto two = address.find("//", address.find("://") + 3); two != address.npos) {
        subdirectory = address.substr(two + 2);
        address.resize(two);
    }
    return address + (reference.empty() ? "" : "@" + reference) +
           (subdirectory.empty() ? "" : "#subdirectory=" + subdirectory);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

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

#ifndef TENON_DETAIL_LIBRARY_PLUGIN_CODE_DEFINITIONS_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_CODE_DEFINITIONS_HPP

#include <string>
#include <string_view>


#ifndef TENON_DETAIL_LIBRARY_COMPATIBILITY_HPP
#define TENON_DETAIL_LIBRARY_COMPATIBILITY_HPP

#include <pthread.h>
#include <string>
#include <string_view>
#include <utility>


#ifndef TENON_DETAIL_LIBRARY_ABI_DIFFERENCE_HPP
#define TENON_DETAIL_LIBRARY_ABI_DIFFERENCE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#ifndef TENON_DETAIL_LIBRARY_ABI_TEXT_HPP
#define TENON_DETAIL_LIBRARY_ABI_TEXT_HPP

#include <string>

#ifndef TENON_DETAIL_LIBRARY_COMPLETENESS_HPP
#define TENON_DETAIL_LIBRARY_COMPLETENESS_HPP

#include <cstddef>
#include <string>
#include <string_view>

#ifndef TENON_DETAIL_LIBRARY_MANGLED_NAME_HPP
#define TENON_DETAIL_LIBRARY_MANGLED_NAME_HPP

#include <cstddef>
#include <cstdlib>
#include <cxxabi.h>
#include <string>
#include <string_view>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Reads a mangled name (Itanium C++ ABI, 5.1) for its length once each reference in it is written out. `S_`,
/// `S0_` ... stand for parts of the name that came before and refer to others, so that two hundred characters
/// can mean gigabytes, and the demangler would write them all.
///
/// It knows that part of the grammar which names types, and the functions and objects that are arguments of
/// types, and of which all compilers and demanglers think alike; a name with anything else in it is not
/// understood.
class mangled_reader {
public:
    explicit mangled_reader(std::string_view mangled) noexcept : rest_(mangled) {}

    /// Whether the name is understood and not longer than this when it is written out.
    bool within(std::size_t most) {
        most_ = most;
        expect("_Z");
        if (take("Z")) { // a variable in a function
            encoding();
            expect("E");
            source_name();
        } else {
            encoding();
        }
        return !failed_ && rest_.empty();
    }

private:
    static constexpr std::string_view digits = "0123456789", qualifiers = "rVK";

    bool next_in(std::string_view characters) const noexcept {
        return !rest_.empty() && characters.find(rest_[0]) != characters.npos;
    }
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }
    void lengthen(std::size_t by) noexcept {
        length_ += by;
        if (length_ > most_)
            fail();
    }
    void skip(std::size_t count) noexcept {
        if (count > rest_.size())
            return fail();
        rest_.remove_prefix(count);
        lengthen(count);
    }
    bool take(std::string_view token) noexcept {
        const bool matches = rest_.starts_with(token);
        if (matches)
            skip(token.size());
        return matches;
    }
    bool take_one_of(std::string_view characters) noexcept {
        const bool matches = next_in(characters);
        if (matches)
            skip(1);
        return matches;
    }
    void expect(std::string_view token) noexcept {
        if (!take(token))
            fail();
    }

    // What has been read since the name had that length can be referred to from here on.
    void refer_to(std::size_t begin) { parts_.push_back(length_ - begin); }

    void reference() {
        expect("S");
        if (take_one_of("absiod")) // std::allocator, std::string ...
            return;
        constexpr std::string_view ciphers = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        std::size_t index = 0;
        for (bool first = true; next_in(ciphers) && index <= parts_.size(); first = false) {
            index = (first ? 0 : index - 1) * ciphers.size() + ciphers.find(rest_[0]) + 1;
            skip(1);
        }
        expect("_");
        if (failed_ || index >= parts_.size())
            return fail();
        lengthen(parts_[index]);
    }

    void source_name() {
        do {
            std::size_t size = 0;
            if (!next_in(digits))
                return fail();
            while (next_in(digits) && size <= rest_.size()) {
                size = size * 10 + digits.find(rest_[0]);
                skip(1);
            }
            if (size == 0)
                return fail();
            skip(size);
        } while (take("B")); // [abi:...]
    }

    void unqualified_name(bool of_type) {
        if (of_type || next_in(digits))
            return source_name();
        if (take("cv"))
            return type();
        if (!next_in("abcdegilmnopqrs") || rest_.starts_with("li") || rest_.starts_with("on"))
            return fail();
        skip(2); // an operator
    }

    // a::b<c>::d: whatever is followed by more can be referred to, and the whole where it is a type.
    void name(bool of_type) {
        const std::size_t begin = length_;
        const bool nested = take("N");
        if (nested && !of_type) {
            qualify();
            take_one_of("RO");
        }
        const bool in_std = take("St");
        bool arguments_may_follow = true, new_part = false;
        if (!in_std && next_in("S")) {
            reference();
            if (nested && next_in("E"))
                return fail();
        } else {
            unqualified_name(of_type);
            new_part = true;
        }
        while (!failed_ && (nested ? !take("E") : arguments_may_follow && next_in("I"))) {
            if (new_part)
                refer_to(begin);
            new_part = true;
            const bool is_template = next_in("I");
            if (is_template && !arguments_may_follow)
                return fail();
            arguments_may_follow = !is_template;
            is_template ? arguments() : unqualified_name(of_type);
        }
        if (new_part && of_type)
            refer_to(begin);
    }

    void arguments() {
        expect("I");
        while (!failed_ && !take("E"))
            argument();
    }

    void argument() {
        if (next_in("L"))
            return literal();
        if (take("X")) {
            expression();
            return expect("E");
        }
        if (!take("J")) // a pack
            return type();
        while (!failed_ && !take("E"))
            argument();
    }

    void expression() {
        if (take("ad")) // &
            return expression();
        if (!take("tl")) // a class's fields
            return literal();
        type();
        while (!failed_ && !take("E"))
            expression();
    }

    void literal() {
        expect("L");
        if (take("_Z")) {
            encoding();
        } else {
            type();
            take("n");
            while (take_one_of("0123456789abcdef")) {
            }
        }
        expect("E");
    }

    // A function, or an object.
    void encoding() {
        name(false);
        while (!rest_.empty() && !next_in("E"))
            type();
    }

    bool qualify() noexcept {
        bool any = take("r");
        any = take("V") || any;
        any = take("K") || any;
        return any;
    }

    void function() {
        expect("F");
        take("Y");
        while (!failed_ && !take("E") && !take("RE") && !take("OE"))
            type();
    }

    void type() {
        const std::size_t begin = length_;
        const bool qualified = qualify(), is_noexcept = take("Do");
        if (next_in("F")) {
            function();
        } else if (is_noexcept || (qualified && next_in(qualifiers))) {
            return fail();
        } else if (qualified || take_one_of("PRO")) {
            type();
        } else if (take("A")) {
            while (take_one_of(digits)) {
            }
            expect("_");
            type();
        } else if (take("M")) {
            type();
            type();
        } else if (next_in("NS") || next_in(digits)) {
            return name(true);
        } else {
            if (!take("Dn") && !take("Di") && !take("Ds") && !take("Du") &&
                !take_one_of("abcdefghijlmnostvwxyz"))
                fail();
            return;
        }
        refer_to(begin);
    }

    std::string_view rest_;
    bool failed_ = false;
    std::size_t length_ = 0, most_ = 0;
    std::vector<std::size_t> parts_; // how long each is that can be referred to
};

// Whether a mangled name has references, to its parts or to the arguments of a template, or something that
// looks like one.
inline bool may_refer_back(std::string_view mangled) {
    for (std::size_t at = 0; at + 1 < mangled.size(); ++at) {
        const char next = mangled[at + 1];
        const bool digit = next >= '0' && next <= '9';
        if (mangled[at] == 'S' && (next == '_' || digit || (next >= 'A' && next <= 'Z')))
            return true;
        if (mangled[at] == 'T' && (next == '_' || digit || next == 'L'))
            return true;
    }
    return false;
}

/// Whether a demangler ends soon with a name that anybody may have made up.
inline bool ends_soon(std::string_view mangled) {
    // Demanglers recurse. libstdc++'s takes no more than this, and what a person can read is not longer.
    constexpr std::size_t most = 1024, most_in_full = 16 * most;
    return mangled.size() <= most &&
           (!may_refer_back(mangled) || mangled_reader(mangled).within(most_in_full));
}

/// What a mangled name stands for; the name itself where the demangler does not know it.
inline std::string demangled(std::string_view mangled) {
    int status = -1;
    char* raw = abi::__cxa_demangle(std::string(mangled).c_str(), nullptr, nullptr, &status);
    const std::string text = status == 0 && raw ? raw : std::string(mangled);
    std::free(raw);
    return text;
}

// Where the bracket that opens at `open` closes; npos where it does not.
inline std::size_t closing(std::string_view text, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < text.size(); ++at) {
        if (text[at] == '<' || text[at] == '(')
            ++depth;
        else if ((text[at] == '>' || text[at] == ')') && --depth == 0)
            return at;
    }
    return text.npos;
}

// `x` of `name<x>`, where x may be an operator that looks like a bracket; the whole text where it is
// something else.
inline std::string_view argument_of(std::string_view name, std::string_view text) {
    if (text.starts_with(name) && text.size() >= name.size() + 2 && text[name.size()] == '<' &&
        text.back() == '>')
        text = text.substr(name.size() + 1, text.size() - name.size() - 2);
    return text;
}

/// What is written here loses what nobody writes: inline namespaces, ABI tags, allocators that are the
/// default. No character of it controls a terminal.
inline std::string as_written(std::string_view text) {
    constexpr std::string_view std_allocator = ", std::allocator";
    std::string written;
    std::vector<std::size_t> open; // where each bracket is
    const auto shorten = [&written](std::string_view end, std::string_view to) {
        if (written.ends_with(end))
            written.replace(written.size() - end.size(), end.size(), to);
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '>')
            written.erase(written.find_last_not_of(' ') + 1);
        if (const auto code = static_cast<unsigned char>(text[at]); code < ' ' || code == 0x7f) {
            constexpr std::string_view digits = "0123456789abcdef";
            written.append("\\x").append({digits[code / 16], digits[code % 16]});
            continue;
        }
        written += text[at];
        switch (text[at]) {
        case ':':
            shorten("tenon::v1::detail::", "");
            shorten("std::__cxx11::", "std::");
            shorten("std::__1::", "std::");
            if (written.ends_with("[abi:")) { // of functions that return a std::string
                shorten("[abi:", "");
                while (at + 1 < text.size() && text[at] != ']')
                    ++at;
            }
            break;
        case '<':
        case '(':
            open.push_back(written.size() - 1);
            break;
        case '>':
        case ')':
            if (open.empty())
                break;
            if (const std::string_view before = std::string_view(written).substr(0, open.back());
                before.ends_with(std_allocator))
                written.resize(before.size() - std_allocator.size());
            open.pop_back();
            shorten("std::basic_string<char, std::char_traits<char>>", "std::string");
            shorten("std::basic_string_view<char, std::char_traits<char>>", "std::string_view");
            break;
        }
    }
    written.erase(written.find_last_not_of(' ') + 1);
    return written;
}

/// What a mangled `type_name<...>` names, as a person would write it; the name itself where that takes long
/// to say.
inline std::string readable(std::string_view mangled) {
    const std::string whole = ends_soon(mangled) ? demangled(mangled) : std::string(mangled);
    std::string_view text = whole;
    if (text.starts_with("void tenon::v1::detail::type_name<"))
        text = argument_of("void tenon::v1::detail::type_name", text.substr(0, text.size() - 2));
    return as_written(text);
}

// `a, b` of `list<a, b>`.
inline std::string readable_list(std::string_view mangled) {
    const std::string text = readable(mangled);
    return std::string(argument_of("list", text));
}

// `a` of `list<a>`.
inline std::string readable_state(std::string_view mangled) {
    std::string text = readable_list(mangled);
    return text.empty() ? "none" : text;
}

// Whether a name is that of an operator, and not of `operators` or `operator_panel`.
inline bool begins_with_operator(std::string_view name) {
    constexpr std::string_view word = "operator";
    if (!name.starts_with(word) || name.size() == word.size())
        return false;
    const char next = name[word.size()];
    return !((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '9') ||
             next == '_');
}

// `space::type::f` of the readable `method<&(space::type::f(int) const)>`, and where `f` begins in it.
struct method_name {
    std::string_view whole;
    std::size_t begin;
};
inline method_name name_of_method(std::string_view readable) {
    std::string_view text = argument_of("method", readable);
    while (text.starts_with("&") || text.starts_with("("))
        text.remove_prefix(1);
    std::size_t begin = 0, at = 0;
    while (at < text.size() && text[at] != '(') {
        if (at == begin && begins_with_operator(text.substr(at))) {
            const auto paren = text.find('(', at);
            at = paren != text.npos && text.substr(paren).starts_with("()") && paren == at + 8 ? paren + 2
                                                                                               : paren;
            break;
        }
        if (text[at] == '<') {
            const auto close = closing(text, at);
            if (close == text.npos)
                break;
            at = close;
        } else if (text[at] == ':') {
            begin = at + 1;
        }
        ++at;
    }
    return {text.substr(0, at), begin};
}

// `f` of `method<&(space::type::f(int) const)>`.
inline std::string readable_method(std::string_view mangled) {
    const std::string text = readable(mangled);
    const method_name name = name_of_method(text);
    return std::string(name.whole.substr(name.begin));
}

// `space::type` of the same.
inline std::string readable_owner(std::string_view mangled) {
    const std::string text = readable(mangled);
    const method_name name = name_of_method(text);
    return std::string(name.whole.substr(0, name.begin < 2 ? 0 : name.begin - 2));
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One mark for each slot of a virtual table: '\0' if no method names the slot. `wrong` gets a sentence for
/// each method that names something else.
inline std::string named_slots(const interface_abi& abi, std::string& wrong) {
    std::string named(static_cast<std::size_t>(abi.slots),
                      '\0'); // not vector<bool>, which has to be compiled
    const auto say = [&](const auto& method, std::string_view before, std::string_view after) {
        wrong.append(before).append(readable_method(method.name)).append(after);
    };
    const std::string list = "`" + readable(abi.interface) + "::methods` names ";
    for (const auto& method : abi.methods) {
        if (method.slot == no_slot)
            say(method, list, ", which is not a virtual function of its first base\n");
        else if (method.slot >= named.size())
            say(method, "the slot of ",
                " is outside of the virtual table of `" + readable(abi.interface) + "`\n");
        else if (named[static_cast<std::size_t>(method.slot)])
            say(method, list, " twice\n");
        else
            named[static_cast<std::size_t>(method.slot)] = 'x';
    }
    return named;
}

// The slots that no method names, `0, 1`. Only the first few, because a note may claim thousands.
inline std::string unnamed_slots(std::string_view named) {
    constexpr std::size_t most = 16;
    std::string slots;
    std::size_t count = 0;
    for (std::size_t i = 0; i < named.size() && count <= most; ++i)
        if (!named[i])
            slots.append(slots.empty() ? "" : ", ").append(++count > most ? "..." : std::to_string(i));
    return slots;
}

// The sentence about an interface whose `methods` names no function of its own.
inline std::string inherited_methods(const interface_abi& abi) {
    const std::string name = readable(abi.interface);
    std::string base;
    for (const auto& method : abi.methods)
        if (base = readable_owner(method.name); base == name)
            return {};
    if (base.empty())
        return {};
    return "`" + name + "::methods` is inherited from the base `" + base +
           "`, or names functions of that alone: say `using methods = "
           "tenon::methods<...>;` in `" +
           name + "` itself, with every virtual function of both\n";
}

/// A sentence about an interface that does not name all of its virtual functions, or names something else;
/// empty if nothing is wrong.
inline std::string incompleteness(const interface_abi& abi) {
    const std::size_t destructors = abi.has_destructor ? 2 : 0;
    if (abi.slots < destructors || abi.slots > most_slots)
        return "the number of slots in the virtual table of `" + readable(abi.interface) + "`, " +
               (abi.slots == no_slot ? "unknown" : std::to_string(abi.slots)) +
               ", cannot be: " + (abi.has_destructor ? "two are the destructor's, and no" : "no") +
               " table has more than " + std::to_string(most_slots) + "\n";
    std::string wrong;
    const std::string named = named_slots(abi, wrong);
    std::size_t missing = 0;
    for (const char mark : named)
        missing += mark == '\0';
    if (wrong.empty() && missing != destructors)
        wrong = "`" + readable(abi.interface) + "::methods` names " + std::to_string(abi.methods.size()) +
                " of " + std::to_string(named.size() - destructors) +
                " virtual functions: no name stands for the slots " + unnamed_slots(named) +
                (abi.has_destructor ? ", of which two are the destructor's\n" : "\n") +
                inherited_methods(abi);
    return wrong;
}

/// The same for an interface and all interfaces that are reached through it.
inline std::string incompleteness(const plugin_abi& plugin) {
    std::string wrong = incompleteness(static_cast<const interface_abi&>(plugin));
    for (const interface_abi& reached : plugin.reached)
        if (reached.interface != plugin.interface)
            wrong += incompleteness(reached);
    return wrong;
}

// The slots of the destructor: those that no method of a complete interface names.
inline std::string destructor_slots(const interface_abi& abi) {
    std::string unused;
    if (!abi.has_destructor)
        return "not virtual";
    return "slots " + (abi.slots <= most_slots ? unnamed_slots(named_slots(abi, unused)) : "unknown");
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline std::string described(const plugin_abi::method& method) {
    return readable(method.signature) + ", slot " +
           (method.slot == no_slot ? "none" : std::to_string(method.slot));
}

inline std::string described(const plugin_abi::type& type) {
    if (type.size == 0)
        return "incomplete";
    std::string text = "size " + std::to_string(type.size) + ", alignment " + std::to_string(type.alignment);
    if (type.version)
        text += ", stated version " + std::to_string(type.version);
    const std::string fields = readable_list(type.fields);
    return fields.empty() ? text : text + ": " + fields;
}

inline std::string described_methods(const interface_abi& abi) {
    std::string lines;
    for (const auto& method : abi.methods)
        lines += "    " + readable_method(method.name) + ": " + described(method) + "\n";
    return lines + "    destructor: " + destructor_slots(abi) + "\n";
}

/// An interface and all that crosses it, as lines.
inline std::string described(const plugin_abi& plugin) {
    std::string lines = "  interface " + readable(plugin.interface) + "\n  made from (" +
                        readable_list(plugin.factory) + ")\n  methods\n" + described_methods(plugin);
    for (const interface_abi& reached : plugin.reached)
        lines += "  reaches " + readable(reached.interface) + "\n" + described_methods(reached);
    lines += "  types\n";
    for (const auto& type : plugin.types)
        lines += "    " + readable(type.name) + ": " + described(type) + "\n";
    return lines;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline const plugin_abi::type* find_type(const plugin_abi& in, std::string_view name, std::size_t likely) {
    if (likely < in.types.size() && in.types[likely].name == name)
        return &in.types[likely];
    for (const auto& type : in.types)
        if (type.name == name)
            return &type;
    return nullptr;
}

// True if one side knows only the name of the type, because then there is nothing to compare.
inline bool same_layout(const plugin_abi::type& a, const plugin_abi::type& b) {
    return a.size == 0 || b.size == 0 || a == b;
}

inline const interface_abi* find_interface(const plugin_abi& in, std::string_view name, std::size_t likely) {
    if (likely < in.reached.size() && in.reached[likely].interface == name)
        return &in.reached[likely];
    for (const auto& reached : in.reached)
        if (reached.interface == name)
            return &reached;
    return nullptr;
}

inline bool same_functions(const interface_abi& a, const interface_abi& b) {
    return a.slots == b.slots && a.has_destructor == b.has_destructor && a.methods == b.methods;
}

// True if a side knows the layout of a type.
inline bool known_in(const plugin_abi& in, std::string_view name) {
    const plugin_abi::type* type = find_type(in, name, 0);
    return type && type->size != 0;
}

inline void differ(std::string& into, std::string_view part, std::string_view host, std::string_view plugin) {
    into.append("  ")
        .append(part)
        .append("\n    host:   ")
        .append(host)
        .append("\n    plugin: ")
        .append(plugin)
        .append("\n");
}

/// The methods of one interface on both sides, in matching pairs.
class matched_methods {
public:
    matched_methods(const interface_abi& host, const interface_abi& plugin) : host_(host), plugin_(plugin) {
        for (const auto& method : host.methods)
            names_.push_back(readable_method(method.name));
        for (const auto& method : plugin.methods)
            theirs_.push_back(readable_method(method.name));
        used_.assign(theirs_.size(), '\0');
    }

    /// Appends how the host's methods differ from the plugin's, each name after `prefix`.
    void say_differences(std::string& text, const std::string& prefix) {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const std::string name = prefix + names_[i];
            const std::size_t match = match_of(i);
            if (match == theirs_.size()) {
                differ(text, name, described(host_.methods[i]), "not there");
                continue;
            }
            used_[match] = 'x';
            const auto &ours = host_.methods[i], &theirs = plugin_.methods[match];
            if (ours.signature != theirs.signature || ours.slot != theirs.slot)
                differ(text, name, described(ours), described(theirs));
            else if (host_.interface == plugin_.interface && ours.name != theirs.name)
                differ(text, name, "of " + readable_owner(ours.name), "of " + readable_owner(theirs.name));
            else if (match != i)
                differ(text, name, "place " + std::to_string(i) + " in `methods`",
                       "place " + std::to_string(match));
        }
        if (const std::string ours = destructor_slots(host_), theirs = destructor_slots(plugin_);
            ours != theirs)
            differ(text, prefix + "destructor", ours, theirs);
    }
    /// Appends the methods that only the plugin has. Call `say_differences` first.
    void say_added(std::string& text, const std::string& prefix) const {
        for (std::size_t i = 0; i < theirs_.size(); ++i)
            if (!used_[i])
                differ(text, prefix + theirs_[i], "not there", described(plugin_.methods[i]));
    }

private:
    // Among overloads of one name, the match is the one with the same signature, else the one in the same
    // place, else the first.
    std::size_t match_of(std::size_t i) const {
        std::size_t match = theirs_.size();
        for (std::size_t j = 0; j < theirs_.size(); ++j) {
            if (used_[j] || theirs_[j] != names_[i])
                continue;
            const bool exact = plugin_.methods[j].signature == host_.methods[i].signature;
            if (match == theirs_.size() || exact ||
                (j == i && plugin_.methods[match].signature != host_.methods[i].signature))
                match = j;
            if (exact)
                break;
        }
        return match;
    }

    const interface_abi &host_, &plugin_;
    std::vector<std::string> names_, theirs_;
    std::string used_;
};

// Appends how a reached interface differs.
inline void say_differences(std::string& text, const interface_abi& host, const interface_abi& plugin) {
    if (same_functions(host, plugin))
        return;
    const std::string name = readable(host.interface), before = text;
    matched_methods methods(host, plugin);
    methods.say_differences(text, name + "::");
    methods.say_added(text, name + "::");
    if (text == before)
        differ(text, name, std::to_string(host.slots) + " slots in its virtual table",
               std::to_string(plugin.slots) + " slots");
}

// Appends how reached interfaces differ. Either side may call one, so both must have the same. A side that
// knows only the name cannot call it.
inline void say_interface_differences(std::string& text, const plugin_abi& host, const plugin_abi& plugin) {
    constexpr std::string_view called = "an interface with `methods`", other = "a type without `methods`";
    for (std::size_t i = 0; i < host.reached.size(); ++i) {
        const interface_abi& ours = host.reached[i];
        if (const interface_abi* theirs = find_interface(plugin, ours.interface, i))
            say_differences(text, ours, *theirs);
        else if (known_in(plugin, ours.interface))
            differ(text, readable(ours.interface), called, other);
    }
    for (std::size_t i = 0; i < plugin.reached.size(); ++i)
        if (const std::string_view name = plugin.reached[i].interface;
            !find_interface(host, name, i) && known_in(host, name))
            differ(text, readable(name), other, called);
}

/// True if a host compiled with `host` may use a plugin compiled with `plugin`: the plugin has every method
/// of the host with the same signature, slot and layouts, and every reached interface is the same. Further
/// methods of the plugin do not matter.
inline bool fits(const plugin_abi& host, const plugin_abi& plugin) {
    if (host.interface != plugin.interface || host.factory != plugin.factory || host.state != plugin.state ||
        host.methods.size() > plugin.methods.size())
        return false;
    for (std::size_t i = 0; i < host.methods.size(); ++i)
        if (host.methods[i] != plugin.methods[i])
            return false;
    // The host calls the destructor too. With as many slots and the same methods, its slots are the same.
    if (host.slots != plugin.slots && destructor_slots(host) != destructor_slots(plugin))
        return false;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const plugin_abi::type* theirs = find_type(plugin, host.types[i].name, i);
        if (!theirs || !same_layout(host.types[i], *theirs))
            return false;
    }
    std::string different;
    say_interface_differences(different, host, plugin);
    return different.empty();
}

/// All differences, one a line, each with the host's side and the plugin's.
inline std::string differences(const plugin_abi& host, const plugin_abi& plugin) {
    std::string text;
    if (host.interface != plugin.interface)
        differ(text, "interface", readable(host.interface), readable(plugin.interface));
    if (host.factory != plugin.factory)
        differ(text, "factory", "(" + readable_list(host.factory) + ")",
               "(" + readable_list(plugin.factory) + ")");
    if (host.state != plugin.state)
        differ(text, "state", readable_state(host.state), readable_state(plugin.state));
    matched_methods(host, plugin).say_differences(text, {});
    say_interface_differences(text, host, plugin);
    std::string absent;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const plugin_abi::type& type = host.types[i];
        const plugin_abi::type* theirs = find_type(plugin, type.name, i);
        if (!theirs)
            differ(absent, readable(type.name), described(type), "not there");
        else if (!same_layout(type, *theirs))
            differ(text, readable(type.name), described(type), described(*theirs));
    }
    // A type that is absent follows from another difference. If that was reported, the type adds nothing.
    return text.empty() ? absent : text;
}

/// The settings that keep a plugin of one toolchain out of a host of another, one a line; empty if there are
/// none.
inline std::string toolchain_differences(std::string_view host, std::string_view plugin) {
    std::string text;
    const auto value = [](std::string_view in, std::string_view key) -> std::string_view {
        while (!in.empty()) {
            const std::string_view line = take_line(in);
            if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == '=')
                return line.substr(key.size() + 1);
        }
        return "not stated";
    };
    for (std::string_view rest = host; !rest.empty();) {
        const std::string_view line = take_line(rest);
        const std::string_view key = line.substr(0, line.find('='));
        const std::string_view ours = value(host, key), theirs = value(plugin, key);
        // A plain plugin runs in a host with a sanitizer, except memory's; a plugin with one needs a host
        // with the same.
        const bool allowed = key == "sanitizer" && theirs == "none" && ours != "memory";
        if (ours != theirs && !allowed)
            differ(text, key, ours, theirs);
    }
    return text;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_plugin(const std::string& path, std::string_view type, std::string_view found) {
    return {errc::not_a_plugin,
            found.empty()
                ? concatenated({"'", path,
                                "' has no plugins: it was not made with TENON_EXPORT; a plugin of type '",
                                type, "' was asked for"})
                : concatenated({"'", path, "' has no plugin of type '", type, "'; it has ", found}),
            path};
}

inline error no_such_plugin(const std::string& path, std::string_view type, std::string_view name,
                            std::string_view found) {
    return {
        errc::not_a_plugin,
        concatenated({"'", path, "' has no plugin of type '", type, "' named '", name, "'; it has ", found}),
        path};
}

inline error several_plugins(const std::string& path, std::string_view type, std::string_view found) {
    return {errc::ambiguous,
            concatenated({"'", path, "' has several plugins of type '", type, "': ", found, "; choose one ",
                          adding_a_plugin}),
            path};
}

inline error other_toolchain(const std::string& path, std::string_view name, std::string_view differences) {
    return {errc::toolchain,
            concatenated({"the plugin '", name, "' in '", path,
                          "' was compiled with another toolchain than this program:\n", differences,
                          "compile it with the same standard library, mode and sanitizer"}),
            path};
}

inline error misfit(const std::string& path, std::string_view name, std::string_view type,
                    std::string_view differences) {
    return {errc::misfit,
            concatenated({"the plugin '", name, "' in '", path, "' was compiled against another '", type,
                          "' than this program:\n", differences, "compile both against the same header"}),
            path};
}

inline error bad_interface(std::string_view type, std::string_view wrong) {
    return {errc::bad_interface, concatenated({"the interface '", type, "' does not describe itself: ", wrong,
                                               "name every virtual function in `methods`"})};
}

inline error plugin_has_bad_interface(const std::string& path, std::string_view name, std::string_view type,
                                      std::string_view wrong) {
    return {errc::bad_interface,
            concatenated({"the plugin '", name, "' in '", path, "' was compiled against a '", type,
                          "' that does not describe itself: ", wrong,
                          "name every virtual function in `methods`"}),
            path};
}

/// The ABI that this program expects of the plugins of one type, read once. Throws if the interface is
/// incomplete.
inline const plugin_abi& expected_abi(const plugin_notes& host) {
    struct interface {
        const plugin_notes* notes;
        plugin_abi abi;
        std::string incompleteness;
        interface* next;
    };
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static interface* first =
        nullptr; // as few as a program has, and never freed: static objects may load too
    const mutex_lock locked(mutex);
    const interface* here = first;
    while (here && here->notes != &host)
        here = here->next;
    if (!here) {
        plugin_abi abi = read_abi(host);
        std::string wrong = incompleteness(abi);
        here = first = new interface{&host, std::move(abi), std::move(wrong), first};
    }
    if (!here->incompleteness.empty())
        throw bad_interface(host.type.name(), here->incompleteness);
    return here->abi;
}

inline std::string plugins_of(const manifest& in, std::string_view type) {
    std::string text;
    for (const manifest::plugin& exported : in.plugins())
        if (type.empty() || exported.type == type) {
            text += text.empty() ? "'" : ", '";
            text.append(exported.name)
                .append(type.empty() ? "' of type '" + std::string(exported.type) + "'" : "'");
        }
    return text;
}

/// The plugin `name` of a type in a library, or the only one if the name is empty. Throws unless this
/// program, which expects `host`, may call the plugin.
inline const manifest::plugin& fitting_plugin(const manifest& in, const std::string& path,
                                              std::string_view name, const plugin_notes& asked) {
    const std::string_view type(asked.type.name(), asked.type.size());
    const plugin_abi& host = expected_abi(asked);
    const manifest::plugin* chosen = nullptr;
    std::size_t of_type = 0;
    for (const manifest::plugin& exported : in.plugins())
        if (exported.type == type) {
            ++of_type;
            if (name.empty() || exported.name == name)
                chosen = &exported;
        }
    if (of_type == 0)
        throw not_a_plugin(path, type, plugins_of(in, {}));
    if (!chosen)
        throw no_such_plugin(path, type, name, plugins_of(in, type));
    if (name.empty() && of_type > 1)
        throw several_plugins(path, type, plugins_of(in, type));

    // Compared first: types of another standard library differ in every detail, and a list would hide the
    // cause.
    if (chosen->toolchain != std::string_view(toolchain))
        if (const std::string other = toolchain_differences(toolchain, chosen->toolchain); !other.empty())
            throw other_toolchain(path, chosen->name, other);
    // The host's interface is complete, and so is one that is the same.
    const bool fit = fits(host, chosen->abi);
    if (!fit || chosen->abi.slots != host.slots)
        if (const std::string wrong = incompleteness(chosen->abi); !wrong.empty())
            throw plugin_has_bad_interface(path, chosen->name, type, wrong);
    if (!fit)
        throw misfit(path, chosen->name, type, differences(host, chosen->abi));
    return *chosen;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LIBRARY_LIBRARY_HPP
#define TENON_DETAIL_LIBRARY_LIBRARY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_LIBRARY_ELF_HPP
#define TENON_DETAIL_LIBRARY_ELF_HPP


#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_library(const std::string& path, std::string_view why) {
    return {errc::not_a_library,
            concatenated({"'", path, "' is not a library that this program can load: ", why}), path};
}

inline error malformed_note(const std::string& path, std::string_view why) {
    return {errc::malformed_note,
            concatenated({"the manifest in '", path, "' is damaged: ", why, "; compile the library again"}),
            path};
}

struct elf_note {
    std::string_view owner; // with the NUL that ends it
    std::uint32_t kind;
    std::string_view description;
};

/// Removes the first note from a run of notes. False at the end, and if the rest is no note.
inline bool take_note(std::string_view& rest, elf_note& note) {
    const auto padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
    std::uint32_t words[3] = {};
    // Linkers pad with zeros between sections of different alignment in one segment.
    for (; rest.size() >= sizeof words; rest.remove_prefix(4)) {
        std::memcpy(words, rest.data(), sizeof words);
        if (words[0] != 0)
            break;
    }
    const std::uint64_t description = sizeof words + padded(words[0]), end = description + words[1];
    if (words[0] == 0 || end > rest.size())
        return false;
    note = {rest.substr(sizeof words, words[0]), words[2],
            rest.substr(static_cast<std::size_t>(description), words[1])};
    rest.remove_prefix(padded(end) < rest.size() ? static_cast<std::size_t>(padded(end)) : rest.size());
    return true;
}

/// The properties of a library that keep it in memory after its last user has closed it.
struct pins {
    /// The mangled names of symbols that it defines as STB_GNU_UNIQUE.
    std::vector<std::string> unique_symbols;
    bool thread_local_destructors = false; ///< it registers some, and each thread that did so keeps it
    bool nodelete = false;                 ///< linked with `-z nodelete`
};

/// A table in a file. Its entries need not be aligned.
template <class Entry>
class entries {
public:
    class iterator {
    public:
        explicit iterator(const char* at) noexcept : at_(at) {}
        Entry operator*() const noexcept {
            Entry one;
            std::memcpy(&one, at_, sizeof one);
            return one;
        }
        iterator& operator++() noexcept {
            at_ += sizeof(Entry);
            return *this;
        }
        friend bool operator==(iterator, iterator) = default;

    private:
        const char* at_;
    };

    entries() = default;
    /// A view of bytes, which have to outlive it.
    explicit entries(std::string_view at_hand) noexcept
        : at_hand_(at_hand.data()), size_(at_hand.size() / sizeof(Entry)) {}
    explicit entries(std::string read) noexcept
        : read_(std::move(read)), size_(read_.size() / sizeof(Entry)) {}

    std::size_t size() const noexcept { return size_; }
    iterator begin() const noexcept { return iterator(data()); }
    iterator end() const noexcept { return iterator(data() + size_ * sizeof(Entry)); }
    Entry operator[](std::size_t i) const noexcept { return *iterator(data() + i * sizeof(Entry)); }

private:
    const char* data() const noexcept { return at_hand_ ? at_hand_ : read_.data(); }

    const char* at_hand_ = nullptr;
    std::string read_;
    std::size_t size_ = 0;
};

/// Reads an ELF file for this machine without trusting any of its contents: damage throws an `error` with
/// `errc::not_a_library`. The file and the path, which is for messages, have to outlive the reader.
template <class System = posix>
class elf_reader {
public:
    using header = ElfW(Ehdr);
    using segment = ElfW(Phdr);
    using section = ElfW(Shdr);
    using symbol = ElfW(Sym);
    using dynamic = ElfW(Dyn);

    elf_reader(int fd, const std::string& path) : fd_(fd), path_(path) { read_headers(); }
    /// For a file whose status is known.
    elf_reader(int fd, const struct stat& status, const std::string& path)
        : fd_(fd), path_(path), size_(size_of(status)) {
        read_headers();
    }

    elf_reader(const elf_reader&) = delete;
    elf_reader& operator=(const elf_reader&) = delete;
    elf_reader(int, std::string&&) = delete;
    elf_reader(int, const struct stat&, std::string&&) = delete; // it would be gone before the reader

    /// Throws if loading the file would kill the program: the system's loader maps what the headers say, over
    /// existing mappings too, and gets SIGBUS if the file is shorter.
    void require_loadable() const {
        // Linkers write section headers last, so most truncated files lack these.
        if (header_.e_shoff != 0 &&
            !inside(header_.e_shoff, std::uint64_t{header_.e_shnum} * sizeof(section)))
            refuse("its section headers lie past its end: it is truncated");
        std::uint64_t free = 0;
        for (const segment& program_header : segments_) {
            if (program_header.p_type != PT_GNU_STACK &&
                !inside(program_header.p_offset, program_header.p_filesz))
                refuse("a segment of " + std::to_string(program_header.p_filesz) + " bytes begins at byte " +
                       std::to_string(program_header.p_offset) + " and the file ends at byte " +
                       std::to_string(size()) + ": it is truncated");
            if (program_header.p_type != PT_LOAD)
                continue;
            if (program_header.p_filesz > program_header.p_memsz)
                refuse("a segment is larger in the file than in memory");
            if (program_header.p_align & (program_header.p_align - 1))
                refuse("a segment's alignment is " + std::to_string(program_header.p_align) +
                       ", which is no power of two");
            constexpr std::uint64_t half = ~std::uintptr_t{0} / 2;
            if (program_header.p_vaddr > half || program_header.p_memsz > half - program_header.p_vaddr)
                refuse("a segment ends past the end of all memory");
            if (program_header.p_vaddr < free)
                refuse("its segments overlap in memory, or are not in order");
            free = program_header.p_vaddr + program_header.p_memsz;
        }
    }

    /// The runs of notes that contain a note of this owner. Looks in segments of notes first, and in sections
    /// if a tool has moved the notes.
    std::vector<note_range> notes(std::string_view owner) const {
        std::vector<note_range> ranges;
        std::uint64_t read = 0;
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_NOTE)
                keep(ranges, read, owner, program_header.p_offset, program_header.p_filesz,
                     program_header.p_vaddr);
        if (ranges.empty())
            for (const section& section_header : sections())
                if (section_header.sh_type == SHT_NOTE && (section_header.sh_flags & SHF_ALLOC))
                    keep(ranges, read, owner, section_header.sh_offset, section_header.sh_size,
                         section_header.sh_addr);
        return ranges;
    }

    /// The dynamic section, which tells the system's loader where the tables of a library are.
    struct loader_information {
        entries<dynamic> all;
        std::string room;
        std::string_view names; // in `room` or the first page

        loader_information() = default;
        loader_information(const loader_information&) = delete;
        loader_information& operator=(const loader_information&) = delete;

        template <class Take>
        void for_each(Take&& take) const {
            for (const dynamic& entry : all) {
                if (entry.d_tag == DT_NULL)
                    break;
                take(static_cast<std::int64_t>(entry.d_tag), static_cast<std::uint64_t>(entry.d_un.d_val));
            }
        }

        /// The value of the last entry with a tag, which is the one the system's loader takes; 0 if there is
        /// none.
        std::uint64_t value(std::int64_t wanted) const {
            std::uint64_t end = 0;
            for_each([&](std::int64_t tag, std::uint64_t value) { end = tag == wanted ? value : end; });
            return end;
        }

        /// True if the library prefers its own symbols to those of others (`-Bsymbolic`).
        bool symbolic() const {
            bool has = false;
            for_each([&](std::int64_t tag, std::uint64_t value) {
                has = has || tag == DT_SYMBOLIC || (tag == DT_FLAGS && (value & DF_SYMBOLIC) != 0);
            });
            return has;
        }

        /// True if needed libraries are searched relative to this library ($ORIGIN).
        bool uses_own_folder() const {
            bool has = false;
            for_each([&](std::int64_t tag, std::uint64_t value) {
                if (tag != DT_RUNPATH && tag != DT_RPATH && tag != DT_NEEDED)
                    return;
                const std::string_view text = name(value);
                has = has || text.find("$ORIGIN") != text.npos || text.find("${ORIGIN}") != text.npos;
            });
            return has;
        }

        /// The name at an offset, cut off after `longest` characters; empty for an offset outside of the
        /// table.
        std::string_view name(std::uint64_t at, std::size_t longest = 4096) const {
            const std::string_view rest =
                names.substr(at < names.size() ? static_cast<std::size_t>(at) : names.size(), longest);
            return rest.substr(0, rest.find('\0'));
        }
    };

    /// Reads the dynamic section.
    void read(loader_information& into) const {
        constexpr std::uint64_t most =
            1024 * 1024; // room for 65,536 entries, each of which may have a name to search
        if (dynamic_.p_filesz > most)
            refuse("its dynamic section is too large: " + std::to_string(dynamic_.p_filesz) + " bytes");
        into.all = table<dynamic>(dynamic_.p_offset, dynamic_.p_filesz, "dynamic section");
        if (const std::uint64_t at = into.value(DT_STRTAB))
            into.names = part(offset_of(at), into.value(DT_STRSZ), "names of symbols", into.room);
    }

    /// Calls `take(number, name, symbol)` for each dynamic symbol. Names are cut off, because any number of
    /// symbols may share one name of megabytes.
    template <class Take>
    void for_each_symbol(const loader_information& information, Take&& take, std::size_t longest = 64) const {
        const std::uint64_t at = information.value(DT_SYMTAB);
        const entries<symbol> all =
            at ? table<symbol>(offset_of(at), number_of_symbols(information) * sizeof(symbol),
                               "dynamic symbols")
               : entries<symbol>();
        std::size_t number = 0;
        for (const symbol& entry : all) {
            if (entry.st_name >= information.names.size())
                refuse("the name of a symbol lies outside of its names");
            take(number++, information.name(entry.st_name, longest), entry);
        }
    }

    /// True if a relocation makes the system's loader look up one of these symbols, given by number. Symbols
    /// that the linker has bound are not looked up.
    bool looks_up(const loader_information& information, const std::vector<bool>& symbols) const {
        const bool with_addends = information.value(DT_PLTREL) == DT_RELA;
        return relocates<ElfW(Rela)>(information, DT_RELA, DT_RELASZ, symbols) ||
               relocates<ElfW(Rel)>(information, DT_REL, DT_RELSZ, symbols) ||
               (with_addends ? relocates<ElfW(Rela)>(information, DT_JMPREL, DT_PLTRELSZ, symbols)
                             : relocates<ElfW(Rel)>(information, DT_JMPREL, DT_PLTRELSZ, symbols));
    }

    /// True if there is a section of that name, or if section headers are missing, since then nobody knows.
    bool may_have_section(std::string_view name) const {
        const entries<section> all = sections();
        if (header_.e_shstrndx >= all.size())
            return true;
        std::string room;
        const section names = all[header_.e_shstrndx];
        const std::string_view text = part(names.sh_offset, names.sh_size, "names of sections", room);
        for (const section& section_header : all)
            if (const std::string_view rest =
                    text.substr(section_header.sh_name < text.size() ? section_header.sh_name : text.size(),
                                name.size() + 1);
                rest.size() > name.size() && rest.back() == '\0' && rest.substr(0, name.size()) == name)
                return true;
        return false;
    }

    /// Reads the properties that keep the library in memory. The library has to export a symbol, as one with
    /// plugins does.
    pins what_pins() const {
        constexpr std::size_t most = 1000, longest = 1024;
        loader_information information;
        read(information);
        pins result;
        result.nodelete = (information.value(DT_FLAGS_1) & DF_1_NODELETE) != 0;
        const auto look_at = [&](std::size_t, std::string_view name, const symbol& entry) {
            const bool defined = entry.st_shndx != SHN_UNDEF;
            // The binding is the upper half of st_info, in 32-bit and 64-bit files.
            if (defined && entry.st_info >> 4 == STB_GNU_UNIQUE && result.unique_symbols.size() < most)
                result.unique_symbols.emplace_back(name).append(name.size() == longest ? "..." : "");
            if (!defined && (name == "__cxa_thread_atexit" || name == "__cxa_thread_atexit_impl"))
                result.thread_local_destructors = true;
        };
        for_each_symbol(information, look_at, longest);
        return result;
    }

private:
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};
    // A sparse file may have any size. No real library has a table this large.
    static constexpr std::uint64_t most_bytes = 256 * 1024 * 1024;

    std::uint64_t size_of(const struct stat& status) const {
        if (!S_ISREG(status.st_mode))
            refuse("it is not a regular file");
        return static_cast<std::uint64_t>(status.st_size);
    }

    // Asked for only when needed: often everything lies in the first page.
    std::uint64_t size() const {
        if (size_ == unknown) {
            struct stat status;
            if (System::fstat(fd_, &status) != 0)
                throw error::system_call("look at", path_, errno);
            size_ = size_of(status);
        }
        return size_;
    }

    [[noreturn]] void refuse(const std::string& why) const { throw not_a_library(path_, why); }

    bool at_hand(std::uint64_t offset, std::uint64_t length) const {
        return offset <= page_.size() && length <= page_.size() - offset;
    }
    bool inside(std::uint64_t offset, std::uint64_t length) const {
        return at_hand(offset, length) || (offset <= size() && length <= size() - offset);
    }

    void read_headers() {
        std::size_t got = 0;
        while (got < sizeof first_) {
            const ssize_t more =
                System::pread(fd_, first_ + got, sizeof first_ - got, static_cast<off_t>(got));
            if (more < 0 && errno == EINTR)
                continue;
            if (more < 0) {
                const int reason = errno;
                size(); // where it is a folder or a pipe, says so
                throw error::system_call("read", path_, reason);
            }
            if (more == 0)
                break;
            got += static_cast<std::size_t>(more);
        }
        page_ = {first_, got};
        if (got < sizeof first_ && size() > got)
            refuse("it became shorter while it was being read");
        check_header();
        segments_ = table<segment>(header_.e_phoff, header_.e_phnum, header_.e_phentsize, "program headers");
        find_dynamic_section();
    }

    void read_into(char* into, std::size_t size, std::uint64_t offset) const {
        for (std::size_t done = 0; done < size;) {
            const ssize_t got =
                System::pread(fd_, into + done, size - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path_, errno);
            if (got == 0)
                refuse("it became shorter while it was being read");
            done += static_cast<std::size_t>(got);
        }
    }

    // Bytes of the file, as a view of the first page if they lie in it, else read into `room`.
    std::string_view part(std::uint64_t offset, std::uint64_t length, const char* part_name,
                          std::string& room) const {
        if (at_hand(offset, length))
            return page_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
        if (!inside(offset, length))
            refuse("its " + std::string(part_name) + " lie past its end: it is truncated");
        if (length > most_bytes)
            refuse("its " + std::string(part_name) + " are too large: " + std::to_string(length) + " bytes");
        room.resize(static_cast<std::size_t>(length));
        read_into(room.data(), room.size(), offset);
        return room;
    }

    template <class Entry>
    entries<Entry> table(std::uint64_t offset, std::uint64_t length, const char* part_name) const {
        std::string room;
        const std::string_view raw = part(offset, length, part_name, room);
        return raw.data() == room.data() ? entries<Entry>(std::move(room)) : entries<Entry>(raw);
    }

    template <class Entry>
    entries<Entry> table(std::uint64_t offset, std::uint64_t count, std::uint64_t entry_size,
                         const char* part_name) const {
        if (count != 0 && entry_size != sizeof(Entry))
            refuse("an entry of its " + std::string(part_name) + " has " + std::to_string(entry_size) +
                   " bytes, not " + std::to_string(sizeof(Entry)));
        return table<Entry>(offset, count * sizeof(Entry), part_name);
    }

    entries<section> sections() const {
        if (header_.e_shoff == 0)
            return {};
        return table<section>(header_.e_shoff, header_.e_shnum, header_.e_shentsize, "section headers");
    }

    void check_header() {
        if (page_.size() < SELFMAG || page_.compare(0, SELFMAG, ELFMAG) != 0)
            refuse(page_.empty() ? "it is empty" : "it does not begin as an ELF file does");
        if (page_.size() < sizeof header_)
            refuse("it ends within the ELF header: it is truncated");
        std::memcpy(&header_, page_.data(), sizeof header_);
        const int ours = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
        if (header_.e_ident[EI_CLASS] != ours)
            refuse("it is " + std::string(ours == ELFCLASS64 ? "not a 64-bit" : "not a 32-bit") +
                   " library, as this program is");
        if (header_.e_ident[EI_DATA] !=
            (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB))
            refuse("it is of the other byte order");
        if (header_.e_machine != machine())
            refuse("it is for another processor (ELF machine " + std::to_string(header_.e_machine) +
                   ", and this program is " + std::to_string(machine()) + ")");
        if (header_.e_type != ET_DYN)
            refuse(header_.e_type == ET_REL    ? "it is an object file, not linked yet: link it with -shared"
                   : header_.e_type == ET_EXEC ? "it is a program"
                                               : "its ELF type is " + std::to_string(header_.e_type));
        if (header_.e_phnum == PN_XNUM)
            refuse("it has " + std::to_string(PN_XNUM) + " program headers or more");
    }

    static constexpr unsigned machine() {
#if defined(__x86_64__)
        return EM_X86_64;
#elif defined(__aarch64__)
        return EM_AARCH64;
#elif defined(__i386__)
        return EM_386;
#elif defined(__arm__)
        return EM_ARM;
#elif defined(__riscv)
        return EM_RISCV;
#elif defined(__powerpc64__)
        return EM_PPC64;
#elif defined(__s390__)
        return EM_S390;
#elif defined(__loongarch__)
        return 258;
#else
#error "tenon: the ELF number of this processor is not known here; add it"
#endif
    }

    void find_dynamic_section() {
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_DYNAMIC)
                dynamic_ = program_header;
        if (dynamic_.p_type != PT_DYNAMIC)
            refuse("it has no dynamic section");
        if (dynamic_.p_filesz < sizeof(dynamic) ||
            !loaded(dynamic_.p_offset, dynamic_.p_filesz, dynamic_.p_vaddr))
            refuse("its dynamic section is not in the part of it that is loaded: is it a file of debug "
                   "information?");
    }

    // True if loading maps this whole part of the file at that address.
    bool loaded(std::uint64_t offset, std::uint64_t size, std::uint64_t address) const {
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_LOAD && offset >= program_header.p_offset &&
                offset - program_header.p_offset <= program_header.p_filesz &&
                size <= program_header.p_filesz - (offset - program_header.p_offset) &&
                address - program_header.p_vaddr == offset - program_header.p_offset)
                return true;
        return false;
    }

    // The offset in the file of the bytes that loading maps at an address.
    std::uint64_t offset_of(std::uint64_t address) const {
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_LOAD && address >= program_header.p_vaddr &&
                address - program_header.p_vaddr < program_header.p_filesz)
                return program_header.p_offset + (address - program_header.p_vaddr);
        refuse("a table that its dynamic section names is not in the part of it that is loaded");
    }

    // The number of symbols is stated nowhere for the loader, and follows from the hash table.
    std::uint64_t number_of_symbols(const loader_information& information) const {
        constexpr std::uint64_t word = sizeof(std::uint32_t);
        if (const std::uint64_t at = information.value(DT_GNU_HASH)) {
            const std::uint64_t begin = offset_of(at);
            const entries<std::uint32_t> head = table<std::uint32_t>(begin, 4 * word, "hash table");
            const std::uint64_t buckets = begin + 4 * word + head[2] * std::uint64_t{sizeof(ElfW(Addr))};
            std::uint64_t last = 0;
            for (const std::uint32_t bucket : table<std::uint32_t>(buckets, head[0] * word, "hash table"))
                last = bucket > last ? bucket : last;
            // Those that it lacks come before the first that is hashed; of a library that has none, some
            // linkers do not say where that would be.
            return last < head[1] ? head[1]
                                  : end_of_chain(buckets + (std::uint64_t{head[0]} - head[1]) * word, last);
        }
        const std::uint64_t at = information.value(DT_HASH);
        return at ? table<std::uint32_t>(offset_of(at), 2 * word, "hash table")[1] : 0;
    }

    // The last symbol of a chain has an odd hash, and the last chain ends with the last symbol.
    std::uint64_t end_of_chain(std::uint64_t hashes, std::uint64_t symbol_number) const {
        constexpr std::uint64_t at_once = 256;
        for (;; symbol_number += at_once) {
            const std::uint64_t from = hashes + symbol_number * sizeof(std::uint32_t),
                                left = from < size() ? size() - from : 0;
            const std::uint64_t count =
                left / sizeof(std::uint32_t) < at_once ? left / sizeof(std::uint32_t) : at_once;
            if (count == 0)
                refuse("its hash table has no end: it is truncated");
            if (symbol_number > most_bytes / sizeof(symbol))
                refuse("its dynamic symbols are too many: more than " +
                       std::to_string(most_bytes / sizeof(symbol)));
            std::uint64_t end = symbol_number;
            for (const std::uint32_t hash :
                 table<std::uint32_t>(from, count * sizeof(std::uint32_t), "hash table")) {
                ++end;
                if (hash & 1)
                    return end;
            }
        }
    }

    template <class Relocation>
    bool relocates(const loader_information& information, std::int64_t where, std::int64_t size,
                   const std::vector<bool>& symbols) const {
        const std::uint64_t at = information.value(where);
        if (!at)
            return false;
        constexpr int symbol_in_info = sizeof(void*) == 8 ? 32 : 8;
        for (const Relocation& relocation :
             table<Relocation>(offset_of(at), information.value(size), "relocations"))
            if (const std::uint64_t number = relocation.r_info >> symbol_in_info;
                number < symbols.size() && symbols[number])
                return true;
        return false;
    }

    void keep(std::vector<note_range>& ranges, std::uint64_t& read, std::string_view owner,
              std::uint64_t offset, std::uint64_t size, std::uint64_t address) const {
        std::string room;
        const std::string_view notes = part(offset, size, "notes", room);
        // Bounded, because many segments may refer to one place of the file.
        constexpr std::uint64_t most = 16 * 1024 * 1024;
        if (size > most - read)
            refuse("its notes are too large: more than " + std::to_string(most) + " bytes");
        read += size;
        if (notes.find(owner) == notes.npos)
            return;
        if (!loaded(offset, size, address))
            throw malformed_note(path_, "it is not in the part of the file that is loaded");
        ranges.push_back({address, std::string(notes)});
    }

    int fd_;
    const std::string& path_;
    mutable std::uint64_t size_ = unknown;
    char first_[4096];
    std::string_view page_; // of which so much is there
    header header_{};
    entries<segment> segments_;
    segment dynamic_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LIBRARY_LIBRARY_FILE_HPP
#define TENON_DETAIL_LIBRARY_LIBRARY_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>


#ifndef TENON_DETAIL_LIBRARY_FILE_TRUST_HPP
#define TENON_DETAIL_LIBRARY_FILE_TRUST_HPP

#include <cerrno>
#include <string>
#include <string_view>
#include <sys/stat.h>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error untrusted(const std::string& path, std::string_view why) {
    return {errc::untrusted,
            concatenated({"'", path, "' is not run, because somebody else could have written it: ", why}),
            path};
}

template <class List, class Value>
bool among(const List& list, Value value) {
    for (const auto& listed : list)
        if (listed == value)
            return true;
    return false;
}

// The reason not to trust one file or folder; empty if there is none.
template <class System>
std::string distrust(const std::string& path, const struct stat& status, const trust& rule) {
    if (status.st_uid != 0 && status.st_uid != System::geteuid() && !among(rule.users, status.st_uid))
        return "'" + path + "' belongs to user " + std::to_string(status.st_uid) +
               ", and this program runs as user " + std::to_string(System::geteuid()) + "; `chown " +
               std::to_string(System::geteuid()) + " '" + path + "'`, or name the user in options.trust";
    if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX))
        return "";
    if (status.st_mode & S_IWOTH)
        return "everybody may write to '" + path + "'; `chmod o-w '" + path + "'`, or widen options.trust";
    if (!(status.st_mode & S_IWGRP))
        return "";
    if (status.st_gid != status.st_uid && !among(rule.groups, status.st_gid))
        return "group " + std::to_string(status.st_gid) + " may write to '" + path + "'; `chmod g-w '" +
               path + "'`, or name the group in options.trust";
    // With an access list, the group bits of the mode are the most that anybody on the list may do (acl(5)).
    if (System::has_access_list(path.c_str()))
        return "an access list may let others write to '" + path + "'; `setfacl -b '" + path +
               "'`, or widen options.trust";
    return "";
}

/// True if the path is canonical, and its file and every folder above it are trusted at one look each. If
/// not, `require_trust` of the canonical path finds out why. `of` is the status of the file.
template <class System = posix>
bool plainly_trusted(const std::string& path, const struct stat& status, const trust& rule) {
    if (rule.everyone || !is_normal(path) || !distrust<System>(path, status, rule).empty())
        return false;
    std::string folder = path;
    for (std::size_t end = path.rfind('/');; end = path.rfind('/', end - 1)) {
        folder.resize(end == 0 ? 1 : end);
        struct stat above;
        // lstat: a symbolic link does not count as a folder.
        if (System::lstat(folder.c_str(), &above) != 0 || !S_ISDIR(above.st_mode) ||
            !distrust<System>(folder, above, rule).empty())
            return false;
        if (end == 0)
            return true;
    }
}

/// Throws unless a file and every folder above it are trusted. The path has to be canonical.
template <class System = posix>
void require_trust(const std::string& canonical, const struct stat& status, const trust& rule) {
    if (rule.everyone)
        return;
    std::string why = distrust<System>(canonical, status, rule);
    for (std::string_view folder = canonical; why.empty() && parent(folder) != folder;) {
        folder = parent(folder);
        struct stat above;
        const std::string path(folder);
        if (System::stat(path.c_str(), &above) != 0)
            throw error::system_call("look at", path, errno);
        why = distrust<System>(path, above, rule);
    }
    if (!why.empty())
        throw untrusted(canonical, why);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LIBRARY_RUNTIME_HPP
#define TENON_DETAIL_LIBRARY_RUNTIME_HPP

#include <cstddef>
#include <cxxabi.h>
#include <string>
#include <string_view>
#include <unwind.h>
#include <vector>



// libc++ has it, and its header leaves it out.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
} // namespace __cxxabiv1

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline constexpr std::string_view two_runtimes =
    "and with two an exception ends the program, and an error code of one equals none of the other";

inline error static_host(const std::string& path) {
    return {
        errc::load_failed,
        concatenated({"cannot load '", path,
                      "': this program is linked statically, and a library would bring a second C library "
                      "into it; link "
                      "the program without -static and -static-pie, or the plugin into the program"}),
        path};
}

inline error runtime_hidden(const std::string& path) {
    return {
        errc::toolchain,
        concatenated({"cannot load '", path,
                      "': its host has a C++ runtime linked into it (-static-libstdc++) that libraries do "
                      "not see, so that "
                      "the plugin would use another, ",
                      two_runtimes,
                      "; link the host with -rdynamic, or without "
                      "-static-libstdc++ and -static-libgcc"}),
        path};
}

inline error second_runtime(const std::string& path) {
    return {
        errc::toolchain,
        concatenated({"cannot load '", path,
                      "': it has a C++ runtime linked into it (-static-libstdc++) and would use that instead "
                      "of its host's, ",
                      two_runtimes, "; link it without -static-libstdc++ and -static-libgcc"}),
        path};
}

inline error second_unwinder(const std::string& path) {
    return {errc::toolchain,
            concatenated(
                {"cannot load '", path,
                 "': it or its host has the unwinder of exceptions linked into it (-static-libgcc), and an "
                 "exception cannot pass from one unwinder to another; link both without -static-libgcc"}),
            path};
}

/// How a library comes by a C++ runtime: exceptions, type information and the functions of the standard
/// library.
enum class runtime_use {
    none,     ///< it needs none, or no more of one than memory
    borrowed, ///< from the program and the libraries that it is loaded beside
    yielding, ///< it has one linked into it, which the system's loader replaces by one that it meets first
    own,      ///< it has one linked into it, and always uses that
};

/// What a library file asks of the system's loader, as far as this decides whether its plugins can work.
struct linkage {
    runtime_use runtime = runtime_use::none;
    bool own_unwinder = false; ///< what finds the handlers of exceptions is linked into it (`-static-libgcc`)
    bool exports_plugins = false; ///< it shows `tenon_exports_v1`
    bool uses_own_folder = false; ///< it looks for libraries relative to `$ORIGIN`
    /// why its code may be called once it is closed, where it hands on what it never takes back
    const char* stays = nullptr;
};

/// What hands a function to the C library that `taken_back_by` alone takes back, if anything does. The C
/// library itself lets go of what a library that is unmapped has given to atexit, at_quick_exit and
/// pthread_atfork.
struct registering {
    const char *name, *taken_back_by, *why;
};
inline constexpr registering all_registering[] = {
    {"pthread_key_create", "pthread_key_delete",
     "it calls pthread_key_create and never pthread_key_delete, so that its code may be called when a thread "
     "ends"},
    {"tss_create", "tss_delete",
     "it calls tss_create and never tss_delete, so that its code may be called when a thread ends"},
    {"on_exit", "", "it calls on_exit, so that its code may be called when the program ends"},
};

/// Finds out whether a library takes back what it hands on, by the names that it lacks.
class functions_handed_on {
public:
    void lacks(std::string_view name) noexcept {
        for (std::size_t i = 0; i < std::size(all_registering); ++i) {
            hands_on_[i] = hands_on_[i] || name == all_registering[i].name;
            takes_back_[i] = takes_back_[i] || (!name.empty() && name == all_registering[i].taken_back_by);
        }
    }
    const char* stays() const noexcept {
        for (std::size_t i = 0; i < std::size(all_registering); ++i)
            if (hands_on_[i] && !takes_back_[i])
                return all_registering[i].why;
        return nullptr;
    }

private:
    bool hands_on_[std::size(all_registering)] = {}, takes_back_[std::size(all_registering)] = {};
};

/// Whether a name is one that a C++ runtime alone defines. Plugins define others of namespace std: what they
/// instantiate.
inline bool is_of_runtime_alone(std::string_view name) {
    constexpr std::string_view names[] = {"__cxa_throw",
                                          "__cxa_rethrow",
                                          "__cxa_begin_catch",
                                          "__cxa_get_globals",
                                          "__cxa_allocate_exception",
                                          "__gxx_personality_v0"};
    for (const std::string_view known : names)
        if (name == known)
            return true;
    return false;
}

/// Whether a symbol that a library lacks has to come from the C++ runtime of the program. `new` and
/// `delete` are `malloc` and `free` in each, and what guards static objects in functions serves the library
/// alone.
inline bool asks_for_runtime(std::string_view name) {
    constexpr std::string_view beginnings[] = {
        "_ZSt", "_ZNSt", "_ZNKSt", "_ZTISt", "_ZTVSt", "_ZTVN10__cxxabiv1", "__cxa_bad_"};
    for (const std::string_view beginning : beginnings)
        if (name.starts_with(beginning))
            return true;
    return is_of_runtime_alone(name);
}

/// Reads how a library is linked.
///
/// A runtime that was linked into a library leaves one of three traces. Its functions are among the library's
/// symbols, and are looked up there, so that the program's come first; or they are among them and bound
/// (`-Bsymbolic`), which leaves no relocation; or they are hidden (`--exclude-libs`, version scripts), and
/// then the library lacks nothing of a runtime, handles exceptions all the same, and asks for what only the
/// finding of handlers needs.
template <class System>
linkage linkage_of(const elf_reader<System>& library) {
    linkage links;
    typename elf_reader<System>::loader_information information;
    library.read(information);
    links.uses_own_folder = information.uses_own_folder();
    bool lacks = false, throws = false, finds_handlers = false;
    std::vector<bool> has; // by the number of the symbol
    functions_handed_on handed_on;
    library.for_each_symbol(information, [&](std::size_t number, std::string_view name, const auto& symbol) {
        const bool defined = symbol.st_shndx != SHN_UNDEF;
        if (defined && name == "tenon_exports_v1")
            links.exports_plugins = true;
        if (defined && is_of_runtime_alone(name)) {
            has.resize(number + 1);
            has[number] = true;
        } else if (!defined) {
            handed_on.lacks(name);
            lacks = lacks || asks_for_runtime(name);
            throws = throws || name == "_Unwind_RaiseException";
            links.own_unwinder = links.own_unwinder || name == "_dl_find_object" || name == "dl_iterate_phdr";
            finds_handlers = finds_handlers || name.starts_with("_Unwind_");
        }
    });
    links.stays = handed_on.stays();
    links.own_unwinder = links.own_unwinder && !finds_handlers;
    if (!has.empty())
        links.runtime = library.looks_up(information, has) && !information.symbolic() ? runtime_use::yielding
                                                                                      : runtime_use::own;
    else if (lacks)
        links.runtime = runtime_use::borrowed;
    else if ((throws || links.own_unwinder) && library.may_have_section(".gcc_except_table"))
        links.runtime = runtime_use::own;
    return links;
}

/// Where a function that this code uses is, for the libraries that it loads.
enum class place {
    first,     ///< they meet it before any other of its name
    elsewhere, ///< in a library that they use too, but after what is linked into them
    hidden,    ///< in this very program or library, which does not show it to others
};

/// Hidden, as each library that is a host has its own answer.
template <class System>
__attribute__((visibility("hidden"))) place place_of(const char* name, const void* function) {
    if (System::first_symbol(name) == function)
        return place::first;
    const bool here = System::in_one_image(function, reinterpret_cast<const void*>(&place_of<System>));
    return here ? place::hidden : place::elsewhere;
}

template <class System>
__attribute__((visibility("hidden"))) place place_of_runtime() {
    return place_of<System>("__cxa_get_globals",
                            reinterpret_cast<const void*>(&__cxxabiv1::__cxa_get_globals));
}

/// Whether exceptions find their handlers by one unwinder in a plugin and in this code, or by two that are as
/// good: those of GCC understand each other, and libc++ is used with LLVM's too.
template <class System>
__attribute__((visibility("hidden"))) bool one_unwinder([[maybe_unused]] const linkage& plugin) {
#ifdef _LIBCPP_VERSION
    return !plugin.own_unwinder &&
           place_of<System>("_Unwind_Resume", reinterpret_cast<const void*>(&_Unwind_Resume)) !=
               place::hidden;
#else
    return true;
#endif
}

/// Throws unless a plugin that is linked so, and this code, have one C++ runtime, or the plugin needs none.
/// With two, an exception that one throws ends the program in the other or is not counted there, and an error
/// code of one equals none of the other.
template <class System>
void require_one_runtime(const std::string& path, const linkage& plugin) {
    if (!System::has_loader())
        throw static_host(path);
    if (plugin.runtime == runtime_use::none)
        return;
    const place ours = place_of_runtime<System>();
    if (ours == place::hidden && plugin.runtime != runtime_use::own)
        throw runtime_hidden(path);
    if (plugin.runtime == runtime_use::own ||
        (plugin.runtime == runtime_use::yielding && ours != place::first))
        throw second_runtime(path);
    if (!one_unwinder<System>(plugin))
        throw second_unwinder(path);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_SHA256_HPP
#define TENON_DETAIL_SYSTEM_SHA256_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// SHA-256 (FIPS 180-4) of a text that is added in parts.
///
///     sha256("abc").hex();   // ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
class sha256 {
public:
    constexpr sha256() = default;
    constexpr explicit sha256(std::string_view text) { add(text); }

    constexpr sha256& add(std::string_view text) {
        size_ += text.size();
        while (!text.empty()) {
            // Whole blocks of a long text are read in place.
            if (filled_ == 0 && text.size() >= sizeof block_) {
                mix(text.data());
                text.remove_prefix(sizeof block_);
                continue;
            }
            block_[filled_++] = text[0];
            text.remove_prefix(1);
            if (filled_ == sizeof block_) {
                mix(block_);
                filled_ = 0;
            }
        }
        return *this;
    }

    /// Adds a text with its length, so that no two lists of fields hash the same bytes.
    constexpr sha256& field(std::string_view text) {
        char size[8] = {};
        store(size, text.size());
        return add({size, sizeof size}).add(text);
    }

    /// Adds a list of texts with its length.
    template <class List>
    constexpr sha256& fields(const List& texts) {
        char size[8] = {};
        store(size, texts.size());
        add({size, sizeof size});
        for (const auto& text : texts)
            field(text);
        return *this;
    }

    /// The digest of all that was added, as 64 hexadecimal digits.
    std::string hex() const {
        sha256 whole = *this;
        whole.finish();
        std::string text;
        for (const std::uint32_t word : whole.state_)
            for (int shift = 28; shift >= 0; shift -= 4)
                text += "0123456789abcdef"[word >> shift & 15];
        return text;
    }

private:
    constexpr void finish() {
        char size[8] = {};
        store(size, size_ * 8);
        add({"\x80", 1});
        while (filled_ != sizeof block_ - sizeof size)
            add({"\0", 1});
        add({size, sizeof size});
    }

    static constexpr void store(char (&into)[8], std::uint64_t value) {
        for (int i = 0; i < 8; ++i)
            into[i] = static_cast<char>(value >> (56 - 8 * i) & 255);
    }

    static constexpr std::uint32_t rotate(std::uint32_t word, int by) {
        return word >> by | word << (32 - by);
    }

    constexpr void mix(const char* block) {
        std::uint32_t w[64] = {};
        for (std::size_t i = 0; i < 64; ++i)
            w[i / 4] = w[i / 4] << 8 | static_cast<unsigned char>(block[i]);
        for (std::size_t i = 16; i < 64; ++i) {
            const std::uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
            const std::uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        std::uint32_t a = state_[0], b = state_[1], c = state_[2], d = state_[3];
        std::uint32_t e = state_[4], f = state_[5], g = state_[6], h = state_[7];
        for (std::size_t i = 0; i < 64; ++i) {
            const std::uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
            const std::uint32_t first = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
            const std::uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
            const std::uint32_t second = s0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
        }
        state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
        state_[4] += e, state_[5] += f, state_[6] += g, state_[7] += h;
    }

    static constexpr std::uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

    std::uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::uint64_t size_ = 0;
    char block_[64] = {};
    std::size_t filled_ = 0;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error other_digest(const std::string& path, std::string_view digest, std::string_view allows) {
    return {errc::forbidden,
            concatenated({"'", path, "' is refused, because its SHA-256 is ", digest,
                          ", and options.policy.sha256, or sha256 of "
                          "library_options, allows ",
                          allows}),
            path};
}

inline error file_changed(const std::string& path) {
    return {errc::changed,
            concatenated(
                {"'", path, "' changed while it was being loaded; put new versions in place by renaming"}),
            path};
}

/// The contents of a library file that are read before loading.
struct library_contents {
    tenon::manifest manifest;
    detail::linkage linkage;
};

/// A cache of the last library files that were read, so that an unchanged file is not read again. Entries are
/// taken out while they are used, and put back.
///
/// A file is identified by its path and state. It is not kept if its state was not settled when it was read.
/// A write through a mapping may leave the state unchanged; so the notes in memory are compared after
/// loading, as always.
class known_contents {
public:
    std::optional<library_contents> take(const std::string& path, const file_identity& identity) {
        const mutex_lock locked(mutex_);
        for (entry& known : entries_)
            if (known.read && known.path == path && known.identity == identity)
                return std::exchange(known.read, std::nullopt);
        return std::nullopt;
    }

    void put(std::string path, const file_identity& identity, library_contents&& read) noexcept {
        const mutex_lock locked(mutex_);
        entry& oldest = entries_[next_++ % (sizeof entries_ / sizeof entries_[0])];
        oldest.path.swap(path);
        oldest.identity = identity;
        oldest.read.emplace(std::move(read));
    }

private:
    struct entry {
        std::string path{};
        file_identity identity{};
        std::optional<library_contents> read{};
    };
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    entry entries_[16];
    std::size_t next_ = 0;
};

/// A checked library file that is not loaded: readable, trusted, an ELF library for this machine, with a
/// manifest.
template <class System = posix>
class basic_library_file {
public:
    basic_library_file(std::string path, const trust& rule) : path_(std::move(path)) {
        if (System::lstat(path_.c_str(), &status_) == 0 && (contents_ = known().take(path_, identity())) &&
            plainly_trusted<System>(path_, status_, rule)) {
            settled_ = keep_ = true;
            return;
        }
        const std::int64_t look = nanoseconds(System::now());
        const bool link = open();
        status_ = file_.status(path_);
        const elf_reader<System> reader(file_.descriptor(), status_, path_);
        contents_.emplace(library_contents{manifest::of_loadable(reader, path_), {}});
        if (!manifest().plugins().empty())
            contents_->linkage = linkage_of(reader);
        settled_ = settled(identity(), look);
        if (!link && plainly_trusted<System>(path_, status_, rule)) {
            keep_ = settled_;
        } else {
            canonical_ = canonical();
            require_trust<System>(canonical_, status_, rule);
            if (link && linkage().uses_own_folder)
                load_by_link(rule);
        }
    }
    basic_library_file(const basic_library_file&) = delete;
    basic_library_file& operator=(const basic_library_file&) = delete;
    ~basic_library_file() {
        if (keep_)
            known().put(std::move(path_), identity(), std::move(*contents_));
    }

    const std::string& path() const noexcept { return path_; }
    /// The absolute path with all symbolic links resolved.
    const std::string& canonical_path() const noexcept { return canonical_.empty() ? path_ : canonical_; }
    /// The path for the system's loader: the canonical one, unless the path names a link and the library
    /// searches others by $ORIGIN. Then the loader searches beside the link, as it would for a plain dlopen.
    const std::string& loading_path() const noexcept { return link_.empty() ? canonical_path() : link_; }
    bool is_loaded_by_link() const noexcept { return !link_.empty(); }
    file_identity identity() const noexcept { return file_identity(status_); }
    const tenon::manifest& manifest() const noexcept { return contents_->manifest; }
    const detail::linkage& linkage() const noexcept { return contents_->linkage; }

    /// True if the path names the same file in the same state. If that state was settled, the path has named
    /// no other file in the meantime.
    bool unchanged() const {
        struct stat now;
        return System::stat(loading_path().c_str(), &now) == 0 && file_identity(now) == identity();
    }
    bool was_settled() const noexcept { return settled_; }

    /// True if nobody has written to the file, whatever the path names now.
    bool unwritten() const { return file_identity(file().status(path_)).same_content(identity()); }

    /// The descriptor of the file. Throws if the file is only opened now and is another one.
    int descriptor() const { return file().descriptor(); }

    /// A sealed copy of the file in memory.
    basic_file<System> sealed_copy() const {
        const int fd = System::memory_file("tenon");
        if (fd < 0)
            throw error::system_call("make a copy in memory of", path_, errno);
        basic_file<System> copy(fd);
        parts(file(), [&](std::string_view part) { copy.write(path_, part); });
        if (System::seal(fd) != 0)
            throw error::system_call("seal a copy in memory of", path_, errno);
        return copy;
    }

    /// Throws unless the content of the file, or of its copy, has one of these digests.
    void require_digest(const allow_list<std::string>& digests) const {
        if (!digests.anything())
            require_digest(digests, file());
    }
    void require_digest(const allow_list<std::string>& digests, const basic_file<System>& bytes) const {
        if (digests.anything())
            return;
        sha256 whole;
        parts(bytes, [&](std::string_view part) { whole.add(part); });
        const std::string digest = whole.hex();
        for (const std::string& allowed : digests.list())
            if (in_small_letters(allowed) == digest)
                return;
        throw other_digest(path_, digest, in_words(digests));
    }

private:
    static known_contents& known() {
        static known_contents& all = *new known_contents;
        return all;
    }

    // Opens the file. True if the path names a symbolic link, which is rare; other links on the way are found
    // for free when the folders are checked.
    bool open() const {
        constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
        file_ = basic_file<System>(System::open(path_.c_str(), flags | O_NOFOLLOW));
        const bool link = file_.descriptor() < 0;
        if (link)
            file_ = basic_file<System>(path_, flags);
        return link;
    }

    // Checks the link's folder too: a user who can change the link, or files beside it, can have other code
    // loaded.
    void load_by_link(const trust& rule) {
        char* const folder = System::realpath(std::string(parent(path_)).c_str());
        if (!folder)
            throw error::system_call("resolve", path_, errno);
        link_ = join(folder, basename(path_));
        std::free(folder);
        struct stat status;
        if (System::lstat(link_.c_str(), &status) != 0)
            throw error::system_call("look at", link_, errno);
        status.st_mode &= ~static_cast<mode_t>(S_IWGRP | S_IWOTH); // a link's mode says nothing
        require_trust<System>(link_, status, rule);
    }

    // The file, opened on demand if the manifest came from the cache.
    const basic_file<System>& file() const {
        if (file_.descriptor() < 0) {
            open();
            if (file_identity(file_.status(path_)) != identity())
                throw file_changed(path_);
        }
        return file_;
    }

    /// Calls `take(part)` for each part of the file.
    template <class Take>
    void parts(const basic_file<System>& from, Take&& take) const {
        std::string part(64 * 1024, '\0');
        for (off_t at = 0; at < status_.st_size;) {
            const ssize_t got = System::pread(from.descriptor(), part.data(), part.size(), at);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path_, errno);
            if (got == 0)
                throw file_changed(path_);
            take(std::string_view(part.data(), static_cast<std::size_t>(got)));
            at += got;
        }
    }

    std::string canonical() const {
        // One system call in place of one for each folder. It also names the file that was opened, whatever
        // the path names now.
        const std::string link = descriptor_path(file_.descriptor());
        std::string name(4096, '\0');
        const ssize_t size = System::readlink(link.c_str(), name.data(), name.size());
        if (size > 0 && static_cast<std::size_t>(size) < name.size() && name[0] == '/') {
            name.resize(static_cast<std::size_t>(size));
            // Linux appends this for a file that was replaced after it was opened. A file may also really
            // have such a name.
            if (constexpr std::string_view mark = " (deleted)";
                name.size() > mark.size() && name.compare(name.size() - mark.size(), mark.size(), mark) == 0)
                if (struct stat now; System::stat(name.c_str(), &now) != 0)
                    throw file_changed(path_);
            return name;
        }
        char* resolved = System::realpath(path_.c_str());
        if (!resolved)
            throw error::system_call("resolve", path_, errno);
        name = resolved;
        std::free(resolved);
        return name;
    }

    std::string path_;
    mutable basic_file<System> file_;
    struct stat status_;
    std::optional<library_contents> contents_;
    std::string canonical_; // where it is another than the path
    std::string link_;      // where the library is loaded by that
    bool settled_ = false, keep_ = false;
};
using library_file = basic_library_file<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LIBRARY_LOAD_NAMES_HPP
#define TENON_DETAIL_LIBRARY_LOAD_NAMES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error changed_in_place(const std::string& path) {
    return {
        errc::changed,
        concatenated({"'", path,
                      "' was written to while it is loaded, so that neither the old version nor the new one "
                      "can be trusted; "
                      "put new versions in place by renaming"}),
        path};
}

/// A library as the system's loader knows it, to find out later whether it is still loaded.
struct loaded_image {
    std::string name{}; // a link's may be another's; empty before it is loaded
    ElfW(Addr) base = 0;

    friend bool operator==(const loaded_image&, const loaded_image&) = default;

    bool mapped() const { return !name.empty() && posix::is_loaded(name.c_str(), base); }
};

struct still_there {
    bool mapped;
    unsigned users;
};

/// A number that is unique in the process while this object exists, also among other copies of this code.
template <class System = posix>
class number_in_process {
public:
    // Thread-specific keys are numbered for the whole process, and there are a thousand or more.
    number_in_process() noexcept : has_key_(System::create_key(key_)) {}
    number_in_process(const number_in_process&) = delete;
    number_in_process& operator=(const number_in_process&) = delete;
    ~number_in_process() {
        if (has_key_)
            System::delete_key(key_);
    }

    /// A small number, or the address of an object of this copy if no key is left.
    std::uint64_t value() const noexcept {
        return has_key_ ? std::uint64_t{key_} : reinterpret_cast<std::uintptr_t>(this);
    }

private:
    pthread_key_t key_ = 0;
    bool has_key_;
};

/// The loaded libraries, and the names by which they were loaded.
///
/// glibc takes a path that it has loaded before for the same library, whatever file is there by now
/// (elf/dl-load.c, _dl_map_object), and a relative one too after the folder has changed. So a file is loaded
/// by a name of its own, a spelling of its canonical path with `/.` and `/` before the last component. These
/// spell two numbers: one that no other copy of this code in the process has, since another host library or a
/// plugin may load plugins too, and one that counts names. While a library is in use its handle is shared, so
/// that its name is opened once, and never again after the library is gone: a name at an address means one
/// library and no later one.
class load_names {
public:
    /// One object for each copy of this code. Never destroyed, because a static object's destructor may close
    /// a handle.
    static load_names& here() {
        static const number_in_process<> number;
        static load_names& all = *new load_names(number.value());
        return all;
    }

    /// As Elias' gamma code has the numbers, so that no two pairs give one spelling: as many `/` as a number
    /// has binary digits after its first, and then the digits, `/.` for each 1 and `/` for each 0.
    static std::string name(std::string_view path, std::uint64_t registry, std::uint64_t number) {
        const std::size_t slash = path.rfind('/');
        std::string text;
        text.reserve(path.size() + 64);
        text.append(path.substr(0, slash));
        for (const std::uint64_t value : {registry + 1, number}) {
            const auto digits = static_cast<std::size_t>(std::bit_width(value));
            text.append(digits - 1, '/');
            for (std::size_t digit = digits; digit-- > 0;) {
                text += '/';
                if (value >> digit & 1)
                    text += '.';
            }
        }
        return text.append(path.substr(slash));
    }

    /// An unused name for a path.
    std::string unused(std::string_view path) {
        const mutex_lock locked(mutex_);
        return next(path);
    }

    /// The name for loading a file, or the handle of the loaded library.
    struct chosen {
        std::uint64_t number;
        std::string name{};     ///< to load it by
        bool known = false;     ///< something was loaded by that name before
        void* handle = nullptr; ///< the library's, where it is in use; it needs no name then
        loaded_image image{};
    };
    /// Adds a user to the loaded library of a file. If there is none, returns a name to load it by; call
    /// found() or failed() afterwards. `open` opens the file, and throws if it is another by now. Throws if a
    /// loaded file was written to in place.
    template <class Open>
    chosen acquire(const std::string& path, const file_identity& identity, const Open& open) {
        const mutex_lock locked(mutex_);
        drop_unused(path);
        for (entry& known : all_of(path)) {
            if (known.busy || !known.identity.same_file(identity))
                continue;
            if (known.identity.same_content(identity)) {
                if (known.users == 0)
                    return known.busy = true, chosen{known.number, name(path, registry_, known.number), true};
                ++known.users;
                return {known.number, "", true, known.handle, known.image};
            }
            // While a library is mapped, or its file is open, the inode cannot belong to another file.
            if (known.users > 0 || known.image.name == name(path, registry_, known.number)) {
                open();
                throw changed_in_place(path);
            }
        }
        std::string free_name = next(path);
        all_.insert(lower_bound(path), entry{path, last_, identity});
        return {last_, std::move(free_name)};
    }

    /// Notes that the library loaded by this name was proven to be its file.
    void found(const std::string& path, std::uint64_t number, void* handle, const loaded_image& image) {
        const mutex_lock locked(mutex_);
        entry& loaded = find(path, number);
        loaded.image = image;
        loaded.handle = handle;
        loaded.users = 1;
        loaded.busy = false;
    }

    /// Notes that no library, or another file, was loaded by this name.
    void failed(std::string_view path, std::uint64_t number) {
        const mutex_lock locked(mutex_);
        entry& none = find(path, number);
        none.busy = false;
        none.image = {};
        drop_unused(path);
    }

    /// Removes one user from a library. Returns nothing for the last user, who has to close the handle and
    /// call closed(). With `close` false the library stays for good.
    std::optional<still_there> leave(std::string_view path, std::uint64_t number, bool close) {
        const mutex_lock locked(mutex_);
        entry& left = find(path, number);
        left.stays |= !close;
        --left.users;
        if (left.users > 0 || left.stays)
            return still_there{true, left.users};
        left.busy = true;
        return std::nullopt;
    }

    /// Returns whether a library is still loaded after its handle was closed, which dlclose does not tell.
    /// Threads that are about to load or close a file of this path count as users, since theirs may be the
    /// same library.
    still_there closed(std::string_view path, std::uint64_t number) {
        const mutex_lock locked(mutex_);
        entry& gone = find(path, number);
        gone.busy = false;
        still_there left{gone.image.mapped(), 0};
        for (const entry& known : all_of(path))
            left.users += known.busy ? 1 : known.image == gone.image ? known.users : 0;
        if (!left.mapped)
            gone.image = {};
        drop_unused(path);
        return left;
    }

private:
    struct entry {
        std::string path;
        std::uint64_t number;
        file_identity identity;
        void* handle = nullptr;
        loaded_image image{};
        unsigned users = 0;
        bool busy = true; // it is being loaded, or closed by its last user
        bool stays = false;
    };

    explicit load_names(std::uint64_t registry) : registry_(registry) {}

    // Skips names that the loader knows already, from a former copy of this code that left a library behind.
    std::string next(std::string_view path) {
        for (;;)
            if (std::string found = name(path, registry_, ++last_); !posix::is_known(found.c_str()))
                return found;
    }

    std::vector<entry>::iterator lower_bound(std::string_view path) {
        auto low = all_.begin(), high = all_.end();
        while (low != high)
            if (const auto middle = low + (high - low) / 2; middle->path < path)
                low = middle + 1;
            else
                high = middle;
        return low;
    }
    struct entries {
        std::vector<entry>::iterator first, last;

        std::vector<entry>::iterator begin() const { return first; }
        std::vector<entry>::iterator end() const { return last; }
    };
    entries all_of(std::string_view path) {
        const auto first = lower_bound(path);
        auto last = first;
        while (last != all_.end() && last->path == path)
            ++last;
        return {first, last};
    }
    entry& find(std::string_view path, std::uint64_t number) {
        auto found = lower_bound(path);
        while (found->number != number)
            ++found;
        return *found;
    }
    void drop_unused(std::string_view path) {
        for (auto found = lower_bound(path); found != all_.end() && found->path == path;)
            if (found->users == 0 && !found->busy && !found->image.mapped())
                found = all_.erase(found);
            else
                ++found;
    }

    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    const std::uint64_t registry_;
    std::uint64_t last_ = 0;
    std::vector<entry> all_; // sorted by path
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// `from_copy`: the library looks for others beside itself, but its copy in memory was loaded.
inline error load_failed(const std::string& path, std::string_view said, bool from_copy = false) {
    const auto says = [said](std::string_view part) { return said.find(part) != said.npos; };
    return {
        errc::load_failed,
        concatenated({"cannot load '", path, "': ", said,
                      from_copy && says("cannot open shared object file")
                          ? "; it looks for that beside itself ($ORIGIN), and nothing is beside the copy in "
                            "memory that was "
                            "loaded: set options.private_copy to false, or options.reload.copy_libraries "
                            "where it is watched"
                      : says("failed to map segment") ? "; its file system may be mounted noexec"
                      : says("static TLS block")
                          ? "; it was compiled with -ftls-model=initial-exec, or links what was"
                      : says("undefined symbol") ? "; if it is its host that has this, link that with "
                                                   "-rdynamic and show the symbol, which "
                                                   "-fvisibility=hidden hides; else link it with -Wl,-z,defs "
                                                   "to find this when it is built"
                                                 : ""}),
        path};
}

inline error exports_hidden(const std::string& path, std::string_view plugin) {
    return {
        errc::not_a_plugin,
        concatenated({"cannot load '", path, "': it has the plugin '", plugin,
                      "', and the symbol `tenon_exports_v1`, by which plugins are found, was hidden when it "
                      "was linked; add "
                      "`global: tenon_exports_v1;` to its version script, or leave out what else hides "
                      "symbols: --exclude-libs, "
                      "or objcopy --localize-symbol and --keep-global-symbol of an object"}),
        path};
}

inline error note_changed(const std::string& path) {
    return {errc::changed,
            concatenated(
                {"'", path,
                 "' changed while it was being loaded: its manifest in memory is not the one in the file"}),
            path};
}

/// One use of a loaded library.
struct loaded_library {
    void* handle = nullptr;
    std::string path{};       // canonical
    std::uint64_t number = 0; // of its name
    loaded_image image{};
    load_names* names = nullptr; // that know it

    /// Ends the use. With `close` false the code stays in memory for good.
    template <class System>
    still_there let_go(bool close = true) const {
        if (const auto shared = names->leave(path, number, close))
            return *shared;
        System::dlclose(handle);
        return names->closed(path, number);
    }
};

/// True if this thread has an exception in flight or in a handler. Its type and its code may be a plugin's.
inline bool exception_alive() noexcept {
    return std::uncaught_exceptions() > 0 || std::current_exception() != nullptr;
}

/// The libraries whose closing waits until a thread has left its exception handlers.
template <class System = posix>
class deferred_libraries {
public:
    static deferred_libraries& here() {
        static deferred_libraries& all = *new deferred_libraries;
        return all;
    }

    void add(loaded_library library) {
        const mutex_lock locked(mutex_);
        waiting_.push_back({std::move(library), System::thread()});
    }

    /// Closes the libraries of this thread, if it has no exception alive, and of threads that have ended.
    void retry() {
        std::vector<loaded_library> ready;
        {
            const mutex_lock locked(mutex_);
            if (waiting_.empty())
                return;
            const auto thread = System::thread();
            const bool free = !exception_alive();
            for (std::size_t i = 0; i < waiting_.size();)
                if (waiting_[i].thread == thread ? free : System::thread_ended(waiting_[i].thread)) {
                    ready.push_back(std::move(waiting_[i].library));
                    waiting_[i] = std::move(waiting_.back());
                    waiting_.pop_back();
                } else {
                    ++i;
                }
        }
        for (const loaded_library& unused : ready) {
            [[maybe_unused]] const still_there left = unused.template let_go<System>();
            trace("closed '", unused.path,
                  left.mapped ? "', which was deferred and stays" : "', which was deferred");
        }
    }

private:
    struct entry {
        loaded_library library;
        pid_t thread;
    };
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    std::vector<entry> waiting_;
};

/// An owning handle of a loaded library.
template <class System = posix>
class basic_library {
public:
    /// Loads a checked file, which runs the library's initialisers. No lock is held meanwhile, because these
    /// may load libraries too.
    basic_library(const basic_library_file<System>& from, const library_options& options)
        : path_(from.path()), identity_(from.identity()),
          stays_(options.unload == unload_policy::never ? "options.unload says never"
                                                        : from.linkage().stays) {
        deferred_libraries<System>::here().retry();
        require_usable(from);
        if (options.private_copy) {
            copy_ = from.sealed_copy();
            from.require_digest(options.sha256, copy_);
            load(from, descriptor_path(copy_.descriptor()), file_identity(copy_.status(path_)));
        } else {
            from.require_digest(options.sha256);
            load(from, from.loading_path(), identity_);
        }
    }
    basic_library(const basic_library&) = delete;
    basic_library& operator=(const basic_library&) = delete;
    ~basic_library() {
        if (loaded_.handle)
            close();
    }

    const std::string& path() const noexcept { return path_; }

    /// The image in memory, which tells later whether the library is still mapped.
    const loaded_image& image() const noexcept { return loaded_.image; }

    /// The address of a symbol, or null if there is none.
    void* symbol(const char* name) const noexcept { return System::dlsym(loaded_.handle, name); }

    /// Closes the library and returns whether its code was unmapped. To be called once.
    unloaded close() {
        const loaded_library library = std::exchange(loaded_, {});
        if (stays_) {
            library.template let_go<System>(false);
            return verdict(unloaded::state::pinned, stays_);
        }
        if (exception_alive()) {
            deferred_libraries<System>::here().add(library);
            return verdict(unloaded::state::deferred, "an exception, whose code may be in it, is in flight "
                                                      "or being handled on this thread; it goes with the "
                                                      "next load or close after that");
        }
        deferred_libraries<System>::here().retry();
        const still_there left = library.template let_go<System>();
        if (!left.mapped)
            return verdict(unloaded::state::unmapped, "");
        if (left.users > 0)
            return verdict(unloaded::state::shared, "it has " + std::to_string(left.users) + " more open " +
                                                        (left.users == 1 ? "handle" : "handles"));
        return verdict(unloaded::state::pinned, cause(library.path));
    }

private:
    // Throws if the plugins could not work after loading, before any code of the library runs.
    static void require_usable(const basic_library_file<System>& file) {
        if (file.manifest().plugins().empty())
            return;
        if (!file.linkage().exports_plugins)
            throw exports_hidden(file.path(), file.manifest().plugins().front().name);
        require_one_runtime<System>(file.path(), file.linkage());
    }

    void load(const basic_library_file<System>& from, const std::string& path,
              const file_identity& identity) {
        load_names& names = load_names::here();
        auto way = names.acquire(path, identity, [&] { static_cast<void>(from.descriptor()); });
        loaded_ = {way.handle, path, way.number, std::move(way.image), &names};
        if (loaded_.handle) {
            try {
                require_checked(from, from.unchanged() || from.unwritten());
            } catch (...) {
                loaded_.template let_go<System>();
                throw;
            }
            return;
        }
        try {
            open(way.name, from.linkage().uses_own_folder);
            require_checked(from, is_of(from, way));
            names.found(path, way.number, loaded_.handle, loaded_.image);
        } catch (...) {
            if (loaded_.handle)
                System::dlclose(loaded_.handle);
            names.failed(path, way.number);
            throw;
        }
    }

    void open(const std::string& name, bool uses_own_folder) {
        trace("loading '", path_, "' as '", name, "'");
        loaded_.handle = System::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!loaded_.handle) {
            const char* said = System::dlerror();
            std::string reason = said ? said : "no reason given";
            for (std::size_t at = 0; (at = reason.find(name, at)) != reason.npos; at += path_.size())
                reason.replace(at, name.size(), path_);
            throw load_failed(path_, reason, uses_own_folder && copy_.descriptor() >= 0);
        }
        loaded_.image = image_of(loaded_.handle);
    }

    // The thread sanitizer does not see the loader's own lock, which orders this.
    __attribute__((no_sanitize("thread"))) static loaded_image image_of(void* handle) {
        loaded_image image;
        if (const char* name = nullptr; System::find(handle, name, image.base))
            for (; *name; ++name)
                image.name += *name;
        return image;
    }

    // Throws unless the loaded library is the file that was checked.
    void require_checked(const basic_library_file<System>& from, bool same_file) const {
        if (!same_file)
            throw file_changed(path_);
        for (const note_range& note : from.manifest().ranges())
            if (std::memcmp(in_memory(note), note.bytes.data(), note.bytes.size()) != 0)
                throw note_changed(path_);
    }

    // True if the loaded library is the file that was checked. For a new name the loader opens the path, so
    // in most cases it suffices that the path has named the same file all the time.
    bool is_of(const basic_library_file<System>& from, const load_names::chosen& way) const {
        const bool opened = !way.known && loaded_.image.name == way.name;
        if (copy_.descriptor() >= 0)
            return opened;
        if (opened && !from.is_loaded_by_link() && from.was_settled() && from.unchanged())
            return true;
        const int descriptor = from.descriptor();
        return (has_loaded(descriptor) || (opened && has_no_path(descriptor) && from.unchanged())) &&
               from.unwritten();
    }

    // Asks the loader, which compares device and inode of an opened file with those of all mapped ones.
    bool has_loaded(int descriptor) const {
        const std::string name = load_names::here().unused(descriptor_path(descriptor));
        void* const found = System::dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
        if (found)
            System::dlclose(found);
        return found == loaded_.handle;
    }
    static bool has_no_path(int descriptor) {
        return System::access(descriptor_path(descriptor).c_str(), F_OK) != 0;
    }

    const char* in_memory(const note_range& note) const noexcept {
        return reinterpret_cast<const char*>(static_cast<std::uintptr_t>(loaded_.image.base + note.address));
    }

    unloaded verdict(unloaded::state outcome, std::string why) const {
        if (!why.empty())
            why = "'" + path_ + "' stays in memory: " + why;
        trace("closed '", path_, why.empty() ? "', and its code is gone" : "': ", why);
        return {outcome, std::move(why)};
    }

    // The reasons in the library's own file for staying in memory. glibc tells its reasons only in its debug
    // output (LD_DEBUG=bindings).
    std::string cause(const std::string& canonical) const {
        pins all;
        try {
            if (copy_.descriptor() >= 0)
                all = elf_reader<System>(copy_.descriptor(), path_).what_pins();
            else if (const basic_file<System> from(canonical, O_RDONLY | O_NONBLOCK);
                     file_identity(from.status(canonical)) == identity_)
                all = elf_reader<System>(from.descriptor(), canonical).what_pins();
        } catch (const error&) {
        }
        std::string text;
        const auto add = [&text](const std::string& part) {
            text.append(text.empty() ? "" : "; ").append(part);
        };
        if (all.nodelete)
            add("it was linked with -z nodelete");
        if (!all.unique_symbols.empty())
            add("it defines unique symbols, such as " + as_written(demangled(all.unique_symbols.front())) +
                ", which other libraries may use; compile it with -fno-gnu-unique");
        if (all.thread_local_destructors && !all.nodelete)
            add("a thread may have a thread_local object of it with a destructor, which runs when the thread "
                "ends");
        if (text.empty())
            add("something else has opened it, another library depends on it, or this system's loader never "
                "unmaps");
        return text;
    }

    std::string path_;
    file_identity identity_;
    const char* stays_; // why it is never unmapped, if there is a reason
    loaded_library loaded_;
    basic_file<System>
        copy_; // of what is loaded, where that is a private copy: nobody else knows what was in it
};
using library = basic_library<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error export_table(const std::string& path, std::string_view name) {
    return {errc::malformed_note,
            concatenated({"'", path, "' says that it has a plugin '", name,
                          "', and its export table does not; compile the library again"}),
            path};
}

inline error two_modes(std::string_view separate, std::string_view whole) {
    return {
        errc::toolchain,
        concatenated({"this program was compiled in two ways: '", separate, "' with TENON_SEPARATE, and '",
                      whole, "' without it; compile all of its files that include tenon with it, or none"})};
}

/// Throws if some files of this program define what others expect of one file alone.
inline void require_one_mode() {
    for (const host_file* file = __start_tenon_hosts; file != __stop_tenon_hosts; ++file)
        if (const host_file& first = *__start_tenon_hosts; file->separate != first.separate)
            throw two_modes((file->separate ? *file : first).name, (file->separate ? first : *file).name);
}

template <class System>
plugin_info fitting_info(const basic_library_file<System>& file, std::string_view name,
                         const plugin_notes& host) {
    const manifest::plugin& chosen = fitting_plugin(file.manifest(), file.path(), name, host);
    return {std::string(chosen.type), std::string(chosen.name), std::string(chosen.version), file.path()};
}

template <class System>
const exported<>& exported_by(const basic_library<System>& from, const plugin_info& plugin) {
    using table = tenon_exports_v1_range();
    if (const auto all = reinterpret_cast<table*>(from.symbol("tenon_exports_v1"))) {
        const auto [begin, end] = all();
        for (const auto* exported = begin; exported != end; ++exported)
            if (exported->type == plugin.type && exported->name == plugin.name)
                return *exported;
    }
    throw export_table(plugin.path, plugin.name);
}

template <class System>
basic_plugin_code<System>* basic_plugin_code<System>::load(const library_options& options,
                                                           const std::string& path, std::string_view name,
                                                           const plugin_notes& host) {
    require_one_mode();
    for (int tries = 5;; --tries)
        try {
            return new basic_plugin_code(options, basic_library_file<System>(path, options.trust), name,
                                         host);
        } catch (const error& e) {
            if (e.code() != errc::changed || tries == 1)
                throw;
        }
}

template <class System>
basic_plugin_code<System>::basic_plugin_code(const exported<>& built_in)
    : info_{built_in.type, built_in.name, built_in.version, ""}, entry_(built_in) {}

template <class System>
basic_plugin_code<System>::basic_plugin_code(const library_options& options,
                                             const basic_library_file<System>& file, std::string_view name,
                                             const plugin_notes& host)
    : info_(fitting_info(file, name, host)), library_(new basic_library<System>(file, options)) {
    try {
        entry_ = exported_by(*library_, info_);
    } catch (...) {
        delete library_;
        throw;
    }
}

template <class System>
basic_plugin_code<System>::~basic_plugin_code() {
    delete library_;
}

template <class System>
unloaded basic_plugin_code<System>::close() {
    if (!library_)
        return {unloaded::state::pinned,
                "'" + info_.name + "' stays in memory: it is built into this program"};
    return library_->close();
}

#ifdef TENON_SEPARATE
template class basic_plugin_code<posix>;
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

#ifndef TENON_DETAIL_RELOAD_LIVE_VERSIONS_HPP
#define TENON_DETAIL_RELOAD_LIVE_VERSIONS_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_RELOAD_FILE_SNAPSHOT_HPP
#define TENON_DETAIL_RELOAD_FILE_SNAPSHOT_HPP

#include <cstdint>
#include <map>
#include <string>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The states of files, and of the files in folders, to compare with later ones. Hidden files and `x~`, which
/// editors leave beside the file that they edit, do not count.
template <class System = posix>
class basic_file_snapshot {
public:
    basic_file_snapshot() = default;
    explicit basic_file_snapshot(const std::vector<std::string>& paths)
        : looked_(nanoseconds(System::now())) {
        for (const std::string& path : paths)
            if (!noted(path))
                for (const std::string& name : names_in<System>(path)) {
                    if (name[0] != '.' && name.back() != '~')
                        noted(join(path, name));
                }
    }

    /// This snapshot extended by paths that turned out to matter only later. A file that may have changed
    /// since the snapshot, or in the same tick of the clock, never compares equal.
    basic_file_snapshot with(const std::vector<std::string>& more) const {
        basic_file_snapshot all(more);
        for (const auto& [path, state] : states_)
            all.states_[path] = state;
        for (auto& [path, state] : all.states_)
            if (state.changed >= looked_)
                state.inode = unknown;
        return all;
    }

    friend bool operator==(const basic_file_snapshot& a, const basic_file_snapshot& b) {
        return a.states_ == b.states_;
    }

private:
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};

    // False for a folder, whose state says nothing of the files in it.
    bool noted(const std::string& path) {
        struct stat status;
        const bool exists = System::stat(path.c_str(), &status) == 0;
        if (exists && S_ISDIR(status.st_mode))
            return false;
        states_[path] = exists ? file_identity(status) : file_identity();
        return true;
    }

    std::map<std::string, file_identity> states_;
    std::int64_t looked_ = 0;
};
using file_snapshot = basic_file_snapshot<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_RELOAD_HAZARD_DOMAIN_DEFINITIONS_HPP
#define TENON_DETAIL_RELOAD_HAZARD_DOMAIN_DEFINITIONS_HPP

#include <cstddef>
#include <memory>
#include <utility>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

template <class System>
basic_hazard_domain<System>& basic_hazard_domain<System>::here() {
    static basic_hazard_domain& all = *new basic_hazard_domain;
    return all;
}

template <class System>
basic_hazard_domain<System>::basic_hazard_domain() : fenced_(!System::prepare_barrier()) {}

// Returns the records of a thread when the thread ends.
template <class System>
struct basic_hazard_domain<System>::thread_records {
    record* first = nullptr;

    ~thread_records() {
        last_used = nullptr;
        while (first) {
            record& owned = *std::exchange(first, first->next_of_thread);
            release(owned);
            const mutex_lock locked(owned.domain->mutex_);
            owned.taken = false;
        }
    }
};

template <class System>
void basic_hazard_domain<System>::when_free(void (*call)(void*), void* with) {
    const mutex_lock locked(mutex_);
    call_ = call;
    with_ = with;
}

template <class System>
bool basic_hazard_domain<System>::in_use(const void* object) {
    const mutex_lock locked(mutex_);
    if (!barrier())
        return true;
    bool found = false;
    for (record* owner = records_; owner; owner = owner->next)
        if (uses(*owner, object)) {
            found = true;
            owner->awaited.store(true);
        }
    if (!found)
        return false;
    if (!barrier())
        return true;
    for (record* owner = records_; owner; owner = owner->next)
        if (uses(*owner, object))
            return true;
    return false;
}

template <class System>
void basic_hazard_domain<System>::keep(std::shared_ptr<void> object) {
    std::size_t place;
    record& by = mine(*this, place);
    by.kept.push_back(std::move(object));
    by.keeps = true;
}

template <class System>
void basic_hazard_domain<System>::freed() {
    void (*call)(void*);
    void* with;
    {
        const mutex_lock locked(mutex_);
        call = call_;
        with = with_;
    }
    if (call)
        call(with);
}

template <class System>
typename basic_hazard_domain<System>::record&
basic_hazard_domain<System>::another(basic_hazard_domain& domain, std::size_t& place) {
    thread_local thread_records own;
    for (record* owned = own.first; owned; owned = owned->next_of_thread)
        if (owned->domain == &domain)
            for (place = 0; place < places; ++place)
                if (!owned->used[place].load(std::memory_order_relaxed)) {
                    last_used = owned;
                    return *owned;
                }
    record& taken = domain.take();
    taken.next_of_thread = std::exchange(own.first, &taken);
    struct globals {
        void* caught;
        unsigned uncaught;
    };
    taken.uncaught = &reinterpret_cast<const globals*>(__cxxabiv1::__cxa_get_globals())->uncaught;
    last_used = &taken;
    for (place = 0; taken.used[place].load(std::memory_order_relaxed); ++place) {
    }
    return taken;
}

template <class System>
typename basic_hazard_domain<System>::record& basic_hazard_domain<System>::take() {
    const mutex_lock locked(mutex_);
    for (record* owner = records_; owner; owner = owner->next)
        // A slot may still be in use: another thread may end a use that its first thread began.
        if (!owner->taken && !owner->used[places - 1].load(std::memory_order_relaxed)) {
            owner->taken = true;
            return *owner;
        }
    record* const added = new record;
    added->domain = this;
    added->fenced = fenced_;
    added->next = std::exchange(records_, added);
    return *added;
}

template <class System>
void basic_hazard_domain<System>::release(record& released) {
    if (exception_alive())
        return;
    released.keeps = false;
    // The destructors may use objects of the domain themselves.
    for (const auto& object : std::exchange(released.kept, {}))
        static_cast<void>(object);
}

// If the system refuses the barrier, no object counts as free.
template <class System>
bool basic_hazard_domain<System>::barrier() const {
    return fenced_ || System::barrier();
}

template <class System>
bool basic_hazard_domain<System>::uses(const record& one, const void* object) {
    for (const auto& slot : one.used)
        if (slot.load() == object)
            return true;
    return false;
}

#ifdef TENON_SEPARATE
template class basic_hazard_domain<posix>;
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_DEFINITIONS_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_DEFINITIONS_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#ifndef TENON_DETAIL_RELOAD_VERSION_CODE_HPP
#define TENON_DETAIL_RELOAD_VERSION_CODE_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#ifndef TENON_DETAIL_RELOAD_RELOAD_HISTORY_HPP
#define TENON_DETAIL_RELOAD_RELOAD_HISTORY_HPP

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Counts the libraries of all versions of one plugin and reports events. Outlives the versions.
class reload_history {
public:
    reload_history() {
        pthread_mutexattr_t recursive; // a handler may ask for a reload
        ::pthread_mutexattr_init(&recursive);
        ::pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
        ::pthread_mutex_init(&telling_, &recursive);
        ::pthread_mutexattr_destroy(&recursive);
    }
    reload_history(const reload_history&) = delete;
    reload_history& operator=(const reload_history&) = delete;
    ~reload_history() { ::pthread_mutex_destroy(&telling_); }

    /// Replaces the handler. After the return, no other thread runs the former one.
    void on_event(reload_handler handler) {
        const mutex_lock locked(telling_);
        handler_ = std::move(handler);
    }

    /// Calls the handler now, or after the change that is under way.
    void tell(reload_event event) noexcept {
        try {
            trace(event.text());
            const mutex_lock locked(mutex_);
            waiting_.push_back(std::move(event));
            // The holder has a lock that a handler in another thread may be waiting for.
            if (holds_ > 0)
                return;
        } catch (...) {
            return; // there is no memory for it
        }
        tell_waiting();
    }

    /// Delays events while it exists, because a handler may need the lock that the holder has.
    class hold {
    public:
        explicit hold(reload_history& history) : history_(history) {
            const mutex_lock locked(history_.mutex_);
            ++history_.holds_;
        }
        hold(const hold&) = delete;
        hold& operator=(const hold&) = delete;
        ~hold() {
            {
                const mutex_lock locked(history_.mutex_);
                --history_.holds_;
            }
            history_.tell_waiting();
        }

    private:
        reload_history& history_;
    };

    /// Notes that a version has opened a library. The image is empty for a built-in plugin.
    void loaded(const loaded_image& image) {
        const mutex_lock locked(mutex_);
        open_.push_back(image);
    }
    /// Notes that a version has closed a library. Other versions and handles may still have it open.
    void closed(const loaded_image& image, const unloaded& verdict) {
        const mutex_lock locked(mutex_);
        open_.erase(std::find(open_.begin(), open_.end(), image));
        std::erase_if(left_, [&](const left& remnant) { return remnant.image == image; });
        if (!verdict)
            left_.push_back({image, verdict.reason()});
        else if (const auto room = std::exchange(room_, nullptr))
            room();
    }

    /// Sets a function that is called once when a library has left memory; an empty one removes it.
    void when_room(std::function<void()> call) {
        const mutex_lock locked(mutex_);
        room_ = std::move(call);
    }

    /// The number of libraries in memory. Two versions with the same library, as after an edit that was
    /// undone, share one.
    std::size_t mapped() {
        const mutex_lock locked(mutex_);
        forget_unmapped();
        std::size_t count = left_.size();
        // Libraries without a name for the system's loader cannot be told apart.
        for (auto image = open_.begin(); image != open_.end(); ++image)
            count += image->name.empty() || std::find(open_.begin(), image, *image) == image;
        return count;
    }

    /// A sentence about why the oldest closed library is still in memory; empty if there is none.
    std::string stays() {
        const mutex_lock locked(mutex_);
        forget_unmapped();
        return left_.empty() ? "" : left_.front().reason;
    }

private:
    void tell_waiting() noexcept {
        const mutex_lock one_at_a_time(telling_);
        for (reload_event next; take(next);)
            try {
                // A copy, because a handler may replace itself.
                if (const reload_handler handler = handler_)
                    handler(next);
            } catch (...) {
                trace("a handler of reloads threw, which is lost");
            }
    }

    // Also forgets libraries that a version has opened again.
    void forget_unmapped() {
        std::erase_if(left_, [this](const left& remnant) {
            return !remnant.image.mapped() ||
                   std::find(open_.begin(), open_.end(), remnant.image) != open_.end();
        });
    }

    bool take(reload_event& into) {
        const mutex_lock locked(mutex_);
        if (holds_ > 0 || waiting_.empty())
            return false;
        into = std::move(waiting_.front());
        waiting_.pop_front();
        return true;
    }

    struct left {
        loaded_image image;
        std::string reason;
    };
    pthread_mutex_t telling_, mutex_ = PTHREAD_MUTEX_INITIALIZER;
    reload_handler handler_;
    std::function<void()> room_;
    std::deque<reload_event> waiting_;
    unsigned holds_ = 0;
    std::vector<loaded_image> open_; // one of each version
    std::vector<left> left_;         // what was in memory after its last version had closed it
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The code of one version, closed by its last owner.
template <class System = posix>
class basic_version_code {
public:
    basic_version_code(std::unique_ptr<plugin_code> code, std::uint64_t number,
                       std::shared_ptr<reload_history> history)
        : code_(std::move(code)), number_(number), history_(std::move(history)) {
        history_->loaded(image());
    }
    basic_version_code(const basic_version_code&) = delete;
    basic_version_code& operator=(const basic_version_code&) = delete;
    ~basic_version_code() {
        const loaded_image closing = image();
        const std::string plugin = name();
        const unloaded verdict = code_->close();
        history_->closed(closing, verdict);
        history_->tell({reload_event::step::closed, number_, plugin, verdict.reason(), {}});
    }

    const plugin_code& operator*() const noexcept { return *code_; }
    const plugin_code* operator->() const noexcept { return code_.get(); }
    std::string name() const { return code_->info().name + ' ' + code_->info().version; }
    const std::shared_ptr<reload_history>& history() const noexcept { return history_; }

private:
    /// The library's image in memory; empty for a built-in plugin.
    loaded_image image() const { return code_->from() ? code_->from()->image() : loaded_image(); }

    std::unique_ptr<plugin_code> code_;
    std::uint64_t number_;
    std::shared_ptr<reload_history> history_;
};

using version_code = basic_version_code<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

TENON_INLINE plugin_instance::plugin_instance(std::shared_ptr<version_code> code, std::uint64_t number,
                                              const std::function<void*(const plugin_code&)>& make,
                                              const object_functions& functions)
    : code_(std::move(code)), number_(number), functions_(functions), object_(make(**code_)) {}

TENON_INLINE plugin_instance::~plugin_instance() {
    if (started_)
        functions_.stop(**code_, object_);
    functions_.destroy(object_);
    if (started_)
        code_->history()->tell({reload_event::step::retired, number_, code_->name(), "", {}});
}

TENON_INLINE const plugin_info& plugin_instance::info() const noexcept {
    return (*code_)->info();
}

TENON_INLINE void plugin_instance::start() {
    functions_.start(**code_, object_);
    started_ = true;
}

TENON_INLINE void plugin_instance::quiesce(bool& called) {
    functions_.quiesce(**code_, object_, called);
}

TENON_INLINE void plugin_instance::resume() {
    functions_.resume(**code_, object_);
}

TENON_INLINE void plugin_instance::hand_on_to(const plugin_instance& next) {
    functions_.hand_on(**code_, object_, **next.code_, next.object_);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_RELOAD_RELOAD_THREAD_HPP
#define TENON_DETAIL_RELOAD_RELOAD_THREAD_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_RELOAD_PATH_WATCHER_HPP
#define TENON_DETAIL_RELOAD_PATH_WATCHER_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits.h>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Watches files and folders, and returns the keys of those that may have changed.
///
///     basic_path_watcher<> files(500);
///     files.set(7, {"/opt/hello/hello.cpp", "/opt/hello"});
///     pollfd readable{files.descriptor(), POLLIN, 0};
///     posix::poll(&readable, 1, static_cast<int>(files.timeout()));   // until somebody saves hello.cpp
///     files.changed();                                                // {7}
///
/// A path has to be absolute. It may name a file, a folder, or nothing yet. Of a folder all direct entries
/// are watched. A change is: a file that was open for writing is closed; an entry is made, removed or
/// renamed, or gets another owner or mode. Changes to the folders and symbolic links on the way to the file
/// count too. Other entries of these folders do not. A key may be returned without a change; a change is
/// never missed, but for the cases below.
///
/// Folders are watched in place of files, because editors rename a new file over the old one. All folders on
/// the way are watched, because the watch of a replaced folder says nothing of its successor. For these the
/// kernel only reports changes to the folder itself, so that other people's files in /tmp cause no wake-up
/// unless their mode or times are set. A folder that inotify cannot watch is polled at the given interval, in
/// milliseconds: when the user has reached fs.inotify.max_user_instances or fs.inotify.max_user_watches, when
/// this process may pass through a folder but not read it, and on a system without inotify. Each poll tries
/// inotify again.
///
/// inotify misses writes by another machine on a network file system, writes through a mapping after the file
/// was closed, writes through another name of the file in another folder, and mounts over a folder. A poll
/// sees all of these, unless the change is undone before the next poll.
///
/// One thread at a time may use the object.
template <class System = posix>
class basic_path_watcher {
public:
    explicit basic_path_watcher(std::int64_t poll_every_ms)
        : notifier_(System::notifier()), every_(poll_every_ms), next_look_(System::milliseconds() + every_) {}
    basic_path_watcher(const basic_path_watcher&) = delete;

    /// Becomes readable when `changed()` has something to return; -1 if all folders are polled.
    int descriptor() const noexcept { return notifier_.descriptor(); }

    /// Milliseconds until `changed()` has to be called although the descriptor is not readable; -1: never.
    std::int64_t timeout() const {
        if (!touched_.empty())
            return 0;
        const bool looks = std::any_of(places_.begin(), places_.end(),
                                       [](const auto& known) { return known.second.number < 0; });
        return looks ? std::max<std::int64_t>(next_look_ - System::milliseconds(), 0) : -1;
    }

    /// Replaces the paths of a key.
    void set(std::size_t key, const std::vector<std::string>& paths) {
        ++round_;
        std::vector<trail*> now;
        for (const std::string& path : paths) {
            const auto [known, fresh] = trails_.try_emplace(path);
            trail& way = known->second;
            if (fresh) {
                way.path = path;
                walk(way);
            }
            way.keys.insert(key);
            now.push_back(&way);
        }
        std::sort(now.begin(), now.end());
        // The new paths are already watched, so that a folder that both sets need is watched throughout.
        for (trail* const way : std::exchange(keys_[key], now))
            if (!std::binary_search(now.begin(), now.end(), way))
                leave(*way, key);
        end_round();
    }

    void remove(std::size_t key) {
        set(key, {});
        keys_.erase(key);
    }

    /// The sorted keys with a file that may have changed since the key was last returned.
    std::vector<std::size_t> changed() {
        ++round_;
        read_events();
        look_if_it_is_time();
        std::set<std::size_t> keys;
        while (!touched_.empty()) {
            trail& way = **touched_.begin();
            touched_.erase(touched_.begin());
            keys.insert(way.keys.begin(), way.keys.end());
            walk(way);
        }
        end_round();
        return {keys.begin(), keys.end()};
    }

private:
    /// The state of an entry, which differs after each write to it.
    struct state {
        mode_t mode = 0; ///< 0: there is no such entry
        uid_t user = 0;
        gid_t group = 0;
        file_identity file; ///< of a folder only which one it is: its entries have states of their own

        friend bool operator==(const state&, const state&) = default;
    };

    struct trail;

    struct entry {
        std::set<trail*> trails;                        ///< the paths that it is on
        std::uint64_t round = 0;                        ///< in which it was looked at last; 0: never
        std::vector<std::pair<std::string, state>> was; ///< by that look
        bool is_certain = true; ///< whether a later change shows as a difference to it
        mode_t type = 0;        ///< of a name; 0: there is no such entry
    };

    struct place {
        std::map<std::string, entry, std::less<>> entries{}; ///< those that matter; "": all

        std::uint64_t round = 0; ///< in which the kernel was asked to watch it last
        int number = -1;         ///< that the kernel gave it; negative: it is looked at
        std::size_t needs = 0;   ///< how many steps need to know what happens to its entries
    };
    using place_at = typename std::map<std::string, place>::iterator;
    using entry_at = typename std::map<std::string, entry, std::less<>>::iterator;

    struct step {
        place_at in;
        entry_at at;
        bool needs_entries = false; ///< and not only what happens to the folder itself

        bool is(const step& other) const { return in == other.in && at == other.at; }
    };

    /// The existing entries on the way to a file, up to and including the file.
    struct trail {
        std::string path;
        std::vector<step> steps;
        std::set<std::size_t> keys;
    };

    void walk(trail& followed) {
        const std::vector<step> before = std::exchange(followed.steps, {});
        std::string here = "/";
        std::vector<std::string> left; // the next one is the last
        put_names(followed.path, left);
        for (int links = 0; links <= 40;) { // as many as the kernel follows, path_resolution(7)
            if (!left.empty() && left.back() == "..") {
                here = parent(here);
                left.pop_back();
                continue;
            }
            const place_at in = watched(here);
            std::string name;
            if (!left.empty())
                name = std::exchange(left.back(), {}), left.pop_back();
            const entry_at at = in->second.entries.try_emplace(std::move(name)).first;
            look(in, at);
            at->second.trails.insert(&followed);
            step& now = passed(followed, {in, at});
            if (at->second.type == S_IFDIR) {
                here = join(here, at->first);
                continue;
            }
            now.needs_entries = true;
            if (at->second.type != S_IFLNK) {
                // An empty folder that a process works in can be removed without an event of its own; only
                // the folder above reports that. A folder with an entry of this path cannot go before the
                // entry.
                if (at->second.type == 0)
                    for (step& hop : followed.steps)
                        if (join(hop.in->first, hop.at->first) == here)
                            hop.needs_entries = true;
                break;
            }
            ++links;
            const std::string target = target_of(join(here, at->first));
            if (target.starts_with('/'))
                here = "/";
            put_names(target, left);
        }
        for (const step& hop : followed.steps)
            hop.in->second.needs += hop.needs_entries;
        for (const step& hop : before) {
            hop.in->second.needs -= hop.needs_entries;
            if (!has(followed, hop))
                retire(followed, hop);
        }
    }

    static bool has(const trail& followed, const step& which) {
        return std::any_of(followed.steps.begin(), followed.steps.end(),
                           [&](const step& hop) { return hop.is(which); });
    }
    static step& passed(trail& followed, const step& which) {
        const auto known = std::find_if(followed.steps.begin(), followed.steps.end(),
                                        [&](const step& hop) { return hop.is(which); });
        return known != followed.steps.end() ? *known : followed.steps.emplace_back(which);
    }

    static void put_names(std::string_view path, std::vector<std::string>& before) {
        while (!path.empty()) {
            const std::string_view name = basename(path);
            if (!name.empty() && name != ".")
                before.emplace_back(name);
            path.remove_suffix(std::min(name.size() + 1, path.size()));
        }
    }

    static std::string target_of(const std::string& link) {
        char target[PATH_MAX];
        const ssize_t size = System::readlink(link.c_str(), target, sizeof target);
        return std::string(target, size > 0 ? static_cast<std::size_t>(size) : 0);
    }

    /// Returns a folder that is watched from before its entries are read in this round.
    place_at watched(const std::string& path) {
        const place_at which = places_.try_emplace(path).first;
        if (std::exchange(which->second.round, round_) != round_) {
            visited_.push_back(which);
            watch_again(which, true);
        }
        return which;
    }

    void end_round() {
        std::sort(visited_.begin(), visited_.end(),
                  [](place_at a, place_at b) { return a->first < b->first; });
        visited_.erase(std::unique(visited_.begin(), visited_.end()), visited_.end());
        bool asked_too_much = false;
        for (const place_at& visited : std::exchange(visited_, {}))
            if (visited->second.entries.empty()) {
                watch_no_more(visited);
                places_.erase(visited);
            } else if (const auto known = numbers_.find(visited->second.number); known != numbers_.end()) {
                const auto needs = [](place_at path) { return path->second.needs > 0; };
                if (std::none_of(known->second.begin(), known->second.end(), needs)) {
                    watch_again(visited, false);
                    asked_too_much = true;
                }
            }
        // Until it was known which folders matter, the kernel was asked for the entries of all folders on the
        // way. Events of the others are read and dropped now, so that they cause no wake-up.
        if (asked_too_much)
            read_events();
    }

    /// Watches the folder that is at the path now. The kernel still watches the one that was there before.
    void watch_again(place_at which, [[maybe_unused]] bool with_entries) {
        int number = -1;
#ifdef IN_ONLYDIR
        constexpr std::uint32_t folder = IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR;
        constexpr std::uint32_t entries =
            IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
        if (descriptor() >= 0)
            number = System::notify_of(descriptor(), which->first.c_str(),
                                       with_entries ? folder | entries : folder);
#endif
        if (number == which->second.number)
            return;
        if (which->second.number >= 0)
            touch_all_in(which); // what was still to be said of the folder before cannot be told any more
        watch_no_more(which);
        which->second.number = number;
        if (number >= 0)
            numbers_[number].push_back(which);
    }

    void watch_no_more(place_at which) {
        const auto known = numbers_.find(std::exchange(which->second.number, -1));
        if (known == numbers_.end())
            return;
        std::erase(known->second, which);
        if (!known->second.empty())
            return;
        System::notify_no_more(descriptor(), known->first);
        numbers_.erase(known);
    }

    /// Reads the states of an entry. Equal states count as unchanged only if that is certain, because a file
    /// may be written to twice in one tick of the clock.
    void look(place_at in, entry_at at) {
        entry& folder = at->second;
        const std::uint64_t last = std::exchange(folder.round, round_);
        if (last == round_)
            return;
        const bool is_watched = in->second.number >= 0;
        const std::int64_t now = nanoseconds(System::now());
        std::vector<std::pair<std::string, state>> is;
        if (!at->first.empty()) {
            is.emplace_back(at->first, state_of(join(in->first, at->first)));
            folder.type = is.front().second.mode & S_IFMT;
        } else if (!is_watched)
            for (std::string& name : names(in->first)) {
                const state seen = state_of(join(in->first, name));
                is.emplace_back(std::move(name), seen);
            }
        if (last != 0 && (!folder.is_certain || is != folder.was))
            touched_.insert(folder.trails.begin(), folder.trails.end());
        folder.was = std::move(is);
        folder.is_certain =
            is_watched || std::all_of(folder.was.begin(), folder.was.end(),
                                      [&](const auto& earlier) { return settled(earlier.second.file, now); });
    }

    static state state_of(const std::string& path) {
        struct stat status;
        if (System::lstat(path.c_str(), &status) != 0)
            return {};
        file_identity file(status);
        if (S_ISDIR(status.st_mode))
            file.size = 0, file.modified = file.changed = 0;
        return {status.st_mode, status.st_uid, status.st_gid, file};
    }

    static std::vector<std::string> names(const std::string& folder) {
        try {
            return names_in<System>(folder);
        } catch (const error&) { // whether it can be read is its mode's business, which is on the way too
            return {};
        }
    }

    void look_if_it_is_time() {
        if (const std::int64_t now = System::milliseconds(); now >= next_look_)
            next_look_ = now + every_;
        else
            return;
        for (place_at in = places_.begin(); in != places_.end(); ++in)
            if (in->second.number < 0) {
                watched(in->first);
                for (entry_at at = in->second.entries.begin(); at != in->second.entries.end(); ++at)
                    look(in, at);
            }
    }

    void read_events() {
#ifdef IN_ONLYDIR
        // Reads once: a program that causes events faster than they are read must not hold up the caller.
        char events[64 * 1024];
        for (int most = 64; most > 0 && descriptor() >= 0; --most) {
            const ssize_t got = System::read(descriptor(), events, sizeof events);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0 && errno == EAGAIN)
                return;
            if (got <= 0)
                return look_from_now_on();
            for (std::string_view rest(events, static_cast<std::size_t>(got)); !rest.empty();) {
                inotify_event event;
                rest.copy(reinterpret_cast<char*>(&event), sizeof event);
                rest.remove_prefix(sizeof event);
                const std::string_view name = rest.substr(0, event.len); // and zeros behind it
                happened(event.wd, event.mask, name.substr(0, name.find('\0')));
                rest.remove_prefix(event.len);
            }
        }
#endif
    }

#ifdef IN_ONLYDIR
    void happened(int number, std::uint32_t events, std::string_view name) {
        if (events & IN_Q_OVERFLOW)
            return touch_all();
        const auto known = numbers_.find(number);
        if (known == numbers_.end())
            return;
        for (const place_at& which : known->second) {
            auto& entries = which->second.entries;
            if (name.empty())
                touch_all_in(which);
            else
                for (const std::string_view asked : {name, std::string_view()})
                    if (const auto at = entries.find(asked); at != entries.end())
                        touch(at->second);
        }
    }
#endif

    /// Falls back to polling for good, because no error of inotify goes away.
    void look_from_now_on() {
        notifier_ = basic_file<System>();
        numbers_.clear();
        for (auto& [path, folder] : places_)
            folder.number = -1;
        touch_all();
    }

    void touch(const entry& changed) { touched_.insert(changed.trails.begin(), changed.trails.end()); }

    void touch_all_in(place_at which) {
        for (const auto& [name, trails] : which->second.entries)
            touch(trails);
    }

    void touch_all() {
        for (auto& [path, way] : trails_)
            touched_.insert(&way);
    }

    void leave(trail& followed, std::size_t key) {
        followed.keys.erase(key);
        if (!followed.keys.empty())
            return;
        for (const step& hop : followed.steps) {
            hop.in->second.needs -= hop.needs_entries;
            retire(followed, hop);
        }
        touched_.erase(&followed);
        trails_.erase(trails_.find(followed.path));
    }

    void retire(trail& followed, const step& which) {
        which.at->second.trails.erase(&followed);
        if (!which.at->second.trails.empty())
            return;
        which.in->second.entries.erase(which.at);
        visited_.push_back(which.in);
    }

    basic_file<System> notifier_;
    std::int64_t every_;
    std::int64_t next_look_;
    std::uint64_t round_ = 0;             ///< what was watched and looked at in one round is so once
    std::vector<place_at> visited_;       ///< in this round, or left; some of them twice
    std::map<std::string, place> places_; ///< by paths without a symbolic link
    std::unordered_map<int, std::vector<place_at>> numbers_; ///< which folders have them
    std::map<std::string, trail> trails_;
    std::map<std::size_t, std::vector<trail*>> keys_;
    std::set<trail*> touched_; ///< what is to be said
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A watched plugin, as the reload thread sees it. The thread calls these functions one at a time.
class reloadable {
public:
    virtual ~reloadable() = default;

    /// The files and folders whose change may mean that there is a newer version.
    virtual std::vector<std::string> watched() = 0;
    /// Looks for a newer version and puts it in place.
    virtual void look() noexcept = 0;
    /// Drops versions that are no longer used.
    virtual void retire() noexcept = 0;
    /// Milliseconds between looks without a change of files; 0: none.
    virtual std::int64_t every() const noexcept = 0;
};

/// The thread that waits for changed files of all watched plugins in this program, and reloads these. It
/// exists while a plugin is watched, sleeps while nothing changes, and blocks all signals.
template <class System = posix>
class basic_reload_thread {
public:
    /// Milliseconds without a further change before a change is acted on ...
    static constexpr std::int64_t quiet = 1;
    /// ... and milliseconds after which it is acted on in any case.
    static constexpr std::int64_t at_latest = 100;
    /// Milliseconds between polls of files that cannot be watched.
    static constexpr std::int64_t poll_every = 250;

    /// Never destroyed, so that static objects may own watched plugins.
    static basic_reload_thread& here() {
        static basic_reload_thread& all = *new basic_reload_thread;
        return all;
    }

    void add(reloadable& plugin) {
        const mutex_lock locked(mutex_);
        if (wake_.descriptor() < 0) {
            wake_ = basic_file<System>(System::event());
            if (wake_.descriptor() < 0)
                throw error::system_call("make an event for", "reloads", errno);
            basic_hazard_domain<System>::here().when_free(&wake_thread, this);
        }
        if (!running_)
            start();
        served_[&plugin] = {};
        wake();
    }

    /// Waits until no call into `what` is running, unless called from within such a call. None begins
    /// afterwards.
    void remove(reloadable& plugin) {
        pthread_t ending{};
        {
            const mutex_lock locked(mutex_);
            served_.erase(&plugin);
            forgotten_.push_back(&plugin);
            wake();
            if (!running_ || ::pthread_equal(thread_, ::pthread_self()))
                return;
            while (busy_ == &plugin)
                ::pthread_cond_wait(&changed_, &mutex_);
            // Another thread may have added something meanwhile, or be here as well.
            if (!served_.empty() || ending_)
                return;
            ending_ = true;
            wake();
            ending = thread_;
        }
        ::pthread_join(ending, nullptr);
        const mutex_lock locked(mutex_);
        running_ = ending_ = false;
        if (served_.empty())
            return;
        try {
            start();
        } catch (const error& e) {
            trace("nothing is reloaded until something else is watched: ", e.what());
        }
    }

    /// Has `look` called soon.
    void ask(reloadable& plugin) {
        const mutex_lock locked(mutex_);
        if (const auto found = served_.find(&plugin); found != served_.end())
            found->second.due = 0;
        wake();
    }

private:
    static constexpr std::int64_t never = INT64_MAX;

    struct entry {
        bool known = false; // to the watch
        std::int64_t due = 0, first = never,
                     again = never; // when to look; when it changed first; when to look anyway
        std::vector<std::string> paths{};
    };

    basic_reload_thread() = default;

    static void wake_thread(void* self) { static_cast<basic_reload_thread*>(self)->wake(); }
    void wake() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = System::write(wake_.descriptor(), &one, sizeof one);
    }

    // With the mutex held.
    void start() {
        sigset_t all, before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        const int failed = ::pthread_create(
            &thread_, nullptr,
            [](void* self) -> void* {
                static_cast<basic_reload_thread*>(self)->run();
                return nullptr;
            },
            this);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (failed != 0)
            throw error::system_call("start a thread for", "reloads", failed);
        running_ = true;
    }

    void run() {
        basic_path_watcher<System> files(poll_every);
        ::pthread_mutex_lock(&mutex_);
        while (!ending_) {
            for (reloadable* plugin : std::exchange(forgotten_, {}))
                if (!served_.count(plugin))
                    files.remove(key(plugin));
            serve(files);
            const std::int64_t wait = timeout(files);
            ::pthread_mutex_unlock(&mutex_);
            pollfd readable[] = {{wake_.descriptor(), POLLIN, 0}, {files.descriptor(), POLLIN, 0}};
            System::poll(readable, 2, static_cast<int>(std::min<std::int64_t>(wait, INT32_MAX)));
            std::uint64_t woken;
            if (readable[0].revents != 0) [[maybe_unused]]
                const ssize_t got = System::read(wake_.descriptor(), &woken, sizeof woken);
            const std::vector<std::size_t> changed = files.changed();
            ::pthread_mutex_lock(&mutex_);
            const std::int64_t now = System::milliseconds();
            for (auto& [plugin, state] : served_)
                if (std::find(changed.begin(), changed.end(), key(plugin)) != changed.end()) {
                    state.first = std::min(state.first, now);
                    state.due = std::min(now + quiet, state.first + at_latest);
                }
        }
        ::pthread_mutex_unlock(&mutex_);
    }

    static std::size_t key(const reloadable* plugin) { return reinterpret_cast<std::uintptr_t>(plugin); }

    // Whatever is due, with the mutex held except for the calls, during which entries may come and go.
    void serve(basic_path_watcher<System>& files) {
        std::vector<reloadable*> all;
        for (const auto& [plugin, state] : served_)
            all.push_back(plugin);
        for (reloadable* const plugin : all) {
            call(plugin, [&] { plugin->retire(); });
            const auto found = served_.find(plugin);
            if (found == served_.end() ||
                System::milliseconds() < std::min(found->second.due, found->second.again))
                continue;
            found->second.due = found->second.first = never;
            // What is watched is known before it is looked at, so that nothing can change in between; a look
            // may find more.
            for (bool more = !std::exchange(found->second.known, true); served_.count(plugin);) {
                if (!more)
                    call(plugin, [&] { plugin->look(); });
                std::vector<std::string> paths;
                call(plugin, [&] { paths = plugin->watched(); });
                if (!served_.count(plugin) || paths == served_[plugin].paths)
                    break;
                files.set(key(plugin), paths);
                served_[plugin].paths = std::move(paths);
                more = false;
            }
            if (const auto left = served_.find(plugin); left != served_.end()) {
                const std::int64_t every = plugin->every();
                left->second.again = every > 0 ? System::milliseconds() + every : never;
            }
        }
    }

    template <class Call>
    void call(reloadable* plugin, const Call& function) {
        if (!served_.count(plugin))
            return;
        busy_ = plugin;
        ::pthread_mutex_unlock(&mutex_);
        function();
        ::pthread_mutex_lock(&mutex_);
        busy_ = nullptr;
        ::pthread_cond_broadcast(&changed_);
    }

    std::int64_t timeout(const basic_path_watcher<System>& files) const {
        std::int64_t next = never;
        for (const auto& [plugin, state] : served_)
            next = std::min({next, state.due, state.again});
        const std::int64_t left =
            next == never ? never : std::max<std::int64_t>(0, next - System::milliseconds());
        const std::int64_t files_in = files.timeout();
        if (files_in >= 0)
            return std::min(left, files_in);
        return left == never ? -1 : left;
    }

    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
    basic_file<System> wake_;
    std::map<reloadable*, entry> served_;
    std::vector<reloadable*> forgotten_; // to be told to the watch
    reloadable* busy_ = nullptr;
    pthread_t thread_{};
    bool running_ = false, ending_ = false;
};
using reload_thread = basic_reload_thread<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error nothing_before(std::string_view plugin) {
    return {errc::nothing_before,
            concatenated({"there is no version of '", plugin,
                          "' to go back to: only the one before the newest is kept, and only once"})};
}

inline error too_many_versions(std::size_t mapped, std::size_t most, std::string_view why) {
    return {errc::too_many,
            concatenated(
                {std::to_string(mapped), " versions are in memory, and options.reload.most_versions allows ",
                 std::to_string(most),
                 !why.empty() ? ": "
                 : most < 3   ? ": one serves, and the one before is kept for a rollback; allow 3 or more"
                              : ", because calls in them have not returned",
                 why})};
}

/// The text of the exception that is being handled.
inline std::string exception_text() {
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "what was thrown is no std::exception";
    }
}

/// All versions of one plugin that are in memory. One of them serves.
template <class System = posix>
class basic_live_versions final : public plugin_versions, public reloadable {
public:
    basic_live_versions(std::unique_ptr<plugin_source> source, maker make, const object_functions& functions,
                        std::size_t most_mapped, std::int64_t every)
        : plugin_versions(basic_hazard_domain<>::here()), source_(std::move(source)), make_(std::move(make)),
          functions_(functions), most_mapped_(most_mapped), every_(every) {
        auto code = source_->newest([&](const std::string& id) {
            now_ = id;
            return false;
        });
        instance_share first = made(shared(std::move(code)));
        first->start();
        serving_.store(first.release());
    }
    void begin() override { reload_thread_.add(*this); }
    void end() override {
        source_->cancel();
        reload_thread_.remove(*this);
        history_->on_event({});
        history_->when_room({});
    }
    ~basic_live_versions() override {
        retired_.emplace_back(serving_.exchange(nullptr));
        // Calls that began earlier may still run.
        for (const auto& version : retired_)
            while (hazards_.in_use(version.get()))
                posix::pause_a_millisecond();
    }

    void on_event(reload_handler handler) override { history_->on_event(std::move(handler)); }

    void check(std::function<void(void*)> check) override {
        const mutex_lock locked(changing_);
        check_ = std::move(check);
    }

    live_status status() const override {
        live_status now;
        {
            const basic_hazard_pointer serving(hazards_, serving_);
            now.version = serving.get()->number();
            now.info = serving.get()->info();
        }
        const mutex_lock locked(counting_);
        now.replaced = replaced_;
        now.refused = refused_;
        now.refusal = refusal_;
        now.mapped = history_->mapped();
        return now;
    }

    reload_event refresh(bool again) override {
        return change([&](std::string& refusal) { return newer(again, refusal); });
    }

    reload_event rollback() override {
        return change([&](std::string& refusal) {
            if (!before_)
                throw nothing_before(serving_.load()->info().name);
            if (const std::uint64_t bad = serving_.load()->number(); replaced_by(before_, refusal)) {
                // The newest version stays refused until its files change.
                avoided_ = std::exchange(now_, std::exchange(now_before_, ""));
                before_.reset();
                count(&basic_live_versions::replaced_, "version " + std::to_string(bad) + " was rolled back");
            }
            return reload_event::step::rolled_back;
        });
    }

    // ---- Called by the reload thread

    std::vector<std::string> watched() override { return paths_ = source_->watched(); }
    /// A library may also be unmapped when another handle is closed or an exception ends, which nobody
    /// reports. So while the limit of versions is reached, the thread checks at intervals.
    std::int64_t every() const noexcept override {
        constexpr std::int64_t second = 1000;
        return every_ == 0 && short_of_room_ ? second : every_;
    }

    void look() noexcept override {
        try {
            // A refused version is not tried again because an unrelated file beside it has changed.
            const file_snapshot before(paths_);
            const bool room = again_.exchange(false) || (short_of_room_ && history_->mapped() < most_mapped_);
            if (failed_ && !room && every_ == 0 && before == failed_files_)
                return;
            failed_ = refresh(false).what == reload_event::step::refused;
            if (failed_)
                failed_files_ = before.with(watched());
        } catch (...) {
            trace("a reload was given up: ", exception_text());
        }
    }

    void retire() noexcept override {
        std::vector<instance_share> free;
        const mutex_lock locked(retiring_);
        for (auto& version : std::exchange(retired_, {}))
            (hazards_.in_use(version.get()) ? retired_ : free).push_back(std::move(version));
    }

private:
    std::shared_ptr<version_code> shared(std::unique_ptr<plugin_code> code) {
        return std::make_shared<version_code>(std::move(code), numbers_ + 1, history_);
    }
    instance_share made(std::shared_ptr<version_code> code) {
        return instance_share(new plugin_instance(std::move(code), ++numbers_, make_, functions_));
    }

    // Makes one change at a time. `make(refusal)` returns the step that was taken, or sets why none was.
    template <class Change>
    reload_event change(const Change& make) {
        reload_event result;
        {
            const reload_history::hold until_unlocked(*history_);
            const mutex_lock locked(changing_);
            begun_ = std::chrono::steady_clock::now();
            std::string refusal;
            try {
                result.what = make(refusal);
            } catch (const error& e) {
                if (e.code() == errc::nothing_before)
                    throw;
                refusal = e.what();
            } catch (...) {
                refusal = exception_text();
            }
            if (!refusal.empty()) {
                result.what = reload_event::step::refused;
                result.reason = refusal;
                count(&basic_live_versions::refused_, refusal);
            }
            result.version = serving_.load()->number();
            result.plugin = serving_.load()->code()->name();
            result.took = took();
            if (result.what != reload_event::step::unchanged)
                history_->tell(result);
        }
        retire();
        return result;
    }

    std::chrono::microseconds took() {
        const auto from = std::exchange(begun_, std::chrono::steady_clock::now());
        return std::chrono::duration_cast<std::chrono::microseconds>(begun_ - from);
    }

    void count(std::uint64_t basic_live_versions::* counter, const std::string& refusal) {
        const mutex_lock locked(counting_);
        ++(this->*counter);
        refusal_ = refusal;
    }

    reload_event::step newer(bool again, std::string& refusal) {
        std::string newest;
        std::shared_ptr<version_code> next;
        short_of_room_ = false;
        auto code = source_->newest([&](const std::string& id) {
            newest = id;
            if (id == now_ || (!again && id == avoided_))
                return true;
            if (before_ && id == now_before_) { // an edit that was undone
                next = before_;
                return true;
            }
            require_room();
            return false;
        });
        if (code)
            next = shared(std::move(code));
        if (!next) {
            if (newest == now_) {
                const mutex_lock locked(counting_);
                refusal_.clear();
            }
            return reload_event::step::unchanged;
        }
        history_->tell({reload_event::step::built, numbers_ + 1, next->name(), "", took()});
        if (!replaced_by(std::move(next), refusal)) {
            avoided_ = newest;
            return reload_event::step::refused;
        }
        now_before_ = std::exchange(now_, newest);
        avoided_.clear();
        count(&basic_live_versions::replaced_, "");
        return reload_event::step::replaced;
    }

    void require_room() {
        retire();
        if (const std::size_t mapped = history_->mapped(); mapped >= most_mapped_) {
            short_of_room_ = true;
            history_->when_room([this] {
                again_ = true;
                reload_thread_.ask(*this);
            });
            throw too_many_versions(mapped, most_mapped_, history_->stays());
        }
    }

    // Constructs an object of the code and has it take over. If that fails, returns false with the reason in
    // `refusal`, and nothing has changed.
    bool replaced_by(std::shared_ptr<version_code> code, std::string& refusal) {
        plugin_instance* const old = serving_.load();
        instance_share next;
        bool quiesced = false;
        try {
            old->quiesce(quiesced); // if it throws, perhaps by half
            next = made(code);
            old->hand_on_to(*next);
            next->start();
            if (check_)
                check_(next->object());
        } catch (...) {
            refusal = exception_text();
        }
        if (refusal.empty()) {
            before_ = old->code();
            const mutex_lock locked(retiring_);
            retired_.emplace_back(serving_.exchange(next.release()));
            return true;
        }
        next.reset();
        if (quiesced)
            try {
                old->resume();
            } catch (...) {
                refusal += "; and resume() of the version that goes on threw: " + exception_text();
            }
        return false;
    }

    std::unique_ptr<plugin_source> source_;
    const maker make_;
    const object_functions& functions_;
    const std::size_t most_mapped_;
    const std::int64_t every_;
    reload_thread& reload_thread_ = reload_thread::here();
    const std::shared_ptr<reload_history> history_ = std::make_shared<reload_history>();

    // One change at a time.
    pthread_mutex_t changing_ = PTHREAD_MUTEX_INITIALIZER;
    std::function<void(void*)> check_;
    std::shared_ptr<version_code> before_;
    std::string now_, now_before_,
        avoided_; // the newest library that serves, that served before, that was refused
    std::uint64_t numbers_ = 0;
    std::chrono::steady_clock::time_point begun_{};

    pthread_mutex_t retiring_ = PTHREAD_MUTEX_INITIALIZER;
    std::vector<instance_share> retired_; // and perhaps still in use

    mutable pthread_mutex_t counting_ = PTHREAD_MUTEX_INITIALIZER;
    std::uint64_t replaced_ = 0, refused_ = 0;
    std::string refusal_;

    // Used by the reload thread alone.
    std::vector<std::string> paths_;
    bool failed_ = false;
    file_snapshot failed_files_;      // as they were then
    std::atomic<bool> again_ = false; // look again, although the files are the same
    std::atomic<bool> short_of_room_ = false;
};

using live_versions = basic_live_versions<>;

template <class System>
std::unique_ptr<plugin_versions> plugin_versions::from(std::unique_ptr<plugin_source> source, maker make,
                                                       const object_functions& functions,
                                                       std::size_t most_mapped, std::int64_t every) {
    return std::make_unique<basic_live_versions<System>>(std::move(source), std::move(make), functions,
                                                         most_mapped, every);
}

#ifdef TENON_SEPARATE
template std::unique_ptr<plugin_versions> plugin_versions::from<posix>(std::unique_ptr<plugin_source>,
                                                                       plugin_versions::maker,
                                                                       const object_functions&, std::size_t,
                                                                       std::int64_t);
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

#ifndef TENON_DETAIL_LOAD_UNTYPED_LOADER_DEFINITIONS_HPP
#define TENON_DETAIL_LOAD_UNTYPED_LOADER_DEFINITIONS_HPP

#include <memory>
#include <string>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_COMPILER_HPP
#define TENON_DETAIL_BUILD_COMPILER_HPP

#include <cstddef>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_COMPILE_FLAGS_HPP
#define TENON_DETAIL_BUILD_COMPILE_FLAGS_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// `kind` is "line" or "flag".
inline error refused_flag(std::string_view where, std::string_view kind, std::string_view flag,
                          std::string_view why) {
    return {errc::build_failed,
            concatenated({where, ": the ", kind, " '", flag, "' is refused, because ", why}),
            std::string(where.substr(0, where.rfind(':')))};
}

inline error not_plain_text(const std::string& path) {
    return {
        errc::build_failed,
        concatenated({"'", path,
                      "' is not read, because it has zero bytes in it, as text in UTF-16 has; store it as "
                      "UTF-8, one flag a line"}),
        path};
}

/// The flags for a plugin, sorted by the program that reads them.
class compile_flags {
public:
    /// `may_run_programs`: whether flags may name programs that take part in the build. `tree_stays`: whether
    /// what compilers write beside their objects is still there when the build is done.
    explicit compile_flags(bool may_run_programs = false, bool tree_stays = false)
        : may_run_programs_(may_run_programs), tree_stays_(tree_stays) {}

    /// Adds one flag, or the value of the flag before. `where` names the place of the flag, for messages.
    void add(const std::string& flag, const std::string& where) {
        const bool language = std::exchange(language_follows_, false);
        if (takes_away(flag) || (passed_on_ && (passes_away(flag) || changes_messages(flag))) ||
            makes_headers(language                 ? flag
                          : flag.starts_with("-x") ? flag.substr(2)
                                                   : ""))
            throw refused_flag(where, "flag", flag,
                               "what is made of a plugin's sources, by which program and where, is not for "
                               "its flags to say; remove it");
        if (!may_run_programs_ && runs_a_program(flag))
            throw refused_flag(where, "flag", flag,
                               "it has another program take part in the build, of which a change would not "
                               "be seen; remove it, or set options.builds_may_run_programs");
        if (!tree_stays_ && writes_beside(flag))
            throw refused_flag(where, "flag", flag,
                               "what it has written beside the objects is lost with these once the library "
                               "is made; remove it, or give the directory a CMakeLists.txt, of which the "
                               "build tree is kept");
        if (changes_messages(flag)) {
            trace(where, ": the flag '", flag, "' is left out, because tenon reads what compilers say");
            return;
        }
        passed_on_ = among(flag, {"-Xlinker", "-Xpreprocessor", "-Xclang"});
        language_follows_ = !language && flag == "-x";
        const bool value = std::exchange(
            value_follows_, among(flag, {"-l", "-L", "-z", "-u", "-T", "-Xlinker", "--library-directory"}));
        if (value || value_follows_ || for_the_linker(flag)) {
            link_.push_back(flag);
            return;
        }
        compile_.push_back(flag);
        // With -x the linker driver would treat objects as sources.
        if (!language && !flag.starts_with("-x"))
            common_.push_back(flag);
    }

    /// Adds the flags of a compile_flags.txt as clangd reads it: one flag a line, without surrounding space.
    void add_lines(std::string_view text, const std::string& path) {
        if (text.find('\0') != text.npos)
            throw not_plain_text(path);
        skip(text, "\xEF\xBB\xBF");
        for (std::size_t number = 1; !text.empty(); ++number) {
            std::string_view line = take_until(text, '\n');
            while (!line.empty() && space(line.front()))
                line.remove_prefix(1);
            while (!line.empty() && space(line.back()))
                line.remove_suffix(1);
            if (line.empty())
                continue;
            const std::string where = path + ':' + std::to_string(number);
            if (const std::string why = mistake(line, path); !why.empty())
                throw refused_flag(where, "line", line, why);
            before_ = line[0] == '-' ? line : "";
            add(std::string(line), where);
        }
    }

    /// The flags for the compiler.
    const std::vector<std::string>& compile() const noexcept { return compile_; }

    /// The compiler's flags that the linker driver gets too, because some decide what is linked, such as
    /// -fsanitize: all but the language of the sources.
    const std::vector<std::string>& common() const noexcept { return common_; }

    /// The flags for the link alone. They follow the objects: a linker takes from a library what is missing
    /// by then.
    const std::vector<std::string>& link() const noexcept { return link_; }

    /// All flags.
    std::vector<std::string> words() const {
        std::vector<std::string> all = compile_;
        all.insert(all.end(), link_.begin(), link_.end());
        return all;
    }

private:
    // A sentence about an obvious mistake in a line; empty if there is none. `before_` is the flag before.
    std::string mistake(std::string_view line, const std::string& path) const {
        if (line[0] == '#')
            return "the file has no comments, as each line is a flag; remove it";
        if (line[0] == '"' || line[0] == '\'')
            return "no shell reads it, and a quotation mark would be part of the flag; write it without";
        if (line[0] == '-') {
            const std::string_view first = line.substr(0, line.find(' '));
            const auto next = line.find(" -");
            // A macro may stand for anything.
            const bool macro = line.starts_with("-D") && first.find('=') != first.npos;
            const bool two = next + 2 < line.size() && next != line.npos && line[next + 2] != ' ' && !macro;
            if (two || (first.size() < line.size() && takes_value(first)))
                return "each line is one flag, or the value of the flag before; write it on several lines";
            return "";
        }
        const std::string folder(parent(path));
        if (line[0] == '@' || may_take_value(before_) || for_the_linker(line))
            return "";
        const std::string_view name = basename(line);
        if (!name.empty() && is_source_name(name))
            return "it is a source, and sources are not named: those directly in the directory are compiled; "
                   "move it there, or give the directory a CMakeLists.txt";
        if (!name.empty() && is_foreign_source_name(name))
            return "it is a source in another language than C++, or a module; give the directory a "
                   "CMakeLists.txt, which can have it compiled";
        if (ends_in_one_of(line, {".h", ".hh", ".hpp", ".hxx"}))
            return "it is a header and no flag; include it in the sources, or write -include before it";
        if (posix::access((line[0] == '/' ? std::string(line) : join(folder, line)).c_str(), F_OK) == 0)
            return "";
        return "a flag begins with '-', and no file in '" + folder +
               "' has this name; correct it or remove it";
    }

    static bool takes_value(std::string_view flag) {
        return among(flag, {"-D", "-I", "-L", "-U", "-idirafter", "-include", "-iquote", "-isystem", "-l",
                            "-x", "-z", "-Xlinker", "-Xclang", "-Xpreprocessor", "--include-directory",
                            "--library-directory"});
    }

    // False only for flags that certainly have no value in the next line: other flags are unknown here.
    static bool may_take_value(std::string_view flag) {
        if (flag.empty() || (flag.size() > 2 && begins_with_one_of(flag, {"-D", "-I", "-L", "-U", "-l"})))
            return false;
        return !begins_with_one_of(flag, {"-W", "-O", "-f", "-g", "-m", "-std", "-pedantic", "-pthread"}) ||
               among(flag, {"-framework", "-mllvm", "-gcc-toolchain"});
    }

    static bool space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

    static bool among(std::string_view flag, std::initializer_list<std::string_view> list) {
        for (const std::string_view known : list)
            if (flag == known)
                return true;
        return false;
    }
    // Flags that make the compiler write other output, write to another place, or read flags from a file.
    static bool takes_away(std::string_view flag) {
        if (among(flag, {"-c", "-E", "-S", "-###", "-fsyntax-only", "--compile", "--assemble", "--preprocess",
                         "--help", "--version"}) ||
            begins_with_one_of(flag, {"@", "-o", "--output", "-M", "-save-temps", "--save-temps", "-dump",
                                      "-print-", "--print-"}))
            return true;
        if (!begins_with_one_of(flag, {"-Wl,", "-Wp,"}))
            return false;
        for (flag.remove_prefix(4); !flag.empty();)
            if (passes_away(take_until(flag, ',')))
                return true;
        return false;
    }

    // The same for flags passed on to a step of the compiler: a linker's -M writes a map to standard output.
    static bool passes_away(std::string_view flag) {
        return flag == "-o" || begins_with_one_of(flag, {"--output", "-M", "@"});
    }

    // Flags that run other programs than those of the compiler, whose changes would not be noticed.
    static bool runs_a_program(std::string_view flag) {
        return begins_with_one_of(
            flag, {"-B", "-wrapper", "-specs", "--specs", "-fplugin", "-fpass-plugin", "--ld-path", "-load"});
    }

    // True for the languages of headers, which are precompiled and give no object.
    static bool makes_headers(std::string_view language) { return language.find("-header") != language.npos; }

    // Flags that make compilers, or the plugin at its end, write further files beside an object: profiles,
    // the order of calls, debug information.
    static bool writes_beside(std::string_view flag) {
        return among(flag, {"--coverage", "-coverage", "-fprofile-arcs", "-ftest-coverage",
                            "-fcondition-coverage", "-fpath-coverage", "-fstack-usage", "-aux-info",
                            "-serialize-diagnostics", "--serialize-diagnostics"}) ||
               begins_with_one_of(flag, {"-fprofile-generate", "-fcs-profile-generate", "-fprofile-note",
                                         "-gsplit-dwarf", "-fcallgraph-info", "-fdump-", "-ftime-trace",
                                         "-fsave-optimization-record", "-foptimization-record-file"});
    }

    // Flags that change the form or the place of messages, so that files and lines would not be found in
    // them.
    static bool changes_messages(std::string_view flag) {
        return begins_with_one_of(flag,
                                  {"-fdiagnostics-format", "-fdiagnostics-add-output",
                                   "-fdiagnostics-set-output", "-fdiagnostics-parseable-fixits",
                                   "-fdiagnostics-generate-patch", "-fdiagnostics-print-source-range-info",
                                   "-fdiagnostics-column-", "-fdiagnostics-show-location", "-fmessage-length",
                                   "-fno-show-column", "-fno-show-source-location"});
    }

    static bool for_the_linker(std::string_view flag) {
        if (begins_with_one_of(flag, {"-l", "-L", "-Wl,", "-Xlinker", "--library-directory"}))
            return true;
        return !flag.starts_with('-') && ends_in_one_of(flag, {".a", ".o", ".so"});
    }

    std::vector<std::string> compile_, common_, link_;
    std::string before_;
    bool may_run_programs_, tree_stays_;
    bool value_follows_ = false; // of the flag before
    bool language_follows_ = false;
    bool passed_on_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_PROCESS_HPP
#define TENON_DETAIL_SYSTEM_PROCESS_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_SYSTEM_CHILD_LIFETIME_HPP
#define TENON_DETAIL_SYSTEM_CHILD_LIFETIME_HPP

#include <cerrno>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A pipe whose ends have descriptors above those of the standard streams and the next one: a child sets
/// these up for itself, and a host may have closed its own.
template <class System = posix>
struct basic_pipe {
    basic_file<System> from, to; ///< what is written to `to` is read from `from`

    explicit basic_pipe(const char* purpose) {
        int ends[2];
        if (System::pipe(ends) != 0)
            throw error::system_call("make a pipe for", purpose, errno);
        from = basic_file<System>(ends[0]);
        to = basic_file<System>(ends[1]);
        for (basic_file<System>* const end : {&from, &to})
            if (end->descriptor() <= STDERR_FILENO + 1) {
                *end = basic_file<System>(System::duplicate(end->descriptor(), STDERR_FILENO + 2));
                if (end->descriptor() < 0)
                    throw error::system_call("make a pipe for", purpose, errno);
            }
    }
};

/// Ends a process group when this process ends, however that happens, and tells whether a process of the
/// group is left.
///
/// The group inherits one end of a pipe and never reads from it; this process has the other end. When this
/// process ends, Linux closes its end and signals the group, as it was asked to beforehand. So no helper
/// process is needed, and neither the killer of this process nor the group has to do anything.
/// (PR_SET_PDEATHSIG can only be set by the child between fork and exec, does not reach grandchildren, and
/// acts when a thread ends. The hang-up of a pseudo-terminal needs one terminal for each compiler, and only
/// the leader of the group is told.)
///
/// Three gaps remain. A host that is killed between the start of a program and the call of `hold`, less than
/// a millisecond, leaves the program running to its end. The end of a host is not noticed while a child that
/// it forked still has a copy of the host's end. A program that leaves its session, or closes its own end, is
/// not reached.
template <class System = posix>
class basic_child_lifetime {
public:
    basic_child_lifetime() : pipe_("the life of a program") {}

    /// The descriptor that the group has to inherit.
    int descriptor() const noexcept { return pipe_.from.descriptor(); }

    /// From now on the group gets SIGTERM when this process ends or this object is destroyed.
    void hold(pid_t group) noexcept {
        if (System::signal_by(pipe_.from.descriptor(), SIGTERM, group) != 0)
            trace("programs will outlive a host that is killed, because this system does not tell them");
    }

    /// Lets the rest of the group run on: a program may have started a daemon.
    void let_go() noexcept { System::signal_no_more(pipe_.from.descriptor()); }

    /// Waits until no process has the other end. Processes that still have it when this object is destroyed
    /// are killed.
    bool all_gone_within(int milliseconds) noexcept {
        System::signal_by_another(pipe_.from.descriptor(), SIGKILL);
        pipe_.from = basic_file<System>();
        const std::int64_t end = System::milliseconds() + milliseconds;
        pollfd abandoned{pipe_.to.descriptor(), 0, 0};
        for (;;) {
            const std::int64_t left = end - System::milliseconds();
            const int ready = System::poll(&abandoned, 1, left > 0 ? static_cast<int>(left) : 0);
            if (ready >= 0 || errno != EINTR)
                return ready > 0;
        }
    }

private:
    basic_pipe<System> pipe_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_DIAGNOSTIC_READER_HPP
#define TENON_DETAIL_SYSTEM_DIAGNOSTIC_READER_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A text without escape sequences for terminals, such as colours and links (ECMA-48).
inline std::string without_colours(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\x1b') {
            plain += text[i];
        } else if (text.substr(i + 1, 1) == "[") {
            for (i += 2; i < text.size() && (text[i] < '@' || text[i] > '~');)
                ++i;
        } else if (text.substr(i + 1, 1) == "]") {
            for (++i; i < text.size() && text[i] != '\a' && text.substr(i, 2) != "\x1b\\";)
                ++i;
            i += text.substr(i, 1) == "\x1b" ? 1 : 0;
        }
    }
    return plain;
}

/// True if a line has only marks such as `^~~~`, which compilers print below an excerpt of the source.
inline bool is_marks(std::string_view line) {
    return line.find('^') != line.npos && line.find_first_not_of(" \t^~|") == line.npos;
}

/// Parses the output of g++ and clang++, of the linkers that they run, of CMake and of make.
class diagnostic_reader {
public:
    /// `folder` is the working directory of the program, against which relative paths are resolved.
    explicit diagnostic_reader(std::string_view folder) : folder_(folder) {}

    std::vector<diagnostic> read(std::string_view said) {
        const std::string plain = without_colours(said);
        for (std::string_view rest = plain; !rest.empty();) {
            line_ = take_line(rest);
            // Older clangs print source lines as they are, and these may look like anything.
            if (!goes_on(line_) && !is_marks(rest.substr(0, rest.find('\n'))))
                look_at(line_);
        }
        return std::move(found_);
    }

    /// The line that says why a program failed, verbatim, with the file if only a line below names it. Empty
    /// if no line says why.
    std::string headline(std::string_view said) {
        using severity = diagnostic::severity;
        const std::vector<diagnostic> all = read(said);
        const auto first = std::find_if(all.begin(), all.end(),
                                        [](const diagnostic& line) { return line.level == severity::error; });
        if (first == all.end())
            return "";
        std::string line = std::move(first_error_);
        if (begins(line, "CMake ") && line.back() == ':')
            line += ' ' + first->text.substr(0, first->text.find('\n'));
        if (!first->file.empty() && line.find(basename(first->file)) == line.npos)
            line += " (" + first->place() + ')';
        return line;
    }

private:
    static bool begins(std::string_view text, std::string_view with) {
        return text.substr(0, with.size()) == with;
    }

    void look_at(std::string_view line) {
        diagnostic read;
        if (const std::string_view from = included_from(line); !from.empty()) {
            put_place(read, from);
            read.text = "included from here";
            leads_.push_back(std::move(read));
        } else if (begins(line, ">>> ")) {
            add_reference(line.substr(4));
        } else if (line.empty() || line[0] == ' ' || line[0] == '\t') {
            return; // the source, and marks below it
        } else if (cmakes(line, read)) {
            cmakes_ = line.back() == ':' ? part::text : part::none;
            paragraph_ends_ = false;
            add(std::move(read));
        } else if (labelled(line, read) || linkers(line, read) || makes(line, read)) {
            add(std::move(read));
        } else if (const auto gap = line.find(":  "); gap != line.npos) {
            const std::string_view how = line.substr(gap + 3);
            if (how.find("required") == how.npos)
                return;
            put_place(read, line.substr(0, gap));
            read.text = how.substr(how.find_first_not_of(' '));
            leads_.push_back(std::move(read));
        }
    }

    void add(diagnostic read) {
        if (read.level == diagnostic::severity::note && !found_.empty()) {
            found_.back().notes.push_back(std::move(read));
            return;
        }
        if (read.level == diagnostic::severity::error) {
            if (!first_error_.empty() && only_repeats(read))
                return;
            if (first_error_.empty())
                first_error_ = line_;
        }
        for (diagnostic& lead : leads_)
            lead.level = diagnostic::severity::note;
        read.notes = std::exchange(leads_, {});
        found_.push_back(std::move(read));
    }

    // A compiler driver or make only repeats that the program it ran has failed.
    static bool only_repeats(const diagnostic& message) {
        return message.file.empty() &&
               (begins(message.text, "ld returned ") || begins(message.text, "*** ") ||
                begins(message.text, "linker command failed "));
    }

    // The lines below what CMake has begun to say, and whether this is one: its text, whose paragraphs become
    // lines, and after it what called what.
    bool goes_on(std::string_view line) {
        constexpr std::string_view calls = "Call Stack ";
        if (cmakes_ == part::none)
            return false;
        if (begins(line, calls)) {
            cmakes_ = part::calls;
            return true;
        }
        if (!line.empty() && !begins(line, "  ")) {
            cmakes_ = part::none;
            return false;
        }
        diagnostic& said = found_.back();
        if (line.empty()) {
            paragraph_ends_ = true;
        } else if (line.remove_prefix(2); cmakes_ == part::calls) {
            diagnostic note;
            note.level = diagnostic::severity::note;
            put_place(note, line.substr(0, line.find(" (")));
            note.text = "called from here";
            said.notes.push_back(std::move(note));
        } else {
            said.text += said.text.empty() ? "" : paragraph_ends_ ? "\n" : " ";
            said.text += line;
            paragraph_ends_ = false;
        }
        return true;
    }

    // `CMake Warning (dev) at FILE:LINE (COMMAND):`, and the text below it; or `CMake Error: TEXT`.
    bool cmakes(std::string_view line, diagnostic& into) const {
        if (!begins(line, "CMake "))
            return false;
        const std::size_t place = std::min(line.find(" at "), line.find(" in "));
        const std::size_t end = std::min({place, line.find(": "), line.size() - 1});
        const std::string_view kind = line.substr(0, end);
        if (kind.find("Warning") == kind.npos && kind.find("Error") == kind.npos)
            return false;
        into.level =
            kind.find("Error") == kind.npos ? diagnostic::severity::warning : diagnostic::severity::error;
        if (end == place && line.back() == ':') {
            line.remove_suffix(1);
            line.remove_prefix(std::min(line.size(), end + 4));
            put_place(into, line.substr(0, line.rfind(" (")));
        } else if (line.back() != ':') {
            into.text = end == place ? line : line.substr(std::min(line.size(), end + 2));
        }
        return true;
    }

    // `FILE:LINE:COLUMN: error: TEXT`, and `PROGRAM: error: TEXT`.
    bool labelled(std::string_view line, diagnostic& into) const {
        using severity = diagnostic::severity;
        constexpr std::pair<std::string_view, severity> labels[] = {
            {"error: ", severity::error},     {"fatal error: ", severity::error},
            {"fatal: ", severity::error},     {"internal compiler error: ", severity::error},
            {"warning: ", severity::warning}, {"sorry, unimplemented: ", severity::error},
            {"note: ", severity::note},       {"remark: ", severity::note},
            {"Error: ", severity::error},     {"Fatal error: ", severity::error}, // an assembler's
            {"Warning: ", severity::warning}, {"LLVM ERROR: ", severity::error}};
        auto first = line.npos;
        for (const auto& [label, level] : labels) {
            auto at = begins(line, label) ? 0 : line.find(": " + std::string(label));
            if (at >= first)
                continue;
            first = at;
            into.level = level;
            into.text = line.substr(at + label.size() + (at == 0 ? 0 : 2));
        }
        if (first == line.npos)
            return false;
        std::string_view head = line.substr(0, first);
        if (const auto function = head.find(":function ");
            function != head.npos) // gold: OBJECT:SOURCE:function NAME
            head = head.substr(0, function),
            head.remove_prefix(head.find(".o:") == head.npos ? 0 : head.find(".o:") + 3);
        else if (const auto section = head.rfind(":("); section != head.npos) // ld: SOURCE:(.text+0x5)
            head = head.substr(0, section);
        else if (!has_line(head)) // a program, or something else that has the word
            return head.find_first_of(" \t\"'") == head.npos;
        put_place(into, head);
        return true;
    }

    // Errors of ld, which does not label them `error`.
    bool linkers(std::string_view line, diagnostic& into) const {
        const auto colon = line.find(": ");
        const std::string_view program = basename(line.substr(0, colon));
        const bool by_name =
            colon != line.npos && (program == "ld" || begins(program, "ld.") || program.ends_with("-ld"));
        if (by_name)
            line.remove_prefix(colon + 2);
        if (line.find(": in function `") != line.npos)
            return false;
        for (const std::string_view word : {"undefined reference to ", "multiple definition of "})
            if (const auto at = line.find(": " + std::string(word)); at != line.npos) {
                std::string_view head = line.substr(0, at);
                if (const auto section = head.rfind(":("); section != head.npos) // SOURCE:(.text+0x5)
                    head = head.substr(0, section);
                put_place(into, head);
                into.text = line.substr(at + 2);
                return true;
            }
        into.text = line;
        // Failures of the compiler itself, which it does not label `error`.
        const bool memory = line.find(": out of memory allocating ") != line.npos ||
                            begins(line, "virtual memory exhausted") || begins(line, "memory exhausted");
        return by_name || memory;
    }

    // `make[2]: *** No rule to make target 'a.cpp', needed by 'a.o'.  Stop.`
    static bool makes(std::string_view line, diagnostic& into) {
        const auto stars = line.find(": *** ");
        if (stars == line.npos || !(begins(line, "make") || begins(line, "gmake")))
            return false;
        into.text = line.substr(stars + 2);
        return true;
    }

    // lld and mold print the places below the error.
    void add_reference(std::string_view text) {
        const std::string_view word = begins(text, "defined at ") ? "defined at " : "referenced by ";
        if (found_.empty() || !begins(text, word))
            return;
        diagnostic read;
        read.level = diagnostic::severity::note;
        read.text = text;
        text.remove_prefix(word.size());
        // `json.cpp:12 (/opt/users/json.cpp:12)`
        if (const auto whole = text.find(" ("); whole != text.npos && text.back() == ')')
            text = text.substr(whole + 2, text.size() - whole - 3);
        put_place(read, text);
        if (found_.back().file.empty())
            found_.back().file = read.file, found_.back().line = read.line;
        found_.back().notes.push_back(std::move(read));
    }

    // `In file included from FILE:LINE,` and, below, `                 from FILE:LINE:`.
    static std::string_view included_from(std::string_view line) {
        for (const std::string_view words : {"In file included from ", "                 from "})
            if (begins(line, words)) {
                line.remove_prefix(words.size());
                return line.substr(0, line.find_last_not_of(",:") + 1);
            }
        return {};
    }

    static bool take_number(std::string_view& text, std::size_t& into) {
        const auto colon = text.rfind(':');
        if (colon == text.npos || colon == 0)
            return false;
        const std::string_view digits = text.substr(colon + 1);
        std::size_t number = 0;
        const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (failed != std::errc{} || end != digits.data() + digits.size() || number == 0)
            return false;
        into = number;
        text.remove_suffix(text.size() - colon);
        return true;
    }
    static bool has_line(std::string_view place) {
        std::size_t ignored = 0;
        return take_number(place, ignored);
    }

    // Parses from the right, because a path may have colons too.
    void put_place(diagnostic& into, std::string_view place) const {
        std::size_t last = 0;
        if (take_number(place, last)) {
            into.line = last;
            if (take_number(place, into.line))
                into.column = last;
        }
        const bool made_up = place.empty() || place[0] == '<'; // <command line>
        into.file = made_up || place[0] == '/' || folder_.empty() ? std::string(place) : join(folder_, place);
    }

    enum class part { none, text, calls };

    std::string_view folder_, line_;
    std::vector<diagnostic> found_, leads_;
    std::string first_error_;
    part cmakes_ = part::none; // of what CMake says, and goes on with in the next line
    bool paragraph_ends_ = false;
};

/// The lines of a failed program about itself: without messages about places in sources, without excerpts of
/// these, and without the words of a server.
inline std::vector<std::string_view> said_of_itself(std::string_view text) {
    const auto is_about_a_place = [](std::string_view line) {
        for (auto colon = line.find(':'); colon != line.npos; colon = line.find(':', colon + 1))
            if (const auto end = line.find_first_not_of("0123456789", colon + 1);
                end != line.npos && end != colon + 1 && line[end] == ':')
                return true;
        return false;
    };
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty() || line[0] == ' ' || line[0] == '\t' || line.starts_with("remote:") ||
            is_marks(text.substr(0, text.find('\n'))))
            continue;
        // A compiler that cannot write its output names a place in the source all the same.
        if (!is_about_a_place(line) || line.find(": fatal error: error ") != line.npos)
            lines.push_back(line);
    }
    return lines;
}

/// Advice for a failure whose headline is known; empty if it is not.
inline std::string_view advice_for(std::string_view headline) {
    const bool of_itself = !said_of_itself(headline).empty();
    const auto says = [&](std::string_view part) {
        return of_itself && headline.find(part) != headline.npos;
    };
    if (says("No space left on device"))
        return "; make room where the cache is and where $TMPDIR is, else in /tmp";
    for (const std::string_view words : {"out of memory", "memory exhausted", "Cannot allocate memory",
                                         "bad_alloc", "Killed signal terminated", "terminated with signal 9",
                                         "unable to execute command: Killed", "was killed by signal 9"})
        if (says(words))
            return "; memory has run out, it seems: let fewer compilers run at once (options.jobs), or give "
                   "them more";
    if (says("cannot execute") && says("cc1plus"))
        return "; the compiler is installed without its part for C++: install that (g++), or name another "
               "compiler in $CXX or options.compiler";
    for (const std::string_view words : {"undefined reference to ", "undefined symbol: "})
        if (headline.find(words) != headline.npos)
            return "; if it is the host that has this, link the host with -rdynamic, and the plugin with "
                   "-Wl,-z,undefs: a line of compile_flags.txt, or LINKER:-z,undefs in CMake's "
                   "target_link_options";
    return "";
}

/// Names environment variables that add search folders, if one is set and a headline says that a file was not
/// found: compilers that a loader runs do not see these variables.
inline std::string advice_on_variables(std::string_view headline) {
    const auto says = [&](std::string_view part) { return headline.find(part) != headline.npos; };
    struct variable {
        const char* name;
        std::string_view with; // what has to be in it
    };
    std::vector<variable> all;
    if (said_of_itself(headline).empty() && says("fatal error: ") &&
        (says("No such file or directory") || says("' file not found")))
        all = {{"CPATH", ""},
               {"CPLUS_INCLUDE_PATH", ""},
               {"C_INCLUDE_PATH", ""},
               {"CPPFLAGS", "-I"},
               {"CXXFLAGS", "-I"}};
    if (says("cannot find -l") || says("unable to find library -l") || says("library not found: "))
        all = {{"LIBRARY_PATH", ""}, {"LDFLAGS", "-L"}, {"CXXFLAGS", "-L"}};
    std::string names;
    for (const variable& setting : all)
        if (const char* set = std::getenv(setting.name);
            set && *set && std::string_view(set).find(setting.with) != std::string_view::npos)
            names.append(names.empty() ? "$" : ", $").append(setting.name);
    if (names.empty())
        return "";
    return "; " + names + (names.find(',') == names.npos ? " is set, and it is" : " are set, and they are") +
           " nothing to the compilers of plugins: name the folders in the plugin's compile_flags.txt, or "
           "in its CMakeLists.txt";
}

/// Why a program that ran in `folder` failed, in its own words or else by how it ended, and what to do.
inline std::string cause_of_failure(std::string_view folder, std::string_view said, std::string how) {
    std::string line = diagnostic_reader(folder).headline(said);
    if (line.empty())
        line = std::move(how);
    const std::string variables = advice_on_variables(line);
    return line.append(advice_for(line)).append(variables);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error cannot_run(const std::string& program, int error_number, std::string_view advice) {
    return {
        errc::system_call,
        concatenated({"cannot run '", program, "': ", std::generic_category().message(error_number), advice}),
        program};
}

/// The path of a program that can be run, by its path or by a name that is looked for along $PATH. Relative
/// entries of $PATH do not count.
template <class System = posix>
std::optional<std::string> find_program(std::string_view name) {
    const auto runnable = [](const std::string& path) {
        struct stat status;
        return System::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
               System::access(path.c_str(), X_OK) == 0;
    };
    if (name.find('/') != name.npos)
        return runnable(std::string(name)) ? std::optional<std::string>(name) : std::nullopt;
    const char* set = ::secure_getenv("PATH");
    for (std::string_view rest = set ? set : "/usr/local/bin:/usr/bin:/bin"; !rest.empty();) {
        const std::string_view folder = take_until(rest, ':');
        if (folder.empty() || folder[0] != '/')
            continue;
        if (std::string path = join(folder, name); runnable(path))
            return path;
    }
    return std::nullopt;
}

/// The first entry of $PATH that has the program but does not count, because it is not absolute.
template <class System = posix>
std::optional<std::string> passed_over(std::string_view name) {
    const char* set = ::secure_getenv("PATH");
    for (std::string_view rest = set ? set : ""; !rest.empty();) {
        const std::string_view entry = take_until(rest, ':');
        const std::string folder = entry.empty() ? "." : std::string(entry);
        if (folder[0] != '/' && find_program<System>(join("./" + folder, name)))
            return folder;
    }
    return std::nullopt;
}

/// The value of a variable for a program that runs in another folder. Relative paths become absolute. Empty
/// entries of lists are dropped, and from $PATH all relative ones, because `find_program` ignores them too.
template <class System = posix>
std::string from_anywhere(std::string_view name, std::string_view value) {
    const auto among = [name](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    const bool list = among(
        {"PATH", "LD_LIBRARY_PATH", "CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH", "SSL_CERT_DIR", "CCACHE_PATH"});
    if (!list && !among({"HOME", "TMPDIR", "XDG_CONFIG_HOME", "SSL_CERT_FILE", "GIT_SSL_CAINFO",
                         "SSH_AUTH_SOCK", "CCACHE_DIR", "CCACHE_TEMPDIR", "CCACHE_CONFIGPATH",
                         "CCACHE_LOGFILE", "CCACHE_BASEDIR", "DISTCC_DIR", "DISTCC_LOG"}))
        return std::string(value);
    std::string text;
    while (!value.empty()) {
        const std::string_view entry = value.substr(0, list ? value.find(':') : value.npos);
        value.remove_prefix(std::min(value.size(), entry.size() + 1));
        // The system's loader expands $ORIGIN.
        const bool whole = !entry.empty() && (entry[0] == '/' || entry[0] == '$');
        if (entry.empty() || (!whole && name == "PATH"))
            continue;
        text += text.empty() ? "" : ":";
        text += whole ? std::string(entry) : absolute<System>(std::string(entry));
    }
    return text;
}

/// `NAME=VALUE` for each of these variables that is set, adapted by `from_anywhere`. A name that ends in `*`
/// stands for all names with that beginning. A program with elevated rights gets none, secure_getenv(3).
template <class System = posix>
std::vector<std::string> environment(std::initializer_list<std::string_view> names) {
    std::vector<std::string> variables;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view variable = *entry, name = variable.substr(0, variable.find('='));
        if (!::secure_getenv(std::string(name).c_str()))
            continue;
        for (const std::string_view wanted : names)
            if (wanted.back() == '*'
                    ? name.substr(0, wanted.size() - 1) == wanted.substr(0, wanted.size() - 1)
                    : name == wanted) {
                const std::string_view value = variable.substr(std::min(variable.size(), name.size() + 1));
                const std::string whole = from_anywhere<System>(name, value);
                // An empty $PATH means the current directory, which would be the plugin's source directory.
                if (!whole.empty() || name != "PATH")
                    variables.push_back(std::string(name) + '=' + whole);
                break;
            }
    }
    return variables;
}

/// A program to run: its path and arguments, its whole environment, and its working directory.
struct command {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::string folder = ".";
    bool alone = false; ///< what it has started and left ends with it
};

/// Splits a command into words as a shell does: at spaces that are neither in quotes nor after a backslash.
/// Variables and patterns are not expanded. An unclosed quote reaches to the end of the text and sets `open`.
inline std::vector<std::string> shell_words(std::string_view text, bool* open = nullptr) {
    std::vector<std::string> words;
    bool within = false; // a word, which may be empty
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (quote == 0 && (c == ' ' || (c >= '\t' && c <= '\r'))) {
            within = false;
            continue;
        }
        if (!std::exchange(within, true))
            words.emplace_back();
        if (c == quote)
            quote = 0;
        else if (quote == 0 && (c == '"' || c == '\''))
            quote = c;
        else if (c == '\\' && next != '\0' && (quote == 0 || (quote == '"' && (next == '"' || next == c))))
            words.back() += text[++i];
        else
            words.back() += c;
    }
    if (open)
        *open = quote != 0;
    return words;
}

/// True if a quote in a command is not closed.
inline bool has_open_quote(std::string_view text) {
    bool open = false;
    shell_words(text, &open);
    return open;
}

/// The word in quotes, so that a shell takes it literally.
inline std::string in_shell_quotes(std::string_view word) {
    std::string text = "'";
    for (const char c : word)
        c == '\'' ? text += "'\\''" : text += c;
    return text += '\'';
}

/// The command as it could be typed into a shell, for messages.
inline std::string shown(const command& run) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                       "-_=+:,./@%^~";
    std::string text;
    for (const std::string& word : run.arguments) {
        const bool needs_quotes = word.empty() || word.find_first_not_of(plain) != word.npos;
        text.append(text.empty() ? "" : " ").append(needs_quotes ? in_shell_quotes(word) : word);
    }
    return text;
}

/// How a program ended, and its output.
struct process_result {
    bool known = false; ///< false where the host ignores SIGCHLD or has waited for the child itself
    int status = 0;     ///< as waitpid gives it
    stop_reason cause = stop_reason::itself;
    std::int64_t milliseconds = 0; ///< how long it took
    std::string limit{};           ///< the one that it seems to have reached
    std::string out{}, err{};

    bool failed() const { return cause != stop_reason::itself || (known && status != 0); }

    std::string how() const {
        const auto because = [&](const std::string& why) {
            return "was ended after " + in_seconds(milliseconds) + ", because " + why;
        };
        switch (cause) {
        case stop_reason::time:
            return because("its time was up" + limit);
        case stop_reason::stop:
            return because("it was cancelled");
        case stop_reason::output:
            return because("it said too much: " + limit);
        case stop_reason::itself:
            break;
        }
        return by_itself() + (limit.empty() ? "" : ", at a limit: " + limit);
    }

    /// The error code for this end; `otherwise` if the program ended by itself.
    errc code(errc otherwise) const { return code_of(cause, otherwise); }

private:
    std::string by_itself() const {
        if (!known)
            return "ended in an unknown way";
        if (WIFSIGNALED(status))
            return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
                   ::strsignal(WTERMSIG(status)) + ")";
        return "exited with status " + std::to_string(WEXITSTATUS(status));
    }
};

/// A sentence about the limit that made a program fail, as far as its signal and its output tell; empty if
/// none did. An option and the limit of this process, which programs inherit, may both apply; the narrower
/// one is named. `milliseconds` is how long the program ran.
template <class System = posix>
std::string reached_limit(const tenon::limits& most, int signal, std::string_view said,
                          std::int64_t milliseconds) {
    struct bound {
        std::uint64_t value;
        std::string text;
    };
    const auto own = [](typename System::limit_of resource, const char* name) -> bound {
        rlimit now{};
        if (System::limit(0, resource, nullptr, &now) != 0 || now.rlim_cur == RLIM_INFINITY)
            return {0, ""};
        return {now.rlim_cur, std::string(name) + " of this process is " + std::to_string(now.rlim_cur)};
    };
    const auto narrower = [](const char* option, std::uint64_t value, const bound& of_host) {
        if (value == 0 || (of_host.value != 0 && of_host.value < value))
            return of_host.text;
        return std::string("options.limits.") + option + " is " + std::to_string(value);
    };
    const auto lines = said_of_itself(said);
    const auto says = [&](std::initializer_list<std::string_view> words) {
        for (const std::string_view line : lines)
            for (const std::string_view word : words)
                if (line.find(word) != line.npos)
                    return true;
        return false;
    };
    // At the hard limit the kernel sends SIGKILL; SIGXCPU comes at the soft one, if that is lower.
    const auto killed_by_cpu = [&] {
        rlimit now{};
        return (signal == SIGKILL || says({"Killed signal terminated", "terminated with signal 9",
                                           "command: Killed", "died of signal 9"})) &&
               System::limit(0, RLIMIT_CPU, nullptr, &now) == 0 && now.rlim_max != RLIM_INFINITY &&
               static_cast<std::uint64_t>(milliseconds) >= now.rlim_max * 1000;
    };
    if (signal == SIGXCPU || says({"CPU time limit exceeded", "died of signal 24"}) || killed_by_cpu())
        return narrower("cpu_seconds", most.cpu_seconds, own(RLIMIT_CPU, "RLIMIT_CPU"));
    if (signal == SIGXFSZ || says({"File size limit exceeded", "died of signal 25", ": File too large"}))
        return narrower("file", most.file, own(RLIMIT_FSIZE, "RLIMIT_FSIZE"));
    if (!says({"ut of memory", "memory exhausted", "instance of 'std::bad_alloc'", "Cannot allocate memory",
               "cannot map zero-fill pages"}))
        return "";
    // RLIMIT_DATA bounds allocations and RLIMIT_AS all mappings. The program does not say which one it hit.
    const std::string data = narrower("memory", most.memory, own(RLIMIT_DATA, "RLIMIT_DATA")),
                      mapped = own(RLIMIT_AS, "RLIMIT_AS").text;
    if (data.empty() && mapped.empty())
        return "";
    return data + (data.empty() || mapped.empty() ? "" : ", and ") + mapped +
           ", unless the machine itself has no more memory";
}

/// A running program with all programs that it starts, in a session of its own: they have no terminal, and a
/// signal to the session reaches all of them. Standard input is empty. Until `wait` is called, output beyond
/// what a pipe holds, some 64 kB, makes the program wait.
template <class System = posix>
class basic_process {
public:
    explicit basic_process(command what, const basic_deadline<System>& within = basic_deadline<System>())
        : what_(std::move(what)), deadline_(within), out_("what a program says"),
          err_("what a program says") {
        trace("running ", shown(what_));
        {
            // Opened here for a better error: a child that cannot open a file only reports that it could not
            // run.
            const basic_file<System> nothing("/dev/null", O_RDONLY);
            settings with(what_, nothing.descriptor(), out_.to.descriptor(), err_.to.descriptor(),
                          lifeline_.descriptor());
            const int failed = System::spawn(&child_, what_.arguments[0].c_str(), &with.files,
                                             &with.attributes, with.arguments.data(), with.variables.data());
            if (failed != 0)
                throw not_run(failed);
        }
        lifeline_.hold(child_);
        limit(child_);
        // Close our write ends; otherwise we never see the end of what the program says.
        out_.to = basic_file<System>();
        err_.to = basic_file<System>();
        System::never_wait_for(out_.from.descriptor());
        System::never_wait_for(err_.from.descriptor());
    }
    basic_process(basic_process&& other) noexcept
        : what_(std::move(other.what_)), deadline_(other.deadline_), out_(std::move(other.out_)),
          err_(std::move(other.err_)), lifeline_(std::move(other.lifeline_)), begin_(other.begin_),
          child_(std::exchange(other.child_, 0)) {}
    basic_process& operator=(basic_process&&) = delete;
    /// Ends the program if `wait` was not called.
    ~basic_process() {
        if (child_ > 0) {
            end();
            reap();
        }
    }

    const command& what() const noexcept { return what_; }

    /// Waits until the program ends, and ends it when the deadline says so.
    process_result wait() {
        return wait([](std::string_view) {});
    }

    /// The same, with a call `said(text)` for each new part of standard error.
    template <class Said>
    process_result wait(Said&& said) {
        process_result result;
        const basic_file<System> watch(System::watch(child_));
        // Without a descriptor for the end of a child, the child is asked in growing steps.
        for (int step = 1;; step = std::min(2 * step, 50)) {
            const int left = deadline_.left();
            pollfd watched[] = {{watch.descriptor(), POLLIN, 0},
                                {out_.from.descriptor(), POLLIN, 0},
                                {err_.from.descriptor(), POLLIN, 0},
                                {deadline_.stop_descriptor(), POLLIN, 0}};
            System::poll(watched, 4, watch.descriptor() >= 0 || (left >= 0 && left < step) ? left : step);
            // Asked before reading: if the program has ended, the following reads get all of its output.
            const bool over = System::has_ended(child_);
            take(out_.from, result.out);
            if (take(err_.from, result.err))
                said(std::string_view(result.err));
            if (over)
                break;
            result.cause = says_too_much(result) ? stop_reason::output : deadline_.cause();
            if (result.cause != stop_reason::itself) {
                end();
                break;
            }
        }
        if (what_.alone && result.cause == stop_reason::itself)
            end_others();
        result.milliseconds = System::milliseconds() - begin_;
        result.known = reap(&result.status);
        // A signal that killed a compiler driver was meant for its parts as well.
        if (!(result.known && WIFSIGNALED(result.status)))
            lifeline_.let_go();
        while (!says_too_much(result) && (take(out_.from, result.out) || take(err_.from, result.err)))
            continue;
        if (result.cause == stop_reason::itself && says_too_much(result))
            result.cause = stop_reason::output;
        result.limit = limit_of(result);
        trace(what_.arguments[0], " ", result.how());
        return result;
    }

private:
    struct settings {
        settings(command& run, int in, int out, int err, int lifeline) {
            for (std::string& word : run.arguments)
                arguments.push_back(word.data());
            arguments.push_back(nullptr);
            for (std::string& variable : run.environment)
                variables.push_back(variable.data());
            variables.push_back(nullptr);

            posix_spawn_file_actions_init(&files);
            posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
            posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
            posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
            posix_spawn_file_actions_adddup2(&files, lifeline, STDERR_FILENO + 1);
            posix_spawn_file_actions_addchdir_np(&files, run.folder.c_str());
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
            // Keeps descriptors that the host opened without O_CLOEXEC, such as sockets, from the compiler.
            posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 2);
#endif
            posix_spawnattr_init(&attributes);
            sigset_t signals;
            sigfillset(&signals);
            posix_spawnattr_setsigdefault(&attributes, &signals);
            sigemptyset(&signals);
            posix_spawnattr_setsigmask(&attributes, &signals);
            posix_spawnattr_setflags(&attributes,
                                     POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        }
        settings(const settings&) = delete;
        settings& operator=(const settings&) = delete;
        ~settings() {
            posix_spawn_file_actions_destroy(&files);
            posix_spawnattr_destroy(&attributes);
        }

        std::vector<char*> arguments, variables;
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
    };

    // posix_spawn reports one errno for every step that can fail before the program runs.
    error not_run(int why) const {
        const std::string& program = what_.arguments[0];
        if (System::access(what_.folder.c_str(), X_OK) != 0)
            return error::system_call("run '" + program + "' in", what_.folder, errno);
        const bool is_there = System::access(program.c_str(), X_OK) == 0;
        return cannot_run(program, why,
                          is_there && why == ENOENT
                              ? "; it is there, and what runs it is not: the program in the first line "
                                "of a script, or the system's loader"
                          : why == ENOEXEC
                              ? "; a script begins with '#!' and the path of what runs it, and a "
                                "program has to be one for this machine"
                              : "");
    }

    // Does nothing for a program that has already ended.
    void limit(pid_t program) const {
        const tenon::limits& most = deadline_.limits();
        limit(program, RLIMIT_CORE, 0); // a core file would lie among the sources
        if (most.memory != 0)
            limit(program, RLIMIT_DATA, most.memory);
        if (most.cpu_seconds != 0)
            limit(program, RLIMIT_CPU, most.cpu_seconds,
                  1); // reaching the first is told by a signal of its own
        if (most.file != 0)
            limit(program, RLIMIT_FSIZE, most.file);
        // Children that the program has already started have no limits yet, such as the compiler proper that
        // a driver starts at once.
        for (const pid_t child : children(program))
            limit(child);
    }
    static void limit(pid_t program, typename System::limit_of resource, std::uint64_t most,
                      std::uint64_t more = 0) {
        rlimit now{};
        if (System::limit(program, resource, nullptr, &now) != 0)
            return;
        now.rlim_cur = std::min<rlim_t>(now.rlim_cur, most);
        now.rlim_max = std::min<rlim_t>(now.rlim_max, most + more);
        System::limit(program, resource, &now, nullptr);
    }

    static std::vector<pid_t> children(pid_t program) {
        const std::string number = std::to_string(program);
        std::vector<pid_t> children;
        try {
            const std::string numbers =
                read_file<System>("/proc/" + number + "/task/" + number + "/children");
            char* at = nullptr;
            for (long child = std::strtol(numbers.c_str(), &at, 10); child > 0;
                 child = std::strtol(at, &at, 10))
                children.push_back(static_cast<pid_t>(child));
        } catch (const error&) {
            // The program has ended, or the system has no such file.
        }
        return children;
    }

    bool says_too_much(const process_result& so_far) const noexcept {
        const std::uint64_t most = deadline_.limits().output;
        return most != 0 && (so_far.out.size() > most || so_far.err.size() > most);
    }

    std::string limit_of(const process_result& end) const {
        if (end.cause == stop_reason::time)
            return deadline_.time_limit();
        if (end.cause == stop_reason::output)
            return "options.limits.output is " + std::to_string(deadline_.limits().output);
        if (!end.failed() || end.cause != stop_reason::itself)
            return "";
        // A compiler driver reports in words how the programs that it ran ended.
        return reached_limit<System>(deadline_.limits(), WIFSIGNALED(end.status) ? WTERMSIG(end.status) : 0,
                                     end.err, end.milliseconds);
    }

    // Appends the next part of the output. False if there is none now, or never will be.
    static bool take(basic_file<System>& from, std::string& into) {
        char part[64 * 1024];
        while (from.descriptor() >= 0) {
            const ssize_t got = System::read(from.descriptor(), part, sizeof part);
            if (got > 0) {
                into.append(part, static_cast<std::size_t>(got));
                return true;
            }
            if (got == 0)
                from = basic_file<System>();
            else if (errno == EAGAIN)
                return false;
            else if (errno != EINTR)
                throw error::system_call("read", "what a program says", errno);
        }
        return false;
    }

    // Asks all processes of the session to end, so that they can remove their temporary files, and kills the
    // rest after a second. A process number that is no longer a child's may have a new owner, and is not
    // signalled.
    void end() noexcept {
        if (System::has_ended(child_))
            return lifeline_.let_go();
        System::kill(-child_, SIGTERM);
        if (!lifeline_.all_gone_within(1000) && !System::has_ended(child_))
            System::kill(-child_, SIGKILL);
    }

    // Until the child has been waited for, its number has no other owner.
    void end_others() noexcept {
        System::kill(-child_, SIGTERM);
        if (!lifeline_.all_gone_within(1000))
            System::kill(-child_, SIGKILL);
    }

    bool reap(int* status = nullptr) {
        const pid_t child = std::exchange(child_, 0);
        for (;;) {
            if (System::waitpid(child, status) == child)
                return true;
            if (errno != EINTR)
                return false;
        }
    }

    command what_;
    basic_deadline<System> deadline_;
    basic_pipe<System> out_, err_;
    basic_child_lifetime<System> lifeline_;
    std::int64_t begin_ = System::milliseconds();
    pid_t child_ = 0;
};

/// Runs a program and waits for its end.
template <class System = posix>
process_result run(command what, const basic_deadline<System>& within = basic_deadline<System>()) {
    return basic_process<System>(std::move(what), within).wait();
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_compiler(std::string_view tried) {
    return {errc::no_compiler, concatenated({"there is no compiler for plugins: ", tried,
                                             "; install one, or name another in $CXX or options.compiler"})};
}

inline error compiler_unusable(std::string_view command, std::string_view how, std::string_view said,
                               errc code = errc::no_compiler) {
    return {code, concatenated({"the compiler for plugins does not work: `", command, "` ", how,
                                said.empty() ? "" : ", and said:\n", said})};
}

using word_list = std::vector<std::string>;

/// The language that this program was compiled as, as a flag.
inline std::string language_flag() {
    // The names that standards had as drafts: clang 14 and g++ 12 know no others.
    const char* const standard = __cplusplus > 202302L ? "2c" : __cplusplus > 202002L ? "2b" : "20";
#ifdef __STRICT_ANSI__
    return std::string("-std=c++") + standard;
#else
    return std::string("-std=gnu++") + standard;
#endif
}

/// The flags that turn a compiler's default settings into a toolchain, which is given as in `toolchain`.
inline word_list toolchain_flags(std::string_view wanted, bool clang) {
    const auto says = [&](std::string_view key) { return wanted.find(key) != wanted.npos; };
    word_list flags;
    if (says("library=libc++"))
        flags.push_back("-stdlib=libc++");
    else if (clang)
        flags.push_back("-stdlib=libstdc++");
    if (says("_GLIBCXX_USE_CXX11_ABI=0"))
        flags.push_back("-D_GLIBCXX_USE_CXX11_ABI=0");
    if (says("debug mode=_GLIBCXX_DEBUG"))
        flags.push_back("-D_GLIBCXX_DEBUG");
    if (says("debug mode=_LIBCPP_DEBUG"))
        flags.push_back("-D_LIBCPP_DEBUG=1");
    for (const char* sanitizer : {"address", "thread", "memory"})
        if (says(std::string("sanitizer=") + sanitizer))
            flags.push_back(std::string("-fsanitize=") + sanitizer);
#if defined(__x86_64__) || defined(__i386__)
    // Elsewhere compilers have no choice here, and know no such flags.
    if (says("long double=8 bytes"))
        flags.push_back("-mlong-double-64");
    if (says("113 digits"))
        flags.push_back("-mlong-double-128");
#endif
#if defined(__i386__)
    flags.push_back("-m32");
#endif
    if (says("wchar_t=2 bytes"))
        flags.push_back("-fshort-wchar");
    return flags;
}

/// The name of the C++ driver beside a C driver, which does not link the C++ library: `g++-12` for `gcc-12`,
/// `c++` for `cc`, `clang++` for `clang`. Empty for any other program.
inline std::string cxx_name(std::string_view name) {
    for (const auto& [c, cxx] :
         {std::pair<std::string_view, const char*>{"gcc", "g++"}, {"clang", "clang++"}, {"cc", "c++"}}) {
        const auto at = name.rfind(c);
        if (at == name.npos || (at != 0 && name[at - 1] != '-'))
            continue;
        const std::string_view after = name.substr(at + c.size());
        if (after.empty() || (after[0] == '-' && after.find_first_not_of("0123456789.", 1) == after.npos))
            return std::string(name.substr(0, at)).append(cxx).append(after);
    }
    return "";
}

/// The properties of a compiler, as it reports them.
struct compiler_traits {
    bool clang = false;
    bool gnu_unique = false; ///< it knows -fno-gnu-unique
    std::string identity;    ///< of its version and of everything that it defines
};

/// The flags for all code of a plugin: those of the host's toolchain, and those that let it be unloaded.
inline word_list plugin_flags(const compiler_traits& traits) {
    word_list flags = toolchain_flags(toolchain, traits.clang);
    // With default visibility, a symbol of the host or of another plugin could replace this plugin's own.
    for (const char* flag : {"-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden"})
        flags.push_back(flag);
    // A unique symbol keeps a library in memory for good, and carries its value over to the next version.
    if (traits.gnu_unique)
        flags.push_back("-fno-gnu-unique");
    // Flags for the link are given to the compiler too, which should not warn the author of that.
    if (traits.clang)
        flags.push_back("-Qunused-arguments");
    return flags;
}

inline bool is_sanitizer(std::string_view flag) {
    return flag.starts_with("-fsanitize=");
}

/// The compiler for plugins: a program and its first arguments.
template <class System = posix>
class basic_compiler {
public:
    /// Finds the chosen compiler; else $CXX; else the compiler of this program, or one of its family. A
    /// driver for C stands for the C++ driver beside it.
    explicit basic_compiler(word_list chosen) : chosen_(named(std::move(chosen))) {
        for (const std::string& name : chosen_.empty() ? family() : word_list{chosen_[0]})
            if (auto path = find_program<System>(name)) {
                arguments_ = chosen_;
                arguments_.resize(chosen_.empty() ? 1 : chosen_.size());
                arguments_[0] = std::move(*path);
                break;
            }
        if (!found())
            return;
        first_flag_ = look_for_first_flag();
        for (std::size_t i = 0; i < first_flag_; ++i)
            if (const auto better = for_cxx(arguments_[i])) {
                trace("'", arguments_[i], "' compiles C; for C++ it is '", *better, "'");
                arguments_[i] = *better;
            }
        look_at_programs();
    }

    /// The chosen command, else the one in $CXX, which may also be a path with spaces, else none. Paths of
    /// programs in it become absolute.
    static word_list named(word_list chosen) {
        if (const char* const set = ::secure_getenv("CXX"); chosen.empty() && set) {
            const bool path = std::string_view(set).find('/') != std::string_view::npos;
            chosen = (path && find_program<System>(set)) || has_open_quote(set) ? word_list{set}
                                                                                : shell_words(set);
        }
        for (std::string& word : chosen)
            if (word.find('/') != word.npos && word[0] != '-' &&
                (&word == &chosen[0] || find_program<System>(word)))
                word = absolute<System>(word);
        return chosen;
    }

    bool found() const noexcept { return !arguments_.empty(); }

    /// The compiler as it was chosen, whether or not it exists.
    std::string choice() const { return sha256().fields(chosen_.empty() ? family() : chosen_).hex(); }

    /// A digest of the compiler's programs that changes when another version is installed. Runs no program.
    const std::string& stamp() const noexcept { return stamp_; }

    /// True if another program runs the compiler, such as ccache.
    bool launched() const noexcept { return first_flag_ > 1; }

    /// Its path and first arguments.
    const word_list& arguments() const noexcept { return arguments_; }

    /// The words before the flags: the launcher, if there is one, and the compiler.
    word_list program_words() const {
        return {arguments_.begin(), arguments_.begin() + static_cast<std::ptrdiff_t>(first_flag_)};
    }

    /// The flags among its words, sorted by who reads them and refused where a plugin's would be. For
    /// `tree_stays` see `compile_flags`.
    compile_flags flags(bool tree_stays) const {
        // A host that chooses the compiler may also choose the programs that it runs.
        compile_flags found(true, tree_stays);
        for (std::size_t i = first_flag_; i < arguments_.size(); ++i)
            found.add(arguments_[i], "options.compiler or $CXX");
        return found;
    }

    /// The paths of all programs among its words.
    word_list programs() const {
        word_list found;
        for (const std::string& word : arguments_)
            if (auto path = program_of(word))
                found.push_back(std::move(*path));
        return found;
    }

    /// Asks the compiler itself, once for each version in the life of this process.
    compiler_traits traits(const basic_deadline<System>& within = basic_deadline<System>()) const {
        if (!found())
            throw no_compiler(tried());
        static std::mutex one_at_a_time;
        static std::map<std::string, compiler_traits> asked;
        {
            const std::lock_guard<std::mutex> turn(one_at_a_time);
            if (const auto known = asked.find(stamp_); known != asked.end())
                return known->second;
        }
        // Without the lock, because waiting for the lock could not be cancelled.
        compiler_traits traits = ask(within);
        const std::lock_guard<std::mutex> turn(one_at_a_time);
        return asked[stamp_] = std::move(traits);
    }

    /// The only variables that reach a compiler. The rest of the host's environment must not change the
    /// result.
    static word_list variables() {
        word_list passed = environment(
            {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH", "CCACHE_*", "DISTCC_*"});
        // English messages, in which `error:` can be found, and file names in any alphabet.
        passed.push_back("LC_ALL=C.UTF-8");
        return passed;
    }

private:
    static word_list family() {
#ifdef __clang__
        return {"clang++-" + std::to_string(__clang_major__), "clang++", "c++"};
#else
        return {"g++-" + std::to_string(__GNUC__), "g++", "c++"};
#endif
    }

    static std::optional<std::string> program_of(const std::string& word) {
        return word[0] == '-' ? std::nullopt : find_program<System>(word);
    }

    // The path of the program for C++ beside one for C.
    static std::optional<std::string> for_cxx(const std::string& word) {
        const std::string name = cxx_name(basename(word));
        const auto path = name.empty() ? std::nullopt : find_program<System>(word);
        return path ? find_program<System>(join(parent(*path), name)) : std::nullopt;
    }

    // The index behind the last word that is a program: a launcher may have options, as in `taskset -c 0
    // g++`.
    std::size_t look_for_first_flag() const {
        for (std::size_t i = arguments_.size(); i > 1; --i) {
            const std::string &word = arguments_[i - 1], &before = arguments_[i - 2];
            const bool language = before == "-x"; // there is a program `c++` too
            if (!language && program_of(word))
                return i;
        }
        return 1;
    }

    std::string tried() const {
        if (chosen_.empty()) {
            std::string names;
            for (const std::string& name : family())
                names += (names.empty() ? "cannot find '" : ", '") + name + "'";
            return names;
        }
        if (const char* set = ::secure_getenv("CXX"); set && has_open_quote(set) && named({}) == chosen_)
            return std::string("$CXX, which is '")
                .append(set)
                .append("', has a quotation mark that is not closed");
        const std::string& first = chosen_[0];
        const bool path = first.find('/') != first.npos;
        std::string text = path && System::access(first.c_str(), F_OK) == 0
                               ? "'" + first + "' is no program that can be run"
                               : "cannot find '" + first + "'";
        if (const auto folder = path ? std::nullopt : passed_over<System>(first))
            text.append(" where $PATH counts: it is in '").append(*folder).append("', which is not absolute");
        if (const char* set = ::secure_getenv("CXX");
            path && set && chosen_.size() > 1 && named({}) == chosen_)
            text.append(", the first word of $CXX, which is '")
                .append(set)
                .append("': a path with spaces needs "
                        "quotes around it");
        return text;
    }

    void look_at_programs() {
        sha256 all;
        for (std::size_t i = 0; i < arguments_.size(); ++i) {
            all.field(arguments_[i]);
            // Of `ccache g++ -m64` the second word is the compiler.
            const auto path = i == 0 ? std::optional(arguments_[0]) : program_of(arguments_[i]);
            struct stat status;
            if (!path || System::stat(path->c_str(), &status) != 0)
                continue;
            const file_identity state(status);
            all.field(*path).field(std::to_string(state.size)).field(std::to_string(state.modified));
        }
        stamp_ = all.hex();
    }

    compiler_traits ask(const basic_deadline<System>& within) const {
        // Only the output shows that the preprocessor worked: the status may be unknown, and warnings are no
        // fault.
        const auto works = [](const process_result& run) {
            return run.out.find("__cplusplus") != run.out.npos;
        };
        compiler_traits traits;
        process_result said = run<System>(defines("-fno-gnu-unique"), within);
        traits.gnu_unique = works(said);
        if (!traits.gnu_unique)
            said = run<System>(defines("-fPIC"), within);
        if (!works(said))
            throw compiler_unusable(shown(defines("-fPIC")),
                                    said.how() + (said.failed() ? "" : " and did not write what it defines"),
                                    said.err, said.code(errc::no_compiler));
        traits.clang = said.out.find("__clang__") != said.out.npos;
        traits.identity = sha256().field(stamp_).field(said.out).hex();
        return traits;
    }

    command defines(const char* flag) const {
        command invocation{program_words(), variables(), "/"};
        const word_list own = flags(true).compile();
        invocation.arguments.insert(invocation.arguments.end(), own.begin(), own.end());
        invocation.arguments.insert(invocation.arguments.end(),
                                    {flag, "-dM", "-E", "-x", "c++", "/dev/null"});
        return invocation;
    }

    word_list chosen_, arguments_;
    std::size_t first_flag_ = 0;
    std::string stamp_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_INTERFACE_HEADERS_HPP
#define TENON_DETAIL_BUILD_INTERFACE_HEADERS_HPP

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error header_not_found(std::string_view header) {
    return {errc::not_found,
            concatenated(
                {"cannot find the folder of the header '", header,
                 "' that plugins are compiled against: it is not where the "
                 "compiler of this program saw it; name its folder in $TENON_INCLUDE or in options.include"}),
            std::string(header)};
}

// Finds the folders that a plugin is compiled against: the interface header's and tenon's own. The compiler
// wrote down both when it compiled this program, perhaps as paths relative to a folder that only it knew; so
// each is a guess until the file that is found there has been looked into.
template <class System = posix>
class basic_interface_headers {
public:
    /// `include` comes first, then the folders in $TENON_INCLUDE, then where the compiler saw the headers;
    /// this one it saw at `seen`.
    explicit basic_interface_headers(std::vector<std::string> include, std::string_view seen = __FILE__)
        : folders_(named(std::move(include))), seen_(seen) {}

    /// The absolute paths of the chosen folders, and then of those in $TENON_INCLUDE; none twice.
    static std::vector<std::string> named(std::vector<std::string> chosen) {
        const char* set = ::secure_getenv("TENON_INCLUDE");
        for (std::string_view rest = set ? set : ""; !rest.empty();) {
            if (const std::string_view one = take_until(rest, ':'); !one.empty())
                chosen.emplace_back(one);
        }
        std::vector<std::string> listed;
        for (const std::string& header : chosen)
            if (const std::string path = absolute<System>(header);
                std::find(listed.begin(), listed.end(), path) == listed.end())
                listed.push_back(path);
        return listed;
    }

    /// The header of a plugin type.
    std::string header(const plugin_type& type) const {
        const std::string folder = folder_of(type);
        if (folder.empty())
            throw header_not_found(type.header());
        return join(folder, basename(type.header()));
    }

    /// The folders for `-I`, in order, for plugins of one type.
    std::vector<std::string> folders(const plugin_type& type) const {
        std::vector<std::string> all = folders_;
        add(all, folder_of(type), type.header());
        // All of tenon may stand in one file, of whatever name.
        const bool in_one_file = basename(seen_) != "interface_headers.hpp";
        const std::string version =
            in_one_file ? std::string(seen_) : join(parent(parent(parent(seen_))), "version.hpp");
        const std::string_view own = in_one_file ? basename(seen_) : "tenon/version.hpp";
        add(all, search(version, own, {"#define TENON_VERSION \"" TENON_VERSION "\""}), own);
        return all;
    }

private:
    std::string folder_of(const plugin_type& type) const {
        const std::string quoted = '"' + std::string(type.name()) + '"';
        return search(type.header(), basename(type.header()), {"plugin_type", quoted});
    }

    static void add(std::vector<std::string>& to, const std::string& folder, std::string_view header) {
        if (folder.empty())
            throw header_not_found(header);
        for (const std::string& known : to)
            if (known == folder)
                return;
        to.push_back(folder);
    }

    // The folder in which `name` is the header that says `words`.
    std::string search(std::string_view seen, std::string_view name,
                       std::initializer_list<std::string_view> words) const {
        for (const std::string& folder : folders_)
            if (says(join(folder, name), words))
                return folder;
        std::string folder(parent(seen));
        if (name.find('/') != name.npos)
            folder = join(folder, "..");
        if (folder[0] == '/')
            return says(join(folder, name), words) ? folder : "";
        if (says(join(folder, name), words))
            return folder;
        for (std::string_view base = program_folder(); base.size() > 1; base = parent(base))
            if (const std::string candidate = join(base, folder); says(join(candidate, name), words))
                return candidate;
        return "";
    }

    static bool says(const std::string& path, std::initializer_list<std::string_view> words) {
        const std::string text = text_of<System>(path);
        for (const std::string_view word : words)
            if (text.find(word) == text.npos)
                return false;
        return true;
    }

    static const std::string& program_folder() {
        static const std::string folder = [] {
            std::string path(4096, '\0');
            const ssize_t size = System::readlink("/proc/self/exe", path.data(), path.size());
            path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
            return std::string(path.empty() ? "/" : parent(path));
        }();
        return folder;
    }

    std::vector<std::string> folders_;
    std::string_view seen_;
};
using headers = basic_interface_headers<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LOAD_BUILD_LOG_HPP
#define TENON_DETAIL_LOAD_BUILD_LOG_HPP

#include <pthread.h>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The diagnostics of the last build. Any thread may read and write them.
class build_log {
public:
    void put(std::vector<diagnostic> said) {
        const mutex_lock locked(mutex_);
        said_ = std::move(said);
    }
    std::vector<diagnostic> get() {
        const mutex_lock locked(mutex_);
        return said_;
    }

private:
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    std::vector<diagnostic> said_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LOAD_DRIVER_ATTEMPT_HPP
#define TENON_DETAIL_LOAD_DRIVER_ATTEMPT_HPP

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Attempts at one driver, whose errors name the driver, which the reader knows, and no file of the cache.
class driver_attempt {
public:
    driver_attempt(const driver& from, const std::string& cache_folder)
        : from_(from), cache_folder_(cache_folder) {}

    /// Repeats `use`, a few times, if a file of the cache was pruned between being found and being opened.
    template <class Use>
    auto run(Use&& use) const {
        const bool cached = from_.what == driver::kind::directory || from_.what == driver::kind::repository;
        for (int tries = 5;; --tries)
            try {
                return use();
            } catch (const error& e) {
                if (tries == 1 || !cached || !is_pruned(e.path()))
                    rethrow(e);
                trace("'", e.path(), "' has been pruned");
            }
    }

private:
    /// Rethrows the error that is being handled. An error about a file of the cache becomes one about the
    /// driver, which the reader knows. An error about a choice between plugins gets the driver that chooses.
    [[noreturn]] void rethrow(const error& e) const {
        driver whole = from_, choosing = from_;
        whole.plugin = whole.target = "";
        std::string text = e.what(), path = e.path();
        const auto replace = [&text](const std::string& before, const std::string& after) {
            for (std::size_t i = 0; (i = text.find(before, i)) != text.npos; i += after.size())
                text.replace(i, before.size(), after);
        };
        const errc code = static_cast<errc>(e.code().value());
        if (code == errc::system_call && is_cached(path, "") && keeps_from_writing(text))
            throw cache_unusable(cache(cache_folder_).path(), text);
        const bool about_what_is_in_it = code == errc::not_a_plugin || code == errc::ambiguous ||
                                         code == errc::toolchain || code == errc::misfit ||
                                         code == errc::bad_interface;
        const bool in_cache = is_cached(path, "bin") || is_cached(path, "src");
        if (about_what_is_in_it && (in_cache || path == from_.place || path == canonical<>(from_.place))) {
            if (in_cache) {
                replace('\'' + path + '\'', '\'' + text_of(whole) + '\'');
                if (is_cached(path, "bin"))
                    replace(path, from_.place);
                path = from_.place;
            }
            choosing.plugin = "NAME";
            replace(std::string(adding_a_plugin), "with the driver '" + text_of(choosing) + '\'');
        }
        choosing = from_;
        choosing.target = "NAME";
        replace(std::string(adding_a_target), "with the driver '" + text_of(choosing) + '\'');
        if (text == e.what())
            throw;
        throw error(code, text, path);
    }

    bool is_pruned(const std::string& path) const {
        struct stat status;
        return posix::lstat(path.c_str(), &status) != 0 && is_cached(path, "");
    }

    /// True for errors of the system that mean a folder cannot be written to.
    static bool keeps_from_writing(const std::string& text) {
        for (const int number : {EROFS, EACCES, EPERM, ENOSPC, EDQUOT})
            if (text.ends_with(": " + std::generic_category().message(number)))
                return true;
        return false;
    }

    /// True if a path is below a folder of the cache.
    bool is_cached(const std::string& path, const char* folder) const {
        const std::string below = join(cache(cache_folder_).path(), folder);
        return path.rfind(*folder ? below + '/' : below, 0) == 0;
    }

    const driver& from_;
    const std::string& cache_folder_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LOAD_DRIVER_SOURCE_HPP
#define TENON_DETAIL_LOAD_DRIVER_SOURCE_HPP

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_LOAD_LIBRARY_FINDER_HPP
#define TENON_DETAIL_LOAD_LIBRARY_FINDER_HPP

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_BUILDER_HPP
#define TENON_DETAIL_BUILD_BUILDER_HPP

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_ACTION_CACHE_HPP
#define TENON_DETAIL_BUILD_ACTION_CACHE_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>


#ifndef TENON_DETAIL_BUILD_FILE_DIGESTS_HPP
#define TENON_DETAIL_BUILD_FILE_DIGESTS_HPP

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What identifies the processor, to which `-march=native` compiles. Its digest leaves out what changes by
/// the moment, such as the frequency, and takes the first of equal processors.
inline constexpr std::string_view processor_file = "/proc/cpuinfo";

/// The first processor in a /proc/cpuinfo, proc_cpuinfo(5), without what changes while it runs.
inline std::string processor_in(std::string_view text) {
    std::string processor;
    for (text = text.substr(0, text.find("\n\n")); !text.empty();) {
        const std::string_view line = take_until(text, '\n');
        if (!begins_with_one_of(line, {"processor", "cpu MHz", "bogomips", "BogoMIPS", "clock", "physical id",
                                       "core id", "apicid", "initial apicid", "siblings", "cpu cores"}))
            processor.append(line).append("\n");
    }
    return processor;
}

/// SHA-256 of what an open file of any size holds. Errors name it by `path`.
template <class System>
std::string content_digest(const basic_file<System>& file, const std::string& path) {
    sha256 all;
    file.parts(path, [&](std::string_view part) { all.add(part); });
    return all.hex();
}

/// Computes digests of files and directories, and reads each file once.
template <class System = posix>
class basic_file_digests {
public:
    /// The state and digest of a regular file; null if it cannot be read.
    const build_input* file(const std::string& path) {
        const auto [place, fresh] = seen_.try_emplace(path);
        build_input& input = place->second;
        if (!fresh)
            return input.digest.empty() ? nullptr : &input;
        if (const auto known = remembered_.find(path); known != remembered_.end()) {
            struct stat status;
            if (System::stat(path.c_str(), &status) == 0 && file_identity(status) == known->second.state) {
                input = known->second;
                return &input;
            }
        }
        const basic_file<System> from(System::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
        if (from.descriptor() < 0 || !S_ISREG(from.status(path).st_mode))
            return nullptr;
        if (path == processor_file) {
            input = {path, {}, sha256(processor_in(from.read(path))).hex()};
            return &input;
        }
        const std::string digest = content_digest(from, path);
        // The state after reading: a write meanwhile makes the file newer than this look.
        input = {path, file_identity(from.status(path)), digest};
        return &input;
    }

    /// Files that are still in these states get the remembered digests and are not read.
    void remember(const build_inputs& files) {
        for (const build_input& file : files)
            remembered_.insert_or_assign(file.path, file);
    }

    /// The sorted names in a directory, listed once. A missing directory has none.
    const std::vector<std::string>& names(const std::string& path) {
        const auto [place, fresh] = names_.try_emplace(path);
        if (fresh)
            place->second = names_in<System>(path);
        return place->second;
    }

    /// The state of a directory, and a digest of those names in it that matter.
    template <class Matters>
    const build_input& folder(const std::string& path, Matters&& matters) {
        const std::string digest = digest_of(path, names(path), matters);
        struct stat status;
        // The state after listing: a new name meanwhile makes the directory newer than this look.
        const bool exists = System::stat(path.c_str(), &status) == 0;
        return seen_[path] = {path, exists ? file_identity(status) : file_identity(), digest};
    }

    /// The digest of a directory that is not there, or has no name that matters: that of an empty text.
    static constexpr std::string_view empty =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// The digest of a folder with these names in it.
    template <class Matters>
    static std::string digest_of(const std::string& path, const std::vector<std::string>& names,
                                 Matters&& matters) {
        sha256 all;
        for (const std::string& name : names)
            if (matters(path, name))
                all.field(name);
        return all.hex();
    }

    /// The result of an earlier look at a path; null if there was none.
    const build_input* seen(const std::string& path) const {
        const auto known = seen_.find(path);
        return known == seen_.end() || known->second.digest.empty() ? nullptr : &known->second;
    }

    /// The files whose states are reliable for a look at that time.
    build_inputs settled_by(std::int64_t look) const {
        build_inputs unchanged;
        for (const auto& [path, input] : seen_)
            if (!input.digest.empty() && settled(input.state, look))
                unchanged.push_back(input);
        return unchanged;
    }

    /// The last change to anything that was looked at.
    std::int64_t newest() const {
        std::int64_t last = 0;
        for (const auto& [path, input] : seen_)
            last = std::max(last, input.state.changed);
        return last;
    }

private:
    std::map<std::string, build_input> seen_, remembered_;
    std::map<std::string, std::vector<std::string>> names_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_INPUT_TRACKER_HPP
#define TENON_DETAIL_BUILD_INPUT_TRACKER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifndef TENON_DETAIL_BUILD_SYSTEM_FILES_HPP
#define TENON_DETAIL_BUILD_SYSTEM_FILES_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A path without `.` and `..`, as far as its text goes; none where it is relative, or leaves its first
/// folder on the way.
inline std::optional<std::string> within_first_folder(std::string_view path) {
    if (path.empty() || path[0] != '/')
        return std::nullopt;
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::string_view part = take_until(path, '/');
        if (part == "..") {
            if (parts.size() < 2)
                return std::nullopt;
            parts.pop_back();
        } else if (!part.empty() && part != ".") {
            parts.push_back(part);
        }
    }
    std::string text;
    for (const std::string_view part : parts)
        text.append("/").append(part);
    return text;
}

/// True of files and directories that belong to the system: only its administrator or package manager writes
/// there.
template <class System = posix>
bool is_system_file(const std::string& path) {
    const auto inside = [](std::string place) {
        place += '/';
        // Not all of /usr: files in /usr/local may be anybody's, and /usr/share has plugins that an
        // administrator edits.
        return begins_with_one_of(place, {"/usr/include/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/",
                                          "/nix/store/", "/gnu/store/"});
    };
    // Clang calls them `/usr/bin/../lib/gcc/…`.
    if (const auto plain = within_first_folder(path); !plain || !inside(*plain))
        return false;
    // A link that leads elsewhere does not count. For a missing file the name decides.
    const std::string target = canonical<System>(path);
    return target.empty() || inside(target);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_UNLISTED_INPUTS_HPP
#define TENON_DETAIL_BUILD_UNLISTED_INPUTS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>


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
#ifndef TENON_DETAIL_BUILD_UP_TO_DATE_HPP
#define TENON_DETAIL_BUILD_UP_TO_DATE_HPP

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifndef TENON_DETAIL_BUILD_SOURCE_TREE_HPP
#define TENON_DETAIL_BUILD_SOURCE_TREE_HPP

#include <algorithm>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error line_break_in_name(const std::string& path) {
    return {
        errc::malformed_driver,
        concatenated({"the name of '", path,
                      "' has a line break, and compilers cannot say of such a file that they have read it; "
                      "rename it"}),
        path};
}

inline error too_many_files(const std::string& directory, std::size_t most) {
    return {errc::not_found,
            concatenated(
                {"'", directory, "' has more than ", std::to_string(most),
                 " files and folders, and each would be looked at whenever its plugin is loaded; give the "
                 "plugin a directory of its own"}),
            directory};
}

/// True for names in a source tree that belong to the sources, and not to an editor or git.
inline bool is_in_source_tree(std::string_view name) {
    return name[0] != '.' && name[0] != '#' && name.back() != '~';
}

/// True if a path is one of these folders, or below one.
inline bool is_in_one_of(std::string_view path, const std::vector<std::string>& folders) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](const std::string& folder) { return is_at_or_below(path, folder); });
}

/// The first few sources in a directory and below that are not `compiled`, as relative paths. Only as many
/// files are looked at as takes a moment.
template <class System = posix>
std::vector<std::string> sources_left_out(const std::string& directory,
                                          const std::vector<std::string>& compiled) {
    std::vector<std::string> left_over;
    std::deque<std::string> folders{""};
    const auto names = [&](const std::string& folder) {
        try {
            return names_in<System>(join(directory, folder));
        } catch (const error&) {
            return std::vector<std::string>(); // somebody else's
        }
    };
    std::size_t left = 10'000;
    for (; !folders.empty(); folders.pop_front())
        for (const std::string& name : names(folders.front())) {
            struct stat seen;
            std::string path = join(folders.front(), name);
            if (left == 0 || !is_in_source_tree(name) || --left == 0 ||
                System::lstat(join(directory, path).c_str(), &seen) != 0)
                continue;
            if (S_ISDIR(seen.st_mode) &&
                System::access(join(join(directory, path), "CMakeCache.txt").c_str(), F_OK) != 0)
                folders.push_back(std::move(path));
            else if (S_ISREG(seen.st_mode) && (is_source_name(name) || is_foreign_source_name(name)) &&
                     std::find(compiled.begin(), compiled.end(), path) == compiled.end())
                left_over.push_back(std::move(path));
        }
    return left_over;
}

/// A sentence about the sources in a directory that are not compiled; empty if there are none.
template <class System = posix>
std::string sentence_on_sources_left_out(const std::string& directory,
                                         const std::vector<std::string>& compiled) {
    constexpr std::size_t most = 5;
    const std::vector<std::string> all = sources_left_out<System>(directory, compiled);
    if (all.empty())
        return "";
    std::string text;
    const std::size_t shown = all.size() > most + 1 ? most : all.size();
    for (std::size_t i = 0; i < shown; ++i)
        text.append(i == 0 ? "'" : i + 1 == all.size() ? " and '" : ", '").append(all[i]).append("'");
    if (shown < all.size())
        text += " and " + std::to_string(all.size() - shown) + " more";
    text.append(all.size() == 1 ? " is" : " are").append(" not compiled: ");
    const bool one = std::any_of(all.begin(), all.end(), [](const std::string& path) {
        return path.find('/') == path.npos && is_source_name(path);
    });
    return text + (one ? "the driver names '" + (compiled.empty() ? "" : compiled[0]) + "' alone; name '" +
                             directory + "' to have all of its sources compiled"
                       : "of a directory, that is what stands directly in it and ends in .cpp, .cc, .cxx, "
                         ".c++, .cp, .CPP or .C; a CMakeLists.txt can have more compiled");
}

/// All files and folders that the build of another project may read, its directory first. Symbolic links are
/// followed. Build trees in the directory, and the folders in `without`, are left out.
template <class System = posix>
class basic_source_tree {
public:
    explicit basic_source_tree(const std::string& root, const std::vector<std::string>& without = {}) {
        std::set<std::pair<dev_t, ino_t>> seen; // links may lead in a circle
        std::vector<std::string> left{root};
        while (!left.empty()) {
            const std::string folder = std::move(left.back());
            left.pop_back();
            struct stat status;
            if (System::stat(folder.c_str(), &status) != 0 ||
                !seen.emplace(status.st_dev, status.st_ino).second)
                continue;
            if (folder != root && System::access(join(folder, "CMakeCache.txt").c_str(), F_OK) == 0)
                continue;
            folders_.push_back(folder);
            for (const std::string& name : names_in<System>(folder)) {
                std::string path = join(folder, name);
                if (!is_in_source_tree(name) || is_in_one_of(path, without) ||
                    System::stat(path.c_str(), &status) != 0)
                    continue;
                if (path.find('\n') != path.npos)
                    throw line_break_in_name(path);
                if (S_ISDIR(status.st_mode))
                    left.push_back(std::move(path));
                else if (S_ISREG(status.st_mode) && System::access(path.c_str(), R_OK) == 0)
                    files_.push_back(std::move(path));
            }
            if (files_.size() + folders_.size() + left.size() > most)
                throw too_many_files(root, most);
        }
    }

    const std::vector<std::string>& files() const noexcept { return files_; }
    const std::vector<std::string>& folders() const noexcept { return folders_; }

private:
    // A limit, because every one of these files is looked at whenever the plugin is loaded.
    static constexpr std::size_t most = 100'000;

    std::vector<std::string> files_, folders_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Directories where a newly added source file would join the build.
struct source_directories {
    std::string in{};                   ///< empty: nowhere
    bool below = false;                 ///< also in all directories below, where any name may be a source's
    std::vector<std::string> without{}; ///< but not in these, nor below them

    bool has(std::string_view folder, std::string_view name) const {
        if (below)
            return is_at_or_below(folder, in) && is_in_source_tree(name) &&
                   !is_in_one_of(join(folder, name), without);
        return !in.empty() && folder == in && (is_source_name(name) || name == "CMakeLists.txt");
    }
};

/// All path components of the inputs. A new file can shadow an input only if its name is one of these.
class shadowing_names {
public:
    void add(std::string_view path) {
        while (!path.empty()) {
            const std::string_view part = take_until(path, '/');
            if (!part.empty() && part != "." && part != "..")
                names_.emplace(part);
        }
    }
    void add(const build_result& result) {
        for (const build_input& file : result.files)
            add(file.path);
        for (const std::string& name : result.names)
            add(name);
    }
    bool empty() const { return names_.empty(); }

    bool has(const std::string& name) const { return names_.count(name) != 0; }

    /// Returns a function that is true for a name in a directory that can change the result, as an input or a
    /// new source. Both this object and `sources` have to outlive the function.
    auto matter_to(const source_directories& sources) const {
        return [this, &sources](const std::string& folder, const std::string& name) {
            return has(name) || name == "compile_flags.txt" || sources.has(folder, name);
        };
    }

private:
    std::set<std::string> names_;
};

/// Compares a remembered result with the files as they are now.
template <class System = posix>
class basic_up_to_date {
public:
    /// `look` is the time of this comparison. `digests` may be shared with other comparisons. A thorough
    /// comparison reads every file and believes no state. Without tools, the system's files may be gone: an
    /// image without a compiler has no headers of that compiler either.
    basic_up_to_date(const source_directories& sources, build_result result, std::int64_t look,
                     basic_file_digests<System>& digests, bool has_tools = true, bool thorough = false)
        : sources_(sources), now_(std::move(result)), look_(look), digests_(digests), has_tools_(has_tools),
          thorough_(thorough) {}

    /// True if every input has its recorded content. Reads only files with a new state.
    bool same() { return same_files() && same_folders(); }

    /// The files with a new state and the same content.
    const std::vector<std::string>& read_again() const noexcept { return read_again_; }

    /// True if an input has a new state.
    bool moved() const noexcept { return moved_; }

    /// The result with the states that its inputs have now.
    const build_result& result() const noexcept { return now_; }

private:
    bool same_files() {
        for (build_input& file : now_.files)
            if (!in_same_state(file)) {
                const build_input* const seen = digests_.file(file.path);
                if (!seen && !has_tools_ && is_system_file<System>(file.path))
                    continue;
                if (!seen || !take_state(file, *seen))
                    return differs(file);
                read_again_.push_back(file.path);
            }
        return true;
    }

    bool same_folders() {
        const auto matters = [&](const std::string& folder, const std::string& name) {
            if (names_.empty())
                names_.add(now_);
            return names_.matter_to(sources_)(folder, name);
        };
        for (build_input& folder : now_.folders)
            if (!in_same_state(folder) && (has_tools_ || !is_system_file<System>(folder.path)) &&
                !take_state(folder, digests_.folder(folder.path, matters)))
                return differs(folder);
        return true;
    }

    bool in_same_state(const build_input& input) const {
        struct stat status;
        if (System::stat(input.path.c_str(), &status) != 0)
            return input.digest == basic_file_digests<System>::empty && input.state == file_identity();
        return !thorough_ && file_identity(status) == input.state;
    }

    bool take_state(build_input& input, const build_input& seen) {
        if (seen.digest != input.digest)
            return false;
        const file_identity state = settled(seen.state, look_) ? seen.state : file_identity();
        moved_ = moved_ || state != input.state;
        input.state = state;
        return true;
    }

    bool differs(const build_input& input) const {
        trace("'", input.path, "' has changed since a library was made from it");
        return false;
    }

    const source_directories& sources_;
    build_result now_;
    std::int64_t look_;
    basic_file_digests<System>& digests_;
    bool has_tools_, thorough_;
    shadowing_names names_;
    std::vector<std::string> read_again_;
    bool moved_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The inputs that compilers are likely to read, known from an earlier build.
struct expected_inputs {
    std::set<std::string> files{}, folders{};
    build_result before{}; ///< the earlier result: its files that are in the same state need not be read
};

/// What changed while a compiler ran.
struct source_change {
    std::string path{}; ///< empty where nothing did
    std::string how{};  ///< as far as that is known: `it had 8 bytes, and then 9`
};

/// Compares the inputs of compilers before and after they run. If an input changed in between, nobody knows
/// which content was compiled, so the result must not be recorded.
template <class System = posix>
class basic_input_tracker {
public:
    /// Takes the states of the expected files. `directory` has the sources, and compilers run in it.
    basic_input_tracker(const std::string& directory, expected_inputs& expected)
        : directory_(directory), expected_(expected) {
        before_.remember(expected.before.files);
        remember(expected.before);
        for (const std::string& path : expected.files)
            before_.file(path);
    }

    const basic_file_digests<System>& before() const noexcept { return before_; }

    /// Has to be called before compilers run, which will search `folders`. Every later change is seen.
    void begin(std::vector<std::string> folders) {
        folders_ = std::move(folders);
        // Files are stamped in steps of some milliseconds. What was written in this step, in places too that
        // no earlier build knows of, could not be told from what is written while compilers run.
        std::int64_t newest = std::max(before_.newest(), nanoseconds(System::now()));
        std::set<std::string> searched = expected_.folders;
        searched.insert(folders_.begin(), folders_.end());
        for (const std::string& folder : searched) {
            struct stat status;
            if (System::stat(folder.c_str(), &status) == 0 && newest < file_identity(status).changed)
                newest = file_identity(status).changed;
            if (!belongs_to_system(folder))
                names_before_[folder] = names_in<System>(folder);
        }
        // Bounded, because the clock of a file server may be ahead of this one.
        for (int i = 0; i < 50 && nanoseconds(System::now()) <= newest; ++i)
            System::pause_a_millisecond();
        start_ = nanoseconds(System::now());
        // Files in the same state afterwards were not written to, and need not be read again.
        after_.remember(before_.settled_by(start_));
    }

    /// Reuses the digests of another result for files that are still in the same state.
    void remember(const build_result& result) {
        after_.remember(result.files);
        known_names_.insert(result.names.begin(), result.names.end());
        for (const build_input& file : result.files)
            scanned_.insert_or_assign(file.path, file.digest);
    }

    /// Adds files named by flags to the inputs of every result, whether or not a compiler lists them.
    void add_inputs(const std::vector<std::string>& files) {
        named_.insert(named_.end(), files.begin(), files.end());
        for (const std::string& path : files) {
            expected_.files.insert(path);
            before_.file(path);
            known_names_.emplace(basename(path));
        }
    }

    /// Returns the inputs of a result after compilers have run: the `files` that they read, the directories
    /// in which a new name could shadow one of these, and the names that they looked for. `others` are files
    /// that programs without a list may have read. Returns nothing if an input changed, or `sources` got a
    /// new source.
    std::optional<build_result> take(std::vector<std::string> files, const source_directories& sources = {},
                                     const std::vector<std::string>& others = {}) {
        build_result result;
        changed_ = {};
        files.insert(files.end(), named_.begin(), named_.end());
        for (std::size_t i = 0; i < files.size(); ++i) // which grows by what is embedded
            for (std::string& embedded : scan(files[i]))
                files.push_back(std::move(embedded));
        files.insert(files.end(), others.begin(), others.end());
        std::sort(files.begin(), files.end());
        files.erase(std::unique(files.begin(), files.end()), files.end());
        for (const std::string& path : files) {
            expected_.files.insert(path);
            const build_input* const now = after_.file(path);
            note_change(path, now);
            if (now)
                result.files.push_back(believed(*now));
        }
        add_other_kinds_of_libraries(files);
        result.names.assign(known_names_.begin(), known_names_.end());
        shadowing_names names;
        names.add(result);
        const auto matters = names.matter_to(sources);
        for (const std::string& folder : folders_that_matter(result.files, names)) {
            expected_.folders.insert(folder);
            const build_input& now = after_.folder(folder, matters);
            note_change_of_folder(now, matters);
            result.folders.push_back(believed(now));
        }
        if (!changed_.path.empty())
            return std::nullopt;
        return result;
    }

    /// A file that names another one by a macro. Changes of the other file cannot be noticed.
    const std::optional<std::string>& untraceable() const noexcept { return untraceable_; }

    /// False for files of the system, which every user has to trust.
    bool belongs_to_author(const std::string& path) const {
        return path != processor_file && !belongs_to_system(path);
    }

    /// True if every expected file still has its initial content. Files in `read` must not even have been
    /// rewritten. For tools like CMake that write into the source tree.
    bool as_given(const std::set<std::string>& read) {
        changed_ = {};
        basic_file_digests<System> now;
        now.remember(before_.settled_by(start_));
        for (const std::string& path : expected_.files)
            if (const build_input* const was = before_.seen(path)) {
                const build_input* const is = now.file(path);
                if (!is || is->digest != was->digest || (read.count(path) != 0 && is->state != was->state))
                    note(path, *was, is);
            }
        return changed_.path.empty();
    }

    /// True if files still have the contents that another result was made from.
    bool still_say(const build_inputs& files) {
        changed_ = {};
        for (const build_input& file : files)
            if (const build_input* const now = after_.file(file.path); !now || now->digest != file.digest)
                note(file.path, file, now);
        return changed_.path.empty();
    }

    /// True if no expected file changed. For a compiler that did not list what it read.
    bool as_expected() {
        changed_ = {};
        for (const std::string& path : expected_.files)
            if (before_.seen(path))
                note_change(path, after_.file(path));
        return changed_.path.empty();
    }

    /// The first change that was noticed.
    const source_change& changed() const noexcept { return changed_; }

private:
    static constexpr std::uint64_t largest_text = 16 * 1024 * 1024;

    build_input believed(const build_input& now) const {
        return {now.path, settled(now.state, start_) ? now.state : file_identity(), now.digest};
    }

    // Notes the names that a file asks for, and returns the paths of the files that it embeds. The text is
    // read a second time, from the page cache; that of a system file only if no earlier result has scanned
    // it.
    std::vector<std::string> scan(const std::string& path) {
        std::vector<std::string> embedded;
        const build_input* const now = after_.file(path);
        if (!now || is_library(path) || path == processor_file || now->state.size > largest_text)
            return embedded;
        const bool is_systems = belongs_to_system(path);
        std::string& scanned = scanned_[path];
        if (is_systems && std::exchange(scanned, now->digest) == now->digest)
            return embedded;
        const unlisted_inputs unlisted = unlisted_inputs_in(read_file<System>(path));
        known_names_.insert(unlisted.asked.begin(), unlisted.asked.end());
        if (is_systems)
            return embedded;
        if (unlisted.unknown)
            untraceable_ = path;
        std::vector<std::string> searched{directory_, std::string(parent(path))};
        searched.insert(searched.end(), folders_.begin(), folders_.end());
        for (const std::string& name : unlisted.embedded) {
            known_names_.insert(name);
            for (const std::string& folder : searched) {
                struct stat status;
                if (std::string file = name[0] == '/' ? name : join(folder, name);
                    System::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode))
                    embedded.push_back(std::move(file));
            }
        }
        return embedded;
    }

    static bool is_library(std::string_view path) {
        const std::string_view name = basename(path);
        return name.ends_with(".a") || name.ends_with(".o") || name.ends_with(".gch") ||
               name.find(".so") != name.npos;
    }

    // A linker that took libx.a would have preferred a libx.so.
    void add_other_kinds_of_libraries(const std::vector<std::string>& files) {
        for (const std::string& path : files) {
            const std::string_view name = basename(path);
            if (name.ends_with(".a"))
                known_names_.insert(std::string(name.substr(0, name.size() - 2)) + ".so");
            else if (const std::size_t end = name.find(".so"); end != name.npos)
                known_names_.insert(std::string(name.substr(0, end)) + ".a");
        }
    }

    void note(const std::string& path, std::string how) {
        if (changed_.path.empty())
            changed_ = {path, std::move(how)};
    }
    void note(const std::string& path, const build_input& was, const build_input* now) {
        const auto size = [](const build_input& input) { return std::to_string(input.state.size); };
        note(path, !now ? "it is gone, or cannot be read any more"
                   : was.state.size != now->state.size
                       ? "it had " + size(was) + " bytes, and then " + size(*now)
                   : was.state.inode != now->state.inode ? "another file took its place"
                                                         : "it was written to");
    }

    void note_change(const std::string& path, const build_input* now) {
        const build_input* const was = before_.seen(path);
        if (was && (!now || now->state != was->state || now->digest != was->digest))
            note(path, *was, now);
        else if (!now)
            note(path, "it is gone, or cannot be read any more");
        else if (!was && !settled(now->state, start_))
            note(path, "it was written to, or is new");
    }

    // Other names may come and go: those of an editor, and of a compiler whose $TMPDIR is among the sources.
    template <class Matters>
    void note_change_of_folder(const build_input& now, const Matters& matters) {
        const auto before = names_before_.find(now.path);
        if (before == names_before_.end()) {
            if (!settled(now.state, start_))
                note(now.path, "something in it came or went");
            return;
        }
        const auto& names = before->second;
        if (basic_file_digests<System>::digest_of(now.path, names, matters) != now.digest) {
            const std::vector<std::string>& after = after_.names(now.path);
            const auto lacks = [&](const std::vector<std::string>& all, const std::string& name) {
                return !std::binary_search(all.begin(), all.end(), name);
            };
            for (const std::string& name : after)
                if (lacks(names, name) && matters(now.path, name))
                    note(now.path, "'" + name + "' came into it");
            for (const std::string& name : names)
                if (lacks(after, name) && matters(now.path, name))
                    note(now.path, "'" + name + "' went from it");
            note(now.path, "something in it came or went");
        }
        // A file that was moved away and back may have been missing for the compiler.
        for (const std::string& name : names) {
            const std::string path = join(now.path, name);
            struct stat status;
            if (matters(now.path, name) && System::lstat(path.c_str(), &status) == 0 &&
                S_ISREG(status.st_mode) && !settled(file_identity(status), start_))
                note_change(path, after_.file(path));
        }
    }

    // Files in the source directory never belong to the system.
    bool belongs_to_system(const std::string& path) const {
        return !is_at_or_below(path, directory_) && is_system_file<System>(path);
    }

    // The folders in which a header was or could have been found, and their subfolders with a name from the
    // path of a header.
    std::set<std::string> folders_that_matter(const build_inputs& files, const shadowing_names& names) {
        std::vector<std::string> folders = folders_;
        // Every compiler searches this folder before /usr/include.
        folders.emplace_back("/usr/local/include");
        for (const build_input& file : files)
            if (file.path != processor_file)
                folders.emplace_back(parent(file.path));
        std::set<std::string> searched;
        while (!folders.empty()) {
            const std::string folder = std::move(folders.back());
            folders.pop_back();
            if (!searched.insert(folder).second)
                continue;
            for (const std::string& name : after_.names(folder)) {
                struct stat inside;
                // Skips symbolic links, which may lead back to here.
                if (std::string path = join(folder, name);
                    names.has(name) && System::lstat(path.c_str(), &inside) == 0 && S_ISDIR(inside.st_mode))
                    folders.push_back(std::move(path));
            }
        }
        return searched;
    }

    const std::string& directory_;
    expected_inputs& expected_;
    basic_file_digests<System> before_, after_;
    std::vector<std::string> folders_, named_;
    std::map<std::string, std::string> scanned_; // digests of files
    std::set<std::string> known_names_;
    std::optional<std::string> untraceable_;
    std::map<std::string, std::vector<std::string>> names_before_; // in folders
    std::int64_t start_ = 0;
    source_change changed_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A step of a build: programs make a file from other files. Named by all that is known before they run.
struct action {
    std::string stem;                   ///< path in the cache that the names of its files begin with
    std::string digest;                 ///< SHA-256 of what is the same for every result: flags, directory, …
    std::string_view suffix;            ///< of a result's name: ".so", ".o", ".gch"
    std::optional<std::string> tools{}; ///< stamp of the programs; none where they are not installed
    source_directories sources{};       ///< where a new source would join
    std::size_t kept = build_record::most_results; ///< results that are remembered
    bool thorough = false;                         ///< compare what files say, and believe no state
};

/// A result of an action in the cache, and what it was made from.
struct artifact {
    std::string path;
    build_result entry;
    bool remembered = true; ///< false: the record has older states of the inputs, or another result first
};

/// SHA-256 of what programs were told and of all inputs of their result.
inline std::string key_of(std::string_view recipe, const build_result& result) {
    sha256 all;
    all.field(recipe);
    // Folders as well: a header that __has_include asks for changes the result without being a file of it.
    for (const build_inputs* inputs : {&result.files, &result.folders})
        for (const build_input& input : *inputs)
            all.field(input.path).field(input.digest);
    return all.hex();
}

/// The cached results of one action, found by the contents of their inputs.
///
/// The name of a result is the SHA-256 of everything that it was made from, so that no result is ever written
/// twice. A record beside the results lists the inputs of the last few. As long as these are in the recorded
/// states, no program runs and no input is read. A caller holds `lock` while it makes a result:
///
///     if (auto found = cache.find()) return found;
///     … lock; find again; let a basic_input_tracker begin; run the programs …
///     if (auto entry = tracker.take(files)) return cache.keep(finished, *entry, scratch);
template <class System = posix>
class basic_action_cache {
public:
    explicit basic_action_cache(action cached) : action_(std::move(cached)) {}

    std::string result(const std::string& key) const {
        return action_.stem + key + std::string(action_.suffix);
    }
    std::string record() const { return action_.stem + action_.digest + ".record"; }
    std::string lock() const { return action_.stem + action_.digest + ".lock"; }

    /// The text of the record; empty if it cannot be read. The result is then made again, and writing the new
    /// record fails with a better error.
    std::string text() const { return text_of<System>(record()); }

    /// The inputs of the last result, which the programs will probably read again.
    expected_inputs expected() const {
        expected_inputs known;
        const build_record record(text(), 1);
        if (record.results().empty())
            return known;
        for (const build_input& file : record.results()[0].files)
            known.files.insert(file.path);
        if (!action_.thorough)
            known.before = record.results()[0];
        return known;
    }

    /// The first recorded result whose inputs are unchanged and that the installed programs made (any
    /// programs, if none are installed). Calls `read_again` for inputs with a new state but the same content.
    template <class ReadAgain>
    std::optional<artifact> find(ReadAgain&& read_again) const {
        const std::string text = this->text();
        const std::int64_t look = nanoseconds(System::now());
        basic_file_digests<System> digests;
        // Parsing takes longer than comparing, and the newest result is usually current.
        std::size_t compared = 0;
        for (const std::size_t most : {std::size_t{1}, build_record::most_results}) {
            const build_record record(text, most);
            for (; compared < record.results().size(); ++compared)
                if (auto found = compare(record.results()[compared], look, digests, read_again)) {
                    found->remembered = found->remembered && compared == 0;
                    return found;
                }
        }
        return std::nullopt;
    }

    std::optional<artifact> find() const {
        return find([](const std::string&) {});
    }

    /// Puts an existing result first in the record.
    void remember(build_result entry, const basic_scratch<System>& beside) const {
        const std::string path = result(entry.key);
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        entry.size = static_cast<std::uint64_t>(status.st_size);
        entry.tools = action_.tools.value_or(entry.tools);
        publish<System>(record(), build_record(text()).with(entry, action_.kept), beside.path());
    }

    /// Publishes a finished file under the digest of its inputs, records it, and removes the results that
    /// drop out of the record.
    artifact keep(const std::string& finished, build_result entry,
                  const basic_scratch<System>& beside) const {
        entry.key = key_of(action_.digest, entry);
        const std::string path = result(entry.key);
        if (System::rename(finished.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
        const build_record before(text());
        remember(entry, beside);
        const build_record after(text());
        for (const build_result& old : before.results())
            if (std::none_of(after.results().begin(), after.results().end(),
                             [&](const build_result& result) { return result.key == old.key; }))
                System::unlink(result(old.key).c_str());
        return {path, std::move(entry)};
    }

private:
    template <class ReadAgain>
    std::optional<artifact> compare(const build_result& result, std::int64_t look,
                                    basic_file_digests<System>& digests, ReadAgain& read_again) const {
        if (!is_there(result))
            return std::nullopt;
        basic_up_to_date<System> compared(action_.sources, result, look, digests, action_.tools.has_value(),
                                          action_.thorough);
        try {
            if (!compared.same())
                return std::nullopt;
        } catch (const error& e) {
            trace("not using '", this->result(result.key), "': ", e.what());
            return std::nullopt;
        }
        for (const std::string& path : compared.read_again())
            read_again(path);
        trace("'", this->result(result.key), "' is current");
        return artifact{this->result(result.key), compared.result(), !compared.moved()};
    }

    // A host without a compiler accepts results of any compiler.
    bool is_there(const build_result& entry) const {
        struct stat seen;
        return (!action_.tools || entry.tools == *action_.tools) &&
               System::stat(result(entry.key).c_str(), &seen) == 0 &&
               static_cast<std::uint64_t>(seen.st_size) == entry.size;
    }

    action action_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_BUILD_OPTIONS_HPP
#define TENON_DETAIL_BUILD_BUILD_OPTIONS_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The settings of a builder.
struct build_options {
    std::vector<std::string> compiler{};  ///< program and first arguments, such as {"ccache", "g++"}; empty:
                                          ///< $CXX, else the family that built this program
    std::vector<std::string> flags{};     ///< for every plugin, and before those in its compile_flags.txt
    bool builds_may_run_programs = false; ///< lets flags name programs that take part in the build (compiler
                                          ///< plugins, -B, -wrapper, -specs), and repositories have CMake run
    bool fetched = false;                 ///< the source is from a repository
    std::string target{};                 ///< of a CMakeLists.txt; empty: the only one that can be a plugin
    std::vector<std::string> include{};   ///< folders searched before those in $TENON_INCLUDE and those that
                                          ///< the compiler of this program saw
    tenon::profile profile = profile::optimised;
    /// compilers at once, of all loaders of this process together; 0: one for each processor
    unsigned jobs = 0;
    bool thorough = false;  ///< compares every header, the system's too, by what it says
    bool precompile = true; ///< the header of an interface that is compiled against more than once
    tenon::trust trust{};
    event_handler on_event{};
    /// Called after a successful build, with the warnings of its programs.
    std::function<void(std::vector<diagnostic>)> on_built{};
    tenon::limits limits{};   ///< of each run of the compiler
    std::int64_t timeout = 0; ///< in milliseconds, of a build with the wait for another's; 0: none
    int stop = -1;            ///< a descriptor that calls a build off once it can be read
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_BUILD_REPORT_HPP
#define TENON_DETAIL_BUILD_BUILD_REPORT_HPP

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_SYSTEM_EVENT_REPORT_HPP
#define TENON_DETAIL_SYSTEM_EVENT_REPORT_HPP



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline void tell(const event_handler& handler, const event& step) {
    trace(step.text());
    if (handler)
        handler(step);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Reports the steps of a build, and the warnings of compilers, linkers and CMake. Each warning is reported
/// once, however many sources include the header that it is about.
class build_report {
public:
    /// For the plugin called `name`, compiled in `directory`. The handler has to outlive the report.
    build_report(const event_handler& handler, std::string name, std::string directory)
        : handler_(handler), name_(std::move(name)), directory_(std::move(directory)) {}

    void step(event::step step, std::size_t done = 0, std::size_t all = 0) const {
        tell(handler_, {step, name_, done, all});
    }

    /// Reports the warnings in the output of a program.
    void said(std::string_view text) {
        for (diagnostic& warning : diagnostic_reader(directory_).read(text)) {
            // Linkers do not label all of their warnings.
            if (warning.level == diagnostic::severity::error)
                warning.level = diagnostic::severity::warning;
            if (told_.insert(warning.place() + '\n' + warning.text).second) {
                warnings_.push_back(std::move(warning));
                tell(handler_, {.what = event::step::warning, .subject = name_, .said = warnings_.back()});
            }
        }
    }

    std::vector<diagnostic> take_warnings() { return std::move(warnings_); }

private:
    const event_handler& handler_;
    std::string name_, directory_;
    std::set<std::string> told_;
    std::vector<diagnostic> warnings_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_BUILD_TARGET_HPP
#define TENON_DETAIL_BUILD_BUILD_TARGET_HPP

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_CMAKE_PROJECT_HPP
#define TENON_DETAIL_BUILD_CMAKE_PROJECT_HPP

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_CMAKE_LIBRARY_HPP
#define TENON_DETAIL_BUILD_CMAKE_LIBRARY_HPP

#include <algorithm>
#include <cstdint>
#include <elf.h>
#include <fcntl.h>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_target(const std::string& directory, std::string_view target, std::string_view known) {
    if (known.empty())
        return {errc::not_found,
                concatenated({"the CMakeLists.txt in '", directory,
                              "' makes no library that can be loaded; tenon_add_plugin(NAME SOURCES ...) or "
                              "add_library(NAME MODULE ...) is expected"}),
                directory};
    return {errc::not_found,
            concatenated({"the CMakeLists.txt in '", directory,
                          "' makes no library that can be loaded named '", target, "'; it has ", known}),
            directory};
}

inline error several_targets(const std::string& directory, std::string_view known) {
    return {errc::ambiguous,
            concatenated({"the CMakeLists.txt in '", directory,
                          "' makes several libraries that may be the plugin: ", known, "; choose one ",
                          adding_a_target}),
            directory};
}

inline error needs_library_of_build(const std::string& directory, std::string_view target,
                                    std::string_view needed) {
    return {errc::build_failed,
            concatenated({"the plugin in '", directory, "' is not used, because its target '", target,
                          "' needs '", needed,
                          "', which is made with it and which nobody keeps: make that a STATIC library"}),
            directory};
}

/// A library that a CMakeLists.txt makes.
struct cmake_library {
    std::string target, path;
    bool module = false;
    bool plugin = false; ///< says tenon_add_plugin
};

/// Chooses a library: the target of that name; without a name, the only target marked as a plugin, else the
/// only module, else the only library.
inline const cmake_library& chosen_library(const std::string& directory, const std::string& target,
                                           const std::vector<cmake_library>& all) {
    const auto names = [](const std::vector<const cmake_library*>& libraries) {
        std::string text;
        for (const cmake_library* built : libraries)
            text.append(text.empty() ? "" : ", ").append(built->target);
        return text;
    };
    std::vector<const cmake_library*> any, modules, plugins;
    for (const cmake_library& built : all) {
        any.push_back(&built);
        if (built.module)
            modules.push_back(&built);
        if (built.plugin)
            plugins.push_back(&built);
        if (built.target == target)
            return built;
    }
    if (!target.empty() || any.empty())
        throw no_target(directory, target, names(any));
    const auto& likely = !plugins.empty() ? plugins : !modules.empty() ? modules : any;
    if (likely.size() > 1)
        throw several_targets(directory, names(likely));
    return *likely[0];
}

/// Parses the list of libraries, and the folder of CMake's own modules, that `cmake_beginning` writes. False
/// if the text is not in that format.
inline bool read_cmake_libraries(std::string_view text, std::vector<cmake_library>& into,
                                 std::string& modules) {
    std::string_view first = take_until(text, '\n');
    if (!skip(first, "modules "))
        return false;
    modules = first;
    while (!text.empty()) {
        std::string_view head = take_until(text, '\n');
        cmake_library read;
        if (!skip(head, "library "))
            return false;
        read.module = skip(head, "MODULE_LIBRARY ");
        if (!read.module && !skip(head, "SHARED_LIBRARY "))
            return false;
        read.plugin = !skip(head, "FALSE ");
        if (read.plugin)
            head.remove_prefix(std::min(head.size(), head.find(' ') + 1));
        read.target = head;
        read.path = take_until(text, '\n');
        into.push_back(std::move(read));
    }
    return true;
}

/// The name by which other libraries need this one, the libraries that it needs, and their search folders.
/// For a missing file, or one that is no library, only the name is set.
template <class System = posix>
struct library_needs {
    explicit library_needs(const std::string& path) : name(basename(path)), folders{"/"} {
        const basic_file<System> file(System::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
        if (file.descriptor() < 0)
            return;
        typename elf_reader<System>::loader_information told;
        const elf_reader<System> reader(file.descriptor(), path);
        reader.read(told);
        told.for_each([&](std::int64_t tag, std::uint64_t value) {
            const std::string_view text = told.name(value);
            if (tag == DT_SONAME)
                name = text;
            else if (tag == DT_NEEDED)
                libraries.emplace(text);
            else if (tag == DT_RUNPATH || tag == DT_RPATH)
                for (std::string_view rest = text; !rest.empty();)
                    folders.emplace_back(take_until(rest, ':'));
        });
    }

    std::string name;
    std::set<std::string> libraries;
    std::vector<std::string> folders;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_CMAKE_SCRIPTS_HPP
#define TENON_DETAIL_BUILD_CMAKE_SCRIPTS_HPP

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What a CMakeLists.txt finds in the package `tenon`, besides the target. tenon's own CMakeLists.txt takes
/// it from here for the package that is installed.
inline constexpr std::string_view cmake_functions =
    R"cmake(# tenon_add_plugin(NAME SOURCES SOURCE... [OUTPUT_DIRECTORY DIRECTORY])
#
# A library with plugins, NAME.so, as tenon's loader compiles them: it can be unloaded, and shows its host nothing but what
# TENON_EXPORT does. It stands in the OUTPUT_DIRECTORY, else in CMAKE_LIBRARY_OUTPUT_DIRECTORY, else where CMake puts
# libraries: name one of them in the host's options.search. The target's property TENON_PLUGIN is true.
function(tenon_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 plugin "" OUTPUT_DIRECTORY SOURCES)
    if(NOT plugin_SOURCES OR plugin_UNPARSED_ARGUMENTS OR plugin_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "tenon_add_plugin(NAME SOURCES SOURCE... [OUTPUT_DIRECTORY DIRECTORY]) was called as "
                            "tenon_add_plugin(${name} ${ARGN})")
    endif()
    add_library(${name} MODULE ${plugin_SOURCES})
    target_link_libraries(${name} PRIVATE tenon::tenon)
    set_target_properties(${name} PROPERTIES
        TENON_PLUGIN TRUE PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN TRUE)
    # g++ makes the static variables of inline functions unique in the process, and a library with one stays for good.
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    # What is missing is found out here and not by the host; but clang leaves a sanitizer's functions to the program.
    string(TOUPPER "${CMAKE_BUILD_TYPE}" configuration)
    if(NOT (CMAKE_CXX_COMPILER_ID MATCHES Clang AND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${configuration}}" MATCHES "-fsanitize="))
        set(sanitizers "$<FILTER:$<TARGET_PROPERTY:${name},COMPILE_OPTIONS>,INCLUDE,^-fsanitize=>")
        target_link_options(${name} PRIVATE
            "$<$<NOT:$<AND:$<CXX_COMPILER_ID:Clang>,$<BOOL:${sanitizers}>>>:LINKER:-z,defs>")
    endif()
    if(plugin_OUTPUT_DIRECTORY)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${plugin_OUTPUT_DIRECTORY}")
    endif()
endfunction()
)cmake";

/// What CMake runs before a project's own commands. It writes down which libraries there are when all of them
/// are known.
inline constexpr std::string_view cmake_beginning = R"cmake(
include_guard(GLOBAL)
include("${CMAKE_CURRENT_LIST_DIR}/options.cmake")
add_link_options(${tenon_link_options}) # before those of a target, which may say otherwise

function(tenon_libraries_in directory)
    get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
        get_target_property(type "${target}" TYPE)
        if(type MATCHES "^(MODULE|SHARED)_LIBRARY$")
            set_property(TARGET "${target}" APPEND PROPERTY LINK_OPTIONS
                "LINKER:--dependency-file=${tenon_folder}/linked/${target}.d")
            get_target_property(plugin "${target}" TENON_PLUGIN)
            if(NOT plugin)
                set(plugin FALSE)
            endif()
            set_property(GLOBAL APPEND_STRING PROPERTY tenon_libraries
                "library ${type} ${plugin} ${target}\n$<TARGET_FILE:${target}>\n")
        endif()
    endforeach()
    get_property(inside DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
    foreach(each IN LISTS inside)
        tenon_libraries_in("${each}")
    endforeach()
endfunction()

function(tenon_tell)
    tenon_libraries_in("${CMAKE_SOURCE_DIR}")
    get_property(libraries GLOBAL PROPERTY tenon_libraries)
    file(GENERATE OUTPUT "${tenon_folder}/libraries" CONTENT "modules ${CMAKE_ROOT}\n${libraries}")
endfunction()

cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL tenon_tell)
)cmake";

/// A text as one argument that CMake takes as it is.
inline std::string cmake_argument(std::string_view text) {
    std::string marks = "=";
    while (text.find(']' + marks) != text.npos)
        marks += '=';
    // A line break that follows at once would not count.
    return '[' + marks + '[' + std::string(text) + ']' + marks + ']';
}

/// Words as one text of CMake's that a shell takes apart into these again, and CMake before it.
inline std::string cmake_shell_words(const word_list& words) {
    std::string text;
    for (const std::string& word : words) {
        text += text.empty() ? "" : " ";
        for (const char c : in_shell_quotes(word))
            text += c == ';' ? "\\;" : c == ',' ? "$<COMMA>" : c == '>' ? "$<ANGLE-R>" : std::string(1, c);
    }
    return text;
}

/// What is the same for all builds of one directory.
struct cmake_settings {
    std::string directory;
    word_list program_words; ///< what runs the compiler, and the compiler
    compiler_traits traits;
    word_list compile, link; ///< flags of the host's, of any kind
    word_list folders;       ///< with headers, for all targets
    profile wanted;
    std::string target;
};

/// The package `tenon` as find_package finds it: the host's own headers.
inline std::string cmake_package(const cmake_settings& given) {
    std::string includes;
    for (const std::string& folder : given.folders)
        includes += ' ' + cmake_argument(folder);
    return "if(NOT TARGET tenon::tenon)\n    add_library(tenon::tenon INTERFACE IMPORTED)\n"
           "    target_include_directories(tenon::tenon INTERFACE" +
           includes +
           ")\n    target_compile_features(tenon::tenon INTERFACE cxx_std_20)\n"
           "    set_target_properties(tenon::tenon PROPERTIES IMPORTED_NO_SYSTEM TRUE)\nendif()\n" +
           std::string(cmake_functions);
}

inline std::string cmake_package_version() {
    const std::string_view version = TENON_VERSION;
    const std::string minor(version.substr(0, version.rfind('.')));
    return "set(PACKAGE_VERSION " + std::string(version) +
           ")\nset(wanted \"${PACKAGE_FIND_VERSION_MAJOR}.${PACKAGE_FIND_VERSION_MINOR}\")\n"
           "if(NOT PACKAGE_FIND_VERSION OR (wanted STREQUAL \"" +
           minor +
           "\" AND NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION))\n"
           "    set(PACKAGE_VERSION_COMPATIBLE TRUE)\nendif()\n"
           "if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)\n"
           "    set(PACKAGE_VERSION_EXACT TRUE)\nendif()\n";
}

/// Flags of any kind, which CMake's checks of the compiler do not see.
inline std::string cmake_options(const cmake_settings& given) {
    std::string text = "include_directories(BEFORE";
    for (const std::string& folder : given.folders)
        text += ' ' + cmake_argument(folder);
    text += ")\n";
    if (!given.compile.empty())
        text += "add_compile_options(" +
                cmake_argument("$<$<COMPILE_LANGUAGE:CXX>:SHELL:" + cmake_shell_words(given.compile) + '>') +
                ")\n";
    if (!given.link.empty())
        text += "add_link_options(" + cmake_argument("SHELL:" + cmake_shell_words(given.link)) + ")\n";
    return text;
}

/// The C compiler of a C++ compiler's family, so that what both compile can be linked.
template <class System = posix>
std::string c_compiler_beside(const std::string& cxx) {
    std::string name(basename(cxx));
    for (const auto& [plus, plain] : {std::pair{"clang++", "clang"}, {"g++", "gcc"}})
        if (const auto at = name.rfind(plus); at != name.npos) {
            name.replace(at, std::string_view(plus).size(), plain);
            return find_program<System>(join(parent(cxx), name)).value_or("");
        }
    return "";
}

/// The variables that CMake begins with, for a tree in `folder`.
template <class System = posix>
std::string cmake_variables(const cmake_settings& given, const std::string& folder) {
    std::string text;
    const auto set = [&](std::string_view name, std::string_view value) {
        text.append("set(")
            .append(name)
            .append(" ")
            .append(cmake_argument(value))
            .append(" CACHE STRING \"\")\n");
    };
    word_list words = given.program_words;
    const std::string compiler = find_program<System>(words.back()).value_or(words.back());
    words.pop_back();
    set("CMAKE_CXX_COMPILER", compiler);
    if (!words.empty())
        for (const char* variable : {"CMAKE_CXX_COMPILER_LAUNCHER", "CMAKE_C_COMPILER_LAUNCHER"})
            set(variable, joined(words, ";"));
    if (const std::string c = c_compiler_beside<System>(compiler); !c.empty())
        set("CMAKE_C_COMPILER", c);
    // CMake's checks of the compiler see these too.
    const word_list flags = plugin_flags(given.traits);
    word_list of_c{"-fPIC", "-fvisibility=hidden"};
    std::copy_if(flags.begin(), flags.end(), std::back_inserter(of_c), is_sanitizer);
    set("CMAKE_CXX_FLAGS", joined(flags, " "));
    set("CMAKE_C_FLAGS", joined(of_c, " "));
    set("CMAKE_CXX_STANDARD", __cplusplus > 202302L ? "26" : __cplusplus > 202002L ? "23" : "20");
    set("CMAKE_CXX_EXTENSIONS", language_flag().find("gnu") != std::string::npos ? "ON" : "OFF");
    set("CMAKE_POSITION_INDEPENDENT_CODE", "ON");
    set("CMAKE_BUILD_TYPE", given.wanted == profile::quick ? "Debug" : "RelWithDebInfo");
    // Clang leaves a sanitizer's symbols to the host's executable.
    set("tenon_link_options", given.traits.clang && of_c.size() > 2 ? "" : "LINKER:-z,defs");
    for (const char* kind : {"CMAKE_MODULE_LINKER_FLAGS", "CMAKE_SHARED_LINKER_FLAGS"})
        text.append("set(").append(kind).append(
            " \"\" CACHE STRING \"\" FORCE)\n"); // they come after a target's own
    set("CMAKE_VERBOSE_MAKEFILE", "ON");
    set("CMAKE_COLOR_DIAGNOSTICS", "OFF");
    set("CMAKE_FIND_USE_PACKAGE_REGISTRY", "OFF");
    set("CMAKE_PROJECT_TOP_LEVEL_INCLUDES", join(folder, "begin.cmake"));
    set("tenon_DIR", folder);
    set("tenon_folder", folder);
    return text;
}

/// Writes all that CMake is told into the `folder` of a new tree.
template <class System = posix>
void write_cmake_scripts(const cmake_settings& given, const std::string& folder) {
    const std::pair<const char*, std::string> scripts[] = {
        {"settings.cmake", cmake_variables<System>(given, folder)},
        {"options.cmake", cmake_options(given)},
        {"begin.cmake", std::string(cmake_beginning)},
        {"tenonConfig.cmake", cmake_package(given)},
        {"tenonConfigVersion.cmake", cmake_package_version()}};
    for (const auto& [name, text] : scripts) {
        const std::string path = join(folder, name);
        basic_file<System>(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600).write(path, text);
    }
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_COMPILATION_HPP
#define TENON_DETAIL_BUILD_COMPILATION_HPP

#include <algorithm>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_LINKER_HPP
#define TENON_DETAIL_BUILD_LINKER_HPP

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The linker that a link tries first, chosen by flags.
struct linker_choice {
    word_list flags;     ///< none where there is nothing to try
    std::string version; ///< of the linker that takes them, as it says itself
};

/// The version text of the linker that a compiler's command would run; empty if it cannot be run.
template <class System = posix>
std::string linker_version(command invocation, const basic_deadline<System>& within) {
    invocation.arguments.push_back("-Wl,--version");
    const process_result said = run<System>(std::move(invocation), within);
    return said.failed() ? "" : said.out.substr(0, said.out.find('\n'));
}

/// The first of mold, lld and gold that a compiler can use. Determined once in the life of this process.
template <class System = posix>
linker_choice find_fast_linker(const basic_compiler<System>& compiler, const basic_deadline<System>& within) {
    static std::mutex one_at_a_time;
    static std::map<std::string, linker_choice> asked;
    {
        const std::lock_guard<std::mutex> turn(one_at_a_time);
        if (const auto known = asked.find(compiler.stamp()); known != asked.end())
            return known->second;
    }
    linker_choice fastest;
    struct candidate {
        const char *name, *program, *says;
    };
    for (const candidate& choice :
         {candidate{"mold", "ld.mold", "mold"}, {"lld", "ld.lld", "LLD"}, {"gold", "ld.gold", "gold"}}) {
        if (!find_program<System>(choice.program))
            continue;
        const std::string flag = std::string("-fuse-ld=") + choice.name;
        command invocation{compiler.program_words(), basic_compiler<System>::variables(), "/"};
        const word_list own = compiler.flags(true).common();
        invocation.arguments.insert(invocation.arguments.end(), own.begin(), own.end());
        invocation.arguments.push_back(flag);
        const std::string version = linker_version<System>(std::move(invocation), within);
        // A compiler that does not know the flag may silently use its default linker.
        if (version.find(choice.says) != version.npos) {
            fastest = {{flag}, version};
            break;
        }
        if (within.cause() != stop_reason::itself)
            return {};
    }
    const std::lock_guard<std::mutex> turn(one_at_a_time);
    return asked[compiler.stamp()] = fastest;
}

/// True if a faster linker may replace the default one for these flags: they name no linker, need no linker
/// made for the compiler, and allow no missing symbols but by `-z undefs`. (mold would make a missing symbol
/// null, and a call of it would end the program.)
inline bool lets_choose_linker(const word_list& flags) {
    for (const std::string_view flag : flags)
        if (begins_with_one_of(flag, {"-fuse-ld", "--ld-path", "-flto", "-fsanitize", "-T", "-Wl,-T",
                                      "-Wl,--script", "-Wl,-plugin", "-Wl,--plugin",
                                      "-Wl,--unresolved-symbols", "-Wl,--warn-unresolved-symbols"}))
            return false;
    return true;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_JOB_SLOTS_HPP
#define TENON_DETAIL_SYSTEM_JOB_SLOTS_HPP

#include <algorithm>
#include <atomic>
#include <utility>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One slot of the process-wide limit on concurrent compilers. Released on destruction.
template <class System = posix>
class basic_job_slot {
public:
    basic_job_slot() = default; ///< empty: holds no slot
    basic_job_slot(basic_job_slot&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    basic_job_slot& operator=(basic_job_slot&& other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~basic_job_slot() {
        if (held_)
            --*held_;
    }

    explicit operator bool() const noexcept { return held_ != nullptr; }

    /// Takes one of `most` slots; 0 stands for one slot for each processor. The object is empty if no slot is
    /// free.
    static basic_job_slot one_of(unsigned most) noexcept {
        // A system that does not tell its processors counts as having one.
        const long limit = most != 0 ? static_cast<long>(most) : std::max(System::processors(), 1L);
        basic_job_slot job;
        long now = running().load();
        while (now < limit && !job.held_)
            if (running().compare_exchange_weak(now, now + 1))
                job.held_ = &running();
        return job;
    }

    /// Waits for a slot. The object is empty if the deadline ends the wait; the next program then fails by
    /// the same deadline.
    static basic_job_slot next_of(unsigned most, const basic_deadline<System>& within) noexcept {
        basic_job_slot job = one_of(most);
        while (!job && within.cause() == stop_reason::itself) {
            within.pause(2);
            job = one_of(most);
        }
        return job;
    }

private:
    // Counts for this copy of tenon; another copy in the process has a counter of its own.
    static std::atomic<long>& running() noexcept {
        static std::atomic<long> count = 0;
        return count;
    }

    std::atomic<long>* held_ = nullptr;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error other_sanitizer(const std::string& compiler) {
    return {errc::toolchain,
            concatenated({"this program was compiled with a sanitizer, and '", compiler,
                          "' is of another family than its compiler: two "
                          "sanitizers would end the program; name one of the same family in $CXX or "
                          "options.compiler"}),
            compiler};
}

/// Collects the failed commands of a build for its error.
class build_failures {
public:
    /// `directory` is the plugin's, for the error.
    explicit build_failures(std::string directory) : directory_(std::move(directory)) {}

    bool empty() const noexcept { return commands_.empty(); }

    void add(const command& invocation, const process_result& end) {
        std::string said = end.err + end.out;
        failed_command failed{.command = shown(invocation), .ending = end.how()};
        // A command without a failure is added if its output is missing.
        if (end.known && !end.failed())
            failed.ending += " and made no output";
        if (end.known && end.cause == stop_reason::itself) {
            if (WIFSIGNALED(end.status))
                failed.signal = WTERMSIG(end.status);
            else
                failed.exit_status = WEXITSTATUS(end.status);
        }
        const std::string how = std::string(basename(invocation.arguments[0])) + ' ' + failed.ending;
        const bool cut_short = end.cause == stop_reason::time || end.cause == stop_reason::stop;
        if (cut_short) {
            first_ = how;
            code_ = end.code(code_);
        } else if (first_.empty()) {
            first_ = end.limit.empty() ? cause_of_failure(invocation.folder, said, how) : how;
        }
        if (!said.empty() && said.back() != '\n')
            said += '\n';
        failed.diagnostics = diagnostic_reader(directory_).read(said);
        failed.output = std::move(said);
        commands_.push_back(std::move(failed));
    }

    /// The error, with advice below its first line.
    build_error error_with(const std::string& advice = "") const {
        std::string text = first_ + (advice.empty() ? "" : '\n' + advice) + "\nthe plugin in '" + directory_ +
                           "' was not built:\n";
        for (const failed_command& failed : commands_)
            text += failed.command + '\n' + failed.ending + (failed.output.empty() ? "\n" : ", and said:\n") +
                    failed.output;
        text.pop_back();
        return {code_, text, directory_, commands_};
    }

private:
    std::string directory_, first_;
    std::vector<failed_command> commands_;
    errc code_ = errc::build_failed;
};

/// The files in a dependency file, which a compiler writes in the syntax of makefiles.
inline word_list read_dependencies(std::string_view makefile) {
    word_list files;
    std::string path;
    const auto finish = [&] {
        // The target is the one word that ends in a colon; a colon in a path is not at its end.
        if (!path.empty() && path.back() != ':')
            files.push_back(path);
        path.clear();
    };
    for (std::size_t i = 0; i < makefile.size(); ++i) {
        const char c = makefile[i], next = i + 1 < makefile.size() ? makefile[i + 1] : '\0';
        if (c == '\\' && next == '\n')
            ++i, finish();
        else if (c == ' ' || c == '\n' || c == '\t')
            finish();
        else if ((c == '\\' && (next == ' ' || next == '#' || next == ':' || next == '\t')) ||
                 (c == '$' && next == '$'))
            path += next, ++i;
        else
            path += c;
    }
    finish();
    return files;
}

/// The files in the output of a linker's `--trace`: one a line, members of archives as `lib.a(member.o)` or
/// `(lib.a)member.o`.
inline word_list read_linked(std::string_view trace) {
    word_list files;
    while (!trace.empty()) {
        std::string_view line = take_line(trace);
        skip(line, "trace: "); // mold
        if (!line.empty() && line.front() == '(')
            line = line.substr(1, line.find(')') - 1);
        else if (!line.empty() && line.back() == ')')
            line = line.substr(0, line.rfind('('));
        if (!line.empty())
            files.emplace_back(line);
    }
    return files;
}

/// Compiles the sources of a directory, and links their objects.
template <class System = posix>
class basic_compilation {
public:
    /// Compiles `sources` in `directory`; `folders` are searched for headers first.
    basic_compilation(const basic_compiler<System>& compiler, const std::string& directory, word_list sources,
                      const compile_flags& flags, const word_list& folders, const basic_scratch<System>& in,
                      const basic_deadline<System>& within = {}, profile wanted = profile::optimised,
                      unsigned jobs = 0)
        : directory_(directory), sources_(std::move(sources)), scratch_(in), deadline_(within), jobs_(jobs) {
        const compile_flags own = compiler.flags(false);
        const compiler_traits traits = compiler.traits(within);
#ifdef __clang__
        constexpr bool with_clang = true;
#else
        constexpr bool with_clang = false;
#endif
        if (traits.clang != with_clang &&
            std::string_view(toolchain).find("sanitizer=none") == std::string_view::npos)
            throw other_sanitizer(compiler.arguments()[0]);
        word_list both{language_flag()};
        add(both, plugin_flags(traits));
        add(both, wanted == profile::quick ? word_list{"-O0"} : word_list{"-O2", "-g"});
        compile_ = link_ = compiler.program_words();
        add(compile_, own.compile());
        add(compile_, both);
        add(link_, own.common());
        add(link_, both);
        after_objects_ = own.link();
        add(after_objects_, flags.link());
        for (const std::string& folder : folders)
            compile_.push_back("-I" + folder);
        add(compile_, flags.compile());
        add(link_, flags.common());
        link_.push_back("-shared");
        // Clang leaves a sanitizer's symbols to the host's executable.
        if (!traits.clang || std::none_of(link_.begin(), link_.end(), is_sanitizer))
            link_.push_back("-Wl,-z,defs");
        if (lets_choose_linker(link_) && lets_choose_linker(after_objects_))
            linker_ = find_fast_linker(compiler, within);
    }

    /// The path of the object of a source.
    std::string object(std::size_t source) const { return output(source, ".o"); }

    /// Marks a source as compiled: its object is already at `object(source)`.
    void reuse(std::size_t source) { reused_.insert(source); }

    /// The absolute paths of all files that the compiler read for one source.
    word_list read_for(std::size_t source) const {
        word_list read = read_dependencies(read_file<System>(output(source, ".d")));
        for (std::string& path : read)
            path = absolute(path);
        // clang lists the source of the precompiled header, which is /dev/null.
        std::erase(read, "/dev/null");
        return read;
    }

    /// The beginning of each compiler's command.
    const word_list& arguments() const noexcept { return compile_; }

    /// Adds flags for the marked sources. A source that does not compile with the flags is compiled without
    /// them.
    void try_with(word_list flags, std::vector<bool> sources) {
        more_ = std::move(flags);
        with_more_ = std::move(sources);
    }

    /// True if a source could only be compiled without the flags of `try_with`.
    bool refused() const noexcept { return refused_; }

    /// A digest of the commands: of all that decides the library besides the contents of files.
    std::string recipe() const {
        sha256 all;
        for (const word_list* list : {&compile_, &link_, &linker_.flags, &after_objects_, &sources_})
            all.fields(*list);
        return all.field(linker_.version).hex();
    }

    /// Compiles all sources. Throws with the messages for every source that fails. Calls `done` with the
    /// number of finished sources each time it grows, and `say` with the compiler's messages for a source
    /// that compiles.
    template <class Done, class Say>
    void compile(Done&& done, Say&& say) {
        build_failures failed(directory_);
        std::size_t ends = reused_.size();
        std::vector<std::size_t> all, again;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            if (!reused_.count(i))
                all.push_back(i);
        std::string said;
        const auto ended = [&](std::size_t i, const command& invocation, const process_result& end) {
            const bool good = succeeded(end, output(i, ".o"));
            if (!good && with_more(i)) {
                said = end.err;
                again.push_back(i);
                return;
            }
            if (good && std::find(again.begin(), again.end(), i) != again.end()) {
                trace("'", sources_[i], "' could only be compiled without ", more_.back(), ": ", said);
                refused_ = true;
            }
            good ? say(end.err) : failed.add(invocation, end);
            done(++ends);
        };
        for_each_run(all, ended);
        with_more_.clear();
        for_each_run(again, ended);
        if (!failed.empty())
            throw failed.error_with();
    }

    /// Links the objects. Throws with the linker's messages if that fails; otherwise calls `say` with them.
    template <class Say>
    void link(Say&& say) {
        for (;;) {
            const command invocation = link_command();
            const process_result end = run<System>(invocation, deadline_);
            if (succeeded(end, library())) {
                linked_ = read_linked(end.out);
                return say(end.err);
            }
            if (linker_.flags.empty() || cut_short(end)) {
                build_failures failed(directory_);
                failed.add(invocation, with_the_fault_alone(end));
                throw failed.error_with(misses_symbols(end.err) ? what_is_left_out() : "");
            }
            trace("linking as the compiler does by itself, because '", linker_.version,
                  "' failed: ", end.err);
            linker_ = {};
        }
    }

    std::string library() const { return scratch_ / "library.so"; }

    /// A sentence about files that look like sources and are not compiled; empty if there are none.
    std::string what_is_left_out() const {
        return sentence_on_sources_left_out<System>(directory_, sources_);
    }

    /// The sorted absolute paths of all files that were read, as the compiler spells them.
    word_list files() const {
        word_list read;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            if (!reused_.count(i))
                add(read, read_for(i));
        for (const std::string& path : linked_)
            // Skips other output of the linker, and files that this build made.
            if (struct stat seen; !is_at_or_below(path, scratch_.path()) &&
                                  System::stat(absolute(path).c_str(), &seen) == 0 && S_ISREG(seen.st_mode))
                read.push_back(absolute(path));
        std::sort(read.begin(), read.end());
        read.erase(std::unique(read.begin(), read.end()), read.end());
        return read;
    }

private:
    static bool cut_short(const process_result& end) {
        return end.cause == stop_reason::time || end.cause == stop_reason::stop;
    }

    static bool succeeded(const process_result& end, const std::string& result) {
        struct stat status;
        // If the status is unknown, an existing result means success.
        return !end.failed() && System::stat(result.c_str(), &status) == 0;
    }

    static void add(word_list& to, const word_list& more) { to.insert(to.end(), more.begin(), more.end()); }

    // Drops the trace of opened files, and the last line, in which the driver repeats that the linker failed.
    static process_result with_the_fault_alone(process_result of) {
        std::string fault;
        for (std::string_view rest = of.err; !rest.empty();) {
            const std::string_view line = take_line(rest);
            if (!line.starts_with("collect2: error: ") &&
                line.find(": error: linker command failed with exit code ") == line.npos)
                fault.append(line).append("\n");
        }
        if (!fault.empty()) {
            of.err = std::move(fault);
            of.out.clear();
        }
        return of;
    }

    static bool misses_symbols(std::string_view said) {
        return said.find("undefined reference to") != said.npos || said.find("undefined symbol") != said.npos;
    }

    // Compiles sources, and calls `ended` for each in their order.
    template <class Ended>
    void for_each_run(const std::vector<std::size_t>& which, Ended&& tell) {
        struct running {
            basic_process<System> process;
            basic_job_slot<System> job;
        };
        std::deque<running> now;
        std::size_t ends = 0;
        const auto wait_for_next = [&] {
            const process_result end = now.front().process.wait();
            if (cut_short(end)) {
                build_failures failed(directory_);
                failed.add(now.front().process.what(), end);
                throw failed.error_with();
            }
            tell(which[ends++], now.front().process.what(), end);
            now.pop_front();
        };
        for (const std::size_t i : which) {
            basic_job_slot<System> job = basic_job_slot<System>::one_of(jobs_);
            // Waits for own compilers before waiting for a job slot, so that two builds cannot deadlock.
            while (!job && !now.empty()) {
                wait_for_next();
                job = basic_job_slot<System>::one_of(jobs_);
            }
            if (!job)
                job = basic_job_slot<System>::next_of(jobs_, deadline_);
            now.push_back({basic_process<System>(compile_command(i), deadline_), std::move(job)});
        }
        while (!now.empty())
            wait_for_next();
    }

    command compile_command(std::size_t i) const {
        command invocation = prepared(compile_);
        if (with_more(i))
            add(invocation.arguments, more_);
        add(invocation.arguments, {"-MD", "-MT", "library", "-MF", output(i, ".d"), "-c",
                                   join(directory_, sources_[i]), "-o", output(i, ".o")});
        return invocation;
    }

    bool with_more(std::size_t i) const { return i < with_more_.size() && with_more_[i]; }

    command link_command() const {
        command invocation = prepared(link_);
        add(invocation.arguments, linker_.flags);
        for (std::size_t i = 0; i < sources_.size(); ++i)
            invocation.arguments.push_back(output(i, ".o"));
        add(invocation.arguments, {"-o", library()});
        add(invocation.arguments, after_objects_);
        if (!after_objects_.empty())
            invocation.arguments.push_back("-Wl,--trace");
        return invocation;
    }

    // Runs in the source directory, so that relative paths in flags start there.
    command prepared(const word_list& arguments) const {
        return {arguments, basic_compiler<System>::variables(), directory_};
    }

    // The name of an output contains the source's, because linkers name objects in their messages.
    std::string output(std::size_t source, std::string_view end) const {
        const std::string& name = sources_[source];
        return scratch_ / ((name.size() < 240 ? name : std::to_string(source)) + std::string(end));
    }

    std::string absolute(const std::string& path) const {
        return path[0] == '/' ? path : join(directory_, path);
    }

    const std::string& directory_;
    word_list sources_;
    const basic_scratch<System>& scratch_;
    basic_deadline<System> deadline_;
    unsigned jobs_;
    word_list compile_, link_, after_objects_, linked_, more_;
    std::vector<bool> with_more_;
    std::set<std::size_t> reused_;
    bool refused_ = false;
    linker_choice linker_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_FLAG_INPUTS_HPP
#define TENON_DETAIL_BUILD_FLAG_INPUTS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Leaves the directory of a flag that has headers or libraries searched there; nothing where the next word
/// names it. Returns false, and leaves the flag, where it is another one.
inline bool skip_search_flag(std::string_view& flag) {
    for (const std::string_view name :
         {"--include-directory-after", "--include-directory", "--library-directory", "-iwithprefixbefore",
          "-iwithprefix", "-cxx-isystem", "-isystem", "-iquote", "-idirafter", "-Wl,--library-path",
          "-Wl,-rpath-link", "-Wl,-L", "-I", "-L", "-F"})
        if (skip(flag, name)) {
            if (!skip(flag, "="))
                skip(flag, ",");
            return true;
        }
    return false;
}

/// The parts of a flag that may be a path: `map.txt` in `-Wl,--version-script=map.txt`. Most are none, as
/// `address` in `-fsanitize=address`.
inline std::vector<std::string> possible_paths(std::string_view flag) {
    std::vector<std::string> parts;
    for (const std::string_view name : {"-D", "-U", "-std", "-O", "-g", "-W"})
        if (flag.substr(0, name.size()) == name && (flag.size() < 4 || flag[3] != ',')) // -Wl, -Wa, -Wp,
            return parts;
    for (const std::string_view joined : {"-include", "-imacros", "-T"})
        if (flag.substr(0, joined.size()) == joined)
            parts.emplace_back(flag.substr(joined.size()));
    for (std::size_t at = 0; at <= flag.size();) {
        parts.emplace_back(flag.substr(at, flag.find(',', at) - at));
        const std::size_t end = flag.find_first_of("=,", at);
        at = end == flag.npos ? flag.size() + 1 : end + 1;
    }
    std::erase_if(parts, [](const std::string& part) { return part.empty() || part[0] == '-'; });
    return parts;
}

/// What flags have compilers and linkers read, or look for, without its being listed in what these say.
///
///     flag_inputs<>({"-L", "lib", "-Wl,-T,kernel.ld", "-march=native"}, "/p")
///         // folders: "/p/lib"; files: "/p/kernel.ld" if it is there, and "/proc/cpuinfo"
struct flag_inputs {
    std::vector<std::string>
        folders{}; ///< in which headers and libraries are searched; some may not be there
    std::vector<std::string> files{};

    /// Adds what `words` name, for a command that runs in `directory`.
    template <class System = posix>
    void add(const std::vector<std::string>& words, const std::string& directory) {
        const auto absolute = [&](std::string_view path) {
            return path.substr(0, 1) == "/" ? std::string(path) : join(directory, path);
        };
        for (std::size_t i = 0; i < words.size(); ++i) {
            std::string_view flag = words[i];
            if (skip_search_flag(flag) && (!flag.empty() || i + 1 < words.size())) {
                folders.push_back(absolute(flag.empty() ? words[i + 1] : flag));
                continue;
            }
            for (const std::string& part : possible_paths(flag))
                add_file<System>(absolute(part), flag.substr(0, 9) == "-fprofile");
            if (flag.starts_with("-m") && flag.ends_with("=native"))
                files.emplace_back(processor_file);
        }
    }

private:
    // Profiles are looked up in a directory by the names of sources.
    template <class System>
    void add_file(const std::string& path, bool or_all_in_it) {
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0 || path.find('\n') != path.npos)
            return;
        if (S_ISREG(status.st_mode))
            files.push_back(path);
        else if (or_all_in_it && S_ISDIR(status.st_mode)) {
            folders.push_back(path);
            for (const std::string& name : names_in<System>(path))
                add_file<System>(join(path, name), false);
        }
    }
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_cmake(const std::string& directory) {
    return {
        errc::no_compiler,
        concatenated({"'", directory,
                      "' has a CMakeLists.txt, and there is no cmake in $PATH; install CMake, 3.24 or newer, "
                      "and make"}),
        directory};
}

inline error old_cmake(const std::string& directory, const std::string& cmake) {
    return {errc::no_compiler,
            concatenated(
                {"the plugin in '", directory, "' cannot be found, because '", cmake,
                 "' does not run CMAKE_PROJECT_TOP_LEVEL_INCLUDES: install CMake 3.24 or newer, and begin "
                 "the CMakeLists.txt with cmake_minimum_required and project"}),
            directory};
}

/// The files that CMake has read, from the makefile in which it lists them.
inline word_list read_cmake_files(std::string_view makefile) {
    word_list files;
    const auto begin = makefile.find("set(CMAKE_MAKEFILE_DEPENDS\n");
    if (begin == makefile.npos)
        return files;
    makefile.remove_prefix(makefile.find('\n', begin) + 1);
    while (makefile.substr(0, 3) == "  \"") {
        const auto end = makefile.find("\"\n", 3);
        if (end == makefile.npos)
            break;
        files.emplace_back(makefile.substr(3, end - 3));
        makefile.remove_prefix(end + 2);
    }
    return files;
}

/// A build tree of CMake in the cache, kept between builds, so that make compiles only changed sources.
///
/// make compares timestamps, so it misses a changed file that is older than its output, such as a restored
/// backup, and knows nothing of inputs that no dependency file lists. Both are detected here, as is an
/// interrupted build, and start a clean tree. Each tree has a name of its own, because a compiler of the tree
/// before may still be writing.
template <class System = posix>
class basic_cmake_project {
public:
    /// The trees are kept in the folder `all`.
    basic_cmake_project(std::string all, cmake_settings given)
        : all_(std::move(all)), given_(std::move(given)) {
        const std::string text = text_of<System>(state());
        struct stat status;
        const auto line = text.find('\n');
        // No text: the tree is the first, or its last build did not end.
        if (line != 6 || System::stat(state().c_str(), &status) != 0)
            return;
        folder_ = join(all_, std::string_view(text).substr(0, line));
        ended_ = nanoseconds(status.st_mtim);
        const build_record record(std::string_view(text).substr(line + 1));
        if (record.results().size() == 1 && read_libraries())
            last_ = record.results()[0];
    }

    static std::optional<std::string> program() { return find_program<System>("cmake"); }

    /// The variables that reach CMake in addition to those that reach compilers: where it finds other
    /// projects.
    static word_list variables() { return environment({"CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH"}); }

    /// The inputs of the last successful build; none if the tree cannot be continued.
    const std::optional<build_result>& last() const noexcept { return last_; }

    /// Prepares the build tree, starting a fresh one if the old one cannot be trusted. `tools` is the stamp
    /// of the programs that build. `configuring` is called before CMake reads the CMakeLists.txt, and `say`
    /// with what CMake says then. Returns true if CMake ran.
    template <class Configuring, class Say>
    bool prepare(const basic_source_tree<System>& sources, const std::string& tools,
                 const basic_deadline<System>& within, Configuring&& configuring, Say&& say) {
        const std::string why = !last_                  ? "there is none that was finished"
                                : last_->tools != tools ? "other programs build it"
                                                        : unseen(sources);
        const bool again = why.empty() && must_configure();
        System::unlink(state().c_str());
        if (!why.empty())
            begin_new_tree(why);
        else
            forget_linked();
        if (!why.empty() || again) {
            configuring();
            say(configure(within));
        }
        library();
        return !why.empty() || again;
    }

    /// Builds the library. Throws with the output of CMake, make and the compilers if that fails; otherwise
    /// calls `say` with the output.
    template <class Say>
    void build(unsigned jobs, const basic_deadline<System>& within, Say&& say) {
        std::vector<basic_job_slot<System>> turns;
        turns.push_back(basic_job_slot<System>::next_of(jobs, within));
        for (basic_job_slot<System> more = basic_job_slot<System>::one_of(jobs); more;
             more = basic_job_slot<System>::one_of(jobs))
            turns.push_back(std::move(more));
        say(run_cmake({"--build", build_folder(), "--target", library().target, "-j",
                       std::to_string(turns.size()), "--", "--no-print-directory"},
                      within));
        // make may have run CMake again.
        read_libraries();
        require_alone();
    }

    /// The library that is the plugin. The tree has to be configured.
    const cmake_library& library() const {
        return chosen_library(given_.directory, given_.target, libraries_);
    }

    /// The absolute paths of all files that CMake, compilers and linkers have read, without those of the tree
    /// itself and of CMake.
    word_list files() const {
        word_list read = files_read_by_cmake();
        add_compiled(read, build_folder());
        for (const std::string& name : names_in<System>(linked_folder()))
            add_listed(read, join(linked_folder(), name), build_folder());
        std::erase_if(read, [&](const std::string& path) {
            struct stat seen;
            return is_at_or_below(path, all_) || is_at_or_below(path, modules_) ||
                   System::stat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode) ||
                   path.find('\n') != path.npos;
        });
        std::sort(read.begin(), read.end());
        read.erase(std::unique(read.begin(), read.end()), read.end());
        return read;
    }

    /// The files that CMake itself has read, as far as it lists them.
    std::set<std::string> configured_from() const {
        const word_list files = files_read_by_cmake();
        return {files.begin(), files.end()};
    }

    /// The inputs that flags of targets name. The tree has to be configured.
    flag_inputs named_inputs() const {
        flag_inputs named;
        if (last_ || !libraries_.empty())
            add_named(named, build_folder());
        std::erase_if(named.files, [&](const std::string& path) { return is_at_or_below(path, all_); });
        std::erase_if(named.folders, [&](const std::string& path) { return is_at_or_below(path, all_); });
        return named;
    }

    /// Records a finished build with its inputs. All compilers have to have ended by themselves.
    void keep(build_result entry, const std::string& tools, const basic_scratch<System>& beside) const {
        entry.key = sha256(folder_).hex();
        entry.tools = tools;
        publish<System>(state(), std::string(basename(folder_)) + '\n' + build_record().with(entry),
                        beside.path());
    }

private:
    std::string state() const { return join(all_, "finished"); }
    std::string build_folder() const { return join(folder_, "build"); }
    std::string linked_folder() const { return join(folder_, "linked"); }

    void begin_new_tree(const std::string& why) {
        trace("beginning a new tree for '", given_.directory, "': ", why);
        last_.reset();
        remove_tree<System>(all_);
        make_folders<System>(all_);
        folder_ = join(all_, "XXXXXX");
        if (!System::mkdtemp(folder_.data()))
            throw error::system_call("make a folder in", all_, errno);
        make_folders<System>(linked_folder());
        write_cmake_scripts<System>(given_, folder_);
    }

    // ---- Changes that make does not see

    // A sentence about one change that make would not see; empty if there is none.
    std::string unseen(const basic_source_tree<System>& sources) {
        shadowing_names names;
        names.add(*last_);
        basic_file_digests<System> digests;
        std::set<std::string> before;
        for (const build_input& file : last_->files) {
            before.insert(file.path);
            struct stat status;
            if (System::stat(file.path.c_str(), &status) != 0)
                return "'" + file.path + "' is gone";
            if (file_identity(status) == file.state)
                continue;
            if (file.path == processor_file) {
                if (const build_input* const now = digests.file(file.path);
                    !now || now->digest != file.digest)
                    return "it was built on another processor, for that one";
            } else if (nanoseconds(status.st_mtim) <= ended_) {
                return "'" + file.path + "' has changed and is older than what was made of it";
            } else {
                changed_.insert(file.path);
            }
        }
        for (const std::string& path : sources.files())
            if (before.count(path) == 0) {
                if (names.has(std::string(basename(path))))
                    return "'" + path + "' is new, and may be found instead of another file";
                more_ = true;
            }
        for (const std::string& path : changed_)
            if (!seen_by_make(path) &&
                std::any_of(last_->names.begin(), last_->names.end(),
                            [&](const std::string& name) { return basename(name) == basename(path); }))
                return "'" + path + "' has changed, and make does not know what was made of it";
        const source_directories nowhere;
        for (const build_input& folder : last_->folders)
            if (!is_at_or_below(folder.path, given_.directory) &&
                digests.folder(folder.path, names.matter_to(nowhere)).digest != folder.digest)
                return "files in '" + folder.path + "' may be found instead of others";
        return "";
    }

    // The sorted files that compilers have read, as they list them.
    const word_list& compiled() {
        if (compiled_.empty()) {
            add_compiled(compiled_, build_folder());
            std::sort(compiled_.begin(), compiled_.end());
        }
        return compiled_;
    }

    bool seen_by_make(const std::string& path) {
        const word_list by_cmake = files_read_by_cmake();
        return std::binary_search(compiled().begin(), compiled().end(), path) ||
               std::find(by_cmake.begin(), by_cmake.end(), path) != by_cmake.end();
    }

    // True if an input changed that CMake may have read. CMake does not list all of its inputs, so only files
    // that compilers list, and CMake does not, are certain not to matter.
    bool must_configure() {
        const word_list by_cmake = files_read_by_cmake();
        for (const std::string& path : changed_)
            if (!std::binary_search(compiled().begin(), compiled().end(), path) ||
                std::find(by_cmake.begin(), by_cmake.end(), path) != by_cmake.end())
                return true;
        return more_;
    }

    // Removes outputs of linkers that may have read a changed file: make only knows of the objects.
    void forget_linked() {
        if (std::any_of(changed_.begin(), changed_.end(), [&](const std::string& path) {
                return !std::binary_search(compiled().begin(), compiled().end(), path);
            }))
            for (const cmake_library& library : libraries_)
                System::unlink(library.path.c_str());
    }

    word_list files_read_by_cmake() const {
        word_list read =
            read_cmake_files(read_file<System>(join(build_folder(), "CMakeFiles/Makefile.cmake")));
        for (std::string& path : read)
            if (path[0] != '/')
                path = join(build_folder(), path);
        return read;
    }

    // Adds the dependencies that compilers have listed in a folder and below.
    static void add_compiled(word_list& to, const std::string& folder) {
        for (const std::string& name : names_in<System>(folder)) {
            const std::string path = join(folder, name);
            struct stat seen;
            if (System::lstat(path.c_str(), &seen) != 0)
                continue;
            if (S_ISDIR(seen.st_mode))
                add_compiled(to, path);
            else if (ends_in(name, ".d"))
                add_listed(to, path, std::string_view(path).substr(0, path.rfind("/CMakeFiles/")));
        }
    }

    static void add_listed(word_list& to, const std::string& list, std::string_view ran_in) {
        for (std::string& path : read_dependencies(read_file<System>(list)))
            to.push_back(path[0] == '/' ? std::move(path) : join(ran_in, path));
    }

    // Adds the inputs that the commands in makefiles name, in a folder and below.
    static void add_named(flag_inputs& named, const std::string& folder) {
        for (const std::string& name : names_in<System>(folder)) {
            const std::string path = join(folder, name);
            struct stat seen;
            if (System::lstat(path.c_str(), &seen) != 0)
                continue;
            if (S_ISDIR(seen.st_mode))
                add_named(named, path);
            else if (name == "flags.make" || name == "link.txt") {
                word_list words = shell_words(read_file<System>(path));
                // Skips the program that the command runs.
                words.erase(words.begin(),
                            std::find_if(words.begin(), words.end(),
                                         [](const std::string& word) { return word.substr(0, 1) == "-"; }));
                named.add<System>(words, path.substr(0, path.rfind("/CMakeFiles/")));
            }
        }
    }

    // ---- Running CMake

    std::string required_program() const {
        if (std::optional<std::string> path = program())
            return std::move(*path);
        throw no_cmake(given_.directory);
    }

    std::string configure(const basic_deadline<System>& within) {
        libraries_.clear();
        std::string said = run_cmake({"-C", join(folder_, "settings.cmake"), "-S", given_.directory, "-B",
                                      build_folder(), "-G", "Unix Makefiles", "--no-warn-unused-cli"},
                                     within);
        if (!read_libraries())
            throw old_cmake(given_.directory, required_program());
        return said;
    }

    // Runs CMake and returns its warnings. Throws if it fails.
    std::string run_cmake(word_list words, const basic_deadline<System>& within) const {
        command invocation{{required_program()}, basic_compiler<System>::variables(), folder_, true};
        for (std::string& variable : variables())
            invocation.environment.push_back(std::move(variable));
        invocation.arguments.insert(invocation.arguments.end(), words.begin(), words.end());
        const process_result end = run<System>(invocation, within);
        if (!end.failed())
            return end.err;
        build_failures failed(given_.directory);
        failed.add(invocation, end);
        throw failed.error_with();
    }

    bool read_libraries() {
        libraries_.clear();
        return read_cmake_libraries(text_of<System>(join(folder_, "libraries")), libraries_, modules_);
    }

    // Throws if the plugin needs another library of this tree: the plugin is copied out of the tree, and the
    // other library may be gone or rebuilt by the time it is loaded. The needed libraries are read from the
    // plugin's file, so that it does not matter how it was linked.
    void require_alone() const {
        const cmake_library& plugin = library();
        const library_needs<System> own(plugin.path);
        for (const cmake_library& other : libraries_)
            if (other.target != plugin.target &&
                own.libraries.count(library_needs<System>(other.path).name) != 0)
                throw needs_library_of_build(given_.directory, plugin.target, other.target);
        for (const std::string& name : own.libraries)
            for (const std::string& folder : own.folders)
                if (const std::string path = name.find('/') == name.npos ? join(folder, name) : name;
                    is_at_or_below(path, all_) && System::access(path.c_str(), F_OK) == 0)
                    throw needs_library_of_build(given_.directory, plugin.target, basename(path));
    }

    std::string all_, folder_; // all trees that there ever were, and this one
    cmake_settings given_;
    std::optional<build_result> last_{};
    word_list compiled_{};
    std::int64_t ended_ = 0;
    std::vector<cmake_library> libraries_{};
    std::string modules_{};
    std::set<std::string> changed_{};
    bool more_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_sources(const std::string& directory, std::string_view found, std::string_view left_out) {
    return {
        errc::not_found,
        concatenated({"'", directory,
                      "' has no sources to compile: files that end in .cpp, .cc, .cxx, .c++, .cp, .CPP or .C "
                      "are expected in it, and it ",
                      found, left_out.empty() ? "" : "; ", left_out}),
        directory};
}

/// A source or source directory, the settings that it is compiled with, and the place of its library in the
/// cache.
template <class System = posix>
class basic_build_target {
public:
    const build_options& options;
    const plugin_type& type;
    const std::string path; ///< canonical
    std::string directory;  ///< the same, or the one with the source
    std::string source{};   ///< a single one; empty: all in the directory
    bool cmake = false;     ///< whether it has a CMakeLists.txt
    const basic_compiler<System> compiler;
    action library{};                   ///< the one whose results are the libraries
    std::string tree{};                 ///< where CMake builds
    std::vector<std::string> written{}; ///< directories below CMake's that builds write to themselves

    /// `options` and `type` have to outlive the target.
    basic_build_target(const build_options& given, const basic_cache<System>& in,
                       const std::string& canonical_path, const plugin_type& wanted)
        : options(given), type(wanted), path(canonical_path), directory(path), compiler(given.compiler) {
        struct stat status;
        const bool exists = System::stat(path.c_str(), &status) == 0;
        if (exists ? S_ISREG(status.st_mode) : is_source_name(basename(path))) {
            directory = parent(path);
            source = basename(path);
        } else if (System::lstat(lists_file().c_str(), &status) == 0) {
            cmake = true;
            written = written_below(in);
        }
        library.digest = digest();
        library.stem = join(join(join(in.path(), "bin"), type.name()), safe(name()) + '-');
        library.suffix = ".so";
        library.tools = cmake ? cmake_tools() : tools();
        library.sources = {source.empty() ? directory : "", cmake, written};
        library.thorough = options.thorough;
        tree = library.stem + library.digest + ".tree";
    }

    std::string_view name() const { return basename(path); }
    std::string lists_file() const { return join(directory, "CMakeLists.txt"); }
    std::string flags_file() const { return join(directory, "compile_flags.txt"); }

    /// The names of the sources that are compiled. Throws if there are none.
    std::vector<std::string> sources() const {
        if (source.empty())
            return sources_in(directory);
        if (path.find('\n') != std::string::npos)
            throw line_break_in_name(path);
        return {source};
    }

    /// The host's flags, and those of compile_flags.txt if there is one.
    compile_flags flags(bool has_file) const {
        compile_flags flags(options.builds_may_run_programs, cmake);
        for (const std::string& flag : options.flags)
            flags.add(flag, "options.flags");
        if (has_file) {
            require_trusted(flags_file());
            flags.add_lines(read_file<System>(flags_file()), flags_file());
        }
        return flags;
    }

    /// The files and folders that these flags, and those in the compiler's own command, name.
    flag_inputs inputs_named_by(const compile_flags& flags) const {
        flag_inputs named;
        named.add<System>(flags.words(), directory);
        named.add<System>(compiler.flags(cmake).words(), directory);
        return named;
    }

    /// The directories with the headers of the interface and of tenon.
    std::vector<std::string> interface_folders() const {
        std::vector<std::string> folders = basic_interface_headers<System>(options.include).folders(type);
        for (std::string& folder : folders)
            folder = absolute<System>(folder);
        return folders;
    }

    /// The header of the interface.
    std::string header() const {
        return absolute<System>(basic_interface_headers<System>(options.include).header(type));
    }

    /// Throws if a user whom options.trust does not name could have written a file.
    void require_trusted(const std::string& file) const {
        if (!options.trust.everyone)
            require_trust<System>(canonical_of(file), status_of(file), options.trust);
    }

    /// The canonical path. Throws if nothing is there.
    static std::string canonical_of(const std::string& path) {
        std::string target = canonical<System>(path);
        if (target.empty())
            throw error::system_call("find", path, errno);
        return target;
    }

    static struct stat status_of(const std::string& path) {
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        return status;
    }

private:
    // A digest of everything that decides the result, except the files.
    std::string digest() const {
        sha256 all;
        const char* const include = ::secure_getenv("TENON_INCLUDE");
        for (const std::string_view part :
             {std::string_view(TENON_VERSION), std::string_view(path), std::string_view(type.name()),
              std::string_view(type.header()), std::string_view(toolchain),
              std::string_view(include ? include : "")})
            all.field(part);
        all.field(language_flag()).field(compiler.choice());
        all.field(options.profile == profile::quick ? "quick" : "optimised");
        all.fields(options.flags).fields(options.include);
        all.field(options.builds_may_run_programs ? "builds may run programs" : "");
        // A host must not use results made from files that only a less strict host trusts.
        all.field(options.trust.everyone ? "everyone" : "");
        for (const uid_t user : options.trust.users)
            all.field("user " + std::to_string(user));
        for (const gid_t group : options.trust.groups)
            all.field("group " + std::to_string(group));
        if (cmake)
            all.field("cmake").field(options.target).fields(basic_cmake_project<System>::variables());
        return all.hex();
    }

    std::optional<std::string> tools() const {
        return compiler.stamp().empty() ? std::nullopt : std::optional(compiler.stamp());
    }

    std::optional<std::string> cmake_tools() const {
        const std::optional<std::string> program = basic_cmake_project<System>::program();
        struct stat status;
        if (!compiler.found() || !program || System::stat(program->c_str(), &status) != 0)
            return std::nullopt;
        const file_identity state(status);
        return sha256()
            .field(compiler.stamp())
            .field(*program)
            .field(std::to_string(state.size))
            .field(std::to_string(state.modified))
            .hex();
    }

    // The cache and $TMPDIR, if they lie among the sources.
    std::vector<std::string> written_below(const basic_cache<System>& in) const {
        std::vector<std::string> folders;
        const char* const set = ::secure_getenv("TMPDIR");
        const std::string temporary = set ? from_anywhere<System>("TMPDIR", set) : "";
        for (const std::string& folder : {in.path(), temporary})
            if (std::string real = without_links(folder); real.starts_with(join(directory, "")))
                folders.push_back(std::move(real));
        return folders;
    }

    // The path with the symbolic links of its existing part resolved.
    static std::string without_links(const std::string& folder) {
        if (std::string target = canonical<System>(folder); !target.empty())
            return target;
        return folder.find('/') == folder.npos || folder == "/"
                   ? folder
                   : join(without_links(std::string(parent(folder))), basename(folder));
    }

    // A valid and short file name for a name with any characters.
    static std::string safe(std::string_view name) {
        std::string text;
        for (const char c : name.substr(0, 64)) {
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               c == '.' || c == '-';
            text += plain ? c : '_';
        }
        return text;
    }

    static std::vector<std::string> sources_in(const std::string& directory) {
        std::vector<std::string> sources;
        std::string others;
        for (const std::string& name : names_in<System>(directory)) {
            const std::string path = join(directory, name);
            if (is_source_name(name))
                require_no_dangling_link<System>(path);
            struct stat status{};
            const bool exists = System::stat(path.c_str(), &status) == 0;
            if (is_source_name(name) && exists && S_ISREG(status.st_mode)) {
                if (path.find('\n') != std::string::npos)
                    throw line_break_in_name(path);
                sources.push_back(name);
            } else if (others.size() < 200)
                others += (others.empty() ? "has '" : ", '") + name + (S_ISDIR(status.st_mode) ? "/'" : "'");
        }
        if (sources.empty())
            throw no_sources(directory, others.empty() ? "is empty" : others,
                             sentence_on_sources_left_out<System>(directory, sources));
        return sources;
    }
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_CMAKE_BUILD_HPP
#define TENON_DETAIL_BUILD_CMAKE_BUILD_HPP

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_LIBRARY_PUBLISHER_HPP
#define TENON_DETAIL_BUILD_LIBRARY_PUBLISHER_HPP

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <string>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A built library that is not yet published.
struct built_library {
    std::string file;
    build_result entry{};               ///< with its key
    std::vector<std::string> files{};   ///< that compilers have read
    std::vector<std::string> sources{}; ///< that were compiled; none where CMake says which
    bool traceable = true; ///< false: an input is named by a macro, and the result not remembered
};

/// Checks built libraries and publishes them in the cache.
template <class System = posix>
class basic_library_publisher {
public:
    /// `target` has to outlive the publisher.
    explicit basic_library_publisher(const basic_build_target<System>& target) : target_(target) {}

    /// Calls `check(path)`, which throws to refuse the library, and publishes it at `path`. An existing
    /// library of that name is kept: it is equal, and perhaps in use.
    template <class Check>
    void publish(const built_library& built, const std::string& path, Check& check) const {
        const auto good = [&](const std::string& candidate) {
            try {
                check(candidate);
            } catch (const error& wrong) {
                throw about_sources(wrong, candidate, built);
            }
        };
        // Linkers apply the umask, and the check refuses a library that others may write to.
        if (System::chmod(built.file.c_str(), 0700) != 0)
            throw error::system_call("change the mode of", built.file, errno);
        good(built.file);
        trace_pins(built.file);
        if (struct stat status; System::stat(path.c_str(), &status) == 0) {
            try {
                good(path);
                return;
            } catch (const error& e) {
                trace("replacing '", path, "': ", e.what());
            }
        }
        // Without fsync, a loss of power might leave a file of the right size and name without its content.
        if (System::fsync(basic_file<System>(built.file, O_RDONLY).descriptor()) != 0)
            throw error::system_call("store", built.file, errno);
        if (System::rename(built.file.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
    }

private:
    // The error in words that the author of a plugin knows: the place of its sources, which of them were left
    // out, and which header of the interface was used.
    error about_sources(const error& wrong, const std::string& checked, const built_library& built) const {
        const errc code = static_cast<errc>(wrong.code().value());
        std::string text = wrong.what();
        for (std::size_t i = 0; (i = text.find(checked, i)) != text.npos; i += target_.path.size())
            text.replace(i, checked.size(), target_.path);
        if (code == errc::misfit || code == errc::bad_interface)
            text += header_used(built.files);
        if (code == errc::not_a_plugin && !target_.cmake && target_.source.empty())
            if (const std::string left_out =
                    sentence_on_sources_left_out<System>(target_.directory, built.sources);
                !left_out.empty())
                text += "; " + left_out;
        return {code, text, target_.path};
    }

    // Says which header of the interface's file name compilers have read: another than this program's, or
    // that one as it is now.
    std::string header_used(const std::vector<std::string>& files) const {
        const std::string own = target_.header();
        struct stat wanted, found;
        if (System::stat(own.c_str(), &wanted) != 0)
            return "";
        bool used = false;
        for (const std::string& path : files)
            if (basename(path) == basename(own) && System::stat(path.c_str(), &found) == 0) {
                if (found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino)
                    return "; its sources include '" + path + "', and the header of this program is '" + own +
                           '\'';
                used = true;
            }
        return used ? "; its sources include '" + own +
                          "' as it is now: where that has changed since this program was compiled, compile "
                          "the program again"
                    : "";
    }

    static void trace_pins(const std::string& path) {
        if (!tracing())
            return;
        const basic_file<System> open(path, O_RDONLY);
        for (const std::string& symbol :
             elf_reader<System>(open.descriptor(), path).what_pins().unique_symbols)
            trace("'", path, "' will stay in memory for its unique symbol ", symbol);
    }

    const basic_build_target<System>& target_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One attempt to build the library of a directory with a CMakeLists.txt.
template <class System = posix>
class basic_cmake_build {
public:
    /// All of these have to outlive the attempt.
    basic_cmake_build(const basic_build_target<System>& target, const basic_scratch<System>& scratch,
                      const basic_deadline<System>& within, expected_inputs& expected, build_report& report)
        : target_(target), scratch_(scratch), within_(within), expected_(expected), report_(report),
          sources_(trusted_sources()), folders_(target.interface_folders()),
          project_(target.tree, settings()) {}

    /// Returns the library, or nothing if an input changed meanwhile, which `changed()` names.
    std::optional<built_library> run() {
        if (project_.last())
            expected_.before = *project_.last();
        observe(sources_);
        bool compiling = false;
        try {
            if (!configure())
                return std::nullopt;
            compiling = true;
            report_.step(event::step::compiling);
            project_.build(target_.options.jobs, within_, [&](std::string_view text) { report_.said(text); });
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            if (compiling ? !inputs_->as_expected() : !inputs_->as_given({}))
                return std::nullopt;
            if (compiling)
                try_to_keep_tree();
            throw;
        }
        return take_library();
    }

    const source_change& changed() const noexcept { return inputs_->changed(); }

private:
    // The source tree, checked before any program runs.
    basic_source_tree<System> trusted_sources() const {
        basic_source_tree<System> tree(target_.directory, target_.written);
        for (const std::vector<std::string>* paths : {&tree.folders(), &tree.files()})
            for (const std::string& path : *paths)
                require_trusted_inside(path);
        return tree;
    }

    cmake_settings settings() const {
        if (!basic_cmake_project<System>::program())
            throw no_cmake(target_.directory);
        cmake_settings given{target_.directory,
                             target_.compiler.program_words(),
                             target_.compiler.traits(within_),
                             {},
                             {},
                             folders_,
                             target_.options.profile,
                             target_.options.target};
        const compile_flags of_compiler = target_.compiler.flags(true), of_host = target_.flags(false);
        for (const compile_flags* flags : {&of_compiler, &of_host}) {
            given.compile.insert(given.compile.end(), flags->compile().begin(), flags->compile().end());
            given.link.insert(given.link.end(), flags->common().begin(), flags->common().end());
            given.link.insert(given.link.end(), flags->link().begin(), flags->link().end());
        }
        return given;
    }

    // Takes the states of all files that may be read from now on.
    void observe(const basic_source_tree<System>& tree) {
        expected_.files.insert(tree.files().begin(), tree.files().end());
        expected_.folders.insert(tree.folders().begin(), tree.folders().end());
        const flag_inputs named = project_.named_inputs();
        inputs_.emplace(target_.directory, expected_);
        inputs_->add_inputs(named.files);
        std::vector<std::string> searched = folders_;
        searched.insert(searched.end(), tree.folders().begin(), tree.folders().end());
        searched.insert(searched.end(), named.folders.begin(), named.folders.end());
        inputs_->begin(std::move(searched));
    }

    // Runs CMake if the CMakeLists.txt has to be read. False if an input changed meanwhile.
    bool configure() {
        if (!project_.prepare(
                sources_, target_.library.tools.value_or(""), within_,
                [&] { report_.step(event::step::configuring); },
                [&](std::string_view text) { report_.said(text); }))
            return true;
        if (!inputs_->as_given(project_.configured_from()))
            return false;
        // Files that CMake has written among the sources count as sources from now on.
        observe(basic_source_tree<System>(target_.directory, target_.written));
        return true;
    }

    std::optional<build_result> take() {
        const basic_source_tree<System> now(target_.directory, target_.written);
        return inputs_->take(project_.files(), target_.library.sources, now.files());
    }

    void try_to_keep_tree() {
        try {
            if (std::optional<build_result> entry = take(); entry && !inputs_->untraceable())
                project_.keep(std::move(*entry), target_.library.tools.value_or(""), scratch_);
        } catch (const error& e) {
            trace("not keeping the tree of '", target_.path, "': ", e.what());
        }
    }

    std::optional<built_library> take_library() {
        std::optional<build_result> entry = take();
        if (!entry)
            return std::nullopt;
        built_library built{scratch_ / "library.so"};
        built.traceable = !inputs_->untraceable();
        if (built.traceable)
            project_.keep(*entry, target_.library.tools.value_or(""), scratch_);
        // The directory's own files were checked before the build. Behind a `..` there may be a link.
        for (const build_input& file : entry->files)
            if (!(is_at_or_below(file.path, target_.directory) && is_normal(file.path)) &&
                inputs_->belongs_to_author(file.path))
                target_.require_trusted(file.path);
        entry->key = copy_of(project_.library().path, built.file);
        built.entry = std::move(*entry);
        built.files = project_.files();
        return built;
    }

    // Below a trusted folder only the file itself is checked, unless a link leads elsewhere.
    void require_trusted_inside(const std::string& path) const {
        struct stat status;
        if (target_.options.trust.everyone || path == target_.directory)
            return;
        if (System::lstat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        if (S_ISLNK(status.st_mode))
            return target_.require_trusted(path);
        if (const std::string why = distrust<System>(path, status, target_.options.trust); !why.empty())
            throw untrusted(path, why);
    }

    // Copies a library and returns the SHA-256 of its content.
    static std::string copy_of(const std::string& original, const std::string& path) {
        const basic_file<System> from(original, O_RDONLY);
        const basic_file<System> to(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        sha256 all;
        from.parts(original, [&](std::string_view part) {
            all.add(part);
            to.write(path, part);
        });
        return all.hex();
    }

    const basic_build_target<System>& target_;
    const basic_scratch<System>& scratch_;
    const basic_deadline<System>& within_;
    expected_inputs& expected_;
    build_report& report_;
    const basic_source_tree<System> sources_;
    std::vector<std::string> folders_;
    basic_cmake_project<System> project_;
    std::optional<basic_input_tracker<System>> inputs_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_INCLUDE_SCAN_HPP
#define TENON_DETAIL_BUILD_INCLUDE_SCAN_HPP

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The headers that a text includes, in their quotes or brackets; also those that a condition or a comment
/// leaves out, and none whose name a macro stands for.
inline std::vector<std::string_view> included_in(std::string_view text) {
    std::vector<std::string_view> names;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        const auto next = [&](std::string_view word) {
            line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
            return skip(line, word);
        };
        if (!next("#") || !next("include") || !(next("\"") || next("<")))
            continue;
        const auto end = line.find(line.data()[-1] == '"' ? '"' : '>');
        if (end != line.npos && end > 0)
            names.emplace_back(line.data() - 1, end + 2);
    }
    return names;
}

/// What decides which headers some sources are compiled with, told from their text: for those that no
/// compiler has read so far, or has refused.
template <class System = posix>
class basic_include_scan {
public:
    /// Headers are searched beside the file that includes them and in `folders`.
    basic_include_scan(std::vector<std::string> sources, const std::vector<std::string>& folders) {
        for (std::vector<std::string> left = std::move(sources); !left.empty();) {
            const std::string file = std::move(left.back());
            left.pop_back();
            if (!paths_.insert(file).second || is_system_file<System>(file))
                continue;
            const std::string text = text_of<System>(file);
            for (const std::string_view header : included_in(text))
                if (std::string found = find(std::string(header), file, folders); !found.empty())
                    left.push_back(std::move(found));
        }
    }

    /// All files that may be read, and all folders in which one that is not there now would be found first.
    const std::set<std::string>& paths() const noexcept { return paths_; }

private:
    std::string find(const std::string& header, const std::string& from,
                     const std::vector<std::string>& folders) {
        const std::string name = header.substr(1, header.size() - 2);
        std::vector<std::string> searched;
        if (name[0] == '/' || header[0] == '"')
            searched.emplace_back(name[0] == '/' ? "/" : parent(from));
        searched.insert(searched.end(), folders.begin(), folders.end());
        struct stat status;
        for (const std::string& folder : searched) {
            std::string path = name[0] == '/' ? name : join(folder, name);
            for (std::string_view above = path; above.size() > folder.size();) {
                above = parent(above);
                if (System::stat(std::string(above).c_str(), &status) == 0) {
                    paths_.emplace(above);
                    break;
                }
            }
            if (System::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
                return path;
        }
        return "";
    }

    std::set<std::string> paths_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_SOURCE_BUILD_HPP
#define TENON_DETAIL_BUILD_SOURCE_BUILD_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_BUILD_OBJECT_CACHE_HPP
#define TENON_DETAIL_BUILD_OBJECT_CACHE_HPP

#include <optional>
#include <string>
#include <utility>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The last few objects of one source among several, so that an edit recompiles a single source.
template <class System = posix>
class basic_object_cache {
public:
    /// `arguments` begin the compiler's command. Names in the cache begin with the path `stem`.
    basic_object_cache(const basic_compiler<System>& compiler, const std::string& directory,
                       const std::string& source, const word_list& arguments, const std::string& stem,
                       bool thorough)
        : objects_({.stem = stem,
                    .digest = sha256()
                                  .field(directory)
                                  .field(source)
                                  .field(compiler.traits().identity)
                                  .fields(arguments)
                                  .hex(),
                    .suffix = ".o",
                    .tools = compiler.stamp(),
                    .kept = 4,
                    .thorough = thorough}) {}

    /// Puts the current object at `path`. False if there is none.
    bool take(const std::string& path) {
        try {
            // A link of its own, which stays when another build removes the object.
            if (auto found = objects_.find(); found && System::link(found->path.c_str(), path.c_str()) == 0)
                taken_ = std::move(found->entry);
        } catch (const error& failed) {
            trace("compiling again: ", failed.what());
        }
        return taken_.has_value();
    }

    /// The inputs of the object that `take` has found.
    const std::optional<build_result>& taken() const noexcept { return taken_; }

    /// Stores an object that was compiled from `files`, unless one of these changed meanwhile. Never throws,
    /// because the library does not depend on the cache.
    void keep(const std::string& path, const word_list& files, basic_input_tracker<System>& inputs,
              const basic_scratch<System>& scratch) const {
        try {
            std::optional<build_result> entry = inputs.take(files);
            const std::string copy = path + ".kept";
            if (entry && !inputs.untraceable() && System::link(path.c_str(), copy.c_str()) == 0)
                objects_.keep(copy, std::move(*entry), scratch);
        } catch (const error& failed) {
            trace("not keeping '", path, "': ", failed.what());
        }
    }

private:
    basic_action_cache<System> objects_;
    std::optional<build_result> taken_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_BUILD_PRECOMPILED_INTERFACE_HPP
#define TENON_DETAIL_BUILD_PRECOMPILED_INTERFACE_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The header that a source begins with, in its quotes or brackets; none where anything but comments and
/// `#pragma once` comes before, because that could change what the header says.
inline std::optional<std::string_view> first_include(std::string_view text) {
    const auto skip = [&](std::string_view token) { return detail::skip(text, token); };
    const auto skip_to_end_of = [&](std::string_view token) {
        const std::size_t at = text.find(token);
        text.remove_prefix(at == text.npos ? text.size() : at + token.size());
    };
    const auto skip_spaces = [&](std::string_view which) {
        const std::size_t at = text.find_first_not_of(which);
        text.remove_prefix(at == text.npos ? text.size() : at);
    };
    skip("\xef\xbb\xbf"); // what some editors begin a file in UTF-8 with
    for (;;) {
        skip_spaces(" \t\r\n\f\v");
        if (skip("/*")) {
            skip_to_end_of("*/");
        } else if (text.substr(0, 2) == "//") {
            const std::string_view line = text.substr(0, text.find('\n'));
            if (line.find('\\') != line.npos)
                return std::nullopt; // perhaps it goes on in the next line
            text.remove_prefix(line.size());
        } else if (skip("#")) {
            skip_spaces(" \t");
            if (skip("pragma")) {
                skip_spaces(" \t");
                if (!skip("once"))
                    return std::nullopt;
                continue;
            }
            if (!skip("include"))
                return std::nullopt;
            skip_spaces(" \t");
            if (text.empty() || (text[0] != '"' && text[0] != '<'))
                return std::nullopt;
            const std::size_t end = text.substr(0, text.find('\n')).find(text[0] == '"' ? '"' : '>', 1);
            return end == text.npos ? std::nullopt : std::optional(text.substr(0, end + 1));
        } else {
            return std::nullopt;
        }
    }
}

/// True if a source in `directory` begins by including the header at `path`. `folders` are the search
/// folders.
template <class System = posix>
bool begins_with(std::string_view source, const std::string& path, const std::string& directory,
                 const word_list& folders) {
    const std::optional<std::string_view> include = first_include(source);
    if (!include)
        return false;
    const std::string_view name = include->substr(1, include->size() - 2);
    word_list searched;
    if (name[0] == '/' || include->front() == '"')
        searched.push_back(name[0] == '/' ? "" : directory);
    searched.insert(searched.end(), folders.begin(), folders.end());
    struct stat wanted, found;
    for (const std::string& folder : searched)
        if (System::stat(join(folder, name).c_str(), &found) == 0)
            return System::stat(path.c_str(), &wanted) == 0 && wanted.st_dev == found.st_dev &&
                   wanted.st_ino == found.st_ino;
    return false;
}

/// True if no flag includes a file before a source's first header, or changes where that header is found.
inline bool lets_precompile(const word_list& flags) {
    for (const std::string_view flag : flags)
        if (begins_with_one_of(flag, {"-include", "-imacros", "-iquote", "-I-", "-x", "-fmodules"}))
            return false;
    return true;
}

/// The header of an interface, precompiled for one compiler with one set of flags.
template <class System = posix>
class basic_precompiled_interface {
public:
    /// The compiler, flags and place for the header.
    struct settings {
        const basic_compiler<System>& compiler;
        std::string_view type; ///< name of the plugin type
        std::string header;
        word_list arguments;   ///< that begin the compiler's command
        std::string directory; ///< in which it works
        bool local;            ///< whether the arguments depend on the directory
        bool thorough;
        word_list folders;      ///< in which headers are searched
        word_list named_inputs; ///< files that the arguments name
    };

    basic_precompiled_interface(const basic_cache<System>& in, settings given)
        : cache_(in), given_(std::move(given)), headers_(action_of(in, given_)) {}

    /// True if a precompiled header can be used. The first miss is only noted: making one takes longer than
    /// compiling a plugin, so it pays from the second plugin on. `making` is called before a compiler runs,
    /// and `say` with the compiler's messages. Throws only if the build is cancelled.
    template <class Making, class Say>
    bool prepare(const basic_deadline<System>& within, unsigned jobs, Making&& making, Say&& say) {
        try {
            found_ = headers_.find();
            if (!found_ && headers_.text().empty()) {
                publish<System>(headers_.record(), "missed once\n", basic_scratch<System>(cache_).path());
                trace("'", given_.header, "' is precompiled when it is needed again");
                return false;
            }
            if (!found_) {
                const basic_lock<System> turn(headers_.lock(), within, [] {});
                found_ = headers_.find();
                if (!found_) {
                    making();
                    found_ = make(within, jobs, say);
                }
            }
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            trace("not using '", given_.header, "' precompiled: ", failed.what());
            return false;
        }
        if (!found_)
            return false;
        note_use<System>(found_->path);
        if (refused_before())
            trace("not using '", given_.header, "' precompiled, because the compiler has refused it before");
        return !refused_before();
    }

    /// The flags that make a compiler use it.
    word_list flags() const {
        if (given_.compiler.traits().clang)
            return {"-include-pch", found_->path};
        return {"-Winvalid-pch", "-include", found_->path.substr(0, found_->path.size() - suffix.size())};
    }

    /// The inputs that it was made from.
    const build_result& entry() const noexcept { return found_->entry; }

    /// Records that compilers refuse the precompiled header, until an input changes.
    void refuse() {
        try {
            const basic_scratch<System> scratch(cache_);
            const std::string nothing = scratch / "refused";
            basic_file<System>(nothing, O_WRONLY | O_CREAT, 0600);
            headers_.keep(nothing, found_->entry, scratch);
        } catch (const error& failed) {
            trace("not remembering that '", found_->path, "' was refused: ", failed.what());
        }
    }

private:
    static constexpr std::string_view suffix = ".gch";

    static action action_of(const basic_cache<System>& in, const settings& given) {
        return {.stem = join(join(join(in.path(), "bin"), given.type), "interface-"),
                .digest = sha256()
                              .field(given.header)
                              .field(given.compiler.traits().identity)
                              .field(given.local ? given.directory : "")
                              .fields(given.arguments)
                              .hex(),
                .suffix = suffix,
                .tools = given.compiler.stamp(),
                .kept = 1,
                .thorough = given.thorough};
    }

    // An empty file stands for a precompiled header that the compiler refuses.
    bool refused_before() const {
        struct stat status;
        return System::stat(found_->path.c_str(), &status) != 0 || status.st_size == 0;
    }

    command compile_command(const std::string& result, const std::string& read) const {
        command compile{given_.arguments, basic_compiler<System>::variables(), given_.directory};
        compile.arguments.insert(compile.arguments.end(),
                                 {"-MD", "-MT", "library", "-MF", read, "-x", "c++-header", "/dev/null",
                                  "-include", given_.header, "-o", result});
        // The record says whether headers have changed; clang would also refuse one that was only touched.
        // Templates of the header that are instantiated here need not be in every plugin.
        if (given_.compiler.traits().clang)
            compile.arguments.insert(compile.arguments.end(),
                                     {"-Xclang", "-fno-pch-timestamp", "-fpch-instantiate-templates"});
        return compile;
    }

    // The absolute paths that a compiler lists, but for the source that only has the header included.
    word_list files_read(const std::string& list) const {
        word_list files = read_dependencies(read_file<System>(list));
        std::erase(files, "/dev/null");
        for (std::string& path : files)
            if (path[0] != '/')
                path.insert(0, join(given_.directory, ""));
        return files;
    }

    template <class Say>
    std::optional<artifact> make(const basic_deadline<System>& within, unsigned jobs, Say& say) const {
        expected_inputs known = headers_.expected();
        known.files.insert(given_.header);
        const std::string nowhere; // no directory's sources are part of it
        basic_input_tracker<System> inputs(nowhere, known);
        inputs.add_inputs(given_.named_inputs);
        inputs.begin(given_.folders);

        const basic_scratch<System> scratch(cache_);
        const std::string result = scratch / "interface.gch", read = scratch / "interface.d";
        const basic_job_slot<System> job = basic_job_slot<System>::next_of(jobs, within);
        const process_result end = run<System>(compile_command(result, read), within);
        struct stat status;
        if (end.failed() || System::stat(result.c_str(), &status) != 0) {
            trace("'", given_.header, "' cannot be precompiled: ", end.how(), "\n", end.err);
            return std::nullopt;
        }
        std::optional<build_result> entry = inputs.take(files_read(read));
        if (!entry || inputs.untraceable()) {
            trace("'", entry ? *inputs.untraceable() : inputs.changed().path,
                  entry ? "' names files by macros" : "' changed", " while '", given_.header,
                  "' was being precompiled");
            return std::nullopt;
        }
        // A compiler that uses the precompiled header does not repeat its warnings.
        say(end.err);
        return headers_.keep(result, std::move(*entry), scratch);
    }

    basic_cache<System> cache_;
    settings given_;
    basic_action_cache<System> headers_;
    std::optional<artifact> found_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One attempt to compile a directory's sources, or a single source, to a library.
template <class System = posix>
class basic_source_build {
public:
    /// Takes the states of the `expected` inputs. All arguments have to outlive the attempt.
    basic_source_build(const basic_build_target<System>& target, const basic_cache<System>& in,
                       const basic_scratch<System>& scratch, const basic_deadline<System>& within,
                       expected_inputs& expected, build_report& report)
        : target_(target), cache_(in), scratch_(scratch), within_(within), report_(report),
          sources_(target.sources()), folders_(target.interface_folders()),
          inputs_(target.directory, with_sources(expected)),
          flags_(target.flags(inputs_.before().seen(target.flags_file()) != nullptr)),
          named_(target.inputs_named_by(flags_)),
          compilation_(target.compiler, target.directory, sources_, flags_, folders_, scratch, within,
                       target.options.profile, target.options.jobs) {}

    /// Returns the library, or nothing if an input changed meanwhile, which `changed()` names.
    std::optional<built_library> run() {
        inputs_.add_inputs(named_.files);
        inputs_.begin(searched());
        try {
            compile_and_link();
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            if (!inputs_.as_expected())
                return std::nullopt;
            keep_objects();
            throw;
        }
        if (precompiled_ && compilation_.refused())
            precompiled_->refuse();
        for (const build_result* result : reused())
            inputs_.remember(*result);
        keep_objects();
        return take_library();
    }

    const source_change& changed() const noexcept { return inputs_.changed(); }

private:
    expected_inputs& with_sources(expected_inputs& expected) const {
        for (const std::string& source : sources_) {
            const std::string path = join(target_.directory, source);
            target_.require_trusted(path);
            expected.files.insert(path);
        }
        expected.files.insert(target_.flags_file());
        return expected;
    }

    // The directories in which compilers and linkers search.
    std::vector<std::string> searched() const {
        std::vector<std::string> folders = folders_;
        folders.push_back(target_.directory);
        folders.insert(folders.end(), named_.folders.begin(), named_.folders.end());
        return folders;
    }

    void compile_and_link() {
        // A single source needs no object cache: it changes whenever its library does.
        if (sources_.size() > 1)
            take_objects();
        precompile();
        const auto taken = static_cast<std::size_t>(std::count_if(
            objects_.begin(), objects_.end(), [](const auto& object) { return object.taken().has_value(); }));
        const auto say = [&](std::string_view text) { report_.said(text); };
        report_.step(event::step::compiling, taken, sources_.size());
        compilation_.compile(
            [&](std::size_t done) { report_.step(event::step::compiling, done, sources_.size()); }, say);
        report_.step(event::step::linking);
        compilation_.link(say);
    }

    // Takes the current objects from the cache.
    void take_objects() {
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            objects_.emplace_back(target_.compiler, target_.directory, sources_[i], compilation_.arguments(),
                                  target_.library.stem, target_.options.thorough);
            if (objects_.back().take(compilation_.object(i)))
                compilation_.reuse(i);
        }
    }

    // Stores the new objects, also if another source did not compile.
    void keep_objects() {
        for (std::size_t i = 0; i < objects_.size(); ++i) {
            struct stat status;
            if (objects_[i].taken() || System::stat(compilation_.object(i).c_str(), &status) != 0)
                continue;
            word_list files = compilation_.read_for(i);
            if (precompiled_)
                for (const build_input& file : precompiled_->entry().files)
                    files.push_back(file.path);
            objects_[i].keep(compilation_.object(i), files, inputs_, scratch_);
        }
    }

    // The records of the cached parts of this library.
    std::vector<const build_result*> reused() const {
        std::vector<const build_result*> results;
        for (const basic_object_cache<System>& object : objects_)
            if (object.taken())
                results.push_back(&*object.taken());
        if (precompiled_)
            results.push_back(&precompiled_->entry());
        return results;
    }

    std::optional<built_library> take_library() {
        built_library built{compilation_.library()};
        built.sources = sources_;
        built.files = compilation_.files();
        for (const build_result* result : reused())
            for (const build_input& file : result->files)
                built.files.push_back(file.path);
        if (inputs_.before().seen(target_.flags_file()))
            built.files.push_back(target_.flags_file());
        std::optional<build_result> entry = inputs_.take(built.files, target_.library.sources);
        for (const build_result* result : reused())
            if (!entry || !inputs_.still_say(result->files))
                return std::nullopt;
        if (!entry)
            return std::nullopt;
        for (const build_input& file : entry->files)
            if (inputs_.belongs_to_author(file.path))
                target_.require_trusted(file.path);
        built.traceable = !inputs_.untraceable();
        if (!built.traceable)
            trace("'", target_.path, "' is compiled each time, because '", *inputs_.untraceable(),
                  "' names a file by a macro, for __has_include, .incbin or #embed");
        entry->key = built.traceable ? key_of(recipe(), *entry)
                                     : content_digest(basic_file<System>(built.file, O_RDONLY), built.file);
        built.entry = std::move(*entry);
        return built;
    }

    std::string recipe() const {
        return sha256()
            .field(target_.compiler.traits().identity)
            .field(target_.directory)
            .field(compilation_.recipe())
            .hex();
    }

    // Precompiles the interface's header, if these sources can use it.
    void precompile() {
        if (const std::string_view why = why_not_precompiled(); !why.empty()) {
            trace("'", target_.directory, "' is compiled without a precompiled interface: ", why);
            return;
        }
        const std::string header = target_.header();
        std::vector<bool> begin_so;
        for (const std::string& source : sources_) {
            const std::string text = read_file<System>(join(target_.directory, source));
            begin_so.push_back(begins_with<System>(text, header, target_.directory, folders_));
            if (!begin_so.back())
                trace("'", source, "' is compiled without a precompiled interface: it does not begin with '",
                      header, "'");
        }
        if (std::find(begin_so.begin(), begin_so.end(), true) == begin_so.end())
            return;
        std::vector<std::string> searched = folders_;
        searched.insert(searched.end(), named_.folders.begin(), named_.folders.end());
        const bool local =
            !flags_.compile().empty() || !target_.compiler.flags(target_.cmake).compile().empty();
        precompiled_.emplace(cache_, typename basic_precompiled_interface<System>::settings{
                                         target_.compiler, target_.type.name(), header,
                                         compilation_.arguments(), target_.directory, local,
                                         target_.options.thorough, std::move(searched), named_.files});
        if (precompiled_->prepare(
                within_, target_.options.jobs, [&] { report_.step(event::step::precompiling); },
                [&](std::string_view text) { report_.said(text); }))
            compilation_.try_with(precompiled_->flags(), std::move(begin_so));
        else
            precompiled_.reset();
    }

    std::string_view why_not_precompiled() const {
        if (!target_.options.precompile)
            return "options.precompile says so";
        // Launchers such as ccache and distcc work on the preprocessed text of a source.
        if (target_.compiler.launched())
            return "another program runs the compiler";
        if (!lets_precompile(compilation_.arguments()))
            return "its flags put something before it, or change where it is found";
        return "";
    }

    const basic_build_target<System>& target_;
    const basic_cache<System>& cache_;
    const basic_scratch<System>& scratch_;
    const basic_deadline<System>& within_;
    build_report& report_;
    std::vector<std::string> sources_, folders_;
    basic_input_tracker<System> inputs_;
    compile_flags flags_;
    flag_inputs named_;
    basic_compilation<System> compilation_;
    std::vector<basic_object_cache<System>> objects_{};
    std::optional<basic_precompiled_interface<System>> precompiled_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error cmake_runs_programs(const std::string& directory) {
    return {errc::build_failed,
            concatenated(
                {"'", directory,
                 "' is from a repository and has a CMakeLists.txt, which can run any program while it is "
                 "built; set options.builds_may_run_programs to let it, or build it with CMake and name "
                 "the library that it makes"}),
            directory};
}

inline error sources_keep_changing(const std::string& directory, const source_change& change, bool cmake) {
    return {errc::changed,
            concatenated({"the plugin in '", directory, "' was not built, because '", change.path,
                          "' changed each time while it was being compiled", change.how.empty() ? "" : " (",
                          change.how, change.how.empty() ? "" : ")", "; try again when it is left alone",
                          cmake ? "; every file below a CMakeLists.txt may be a source: let programs write "
                                  "elsewhere, or under names that begin with '.'"
                                : ""}),
            directory};
}

/// Compiles sources to libraries and records their inputs. While these are unchanged, no program runs.
///
///     builder build(options, cache);
///     build.library("./filters/echo", type, check)   // ~/.cache/tenon/bin/filter/echo-3f….so
///
/// A builder has no state of its own. Any number of threads and processes may build the same plugin at once:
/// one compiles, and the others wait for it.
template <class System = posix>
class basic_builder {
    using target = basic_build_target<System>;
    using library_cache = basic_action_cache<System>;

public:
    basic_builder(build_options options, basic_cache<System> in)
        : options_(std::move(options)), cache_(std::move(in)) {}

    /// Returns the library of a source or source directory, compiled if the cache has no current one.
    /// `check(path)` is called before the library is published, and throws to refuse it.
    template <class Check>
    std::string library(const std::string& source, const plugin_type& type, Check&& check) const {
        const target wanted = target_of(source, type);
        const library_cache libraries(wanted.library);
        build_report report(options_.on_event, std::string(wanted.name()), wanted.directory);
        if (const std::optional<artifact> found = find(wanted, libraries)) {
            report.step(event::step::cached);
            if (!found->remembered)
                refresh(wanted, libraries);
            return found->path;
        }
        make_folders<System>(join(cache_.folder("bin"), type.name()));
        const basic_deadline<System> within(options_.limits, options_.timeout, options_.stop,
                                            "options.build_timeout");
        const basic_lock<System> turn(libraries.lock(), within, [&] { report.step(event::step::waiting); });
        if (const std::optional<artifact> found = find(wanted, libraries)) {
            report.step(event::step::cached);
            if (!found->remembered)
                libraries.remember(found->entry, basic_scratch<System>(cache_));
            return found->path;
        }
        return build(wanted, libraries, within, report, check);
    }

    /// The current library in the cache, if there is one. Runs no program and writes no file.
    std::optional<std::string> cached(const std::string& source, const plugin_type& type) const {
        const target wanted = target_of(source, type);
        std::optional<artifact> found = find(wanted, library_cache(wanted.library));
        return found ? std::optional(std::move(found->path)) : std::nullopt;
    }

    /// The sorted files and directories whose change can give `library` another outcome. A directory stands
    /// for the names in it. Some files may not exist now. Files of the system are left out, of which there are
    /// hundreds, and which only its administrator writes. For sources that were never compiled, or do not
    /// compile, the list is taken from their text.
    std::vector<std::string> watched(const std::string& source, const plugin_type& type) const {
        std::string path = absolute<System>(source);
        std::set<std::string> paths{path};
        if (std::string real = canonical<System>(path); !real.empty()) // else it is gone for now
            path = std::move(real);
        const target wanted(options_, cache_, path, type);
        paths.insert({path, wanted.directory, wanted.flags_file()});
        for (const std::string& program : wanted.compiler.programs())
            paths.insert(program);
        std::map<std::string, bool, std::less<>> known;
        const auto is_systems = [&](std::string_view folder) {
            auto place = known.find(folder);
            if (place == known.end())
                place = known.emplace(folder, is_system_file<System>(std::string(folder))).first;
            return place->second;
        };
        const build_record record(library_cache(wanted.library).text());
        for (const build_result& result : record.results()) {
            for (const build_input& file : result.files)
                if (!is_systems(parent(file.path)))
                    paths.insert(file.path);
            for (const build_input& folder : result.folders)
                if (!is_systems(folder.path))
                    paths.insert(folder.path);
        }
        paths.erase(std::string(processor_file));
        paths.merge(told_from_sources(wanted));
        return {paths.begin(), paths.end()};
    }

private:
    target target_of(const std::string& source, const plugin_type& type) const {
        return {options_, cache_, target::canonical_of(source), type};
    }

    static std::optional<artifact> find(const target& wanted, const library_cache& libraries) {
        return libraries.find([&](const std::string& path) { wanted.require_trusted(path); });
    }

    // Updates the record to the states that the files have now.
    void refresh(const target& wanted, const library_cache& libraries) const {
        try {
            // Another holder of the lock is building, and writes the record itself.
            const basic_lock<System> turn(libraries.lock(), basic_deadline<System>().at_most(0), [] {});
            if (const std::optional<artifact> found = find(wanted, libraries); found && !found->remembered)
                libraries.remember(found->entry, basic_scratch<System>(cache_));
        } catch (const error& e) {
            // A read-only cache serves all the same.
            trace("not remembering the files of '", wanted.path, "': ", e.what());
        }
    }

    template <class Check>
    std::string build(const target& wanted, const library_cache& libraries,
                      const basic_deadline<System>& within, build_report& report, Check& check) const {
        require_buildable(wanted);
        expected_inputs expected = libraries.expected();
        source_change changed;
        for (int attempt = 0; attempt < 3; ++attempt) {
            const basic_scratch<System> scratch(cache_);
            const auto run = [&](auto&& build) {
                std::optional<built_library> built = build.run();
                changed = build.changed();
                return built;
            };
            std::optional<built_library> built =
                wanted.cmake
                    ? run(basic_cmake_build<System>(wanted, scratch, within, expected, report))
                    : run(basic_source_build<System>(wanted, cache_, scratch, within, expected, report));
            if (!built) {
                trace("'", changed.path, "' changed while '", wanted.path, "' was being compiled");
                continue;
            }
            std::string path = libraries.result(built->entry.key);
            report.step(event::step::checking);
            basic_library_publisher<System>(wanted).publish(*built, path, check);
            if (built->traceable)
                libraries.remember(built->entry, scratch);
            if (options_.on_built)
                options_.on_built(report.take_warnings());
            return path;
        }
        throw sources_keep_changing(wanted.path, changed, wanted.cmake);
    }

    void require_buildable(const target& wanted) const {
        require_trust<System>(wanted.directory, target::status_of(wanted.directory), options_.trust);
        require_file_if_any(wanted.cmake ? wanted.lists_file() : wanted.flags_file());
        if (wanted.cmake && options_.fetched && !options_.builds_may_run_programs)
            throw cmake_runs_programs(wanted.directory);
        if (!wanted.cmake && !options_.target.empty())
            throw no_targets_here(wanted.path, options_.target);
    }

    // Anything but a file under this name is a mistake.
    static void require_file_if_any(const std::string& path) {
        require_no_dangling_link<System>(path);
        struct stat status;
        if (System::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
            throw not_a_regular_file(path);
    }

    // The inputs that the text of the sources names, as far as it can be read.
    std::set<std::string> told_from_sources(const target& wanted) const {
        std::set<std::string> paths;
        std::vector<std::string> sources, folders = basic_interface_headers<System>::named(options_.include);
        const auto as_far_as_known = [](const auto& look) {
            try {
                look();
            } catch (const error& e) {
                trace("watching without it: ", e.what());
            }
        };
        as_far_as_known([&] { folders = wanted.interface_folders(); });
        as_far_as_known([&] {
            const bool has_file = System::access(wanted.flags_file().c_str(), F_OK) == 0;
            const flag_inputs named = wanted.inputs_named_by(wanted.flags(has_file));
            folders.insert(folders.end(), named.folders.begin(), named.folders.end());
            paths.insert(named.files.begin(), named.files.end());
            paths.erase(std::string(processor_file));
        });
        as_far_as_known([&] {
            if (wanted.cmake) {
                const basic_source_tree<System> tree(wanted.directory, wanted.written);
                paths.insert(tree.folders().begin(), tree.folders().end());
                paths.insert(tree.files().begin(), tree.files().end());
            } else {
                for (const std::string& name : wanted.sources())
                    sources.push_back(join(wanted.directory, name));
            }
        });
        paths.insert(folders.begin(), folders.end());
        paths.merge(std::set<std::string>(basic_include_scan<System>(std::move(sources), folders).paths()));
        return paths;
    }

    build_options options_;
    basic_cache<System> cache_;
};
using builder = basic_builder<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_LOAD_SEARCH_PATH_HPP
#define TENON_DETAIL_LOAD_SEARCH_PATH_HPP

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>


#ifndef TENON_DETAIL_SOURCE_PERMITTED_DRIVER_HPP
#define TENON_DETAIL_SOURCE_PERMITTED_DRIVER_HPP

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error forbidden(const std::string& what, std::string_view rule, std::string_view allows) {
    return {errc::forbidden, concatenated({"'", what, "' is refused, because ", rule, " allows ", allows}),
            what};
}

constexpr std::string_view plural(driver::kind what) {
    constexpr std::string_view names[] = {"names", "libraries", "directories", "repositories"};
    return names[static_cast<int>(what)];
}

constexpr std::string_view scheme(transport how) {
    constexpr std::string_view names[] = {"https", "ssh", "file"};
    return names[static_cast<int>(how)];
}

constexpr transport transport_of(std::string_view url) {
    return url.starts_with("https:") ? transport::https
           : url.starts_with("ssh:") ? transport::ssh
                                     : transport::file;
}

/// The host of a parsed URL, without a port that is the transport's own.
inline std::string host_of(std::string_view url) {
    const auto begin = url.find("://") + 3;
    std::string_view host = url.substr(begin, url.find('/', begin) - begin);
    host.remove_prefix(host.rfind('@') + 1);
    const std::string_view own_port = transport_of(url) == transport::https ? ":443" : ":22";
    if (host.ends_with(own_port))
        host.remove_suffix(own_port.size());
    return in_small_letters(host);
}

/// The path in a URL, as git reads it.
inline std::string path_in(std::string_view file_url) {
    return percent_decoded(file_url.substr(std::string_view("file://").size()));
}

template <class System>
bool is_in(const allow_list<std::string>& folders, std::string_view canonical_path) {
    for (const std::string& allowed : folders.list())
        if (is_at_or_below(canonical_path, canonical<System>(allowed)))
            return true;
    return false;
}

/// A path after its symbolic links are resolved: all of it, or as much of its beginning as exists.
struct resolved_path {
    std::optional<std::string> all; ///< none where it does not lead to anything
    int why = 0;                    ///< errno of that
    std::string beginning;          ///< never empty, but where the current folder is gone
};

template <class System>
resolved_path resolved(const std::string& path) {
    resolved_path result{.all = {}, .why = 0, .beginning = canonical<System>(path)};
    if (result.beginning.empty())
        result.why = errno;
    else
        result.all = result.beginning;
    for (std::string_view above = path; result.beginning.empty() && parent(above) != above;) {
        above = parent(above);
        result.beginning = canonical<System>(std::string(above));
    }
    return result;
}

/// Throws for a path that leads out of the policy's folders. A path that does not exist is judged by its
/// beginning, so that no error reveals which files exist elsewhere.
template <class System>
resolved_path require_in_folders(const std::string& path, const policy& rules) {
    resolved_path result = resolved<System>(path);
    if (!is_in<System>(rules.folders, result.beginning))
        throw forbidden(path, "options.policy.folders", in_words(rules.folders));
    return result;
}

/// The path, if a policy allows it, with all symbolic links resolved: a link could point elsewhere by the
/// time it is followed again.
template <class System = posix>
std::string permitted_path(const std::string& path, const policy& rules) {
    if (rules.folders.anything())
        return path;
    resolved_path result = require_in_folders<System>(path, rules);
    if (result.all)
        return std::move(*result.all);
    if (result.why == ENOENT)
        throw no_such_path(path, instead_of<System>(path), repository_meant_by<System>(path));
    throw error::system_call("look at", path, result.why);
}

template <class System>
void require_permitted_repository(const driver& repository, const policy& rules) {
    const std::string& url = repository.place;
    const transport how = transport_of(url);
    if (!rules.transports(how))
        throw forbidden(url, "options.policy.transports", in_words(rules.transports, scheme));
    const std::string host = host_of(url);
    const auto is_host = [&](const std::string& allowed) { return in_small_letters(allowed) == host; };
    if (!rules.hosts.anything() &&
        std::none_of(rules.hosts.list().begin(), rules.hosts.list().end(), is_host))
        throw forbidden(url, "options.policy.hosts", in_words(rules.hosts));
    if (how == transport::file && !rules.folders.anything())
        require_in_folders<System>(path_in(url), rules);
    if (rules.full_commit_ids && !is_commit_id(repository.reference))
        throw forbidden(url + (repository.reference.empty() ? "" : "@") + repository.reference,
                        "options.policy.full_commit_ids", "only the full id of a commit after '@'");
    if (rules.signed_by && rules.signed_by->ssh.empty() && rules.signed_by->gpg.empty())
        throw forbidden(url, "options.policy.signed_by", "nothing");
}

/// `driver::parse` under a policy.
template <class System = posix>
driver permitted_driver(std::string_view text, const policy& rules) {
    spelled_driver as_text = spelled<System>(text);
    driver& wanted = as_text.of;
    const auto require_kind = [&](bool permitted) {
        if (!permitted)
            throw forbidden(wanted.place, "options.policy.kinds", in_words(rules.kinds, plural));
    };
    if (as_text.is_path) {
        require_kind(rules.kinds(driver::kind::library) || rules.kinds(driver::kind::directory));
        wanted.place = permitted_path<System>(wanted.place, rules);
        wanted = looked_at<System>(std::move(wanted));
    }
    require_kind(rules.kinds(wanted.what));
    if (wanted.what == driver::kind::repository)
        require_permitted_repository<System>(wanted, rules);
    return std::move(wanted);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error two_libraries(std::string_view name, const std::string& path, std::string_view other) {
    return {errc::ambiguous,
            concatenated(
                {"the name '", name, "' may be '", path, "' or '", other, "'; remove one, or give the path"}),
            path};
}

/// The folders in which bare names are looked for.
class search_path {
public:
    search_path(const loader_options& options, const registry& built_ins)
        : options_(options), built_ins_(built_ins) {}

    /// The library for a bare name, from the first folder of `options.search` that has one.
    std::string library(const std::string& name, std::string_view type) const {
        for (const std::string& folder : options_.search) {
            const std::string plain = join(folder, name + ".so"),
                              prefixed = join(folder, "lib" + name + ".so");
            const bool has_plain = is_file(plain), has_prefixed = is_file(prefixed);
            if (has_plain && has_prefixed)
                throw two_libraries(name, plain, prefixed);
            if (has_plain || has_prefixed)
                return permitted_path(has_plain ? plain : prefixed, options_.policy);
        }
        // An entry of that name that is no regular file is the likeliest reason.
        for (const std::string& path : candidates(name)) {
            require_no_dangling_link(path);
            if (posix::access(path.c_str(), F_OK) == 0)
                throw not_a_regular_file(path);
        }
        std::vector<std::string> known = built_ins_.names(type);
        for (const std::string& folder : options_.search)
            add_libraries(known, folder, type);
        throw unknown_name(type, name, likeliest(name, known), found_here(name), searched_folders());
    }

    /// Where the library `name` may come to be.
    std::vector<std::string> candidates(const std::string& name) const {
        std::vector<std::string> paths;
        for (const std::string& folder : options_.search)
            for (const char* prefix : {"", "lib"})
                paths.push_back(join(folder, prefix + name + ".so"));
        return paths;
    }

private:
    /// For messages: the folders of options.search, and why one of them cannot be looked into.
    std::string searched_folders() const {
        std::string text;
        for (const std::string& folder : options_.search) {
            text.append(text.empty() ? "'" : ", '").append(escaped(folder)).append("'");
            if (DIR* const open = posix::opendir(folder.c_str()))
                posix::closedir(open);
            else
                text.append(" (").append(std::generic_category().message(errno)).append(")");
        }
        return text;
    }

    static bool is_file(const std::string& path) {
        struct stat status;
        return posix::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    }

    /// Adds the names by which libraries in a folder could be loaded as plugins of a type.
    static void add_libraries(std::vector<std::string>& names, const std::string& folder,
                              std::string_view type) {
        DIR* open = posix::opendir(folder.c_str());
        if (!open)
            return;
        while (const dirent* entry = posix::readdir(open)) {
            std::string_view name = entry->d_name;
            if (name.size() <= 3 || name.substr(name.size() - 3) != ".so")
                continue;
            name.remove_suffix(3);
            if (name.substr(0, 3) == "lib")
                name.remove_prefix(3);
            if (well_named(name) && has_plugin(join(folder, entry->d_name), type, name))
                names.emplace_back(name);
        }
        posix::closedir(open);
    }

    static bool has_plugin(const std::string& path, std::string_view type, std::string_view name) {
        try {
            const manifest notes(path);
            for (const auto& plugin : notes.plugins())
                if (plugin.type == type && plugin.name == name)
                    return true;
        } catch (const error&) {
            // Not a library, or one without such a plugin.
        }
        return false;
    }

    const loader_options& options_;
    const registry& built_ins_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SOURCE_CHECKOUT_HPP
#define TENON_DETAIL_SOURCE_CHECKOUT_HPP

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A commit's files, and what a repository has that a checkout of tenon's does not: a submodule is an empty
/// folder, which git has for nothing else; a symbolic link is a file with its target; what Git LFS stores is
/// a pointer.
template <class System = posix>
class basic_checkout {
public:
    explicit basic_checkout(std::string folder) : folder_(std::move(folder)) {}

    /// Throws the error with a sentence for each of these that it is about. Only files and folders that it names
    /// are looked at.
    [[noreturn]] void throw_explained(const error& failed) const {
        const std::string text = failed.what(),
                          mark = std::string("\nthe plugin in '") + failed.path() + "' was not built:\n";
        // Behind the headline, for which nobody has to look far.
        const auto at = std::min(text.find(mark), text.size());
        const std::string more = text.substr(0, at) + sentences(failed, text.substr(0, at)) + text.substr(at);
        const errc code = static_cast<errc>(failed.code().value());
        if (failed.details())
            throw build_error(code, more, failed.path(), failed_commands(failed));
        throw error(code, more, failed.path());
    }

private:
    std::string sentences(const error& failed, std::string text) const {
        // Commands name what has nothing to do with the error, too.
        for (const failed_command& command : failed_commands(failed))
            text += '\n' + command.output;
        constexpr std::size_t most = 1000;
        std::vector<std::string> words = words_of(text, most);
        words.emplace_back(failed.path());
        const std::set<std::string> bases = folders_of(words);

        std::set<std::string> looked_at, found;
        for (const std::string& word : words)
            for (const std::string& base : bases)
                if (const std::string path = below(base, word);
                    !path.empty() && looked_at.insert(path).second)
                    if (std::string sentence = look(path); !sentence.empty())
                        found.insert(std::move(sentence));
        if (found.empty() && is_about_absence(in_small_letters(text)))
            found = submodules();
        std::string all;
        for (const std::string& sentence : found)
            all += '\n' + sentence;
        return all;
    }

    /// The words of a text that may be paths, each once.
    static std::vector<std::string> words_of(std::string_view text, std::size_t most) {
        std::set<std::string> words;
        // The last two are of the quotation marks that g++ uses.
        constexpr std::string_view between = " \t\r\n'\"`<>(),;:|^=[]{}\xe2\x80\x98\x99";
        while (!text.empty() && words.size() < most) {
            const std::string_view word = text.substr(0, text.find_first_of(between));
            text.remove_prefix(std::min(text.size(), word.size() + 1));
            if (word.find_first_of("/.") != word.npos && word.find_first_not_of("./") != word.npos)
                words.emplace(word);
        }
        return {words.begin(), words.end()};
    }

    /// The folders below this one that relative paths may begin in: those of the files that are named, and
    /// those above them.
    std::set<std::string> folders_of(const std::vector<std::string>& paths) const {
        std::set<std::string> folders{""};
        constexpr std::size_t most = 50;
        for (const std::string& path : paths)
            if (path.starts_with(folder_ + "/"))
                for (std::string folder = below("", path); !folder.empty() && folders.size() < most;) {
                    folders.insert(folder);
                    const auto slash = folder.rfind('/');
                    folder.resize(slash == folder.npos ? 0 : slash);
                }
        return folders;
    }

    /// A path as it is seen from the checkout's folder; empty where it leads out of that.
    std::string below(const std::string& base, std::string_view path) const {
        if (path.starts_with('/') && !path.starts_with(folder_ + "/"))
            return "";
        std::string seen = path.starts_with('/') ? "" : base;
        path.remove_prefix(path.starts_with('/') ? folder_.size() : 0);
        while (!path.empty()) {
            const std::string_view component = take_until(path, '/');
            if (component == ".." && seen.empty())
                return "";
            if (component == "..")
                seen.resize(seen.rfind('/') == seen.npos ? 0 : seen.rfind('/'));
            else if (!component.empty() && component != ".")
                seen += (seen.empty() ? "" : "/") + std::string(component);
        }
        return seen;
    }

    /// A sentence about what the way to a path leads through; empty where all of it is as in the repository.
    std::string look(const std::string& path) const {
        for (std::size_t slash = 0; slash != path.npos;) {
            slash = path.find('/', slash + 1);
            const std::string part = path.substr(0, slash), whole = join(folder_, part);
            struct stat status{};
            if (System::lstat(whole.c_str(), &status) != 0)
                return "";
            if (S_ISREG(status.st_mode))
                return about_file(part, whole);
            if (!S_ISDIR(status.st_mode))
                return "";
            if (is_empty(whole))
                return "'" + part +
                       "' is a submodule of the repository, which is not fetched: commit its files, or load "
                       "a clone on this machine that has them";
        }
        return "";
    }

    std::string about_file(const std::string& part, const std::string& whole) const {
        const std::string text = beginning(whole);
        if (text.starts_with("version https://git-lfs.github.com/spec/"))
            return "'" + part +
                   "' is a pointer of Git LFS, whose content is not fetched: commit the file itself, or load "
                   "a clone on this machine that has it";
        if (is_link(part, text))
            return "'" + part + "' is a symbolic link to '" + text +
                   "' in the repository, and became a file with that text: commit the file itself, or name "
                   "the other path";
        return "";
    }

    /// Whether a file's text is a link's target: one that is there, or has the form of one.
    bool is_link(const std::string& part, const std::string& text) const {
        constexpr std::size_t longest = 1024;
        if (text.empty() || text.size() > longest || std::any_of(text.begin(), text.end(), is_control))
            return false;
        const auto slash = part.rfind('/');
        const std::string target = below(slash == part.npos ? "" : part.substr(0, slash), text);
        struct stat status{};
        if (!target.empty() && System::lstat(join(folder_, target).c_str(), &status) == 0)
            return true;
        return text.find('/') != text.npos && text.find_first_of(" ;(){}\"<>#") == text.npos;
    }

    // More than a link's target has, or a pointer begins with.
    static std::string beginning(const std::string& path) {
        try {
            const basic_file<System> file(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
            char part[1025];
            const ssize_t size = System::read(file.descriptor(), part, sizeof part);
            return {part, size > 0 ? static_cast<std::size_t>(size) : 0};
        } catch (const error&) {
            return "";
        }
    }

    static bool is_empty(const std::string& folder) {
        try {
            return names_in<System>(folder).empty();
        } catch (const error&) {
            return false;
        }
    }

    static bool is_about_absence(std::string_view text) {
        for (const char* words :
             {"no such file", "not found", "cannot find", "could not find", "unable to find"})
            if (text.find(words) != text.npos)
                return true;
        return false;
    }

    /// Where something is missing that may be anywhere, such as in a folder of -I.
    std::set<std::string> submodules() const {
        std::string text, names;
        try {
            text = read_file<System>(join(folder_, ".gitmodules"), 64 * 1024);
        } catch (const error&) {
            return {};
        }
        for (std::string_view rest = text; !rest.empty();) {
            std::string_view line = take_line(rest);
            line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
            const auto equals = line.find('=');
            if (!line.starts_with("path") || equals == line.npos)
                continue;
            const std::string path =
                below("", line.substr(std::min(line.size(), line.find_first_not_of(" \t", equals + 1))));
            if (!path.empty() && !std::any_of(path.begin(), path.end(), is_control) &&
                is_empty(join(folder_, path)))
                names += (names.empty() ? "'" : ", '") + path + "'";
        }
        if (names.empty())
            return {};
        return {"the repository has submodules, which are not fetched: where what is missing is in " + names +
                ", commit those files, or load a clone on this machine that has them"};
    }

    std::string folder_;
};
using checkout = basic_checkout<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SOURCE_REPOSITORY_HPP
#define TENON_DETAIL_SOURCE_REPOSITORY_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


#ifndef TENON_DETAIL_SOURCE_GIT_ADVICE_HPP
#define TENON_DETAIL_SOURCE_GIT_ADVICE_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>


namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Finds what git's check of received objects says, `object ID: MESSAGE-ID: why`, and returns the message's
/// id, or none where git says nothing like it.
inline std::optional<std::string_view> fsck_message(std::string_view said) {
    constexpr std::string_view word = "object ";
    for (auto at = said.find(word); at != said.npos; at = said.find(word, at + 1)) {
        std::string_view rest = said.substr(at + word.size());
        const auto id_end = rest.find(": ");
        if (id_end == rest.npos || !is_commit_id(rest.substr(0, id_end)))
            continue;
        rest.remove_prefix(id_end + 2);
        const std::string_view message = rest.substr(0, rest.find(':'));
        if (message.size() < rest.size() && !message.empty() && all_are(is_letter_or_digit, message))
            return message;
    }
    return std::nullopt;
}

inline std::string fsck_advice(std::string_view message) {
    return "git found a malformed object, as some histories have from old tools, and attacks too; if you "
           "trust this repository, `git config --global fetch.fsck." +
           std::string(message) + " ignore` lets it through, and fetch.fsck.skipList names single objects";
}

/// Advice for a failure whose cause is known by git's words; empty if it is not. git's versions, ssh and
/// servers word one cause in several ways, so that each of them is enough.
inline std::string known_cause(std::string_view said) {
    constexpr std::string_view
        host = "is the host's name right, and is there a network?",
        port = "does anything answer there: are the host and the port right, and is a proxy needed?",
        host_key = "connect to the host with ssh once by hand, so that its key is known",
        certificate =
            "name the certificates that its own is signed with in $GIT_SSL_CAINFO or in git's http.sslCAInfo",
        redirect = "options.policy.hosts keeps git from going where it is sent on to: name the repository's "
                   "own address",
        ask = "nobody can be asked for a password here: set up a credential helper for git",
        refused = "the server refuses the credentials that git's credential helper gives: may they read this "
                  "repository?",
        key = "nobody can be asked for a passphrase here: add the key to ssh-agent, or name it in git's "
              "core.sshCommand",
        armor = "the keys in options.policy.signed_by.gpg are armored; write them with `gpg --export`, and "
                "without --armor",
        gpg = "signatures of GnuPG are checked by its program; install it";
    constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"could not resolve", host},
        {"name or service not known", host},
        {"temporary failure in name resolution", host},
        {"connection refused", port},
        {"connection timed out", port},
        {"failed to connect", port},
        {"could not connect", port},
        {"network is unreachable", port},
        {"no route to host", port},
        {"host key verification failed", host_key},
        {" host key is known for", host_key},
        {"certificate problem", certificate},
        {"certificate verification failed", certificate},
        {"unable to get local issuer", certificate},
        {"returned error: 30", redirect},
        {"terminal prompts disabled", ask},
        {"unable to get password", ask},
        {"could not read username", ask},
        {"could not read password", ask},
        {"cannot prompt", ask},
        {"permission denied (", key},
        {"too many authentication failures", key},
        {"no supported authentication methods", key},
        {"authentication failed", refused},
        {"returned error: 401", refused},
        {"returned error: 403", refused},
        {"access denied", refused},
        {"invalid username or", refused},
        {"invalid credentials", refused},
        {"invalid packet (ctb=2d)", armor},
        {"cannot run gpg", gpg},
    };
    if (const auto message = fsck_message(said))
        return fsck_advice(*message);
    const std::string small = in_small_letters(said);
    for (const auto& [words, advice] : known)
        if (small.find(words) != small.npos)
            return std::string(advice);
    return "";
}

/// True if a server says that it has no such repository.
inline bool says_absent(std::string_view said) {
    const std::string small = in_small_letters(said);
    for (const char* words :
         {"repository not found", "' not found", "returned error: 404", "not a git repository"})
        if (small.find(words) != small.npos)
            return true;
    return false;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SOURCE_SIGNING_KEYS_HPP
#define TENON_DETAIL_SOURCE_SIGNING_KEYS_HPP

#include <cerrno>
#include <string>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The keys that commits may be signed with, as they were when the files were read. git checks with a copy.
template <class System = posix>
class basic_signing_keys {
public:
    basic_signing_keys(const signers& from, const trust& rule)
        : from_(from), ssh_(text_of(from.ssh, rule)), gpg_(text_of(from.gpg, rule)) {}

    /// A digest of the keys, 32 hexadecimal digits.
    std::string id() const { return sha256().field(ssh_).field(gpg_).hex().substr(0, 32); }

    /// The paths of the files, for messages.
    std::string files() const {
        return from_.ssh + (from_.ssh.empty() || from_.gpg.empty() ? "" : " or ") + from_.gpg;
    }

    /// The arguments and variables that make git check with these keys alone.
    struct command_parts {
        std::vector<std::string> settings, variables;
    };
    /// Writes the keys into a folder that is used for nothing else.
    command_parts prepared(const std::string& folder) const {
        const std::string principals = join(folder, "signers"), home = join(folder, "gnupg");
        if (System::mkdir(home.c_str(), 0700) != 0)
            throw error::system_call("make the folder", home, errno);
        write(principals, ssh_);
        // GnuPG reads what it exports as the public keyring of its older versions.
        write(join(home, "pubring.gpg"), gpg_);
        // git picks the checking program by the kind of the signature. X.509 is disabled, because GnuPG would
        // trust the system's certificates too, which the host did not list.
        command_parts parts{{"-c", "gpg.x509.program=/dev/null"}, {"GNUPGHOME=" + home}};
        const auto set = [&](const std::string& setting) {
            parts.settings.insert(parts.settings.end(), {"-c", setting});
        };
        set(from_.gpg.empty() ? "gpg.program=/dev/null" : "gpg.program=gpg");
        set(from_.ssh.empty() ? "gpg.ssh.program=/dev/null" : "gpg.ssh.allowedSignersFile=" + principals);
        return parts;
    }

private:
    static std::string text_of(const std::string& path, const trust& rule) {
        if (path.empty())
            return "";
        const std::string resolved = canonical<System>(path);
        if (resolved.empty())
            throw error::system_call("look at", path, errno);
        const basic_file<System> file(resolved, O_RDONLY | O_NONBLOCK);
        const struct stat status = file.status(resolved);
        if (!S_ISREG(status.st_mode))
            throw not_a_regular_file(path);
        require_trust<System>(resolved, status, rule);
        return file.read(resolved);
    }

    static void write(const std::string& path, std::string_view text) {
        basic_file<System>(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600).write(path, text);
    }

    signers from_;
    std::string ssh_, gpg_;
};
using signing_keys = basic_signing_keys<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SOURCE_SSH_COMMAND_HPP
#define TENON_DETAIL_SOURCE_SSH_COMMAND_HPP

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The user's choice of an ssh program, as git reads it: core.sshCommand and ssh.variant of git-config(1).
struct ssh_settings {
    std::optional<std::string> command{}; ///< $GIT_SSH_COMMAND, else core.sshCommand: words for a shell
    std::optional<std::string> program{}; ///< $GIT_SSH: a path, which `command` goes before
    /// $GIT_SSH_VARIANT, else ssh.variant: which options the program takes
    std::optional<std::string> variant{};
};

/// The settings, overridden by those of the environment. A program with elevated rights ignores the
/// environment, secure_getenv(3).
inline ssh_settings with_environment(ssh_settings configured) {
    const auto prefer = [](const char* name, std::optional<std::string>& value) {
        if (const char* const set = ::secure_getenv(name))
            value = set;
    };
    prefer("GIT_SSH_COMMAND", configured.command);
    prefer("GIT_SSH", configured.program);
    // Made absolute, because git runs in another folder than this program.
    if (configured.program && configured.program->find('/') != std::string::npos)
        configured.program = absolute(*configured.program);
    prefer("GIT_SSH_VARIANT", configured.variant);
    return configured;
}

/// The kind of options that a program takes, as git decides it: by the setting, else by the program's name.
/// Empty if git would ask the program itself.
inline std::string ssh_variant(const std::string& command, const ssh_settings& set) {
    const std::vector<std::string> words = shell_words(command);
    std::string name = set.variant ? *set.variant : words.empty() ? "" : in_small_letters(basename(words[0]));
    if (!set.variant && name.ends_with(".exe"))
        name.resize(name.size() - std::string_view(".exe").size());
    for (const std::string_view known : {"plink", "putty", "tortoiseplink"})
        if (name == known)
            return name;
    if (set.variant)
        return name == "auto" || name == "simple" ? "" : "ssh";
    return name == "ssh" ? name : "";
}

/// A value for $GIT_SSH_COMMAND: the user's own program, with options against questions if it is known to
/// take them. Another program is left as it is; it has neither a terminal nor a window to ask in.
inline std::string quiet_ssh_command(const ssh_settings& set) {
    std::string command = "ssh";
    if (set.command)
        command = *set.command;
    else if (set.program)
        command = in_shell_quotes(*set.program);
    const std::string variant = ssh_variant(command, set);
    // Time limits for a host that does not answer, and for one that falls silent.
    if (variant == "ssh")
        return command + " -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15";
    return command +
           (variant == "plink" || variant == "putty" ? " -batch" : ""); // git gives it to tortoiseplink
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_signed(std::string_view url, std::string_view commit, std::string_view keys,
                        std::string_view how, std::string_view said, std::string_view advice, errc code) {
    return {code, concatenated({"commit ", commit, " of '", url,
                                "' is refused, because options.policy.signed_by allows only what a "
                                "key in ",
                                keys, " has signed: git verify-commit ", how,
                                said.empty() ? ", as it does where there is no signature" : ", and said:\n",
                                said, advice.empty() || said.ends_with('\n') ? "" : "\n", advice})};
}

inline error no_git(std::string_view url) {
    return {errc::fetch_failed,
            concatenated({"cannot fetch '", url, "': there is no git in $PATH; install it"})};
}

inline error fetch_failed(std::string_view url, std::string_view how, std::string_view said,
                          std::string_view command, std::string_view advice, errc code = errc::fetch_failed) {
    return {code, concatenated({"cannot fetch '", url, "': git ", how,
                                said.empty() ? ", and said nothing\n" : ", and said:\n", said,
                                said.empty() || said.back() == '\n' ? "" : "\n", "command: ", command,
                                advice.empty() ? "" : "\n", advice})};
}

inline error no_such_reference(std::string_view url, std::string_view reference, std::string_view known,
                               bool shortened) {
    return {errc::not_found,
            concatenated({"the repository '", url, "' does not have ", reference, "; ",
                          known.empty() ? "it has no branches and no tags" : "it has ", known,
                          shortened ? "; a commit has to be given by its full id" : ""})};
}

inline error no_such_commit(std::string_view url, std::string_view id) {
    return {errc::not_found,
            concatenated({"the repository '", url, "' has no commit ", id, " on any branch or tag"})};
}

inline error no_subdirectory(std::string_view url, std::string_view commit, std::string_view subdirectory,
                             std::string_view instead) {
    return {errc::not_found, concatenated({"the repository '", url, "' has no directory '", subdirectory,
                                           "' in commit ", commit, "; ", instead})};
}

/// The progress of a fetch in percent, from the last lines of git; 0 while git reports none.
inline std::size_t fetched_percent(std::string_view said) {
    // Bounds the cost of a server that sends much text in small parts.
    constexpr std::size_t most = 4096;
    said.remove_prefix(said.size() - std::min(said.size(), most));
    for (const std::string_view step : {"Receiving objects:", "Unpacking objects:"}) {
        const auto at = said.rfind(step);
        if (at == said.npos)
            continue;
        std::size_t percent = 0;
        for (const char c : said.substr(at + step.size(), std::string_view(" 100").size()))
            percent = is_digit(c) ? percent * 10 + static_cast<std::size_t>(c - '0') : percent;
        return percent <= 100 ? percent : 0;
    }
    return 0;
}

/// The text as a terminal shows it: a carriage return lets a line overwrite itself.
inline std::string as_shown(std::string_view said) {
    std::string text;
    bool back = false;
    for (const char c : said) {
        if (back && c != '\n' && c != '\r')
            text.erase(text.rfind('\n') + 1);
        back = c == '\r';
        if (!back)
            text += c;
    }
    return text;
}

/// The text without credentials in URLs, which the user's own git configuration may have added.
inline std::string without_any_credentials(std::string_view text) {
    std::string safe;
    for (std::size_t mark; (mark = text.find("://")) != text.npos;) {
        const std::size_t begin = mark + 3;
        const std::string_view authority = text.substr(begin, text.find_first_of("/ \t\n'\"", begin) - begin);
        const auto at = authority.rfind('@');
        const bool secret = at != authority.npos && (!text.substr(0, mark).ends_with("ssh") ||
                                                     authority.substr(0, at).find(':') != authority.npos);
        safe.append(text.substr(0, begin)).append(secret ? "***" : "");
        text.remove_prefix(secret ? begin + at : begin);
    }
    return safe.append(text);
}

/// Fetches a git repository into the cache, and returns a directory with its files.
///
/// Every commit has a folder of its own, `<cache>/src/<repository>/<commit>`, which is published whole and
/// never changes. Each fetch goes into a fresh scratch repository that is removed afterwards, so that a
/// killed git leaves nothing for a later one to trip over. The price: a branch that moved is fetched as a
/// whole, at depth one.
///
/// A full commit id is looked for in the cache first; if found, neither network nor git is needed. For a
/// branch, a tag or the default branch the remote is asked each time. If that fails or takes half a minute,
/// the commit that was last seen there is used. A branch takes precedence over a tag of the same name, as in
/// `git clone --branch`.
///
/// While git talks to the remote, it obeys the configuration of the system and the user, with credential
/// helpers, proxies and `insteadOf`. It runs no hook, fetches no submodule, uses no transport but the
/// driver's, and asks no questions. While git writes files, it obeys no configuration at all: no filter of a
/// `.gitattributes` runs, a Git LFS file stays a pointer, a symbolic link becomes a small file with its
/// target, and a submodule becomes an empty folder.
///
/// The signature of a commit is checked when the commit is fetched. `signed-<commit>-<keys>` beside the
/// folder records a good one. Other keys, and folders from a time without the rule, lead to another fetch.
template <class System = posix>
class basic_repository {
public:
    /// The policy has to permit the driver.
    basic_repository(driver wanted, basic_cache<System> in, event_handler on_event = {},
                     const basic_deadline<System>& within = {}, policy rules = {},
                     const trust& whose_keys = {})
        : wanted_(std::move(wanted)), cache_(std::move(in)), on_event_(std::move(on_event)),
          deadline_(within), rules_(std::move(rules)), name_(folder_name(wanted_.place)) {
        if (rules_.signed_by)
            keys_.emplace(*rules_.signed_by, whose_keys);
        if (is_commit_id(wanted_.reference))
            for (char& digit : wanted_.reference)
                // git prints ids in small letters; digits have that bit already
                digit = static_cast<char>(digit | 0x20);
    }

    /// The directory with the files, which are fetched if the cache does not have them.
    std::string checkout() const {
        if (pinned() && has(wanted_.reference)) {
            tell({event::step::cached, wanted_.place});
            return inside(wanted_.reference);
        }
        try {
            return inside(current());
        } catch (const error& failed) {
            const bool unreachable = failed.code() == errc::fetch_failed || failed.code() == errc::timed_out;
            const std::optional<std::string> before = unreachable ? remembered() : std::nullopt;
            if (!before)
                throw;
            tell({.what = event::step::falling_back,
                  .subject = wanted_.place,
                  .detail = failed.what() + ("\nusing commit " + *before) + " of " + described() +
                            ", which was fetched earlier"});
            return inside(*before);
        }
    }

    /// The same directory from the cache alone, or none if the cache does not have the commit. Runs no
    /// program and writes no file. Throws as `checkout` does if the commit has no such subdirectory.
    std::optional<std::string> cached() const {
        const std::optional<std::string> commit = pinned() ? wanted_.reference : remembered();
        return commit && has(*commit) ? std::optional(inside(*commit)) : std::nullopt;
    }

private:
    /// A reference of the remote, and the id of its commit.
    struct named_commit {
        std::string name, id;
    };
    struct finished {
        command run;
        process_result end;
    };
    using watcher = std::function<void(std::string_view said)>;

    bool pinned() const { return is_commit_id(wanted_.reference); }
    std::string described() const {
        return wanted_.reference.empty() ? "its default branch" : "'" + wanted_.reference + "'";
    }
    void tell(const event& step) const { detail::tell(on_event_, step); }

    // Readable, because messages of compilers show the name; unique by the digest at its end.
    static std::string folder_name(std::string_view url) {
        std::string name(basename(url.substr(0, url.find_last_not_of('/') + 1)).substr(0, 40));
        for (char& c : name)
            if (!is_letter_or_digit(c) && c != '.' && c != '-' && c != '_')
                c = '_';
        return name + "-" + sha256(url).hex().substr(0, 32);
    }

    std::string folder() const { return join(join(cache_.path(), "src"), name_); }
    std::string made_folder() const { return cache_.folder(join("src", name_)); }

    /// True if the cache has the commit, with a good signature where the policy wants one.
    bool has(const std::string& commit) const {
        return has_files(commit) && (!keys_ || System::access(signature_mark(commit).c_str(), F_OK) == 0);
    }
    bool has_files(const std::string& commit) const {
        struct stat status;
        return System::stat(join(folder(), commit).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }
    std::string signature_mark(const std::string& commit) const {
        return join(folder(), "signed-" + commit + "-" + keys_->id());
    }

    std::string inside(const std::string& commit) const {
        std::string path = join(folder(), commit);
        if (wanted_.subdirectory.empty())
            return path;
        path = join(path, wanted_.subdirectory);
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0)
            basic_checkout<System>(join(folder(), commit))
                .throw_explained(
                    no_subdirectory(wanted_.place, commit, wanted_.subdirectory, instead_of<System>(path)));
        if (!S_ISDIR(status.st_mode))
            throw no_subdirectory(wanted_.place, commit, wanted_.subdirectory,
                                  "it is a file there, or a symbolic link, which is not followed");
        return path;
    }

    // ---- The commit of a branch or tag when it was last seen: a file with the line `COMMIT REFERENCE URL`

    std::string memory() const { return join(folder(), "at-" + sha256(wanted_.reference).hex()); }
    std::string line(const std::string& commit) const {
        return commit + " " + wanted_.reference + " " + wanted_.place + "\n";
    }

    std::optional<std::string> remembered() const {
        try {
            const std::string text = read_file<System>(memory());
            const std::string commit = text.substr(0, text.find(' '));
            return is_commit_id(commit) && text == line(commit) && has(commit) ? std::optional(commit)
                                                                               : std::nullopt;
        } catch (const error&) {
            return std::nullopt;
        }
    }

    void remember(const std::string& commit) const {
        if (pinned() || remembered() == commit)
            return;
        made_folder();
        const basic_scratch<System> beside(cache_);
        publish<System>(memory(), line(commit), beside.path());
    }

    /// The id of the commit that the driver names now, after it is in the cache.
    std::string current() const {
        const named_commit asked_for =
            pinned() ? named_commit{wanted_.reference, wanted_.reference} : asked();
        // libcurl would wait five minutes to connect to a host that does not answer.
        if (pinned() && transport_of(wanted_.place) == transport::https)
            listed({"ls-remote", "--", wanted_.place, "HEAD"});
        const bool cached = has(asked_for.id);
        if (cached)
            tell({event::step::cached, wanted_.place});
        const std::string commit = cached ? asked_for.id : fetched(asked_for);
        trace(described(), " of ", wanted_.place, " is commit ", commit);
        remember(commit);
        return commit;
    }

    /// Asks the remote for the commit of the reference.
    named_commit asked() const {
        tell({event::step::resolving, wanted_.place});
        const std::string& reference = wanted_.reference;
        std::vector<std::string> names;
        if (reference.empty())
            names = {"HEAD"};
        else if (reference == "HEAD" || reference.starts_with("refs/"))
            names = {reference};
        else
            names = {"refs/heads/" + reference, "refs/tags/" + reference};

        std::vector<std::string> asking{"ls-remote", "--", wanted_.place};
        for (const std::string& name : names)
            asking.insert(asking.end(), {name, name + "^{}"}); // the commit of an annotated tag
        const std::vector<named_commit> branches = listed(std::move(asking));
        for (const std::string& name : names)
            for (const std::string& spelling : {name + "^{}", name})
                for (const named_commit& remote : branches)
                    if (remote.name == spelling)
                        return {name, remote.id};

        std::vector<std::string> known;
        for (const named_commit& remote : listed({"ls-remote", "--heads", "--tags", "--", wanted_.place}))
            if (!remote.name.ends_with("^{}"))
                known.push_back(
                    remote.name.substr(remote.name.find('/', std::string_view("refs/").size()) + 1));
        const bool shortened =
            reference.size() >= 4 && std::all_of(reference.begin(), reference.end(), is_hex_digit);
        throw no_such_reference(wanted_.place, described(), likeliest(reference, known), shortened);
    }

    std::vector<named_commit> listed(std::vector<std::string> arguments) const {
        // Runs in the root folder: the current one may be a repository with a configuration of its own.
        // libcurl would wait five minutes for a host that does not answer.
        constexpr int patience = 30;
        const finished asking = with_remote(std::move(arguments), "/", patience);
        const std::string& text = asking.end.out;
        if (asking.end.failed() || (!asking.end.known && text.empty()))
            throw failure(asking);
        std::vector<named_commit> listing;
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view line = take_line(rest);
            const auto tab = line.find('\t');
            if (tab != line.npos && is_commit_id(line.substr(0, tab)))
                listing.push_back({std::string(line.substr(tab + 1)), std::string(line.substr(0, tab))});
        }
        return listing;
    }

    /// Fetches and publishes a commit. Returns its id, which differs if the reference has just moved.
    std::string fetched(const named_commit& asked_for) const {
        const basic_lock<System> turn(join(made_folder(), "lock"), deadline_,
                                      [&] { tell({event::step::waiting, wanted_.place}); });
        if (has(asked_for.id)) // while this one waited for its turn
            return asked_for.id;
        tell({event::step::fetching, wanted_.place});

        const basic_scratch<System> workshop(cache_);
        std::vector<std::string> making{"init", "--quiet", "--bare", "--template="};
        if (asked_for.id.size() == 64)
            making.push_back("--object-format=sha256");
        making.push_back("git");
        if (const finished initialised = alone(std::move(making), workshop.path()); initialised.end.failed())
            throw failure(initialised);

        const std::string commit = transferred(asked_for, workshop.path());
        if (keys_)
            require_signature(commit, workshop);
        if (!has_files(commit))
            write_files(commit, workshop);
        if (keys_)
            basic_file<System>(signature_mark(commit), O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
        return commit;
    }

    /// Fetches into the scratch repository, at depth one if the server can. Returns the id of the commit.
    std::string transferred(const named_commit& asked_for, const std::string& where) const {
        const std::string wanted = "+" + asked_for.name + ":refs/tenon/wanted";
        finished fetching = fetch(where, {"--depth=1"}, {wanted});
        std::optional<std::string> commit = id_of("refs/tenon/wanted", where);
        // Old servers and plain file servers cannot fetch at a depth, and each says so in words of its own. A
        // server may refuse a commit's id as well, but every server gives out branches and tags.
        const bool done = pinned() ? commit == asked_for.id : commit.has_value();
        const bool may_be_server =
            fetching.end.cause == stop_reason::itself && known_cause(fetching.end.err).empty();
        if (!done && may_be_server && pinned()) {
            trace("looking for ", asked_for.id, " in all branches and tags");
            fetching =
                fetch(where, {}, {"+refs/heads/*:refs/tenon/heads/*", "+refs/tags/*:refs/tenon/tags/*"});
            commit = id_of(asked_for.id, where);
            if (fetching.end.known && !fetching.end.failed() && commit != asked_for.id)
                throw no_such_commit(wanted_.place, asked_for.id);
        } else if (!done && may_be_server) {
            trace("fetching ", asked_for.name, " with its history");
            fetching = fetch(where, {}, {wanted});
            commit = id_of("refs/tenon/wanted", where);
        }
        if (fetching.end.failed() || !commit)
            throw failure(fetching);
        return std::move(*commit);
    }

    finished fetch(const std::string& where, std::initializer_list<std::string> options,
                   std::initializer_list<std::string> references) const {
        std::vector<std::string> arguments{"--git-dir=git", "fetch", "--progress", "--no-tags",
                                           "--no-recurse-submodules"};
        arguments.insert(arguments.end(), options);
        arguments.insert(arguments.end(), {"--", wanted_.place});
        arguments.insert(arguments.end(), references);
        return with_remote(std::move(arguments), where, 0,
                           [this, before = std::size_t{0}](std::string_view said) mutable {
                               if (const std::size_t percent = fetched_percent(said); percent > before)
                                   tell({event::step::fetching, wanted_.place, before = percent, 100});
                           });
    }

    /// The id of the commit behind a name in the scratch repository.
    std::optional<std::string> id_of(const std::string& name, const std::string& where) const {
        std::string id =
            alone({"--git-dir=git", "rev-parse", "--verify", "--quiet", name + "^{commit}"}, where).end.out;
        if (id.ends_with('\n'))
            id.pop_back();
        return is_commit_id(id) ? std::optional(std::move(id)) : std::nullopt;
    }

    void write_files(const std::string& commit, const basic_scratch<System>& workshop) const {
        const std::string tree = workshop / "tree";
        if (System::mkdir(tree.c_str(), 0700) != 0)
            throw error::system_call("make the folder", tree, errno);
        const finished writing =
            alone({"-c", "core.symlinks=false", "--git-dir=git", "--work-tree=tree", "checkout", "--quiet",
                   "--force", "--detach", "--no-recurse-submodules", commit, "--"},
                  workshop.path());
        // git moves HEAD after the last file, which tells of success even if the host has reaped the child.
        if (writing.end.failed() || id_of("HEAD", workshop.path()) != commit)
            throw failure(writing);
        close_to_others(tree);
        store(tree);
        const std::string path = join(folder(), commit);
        if (System::rename(tree.c_str(), path.c_str()) != 0)
            if (const int why = errno; !has_files(commit))
                throw error::system_call("rename to", path, why);
    }

    void require_signature(const std::string& commit, const basic_scratch<System>& workshop) const {
        typename basic_signing_keys<System>::command_parts with = keys_->prepared(workshop.path());
        std::vector<std::string> checking = std::move(with.settings);
        checking.insert(checking.end(), {"--git-dir=git", "verify-commit", commit});
        const process_result how = alone(std::move(checking), workshop.path(), std::move(with.variables)).end;
        // If the host has reaped the child, nothing says that the signature is good.
        if (!how.known || how.failed()) {
            const std::string said = shown_of(how.err);
            throw not_signed(wanted_.place, commit, keys_->files(), how.how(), said, known_cause(how.err),
                             how.code(errc::forbidden));
        }
    }

    // A daemon often has umask 0, and then its own files would not be trusted.
    static void close_to_others(const std::string& path) {
        struct stat status;
        if (System::lstat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        if (S_ISLNK(status.st_mode))
            return;
        if ((status.st_mode & (S_IWGRP | S_IWOTH)) && System::chmod(path.c_str(), status.st_mode & 0755) != 0)
            throw error::system_call("change the mode of", path, errno);
        if (!S_ISDIR(status.st_mode))
            return;
        for (const std::string& name : names_in<System>(path))
            close_to_others(join(path, name));
    }

    // Without this, a loss of power after the rename might leave empty files for good under the id of a
    // commit that never had them. Syncing a hundred files one by one would take thirty times as long.
    static void store(const std::string& tree) {
        const basic_file<System> folder(tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (System::syncfs(folder.descriptor()) != 0)
            throw error::system_call("store", tree, errno);
    }

    /// Runs git with the user's configuration, but without programs that are not needed to reach the remote.
    finished with_remote(std::vector<std::string> arguments, const std::string& where, int seconds,
                         const watcher& meanwhile = {}) const {
        std::vector<std::string> variables =
            environment({"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK", "http_proxy",
                         "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE",
                         "SSL_CERT_DIR", "GIT_SSL_CAINFO"});
        // An empty GIT_ASKPASS keeps git from using SSH_ASKPASS and core.askPass.
        variables.insert(variables.end(), {"GIT_ALLOW_PROTOCOL=" + transports(), "GIT_ASKPASS=",
                                           "GIT_TERMINAL_PROMPT=0", "SSH_ASKPASS_REQUIRE=never"});
        if (transport_of(wanted_.place) != transport::file)
            add_ssh(variables);
        std::vector<std::string> settings;
        for (const char* setting :
             {"core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false",
              "fetch.fsckObjects=true", "credential.interactive=false",
              // for a remote that goes silent
              "http.lowSpeedLimit=1", "http.lowSpeedTime=60"})
            settings.insert(settings.end(), {"-c", setting});
        if (!rules_.hosts.anything())
            settings.insert(settings.end(), {"-c", "http.followRedirects=false"});
        arguments.insert(arguments.begin(), settings.begin(), settings.end());
        return git(std::move(arguments), std::move(variables), where, seconds, meanwhile);
    }

    /// Adds the user's ssh program. It may be set in the configuration, so git is asked first.
    void add_ssh(std::vector<std::string>& variables) const {
        const finished asking =
            git({"config", "--null", "--get-regexp", "^(core\\.sshcommand|ssh\\.variant)$"}, variables, "/");
        ssh_settings configured;
        // Each entry is NAME, a newline and the value. The last entry of a name counts.
        for (std::string_view rest = asking.end.out; !rest.empty();) {
            const std::string_view setting = take_until(rest, '\0');
            const auto end = std::min(setting.find('\n'), setting.size());
            const std::string value(setting.substr(std::min(end + 1, setting.size())));
            (setting.substr(0, end) == "ssh.variant" ? configured.variant : configured.command) = value;
        }
        const ssh_settings set = with_environment(std::move(configured));
        variables.push_back("GIT_SSH_COMMAND=" + quiet_ssh_command(set));
        if (set.variant)
            variables.push_back("GIT_SSH_VARIANT=" + *set.variant);
    }

    /// The transports that git may use. The user's configuration may replace an address by one of another
    /// kind.
    std::string transports() const {
        if (transport_of(wanted_.place) == transport::file)
            return "file";
        std::string names;
        for (const transport allowed : {transport::https, transport::ssh})
            if (rules_.transports(allowed))
                names.append(names.empty() ? "" : ":").append(scheme(allowed));
        return names;
    }

    /// Runs git without any configuration, for steps that need no remote.
    finished alone(std::vector<std::string> arguments, const std::string& where,
                   std::vector<std::string> variables = {}) const {
        const std::vector<std::string> passed = environment({"PATH", "TMPDIR"});
        variables.insert(variables.end(), passed.begin(), passed.end());
        variables.insert(variables.end(),
                         {"GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1",
                          "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1"});
        return git(std::move(arguments), std::move(variables), where);
    }

    finished git(std::vector<std::string> arguments, std::vector<std::string> variables,
                 const std::string& where, int seconds = 0, const watcher& meanwhile = {}) const {
        const std::optional<std::string> program = find_program<System>("git");
        if (!program)
            throw no_git(wanted_.place);
        arguments.insert(arguments.begin(), *program);
        variables.push_back("LC_ALL=C.UTF-8");
        command what{std::move(arguments), std::move(variables), where};
        basic_process<System> running(what, seconds == 0 ? deadline_ : deadline_.at_most(seconds * 1000));
        process_result how = meanwhile ? running.wait(meanwhile) : running.wait();
        return {std::move(what), std::move(how)};
    }

    error failure(const finished& git) const {
        const std::string said = shown_of(git.end.err);
        return fetch_failed(wanted_.place, git.end.how(), said, shown(git.run), advice(git.end),
                            git.end.code(errc::fetch_failed));
    }

    /// Advice by git's words if these are known, else by how git ended.
    std::string advice(const process_result& how) const {
        if (std::string known = known_cause(how.err); !known.empty())
            return known;
        if (const auto page = repository_of_page(wanted_.place))
            return "this looks like the address of a web page: the repository is written " + *page;
        if (says_absent(how.err))
            return "is the address right? Many servers say the same of a repository that this user may not "
                   "read";
        // The exit status of git for every fatal error.
        constexpr int fatal = 128;
        const bool gave_up = how.cause == stop_reason::itself && how.known && WIFEXITED(how.status) &&
                             WEXITSTATUS(how.status) == fatal;
        return gave_up && transport_of(wanted_.place) != transport::file
                   ? "`git ls-remote " + wanted_.place +
                         "` in a terminal may ask for what nobody can be asked for here"
                   : "";
    }

    static std::string shown_of(std::string_view said) {
        return escaped(without_any_credentials(as_shown(said)), "\n\t");
    }

    driver wanted_;
    basic_cache<System> cache_;
    event_handler on_event_;
    basic_deadline<System> deadline_;
    policy rules_;
    std::optional<basic_signing_keys<System>> keys_;
    std::string name_;
};
using repository = basic_repository<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
#ifndef TENON_DETAIL_SYSTEM_STOP_EVENT_HPP
#define TENON_DETAIL_SYSTEM_STOP_EVENT_HPP

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>



namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A descriptor that becomes readable on cancellation, so that poll(2) can wait for it together with
/// programs.
template <class System = posix>
class basic_stop_event {
public:
    /// An event that raise() and `signal` raise.
    explicit basic_stop_event(const stop_signal& signal = {}) : basic_stop_event(new_event(), signal) {}

    /// An event that `signal` alone raises. It has no descriptor if no stop is possible.
    static basic_stop_event of(const stop_signal& signal) {
        return basic_stop_event(signal.possible() ? new_event() : basic_file<System>(), signal);
    }

    /// Any thread may call at any time.
    void raise() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = System::write(descriptor(), &one, sizeof one);
    }

    /// The descriptor; -1 if no stop can be requested any more.
    int descriptor() const noexcept { return event_.descriptor(); }

private:
    static basic_file<System> new_event() {
        basic_file<System> event(System::event());
        if (event.descriptor() < 0)
            throw error::system_call("make an event for", "options.stop", errno);
        return event;
    }

    basic_stop_event(basic_file<System> event, const stop_signal& signal)
        : event_(std::move(event)), raising_(signal.on_stop([this] { raise(); })) {}

    basic_file<System> event_;
    const std::shared_ptr<const void> raising_; // goes first, and waits for a call that is just being made
};
using stop_event = basic_stop_event<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error build_needed(const std::string& path) {
    return {errc::build_needed,
            concatenated(
                {"'", path,
                 "' has to be compiled or fetched first, and options.build says never; prepare it with a "
                 "loader that may"}),
            path};
}

/// Where a driver has led.
struct found_library {
    std::string path, plugin;
    std::string sources{}; // of a repository
};

/// What cancels a build or a fetch: the end of a watch, or else the options.
class build_stop {
public:
    template <class System>
    explicit build_stop(const basic_untyped_loader<System>& by)
        : cancelled_(by.cancelled), requested_(stop_event::of(by.options.stop)) {}
    int descriptor() const noexcept { return cancelled_ >= 0 ? cancelled_ : requested_.descriptor(); }

private:
    int cancelled_;
    stop_event requested_;
};

/// Finds the library that a driver means: searches for it, builds it, or fetches and builds it.
template <class System = posix>
class basic_library_finder {
public:
    explicit basic_library_finder(const basic_untyped_loader<System>& by) : by_(by) {}

    /// No digests apply to libraries that are compiled here, because nobody could know them in advance.
    allow_list<std::string> digests(driver::kind kind) const {
        const bool given = kind == driver::kind::library || kind == driver::kind::name;
        return given ? by_.options.policy.sha256 : allow_list<std::string>();
    }

    library_options options_for(driver::kind kind) const {
        return {by_.options.unload, by_.options.trust, by_.options.private_copy, digests(kind)};
    }

    /// Throws unless this program may load the plugin, and runs none of the library's code.
    void check(const found_library& found, const plugin_notes& host,
               const allow_list<std::string>& digests = {}) const {
        const library_file file(found.path, by_.options.trust);
        file.require_digest(digests);
        fitting_plugin(file.manifest(), file.path(), found.plugin, host);
    }

    /// The library that a driver means, after a build or a fetch.
    found_library locate(const driver& from, const plugin_notes& host) const {
        switch (from.what) {
        case driver::kind::name:
            return {search_path(by_.options, by_.built_ins)
                        .library(from.place, {host.type.name(), host.type.size()}),
                    from.place};
        case driver::kind::library:
            return {from.place, from.plugin};
        case driver::kind::directory:
            return {built(from, from.place, host), from.plugin};
        case driver::kind::repository: {
            const std::string directory = checked_out(from);
            const basic_hold<> hold(cache(by_.options.cache), directory, from.place);
            try {
                return {built(from, directory, host), from.plugin, directory};
            } catch (const error& e) {
                if (e.code() != errc::build_failed && e.code() != errc::not_found)
                    throw;
                std::string_view whole = directory;
                if (!from.subdirectory.empty())
                    whole.remove_suffix(from.subdirectory.size() + 1);
                checkout(std::string(whole)).throw_explained(e);
            }
        }
        }
        std::abort();
    }

    builder builder_for(const driver& from, int stop) const {
        return builder(
            {.compiler = by_.options.compiler,
             .flags = by_.options.flags,
             .builds_may_run_programs = by_.options.builds_may_run_programs,
             .fetched = from.what == driver::kind::repository,
             .target = from.target,
             .include = by_.options.include,
             .profile = by_.options.profile,
             .jobs = by_.options.jobs,
             .thorough = by_.options.thorough,
             .precompile = by_.options.precompile,
             .trust = by_.options.trust,
             .on_event = by_.options.on_event,
             .on_built = [to = by_.last_build](std::vector<diagnostic> said) { to->put(std::move(said)); },
             .limits = by_.options.limits,
             .timeout = by_.options.build_timeout.count(),
             .stop = stop},
            cache(by_.options.cache));
    }

private:
    std::string built(const driver& from, const std::string& directory, const plugin_notes& host) const {
        const build_stop stop(by_);
        const builder by = builder_for(from, stop.descriptor());
        if (by_.options.build == build_policy::never) {
            const std::optional<std::string> current = by.cached(directory, host.type);
            if (!current)
                throw build_needed(directory);
            note_use<>(*current);
            return *current;
        }
        const std::string path = by.library(directory, host.type, [&](const std::string& unpublished) {
            check({unpublished, from.plugin}, host);
        });
        note_use<>(path);
        return path;
    }

    std::string checked_out(const driver& from) const {
        const build_stop stop(by_);
        const basic_repository<> wanted(from, cache(by_.options.cache), by_.options.on_event,
                                        deadline(by_.options.limits, by_.options.fetch_timeout.count(),
                                                 stop.descriptor(), "options.fetch_timeout"),
                                        by_.options.policy, by_.options.trust);
        if (by_.options.build == build_policy::never) {
            if (std::optional<std::string> current = wanted.cached())
                return std::move(*current);
            throw build_needed(from.place);
        }
        return wanted.checkout();
    }

    const basic_untyped_loader<System>& by_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Finds the newest version of a watched plugin, with a copy of the loader as it was when the watch began.
template <class System = posix>
class basic_driver_source final : public plugin_source {
public:
    basic_driver_source(const basic_untyped_loader<System>& by, driver from, const plugin_notes& host)
        : cancelled_(by.options.stop), by_(by), from_(std::move(from)), host_(host) {
        // The program may change its current directory.
        if (from_.what == driver::kind::library || from_.what == driver::kind::directory)
            from_.place = absolute<>(from_.place);
        by_.options.stop = {};
        by_.cancelled = cancelled_.descriptor();
    }

    std::unique_ptr<plugin_code> newest(const std::function<bool(const std::string&)>& known) override {
        if (from_.what == driver::kind::name)
            if (const auto* built_in = by_.built_ins.find(from_.place, host_))
                return known("") ? nullptr : std::make_unique<plugin_code>(*built_in);
        return driver_attempt(from_, by_.options.cache).run([&]() -> std::unique_ptr<plugin_code> {
            const found_library found = finder_.locate(from_, host_);
            {
                const mutex_lock locked(mutex_);
                checked_out_ = found.sources;
            }
            const bool given = from_.what == driver::kind::library || from_.what == driver::kind::name;
            // The name of a library that is built here is a digest of all its inputs, and identifies it
            // also after another build.
            if (known(given ? identity(found.path) : found.path))
                return nullptr;
            library_options options = finder_.options_for(from_.what);
            options.private_copy = options.private_copy || (given && by_.options.reload.copy_libraries);
            return std::unique_ptr<plugin_code>(plugin_code::load(options, found.path, found.plugin, host_));
        });
    }

    std::vector<std::string> watched() const override {
        switch (from_.what) {
        case driver::kind::name:
            if (by_.built_ins.find(from_.place, host_))
                return {};
            return search_path(by_.options, by_.built_ins).candidates(from_.place);
        case driver::kind::library:
            return {from_.place};
        case driver::kind::directory:
            return finder_.builder_for(from_, -1).watched(from_.place, host_.type);
        case driver::kind::repository:
            return finder_.builder_for(from_, -1).watched(checked_out(), host_.type);
        }
        std::abort();
    }

    void cancel() noexcept override { cancelled_.raise(); }

private:
    std::string checked_out() const {
        const mutex_lock locked(mutex_);
        return checked_out_;
    }

    // Without the time of the inode's last change, which a chmod or another link sets too.
    static std::string identity(const std::string& path) {
        struct stat status;
        if (posix::stat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        const file_identity state(status);
        return path + ' ' + std::to_string(state.device) + ' ' + std::to_string(state.inode) + ' ' +
               std::to_string(state.size) + ' ' + std::to_string(state.modified);
    }

    stop_event cancelled_;
    basic_untyped_loader<System> by_;
    const basic_library_finder<System> finder_{by_};
    driver from_;
    const plugin_notes& host_;
    mutable pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    std::string checked_out_; // by newest(), in one thread or another
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

template <class System>
loader_options with_absolute_paths(loader_options options) {
    options.cache = cache::named(std::move(options.cache));
    options.compiler = basic_compiler<>::named(std::move(options.compiler));
    options.include = headers::named(std::move(options.include));
    const auto make_absolute = [](std::string& path) {
        if (!path.empty())
            path = absolute<>(path);
    };
    for (std::string& folder : options.search)
        make_absolute(folder);
    if (!options.policy.folders.anything()) {
        std::vector<std::string> folders = options.policy.folders.list();
        for (std::string& folder : folders)
            make_absolute(folder);
        options.policy.folders = std::move(folders);
    }
    if (options.policy.signed_by) {
        make_absolute(options.policy.signed_by->ssh);
        make_absolute(options.policy.signed_by->gpg);
    }
    return options;
}

template <class System>
basic_untyped_loader<System>::basic_untyped_loader(loader_options with)
    : options(with_absolute_paths<System>(std::move(with))), last_build(std::make_shared<build_log>()) {}

template <class System>
std::unique_ptr<plugin_code> basic_untyped_loader<System>::code(const std::string& text,
                                                                const plugin_notes& host) const {
    require_one_mode();
    const driver from = permitted_driver(text, options.policy);
    if (from.what == driver::kind::name)
        if (const auto* built_in = built_ins.find(from.place, host)) {
            trace("'", from.place, "' is built in");
            return std::make_unique<plugin_code>(*built_in);
        }
    return driver_attempt(from, options.cache).run([&] {
        const basic_library_finder<System> finder(*this);
        const found_library found = finder.locate(from, host);
        return std::unique_ptr<plugin_code>(
            plugin_code::load(finder.options_for(from.what), found.path, found.plugin, host));
    });
}

template <class System>
std::unique_ptr<plugin_source> basic_untyped_loader<System>::source(const std::string& text,
                                                                    const plugin_notes& host) const {
    require_one_mode();
    return std::make_unique<basic_driver_source<System>>(*this, permitted_driver(text, options.policy), host);
}

template <class System>
std::string basic_untyped_loader<System>::prepared(const std::string& text, const plugin_notes& host) const {
    const driver from = permitted_driver(text, options.policy);
    if (from.what == driver::kind::name && built_ins.find(from.place, host))
        return "";
    return driver_attempt(from, options.cache).run([&] {
        const basic_library_finder<System> finder(*this);
        const found_library found = finder.locate(from, host);
        finder.check(found, host, finder.digests(from.what));
        return found.path;
    });
}

template <class System>
std::unique_ptr<plugin_code> code_by_default(const std::string& text, const plugin_notes& host) {
    return basic_untyped_loader<System>({}).code(text, host);
}

template <class System>
std::vector<diagnostic> basic_untyped_loader<System>::diagnostics() const {
    return last_build->get();
}

#ifdef TENON_SEPARATE
template struct basic_untyped_loader<posix>;
template std::unique_ptr<plugin_code> code_by_default<posix>(const std::string&, const plugin_notes&);
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif

#ifndef TENON_DETAIL_LOAD_REGISTRY_DEFINITIONS_HPP
#define TENON_DETAIL_LOAD_REGISTRY_DEFINITIONS_HPP

#include <string>
#include <string_view>
#include <vector>



namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

inline error two_built_ins(std::string_view type, std::string_view name, std::string_view version,
                           std::string_view other_version) {
    return {errc::ambiguous, concatenated({"this program has two built-in plugins of type '", type,
                                           "' named '", name, "', versions ", version, " and ", other_version,
                                           "; give one of them another name"})};
}

inline error built_in_misfit(std::string_view name, std::string_view type, std::string_view host,
                             std::string_view plugin) {
    return {errc::misfit, concatenated({"the built-in plugin '", name, "' of type '", type, "' implements '",
                                        plugin, "', and '", host,
                                        "' was asked for; give one of the interfaces another type name"})};
}

// Two interfaces of one program may use the same type name.
inline void require_same_interface(const exported<>& entry, note_address asked) {
    const std::string_view host = note_at(asked).text(), plugin = note_at(entry.interface).text();
    if (host != plugin)
        throw built_in_misfit(entry.name, entry.type, readable(host), readable(plugin));
}

} // namespace TENON_OWN
} // namespace detail

TENON_INLINE registry::registry() {
    for (const auto* exported = __start_tenon_exports; exported != __stop_tenon_exports; ++exported)
        insert(*exported);
}

TENON_INLINE std::vector<registry::built_in> registry::list() const {
    std::vector<built_in> all;
    for (const auto& [key, entry] : entries_)
        all.push_back({entry.type, entry.name, entry.version});
    return all;
}

TENON_INLINE std::vector<std::string> registry::names(std::string_view type) const {
    std::vector<std::string> all;
    for (auto next = entries_.lower_bound({type, {}}); next != entries_.end() && next->first.first == type;
         ++next)
        all.emplace_back(next->first.second);
    return all;
}

TENON_INLINE const detail::exported<>* registry::find(std::string_view name,
                                                      const detail::plugin_notes& asked) const {
    const auto found = entries_.find({std::string_view(asked.type.name(), asked.type.size()), name});
    if (found == entries_.end())
        return nullptr;
    detail::require_same_interface(found->second, asked.interface);
    return &found->second;
}

TENON_INLINE void registry::insert(const detail::exported<>& entry) {
    const auto [place, inserted] = entries_.insert({{entry.type, entry.name}, entry});
    if (!inserted)
        throw detail::two_built_ins(entry.type, entry.name, place->second.version, entry.version);
}

} // namespace tenon::inline v1

#endif

#ifndef TENON_DETAIL_LIBRARY_MANIFEST_READER_HPP
#define TENON_DETAIL_LIBRARY_MANIFEST_READER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>



namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

inline constexpr std::string_view note_owner{"tenon", 6}; // as notes have it, with its NUL

inline error other_format(const std::string& path, unsigned found, unsigned known) {
    return {errc::malformed_note,
            concatenated({"the manifest in '", path, "' has format ", std::to_string(found),
                          ", and this program reads format ", std::to_string(known),
                          "; compile both with the same version of tenon"}),
            path};
}

inline error two_plugins(const std::string& path, std::string_view type, std::string_view name,
                         std::string_view version, std::string_view other_version) {
    return {errc::ambiguous,
            concatenated({"'", path, "' has two plugins of type '", type, "' named '", name, "', versions ",
                          version, " and ", other_version, "; give one of them another name"}),
            path};
}

/// Reads the plugins out of a library's notes. The texts of the result are views into these.
class manifest_reader {
public:
    manifest_reader(const std::vector<note_range>& ranges, const std::string& path)
        : ranges_(ranges), path_(path) {}

    std::vector<manifest::plugin> read() {
        std::size_t bytes = 0, places = 0;
        for (const note_range& range : ranges_)
            bytes += range.bytes.size();
        std::vector<waiting> plugin_notes;
        for (const note_range& range : ranges_) {
            std::string_view rest = range.bytes;
            for (elf_note note; take_note(rest, note);) {
                if (note.owner != note_owner)
                    continue;
                note_reader reader(note.description);
                if (note.kind == static_cast<std::uint32_t>(note_kind::plugin)) {
                    const auto format = reader.word<std::uint32_t>();
                    if (!reader.failed() && format != note_format)
                        throw other_format(path_, format, note_format);
                    const auto key = reader.word<note_key>();
                    plugin_notes.push_back({key, reader});
                    continue;
                }
                if (!known_kind(note.kind))
                    continue;
                const auto key = reader.word<note_key>();
                if (reader.failed())
                    throw malformed_note(path_, "a note of kind " + std::to_string(note.kind) + " has " +
                                                    std::to_string(note.description.size()) + " bytes");
                plugin_abi& abi = abi_of(key);
                places -= abi.methods.size();
                if (!add_note(abi, static_cast<note_kind>(note.kind), reader))
                    throw malformed_note(
                        path_, "two notes about one interface contradict each other, or one is damaged");
                places += abi.methods.size();
                constexpr std::size_t least = 32; // of the bytes that name a method
                if (places > bytes / least)
                    throw malformed_note(path_, "it has places for more methods than it names");
                limit(abis_.size(), "interfaces");
                limit(abi.types.size(), "types of one interface");
            }
            if (rest.find(note_owner) != rest.npos)
                throw malformed_note(path_, "a note of it ends past the end of all notes");
        }
        limit(plugin_notes.size(), "plugins");
        plugins_.reserve(plugin_notes.size());
        for (waiting& block : plugin_notes) {
            bool last = true; // of those with these types
            for (const waiting* other = &block + 1; other != plugin_notes.data() + plugin_notes.size();
                 ++other)
                last = last && other->key != block.key;
            plugin_abi& known = abi_of(block.key);
            manifest::plugin read;
            static_cast<interface_abi&>(read.abi) = known;
            read.abi.factory = known.factory;
            read.abi.state = known.state;
            read.abi.types = last ? std::move(known.types) : known.types;
            read_slots(read.abi, block.rest);
            read_texts(std::move(read), block.rest);
        }
        return std::move(plugins_);
    }

private:
    // The two words that identify the interface of a note. They are only compared.
    using note_key = std::uint64_t;

    struct keyed {
        note_key key;
        plugin_abi abi;
    };

    // Notes of a plugin that are read later: the number of its slots follows from its methods.
    struct waiting {
        note_key key;
        note_reader rest;
    };

    // More than any real library has. The bound matters because each note is compared with every other.
    static constexpr std::size_t most = 1000;

    // Copies at most one method for each slot in the note, so that all copies together are no larger than the
    // file.
    void read_slots(plugin_abi& into, note_reader& from) {
        if (!add_slots(into, from, from.word<std::uint32_t>()))
            throw malformed_note(path_, "a plugin's note does not go with its methods' notes");
        while (const auto count = from.word<std::uint32_t>()) {
            const auto key = from.word<note_key>();
            const auto properties = from.word<std::uint32_t>();
            const plugin_abi& known = abi_of(key);
            if (count != known.methods.size() + 1)
                throw malformed_note(
                    path_, "a plugin's note does not go with the notes of an interface that it reaches");
            interface_abi reached = known;
            reached.has_destructor = properties & has_destructor_slots;
            if (!add_slots(reached, from, count) || !sound(reached))
                throw malformed_note(path_,
                                     "what a plugin's note says of an interface that it reaches is damaged");
            into.reached.push_back(std::move(reached));
            limit(into.reached.size(), "interfaces that one reaches");
        }
    }

    static bool sound(const interface_abi& read) {
        bool named = !read.interface.empty();
        for (const interface_abi::method& method : read.methods)
            named = named && !method.name.empty();
        return named;
    }

    void limit(std::size_t count, const char* of_what) const {
        if (count > most)
            throw malformed_note(path_, "it has more than " + std::to_string(most) + " " + of_what);
    }

    void read_texts(manifest::plugin read, note_reader& from) {
        read.type = from.text();
        read.name = from.text();
        read.version = from.text();
        read.toolchain = from.text();
        bool whole = !from.failed() && well_named(read.type) && well_named(read.name) &&
                     !read.version.empty() && sound(read.abi);
        for (const char c : read.version)
            whole = whole && c > ' ' && c <= '~';
        if (read.toolchain != toolchain)
            for (const char c : read.toolchain) // which a refusal shows
                whole = whole && (c == '\n' || (c >= ' ' && c <= '~'));
        if (!whole)
            throw malformed_note(path_, "a plugin's note is damaged");
        for (const manifest::plugin& other : plugins_)
            if (other.type == read.type && other.name == read.name)
                throw two_plugins(path_, read.type, read.name, other.version, read.version);
        plugins_.push_back(std::move(read));
    }

    plugin_abi& abi_of(note_key key) {
        for (keyed& known : abis_)
            if (known.key == key)
                return known.abi;
        abis_.push_back({key, {}});
        return abis_.back().abi;
    }

    const std::vector<note_range>& ranges_;
    const std::string& path_;
    std::vector<keyed> abis_;
    std::vector<manifest::plugin> plugins_;
};

} // namespace TENON_OWN
} // namespace detail

TENON_INLINE std::string manifest::plugin::description() const {
    return detail::described(abi);
}

TENON_INLINE std::string manifest::plugin::incompleteness() const {
    return detail::incompleteness(abi);
}

TENON_INLINE manifest::manifest(std::vector<detail::note_range> ranges, const std::string& path)
    : ranges_(std::move(ranges)), plugins_(detail::manifest_reader(ranges_, path).read()) {}

template <class System>
manifest manifest::opened(const std::string& path) {
    // Without O_NONBLOCK, opening a pipe without a writer would block.
    const detail::basic_file<System> file(path, O_RDONLY | O_NONBLOCK);
    return of<System>(file.descriptor(), path);
}

template <class System>
manifest manifest::of(int fd, const std::string& path) {
    return manifest(detail::elf_reader<System>(fd, path).notes(detail::note_owner), path);
}

template <class System>
manifest manifest::of_loadable(int fd, const struct stat& status, const std::string& path) {
    return of_loadable(detail::elf_reader<System>(fd, status, path), path);
}

template <class System>
manifest manifest::of_loadable(const detail::elf_reader<System>& file, const std::string& path) {
    file.require_loadable();
    return manifest(file.notes(detail::note_owner), path);
}

#ifdef TENON_SEPARATE
template manifest manifest::of<detail::posix>(int, const std::string&);
template manifest manifest::opened<detail::posix>(const std::string&);
#endif

} // namespace tenon::inline v1

#endif

#endif // TENON_DEFINITIONS

#endif
