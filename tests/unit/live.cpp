// SPDX-License-Identifier: MIT
#include <tenon/live.hpp>

#include <tenon/loader.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/beacon.hpp"
#include "remote.hpp"

using tenon::reload_event;
using tests::fs::path;
using step = tenon::reload_event::step;
using way = beacon::way;
using namespace std::chrono_literals;

namespace {

/// The bytes of plugins/beacon.cpp, compiled once for each set of flags, as the given version of it.
std::string beacon_library(long version, const std::vector<std::string>& flags = {}) {
    static const tests::scratch_directory scratch;
    static std::mutex one_at_a_time;
    const std::lock_guard locked(one_at_a_time);
    std::string name = "beacon";
    for (const std::string& flag : flags)
        name += flag;
    std::erase_if(name, [](char c) { return c == '/' || c == ','; });
    if (!tests::fs::exists(scratch / name)) {
        std::vector<std::string> all{"-O1", "-fno-gnu-unique", "-fvisibility-inlines-hidden"};
        all.insert(all.end(), flags.begin(), flags.end());
        tests::compiled(scratch / name, tests::source_directory / "tests/plugins/beacon.cpp", all, TENON_GXX);
    }
    std::string bytes = tests::read(scratch / name);
    const std::string digits = std::to_string(1'000'000 + version).substr(1), mark = "beacon version 000001";
    const auto at = bytes.find(mark);
    REQUIRE(at != bytes.npos);
    bytes.replace(at + mark.size() - 6, 6, digits);
    return bytes;
}

/// What the versions tell their host.
struct host : beacon_host {
    void made(long version) override { add("made", version); }
    void destroyed(long version) override { add("destroyed", version); }
    void asked(long version) override {
        if (version < -2000)
            add("resumed", -2000 - version);
        else if (version < -1000)
            add("quiesced", -1000 - version);
        else if (during)
            during(version);
    }

    void add(const std::string& what, long version) {
        const std::lock_guard locked(mutex);
        log.push_back(what + ' ' + std::to_string(version));
    }
    std::vector<std::string> said() {
        const std::lock_guard locked(mutex);
        return std::exchange(log, {});
    }

    std::mutex mutex;
    std::vector<std::string> log;
    std::function<void(long)> during; // an answer
};

/// What happened to a watched plugin, to be waited for.
class events {
public:
    void add(const reload_event& what) {
        {
            const std::lock_guard locked(mutex_);
            all_.push_back(what);
        }
        more_.notify_all();
    }

    /// The next event of that kind; the test fails where there is none in half a minute.
    reload_event next(step what) {
        std::unique_lock locked(mutex_);
        for (;;) {
            for (; seen_ < all_.size(); ++seen_)
                if (all_[seen_].what == what)
                    return all_[seen_++];
            if (more_.wait_for(locked, 30s) == std::cv_status::timeout) {
                std::string text = "waited for an event that does not come; there were:";
                for (const reload_event& each : all_)
                    text += "\n" + each.text();
                FAIL(text);
            }
        }
    }
    std::size_t count(step what) {
        const std::lock_guard locked(mutex_);
        return static_cast<std::size_t>(std::count_if(
            all_.begin(), all_.end(), [&](const reload_event& each) { return each.what == what; }));
    }
    std::vector<std::string> texts() {
        const std::lock_guard locked(mutex_);
        std::vector<std::string> found;
        for (const reload_event& each : std::exchange(all_, {}))
            found.push_back(each.text());
        seen_ = 0;
        return found;
    }

private:
    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<reload_event> all_;
    std::size_t seen_ = 0;
};

/// A folder with a library that is watched.
struct workshop {
    tests::scratch_directory scratch;
    path library = scratch / "beacon.so";
    host versions;
    events happened;
    tenon::loader loader;

    explicit workshop(tenon::loader_options options = {}, const std::vector<std::string>& flags = {})
        : loader(with(options)) {
        put(1, flags);
    }

    tenon::loader_options with(tenon::loader_options options) {
        if (options.cache.empty())
            options.cache = scratch / "cache";
        options.profile = tenon::profile::quick;
        return options;
    }

    tenon::live<beacon> watch(const std::string& driver = "") {
        auto watched =
            loader.watch<beacon>(driver.empty() ? library.native() : driver, std::ref<beacon_host>(versions));
        watched.on_event([this](const reload_event& what) { happened.add(what); });
        return watched;
    }

    /// As an installer should.
    void put(long version, const std::vector<std::string>& flags = {}) {
        tests::write(scratch / "new", beacon_library(version, flags));
        tests::fs::permissions(scratch / "new", tests::fs::perms::owner_all);
        tests::fs::rename(scratch / "new", library);
    }
};

/// Sources of a plugin whose version is a number in them.
struct source_folder {
    path folder;

