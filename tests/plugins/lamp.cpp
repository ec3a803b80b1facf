// SPDX-License-Identifier: MIT
#include "lamp.hpp"

#include <tenon/export.hpp>

namespace {

struct logged {
    explicit logged(lamp_log& log) : log_(&log) { log_->push_back("made"); }
    logged(const logged&) = delete;
    ~logged() { log_->push_back("destroyed"); }

    lamp_log* log_;
};

// A plain class, which the interface's model makes a lamp.
struct hooked : logged {
    using logged::logged;
    std::string colour() const { return colour_; }
    void start() { log_->push_back("started"); }
    void stop() noexcept { log_->push_back("stopped"); }
    void quiesce() { log_->push_back("quiesced"); }
    void resume() { log_->push_back("resumed"); }
    std::string save() const { return colour_ + " saved"; }
    void restore(const std::string& saved) { colour_ = saved; }

    std::string colour_ = "red";
};

struct plain final : lamp, private logged {
    using logged::logged;
    std::string colour() const override { return "grey"; }
};

// Its start() throws what only its own library knows.
struct burnt final : lamp, private logged {
    struct blown : std::runtime_error {
        blown() : runtime_error("the filament is gone") {}
        const char* what() const noexcept override { return "the filament is really gone"; }
    };

    using logged::logged;
    std::string colour() const override { return "black"; }
    void start() {
        log_->push_back("starting");
        throw blown();
    }
    void stop() noexcept { log_->push_back("stopped"); }
};

TENON_EXPORT(lamp, hooked, "hooked", "1.0.0")
TENON_EXPORT(lamp, plain, "plain", "1.0.0")
TENON_EXPORT(lamp, burnt, "burnt", "1.0.0")

} // namespace
