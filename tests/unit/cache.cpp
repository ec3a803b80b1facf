// SPDX-License-Identifier: MIT
#include <tenon/cache.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <tenon/loader.hpp>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/part.hpp"

using tenon::cache;
using tenon::cache_entry;
using tenon::prune_rule;
using tests::write;
using tests::fs::path;
using kind = tenon::cache_entry::kind;
using list = std::vector<std::string>;
using std::chrono::hours;

namespace {

/// Everything in a cache was used so many seconds earlier than it was.
template <int Seconds>
struct later : tenon::detail::posix {
    static timespec now() noexcept {
        timespec time = posix::now();
        time.tv_sec += Seconds;
        return time;
    }
};
using cache_tomorrow = tenon::detail::basic_cache_contents<later<86400>>;

const std::string digest_1(64, 'a'), digest_2(64, 'b'), digest_3(64, 'c'), commit(40, 'd');
const std::string repository = "drivers-" + std::string(32, '0');

/// A cache, and directories to fill it from.
struct workshop {
    part_counts counts{};
    tests::scratch_directory root;
    path folder = root / "cache";
    tenon::loader_options options{.cache = folder, .compiler = {TENON_CXX}};

    std::string sources(int version = 1, const std::string& name = "drivers") const {
        write(root / name / "part.cpp", "#define VERSION " + std::to_string(version) + "\n" +
                                            tests::read(tests::source_directory / "tests/plugins/part.cpp"));
        return root / name;
    }
    /// The sources in a git repository, pinned to their commit.
    std::string pinned(int version) const {
        const path there = sources(version, "remote");
        std::string head;
        for (const list& words : {list{"init", "--quiet"}, list{"add", "."},
                                  list{"commit", "--quiet", "--message=x"}, list{"rev-parse", "HEAD"}}) {
            list command{"git", "-c", "user.name=tests", "-c", "user.email=tests@example.org"};
            command.insert(command.end(), words.begin(), words.end());
            head = tests::run(command, there, {"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null"})
                       .out;
        }
        return "git+file://" + there.native() + "@" + head.substr(0, 40);
    }

    tenon::plugin<part> load(const std::string& driver) {
        return tenon::loader(options).load<part>(driver, counts);
    }

    std::vector<cache_entry> of(kind what) const {
        std::vector<cache_entry> found;
        for (const cache_entry& each : cache(folder).entries())
            if (each.what == what)
                found.push_back(each);
        return found;
    }

    void mark() const { write(folder / "CACHEDIR.TAG", std::string(tenon::detail::cache_mark)); }

    /// What is in the cache, without its mark and the folders that everything is in.
    list names() const {
        list found;
        for (const auto& each : tests::fs::recursive_directory_iterator(folder))
            if (!each.is_directory() && each.path().filename() != "CACHEDIR.TAG")
                found.push_back(relative(each.path(), folder));
        std::sort(found.begin(), found.end());
        return found;
    }

    /// A record that names a library for one source.
    static std::string record(const std::string& source, const std::string& key) {
        tenon::detail::build_result made;
        made.key = key;
        made.tools = std::string(64, '1');
        made.files = {{source, {}, std::string(64, '2')}};
        return tenon::detail::build_record().with(made);
    }
};

list removed(const std::vector<cache_entry>& all) {
    list found;
    for (const cache_entry& each : all)
        found.push_back(tests::fs::path(each.path).filename());
    return found;
}

} // namespace

TEST_CASE("an empty cache has nothing, and looking into it or pruning it makes no folder", "[cache]") {
    const tests::scratch_directory root;
    const cache empty(root / "none");
    CHECK(empty.path() == (root / "none").native());
    CHECK(empty.entries().empty());
    CHECK(empty.size() == 0);
    CHECK(empty.prune({.most_bytes = 0}).empty());
    CHECK_FALSE(exists(root / "none"));
}

TEST_CASE("a library is listed with its type and name, and is in use while it is loaded", "[cache]") {
    workshop here;
    auto loaded = here.load(here.sources());
    auto libraries = here.of(kind::library);
    REQUIRE(libraries.size() == 1);
    CHECK(libraries[0].path == loaded.info().path);
    CHECK(libraries[0].type == "part");
    CHECK(libraries[0].name == "drivers");
    CHECK(libraries[0].size >= file_size(path(libraries[0].path)));
    CHECK(libraries[0].last_use > std::chrono::system_clock::now() - std::chrono::minutes(5));
    CHECK(libraries[0].in_use);
    CHECK(here.of(kind::record).size() >= 1);

    CHECK(cache_tomorrow(here.folder).prune({.most_bytes = 0}).empty());
    CHECK(exists(path(libraries[0].path)));

    loaded.close();
    CHECK_FALSE(here.of(kind::library).at(0).in_use);
    CHECK(cache(here.folder).prune({.most_bytes = 0}).empty()); // used just now
    CHECK_FALSE(cache_tomorrow(here.folder).prune({.most_bytes = 0}).empty());
    CHECK(here.of(kind::library).empty());
    CHECK(here.load(here.sources())->version() == 1);
}

