// SPDX-License-Identifier: MIT
// An interface of mistakes that only a sanitizer sees.
#ifndef TENON_TESTS_CARELESS_HPP
#define TENON_TESTS_CARELESS_HPP

#include <cstddef>

#include <tenon/interface.hpp>

struct careless {
    static constexpr tenon::plugin_type type{"careless"};

    virtual ~careless() = default;
    /// The number in that place of four.
    virtual int number(std::size_t place) = 0;
    /// What two threads count to.
    virtual int count() = 0;

    using methods = tenon::methods<&careless::number, &careless::count>;
};

#endif
