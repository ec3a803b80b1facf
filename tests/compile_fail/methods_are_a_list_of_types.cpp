// error: the interface needs `using methods = tenon::methods
#include <tenon/export.hpp>

template <class...>
struct types {};

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
#ifdef FIXED
    using methods = tenon::methods<&greeter::greet>;
#else
    using methods = types<int(int)>;
#endif
};

struct hello : greeter {
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
