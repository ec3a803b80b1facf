// error: tenon: the interface's `state` carries the code of the plugin that saved it along
// reason: list<std::function<int ?\(\)> ?>
// above: 5
#include <functional>

#include <tenon/plugin.hpp>

struct lamp {
    static constexpr tenon::plugin_type type{"lamp"};
#ifdef FIXED
    using state = int;
#else
    using state = std::function<int()>;
#endif
    virtual ~lamp() = default;
    virtual int colour() = 0;
    using methods = tenon::methods<&lamp::colour>;
};
void light() {
    tenon::plugin<lamp>{"./lamp.so"};
}
