// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_INTERFACE_FACTORY_HPP
#define TENON_DETAIL_INTERFACE_FACTORY_HPP

#include <tenon/interface.hpp>

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