    explicit source_folder(const path& where) : folder(where) {
        for (const char* name : {"beacon.hpp", "beacon.cpp"})
            tests::write(folder / name, tests::read(tests::source_directory / "tests/plugins" / name));
        set(1);
    }
    void set(long version, const std::string& more = "") const {
        std::string text = tests::read(tests::source_directory / "tests/plugins/beacon.cpp");
        text.replace(text.find("000001"), 6, std::to_string(1'000'000 + version).substr(1));
        tests::write(folder / "beacon.cpp", text + more);
    }
};

/// A driver's C++ compiler, which does as a script says first.
std::vector<std::string> slow_compiler(const path& at, const std::string& script) {
    tests::write(at, "#!/bin/sh\n" + script + "\nexec " TENON_GXX " \"$@\"\n");
    tests::fs::permissions(at, tests::fs::perms::owner_all);
    return {at.native()};
}

/// In kilobytes, of this process.
std::size_t memory() {
    const std::string all = tests::read("/proc/self/status");
    return std::stoul(all.substr(all.find("RssAnon:") + 8));
}

std::size_t mappings(const std::string& of) {
    const std::string all = tests::read("/proc/self/maps");
    std::size_t count = 0;
    for (std::size_t at = 0; (at = all.find(of, at)) != all.npos; ++at)
        ++count;
    return count;
}
std::ptrdiff_t descriptors() {
    const tests::fs::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

} // namespace

TEST_CASE("a call goes to the version that its library has now, without being asked to", "[live]") {
    workshop here;
    const auto watched = here.watch();
    CHECK(watched->version(way::at_once) == 1);
    here.put(2);
    const reload_event replaced = here.happened.next(step::replaced);
    CHECK(replaced.version == 2);
    CHECK(watched->version(way::at_once) == 2);
    CHECK(watched.status().version == 2);
    CHECK(watched.status().info.name == "lit");
    CHECK(watched.status().replaced == 1);
    CHECK(watched.status().refused == 0);
    here.put(3);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 3);
}

TEST_CASE("a version is made beside the old one, which goes afterwards, and every step is told", "[live]") {
    workshop here;
    auto watched = here.watch();
    CHECK(here.versions.said() == std::vector<std::string>{"made 1"});
    here.put(2);
    here.happened.next(step::retired);
    CHECK(here.versions.said() == std::vector<std::string>{"made 2", "destroyed 1"});
    here.put(3);
    here.happened.next(step::retired);
    CHECK(here.happened.texts() ==
          std::vector<std::string>{
              "version 2 of lit 1.0.0 is there and is being loaded", "version 2 of lit 1.0.0 has taken over",
              "version 1 of lit 1.0.0 is retired", "version 3 of lit 1.0.0 is there and is being loaded",
              "version 1 of lit 1.0.0's code is unmapped", "version 3 of lit 1.0.0 has taken over",
              "version 2 of lit 1.0.0 is retired"});
}

TEST_CASE("a library that is written over in place does not reach code that runs", "[live]") {
    workshop here;
    const auto watched = here.watch();
    for (long version = 2; version < 6; ++version) {
        tests::write(here.library, beacon_library(version)); // as cp does: the file is cut to nothing first
        here.happened.next(step::replaced);
        CHECK(watched->version(way::at_once) == version);
    }
}

TEST_CASE("a library that is still being written is refused, and taken once it is whole", "[live]") {
    workshop here;
    const auto watched = here.watch();
    const std::string bytes = beacon_library(2);
    {
        // A linker that closes its output before it is complete.
        tests::write(here.library, bytes.substr(0, bytes.size() / 2));
        const reload_event refused = here.happened.next(step::refused);
        CHECK(refused.version == 1);
        INFO(refused.reason);
        CHECK(refused.reason.find("truncated") != std::string::npos);
        CHECK(watched->version(way::at_once) == 1);
        CHECK(watched.status().refusal == refused.reason);
    }
    std::ofstream(here.library, std::ios::app | std::ios::binary) << bytes.substr(bytes.size() / 2);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 2);
    CHECK(watched.status().refusal.empty());
}

