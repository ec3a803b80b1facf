// SPDX-License-Identifier: MIT
#ifndef TENON_SHAPE_HPP
#define TENON_SHAPE_HPP

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/mangled_name.hpp>
#include <tenon/note.hpp>

namespace tenon::inline v1::detail {

inline constexpr std::uint64_t no_slot = ~std::uint64_t{0};

// The vtable slot that a member pointer's words stand for (Itanium C++ ABI 2.3; on Arm the virtual bit is in the adjustment).
inline std::uint64_t slot_of(std::uintptr_t pointer, std::uintptr_t adjustment) noexcept {
#if defined(__arm__) || defined(__aarch64__)
    return adjustment == 1 ? pointer / sizeof(void*) : no_slot;
#else
    return (pointer & 1) == 1 && adjustment == 0 ? (pointer - 1) / sizeof(void*) : no_slot;
#endif
}

/// An interface as one side was compiled with it: the host's from its own image, a plugin's from its manifest.
/// The texts are views of the notes they were read from.
struct shape {
    struct method {
        std::string_view name, signature; // mangled
        std::uint64_t slot = no_slot;
    };
    struct type {
        std::string_view name, fields; // mangled
        std::uint32_t size = 0, alignment = 0, version = 0;
        friend bool operator==(const type&, const type&) = default;
    };
    std::string_view interface, factory, state; // mangled
    std::vector<method> methods;
    std::vector<type> types;
    std::uint64_t slots = no_slot; // how many slots the vtable has
};

// ---- Reading the notes.

/// Reads a note's description from front to back; what it cannot give makes it fail, for good.
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

/// Puts one interface, method or type note into the shape; false where the notes contradict each other or are damaged.
inline bool add_note(shape& into, note_kind kind, note_reader from) {
    if (kind == note_kind::interface) {
        const auto name = from.text(), made = from.text(), state = from.text();
        if (from.failed() ||
            (!into.interface.empty() && (into.interface != name || into.factory != made || into.state != state)))
            return false;
        into.interface = name;
        into.factory = made;
        into.state = state;
    } else if (kind == note_kind::method) {
        const auto index = from.word<std::uint32_t>();
        const auto name = from.text(), signature = from.text();
        if (from.failed() || name.empty() || index > 100'000)
            return false;
        if (into.methods.size() <= index)
            into.methods.resize(index + 1);
        shape::method& method = into.methods[index];
        if (!method.name.empty() && (method.name != name || method.signature != signature))
            return false;
        method.name = name;
        method.signature = signature;
    } else if (kind == note_kind::type) {
        shape::type type;
        type.size = from.word<std::uint32_t>();
        type.alignment = from.word<std::uint32_t>();
        type.version = from.word<std::uint32_t>();
        type.name = from.text();
        type.fields = from.text();
        if (from.failed())
            return false;
        for (const shape::type& other : into.types)
            if (other.name == type.name)
                return other == type;
        into.types.push_back(type);
    }
    return true;
}

/// Puts the slots of a plugin's note into the shape.
inline bool add_slots(shape& into, note_reader& from, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count && !from.failed(); ++i) {
        const auto pointer = from.word<std::uintptr_t>();
        const std::uint64_t slot = slot_of(pointer, from.word<std::uintptr_t>());
        if (i + 1 == count)
            into.slots = slot;
        else if (i < into.methods.size())
            into.methods[i].slot = slot;
    }
    return !from.failed() && count == into.methods.size() + 1;
}

// The description of the note that stands at an address of this image, its key left out.
inline note_reader note_at(void (*address)()) noexcept {
    const char* note = reinterpret_cast<const char*>(address);
    std::uint32_t size;
    std::memcpy(&size, note + 4, sizeof size);
    return note_reader({note + 20 + 8, size - 8});
}

template <class T, auto... M, std::size_t... I, class... U>
[[gnu::visibility("hidden")]] shape make_shape(methods<M...>*, indices<I...>, list<U...>) {
    using here = shape_in_image<T>;
    here::emit();
    shape made;
    bool sound = add_note(made, note_kind::interface, note_at(&interface_note<T>));
    sound = (add_note(made, note_kind::method, note_at(&method_note<T, I>)) && ... && sound);
    sound = (add_note(made, note_kind::type, note_at(&crossing_note<T, U>)) && ... && sound);
    static constexpr auto slots = here::make_slots();
    note_reader words({reinterpret_cast<const char*>(&slots), sizeof slots});
    sound = add_slots(made, words, sizeof...(M) + 1) && sound;
    if (!sound)
        std::abort(); // the compiler wrote these notes a moment ago
    return made;
}

/// The shape of T in this image, which the notes written here outlive.
template <class T>
[[gnu::visibility("hidden")]] const shape& shape_here() {
    static const shape made =
        make_shape<T>(static_cast<typename T::methods*>(nullptr), make_indices<T::methods::size>{}, crossing<T>{});
    return made;
}

/// What is wrong with an interface that names too few of its virtual functions or something else; empty where nothing is.
inline std::string incompleteness(const shape& of) {
    constexpr std::uint64_t most = 100'000;
    if (of.slots < 2 || of.slots > most)
        return "the number of its virtual table's slots, " + (of.slots == no_slot ? "unknown" : std::to_string(of.slots)) +
               ", cannot be: two are the destructor's, and no table has more than " + std::to_string(most) + "\n";
    std::string named(static_cast<std::size_t>(of.slots), '\0'); // not vector<bool>, which has to be compiled
    std::string wrong;
    for (const auto& method : of.methods) {
        if (method.slot == no_slot)
            wrong += "`methods` names " + readable_method(method.name) + ", which is not a virtual function of its first base\n";
        else if (method.slot >= named.size())
            wrong += "the slot of " + readable_method(method.name) + " is outside of the virtual table\n";
        else if (named[static_cast<std::size_t>(method.slot)])
            wrong += "`methods` names " + readable_method(method.name) + " twice\n";
        else
            named[static_cast<std::size_t>(method.slot)] = 'x';
    }
    std::size_t missing = 0;
    std::string slots;
    for (std::size_t i = 0; i < named.size(); ++i)
        if (!named[i]) {
            ++missing;
            slots += (slots.empty() ? "" : ", ") + std::to_string(i);
        }
    if (wrong.empty() && missing != 2) // the virtual destructor has two
        wrong = "`methods` names " + std::to_string(of.methods.size()) + " of " + std::to_string(named.size() - 2) +
                " virtual functions: no name stands for the slots " + slots + ", of which two are the destructor's\n";
    return wrong;
}

// ---- Comparing.

inline std::string described(const shape::method& method) {
    return readable(method.signature) + ", slot " + (method.slot == no_slot ? "none" : std::to_string(method.slot));
}

inline std::string described(const shape::type& type) {
    if (type.size == 0)
        return "incomplete";
    std::string text = "size " + std::to_string(type.size) + ", alignment " + std::to_string(type.alignment);
    if (type.version)
        text += ", stated version " + std::to_string(type.version);
    const std::string fields = readable_list(type.fields);
    return fields.empty() ? text : text + ": " + fields;
}

inline const shape::type* find_type(const shape& in, std::string_view name, std::size_t likely) {
    if (likely < in.types.size() && in.types[likely].name == name)
        return &in.types[likely];
    for (const auto& type : in.types)
        if (type.name == name)
            return &type;
    return nullptr;
}

// A type that one side knows by name only says nothing about its layout.
inline bool same_layout(const shape::type& a, const shape::type& b) { return a.size == 0 || b.size == 0 || a == b; }

/// Whether a host compiled with `host` may use a plugin compiled with `plugin`: every method that it may call is there, with the
/// same signature, slot and layouts. What the plugin has more does not matter.
inline bool fits(const shape& host, const shape& plugin) {
    if (host.interface != plugin.interface || host.factory != plugin.factory || host.state != plugin.state ||
        host.methods.size() > plugin.methods.size())
        return false;
    for (std::size_t i = 0; i < host.methods.size(); ++i)
        if (host.methods[i].name != plugin.methods[i].name || host.methods[i].signature != plugin.methods[i].signature ||
            host.methods[i].slot != plugin.methods[i].slot)
            return false;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const shape::type* found = find_type(plugin, host.types[i].name, i);
        if (!found || !same_layout(host.types[i], *found))
            return false;
    }
    return true;
}