TEST_CASE("a library that a process with another cache's name for it has loaded is in use", "[cache]") {
    workshop here;
    const std::string library = here.load(here.sources()).info().path;
    create_symlink(here.folder, here.root / "alias");
    const auto loaded =
        tenon::plugin<part>(here.root / "alias/bin/part" / path(library).filename(), here.counts);
    CHECK(here.of(kind::library).at(0).in_use);
}

TEST_CASE("a private copy does not need its file", "[cache]") {
    workshop here;
    here.options.private_copy = true;
    const auto loaded = here.load(here.sources());
    CHECK_FALSE(here.of(kind::library).at(0).in_use);
}

TEST_CASE("a checkout is listed with its URL and commit, pinned or not, and is in use while it is held",
          "[cache]") {
    workshop here;
    const std::string pinned = here.pinned(7);
    for (const std::string& driver : {pinned, pinned.substr(0, pinned.rfind('@'))}) {
        CHECK(here.load(driver)->version() == 7);
        const auto checkouts = here.of(kind::checkout);
        REQUIRE(checkouts.size() == 1);
        CHECK(checkouts[0].commit == pinned.substr(pinned.size() - 40));
        CHECK(checkouts[0].name == "file://" + (here.root / "remote").native());
        CHECK(checkouts[0].size > 0);
        CHECK_FALSE(checkouts[0].in_use);
        {
            const tenon::detail::basic_cache<> in(here.folder);
            const tenon::detail::basic_hold<> hold(in, checkouts[0].path + "/below", "file:///x"),
                second(in, checkouts[0].path, "");
            CHECK(here.of(kind::checkout).at(0).in_use);
            cache_tomorrow(here.folder).prune({.most_bytes = 0});
            CHECK(exists(path(checkouts[0].path)));
        }
        cache_tomorrow(here.folder).prune({.most_bytes = 0});
        CHECK_FALSE(exists(path(checkouts[0].path)));
        CHECK(here.of(kind::checkout).empty());
    }
    CHECK(here.load(pinned)->version() == 7);
}

TEST_CASE("what was not used for long enough goes, and what was used stays", "[cache]") {
    workshop here;
    const std::string library = here.load(here.sources()).info().path;
    const cache_tomorrow tomorrow(here.folder);
    CHECK(tomorrow.prune({.unused_for = hours(25)}).empty());
    CHECK(tomorrow.prune().empty());
    // Loads say once an hour that they use it.
    const timespec long_ago[] = {{1, 0}, {0, UTIME_OMIT}};
    REQUIRE(::utimensat(AT_FDCWD, library.c_str(), long_ago, 0) == 0);
    here.load(here.sources());
    CHECK(tomorrow.prune({.unused_for = hours(25)}).empty());
    const auto gone = removed(tomorrow.prune({.unused_for = hours(23)}));
    CHECK(std::find(gone.begin(), gone.end(), path(library).filename()) != gone.end());
    CHECK_FALSE(exists(path(library)));
}

TEST_CASE("the longest unused goes first, and only as much as has to", "[cache]") {
    workshop here;
    here.mark();
    list libraries;
    for (const int age : {5, 9, 7}) {
        const std::string name = "p" + std::to_string(age), digest(64, static_cast<char>('0' + age));
        write(here.root / name / "x.cpp", "");
        write(here.folder / "bin/part" / (name + "-" + digest + ".record"),
              here.record(here.root / name / "x.cpp", digest));
        write(here.folder / "bin/part" / (name + "-" + digest + ".so"), std::string(1 << 20, 'x'));
        timespec then = tenon::detail::posix::now();
        then.tv_sec -= 86400 * age;
        const timespec both[] = {then, then};
        REQUIRE(::utimensat(AT_FDCWD, (here.folder / "bin/part" / (name + "-" + digest + ".so")).c_str(),
                            both, 0) == 0);
    }
    const cache all(here.folder);
    CHECK(all.prune({.most_bytes = all.size()}).empty());
    CHECK(removed(all.prune({.most_bytes = all.size() - 1})) == list{"p9-" + std::string(64, '9') + ".so"});
    CHECK(removed(all.prune({.most_bytes = 1'200'000})) == list{"p7-" + std::string(64, '7') + ".so"});
    CHECK(all.prune({.most_bytes = 1'200'000}).empty());
}

