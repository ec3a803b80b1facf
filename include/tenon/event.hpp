// SPDX-License-Identifier: MIT
#ifndef TENON_EVENT_HPP
#define TENON_EVENT_HPP

#include <functional>
#include <string>

namespace tenon::inline v1 {

/// A step on the way from a driver to its plugin, told when it begins.
///
///     tenon::loader loader{{.on_event = [](const tenon::event& e) { std::cerr << e.text() << '\n'; }}};   // compiling passwd
struct event {
    enum class step {
        resolving,    ///< asking a remote what a branch or tag is
        fetching,     ///< getting a commit
        falling_back, ///< the remote cannot be reached, and an older commit will do; `detail` says why
        waiting,      ///< for another thread or process that builds the same
        precompiling, ///< the interface's headers
        compiling,
        linking,
        checking, ///< what was built
        cached,   ///< nothing had to be done
    };

    step what;
    std::string subject; ///< the directory's name, or the repository's URL
    unsigned part = 0;   ///< which of so many, from 1; of a fetch, percent of 100
    unsigned of = 0;     ///< 0: nothing is counted
    std::string detail{}; ///< why

    /// `compiling passwd (3 of 12)`
    std::string text() const {
        static constexpr const char* verb[] = {"asking", "fetching", "cannot reach", "waiting for", "precompiling the headers of",
                                               "compiling", "linking", "checking", "found"};
        std::string line = std::string(verb[static_cast<int>(what)]) + ' ' + subject;
        if (of > 1)
            line += " (" + std::to_string(part) + " of " + std::to_string(of) + ')';
        if (!detail.empty())
            line += ": " + detail;
        return line;
    }
};

/// Is told of events on the thread that loads, and of compilations that run beside each other on that same one; may not throw.
using event_handler = std::function<void(const event&)>;

} // namespace tenon::inline v1

#endif
