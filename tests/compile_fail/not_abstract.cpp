// error: the interface has no pure virtual function
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
#ifdef FIXED
    virtual int greet(int) = 0;
#else
    virtual int greet(int n) { return n; }
#endif
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
