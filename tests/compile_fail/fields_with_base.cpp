// error: the fields of a type that crosses the interface cannot be seen
// reason: account
#include <tenon/export.hpp>

struct named {
    int name;
};
struct account : named {
    int id;
};
#ifdef FIXED
template <>
struct tenon::layout<account> : tenon::fields<&account::id, &account::name> {};
#else
// nothing is said of account's fields
#endif
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual account make() = 0;
    using methods = tenon::methods<&maker::make>;
};

struct simple : maker {
    account make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
