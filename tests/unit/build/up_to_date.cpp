// SPDX-License-Identifier: MIT
#include <tenon/detail/build/up_to_date.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_file_digests;
using tenon::detail::basic_up_to_date;
using tenon::detail::build_result;
using tenon::detail::sha256;
using tenon::detail::shadowing_names;
using tests::scratch_directory;
using tests::write;

namespace {

constexpr std::int64_t far_future = std::int64_t{1} << 62;

/// A source, a header and a system's header, and the record of a library that was made from them.
struct remembered {
    remembered() {
        write(root / "plugin/main.cpp", "source");
        write(root / "include/own.hpp", "header");
        write(root / "system/header.h", "system");
        basic_file_digests<> inputs;
        result.key = result.tools = sha256("x").hex();
        for (const char* file : {"plugin/main.cpp", "include/own.hpp", "system/header.h"})
            result.files.push_back(*inputs.file(root / file));
        result.names = {"sub/optional.hpp"};
        shadowing_names names;
        names.add(result);
        for (const char* folder : {"plugin", "include", "missing"})
            result.folders.push_back(inputs.folder(root / folder, names.matter_to(sources)));
    }

    /// Whether the result is still current, and if so with which states.
    bool same(bool with_tools = true) {
        basic_file_digests<> inputs;
        basic_up_to_date<> compared(sources, result, far_future, inputs, with_tools);
        const bool is = compared.same();
        moved = compared.moved();
        read_again = compared.read_again();
        if (is)
            result = compared.result();
        return is;
    }

    scratch_directory root;
    build_result result;
    tenon::detail::source_directories sources{.in = root / "plugin"};
    bool moved = false;
    std::vector<std::string> read_again;
};

} // namespace

TEST_CASE("a result is current while its files are in the same state", "[up_to_date]") {
    remembered work;
    CHECK(work.same());
    CHECK(!work.moved);
    CHECK(work.read_again.empty());
}

TEST_CASE("a file in another state that says the same is remembered in its new state", "[up_to_date]") {
    remembered work;
    write(work.root / "new.hpp", "header");
    tests::fs::rename(work.root / "new.hpp", work.root / "include/own.hpp");
    CHECK(work.same());
    CHECK(work.moved);
    CHECK(work.read_again == std::vector<std::string>{work.root / "include/own.hpp"});
    CHECK(work.same());
    CHECK(!work.moved);
}

TEST_CASE("a result is not current when one of its files says something else, or is gone", "[up_to_date]") {
    remembered work;
    SECTION("another content") {
        write(work.root / "include/own.hpp", "HEADER");
    }
    SECTION("gone") {
        remove(work.root / "include/own.hpp");
    }
    SECTION("a folder") {
        remove(work.root / "include/own.hpp");
        create_directory(work.root / "include/own.hpp");
    }
    CHECK(!work.same());
}

TEST_CASE("of the new names in a folder those of sources, flags and files that were read count",
          "[up_to_date]") {
    remembered work;
    write(work.root / "plugin/notes.txt", "");
    write(work.root / "include/another.cpp", "");
    CHECK(work.same());
    SECTION("a source beside the others") {
        write(work.root / "plugin/more.cc", "");
    }
    SECTION("flags") {
        write(work.root / "plugin/compile_flags.txt", "");
    }
    SECTION("a build of another kind") {
        write(work.root / "plugin/CMakeLists.txt", "");
    }
    SECTION("a header of the name of one that was read") {
        write(work.root / "plugin/own.hpp", "");
    }
    SECTION("a header of the name of one of the system's") {
        write(work.root / "include/header.h", "");
    }
    SECTION("a folder on the way to one") {
        create_directory(work.root / "include/system");
    }
    CHECK(!work.same());
}

TEST_CASE("a name that was looked for without being found counts like one that was read", "[up_to_date]") {
    remembered work;
    SECTION("a header beside the sources") {
        write(work.root / "plugin/optional.hpp", "");
    }
    SECTION("the folder that it would be in") {
        create_directory(work.root / "include/sub");
    }
    SECTION("in a folder that was not there") {
        write(work.root / "missing/optional.hpp", "");
    }
    CHECK(!work.same());
}

TEST_CASE("a folder that was not there may come, as long as nothing in it matters", "[up_to_date]") {
    remembered work;
    write(work.root / "missing/other.hpp", "");
    CHECK(work.same());
    CHECK(work.moved);
}

TEST_CASE("without a compiler the system's files may be gone, and nobody else's", "[up_to_date]") {
    remembered work;
    work.result.files.push_back({"/usr/include/tenon/no/such/header.h", {}, sha256("x").hex()});
    CHECK(!work.same());
    basic_file_digests<> inputs;
    CHECK(basic_up_to_date<>(work.sources, work.result, far_future, inputs, false).same());
    remove(work.root / "include/own.hpp");
    CHECK(!work.same(false));
}

TEST_CASE("a new source is one that is compiled too, or any file below where CMake decides", "[up_to_date]") {
    using tenon::detail::source_directories;
    const source_directories nowhere, plain{.in = "/p"}, below{.in = "/p", .below = true};
    CHECK(!nowhere.has("/p", "a.cpp"));
    for (const char* name : {"a.cpp", "CMakeLists.txt"})
        for (const source_directories& each : {plain, below})
            CHECK(each.has("/p", name));
    for (const char* name : {"a.txt", "inside"}) {
        CHECK(!plain.has("/p", name));
        CHECK(below.has("/p", name));
        CHECK(below.has("/p/inside", name));
        CHECK(!below.has("/parts", name));
        CHECK(!below.has("/", name));
    }
    CHECK(!plain.has("/p/inside", "a.cpp"));
    for (const char* name : {".git", ".a.cpp.swp", "a.cpp~", "#a.cpp#"})
        CHECK(!below.has("/p", name));

    const source_directories without{.in = "/p", .below = true, .without = {"/p/cache"}};
    CHECK(!without.has("/p", "cache"));
    CHECK(!without.has("/p/cache", "x"));
    CHECK(without.has("/p", "cached"));
    CHECK(without.has("/p/cached", "x"));
}
