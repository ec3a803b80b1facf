// SPDX-License-Identifier: MIT
#include <tenon/detail/build/up_to_date.hpp>

#include <string>
#include <vector>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_file_digests;
using tenon::detail::basic_up_to_date;
using tenon::detail::build_record;
using tenon::detail::build_result;
using tenon::detail::package_state;
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
        shadowing_names names;
        for (const char* file : {"plugin/main.cpp", "include/own.hpp", "system/header.h"})
            names.add((root / file).native());
        basic_file_digests<> inputs;
        build_result result;
        result.key = result.compiler = sha256("x").hex();
        result.packages = package_state<>(far_future);
        result.files = {*inputs.file(root / "plugin/main.cpp"), *inputs.file(root / "include/own.hpp")};
        for (const char* folder : {"plugin", "include"})
            result.folders.push_back(inputs.folder(root / folder, names.matter_to(sources)));
        text = build_record().with(result, {*inputs.file(root / "system/header.h")});
    }

    /// Whether the result is still current, and if so what has to be remembered anew.
    bool same(bool with_compiler = true) {
        const build_record record(text);
        basic_file_digests<> inputs;
        basic_up_to_date<> compared(sources, record, record.results().at(0), far_future, inputs);
        const bool is = compared.same(with_compiler);
        moved = compared.moved();
        read_again = compared.read_again();
        if (is && moved)
            text = compared.record();
        return is;
    }

    scratch_directory root;
    std::string text;
    tenon::detail::source_directories sources{.in = root / "plugin"};
    bool moved = false;
    std::vector<std::string> read_again;
};

} // namespace

TEST_CASE("a result is current while its files are in the same state", "[comparison]") {
    remembered work;
    CHECK(work.same());
    CHECK(!work.moved);
    CHECK(work.read_again.empty());
}

TEST_CASE("a file in another state that says the same is remembered in its new state", "[comparison]") {
    remembered work;
    write(work.root / "new.hpp", "header");
    tests::fs::rename(work.root / "new.hpp", work.root / "include/own.hpp");
    CHECK(work.same());
    CHECK(work.moved);
    CHECK(work.read_again == std::vector<std::string>{work.root / "include/own.hpp"});
    CHECK(work.same());
    CHECK(!work.moved);
}

TEST_CASE("a result is not current when one of its files says something else, or is gone", "[comparison]") {
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
          "[comparison]") {
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

TEST_CASE("when packages have changed, the system's files are compared one by one", "[comparison]") {
    remembered work;
    const std::string packages = package_state<>(far_future);
    const auto forget_packages = [&] {
        if (!packages.empty())
            work.text.replace(work.text.find(packages), packages.size(), sha256("other packages").hex());
    };
    write(work.root / "system/header.h", "SYSTEM");
    // Behind an equal state nobody looks; on a machine without a package manager there is no such state.
    CHECK(work.same() == !packages.empty());
    forget_packages();
    CHECK(!work.same());
    write(work.root / "system/header.h", "system");
    CHECK(work.same());
    CHECK(work.moved);

    forget_packages();
    remove(work.root / "system/header.h");
    CHECK(!work.same(true));
    CHECK(work.same(false)); // an image without a compiler has no headers of the compiler's either
}

TEST_CASE("a new source is one that is compiled too, or any file below where CMake decides", "[comparison]") {
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
