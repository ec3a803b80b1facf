// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_ABI_HPP
#define TENON_DETAIL_LIBRARY_ABI_HPP

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/detail/interface/notes.hpp>
#include <tenon/detail/library/mangled_name.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline constexpr std::uint64_t no_slot = ~std::uint64_t{0}, most_slots = 100'000;

// The vtable slot that a member pointer's words stand for (Itanium C++ ABI 2.3; on Arm the virtual bit is in
// the adjustment).
inline std::uint64_t slot_of(std::uintptr_t pointer, std::uintptr_t adjustment) noexcept {
#if defined(__arm__) || defined(__aarch64__)
    return adjustment == 1 ? pointer / sizeof(void*) : no_slot;
#else
    return (pointer & 1) == 1 && adjustment == 0 ? (pointer - 1) / sizeof(void*) : no_slot;
#endif
}

/// The functions of an interface as one side was compiled with it.
struct interface_abi {
    struct method {
        std::string_view name, signature; // mangled
        std::uint64_t slot = no_slot;
        friend bool operator==(const method&, const method&) = default;
    };
    std::string_view interface; // mangled
    std::vector<method> methods;
    std::uint64_t slots = no_slot; // how many slots the vtable has
    bool has_destructor = true;    // of which two are its own
};

/// An interface and all types that cross it, as one side was compiled with it: the host's from its own image,
/// a plugin's from its manifest. The texts are views into the notes.
struct plugin_abi : interface_abi {
    struct type {
        std::string_view name, fields; // mangled
        std::uint32_t size = 0, alignment = 0, version = 0;
        friend bool operator==(const type&, const type&) = default;
    };
    std::string_view factory, state; // mangled
    std::vector<type> types;
    std::vector<interface_abi> reached; // the interfaces among the types
};

// ---- Reading the notes.

/// Reads the description of a note from front to back. After the first failure every further read fails.
class note_reader {
public:
    explicit note_reader(std::string_view description) noexcept : rest_(description) {}

