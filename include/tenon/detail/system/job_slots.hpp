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

    /// A free slot of `most`, or of one for each processor where `most` is 0; an empty object where none is
    /// free.
    static basic_job_slot one_of(unsigned most) noexcept {
        // A machine that does not know counts as one.
        const long limit = most != 0 ? static_cast<long>(most) : std::max(System::processors(), 1L);
        basic_job_slot job;
        long now = running().load();
        while (now < limit && !job.held_)
            if (running().compare_exchange_weak(now, now + 1))
                job.held_ = &running();
        return job;
    }

    /// The next slot that is free. An empty object where the wait is called off, which the next program then
    /// sees too.
    static basic_job_slot next_of(unsigned most, const basic_deadline<System>& within) noexcept {
        basic_job_slot job = one_of(most);
        while (!job && within.cause() == stop_reason::itself) {
            within.pause(2);
            job = one_of(most);
        }
        return job;
    }

private:
    // Of this copy of tenon; others in the process have their own.
    static std::atomic<long>& running() noexcept {
        static std::atomic<long> count = 0;
        return count;
    }

    std::atomic<long>* held_ = nullptr;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
