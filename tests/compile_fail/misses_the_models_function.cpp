// error: the plugin neither derives from the interface nor fits its model
// reason: farewell
// lines: 40
#include <concepts>
#include <tenon/export.hpp>

template <class P>
concept greets = requires(P& p, int n) {
    { p.greet(n) } -> std::same_as<int>;
    { p.farewell(n) } -> std::same_as<int>;
};

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    virtual int farewell(int) = 0;
    using methods = tenon::methods<&greeter::greet, &greeter::farewell>;
    template <greets P>
    struct model;
};
template <greets P>
struct greeter::model final : tenon::holds<greeter, P> {
    int greet(int n) override { return this->self().greet(n); }
    int farewell(int n) override { return this->self().farewell(n); }
};

struct hello {
    int greet(int n) { return n; }
#ifdef FIXED
    int farewell(int n) { return n; }
#endif
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
