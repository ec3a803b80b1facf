// error: name a function that is not virtual
// clang only: g++ lets the member pointers of virtual functions be compared; the manifest then has no slot
// for this one
#include <tenon/export.hpp>

struct services {
    virtual ~services() = default;
    virtual int get(int) = 0;
#ifdef FIXED
    virtual int twice(int n) { return 2 * n; }
#else
    int twice(int n) { return 2 * n; }
#endif
    using methods = tenon::methods<&services::get, &services::twice>;
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
