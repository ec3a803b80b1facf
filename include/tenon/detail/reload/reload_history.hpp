// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_RELOAD_HISTORY_HPP
#define TENON_DETAIL_RELOAD_RELOAD_HISTORY_HPP

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>

#include <tenon/detail/library/load_names.hpp>
#include <tenon/detail/library/unloaded.hpp>
#include <tenon/detail/reload/reload_event.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Counts the libraries of all versions of one plugin and reports events. Outlives the versions.
class reload_history {
public:
    reload_history() {
        pthread_mutexattr_t recursive; // a handler may ask for a reload
        ::pthread_mutexattr_init(&recursive);
        ::pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
        ::pthread_mutex_init(&telling_, &recursive);
        ::pthread_mutexattr_destroy(&recursive);
    }
    reload_history(const reload_history&) = delete;
    reload_history& operator=(const reload_history&) = delete;
    ~reload_history() { ::pthread_mutex_destroy(&telling_); }

    /// Replaces the handler. After the return, no other thread runs the former one.
    void on_event(reload_handler handler) {
        const mutex_lock locked(telling_);
        handler_ = std::move(handler);
    }

    /// Calls the handler now, or after the change that is under way.
    void tell(reload_event event) noexcept {
        try {
            trace(event.text());
            const mutex_lock locked(mutex_);
            waiting_.push_back(std::move(event));
            // The holder has a lock that a handler in another thread may be waiting for.
            if (holds_ > 0)
                return;
        } catch (...) {
            return; // there is no memory for it
        }
        tell_waiting();
    }

    /// Delays events while it exists, because a handler may need the lock that the holder has.
    class hold {
    public:
        explicit hold(reload_history& history) : history_(history) {
            const mutex_lock locked(history_.mutex_);
            ++history_.holds_;
        }
        hold(const hold&) = delete;
        hold& operator=(const hold&) = delete;
        ~hold() {
            {
                const mutex_lock locked(history_.mutex_);
                --history_.holds_;
            }
            history_.tell_waiting();
        }

    private:
        reload_history& history_;
    };

    /// Notes that a version has opened a library. The image is empty for a built-in plugin.
    void loaded(const loaded_image& image) {
        const mutex_lock locked(mutex_);
        open_.push_back(image);
    }
    /// Notes that a version has closed a library. Other versions and handles may still have it open.
    void closed(const loaded_image& image, const unloaded& verdict) {
        const mutex_lock locked(mutex_);
        open_.erase(std::find(open_.begin(), open_.end(), image));
        std::erase_if(left_, [&](const left& remnant) { return remnant.image == image; });
        if (!verdict)
            left_.push_back({image, verdict.reason()});
        else if (const auto room = std::exchange(room_, nullptr))
            room();
    }

    /// Sets a function that is called once when a library has left memory; an empty one removes it.
    void when_room(std::function<void()> call) {
        const mutex_lock locked(mutex_);
        room_ = std::move(call);
    }

    /// The number of libraries in memory. Two versions with the same library, as after an edit that was
    /// undone, share one.
    std::size_t mapped() {
        const mutex_lock locked(mutex_);
        forget_unmapped();
        std::size_t count = left_.size();
        // Libraries without a name for the system's loader cannot be told apart.
        for (auto image = open_.begin(); image != open_.end(); ++image)
            count += image->name.empty() || std::find(open_.begin(), image, *image) == image;
        return count;
    }

    /// A sentence about why the oldest closed library is still in memory; empty if there is none.
    std::string stays() {
        const mutex_lock locked(mutex_);
        forget_unmapped();
        return left_.empty() ? "" : left_.front().reason;
    }

private:
    void tell_waiting() noexcept {
        const mutex_lock one_at_a_time(telling_);
        for (reload_event next; take(next);)
            try {
                // A copy, because a handler may replace itself.
                if (const reload_handler handler = handler_)
                    handler(next);
            } catch (...) {
                trace("a handler of reloads threw, which is lost");
            }
    }

    // Also forgets libraries that a version has opened again.
    void forget_unmapped() {
        std::erase_if(left_, [this](const left& remnant) {
            return !remnant.image.mapped() ||
                   std::find(open_.begin(), open_.end(), remnant.image) != open_.end();
        });
    }

    bool take(reload_event& into) {
        const mutex_lock locked(mutex_);
        if (holds_ > 0 || waiting_.empty())
            return false;
        into = std::move(waiting_.front());
        waiting_.pop_front();
        return true;
    }

    struct left {
        loaded_image image;
        std::string reason;
    };
    pthread_mutex_t telling_, mutex_ = PTHREAD_MUTEX_INITIALIZER;
    reload_handler handler_;
    std::function<void()> room_;
    std::deque<reload_event> waiting_;
    unsigned holds_ = 0;
    std::vector<loaded_image> open_; // one of each version
    std::vector<left> left_;         // what was in memory after its last version had closed it
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
