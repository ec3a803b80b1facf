// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_JOB_SLOTS_HPP
#define TENON_DETAIL_SYSTEM_JOB_SLOTS_HPP

#include <algorithm>
#include <atomic>
#include <utility>

#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One slot of the process-wide limit on concurrent compilers. Released on destruction.
template <class System = posix>
class basic_job_slot {
public:
    basic_job_slot() = default; ///< empty: holds no slot
    basic_job_slot(basic_job_slot&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    basic_job_slot& operator=(basic_job_slot&& other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }
    ~basic_job_slot() {
        if (held_)
            --*held_;
    }

    explicit operator bool() const noexcept { return held_ != nullptr; }

    /// Takes one of `most` slots; 0 stands for one slot for each processor. The object is empty if no slot is
    /// free.
    static basic_job_slot one_of(unsigned most) noexcept {
        // A system that does not tell its processors counts as having one.
        const long limit = most != 0 ? static_cast<long>(most) : std::max(System::processors(), 1L);
        basic_job_slot job;
        long now = running().load();
        while (now < limit && !job.held_)
            if (running().compare_exchange_weak(now, now + 1))
                job.held_ = &running();
        return job;
    }

    /// Waits for a slot. The object is empty if the deadline ends the wait; the next program then fails by
    /// the same deadline.
    static basic_job_slot next_of(unsigned most, const basic_deadline<System>& within) noexcept {
        basic_job_slot job = one_of(most);
        while (!job && within.cause() == stop_reason::itself) {
            within.pause(2);
            job = one_of(most);
        }
        return job;
    }

private:
    // Counts for this copy of tenon; another copy in the process has a counter of its own.
    static std::atomic<long>& running() noexcept {
        static std::atomic<long> count = 0;
        return count;
    }

    std::atomic<long>* held_ = nullptr;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
