// SPDX-License-Identifier: MIT
#ifndef TENON_MANIFEST_HPP
#define TENON_MANIFEST_HPP

#include <string>
#include <string_view>
#include <vector>

#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/note_range.hpp>
#include <tenon/detail/system/path_like.hpp>
#include <tenon/detail/system/posix_fwd.hpp>

struct stat;

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {
template <class System>
class elf_reader;
} // namespace TENON_OWN
} // namespace detail

/// The list of plugins in a library file, read without running any of the library's code.
///
///     const tenon::manifest library{"./libusers.so"};
///     for (const auto& plugin : library.plugins())
///         std::cout << plugin.type << ' ' << plugin.name << ' ' << plugin.version << '\n';   // userprovider passwd 1.2.0
///
/// The texts are views into the manifest and dangle once it is gone. The list of a library without plugins is
/// empty. Throws `error` with `errc::not_a_library` for a file that is no library for this machine, and with
/// `errc::malformed_note` for notes that tenon cannot have written. Only the pages that hold the notes are
/// read and checked, in most libraries the first one. A load checks the rest of the file.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE manifest {
public:
    struct plugin {
        std::string_view type, name, version, toolchain;
        detail::plugin_abi abi;

        /// The methods of the interface and all types that cross it, as indented lines.
        std::string description() const;
        /// Sentences about virtual functions that `methods` leaves out, for which a load refuses the plugin;
        /// empty if there are none.
        std::string incompleteness() const;
    };

    template <path_like P>
    explicit manifest(const P& path) : manifest(opened<detail::posix>(detail::native(path))) {}

    /// Reads an open file. Messages name it by `path`.
    template <class System = detail::posix>
    static manifest of(int fd, const std::string& path);
    /// Reads an open file, and throws if the system's loader must not be given it.
    template <class System = detail::posix>
    static manifest of_loadable(int fd, const struct stat& status, const std::string& path);
    template <class System>
    static manifest of_loadable(const detail::elf_reader<System>& file, const std::string& path);

    manifest(manifest&&) = default;
    manifest& operator=(manifest&&) = default;

    const std::vector<plugin>& plugins() const noexcept { return plugins_; }

    /// The addresses of the notes in the loaded library, and their bytes in the file.
    const std::vector<detail::note_range>& ranges() const noexcept { return ranges_; }

private:
    template <class System>
    static manifest opened(const std::string& path);

    manifest(std::vector<detail::note_range> ranges, const std::string& path);

    std::vector<detail::note_range> ranges_; // never grows once views of it exist
    std::vector<plugin> plugins_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#ifdef TENON_DEFINITIONS
#include <tenon/detail/library/manifest_reader.hpp>
#endif

#endif
