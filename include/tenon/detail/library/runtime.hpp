// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_RUNTIME_HPP
#define TENON_DETAIL_LIBRARY_RUNTIME_HPP

#include <cstddef>
#include <cxxabi.h>
#include <string>
#include <string_view>
#include <unwind.h>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/system/posix.hpp>

// libc++ has it, and its header leaves it out.
namespace __cxxabiv1 {
struct __cxa_eh_globals;
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept;
} // namespace __cxxabiv1

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline constexpr std::string_view two_runtimes =
    "and with two an exception ends the program, and an error code of one equals none of the other";

inline error static_host(const std::string& path) {
    return {
        errc::load_failed,
        concatenated({"cannot load '", path,
                      "': this program is linked statically, and a library would bring a second C library "
                      "into it; link "
                      "the program without -static and -static-pie, or the plugin into the program"}),
        path};
}

inline error runtime_hidden(const std::string& path) {
    return {
        errc::toolchain,
        concatenated({"cannot load '", path,
                      "': its host has a C++ runtime linked into it (-static-libstdc++) that libraries do "
                      "not see, so that "
                      "the plugin would use another, ",
                      two_runtimes,
                      "; link the host with -rdynamic, or without "
                      "-static-libstdc++ and -static-libgcc"}),
        path};
}

inline error second_runtime(const std::string& path) {
    return {
        errc::toolchain,
        concatenated({"cannot load '", path,
                      "': it has a C++ runtime linked into it (-static-libstdc++) and would use that instead "
                      "of its host's, ",
                      two_runtimes, "; link it without -static-libstdc++ and -static-libgcc"}),
        path};
}

inline error second_unwinder(const std::string& path) {
    return {errc::toolchain,
            concatenated(
                {"cannot load '", path,
                 "': it or its host has the unwinder of exceptions linked into it (-static-libgcc), and an "
                 "exception cannot pass from one unwinder to another; link both without -static-libgcc"}),
            path};
}

/// How a library comes by a C++ runtime: exceptions, type information and the functions of the standard
/// library.
enum class runtime_use {
    none,     ///< it needs none, or no more of one than memory
    borrowed, ///< from the program and the libraries that it is loaded beside
    yielding, ///< it has one linked into it, which the system's loader replaces by one that it meets first
    own,      ///< it has one linked into it, and always uses that
};

/// What a library file asks of the system's loader, as far as this decides whether its plugins can work.
struct linkage {
    runtime_use runtime = runtime_use::none;
    bool own_unwinder = false; ///< what finds the handlers of exceptions is linked into it (`-static-libgcc`)
    bool exports_plugins = false; ///< it shows `tenon_exports_v1`
    bool uses_own_folder = false; ///< it looks for libraries relative to `$ORIGIN`
    /// why its code may be called once it is closed, where it hands on what it never takes back
    const char* stays = nullptr;
};

/// What hands a function to the C library that `taken_back_by` alone takes back, if anything does. The C
/// library itself lets go of what a library that is unmapped has given to atexit, at_quick_exit and
/// pthread_atfork.
struct registering {
    const char *name, *taken_back_by, *why;
};
inline constexpr registering all_registering[] = {
    {"pthread_key_create", "pthread_key_delete",
     "it calls pthread_key_create and never pthread_key_delete, so that its code may be called when a thread "
     "ends"},
    {"tss_create", "tss_delete",
     "it calls tss_create and never tss_delete, so that its code may be called when a thread ends"},
    {"on_exit", "", "it calls on_exit, so that its code may be called when the program ends"},
};

/// Finds out whether a library takes back what it hands on, by the names that it lacks.
class functions_handed_on {
public:
    void lacks(std::string_view name) noexcept {
        for (std::size_t i = 0; i < std::size(all_registering); ++i) {
            hands_on_[i] = hands_on_[i] || name == all_registering[i].name;
            takes_back_[i] = takes_back_[i] || (!name.empty() && name == all_registering[i].taken_back_by);
        }
    }
    const char* stays() const noexcept {
        for (std::size_t i = 0; i < std::size(all_registering); ++i)
            if (hands_on_[i] && !takes_back_[i])
                return all_registering[i].why;
        return nullptr;
    }

private:
    bool hands_on_[std::size(all_registering)] = {}, takes_back_[std::size(all_registering)] = {};
};

/// Whether a name is one that a C++ runtime alone defines. Plugins define others of namespace std: what they
/// instantiate.
inline bool is_of_runtime_alone(std::string_view name) {
    constexpr std::string_view names[] = {"__cxa_throw",
                                          "__cxa_rethrow",
                                          "__cxa_begin_catch",
                                          "__cxa_get_globals",
                                          "__cxa_allocate_exception",
                                          "__gxx_personality_v0"};
    for (const std::string_view known : names)
        if (name == known)
            return true;
    return false;
}

