// SPDX-License-Identifier: MIT
#include <tenon/loaded_names.hpp>

#include <sys/auxv.h>

#include "catch.hpp"

using tenon::detail::file_identity;
using tenon::detail::loaded_names;

TEST_CASE("a name stands for one file for as long as that is loaded", "[loaded_names]") {
    CHECK(loaded_names::name("/a/b/x.so", 0) == "/a/b/./x.so");
    CHECK(loaded_names::name("/a/b/x.so", 2) == "/a/b/./././x.so");
    CHECK(loaded_names::name("/x.so", 0) == "/./x.so");

    loaded_names& names = loaded_names::here();
    const std::string path = "/nowhere/x.so";
    file_identity first, second;
    first.inode = 1;
    second.inode = 2;
    CHECK(names.acquire(path, first) == 0);
    CHECK(names.acquire(path, second) == 1);
    CHECK(names.acquire(path, first) == 0);
    CHECK(names.release(path, 0).users == 1);
    CHECK(names.release(path, 0).users == 0);
    CHECK(names.acquire(path, second) == 1);
    CHECK(names.acquire(path, first) == 0);
    CHECK(names.release(path, 1).users == 1);
    CHECK(names.release(path, 1).users == 0);
    CHECK_FALSE(names.release(path, 0).mapped);
}

TEST_CASE("the name of what stays in memory after its last handle stays taken", "[loaded_names]") {
    loaded_names& names = loaded_names::here();
    const std::string path = "/nowhere/pinned.so";
    file_identity first, second;
    first.inode = 1;
    second.inode = 2;
    CHECK(names.acquire(path, first) == 0);
    names.found(path, 0, {"linux-vdso.so.1", ::getauxval(AT_SYSINFO_EHDR)}); // never goes
    CHECK(names.release(path, 0).mapped);
    CHECK(names.acquire(path, second) == 1);
    CHECK(names.acquire(path, first) == 0);
    CHECK(names.release(path, 0).mapped);
    CHECK_FALSE(names.release(path, 1).mapped);
}

TEST_CASE("an inode that a library has left is the next file's, before the library is released",
          "[loaded_names]") {
    loaded_names& names = loaded_names::here();
    const std::string path = "/nowhere/reused.so";
    file_identity first, second;
    second.modified = 1;
    CHECK(names.acquire(path, first) == 0);
    CHECK(names.acquire(path, second) == 1);
    names.found(path, 0, {"linux-vdso.so.1", ::getauxval(AT_SYSINFO_EHDR)}); // never goes
    names.release(path, 1);
    CHECK_THROWS_WITH(names.acquire(path, second), "'/nowhere/reused.so' was written to while it is loaded, "
                                                   "so that neither the old version nor the new one can be "
                                                   "trusted; put new versions in place by renaming");
    names.release(path, 0);
}
