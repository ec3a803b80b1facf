// SPDX-License-Identifier: MIT
// A plugin that is compiled in no time: for tests that need many of them, and for those that look at its file
// alone.
#include <tenon/export.hpp>

namespace small {

struct point {
    short x;
    long y;
};

struct tiny {
    static constexpr tenon::plugin_type type{"tiny"};
    virtual ~tiny() = default;
    virtual int twice(int) const = 0;
    virtual point mirrored(const point&) = 0;
    using methods = tenon::methods<&tiny::twice, &tiny::mirrored>;
};

} // namespace small

namespace {

using small::point, small::tiny;

struct one : tiny {
    int twice(int of) const override { return 2 * of; }
    point mirrored(const point& of) override { return {static_cast<short>(-of.x), -of.y}; }
};

} // namespace

TENON_EXPORT(tiny, one, "one", "1.0.0")
