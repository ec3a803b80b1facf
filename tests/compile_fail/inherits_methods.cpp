// error: the interface has the `methods` of its base, in which nothing of its own can be
#include <tenon/export.hpp>

struct tool {
    static constexpr tenon::plugin_type type{"tool"};
    virtual ~tool() = default;
    virtual int weight() = 0;
    using methods = tenon::methods<&tool::weight>;
};
struct interaction : tool {
    static constexpr tenon::plugin_type type{"interaction"};
    virtual int key(int) = 0;
#ifdef FIXED
    using methods = tenon::methods<&tool::weight, &interaction::key>;
#endif
};

struct pen : interaction {
    int weight() override { return 1; }
    int key(int k) override { return k; }
};
TENON_EXPORT(interaction, pen, "pen", "1.0.0")
