// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_NOTE_RANGE_HPP
#define TENON_DETAIL_LIBRARY_NOTE_RANGE_HPP

#include <cstdint>
#include <string>

#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A run of notes: its address in the loaded library, counted from the load address, and its bytes in the
/// file.
struct note_range {
    std::uint64_t address;
    std::string bytes;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
