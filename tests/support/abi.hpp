// SPDX-License-Identifier: MIT
#ifndef TENON_TESTS_ABI_HPP
#define TENON_TESTS_ABI_HPP

#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/library/abi.hpp>

namespace tests {

/// The ABI of T in this program.
template <class T>
const tenon::detail::plugin_abi& abi_here() {
    static const tenon::detail::plugin_abi abi = tenon::detail::read_abi(tenon::detail::notes_here<T>());
    return abi;
}

} // namespace tests

#endif
