// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_INTERFACE_NOTES_HPP
#define TENON_DETAIL_INTERFACE_NOTES_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/interface.hpp>

#include <tenon/detail/interface/toolchain.hpp>

// The manifest in a library file: ELF notes of owner "tenon" in the section `.note.tenon`. Words are in the
// file's own byte order, and texts end with NUL. Every description begins with the key of its interface:
//
//   plugin     format, key, number of slots, slots,
//              {number of slots, key, properties, slots} for each reached interface, 0,
//              type, name, version, toolchain
//   interface  key, name, factory, state
//   method     key, place in `methods`, name, signature
//   type       key, size (0: incomplete here), alignment, stated version, name, fields
//
// A slot is {pointer, adjustment}. An interface that is reached through another one is called too, as a
// host's services are. Such an interface has its own notes of the kinds `interface` and `method`, and its
// slots are in each plugin's note.
//
// Readers skip notes of unknown kinds, and unknown fields at the end of a description. So new kinds and
// further fields at the end need no new format number; a change in the meaning of the rest does.
//
// Names, signatures and fields are mangled names (Itanium C++ ABI, 5.1), which g++ and clang agree on to the
// byte where __PRETTY_FUNCTION__ differs between them; only the assembler can write them down without running
// the plugin.

namespace tenon::inline v1 {
namespace TENON_HIDDEN detail {

inline constexpr std::uint32_t note_format = 2;

enum class note_kind : std::uint32_t { plugin = 1, interface = 2, method = 3, type = 4 };
constexpr bool known_kind(std::uint32_t kind) {
    return kind >= 1 && kind <= 4;
}

// The key that ties together the notes of one interface in one compilation. Two compilations need not agree
// on it.
template <class T>
consteval std::uint64_t interface_key() {
    std::uint64_t hash = 14695981039346656037u; // FNV-1a
    const spelling name = spelled<T>();
    for (std::size_t i = 0; i < name.size; ++i)
        hash = (hash ^ static_cast<unsigned char>(name.begin[i])) * 1099511628211u;
    return hash;
}

template <class T>
inline constexpr unsigned key_low = static_cast<unsigned>(interface_key<T>());
template <class T>
inline constexpr unsigned key_high = static_cast<unsigned>(interface_key<T>() >> 32);

// A function that is never called: its mangled name is the text. Hidden, so that the compiler takes its
// address for a constant in position-independent code too.
template <class... T>
[[gnu::visibility("hidden")]] void type_name() {}
// A method's name stands in a class's, because since clang 18 a function template says in its name that a
// parameter is `auto`.
template <auto M>
struct method;

// The address of a note in this image: declared here, and defined by the assembler with the note.
template <class T>
[[gnu::visibility("hidden")]] void interface_note();
template <class T, std::size_t Index>
[[gnu::visibility("hidden")]] void method_note();
template <class T, class U>
[[gnu::visibility("hidden")]] void crossing_note();

// A section group cannot hold a note that has to survive --gc-sections. So every file that needs a note
// writes one, under a weak name. Readers take the first one and compare the others with it.
#ifdef __aarch64__
#define TENON_DETAIL_ADDRESS "S" // g++ takes no address for "i" there in position-independent code
#else
#define TENON_DETAIL_ADDRESS "i"
#endif
#define TENON_DETAIL_NOTE(KIND, NAME)                                                                        \
    ".pushsection .note.tenon,\"a\",%%note\n.balign 4\n.weak %c[here]\n.hidden %c[here]\n%c[here]:\n"        \
    ".4byte 6, 2f-1f, " KIND "\n.asciz \"tenon\"\n.balign 4\n1: .4byte %c[low], %c[high]\n" NAME             \
    "2: .balign 4\n.popsection"

template <class T>
[[gnu::noinline, gnu::used, gnu::visibility("hidden")]] void emit_interface_note() {
    asm(TENON_DETAIL_NOTE("2", ".asciz \"%c[name]\"\n.asciz \"%c[made]\"\n.asciz \"%c[state]\"\n")
        :
        : [here] TENON_DETAIL_ADDRESS(&interface_note<T>), [low] "i"(key_low<T>), [high] "i"(key_high<T>),
          [name] TENON_DETAIL_ADDRESS(&type_name<T>),
          [made] TENON_DETAIL_ADDRESS(&type_name<factory_arguments<T>>),
          [state] TENON_DETAIL_ADDRESS(&type_name<typename state_of<T>::type>));
}

template <class T, std::size_t Index, auto Method>
[[gnu::noinline, gnu::used, gnu::visibility("hidden")]] void emit_method_note() {
    asm(TENON_DETAIL_NOTE("3", ".4byte %c[index]\n.asciz \"%c[name]\"\n.asciz \"%c[signature]\"\n")
        :
        : [here] TENON_DETAIL_ADDRESS(&method_note<T, Index>), [low] "i"(key_low<T>), [high] "i"(key_high<T>),
          [index] "i"(Index), [name] TENON_DETAIL_ADDRESS(&type_name<method<Method>>),
          [signature] TENON_DETAIL_ADDRESS(
              &type_name<typename member_function<decltype(Method)>::signature>));
}

template <class U>
consteval std::size_t size_here() {
    if constexpr (complete<U>)
        return sizeof(U);
    else
        return 0;
}
template <class U>
consteval std::size_t alignment_here() {
    if constexpr (complete<U>)
        return alignof(U);
    else
        return 0;
}

// An interface has no fields, and its functions have notes of their own.
template <class U>
consteval auto fields_noted() {
    if constexpr (reached_by_methods<U>)
        return list<>{};
    else
        return contents<U>();
}

template <class T, class U>
[[gnu::noinline, gnu::used, gnu::visibility("hidden")]] void emit_crossing_note() {
    asm(TENON_DETAIL_NOTE(
            "4", ".4byte %c[size], %c[alignment], %c[version]\n.asciz \"%c[name]\"\n.asciz \"%c[fields]\"\n")
        :
        : [here] TENON_DETAIL_ADDRESS(&crossing_note<T, U>), [low] "i"(key_low<T>), [high] "i"(key_high<T>),
          [size] "i"(size_here<U>()), [alignment] "i"(alignment_here<U>()),
          [version] "i"(layout_version<U>()), [name] TENON_DETAIL_ADDRESS(&type_name<U>),
          [fields] TENON_DETAIL_ADDRESS(&type_name<decltype(fields_noted<U>())>));
}
#undef TENON_DETAIL_NOTE
#undef TENON_DETAIL_ADDRESS

// The words of member pointers: {1 + 8 * slot, 0} for a virtual function (on Arm {8 * slot, 1}), with no
// relocation.
template <class M, class... Rest>
struct [[gnu::packed]] pointers {
    M first;
    pointers<Rest...> rest;

