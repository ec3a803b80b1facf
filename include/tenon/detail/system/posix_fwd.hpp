// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_POSIX_FWD_HPP
#define TENON_DETAIL_SYSTEM_POSIX_FWD_HPP

#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The default of the template parameter `System`, for headers that make no system call.
struct posix;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
