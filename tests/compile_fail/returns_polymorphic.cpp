// error: a method gives out a type that carries the plugin's code along
#include <memory>
#include <tenon/export.hpp>

struct node {
#ifdef FIXED
    ~node() = default;
#else
    virtual ~node() = default;
#endif
    int value = 0;
};
template <>
struct tenon::layout<node> : tenon::opaque<node, 1> {};
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual std::unique_ptr<node> make() = 0;
    using methods = tenon::methods<&maker::make>;
};

struct simple : maker {
    std::unique_ptr<node> make() override { return {}; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
