// SPDX-License-Identifier: MIT
// Catch2 version 2 and version 3 behind one name. Tests write the matchers as
// version 3 names them, in Catch::Matchers.
#ifndef TENON_TESTS_CATCH_HPP
#define TENON_TESTS_CATCH_HPP

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

#include <string>

namespace Catch {

namespace Matchers {
/// Version 3 calls this ContainsSubstring; its Contains matches ranges.
inline auto ContainsSubstring(const std::string& part) {
    return Contains(part);
}
} // namespace Matchers

// Version 3 has these only in Catch::Matchers. Deleted here, so that a test cannot use them by accident and
// compile with version 2 only.
template <class... Any>
void Contains(Any&&...) = delete;
template <class... Any>
void EndsWith(Any&&...) = delete;
template <class... Any>
void Equals(Any&&...) = delete;
template <class... Any>
void StartsWith(Any&&...) = delete;
template <class... Any>
void UnorderedEquals(Any&&...) = delete;

} // namespace Catch
#endif

#endif
