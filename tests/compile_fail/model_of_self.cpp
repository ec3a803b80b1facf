// error: the interface has a function called `self`
#include <tenon/export.hpp>

#ifdef FIXED
#define SELF itself
#else
#define SELF self
#endif

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int SELF() = 0;
    using methods = tenon::methods<&greeter::SELF>;
    template <class P>
    struct model;
};
template <class P>
struct greeter::model final : tenon::holds<greeter, P> {
    int SELF() override { return this->self().get(); }
};

struct hello {
    int get() { return 1; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
