// SPDX-License-Identifier: MIT
// Counts its requests, and goes on counting in its next version.
//
//   step = "1"   how much each request counts; may be changed while it runs
#include "handler.hpp"

#include <atomic>
#include <stdexcept>

#include <tenon/export.hpp>

class counter : public web::handler {
public:
    explicit counter(web::host& host)
        : step_(step_of(host.settings())),
          // Ends with this object, so that the server never calls a version that is gone.
          settings_(host.on_settings([this, &host](const web::values& now) {
              step_ = step_of(now);
              host.log("counts in steps of " + std::to_string(step_));
          })) {}

    web::response handle(const web::request&) override {
        return {.body = std::to_string(count_ += step_) + "\n"};
    }

    // The next version counts from here. What this one still counts until it has taken over is not counted
    // there.
    std::string save() const { return std::to_string(count_); }
    void restore(const std::string& count) { count_ = std::stol(count); }

private:
    static long step_of(const web::values& settings) { return std::stol(web::get(settings, "step", "1")); }

    std::atomic<long> step_, count_ = 0;
    tenon::registration settings_;
};

TENON_EXPORT(web::handler, counter, "counter", "1.0.0")
