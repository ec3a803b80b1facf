// error: the plugin neither derives from the interface nor fits its model
// lines: 25
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

#ifdef FIXED
struct hello : greeter {
#else
struct hello {
#endif
    int greet(int n) { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
