// SPDX-License-Identifier: MIT
// One path of the server, and the plugin that serves it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include <tenon/callbacks.hpp>
#include <tenon/loader.hpp>

#include "configuration.hpp"
#include "handler.hpp"

namespace web {

/// A histogram of request times, in buckets of powers of two.
class latencies {
public:
    void add(std::chrono::nanoseconds took) {
        std::size_t power = 0;
        while (power + 1 < counts_.size() && std::chrono::nanoseconds(1ll << power) < took)
            ++power;
        counts_[power].fetch_add(1, std::memory_order_relaxed);
    }
    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const auto& count : counts_)
            all += count.load(std::memory_order_relaxed);
        return all;
    }
    /// Microseconds that `share` per cent of the requests did not exceed.
    double percentile(double share) const {
        const double wanted = static_cast<double>(count()) * share / 100;
        std::uint64_t passed = 0;
        for (std::size_t power = 0; power < counts_.size(); ++power)
            if (passed += counts_[power]; static_cast<double>(passed) >= wanted && passed > 0)
                return static_cast<double>(1ll << power) / 1000;
        return 0;
    }

private:
    std::array<std::atomic<std::uint64_t>, 40> counts_{}; // bucket n: up to 2^n nanoseconds
};

/// Writes a line in one piece, although other threads write too.
inline void log(std::string_view line) {
    std::clog << std::string(line) + '\n' << std::flush;
}

class route final : public host {
public:
    route(const tenon::loader& loader, std::string path, configuration::route given)
        : path_(std::move(path)), driver_(given.driver), settings_(std::move(given.settings)),
          handler_(loader.watch<handler>(driver_, std::ref<host>(*this))) {
        handler_.on_event([this](const tenon::reload_event& step) {
            if (step.what == tenon::reload_event::step::built)
                build_took_ = std::chrono::duration<double, std::milli>(step.took).count();
            web::log(path_ + ": " + step.text());
        });
    }

    response answer(const request& asked) {
        const auto begin = std::chrono::steady_clock::now();
        response answered;
        try {
            answered = handler_->handle(asked);
        } catch (const std::exception& e) { // may be a type of the plugin's; its code stays loaded
            const std::lock_guard locked(mutex_);
            ++failed_;
            failure_ = e.what();
            answered = {.status = 500, .body = failure_ + '\n'};
        }
        latencies_.add(std::chrono::steady_clock::now() - begin);
        return answered;
    }

    /// Applies new settings. A changed driver is only used after the server's next start.
    void configure(const configuration::route& given) {
        if (given.driver != driver_)
            return web::log(path_ + ": goes on with '" + driver_ + "' until the server is started again");
        const std::lock_guard one_at_a_time(configuring_);
        {
            const std::lock_guard locked(mutex_);
            settings_ = given.settings;
        }
        try {
            changed_(given.settings);
        } catch (const std::exception& e) {
            web::log(path_ + ": did not take its settings: " + e.what());
        }
    }

    nlohmann::ordered_json status() const {
        const tenon::live_status now = handler_.status();
        const std::lock_guard locked(mutex_);
        return {{"driver", driver_},
                {"plugin", now.info.name + ' ' + now.info.version},
                {"version", now.version},
                {"builds",
                 {{"taken", now.replaced}, {"refused", now.refused}, {"last_took_ms", build_took_.load()}}},
                {"refusal", now.refusal},
                {"versions_in_memory", now.mapped},
                {"requests", latencies_.count()},
                {"failed", failed_},
                {"failure", failure_},
                {"latency_us",
                 {{"p50", latencies_.percentile(50)},
                  {"p99", latencies_.percentile(99)},
                  {"most", latencies_.percentile(100)}}}};
    }

    // ---- For the handler.

    values settings() const override {
        const std::lock_guard locked(mutex_);
        return settings_;
    }
    tenon::registration on_settings(std::function<void(const values&)> changed) override {
        const std::lock_guard one_at_a_time(configuring_); // so that the newest settings come last
        changed(settings());
        return changed_.add(std::move(changed));
    }
    void log(std::string_view line) override { web::log(path_ + ": " + std::string(line)); }

private:
    const std::string path_, driver_;
    std::mutex configuring_;
    mutable std::mutex mutex_;
    values settings_;
    std::uint64_t failed_ = 0;
    std::string failure_; // the latest
    tenon::callbacks<void(const values&)> changed_;
    latencies latencies_;
    std::atomic<double> build_took_ = 0; // milliseconds
    tenon::live<handler> handler_;       // destroyed first, because it uses the members above
};

} // namespace web
