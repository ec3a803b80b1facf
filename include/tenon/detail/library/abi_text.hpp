// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_ABI_TEXT_HPP
#define TENON_DETAIL_LIBRARY_ABI_TEXT_HPP

#include <string>

#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/completeness.hpp>
#include <tenon/detail/library/mangled_name.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline std::string described(const plugin_abi::method& method) {
    return readable(method.signature) + ", slot " +
           (method.slot == no_slot ? "none" : std::to_string(method.slot));
}

inline std::string described(const plugin_abi::type& type) {
    if (type.size == 0)
        return "incomplete";
    std::string text = "size " + std::to_string(type.size) + ", alignment " + std::to_string(type.alignment);
    if (type.version)
        text += ", stated version " + std::to_string(type.version);
    const std::string fields = readable_list(type.fields);
    return fields.empty() ? text : text + ": " + fields;
}

inline std::string described_methods(const interface_abi& abi) {
    std::string lines;
    for (const auto& method : abi.methods)
        lines += "    " + readable_method(method.name) + ": " + described(method) + "\n";
    return lines + "    destructor: " + destructor_slots(abi) + "\n";
}

/// An interface and all that crosses it, as lines.
inline std::string described(const plugin_abi& plugin) {
    std::string lines = "  interface " + readable(plugin.interface) + "\n  made from (" +
                        readable_list(plugin.factory) + ")\n  methods\n" + described_methods(plugin);
    for (const interface_abi& reached : plugin.reached)
        lines += "  reaches " + readable(reached.interface) + "\n" + described_methods(reached);
    lines += "  types\n";
    for (const auto& type : plugin.types)
        lines += "    " + readable(type.name) + ": " + described(type) + "\n";
    return lines;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
