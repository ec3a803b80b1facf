// error: the fields of a type that crosses the interface cannot be seen
// reason: settings
#include <tenon/export.hpp>

class settings {
public:
    int verbosity() const { return verbosity_; }

private:
    int verbosity_ = 0;
#ifdef FIXED
    friend struct tenon::layout<settings>;
};
template <>
struct tenon::layout<settings> : tenon::fields<&settings::verbosity_> {};
#else
};
#endif

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    using factory = tenon::factory<const settings&>;
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

struct hello : greeter {
    explicit hello(const settings&) {}
    int greet(int n) override { return n; }
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
