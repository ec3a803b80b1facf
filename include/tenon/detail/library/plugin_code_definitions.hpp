// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_PLUGIN_CODE_DEFINITIONS_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_CODE_DEFINITIONS_HPP

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

template <class System>
plugin_info fitting_info(const basic_library_file<System>& file, std::string_view name,
                         const plugin_notes& host) {
    const manifest::plugin& chosen = fitting_plugin(file.manifest(), file.path(), name, host);
    return {std::string(chosen.type), std::string(chosen.name), std::string(chosen.version), file.path()};
}

template <class System>
const exported<>& exported_by(const basic_library<System>& from, const plugin_info& plugin) {
    using table = tenon_exports_v1_range();
    if (const auto all = reinterpret_cast<table*>(from.symbol("tenon_exports_v1"))) {
        const auto [begin, end] = all();
        for (const auto* exported = begin; exported != end; ++exported)
            if (exported->type == plugin.type && exported->name == plugin.name)
                return *exported;
    }
    throw export_table(plugin.path, plugin.name);
}

template <class System>
basic_plugin_code<System>* basic_plugin_code<System>::load(const library_options& options,
                                                           const std::string& path, std::string_view name,
                                                           const plugin_notes& host) {
    require_one_mode();
    for (int tries = 5;; --tries)
        try {
            return new basic_plugin_code(options, basic_library_file<System>(path, options.trust), name,
                                         host);
        } catch (const error& e) {
            if (e.code() != errc::changed || tries == 1)
                throw;
        }
}

template <class System>
basic_plugin_code<System>::basic_plugin_code(const exported<>& built_in)
    : info_{built_in.type, built_in.name, built_in.version, ""}, entry_(built_in) {}

template <class System>
basic_plugin_code<System>::basic_plugin_code(const library_options& options,
                                             const basic_library_file<System>& file, std::string_view name,
                                             const plugin_notes& host)
    : info_(fitting_info(file, name, host)), library_(new basic_library<System>(file, options)) {
    try {
        entry_ = exported_by(*library_, info_);
    } catch (...) {
        delete library_;
        throw;
    }
}

template <class System>
basic_plugin_code<System>::~basic_plugin_code() {
    delete library_;
}

template <class System>
unloaded basic_plugin_code<System>::close() {
    if (!library_)
        return {unloaded::state::pinned,
                "'" + info_.name + "' stays in memory: it is built into this program"};
    return library_->close();
}

#ifdef TENON_SEPARATE
template class basic_plugin_code<posix>;
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
