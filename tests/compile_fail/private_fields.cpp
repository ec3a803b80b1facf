// error: the fields of a type that crosses the interface cannot be seen
// reason: account
#include <tenon/export.hpp>

class account {
public:
    account() = default;
    int id() const { return id_; }

private:
    int id_ = 0;
};
#ifdef FIXED
template <>
struct tenon::layout<account> : tenon::opaque<account, 1> {};
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
