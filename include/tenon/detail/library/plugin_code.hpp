// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_PLUGIN_CODE_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_CODE_HPP

#include <string>
#include <string_view>

#include <tenon/export.hpp>
#include <tenon/options.hpp>

#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/library/host_file.hpp>
#include <tenon/detail/library/unloaded.hpp>
#include <tenon/detail/system/posix_fwd.hpp>

namespace tenon::inline v1 {

/// The type, name and version of a plugin.
struct TENON_HOST_TYPE plugin_info {
    std::string type, name, version;
    std::string path; ///< of its library; empty for a built-in
};

namespace detail {
inline namespace TENON_OWN {

template <class System>
class basic_library;
template <class System>
class basic_library_file;

/// The code of one plugin: its factory and its hooks, and a reference to its library.
template <class System = posix>
class basic_plugin_code {
public:
    /// Loads the plugin `name` of a library, or its only one if the name is empty. A file that is replaced
    /// during the load is tried again a few times. The caller owns the result.
    [[nodiscard]] static basic_plugin_code* load(const library_options& options, const std::string& path,
                                                 std::string_view name, const plugin_notes& host);

    /// The code of a plugin that is part of the program.
    explicit basic_plugin_code(const exported<>& built_in);
    basic_plugin_code(const basic_plugin_code&) = delete;
    basic_plugin_code& operator=(const basic_plugin_code&) = delete;
    ~basic_plugin_code();

    const plugin_info& info() const noexcept { return info_; }
    /// The factory and the hooks, as functions of an interface that only the caller knows.
    const exported<>& entry() const noexcept { return entry_; }
    /// Null for a built-in.
    const basic_library<System>* from() const noexcept { return library_; }

    /// Lets go of the library, and says what became of it.
    unloaded close();

private:
    basic_plugin_code(const library_options& options, const basic_library_file<System>& file,
                      std::string_view name, const plugin_notes& host);

    plugin_info info_;
    basic_library<System>* library_ =
        nullptr; // owned; <memory> would add a quarter to the cost of plugin.hpp
    exported<> entry_{};
};

using plugin_code = basic_plugin_code<>;

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif
