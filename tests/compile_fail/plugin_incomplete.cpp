// error: the plugin's class is only declared so far
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

#ifdef FIXED
struct hello : greeter {
    int greet(int n) override { return n; }
};
#else
struct hello;
#endif
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
