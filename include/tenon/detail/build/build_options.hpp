// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_BUILD_OPTIONS_HPP
#define TENON_DETAIL_BUILD_BUILD_OPTIONS_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/event.hpp>
#include <tenon/options.hpp>
#include <tenon/trust.hpp>
#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The settings of a builder.
struct build_options {
    std::vector<std::string> compiler{};  ///< program and first arguments, such as {"ccache", "g++"}; empty:
                                          ///< $CXX, else the family that built this program
    std::vector<std::string> flags{};     ///< for every plugin, and before those in its compile_flags.txt
    bool builds_may_run_programs = false; ///< lets flags name programs that take part in the build (compiler
                                          ///< plugins, -B, -wrapper, -specs), and repositories have CMake run
    bool fetched = false;                 ///< the source is from a repository
    std::string target{};                 ///< of a CMakeLists.txt; empty: the only one that can be a plugin
    std::vector<std::string> include{};   ///< folders searched before those in $TENON_INCLUDE and those that
                                          ///< the compiler of this program saw
    tenon::profile profile = profile::optimised;
    /// compilers at once, of all loaders of this process together; 0: one for each processor
    unsigned jobs = 0;
    bool thorough = false;  ///< compares every header, the system's too, by what it says
    bool precompile = true; ///< the header of an interface that is compiled against more than once
    tenon::trust trust{};
    event_handler on_event{};
    /// Called after a successful build, with the warnings of its programs.
    std::function<void(std::vector<diagnostic>)> on_built{};
    tenon::limits limits{};   ///< of each run of the compiler
    std::int64_t timeout = 0; ///< in milliseconds, of a build with the wait for another's; 0: none
    int stop = -1;            ///< a descriptor that calls a build off once it can be read
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
