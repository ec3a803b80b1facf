// SPDX-License-Identifier: MIT
#include <tenon/detail/build/input_tracker.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::basic_input_tracker;
using tenon::detail::build_result;
using tenon::detail::expected_inputs;
using tenon::detail::source_directories;
using tests::write;
using tests::fs::path;
using list = std::vector<std::string>;

namespace {

/// A source and a header in another folder, which a compiler reads.
struct compiler {
    compiler() {
        write(folder / "main.cpp", "1");
        write(include / "own.hpp", "2");
    }

    /// What has changed, and how, where this is done while it runs.
    template <class F>
    std::string change(F&& meanwhile) {
        expected.files.insert(folder / "main.cpp");
        basic_input_tracker<> observed(folder.native(), expected);
        observed.begin({include, folder});
        // Files are stamped in steps of the kernel's clock.
        std::this_thread::sleep_for(std::chrono::milliseconds(12));
        meanwhile();
        const auto taken = observed.take({folder / "main.cpp", include / "own.hpp"}, others);
        const bool same = taken.has_value();
        CHECK(same == observed.changed().path.empty());
        made = taken.value_or(build_result());
        std::string path = observed.changed().path;
        if (path.find(root.path().native()) == 0)
            path.replace(0, root.path().native().size(), "~");
        return same ? "nothing" : path + ": " + observed.changed().how;
    }

    tests::scratch_directory root;
    path folder = root / "plugin", include = root / "include";
    source_directories others{.in = folder};
    expected_inputs expected;
    build_result made;
};

} // namespace

TEST_CASE("what changes while a compiler runs is named, with what it was", "[input_tracker]") {
    compiler run;
    CHECK(run.change([] {}) == "nothing");
    CHECK(run.made.files.size() == 2);
    CHECK(run.made.folders.size() == 3); // and /usr/local/include
    CHECK(run.change([&] { write(run.folder / "main.cpp", "123"); }) ==
          "~/plugin/main.cpp: it had 1 bytes, and then 3");
    CHECK(run.change([&] { write(run.folder / "main.cpp", "456"); }) ==
          "~/plugin/main.cpp: it was written to");
    CHECK(run.change([&] {
        write(run.root / "another", "789");
        rename(run.root / "another", run.folder / "main.cpp");
    }) == "~/plugin/main.cpp: another file took its place");
    CHECK(run.change([&] { remove(run.folder / "main.cpp"); }) ==
          "~/plugin/main.cpp: it is gone, or cannot be read any more");
    write(run.folder / "main.cpp", "1");

    // Before it is known that it will be read, no more can be told.
    run.expected = {};
    CHECK(run.change([&] { write(run.include / "own.hpp", "34"); }) ==
          "~/include/own.hpp: it was written to, or is new");
    CHECK(run.change([&] { write(run.include / "own.hpp", "5"); }) ==
          "~/include/own.hpp: it had 2 bytes, and then 1");
}

TEST_CASE("a folder changes where a name comes or goes that matters, already the first time",
          "[input_tracker]") {
    const auto change = [](auto&& meanwhile) {
        compiler run;
        write(run.folder / "old.cpp", "");
        return run.change([&] { meanwhile(run); });
    };
    CHECK(change([](compiler& run) { write(run.folder / "notes.txt", ""); }) == "nothing");
    CHECK(change([](compiler& run) { write(run.include / "other.hpp", ""); }) == "nothing");
    CHECK(change([](compiler& run) { write(run.folder / ".main.cpp.swp", ""); }) == "nothing");
    CHECK(change([](compiler& run) { write(run.folder / "new.cpp", ""); }) ==
          "~/plugin: 'new.cpp' came into it");
    CHECK(change([](compiler& run) { write(run.folder / "own.hpp", ""); }) ==
          "~/plugin: 'own.hpp' came into it");
    CHECK(change([](compiler& run) { remove(run.folder / "old.cpp"); }) ==
          "~/plugin: 'old.cpp' went from it");
    // A file before the folder that it is in.
    CHECK(change([](compiler& run) {
              write(run.folder / "new.cpp", "");
              write(run.folder / "main.cpp", "12");
          }) == "~/plugin/main.cpp: it had 1 bytes, and then 2");
}

TEST_CASE("what is moved away and back while a compiler runs may have been missed", "[input_tracker]") {
    compiler run;
    write(run.folder / "own.hpp", ""); // which the compiler would have found first
    CHECK(run.change([] {}) == "nothing");
    CHECK(run.change([&] {
        rename(run.folder / "own.hpp", run.folder / "away");
        rename(run.folder / "away", run.folder / "own.hpp");
    }) == "~/plugin/own.hpp: it was written to, or is new");
}
