// SPDX-License-Identifier: MIT
// For fuzzing: whatever the input is, there is an answer or an error of tenon's.
#ifndef TENON_TESTS_FUZZ_ANSWER_HPP
#define TENON_TESTS_FUZZ_ANSWER_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tenon/error.hpp>

namespace fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Any other exception ends the program, and so does what `require` does not find to be true.
template <class Action>
void answer(const Action& action) {
    try {
        action();
    } catch (const tenon::error& e) {
        if (!*e.what())
            __builtin_trap();
    }
}

inline void require(bool promised) {
    if (!promised)
        __builtin_trap();
}

} // namespace fuzz

#endif