TEST_CASE("what can be of no use any more goes without a rule", "[cache]") {
    workshop here;
    here.mark();
    write(here.folder / ("bin/part/alive-" + digest_1 + ".record"),
          here.record("/on a disk that is not there now/part.cpp", digest_2));
    write(here.folder / ("bin/part/alive-" + digest_1 + ".lock"), "");
    write(here.folder / ("bin/part/alive-" + digest_2 + ".so"), "x");
    write(here.folder / ("bin/part/alive-" + digest_1 + ".tree/abcdef/build/x.o"), "of the next build");
    const list kept = here.names();
    write(here.folder / ("bin/part/failed-" + digest_1 + ".tree/abcdef/build/x.o"), "of no record");
    write(here.folder / ("bin/part/alive-" + digest_3 + ".so"), "nobody names it");
    write(here.folder / ("bin/part/alive-" + digest_3 + ".record"), "damaged");
    write(here.folder / ("bin/part/failed-" + digest_1 + ".lock"), "");
    write(here.folder / ("bin/part/interface-" + digest_1 + ".gch"), "nobody names it");
    write(here.folder / "src" / repository / ("at-" + digest_1), commit + " main file:///x\n");
    write(here.folder / "src" / repository / ("used-" + commit), "file:///x");
    write(here.folder / "src" / repository / ("signed-" + commit + "-" + std::string(32, 'a')), "");
    write(here.folder / "src" / repository / "lock", "");
    write(here.folder / "tmp/abcdef/left", "by a builder that was killed");

    // All but that may be about to be used.
    CHECK(removed(cache(here.folder).prune()) == list{"abcdef"});
    cache_tomorrow(here.folder).prune();
    list left = kept;
    left.push_back("src/" + repository + "/lock");
    CHECK(here.names() == left);
}

TEST_CASE("a folder is read as often for a thousand files that go as for one", "[cache]") {
    struct counting : later<86400> {
        static int& opened() {
            static int count = 0;
            return count;
        }
        static DIR* opendir(const char* name) noexcept {
            if (tests::fs::path(name).filename() == "part")
                ++opened();
            return posix::opendir(name);
        }
    };
    workshop here;
    here.mark();
    const auto reads_for = [&](int files) {
        write(here.folder / ("bin/part/p-" + digest_1 + ".lock"), "");
        for (int i = 0; i < files; ++i) {
            std::string key = std::to_string(i);
            key.insert(0, 64 - key.size(), '0');
            write(here.folder / ("bin/part/p-" + key + ".so"), "x");
        }
        counting::opened() = 0;
        CHECK(tenon::detail::basic_cache_contents<counting>(here.folder).prune().size() ==
              static_cast<std::size_t>(files));
        return counting::opened();
    };
    CHECK(reads_for(1) == reads_for(1000));
}

TEST_CASE("what a build holds stays", "[cache]") {
    workshop here;
    here.mark();
    const path lock = here.folder / ("bin/part/p-" + digest_1 + ".lock");
    write(lock, "");
    write(here.folder / ("bin/part/p-" + digest_2 + ".so"), "nobody names it yet");
    write(here.folder / ("bin/part/interface-" + digest_2 + ".gch"), "is being read");
    write(here.folder / ("bin/other/interface-" + digest_2 + ".gch"), "is of another type");
    {
        const tenon::detail::basic_lock<> turn(lock);
        CHECK(removed(cache_tomorrow(here.folder).prune({.most_bytes = 0})) ==
              list{"interface-" + digest_2 + ".gch"});
        CHECK_FALSE(exists(here.folder / ("bin/other/interface-" + digest_2 + ".gch")));
        CHECK(exists(lock));
        for (const cache_entry& each : cache(here.folder).entries())
            CHECK(each.in_use);
        const tenon::detail::basic_scratch<> working{tenon::detail::basic_cache<>(here.folder)};
        cache_tomorrow(here.folder).prune();
        CHECK(exists(path(working.path())));
    }
    cache_tomorrow(here.folder).prune();
    CHECK(here.names().empty());
}

