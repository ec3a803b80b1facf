// SPDX-License-Identifier: MIT
#ifndef TENON_STOP_SIGNAL_HPP
#define TENON_STOP_SIGNAL_HPP

#include <functional>
#include <memory>
#include <utility>
#include <version>

// libc++ has no stop_token before version 20.
#ifdef __cpp_lib_jthread
#include <stop_token>
#endif

#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// A `std::stop_token`, in a type that is the same where the standard library has none.
///
///     std::stop_source source;
///     tenon::loader loader{{.stop = source.get_token()}};
///     source.request_stop();   // by any thread: ends the builds and fetches of `loader`
///
/// A default-constructed signal never stops anything. Any thread may copy and use a signal.
class TENON_HOST_TYPE stop_signal {
public:
    stop_signal() = default;
#ifdef __cpp_lib_jthread
    stop_signal(std::stop_token token) {
        if (token.stop_possible())
            listen_ = [token = std::move(token)](std::function<void()> call) -> std::shared_ptr<const void> {
                return std::make_shared<std::stop_callback<std::function<void()>>>(token, std::move(call));
            };
    }
#endif

    /// True if a stop can still be requested, or has been.
    bool possible() const noexcept { return listen_ != nullptr; }

    /// Calls `call` once when a stop is requested; now, if that is so already. The thread that requests it
    /// makes the call, which must not throw. `call` is not run any more once the returned object is gone. Null
    /// if no stop is possible.
    std::shared_ptr<const void> on_stop(std::function<void()> call) const {
        return listen_ ? listen_(std::move(call)) : nullptr;
    }

private:
    std::function<std::shared_ptr<const void>(std::function<void()>)> listen_{};
};

} // namespace tenon::inline v1

#endif
