// SPDX-License-Identifier: MIT
#include <tenon/layout.hpp>

#include <any>
#include <array>
#include <cstdio>
#include <cwchar>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <regex>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::contents;
using tenon::detail::list;
using tenon::detail::reached;

namespace {

template <class T, class... Fields>
constexpr bool has_fields = std::is_same_v<decltype(contents<T>()), list<Fields...>>;

template <class List, class T>
constexpr bool contains = false;
template <class... L, class T>
constexpr bool contains<list<L...>, T> = (std::is_same_v<L, T> || ...);
template <class From, class... T>
constexpr bool reaches = (contains<reached<From>, T> && ...);

template <class List>
constexpr bool all_known = false;
template <class... T>
constexpr bool all_known<list<T...>> = (tenon::detail::known_layout<T> && ...);
template <class T>
constexpr bool known_layout_of = all_known<reached<T>>;

struct nothing {};
struct pair {
    int x;
    char c;
};
enum class color : short { red };
struct unknown;
struct chain {
    chain* next;
    pair value;
};
struct arrays {
    int a[3];
    double b[2][3];
    char text[5];
    pair pairs[2];
    int last;
};
struct large {
    char name[4096];
    short table[64][64];
    int last;
};
struct bits {
    unsigned a : 3, b : 5;
    bool c;
};
struct greedy {
    std::any a;
    std::optional<pair> b;
    std::function<void(chain)> c;
    std::string d;
    std::string_view e;
    std::variant<int, pair> f;
    std::vector<chain> g;
    std::map<std::string, color> h;
    std::unique_ptr<int> i;
    std::shared_ptr<int> j;
    std::filesystem::path k;
    std::array<int, 3> l;
    unknown* m;
};
struct immovable {
    std::mutex a;
    int b;
};
struct thirty_two {
    int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, a1, b1, c1, d1, e1, f1;
};
struct thirty_three {
    thirty_two a;
    int b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, a1, b1, c1, d1, e1, f1, g1;
};
struct thousands {
    int a[2000];
    thirty_three b[20];
};
struct endless {
    pair a[100];
    std::string b;
    int c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, a1, b1, c1, d1, e1, f1, g1,
        h1;
};

// What cannot be left out when an object is made.
struct needed {
    explicit needed(int);
    needed(const needed&) = delete;
};
struct moved {
    moved(int);
    moved(moved&&) = default;
};
struct needing {
    int a;
    needed b;
    char c[4];
    moved d[2];
    const pair& e;
    int f = 3;
};
struct constant {
    const int a;
    const std::string b[2];
    volatile pair c;
    mutable long d;
};
struct pointing {
    void (*a)(int) noexcept;
    int pair::* b;
    int (needed::*c)(int) const;
    decltype(nullptr) d;
    pair&& e;
};
struct nested {
    struct inner {
        pair a, b[2];
    } a;
    inner b[2][2];
    nothing c, d[2];
};
__extension__ typedef __int128 int128;
struct wide {
    long double a;
    int128 b;
    wchar_t c[4];
    char8_t d[3];
    std::initializer_list<int> e;
};
struct takes_anything {
    template <class T>
    takes_anything(T&&);
};
struct greedier {
    takes_anything a;
    std::any b[2];
    int c;
};
struct speaks_of_methods { // and is no interface
    enum methods { get, put };
    methods a;
};
struct only_static {
    static int a();
};

static_assert(has_fields<nothing>);
static_assert(has_fields<pair, int, char>);
static_assert(has_fields<chain, chain*, pair>);
static_assert(has_fields<arrays, int[3], double[2][3], char[5], pair[2], int>);
static_assert(has_fields<large, char[4096], short[64][64], int>);
static_assert(has_fields<bits, unsigned, unsigned, bool>);
static_assert(has_fields<greedy, std::any, std::optional<pair>, std::function<void(chain)>, std::string,
                         std::string_view, std::variant<int, pair>, std::vector<chain>,
                         std::map<std::string, color>, std::unique_ptr<int>, std::shared_ptr<int>,
                         std::filesystem::path, std::array<int, 3>, unknown*>);
static_assert(has_fields<immovable, std::mutex, int>);
static_assert(has_fields<color, short>);
static_assert(tenon::detail::field_count<thirty_two> == 32);
static_assert(has_fields<thousands, int[2000], thirty_three[20]>);
static_assert(has_fields<needing, int, needed, char[4], moved[2], const pair&, int>);
static_assert(has_fields<constant, const int, const std::string[2], volatile pair, long>);
static_assert(has_fields<pointing, void (*)(int) noexcept, int pair::*, int (needed::*)(int) const,
                         decltype(nullptr), pair&&>);
static_assert(has_fields<nested, nested::inner, nested::inner[2][2], nothing, nothing[2]>);
static_assert(has_fields<nested::inner, pair, pair[2]>);
static_assert(has_fields<wide, long double, int128, wchar_t[4], char8_t[3], std::initializer_list<int>>);
static_assert(has_fields<greedier, takes_anything, std::any[2], int>);
static_assert(has_fields<only_static>);
static_assert(has_fields<speaks_of_methods, speaks_of_methods::methods>);

// Standard classes are known by name, size and template arguments.
static_assert(has_fields<std::optional<pair>, pair>);
static_assert(has_fields<std::array<pair, 3>, pair>);

// So are their iterators, and the C library's structs that have unions in them.
static_assert(known_layout_of<std::streampos> && known_layout_of<std::mbstate_t> &&
              known_layout_of<std::fpos_t>);
static_assert(known_layout_of<in6_addr> && known_layout_of<sockaddr_in6>);
static_assert(known_layout_of<std::vector<pair>::iterator> && known_layout_of<std::string::const_iterator>);
static_assert(known_layout_of<std::deque<pair>::iterator> && known_layout_of<std::map<int, pair>::iterator>);
static_assert(known_layout_of<std::smatch>);
static_assert(reaches<std::vector<pair>::iterator, pair> && reaches<std::streampos, std::mbstate_t>);

constexpr bool is(const char* name, const char* pattern) {
    return tenon::detail::spelling{name, std::char_traits<char>::length(name)}.is(pattern);
}
static_assert(is("std::any", "std::any") && !is("std::any_of", "std::any") && !is("std::an", "std::any"));
static_assert(is("std::function<void()>", "std::function<") && !is("std::function", "std::function<"));
static_assert(!is("std::function_ref<void()>", "std::function<") && !is("std::thread::id", "std::thread"));
static_assert(is("std::__cxx11::basic_regex<char>", "std::basic_regex<") && is("std::__1::any", "std::any"));
static_assert(is("std::__exception_ptr::exception_ptr", "std::exception_ptr") &&
              is("std::pmr::__1::a<int>", "std::pmr::a<"));
static_assert(!is("std::_Bind<a::any>", "std::any") && !is("std::__cxx11", "std::any") &&
              !is("std::_", "std::any"));

// What cannot be seen has to be stated.
class closed {
    [[maybe_unused]] int id_;
    friend struct tenon::layout<closed>;

public:
    explicit closed(int id) : id_(id) {}
};
struct derived : pair {
    long more;
};
class third_party {
    [[maybe_unused]] char bytes_[16];
};
union either {
    int a;
    float b;
};
class unstated {
    [[maybe_unused]] int id_;
};
struct polymorphic {
    virtual ~polymorphic() = default;
};
struct with_empty_base : nothing {
    int a;
};
struct with_greedy_base : std::any {
    int a;
};
struct holds_any {
    std::any a;
};
struct with_base_of_any : holds_any {
    int b;
};
struct refers {
    int& a;
    int b;
};
struct refers_later {
    int a;
    pair& b;
};

} // namespace