TEST_CASE("a library that goes away leaves its version serving, and is taken when it is back", "[live]") {
    workshop here;
    const path folder = here.scratch / "plugins";
    tests::fs::create_directory(folder);
    tests::fs::rename(here.library, folder / "beacon.so");
    here.library = folder / "beacon.so";
    const auto watched = here.watch();
    tests::fs::rename(folder, here.scratch / "elsewhere");
    CHECK(here.happened.next(step::refused).reason ==
          "cannot look at '" + here.library.native() + "': No such file or directory");
    CHECK(watched->version(way::at_once) == 1);
    tests::fs::create_directory(folder);
    here.put(2);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("what the new version is refused for does not disturb the old one", "[live]") {
    workshop here;
    auto watched = here.watch();

    SECTION("it throws while it is made, something that only its own library knows") {
        here.put(100666);
        CHECK(here.happened.next(step::refused).reason == "100666");
    }
    SECTION("the host's check does not like it") {
        watched.check([](beacon& candidate) {
            if (candidate.version(way::at_once) == 2)
                throw std::runtime_error("the canary died");
        });
        here.put(2);
        CHECK(here.happened.next(step::refused).reason == "the canary died");
        CHECK(here.versions.said() == std::vector<std::string>{"made 1", "made 2", "destroyed 2"});
    }
    SECTION("it does not fit") {
        tests::write(here.scratch / "calculator",
                     tests::read(tests::compiled(here.scratch / "calculator.so", tests::calculator)));
        tests::fs::permissions(here.scratch / "calculator", tests::fs::perms::owner_all);
        tests::fs::rename(here.scratch / "calculator", here.library);
        CHECK(here.happened.next(step::refused).reason.find("has no plugin of type 'beacon'") !=
              std::string::npos);
    }
    CHECK(watched->version(way::at_once) == 1);
    CHECK(watched.status().version == 1);
    CHECK(watched.status().refused == 1);
    here.put(3);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 3);
    CHECK(watched.status().refusal.empty());
}

