// SPDX-License-Identifier: MIT
#include <tenon/detail/source/checkout.hpp>

#include <tenon/loader.hpp>

#include <string>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/beacon.hpp"
#include "remote.hpp"

using tenon::errc;
using tenon::error;
namespace detail = tenon::detail;
namespace fs = tests::fs;

namespace {

const std::string
    submodule_of =
        " is a submodule of the repository, which is not fetched: commit its files, or load a clone on this "
        "machine that has them",
    link_to = " in the repository, and became a file with that text: commit the file itself, or name the "
              "other path",
    pointer = " is a pointer of Git LFS, whose content is not fetched: commit the file itself, or load a "
              "clone on this "
              "machine that has it",
    lfs_text = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n";

/// A commit's files as tenon writes them.
struct files {
    tests::scratch_directory scratch;
    std::string root = scratch.path().native();

    files() {
        tests::write(scratch / "json/json.cpp", "#include \"deep/x.hpp\"");
        tests::write(scratch / "real/x.cpp", "int x;");
        tests::write(scratch / "json/link.cpp", "../real/x.cpp");
        tests::write(scratch / "json/away.hpp", "/usr/share/x.hpp");
        tests::write(scratch / "json/folder", "../real");
        tests::write(scratch / "json/name", "json.cpp");
        tests::write(scratch / "json/data.a", lfs_text);
        fs::create_directories(scratch / "third/party");
        fs::create_directories(scratch / "json/dep");
    }

    /// What is said about a build in which a compiler said this.
    std::string sentences(const std::string& said, const std::string& driver = "/json") const {
        const std::string command = "g++ -Ithird/party json/dep/x.cpp json/data.a",
                          before = "json.cpp:1: error: no\nthe plugin in '" + root + driver +
                                   "' was not built:\n" + command + "\nexited with status 1, and said:\n" +
                                   said;
        std::string after;
        try {
            detail::checkout(root).throw_explained(tenon::build_error(
                errc::build_failed, before, root + driver, {{.command = command, .output = said}}));
        } catch (const tenon::build_error& more) {
            CHECK(more.code() == errc::build_failed);
            CHECK(more.path() == root + driver);
            CHECK(more.commands().at(0).command == command);
            after = more.what();
        }
        const auto end = before.find('\n');
        CHECK(after.substr(0, end) == before.substr(0, end));
        CHECK(after.ends_with(before.substr(end)));
        return after.substr(end, after.size() - before.size());
    }
};

} // namespace

TEST_CASE("an error that leads into a submodule says that it is one", "[checkout]") {
    const files here;
    for (const std::string& said :
         {here.root + "/json/json.cpp:1:10: fatal error: dep/word.hpp: No such file or directory\n",
          here.root + "/json/json.cpp:1:10: fatal error: 'dep/word.hpp' file not found\n",
          std::string("json.cpp:1: error: dep/a/b.hpp missing\n"),
          "CMake Error at CMakeLists.txt:3 (add_subdirectory):\n  The source directory\n\n    " + here.root +
              "/json/dep\n\n  does not contain a CMakeLists.txt file.\n"})
        CHECK(here.sentences(said) == "\n'json/dep'" + submodule_of);
    CHECK(here.sentences(here.root + "/json/json.cpp:1:10: fatal error: third/party/x.hpp: No such file\n") ==
          "\n'third/party'" + submodule_of);
    CHECK(here.sentences("x.cpp:1: fatal error: ../third/party/x.hpp: No such file\n") ==
          "\n'third/party'" + submodule_of);

    const error empty = tenon::detail::no_sources(here.root + "/third/party", "is empty", "");
    CHECK_THROWS_WITH(detail::checkout(here.root).throw_explained(empty),
                      std::string(empty.what()) + "\n'third/party'" + submodule_of);
}

