// error: a type that crosses the interface has `methods`.*data members
#include <tenon/export.hpp>

struct services {
    virtual ~services() = default;
    virtual int get(int) = 0;
    using methods = tenon::methods<&services::get>;
#ifndef FIXED
    int value = 0;
#endif
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
