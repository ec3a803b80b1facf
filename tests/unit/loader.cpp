// SPDX-License-Identifier: MIT
#include <tenon/loader.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <sys/stat.h>
#include <thread>

#include <tenon/detail/system/sha256.hpp>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/part.hpp"

using tests::fs::path;

namespace {

struct built_in_part : part {
    explicit built_in_part(part_counts& counts) { ++counts.made; }
    int version() const override { return 100; }
    void fail() const override {}
};
struct added_part : built_in_part {
    using built_in_part::built_in_part;
    int version() const override { return 200; }
};

} // namespace

TENON_EXPORT(part, built_in_part, "inside", "1.2.3")

namespace {

// Wrong arguments are compile errors here too.
template <class... A>
concept loads_with =
    requires(const tenon::loader& loader, A... arguments) { loader.load<part>("inside", arguments...); };
static_assert(loads_with<std::reference_wrapper<part_counts>>);
static_assert(!loads_with<>);
static_assert(!loads_with<int>);

/// A folder to keep everything in, and a loader that keeps its cache there.
struct workshop {
    tests::scratch_directory scratch;
    part_counts counts{};
    std::vector<std::string> reports;
    tenon::loader_options options{
        .cache = scratch / "cache", .compiler = {TENON_CXX}, .on_event = [this](const tenon::event& step) {
            if (step.done == 0)
                reports.push_back(step.text());
        }};

    tenon::plugin<part> load(const std::string& driver) {
        return tenon::loader(options).load<part>(driver, counts);
    }

    /// A directory with the sources of a part.
    path sources(int version = 1, const std::string& name = "drivers") {
        const path folder = scratch / name;
        tests::write(folder / "part.cpp",
                     "#define VERSION " + std::to_string(version) + "\n" +
                         tests::read(tests::source_directory / "tests/plugins/part.cpp"));
        return folder;
    }

    path library(const path& to, const std::vector<std::string>& flags = {}) {
        tests::fs::create_directories(to.parent_path());
        return tests::compiled(to, tests::source_directory / "tests/plugins/part.cpp", flags, TENON_CXX);
    }

    /// The error of a load, without the folder.
    std::string complaint(const std::string& driver) {
        try {
            load(driver);
        } catch (const tenon::error& e) {
            std::string text = e.what();
            for (std::size_t at; (at = text.find(scratch.path().native() + "/")) != text.npos;)
                text.erase(at, scratch.path().native().size() + 1);
            return text;
        }
        return "no complaint";
    }
};

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A compiler that logs each of its runs.
std::vector<std::string> counting_compiler(const path& log) {
    tests::write(log.native() + ".sh",
                 "#!/bin/sh\necho run >> '" + log.native() + "'\nexec " TENON_CXX " \"$@\"\n");
    tests::fs::permissions(log.native() + ".sh", tests::fs::perms::owner_all);
    return {log.native() + ".sh"};
}

} // namespace

TEST_CASE("a bare name is a plugin of the program itself, without a file", "[loader]") {
    workshop here;
    auto inside = here.load("inside");
    CHECK(inside->version() == 100);
    CHECK(here.counts.made == 1);
    CHECK(inside.info().type == "part");
    CHECK(inside.info().name == "inside");
    CHECK(inside.info().version == "1.2.3");
    CHECK(inside.info().path == "");
    CHECK(tenon::load<part>("inside", here.counts)->version() == 100);
    CHECK(inside.close().reason() == "'inside' stays in memory: it is built into this program");
    CHECK_FALSE(tests::fs::exists(here.scratch / "cache"));
}

TEST_CASE("an error of a plugin's constructor passes through, and the constructor is called once",
          "[loader]") {
    workshop here;
    // As if it were about a file that was pruned from the cache, which is a reason to load again.
    const std::string gone = here.scratch / "cache/bin/gone.so";
    tests::write(here.scratch / "drivers/failing.cpp",
                 "#include <tenon/error.hpp>\n#include <tenon/export.hpp>\n#include \"plugins/part.hpp\"\n"
                 "struct failing final : part {\n"
                 "    explicit failing(part_counts& counts) {\n        ++counts.made;\n"
                 "        throw tenon::error(tenon::errc::misfit, \"no '" +
                     gone + "'\", \"" + gone +
                     "\");\n    }\n    int version() const override { return 1; }\n"
                     "    void fail() const override {}\n};\n"
                     "TENON_EXPORT(part, failing, \"failing\", \"1.0.0\")\n");
    here.options.include = {tests::source_directory / "tests"};
    CHECK(tests::refusal([&] { here.load(here.scratch / "drivers"); }) == "no '" + gone + "'");
    CHECK(here.counts.made == 1);
}

