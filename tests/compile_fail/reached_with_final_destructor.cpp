// error: overrid(es|ing) a? ?.?final
// reason: the destructor of an interface may be neither `final` nor deleted
// lines: 60
// above: any, there is no way for tenon to find out
#include <tenon/export.hpp>

struct services {
#ifdef FIXED
    virtual ~services() = default;
#else
    virtual ~services() final = default;
#endif
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
