// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_COMPLETENESS_HPP
#define TENON_DETAIL_LIBRARY_COMPLETENESS_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/mangled_name.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One mark for each slot of a virtual table: '\0' if no method names the slot. `wrong` gets a sentence for
/// each method that names something else.
inline std::string named_slots(const interface_abi& abi, std::string& wrong) {
    std::string named(static_cast<std::size_t>(abi.slots),
                      '\0'); // not vector<bool>, which has to be compiled
    const auto say = [&](const auto& method, std::string_view before, std::string_view after) {
        wrong.append(before).append(readable_method(method.name)).append(after);
    };
    const std::string list = "`" + readable(abi.interface) + "::methods` names ";
    for (const auto& method : abi.methods) {
        if (method.slot == no_slot)
            say(method, list, ", which is not a virtual function of its first base\n");
        else if (method.slot >= named.size())
            say(method, "the slot of ",
                " is outside of the virtual table of `" + readable(abi.interface) + "`\n");
        else if (named[static_cast<std::size_t>(method.slot)])
            say(method, list, " twice\n");
        else
            named[static_cast<std::size_t>(method.slot)] = 'x';
    }
    return named;
}

// The slots that no method names, `0, 1`. Only the first few, because a note may claim thousands.
inline std::string unnamed_slots(std::string_view named) {
    constexpr std::size_t most = 16;
    std::string slots;
    std::size_t count = 0;
    for (std::size_t i = 0; i < named.size() && count <= most; ++i)
        if (!named[i])
            slots.append(slots.empty() ? "" : ", ").append(++count > most ? "..." : std::to_string(i));
    return slots;
}

// The sentence about an interface whose `methods` names no function of its own.
inline std::string inherited_methods(const interface_abi& abi) {
    const std::string name = readable(abi.interface);
    std::string base;
    for (const auto& method : abi.methods)
        if (base = readable_owner(method.name); base == name)
            return {};
    if (base.empty())
        return {};
    return "`" + name + "::methods` is inherited from the base `" + base +
           "`, or names functions of that alone: say `using methods = "
           "tenon::methods<...>;` in `" +
           name + "` itself, with every virtual function of both\n";
}

/// A sentence about an interface that does not name all of its virtual functions, or names something else;
/// empty if nothing is wrong.
inline std::string incompleteness(const interface_abi& abi) {
    const std::size_t destructors = abi.has_destructor ? 2 : 0;
    if (abi.slots < destructors || abi.slots > most_slots)
        return "the number of slots in the virtual table of `" + readable(abi.interface) + "`, " +
               (abi.slots == no_slot ? "unknown" : std::to_string(abi.slots)) +
               ", cannot be: " + (abi.has_destructor ? "two are the destructor's, and no" : "no") +
               " table has more than " + std::to_string(most_slots) + "\n";
    std::string wrong;
    const std::string named = named_slots(abi, wrong);
    std::size_t missing = 0;
    for (const char mark : named)
        missing += mark == '\0';
    if (wrong.empty() && missing != destructors)
        wrong = "`" + readable(abi.interface) + "::methods` names " + std::to_string(abi.methods.size()) +
                " of " + std::to_string(named.size() - destructors) +
                " virtual functions: no name stands for the slots " + unnamed_slots(named) +
                (abi.has_destructor ? ", of which two are the destructor's\n" : "\n") +
                inherited_methods(abi);
    return wrong;
}

/// The same for an interface and all interfaces that are reached through it.
inline std::string incompleteness(const plugin_abi& plugin) {
    std::string wrong = incompleteness(static_cast<const interface_abi&>(plugin));
    for (const interface_abi& reached : plugin.reached)
        if (reached.interface != plugin.interface)
            wrong += incompleteness(reached);
    return wrong;
}

// The slots of the destructor: those that no method of a complete interface names.
inline std::string destructor_slots(const interface_abi& abi) {
    std::string unused;
    if (!abi.has_destructor)
        return "not virtual";
    return "slots " + (abi.slots <= most_slots ? unnamed_slots(named_slots(abi, unused)) : "unknown");
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
