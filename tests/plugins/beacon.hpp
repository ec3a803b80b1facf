// SPDX-License-Identifier: MIT
// An interface for tests of reloading: each answer says which version gave it.
#ifndef TENON_TESTS_BEACON_HPP
#define TENON_TESTS_BEACON_HPP

#include <tenon/interface.hpp>

/// What the host does with the plugin's versions, and what these do to it.
struct beacon_host {
    virtual ~beacon_host() = default;
    virtual void made(long version) = 0;
    virtual void destroyed(long version) = 0;
    /// Called by a version in the middle of an answer.
    virtual void asked(long version) = 0;

    using methods = tenon::methods<&beacon_host::made, &beacon_host::destroyed, &beacon_host::asked>;
};

struct beacon {
    static constexpr tenon::plugin_type type{"beacon"};
    using factory = tenon::factory<beacon_host&>;
    using state = long;

    enum class way { at_once, by_exception, by_the_host };

    virtual ~beacon() = default;
    virtual long version(way) = 0;
    virtual long total() const = 0; // of all answers, of the versions before too

    using methods = tenon::methods<&beacon::version, &beacon::total>;
};

#endif
