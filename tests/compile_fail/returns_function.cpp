// error: a method gives out a type that carries the plugin.s code along
// reason: (list|these_types)<std::function<void ?\(\)> ?>
#include <functional>
#include <tenon/export.hpp>

struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual std::function<void()> make() = 0;
#ifdef FIXED
    using methods = tenon::methods<tenon::lets_code_escape<&maker::make>>;
#else
    using methods = tenon::methods<&maker::make>;
#endif
};

struct simple : maker {
    std::function<void()> make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
