// error: a method gives out a type that carries the plugin's code along
#include <functional>
#include <tenon/export.hpp>

#ifdef FIXED
using sink = const std::function<void()>&;
#else
using sink = std::function<void()>&;
#endif
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual void make(sink out) = 0;
    using methods = tenon::methods<&maker::make>;
};

struct simple : maker {
    void make(sink) override {}
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
