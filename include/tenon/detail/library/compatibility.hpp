// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_COMPATIBILITY_HPP
#define TENON_DETAIL_LIBRARY_COMPATIBILITY_HPP

#include <pthread.h>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>
#include <tenon/manifest.hpp>

#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/abi_difference.hpp>
#include <tenon/detail/library/completeness.hpp>
#include <tenon/detail/system/mutex_lock.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_plugin(const std::string& path, std::string_view type, std::string_view found) {
    return {errc::not_a_plugin,
            found.empty()
                ? concatenated({"'", path,
                                "' has no plugins: it was not made with TENON_EXPORT; a plugin of type '",
                                type, "' was asked for"})
                : concatenated({"'", path, "' has no plugin of type '", type, "'; it has ", found}),
            path};
}

inline error no_such_plugin(const std::string& path, std::string_view type, std::string_view name,
                            std::string_view found) {
    return {
        errc::not_a_plugin,
        concatenated({"'", path, "' has no plugin of type '", type, "' named '", name, "'; it has ", found}),
        path};
}

inline error several_plugins(const std::string& path, std::string_view type, std::string_view found) {
    return {errc::ambiguous,
            concatenated({"'", path, "' has several plugins of type '", type, "': ", found, "; choose one ",
                          adding_a_plugin}),
            path};
}

inline error other_toolchain(const std::string& path, std::string_view name, std::string_view differences) {
    return {errc::toolchain,
            concatenated({"the plugin '", name, "' in '", path,
                          "' was compiled with another toolchain than this program:\n", differences,
                          "compile it with the same standard library, mode and sanitizer"}),
            path};
}

inline error misfit(const std::string& path, std::string_view name, std::string_view type,
                    std::string_view differences) {
    return {errc::misfit,
            concatenated({"the plugin '", name, "' in '", path, "' was compiled against another '", type,
                          "' than this program:\n", differences, "compile both against the same header"}),
            path};
}

inline error bad_interface(std::string_view type, std::string_view wrong) {
    return {errc::bad_interface, concatenated({"the interface '", type, "' does not describe itself: ", wrong,
                                               "name every virtual function in `methods`"})};
}

inline error plugin_has_bad_interface(const std::string& path, std::string_view name, std::string_view type,
                                      std::string_view wrong) {
    return {errc::bad_interface,
            concatenated({"the plugin '", name, "' in '", path, "' was compiled against a '", type,
                          "' that does not describe itself: ", wrong,
                          "name every virtual function in `methods`"}),
            path};
}

/// The ABI that this program expects of the plugins of one type, read once. Throws if the interface is
/// incomplete.
inline const plugin_abi& expected_abi(const plugin_notes& host) {
    struct interface {
        const plugin_notes* notes;
        plugin_abi abi;
        std::string incompleteness;
        interface* next;
    };
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static interface* first =
        nullptr; // as few as a program has, and never freed: static objects may load too
    const mutex_lock locked(mutex);
    const interface* here = first;
    while (here && here->notes != &host)
        here = here->next;
    if (!here) {
        plugin_abi abi = read_abi(host);
        std::string wrong = incompleteness(abi);
        here = first = new interface{&host, std::move(abi), std::move(wrong), first};
    }
    if (!here->incompleteness.empty())
        throw bad_interface(host.type.name(), here->incompleteness);
    return here->abi;
}

inline std::string plugins_of(const manifest& in, std::string_view type) {
    std::string text;
    for (const manifest::plugin& exported : in.plugins())
        if (type.empty() || exported.type == type) {
            text += text.empty() ? "'" : ", '";
            text.append(exported.name)
                .append(type.empty() ? "' of type '" + std::string(exported.type) + "'" : "'");
        }
    return text;
}

/// The plugin `name` of a type in a library, or the only one if the name is empty. Throws unless this
/// program, which expects `host`, may call the plugin.
inline const manifest::plugin& fitting_plugin(const manifest& in, const std::string& path,
                                              std::string_view name, const plugin_notes& asked) {
    const std::string_view type(asked.type.name(), asked.type.size());
    const plugin_abi& host = expected_abi(asked);
    const manifest::plugin* chosen = nullptr;
    std::size_t of_type = 0;
    for (const manifest::plugin& exported : in.plugins())
        if (exported.type == type) {
            ++of_type;
            if (name.empty() || exported.name == name)
                chosen = &exported;
        }
    if (of_type == 0)
        throw not_a_plugin(path, type, plugins_of(in, {}));
    if (!chosen)
        throw no_such_plugin(path, type, name, plugins_of(in, type));
    if (name.empty() && of_type > 1)
        throw several_plugins(path, type, plugins_of(in, type));

    // Compared first: types of another standard library differ in every detail, and a list would hide the
    // cause.
    if (chosen->toolchain != std::string_view(toolchain))
        if (const std::string other = toolchain_differences(toolchain, chosen->toolchain); !other.empty())
            throw other_toolchain(path, chosen->name, other);
    // The host's interface is complete, and so is one that is the same.
    const bool fit = fits(host, chosen->abi);
    if (!fit || chosen->abi.slots != host.slots)
        if (const std::string wrong = incompleteness(chosen->abi); !wrong.empty())
            throw plugin_has_bad_interface(path, chosen->name, type, wrong);
    if (!fit)
        throw misfit(path, chosen->name, type, differences(host, chosen->abi));
    return *chosen;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