TEST_CASE("refresh() answers what came of it, and takes what was refused before", "[live]") {
    workshop here;
    auto watched = here.watch();
    CHECK(watched.refresh().what == step::unchanged);
    CHECK(watched.refresh().text() == "version 1 of lit 1.0.0 goes on, as nothing is newer");
    bool healthy = false;
    watched.check([&](beacon&) {
        if (!healthy)
            throw std::runtime_error("not now");
    });
    here.put(2);
    here.happened.next(step::refused);
    healthy = true;
    const reload_event taken = watched.refresh();
    CHECK(taken.what == step::replaced);
    CHECK(taken.took.count() > 0);
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("a version hands its state on, also when it is rolled back", "[live]") {
    workshop here({}, {"-DHANDS_ON"});
    auto watched = here.watch();
    for (int i = 0; i < 3; ++i)
        watched->version(way::at_once);
    here.put(2, {"-DHANDS_ON"});
    here.happened.next(step::replaced);
    CHECK(watched->total() == 3);
    watched->version(way::at_once);
    CHECK(watched.rollback().what == step::rolled_back);
    CHECK(watched->version(way::at_once) == 1);
    CHECK(watched->total() == 5);
}

TEST_CASE("a version without a state to hand on leaves the next one as it was made", "[live]") {
    workshop here({}, {"-DHANDS_ON"});
    auto watched = here.watch();
    watched->version(way::at_once);
    here.put(2);
    here.happened.next(step::replaced);
    CHECK(watched->total() == 0);
}

TEST_CASE(
    "what only one version can have is given up before the next is made, and taken back where that fails",
    "[live]") {
    workshop here({}, {"-DEXCLUSIVE"});
    auto watched = here.watch();
    here.put(2, {"-DEXCLUSIVE"});
    here.happened.next(step::retired);
    CHECK(here.versions.said() == std::vector<std::string>{"made 1", "quiesced 1", "made 2", "destroyed 1"});
    watched.check([](beacon&) { throw std::runtime_error("no"); });
    here.put(3, {"-DEXCLUSIVE"});
    here.happened.next(step::refused);
    CHECK(here.versions.said() ==
          std::vector<std::string>{"quiesced 2", "made 3", "destroyed 3", "resumed 2"});
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("the version before takes over again, once, and what was there is not taken until it changes",
          "[live]") {
    workshop here;
    auto watched = here.watch();
    CHECK(
        tests::refusal([&] { watched.rollback(); }) ==
        "there is no version of 'lit' to go back to: only the one before the newest is kept, and only once");
    here.put(2);
    here.happened.next(step::replaced);
    const reload_event back = watched.rollback();
    CHECK(back.what == step::rolled_back);
    CHECK(back.version == 3);
    CHECK(back.text() == "version 3 of lit 1.0.0 has taken over again");
    CHECK(watched->version(way::at_once) == 1);
    CHECK(watched.status().refusal == "version 2 was rolled back");
    CHECK(tests::refusal([&] { watched.rollback(); }).find("there is no version of 'lit' to go back to") ==
          0);

    tests::fs::last_write_time(here.scratch / "beacon.so",
                               tests::fs::last_write_time(here.library)); // says nothing new
    tests::write(here.scratch / "unrelated", "");
    CHECK(watched->version(way::at_once) == 1);
    here.put(4);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 4);
}

TEST_CASE("a rollback that comes to nothing leaves the version that serves", "[live]") {
    workshop here;
    auto watched = here.watch();
    here.put(2);
    here.happened.next(step::replaced);
    watched.check([](beacon&) { throw std::runtime_error("no way back"); });
    const reload_event refused = watched.rollback();
    CHECK(refused.what == step::refused);
    CHECK(refused.reason == "no way back");
    CHECK(watched->version(way::at_once) == 2);
    watched.check({});
    CHECK(watched.rollback().what == step::rolled_back);
}

TEST_CASE("a pinned version stays, and goes with who lets go of it last", "[live]") {
    workshop here;
    auto watched = here.watch();
    auto pinned = watched.pin();
    auto other = watched.pin();
    here.put(2);
    here.happened.next(step::replaced);
    CHECK(pinned->version(way::at_once) == 1);
    CHECK(pinned.version() == 1);
    CHECK(pinned.info().name == "lit");
    CHECK(watched->version(way::at_once) == 2);
    other = {};
    CHECK(here.happened.count(step::retired) == 0);
    pinned = watched.pin();
    CHECK(here.happened.next(step::retired).version == 1);
    CHECK(pinned->version(way::at_once) == 2);
}

TEST_CASE("a pinned version may outlive what it is a version of", "[live]") {
    workshop here;
    tenon::pinned<beacon> pinned;
    CHECK_FALSE(pinned);
    {
        const auto watched = here.watch();
        pinned = watched.pin();
    }
    CHECK(pinned);
    CHECK(pinned->version(way::at_once) == 1);
    CHECK(here.versions.said() == std::vector<std::string>{"made 1"});
    pinned = {};
    CHECK(here.versions.said() == std::vector<std::string>{"destroyed 1"});
    CHECK(mappings("tenon-beacon") == 0);
}

TEST_CASE("a call that lasts keeps its version, and nobody waits for it", "[live]") {
    workshop here;
    const auto watched = here.watch();
    std::mutex mutex;
    std::condition_variable changed;
    bool inside = false, leave = false;
    here.versions.during = [&](long) {
        std::unique_lock locked(mutex);
        inside = true;
        changed.notify_all();
        changed.wait(locked, [&] { return leave; });
    };
    long answered = 0;
    std::thread caller([&] { answered = watched->version(way::by_the_host); });
    {
        std::unique_lock locked(mutex);
        changed.wait(locked, [&] { return inside; });
    }
    for (long version = 2; version < 5; ++version) {
        here.put(version);
        here.happened.next(step::replaced);
        CHECK(watched->version(way::at_once) == version);
    }
    // The others go meanwhile, and not this one.
    CHECK(here.happened.count(step::retired) <= 2);
    CHECK(watched.status().mapped >= 3);
    {
        const std::lock_guard locked(mutex);
        leave = true;
    }
    changed.notify_all();
    caller.join();
    CHECK(answered == 1);
    for (bool gone = false; !gone;)
        gone = here.happened.next(step::closed).version == 1;
}

TEST_CASE("a call that leaves by an exception keeps its version's code while that is handled", "[live]") {
    workshop here;
    const auto watched = here.watch();
    try {
        watched->version(way::by_exception);
        FAIL("it did not throw");
    } catch (const std::exception& e) {
        for (long version = 2; version < 5; ++version) {
            here.put(version);
            here.happened.next(step::replaced);
        }
        CHECK(watched->version(way::at_once) == 4);
        CHECK(here.happened.count(step::retired) >= 1);
        CHECK(std::string(e.what()) == "000001");
    }
    CHECK(watched->version(way::at_once) == 4);
    for (bool gone = false; !gone;)
        gone = here.happened.next(step::closed).version == 1;
}

TEST_CASE("calls may be made within calls, as deep as one likes", "[live]") {
    workshop here;
    const auto watched = here.watch();
    constexpr long deepest = 12;
    std::vector<long> answers;
    std::size_t mapped = 0;
    here.versions.during = [&](long version) {
        if (version == deepest) {
            mapped = watched.status().mapped; // versions without calls may be gone already
            return;
        }
        here.put(version + 1);
        here.happened.next(step::replaced);
        answers.push_back(watched->version(way::by_the_host));
    };
    CHECK(watched->version(way::by_the_host) == 1);
    CHECK(mapped == deepest);
    std::sort(answers.begin(), answers.end());
    for (long i = 0; i + 1 < deepest; ++i)
        CHECK(answers.at(static_cast<std::size_t>(i)) == i + 2);
    for (long gone = 0; gone < deepest - 2; ++gone)
        here.happened.next(step::closed);
    CHECK(watched.status().mapped == 2);
}

TEST_CASE("versions that stay in memory are counted, told with their cause, and bounded", "[live]") {
    tenon::loader_options options;
    options.reload.most_versions = 4;
    workshop here(options, {"-Wl,-z,nodelete"});
    auto watched = here.watch();
    for (long version = 2; version < 5; ++version) {
        here.put(version, {"-Wl,-z,nodelete"});
        here.happened.next(step::replaced);
    }
    here.put(5, {"-Wl,-z,nodelete"});
    const std::string why = "'" + here.library.native() + "' stays in memory: it was linked with -z nodelete";
    CHECK(here.happened.next(step::refused).reason ==
          "4 versions are in memory, and options.reload.most_versions allows 4: " + why);
    CHECK(watched.status().mapped == 4);
    CHECK(watched->version(way::at_once) == 4);
    const std::vector<std::string> told = here.happened.texts();
    CHECK(std::count(told.begin(), told.end(), "version 1 of lit 1.0.0's code stays: " + why) == 1);
    CHECK(std::count(told.begin(), told.end(), "version 2 of lit 1.0.0's code stays: " + why) == 1);
}

TEST_CASE("room for fewer than three versions lets one reload happen, and the next says why it cannot",
          "[live]") {
    tenon::loader_options options;
    options.reload.most_versions = 2;
    workshop here(options);
    auto watched = here.watch();
    here.put(2);
    here.happened.next(step::replaced);
    here.put(3);
    CHECK(here.happened.next(step::refused).reason ==
          "2 versions are in memory, and options.reload.most_versions allows 2: one serves, and the one "
          "before is kept for a rollback; "
          "allow 3 or more");
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("a version for which there was no room is taken when there is some", "[live]") {
    tenon::loader_options options;
    options.reload.most_versions = 3;
    workshop here(options);
    auto watched = here.watch();
    auto pinned = watched.pin();
    for (long version = 2; version < 4; ++version) {
        here.put(version);
        here.happened.next(step::replaced);
    }
    here.put(4);
    CHECK(here.happened.next(step::refused).reason ==
          "3 versions are in memory, and options.reload.most_versions allows 3, because calls in them have "
          "not returned");
    CHECK(watched->version(way::at_once) == 3);
    pinned = {};
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 4);
}

TEST_CASE("a link that is switched between two releases, and an edit that is undone, can be for ever",
          "[live]") {
    const bool copies = GENERATE(true, false);
    const std::vector<std::string> flags =
        GENERATE(std::vector<std::string>{}, std::vector<std::string>{"-Wl,-z,nodelete"});
    tenon::loader_options options;
    options.reload.copy_libraries = copies;
    options.reload.most_versions = 3;
    workshop here(options, flags);
    const auto release = [&](long version) {
        const path file = here.scratch / ("release" + std::to_string(version) + ".so");
        if (!tests::fs::exists(file))
            tests::write(file, beacon_library(version, flags));
        tests::fs::create_symlink(file, here.scratch / "new");
        tests::fs::rename(here.scratch / "new", here.library);
    };
    release(1);
    const auto watched = here.watch();
    for (int i = 0; i < 25; ++i)
        for (const long version : {2, 1}) {
            release(version);
            here.happened.next(step::replaced);
            REQUIRE(watched->version(way::at_once) == version);
            CHECK(watched.status().mapped == 2);
        }
    CHECK(watched.status().refused == 0);
    release(3); // a real one
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 3);
    CHECK(watched.status().version == 52);
}

