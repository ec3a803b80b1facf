// error: the fields of a type that crosses the interface cannot be seen.* a reference
// reason: borrowed
#include <tenon/export.hpp>

struct borrowed {
    int& number;
};
#ifdef FIXED
template <>
struct tenon::layout<borrowed> : tenon::opaque<borrowed, 1> {};
#else
// nothing is said of borrowed's fields
#endif
struct lender {
    static constexpr tenon::plugin_type type{"lender"};
    virtual ~lender() = default;
    virtual int lend(borrowed) = 0;
    using methods = tenon::methods<&lender::lend>;
};

struct simple : lender {
    int lend(borrowed from) override { return from.number; }
};
TENON_EXPORT(lender, simple, "simple", "1.0.0")
