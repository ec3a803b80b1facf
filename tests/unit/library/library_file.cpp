// SPDX-License-Identifier: MIT
#include <tenon/detail/library/library_file.hpp>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::library_file;
using tests::fs::path;

namespace {

struct workshop {
    tests::scratch_directory scratch;
    path library = tests::compiled(scratch / "part.so", tests::source_directory / "tests/plugins/part.cpp",
                                   {}, TENON_CXX);
};

} // namespace

TEST_CASE("a library file knows its manifest, and its path without links", "[library_file]") {
    const workshop here;
    tests::fs::create_symlink(here.library, here.scratch / "link.so");
    const library_file file((here.scratch / "link.so").native(), {});
    CHECK(file.path() == here.scratch / "link.so");
    CHECK(file.canonical_path() == here.library);
    REQUIRE(file.manifest().plugins().size() == 1);
    CHECK(file.manifest().plugins()[0].name == "plain");
    CHECK(file.unchanged());
}

TEST_CASE("a path that has no links in it is not resolved, and one that has is", "[library_file]") {
    struct counting : tenon::detail::posix {
        static int& resolved() {
            static int count = 0;
            return count;
        }
        static ssize_t readlink(const char* link, char* into, size_t size) noexcept {
            ++resolved();
            return posix::readlink(link, into, size);
        }
    };
    const workshop here;
    const auto times = [&](const path& file, const tenon::trust& rule = {}) {
        const int before = counting::resolved();
        CHECK(tenon::detail::basic_library_file<counting>(file.native(), rule).canonical_path() ==
              here.library);
        return counting::resolved() - before;
    };
    CHECK(times(here.library) == 0);
    CHECK(times(here.library, {.everyone = true}) == 1); // whose folders are not looked at
    CHECK(times(here.scratch / "." / "part.so") == 1);
    tests::fs::create_symlink(here.library, here.scratch / "link.so");
    CHECK(times(here.scratch / "link.so") == 1);
    tests::fs::create_directory_symlink(here.scratch.path(), here.scratch / "folder");
    CHECK(times(here.scratch / "folder" / "part.so") == 1);
}

TEST_CASE("a library that nobody has touched for a while is read once", "[library_file]") {
    struct counting : tenon::detail::posix {
        static int& reads() {
            static int count = 0;
            return count;
        }
        static int& later() {
            static int seconds = 0;
            return seconds;
        }
        static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
            ++reads();
            return posix::pread(fd, into, size, at);
        }
        static timespec now() noexcept {
            timespec time = posix::now();
            time.tv_sec += later();
            return time;
        }
    };
    using file = tenon::detail::basic_library_file<counting>;
    const workshop here;
    const auto times = [&](const path& library = {}) {
        const int before = counting::reads();
        const file looked_at((library.empty() ? here.library : library).native(), {});
        CHECK(looked_at.canonical_path() == here.library);
        CHECK(looked_at.manifest().plugins().at(0).name == "plain");
        CHECK(looked_at.unchanged());
        return counting::reads() - before;
    };
    constexpr int anew = 2; // the first page, and what the system's loader is told
    // A file as new as the look at it could be written again in the same tick.
    counting::later() = -10;
    CHECK(times() == anew);
    CHECK(times() == anew);
    counting::later() = 10;
    CHECK(times() == anew);
    CHECK(times() == 0);
    CHECK(times() == 0);
    CHECK(times(here.scratch / "." / "part.so") == anew);

    // Two at once have one each.
    {
        const file one(here.library.native(), {}), other(here.library.native(), {});
        CHECK(one.manifest().plugins().at(0).name == other.manifest().plugins().at(0).name);
    }
    CHECK(times() == 0);

    // A digest reads all of the file.
    const std::string bytes = tests::read(here.library);
    const tenon::allow_list<std::string> digest{tenon::detail::sha256(bytes).hex()};
    file(here.library.native(), {}).require_digest(digest);
    const auto copy = file(here.library.native(), {}).sealed_copy();
    CHECK(static_cast<std::size_t>(copy.status("").st_size) == bytes.size());
    {
        const file replaced(here.library.native(), {});
        tests::fs::copy_file(here.library, here.scratch / "new.so");
        tests::fs::rename(here.scratch / "new.so", here.library);
        CHECK(tests::refusal([&] {
                  replaced.require_digest(digest);
              }).find("changed while it was being loaded") != std::string::npos);
    }

    // Another file of that name, another mode, and folders that are nobody's to trust.
    CHECK(times() == anew);
    CHECK(times() == 0);
    tests::fs::permissions(here.library, tests::fs::perms::others_exec, tests::fs::perm_options::add);
    tests::fs::permissions(here.library, tests::fs::perms::others_exec, tests::fs::perm_options::remove);
    CHECK(times() == anew);
    tests::fs::permissions(here.scratch.path(), tests::fs::perms::others_write, tests::fs::perm_options::add);
    CHECK_THROWS_AS(file(here.library.native(), {}), tenon::error);
    tests::fs::permissions(here.scratch.path(), tests::fs::perms::others_write,
                           tests::fs::perm_options::remove);
    CHECK(times() == anew);
    tests::fs::resize_file(here.library, 100);
    CHECK_THROWS_AS(file(here.library.native(), {}), tenon::error);
}

