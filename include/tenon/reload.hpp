// SPDX-License-Identifier: MIT
#ifndef TENON_RELOAD_HPP
#define TENON_RELOAD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <tenon/library.hpp>
#include <tenon/loaded_names.hpp>
#include <tenon/mutex_lock.hpp>
#include <tenon/plugin_code.hpp>
#include <tenon/trace.hpp>

namespace tenon::inline v1 {

/// A step in the life of a watched plugin, as it is told to `live::on_event`.
///
///     users.on_event([](const tenon::reload& r) { std::clog << r.text() << '\n'; });   // version 3 of
///     json 1.2.0 has taken over
struct reload {
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
    std::chrono::microseconds
        took{}; ///< built: to build or find it; replaced, rolled back: to load, make and switch

    std::string text() const {
        static constexpr const char* said[] = {
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

/// What there is to know of a watched plugin.
struct live_status {
    std::uint64_t version = 0; ///< that serves
    plugin_info info{};
    std::uint64_t replaced = 0, refused = 0; ///< how often
    std::string refusal{};                   ///< why the newest there is does not serve; empty where it does
    std::size_t mapped = 0; ///< versions whose code is in memory: the one that serves, the one before it for
                            ///< `rollback`, those in use, and those that cannot be unmapped
};

/// Is told of every reload, by the thread that does it: that of the watcher, a caller of `refresh` or
/// `rollback`, or who lets go of a `pinned` version last. What it throws is lost.
using reload_handler = std::function<void(const reload&)>;

namespace detail {

/// What is remembered of all versions of one plugin, and told; outlives them.
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

    /// Once this has returned, no other thread runs the handler before.
    void on_event(reload_handler handler) {
        const mutex_lock locked(telling_);
        handler_ = std::move(handler);
    }

    /// Tells the handler now, or where something is being changed, once that is done.
    void tell(reload what) noexcept {
        try {
            trace(what.text());
            const mutex_lock locked(mutex_);
            waiting_.push_back(std::move(what));
            // Who holds it has locked what a handler in another thread may be waiting for.
            if (holds_ > 0)
                return;
        } catch (...) {
            return; // there is no memory for it
        }
        tell_waiting();
    }

    /// While one lives, nothing is told: a handler may ask for what its holder has locked.
    class hold {
    public:
        explicit hold(reload_history& of) : of_(of) {
            const mutex_lock locked(of_.mutex_);
            ++of_.holds_;
        }
        hold(const hold&) = delete;
        hold& operator=(const hold&) = delete;
        ~hold() {
            {
                const mutex_lock locked(of_.mutex_);
                --of_.holds_;
            }
            of_.tell_waiting();
        }

    private:
        reload_history& of_;
    };

    void loaded() {
        const mutex_lock locked(mutex_);
        ++loaded_;
    }
    void closed(const loaded_image& image, const unloaded& verdict) {
        const mutex_lock locked(mutex_);
        --loaded_;
        if (!verdict)
            left_.push_back({image, verdict.reason()});
        else if (const auto room = std::exchange(room_, nullptr))
            room();
    }

    /// What is called, once, when there is one fewer in memory; nothing where it is empty.
    void when_room(std::function<void()> call) {
        const mutex_lock locked(mutex_);
        room_ = std::move(call);
    }

    std::size_t mapped() {
        const mutex_lock locked(mutex_);
        std::erase_if(left_, [](const left& each) { return !each.image.mapped(); });
        return loaded_ + left_.size();
    }

    /// Why the oldest of what stays does; empty where nothing stays.
    std::string stays() {
        const mutex_lock locked(mutex_);
        return left_.empty() ? "" : left_.front().reason;
    }

private:
    void tell_waiting() noexcept {
        const mutex_lock one_at_a_time(telling_);
        for (reload next; take(next);)
            try {
                // A handler may replace itself.
                if (const reload_handler handler = handler_)
                    handler(next);
            } catch (...) {
                trace("a handler of reloads threw, which is lost");
            }
    }

    bool take(reload& into) {
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
    std::deque<reload> waiting_;
    unsigned holds_ = 0;
    std::size_t loaded_ = 0;
    std::vector<left> left_;
};

} // namespace detail
} // namespace tenon::inline v1

#endif
