// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_DEFINITIONS_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_DEFINITIONS_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/library/plugin_object.hpp>
#include <tenon/detail/reload/plugin_instance.hpp>
#include <tenon/detail/reload/reload_event.hpp>
#include <tenon/detail/reload/version_code.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

TENON_INLINE plugin_instance::plugin_instance(std::shared_ptr<version_code> code, std::uint64_t number,
                                              const std::function<void*(const plugin_code&)>& make,
                                              const object_functions& functions)
    : code_(std::move(code)), number_(number), functions_(functions), object_(make(**code_)) {}

TENON_INLINE plugin_instance::~plugin_instance() {
    if (started_)
        functions_.stop(**code_, object_);
    functions_.destroy(object_);
    if (started_)
        code_->history()->tell({reload_event::step::retired, number_, code_->name(), "", {}});
}

TENON_INLINE const plugin_info& plugin_instance::info() const noexcept {
    return (*code_)->info();
}

TENON_INLINE void plugin_instance::start() {
    functions_.start(**code_, object_);
    started_ = true;
}

TENON_INLINE void plugin_instance::quiesce(bool& called) {
    functions_.quiesce(**code_, object_, called);
}

TENON_INLINE void plugin_instance::resume() {
    functions_.resume(**code_, object_);
}

TENON_INLINE void plugin_instance::hand_on_to(const plugin_instance& next) {
    functions_.hand_on(**code_, object_, **next.code_, next.object_);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
