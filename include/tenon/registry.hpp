// SPDX-License-Identifier: MIT
#ifndef TENON_REGISTRY_HPP
#define TENON_REGISTRY_HPP

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/export.hpp>

#include <tenon/detail/interface/note_addresses.hpp>

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

#ifdef TENON_DEFINITIONS
#include <tenon/detail/load/registry_definitions.hpp>
#endif

#endif
