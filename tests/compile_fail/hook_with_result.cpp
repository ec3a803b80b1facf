// error: tenon: the plugin has a member `stop` that is no hook and would never be called: a hook is a public `void stop\(\) noexcept`
#include <tenon/export.hpp>

struct lamp {
    static constexpr tenon::plugin_type type{"lamp"};
    using state = int;
    virtual ~lamp() = default;
    virtual int colour() = 0;
    using methods = tenon::methods<&lamp::colour>;
};
class red final : public lamp {
public:
    int colour() override { return 1; }
#ifdef FIXED
    void stop() noexcept {}
#else
    bool stop() noexcept { return true; }
#endif
};
TENON_EXPORT(lamp, red, "red", "1.0.0")
