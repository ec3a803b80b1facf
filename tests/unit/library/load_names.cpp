// SPDX-License-Identifier: MIT
#include <tenon/detail/library/load_names.hpp>

#include <set>
#include <sys/auxv.h>

#include "catch.hpp"

using tenon::detail::file_identity;
using tenon::detail::load_names;
using tenon::detail::loaded_image;

namespace {

file_identity state(std::uint64_t inode, std::int64_t modified = 0) {
    file_identity made;
    made.inode = inode;
    made.modified = modified;
    return made;
}

void stays_open() {}

load_names& names = load_names::here();
int handle = 0;
loaded_image forever() {
    return {"linux-vdso.so.1", ::getauxval(AT_SYSINFO_EHDR)};
}

} // namespace

TEST_CASE("a name spells a registry and a number in what does not change the path", "[loaded_names]") {
    CHECK(load_names::name("/a/b/x.so", 0, 1) == "/a/b/././x.so");
    CHECK(load_names::name("/a/b/x.so", 0, 2) == "/a/b/.//.//x.so");
    CHECK(load_names::name("/a/b/x.so", 1, 1) == "/a/b//.//./x.so");
    CHECK(load_names::name("/x.so", 2, 3) == "//././/././x.so");

    std::set<std::string> all;
    for (std::uint64_t registry = 0; registry < 100; ++registry)
        for (std::uint64_t number = 1; number < 100; ++number)
            all.insert(load_names::name("/proc/self/fd/7", registry, number));
    CHECK(all.size() == 100 * 99);
    for (const std::string& each : all)
        REQUIRE(tenon::detail::posix::access((each.substr(0, each.size() - 1) + "0").c_str(), F_OK) == 0);
    // An address, and more names than a process ever has.
    CHECK(load_names::name("/x.so", ~std::uint64_t{0} >> 16, 1u << 31).size() < 300);
}

TEST_CASE("a copy of this code has a number of its own in the process, with keys and without",
          "[loaded_names]") {
    struct no_keys : tenon::detail::posix {
        static bool create_key(pthread_key_t&) noexcept { return false; }
        static void delete_key(pthread_key_t) noexcept { FAIL("there is none"); }
    };
    const tenon::detail::number_in_process<> first, second;
    const tenon::detail::number_in_process<no_keys> third, fourth;
    CHECK(std::set{first.value(), second.value(), third.value(), fourth.value()}.size() == 4);
}

TEST_CASE("one file that is in use is one library, and each other file has a name of its own",
          "[loaded_names]") {
    const std::string path = "/nowhere/x.so";
    const auto first = names.acquire(path, state(1), stays_open);
    CHECK_FALSE(first.handle);
    CHECK_FALSE(first.known);
    const auto meanwhile = names.acquire(path, state(1), stays_open); // the first is still being loaded
    CHECK(meanwhile.number != first.number);
    names.failed(path, meanwhile.number);
    names.found(path, first.number, &handle, forever());

    const auto again = names.acquire(path, state(1), stays_open);
    CHECK(again.number == first.number);
    CHECK(again.handle == &handle);
    CHECK(again.image == forever());
    const auto second = names.acquire(path, state(2), stays_open);
    CHECK_FALSE(second.handle);
    CHECK(second.number != first.number);
    CHECK(names.leave(path, first.number, true)->users == 1);
    names.failed(path, second.number);
    CHECK_FALSE(names.leave(path, first.number, true)); // has to close it
    names.failed(path, first.number);
    CHECK(names.unused(path) != names.unused(path));
}

TEST_CASE("what stays in memory after its last user keeps its name, and is counted", "[loaded_names]") {
    const std::string path = "/nowhere/pinned.so";
    const auto first = names.acquire(path, state(1), stays_open);
    names.found(path, first.number, &handle, forever());
    CHECK_FALSE(names.leave(path, first.number, true));
    const auto other = names.acquire(path, state(1), stays_open); // while the first is being closed
    CHECK(other.number != first.number);
    const auto left = names.closed(path, first.number);
    CHECK(left.mapped);
    CHECK(left.users == 1); // for all that is known, the other is the same library
    names.failed(path, other.number);

    const auto again = names.acquire(path, state(1), stays_open);
    CHECK(again.number == first.number);
    CHECK(again.known);
    CHECK_FALSE(again.handle);
    names.found(path, again.number, &handle, forever());
    CHECK(names.leave(path, again.number, false)->users == 0); // stays for good
    names.failed(path, again.number);
}

TEST_CASE("a file that was written to while it is loaded is told from the next file of its inode",
          "[loaded_names]") {
    const std::string path = "/nowhere/reused.so";
    const auto first = names.acquire(path, state(1), stays_open);
    // A library that is being loaded or closed may be gone.
    names.failed(path, names.acquire(path, state(1, 5), stays_open).number);
    names.found(path, first.number, &handle, forever());
    CHECK_THROWS_WITH(
        names.acquire(path, state(1, 5), stays_open),
        "'/nowhere/reused.so' was written to while it is loaded, so that neither the old version nor the "
        "new one can be trusted; put new versions in place by renaming");
    // The path names another file now, so the inode may have been reused since.
    CHECK_THROWS_WITH(
        names.acquire(path, state(1, 5), [] { throw tenon::error(tenon::errc::changed, "it changed"); }),
        "it changed");
    CHECK_FALSE(names.leave(path, first.number, true));
    names.failed(path, names.acquire(path, state(1, 5), stays_open).number);
    names.failed(path, first.number);
}