template <>
struct tenon::layout<closed> : tenon::fields<&closed::id_> {};
template <>
struct tenon::layout<derived> : tenon::fields<&derived::x, &derived::c, &derived::more> {};
template <>
struct tenon::layout<third_party> : tenon::opaque<third_party, 3> {};

namespace {

static_assert(has_fields<closed, int>);
static_assert(has_fields<derived, int, char, long>);
static_assert(has_fields<third_party>);
static_assert(tenon::detail::layout_version<third_party>() == 3);
static_assert(tenon::detail::layout_version<pair>() == 0);

using tenon::detail::known_layout;
static_assert(known_layout<pair> && known_layout<color> && known_layout<std::string> &&
              known_layout<closed> && known_layout<derived> && known_layout<third_party> &&
              known_layout<unknown>);
static_assert(!known_layout<unstated> && !known_layout<either> && !known_layout<polymorphic>);
static_assert(!known_layout<with_empty_base> && !known_layout<with_greedy_base> &&
              !known_layout<with_base_of_any>);
static_assert(!known_layout<refers> && !known_layout<refers_later>);
static_assert(!known_layout<thirty_three> && !known_layout<endless>);

// Through pointers, references, arrays, functions and fields, each type once, and recursion ends.
static_assert(std::is_same_v<reached<chain>, list<chain, pair>>);
static_assert(std::is_same_v<reached<int, const char*, double (&)[2]>, list<>>);
static_assert(reaches<const std::vector<chain>&, std::vector<chain>, chain, pair>);
static_assert(reaches<color (*)(pair&, unknown*) noexcept, color, pair, unknown>);
static_assert(reaches<int (polymorphic::*)(pair) const, pair>);
static_assert(reaches<int (polymorphic::*)(pair) const, polymorphic> &&
              reaches<int pair::*, pair>); // an offset in it
static_assert(reaches<color (*)(pair, ...), color, pair> &&
              reaches<int (polymorphic::*)(pair, ...) const&, pair>);
static_assert(reaches<std::map<std::string, std::optional<color>>, std::string, std::optional<color>, color>);
static_assert(!reaches<std::vector<int>, std::allocator<int>>);

/// The compiler's messages for a struct `outer` that crosses an interface.
std::string complaint(const std::string& compiler, const std::string& outer) {
    const tests::scratch_directory scratch;
    tests::write(scratch / "crossing.cpp", "#include <tenon/export.hpp>\n" + outer + R"(
struct maker {
    static constexpr tenon::plugin_type type{"maker"};
    virtual ~maker() = default;
    virtual outer* make() = 0;
    using methods = tenon::methods<&maker::make>;
};
struct simple : maker {
    outer* make() override { return nullptr; }
};
TENON_EXPORT(maker, simple, "simple", "1.0.0")
)");
    return tests::run({compiler, "-std=c++20", "-I" + (tests::source_directory / "include").native(),
                       "-fsyntax-only", scratch / "crossing.cpp"})
        .err;
}

} // namespace

