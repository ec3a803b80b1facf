// SPDX-License-Identifier: MIT
#ifndef TENON_HOOKS_HPP
#define TENON_HOOKS_HPP

#include <type_traits>

#include <tenon/interface.hpp>

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
