// error: tenon: a method of this interface gives out what may refer into the plugin
// above: 5
#include <string>
#include <string_view>

#include <tenon/live.hpp>

struct lamp {
    static constexpr tenon::plugin_type type{"lamp"};
    virtual ~lamp() = default;
#ifdef FIXED
    virtual std::string colour() = 0;
#else
    virtual std::string_view colour() = 0;
#endif
    using methods = tenon::methods<&lamp::colour>;
};
std::size_t length(const tenon::live<lamp>& of) {
    return of->colour().size();
}