/// Whether a symbol that a library lacks has to come from the C++ runtime of the program. `new` and
/// `delete` are `malloc` and `free` in each, and what guards static objects in functions serves the library
/// alone.
inline bool asks_for_runtime(std::string_view name) {
    constexpr std::string_view beginnings[] = {
        "_ZSt", "_ZNSt", "_ZNKSt", "_ZTISt", "_ZTVSt", "_ZTVN10__cxxabiv1", "__cxa_bad_"};
    for (const std::string_view beginning : beginnings)
        if (name.starts_with(beginning))
            return true;
    return is_of_runtime_alone(name);
}

/// Reads how a library is linked.
///
/// A runtime that was linked into a library leaves one of three traces. Its functions are among the library's
/// symbols, and are looked up there, so that the program's come first; or they are among them and bound
/// (`-Bsymbolic`), which leaves no relocation; or they are hidden (`--exclude-libs`, version scripts), and
/// then the library lacks nothing of a runtime, handles exceptions all the same, and asks for what only the
/// finding of handlers needs.
template <class System>
linkage linkage_of(const elf_reader<System>& library) {
    linkage links;
    typename elf_reader<System>::loader_information information;
    library.read(information);
    links.uses_own_folder = information.uses_own_folder();
    bool lacks = false, throws = false, finds_handlers = false;
    std::vector<bool> has; // by the number of the symbol
    functions_handed_on handed_on;
    library.for_each_symbol(information, [&](std::size_t number, std::string_view name, const auto& symbol) {
        const bool defined = symbol.st_shndx != SHN_UNDEF;
        if (defined && name == "tenon_exports_v1")
            links.exports_plugins = true;
        if (defined && is_of_runtime_alone(name)) {
            has.resize(number + 1);
            has[number] = true;
        } else if (!defined) {
            handed_on.lacks(name);
            lacks = lacks || asks_for_runtime(name);
            throws = throws || name == "_Unwind_RaiseException";
            links.own_unwinder = links.own_unwinder || name == "_dl_find_object" || name == "dl_iterate_phdr";
            finds_handlers = finds_handlers || name.starts_with("_Unwind_");
        }
    });
    links.stays = handed_on.stays();
    links.own_unwinder = links.own_unwinder && !finds_handlers;
    if (!has.empty())
        links.runtime = library.looks_up(information, has) && !information.symbolic() ? runtime_use::yielding
                                                                                      : runtime_use::own;
    else if (lacks)
        links.runtime = runtime_use::borrowed;
    else if ((throws || links.own_unwinder) && library.may_have_section(".gcc_except_table"))
        links.runtime = runtime_use::own;
    return links;
}

/// Where a function that this code uses is, for the libraries that it loads.
enum class place {
    first,     ///< they meet it before any other of its name
    elsewhere, ///< in a library that they use too, but after what is linked into them
    hidden,    ///< in this very program or library, which does not show it to others
};

/// Hidden, as each library that is a host has its own answer.
template <class System>
__attribute__((visibility("hidden"))) place place_of(const char* name, const void* function) {
    if (System::first_symbol(name) == function)
        return place::first;
    const bool here = System::in_one_image(function, reinterpret_cast<const void*>(&place_of<System>));
    return here ? place::hidden : place::elsewhere;
}

template <class System>
__attribute__((visibility("hidden"))) place place_of_runtime() {
    return place_of<System>("__cxa_get_globals",
                            reinterpret_cast<const void*>(&__cxxabiv1::__cxa_get_globals));
}

/// Whether exceptions find their handlers by one unwinder in a plugin and in this code, or by two that are as
/// good: those of GCC understand each other, and libc++ is used with LLVM's too.
template <class System>
__attribute__((visibility("hidden"))) bool one_unwinder([[maybe_unused]] const linkage& plugin) {
#ifdef _LIBCPP_VERSION
    return !plugin.own_unwinder &&
           place_of<System>("_Unwind_Resume", reinterpret_cast<const void*>(&_Unwind_Resume)) !=
               place::hidden;
#else
    return true;
#endif
}

/// Throws unless a plugin that is linked so, and this code, have one C++ runtime, or the plugin needs none.
/// With two, an exception that one throws ends the program in the other or is not counted there, and an error
/// code of one equals none of the other.
template <class System>
void require_one_runtime(const std::string& path, const linkage& plugin) {
    if (!System::has_loader())
        throw static_host(path);
    if (plugin.runtime == runtime_use::none)
        return;
    const place ours = place_of_runtime<System>();
    if (ours == place::hidden && plugin.runtime != runtime_use::own)
        throw runtime_hidden(path);
    if (plugin.runtime == runtime_use::own ||
        (plugin.runtime == runtime_use::yielding && ours != place::first))
        throw second_runtime(path);
    if (!one_unwinder<System>(plugin))
        throw second_unwinder(path);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
