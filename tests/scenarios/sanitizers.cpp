// SPDX-License-Identifier: MIT
// A host built with a sanitizer, and a plugin that the builder compiles to match. Belongs to no single
// header.
#include <tenon/loader.hpp>

#include <cstdlib>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/careless.hpp"

namespace {

bool watched_by(std::string_view sanitizer) {
    return std::string_view(tenon::detail::toolchain).find("sanitizer=" + std::string(sanitizer) + "\n") !=
           std::string_view::npos;
}

tenon::plugin<careless> load() {
    const char* const folder = std::getenv("TENON_CARELESS");
    const tenon::loader loader{
        {.compiler = {TENON_CXX},
         .include = {tests::source_directory / "tests/plugins", tests::source_directory / "include"}}};
    return loader.load<careless>(folder ? folder : "./absent");
}

} // namespace

TEST_CASE("reads behind the end", "[.careless]") {
    auto plugin = load();
    CHECK(plugin->number(4) != 1);
}

TEST_CASE("counts in two threads", "[.careless]") {
    auto plugin = load();
    CHECK(plugin->count() <= 2);
}

TEST_CASE("no mistake", "[.careless]") {
    auto plugin = load();
    CHECK(plugin->number(3) == 3);
    CHECK(plugin.close());
}

TEST_CASE("a plugin that is built for a host is watched by the sanitizer that watches the host",
          "[sanitizers]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "careless/careless.cpp",
                 "#include <careless.hpp>\n"
                 "#include <tenon/export.hpp>\n"
                 "#include <thread>\n"
                 "struct hasty : careless {\n"
                 "    int number(std::size_t place) override {\n"
                 "        volatile int* all = new int[4]{0, 1, 2, 3};\n"
                 "        const int found = all[place];\n"
                 "        delete[] all;\n"
                 "        return found;\n"
                 "    }\n"
                 "    int count() override {\n"
                 "        volatile int counted = 0;\n"
                 "        const auto add = [&] { counted = counted + 1; };\n"
                 "        std::thread one(add), other(add);\n"
                 "        one.join();\n"
                 "        other.join();\n"
                 "        return counted;\n"
                 "    }\n"
                 "};\n"
                 "TENON_EXPORT(careless, hasty, \"hasty\", \"1.0.0\")\n");
    const auto host = [&](const std::string& title) {
        return tests::run({"/proc/self/exe", title}, scratch.path(),
                          {"TENON_CARELESS=" + (scratch / "careless").native(),
                           "TENON_CACHE=" + (scratch / "cache").native()});
    };
    const auto seen = [](const tests::outcome& said, const std::string& mistake) {
        INFO(said.out << said.err);
        CHECK(said.status != 0);
        CHECK(said.err.find(mistake) != std::string::npos);
        CHECK(said.err.find("careless.cpp") != std::string::npos);
    };

    const tests::outcome right = host("no mistake");
    INFO(right.out << right.err);
    CHECK(right.status == 0);
    CHECK(right.err == "");
    if (watched_by("address"))
        seen(host("reads behind the end"), "heap-buffer-overflow");
    if (watched_by("thread"))
        seen(host("counts in two threads"), "data race");
    CHECK((watched_by("address") || watched_by("thread")) == tests::sanitized);
}
