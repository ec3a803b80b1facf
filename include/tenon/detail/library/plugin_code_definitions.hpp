// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_PLUGIN_CODE_DEFINITIONS_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_CODE_DEFINITIONS_HPP

#include <memory>
#include <string>
#include <string_view>

#include <tenon/error.hpp>
#include <tenon/manifest.hpp>

#include <tenon/detail/library/compatibility.hpp>
#include <tenon/detail/library/host_file.hpp>
#include <tenon/detail/library/library.hpp>
#include <tenon/detail/library/library_file.hpp>
#include <tenon/detail/library/plugin_code.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error export_table(const std::string& path, std::string_view name) {
    return {errc::malformed_note,
            concatenated({"'", path, "' says that it has a plugin '", name,
                          "', and its export table does not; compile the library again"}),
            path};
}

inline error two_modes(std::string_view separate, std::string_view whole) {
    return {
        errc::toolchain,
        concatenated({"this program was compiled in two ways: '", separate, "' with TENON_SEPARATE, and '",
                      whole, "' without it; compile all of its files that include tenon with it, or none"})};
}

/// Throws if some files of this program define what others expect of one file alone.
inline void require_one_mode() {
    for (const host_file* file = __start_tenon_hosts; file != __stop_tenon_hosts; ++file)
        if (const host_file& first = *__start_tenon_hosts; file->separate != first.separate)
            throw two_modes((file->separate ? *file : first).name, (file->separate ? first : *file).name);
}

inline plugin_info fitting_info(const library_file& file, std::string_view name, const plugin_notes& host) {
    const manifest::plugin& chosen = fitting_plugin(file.manifest(), file.path(), name, host);
    return {std::string(chosen.type), std::string(chosen.name), std::string(chosen.version), file.path()};
}

inline const exported<>& exported_by(const library& from, const plugin_info& plugin) {
    using table = tenon_exports_v1_range();
    if (const auto all = reinterpret_cast<table*>(from.symbol("tenon_exports_v1"))) {
        const auto [begin, end] = all();
        for (const auto* exported = begin; exported != end; ++exported)
            if (exported->type == plugin.type && exported->name == plugin.name)
                return *exported;
    }
    throw export_table(plugin.path, plugin.name);
}

TENON_INLINE std::unique_ptr<plugin_code> plugin_code::load(const library_options& options,
                                                            const std::string& path, std::string_view name,
                                                            const plugin_notes& host) {
    require_one_mode();
    for (int tries = 5;; --tries)
        try {
            return std::unique_ptr<plugin_code>(
                new plugin_code(options, library_file(path, options.trust), name, host));
        } catch (const error& e) {
            if (e.code() != errc::changed || tries == 1)
                throw;
        }
}

TENON_INLINE plugin_code::plugin_code(const exported<>& built_in)
    : info_{built_in.type, built_in.name, built_in.version, ""}, entry_(built_in) {}

TENON_INLINE plugin_code::plugin_code(const library_options& options, const library_file& file,
                                      std::string_view name, const plugin_notes& host)
    : info_(fitting_info(file, name, host)), library_(std::make_unique<library>(file, options)),
      entry_(exported_by(*library_, info_)) {}

TENON_INLINE plugin_code::~plugin_code() = default;

TENON_INLINE unloaded plugin_code::close() {
    if (!library_)
        return {unloaded::state::pinned,
                "'" + info_.name + "' stays in memory: it is built into this program"};
    return library_->close();
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
