// error: the plugin has no constructor that takes what the interface's `factory` passes
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
#ifdef FIXED
    explicit hello(int) {}
#else
    explicit hello(const char*) {}
#endif
    int greet(int n) { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
