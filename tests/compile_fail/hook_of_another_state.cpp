// error: tenon: the plugin has a member `save` that is no hook and would never be called: a hook is a public `state save\(\)`
// error: tenon: the plugin has a member `restore` that is no hook .* public `void restore\(state\)`
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
    int save() const { return 1; }
    void restore(int) {}
#else
    const char* save() const { return "on"; }
    void restore(const char*) {}
#endif
};
TENON_EXPORT(lamp, red, "red", "1.0.0")
