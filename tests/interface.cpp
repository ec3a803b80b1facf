// SPDX-License-Identifier: MIT
#include <tenon/interface.hpp>

#include <any>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <system_error>
#include <vector>

#include "catch.hpp"

namespace shown {

struct greeter {
    static constexpr tenon::plugin_type type{"greeter"};
    virtual ~greeter() = default;
    virtual std::string greet(std::string who) = 0;
    using methods = tenon::methods<&greeter::greet>;
};
static_assert(tenon::plugin_interface<greeter>);

struct hello : greeter {
    std::string greet(std::string who) override { return "hello, " + who; }
};
struct unfinished : greeter {};
struct needs_argument : hello {
    explicit needs_argument(int) {}
};
struct unrelated {
    std::string greet(std::string);
};
static_assert(tenon::plugin_for<hello, greeter>);
static_assert(!tenon::plugin_for<unfinished, greeter>);
static_assert(!tenon::plugin_for<needs_argument, greeter>);
static_assert(!tenon::plugin_for<unrelated, greeter>);
static_assert(!tenon::plugin_for<int, greeter>);

static_assert(!tenon::plugin_interface<int>);
static_assert(!tenon::plugin_interface<unrelated>);

// Overloads, inherited functions, noexcept, references to the object: all of them can be named.
struct base {
    virtual ~base() = default;
    virtual int first(int) = 0;
    virtual int first(char) const noexcept = 0;
};
struct shape : base {
    static constexpr tenon::plugin_type type{"shape-2_d"};
    using factory = tenon::factory<int, const std::string&>;
    virtual int third() & = 0;
    using methods = tenon::methods<tenon::overload<int(int)>(&base::first),
                                   tenon::overload<int(char) const noexcept>(&base::first), &shape::third>;
};
static_assert(tenon::plugin_interface<shape>);
static_assert(tenon::names_only_its_own<shape>);

struct circle : shape {
    circle(int, const std::string&) {}
    int first(int) override { return 1; }
    int first(char) const noexcept override { return 2; }
    int third() & override { return 3; }
};
static_assert(tenon::plugin_for<circle, shape>);

struct virtual_base : virtual base {
    using methods = tenon::methods<tenon::overload<int(int)>(&base::first)>;
};
static_assert(!tenon::names_only_its_own<virtual_base>);

// One pointer to one virtual table is all that is shared.
struct second_base {
    virtual ~second_base() = default;
    virtual void aside() = 0;
};
struct two_tables : base, second_base {
    static constexpr tenon::plugin_type type{"two-tables"};
    using methods = shape::methods;
};
struct mixin {
    int helper() const { return 1; }
};
struct with_data : greeter {
    int data = 0;
};
struct with_mixin : greeter, mixin {};
static_assert(!tenon::has_only_functions<two_tables> && !tenon::plugin_interface<two_tables>);
static_assert(!tenon::has_only_functions<with_data> && !tenon::plugin_interface<with_data>);
static_assert(tenon::plugin_interface<with_mixin>);

// What goes out may not carry code; what comes in may.
template <class Result, class... Parameter>
struct passes {
    static constexpr tenon::plugin_type type{"passes"};
    virtual ~passes() = default;
    virtual Result pass(Parameter...) = 0;
    using methods = tenon::methods<&passes::pass>;
};
struct plain {
    virtual ~plain() = default;
};
struct nested {
    std::vector<std::optional<std::any>> deep;
};
static_assert(tenon::keeps_its_code<passes<std::string>>);
static_assert(tenon::keeps_its_code<passes<void, std::function<void()>>>);
static_assert(tenon::keeps_its_code<passes<void, const std::shared_ptr<int>&>>);
static_assert(tenon::keeps_its_code<passes<std::unique_ptr<int>>>);
static_assert(!tenon::keeps_its_code<passes<std::function<void()>>>);
static_assert(!tenon::keeps_its_code<passes<const std::function<void()>&>>);
static_assert(!tenon::keeps_its_code<passes<void, std::function<void()>&>>);
static_assert(!tenon::keeps_its_code<passes<void, std::any*>>);
static_assert(!tenon::keeps_its_code<passes<std::shared_ptr<int>>>);
static_assert(!tenon::keeps_its_code<passes<std::unique_ptr<plain>>>);
static_assert(!tenon::keeps_its_code<passes<std::error_code>>);
static_assert(!tenon::keeps_its_code<passes<std::exception_ptr>>);
static_assert(!tenon::keeps_its_code<passes<const std::error_category&>>);
static_assert(!tenon::keeps_its_code<passes<std::future<int>>> &&
              !tenon::keeps_its_code<passes<void, std::promise<int>&>>);
static_assert(!tenon::keeps_its_code<passes<std::regex>>); // its matchers are functions
static_assert(!tenon::keeps_its_code<passes<std::optional<std::weak_ptr<int>>>>);
static_assert(tenon::keeps_its_code<passes<std::errc>>);
static_assert(!tenon::keeps_its_code<passes<nested>>);

struct escaping {
    static constexpr tenon::plugin_type type{"escaping"};
    virtual ~escaping() = default;
    virtual std::function<int()> counter() = 0;
    using methods = tenon::methods<tenon::lets_code_escape<&escaping::counter>>;
};
static_assert(tenon::plugin_interface<escaping>);

// A plain class behind a model.
template <class P>
concept counts = requires(P& p) {
    { p.count() } -> std::same_as<int>;
};
int alive = 0;
struct counter {
    static constexpr tenon::plugin_type type{"counter"};
    using factory = tenon::factory<int>;
    virtual ~counter() = default;
    virtual int count() = 0;
    using methods = tenon::methods<&counter::count>;
    template <counts P>
    struct model;
};
template <counts P>
struct counter::model final : tenon::holds<counter, P> {
    int count() override { return this->self().count(); }
};
struct from {
    explicit from(int start) : value(start) {
        if (start < 0)
            throw std::string("negative");
        ++alive;
    }
    from(const from&) = delete;
    ~from() { --alive; }
    int count() { return value++; }
    int value;
};
static_assert(tenon::plugin_for<from, counter>);
static_assert(!tenon::plugin_for<plain, counter>);

} // namespace shown

