// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_UNTYPED_LOADER_DEFINITIONS_HPP
#define TENON_DETAIL_LOAD_UNTYPED_LOADER_DEFINITIONS_HPP

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tenon/driver.hpp>
#include <tenon/policy.hpp>

#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/interface_headers.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/library/plugin_code_definitions.hpp>
#include <tenon/detail/load/build_log.hpp>
#include <tenon/detail/load/driver_attempt.hpp>
#include <tenon/detail/load/driver_source.hpp>
#include <tenon/detail/load/library_finder.hpp>
#include <tenon/detail/load/untyped_loader.hpp>
#include <tenon/detail/source/permitted_driver.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

template <class System>
loader_options with_absolute_paths(loader_options options) {
    options.cache = cache::named(std::move(options.cache));
    options.compiler = basic_compiler<>::named(std::move(options.compiler));
    options.include = headers::named(std::move(options.include));
    const auto make_absolute = [](std::string& path) {
        if (!path.empty())
            path = absolute<>(path);
    };
    for (std::string& folder : options.search)
        make_absolute(folder);
    if (!options.policy.folders.anything()) {
        std::vector<std::string> folders = options.policy.folders.list();
        for (std::string& folder : folders)
            make_absolute(folder);
        options.policy.folders = std::move(folders);
    }
    if (options.policy.signed_by) {
        make_absolute(options.policy.signed_by->ssh);
        make_absolute(options.policy.signed_by->gpg);
    }
    return options;
}

template <class System>
basic_untyped_loader<System>::basic_untyped_loader(loader_options with)
    : options(with_absolute_paths<System>(std::move(with))), last_build(std::make_shared<build_log>()) {}

template <class System>
std::unique_ptr<plugin_code> basic_untyped_loader<System>::code(const std::string& text,
                                                                const plugin_notes& host) const {
    require_one_mode();
    const driver from = permitted_driver(text, options.policy);
    if (from.what == driver::kind::name)
        if (const auto* built_in = built_ins.find(from.place, host)) {
            trace("'", from.place, "' is built in");
            return std::make_unique<plugin_code>(*built_in);
        }
    return driver_attempt(from, options.cache).run([&] {
        const basic_library_finder<System> finder(*this);
        const found_library found = finder.locate(from, host);
        return std::unique_ptr<plugin_code>(
            plugin_code::load(finder.options_for(from.what), found.path, found.plugin, host));
    });
}

template <class System>
std::unique_ptr<plugin_source> basic_untyped_loader<System>::source(const std::string& text,
                                                                    const plugin_notes& host) const {
    require_one_mode();
    return std::make_unique<basic_driver_source<System>>(*this, permitted_driver(text, options.policy), host);
}

template <class System>
std::string basic_untyped_loader<System>::prepared(const std::string& text, const plugin_notes& host) const {
    const driver from = permitted_driver(text, options.policy);
    if (from.what == driver::kind::name && built_ins.find(from.place, host))
        return "";
    return driver_attempt(from, options.cache).run([&] {
        const basic_library_finder<System> finder(*this);
        const found_library found = finder.locate(from, host);
        finder.check(found, host, finder.digests(from.what));
        return found.path;
    });
}

template <class System>
std::unique_ptr<plugin_code> code_by_default(const std::string& text, const plugin_notes& host) {
    return basic_untyped_loader<System>({}).code(text, host);
}

template <class System>
std::vector<diagnostic> basic_untyped_loader<System>::diagnostics() const {
    return last_build->get();
}

#ifdef TENON_SEPARATE
template struct basic_untyped_loader<posix>;
template std::unique_ptr<plugin_code> code_by_default<posix>(const std::string&, const plugin_notes&);
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
