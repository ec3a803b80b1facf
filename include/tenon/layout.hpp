// SPDX-License-Identifier: MIT
#ifndef TENON_LAYOUT_HPP
#define TENON_LAYOUT_HPP

#include <cstddef>
#include <type_traits>

#include <tenon/version.hpp>

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
