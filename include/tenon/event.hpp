// SPDX-License-Identifier: MIT
#ifndef TENON_EVENT_HPP
#define TENON_EVENT_HPP

#include <cstddef>
#include <functional>
#include <string>

#include <tenon/diagnostic.hpp>

namespace tenon::inline v1 {

/// One step on the way from a driver to its plugin, or one warning of a compiler on that way.
///
///     tenon::loader loader{{.on_event = [](const tenon::event& e) { std::cerr << e.text() << '\n'; }}};
///     // compiling passwd
///
/// A step is told when it begins, and again as its parts are done, where these can be counted.
struct TENON_HOST_TYPE event {
    enum class step {
        resolving,    ///< asking a remote what a branch or tag is
        fetching,     ///< getting a commit; `done` is a percentage
        falling_back, ///< the remote cannot be reached, and an older commit will do; `detail` says why
        waiting,      ///< for another thread or process that builds or fetches the same
        configuring,  ///< what a CMakeLists.txt says
        precompiling, ///< the interface's headers
        compiling,    ///< the sources
        linking,      ///< their objects
        checking,     ///< the library that was built
        cached,       ///< nothing has to be built or fetched
        warning,      ///< of a compiler, a linker or CMake, in a build that goes on: `said` has it
    };

    step what;
    std::string subject;  ///< the directory's name, or the repository's URL
    std::size_t done = 0; ///< parts; 0 when the step begins
    std::size_t of = 0;   ///< parts that there are; 0: nothing is counted
    std::string detail{};
    diagnostic said{};

    /// `compiling passwd (3 of 12)`; of a warning what the compiler has printed, without the source.
    std::string text() const {
        if (what == step::warning)
            return said.message();
        constexpr const char* verb[] = {"asking",       "fetching",
                                        "cannot reach", "waiting until another is done with",
                                        "configuring",  "precompiling the headers of",
                                        "compiling",    "linking",
                                        "checking",     "found"};
        std::string line = std::string(verb[static_cast<int>(what)]) + ' ' + subject;
        if (done > 0 && what == step::fetching)
            line += " (" + std::to_string(done) + "%)";
        else if (done > 0 && of > 1)
            line += " (" + std::to_string(done) + " of " + std::to_string(of) + ')';
        if (!detail.empty())
            line += ": " + detail;
        return line;
    }
};

/// A function that is told of every event, by the thread that loads, which waits for it.
///
/// What the function throws cancels the load: the compilers and the git that run are ended, nothing is left
/// half-made, and the exception reaches who asked for the plugin. It may be anything but `error`.
using event_handler = std::function<void(const event&)>;

} // namespace tenon::inline v1

#endif
