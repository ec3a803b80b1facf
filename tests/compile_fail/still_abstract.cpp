// error: the plugin derives from the interface but is still abstract
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
#ifdef FIXED
    int greet(int n) override { return n; }
#else
    int greet(long n) { return static_cast<int>(n); }
#endif
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
