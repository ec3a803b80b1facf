// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_UNLOADED_HPP
#define TENON_DETAIL_LIBRARY_UNLOADED_HPP

#include <string>
#include <utility>

#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// What became of a library's code when a handle was closed.
///
///     if (tenon::unloaded gone = users.close(); !gone)
///         std::cerr << gone.reason();   // '/opt/users.so' stays in memory: it has the unique symbol ...
class TENON_HOST_TYPE unloaded {
public:
    enum class state {
        unmapped, ///< it is gone
        shared,   ///< other handles of this library are open
        deferred, ///< an exception, whose code may be in the library, is in flight or being handled on this
                  ///< thread
        pinned,   ///< it stays until the process ends
    };

    unloaded(state outcome, std::string reason) : what_(outcome), reason_(std::move(reason)) {}

    explicit operator bool() const noexcept { return what_ == state::unmapped; }
    state what() const noexcept { return what_; }
    /// A sentence about why the code is still in memory; empty if it is gone.
    const std::string& reason() const noexcept { return reason_; }

private:
    state what_;
    std::string reason_;
};

} // namespace tenon::inline v1

#endif