TEST_CASE("a built-in that was added by hand is found by its name too", "[loader]") {
    workshop here;
    tenon::loader loader(here.options);
    loader.built_ins().add<part, added_part>("added", "2.0.0");
    CHECK(loader.load<part>("added", here.counts)->version() == 200);
    CHECK(loader.load<part>("inside", here.counts)->version() == 100);
}

TEST_CASE("a bare name is a library in the first folder of the search path that has one", "[loader]") {
    workshop here;
    here.library(here.scratch / "first/libplain.so");
    here.library(here.scratch / "second/plain.so", {"-DVERSION=2"});
    here.library(here.scratch / "second/inside.so");
    here.options.search = {here.scratch / "absent", here.scratch / "first", here.scratch / "second"};
    CHECK(here.load("plain")->version() == 1);
    CHECK(here.load("plain").info().path == here.scratch / "first/libplain.so");
    CHECK(here.load("inside")->version() == 100); // built-ins come first
    here.library(here.scratch / "first/plain.so");
    CHECK(here.complaint("plain") ==
          "the name 'plain' may be 'first/plain.so' or 'first/libplain.so'; remove one, or give the path");
}

TEST_CASE("a library of the search path has to have the plugin that its name says", "[loader]") {
    workshop here;
    here.library(here.scratch / "search/other.so");
    here.options.search = {here.scratch / "search"};
    CHECK(here.complaint("other") ==
          "'search/other.so' has no plugin of type 'part' named 'other'; it has 'plain'");
    // A folder or a loose link of that name hides no library.
    create_directories(here.scratch / "first/plain.so");
    create_symlink("gone", here.scratch / "first/libplain.so");
    here.library(here.scratch / "search/plain.so");
    here.options.search.insert(here.options.search.begin(), here.scratch / "first");
    CHECK(here.load("plain")->version() == 1);
}

TEST_CASE("an unknown name lists the known ones, closest first", "[loader]") {
    workshop here;
    CHECK(here.complaint("insde") == "unknown name 'insde' of plugin type 'part'; known: inside");
    here.library(here.scratch / "search/libplain.so");
    here.library(here.scratch / "search/second.so", {"-DSECOND"});
    here.options.search = {here.scratch / "search", here.scratch / "absent"};
    CHECK(here.complaint("planet") ==
          "unknown name 'planet' of plugin type 'part'; known: plain, inside, second; "
          "searched: 'search', 'absent' (No such file or directory)");

    // None of these names could be loaded.
    const path search = here.scratch / "search";
    tests::write(search / "libplane.so", "");
    tests::write(search / "plants.so", "text");
    tests::write(search / "README", "");
    create_directories(search / "planes.so");
    create_symlink("gone.so", search / "planed.so");
    create_symlink("planer.so", search / "planer.so");
    REQUIRE(::mkfifo((search / "plan.so").c_str(), 0600) == 0);
    tests::fs::copy_file(search / "libplain.so", search / "planets.so"); // its plugin has another name
    CHECK(here.complaint("planet") ==
          "unknown name 'planet' of plugin type 'part'; known: plain, inside, second; "
          "searched: 'search', 'absent' (No such file or directory)");
    CHECK(here.complaint("planed") ==
          "'search/planed.so' is a symbolic link to 'gone.so', which is not there");
    CHECK(here.complaint("planer") == "cannot look at 'search/planer.so': Too many levels of symbolic links");
    CHECK(here.complaint("planes") == "'search/planes.so' is not a regular file");
    CHECK(here.complaint("plan") == "'search/plan.so' is not a regular file");
    CHECK(here.complaint(search / "planed.so") ==
          "'search/planed.so' is a symbolic link to 'gone.so', which is not there");
}

