// SPDX-License-Identifier: MIT
// Types and functions whose names compilers might spell each in its own way.
#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <tenon/export.hpp>

namespace acme {
inline namespace v2 {
inline namespace abi1 {
struct in {
    int value;
};
} // namespace abi1
} // namespace v2

enum class color : unsigned char { red, green };
enum old { first = 7, last = -1 };

template <int N, color C, bool B, char Letter, long long Far, old O>
struct valued {
    in value;
};
inline int number = 0;
template <int* Pointer, void (*Function)(), int in::* Member>
struct pointed {
    char value;
};
inline void act() {}

struct constant {
    int a;
    char b;
    friend bool operator==(const constant&, const constant&) = default;
};
template <constant C>
struct with_class {
    short value;
};

template <class T>
struct outer {
    template <class U, template <class...> class Of>
    struct inner {
        T a;
        Of<U> b;
    };
    enum class state { on, off };
};
template <class... T>
struct pack {
    int size;
};
template <class T>
using alias = std::vector<std::pair<T, T>>;

struct unknown;
struct tree {
    std::vector<tree> children;
    tree* parent;
    unknown* data;
};
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

struct hard {
    static constexpr tenon::plugin_type type{"hard"};
    using factory = tenon::factory<const in&, std::vector<tree>&&, color>;
    virtual ~hard() = default;

    virtual in inline_namespaces(const in&, in*, std::vector<in>) = 0;
    virtual color enumerations(old, outer<int>::state, outer<in>::state) = 0;
    virtual int values(valued<-3, color::green, true, 'x', -1LL, last>,
                       valued<0, color::red, false, '\0', 1LL << 40, first>) = 0;
    virtual int pointers(pointed<&number, &act, &in::value>, pointed<nullptr, nullptr, nullptr>) = 0;
    virtual int classes(with_class<constant{1, 'c'}>, with_class<constant{}>) = 0;
    virtual int (&arrays(int (&)[3], const char (*)[4][5], double (&&)[2], int[]))[7] = 0;
    virtual outer<in>::inner<int, std::vector> templates(outer<outer<in>>::inner<std::string, std::optional>,
                                                         pack<>, pack<int, pack<char>>, alias<int>) = 0;
    virtual tree recursive(const tree&, unknown&) = 0;
    virtual void silent(void (*)() noexcept) = 0;
    virtual void functions(int (*)(int, ...), void (&)(in), color (*(*)(int))(char)) = 0;
    virtual void members(int in::*, int (hard::*)(in) const noexcept, void (hard::*)() &&,
                         int in::* const*) = 0;
    virtual wide numbers(unsigned_wide, long double, float, char8_t, char16_t, char32_t, wchar_t, signed char,
                         unsigned char, long, long long, std::size_t, std::ptrdiff_t, bool, std::nullptr_t,
                         std::byte) = 0;
    virtual std::string standard(std::string_view, std::optional<in>, std::map<std::string, std::vector<in>>,
                                 std::variant<int, in>, std::array<in, 3>, std::span<const int>,
                                 std::span<int, 4>, std::unique_ptr<in>, std::chrono::milliseconds,
                                 std::tuple<int, in>, std::wstring, std::u8string) = 0;
    virtual void qualified() const = 0;
    virtual void qualified() volatile = 0;
    virtual int more() const volatile& noexcept = 0;
    virtual int more() && = 0;
    virtual bool operator<(const in&) const = 0;
    virtual hard* operator->() = 0;
    virtual int operator()(int) = 0;
    virtual int operator[](int) = 0;
    virtual operator bool() const = 0;
    virtual int operator<<(int) = 0;
    virtual int operator>>(int) = 0;
    virtual void restricted(int* __restrict, const volatile int*, const volatile in&) = 0;

    using methods = tenon::methods < &hard::inline_namespaces, &hard::enumerations, &hard::values,
          &hard::pointers, &hard::classes, &hard::arrays, &hard::templates, &hard::recursive, &hard::silent,
          &hard::functions, &hard::members, &hard::numbers, &hard::standard,
          tenon::overload<void() const>(&hard::qualified), tenon::overload<void() volatile>(&hard::qualified),
          tenon::overload<int() const volatile & noexcept>(&hard::more),
          tenon::overload<int() &&>(&hard::more),
          &hard::operator<, &hard::operator->, &hard::operator(), &hard::operator[], &hard::operator bool,
                          &hard::operator<<, &hard::operator>>, &hard::restricted>;
};

} // namespace acme

namespace {

using namespace acme;

struct impl : hard {
    impl(const in&, std::vector<tree>&&, color) {}
    in inline_namespaces(const in& a, in*, std::vector<in>) override { return a; }
    color enumerations(old, outer<int>::state, outer<in>::state) override { return color::red; }
    int values(valued<-3, color::green, true, 'x', -1LL, last>,
               valued<0, color::red, false, '\0', 1LL << 40, first>) override {
        return 0;
    }
    int pointers(pointed<&number, &act, &in::value>, pointed<nullptr, nullptr, nullptr>) override {
        return 0;
    }
    int classes(with_class<constant{1, 'c'}>, with_class<constant{}>) override { return 0; }
    auto arrays(int (&)[3], const char (*)[4][5], double (&&)[2], int[]) -> int (&)[7] override {
        return seven;
    }
    outer<in>::inner<int, std::vector> templates(outer<outer<in>>::inner<std::string, std::optional>, pack<>,
                                                 pack<int, pack<char>>, alias<int>) override {
        return {};
    }
    tree recursive(const tree& a, unknown&) override { return a; }
    void silent(void (*)() noexcept) override {}
    void functions(int (*)(int, ...), void (&)(in), color (*(*)(int))(char)) override {}
    void members(int in::*, int (hard::*)(in) const noexcept, void (hard::*)() &&,
                 int in::* const*) override {}
    wide numbers(unsigned_wide, long double, float, char8_t, char16_t, char32_t, wchar_t, signed char,
                 unsigned char, long, long long, std::size_t, std::ptrdiff_t, bool, std::nullptr_t,
                 std::byte) override {
        return 0;
    }
    std::string standard(std::string_view, std::optional<in>, std::map<std::string, std::vector<in>>,
                         std::variant<int, in>, std::array<in, 3>, std::span<const int>, std::span<int, 4>,
                         std::unique_ptr<in>, std::chrono::milliseconds, std::tuple<int, in>, std::wstring,
                         std::u8string) override {
        return {};
    }
    void qualified() const override {}
    void qualified() volatile override {}
    int more() const volatile& noexcept override { return 0; }
    int more() && override { return 0; }
    bool operator<(const in&) const override { return false; }
    hard* operator->() override { return this; }
    int operator()(int) override { return 0; }
    int operator[](int) override { return 0; }
    operator bool() const override { return true; }
    int operator<<(int) override { return 0; }
    int operator>>(int) override { return 0; }
    void restricted(int* __restrict, const volatile int*, const volatile in&) override {}
    int seven[7] = {};
};

} // namespace

TENON_EXPORT(acme::hard, impl, "impl", "1.0.0")
