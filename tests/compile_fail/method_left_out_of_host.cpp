// error: the interface's `methods` leaves out a virtual function
// flags: -O1
// above: 6
#include <tenon/plugin.hpp>

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

int greet() {
    return tenon::plugin<greeter>("./libhello.so")->greet(1);
}
