// SPDX-License-Identifier: MIT
#ifndef TENON_PLUGIN_HPP
#define TENON_PLUGIN_HPP

#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>
#include <tenon/export.hpp>
#include <tenon/interface.hpp>
#include <tenon/options.hpp>

#include <tenon/detail/interface/factory.hpp>
#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/library/plugin_object.hpp>
#include <tenon/detail/system/path_like.hpp>

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

#ifdef TENON_DEFINITIONS
#include <tenon/detail/library/plugin_code_definitions.hpp>
#endif

#endif
