// error: the interface's `methods` leaves out a virtual function
// flags: -O1
// above: 4
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    virtual int part(int) = 0;
#ifdef FIXED
    using methods = tenon::methods<&greeter::greet, &greeter::part>;
#else
    using methods = tenon::methods<&greeter::greet>;
#endif
};

struct hello : greeter {
    int greet(int n) override { return n; }
    int part(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
