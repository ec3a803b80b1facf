// error: the plugin neither derives from the interface nor fits its model
// reason: same_as
// lines: 40
#include <concepts>
#include <tenon/export.hpp>

template <class P>
concept greets = requires(P& p, int n) {
    { p.greet(n) } -> std::same_as<int>;
};

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    using factory = tenon::factory<int>;
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
    template <greets P>
    struct model;
};
template <greets P>
struct greeter::model final : tenon::holds<greeter, P> {
    int greet(int n) override { return this->self().greet(n); }
};

struct hello {
    explicit hello(int) {}
#ifdef FIXED
    int greet(int n) { return n; }
#else
    void greet(int) {}
#endif
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