    template <class Word>
    Word word() noexcept {
        Word value{};
        if (rest_.size() < sizeof value) {
            failed_ = true;
            rest_ = {};
        } else {
            std::memcpy(&value, rest_.data(), sizeof value);
            rest_.remove_prefix(sizeof value);
        }
        return value;
    }
    std::string_view text() noexcept {
        const auto end = rest_.find('\0');
        if (end == rest_.npos) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return found;
    }
    bool failed() const noexcept { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

/// Adds an interface, method or type note. False if the notes are damaged or contradict each other.
inline bool add_note(plugin_abi& into, note_kind kind, note_reader from) {
    if (kind == note_kind::interface) {
        const auto name = from.text(), made = from.text(), state = from.text();
        if (from.failed() || (!into.interface.empty() &&
                              (into.interface != name || into.factory != made || into.state != state)))
            return false;
        into.interface = name;
        into.factory = made;
        into.state = state;
    } else if (kind == note_kind::method) {
        const auto index = from.word<std::uint32_t>();
        const auto name = from.text(), signature = from.text();
        if (from.failed() || name.empty() || index > most_slots)
            return false;
        if (into.methods.size() <= index)
            into.methods.resize(index + 1);
        plugin_abi::method& method = into.methods[index];
        if (!method.name.empty() && (method.name != name || method.signature != signature))
            return false;
        method.name = name;
        method.signature = signature;
    } else if (kind == note_kind::type) {
        plugin_abi::type type;
        type.size = from.word<std::uint32_t>();
        type.alignment = from.word<std::uint32_t>();
        type.version = from.word<std::uint32_t>();
        type.name = from.text();
        type.fields = from.text();
        if (from.failed())
            return false;
        for (const plugin_abi::type& other : into.types)
            if (other.name == type.name)
                return other == type;
        into.types.push_back(type);
    }
    return true;
}

/// Adds the slots in a plugin's note to an interface whose methods are known.
inline bool add_slots(interface_abi& into, note_reader& from, std::uint32_t count) {
    if (count != into.methods.size() + 1)
        return false;
    for (std::uint32_t i = 0; i < count && !from.failed(); ++i) {
        const auto pointer = from.word<std::uintptr_t>();
        const std::uint64_t slot = slot_of(pointer, from.word<std::uintptr_t>());
        if (i + 1 == count)
            into.slots = slot;
        else if (i < into.methods.size())
            into.methods[i].slot = slot;
    }
    return !from.failed();
}

// The description, without its key, of the note at an address of this image.
inline note_reader note_at(void (*address)()) noexcept {
    const char* note = reinterpret_cast<const char*>(address);
    std::uint32_t size;
    std::memcpy(&size, note + 4, sizeof size);
    return note_reader({note + 20 + 8, size - 8});
}

// Notes of this very program, as its compiler wrote them, cannot contradict each other.
inline void require_sound(bool sound) noexcept {
    if (!sound)
        std::abort();
}

template <class T, auto... M, std::size_t... I>
[[gnu::visibility("hidden")]] plugin_abi make_interface(methods<M...>*, indices<I...>) {
    plugin_abi made;
    bool sound = add_note(made, note_kind::interface, note_at(&interface_note<T>));
    sound = (add_note(made, note_kind::method, note_at(&method_note<T, I>)) && ... && sound);
    static constexpr auto slots = slots_of<T>();
    note_reader words({reinterpret_cast<const char*>(&slots), sizeof slots});
    require_sound(add_slots(made, words, sizeof...(M) + 1) && sound);
    made.has_destructor = std::has_virtual_destructor_v<T>;
    return made;
}
template <class T>
[[gnu::visibility("hidden")]] plugin_abi make_interface() {
    return make_interface<T>(static_cast<typename T::methods*>(nullptr), make_indices<T::methods::size>{});
}

template <class T, class... U, class... Reached>
[[gnu::visibility("hidden")]] plugin_abi make_abi(list<U...>, list<Reached...>) {
    abi_in_image<T>::emit();
    plugin_abi made = make_interface<T>();
    require_sound((add_note(made, note_kind::type, note_at(&crossing_note<T, U>)) && ... && true));
    made.reached = {static_cast<interface_abi>(make_interface<Reached>())...};
    return made;
}

/// The ABI of T in this image. The texts live as long as the image.
template <class T>
[[gnu::visibility("hidden")]] const plugin_abi& abi_here() {
    static const plugin_abi made = detail::make_abi<T>(crossing<T>{}, reached_interfaces<T>{});
    return made;
}

/// One mark for each slot of a virtual table: '\0' if no method names the slot. `wrong` gets a sentence for
/// each method that names something else.
inline std::string named_slots(const interface_abi& of, std::string& wrong) {
    std::string named(static_cast<std::size_t>(of.slots), '\0'); // not vector<bool>, which has to be compiled
    const auto say = [&](const auto& method, std::string_view before, std::string_view after) {
        wrong.append(before).append(readable_method(method.name)).append(after);
    };
    const std::string list = "`" + readable(of.interface) + "::methods` names ";
    for (const auto& method : of.methods) {
        if (method.slot == no_slot)
            say(method, list, ", which is not a virtual function of its first base\n");
        else if (method.slot >= named.size())
            say(method, "the slot of ",
                " is outside of the virtual table of `" + readable(of.interface) + "`\n");
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
inline std::string inherited_methods(const interface_abi& of) {
    const std::string name = readable(of.interface);
    std::string base;
    for (const auto& method : of.methods)
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
inline std::string incompleteness(const interface_abi& of) {
    const std::size_t destructors = of.has_destructor ? 2 : 0;
    if (of.slots < destructors || of.slots > most_slots)
        return "the number of slots in the virtual table of `" + readable(of.interface) + "`, " +
               (of.slots == no_slot ? "unknown" : std::to_string(of.slots)) +
               ", cannot be: " + (of.has_destructor ? "two are the destructor's, and no" : "no") +
               " table has more than " + std::to_string(most_slots) + "\n";
    std::string wrong;
    const std::string named = named_slots(of, wrong);
    std::size_t missing = 0;
    for (const char mark : named)
        missing += mark == '\0';
    if (wrong.empty() && missing != destructors)
        wrong = "`" + readable(of.interface) + "::methods` names " + std::to_string(of.methods.size()) +
                " of " + std::to_string(named.size() - destructors) +
                " virtual functions: no name stands for the slots " + unnamed_slots(named) +
                (of.has_destructor ? ", of which two are the destructor's\n" : "\n") + inherited_methods(of);
    return wrong;
}

/// The same for an interface and all interfaces that are reached through it.
inline std::string incompleteness(const plugin_abi& of) {
    std::string wrong = incompleteness(static_cast<const interface_abi&>(of));
    for (const interface_abi& reached : of.reached)
        if (reached.interface != of.interface)
            wrong += incompleteness(reached);
    return wrong;
}

// ---- Comparing.

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

// The slots of the destructor: those that no method of a complete interface names.
inline std::string destructor_slots(const interface_abi& of) {
    std::string unused;
    if (!of.has_destructor)
        return "not virtual";
    return "slots " + (of.slots <= most_slots ? unnamed_slots(named_slots(of, unused)) : "unknown");
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

inline void differ(std::string& into, std::string_view what, std::string_view host, std::string_view plugin) {
    into.append("  ")
        .append(what)
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
        const plugin_abi::type* found = find_type(plugin, host.types[i].name, i);
        if (!found || !same_layout(host.types[i], *found))
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
        const plugin_abi::type* found = find_type(plugin, type.name, i);
        if (!found)
            differ(absent, readable(type.name), described(type), "not there");
        else if (!same_layout(type, *found))
            differ(text, readable(type.name), described(type), described(*found));
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
            const std::string_view line = in.substr(0, in.find('\n'));
            in.remove_prefix(line.size() < in.size() ? line.size() + 1 : line.size());
            if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == '=')
                return line.substr(key.size() + 1);
        }
        return "not stated";
    };
    for (std::string_view rest = host; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
        const std::string_view key = line.substr(0, line.find('='));
        const std::string_view ours = value(host, key), theirs = value(plugin, key);
        // A plain plugin runs in a host with a sanitizer, except memory's; a plugin with one needs a host
        // with the same.
        const bool allow_list = key == "sanitizer" && theirs == "none" && ours != "memory";
        if (ours != theirs && !allow_list)
            differ(text, key, ours, theirs);
    }
    return text;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
