// SPDX-License-Identifier: MIT
#ifndef TENON_HOOKS_HPP
#define TENON_HOOKS_HPP

#include <type_traits>

#include <tenon/interface.hpp>

// What a plugin's class may offer beside its interface, by having functions of these names. A name that the interface itself
// has means what the interface says, and is no hook.
//
//   void start()           after construction, when nothing of the system's loader is held any more: the place for threads
//   void stop() noexcept   before destruction, where start() has returned: the place to end them
//   void quiesce()         before the next version is made: lets go of what only one can have, such as a port or a lock
//   void resume()          takes it back, where the next version came to nothing
//   state save()           what the next version starts from, of the interface's `using state = ...`
//   void restore(state)    in the next version, between its construction and its start()

namespace tenon::inline v1 {

template <class P, class T>
concept starts = requires(P& plugin) { plugin.start(); } && !requires(T& interface) { interface.start(); };

template <class P, class T>
concept stops = requires(P& plugin) { plugin.stop(); } && !requires(T& interface) { interface.stop(); };

template <class P, class T>
concept stops_without_exceptions = !stops<P, T> || requires(P& plugin) { { plugin.stop() } noexcept; };

template <class P, class T>
concept quiesces = requires(P& plugin) { plugin.quiesce(); } && !requires(T& interface) { interface.quiesce(); };

template <class P, class T>
concept resumes = requires(P& plugin) { plugin.resume(); } && !requires(T& interface) { interface.resume(); };

template <class P, class T>
concept saves_state = requires(P& plugin) { requires std::is_convertible_v<decltype(plugin.save()), typename T::state>; } &&
                      !requires(T& interface) { interface.save(); };

template <class P, class T>
concept restores_state =
    requires(P& plugin, typename T::state&& saved) { plugin.restore(static_cast<typename T::state&&>(saved)); } &&
    !requires(T& interface, typename T::state&& saved) { interface.restore(static_cast<typename T::state&&>(saved)); };

/// What hooks a class has are those that belong together.
template <class P, class T>
concept has_whole_hooks =
    stops_without_exceptions<P, T> && quiesces<P, T> == resumes<P, T> && saves_state<P, T> == restores_state<P, T>;

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
    hooks<T> made;
    if constexpr (starts<P, T>)
        made.start = [](T* object) { detail::implementation<P>(object).start(); };
    if constexpr (stops<P, T>)
        made.stop = [](T* object) { detail::implementation<P>(object).stop(); };
    if constexpr (quiesces<P, T> && resumes<P, T>) {
        made.quiesce = [](T* object) { detail::implementation<P>(object).quiesce(); };
        made.resume = [](T* object) { detail::implementation<P>(object).resume(); };
    }
    if constexpr (saves_state<P, T> && restores_state<P, T>) {
        made.save = [](T* object) -> typename T::state { return detail::implementation<P>(object).save(); };
        made.restore = [](T* object, typename T::state&& saved) {
            detail::implementation<P>(object).restore(static_cast<typename T::state&&>(saved));
        };
    }
    return made;
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