TEST_CASE("three releases in turn are as many libraries, also where a pinned version and another handle have "
          "one of them",
          "[live]") {
    tenon::loader_options options;
    options.reload.copy_libraries = false;
    options.reload.most_versions = 4;
    workshop here(options);
    for (const long version : {1, 2, 3, 4})
        tests::write(here.scratch / ("release" + std::to_string(version) + ".so"), beacon_library(version));
    const auto release = [&](long version) {
        tests::fs::create_symlink("release" + std::to_string(version) + ".so", here.scratch / "new");
        tests::fs::rename(here.scratch / "new", here.library);
    };
    release(1);
    const tenon::plugin<beacon> other{here.scratch / "release2.so", here.versions};
    const auto watched = here.watch();
    const auto pinned = watched.pin();
    for (int i = 0; i < 10; ++i)
        for (const long version : {2, 3, 1}) {
            release(version);
            here.happened.next(step::replaced);
            REQUIRE(watched->version(way::at_once) == version);
            CHECK(watched.status().mapped <= 3);
        }
    release(4);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 4);
    CHECK(pinned->version(way::at_once) == 1);
}

TEST_CASE("sources that are edited and taken back again and again are two libraries", "[live]") {
    tenon::loader_options options;
    options.reload.most_versions = 3;
    workshop here(options);
    const source_folder sources(here.scratch / "sources");
    auto watched = here.watch(sources.folder.native());
    for (int i = 0; i < 5; ++i)
        for (const long version : {2, 1}) {
            sources.set(version);
            here.happened.next(step::replaced);
            REQUIRE(watched->version(way::at_once) == version);
            CHECK(watched.status().mapped == 2);
        }
    CHECK(watched.rollback().what == step::rolled_back);
    CHECK(watched->version(way::at_once) == 2);
    CHECK(watched.status().mapped <= 2);
    sources.set(3);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 3);
}

