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

/// What ended a program, or the wait for something.
enum class stop_reason { itself, time, stop, output };

/// The code of an error for it; `otherwise` where it came by itself.
inline errc code_of(stop_reason cause, errc otherwise) {
    return cause == stop_reason::time   ? errc::timed_out
           : cause == stop_reason::stop ? errc::cancelled
                                        : otherwise;
}

/// `12.3 seconds`
inline std::string in_seconds(std::int64_t milliseconds) {
    return std::to_string(milliseconds / 1000) + '.' + std::to_string(milliseconds % 1000 / 100) + " seconds";
}

/// How long a caller may be held up by other programs, what calls it off, and how much those may use.
template <class System = posix>
class basic_deadline {
public:
    basic_deadline() = default;
    /// From now on; 0 milliseconds: for ever. It is called off when the descriptor `stop` can be read. Errors
    /// say that the time comes from `option`.
    explicit basic_deadline(const tenon::limits& most, std::int64_t milliseconds = 0, int stop = -1,
                            const char* option = "")
        : limits_(most), stop_(stop), option_(option), milliseconds_(milliseconds) {
        if (milliseconds > 0)
            end_ = System::milliseconds() + milliseconds;
    }

    /// The same, and no later than so many milliseconds from now.
    basic_deadline at_most(std::int64_t milliseconds) const {
        basic_deadline other(limits_, 0, stop_);
        other.end_ = System::milliseconds() + milliseconds;
        return other.end_ < end_ ? other : *this;
    }

    const tenon::limits& limits() const noexcept { return limits_; }
    int stop_descriptor() const noexcept { return stop_; }
    /// What the time comes from, for messages.
    std::string time_limit() const {
        return *option_ ? std::string(": ") + option_ + " is " + in_seconds(milliseconds_) : "";
    }

    /// In milliseconds, as poll(2) has it: -1 is for ever.
    int left() const noexcept {
        if (end_ == never)
            return -1;
        const std::int64_t left = end_ - System::milliseconds();
        return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
    }

    /// What ends a wait now; `itself` where nothing does.
    stop_reason cause() const noexcept {
        pollfd stop{stop_, POLLIN, 0};
        if (stop_ >= 0 && System::poll(&stop, 1, 0) > 0)
            return stop_reason::stop;
        return left() == 0 ? stop_reason::time : stop_reason::itself;
    }

    /// Waits for so long, or until it is called off.
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
