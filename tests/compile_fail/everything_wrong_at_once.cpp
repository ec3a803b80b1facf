// error: the interface needs `virtual ~T
// error: the name of the plugin type has to be
// error: the interface needs `using methods
// error: the plugin derives from the interface but is still abstract
// error: a plugin's name has to be
// error: a plugin's version has to be
#include <tenon/export.hpp>

#ifdef FIXED
struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
#else
struct greeter {
    static constexpr tenon::plugin_type type{"Greeter"};
    virtual int greet(int) = 0;
};
struct hello final : greeter {
    int greet(long n) { return static_cast<int>(n); }
};
TENON_EXPORT(greeter, hello, "Hello", "")
#endif
