// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_STOP_EVENT_HPP
#define TENON_DETAIL_SYSTEM_STOP_EVENT_HPP

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include <tenon/error.hpp>
#include <tenon/stop_signal.hpp>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A descriptor that becomes readable on cancellation, so that poll(2) can wait for it together with
/// programs.
template <class System = posix>
class basic_stop_event {
public:
    /// An event that raise() and `signal` raise.
    explicit basic_stop_event(const stop_signal& signal = {}) : basic_stop_event(new_event(), signal) {}

    /// An event that `signal` alone raises. It has no descriptor if no stop is possible.
    static basic_stop_event of(const stop_signal& signal) {
        return basic_stop_event(signal.possible() ? new_event() : basic_file<System>(), signal);
    }

    /// Any thread may call at any time.
    void raise() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = System::write(descriptor(), &one, sizeof one);
    }

    /// The descriptor; -1 if no stop can be requested any more.
    int descriptor() const noexcept { return event_.descriptor(); }

private:
    static basic_file<System> new_event() {
        basic_file<System> event(System::event());
        if (event.descriptor() < 0)
            throw error::system_call("make an event for", "options.stop", errno);
        return event;
    }

    basic_stop_event(basic_file<System> event, const stop_signal& signal)
        : event_(std::move(event)), raising_(signal.on_stop([this] { raise(); })) {}

    basic_file<System> event_;
    const std::shared_ptr<const void> raising_; // goes first, and waits for a call that is just being made
};
using stop_event = basic_stop_event<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