TEST_CASE("a library that is built once more from the same sources is nothing newer", "[live]") {
    workshop here;
    const source_folder sources(here.scratch / "sources");
    auto watched = here.watch(sources.folder.native());
    sources.set(2);
    here.happened.next(step::replaced);
    // As when another process has pruned the cache. An update of the system's packages has it built again,
    // too.
    const path built = watched.status().info.path;
    REQUIRE(tests::fs::remove(built));
    CHECK(watched.refresh().what == step::unchanged);
    CHECK(tests::fs::exists(built));
    CHECK(watched.status().mapped == 2);
    CHECK(watched.status().replaced == 1);
    sources.set(1);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 1);
}

TEST_CASE("a version that is refused and stays in memory counts once, however often it is tried", "[live]") {
    tenon::loader_options options;
    options.reload.copy_libraries = false;
    options.reload.most_versions = 4;
    workshop here(options, {"-Wl,-z,nodelete"});
    auto watched = here.watch();
    here.put(100666, {"-Wl,-z,nodelete"});
    here.happened.next(step::refused);
    for (int i = 0; i < 20; ++i)
        CHECK(watched.refresh().reason == "100666");
    CHECK(watched.status().mapped == 2);
    here.put(2, {"-Wl,-z,nodelete"});
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("a version for which there was no room is taken when another handle has made some", "[live]") {
    tenon::loader_options options;
    options.reload.copy_libraries = false;
    options.reload.most_versions = 3;
    workshop here(options);
    auto other = std::make_unique<tenon::plugin<beacon>>(here.library, here.versions);
    const auto watched = here.watch();
    for (const long version : {2, 3}) {
        here.put(version);
        here.happened.next(step::replaced);
    }
    here.put(4);
    CHECK(here.happened.next(step::refused).reason ==
          "3 versions are in memory, and options.reload.most_versions allows 3: '" + here.library.native() +
              "' stays in memory: it has 1 more open handle");
    other.reset();
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 4);
    CHECK(watched.status().refusal.empty());
}

TEST_CASE("versions leave no files behind, neither those that serve nor those that are gone", "[live]") {
    workshop here;
    const auto watched = here.watch();
    const auto files = [&] {
        std::vector<std::string> names;
        for (const auto& each : tests::fs::recursive_directory_iterator(here.scratch.path()))
            names.push_back(each.path().filename());
        return names;
    };
    for (long version = 2; version < 5; ++version) {
        here.put(version);
        here.happened.next(step::replaced);
        CHECK(files() == std::vector<std::string>{"beacon.so"});
    }
}

TEST_CASE("a built-in is watched too, and never changes", "[live]") {
    struct fixed final : beacon {
        explicit fixed(beacon_host&) {}
        long version(way) override { return 7; }
        long total() const override { return 0; }
    };
    tenon::loader loader;
    loader.built_ins().add<beacon, fixed>("fixed", "1.0.0");
    host versions;
    auto watched = loader.watch<beacon>("fixed", std::ref<beacon_host>(versions));
    CHECK(watched->version(way::at_once) == 7);
    CHECK(watched.refresh().what == step::unchanged);
}

TEST_CASE("what is watched throws for its first version as a load does", "[live]") {
    workshop here;
    CHECK(tests::refusal([&] { here.watch("./nowhere.so"); }).find("there is no './nowhere.so'") == 0);
    here.put(100666);
    CHECK_THROWS_WITH(here.watch(), "100666");
}

TEST_CASE("a handler may ask for a reload, replace itself, and throw", "[live]") {
    workshop here;
    auto watched = here.watch();
    std::vector<std::string> told;
    watched.on_event([&](const reload_event& what) {
        told.push_back(what.text());
        if (what.what == step::replaced) {
            watched.on_event([&](const reload_event& later) {
                here.happened.add(later);
                throw std::runtime_error("nobody hears this");
            });
            watched.rollback();
        }
    });
    here.put(2);
    CHECK(here.happened.next(step::rolled_back).version == 3);
    CHECK(watched->version(way::at_once) == 1);
    CHECK(told.back() == "version 2 of lit 1.0.0 has taken over");
}

TEST_CASE("handlers that ask for a reload and threads that make one do not wait for each other", "[live]") {
    workshop here;
    auto watched = here.watch();
    watched.on_event([&](const reload_event& what) {
        if (what.what == step::retired) {
            std::this_thread::sleep_for(1ms); // in which another thread begins to
            watched.refresh();
        }
    });
    std::atomic<bool> done = false;
    std::thread other([&] {
        while (!done)
            watched.refresh();
    });
    for (long version = 2; version < 40; ++version) {
        here.put(version);
        watched.refresh();
    }
    done = true;
    other.join();
    CHECK(watched->version(way::at_once) == 39);
}

