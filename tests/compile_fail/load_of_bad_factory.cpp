// error: `factory` has to be a tenon::factory
// above: 5
// lines: 30
#include <tenon/loader.hpp>

struct settings {
    int volume;
};
struct filter {
    static constexpr tenon::plugin_type type{"filter"};
#ifdef FIXED
    using factory = tenon::factory<const settings&>;
#else
    using factory = filter(const settings&);
#endif
    virtual ~filter() = default;
    virtual int apply(int) = 0;
    using methods = tenon::methods<&filter::apply>;
};

int apply(const settings& by) {
    return tenon::load<filter>("./echo", by)->apply(1);
}
