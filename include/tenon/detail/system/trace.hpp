// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_TRACE_HPP
#define TENON_DETAIL_SYSTEM_TRACE_HPP

#include <cstdlib>
#include <string>
#include <string_view>

#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// True if `TENON_DEBUG=1` asks for every decision on standard error. The variable is read once.
inline bool tracing() noexcept {
    static const bool wanted = [] {
        const char* set = ::secure_getenv("TENON_DEBUG");
        return set && std::string_view(set) == "1";
    }();
    return wanted;
}

/// Prints one decision, in one write, so that the lines of threads do not mix.
template <class... S>
void trace(const S&... parts) {
    if (!tracing())
        return;
    std::string line = "tenon: ";
    (line.append(parts), ...);
    line += '\n';
    [[maybe_unused]] const ssize_t written = posix::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
