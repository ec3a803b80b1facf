// SPDX-License-Identifier: MIT
#include <tenon/detail/cache/build_record.hpp>

#include <string>

#include "catch.hpp"

using tenon::detail::build_input;
using tenon::detail::build_inputs;
using tenon::detail::build_record;
using tenon::detail::build_result;
using tenon::detail::sha256;

namespace {

build_input input(const std::string& path, int number) {
    build_input made{path, {}, sha256(path).hex()};
    made.state.device = 1;
    made.state.inode = static_cast<std::uint64_t>(number);
    made.state.size = ~std::uint64_t{0};
    made.state.modified = -5;
    made.state.changed = 1'700'000'000'123'456'789;
    return made;
}

build_result result(const std::string& name) {
    build_result made;
    made.key = sha256(name).hex();
    made.size = 12345;
    made.compiler = sha256("compiler").hex();
    made.packages = sha256("packages").hex();
    made.files = {input("/plugin/" + name, 1), input("/plugin/two words.hpp", 2)};
    made.folders = {input("/plugin", 3)};
    return made;
}

const build_inputs system_files{input("/usr/include/a.h", 4), input("/usr/include/b.h", 5)};

bool equal(const build_inputs& a, const build_inputs& b) {
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < a.size(); ++i)
        same = a[i].path == b[i].path && a[i].state == b[i].state && a[i].digest == b[i].digest;
    return same;
}

} // namespace

TEST_CASE("a record gives back what was remembered, newest first", "[build_record]") {
    build_result unknown_packages = result("old");
    unknown_packages.packages.clear();
    const build_inputs other_system{input("/usr/include/c.h", 6)};
    const build_record first(build_record().with(unknown_packages, other_system));
    const build_record both(first.with(result("new"), system_files));

    REQUIRE(both.results().size() == 2);
    const build_result &newer = both.results()[0], &older = both.results()[1];
    CHECK(newer.key == result("new").key);
    CHECK(newer.size == 12345);
    CHECK(newer.compiler == result("new").compiler);
    CHECK(newer.packages == result("new").packages);
    CHECK(equal(newer.files, result("new").files));
    CHECK(equal(newer.folders, result("new").folders));
    CHECK(older.packages == "");
    CHECK(equal(older.files, result("old").files));

    build_inputs system;
    CHECK(both.system_files(newer, system));
    CHECK(equal(system, system_files));
    CHECK(both.system_files(older, system));
    CHECK(equal(system, other_system));
}

TEST_CASE("a list of system files that several results have in common is there once", "[build_record]") {
    const build_record first(build_record().with(result("a"), system_files));
    const std::string text = first.with(result("b"), system_files);
    CHECK(text.find("/usr/include/a.h") == text.rfind("/usr/include/a.h"));
    const build_record both(text);
    build_inputs system;
    CHECK(both.system_files(both.results()[1], system));
    CHECK(equal(system, system_files));
}

TEST_CASE("a result that is remembered again moves to the front, and the oldest are forgotten",
          "[build_record]") {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text = build_record(text).with(result(std::to_string(i)), system_files);
    CHECK(build_record(text).results().size() == build_record::most_results);
    text = build_record(text).with(result("15"), system_files);
    const build_record record(text);
    CHECK(record.results().size() == build_record::most_results);
    CHECK(record.results()[0].key == result("15").key);
    CHECK(record.results()[1].key == result("19").key);
}

TEST_CASE("a plugin that reads nothing of the system's has an empty list", "[build_record]") {
    const build_record record(build_record().with(result("a"), {}));
    REQUIRE(record.results().size() == 1);
    build_inputs system;
    CHECK(record.system_files(record.results()[0], system));
    CHECK(system.empty());
}

TEST_CASE(
    "a record that is cut short anywhere in its results says nothing, and one cut short later lacks the list",
    "[build_record]") {
    const std::string text =
        build_record(build_record().with(result("a"), {})).with(result("b"), system_files);
    const std::size_t lists = text.find("\nsystem ") + 1;
    for (std::size_t size = 0; size < text.size(); ++size) {
        const build_record cut(text.substr(0, size));
        INFO(size);
        CHECK(cut.results().size() == (size < lists + 7 ? 0 : 2));
        build_inputs system;
        if (!cut.results().empty())
            CHECK((!cut.system_files(cut.results()[0], system) || equal(system, system_files)));
    }
}

TEST_CASE("a record with any one byte changed is read without harm", "[build_record]") {
    const std::string text = build_record().with(result("a"), system_files);
    for (std::size_t at = 0; at < text.size(); ++at)
        for (const char c : {'\0', '\n', ' ', '0', '9', 'f', '/', '\xff'}) {
            std::string changed = text;
            changed[at] = c;
            const build_record record(changed);
            CHECK(record.results().size() <= 1);
            for (const build_result& each : record.results()) {
                CHECK(each.key.find_first_not_of("0123456789abcdef") == std::string::npos);
                build_inputs system;
                record.system_files(each, system);
            }
        }
}

TEST_CASE("a record that counts more files than it has says nothing", "[build_record]") {
    std::string text = build_record().with(result("a"), system_files);
    text.replace(text.find(" 2 1\n"), 5, " 18446744073709551615 1\n");
    CHECK(build_record(text).results().empty());
}

TEST_CASE("the newest result is read from the beginning of a record", "[build_record]") {
    const build_record old(build_record().with(result("old"), system_files));
    const std::string text = old.with(result("new"), system_files);
    const std::size_t end = text.find("result ", text.find("result ") + 1);
    for (const std::string& beginning : {text, text.substr(0, end)}) {
        const build_record newest(beginning, 1);
        REQUIRE(newest.results().size() == 1);
        CHECK(newest.results()[0].key == result("new").key);
        CHECK(equal(newest.results()[0].folders, result("new").folders));
    }
    CHECK(build_record(text.substr(0, end - 1), 1).results().empty());
    CHECK(build_record(text.substr(0, end)).results().empty());
}
