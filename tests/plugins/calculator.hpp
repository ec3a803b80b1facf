// SPDX-License-Identifier: MIT
// The interface that the tests' plugins implement, with a macro for each way in which a plugin's may differ
// from the host's.
#ifndef TENON_TESTS_CALCULATOR_HPP
#define TENON_TESTS_CALCULATOR_HPP

#include <string>

#include <tenon/interface.hpp>

namespace calc {

struct origin {
#if defined(FIELD_TYPE)
    long line;
    int column;
#elif defined(FIELD_ORDER)
    int column;
    short line;
#elif defined(FIELD_ADDED)
    short line;
    int column;
    int file;
#else
    short line;
    int column;
#endif
};

struct calculator {
    static constexpr tenon::plugin_type type{"calculator"};
#if defined(FACTORY_ARGUMENT)
    using factory = tenon::factory<long>;
#else
    using factory = tenon::factory<int>;
#endif
    virtual ~calculator() = default;

#if defined(METHOD_ORDER)
    virtual std::string name() const = 0;
    virtual int add(int, int) = 0;
#else
#if defined(PARAMETER_TYPE)
    virtual int add(int, long) = 0;
#elif defined(METHOD_NOEXCEPT)
    virtual int add(int, int) noexcept = 0;
#elif !defined(METHOD_REMOVED)
    virtual int add(int, int) = 0;
#endif
#if defined(METHOD_CONST)
    virtual std::string name() = 0;
#else
    virtual std::string name() const = 0;
#endif
#endif
    virtual origin where(const origin&) const = 0;
#if defined(METHOD_APPENDED)
    virtual double half(double) const = 0;
#endif

    using methods = tenon::methods<
#if !defined(METHOD_REMOVED)
        &calculator::add,
#endif
        &calculator::name, &calculator::where
#if defined(METHOD_APPENDED)
        ,
        &calculator::half
#endif
        >;
};

} // namespace calc

#endif