inline void differ(std::string& into, std::string_view what, std::string_view host, std::string_view plugin) {
    into.append("  ").append(what).append("\n    host:   ").append(host).append("\n    plugin: ").append(plugin).append("\n");
}

/// Every difference, the host's side and the plugin's beside each other.
inline std::string differences(const shape& host, const shape& plugin) {
    std::string text;
    if (host.interface != plugin.interface)
        differ(text, "interface", readable(host.interface), readable(plugin.interface));
    if (host.factory != plugin.factory)
        differ(text, "factory", "(" + readable_list(host.factory) + ")", "(" + readable_list(plugin.factory) + ")");
    if (host.state != plugin.state)
        differ(text, "state", readable_state(host.state), readable_state(plugin.state));

    std::vector<std::string> names, theirs;
    for (const auto& method : host.methods)
        names.push_back(readable_method(method.name));
    for (const auto& method : plugin.methods)
        theirs.push_back(readable_method(method.name));
    std::string used(theirs.size(), '\0');
    for (std::size_t i = 0; i < names.size(); ++i) {
        // Overloads have one name: the one of the same signature is meant, else the one in the same place, else the first.
        std::size_t match = theirs.size();
        for (std::size_t j = 0; j < theirs.size(); ++j) {
            if (used[j] || theirs[j] != names[i])
                continue;
            const bool exact = plugin.methods[j].signature == host.methods[i].signature;
            if (match == theirs.size() || exact || (j == i && plugin.methods[match].signature != host.methods[i].signature))
                match = j;
            if (exact)
                break;
        }
        if (match == theirs.size()) {
            differ(text, names[i], described(host.methods[i]), "not there");
            continue;
        }
        used[match] = 'x';
        if (host.methods[i].signature != plugin.methods[match].signature || host.methods[i].slot != plugin.methods[match].slot)
            differ(text, names[i], described(host.methods[i]), described(plugin.methods[match]));
        else if (match != i)
            differ(text, names[i], "place " + std::to_string(i) + " in `methods`", "place " + std::to_string(match));
    }
    std::string absent;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const shape::type& type = host.types[i];
        const shape::type* found = find_type(plugin, type.name, i);
        if (!found)
            differ(absent, readable(type.name), described(type), "not there");
        else if (!same_layout(type, *found))
            differ(text, readable(type.name), described(type), described(*found));
    }
    // A type is absent because something that leads to it differs, and that is said already.
    return text.empty() ? absent : text;
}

/// What keeps a plugin of one toolchain out of a host of another, line for line; empty where nothing does.
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
        // A plain plugin runs in a host with a sanitizer, except memory's; a plugin with one needs a host with the same.
        const bool allowed = key == "sanitizer" && theirs == "none" && ours != "memory";
        if (ours != theirs && !allowed)
            differ(text, key, ours, theirs);
    }
    return text;
}

} // namespace tenon::inline v1::detail

#endif
