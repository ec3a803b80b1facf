// error: an interface that crosses the interface is `final`
#include <tenon/export.hpp>

#ifdef FIXED
struct services {
#else
struct services final {
#endif
    virtual ~services() = default;
    virtual int get(int n) { return n; }
    using methods = tenon::methods<&services::get>;
};

struct counter {
    static constexpr tenon::plugin_type type{"counter"};
    using factory = tenon::factory<services&>;
    virtual ~counter() = default;
    virtual int count() = 0;
    using methods = tenon::methods<&counter::count>;
};

struct simple : counter {
    explicit simple(services& from) : services_(from) {}
    int count() override { return services_.get(1); }
    services& services_;
};
TENON_EXPORT(counter, simple, "simple", "1.0.0")
