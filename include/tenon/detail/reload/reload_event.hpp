// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_RELOAD_EVENT_HPP
#define TENON_DETAIL_RELOAD_RELOAD_EVENT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <tenon/detail/library/library.hpp>
#include <tenon/detail/library/load_names.hpp>
#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1 {

/// A step in the life of a watched plugin, passed to the handler of `live::on_event`.
///
///     users.on_event([](const tenon::reload_event& r) { std::clog << r.text() << '\n'; });
///     // version 3 of json 1.2.0 has taken over
struct TENON_HOST_TYPE reload_event {
    enum class step {
        built,       ///< there is a newer library, about to be loaded
        replaced,    ///< a newer version has taken over
        refused,     ///< a newer one came to nothing; `reason` says why, and `version` goes on
        unchanged,   ///< nothing newer is there; only an answer of `live::refresh`
        rolled_back, ///< the version before has taken over again, under a number of its own
        retired,     ///< the last call in a version has returned, and its object is destroyed
        closed,      ///< its code is unmapped, or stays: `reason` says why
    };

    step what = step::unchanged;
    std::uint64_t version = 0; ///< 1 is the first; what is refused uses up a number too
    std::string plugin{};      ///< its name and its own version
    std::string reason{};      ///< a sentence; empty where all is well
    /// The time to build or find the version (`built`), or to load, construct and switch (`replaced`,
    /// `rolled_back`).
    std::chrono::microseconds took{};

    std::string text() const {
        constexpr const char* said[] = {
            " is there and is being loaded", " has taken over", " goes on", " goes on, as nothing is newer",
            " has taken over again",         " is retired",     "'s code"};
        std::string line =
            "version " + std::to_string(version) + " of " + plugin + said[static_cast<int>(what)];
        if (what == step::refused)
            return line + ", because a newer one was refused: " + reason;
        if (what == step::closed)
            return line + (reason.empty() ? " is unmapped" : " stays: " + reason);
        return line;
    }
};

/// The state of a watched plugin.
struct TENON_HOST_TYPE live_status {
    std::uint64_t version = 0; ///< that serves
    plugin_info info{};
    std::uint64_t replaced = 0, refused = 0; ///< how often
    std::string refusal{};                   ///< why the newest there is does not serve; empty where it does
    std::size_t mapped = 0; ///< libraries in memory: of the version that serves, of the one before it for
        ///< `rollback`, of those in use, and those that stay. Versions of one library share it
};

/// Called for every step of a reload, by the thread that takes it: the reload thread, a caller of `refresh`
/// or `rollback`, or the owner of the last `pinned` handle of a version. Exceptions are ignored.
using reload_handler = std::function<void(const reload_event&)>;

namespace detail {
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
} // namespace detail
} // namespace tenon::inline v1

#endif
