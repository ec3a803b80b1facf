// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_EVENT_REPORT_HPP
#define TENON_DETAIL_SYSTEM_EVENT_REPORT_HPP

#include <tenon/event.hpp>

#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline void tell(const event_handler& handler, const event& step) {
    trace(step.text());
    if (handler)
        handler(step);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
