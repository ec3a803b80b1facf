// error: tenon: the plugin has a member `start` that is no hook and would never be called: a hook is a public `void start\(\)`
#include <tenon/export.hpp>

struct lamp {
    static constexpr tenon::plugin_type type{"lamp"};
    using state = int;
    virtual ~lamp() = default;
    virtual int colour() = 0;
    using methods = tenon::methods<&lamp::colour>;
};
class red : public lamp {
public:
    int colour() override { return 1; }
#ifdef FIXED
    template <class Clock = int>
    void start() {}
#else
    template <class Clock>
    void start() {}
#endif
};
TENON_EXPORT(lamp, red, "red", "1.0.0")
