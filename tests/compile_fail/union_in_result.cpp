// error: the fields of a type that crosses the interface cannot be seen
// reason: number
#include <tenon/export.hpp>

union number {
    int whole;
    float real;
};
#ifdef FIXED
template <>
struct tenon::layout<number> : tenon::fields<&number::whole, &number::real> {};
#else
// nothing is said of number's fields
#endif
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual number make() = 0;
    using methods = tenon::methods<&maker::make>;
};

struct simple : maker {
    number make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