TEST_CASE("many plugins are watched by one thread", "[live]") {
    const auto threads = [] {
        const tests::fs::directory_iterator all("/proc/self/task");
        return std::distance(begin(all), end(all));
    };
    workshop here;
    const auto before = threads();
    {
        std::vector<tenon::live<beacon>> all;
        std::vector<path> libraries;
        for (int i = 0; i < 20; ++i) {
            libraries.push_back(here.scratch / (std::to_string(i) + ".so"));
            tests::write(libraries.back(), beacon_library(1));
            tests::fs::permissions(libraries.back(), tests::fs::perms::owner_all);
            all.push_back(here.watch(libraries.back().native()));
        }
        CHECK(threads() == before + 1);
        for (int i = 0; i < 20; ++i)
            tests::write(libraries[static_cast<std::size_t>(i)], beacon_library(100 + i));
        for (int i = 0; i < 20; ++i)
            here.happened.next(step::replaced);
        for (int i = 0; i < 20; ++i)
            CHECK(all[static_cast<std::size_t>(i)]->version(way::at_once) == 100 + i);
    }
    CHECK(threads() == before);
}

TEST_CASE("a path is the one that it was when it began to be watched", "[live]") {
    workshop here;
    const path home = tests::fs::current_path();
    tests::fs::current_path(here.scratch.path());
    const auto watched = here.watch("./beacon.so");
    tests::fs::current_path(home);
    here.put(2);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("an edited source is built and takes over, and one that is refused says why", "[live]") {
    workshop here;
    const source_folder source(here.scratch / "lit");
    auto watched = here.watch(source.folder.native());
    CHECK(watched->version(way::at_once) == 1);

    source.set(2);
    const reload_event built = here.happened.next(step::built);
    CHECK(built.took > 1ms);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 2);

    source.set(3, "this is not C++\n");
    const reload_event refused = here.happened.next(step::refused);
    CHECK(refused.reason.find("error: ") != std::string::npos);
    CHECK(refused.text().find("version 2 of lit 1.0.0 goes on, because a newer one was refused: ") == 0);
    CHECK(watched->version(way::at_once) == 2);

    // A header that it includes, and which does not fit the host's any more.
    std::string header = tests::read(source.folder / "beacon.hpp");
    source.set(3);
    here.happened.next(step::replaced);
    header.replace(header.find("virtual long total() const"), 26, "virtual long total(int=0) const");
    tests::write(source.folder / "beacon.hpp", header);
    CHECK(here.happened.next(step::refused).reason.find("error: ") != std::string::npos);
    CHECK(watched->version(way::at_once) == 3);

    // After the edit is taken back, the serving version is the newest.
    tests::write(source.folder / "beacon.hpp",
                 tests::read(tests::source_directory / "tests/plugins/beacon.hpp"));
    while (!watched.status().refusal.empty())
        std::this_thread::sleep_for(1ms);
    CHECK(here.happened.count(step::replaced) == 2);
    CHECK(watched.status().refused == 2);
}

