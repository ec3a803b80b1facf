// SPDX-License-Identifier: MIT
// A program with two copies of tenon: linked, or opened by their paths; loads a
// plugin of each one's own kind.
#include "copy.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>

static void require(bool good, const char* what) {
    if (!good)
        std::printf("wrong: %s\n", what), std::exit(1);
}
#define REQUIRE(...) require(__VA_ARGS__, #__VA_ARGS__)

#ifndef LINKED
static const copy& opened(const char* library, int how, const char* name) {
    void* const handle = dlopen(library, RTLD_NOW | how);
    require(handle, handle ? "" : dlerror());
    return *static_cast<const copy*>(dlsym(handle, name));
}
#endif

enum { unmapped, shared, deferred, pinned };

struct user {
    const copy& by;
    const char *first, *second; // plugins of its kind
};

// What the other one has too stays. Where both are of one kind, and are linked, the code that the compiler
// made of a container may be one's for both, and then the handles are.
static bool has_gone(int state, bool expected) {
    return expected ? state == unmapped : state == pinned || state == shared;
}

static void use(const user& a, const user& b) {
    const bool one_file = std::strcmp(a.second, b.second) == 0;
    for (const bool in_memory : {false, true}) {
        a.by.load(a.first, in_memory), b.by.load(b.second, in_memory);
        a.by.load(a.second, in_memory);
        REQUIRE(a.by.number() == 2 && b.by.number() == 2);
        REQUIRE(has_gone(a.by.close(), !one_file || in_memory));
        REQUIRE(a.by.number() == 1);
        REQUIRE(a.by.close_while_handling() == deferred && b.by.close_while_handling() == deferred);
        a.by.load(a.first, in_memory), b.by.load(b.second, in_memory); // which close those
        REQUIRE(a.by.close() == unmapped && b.by.close() == unmapped);
    }
    REQUIRE(a.by.loaded(a.first) == 1 && b.by.loaded(b.second) == 2);
    REQUIRE(a.by.watched(a.first) == 1 + 1 && b.by.watched(b.second) == 2 + 1);
    REQUIRE(a.by.catches(b.by.fail) && b.by.catches(a.by.fail));
}

// Each has the file that its path names, and not what the other one has loaded from there.
static void replace(const user& a, const user& b) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::path(a.first).parent_path(), file = folder / "x.so", next = folder / "new";
    fs::copy_file(a.first, file);
    a.by.load(file.c_str(), false);
    fs::copy_file(a.second, next);
    fs::rename(next, file);
    b.by.load(file.c_str(), false);
    REQUIRE(a.by.number() == 1 && b.by.number() == 2);
    a.by.load(file.c_str(), false);
    REQUIRE(a.by.number() == 2);
    REQUIRE(has_gone(a.by.close(), false) && a.by.close() == unmapped && b.by.close() == unmapped);
    fs::remove(file);
}

int main(int, char** words) {
#ifdef LINKED
    const copy &a = COPY_A, &b = COPY_B;
#else
    const int how = std::strcmp(words[5], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    const copy &a = opened(words[6], how, "COPY_A"), &b = opened(words[7], how, "COPY_B");
#endif
    const user one{a, words[1], words[2]}, other{b, words[3], words[4]};
    use(one, other);
    if (std::strcmp(one.second, other.second) == 0)
        replace(one, other);
    std::puts("well");
}
