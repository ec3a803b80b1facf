// error: a plugin's name has to be \[a-z\]
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
#ifdef FIXED
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
#else
TENON_EXPORT(greeter, hello, "", "1.0.0")
#endif
