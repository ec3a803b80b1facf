// SPDX-License-Identifier: MIT
#include <tenon/detail/build/file_digests.hpp>

#include <string>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_file_digests;
using tenon::detail::build_input;
using tenon::detail::file_identity;
using tenon::detail::posix;
using tenon::detail::sha256;
using tests::scratch_directory;
using tests::write;

namespace {

const auto all_matter = [](const std::string&, const std::string&) { return true; };

} // namespace

TEST_CASE("a file has its state and the digest of what it says, and is read once", "[inputs]") {
    const scratch_directory scratch;
    const std::string path = scratch / "f";
    write(path, "text");
    basic_file_digests<> inputs;
    CHECK(inputs.seen(path) == nullptr);
    const build_input* const seen = inputs.file(path);
    REQUIRE(seen);
    CHECK(seen->digest == sha256("text").hex());
    CHECK(seen->state.size == 4);
    CHECK(inputs.newest() == seen->state.changed);
    write(path, "another");
    CHECK(inputs.file(path)->digest == sha256("text").hex());
    CHECK(inputs.seen(path) == seen);
}

TEST_CASE("what is no file that can be read is none", "[inputs]") {
    const scratch_directory scratch;
    basic_file_digests<> inputs;
    CHECK(inputs.file(scratch / "none") == nullptr);
    CHECK(inputs.file(scratch / "none") == nullptr);
    CHECK(inputs.file(scratch.path()) == nullptr);
    REQUIRE(::mkfifo((scratch / "pipe").c_str(), 0600) == 0);
    CHECK(inputs.file(scratch / "pipe") == nullptr);
    CHECK(inputs.seen(scratch / "none") == nullptr);
    struct refused : posix {
        static int open(const char*, int, mode_t = 0) noexcept { return errno = EACCES, -1; }
    };
    write(scratch / "f", "");
    CHECK(basic_file_digests<refused>().file(scratch / "f") == nullptr);
}

TEST_CASE("a folder's digest is of the names that matter, in whatever order they are found", "[inputs]") {
    const scratch_directory scratch;
    write(scratch / "a/x", "");
    write(scratch / "a/y", "");
    write(scratch / "b/y", "other content");
    write(scratch / "b/x", "");
    basic_file_digests<> inputs;
    CHECK(inputs.folder(scratch / "a", all_matter).digest == inputs.folder(scratch / "b", all_matter).digest);
    const std::string before = inputs.folder(scratch / "a", all_matter).digest;
    write(scratch / "a/z", "");
    CHECK(inputs.folder(scratch / "a", all_matter).digest == before); // it is listed once
    inputs = {};
    CHECK(inputs.folder(scratch / "a", all_matter).digest != before);
    CHECK(
        inputs.folder(scratch / "a", [](const std::string&, const std::string& name) { return name != "z"; })
            .digest == before);
    CHECK(inputs.folder(scratch / "none", all_matter).digest == sha256().hex());
    CHECK(inputs.folder(scratch / "none", all_matter).state == file_identity());
}

TEST_CASE("a folder that cannot be read is an error that names it", "[inputs]") {
    struct refused : posix {
        static DIR* opendir(const char*) noexcept { return errno = EACCES, nullptr; }
    };
    CHECK_THROWS_WITH(basic_file_digests<refused>().folder("/some/folder", all_matter),
                      "cannot open the folder '/some/folder': Permission denied");
}

TEST_CASE("sources are told by their names", "[inputs]") {
    for (const char* name : {"a.cpp", "a.cc", "a.cxx", "a.c++", "a.cp", "a.CPP", "a.C", "a b.cpp", "a.b.cc"})
        CHECK(tenon::detail::is_source_name(name));
    for (const char* name :
         {"a.hpp", "a.c", "a.cpp~", ".cpp", ".#a.cpp", ".a.cpp.swp", "cpp", ".C", "a.CC", "a.C~"})
        CHECK(!tenon::detail::is_source_name(name));
    for (const char* name : {"a.c", "a.s", "a.S", "a.cu", "a.m", "a.mm", "a.cppm", "a.ixx", "a.CC"})
        CHECK(tenon::detail::is_foreign_source_name(name));
    for (const char* name : {"a.cpp", "a.C", "a.h", "a.o", ".a.c", "c"})
        CHECK(!tenon::detail::is_foreign_source_name(name));
}
