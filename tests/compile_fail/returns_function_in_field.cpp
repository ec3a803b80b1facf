// error: a method gives out a type that carries the plugin's code along
#include <functional>
#include <tenon/export.hpp>

struct job {
    int id;
#ifdef FIXED
    int run;
#else
    std::function<void()> run;
#endif
};
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual job make() = 0;
    using methods = tenon::methods<&maker::make>;
};

struct simple : maker {
    job make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
