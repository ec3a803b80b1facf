// SPDX-License-Identifier: MIT
#ifndef TENON_PLUGIN_HPP
#define TENON_PLUGIN_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/export.hpp>
#include <tenon/fit.hpp>
#include <tenon/interface.hpp>
#include <tenon/library.hpp>
#include <tenon/library_file.hpp>
#include <tenon/path.hpp>

namespace tenon::inline v1 {

/// What a handle's plugin is.
struct plugin_info {
    std::string type, name, version;
    std::string path; ///< of its library; empty for a built-in
};

namespace detail {

/// Where a plugin's object came from, and what keeps its code.
struct origin {
    plugin_info info;
    std::optional<library> code;
};

template <class Arguments, class... A>
inline constexpr bool takes_arguments_v = false;
template <class... Parameter, class... A>
inline constexpr bool takes_arguments_v<list<Parameter...>, A...> =
    requires(void (*create)(Parameter...), A&&... arguments) { create(static_cast<A&&>(arguments)...); };

} // namespace detail

/// Arguments that T's factory takes.
template <class T, class... A>
concept arguments_of_the_factory = detail::takes_arguments_v<detail::factory_arguments<T>, A...>;

/// A plugin of type T: the object, and a share of the library with its code.
///
///     tenon::plugin<user_provider> users{"./libpasswd.so", settings};
///     users->get_user("root");
///     tenon::plugin<user_provider> ldap{"./libmany.so#ldap", settings};   // one of several in a library
///
/// A path without a folder is a file in the current one. The library is checked before any of its code runs. Throws `error`
/// where it cannot be loaded, is not trusted or does not fit, and what the plugin's constructor throws.
///
/// A call costs what a virtual call costs. What the object gave out and has code of the plugin's dangles once the handle
/// is gone: references to it, exceptions of the plugin's own types, string literals. A handle may be used by one thread at a time,
/// or by as many as the object allows through `const` access to the handle; different handles are independent.
template <class T>
class plugin {
    static_assert(detail::explain_interface<T>());

public:
    /// Holds nothing.
    plugin() noexcept = default;

    template <path_like P, class... A>
        requires arguments_of_the_factory<T, A...>
    explicit plugin(const P& path, A&&... arguments) : plugin(library_options{}, path, static_cast<A&&>(arguments)...) {}

    /// The same with options: `tenon::plugin<greeter> hello{tenon::library_options{.private_copy = true}, "./libhello.so"};`
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
        *this = from_library(options, std::move(file), name, static_cast<A&&>(arguments)...);
    }

    /// A plugin of a library, chosen by its name; its only one where the name is empty.
    template <class... A>
        requires arguments_of_the_factory<T, A...>
    static plugin from_library(const library_options& options, std::string path, std::string_view name, A&&... arguments) {
        holder made{loaded(options, std::move(path), name)};
        const detail::exported<>& chosen = entry(*made.origin);
        return made.with(create(chosen, static_cast<A&&>(arguments)...));
    }

    /// A plugin that is part of the program, out of its `registry`.
    template <class... A>
        requires arguments_of_the_factory<T, A...>
    static plugin from_built_in(const detail::exported<>& built_in, A&&... arguments) {
        holder made{new detail::origin{{built_in.type, built_in.name, built_in.version, ""}, {}}};
        return made.with(create(built_in, static_cast<A&&>(arguments)...));
    }

    plugin(plugin&& other) noexcept
        : object_(std::exchange(other.object_, nullptr)), origin_(std::exchange(other.origin_, nullptr)) {}
    plugin& operator=(plugin&& other) noexcept {
        plugin old(std::move(*this));
        object_ = std::exchange(other.object_, nullptr);
        origin_ = std::exchange(other.origin_, nullptr);
        return *this;
    }
    ~plugin() {
        delete object_;
        delete origin_;
    }

    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

    /// Of a handle that holds something.
    const plugin_info& info() const noexcept { return origin_->info; }

    /// Destroys the object, lets go of the library, and says what became of its code. The handle holds nothing afterwards.
    unloaded close() {
        delete std::exchange(object_, nullptr);
        const holder closing{std::exchange(origin_, nullptr)};
        if (!closing.origin)
            return {unloaded::state::unmapped, ""};
        if (!closing.origin->code)
            return {unloaded::state::pinned, "'" + closing.origin->info.name + "' stays in memory: it is built into this program"};
        return closing.origin->code->close();
    }

private:
    // Frees the origin, and with it the library, unless an object could be made.
    struct holder {
        detail::origin* origin;

        ~holder() { delete origin; }
        plugin with(T* object) noexcept {
            plugin made;
            made.object_ = object;
            made.origin_ = std::exchange(origin, nullptr);
            return made;
        }
    };

    template <class Arguments>
    struct creating;
    template <class... Parameter>
    struct creating<detail::list<Parameter...>> {
        using function = T*(Parameter...);
    };

    template <class... A>
    static T* create(const detail::exported<>& entry, A&&... arguments) {
        using function = typename creating<detail::factory_arguments<T>>::function;
        return reinterpret_cast<function*>(entry.create)(static_cast<A&&>(arguments)...);
    }

    // A file that is replaced while it is being loaded is an error only if that goes on.
    static detail::origin* loaded(const library_options& options, std::string path, std::string_view name) {
        for (int tries = 5;; --tries)
            try {
                return loaded_once(options, path, name);
            } catch (const error& e) {
                if (e.code() != errc::changed || tries == 1)
                    throw;
            }
    }

    static detail::origin* loaded_once(const library_options& options, const std::string& path, std::string_view name) {
        const std::string_view type(T::type.name(), T::type.size());
        const detail::shape& host = detail::expected_shape<T>();
        const detail::library_file file(path, options.trust);
        const auto& chosen = detail::fitting_plugin(file.manifest(), path, type, name, host);
        holder made{new detail::origin{{std::string(type), std::string(chosen.name), std::string(chosen.version), path}, {}}};
        made.origin->code.emplace(file, options);
        return std::exchange(made.origin, nullptr);
    }

    static const detail::exported<>& entry(const detail::origin& of) {
        using table = tenon_exports_v1_range();
        if (const auto all = reinterpret_cast<table*>(of.code->symbol("tenon_exports_v1"))) {
            const auto [begin, end] = all();
            for (const auto* each = begin; each != end; ++each)
                if (each->type == of.info.type && each->name == of.info.name)
                    return *each;
        }
        throw error::export_table(of.info.path, of.info.name);
    }

    T* object_ = nullptr;
    detail::origin* origin_ = nullptr;
};

} // namespace tenon::inline v1

#endif
