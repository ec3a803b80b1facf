// error: `methods` names a function that is not virtual
// clang only: g++ takes any member function for a constant; there the manifest shows it at run time
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
#ifdef FIXED
    virtual int greet_twice(int n) { return greet(greet(n)); }
#else
    int greet_twice(int n) { return greet(greet(n)); }
#endif
    using methods = tenon::methods<&greeter::greet, &greeter::greet_twice>;
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
