// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_ABI_HPP
#define TENON_DETAIL_LIBRARY_ABI_HPP

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/interface/notes.hpp>

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
        const std::string_view word = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return word;
    }
    bool failed() const noexcept { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

/// Adds an interface, method or type note. False if the notes are damaged or contradict each other.
inline bool add_note(plugin_abi& into, note_kind kind, note_reader from) {
    if (kind == note_kind::interface) {
        const auto name = from.text(), factory = from.text(), state = from.text();
        if (from.failed() || (!into.interface.empty() &&
                              (into.interface != name || into.factory != factory || into.state != state)))
            return false;
        into.interface = name;
        into.factory = factory;
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

inline void read_interface(plugin_abi& abi, const interface_notes& from) {
    bool sound = add_note(abi, note_kind::interface, note_at(from.interface));
    for (const note_address* method = from.methods; *method; ++method)
        sound = add_note(abi, note_kind::method, note_at(*method)) && sound;
    note_reader words({static_cast<const char*>(from.slots), from.slots_size});
    require_sound(add_slots(abi, words, static_cast<std::uint32_t>(abi.methods.size()) + 1) && sound);
    abi.has_destructor = from.has_destructor;
}

/// The ABI of an interface in this image. The texts live as long as the image.
inline plugin_abi read_abi(const plugin_notes& from) {
    plugin_abi abi;
    read_interface(abi, from);
    for (const note_address* type = from.types; *type; ++type)
        require_sound(add_note(abi, note_kind::type, note_at(*type)));
    for (const interface_notes* const* reached = from.reached; *reached; ++reached) {
        plugin_abi other;
        read_interface(other, **reached);
        abi.reached.push_back(std::move(other));
    }
    return abi;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
