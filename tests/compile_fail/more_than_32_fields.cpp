// error: the fields of a type that crosses the interface cannot be seen.* or more than 32 fields
// reason: table
#include <tenon/export.hpp>

struct table {
    int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19;
    int b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12;
};
#ifdef FIXED
template <>
struct tenon::layout<table> : tenon::opaque<table, 1> {};
#else
// nothing is said of table's fields
#endif
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual table make() = 0;
    using methods = tenon::methods<&maker::make>;
};

struct simple : maker {
    table make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