TEST_CASE(
    "what the cache has of a driver is said of the driver, and one of several is chosen by a driver's text",
    "[loader]") {
    workshop here;
    const path folder = here.sources();
    const auto complaint = [&](const std::string& driver) {
        // The order of plugins is their linker's.
        std::string text = here.complaint(driver);
        const std::string backwards = "'second', 'plain'";
        if (const auto at = text.find(backwards); at != text.npos)
            text.replace(at, backwards.size(), "'plain', 'second'");
        return text;
    };
    for (const std::string& source : {folder.native(), (folder / "part.cpp").native()}) {
        const std::string shown = source == folder ? "'drivers'" : "'drivers/part.cpp'";
        for (int run = 0; run < 2; ++run) { // built and checked, then from the cache
            CHECK(complaint(source + "#nope") ==
                  shown + " has no plugin of type 'part' named 'nope'; it has 'plain'");
            here.load(source);
        }
    }
    tests::write(folder / "part.cpp", "#define SECOND\n" + tests::read(folder / "part.cpp"));
    const std::string several =
        " has several plugins of type 'part': 'plain', 'second'; choose one with the driver ";
    for (int run = 0; run < 2; ++run) {
        CHECK(complaint(folder.native()) == "'drivers'" + several + "'drivers#NAME'");
        here.load(folder.native() + "#second");
    }
    const path library = here.library(here.scratch / "two.so", {"-DSECOND"});
    CHECK(complaint(library.native()) == "'two.so'" + several + "'two.so#NAME'");
    if (!tests::installed("git"))
        return;
    const path remote = here.scratch / "remote";
    tests::write(remote / "sub/part.cpp", tests::read(folder / "part.cpp"));
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"init", "-q", "-b", "m#n"},
          {"add", "."},
          {"-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x"}}) {
        std::vector<std::string> command{"git", "-C", remote.native()};
        command.insert(command.end(), arguments.begin(), arguments.end());
        REQUIRE(tests::run(command).status == 0);
    }
    const std::string spelled = "remote@m%23n#subdirectory=sub",
                      driver = "git+file://" + remote.parent_path().native() + "/" + spelled;
    for (int run = 0; run < 2; ++run) {
        CHECK(complaint(driver) ==
              "'git+file://" + spelled + "'" + several + "'git+file://" + spelled + "&plugin=NAME'");
        CHECK(complaint(driver + "&plugin=nope") ==
              "'git+file://" + spelled +
                  "' has no plugin of type 'part' named 'nope'; it has 'plain', 'second'");
        here.load(driver + "&plugin=plain");
    }
}

TEST_CASE("of a source that is given alone, its neighbours are nothing", "[loader]") {
    workshop here;
    tests::write(here.scratch / "main.cpp", "int f() { return 1; }\n");
    tests::write(here.scratch / "other/one.cpp", "");
    CHECK(here.complaint(here.scratch / "main.cpp") == "'main.cpp' has no plugins: it was not made with "
                                                       "TENON_EXPORT; a plugin of type 'part' was asked for");
}

TEST_CASE("a cache that is a file, or cannot be written to, is called the cache", "[loader]") {
    workshop here;
    const path folder = here.sources();
    here.options.cache = folder / "part.cpp";
    CHECK(here.complaint(folder.native()) ==
          "the cache 'drivers/part.cpp' cannot be used: cannot make the folder "
          "'drivers/part.cpp': File exists; name another in $TENON_CACHE or options.cache");
    if (::geteuid() == 0)
        return; // may write everywhere
    here.options.cache = here.scratch / "cache";
    here.load(folder.native());
    tests::fs::permissions(here.scratch / "cache/bin/part",
                           tests::fs::perms::owner_read | tests::fs::perms::owner_exec);
    const std::string said = (here.sources(2), here.complaint(folder.native()));
    CHECK(says(said, "the cache 'cache' cannot be used: cannot rename to 'cache/bin/part/drivers-"));
    CHECK(says(said, ": Permission denied; name another in $TENON_CACHE or options.cache"));
    tests::fs::permissions(here.scratch / "cache/bin/part", tests::fs::perms::owner_all);
}

