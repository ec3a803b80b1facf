// error: (use of|call to) deleted
// reason: the_factory_takes<>::and_was_given<int>
// lines: 20
#include <tenon/loader.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

#ifdef FIXED
void greet() {
    tenon::load<greeter>("hello")->greet(1);
}
#else
void greet() {
    tenon::load<greeter>("hello", 7)->greet(1);
}
#endif
