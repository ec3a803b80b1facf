// error: the interface needs `virtual ~T\(\) = default;`
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
#ifdef FIXED
    virtual ~greeter() = default;
#else
    // no virtual destructor
#endif
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
