// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_STOP_EVENT_HPP
#define TENON_DETAIL_SYSTEM_STOP_EVENT_HPP

#include <cerrno>
#include <cstdint>
#include <utility>
#include <version>

// libc++ has none before version 20.
#ifdef __cpp_lib_jthread
#include <stop_token>
#endif

#include <tenon/error.hpp>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A descriptor that can be read once something is called off, so that this can be waited for together with
/// programs.
template <class System = posix>
class basic_stop_event {
public:
#ifdef __cpp_lib_jthread
    /// An event that raise() raises, and a stop that is requested of `token`.
    explicit basic_stop_event(const std::stop_token& token = {}) : basic_stop_event(made(), token) {}

    /// An event that is raised by `token` alone: without a descriptor where no stop can be requested of it.
    static basic_stop_event of(const std::stop_token& token) {
        return basic_stop_event(token.stop_possible() ? made() : basic_file<System>(), token);
    }
#else
    basic_stop_event() : event_(made()) {}
#endif

    /// Any thread, at any time.
    void raise() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = System::write(descriptor(), &one, sizeof one);
    }

    /// -1 where no stop can be requested any more.
    int descriptor() const noexcept { return event_.descriptor(); }

private:
    static basic_file<System> made() {
        basic_file<System> event(System::event());
        if (event.descriptor() < 0)
            throw error::system_call("make an event for", "options.stop", errno);
        return event;
    }

    basic_file<System> event_;

#ifdef __cpp_lib_jthread
    struct raising {
        const basic_stop_event& what;
        void operator()() const noexcept { what.raise(); }
    };

    basic_stop_event(basic_file<System> event, const std::stop_token& token)
        : event_(std::move(event)), raising_(token, raising{*this}) {}

    std::stop_callback<raising> raising_; // goes first, and waits for a call that is just being made
#endif
};
using stop_event = basic_stop_event<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
