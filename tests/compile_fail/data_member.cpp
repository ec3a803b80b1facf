// error: the interface has data members or a second base with virtual functions
#include <tenon/export.hpp>

struct counter {
    static constexpr tenon::plugin_type type{"counter"};
    virtual ~counter() = default;
    virtual int count() = 0;
#ifndef FIXED
    int start = 0;
#endif
    using methods = tenon::methods<&counter::count>;
};

struct simple : counter {
    int count() override { return 1; }
};
TENON_EXPORT(counter, simple, "simple", "1.0.0")
