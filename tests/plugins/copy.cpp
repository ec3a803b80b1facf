// SPDX-License-Identifier: MIT
// A library that has a copy of tenon, and shows all that a compiler shows by itself.
#include "copy.hpp"

#include <memory>
#include <optional>
#include <vector>

#include <tenon/loader.hpp>

static std::vector<tenon::plugin<numbered>> held;

static void load(const char* path, bool private_copy) {
    held.emplace_back(tenon::library_options{.private_copy = private_copy}, path);
}
static int number() {
    return held.back()->number();
}
static int close() {
    const int state = static_cast<int>(held.back().close().what());
    held.pop_back();
    return state;
}
static int close_while_handling() {
    try {
        throw 1;
    } catch (int) {
        return close();
    }
}
static int loaded(const char* path) {
    tenon::loader_options options{.search = {"/nowhere"}};
    std::optional<tenon::loader> loader(options);
    std::unique_ptr<tenon::plugin<numbered>> one(new tenon::plugin<numbered>(loader->load<numbered>(path)));
    return (*one)->number();
}
static int watched(const char* path) {
    tenon::loader loader;
    std::optional<tenon::live<numbered>> live = loader.watch<numbered>(path);
    live->refresh();
    return (*live)->number() + static_cast<int>(live->status().mapped);
}
static void fail() {
    tenon::plugin<numbered>("./nowhere.so");
}
static bool catches(void (*what)()) {
    try {
        what();
    } catch (const tenon::error& e) {
        return e.code() == tenon::errc::system_call && e.path() == std::string("./nowhere.so");
    }
    return false;
}

// No warning says that it is seen from more places than what it has.
struct application : tenon::loader {
    std::vector<tenon::plugin<numbered>> all;
    tenon::live<numbered>* live;
    tenon::pinned<numbered> pinned;
    tenon::registry registry;
    tenon::loader_options options;
    std::optional<tenon::manifest> manifest;
    tenon::reload_event last;
};

extern "C" [[gnu::visibility("default")]] const copy COPY{load,   number,  close, close_while_handling,
                                                          loaded, watched, fail,  catches};
