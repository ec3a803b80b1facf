// error: the interface has data members
// error: one of a base that it has twice or virtually
#include <tenon/export.hpp>

struct base {
    virtual ~base() = default;
    virtual int greet(int) = 0;
};
struct left : base {};
struct right : base {};
#ifdef FIXED
struct greeter : left {
#else
struct greeter : left, right {
#endif
    static constexpr tenon::plugin_type type{"greeter"};
    using methods = tenon::methods<&base::greet>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
