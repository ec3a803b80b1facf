// error: a type that crosses the interface has virtual functions, of which `tenon::fields` says nothing
#include <tenon/export.hpp>

class services {
public:
    virtual ~services() = default;
    virtual int get(int n) { return n + value; }

    int value = 0;
};

template <>
#ifdef FIXED
struct tenon::layout<services> : tenon::opaque<services, 1> {
};
#else
struct tenon::layout<services> : tenon::fields<&services::value> {
};
#endif

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
