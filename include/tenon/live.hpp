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

#include <tenon/detail/library/plugin_object.hpp>
#include <tenon/detail/reload/hazard_pointer.hpp>
#include <tenon/detail/reload/only_values.hpp>
#include <tenon/detail/reload/plugin_instance.hpp>
#include <tenon/detail/reload/plugin_source.hpp>
#include <tenon/detail/reload/plugin_versions.hpp>
#include <tenon/detail/reload/reload_event.hpp>

namespace tenon::inline v1 {

/// One version of a watched plugin, kept alive for as long as this handle exists.
///
///     auto pinned = users.pin();
///     std::string_view name = pinned->name();   // may refer into that version
///
/// The handle may outlive its `live`. The last handle of a version destroys the version's object. One thread
/// at a time may use the handle itself; calls may come from as many threads as the object allows.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
template <class T>
class TENON_HOST_TYPE pinned {
public:
    pinned() noexcept = default;

    T* get() const noexcept { return version_ ? static_cast<T*>(version_->object()) : nullptr; }
    T* operator->() const noexcept { return get(); }
    T& operator*() const noexcept { return *get(); }
    explicit operator bool() const noexcept { return version_ != nullptr; }

    /// The number of the version, which counts from 1. The handle has to hold a version.
    std::uint64_t version() const noexcept { return version_->number(); }
    const plugin_info& info() const noexcept { return version_->info(); }

private:
    template <class>
    friend class live;
    explicit pinned(detail::plugin_instance* serving) noexcept : version_(serving) { serving->share(); }

    detail::instance_share version_;
};
#pragma GCC diagnostic pop

/// A plugin that is replaced by its newest working version while the program runs; made by `loader::watch`.
///
///     tenon::live<user_provider> users = loader.watch<user_provider>(driver, settings);
///     users->get_user("root");                    // in the newest version that works
///     auto pinned = users.pin();                  // one version for as long as this lives
///     users.on_event([](const tenon::reload_event& r) { std::clog << r.text() << '\n'; });
///
/// When the driver's files change, a new version is built, checked, loaded beside the old one, constructed,
/// given the old version's state, started and passed to the host's `check`. Then the new version serves. The
/// old object is destroyed once the last call in it has returned. A step that fails is reported as a refused
/// reload, and the old version continues to serve. Calls never wait for a reload.
///
/// Any thread may call through `->` at any time, which costs some nanoseconds more than a call through a
/// `plugin`. Two calls may reach two versions. A call that throws keeps that version's code in memory until
/// its thread has left all handlers and calls again, or ends. The handle may be moved while no thread calls
/// through it. Neither one of its own calls nor its event handler may destroy it. The destructor waits for
/// calls in other threads, and stops the compilers of a running reload.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
template <class T>
class TENON_HOST_TYPE live {
    TENON_DETAIL_REQUIRE_INTERFACE(T)
    using versions = detail::plugin_versions;

    // Exists until the end of the full expression that calls `operator->`.
    class TENON_HIDDEN call {
    public:
        explicit call(const versions& all) : serving_(all.hazards(), all.serving()) {}
        ~call() {
            if (serving_.throwing()) [[unlikely]]
                serving_.among().keep(serving_.get()->code());
        }
        T* operator->() const noexcept { return static_cast<T*>(serving_.get()->object()); }

    private:
        detail::basic_hazard_pointer<detail::plugin_instance> serving_;
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

    /// Calls the version that serves now.
    call operator->() const {
        static_assert(gives_values<T>, "tenon: a method of this interface gives out what may refer into the "
                                       "plugin (a pointer, a reference or a "
                                       "view), and the next version would leave that dangling: call it "
                                       "through pin(), or have it return values");
        return call(*versions_);
    }

    /// Returns a handle that keeps the version that serves now.
    pinned<T> pin() const {
        const detail::basic_hazard_pointer serving(versions_->hazards(), versions_->serving());
        return pinned<T>(serving.get());
    }

    live_status status() const { return versions_->status(); }

    /// Replaces the function that is told of reloads; an empty one removes it. `reload_handler` says which
    /// threads call it.
    void on_event(reload_handler handler) { versions_->on_event(std::move(handler)); }

    /// Sets a test for newer versions, called after a version has started and before it serves. An exception
    /// from `check` refuses the version. `check` must not ask this handle for a reload.
    void check(std::function<void(T&)> check) {
        std::function<void(void*)> untyped;
        if (check)
            untyped = [check = std::move(check)](void* object) { check(*static_cast<T*>(object)); };
        versions_->check(std::move(untyped));
    }

    /// Looks for a newer version now, tries one again that was refused before, and returns the outcome. Waits
    /// for builds and fetches. Any thread may call.
    reload_event refresh() { return versions_->refresh(true); }

    /// Returns to the version before: a new object of the older code gets the state of the object that
    /// serves. The version that served until now is not loaded again until its files change. Throws `error`
    /// with `errc::nothing_before` before the first reload, and for a second rollback in a row. An exception
    /// from the older version's code is reported as a refusal. Any thread may call.
    reload_event rollback() { return versions_->rollback(); }

    /// Used by `loader::watch`: a handle whose versions come from `source`, each made by `make`.
    static live from(std::unique_ptr<detail::plugin_source> source, typename versions::maker make,
                     std::size_t most_mapped, std::int64_t every) {
        live handle;
        handle.versions_ =
            versions::from(std::move(source), std::move(make), detail::functions_of<T>, most_mapped, every);
        handle.versions_->begin();
        return handle;
    }

private:
    live() = default;

    std::unique_ptr<versions> versions_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#ifdef TENON_DEFINITIONS
#include <tenon/detail/library/plugin_code_definitions.hpp>
#include <tenon/detail/reload/live_versions.hpp>
#include <tenon/detail/reload/plugin_instance_definitions.hpp>
#endif

#endif
