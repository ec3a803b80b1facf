// error: (use of|call to) deleted
// reason: the_factory_takes<int>::and_was_given<>
#include <tenon/plugin.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    using factory = tenon::factory<int>;
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

#ifdef FIXED
void greet() {
    tenon::plugin<greeter>{"./libhello.so", 7} -> greet(1);
}
#else
void greet() {
    tenon::plugin<greeter>{"./libhello.so"} -> greet(1);
}
#endif
