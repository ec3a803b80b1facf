// error: the interface needs `static constexpr tenon::plugin_type type
#include <tenon/export.hpp>

struct greeter {
#ifdef FIXED
    static constexpr tenon::plugin_type type{"greeter"};
#else
    static constexpr const char* type = "greeter";
#endif
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
