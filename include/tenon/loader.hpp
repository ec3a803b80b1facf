// SPDX-License-Identifier: MIT
#ifndef TENON_LOADER_HPP
#define TENON_LOADER_HPP

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/live.hpp>
#include <tenon/loader_options.hpp>
#include <tenon/plugin.hpp>
#include <tenon/registry.hpp>

#include <tenon/detail/interface/factory.hpp>
#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/library/plugin_object.hpp>
#include <tenon/detail/load/untyped_loader.hpp>
#include <tenon/detail/reload/plugin_source.hpp>
#include <tenon/detail/system/path_like.hpp>

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

#ifdef TENON_DEFINITIONS
#include <tenon/detail/load/untyped_loader_definitions.hpp>
#endif

#endif
