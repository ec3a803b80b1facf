// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_STOP_EVENT_HPP
#define TENON_DETAIL_SYSTEM_STOP_EVENT_HPP

#include <cerrno>
#include <cstdint>
#include <utility>
#include <version>

// libc++ has no stop_token before version 20.
#ifdef __cpp_lib_jthread
#include <stop_token>
#endif

#include <tenon/error.hpp>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A descriptor that becomes readable on cancellation, so that poll(2) can wait for it together with
/// programs.
template <class System = posix>
class basic_stop_event {
public:
#ifdef __cpp_lib_jthread
    /// An event that raise() and a stop request of `token` raise.
    explicit basic_stop_event(const std::stop_token& token = {}) : basic_stop_event(made(), token) {}

    /// An event that `token` alone raises. It has no descriptor if no stop can be requested of the token.
    static basic_stop_event of(const std::stop_token& token) {
        return basic_stop_event(token.stop_possible() ? made() : basic_file<System>(), token);
    }
#else
    basic_stop_event() : event_(made()) {}
#endif

    /// Any thread may call at any time.
    void raise() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = System::write(descriptor(), &one, sizeof one);
    }

    /// The descriptor; -1 if no stop can be requested any more.
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
