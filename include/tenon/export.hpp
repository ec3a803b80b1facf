// SPDX-License-Identifier: MIT
#ifndef TENON_EXPORT_HPP
#define TENON_EXPORT_HPP

#include <cstddef>
#include <cstdint>

#include <tenon/hooks.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/interface/notes.hpp>

namespace tenon::inline v1 {
namespace TENON_HIDDEN detail {

/// One plugin of this image, an entry of the export table. `Create` is `T*(arguments of T's factory...)`. A
/// host does not know this type before the manifest has been compared, and reads the entry as one with the
/// default; all pointers to functions have one layout.
template <class Create = void()>
struct exported {
    const char* type;
    const char* name;
    const char* version;
    void (*interface)(); // where the interface's note stands, behind which all of its shape is found
    Create* create;
    const void* hooks; // detail::hooks<T>; null where the class offers none
};

// The note of one plugin in the manifest; see detail/interface/notes.hpp.
template <class Slots, std::size_t Text>
struct [[gnu::packed]] plugin_note {
    std::uint32_t name_size = 6, size = sizeof(plugin_note) - 20,
                  kind = static_cast<std::uint32_t>(note_kind::plugin);
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
            // A destructor in place of try and catch, which -fno-exceptions forbids.
            struct unfinished {
                model* object;
                ~unfinished() { delete object; }
            } owner{new model};
            model_access::make(*owner.object, static_cast<A&&>(arguments)...);
            T* const finished = owner.object;
            owner.object = nullptr;
            return finished;
        }
    }
};

template <class T, class P>
constexpr auto make_export(const char* name, const char* version) {
    using creation = creation<T, P, factory_arguments<T>>;
    return exported<typename creation::function>{
        T::type.name(), name, version, &interface_note<T>, &creation::create, hooks_of<T, P>()};
}

// The texts are those in the plugin's note, whose page the host has read already. Texts on another page would
// be one more page to fetch at each load.
template <class T, class P, class Slots, std::size_t Text>
constexpr auto make_export(const plugin_note<Slots, Text>& note, std::size_t name_size) {
    const char* const name = note.text + T::type.size() + 1;
    auto entry = detail::make_export<T, P>(name, name + name_size);
    entry.type = note.text;
    return entry;
}

// Not `[[gnu::error]]`: clang finds a second declaration with it, such as a module's, at odds with the first.
__attribute__((error("tenon: the interface's `methods` leaves out a virtual function, or names one twice or "
                     "one that is not virtual"))) void
methods_are_not_the_virtual_functions();

// The number of slots is no constant expression, but an optimising compiler knows it. Without optimisation
// the manifest is checked instead, by the builder after linking and by the host before loading.
template <class T>
void require_every_method() {
#ifdef __OPTIMIZE__
    constexpr auto last = &tail<T>::tenon_slot_behind_the_last;
    std::uintptr_t words[2];
    static_assert(sizeof words == sizeof last);
    __builtin_memcpy(words, &last, sizeof words);
    const std::size_t slots = words[0] / sizeof(void*),
                      named = T::methods::size + (std::has_virtual_destructor_v<T> ? 2 : 0);
    if (__builtin_constant_p(slots) && slots != named)
        methods_are_not_the_virtual_functions();
#endif
}

template <class T, class P>
concept exportable = plugin_for<P, T> && has_a_usable_model<P, T> && has_whole_hooks<P, T>;

// Empty for a class that does not fit: the sentences below say why, and compilers would add errors of their
// own.
template <class T, class P>
struct exporting {
    static consteval int note(const char*, const char*) { return 0; }
    static consteval int entry(int, std::size_t) { return 0; }
    static void emit() {}
};
template <class T, class P>
    requires exportable<T, P>
struct exporting<T, P> {
    template <std::size_t Name, std::size_t Version>
    static consteval auto note(const char (&name)[Name], const char (&version)[Version]) {
        return make_plugin_note<T>(name, version);
    }
    template <class Note>
    static constexpr auto entry(const Note& note, std::size_t name_size) {
        return make_export<T, P>(note, name_size);
    }
    static void emit() {
        abi_in_image<T>::emit();
        require_every_method<T>();
    }
};

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

/// The ends of the export table, where a host finds the factories. The ABI version is in the symbol's name,
/// so that a host never calls factories of another version.
struct TENON_HIDDEN tenon_exports_v1_range {
    const tenon::detail::exported<>*begin, *end;
};
[[gnu::used, gnu::visibility("default")]] inline tenon_exports_v1_range tenon_exports_v1() {
    return {__start_tenon_exports, __stop_tenon_exports};
}
}

#ifdef __clang__
// Without this, the address sanitizer would put a red zone behind the note, in the middle of the manifest.
#define TENON_DETAIL_UNPADDED __attribute__((no_sanitize("address")))
#else
#define TENON_DETAIL_UNPADDED
#endif

