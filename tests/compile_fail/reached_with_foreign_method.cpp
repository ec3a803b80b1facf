// error: name what is no member function of it
#include <tenon/export.hpp>

struct other {
    virtual ~other() = default;
    virtual int twice(int) = 0;
};
#ifdef FIXED
struct services : other {
#else
struct services {
#endif
    virtual ~services() = default;
    virtual int get(int) = 0;
    using methods = tenon::methods<&other::twice, &services::get>;
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
