// SPDX-License-Identifier: MIT
#ifndef TENON_LIVE_HPP
#define TENON_LIVE_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <tenon/export.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/reload/hazard_pointer.hpp>
#include <tenon/detail/reload/live_versions.hpp>
#include <tenon/detail/reload/only_values.hpp>
#include <tenon/detail/reload/reload_event.hpp>
#include <tenon/detail/reload/reload_thread.hpp>

namespace tenon::inline v1 {

/// One version of a watched plugin, which is there for as long as this is.
///
///     auto pinned = users.pin();
///     std::string_view name = pinned->name();   // may refer into that version
///
/// May outlive the `live` that it is of. Who lets go of a version last destroys it. For one thread at a time;
/// calls may be made by as many as the object allows.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
template <class T>
class TENON_HOST_TYPE pinned {
public:
    pinned() noexcept = default;

    T* get() const noexcept { return version_ ? version_->object() : nullptr; }
    T* operator->() const noexcept { return get(); }
    T& operator*() const noexcept { return *get(); }
    explicit operator bool() const noexcept { return version_ != nullptr; }

    /// Of one that holds something.
    std::uint64_t version() const noexcept { return version_->number(); }
    const plugin_info& info() const noexcept { return (*version_->code())->info(); }

private:
    template <class>
    friend class live;
    explicit pinned(detail::version<T>* of) noexcept : version_(of) { of->share(); }

    detail::version_share<T> version_;
};
#pragma GCC diagnostic pop

/// A plugin whose newest version serves, whatever happens to its files; made by `loader::watch`.
///
///     tenon::live<user_provider> users = loader.watch<user_provider>(driver, settings);
///     users->get_user("root");                    // in the newest version that works
///     auto pinned = users.pin();                  // one version for as long as this lives
///     users.on_event([](const tenon::reload_event& r) { std::clog << r.text() << '\n'; });
///
/// When what the driver names has changed, it is built, checked, loaded beside the old version, constructed,
/// given the old one's state, started and put to the host's `check`; then it serves, and the old one is
/// destroyed once the last call in it has returned. Whatever fails on the way is told as a reload that was
/// refused, and the old version goes on. Calls never wait for any of this.
///
/// A call through `->` may be made by any thread at any time, and costs some nanoseconds more than one
/// through a `plugin`. Each call may be in another version. One that leaves by an exception keeps that
/// version's code until the thread handles no exception any more and makes another call, or ends. A handle
/// may be moved while nobody calls through it, and must not be destroyed by one of its own calls or by its
/// handler; the destructor waits for calls in other threads, and for a reload under way, whose compilers it
/// ends.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
template <class T>
class TENON_HOST_TYPE live {
    TENON_DETAIL_REQUIRE_INTERFACE(T)
    using versions = detail::versions<T>;

    // Lasts for the expression that it is made in.
    class TENON_HIDDEN call {
    public:
        explicit call(const versions& of) : serving_(of.hazards(), of.serving()) {}
        ~call() {
            if (serving_.throwing()) [[unlikely]]
                serving_.among().keep(serving_.get()->code());
        }
        T* operator->() const noexcept { return serving_.get()->object(); }

    private:
        detail::basic_hazard_pointer<detail::version<T>> serving_;
    };

public:
    live(live&&) noexcept = default;
    live& operator=(live&& other) noexcept {
        std::swap(versions_, other.versions_);
        return *this;
    }
    ~live() {
        if (versions_)
            versions_->end();
    }

    /// In the version that serves now.
    call operator->() const {
        static_assert(gives_values<T>, "tenon: a method of this interface gives out what may refer into the "
                                       "plugin (a pointer, a reference or a "
                                       "view), and the next version would leave that dangling: call it "
                                       "through pin(), or have it return values");
        return call(*versions_);
    }

    /// Holds on to the version that serves now.
    pinned<T> pin() const {
        const detail::basic_hazard_pointer serving(versions_->hazards(), versions_->serving());
        return pinned<T>(serving.get());
    }

    live_status status() const { return versions_->status(); }

    /// Replaces the function that is told of reloads; none, where it is empty. See `reload_handler` for the
    /// threads.
    void on_event(reload_handler handler) { versions_->history().on_event(std::move(handler)); }

    /// Has each newer version put to a test, once it is started and before it serves: what `check` throws
    /// refuses it. It must not ask this handle for a reload.
    void check(std::function<void(T&)> check) { versions_->check(std::move(check)); }

    /// Looks for something newer now, also for what was refused before, and returns what came of it. Waits
    /// for builds and fetches; any thread.
    reload_event refresh() { return versions_->refresh(true); }

    /// Goes back to the version before, as a new object of the same code that is given the state of the one
    /// that serves; what serves now is not taken again until there is something newer. Throws `error` with
    /// `errc::nothing_before` where there is none: before the first reload, and twice in a row. What the
    /// older version's code throws is a refusal.
    reload_event rollback() { return versions_->rollback(); }

    /// Used by `loader::watch`: a handle whose versions come from `source`, each made by `make`.
    static live from(std::unique_ptr<detail::plugin_source<T>> source, typename versions::maker make,
                     std::size_t most_mapped, std::int64_t every) {
        live made;
        made.versions_ = std::make_unique<versions>(std::move(source), std::move(make), most_mapped, every);
        made.versions_->begin();
        return made;
    }

private:
    live() = default;

    std::unique_ptr<versions> versions_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif
