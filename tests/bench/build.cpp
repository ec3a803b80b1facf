// SPDX-License-Identifier: MIT
// The cost of building, as ratios to the same work by hand. Both are measured in turn, so that load on the
// machine affects both equally. Prints medians, and quartiles in brackets.
//
//     bench_build [ROUNDS]
#include <tenon/loader.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "compiled.hpp"
#include "times.hpp"
#include "worker.hpp"

namespace {

using tests::milliseconds;
using tests::print;
using tests::quantile;
using tests::scratch_directory;
using tests::times;
using tests::fs::path;

const path here = tests::source_directory / "tests/bench", include = tests::source_directory / "include";

/// Writes a plugin that returns its own number, and uses the headers that it includes.
void edit(const path& directory, int number) {
    tests::write(directory / "main.cpp", R"(#include "worker.hpp"

#include <tenon/export.hpp>

namespace {

struct entry {
    std::string name;
    std::uintmax_t size;
};

struct lister : worker {
    int work(int round) override {
        auto found = std::make_shared<std::vector<entry>>();
        for (const auto& each : std::filesystem::directory_iterator("/"))
            found->push_back({each.path().filename().string(), each.is_regular_file() ? each.file_size() : 0});
        return static_cast<int>(found->size() > 1000) + round + )" +
                                             std::to_string(number) +
                                             R"(;
    }
};

} // namespace

TENON_EXPORT(worker, lister, "lister", "1.0.0")
)");
}

struct bench {
    std::string compiler;
    tenon::profile profile;
    int rounds;

    tenon::loader loader(const path& cache) const {
        return tenon::loader({.cache = cache, .compiler = {compiler}, .profile = profile});
    }

    void load(const path& cache, int expected) const {
        if (loader(cache).load<worker>(plugin)->work(0) != expected)
            throw std::runtime_error("the plugin is not the one that was edited");
    }

    void by_hand(std::vector<std::string> words) const {
        const std::vector<std::string> rest{tenon::detail::language_flag(),
                                            "-fPIC",
                                            "-shared",
                                            "-I" + here.native(),
                                            "-I" + include.native(),
                                            plugin / "main.cpp",
                                            "-o",
                                            root / "by_hand.so"};
        words.insert(words.end(), {compiler});
        if (profile == tenon::profile::quick)
            words.push_back("-O0");
        else
            words.insert(words.end(), {"-O2", "-g"});
        words.insert(words.end(), rest.begin(), rest.end());
        if (const tests::outcome said =
                tests::run(words, root.path(), {"CCACHE_DIR=" + (root / "ccache").native()});
            said.status != 0)
            throw std::runtime_error(said.err);
    }

    /// Starts `count` processes at once that load the same plugin. Returns how many of them compiled it.
    int processes(int count, const path& cache) const {
        std::vector<pid_t> children;
        for (int i = 0; i < count; ++i)
            if (const pid_t child = ::fork(); child == 0) {
                int compiled = 0;
                try {
                    tenon::loader({.cache = cache,
                                   .compiler = {compiler},
                                   .profile = profile,
                                   .on_event =
                                       [&](const tenon::event& what) {
                                           compiled |= what.what == tenon::event::step::compiling;
                                       }})
                        .prepare<worker>(plugin);
                } catch (...) {
                    compiled = 100;
                }
                ::_exit(compiled);
            } else {
                children.push_back(child);
            }
        int compiled = 0;
        for (const pid_t child : children) {
            int status = 0;
            ::waitpid(child, &status, 0);
            compiled += WEXITSTATUS(status);
        }
        return compiled;
    }

    void run() {
        const bool ccache = tests::installed("ccache");
        const path kept = root / "kept";
        int number = 0, compiled = 0;
        for (; number < 3;
             ++number) { // until the interface is precompiled, and everything has been read once
            edit(plugin, number);
            load(kept, number);
            by_hand({});
        }
        std::map<std::string, times> all;
        for (int round = 0; round < rounds; ++round, ++number) {
            const path fresh = root / "fresh";
            const auto time = [&](const std::string& what, const std::function<void()>& f) {
                all[what].push_back(milliseconds(f));
            };
            edit(plugin, number);
            time("by hand", [&] { by_hand({}); });
            time("cold", [&] { load(fresh, number); });
            tests::fs::remove_all(fresh);
            time("edited", [&] { load(kept, number); });
            edit(plugin, number - 1);
            time("taken back", [&] { load(kept, number - 1); });

            const std::string library = loader(kept).prepare<worker>(plugin);
            constexpr int loads = 100;
            time("plain", [&] {
                for (int i = 0; i < loads; ++i)
                    tenon::plugin<worker>{library};
            });
            time("unchanged", [&] {
                for (int i = 0; i < loads; ++i)
                    loader(kept).load<worker>(plugin);
            });
            if (ccache)
                time("ccache", [&] { by_hand({"ccache"}); });
            time("one", [&] { processes(1, fresh); });
            tests::fs::remove_all(fresh);
            time("eight", [&] { compiled = std::max(compiled, processes(8, fresh)); });
            tests::fs::remove_all(fresh);
        }
        for (const char* what : {"plain", "unchanged"})
            for (double& each : all[what])
                each /= 100;
        std::printf("%s, %s\n", compiler.c_str(),
                    profile == tenon::profile::quick ? "quick (-O0)" : "optimised (-O2 -g)");
        print("compiler called by hand", all["by hand"], "itself", all["by hand"]);
        print("cold: nothing in the cache", all["cold"], "by hand", all["by hand"]);
        print("after an edit: precompiled, fast linker", all["edited"], "by hand", all["by hand"]);
        print("an edit taken back", all["taken back"], "by hand", all["by hand"]);
        print("plain load of a library", all["plain"], "itself", all["plain"]);
        print("nothing changed", all["unchanged"], "a plain load", all["plain"]);
        if (ccache)
            print("nothing changed", all["unchanged"], "`ccache c++ -shared`", all["ccache"]);
        print("eight processes, " + std::to_string(compiled) + " compile", all["eight"], "one process",
              all["one"]);
    }

    scratch_directory root{};
    path plugin = root / "plugin";
};

} // namespace

int main(int count, char** arguments) {
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 7;
    for (const std::string& compiler : tests::compilers())
        for (const tenon::profile profile : {tenon::profile::quick, tenon::profile::optimised})
            bench{.compiler = compiler, .profile = profile, .rounds = rounds}.run();
}
