// error: the interface needs `using methods = tenon::methods
// above: 5
#include <tenon/plugin.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
#ifdef FIXED
    using methods = tenon::methods<&greeter::greet>;
#endif
};

int greet(tenon::plugin<greeter>& hello) {
    return hello->greet(1);
}
