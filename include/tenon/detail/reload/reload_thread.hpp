// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_RELOAD_THREAD_HPP
#define TENON_DETAIL_RELOAD_RELOAD_THREAD_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/reload/hazard_domain_definitions.hpp>
#include <tenon/detail/reload/hazard_pointer.hpp>
#include <tenon/detail/reload/path_watcher.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A watched plugin, as the reload thread sees it. The thread calls these functions one at a time.
class reloadable {
public:
    virtual ~reloadable() = default;

    /// The files and folders whose change may mean that there is a newer version.
    virtual std::vector<std::string> watched() = 0;
    /// Looks for a newer version and puts it in place.
    virtual void look() noexcept = 0;
    /// Drops versions that are no longer used.
    virtual void retire() noexcept = 0;
    /// Milliseconds between looks without a change of files; 0: none.
    virtual std::int64_t every() const noexcept = 0;
};

/// The thread that waits for changed files of all watched plugins in this program, and reloads these. It
/// exists while a plugin is watched, sleeps while nothing changes, and blocks all signals.
template <class System = posix>
class basic_reload_thread {
public:
    /// Milliseconds without a further change before a change is acted on ...
    static constexpr std::int64_t quiet = 1;
    /// ... and milliseconds after which it is acted on in any case.
    static constexpr std::int64_t at_latest = 100;
    /// Milliseconds between polls of files that cannot be watched.
    static constexpr std::int64_t poll_every = 250;

    /// Never destroyed, so that static objects may own watched plugins.
    static basic_reload_thread& here() {
        static basic_reload_thread& all = *new basic_reload_thread;
        return all;
    }

    void add(reloadable& plugin) {
        const mutex_lock locked(mutex_);
        if (wake_.descriptor() < 0) {
            wake_ = basic_file<System>(System::event());
            if (wake_.descriptor() < 0)
                throw error::system_call("make an event for", "reloads", errno);
            basic_hazard_domain<System>::here().when_free(&wake_thread, this);
        }
        if (!running_)
            start();
        served_[&plugin] = {};
        wake();
    }

    /// Waits until no call into `what` is running, unless called from within such a call. None begins
    /// afterwards.
    void remove(reloadable& plugin) {
        pthread_t ending{};
        {
            const mutex_lock locked(mutex_);
            served_.erase(&plugin);
            forgotten_.push_back(&plugin);
            wake();
            if (!running_ || ::pthread_equal(thread_, ::pthread_self()))
                return;
            while (busy_ == &plugin)
                ::pthread_cond_wait(&changed_, &mutex_);
            // Another thread may have added something meanwhile, or be here as well.
            if (!served_.empty() || ending_)
                return;
            ending_ = true;
            wake();
            ending = thread_;
        }
        ::pthread_join(ending, nullptr);
        const mutex_lock locked(mutex_);
        running_ = ending_ = false;
        if (served_.empty())
            return;
        try {
            start();
        } catch (const error& e) {
            trace("nothing is reloaded until something else is watched: ", e.what());
        }
    }

    /// Has `look` called soon.
    void ask(reloadable& plugin) {
        const mutex_lock locked(mutex_);
        if (const auto found = served_.find(&plugin); found != served_.end())
            found->second.due = 0;
        wake();
    }

private:
    static constexpr std::int64_t never = INT64_MAX;

    struct entry {
        bool known = false; // to the watch
        std::int64_t due = 0, first = never,
                     again = never; // when to look; when it changed first; when to look anyway
        std::vector<std::string> paths{};
    };

    basic_reload_thread() = default;

    static void wake_thread(void* self) { static_cast<basic_reload_thread*>(self)->wake(); }
    void wake() const noexcept {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = System::write(wake_.descriptor(), &one, sizeof one);
    }

    // With the mutex held.
    void start() {
        sigset_t all, before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        const int failed = ::pthread_create(
            &thread_, nullptr,
            [](void* self) -> void* {
                static_cast<basic_reload_thread*>(self)->run();
                return nullptr;
            },
            this);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        if (failed != 0)
            throw error::system_call("start a thread for", "reloads", failed);
        running_ = true;
    }

