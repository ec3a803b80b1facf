// error: anonymous union
// reason: say tenon::layout<T> : tenon::fields
// lines: 200
// above: any, there is no way for tenon to find out
#include <tenon/export.hpp>

struct value {
    int kind;
    union {
        int number;
        float real;
    };
};
#ifdef FIXED
template <>
struct tenon::layout<value> : tenon::opaque<value, 1> {};
#else
// nothing is said of value's fields
#endif
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual value make() = 0;
    using methods = tenon::methods<&maker::make>;
};

struct simple : maker {
    value make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