TEST_CASE("relative paths begin where the program worked when the loader was made", "[loader]") {
    workshop here;
    const path before = tests::fs::current_path();
    const std::string folder = here.scratch.path();
    here.library(here.scratch / "plugins/plain.so");
    here.sources(5);
    tests::write(here.scratch / "tools/c++", "#!/bin/sh\nexec " TENON_CXX " \"$@\"\n");
    tests::fs::permissions(here.scratch / "tools/c++", tests::fs::perms::owner_all);
    create_directories(here.scratch / "elsewhere");
    create_directories(here.scratch / "tmp");
    const auto loaded = [&](const std::string& from, const tenon::loader& loader) {
        tests::fs::current_path(here.scratch / "elsewhere");
        const int version = loader.load<part>(from, here.counts)->version();
        tests::fs::current_path(before);
        return version;
    };
    tests::fs::current_path(here.scratch.path());
    here.options.cache = "cache";
    here.options.compiler = {"./tools/c++"};
    here.options.search = {"plugins"};
    here.options.policy.folders = {"plugins", "drivers"};
    const tenon::loader by_options(here.options);
    CHECK(loaded("plain", by_options) == 1);
    CHECK(loaded(folder + "/drivers", by_options) == 5);
    CHECK(exists(here.scratch / "cache/bin/part"));

    tests::fs::current_path(here.scratch.path());
    const std::map<const char*, const char*> variables{
        {"TENON_CACHE", "./second"}, {"CXX", "tools/c++"}, {"TENON_INCLUDE", "none"}, {"TMPDIR", "tmp"}};
    for (const auto& [name, value] : variables)
        ::setenv(name, value, 1);
    const tenon::loader by_variables;
    CHECK(loaded(folder + "/drivers", by_variables) == 5);
    CHECK(exists(here.scratch / "second/bin/part"));
    CHECK(is_empty(here.scratch / "elsewhere"));
    for (const auto& [name, value] : variables)
        ::unsetenv(name);
    CHECK(std::distance(tests::fs::directory_iterator(here.scratch / "drivers"), {}) == 1);
}

TEST_CASE("a path is a library, and one of several plugins is chosen by its name", "[loader]") {
    workshop here;
    const path library = here.library(here.scratch / "part.so", {"-DSECOND"});
    CHECK(here.load(library.native() + "#second").info().name == "second");
    CHECK(says(here.complaint(library), "has several plugins of type 'part': 'plain', 'second'"));
    CHECK(here.load(library.native() + "#plain").info().path == library);
}

TEST_CASE("a directory is compiled once, and again when its sources have changed", "[loader]") {
    workshop here;
    const path log = here.scratch / "log";
    here.options.compiler = counting_compiler(log);
    const path sources = here.sources(1);
    {
        const auto first = here.load(sources);
        CHECK(first->version() == 1);
        CHECK(first.info().path.find((here.scratch / "cache/bin/part/drivers-").native()) == 0);
        CHECK(here.reports ==
              std::vector<std::string>{"compiling drivers", "linking drivers", "checking drivers"});
    }
    const std::string runs = tests::read(log);
    CHECK(here.load(sources)->version() == 1);
    CHECK(tests::read(log) == runs);
    CHECK(here.reports.size() == 4);
    CHECK(here.reports.back() == "found drivers");

    here.sources(2);
    CHECK(here.load(sources)->version() == 2);
    CHECK(tests::read(log) != runs);
    CHECK(here.reports.size() == 7);
}

TEST_CASE("a loaded directory whose sources change goes on, and the new version loads beside it",
          "[loader]") {
    workshop here;
    const path sources = here.sources(1);
    const auto first = here.load(sources);
    here.sources(2);
    const auto second = here.load(sources);
    CHECK(first->version() == 1);
    CHECK(second->version() == 2);
}

TEST_CASE("what is compiled at run time can be unloaded", "[loader]") {
    workshop here;
    auto part = here.load(here.sources());
    const auto gone = part.close();
    INFO(gone.reason());
    CHECK(gone);
}

