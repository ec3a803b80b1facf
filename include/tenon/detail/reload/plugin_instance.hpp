// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <tenon/hooks.hpp>

#include <tenon/detail/library/load_names.hpp>
#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/reload/reload_event.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The code of one version, closed by its last owner.
template <class T>
class version_code {
public:
    version_code(std::unique_ptr<plugin_code<T>> code, std::uint64_t number,
                 std::shared_ptr<reload_history> history)
        : code_(std::move(code)), number_(number), history_(std::move(history)) {
        history_->loaded(image());
    }
    version_code(const version_code&) = delete;
    version_code& operator=(const version_code&) = delete;
    ~version_code() {
        const loaded_image closing = image();
        const std::string plugin = name();
        const unloaded verdict = code_->close();
        history_->closed(closing, verdict);
        history_->tell({reload_event::step::closed, number_, plugin, verdict.reason(), {}});
    }

    const plugin_code<T>& operator*() const noexcept { return *code_; }
    const plugin_code<T>* operator->() const noexcept { return code_.get(); }
    std::string name() const { return code_->info().name + ' ' + code_->info().version; }
    const std::shared_ptr<reload_history>& history() const noexcept { return history_; }

private:
    /// The library's image in memory; empty for a built-in plugin.
    loaded_image image() const { return code_->from() ? code_->from()->image() : loaded_image(); }

    std::unique_ptr<plugin_code<T>> code_;
    std::uint64_t number_;
    std::shared_ptr<reload_history> history_;
};

/// The object of one version, and a count of its owners, the last of which destroys it.
template <class T>
class plugin_instance {
public:
    template <class Make>
    plugin_instance(std::shared_ptr<version_code<T>> code, std::uint64_t number, const Make& make)
        : code_(std::move(code)), number_(number), object_(make(**code_)) {}
    plugin_instance(const plugin_instance&) = delete;
    plugin_instance& operator=(const plugin_instance&) = delete;

    T* object() const noexcept { return object_; }
    std::uint64_t number() const noexcept { return number_; }
    const std::shared_ptr<version_code<T>>& code() const noexcept { return code_; }
    const hooks<T>& offers() const noexcept { return (*code_)->offers(); }

    void start() {
        if (const auto start = offers().start)
            start(object_);
        started_ = true;
    }

    /// Adds a reference, which release() drops.
    void share() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
    /// Drops one reference. The last one destroys the object.
    void release() noexcept {
        if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

private:
    ~plugin_instance() {
        if (const auto stop = offers().stop; stop && started_)
            stop(object_);
        delete object_;
        if (started_)
            code_->history()->tell({reload_event::step::retired, number_, code_->name(), "", {}});
    }

    std::shared_ptr<version_code<T>> code_;
    std::uint64_t number_;
    T* object_;
    bool started_ = false;
    std::atomic<std::size_t> owners_ = 1;
};

struct instance_release {
    template <class T>
    void operator()(plugin_instance<T>* instance) const noexcept {
        instance->release();
    }
};
/// A counted reference to an instance.
template <class T>
using instance_share = std::unique_ptr<plugin_instance<T>, instance_release>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
