// error: the interface's `model` is still abstract
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    virtual int farewell(int) = 0;
    using methods = tenon::methods<&greeter::greet, &greeter::farewell>;
    template <class P>
    struct model;
};
template <class P>
struct greeter::model final : tenon::holds<greeter, P> {
    int greet(int n) override { return this->self().greet(n); }
#ifdef FIXED
    int farewell(int n) override { return this->self().farewell(n); }
#endif
};

struct hello {
    int greet(int n) { return n; }
    int farewell(int n) { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
