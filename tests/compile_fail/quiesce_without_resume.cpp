// error: tenon: the plugin has one of quiesce\(\) and resume\(\) and not the other
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
    void quiesce() {}
    void resume() {}
#else
    void quiesce() {}
#endif
};
TENON_EXPORT(lamp, red, "red", "1.0.0")
