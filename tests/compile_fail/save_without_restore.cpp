// error: tenon: the plugin has one of `state save\(\)` and `void restore\(state\)` and not the other
#include <tenon/export.hpp>

struct lamp {
    static constexpr tenon::plugin_type type{"lamp"};
    using state = int;
    virtual ~lamp() = default;
    virtual int colour() = 0;
    using methods = tenon::methods<&lamp::colour>;
};
struct red final : lamp {
    int colour() override { return 1; }
#ifdef FIXED
    int save() const { return 1; }
    void restore(int) {}
#else
    int save() const { return 1; }
#endif
};
TENON_EXPORT(lamp, red, "red", "1.0.0")