TEST_CASE("the fields of aggregates are found, in order and with their declared types", "[layout]") {
    SUCCEED("the assertions above are the test");
}

TEST_CASE("a type whose fields cannot be seen is refused with a sentence that says what to write",
          "[layout]") {
    const auto compiler = GENERATE(from_range(tests::compilers()));
    const std::string sentence = "tenon: the fields of a type that crosses the interface cannot be seen, it "
                                 "has private members, a base, a reference or more than 32 fields: "
                                 "say `template <> struct tenon::layout<T> : tenon::fields<&T::a, ...> {};` "
                                 "or `: tenon::opaque<T, 1> {};`";
    std::string fields;
    for (int i = 0; i < 33; ++i)
        fields += "int f" + std::to_string(i) + "; ";
    INFO(compiler);
    CHECK_THAT(complaint(compiler, "struct outer { " + fields + "};"),
               Catch::Matchers::ContainsSubstring(sentence));
    CHECK_THAT(
        complaint(compiler, "struct outer { " + fields +
                                "};\n"
                                "template <> struct tenon::layout<outer> : tenon::opaque<outer, 1> {};"),
        Catch::Matchers::Equals(""));
    CHECK_THAT(complaint(compiler, "struct outer { int& refers; };"),
               Catch::Matchers::ContainsSubstring(sentence));
    CHECK_THAT(complaint(compiler, "class outer { int hidden; };"),
               Catch::Matchers::ContainsSubstring(sentence));

    // The compilers find no way to say no here, so their own error has to show the hint.
    const std::string hint = "tenon: say tenon::layout<T> : tenon::fields<...> or tenon::opaque<T, 1>";
    CHECK_THAT(complaint(compiler, "struct outer { int kind; union { int a; float b; }; };"),
               Catch::Matchers::ContainsSubstring(hint));
}

TEST_CASE("hundreds of types and methods are no problem for the compiler", "[layout]") {
    const auto compiler = GENERATE(from_range(tests::compilers()));
    std::string text = "#include <tenon/export.hpp>\n", methods, overrides, names;
    for (int i = 0; i < 260; ++i) {
        const std::string n = std::to_string(i);
        // More than the 256 that clang takes in a fold expression; some lead to each other in a chain.
        text += "struct s" + n + " { int a; " + (i % 4 ? "s" + std::to_string(i - 1) : "int") + "* b; };\n";
        const std::string method = " s" + n + " m" + n + "(int, const s" + n + "&, char)";
        methods += " virtual" + method + " = 0;\n";
        overrides += method + " override { return {}; }\n";
        names += (i ? ", &large::m" : "&large::m") + n;
    }
    text += "struct large {\n static constexpr tenon::plugin_type type{\"large\"};\n virtual ~large() = "
            "default;\n" +
            methods + " using methods = tenon::methods<" + names +
            ">;\n};\nstruct implementation : large {\n" + overrides +
            "};\nTENON_EXPORT(large, implementation, \"implementation\", \"1.0.0\")\n";
    const tests::scratch_directory scratch;
    tests::write(scratch / "large.cpp", text);
    const auto said =
        tests::run({compiler, "-std=c++20", "-I" + (tests::source_directory / "include").native(),
                    "-fsyntax-only", scratch / "large.cpp"});
    INFO(compiler << " " << said.err.substr(0, 2000));
    CHECK(said.status == 0);
}
