// SPDX-License-Identifier: MIT
#ifndef TENON_OPTIONS_HPP
#define TENON_OPTIONS_HPP

#include <cstdint>
#include <string>

#include <tenon/allow_list.hpp>
#include <tenon/trust.hpp>
#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// The most that one run of a compiler or of git may use. 0 is the limit of this process itself.
///
///     tenon::loader loader{{.limits = {.memory = 2ull << 30, .cpu_seconds = 300}}};
///
/// The limits of memory, CPU time and files hold for each process of a run by itself: their sum has no bound.
/// They are set right after a program has started, so that its first moments have no bound either. A program
/// that reaches one fails, and the error names the limit.
struct TENON_HOST_TYPE limits {
    /// Bytes of address space. No number is right for every machine and plugin.
    std::uint64_t memory = 0;
    /// Seconds of CPU time. Programs that only wait are ended by options.build_timeout and fetch_timeout.
    std::uint64_t cpu_seconds = 0;
    /// Bytes in one file that is written. No library and no pack of git's is so large.
    std::uint64_t file = 4ull << 30;
    /// Bytes of output, which this process keeps in memory.
    std::uint64_t output = 16ull << 20;
};

/// What the loader compiles plugins for.
enum class profile {
    optimised, ///< running fast, and debuggers: -O2 -g
    quick,     ///< a short wait after an edit: -O0
};

/// When the code of a library leaves memory.
enum class unload_policy {
    when_unused, ///< with the last handle
    never, ///< for leak checkers that look for it at the end, and for libraries that are not safe to unload
};

/// How one library is loaded.
///
///     tenon::plugin<greeter> hello{tenon::library_options{.private_copy = true}, "./libhello.so"};
struct TENON_HOST_TYPE library_options {
    unload_policy unload = unload_policy::when_unused;
    /// Whose files are run.
    tenon::trust trust{};
    /// Loads a sealed copy in memory, which nobody can change any more. The copy has another path than the
    /// file, so that the library finds no files beside itself.
    bool private_copy = false;
    /// Digests of the library's file, in hexadecimal. With `private_copy` the bytes that are loaded are the
    /// bytes that were compared. Without it, who may write to the file can change it until it is mapped, and
    /// afterwards.
    allow_list<std::string> sha256{};
};

} // namespace tenon::inline v1

#endif
