// SPDX-License-Identifier: MIT
#ifndef TENON_LOADER_OPTIONS_HPP
#define TENON_LOADER_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <tenon/event.hpp>
#include <tenon/options.hpp>
#include <tenon/policy.hpp>
#include <tenon/stop_signal.hpp>
#include <tenon/trust.hpp>

namespace tenon::inline v1 {

/// Whether a loader may compile sources and fetch repositories.
enum class build_policy {
    when_needed, ///< if the cache has no current result
    never,       ///< runs no compiler and no git; a result missing from the cache is `errc::build_needed`
};

/// How watched plugins are reloaded.
struct TENON_HOST_TYPE reload_options {
    /// The time between two questions to a remote whether a branch or tag has moved. 0: only `live::refresh`
    /// asks.
    std::chrono::milliseconds fetch_every{0};
    /// The most libraries of one plugin in memory at once, counting those that cannot be unmapped. At the
    /// limit a newer version is refused. A second reload needs at least 3: one version serves, and the one
    /// before is kept for `live::rollback`.
    std::size_t most_versions = 16;
    /// Loads a driver's library from a copy in memory, as `private_copy` does, so that a program that writes
    /// over the file does not write over running code. A library that needs files beside itself needs
    /// `false`.
    bool copy_libraries = true;
};

/// The settings of a loader. Every member has a default.
///
///     tenon::loader loader{{.search = {"/opt/plugins"}, .build = tenon::build_policy::never}};
struct TENON_HOST_TYPE loader_options {
    /// The directory for results, which has to be empty or tenon's. Default: $TENON_CACHE, else
    /// $XDG_CACHE_HOME/tenon, else ~/.cache/tenon.
    std::string cache{};
    /// The compiler's argument vector: `{"ccache", "g++"}`. Default: $CXX, else a compiler of the family that
    /// compiled this program.
    std::vector<std::string> compiler{};
    /// Flags for every plugin, before those in its compile_flags.txt.
    std::vector<std::string> flags{};
    /// Permits flags that run programs during a build (compiler plugins, -B, -wrapper), and fetched
    /// repositories with a CMakeLists.txt, which may run any program.
    bool builds_may_run_programs = false;
    /// Directories with headers, searched before those of the interface and of tenon.
    std::vector<std::string> include{};
    /// `quick` for plugins that are edited and reloaded.
    tenon::profile profile = profile::optimised;
    /// The most compilers at once, over all loaders of this process. 0: one for each processor.
    unsigned jobs = 0;
    /// Precompiles the header of an interface the second time that a plugin is compiled against it.
    bool precompile = true;
    /// Compares the contents of all inputs, system headers included, even if size and times are unchanged.
    bool thorough = false;
    /// The directories in which a bare name is looked for, as `name.so` and `libname.so`.
    std::vector<std::string> search{};
    build_policy build = build_policy::when_needed;
    unload_policy unload = unload_policy::when_unused;
    /// The users whose files are compiled and run.
    tenon::trust trust{};
    /// Which drivers are loaded at all.
    tenon::policy policy{};
    /// See `library_options`.
    bool private_copy = false;
    /// Called for each step that takes time.
    event_handler on_event{};
    /// For `loader::watch`.
    reload_options reload{};
    /// The longest time for a build, including the wait for another process that builds the same. 0: no
    /// limit.
    std::chrono::milliseconds build_timeout = std::chrono::minutes(10);
    /// The longest time for git. 0: no limit.
    std::chrono::milliseconds fetch_timeout = std::chrono::minutes(10);
    /// The limits of each run of a compiler and of git.
    tenon::limits limits{};
    /// Stops builds and fetches, and all programs that they run: a `std::stop_token`. Loads that need neither
    /// still work.
    stop_signal stop{};
};

} // namespace tenon::inline v1

#endif