TEST_CASE("what the compiler says about a wrong plugin is in the error, with this library's own sentence",
          "[loader]") {
    workshop here;
    tests::write(here.scratch / "wrong/wrong.cpp",
                 "#include \"part.hpp\"\n#include <tenon/export.hpp>\n"
                 "struct wrong : part { explicit wrong(part_counts&) {} };\n"
                 "TENON_EXPORT(part, wrong, \"wrong\", \"1.0.0\")\n");
    const std::string said = here.complaint(here.scratch / "wrong");
    INFO(said);
    CHECK(says(said, "tenon: the plugin derives from the interface but is still abstract"));
    CHECK(says(said, "wrong/wrong.cpp:"));
    CHECK(says(said, TENON_CXX));
}

TEST_CASE(
    "a directory whose plugin is of another type, or not of the name that was asked for, is never published",
    "[loader]") {
    workshop here;
    const path sources = here.sources();
    CHECK(says(here.complaint(sources.native() + "#other"),
               "has no plugin of type 'part' named 'other'; it has 'plain'"));
    tests::write(here.scratch / "empty/empty.cpp", "extern \"C\" int nothing() { return 0; }\n");
    CHECK(says(here.complaint(here.scratch / "empty"), "has no plugins: it was not made with TENON_EXPORT"));
    if (tests::fs::exists(here.scratch / "cache/bin/part"))
        for (const auto& each : tests::fs::directory_iterator(here.scratch / "cache/bin/part"))
            CHECK(each.path().extension() != ".so");
    CHECK(here.load(sources)->version() == 1);
}

TEST_CASE("a repository is fetched and compiled", "[loader]") {
    workshop here;
    const path repository = here.sources(7, "repository/drivers").parent_path();
    const auto git = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(),
                         {"git", "-c", "user.name=tests", "-c", "user.email=tests@example.org"});
        const auto said =
            tests::run(arguments, repository, {"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null"});
        INFO(said.err);
        REQUIRE(said.status == 0);
    };
    git({"init", "--quiet"});
    git({"add", "."});
    git({"commit", "--quiet", "--message=A driver"});
    const std::string driver = "git+file://" + repository.native() + "#subdirectory=drivers&plugin=plain";

    CHECK(here.load(driver)->version() == 7);
    const std::string url = "file://" + repository.native();
    CHECK(here.reports == std::vector<std::string>{"asking " + url, "fetching " + url, "compiling drivers",
                                                   "linking drivers", "checking drivers"});

    // A policy reaches git.
    tests::write(here.scratch / "signers", "");
    here.options.policy.signed_by = tenon::signers{.ssh = here.scratch / "signers", .gpg = ""};
    CHECK(
        says(here.complaint(driver),
             "' is refused, because options.policy.signed_by allows only what a key in signers has signed"));
    here.options.policy.signed_by.reset();

    // Without the remote and without a compiler, the cached result is used.
    tests::fs::remove_all(repository);
    here.options.build = tenon::build_policy::never;
    CHECK(here.load(driver)->version() == 7);
}

TEST_CASE("a host without a umask, as many a daemon is, loads what it compiled", "[loader]") {
    workshop here;
    const path sources = here.sources();
    const mode_t before = ::umask(0);
    const std::string said = here.complaint(sources);
    ::umask(before);
    CHECK(said == "no complaint");
    CHECK(here.counts.made == 1);
}

TEST_CASE("what was prepared is loaded where nothing may be compiled, and runs no compiler", "[loader]") {
    workshop here;
    const path sources = here.sources();
    ::unsetenv("PART_LOADS");
    const std::string library = tenon::loader(here.options).prepare<part>(sources);
    CHECK(tests::fs::exists(library));
    CHECK(std::getenv("PART_LOADS") == nullptr);
    CHECK(tenon::loader(here.options).prepare<part>("inside") == "");

    here.options.build = tenon::build_policy::never;
    CHECK(here.load(sources).info().path == library);
    here.sources(2);
    CHECK(here.complaint(sources) == "'drivers' has to be compiled or fetched first, and options.build says "
                                     "never; prepare it with a loader that may");
    CHECK(here.complaint("git+file:///nowhere/repository") ==
          "'file:///nowhere/repository' has to be compiled or fetched first, and options.build says never; "
          "prepare it with a loader "
          "that may");
}

TEST_CASE("what is prepared is checked", "[loader]") {
    workshop here;
    const path truncated = here.library(here.scratch / "part.so");
    tests::fs::resize_file(truncated, 5000);
    CHECK_THROWS_AS(tenon::loader(here.options).prepare<part>(truncated), tenon::error);
}

