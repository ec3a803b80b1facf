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
#include <tenon/detail/load/driver_source.hpp>
#include <tenon/detail/load/driver_use.hpp>
#include <tenon/detail/load/library_finder.hpp>
#include <tenon/detail/load/untyped_loader.hpp>
#include <tenon/detail/source/permitted_driver.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline loader_options with_absolute_paths(loader_options options) {
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

TENON_INLINE untyped_loader::untyped_loader(loader_options with)
    : options(with_absolute_paths(std::move(with))), last_build(std::make_shared<build_log>()) {}

TENON_INLINE std::unique_ptr<plugin_code> untyped_loader::code(const std::string& text,
                                                               const plugin_notes& host) const {
    require_one_mode();
    const driver from = permitted_driver(text, options.policy);
    if (from.what == driver::kind::name)
        if (const auto* built_in = built_ins.find(from.place, host)) {
            trace("'", from.place, "' is built in");
            return std::make_unique<plugin_code>(*built_in);
        }
    return driver_use(from, options.cache).run([&] {
        const library_finder finder(*this);
        const found_library found = finder.locate(from, host);
        return plugin_code::load(finder.options_for(from.what), found.path, found.plugin, host);
    });
}

TENON_INLINE std::unique_ptr<plugin_source> untyped_loader::source(const std::string& text,
                                                                   const plugin_notes& host) const {
    require_one_mode();
    return std::make_unique<driver_source>(*this, permitted_driver(text, options.policy), host);
}

TENON_INLINE std::string untyped_loader::prepared(const std::string& text, const plugin_notes& host) const {
    const driver from = permitted_driver(text, options.policy);
    if (from.what == driver::kind::name && built_ins.find(from.place, host))
        return "";
    return driver_use(from, options.cache).run([&] {
        const library_finder finder(*this);
        const found_library found = finder.locate(from, host);
        finder.check(found, host, finder.digests(from.what));
        return found.path;
    });
}

TENON_INLINE std::unique_ptr<plugin_code> code_by_default(const std::string& text, const plugin_notes& host) {
    return untyped_loader({}).code(text, host);
}

TENON_INLINE std::vector<diagnostic> untyped_loader::diagnostics() const {
    return last_build->get();
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
