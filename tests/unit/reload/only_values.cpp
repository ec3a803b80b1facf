// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/only_values.hpp>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

namespace {

struct named {
    std::string name;
    std::optional<std::vector<int>> numbers;
};
struct viewed {
    std::string name;
    std::string_view part;
};

template <class R, class... A>
struct giving {
    static constexpr tenon::plugin_type type{"giving"};
    virtual ~giving() = default;
    virtual R give(A...) = 0;
    using methods = tenon::methods<&giving::give>;
};

static_assert(tenon::gives_values<giving<void>>);
static_assert(tenon::gives_values<giving<int>>);
static_assert(tenon::gives_values<giving<std::string>>);
static_assert(tenon::gives_values<giving<named>>);
static_assert(tenon::gives_values<giving<std::map<std::string, std::vector<named>>>>);
static_assert(tenon::gives_values<giving<std::unique_ptr<named>>>);

static_assert(!tenon::gives_values<giving<const char*>>);
static_assert(!tenon::gives_values<giving<const std::string&>>);
static_assert(!tenon::gives_values<giving<std::string_view>>);
static_assert(!tenon::gives_values<giving<std::span<const int>>>);
static_assert(!tenon::gives_values<giving<viewed>>);
static_assert(!tenon::gives_values<giving<std::optional<std::reference_wrapper<int>>>>);
static_assert(!tenon::gives_values<giving<std::vector<int>::iterator>>);
static_assert(!tenon::gives_values<giving<std::map<int, viewed>>>);
static_assert(!tenon::gives_values<giving<std::map<int, int>::iterator>>);
static_assert(!tenon::gives_values<giving<std::optional<std::list<int>::const_iterator>>>);

// Parameters may be views of the host's data; an output parameter counts as a result.
static_assert(tenon::gives_values<giving<int, std::string_view, const char*, const viewed&>>);
static_assert(tenon::gives_values<giving<int, std::string&>>);
static_assert(!tenon::gives_values<giving<int, std::string_view&>>);
static_assert(!tenon::gives_values<giving<int, const char**>>);

struct lets_escape {
    virtual ~lets_escape() = default;
    virtual std::function<void()> give() = 0;
    using methods = tenon::methods<tenon::lets_code_escape<&lets_escape::give>>;
};
static_assert(!tenon::gives_values<lets_escape>);

} // namespace

TEST_CASE("an interface gives values or what may refer into its plugin", "[view]") {
    CHECK(tenon::gives_values<giving<named>>);
    CHECK_FALSE(tenon::gives_values<giving<viewed>>);
}
