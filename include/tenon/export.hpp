// SPDX-License-Identifier: MIT
#ifndef TENON_EXPORT_HPP
#define TENON_EXPORT_HPP

#include <cstddef>
#include <cstdint>

#include <tenon/hooks.hpp>
#include <tenon/interface.hpp>
#include <tenon/note.hpp>

namespace tenon::inline v1 {
namespace TENON_HIDDEN detail {

/// One plugin of this image, as its host finds it in the export table. `Create` is `T*(arguments of T's factory...)`; who reads
/// the table does not know it before the manifest has been compared, and all pointers to functions look alike.
template <class Create = void()>
struct exported {
    const char* type;
    const char* name;
    const char* version;
    void (*interface)(); // where the interface's note stands, behind which all of its shape is found
    Create* create;
    const void* hooks; // detail::hooks<T>; null where the class offers none
};

// What the manifest says of one plugin; see note.hpp.
template <class Slots, std::size_t Text>
struct [[gnu::packed]] plugin_note {
    std::uint32_t name_size = 6, size = sizeof(plugin_note) - 20, kind = static_cast<std::uint32_t>(note_kind::plugin);
    char owner[8] = "tenon";
    std::uint32_t format = note_format, low, high;
    Slots slots{};
    char text[(Text + 3) / 4 * 4] = {};

    constexpr plugin_note(std::uint32_t key_low, std::uint32_t key_high) : low(key_low), high(key_high) {}
};

template <class T, std::size_t Name, std::size_t Version>
consteval auto make_plugin_note(const char (&name)[Name], const char (&version)[Version]) {
    constexpr std::size_t size = T::type.size() + 1 + Name + Version + sizeof toolchain;
    plugin_note<slots_in_image<T>, size> note{key_low<T>, key_high<T>};
    char* at = note.text;
    for (std::size_t i = 0; i <= T::type.size(); ++i)
        *at++ = T::type.name()[i];
    for (const char c : name)
        *at++ = c;
    for (const char c : version)
        *at++ = c;
    for (const char c : toolchain)
        *at++ = c;
    return note;
}

template <class T, class P, class Arguments>
struct creation;
template <class T, class P, class... A>
struct creation<T, P, list<A...>> {
    using function = T*(A...);

    [[gnu::visibility("hidden")]] static T* create(A... arguments) {
        if constexpr (derives_from_interface<P, T>) {
            return new P(static_cast<A&&>(arguments)...);
        } else {
            using model = typename T::template model<P>;
            // Not try and catch, which -fno-exceptions forbids.
            struct unfinished {
                model* made;
                ~unfinished() { delete made; }
            } owner{new model};
            model_access::make(*owner.made, static_cast<A&&>(arguments)...);
            T* const finished = owner.made;
            owner.made = nullptr;
            return finished;
        }
    }
};

template <class T, class P>
constexpr auto make_export(const char* name, const char* version) {
    using creation = creation<T, P, factory_arguments<T>>;
    return exported<typename creation::function>{T::type.name(), name, version, &interface_note<T>, &creation::create,
                                                 hooks_of<T, P>()};
}

// The texts are those of the plugin's note, which its host has looked at anyway: on a page of their own they would be one more
// to be fetched at each load.
template <class T, class P, class Slots, std::size_t Text>
constexpr auto make_export(const plugin_note<Slots, Text>& note, std::size_t name_size) {
    const char* const name = note.text + T::type.size() + 1;
    auto made = detail::make_export<T, P>(name, name + name_size);
    made.type = note.text;
    return made;
}

template <std::size_t N>
struct literal {
    const char (&text)[N];
    constexpr std::size_t size() const { return N - 1; }
    constexpr char operator[](std::size_t i) const { return text[i]; }
};

template <std::size_t N>
consteval bool valid_plugin_name(const char (&name)[N]) {
    return well_named(literal<N>{name});
}

template <std::size_t N>
consteval bool valid_version(const char (&version)[N]) {
    for (std::size_t i = 0; i + 1 < N; ++i)
        if (version[i] <= ' ' || version[i] > '~')
            return false;
    return N > 1;
}

} // namespace detail
} // namespace tenon::inline v1

// The export table: one entry for each TENON_EXPORT of the image, in a section whose ends the linker names.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const tenon::detail::exported<> __start_tenon_exports[];
[[gnu::weak, gnu::visibility("hidden")]] extern const tenon::detail::exported<> __stop_tenon_exports[];

/// How a host finds a library's factories. The ABI version is in the name: a host never calls another one's.
struct TENON_HIDDEN tenon_exports_v1_range {
    const tenon::detail::exported<>*begin, *end;
};
[[gnu::used, gnu::visibility("default")]] inline tenon_exports_v1_range tenon_exports_v1() {
    return {__start_tenon_exports, __stop_tenon_exports};
}
}

#ifdef __clang__
// The address sanitizer would put a red zone behind the note, in the middle of the manifest.
#define TENON_DETAIL_UNPADDED __attribute__((no_sanitize("address")))
#else
#define TENON_DETAIL_UNPADDED
#endif

#define TENON_DETAIL_EXPORT(T, P, NAME, VERSION, NUMBER) TENON_DETAIL_EXPORT_AS(T, P, NAME, VERSION, NUMBER)
#define TENON_DETAIL_EXPORT_AS(T, P, NAME, VERSION, NUMBER)                                                            \
    namespace {                                                                                                        \
    static_assert(::tenon::detail::explain_interface<T>() && ::tenon::detail::explain_implementation<P, T>() &&        \
                  ::tenon::detail::explain_hooks<P, T>());                                                             \
    static_assert(::tenon::detail::valid_plugin_name(NAME), "tenon: a plugin's name has to be [a-z][a-z0-9_-]*");      \
    static_assert(::tenon::detail::valid_version(VERSION),                                                             \
                  "tenon: a plugin's version has to be printable text without spaces, such as \"1.2.0\"");             \
    [[gnu::used, gnu::section(".note.tenon"), gnu::aligned(4)]] TENON_DETAIL_UNPADDED constexpr auto                   \
        tenon_note_##NUMBER = ::tenon::detail::make_plugin_note<T>(NAME, VERSION);                                     \
    [[gnu::used, gnu::retain, gnu::section("tenon_exports"), gnu::aligned(alignof(void*))]] constexpr auto             \
        tenon_export_##NUMBER =                                                                                        \
        ::tenon::detail::make_export<T, P>(tenon_note_##NUMBER, sizeof NAME);                                          \
    [[gnu::used]] void tenon_emit_##NUMBER() { ::tenon::detail::shape_in_image<T>::emit(); }                           \
    }

/// Makes the class P a plugin of type T in this library, or a built-in of the program that it is linked into.
///
///     TENON_EXPORT(greeter, hello, "hello", "1.0.0")
///
/// At namespace scope, in a source file. `NAME` is `[a-z][a-z0-9_-]*`, `VERSION` any text without spaces. A library may have
/// several, of several types, from several files. What does not fit is a compile error that says why.
#define TENON_EXPORT(T, P, NAME, VERSION) TENON_DETAIL_EXPORT(T, P, NAME, VERSION, __COUNTER__)

#endif
