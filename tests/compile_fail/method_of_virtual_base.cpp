// error: one of a base that it has twice or virtually
#include <tenon/export.hpp>

struct base {
    virtual ~base() = default;
    virtual int greet(int) = 0;
};
#ifdef FIXED
struct greeter : base {
#else
struct greeter : virtual base {
#endif
    static constexpr tenon::plugin_type type{"greeter"};
    using methods = tenon::methods<&base::greet>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