TEST_CASE("options reach the library: trust, private copies, and what becomes of the code", "[loader]") {
    workshop here;
    const path library = here.library(here.scratch / "part.so");
    tests::fs::permissions(library, tests::fs::perms::others_write, tests::fs::perm_options::add);
    CHECK(says(here.complaint(library), "somebody else could have written it"));
    here.options.trust.everyone = true;
    here.options.private_copy = true;
    here.options.unload = tenon::unload_policy::never;
    auto part = here.load(library);
    tests::fs::resize_file(library, 0);
    CHECK(part->version() == 1);
    CHECK(part.close().what() == tenon::unloaded::state::pinned);
}

TEST_CASE("options reach the builder: profile, flags, jobs, precompiling and a thorough look", "[loader]") {
    workshop here;
    const path log = here.scratch / "log", script = here.scratch / "compiler.sh";
    tests::write(script, "#!/bin/sh\necho \"$@\" >> '" + log.native() + "'\nexec " TENON_CXX " \"$@\"\n");
    tests::fs::permissions(script, tests::fs::perms::owner_all);
    here.options.compiler = {script};
    here.options.flags = {"-DVERSION=9"};
    here.options.profile = tenon::profile::quick;
    here.options.jobs = 1;
    here.options.precompile = false;
    here.options.thorough = true;
    const path sources = here.scratch / "drivers";
    tests::write(sources / "part.cpp", tests::read(tests::source_directory / "tests/plugins/part.cpp"));
    CHECK(here.load(sources)->version() == 9);
    CHECK(says(tests::read(log), " -O0 "));
    CHECK_FALSE(says(tests::read(log), "-O2"));

    // Not twice the same interface without its header precompiled, unless an option says so.
    tests::write(sources / "part.cpp", tests::read(sources / "part.cpp") + "// edited\n");
    CHECK(here.load(sources)->version() == 9);
    CHECK_FALSE(says(tests::read(log), "c++-header"));
    const std::string runs = tests::read(log);
    CHECK(here.load(sources)->version() == 9);
    CHECK(tests::read(log) == runs);
}

TEST_CASE("a handle outlives its loader", "[loader]") {
    workshop here;
    const path library = here.library(here.scratch / "part.so");
    tenon::plugin<part> inside, outside;
    {
        const tenon::loader loader(here.options);
        inside = loader.load<part>("inside", here.counts);
        outside = loader.load<part>(library, here.counts);
    }
    CHECK(inside->version() == 100);
    CHECK(outside->version() == 1);
}

TEST_CASE("eight threads that ask one loader for one directory get it, compiled once", "[loader]") {
    workshop here;
    const path log = here.scratch / "log", sources = here.sources(3);
    here.options.compiler = counting_compiler(log);
    here.options.on_event = {};
    const tenon::loader loader(here.options);
    std::vector<int> versions(8);
    std::vector<std::thread> threads;
    for (int& version : versions)
        threads.emplace_back([&] {
            part_counts counts{};
            version = loader.load<part>(sources, counts)->version();
        });
    for (std::thread& each : threads)
        each.join();
    CHECK(versions == std::vector<int>(8, 3));

    workshop alone;
    alone.options.compiler = counting_compiler(alone.scratch / "log");
    alone.load(alone.sources(3));
    CHECK(tests::read(log) == tests::read(alone.scratch / "log"));
}

namespace {

/// A compiler that hangs, with a child that does, once it has to compile; the child's process is in `log`.
std::vector<std::string> hanging_compiler(const path& log) {
    const path program = log.native() + ".sh";
    tests::write(program,
                 "#!/bin/sh\ncase \"$*\" in *' -c '*) echo sources are hard >&2; sleep 60 & echo $! > '" +
                     log.native() + "'; wait;; esac\nexec " TENON_CXX " \"$@\"\n");
    permissions(program, tests::fs::perms::owner_all);
    return {program};
}

bool is_gone(const path& log) {
    const std::string state = tests::read("/proc/" + std::to_string(std::stoi(tests::read(log))) + "/stat");
    return state.empty() || says(state, ") Z ");
}

} // namespace

