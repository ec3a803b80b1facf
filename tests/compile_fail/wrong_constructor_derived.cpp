// error: the plugin has no constructor that takes what the interface's `factory` passes
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    using factory = tenon::factory<int, const char*>;
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
#ifdef FIXED
    hello(int, const char*) {}
#else
    hello(int) {}
#endif
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