TEST_CASE("a source folder that goes away and comes back, as git does with it, is built again", "[live]") {
    workshop here;
    const source_folder source(here.scratch / "lit");
    const auto watched = here.watch(source.folder.native());
    tests::fs::rename(source.folder, here.scratch / "away");
    here.happened.next(step::refused);
    CHECK(watched->version(way::at_once) == 1);
    const source_folder back(here.scratch / "new");
    back.set(2);
    tests::fs::rename(back.folder, source.folder);
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("of good, broken, throwing and misfitting versions the good ones win", "[live]") {
    workshop here;
    const source_folder source(here.scratch / "lit");
    auto watched = here.watch(source.folder.native());
    const std::string header = tests::read(source.folder / "beacon.hpp");
    std::string other = header;
    other.replace(other.find("using state = long"), 18, "using state = int");
    std::atomic<bool> done = false;
    std::atomic<long> failed = 0, backwards = 0;
    std::thread caller([&] {
        for (long last = 0; !done;) {
            try {
                const long now = watched->version(way::at_once);
                backwards += now < last ? 1 : 0;
                last = now;
            } catch (...) {
                ++failed;
            }
            std::this_thread::sleep_for(100us);
        }
    });
    source.set(2);
    CHECK(here.happened.next(step::replaced).what == step::replaced);
    source.set(3, "int broken = ;\n");
    CHECK(here.happened.next(step::refused).reason.find("error: ") != std::string::npos);
    source.set(100666);
    CHECK(here.happened.next(step::refused).reason == "100666");
    source.set(4);
    CHECK(here.happened.next(step::replaced).what == step::replaced);
    tests::write(source.folder / "beacon.hpp", other);
    CHECK(here.happened.next(step::refused).reason.find("  state\n    host:   long\n    plugin: int\n") !=
          std::string::npos);
    CHECK(watched->version(way::at_once) == 4);
    tests::write(source.folder / "beacon.hpp", header);
    source.set(5);
    CHECK(here.happened.next(step::replaced).what == step::replaced);
    CHECK(watched->version(way::at_once) == 5);
    done = true;
    caller.join();
    CHECK(failed == 0);
    CHECK(backwards == 0);
}

TEST_CASE("the end of a handle ends the build that is under way for it", "[live]") {
    tests::scratch_directory scratch;
    tenon::loader_options options;
    options.compiler =
        slow_compiler(scratch / "c++", "[ -e '" + (scratch / "slow").native() + "' ] && touch '" +
                                           (scratch / "begun").native() + "' && sleep 60");
    workshop here(options);
    const source_folder source(here.scratch / "lit");
    std::optional<tenon::live<beacon>> watched(here.watch(source.folder.native()));
    tests::write(scratch / "slow", "");
    source.set(2);
    while (!tests::fs::exists(scratch / "begun"))
        std::this_thread::sleep_for(1ms);
    CHECK(watched->operator->()->version(way::at_once) == 1);
    const auto begun = std::chrono::steady_clock::now();
    watched.reset();
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    CHECK(here.happened.next(step::refused).reason.find("cancelled") != std::string::npos);
}

TEST_CASE("a branch that has moved is fetched when it is asked about, and as often as one says", "[live]") {
    const bool by_itself = GENERATE(false, true);
    tests::world world;
    const source_folder source(world.scratch / "remote");
    world.commit();
    tenon::loader_options options;
    if (by_itself)
        options.reload.fetch_every = 50ms;
    workshop here(options);
    auto watched = here.watch(world.url("@main"));
    CHECK(watched->version(way::at_once) == 1);
    source.set(2);
    world.commit();
    if (!by_itself)
        watched.refresh();
    here.happened.next(step::replaced);
    CHECK(watched->version(way::at_once) == 2);
}

TEST_CASE("no call fails while a thousand versions come and go", "[live]") {
    const long versions = tests::sanitized ? 300 : 1000;
    constexpr int callers = 8;
    tenon::loader_options options;
    options.reload.most_versions = 200; // one in ten stays
    workshop here(options, {"-DHANDS_ON"});
    auto watched = here.watch();
    here.versions.during = [](long) { std::this_thread::sleep_for(3ms); };
    std::atomic<bool> done = false;
    std::atomic<long> calls = 0, thrown = 0, lasted = 0, wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < callers; ++i)
        threads.emplace_back([&, i] {
            long last = 0, count = i;
            while (!done) {
                ++count;
                long now = 0;
                try {
                    if (count % 50 == 0) {
                        ++lasted;
                        now = watched->version(way::by_the_host);
                    } else {
                        now = watched->version(count % 10 == 0 ? way::by_exception : way::at_once);
                    }
                } catch (const std::exception& e) {
                    ++thrown;
                    now = std::stol(e.what()); // in code that is the version's own
                }
                wrong += now < last || now <= 0 ? 1 : 0;
                last = now;
                ++calls;
                if (count % 5 == 0)
                    std::this_thread::sleep_for(50us); // or nobody else gets a turn
            }
        });
    std::size_t mapped_early = 0, memory_early = 0;
    std::ptrdiff_t open_early = 0;
    for (long version = 2; version <= versions; ++version) {
        const bool stays = version % 10 == 0;
        here.put(version, stays ? std::vector<std::string>{"-DHANDS_ON", "-Wl,-z,nodelete"}
                                : std::vector<std::string>{"-DHANDS_ON"});
        watched.refresh(); // unless the watcher was faster
        if (version == versions / 5) {
            mapped_early = watched.status().mapped;
            memory_early = memory();
            open_early = descriptors();
        }
    }
    done = true;
    for (std::thread& each : threads)
        each.join();
    const tenon::live_status status = watched.status();
    CHECK(watched->version(way::at_once) == versions);
    CHECK(wrong == 0);
    CHECK(calls > 10 * versions);
    CHECK(thrown > versions);
    CHECK(lasted > versions / 10);
    CHECK(status.replaced == static_cast<std::uint64_t>(versions - 1));
    for (const std::string& told : here.happened.texts())
        if (told.find("refused") != told.npos)
            FAIL_CHECK(told);
    // All answers of all versions, unless they were given between a version's save and its end.
    CHECK(watched->total() > calls / 2);

    // Memory holds the pinned libraries and those in use, and nothing more.
    const auto stay = static_cast<std::size_t>(versions / 10);
    CHECK(status.mapped >= stay);
    CHECK(status.mapped <= stay + callers + 2);
    CHECK(mapped_early <= static_cast<std::size_t>(versions / 50) + callers + 2);
    CHECK(descriptors() <= open_early + callers + 2);
    if (!tests::sanitized)
        CHECK(memory() < memory_early + 16 * 1024);
}
