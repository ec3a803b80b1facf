// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_REGISTRY_DEFINITIONS_HPP
#define TENON_DETAIL_LOAD_REGISTRY_DEFINITIONS_HPP

#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/export.hpp>
#include <tenon/registry.hpp>

#include <tenon/detail/interface/note_addresses.hpp>
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

// Two interfaces of one program may use the same type name.
inline void require_same_interface(const exported<>& entry, note_address asked) {
    const std::string_view host = note_at(asked).text(), plugin = note_at(entry.interface).text();
    if (host != plugin)
        throw built_in_misfit(entry.name, entry.type, readable(host), readable(plugin));
}

} // namespace TENON_OWN
} // namespace detail

TENON_INLINE registry::registry() {
    for (const auto* exported = __start_tenon_exports; exported != __stop_tenon_exports; ++exported)
        insert(*exported);
}

TENON_INLINE std::vector<registry::built_in> registry::list() const {
    std::vector<built_in> all;
    for (const auto& [key, entry] : entries_)
        all.push_back({entry.type, entry.name, entry.version});
    return all;
}

TENON_INLINE std::vector<std::string> registry::names(std::string_view type) const {
    std::vector<std::string> all;
    for (auto next = entries_.lower_bound({type, {}}); next != entries_.end() && next->first.first == type;
         ++next)
        all.emplace_back(next->first.second);
    return all;
}

TENON_INLINE const detail::exported<>* registry::find(std::string_view name,
                                                      const detail::plugin_notes& asked) const {
    const auto found = entries_.find({std::string_view(asked.type.name(), asked.type.size()), name});
    if (found == entries_.end())
        return nullptr;
    detail::require_same_interface(found->second, asked.interface);
    return &found->second;
}

TENON_INLINE void registry::insert(const detail::exported<>& entry) {
    const auto [place, inserted] = entries_.insert({{entry.type, entry.name}, entry});
    if (!inserted)
        throw detail::two_built_ins(entry.type, entry.name, place->second.version, entry.version);
}

} // namespace tenon::inline v1

#endif
