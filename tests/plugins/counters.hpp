// SPDX-License-Identifier: MIT
// Two interfaces, one of them with a model, for plugins of several types from several files.
#ifndef TENON_TESTS_COUNTERS_HPP
#define TENON_TESTS_COUNTERS_HPP

#include <tenon/interface.hpp>

namespace counters {

template <class P>
concept counts = requires(P& p) { static_cast<int>(p.count()); };

struct counter {
    static constexpr tenon::plugin_type type{"counter"};
    using factory = tenon::factory<int>;
    virtual ~counter() = default;
    virtual int count() = 0;
    using methods = tenon::methods<&counter::count>;
    template <counts P>
    struct model;
};
template <counts P>
struct counter::model final : tenon::holds<counter, P> {
    int count() override { return this->self().count(); }
};

struct label {
    static constexpr tenon::plugin_type type{"label"};
    virtual ~label() = default;
    virtual const char* text() const = 0;
    using methods = tenon::methods<&label::text>;
};

} // namespace counters

#endif
