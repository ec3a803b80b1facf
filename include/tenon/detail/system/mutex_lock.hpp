// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_MUTEX_LOCK_HPP
#define TENON_DETAIL_SYSTEM_MUTEX_LOCK_HPP

#include <pthread.h>

#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Holds a mutex until the end of its scope. std::mutex and std::lock_guard would cost each host more to
/// include than all code that uses them here.
class mutex_lock {
public:
    explicit mutex_lock(pthread_mutex_t& mutex) noexcept : mutex_(mutex) { ::pthread_mutex_lock(&mutex_); }
    mutex_lock(const mutex_lock&) = delete;
    mutex_lock& operator=(const mutex_lock&) = delete;
    ~mutex_lock() { ::pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t& mutex_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
