// error: the plugin's destructor has to be public
#include <tenon/export.hpp>

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual int greet(int) = 0;
    using methods = tenon::methods<&greeter::greet>;
};

class hello : public greeter {
public:
    int greet(int n) override { return n; }

#ifndef FIXED
private:
#endif
    ~hello() override = default;
};
TENON_EXPORT(greeter, hello, "hello", "1.0.0")