    void run() {
        basic_path_watcher<System> files(poll_every);
        ::pthread_mutex_lock(&mutex_);
        while (!ending_) {
            for (reloadable* plugin : std::exchange(forgotten_, {}))
                if (!served_.count(plugin))
                    files.remove(key(plugin));
            serve(files);
            const std::int64_t wait = timeout(files);
            ::pthread_mutex_unlock(&mutex_);
            pollfd readable[] = {{wake_.descriptor(), POLLIN, 0}, {files.descriptor(), POLLIN, 0}};
            System::poll(readable, 2, static_cast<int>(std::min<std::int64_t>(wait, INT32_MAX)));
            std::uint64_t woken;
            if (readable[0].revents != 0) [[maybe_unused]]
                const ssize_t got = System::read(wake_.descriptor(), &woken, sizeof woken);
            const std::vector<std::size_t> changed = files.changed();
            ::pthread_mutex_lock(&mutex_);
            const std::int64_t now = System::milliseconds();
            for (auto& [plugin, state] : served_)
                if (std::find(changed.begin(), changed.end(), key(plugin)) != changed.end()) {
                    state.first = std::min(state.first, now);
                    state.due = std::min(now + quiet, state.first + at_latest);
                }
        }
        ::pthread_mutex_unlock(&mutex_);
    }

    static std::size_t key(const reloadable* plugin) { return reinterpret_cast<std::uintptr_t>(plugin); }

    // Whatever is due, with the mutex held except for the calls, during which entries may come and go.
    void serve(basic_path_watcher<System>& files) {
        std::vector<reloadable*> all;
        for (const auto& [plugin, state] : served_)
            all.push_back(plugin);
        for (reloadable* const plugin : all) {
            call(plugin, [&] { plugin->retire(); });
            const auto found = served_.find(plugin);
            if (found == served_.end() ||
                System::milliseconds() < std::min(found->second.due, found->second.again))
                continue;
            found->second.due = found->second.first = never;
            // What is watched is known before it is looked at, so that nothing can change in between; a look
            // may find more.
            for (bool more = !std::exchange(found->second.known, true); served_.count(plugin);) {
                if (!more)
                    call(plugin, [&] { plugin->look(); });
                std::vector<std::string> paths;
                call(plugin, [&] { paths = plugin->watched(); });
                if (!served_.count(plugin) || paths == served_[plugin].paths)
                    break;
                files.set(key(plugin), paths);
                served_[plugin].paths = std::move(paths);
                more = false;
            }
            if (const auto left = served_.find(plugin); left != served_.end()) {
                const std::int64_t every = plugin->every();
                left->second.again = every > 0 ? System::milliseconds() + every : never;
            }
        }
    }

    template <class Call>
    void call(reloadable* plugin, const Call& function) {
        if (!served_.count(plugin))
            return;
        busy_ = plugin;
        ::pthread_mutex_unlock(&mutex_);
        function();
        ::pthread_mutex_lock(&mutex_);
        busy_ = nullptr;
        ::pthread_cond_broadcast(&changed_);
    }

    std::int64_t timeout(const basic_path_watcher<System>& files) const {
        std::int64_t next = never;
        for (const auto& [plugin, state] : served_)
            next = std::min({next, state.due, state.again});
        const std::int64_t left =
            next == never ? never : std::max<std::int64_t>(0, next - System::milliseconds());
        const std::int64_t files_in = files.timeout();
        if (files_in >= 0)
            return std::min(left, files_in);
        return left == never ? -1 : left;
    }

    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
    basic_file<System> wake_;
    std::map<reloadable*, entry> served_;
    std::vector<reloadable*> forgotten_; // to be told to the watch
    reloadable* busy_ = nullptr;
    pthread_t thread_{};
    bool running_ = false, ending_ = false;
};
using reload_thread = basic_reload_thread<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
