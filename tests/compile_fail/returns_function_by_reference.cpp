// error: a method gives out a type that carries the plugin's code along
#include <functional>
#include <tenon/export.hpp>

struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual const std::function<void()>& make() = 0;
#ifdef FIXED
    using methods = tenon::methods<tenon::lets_code_escape<&maker::make>>;
#else
    using methods = tenon::methods<&maker::make>;
#endif
};

struct simple : maker {
    const std::function<void()>& make() override { return made; }
    std::function<void()> made;
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
