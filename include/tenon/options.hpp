// SPDX-License-Identifier: MIT
#ifndef TENON_OPTIONS_HPP
#define TENON_OPTIONS_HPP

#include <cstdint>
#include <string>

#include <tenon/allow_list.hpp>
#include <tenon/trust.hpp>
#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// How much compilers and git may use; 0: as much as this process itself.
///
/// They are set just after a program was started, for it and for what it has started by then: what these do
/// in their first moments is not bounded. Memory, CPU time and files are counted for each process by itself,
/// so that the sum is not bounded.
struct TENON_HOST_TYPE limits {
    /// bytes that it allocates; there is no good number for every machine and plugin
    std::uint64_t memory = 0;
    /// options.build_timeout and options.fetch_timeout end what only waits, too
    std::uint64_t cpu_seconds = 0;
    std::uint64_t file = 4ull << 30; ///< bytes in a file that it writes: no library and no pack is so large
    std::uint64_t output = 16ull << 20; ///< bytes that it says, which this process keeps in memory
};

/// What plugins are compiled for.
enum class profile {
    optimised, ///< to run fast and to be looked into by a debugger: -O2 -g
    quick,     ///< to be there soon after an edit: -O0
};

/// When a library's code goes: with its last handle, or never, for leak checkers that look for it at the end
/// and for libraries that are not safe to unload.
enum class unload_policy { when_unused, never };

/// How libraries are loaded.
struct TENON_HOST_TYPE library_options {
    unload_policy unload = unload_policy::when_unused;
    tenon::trust trust{};
    /// Loads a copy in memory that nobody can change: its path is not the file's, so it cannot find files
    /// beside itself.
    bool private_copy = false;
    /// Of the file, in hexadecimal; checked on the bytes that are loaded where these are a private copy. Else
    /// they are read once more, and who may write to the file can change it until it is mapped, and while it
    /// is.
    allow_list<std::string> sha256{};
};

} // namespace tenon::inline v1

#endif
