// error: (use of|call to) deleted
// reason: the_factory_takes<const char ?\*>::and_was_given<int>
#include <tenon/plugin.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    using factory = tenon::factory<const char*>;
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

#ifdef FIXED
void greet() {
    tenon::plugin<greeter>{"./libhello.so", "to the factory"} -> greet(1);
}
#else
void greet() {
    tenon::plugin<greeter>{"./libhello.so", 7} -> greet(1);
}
#endif