namespace {

// An anonymous namespace is another one in each file, so what is in it cannot be shared; what implements it
// can be there.
using namespace shown;
struct hidden {
    int value;
};
struct hidden_interface {
    static constexpr tenon::plugin_type type{"hidden"};
    virtual ~hidden_interface() = default;
    virtual int get() = 0;
    using methods = tenon::methods<&hidden_interface::get>;
};
static_assert(!tenon::plugin_interface<hidden_interface>);
static_assert(!tenon::has_shared_names<passes<void, std::vector<hidden>>>);
static_assert(tenon::has_shared_names<passes<void, std::vector<std::string>>>);
struct quiet final : greeter {
    std::string greet(std::string) override { return {}; }
};
static_assert(tenon::plugin_for<quiet, greeter>);

} // namespace

TEST_CASE("a plugin type knows its name and the header that states it", "[interface]") {
    CHECK(std::string(greeter::type.name()) == "greeter");
    CHECK(greeter::type.size() == 7);
    CHECK(std::string(greeter::type.header()).find("interface.cpp") != std::string::npos);
}

TEST_CASE("a model makes its plain object in place and destroys it once", "[interface]") {
    {
        counter::model<from> model;
        CHECK(alive == 0);
        tenon::detail::model_access::make(model, 7);
        CHECK(alive == 1);
        CHECK(model.count() == 7);
        CHECK(model.count() == 8);
    }
    CHECK(alive == 0);
}

TEST_CASE("a model whose plain object throws while it is made holds none", "[interface]") {
    {
        counter::model<from> model;
        CHECK_THROWS_AS(tenon::detail::model_access::make(model, -1), std::string);
    }
    CHECK(alive == 0);
}