TEST_CASE("a build that takes too long ends with all of its programs, and leaves nothing", "[loader]") {
    workshop work;
    const std::string directory = work.sources();
    work.options.compiler = hanging_compiler(work.scratch / "log");
    work.options.build_timeout = std::chrono::milliseconds(1500);
    const std::string complaint = work.complaint(directory);
    CHECK_THAT(complaint, Catch::Matchers::StartsWith("log.sh was ended after "));
    CHECK(says(complaint, " seconds, because its time was up: options.build_timeout is 1.5 seconds\n"
                          "the plugin in 'drivers' was not built:\nlog.sh -std="));
    CHECK_THAT(complaint, Catch::Matchers::EndsWith(", and said:\nsources are hard"));
    CHECK(is_gone(work.scratch / "log"));
    CHECK(is_empty(work.scratch / "cache/tmp"));

    work.options.compiler = {TENON_CXX};
    work.options.build_timeout = {};
    CHECK(work.load(directory)->version() == 1);
}

TEST_CASE("limits hold for compilers", "[loader]") {
    workshop work;
    work.options.limits.output = 100;
    tests::write(work.scratch / "drivers/loud.cpp", "#error " + std::string(200, 'x'));
    CHECK(says(work.complaint(work.scratch / "drivers"),
               "because it said too much: options.limits.output is 100\n"));
}

#ifdef __cpp_lib_jthread
TEST_CASE("a build is cancelled at any time, ends with all of its programs, and leaves nothing", "[loader]") {
    workshop work;
    const std::string directory = work.sources();
    work.options.compiler = hanging_compiler(work.scratch / "log");
    std::stop_source source;
    work.options.stop = source.get_token();
    std::thread later([&] {
        while (tests::read(work.scratch / "log").empty()) // a shell makes the file before it writes
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        source.request_stop();
    });
    const std::string complaint = work.complaint(directory);
    later.join();
    CHECK(says(complaint, " seconds, because it was cancelled\nthe plugin in 'drivers' was not built:\n"));
    CHECK(is_gone(work.scratch / "log"));
    CHECK(is_empty(work.scratch / "cache/tmp"));

    // What needs no build is loaded all the same.
    work.options.compiler = {TENON_CXX};
    try {
        work.load(directory);
        FAIL("built");
    } catch (const tenon::error& e) {
        CHECK(e.code() == tenon::errc::cancelled);
    }
    work.options.stop = {};
    CHECK(work.load(directory)->version() == 1);
    work.options.stop = source.get_token();
    CHECK(work.load(directory)->version() == 1);
}

TEST_CASE("who waits for another's build can be cancelled, and waits no longer than he may", "[loader]") {
    workshop work;
    const std::string directory = work.sources();
    work.options.compiler = hanging_compiler(work.scratch / "log");
    std::stop_source first, second;
    tenon::loader_options waiting = work.options;
    waiting.on_event = {};
    work.options.stop = first.get_token();
    std::thread builder([&] { CHECK(says(work.complaint(directory), "because it was cancelled")); });
    while (!exists(work.scratch / "log"))
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto refusal = [&] {
        part_counts counts{};
        return tests::refusal([&] { tenon::loader(waiting).load<part>(directory, counts); });
    };
    waiting.build_timeout = std::chrono::milliseconds(100);
    std::string said = refusal();
    CHECK(says(said, "gave up waiting for '" + (work.scratch / "cache/bin/part/drivers-").native()));
    CHECK(says(said, ".lock', which another process or thread has locked: the time was up after 0."));
    CHECK(says(said, " seconds: options.build_timeout is 0.1 seconds"));
    waiting.build_timeout = {};
    waiting.stop = second.get_token();
    waiting.on_event = [&](const tenon::event& step) {
        if (step.what == tenon::event::step::waiting)
            second.request_stop();
    };
    CHECK(says(refusal(), "has locked: it was cancelled after 0."));
    first.request_stop();
    builder.join();
}
#endif

