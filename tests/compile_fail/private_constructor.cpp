// error: the plugin has no constructor that takes what the interface's `factory` passes
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

class hello : public greeter {
#ifdef FIXED
public:
#endif
    hello() = default;
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
