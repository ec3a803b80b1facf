// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_LIVE_VERSIONS_HPP
#define TENON_DETAIL_RELOAD_LIVE_VERSIONS_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/library/plugin_code_definitions.hpp>
#include <tenon/detail/reload/file_snapshot.hpp>
#include <tenon/detail/reload/hazard_domain_definitions.hpp>
#include <tenon/detail/reload/hazard_pointer.hpp>
#include <tenon/detail/reload/plugin_instance.hpp>
#include <tenon/detail/reload/plugin_instance_definitions.hpp>
#include <tenon/detail/reload/plugin_source.hpp>
#include <tenon/detail/reload/plugin_versions.hpp>
#include <tenon/detail/reload/reload_event.hpp>
#include <tenon/detail/reload/reload_history.hpp>
#include <tenon/detail/reload/reload_thread.hpp>
#include <tenon/detail/reload/version_code.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error nothing_before(std::string_view plugin) {
    return {errc::nothing_before,
            concatenated({"there is no version of '", plugin,
                          "' to go back to: only the one before the newest is kept, and only once"})};
}

inline error too_many_versions(std::size_t mapped, std::size_t most, std::string_view why) {
    return {errc::too_many,
            concatenated(
                {std::to_string(mapped), " versions are in memory, and options.reload.most_versions allows ",
                 std::to_string(most),
                 !why.empty() ? ": "
                 : most < 3   ? ": one serves, and the one before is kept for a rollback; allow 3 or more"
                              : ", because calls in them have not returned",
                 why})};
}

/// The text of the exception that is being handled.
inline std::string exception_text() {
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "what was thrown is no std::exception";
    }
}

/// All versions of one plugin that are in memory. One of them serves.
template <class System = posix>
class basic_live_versions final : public plugin_versions, public reloadable {
public:
    basic_live_versions(std::unique_ptr<plugin_source> source, maker make, const object_functions& functions,
                        std::size_t most_mapped, std::int64_t every)
        : plugin_versions(basic_hazard_domain<>::here()), source_(std::move(source)), make_(std::move(make)),
          functions_(functions), most_mapped_(most_mapped), every_(every) {
        auto code = source_->newest([&](const std::string& id) {
            now_ = id;
            return false;
        });
        instance_share first = made(shared(std::move(code)));
        first->start();
        serving_.store(first.release());
    }
    void begin() override { reload_thread_.add(*this); }
    void end() override {
        source_->cancel();
        reload_thread_.remove(*this);
        history_->on_event({});
        history_->when_room({});
    }
    ~basic_live_versions() override {
        retired_.emplace_back(serving_.exchange(nullptr));
        // Calls that began earlier may still run.
        for (const auto& version : retired_)
            while (hazards_.in_use(version.get()))
                posix::pause_a_millisecond();
    }

    void on_event(reload_handler handler) override { history_->on_event(std::move(handler)); }

    void check(std::function<void(void*)> check) override {
        const mutex_lock locked(changing_);
        check_ = std::move(check);
    }

    live_status status() const override {
        live_status now;
        {
            const basic_hazard_pointer serving(hazards_, serving_);
            now.version = serving.get()->number();
            now.info = serving.get()->info();
        }
        const mutex_lock locked(counting_);
        now.replaced = replaced_;
        now.refused = refused_;
        now.refusal = refusal_;
        now.mapped = history_->mapped();
        return now;
    }

    reload_event refresh(bool again) override {
        return change([&](std::string& refusal) { return newer(again, refusal); });
    }

    reload_event rollback() override {
        return change([&](std::string& refusal) {
            if (!before_)
                throw nothing_before(serving_.load()->info().name);
            if (const std::uint64_t bad = serving_.load()->number(); replaced_by(before_, refusal)) {
                // The newest version stays refused until its files change.
                avoided_ = std::exchange(now_, std::exchange(now_before_, ""));
                before_.reset();
                count(&basic_live_versions::replaced_, "version " + std::to_string(bad) + " was rolled back");
            }
            return reload_event::step::rolled_back;
        });
    }

    // ---- Called by the reload thread

    std::vector<std::string> watched() override { return paths_ = source_->watched(); }
    /// A library may also be unmapped when another handle is closed or an exception ends, which nobody
    /// reports. So while the limit of versions is reached, the thread checks at intervals.
    std::int64_t every() const noexcept override {
        constexpr std::int64_t second = 1000;
        return every_ == 0 && short_of_room_ ? second : every_;
    }

    void look() noexcept override {
        try {
            // A refused version is not tried again because an unrelated file beside it has changed.
            const file_snapshot before(paths_);
            const bool room = again_.exchange(false) || (short_of_room_ && history_->mapped() < most_mapped_);
            if (failed_ && !room && every_ == 0 && before == failed_files_)
                return;
            failed_ = refresh(false).what == reload_event::step::refused;
            if (failed_)
                failed_files_ = before.with(watched());
        } catch (...) {
            trace("a reload was given up: ", exception_text());
        }
    }

    void retire() noexcept override {
        std::vector<instance_share> free;
        const mutex_lock locked(retiring_);
        for (auto& version : std::exchange(retired_, {}))
            (hazards_.in_use(version.get()) ? retired_ : free).push_back(std::move(version));
    }

private:
    std::shared_ptr<version_code> shared(std::unique_ptr<plugin_code> code) {
        return std::make_shared<version_code>(std::move(code), numbers_ + 1, history_);
    }
    instance_share made(std::shared_ptr<version_code> code) {
        return instance_share(new plugin_instance(std::move(code), ++numbers_, make_, functions_));
    }

