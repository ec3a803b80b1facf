// error: overloaded function|unable to deduce
// error: the interface needs `using methods.*one of several of its name is tenon::overload<R\(A\)>\(&T::f\)
// above: any, there is no list then
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    virtual int greet(char) = 0;
#ifdef FIXED
    using methods = tenon::methods<tenon::overload<int(int)>(&greeter::greet),
                                   tenon::overload<int(char)>(&greeter::greet)>;
#else
    using methods = tenon::methods<&greeter::greet, &greeter::greet>;
#endif
};

struct hello : greeter {
    int greet(int n) override { return n; }
    int greet(char) override { return 0; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
