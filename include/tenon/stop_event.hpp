// SPDX-License-Identifier: MIT
#ifndef TENON_STOP_EVENT_HPP
#define TENON_STOP_EVENT_HPP

#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>
#include <version>

#include <tenon/error.hpp>
#include <tenon/file.hpp>
#include <tenon/posix.hpp>

// libc++ has none before version 20.
#ifdef __cpp_lib_jthread
#include <stop_token>

namespace tenon::inline v1::detail {

/// A descriptor that can be read once a token's stop is requested, so that it can be waited for together with
/// programs.
template <class System = posix>
class basic_stop_event {
public:
    explicit basic_stop_event(std::stop_token token) : event_(event_for(token)) {
        if (event_.descriptor() >= 0)
            raising_.emplace(std::move(token), raise{event_.descriptor()});
    }

    /// -1 where no stop can be requested any more.
    int descriptor() const noexcept { return event_.descriptor(); }

private:
    static basic_file<System> event_for(const std::stop_token& token) {
        if (!token.stop_possible())
            return basic_file<System>();
        basic_file<System> made(System::event());
        if (made.descriptor() < 0)
            throw error::system_call("make an event for", "options.stop", errno);
        return made;
    }

    struct raise {
        int descriptor;
        void operator()() const noexcept {
            const std::uint64_t one = 1;
            [[maybe_unused]] const ssize_t written = System::write(descriptor, &one, sizeof one);
        }
    };

    basic_file<System> event_;
    std::optional<std::stop_callback<raise>>
        raising_; // goes first, and waits for one that is just being made
};

} // namespace tenon::inline v1::detail
#endif

#endif
