// error: the plugin derives from the interface but is still abstract
// above: 5
// lines: 15
#include <tenon/registry.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
#ifdef FIXED
    int greet(int n) override { return n; }
#else
    int greet(int n) const { return n; }
#endif
};

void add(tenon::registry& built_ins) {
    built_ins.add<greeter, hello>("hello", "1.0.0");
}