    constexpr pointers(M pointer, Rest... others) : first(pointer), rest(others...) {}
};
template <class M>
struct [[gnu::packed]] pointers<M> {
    M first;

    constexpr pointers(M pointer) : first(pointer) {}
};

// Its one virtual function's slot is the number of T's slots. No function of T takes a tail, so this
// overrides none; it is no conversion, because g++ from 13 on warns that one hides another of T. As it is
// never defined, neither are a virtual table and a destructor, which T may not let it have.
template <class T>
struct tail : T {
    virtual void tenon_slot_behind_the_last(tail&);

protected:
    ~tail() noexcept; // tenon: the destructor of an interface may be neither `final` nor deleted: its slots are counted by deriving from it
};

/// The slots of T's functions, in the order of `methods`, and how many there are.
template <class T, auto... M>
consteval auto slots_of(methods<M...>*) {
    return pointers<decltype(detail::method_of(M))..., void (tail<T>::*)(tail<T>&)>(
        detail::method_of(M)..., &tail<T>::tenon_slot_behind_the_last);
}
template <class T>
consteval auto slots_of() {
    return slots_of<T>(static_cast<typename T::methods*>(nullptr));
}

// Properties of an interface, one bit each.
inline constexpr std::uint32_t has_destructor_slots = 1;

template <class T>
struct [[gnu::packed]] reached_slots {
    std::uint32_t count = T::methods::size + 1, low = key_low<T>, high = key_high<T>,
                  properties = std::has_virtual_destructor_v<T> ? has_destructor_slots : 0;
    decltype(slots_of<T>()) slots = slots_of<T>();
};

// The count 0 ends the list: every interface has one slot at least.
template <class... T>
struct [[gnu::packed]] all_reached_slots {
    std::uint32_t end = 0;
};
template <class T, class... Rest>
struct [[gnu::packed]] all_reached_slots<T, Rest...> {
    reached_slots<T> first;
    all_reached_slots<Rest...> rest;
};
template <class... T>
all_reached_slots<T...> all_slots_of(list<T...>);

/// The part of a plugin's note about all interfaces that are called.
template <class T>
struct [[gnu::packed]] slots_in_image {
    std::uint32_t count = T::methods::size + 1;
    decltype(slots_of<T>()) slots = slots_of<T>();
    decltype(detail::all_slots_of(reached_interfaces<T>{})) reached;
};

template <class T, class Methods, class Indices>
struct abi_of;

// All notes of one image about the interface T.
template <class T, auto... M, std::size_t... I>
struct abi_of<T, methods<M...>, indices<I...>> {
    [[gnu::visibility("hidden")]] static void emit() {
        emit_methods();
        emit_types(crossing<T>{});
        emit_interfaces(reached_interfaces<T>{});
    }

    [[gnu::visibility("hidden")]] static void emit_methods() {
        emit_interface_note<T>();
        const int emitted[] = {(emit_method_note<T, I, detail::method_of(M)>(), 0)..., 0};
        static_cast<void>(emitted);
    }

    template <class... U>
    [[gnu::visibility("hidden")]] static void emit_types(list<U...>) {
        const int emitted[] = {(emit_crossing_note<T, U>(), 0)..., 0};
        static_cast<void>(emitted);
    }

    template <class... U>
    [[gnu::visibility("hidden")]] static void emit_interfaces(list<U...>) {
        const int emitted[] = {
            (abi_of<U, typename U::methods, make_indices<U::methods::size>>::emit_methods(), 0)..., 0};
        static_cast<void>(emitted);
    }
};

template <class T>
using abi_in_image = abi_of<T, typename T::methods, make_indices<T::methods::size>>;

} // namespace detail
} // namespace tenon::inline v1

#endif
