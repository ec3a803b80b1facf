// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_RELOAD_EVENT_HPP
#define TENON_DETAIL_RELOAD_RELOAD_EVENT_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <tenon/detail/library/plugin_code.hpp>

namespace tenon::inline v1 {

/// A step in the life of a watched plugin, passed to the handler of `live::on_event`.
///
///     users.on_event([](const tenon::reload_event& r) { std::clog << r.text() << '\n'; });
///     // version 3 of json 1.2.0 has taken over
struct TENON_HOST_TYPE reload_event {
    enum class step {
        built,       ///< there is a newer library, about to be loaded
        replaced,    ///< a newer version has taken over
        refused,     ///< a newer one came to nothing; `reason` says why, and `version` goes on
        unchanged,   ///< nothing newer is there; only an answer of `live::refresh`
        rolled_back, ///< the version before has taken over again, under a number of its own
        retired,     ///< the last call in a version has returned, and its object is destroyed
        closed,      ///< its code is unmapped, or stays: `reason` says why
    };

    step what = step::unchanged;
    std::uint64_t version = 0; ///< 1 is the first; what is refused uses up a number too
    std::string plugin{};      ///< its name and its own version
    std::string reason{};      ///< a sentence; empty where all is well
    /// The time to build or find the version (`built`), or to load, construct and switch (`replaced`,
    /// `rolled_back`).
    std::chrono::microseconds took{};

    std::string text() const {
        constexpr const char* said[] = {
            " is there and is being loaded", " has taken over", " goes on", " goes on, as nothing is newer",
            " has taken over again",         " is retired",     "'s code"};
        std::string line =
            "version " + std::to_string(version) + " of " + plugin + said[static_cast<int>(what)];
        if (what == step::refused)
            return line + ", because a newer one was refused: " + reason;
        if (what == step::closed)
            return line + (reason.empty() ? " is unmapped" : " stays: " + reason);
        return line;
    }
};

/// The state of a watched plugin.
struct TENON_HOST_TYPE live_status {
    std::uint64_t version = 0; ///< that serves
    plugin_info info{};
    std::uint64_t replaced = 0, refused = 0; ///< how often
    std::string refusal{};                   ///< why the newest there is does not serve; empty where it does
    std::size_t mapped = 0; ///< libraries in memory: of the version that serves, of the one before it for
        ///< `rollback`, of those in use, and those that stay. Versions of one library share it
};

/// Called for every step of a reload, by the thread that takes it: the reload thread, a caller of `refresh`
/// or `rollback`, or the owner of the last `pinned` handle of a version. Exceptions are ignored.
using reload_handler = std::function<void(const reload_event&)>;

} // namespace tenon::inline v1

#endif
