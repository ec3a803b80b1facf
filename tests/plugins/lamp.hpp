// SPDX-License-Identifier: MIT
// An interface whose plugins offer hooks, and say in a log of the host's what happens to them.
#ifndef TENON_TESTS_LAMP_HPP
#define TENON_TESTS_LAMP_HPP

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tenon/interface.hpp>

using lamp_log = std::vector<std::string>;

struct lamp {
    static constexpr tenon::plugin_type type{"lamp"};
    using factory = tenon::factory<lamp_log&>;
    using state = std::string;

    virtual ~lamp() = default;
    virtual std::string colour() const = 0;

    using methods = tenon::methods<&lamp::colour>;
    template <class P>
    struct model;
};

template <class P>
struct lamp::model final : tenon::holds<lamp, P> {
    std::string colour() const override { return this->self().colour(); }
};

#endif