// Only macros follow. As a system header, g++ reports their errors at the line that uses them.
#if defined(__GNUC__) && !defined(__clang__) && __INCLUDE_LEVEL__ > 0
#pragma GCC system_header
#endif

// g++ only names the types of a failed condition if it is in a template.
#ifdef __clang__
#define TENON_DETAIL_NAME(...)
#else
#define TENON_DETAIL_NAME(...) static_assert(sizeof(typename ::tenon::detail::named<__VA_ARGS__>::type) > 0);
#endif

// A sentence for each clause of `plugin_interface`, so that all faults are reported at once.
#define TENON_DETAIL_REQUIRE_INTERFACE(T)                                                                    \
    static_assert(::tenon::detail::value<::tenon::states_its_type<T>>,                                       \
                  "tenon: the interface needs `static constexpr tenon::plugin_type type{\"its-name\"};`");   \
    static_assert(::tenon::detail::value<(!::tenon::states_its_type<T> || ::tenon::has_valid_type_name<T>)>, \
                  "tenon: the name of the plugin type has to be [a-z][a-z0-9_-]*");                          \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::shared_name<T>>,                                             \
        "tenon: the interface is in an anonymous namespace, where each file has a type of its own: "         \
        "move it into a namespace with a name");                                                             \
    static_assert(::tenon::detail::value<::tenon::has_virtual_destructor<T>>,                                \
                  "tenon: the interface needs `virtual ~T() = default;`");                                   \
    static_assert(::tenon::detail::value<::tenon::is_abstract<T>>,                                           \
                  "tenon: the interface has no pure virtual function: there is nothing for a plugin to do"); \
    static_assert(                                                                                           \
        ::tenon::detail::value<(!::std::is_polymorphic_v<T> || ::tenon::has_only_functions<T>)>,             \
        "tenon: the interface has data members or a second base with virtual functions: a host and its "     \
        "plugins share one chain of bases, and functions alone");                                            \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::names_its_methods<T>>,                                               \
        "tenon: the interface needs `using methods = tenon::methods<&T::f, ...>;` with every virtual "       \
        "function in it; one of several of its name is tenon::overload<R(A)>(&T::f)");                       \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::has_valid_factory<T>>,                                               \
        "tenon: the interface's `factory` has to be a tenon::factory<...> of the arguments that a "          \
        "plugin is made from");                                                                              \
    static_assert(                                                                                           \
        ::tenon::detail::value<(!::tenon::names_its_methods<T> || ::tenon::names_only_its_own<T>)>,          \
        "tenon: `methods` names what is no member function of the interface, or one of a base that it "      \
        "has twice or virtually");                                                                           \
    static_assert(::tenon::detail::value<(!::tenon::names_only_its_own<T> ||                                 \
                                          ::tenon::names_only_virtual_functions<T>)>,                        \
                  "tenon: `methods` names a function that is not virtual: a plugin could not supply it");    \
    static_assert(                                                                                           \
        ::tenon::detail::value<(!::tenon::names_only_its_own<T> || ::tenon::states_its_methods<T>)>,         \
        "tenon: the interface has the `methods` of its base, in which nothing of its own can be: say "       \
        "`using methods = tenon::methods<&T::f, ...>;` in it, with the base's functions and its own; "       \
        "one that adds none is its base");                                                                   \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::carriers_given_out<T>>,                                   \
        "tenon: a method gives out a type that carries the plugin's code along, and would dangle when "      \
        "the plugin goes: a pointer to a function or to an object with virtual functions, or what "          \
        "keeps one (std::function, std::any, std::shared_ptr, std::error_code ...); return plain data, "     \
        "or say tenon::lets_code_escape<&T::f> in `methods`. The types:");                                   \
    TENON_DETAIL_NAME(::tenon::detail::carriers_given_out<T>)                                                \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::carriers_in_state<T>>,                                    \
        "tenon: the interface's `state` carries the code of the plugin that saved it along, which "          \
        "goes: a pointer to a function or to an object with virtual functions, or what keeps one "           \
        "(std::function, std::any, std::shared_ptr, std::error_code ...); make it plain data. The "          \
        "types:");                                                                                           \
    TENON_DETAIL_NAME(::tenon::detail::carriers_in_state<T>)                                                 \
    TENON_DETAIL_REQUIRE_CROSSING(T)

