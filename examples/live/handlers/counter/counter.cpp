// SPDX-License-Identifier: MIT
// Counts its requests, and goes on counting in its next version.
//
//   step = "1"   how much each request counts; may be changed while it runs
#include "handler.hpp"

#include <atomic>
#include <string>

#include <tenon/export.hpp>

class counter : public web::handler {
public:
    explicit counter(web::host& host)
        : settings_(host.on_settings([this, &host](const web::values& now) {
              step_ = std::stol(web::get(now, "step", "1"));
              host.log("counts in steps of " + std::to_string(step_));
          })) {}

    web::response handle(const web::request&) override {
        return {.body = std::to_string(count_ += step_) + "\n"};
    }

    // The next version counts from here. Requests that this version counts in the meantime are lost.
    std::string save() const { return std::to_string(count_); }
    void restore(const std::string& count) { count_ = std::stol(count); }

private:
    std::atomic<long> step_ = 1, count_ = 0;
    tenon::registration settings_; // destroyed before the members that its callback uses
};

TENON_EXPORT(web::handler, counter, "counter", "1.0.0")
