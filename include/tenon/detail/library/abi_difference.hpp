// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_ABI_DIFFERENCE_HPP
#define TENON_DETAIL_LIBRARY_ABI_DIFFERENCE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/abi_text.hpp>
#include <tenon/detail/library/completeness.hpp>
#include <tenon/detail/library/mangled_name.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline const plugin_abi::type* find_type(const plugin_abi& in, std::string_view name, std::size_t likely) {
    if (likely < in.types.size() && in.types[likely].name == name)
        return &in.types[likely];
    for (const auto& type : in.types)
        if (type.name == name)
            return &type;
    return nullptr;
}

// True if one side knows only the name of the type, because then there is nothing to compare.
inline bool same_layout(const plugin_abi::type& a, const plugin_abi::type& b) {
    return a.size == 0 || b.size == 0 || a == b;
}

inline const interface_abi* find_interface(const plugin_abi& in, std::string_view name, std::size_t likely) {
    if (likely < in.reached.size() && in.reached[likely].interface == name)
        return &in.reached[likely];
    for (const auto& reached : in.reached)
        if (reached.interface == name)
            return &reached;
    return nullptr;
}

inline bool same_functions(const interface_abi& a, const interface_abi& b) {
    return a.slots == b.slots && a.has_destructor == b.has_destructor && a.methods == b.methods;
}

// True if a side knows the layout of a type.
inline bool known_in(const plugin_abi& in, std::string_view name) {
    const plugin_abi::type* type = find_type(in, name, 0);
    return type && type->size != 0;
}

inline void differ(std::string& into, std::string_view part, std::string_view host, std::string_view plugin) {
    into.append("  ")
        .append(part)
        .append("\n    host:   ")
        .append(host)
        .append("\n    plugin: ")
        .append(plugin)
        .append("\n");
}

/// The methods of one interface on both sides, in matching pairs.
class matched_methods {
public:
    matched_methods(const interface_abi& host, const interface_abi& plugin) : host_(host), plugin_(plugin) {
        for (const auto& method : host.methods)
            names_.push_back(readable_method(method.name));
        for (const auto& method : plugin.methods)
            theirs_.push_back(readable_method(method.name));
        used_.assign(theirs_.size(), '\0');
    }

    /// Appends how the host's methods differ from the plugin's, each name after `prefix`.
    void say_differences(std::string& text, const std::string& prefix) {
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const std::string name = prefix + names_[i];
            const std::size_t match = match_of(i);
            if (match == theirs_.size()) {
                differ(text, name, described(host_.methods[i]), "not there");
                continue;
            }
            used_[match] = 'x';
            const auto &ours = host_.methods[i], &theirs = plugin_.methods[match];
            if (ours.signature != theirs.signature || ours.slot != theirs.slot)
                differ(text, name, described(ours), described(theirs));
            else if (host_.interface == plugin_.interface && ours.name != theirs.name)
                differ(text, name, "of " + readable_owner(ours.name), "of " + readable_owner(theirs.name));
            else if (match != i)
                differ(text, name, "place " + std::to_string(i) + " in `methods`",
                       "place " + std::to_string(match));
        }
        if (const std::string ours = destructor_slots(host_), theirs = destructor_slots(plugin_);
            ours != theirs)
            differ(text, prefix + "destructor", ours, theirs);
    }
    /// Appends the methods that only the plugin has. Call `say_differences` first.
    void say_added(std::string& text, const std::string& prefix) const {
        for (std::size_t i = 0; i < theirs_.size(); ++i)
            if (!used_[i])
                differ(text, prefix + theirs_[i], "not there", described(plugin_.methods[i]));
    }

private:
    // Among overloads of one name, the match is the one with the same signature, else the one in the same
    // place, else the first.
    std::size_t match_of(std::size_t i) const {
        std::size_t match = theirs_.size();
        for (std::size_t j = 0; j < theirs_.size(); ++j) {
            if (used_[j] || theirs_[j] != names_[i])
                continue;
            const bool exact = plugin_.methods[j].signature == host_.methods[i].signature;
            if (match == theirs_.size() || exact ||
                (j == i && plugin_.methods[match].signature != host_.methods[i].signature))
                match = j;
            if (exact)
                break;
        }
        return match;
    }

    const interface_abi &host_, &plugin_;
    std::vector<std::string> names_, theirs_;
    std::string used_;
};

