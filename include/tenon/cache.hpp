// SPDX-License-Identifier: MIT
#ifndef TENON_CACHE_HPP
#define TENON_CACHE_HPP

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <tenon/detail/system/path_like.hpp>
#include <tenon/detail/system/posix_fwd.hpp>

namespace tenon::inline v1 {

/// One file or folder in a cache.
struct TENON_HOST_TYPE cache_entry {
    enum class kind {
        library,      ///< what a directory of sources was compiled to
        intermediate, ///< what makes the next build faster: precompiled headers, objects, CMake's build trees
        record,       ///< from what the libraries of a directory were made
        checkout,     ///< the files of a commit
        unfinished,   ///< what somebody works on, or has left
    };

    kind what;
    std::string path{};
    std::string type{}; ///< the plugin type, but of a checkout
    /// of a library the directory's, of a checkout the repository's URL as far as that is known
    std::string name{};
    std::string commit{};   ///< of a checkout
    std::uint64_t size = 0; ///< on the disk, in bytes
    std::chrono::system_clock::time_point
        last_use{};      ///< within an hour; backups and the like may make it later
    bool in_use = false; ///< a process has it loaded, or a build needs it at the moment
};

/// Which entries `cache::prune` removes.
struct TENON_HOST_TYPE prune_rule {
    std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max(); ///< the longest unused goes first
    std::chrono::seconds unused_for = std::chrono::seconds::max(); ///< what was not used for so long goes
};

/// The folder in which loaders keep compiled libraries and fetched repositories.
///
///     tenon::cache cache;
///     for (const tenon::cache_entry& entry : cache.entries())
///         std::cout << entry.name << ' ' << entry.size << '\n';
///     cache.prune({.most_bytes = 1 << 30, .unused_for = std::chrono::hours(24 * 30)});
///
/// Any process and any thread may list and prune at any time, also while others build and load. Files that
/// tenon did not make are neither listed nor removed. Symbolic links are never followed.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE cache {
public:
    /// The cache of a loader whose `loader_options::cache` is `folder`; by default, of a loader without
    /// options.
    template <path_like P = std::string>
    explicit cache(const P& folder = {}) : path_(found<>(detail::native(folder))) {}

    const std::string& path() const noexcept { return path_; }

    template <class System = detail::posix>
    std::vector<cache_entry> entries() const;

    /// Bytes on the disk, of all entries together.
    template <class System = detail::posix>
    std::uint64_t size() const;

    /// Removes the entries that the rule names and those that are useless: files that killed builders left,
    /// and files that no record names. Returns the removed entries.
    ///
    /// Results of a source directory that is gone are kept until the rule names them, because the directory's
    /// disk may just not be mounted. Entries in use stay. So do entries that were used in the last minute,
    /// because a load may be about to open them. A library that another process has loaded unseen, such as
    /// one in another container, is removed, which does not disturb that process.
    template <class System = detail::posix>
    std::vector<cache_entry> prune(const prune_rule& rule = {}) const;

private:
    template <class System = detail::posix>
    static std::string found(const std::string& folder);

    std::string path_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#ifdef TENON_DEFINITIONS
#include <tenon/detail/cache/cache_contents.hpp>
#endif

#endif
