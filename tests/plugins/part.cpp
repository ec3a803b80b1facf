// SPDX-License-Identifier: MIT
// A plugin with a macro for each way to make its code hard to get rid of.
#include "part.hpp"

#include <cstdlib>

#include <tenon/export.hpp>

#ifndef VERSION
#define VERSION 1
#endif

#ifdef UNIQUE_SYMBOL
struct [[gnu::visibility("default")]] counter {
    static inline int value = VERSION;
};
#endif

#ifdef MISSING_FUNCTION
extern "C" int nobody_defines_this();
#endif

namespace {

/// Each run of the library's initialisers makes $PART_LOADS one character longer.
struct loads {
    loads() {
        char text[64] = "x";
        if (const char* before = std::getenv("PART_LOADS"))
            for (std::size_t i = 0; before[i] && i + 2 < sizeof text; ++i)
                text[i + 1] = 'x', text[i] = before[i];
        ::setenv("PART_LOADS", text, 1);
    }
} const loaded;

struct own_exception {
    virtual ~own_exception() = default;
};

#ifdef THREAD_LOCAL_DESTRUCTOR
struct destroyed_late {
    int value = VERSION;
    ~destroyed_late() { value = 0; }
};
thread_local destroyed_late mine;
#endif

struct implementation : part {
    explicit implementation(part_counts& counts) : counts_(counts) {
#ifdef THROWS
        throw own_exception();
#endif
        ++counts.made;
    }
    implementation(const implementation&) = delete;
    ~implementation() override { ++counts_.destroyed; }

    int version() const override {
#if defined(UNIQUE_SYMBOL)
        return counter::value;
#elif defined(THREAD_LOCAL_DESTRUCTOR)
        return mine.value;
#elif defined(MISSING_FUNCTION)
        return nobody_defines_this();
#else
        return VERSION;
#endif
    }
    void fail() const override { throw own_exception(); }

    part_counts& counts_;
};

} // namespace

TENON_EXPORT(part, implementation, "plain", "1.0.0")
#ifdef SECOND
TENON_EXPORT(part, implementation, "second", "2.0.0")
#endif
