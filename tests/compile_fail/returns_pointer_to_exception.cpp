// error: a method gives out a type that carries the plugin.s code along
// reason: (list|these_types)<const std::exception ?\*>
#include <exception>
#include <optional>
#include <stdexcept>
#include <tenon/export.hpp>

#ifdef FIXED
using failure = std::optional<std::runtime_error>;
#else
using failure = const std::exception*;
#endif
struct runner {
    static constexpr tenon::plugin_type type{"runner"};
    virtual ~runner() = default;
    virtual failure run() = 0;
    using methods = tenon::methods<&runner::run>;
};

struct simple : runner {
    failure run() override { return {}; }
};
TENON_EXPORT(runner, simple, "simple", "1.0.0")