// The same for the types that cross the interface.
#define TENON_DETAIL_REQUIRE_CROSSING(T)                                                                     \
    static_assert(::tenon::detail::is_empty<::tenon::detail::hidden_functions<T>>,                           \
                  "tenon: a type that crosses the interface has virtual functions, of which "                \
                  "`tenon::fields` says nothing: say "                                                       \
                  "`template <> struct tenon::layout<T> : tenon::opaque<T, 1> {};`, with another number "    \
                  "whenever its fields "                                                                     \
                  "or its functions change. The types:");                                                    \
    TENON_DETAIL_NAME(::tenon::detail::hidden_functions<T>)                                                  \
    static_assert(::tenon::detail::is_empty<::tenon::detail::unknown_functions<T>>,                          \
                  "tenon: a type that crosses the interface has virtual functions: say `using methods = "    \
                  "tenon::methods<&T::f, ...>;` in it, with every virtual function, or `template <> struct " \
                  "tenon::layout<T> "                                                                        \
                  ": tenon::opaque<T, 1> {};`. The types:");                                                 \
    TENON_DETAIL_NAME(::tenon::detail::unknown_functions<T>)                                                 \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::unknown_layouts<T>>,                                      \
        "tenon: the fields of a type that crosses the interface cannot be seen, it has private "             \
        "members, a base, a reference or more than 32 fields: say `template <> struct tenon::layout<T> "     \
        ": tenon::fields<&T::a, ...> {};` or `: tenon::opaque<T, 1> {};`. The types:");                      \
    TENON_DETAIL_NAME(::tenon::detail::unknown_layouts<T>)                                                   \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::names_of_one_file<T>>,                                    \
        "tenon: a type that crosses the interface is in an anonymous namespace, where each file has a "      \
        "type of its own: move it into a namespace with a name. The types:");                                \
    TENON_DETAIL_NAME(::tenon::detail::names_of_one_file<T>)                                                 \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::interfaces_with_data<T>>,                                 \
        "tenon: a type that crosses the interface has `methods`, so it is called through its virtual "       \
        "table, and it has data members, a second base with virtual functions, or no virtual function "      \
        "at all: a class with `methods` is one chain of bases and functions alone; pass what it "            \
        "derives from, or say `template <> struct tenon::layout<T> : tenon::opaque<T, 1> {};`, and nothing " \
        "of it is compared. The types:");                                                                    \
    TENON_DETAIL_NAME(::tenon::detail::interfaces_with_data<T>)                                              \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::final_interfaces<T>>,                                     \
        "tenon: an interface that crosses the interface is `final`: the slots of its virtual table are "     \
        "counted by deriving from it; leave `final` out, or say `template <> struct tenon::layout<T> "       \
        ": tenon::opaque<T, 1> {};`, and nothing of it is compared. The types:");                            \
    TENON_DETAIL_NAME(::tenon::detail::final_interfaces<T>)                                                  \
    static_assert(                                                                                           \
        ::tenon::detail::is_empty<::tenon::detail::interfaces_of_foreign_methods<T>>,                        \
        "tenon: the `methods` of a type that crosses the interface name what is no member function of "      \
        "it, or one of a base that it has twice or virtually. The types:");                                  \
    TENON_DETAIL_NAME(::tenon::detail::interfaces_of_foreign_methods<T>)                                     \
    static_assert(::tenon::detail::is_empty<::tenon::detail::interfaces_of_plain_functions<T>>,              \
                  "tenon: the `methods` of a type that crosses the interface name a function that is not "   \
                  "virtual. The types:");                                                                    \
    TENON_DETAIL_NAME(::tenon::detail::interfaces_of_plain_functions<T>)

// A sentence for each clause of `plugin_for`.
#define TENON_DETAIL_REQUIRE_PLUGIN(P, T)                                                                    \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::complete<P>>,                                                \
        "tenon: the plugin's class is only declared so far: its definition has to stand before this");       \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::is_no_longer_abstract<P, T>>,                                \
        "tenon: the plugin derives from the interface but is still abstract: it has to override every "      \
        "pure virtual function, with the same parameters and the same const");                               \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::derives_or_fits<P, T>>,                                      \
        "tenon: the plugin neither derives from the interface nor fits its model; the compiler's own "       \
        "reason follows");                                                                                   \
    static_assert((static_cast<void>(sizeof(::tenon::detail::explain_model<P, T>())), true));                \
    static_assert(::tenon::detail::value<::tenon::detail::models_without_self<P, T>>,                        \
                  "tenon: the interface has a function called `self`, and that is what a model calls its "   \
                  "plain class: "                                                                            \
                  "give the interface's function another name");                                             \
    static_assert(::tenon::detail::value<::tenon::detail::defines_the_model<P, T>>,                          \
                  "tenon: the interface's `model` is declared and not defined, or not for this plugin: its " \
                  "definition has to "                                                                       \
                  "stand before this");                                                                      \
    static_assert(::tenon::detail::value<::tenon::detail::has_a_concrete_model<P, T>>,                       \
                  "tenon: the interface's `model` is still abstract: it has to override every pure virtual " \
                  "function of the "                                                                         \
                  "interface, with the same parameters and the same const");                                 \
    static_assert(::tenon::detail::is_made_from<P, T, ::tenon::detail::factory_arguments<T>>,                \
                  "tenon: the plugin has no constructor that takes what the interface's `factory` passes. "  \
                  "The types:");                                                                             \
    TENON_DETAIL_NAME(::tenon::detail::arguments_not_taken<P, T>)                                            \
    static_assert(::tenon::detail::value<::tenon::detail::is_destroyed<P>>,                                  \
                  "tenon: the plugin's destructor has to be public");

