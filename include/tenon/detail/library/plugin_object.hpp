// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_PLUGIN_OBJECT_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_OBJECT_HPP

#include <tenon/export.hpp>
#include <tenon/hooks.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/interface/factory.hpp>
#include <tenon/detail/library/plugin_code.hpp>

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
