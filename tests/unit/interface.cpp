// SPDX-License-Identifier: MIT
#include <tenon/interface.hpp>

#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <iterator>
#include <locale>
#include <map>
#include <memory>
#ifndef _LIBCPP_VERSION
#include <memory_resource>
#endif
#include <optional>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <typeindex>
#include <variant>
#include <vector>

#include <tenon/registration.hpp>

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

// Host and plugin share nothing but one pointer to one virtual table.
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
struct with_mixin : greeter, mixin {
    std::string greet(std::string who) override = 0;
    using methods = tenon::methods<&with_mixin::greet>;
};
struct forgets : greeter {
    virtual void more() = 0;
};
struct forgets_again : shape {
    virtual void more() = 0;
};
struct as_its_base : base { // whose functions are stated here for the first time
    using methods = tenon::methods<tenon::overload<int(int)>(&base::first),
                                   tenon::overload<int(char) const noexcept>(&base::first)>;
};
static_assert(tenon::states_its_methods<greeter> && tenon::states_its_methods<shape>);
static_assert(tenon::states_its_methods<with_mixin> && tenon::states_its_methods<as_its_base>);
static_assert(!tenon::states_its_methods<forgets> && !tenon::plugin_interface<forgets>);
static_assert(!tenon::states_its_methods<forgets_again>);
static_assert(!tenon::has_only_functions<two_tables> && !tenon::plugin_interface<two_tables>);
static_assert(!tenon::has_only_functions<with_data> && !tenon::plugin_interface<with_data>);
static_assert(tenon::plugin_interface<with_mixin>);

// Results may not carry the plugin's code; parameters may carry the host's.
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
struct nested_data {
    std::string text;
};
struct nested {
    std::vector<std::optional<std::any>> deep;
};
struct service { // an interface, and so something that is meant to be called across the boundary
    virtual ~service() = default;
    virtual std::string name() const = 0;
    virtual void on_change(std::function<void()>) = 0;
    using methods = tenon::methods<&service::name, &service::on_change>;
};
struct leaky_service {
    virtual ~leaky_service() = default;
    virtual std::function<void()> sink() = 0;
    using methods = tenon::methods<&leaky_service::sink>;
};
struct closing_service {
    virtual ~closing_service() = default;
    virtual std::function<void()> sink() = 0;
    using methods = tenon::methods<tenon::lets_code_escape<&closing_service::sink>>;
};
struct callback {
    void (*call)(void*);
    void* with;
};
struct names_code {
    int id;
    std::map<std::string, callback> all;
};
template <class T>
struct deletes {
    void operator()(T* p) const { delete p; }
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

// A pointer to a function, wherever it stands.
static_assert(!tenon::keeps_its_code<passes<void (*)(int)>>);
static_assert(!tenon::keeps_its_code<passes<void (&)(int)>>);
static_assert(!tenon::keeps_its_code<passes<int (plain::*)() const>>);
static_assert(tenon::keeps_its_code<passes<std::string nested_data::*>>);
static_assert(!tenon::keeps_its_code<passes<callback>>);
static_assert(!tenon::keeps_its_code<passes<std::optional<names_code>>>);
static_assert(!tenon::keeps_its_code<passes<void, names_code&>>);
static_assert(!tenon::keeps_its_code<passes<void, std::span<callback>>>);
static_assert(tenon::keeps_its_code<passes<void, std::span<const callback>>>);
static_assert(tenon::keeps_its_code<passes<void, const names_code&, callback, void (*)(int), int (&)(char)>>);
static_assert(!tenon::keeps_its_code<passes<std::unique_ptr<int, void (*)(int*)>>>);
static_assert(!tenon::keeps_its_code<passes<std::unique_ptr<int, std::function<void(int*)>>>>);
static_assert(tenon::keeps_its_code<passes<std::unique_ptr<int, deletes<int>>>>);
static_assert(!tenon::keeps_its_code<passes<std::set<int, bool (*)(int, int)>>>);
static_assert(!tenon::keeps_its_code<passes<decltype(std::mem_fn(&std::string::size))>>);
static_assert(!tenon::keeps_its_code<passes<decltype(std::bind(std::declval<int (*)(int)>(), 1))>>);
static_assert(!tenon::keeps_its_code<passes<std::reference_wrapper<int(int)>>>);
static_assert(!tenon::keeps_its_code<passes<std::thread>> && tenon::keeps_its_code<passes<std::thread::id>>);

// A virtual table, or a pointer to one, unless it is that of an interface.
static_assert(!tenon::keeps_its_code<passes<plain*>> && !tenon::keeps_its_code<passes<const plain&>>);
static_assert(!tenon::keeps_its_code<passes<std::vector<plain*>>>);
static_assert(!tenon::keeps_its_code<passes<std::reference_wrapper<plain>>>);
static_assert(!tenon::keeps_its_code<passes<plain>>);
static_assert(!tenon::keeps_its_code<passes<std::ostream&>> &&
              tenon::keeps_its_code<passes<void, std::ostream&, plain*>>);
static_assert(!tenon::keeps_its_code<passes<void, plain*&>>);
static_assert(!tenon::keeps_its_code<passes<std::optional<std::system_error>>>);
static_assert(!tenon::keeps_its_code<passes<std::filesystem::filesystem_error>>);
static_assert(!tenon::keeps_its_code<passes<std::ios_base::failure>>);
static_assert(!tenon::keeps_its_code<passes<std::nested_exception>>);
static_assert(!tenon::keeps_its_code<passes<const std::exception*>>);
static_assert(!tenon::keeps_its_code<passes<std::vector<std::runtime_error*>>>);
static_assert(!tenon::keeps_its_code<passes<std::reference_wrapper<std::runtime_error>>>);
static_assert(
    tenon::keeps_its_code<passes<std::variant<int, std::runtime_error>>>); // its table is the library's
static_assert(!tenon::keeps_its_code<passes<const std::type_info&>> &&
              !tenon::keeps_its_code<passes<std::type_index>>);
static_assert(!tenon::keeps_its_code<passes<std::locale>> &&
              !tenon::keeps_its_code<passes<std::stringstream>>);
static_assert(!tenon::keeps_its_code<passes<std::istreambuf_iterator<char>>>);
static_assert(!tenon::keeps_its_code<passes<tenon::registration>>);
#ifndef _LIBCPP_VERSION
static_assert(!tenon::keeps_its_code<passes<std::pmr::string>>);
static_assert(!tenon::keeps_its_code<passes<std::vector<std::pmr::vector<int>>>>);
static_assert(!tenon::keeps_its_code<passes<std::pmr::memory_resource*>>);
#endif
static_assert(tenon::keeps_its_code<passes<service&>> &&
              tenon::keeps_its_code<passes<std::vector<service*>>>);
static_assert(!tenon::keeps_its_code<passes<std::unique_ptr<service>>>); // its destructor is the plugin's
static_assert(!tenon::keeps_its_code<passes<leaky_service&>> &&
              tenon::keeps_its_code<passes<closing_service&>>);
static_assert(tenon::keeps_its_code<passes<void, leaky_service&>>);
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
