// SPDX-License-Identifier: MIT
#include <tenon/layout.hpp>

#include <any>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"

using tenon::detail::contents;
using tenon::detail::list;
using tenon::detail::reached;

namespace {

template <class T, class... Fields>
constexpr bool has_fields = std::is_same_v<decltype(contents<T>()), list<Fields...>>;

template <class From, class... T>
constexpr bool reaches = (tenon::detail::contains<reached<From>, T> && ...);

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
static_assert(tenon::detail::count_fields<thirty_two, 32>() == 32);

// Standard classes are known by name, size and what they are made of.
static_assert(has_fields<std::optional<pair>, pair>);
static_assert(has_fields<std::array<pair, 3>, pair>);

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
static_assert(known_layout<pair> && known_layout<color> && known_layout<std::string> && known_layout<closed> &&
              known_layout<derived> && known_layout<third_party> && known_layout<unknown>);
static_assert(!known_layout<unstated> && !known_layout<either> && !known_layout<polymorphic>);

// Through pointers, references, arrays, functions and fields, each type once, and recursion ends.
static_assert(std::is_same_v<reached<chain>, list<chain, pair>>);
static_assert(std::is_same_v<reached<int, const char*, double (&)[2]>, list<>>);
static_assert(reaches<const std::vector<chain>&, std::vector<chain>, chain, pair>);
static_assert(reaches<color (*)(pair&, unknown*) noexcept, color, pair, unknown>);
static_assert(reaches<int (polymorphic::*)(pair) const, pair>);
static_assert(reaches<std::map<std::string, std::optional<color>>, std::string, std::optional<color>, color>);
static_assert(!reaches<std::vector<int>, std::allocator<int>>);

} // namespace

TEST_CASE("the fields of aggregates are found, in order and with their declared types", "[layout]") {
    SUCCEED("the assertions above are the test");
}
