// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_DEADLINE_HPP
#define TENON_DETAIL_SYSTEM_DEADLINE_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include <tenon/error.hpp>
#include <tenon/options.hpp>

#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What ended a program or a wait.
enum class stop_reason { itself, time, stop, output };

/// The error code for a stop reason; `otherwise` for a program that ended by itself.
inline errc code_of(stop_reason cause, errc otherwise) {
    return cause == stop_reason::time   ? errc::timed_out
           : cause == stop_reason::stop ? errc::cancelled
                                        : otherwise;
}

/// `12.3 seconds`
inline std::string in_seconds(std::int64_t milliseconds) {
    return std::to_string(milliseconds / 1000) + '.' + std::to_string(milliseconds % 1000 / 100) + " seconds";
}

/// How long a caller waits for other programs, how the wait is cancelled, and the limits of these programs.
template <class System = posix>
class basic_deadline {
public:
    basic_deadline() = default;
    /// Ends `milliseconds` from now; 0: never. Cancelled when the descriptor `stop` becomes readable. Errors
    /// name `option` as the source of the time.
    explicit basic_deadline(const tenon::limits& most, std::int64_t milliseconds = 0, int stop = -1,
                            const char* option = "")
        : limits_(most), stop_(stop), option_(option), milliseconds_(milliseconds) {
        if (milliseconds > 0)
            end_ = System::milliseconds() + milliseconds;
    }

    /// This deadline, or `milliseconds` from now if that is earlier.
    basic_deadline at_most(std::int64_t milliseconds) const {
        basic_deadline other(limits_, 0, stop_);
        other.end_ = System::milliseconds() + milliseconds;
        return other.end_ < end_ ? other : *this;
    }

    const tenon::limits& limits() const noexcept { return limits_; }
    int stop_descriptor() const noexcept { return stop_; }
    /// The option that the time comes from, for messages.
    std::string time_limit() const {
        return *option_ ? std::string(": ") + option_ + " is " + in_seconds(milliseconds_) : "";
    }

    /// The remaining milliseconds, as poll(2) takes them: -1 stands for no limit.
    int left() const noexcept {
        if (end_ == never)
            return -1;
        const std::int64_t left = end_ - System::milliseconds();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
    }

    /// The reason to end a wait now; `itself` if there is none.
    stop_reason cause() const noexcept {
        pollfd stop{stop_, POLLIN, 0};
        if (stop_ >= 0 && System::poll(&stop, 1, 0) > 0)
            return stop_reason::stop;
        return left() == 0 ? stop_reason::time : stop_reason::itself;
    }

    /// Waits for a time, or until the deadline is cancelled.
    void pause(int milliseconds) const noexcept {
        pollfd stop{stop_, POLLIN, 0};
        const int most = left();
        System::poll(&stop, 1, most < 0 ? milliseconds : std::min(milliseconds, most));
    }

private:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    tenon::limits limits_{};
    std::int64_t end_ = never;
    int stop_ = -1;
    const char* option_ = "";
    std::int64_t milliseconds_ = 0;
};
using deadline = basic_deadline<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
