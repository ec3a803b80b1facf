// SPDX-License-Identifier: MIT
// The cost of reloading: a call, a swap, the time from a saved file to its first answer, and the pause that
// callers see. Ratios and differences within one run, measured in turn. Prints medians, and quartiles in
// brackets.
//
//     bench_live [ROUNDS]
#include <tenon/loader.hpp>

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <memory>
#include <thread>

#include "../plugins/beacon.hpp"
#include "compiled.hpp"
#include "times.hpp"

namespace {

using namespace std::chrono_literals;
using tests::milliseconds;
using tests::print;
using tests::quantile;
using tests::times;
using tests::fs::path;

struct host final : beacon_host {
    void made(long) override {}
    void destroyed(long) override {}
    void asked(long) override {}
};

path beacon_library(const path& at, const std::string& version) {
    const path source = at.parent_path() / (at.stem().native() + ".cpp");
    std::string text = tests::read(tests::source_directory / "tests/plugins/beacon.cpp");
    text.replace(text.find("000001"), 6, version);
    tests::write(source, text);
    return tests::compiled(at, source,
                           {"-O2", "-fno-gnu-unique", "-fvisibility-inlines-hidden",
                            "-I" + (tests::source_directory / "tests/plugins").native()},
                           TENON_CXX);
}

void say(const std::string& what, const times& of, const char* unit, double scale) {
    std::printf("  %-46s %9.2f %s (%.2f to %.2f)\n", what.c_str(), quantile(of, 0.5) * scale, unit,
                quantile(of, 0.25) * scale, quantile(of, 0.75) * scale);
}

/// Milliseconds for a million calls.
template <class Handle>
double million_calls(const Handle& to) {
    return milliseconds([&] {
        for (int i = 0; i < 1'000'000; ++i)
            if (to->version(beacon::way::at_once) <= 0)
                std::abort();
    });
}

void calls(int rounds, const path& library, host& versions) {
    tenon::plugin<beacon> plain{library, versions};
    const auto watched = tenon::loader().watch<beacon>(library, std::ref<beacon_host>(versions));
    times by_plugin, by_live, by_pin;
    for (int i = 0; i < rounds; ++i) {
        by_plugin.push_back(million_calls(plain));
        by_live.push_back(million_calls(watched));
        by_pin.push_back(million_calls(watched.pin()));
    }
    times more;
    for (std::size_t i = 0; i < by_live.size(); ++i)
        more.push_back(by_live[i] - by_plugin[i]);
    std::printf("\na call, in nanoseconds\n");
    say("by plugin<T>", by_plugin, "ns", 1);
    say("by a pinned version", by_pin, "ns", 1);
    say("by live<T>", by_live, "ns", 1);
    say("by live<T> more than by plugin<T>", more, "ns", 1);
}

/// A version of the plugin, loaded without tenon.
struct by_hand {
    void* handle;
    beacon* object;

    by_hand(const path& library, host& versions) : handle(::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
        const auto table =
            reinterpret_cast<tenon_exports_v1_range (*)()>(::dlsym(handle, "tenon_exports_v1"));
        object = reinterpret_cast<beacon* (*)(beacon_host&)>(table().begin->create)(versions);
    }
    by_hand(const by_hand&) = delete;
    ~by_hand() {
        delete object;
        ::dlclose(handle);
    }
};

/// Three libraries: two may still be loaded when the next one is, the current version and the one before it.
std::vector<path> ready(const tests::scratch_directory& scratch, const std::string& name) {
    std::vector<path> all;
    for (const char* number : {"1", "2", "3"}) {
        all.push_back(scratch / (name + number + ".so"));
        tests::fs::copy_file(scratch / (std::string("beacon") + number + ".so"), all.back());
    }
    return all;
}

/// A watched library that is replaced by a link, so that no time is spent on writing.
struct replaced {
    std::vector<path> all;
    path library;
    tenon::live<beacon> watched;
    std::int64_t found = 0; // of the last swap, in microseconds: until the library is loaded
    std::atomic<std::int64_t> microseconds = 0; // the whole time, once it is known
    times took{};

    replaced(const tests::scratch_directory& scratch, const std::string& name, bool copies, host& versions)
        : all(ready(scratch, name)), library(linked(scratch / (name + ".so"), all[0])),
          watched(watch(library, copies, versions)) {
        watched.on_event([this](const tenon::reload_event& r) {
            if (r.what == tenon::reload_event::step::built)
                found = r.took.count();
            if (r.what == tenon::reload_event::step::replaced)
                microseconds = found + r.took.count();
        });
    }

    static path linked(const path& at, const path& to) {
        const path link = at.native() + ".new";
        tests::fs::create_hard_link(to, link);
        tests::fs::rename(link, at);
        return at;
    }
    static tenon::live<beacon> watch(const path& library, bool copies, host& versions) {
        tenon::loader_options options;
        options.reload.copy_libraries = copies;
        return tenon::loader(options).watch<beacon>(library, std::ref<beacon_host>(versions));
    }

