// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_HOST_FILE_HPP
#define TENON_DETAIL_LIBRARY_HOST_FILE_HPP

#include <tenon/version.hpp>

// version.hpp, which interfaces include too, has chosen between declarations and definitions. A macro that
// is defined later changes nothing of that.
#if (defined(TENON_SEPARATE) && defined(TENON_DEFINITIONS) && !defined(TENON_IMPLEMENTATION)) ||             \
    (defined(TENON_IMPLEMENTATION) && !(defined(TENON_SEPARATE) && defined(TENON_DEFINITIONS)))
#error                                                                                                       \
    "tenon: TENON_SEPARATE and TENON_IMPLEMENTATION have to be defined before the first header of tenon, also before an interface's"
#endif

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// How one file of this image that loads plugins was compiled.
struct host_file {
    const char* name;
    bool separate;
};

// Each such file has an entry in a section whose ends the linker names.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const host_file __start_tenon_hosts[];
[[gnu::weak, gnu::visibility("hidden")]] extern const host_file __stop_tenon_hosts[];
}

#ifdef TENON_SEPARATE
inline constexpr bool compiled_separately = true;
#else
inline constexpr bool compiled_separately = false;
#endif

namespace {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // clang 14 has no `retain`
// NOLINTNEXTLINE(misc-definitions-in-headers): each file needs an entry of its own
[[gnu::used, gnu::retain, gnu::section("tenon_hosts")]] constexpr host_file this_file{__BASE_FILE__,
                                                                                      compiled_separately};
#pragma GCC diagnostic pop
} // namespace

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