// A member of a hook's name is that hook, or a mistake.
#define TENON_DETAIL_REQUIRE_HOOKS(P, T)                                                                     \
    TENON_DETAIL_REQUIRE_HOOK(P, T, start, "void start()")                                                   \
    TENON_DETAIL_REQUIRE_HOOK(P, T, stop, "void stop() noexcept")                                            \
    TENON_DETAIL_REQUIRE_HOOK(P, T, quiesce, "void quiesce()")                                               \
    TENON_DETAIL_REQUIRE_HOOK(P, T, resume, "void resume()")                                                 \
    TENON_DETAIL_REQUIRE_HOOK(P, T, save, "state save()")                                                    \
    TENON_DETAIL_REQUIRE_HOOK(P, T, restore, "void restore(state)")                                          \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::stops_without_exceptions<P, T>>,                                     \
        "tenon: the plugin's stop() has to be noexcept: it runs when a handle goes, where nobody could "     \
        "be told");                                                                                          \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::pairs_quiesce<P, T>>,                                        \
        "tenon: the plugin has one of quiesce() and resume() and not the other: without both there is "      \
        "no way back");                                                                                      \
    static_assert(                                                                                           \
        ::tenon::detail::value<::tenon::detail::pairs_state<P, T>>,                                          \
        "tenon: the plugin has one of `state save()` and `void restore(state)` and not the other");

#define TENON_DETAIL_REQUIRE_HOOK(P, T, NAME, HOOK)                                                          \
    static_assert(::tenon::detail::value<!::tenon::detail::misuses_##NAME<P, T>>,                            \
                  "tenon: the plugin has a member `" #NAME                                                   \
                  "` that is no hook and would never be called: a hook is a "                                \
                  "public `" HOOK "`; give any other member another name");

#define TENON_DETAIL_EXPORT(T, P, NAME, VERSION, NUMBER) TENON_DETAIL_EXPORT_AS(T, P, NAME, VERSION, NUMBER)
#define TENON_DETAIL_EXPORT_AS(T, P, NAME, VERSION, NUMBER)                                                  \
    namespace {                                                                                              \
    [[gnu::used, gnu::section(".note.tenon"),                                                                \
      gnu::aligned(4)]] TENON_DETAIL_UNPADDED constexpr auto tenon_note_##NUMBER =                           \
        ::tenon::detail::exporting<T, P>::note(NAME, VERSION);                                               \
    [[gnu::used, gnu::retain, gnu::section("tenon_exports"),                                                 \
      gnu::aligned(alignof(void*))]] constexpr auto tenon_export_##NUMBER =                                  \
        ::tenon::detail::exporting<T, P>::entry(tenon_note_##NUMBER, sizeof NAME);                           \
    [[gnu::used]] void tenon_emit_##NUMBER() {                                                               \
        ::tenon::detail::exporting<T, P>::emit();                                                            \
    }                                                                                                        \
    }

/// Makes the class P a plugin of type T in this library, or a built-in of the program that it is linked into.
///
///     TENON_EXPORT(greeter, hello, "hello", "1.0.0")
///
/// To be used at namespace scope in a source file. `NAME` is `[a-z][a-z0-9_-]*`, and `VERSION` a text without
/// spaces. A library may export several plugins, of several types, from several files. A class that does not
/// fit is a compile error with a sentence for each reason.
#define TENON_EXPORT(T, P, NAME,                                                                             \
                     VERSION) /* of four arguments: a type with a comma in its name needs an alias */        \
    TENON_DETAIL_REQUIRE_INTERFACE(T)                                                                        \
    TENON_DETAIL_REQUIRE_PLUGIN(P, T)                                                                        \
    TENON_DETAIL_REQUIRE_HOOKS(P, T)                                                                         \
    static_assert(::tenon::detail::valid_plugin_name(NAME),                                                  \
                  "tenon: a plugin's name has to be [a-z][a-z0-9_-]*");                                      \
    static_assert(::tenon::detail::valid_version(VERSION),                                                   \
                  "tenon: a plugin's version has to be printable text without spaces, such as \"1.2.0\"");   \
    TENON_DETAIL_EXPORT(T, P, NAME, VERSION, __COUNTER__)

#endif