    // The work of the watching thread: notice, load, create, switch, and unload the version before the old
    // one.
    void swap(int round) {
        microseconds = 0;
        linked(library, all[static_cast<std::size_t>(round % 3)]);
        while (microseconds == 0)
            std::this_thread::sleep_for(50us);
        took.push_back(static_cast<double>(microseconds) / 1000);
    }
};

void swaps(int rounds, const tests::scratch_directory& scratch, host& versions) {
    const std::vector<path> plain = ready(scratch, "plain");
    replaced where_it_is(scratch, "watched", false, versions), copied(scratch, "copied", true, versions);
    auto old = std::make_unique<by_hand>(plain[0], versions);
    times floor;
    for (int i = 1; i <= rounds * 20; ++i) {
        floor.push_back(milliseconds([&] {
            auto next = std::make_unique<by_hand>(plain[static_cast<std::size_t>(i % 3)], versions);
            old.swap(next);
        }));
        where_it_is.swap(i);
        copied.swap(i);
    }
    std::printf("\na swap between two libraries that are ready\n");
    print("dlopen new, make, destroy old, dlclose old", floor, "itself", floor);
    print("a reload, loaded where it is", where_it_is.took, "that", floor);
    print("a reload, loaded from a copy", copied.took, "that", floor);
}

void answers(int rounds, const tests::scratch_directory& scratch, host& versions) {
    const path folder = scratch / "lit";
    const std::string text = tests::read(tests::source_directory / "tests/plugins/beacon.cpp");
    const auto save = [&](int version) {
        std::string now = text;
        now.replace(now.find("000001"), 6, std::to_string(1'000'000 + version).substr(1));
        tests::write(folder / "beacon.cpp", now);
    };
    tests::write(folder / "beacon.hpp", tests::read(tests::source_directory / "tests/plugins/beacon.hpp"));
    save(1);
    tenon::loader_options options;
    options.cache = scratch / "cache";
    options.profile = tenon::profile::quick;
    auto watched = tenon::loader(options).watch<beacon>(folder, std::ref<beacon_host>(versions));
    std::atomic<std::int64_t> built = 0;
    watched.on_event([&](const tenon::reload_event& r) {
        if (r.what == tenon::reload_event::step::built)
            built = r.took.count();
    });
    times whole, builds, rest;
    for (int i = 0; i < rounds; ++i) {
        const double took = milliseconds([&] {
            save(2 + i);
            while (watched->version(beacon::way::at_once) != 2 + i)
                std::this_thread::sleep_for(50us);
        });
        std::this_thread::sleep_for(20ms); // until the events have been delivered
        whole.push_back(took);
        builds.push_back(static_cast<double>(built.load()) / 1000);
        rest.push_back(whole.back() - builds.back());
    }
    std::printf("\nfrom a saved source to the first answer of its version\n");
    say("all of it", whole, "ms", 1);
    say("the build", builds, "ms", 1);
    say("what is left", rest, "ms", 1);
}

void pauses(int rounds, const tests::scratch_directory& scratch, host& versions) {
    const path library = scratch / "paused.so";
    tests::fs::copy_file(scratch / "beacon1.so", library);
    auto watched = tenon::loader().watch<beacon>(library, std::ref<beacon_host>(versions));
    const auto slowest = [&](bool swapping) {
        std::atomic<bool> done = false;
        times took;
        std::thread caller([&] {
            while (!done)
                took.push_back(milliseconds([&] { watched->version(beacon::way::at_once); }));
        });
        for (int i = 0; i < rounds * 10; ++i) {
            if (swapping) {
                tests::fs::copy_file(scratch / (i % 2 ? "beacon2.so" : "beacon1.so"), scratch / "new");
                tests::fs::rename(scratch / "new", library);
                watched.refresh();
            }
            std::this_thread::sleep_for(1ms);
        }
        done = true;
        caller.join();
        return took;
    };
    std::printf("\nthe slowest calls of one thread, in microseconds\n");
    for (const bool swapping : {false, true}) {
        const times took = slowest(swapping);
        std::printf("  %-46s %9.2f median, %.2f of 99.9 %%, %.1f the slowest of %zu\n",
                    swapping ? "with a swap each millisecond" : "without", quantile(took, 0.5) * 1000,
                    quantile(took, 0.999) * 1000, quantile(took, 1) * 1000, took.size());
    }
}

} // namespace

int main(int count, char** arguments) {
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 15;
    const tests::scratch_directory scratch;
    host versions;
    const path library = beacon_library(scratch / "beacon1.so", "000001");
    beacon_library(scratch / "beacon2.so", "000002");
    beacon_library(scratch / "beacon3.so", "000003");
    std::printf("%d rounds with %s\n", rounds, TENON_CXX);
    calls(rounds, library, versions);
    swaps(rounds, scratch, versions);
    answers(rounds, scratch, versions);
    pauses(rounds, scratch, versions);
}
