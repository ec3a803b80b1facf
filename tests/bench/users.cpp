// SPDX-License-Identifier: MIT
// The users of examples/users/json, asked directly, by virtual calls, and as plugins of the four drivers.
//
//     users LIBRARY DIRECTORY REPOSITORY CACHE USERS.JSON [GOOGLE BENCHMARK'S OPTIONS]
#include <benchmark/benchmark.h>
#include <cstdio>
#include <string>
#include <tenon/loader.hpp>
#include <utility>
#include <vector>

#include "json/json.cpp" // built in

namespace {

template <class Provider>
void measure(const std::string& way, const Provider& provider) {
    const auto each = [&](const char* method, auto ask) {
        benchmark::RegisterBenchmark((way + "/" + method).c_str(), [&provider, ask](benchmark::State& state) {
            for (auto _ : state)
                benchmark::DoNotOptimize(ask(*provider));
        });
    };
    each("get_user", [](const auto& users) { return users.get_user("91d4a6b3-backup"); });
    each("get_user_by_claim", [](const auto& users) { return users.get_user_by_claim("uid", "2002"); });
    each("get_user_groups", [](const auto& users) { return users.get_user_groups("91d4a6b3-backup"); });
    each("find_users", [](const auto& users) { return users.find_users("operator"); });
}

// Hides the object's type, so that the compiler cannot devirtualise the calls.
[[gnu::noipa]] const users::user_provider* hidden(const users::user_provider* provider) {
    return provider;
}

} // namespace

int main(int count, char** arguments) try {
    if (count < 6)
        return std::fputs("usage: users LIBRARY DIRECTORY REPOSITORY CACHE USERS.JSON [OPTIONS]\n", stderr),
               2;
    benchmark::Initialize(&count, arguments);
    const users::settings settings{{{"file", arguments[5]}}};
    const tenon::loader loader{{.cache = arguments[4]}};
    const json_users direct(settings);
    users::user_provider::model<json_users> model;
    tenon::detail::model_access::make(model, settings);
    const users::user_provider* const by_virtual_call = hidden(&model);
    const auto load = [&](const char* driver) { return loader.load<users::user_provider>(driver, settings); };
    const auto built_in = load("json"), library = load(arguments[1]), directory = load(arguments[2]),
               repository = load(arguments[3]);
    const json_users* const itself = &direct;
    measure("direct", itself);
    measure("virtual", by_virtual_call);
    measure("built-in", built_in);
    measure("library", library);
    measure("directory", directory);
    measure("repository", repository);
    benchmark::RunSpecifiedBenchmarks();
} catch (const std::exception& e) {
    std::fprintf(stderr, "users: %s\n", e.what());
    return 1;
}
