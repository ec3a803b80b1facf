// error: a method gives out a type that carries the plugin's code along
#include <any>
#include <tenon/export.hpp>
#include <vector>

struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual std::vector<std::any> make() = 0;
#ifdef FIXED
    using methods = tenon::methods<tenon::lets_code_escape<&maker::make>>;
#else
    using methods = tenon::methods<&maker::make>;
#endif
};

struct simple : maker {
    std::vector<std::any> make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