TEST_CASE("whoever waits for a lock whose file is pruned takes the next one", "[cache]") {
    workshop here;
    here.mark();
    const path lock = here.folder / ("bin/part/p-" + digest_1 + ".lock");
    write(lock, "");
    std::optional<tenon::detail::basic_lock<>> held(std::in_place, lock.native());
    const tenon::detail::basic_lock<> next(lock, tenon::detail::deadline(), [&] {
        held.reset();
        cache_tomorrow(here.folder).prune();
        CHECK_FALSE(exists(lock));
    });
    CHECK(exists(lock));
    CHECK_FALSE(tenon::detail::basic_file<>(lock, O_RDWR).try_lock());
}

TEST_CASE("whatever lies in a cache, nothing but tenon's own is removed, and nothing outside", "[cache]") {
    workshop here;
    const path outside = here.root / "outside";
    const std::string library = "p-" + digest_1 + ".so";
    write(outside / library, "x");
    write(outside / repository / commit / "x", "x");
    write(outside / "abcdef/x", "x");
    const auto everything = [&] {
        return list{tests::read(outside / library), tests::read(outside / repository / commit / "x"),
                    tests::read(outside / "abcdef/x")};
    };
    const list before = everything();

    // Links, at each step of the way.
    for (const std::string& step :
         list{"bin", "src", "tmp", "bin/part", "bin/part/" + library, "src/" + repository,
              "src/" + repository + "/" + commit, "tmp/abcdef", "bin/part/p-" + digest_1 + ".lock",
              "src/" + repository + "/used-" + commit}) {
        remove_all(here.folder);
        create_directories((here.folder / step).parent_path());
        here.mark();
        create_symlink(step.find(".so") != step.npos || step.find(".lock") != step.npos ||
                               step.find("used-") != step.npos
                           ? outside / library
                       : step.find(commit) != step.npos     ? outside / repository / commit
                       : step.find(repository) != step.npos ? outside / repository
                       : step == "tmp/abcdef"               ? outside / "abcdef"
                                                            : outside,
                       here.folder / step);
        INFO(step);
        CHECK(cache_tomorrow(here.folder).prune({.most_bytes = 0, .unused_for = hours(1)}).empty());
        CHECK(everything() == before);
        CHECK(is_symlink(here.folder / step));
    }

    // Files of others', folders where files should be, and the other way round.
    remove_all(here.folder);
    here.mark();
    for (const std::string& mine :
         list{"Documents/letter", "bin/tool", "bin/part/notes.txt", "bin/part/p-" + digest_1 + ".SO.so",
              "bin/part/p-0.so", "src/project/main.cpp", "src/" + repository + "/main.cpp",
              "src/" + repository + "/" + commit.substr(1) + "/x", "src/a/" + commit + "/x", "tmp/file",
              "tmp/mine/x"})
        write(here.folder / mine, "mine");
    for (const std::string& wrong :
         list{"bin/part/p-" + digest_1 + ".so/x", "bin/part/p-" + digest_1 + ".record/x",
              "bin/part/p-" + digest_1 + ".lock/x", "src/" + repository + "/used-" + commit + "/x",
              "src/" + repository + "/at-" + digest_1 + "/x"})
        write(here.folder / wrong, "x");
    write(here.folder / "src" / repository / std::string(40, 'e'), "a file");
    write(here.folder / "src" / repository / "lock/x", "x");
    REQUIRE(::mkfifo((here.folder / ("bin/part/q-" + digest_1 + ".lock")).c_str(), 0600) == 0);
    REQUIRE(::mkfifo((here.folder / ("bin/part/q-" + digest_1 + ".record")).c_str(), 0600) == 0);
    const list all = here.names();
    CHECK(cache_tomorrow(here.folder).prune({.most_bytes = 0, .unused_for = hours(1)}).empty());
    CHECK(here.names() == all);
    write(here.folder / "src" / repository / ("at-" + digest_2), "no line");
    write(here.folder / "src" / repository / ("at-" + digest_3), "../../../outside x y\n");
    CHECK_NOTHROW(cache_tomorrow(here.folder).prune({.most_bytes = 0, .unused_for = hours(1)}));
    CHECK(everything() == before);
}

TEST_CASE("a folder that is not tenon's is neither listed nor pruned", "[cache]") {
    workshop here;
    write(here.folder / "Documents/letter", "mine");
    write(here.folder / "tmp/abcdef/draft", "mine");
    const std::string why = tests::refusal([&] { cache_tomorrow(here.folder).prune({.most_bytes = 0}); });
    CHECK(why.find("'" + here.folder.native() +
                   "' is not used as the cache, because it has 'Documents', which is not tenon's; ") == 0);
    CHECK(tests::refusal([&] { cache(here.folder).entries(); }) == why);
    CHECK(here.names() == list{"Documents/letter", "tmp/abcdef/draft"});
}

