// SPDX-License-Identifier: MIT
// A small interface, for tests of what happens to a plugin's code.
#ifndef TENON_TESTS_PART_HPP
#define TENON_TESTS_PART_HPP

#include <tenon/interface.hpp>

/// What the host sees of its plugins' lives.
struct part_counts {
    int made;
    int destroyed;
};

struct part {
    static constexpr tenon::plugin_type type{"part"};
    using factory = tenon::factory<part_counts&>;
    virtual ~part() = default;
    virtual int version() const = 0;
    virtual void fail() const = 0;
    using methods = tenon::methods<&part::version, &part::fail>;
};

#endif
