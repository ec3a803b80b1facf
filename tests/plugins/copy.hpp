// SPDX-License-Identifier: MIT
// What a library offers that has a copy of tenon, to a program that has several of them.
#include <tenon/interface.hpp>

struct numbered {
    static constexpr tenon::plugin_type type{"numbered"};
    virtual ~numbered() = default;
    virtual int number() const = 0;
    using methods = tenon::methods<&numbered::number>;
};

struct copy {
    void (*load)(const char* path, bool private_copy);
    int (*number)(); // of what is loaded
    int (*close)();  // tenon::unloaded::state
    int (*close_while_handling)();
    int (*loaded)(const char* path);  // by a loader with options
    int (*watched)(const char* path); // and its number of versions
    void (*fail)();                   // throws tenon::error
    bool (*catches)(void (*what)());
};

extern "C" const copy COPY_A, COPY_B;
