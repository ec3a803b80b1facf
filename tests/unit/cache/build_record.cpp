// SPDX-License-Identifier: MIT
#include <tenon/detail/cache/build_record.hpp>

#include <tenon/detail/system/sha256.hpp>

#include <cstdint>
#include <string>
#include <string_view>

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

const build_input shared = input("/usr/include/a.h", 4);

build_result result(const std::string& name) {
    build_result made;
    made.key = sha256(name).hex();
    made.size = 12345;
    made.tools = sha256("compiler").hex();
    made.files = {input("/plugin/" + name, 1), input("/plugin/two words.hpp", 2), shared};
    made.folders = {input("/plugin", 3)};
    made.names = {"local.hpp", "two words.txt"};
    return made;
}

bool equal(const build_inputs& a, const build_inputs& b) {
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < a.size(); ++i)
        same = a[i].path == b[i].path && a[i].state == b[i].state && a[i].digest == b[i].digest;
    return same;
}

} // namespace

TEST_CASE("a record returns what was remembered, newest first", "[build_record]") {
    const build_record first(build_record().with(result("old")));
    const build_record both(first.with(result("new")));
    REQUIRE(both.results().size() == 2);
    for (const char* name : {"new", "old"}) {
        const build_result& read = both.results()[name == std::string("old")];
        CHECK(read.key == result(name).key);
        CHECK(read.size == 12345);
        CHECK(read.tools == result(name).tools);
        CHECK(equal(read.files, result(name).files));
        CHECK(equal(read.folders, result(name).folders));
        CHECK(read.names == result(name).names);
    }
}

TEST_CASE("an input that several results share is written once", "[build_record]") {
    const build_record first(build_record().with(result("a")));
    const std::string text = first.with(result("b"));
    CHECK(text.find(shared.path) == text.rfind(shared.path));
}

TEST_CASE("a result that is remembered again moves to the front, and the oldest are forgotten",
          "[build_record]") {
    std::string text;
    for (int i = 0; i < 20; ++i)
        text = build_record(text).with(result(std::to_string(i)));
    CHECK(build_record(text).results().size() == build_record::most_results);
    text = build_record(text).with(result("15"));
    const build_record record(text);
    CHECK(record.results().size() == build_record::most_results);
    CHECK(record.results()[0].key == result("15").key);
    CHECK(record.results()[1].key == result("19").key);
    CHECK(build_record(record.with(result("x"), 2)).results().size() == 2);
}

TEST_CASE("a result of nothing is remembered too", "[build_record]") {
    build_result nothing = result("a");
    nothing.files.clear();
    nothing.folders.clear();
    nothing.names.clear();
    const build_record record(build_record().with(nothing));
    REQUIRE(record.results().size() == 1);
    CHECK(record.results()[0].key == nothing.key);
}

TEST_CASE(
    "a record that is cut short within a result says nothing, and one cut short between two has the newer",
    "[build_record]") {
    const std::string text = build_record(build_record().with(result("a"))).with(result("b"));
    const std::size_t second = text.rfind("result ");
    for (std::size_t size = 0; size < text.size(); ++size) {
        INFO(size);
        CHECK(build_record(std::string_view(text).substr(0, size)).results().size() ==
              (size == second ? 1 : 0));
    }
}

TEST_CASE("a record with any one byte changed is read without harm", "[build_record]") {
    const std::string text = build_record().with(result("a"));
    for (std::size_t at = 0; at < text.size(); ++at)
        for (const char c : {'\0', '\n', ' ', '0', '9', 'f', '/', '\xff'}) {
            std::string changed = text;
            changed[at] = c;
            const build_record record(changed);
            CHECK(record.results().size() <= 1);
            for (const build_result& read : record.results())
                CHECK(read.key.find_first_not_of("0123456789abcdef") == std::string::npos);
        }
}

TEST_CASE("a record that counts more inputs than it has says nothing", "[build_record]") {
    const std::string text = build_record().with(result("a"));
    for (const char* count : {"inputs 4\n", " 3 0 1 2 "}) {
        std::string changed = text;
        changed.replace(changed.find(count) + 1 + (count[0] == 'i' ? 6 : 0), 1, "18446744073709551615");
        INFO(changed);
        CHECK(build_record(changed).results().empty());
    }
}

TEST_CASE("a record in the format of an older tenon says nothing", "[build_record]") {
    std::string text = build_record().with(result("a"));
    text.replace(text.find("record 2"), 8, "record 1");
    CHECK(build_record(text).results().empty());
}

TEST_CASE("the newest results are read alone", "[build_record]") {
    const build_record old(build_record().with(result("old")));
    const std::string text = old.with(result("new"));
    const build_record newest(text, 1);
    REQUIRE(newest.results().size() == 1);
    CHECK(newest.results()[0].key == result("new").key);
    CHECK(equal(newest.results()[0].folders, result("new").folders));
}
