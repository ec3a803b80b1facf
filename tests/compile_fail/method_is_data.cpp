// error: the interface has data members
// error: `methods` names what is no member function of the interface
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
#ifdef FIXED
    using methods = tenon::methods<&greeter::greet>;
#else
    int greetings = 0;
    using methods = tenon::methods<&greeter::greet, &greeter::greetings>;
#endif
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