TEST_CASE("a library file that was written to, replaced or removed has changed", "[library_file]") {
    const workshop here;
    const library_file file(here.library.native(), {});
    tests::fs::last_write_time(here.library,
                               tests::fs::last_write_time(here.library) + std::chrono::seconds(1));
    CHECK_FALSE(file.unchanged());
    const library_file again(here.library.native(), {});
    tests::fs::copy_file(here.library, here.scratch / "new.so");
    tests::fs::rename(here.scratch / "new.so", here.library);
    CHECK_FALSE(again.unchanged());
    const library_file last(here.library.native(), {});
    tests::fs::remove(here.library);
    CHECK_FALSE(last.unchanged());
}

TEST_CASE("a sealed copy has the bytes of the file, and takes no others", "[library_file]") {
    const workshop here;
    const library_file file(here.library.native(), {});
    const auto copy = file.sealed_copy();
    std::string bytes(static_cast<std::size_t>(tests::fs::file_size(here.library)) + 1, '\0');
    bytes.resize(static_cast<std::size_t>(::pread(copy.descriptor(), bytes.data(), bytes.size(), 0)));
    CHECK(bytes == tests::read(here.library));
    CHECK(::write(copy.descriptor(), "x", 1) < 0);
    CHECK(::ftruncate(copy.descriptor(), 0) < 0);
}

TEST_CASE(
    "a digest is that of the bytes that are loaded: of a sealed copy, what the file becomes is nothing to it",
    "[library_file]") {
    const workshop here;
    const std::string bytes = tests::read(here.library);
    const tenon::allow_list<std::string> known{tenon::detail::sha256(bytes).hex()};
    const library_file file(here.library.native(), {});
    file.require_digest({});
    file.require_digest(known);
    const auto copy = file.sealed_copy();
    std::string other = bytes;
    other.back() = static_cast<char>(other.back() ^ 1);
    tests::write(here.library, other);
    file.require_digest(known, copy);
    CHECK_THROWS_AS(file.require_digest(known), tenon::error);
    const auto late = file.sealed_copy();
    CHECK_THROWS_AS(file.require_digest(known, late), tenon::error);
    tests::fs::resize_file(here.library, 100);
    CHECK_THROWS_AS(file.require_digest(known), tenon::error);
}

TEST_CASE("a file that is replaced while it is being opened is an error that can be tried again",
          "[library_file]") {
    struct replaced : tenon::detail::posix {
        static ssize_t readlink(const char* link, char* into, size_t size) noexcept {
            const ssize_t length = posix::readlink(link, into, size);
            tests::fs::remove(std::string(into, static_cast<std::size_t>(length)));
            return posix::readlink(link, into, size);
        }
    };
    const workshop here;
    tests::fs::create_symlink(here.library, here.scratch / "link.so");
    try {
        tenon::detail::basic_library_file<replaced>((here.scratch / "link.so").native(), {});
        FAIL("no complaint");
    } catch (const tenon::error& e) {
        CHECK(e.code() == tenon::errc::changed);
    }
}

TEST_CASE("a file whose name ends as Linux marks a removed one is found", "[library_file]") {
    const workshop here;
    tests::fs::copy_file(here.library, here.scratch / "part.so (deleted)");
    CHECK(library_file((here.scratch / "part.so (deleted)").native(), {}).canonical_path() ==
          here.scratch / "part.so (deleted)");
}
