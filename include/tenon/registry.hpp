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

#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/mangled_name.hpp>

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

} // namespace TENON_OWN
} // namespace detail

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

    registry() {
        for (const auto* exported = __start_tenon_exports; exported != __stop_tenon_exports; ++exported)
            insert(*exported);
    }

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
    std::vector<built_in> list() const {
        std::vector<built_in> all;
        for (const auto& [key, entry] : entries_)
            all.push_back({entry.type, entry.name, entry.version});
        return all;
    }

    /// The names of one plugin type's built-ins.
    std::vector<std::string> names(std::string_view type) const {
        std::vector<std::string> all;
        for (auto next = entries_.lower_bound({type, {}});
             next != entries_.end() && next->first.first == type; ++next)
            all.emplace_back(next->first.second);
        return all;
    }

    /// The built-in `name` of plugin type T, or null if there is none that was compiled against this T.
    template <class T>
    const detail::exported<>* find(std::string_view name) const {
        const auto found = entries_.find({std::string_view(T::type.name(), T::type.size()), name});
        if (found == entries_.end())
            return nullptr;
        check<T>(found->second);
        return &found->second;
    }

private:
    void insert(const detail::exported<>& entry) {
        const auto [place, inserted] = entries_.insert({{entry.type, entry.name}, entry});
        if (!inserted)
            throw detail::two_built_ins(entry.type, entry.name, place->second.version, entry.version);
    }

    // Two interfaces of one program may use the same type name.
    template <class T>
    static void check(const detail::exported<>& entry) {
        detail::note_reader theirs = detail::note_at(entry.interface);
        const std::string_view interface = theirs.text();
        if (const detail::plugin_abi& ours = detail::abi_here<T>(); ours.interface != interface)
            throw detail::built_in_misfit(entry.name, entry.type, detail::readable(ours.interface),
                                          detail::readable(interface));
    }

    // The keys are views into the texts of the values.
    std::map<std::pair<std::string_view, std::string_view>, detail::exported<>> entries_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif
