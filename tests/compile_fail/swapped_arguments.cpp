// error: (use of|call to) deleted
// reason: the_factory_takes<const settings ?&, int>::and_was_given<int, settings ?&>
#include <tenon/plugin.hpp>

struct settings {
    int volume;
};
struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    using factory = tenon::factory<const settings&, int>;
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

void greet(settings loud) {
#ifdef FIXED
    const tenon::plugin<greeter> hello(tenon::library_options{.private_copy = true}, "./libhello.so", loud,
                                       7);
#else
    const tenon::plugin<greeter> hello(tenon::library_options{.private_copy = true}, "./libhello.so", 7,
                                       loud);
#endif
    hello->greet(1);
}
