// SPDX-License-Identifier: MIT
#ifndef TENON_CALLBACKS_HPP
#define TENON_CALLBACKS_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <tenon/registration.hpp>

#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1 {

template <class Signature>
class TENON_HOST_TYPE callbacks;

/// The functions that plugins have registered with their host. A function is neither called nor kept once its
/// plugin is gone.
///
///     tenon::callbacks<void(const change&)> changed;                                         // the host's
///     tenon::registration on_change(std::function<void(const change&)> f) { return changed.add(std::move(f)); }
///     changed(change{…});                                                                    // calls all
///
/// Any thread may call, add, and end a registration at any time, also from within a callback. A function is
/// destroyed when its registration ends; if its own callback ends the registration, when that callback
/// returns. A function that is added during a call is not part of that call.
template <class... A>
class callbacks<void(A...)> {
public:
    callbacks() : all_(new list) {}
    callbacks(const callbacks&) = delete;
    callbacks& operator=(const callbacks&) = delete;
    /// A registration may outlive its `callbacks`; ending it then does nothing.
    ~callbacks() { let_go(all_); }

    registration add(std::function<void(A...)> call) {
        const detail::mutex_lock locked(all_->mutex);
        all_->entries.push_back(std::make_shared<entry>(++all_->numbers, std::move(call)));
        ++all_->owners;
        return {&end, all_, all_->numbers};
    }

    /// Calls all functions in the order in which they were added. An exception passes through, and the
    /// functions after it are not called.
    void operator()(A... arguments) const {
        std::vector<std::shared_ptr<entry>> now;
        {
            const detail::mutex_lock locked(all_->mutex);
            now = all_->entries;
            ++all_->owners;
        }
        const owner stays{all_};
        for (const auto& callback : now)
            if (const running run(*all_, *callback); run.entered)
                callback->call(arguments...);
    }

    std::size_t size() const {
        const detail::mutex_lock locked(all_->mutex);
        return all_->entries.size();
    }

private:
    struct entry {
        entry(unsigned long its_number, std::function<void(A...)> function)
            : number(its_number), call(std::move(function)) {}

        unsigned long number;
        std::function<void(A...)> call;
        bool ended = false;
        std::vector<pid_t> threads{}; // that are in it
    };

    struct list {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_cond_t left = PTHREAD_COND_INITIALIZER;
        std::vector<std::shared_ptr<entry>> entries;
        unsigned long numbers = 0;
        std::size_t owners = 1; // the host's, each registration, each call
    };

    static void let_go(list* all) {
        {
            const detail::mutex_lock locked(all->mutex);
            if (--all->owners > 0)
                return;
        }
        delete all;
    }
    struct owner {
        list* all;
        ~owner() { let_go(all); }
    };

    struct running {
        running(list& callbacks, entry& called) : all(callbacks), callback(called) {
            const detail::mutex_lock locked(all.mutex);
            entered = !callback.ended;
            if (entered)
                callback.threads.push_back(detail::posix::thread());
        }
        running(const running&) = delete;
        ~running() {
            if (!entered)
                return;
            std::function<void(A...)> last;
            const detail::mutex_lock locked(all.mutex);
            callback.threads.erase(
                std::find(callback.threads.begin(), callback.threads.end(), detail::posix::thread()));
            if (callback.ended && callback.threads.empty())
                last.swap(callback.call);
            ::pthread_cond_broadcast(&all.left);
        }

        list& all;
        entry& callback;
        bool entered;
    };

    static void end(void* with, unsigned long number) noexcept {
        list& all = *static_cast<list*>(with);
        const owner stays{&all};
        std::function<void(A...)> last;
        const detail::mutex_lock locked(all.mutex);
        const auto found = std::find_if(all.entries.begin(), all.entries.end(),
                                        [&](const auto& callback) { return callback->number == number; });
        const std::shared_ptr<entry> ending = *found;
        all.entries.erase(found);
        ending->ended = true;
        const pid_t self = detail::posix::thread();
        const auto elsewhere = [&] {
            return std::any_of(ending->threads.begin(), ending->threads.end(),
                               [&](pid_t thread) { return thread != self; });
        };
        while (elsewhere())
            ::pthread_cond_wait(&all.left, &all.mutex);
        if (ending->threads.empty())
            last.swap(ending->call);
    }

    list* all_;
};

} // namespace tenon::inline v1

#endif