// Appends how a reached interface differs.
inline void say_differences(std::string& text, const interface_abi& host, const interface_abi& plugin) {
    if (same_functions(host, plugin))
        return;
    const std::string name = readable(host.interface), before = text;
    matched_methods methods(host, plugin);
    methods.say_differences(text, name + "::");
    methods.say_added(text, name + "::");
    if (text == before)
        differ(text, name, std::to_string(host.slots) + " slots in its virtual table",
               std::to_string(plugin.slots) + " slots");
}

// Appends how reached interfaces differ. Either side may call one, so both must have the same. A side that
// knows only the name cannot call it.
inline void say_interface_differences(std::string& text, const plugin_abi& host, const plugin_abi& plugin) {
    constexpr std::string_view called = "an interface with `methods`", other = "a type without `methods`";
    for (std::size_t i = 0; i < host.reached.size(); ++i) {
        const interface_abi& ours = host.reached[i];
        if (const interface_abi* theirs = find_interface(plugin, ours.interface, i))
            say_differences(text, ours, *theirs);
        else if (known_in(plugin, ours.interface))
            differ(text, readable(ours.interface), called, other);
    }
    for (std::size_t i = 0; i < plugin.reached.size(); ++i)
        if (const std::string_view name = plugin.reached[i].interface;
            !find_interface(host, name, i) && known_in(host, name))
            differ(text, readable(name), other, called);
}

/// True if a host compiled with `host` may use a plugin compiled with `plugin`: the plugin has every method
/// of the host with the same signature, slot and layouts, and every reached interface is the same. Further
/// methods of the plugin do not matter.
inline bool fits(const plugin_abi& host, const plugin_abi& plugin) {
    if (host.interface != plugin.interface || host.factory != plugin.factory || host.state != plugin.state ||
        host.methods.size() > plugin.methods.size())
        return false;
    for (std::size_t i = 0; i < host.methods.size(); ++i)
        if (host.methods[i] != plugin.methods[i])
            return false;
    // The host calls the destructor too. With as many slots and the same methods, its slots are the same.
    if (host.slots != plugin.slots && destructor_slots(host) != destructor_slots(plugin))
        return false;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const plugin_abi::type* theirs = find_type(plugin, host.types[i].name, i);
        if (!theirs || !same_layout(host.types[i], *theirs))
            return false;
    }
    std::string different;
    say_interface_differences(different, host, plugin);
    return different.empty();
}

/// All differences, one a line, each with the host's side and the plugin's.
inline std::string differences(const plugin_abi& host, const plugin_abi& plugin) {
    std::string text;
    if (host.interface != plugin.interface)
        differ(text, "interface", readable(host.interface), readable(plugin.interface));
    if (host.factory != plugin.factory)
        differ(text, "factory", "(" + readable_list(host.factory) + ")",
               "(" + readable_list(plugin.factory) + ")");
    if (host.state != plugin.state)
        differ(text, "state", readable_state(host.state), readable_state(plugin.state));
    matched_methods(host, plugin).say_differences(text, {});
    say_interface_differences(text, host, plugin);
    std::string absent;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const plugin_abi::type& type = host.types[i];
        const plugin_abi::type* theirs = find_type(plugin, type.name, i);
        if (!theirs)
            differ(absent, readable(type.name), described(type), "not there");
        else if (!same_layout(type, *theirs))
            differ(text, readable(type.name), described(type), described(*theirs));
    }
    // A type that is absent follows from another difference. If that was reported, the type adds nothing.
    return text.empty() ? absent : text;
}

/// The settings that keep a plugin of one toolchain out of a host of another, one a line; empty if there are
/// none.
inline std::string toolchain_differences(std::string_view host, std::string_view plugin) {
    std::string text;
    const auto value = [](std::string_view in, std::string_view key) -> std::string_view {
        while (!in.empty()) {
            const std::string_view line = take_line(in);
            if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == '=')
                return line.substr(key.size() + 1);
        }
        return "not stated";
    };
    for (std::string_view rest = host; !rest.empty();) {
        const std::string_view line = take_line(rest);
        const std::string_view key = line.substr(0, line.find('='));
        const std::string_view ours = value(host, key), theirs = value(plugin, key);
        // A plain plugin runs in a host with a sanitizer, except memory's; a plugin with one needs a host
        // with the same.
        const bool allowed = key == "sanitizer" && theirs == "none" && ours != "memory";
        if (ours != theirs && !allowed)
            differ(text, key, ours, theirs);
    }
    return text;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
