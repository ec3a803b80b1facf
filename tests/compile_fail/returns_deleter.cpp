// error: a method gives out a type that carries the plugin.s code along
// reason: (list|these_types)<void ?\(int ?\*\)>
#include <memory>
#include <tenon/export.hpp>

#ifdef FIXED
struct deletes {
    void operator()(int* p) const { delete p; }
};
using lent = std::unique_ptr<int, deletes>;
#else
using lent = std::unique_ptr<int, void (*)(int*)>;
#endif
struct lender {
    static constexpr tenon::plugin_type type{"lender"};
    virtual ~lender() = default;
    virtual lent lend() = 0;
    using methods = tenon::methods<&lender::lend>;
};

struct simple : lender {
    lent lend() override { return lent(nullptr, {}); }
};
TENON_EXPORT(lender, simple, "simple", "1.0.0")