TEST_CASE("a cache that others may write to is not pruned", "[cache]") {
    workshop here;
    here.mark();
    write(here.folder / ("bin/part/p-" + digest_1 + ".so"), "x");
    permissions(here.folder, tests::fs::perms::owner_all | tests::fs::perms::others_write);
    CHECK(tests::refusal([&] { cache_tomorrow(here.folder).prune(); }).find("the cache '") == 0);
    CHECK(here.names().size() == 1);
}

TEST_CASE("what cannot be removed is not said to be gone, and hinders nothing else", "[cache]") {
    struct stubborn : later<86400> {
        static int unlink(const char* name) noexcept {
            return std::string_view(name).find("/p-") != std::string_view::npos ? (errno = EACCES, -1)
                                                                                : posix::unlink(name);
        }
        static int rename(const char*, const char*) noexcept { return errno = EACCES, -1; }
        static DIR* opendir(const char* name) noexcept {
            return std::string_view(name).ends_with("/closed") ? (errno = EACCES, nullptr)
                                                               : posix::opendir(name);
        }
    };
    workshop here;
    here.mark();
    write(here.folder / ("bin/part/p-" + digest_1 + ".so"), "x");
    write(here.folder / ("bin/part/q-" + digest_1 + ".so"), "x");
    write(here.folder / ("bin/closed/q-" + digest_1 + ".so"), "x");
    write(here.folder / "src" / repository / commit / "x", "x");
    CHECK(removed(tenon::detail::basic_cache_contents<stubborn>(here.folder).prune({.most_bytes = 0})) ==
          list{"q-" + digest_1 + ".so"});
    CHECK(here.of(kind::checkout).size() == 1);
    CHECK(here.of(kind::library).size() == 2);
}

TEST_CASE("a load whose library or checkout is pruned on the way makes it again", "[cache]") {
    workshop here;
    const std::string directory = here.sources(3), pinned = here.pinned(4);
    CHECK(here.load(directory)->version() == 3);
    CHECK(here.load(pinned)->version() == 4);
    int pruned = 0;
    here.options.on_event = [&](const tenon::event& step) {
        if (step.what == tenon::event::step::cached && ++pruned < 3)
            cache_tomorrow(here.folder).prune({.most_bytes = 0});
    };
    CHECK(here.load(directory)->version() == 3);
    CHECK(pruned == 1);
    pruned = 0;
    CHECK(here.load(pinned)->version() == 4);
    CHECK(here.load(pinned)->version() == 4);
    CHECK(pruned == 1); // the first found nothing
}

TEST_CASE("processes load and build while others prune everything all the time, and none notices",
          "[cache]") {
    workshop here;
    const list drivers{here.sources(1, "one"), here.sources(2, "two"), here.pinned(3)};
    const auto child = [](const auto& work) {
        const pid_t made = ::fork();
        if (made == 0) {
            try {
                ::_exit(work() ? 0 : 1);
            } catch (const std::exception& e) {
                const std::string text = std::string(e.what()) + '\n';
                [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, text.data(), text.size());
                ::_exit(2);
            }
        }
        return made;
    };
    const path compiled = here.root / "compiled";
    std::vector<pid_t> pruning, loading;
    for (int i = 0; i < 2; ++i)
        pruning.push_back(child([&]() -> bool {
            for (;;) // what was not used for a second
                tenon::detail::basic_cache_contents<later<59>>(here.folder).prune({.most_bytes = 0});
        }));
    for (int i = 0; i < 3; ++i)
        loading.push_back(child([&] {
            here.options.on_event = [&](const tenon::event& step) {
                if (step.what == tenon::event::step::compiling && step.done == 0)
                    std::ofstream(compiled, std::ios::app) << 'x';
            };
            for (int round = 0; round < 6; ++round) {
                const int which = (round + i) % 3;
                const auto loaded = here.load(drivers[static_cast<std::size_t>(which)]);
                std::this_thread::sleep_for(std::chrono::milliseconds(500 + 250 * i));
                if (loaded->version() != which + 1)
                    return false;
            }
            return true;
        }));
    for (const pid_t each : loading) {
        int status = 0;
        REQUIRE(::waitpid(each, &status, 0) == each);
        CHECK(status == 0);
    }
    for (const pid_t each : pruning) {
        ::kill(each, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(each, &status, 0) == each);
        CHECK(WIFSIGNALED(status)); // it did not end by an error
    }
    CHECK(tests::read(compiled).size() > drivers.size());
    for (const std::string& driver : drivers)
        CHECK_NOTHROW(here.load(driver));
}
