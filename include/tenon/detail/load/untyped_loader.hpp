// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_UNTYPED_LOADER_HPP
#define TENON_DETAIL_LOAD_UNTYPED_LOADER_HPP

#include <memory>
#include <string>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/loader_options.hpp>
#include <tenon/registry.hpp>

#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/library/plugin_code.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

class build_log;
class plugin_source;

/// A loader that knows the interface of a plugin by its notes, and not by its C++ type.
template <class System = posix>
struct basic_untyped_loader {
    /// Relative paths in the options are resolved now.
    explicit basic_untyped_loader(loader_options with);

    /// Loads the code of the plugin that a driver names.
    std::unique_ptr<plugin_code> code(const std::string& text, const plugin_notes& host) const;
    /// Where the versions of a watched plugin come from.
    std::unique_ptr<plugin_source> source(const std::string& text, const plugin_notes& host) const;
    /// Builds and checks what a driver names, and returns the library's path.
    std::string prepared(const std::string& text, const plugin_notes& host) const;
    /// What compilers said in the last successful build.
    std::vector<diagnostic> diagnostics() const;

    loader_options options;
    registry built_ins{};
    std::shared_ptr<build_log> last_build; // of copies too
    int cancelled = -1;                    // descriptor of a stop_event that replaces options.stop
};

using untyped_loader = basic_untyped_loader<>;

/// Loads the code of a plugin with a loader that has no options.
template <class System = posix>
std::unique_ptr<plugin_code> code_by_default(const std::string& text, const plugin_notes& host);

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
