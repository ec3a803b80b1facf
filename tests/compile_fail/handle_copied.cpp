// error: deleted
#include <tenon/plugin.hpp>
#include <utility>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

#ifdef FIXED
tenon::plugin<greeter> passed_on(tenon::plugin<greeter>& hello) {
    return std::move(hello);
}
#else
tenon::plugin<greeter> passed_on(tenon::plugin<greeter>& hello) {
    return hello;
}
#endif
