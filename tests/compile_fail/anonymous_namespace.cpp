// error: the interface is in an anonymous namespace, where each file has a type of its own
#include <tenon/export.hpp>

#ifdef FIXED
namespace shown {
#else
namespace {
#endif
struct counter {
    static constexpr tenon::plugin_type type{"counter"};
    virtual ~counter() = default;
    virtual int count() = 0;
    using methods = tenon::methods<&counter::count>;
};
} // namespace
#ifdef FIXED
using shown::counter;
#endif

namespace {
struct simple : counter {
    int count() override { return 1; }
};
} // namespace
TENON_EXPORT(counter, simple, "simple", "1.0.0")