TEST_CASE("a plugin may load plugins while it is made, and while its library is initialised", "[loader]") {
    workshop here;
    const path inner = here.library(here.scratch / "inner.so", {"-DVERSION=5"});
    tests::write(here.scratch / "outer.cpp", R"(
#include "part.hpp"
#include <tenon/export.hpp>
#include <tenon/plugin.hpp>
namespace {
part_counts counts;
const tenon::plugin<part> first{INNER, counts};
struct outer : part {
    explicit outer(part_counts& given) : second(INNER, given) {}
    int version() const override { return first->version() * 10 + second->version(); }
    void fail() const override {}
    tenon::plugin<part> second;
};
}
TENON_EXPORT(part, outer, "outer", "1.0.0")
)");
    const path outer = tests::compiled(
        here.scratch / "outer.so", here.scratch / "outer.cpp",
        {"-I" + (tests::source_directory / "tests/plugins").native(), "-DINNER=\"" + inner.native() + "\""},
        TENON_CXX);
    CHECK(here.load(outer)->version() == 55);
    CHECK(here.counts.made == 1);
}

namespace {

std::string digest_of(const path& file) {
    return tenon::detail::sha256(tests::read(file)).hex();
}

} // namespace

TEST_CASE("what the policy refuses is neither loaded nor prepared", "[loader]") {
    workshop here;
    here.options.policy.kinds = {tenon::driver::kind::directory};
    CHECK(here.complaint("inside") ==
          "'inside' is refused, because options.policy.kinds allows only directories");
    CHECK_THROWS_AS(tenon::loader(here.options).prepare<part>("inside"), tenon::error);
    CHECK(here.counts.made == 0);
    CHECK(here.load(here.sources())->version() == 1);

    // A name leads to a library, which has to be in the folders too.
    here.options.policy = {.folders = {here.scratch / "allowed"}};
    here.library(here.scratch / "elsewhere/plain.so");
    tests::fs::create_directories(here.scratch / "allowed");
    tests::fs::create_symlink("../elsewhere/plain.so", here.scratch / "allowed/plain.so");
    here.options.search = {here.scratch / "allowed"};
    CHECK(here.complaint("plain") ==
          "'allowed/plain.so' is refused, because options.policy.folders allows only allowed");
    tests::fs::remove(here.scratch / "allowed/plain.so");
    tests::fs::rename(here.scratch / "elsewhere/plain.so", here.scratch / "allowed/plain.so");
    CHECK(here.load("plain")->version() == 1);
    CHECK(here.load("inside")->version() == 100);
}

TEST_CASE("a library is loaded where its digest is listed, and nothing of it runs where it is not",
          "[loader]") {
    workshop here;
    const path library = here.library(here.scratch / "search/plain.so");
    here.options.search = {here.scratch / "search"};
    std::string digest = digest_of(library);
    ::unsetenv("PART_LOADS");
    for (const bool private_copy : {false, true}) {
        here.options.private_copy = private_copy;
        here.options.policy.sha256 = {std::string(64, '0')};
        for (const std::string& driver : {library.native(), std::string("plain")}) {
            CHECK(here.complaint(driver) ==
                  "'search/plain.so' is refused, because its SHA-256 is " + digest +
                      ", and options.policy.sha256, or sha256 of library_options, allows only " +
                      std::string(64, '0'));
            CHECK_THROWS_AS(tenon::loader(here.options).prepare<part>(driver), tenon::error);
        }
        CHECK(std::getenv("PART_LOADS") == nullptr);
        std::transform(digest.begin(), digest.end(), digest.begin(),
                       [](unsigned char c) { return std::toupper(c); });
        here.options.policy.sha256 = {std::string(64, '0'), digest};
        CHECK(here.load(library)->version() == 1);
        CHECK(here.load("plain")->version() == 1);
        CHECK(tenon::loader(here.options).prepare<part>("plain") == library);
        ::unsetenv("PART_LOADS");
        digest = digest_of(library);
    }
    // No digest of a library that is compiled here can be known in advance.
    here.options.policy.sha256 = std::vector<std::string>{};
    CHECK(here.load(here.sources(2))->version() == 2);
    CHECK(here.load("inside")->version() == 100);
}

TEST_CASE("what is malformed is an error before anything is looked for", "[loader]") {
    workshop here;
    CHECK_THROWS_AS(here.load(""), tenon::error);
    CHECK(says(here.complaint("part.so"), "[a-z][a-z0-9_-]*"));
    CHECK(says(here.complaint("git@example.org:user/repo"), "git+ssh://"));
    CHECK(says(here.complaint("./absent"), "absent"));
}
