// error: `factory` has to be a tenon::factory
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
#ifdef FIXED
    using factory = tenon::factory<int>;
#else
    using factory = int;
#endif
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
    explicit hello(int) {}
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
