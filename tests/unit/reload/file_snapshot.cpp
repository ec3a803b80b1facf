// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/file_snapshot.hpp>

#include <chrono>
#include <thread>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::file_snapshot;

namespace {

/// Longer than a tick of the clock that files are stamped with.
void wait() {
    std::this_thread::sleep_for(std::chrono::milliseconds(12));
}

} // namespace

TEST_CASE("files are in the same state until one is written, comes or goes", "[file_states]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "sources/a.cpp", "1");
    const std::vector<std::string> paths{scratch / "sources", scratch / "missing.hpp"};
    const file_snapshot before(paths);
    CHECK(before == file_snapshot(paths));

    SECTION("a file in a folder") {
        tests::write(scratch / "sources/a.cpp", "12");
    }
    SECTION("a new one in a folder") {
        tests::write(scratch / "sources/b.cpp", "");
    }
    SECTION("one that goes") {
        tests::fs::remove(scratch / "sources/a.cpp");
    }
    SECTION("one that was not there") {
        tests::write(scratch / "missing.hpp", "");
    }
    SECTION("a folder that goes") {
        tests::fs::rename(scratch / "sources", scratch / "gone");
    }
    CHECK_FALSE(before == file_snapshot(paths));
}

TEST_CASE("what an editor leaves beside a file does not count", "[file_states]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "a.cpp", "1");
    const std::vector<std::string> paths{scratch.path()};
    const file_snapshot before(paths);
    tests::write(scratch / ".a.cpp.swp", "");
    tests::write(scratch / "a.cpp~", "");
    tests::fs::create_directory(scratch / "folder");
    CHECK(before == file_snapshot(paths));
}

TEST_CASE("what is known later to matter is as it is then, unless it changed after the look",
          "[file_states]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "a.cpp", "1");
    tests::write(scratch / "a.hpp", "1");
    const std::vector<std::string> first{scratch / "a.cpp"}, both{scratch / "a.cpp", scratch / "a.hpp"};
    wait();
    const file_snapshot before(first);
    CHECK(before.with(both) == file_snapshot(both));
    wait();
    tests::write(scratch / "a.hpp", "2");
    CHECK_FALSE(before.with(both) == file_snapshot(both));
}

TEST_CASE("what is known from the look is as it was then", "[file_states]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "a.cpp", "1");
    const std::vector<std::string> paths{scratch / "a.cpp"};
    wait();
    const file_snapshot before(paths);
    wait();
    tests::write(scratch / "a.cpp", "2");
    CHECK_FALSE(before.with(paths) == file_snapshot(paths));
}

TEST_CASE("a file that was written in the tick of the clock in which it was looked at is never the same",
          "[file_states]") {
    struct stopped : tenon::detail::posix {
        static timespec now() noexcept { return {0, 0}; } // a clock that does not tick
    };
    const tests::scratch_directory scratch;
    tests::write(scratch / "a.cpp", "1");
    const std::vector<std::string> paths{scratch / "a.cpp"};
    using states = tenon::detail::basic_file_snapshot<stopped>;
    const states before(paths);
    CHECK(before == states(paths));
    CHECK_FALSE(before.with(paths) == states(paths));
}