TEST_CASE("an error about what became a file says what it is in the repository", "[checkout]") {
    const files here;
    CHECK(
        here.sentences(
            here.root +
            "/json/link.cpp:1:1: error: expected unqualified-id before \xe2\x80\x98.\xe2\x80\x99 token\n") ==
        "\n'json/link.cpp' is a symbolic link to '../real/x.cpp'" + link_to);
    CHECK(
        here.sentences("In file included from json.cpp:1:\naway.hpp:1:1: error: expected unqualified-id\n") ==
        "\n'json/away.hpp' is a symbolic link to '/usr/share/x.hpp'" + link_to);
    CHECK(here.sentences("json.cpp:1:10: fatal error: folder/x.hpp: Not a directory\n") ==
          "\n'json/folder' is a symbolic link to '../real'" + link_to);
    CHECK(here.sentences("/usr/bin/ld:./data.a: file format not recognized; treating as linker script\n") ==
          "\n'json/data.a'" + pointer);
    CHECK(here.sentences(here.root + "/json/data.a:1: syntax error\n" + here.root +
                         "/json/link.cpp:1:1: error: x\n") ==
          "\n'json/data.a'" + pointer + "\n'json/link.cpp' is a symbolic link to '../real/x.cpp'" + link_to);
}

TEST_CASE("what an error is not about is not said", "[checkout]") {
    const files here;
    CHECK(here.sentences(here.root + "/json/json.cpp:1:1: error: expected ';'\n") == "");
    CHECK(here.sentences("") == "");
    CHECK(here.sentences("/etc/passwd:1: error: ../../../etc/passwd /json/link.cpp " + here.root +
                         "x/json/dep/y\n") == "");
    CHECK(here.sentences("json.cpp:1: fatal error: json.h: No such file or directory\n") == "");
    // A short source without a line's end is no link.
    tests::write(here.scratch / "json/short.cpp", "int x=4/2;");
    CHECK(here.sentences("short.cpp:1:1: error: x\n") == "");
}

TEST_CASE("what is missing and may be in any submodule leads to them, where there are some", "[checkout]") {
    const files here;
    tests::write(here.scratch / ".gitmodules",
                 "[submodule \"a\"]\n\tpath = third/party\n\turl = https://x/path = y\n[submodule "
                 "\"b\"]\n\tpath=json\n"
                 "[submodule \"c\"]\n\tpath = ../../etc\n\tpath =\n[submodule \"d\"]\n\tpath = json/dep");
    const std::string both = "\nthe repository has submodules, which are not fetched: where what is missing "
                             "is in 'third/party', 'json/dep', "
                             "commit those files, or load a clone on this machine that has them";
    CHECK(here.sentences("json.cpp:1: fatal error: word.hpp: No such file or directory\n") == both);
    CHECK(here.sentences("/usr/bin/ld: cannot find -lword: No such file or directory\n") == both);
    CHECK(here.sentences("json.cpp:1: error: expected ';'\n") == "");
    fs::create_directories(here.scratch / "json/dep/x");
    tests::write(here.scratch / "third/party/x", "");
    CHECK(here.sentences("json.cpp:1: fatal error: word.hpp: No such file or directory\n") == "");
}

TEST_CASE("a text full of words is looked through in a moment", "[checkout]") {
    const files here;
    std::string said;
    for (int i = 0; i < 20000; ++i)
        said +=
            here.root + "/json/" + std::to_string(i) + "/a/b.cpp:1: error: c" + std::to_string(i) + ".hpp\n";
    const auto begin = detail::posix::milliseconds();
    CHECK(here.sentences(said) == "");
    CHECK(detail::posix::milliseconds() - begin < 10'000);
}

TEST_CASE("a repository whose header is a link is told so when it is loaded", "[checkout]") {
    tests::world w;
    for (const char* name : {"beacon.hpp", "beacon.cpp"})
        tests::write(w.scratch / "remote/json" / name,
                     tests::read(tests::source_directory / "tests/plugins" / name));
    tests::write(w.scratch / "remote/shared.hpp", "");
    fs::create_symlink("../shared.hpp", w.scratch / "remote/json/shared.hpp");
    tests::write(w.scratch / "remote/json/more.cpp", "#include \"shared.hpp\"\n");
    w.commit();
    tenon::loader loader(
        {.cache = (w.scratch / "cache").native(), .profile = tenon::profile::quick, .precompile = false});
    const std::string said = tests::refusal([&] { loader.prepare<beacon>(w.url("#subdirectory=json")); });
    CHECK(said.find("\n'json/shared.hpp' is a symbolic link to '../shared.hpp'" + link_to +
                    "\nthe plugin in '") != said.npos);
}
