// error: (use of|call to) deleted
// reason: the_factory_takes<int ?&>::and_was_given<const char ?\*&>
// lines: 20
#include <functional>

#include <tenon/loader.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    using factory = tenon::factory<int&>;
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

int greet(int n) {
#ifdef FIXED
    return tenon::loader().watch<greeter>("./hello", std::ref(n))->greet(1);
#else
    return tenon::loader().watch<greeter>("./hello", "n")->greet(n);
#endif
}
