// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_COMPATIBILITY_HPP
#define TENON_DETAIL_LIBRARY_COMPATIBILITY_HPP

#include <string>
#include <string_view>

#include <tenon/detail/library/abi.hpp>
#include <tenon/error.hpp>
#include <tenon/manifest.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What this program expects of plugins of type T; throws where the interface does not describe itself.
template <class T>
[[gnu::visibility("hidden")]] const plugin_abi& expected_abi() {
    const plugin_abi& here = abi_here<T>();
    static const std::string wrong = incompleteness(here);
    if (!wrong.empty())
        throw error::bad_interface(T::type.name(), wrong);
    return here;
}

inline std::string plugins_of(const manifest& in, std::string_view type) {
    std::string text;
    for (const manifest::plugin& each : in.plugins())
        if (type.empty() || each.type == type) {
            text += text.empty() ? "'" : ", '";
            text.append(each.name).append(type.empty() ? "' of type '" + std::string(each.type) + "'" : "'");
        }
    return text;
}

/// The plugin of that type and name in a library, or its only one where no name is given; throws unless this
/// program, which expects `host`, may call it.
inline const manifest::plugin& fitting_plugin(const manifest& in, const std::string& path,
                                              std::string_view type, std::string_view name,
                                              const plugin_abi& host) {
    const manifest::plugin* chosen = nullptr;
    std::size_t of_type = 0;
    for (const manifest::plugin& each : in.plugins())
        if (each.type == type) {
            ++of_type;
            if (name.empty() || each.name == name)
                chosen = &each;
        }
    if (of_type == 0)
        throw error::not_a_plugin(path, type, plugins_of(in, {}));
    if (!chosen)
        throw error::no_such_plugin(path, type, name, plugins_of(in, type));
    if (name.empty() && of_type > 1)
        throw error::several_plugins(path, type, plugins_of(in, type));

    // Types of another standard library differ in every detail, and to list those would hide the cause.
    if (chosen->toolchain != std::string_view(toolchain))
        if (const std::string other = toolchain_differences(toolchain, chosen->toolchain); !other.empty())
            throw error::other_toolchain(path, chosen->name, other);
    // The host's interface is complete, and so is one that is the same.
    const bool fit = fits(host, chosen->abi);
    if (!fit || chosen->abi.slots != host.slots)
        if (const std::string wrong = incompleteness(chosen->abi); !wrong.empty())
            throw error::plugin_has_bad_interface(path, chosen->name, type, wrong);
    if (!fit)
        throw error::misfit(path, chosen->name, type, differences(host, chosen->abi));
    return *chosen;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
