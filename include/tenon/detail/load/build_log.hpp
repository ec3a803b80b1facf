// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_BUILD_LOG_HPP
#define TENON_DETAIL_LOAD_BUILD_LOG_HPP

#include <pthread.h>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>

#include <tenon/detail/system/mutex_lock.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The diagnostics of the last build. Any thread may read and write them.
class build_log {
public:
    void put(std::vector<diagnostic> said) {
        const mutex_lock locked(mutex_);
        said_ = std::move(said);
    }
    std::vector<diagnostic> get() {
        const mutex_lock locked(mutex_);
        return said_;
    }

private:
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    std::vector<diagnostic> said_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