    // Makes one change at a time. `make(refusal)` returns the step that was taken, or sets why none was.
    template <class Change>
    reload_event change(const Change& make) {
        reload_event result;
        {
            const reload_history::hold until_unlocked(*history_);
            const mutex_lock locked(changing_);
            begun_ = std::chrono::steady_clock::now();
            std::string refusal;
            try {
                result.what = make(refusal);
            } catch (const error& e) {
                if (e.code() == errc::nothing_before)
                    throw;
                refusal = e.what();
            } catch (...) {
                refusal = exception_text();
            }
            if (!refusal.empty()) {
                result.what = reload_event::step::refused;
                result.reason = refusal;
                count(&basic_live_versions::refused_, refusal);
            }
            result.version = serving_.load()->number();
            result.plugin = serving_.load()->code()->name();
            result.took = took();
            if (result.what != reload_event::step::unchanged)
                history_->tell(result);
        }
        retire();
        return result;
    }

    std::chrono::microseconds took() {
        const auto from = std::exchange(begun_, std::chrono::steady_clock::now());
        return std::chrono::duration_cast<std::chrono::microseconds>(begun_ - from);
    }

    void count(std::uint64_t basic_live_versions::* counter, const std::string& refusal) {
        const mutex_lock locked(counting_);
        ++(this->*counter);
        refusal_ = refusal;
    }

    reload_event::step newer(bool again, std::string& refusal) {
        std::string newest;
        std::shared_ptr<version_code> next;
        short_of_room_ = false;
        auto code = source_->newest([&](const std::string& id) {
            newest = id;
            if (id == now_ || (!again && id == avoided_))
                return true;
            if (before_ && id == now_before_) { // an edit that was undone
                next = before_;
                return true;
            }
            require_room();
            return false;
        });
        if (code)
            next = shared(std::move(code));
        if (!next) {
            if (newest == now_) {
                const mutex_lock locked(counting_);
                refusal_.clear();
            }
            return reload_event::step::unchanged;
        }
        history_->tell({reload_event::step::built, numbers_ + 1, next->name(), "", took()});
        if (!replaced_by(std::move(next), refusal)) {
            avoided_ = newest;
            return reload_event::step::refused;
        }
        now_before_ = std::exchange(now_, newest);
        avoided_.clear();
        count(&basic_live_versions::replaced_, "");
        return reload_event::step::replaced;
    }

    void require_room() {
        retire();
        if (const std::size_t mapped = history_->mapped(); mapped >= most_mapped_) {
            short_of_room_ = true;
            history_->when_room([this] {
                again_ = true;
                reload_thread_.ask(*this);
            });
            throw too_many_versions(mapped, most_mapped_, history_->stays());
        }
    }

    // Constructs an object of the code and has it take over. If that fails, returns false with the reason in
    // `refusal`, and nothing has changed.
    bool replaced_by(std::shared_ptr<version_code> code, std::string& refusal) {
        plugin_instance* const old = serving_.load();
        instance_share next;
        bool quiesced = false;
        try {
            old->quiesce(quiesced); // if it throws, perhaps by half
            next = made(code);
            old->hand_on_to(*next);
            next->start();
            if (check_)
                check_(next->object());
        } catch (...) {
            refusal = exception_text();
        }
        if (refusal.empty()) {
            before_ = old->code();
            const mutex_lock locked(retiring_);
            retired_.emplace_back(serving_.exchange(next.release()));
            return true;
        }
        next.reset();
        if (quiesced)
            try {
                old->resume();
            } catch (...) {
                refusal += "; and resume() of the version that goes on threw: " + exception_text();
            }
        return false;
    }

    std::unique_ptr<plugin_source> source_;
    const maker make_;
    const object_functions& functions_;
    const std::size_t most_mapped_;
    const std::int64_t every_;
    reload_thread& reload_thread_ = reload_thread::here();
    const std::shared_ptr<reload_history> history_ = std::make_shared<reload_history>();

    // One change at a time.
    pthread_mutex_t changing_ = PTHREAD_MUTEX_INITIALIZER;
    std::function<void(void*)> check_;
    std::shared_ptr<version_code> before_;
    std::string now_, now_before_,
        avoided_; // the newest library that serves, that served before, that was refused
    std::uint64_t numbers_ = 0;
    std::chrono::steady_clock::time_point begun_{};

    pthread_mutex_t retiring_ = PTHREAD_MUTEX_INITIALIZER;
    std::vector<instance_share> retired_; // and perhaps still in use

    mutable pthread_mutex_t counting_ = PTHREAD_MUTEX_INITIALIZER;
    std::uint64_t replaced_ = 0, refused_ = 0;
    std::string refusal_;

    // Used by the reload thread alone.
    std::vector<std::string> paths_;
    bool failed_ = false;
    file_snapshot failed_files_;      // as they were then
    std::atomic<bool> again_ = false; // look again, although the files are the same
    std::atomic<bool> short_of_room_ = false;
};

using live_versions = basic_live_versions<>;

template <class System>
std::unique_ptr<plugin_versions> plugin_versions::from(std::unique_ptr<plugin_source> source, maker make,
                                                       const object_functions& functions,
                                                       std::size_t most_mapped, std::int64_t every) {
    return std::make_unique<basic_live_versions<System>>(std::move(source), std::move(make), functions,
                                                         most_mapped, every);
}

#ifdef TENON_SEPARATE
template std::unique_ptr<plugin_versions> plugin_versions::from<posix>(std::unique_ptr<plugin_source>,
                                                                       plugin_versions::maker,
                                                                       const object_functions&, std::size_t,
                                                                       std::int64_t);
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
