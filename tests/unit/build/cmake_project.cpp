// SPDX-License-Identifier: MIT
#include <tenon/detail/build/cmake_project.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <tenon/cache.hpp>
#include <tenon/detail/build/builder.hpp>
#include <tenon/diagnostic.hpp>
#include <tenon/loader.hpp>

#include "building.hpp"
#include "catch.hpp"
#include "plugins/part.hpp"
#include "remote.hpp"

using tenon::errc;
using tenon::error;
using tenon::plugin_type;
using tenon::detail::basic_builder;
using tenon::detail::basic_cache;
using tenon::detail::build_options;
using tenon::detail::chosen_library;
using tenon::detail::cmake_argument;
using tenon::detail::cmake_library;
using tenon::detail::posix;
using tenon::detail::read_cmake_files;
using tenon::detail::read_cmake_libraries;
using tests::answer_of;
using tests::answering;
using tests::read;
using tests::refusal;
using tests::scratch_directory;
using tests::write;
using tests::fs::path;

namespace {

constexpr plugin_type tiny{"tiny", "/where/this/program/was/compiled/tiny.hpp"};

/// A directory with a CMakeLists.txt, and a compiler that writes down how it is called.
struct workshop {
    workshop() {
        write(include / "tiny.hpp", "// a plugin_type named \"tiny\"\n#define TENS 4\n");
        lists("tenon_add_plugin(answers SOURCES main.cpp)\n");
        write(plugin / "main.cpp", "#include \"tiny.hpp\"\n" + answering("TENS * 10 + 2"));
        compiler(TENON_CXX);
    }

    void lists(const std::string& more) const {
        write(plugin / "CMakeLists.txt", "cmake_minimum_required(VERSION 3.24)\nproject(answers CXX)\n"
                                         "find_package(tenon 0.1 REQUIRED)\n" +
                                             more);
    }
    void compiler(const std::string& real, const std::string& before = "") {
        tests::write_wrapper(wrapper, log, real, before);
        options.compiler = {wrapper};
    }

    template <class System = posix>
    std::string build() const {
        return basic_builder<System>(options, basic_cache<System>(cache))
            .library(plugin, tiny, [](const std::string&) {});
    }
    std::string cached() const {
        return basic_builder<>(options, basic_cache<>(cache)).cached(plugin, tiny).value_or("");
    }
    int answer() const { return answer_of(build()); }
    std::string complaint() const {
        std::string said = refusal([&] { build(); });
        for (std::size_t at; (at = said.find(root.path().native())) != said.npos;)
            said.replace(at, root.path().native().size(), "~");
        return said;
    }

    int compiled(const std::string& source = "") const {
        return tests::occurrences(read(log), "-c " + (plugin / source).native());
    }
    std::vector<path> trees() const {
        std::vector<path> found;
        for (const auto& each : tests::fs::directory_iterator(cache / "bin/tiny"))
            if (each.path().extension() == ".tree")
                for (const auto& inside : tests::fs::directory_iterator(each.path()))
                    if (inside.is_directory())
                        found.push_back(inside.path());
        return found;
    }

    scratch_directory root;
    path plugin = root / "plugin", include = root / "include", cache = root / "cache", log = root / "log",
         wrapper = root / "c++";
    build_options options{.include = {include}, .profile = tenon::profile::quick};
};

/// What is written in the same tick of the clock as a build's end makes a tree begin anew.
void next_tick() {
    std::this_thread::sleep_for(std::chrono::milliseconds(12));
}

/// Sets a file's stamps to so many seconds from now.
void stamp(const path& file, long seconds) {
    timespec times[2];
    ::clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec += seconds;
    times[1] = times[0];
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

struct counting : posix {
    static inline int opened, spawned;
    static int open(const char* name, int flags, mode_t mode = 0) noexcept {
        return ++opened, posix::open(name, flags, mode);
    }
    static int spawn(pid_t* child, const char* program, const posix_spawn_file_actions_t* files,
                     const posix_spawnattr_t* attributes, char* const arguments[],
                     char* const environment[]) noexcept {
        return ++spawned, posix::spawn(child, program, files, attributes, arguments, environment);
    }
};

bool without_cmake() {
    if (tests::installed("cmake") && tests::installed("make"))
        return false;
    WARN("there is no cmake or no make: not tested");
    return true;
}

} // namespace

TEST_CASE("any text is one argument to CMake", "[cmake_tree]") {
    CHECK(cmake_argument("a b") == "[=[a b]=]");
    CHECK(cmake_argument("a]=]b") == "[==[a]=]b]==]");
}

TEST_CASE("the plugin is the target that is named, else what can only be it", "[cmake_tree]") {
    const cmake_library module{"json", "/b/json.so", true, false},
        shared{"base", "/b/libbase.so", false, false}, plugin{"ldap", "/b/ldap.so", true, true};
    const auto chosen = [](const std::string& target, std::vector<cmake_library> all) {
        return chosen_library("/src", target, all).target;
    };
    CHECK(chosen("", {shared}) == "base");
    CHECK(chosen("", {shared, module}) == "json");
    CHECK(chosen("", {shared, module, plugin}) == "ldap");
    CHECK(chosen("base", {shared, module, plugin}) == "base");
    CHECK(
        refusal([&] { chosen("", {module, {"xml", "/b/xml.so", true, false}}); }) ==
        "the CMakeLists.txt in '/src' makes several libraries that may be the plugin: json, xml; choose one "
        "by adding '#target=' and its name");
    CHECK(refusal([&] { chosen("yaml", {module, shared}); }) ==
          "the CMakeLists.txt in '/src' makes no library that can be loaded named 'yaml'; it has json, base");
    CHECK(refusal([&] { chosen("", {}); }) == "the CMakeLists.txt in '/src' makes no library that can be "
                                              "loaded; tenon_add_plugin(NAME SOURCES ...) "
                                              "or add_library(NAME MODULE ...) is expected");
}

TEST_CASE("what CMake has written down is read, and anything else is not", "[cmake_tree]") {
    std::vector<cmake_library> found;
    std::string modules;
    CHECK(read_cmake_libraries("modules /usr/share/cmake\nlibrary MODULE_LIBRARY TRUE json\n/b/my json.so\n"
                               "library SHARED_LIBRARY FALSE base\n/b/libbase.so\n",
                               found, modules));
    CHECK(modules == "/usr/share/cmake");
    REQUIRE(found.size() == 2);
    CHECK((found[0].target == "json" && found[0].path == "/b/my json.so" && found[0].module &&
           found[0].plugin));
    CHECK((found[1].target == "base" && !found[1].module && !found[1].plugin));
    for (const char* other : {"", "library MODULE_LIBRARY TRUE json\n",
                              "modules /m\nlibrary EXECUTABLE TRUE x\n/x\n", "modules /m\nx\n"})
        CHECK(!read_cmake_libraries(other, found, modules));
    CHECK(read_cmake_files("x\nset(CMAKE_MAKEFILE_DEPENDS\n  \"a\"\n  \"/b c\"\n  )\n  \"d\"\n") ==
          std::vector<std::string>{"a", "/b c"});
    CHECK(read_cmake_files("nothing").empty());
}

TEST_CASE("a directory with a CMakeLists.txt becomes a library, and nothing runs when nothing has changed",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    for (const std::string& compiler : tests::plugin_compilers()) {
        workshop work;
        work.compiler(compiler);
        std::vector<std::string> told;
        work.options.on_event = [&](const tenon::event& what) { told.push_back(what.text()); };
        const std::string library = work.build();
        CHECK(answer_of(library) == 42);
        CHECK(library.starts_with((work.cache / "bin/tiny/plugin-").native()));
        CHECK((tests::fs::status(library).permissions() & tests::fs::perms::all) ==
              tests::fs::perms::owner_all);
        CHECK(told == std::vector<std::string>{"configuring plugin", "compiling plugin", "checking plugin"});
        told.clear();
        counting::opened = counting::spawned = 0;
        CHECK(work.build<counting>() == library);
        CHECK(counting::opened == 1);
        CHECK(counting::spawned == 0);
        CHECK(told == std::vector<std::string>{"found plugin"});
        CHECK(work.cached() == library);
    }
}

TEST_CASE(
    "of a CMakeLists.txt's sources only those that changed are compiled again, and an edit taken back is "
    "remembered",
    "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    work.lists(
        "add_library(helper STATIC parts/helper.cpp)\ntarget_include_directories(helper PUBLIC parts)\n"
        "tenon_add_plugin(answers SOURCES main.cpp)\ntarget_link_libraries(answers PRIVATE helper)\n");
    write(work.plugin / "main.cpp", "#include \"helper.hpp\"\n" + answering("helper() + ONE"));
    write(work.plugin / "parts/helper.hpp", "#define ONE 1\nint helper();\n");
    write(work.plugin / "parts/helper.cpp", "int helper() { return 10; }\n");
    const std::string first = work.build();
    CHECK(answer_of(first) == 11);
    next_tick();
    write(work.plugin / "parts/helper.cpp", "int helper() { return 20; }\n");
    CHECK(work.cached() == "");
    CHECK(work.answer() == 21);
    CHECK(work.compiled("main.cpp") == 1);
    CHECK(work.compiled("parts/helper.cpp") == 2);
    next_tick();
    write(work.plugin / "parts/helper.cpp", "int helper() { return 10; }\n");
    CHECK(work.build() == first);
    CHECK(work.compiled() == 3);

    // A text that changes nothing, and what an editor keeps beside a source.
    write(work.plugin / "README.txt", "about it");
    CHECK(work.build() == first);
    write(work.plugin / ".main.cpp.swp", "");
    write(work.plugin / "main.cpp~", "");
    CHECK(work.cached() == first);

    // The tree has another text's objects.
    write(work.plugin / "parts/helper.hpp", "#define ONE 2\nint helper();\n");
    CHECK(work.answer() == 12);
}

TEST_CASE("what make's times do not show is seen", "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    work.lists("file(GLOB sources *.cpp)\ntenon_add_plugin(answers SOURCES ${sources})\n"
               "target_include_directories(answers PRIVATE early late)\n");
    write(work.plugin / "main.cpp", "#include <port.hpp>\nint more() __attribute__((weak));\n" +
                                        answering("PORT + (more ? more() : 0)"));
    write(work.plugin / "late/port.hpp", "#define PORT 1\n");
    create_directory(work.plugin / "early");
    CHECK(work.answer() == 1);

    // An edit that is older than what was made of the text before.
    write(work.plugin / "late/port.hpp", "#define PORT 2\n");
    stamp(work.plugin / "late/port.hpp", -1000);
    CHECK(work.answer() == 2);

    // Edits from the future, and such as follow each other at once.
    for (int port = 3; port < 8; ++port) {
        write(work.plugin / "late/port.hpp", "#define PORT " + std::to_string(port) + '\n');
        if (port < 5)
            stamp(work.plugin / "late/port.hpp", 86'400);
        CHECK(work.answer() == port);
    }

    // A new source where any is taken, and one that is gone.
    next_tick();
    const int compiled = work.compiled("main.cpp");
    write(work.plugin / "more.cpp", "int more() { return 10; }\n");
    CHECK(work.answer() == 17);
    CHECK(work.compiled("main.cpp") == compiled);
    remove(work.plugin / "more.cpp");
    CHECK(work.answer() == 7);

    // A header that comes to stand before another, and goes.
    write(work.plugin / "early/port.hpp", "#define PORT 8\n");
    CHECK(work.answer() == 8);
    remove(work.plugin / "early/port.hpp");
    CHECK(work.answer() == 7);

    // A file that only the CMakeLists.txt reads.
    work.lists("file(READ value.txt value)\ntenon_add_plugin(answers SOURCES main.cpp)\n"
               "target_compile_definitions(answers PRIVATE PORT=${value})\n");
    write(work.plugin / "main.cpp", answering("PORT"));
    for (const char* value : {"20", "21"}) {
        write(work.plugin / "value.txt", value);
        CHECK(std::to_string(work.answer()) == value);
    }
}

TEST_CASE("the host's flags, headers, profile and launcher are CMake's too, whatever is in them",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    const path folder = work.root / "it's $HOME #1, <2>";
    write(folder / "odd.hpp", "#define ODD 1\n");
    write(work.plugin / "main.cpp",
          "#include <odd.hpp>\n#include \"tiny.hpp\"\n" + answering("ODD + TENS + GIVEN + sizeof TEXT"));
    work.options.flags = {"-I", folder, "-DGIVEN=100", "-DTEXT=\"a;b c$d>e\""};
    CHECK(work.answer() == 1 + 4 + 100 + 10);
    CHECK(read(work.log).find(" -O0") == std::string::npos);
    CHECK(read(work.log).find(" -g ") != std::string::npos);

    const path launcher = work.root / "launch", launches = work.root / "launches";
    tests::write_program(launcher, "echo \"$@\" >> '" + launches.native() + "'\nexec \"$@\"\n");
    work.options.compiler = {launcher, work.wrapper, "-DMORE=1"};
    write(work.plugin / "main.cpp", answering("MORE + GIVEN"));
    CHECK(work.answer() == 101);
    CHECK(read(launches).find(work.wrapper.native()) == 0);
}

TEST_CASE("what compilers write beside their objects stays in CMake's tree, and the language is nothing to "
          "the link",
          "[cmake_tree]") {
    if (without_cmake() || tests::sanitized)
        return;
    workshop work;
    // A path with spaces, too.
    tests::write_wrapper(work.root / "my tools/g++", work.log, TENON_GXX);
    work.options.compiler = {work.root / "my tools/g++"};
    work.options.flags = {"-x", "c++", "--coverage"};
    CHECK(work.answer() == 42);
    bool notes = false, data = false;
    for (const auto& each : tests::fs::recursive_directory_iterator(work.cache / "bin/tiny")) {
        notes = notes || each.path().extension() == ".gcno";
        data = data || each.path().extension() == ".gcda";
    }
    CHECK(notes);
    CHECK(data);
    CHECK(work.answer() == 42);
}

TEST_CASE("a CMakeLists.txt or compile_flags.txt that is no file is said to be none", "[cmake_tree]") {
    for (const std::string name : {"CMakeLists.txt", "compile_flags.txt"}) {
        workshop work;
        remove(work.plugin / "CMakeLists.txt");
        create_directories(work.plugin / name);
        CHECK(work.complaint() == "'~/plugin/" + name + "' is not a regular file");
        remove(work.plugin / name);
        create_symlink("gone", work.plugin / name);
        CHECK(work.complaint() == "'~/plugin/" + name + "' is a symbolic link to 'gone', which is not there");
    }
}

TEST_CASE("of several targets one is named, and a library that the build keeps for itself is not left behind",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    work.lists("tenon_add_plugin(one SOURCES main.cpp)\ntenon_add_plugin(two SOURCES two.cpp)\n");
    write(work.plugin / "two.cpp", answering("2"));
    CHECK(work.complaint() ==
          "the CMakeLists.txt in '~/plugin' makes several libraries that may be the plugin: "
          "one, two; choose one by adding '#target=' and its name");
    work.options.target = "two";
    CHECK(work.answer() == 2);
    work.options.target = "one";
    CHECK(work.answer() == 42);
    work.options.target = "three";
    CHECK(work.complaint() == "the CMakeLists.txt in '~/plugin' makes no library that can be loaded named "
                              "'three'; it has one, two");

    write(work.plugin / "two.cpp", "__attribute__((visibility(\"default\"))) int base() { return 1; }\n");
    write(work.plugin / "main.cpp", "int base();\n" + answering("base()"));
    work.lists("add_library(base SHARED two.cpp)\ntenon_add_plugin(one SOURCES main.cpp)\n"
               "target_link_libraries(one PRIVATE base)\n");
    work.options.target.clear();
    CHECK(work.complaint() ==
          "the plugin in '~/plugin' is not used, because its target 'one' needs 'base', which "
          "is made with it and which nobody keeps: make that a STATIC library");

    // Whoever else has the linker write down what it reads, as CMake does from 3.27 on: the last one is
    // heard.
    for (const std::string more :
         {"set(CMAKE_CXX_CREATE_SHARED_MODULE \"${CMAKE_CXX_CREATE_SHARED_MODULE} "
          "-Wl,--dependency-file=<OBJECT_DIR>/link.d\")\n",
          "set(CMAKE_MODULE_LINKER_FLAGS \"-Wl,--dependency-file=elsewhere.d\")\n",
          "set(CMAKE_SKIP_BUILD_RPATH ON)\n", "set_target_properties(base PROPERTIES SOVERSION 3)\n",
          "set_target_properties(base PROPERTIES NO_SONAME ON)\n"}) {
        INFO(more);
        work.lists("add_library(base SHARED two.cpp)\ntenon_add_plugin(one SOURCES main.cpp)\n" + more +
                   "target_link_libraries(one PRIVATE base)\n");
        const std::string said = work.complaint();
        INFO(said);
        CHECK(work.complaint().ends_with("target 'one' needs 'base', which is made with it and which nobody "
                                         "keeps: make that a STATIC library"));
    }
    // One that a custom command makes is no target.
    work.lists(
        "add_custom_command(OUTPUT libmade.so COMMAND ${CMAKE_CXX_COMPILER} -shared -fPIC -o libmade.so\n"
        "    -Wl,-soname,libmade.so ${CMAKE_CURRENT_SOURCE_DIR}/two.cpp)\n"
        "add_custom_target(make_it DEPENDS libmade.so)\n"
        "tenon_add_plugin(one SOURCES main.cpp)\nadd_dependencies(one make_it)\n"
        "target_link_libraries(one PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/libmade.so)\n");
    CHECK(
        work.complaint().ends_with("target 'one' needs 'libmade.so', which is made with it and which nobody "
                                   "keeps: make that a STATIC library"));

    remove(work.plugin / "CMakeLists.txt");
    work.options.target = "one";
    CHECK(work.complaint() == "'~/plugin' has no target 'one': it is no directory with a CMakeLists.txt");
}

TEST_CASE("what CMake and its compilers refuse is told, with the first error first and as data",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    const auto failure = [&] {
        try {
            work.build();
        } catch (const tenon::build_error& e) {
            return e;
        }
        throw std::logic_error("nothing failed");
    };
    write(work.plugin / "main.cpp", "int f() { return absent; }\n");
    write(work.plugin / "other.cpp", "int g() { return 1; }\n");
    work.lists("tenon_add_plugin(answers SOURCES other.cpp main.cpp)\n");
    const tenon::build_error refused = failure();
    CHECK(refused.code() == errc::build_failed);
    CHECK(std::string(refused.what()).starts_with((work.plugin / "main.cpp:1:18: error: ").native()));
    CHECK(std::string(refused.what()).find("\nexited with status 2, and said:\n") != std::string::npos);
    REQUIRE(tenon::diagnostics(refused).size() == 1);
    CHECK(tenon::diagnostics(refused)[0].place() == (work.plugin / "main.cpp:1:18").native());
    CHECK(tenon::failed_commands(refused).at(0).ending == "exited with status 2");

    next_tick();
    write(work.plugin / "main.cpp", answering("3"));
    CHECK(work.answer() == 3);
    CHECK(work.compiled("other.cpp") == 1);

    work.lists("message(FATAL_ERROR \"not today\")\n");
    CHECK(work.complaint().starts_with("CMake Error at CMakeLists.txt:4 (message): not today\n"
                                       "the plugin in '~/plugin' was not built:\n"));
    work.lists("");
    CHECK(work.complaint().starts_with(
        "the CMakeLists.txt in '~/plugin' makes no library that can be loaded; "));

    // The cause, and not what says that something failed.
    work.options.flags = {"-fuse-ld=bfd"};
    work.lists(
        "tenon_add_plugin(answers SOURCES main.cpp)\ntarget_link_libraries(answers PRIVATE nowhere)\n");
    CHECK(work.complaint().find("cannot find -lnowhere") < work.complaint().find('\n'));
    work.lists("add_custom_command(OUTPUT made.hpp DEPENDS absent.txt COMMAND true)\n"
               "tenon_add_plugin(answers SOURCES main.cpp made.hpp)\n");
    CHECK(work.complaint().find("*** No rule to make target 'absent.txt', needed by 'made.hpp'") <
          work.complaint().find('\n'));
}

TEST_CASE("a target of CMake's that misses a symbol is not linked, unless it says that its host has it",
          "[cmake_tree]") {
    const scratch_directory scratch;
    write(scratch / "host.cpp", "__attribute__((visibility(\"default\"))) int of_the_host() { return 7; }");
    // As the symbols of a program that is linked with -rdynamic.
    void* const host =
        ::dlopen(tests::compiled(scratch / "host.so", scratch / "host.cpp").c_str(), RTLD_NOW | RTLD_GLOBAL);
    REQUIRE(host);
    workshop work;
    write(work.plugin / "main.cpp", "int of_the_host();\n" + answering("of_the_host()"));
    for (const std::string target :
         {"tenon_add_plugin(answers SOURCES main.cpp)\n", "add_library(answers MODULE main.cpp)\n"}) {
        work.lists(target);
        const std::string said = work.complaint(), headline = said.substr(0, said.find('\n'));
        CHECK(headline.find("of_the_host()") != headline.npos);
        CHECK(headline.ends_with("LINKER:-z,undefs in CMake's target_link_options"));
        work.lists(target + "target_link_options(answers PRIVATE LINKER:-z,undefs)\n");
        CHECK(work.answer() == 7);
    }
    ::dlclose(host);
}

TEST_CASE("what CMake, compilers and linkers warn of is told", "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    std::vector<std::string> told;
    std::size_t kept = 0;
    work.options.on_event = [&](const tenon::event& e) {
        if (e.what == tenon::event::step::warning)
            told.push_back(e.said.place().substr(e.said.place().rfind('/') + 1) + ' ' + e.said.text);
    };
    work.options.on_built = [&](const std::vector<tenon::diagnostic>& all) { kept = all.size(); };
    work.options.compiler = {TENON_GXX};
    work.options.flags = {"-fuse-ld=bfd"};
    work.lists("message(WARNING \"CMake warns\")\nmessage(DEPRECATION \"old\")\n"
               "tenon_add_plugin(answers SOURCES main.cpp)\n");
    write(work.plugin / "main.cpp", "#include <cstdio>\n#warning beware\n" + answering("!::tmpnam(nullptr)"));
    work.build();
    REQUIRE(told.size() == 4);
    CHECK(told[0] == "CMakeLists.txt:4 CMake warns");
    CHECK(told[1] == "CMakeLists.txt:5 old");
    CHECK(told[2] == "main.cpp:2:2 #warning beware [-Wcpp]");
    CHECK(told[3].find("the use of `tmpnam' is dangerous, better use `mkstemp'") != std::string::npos);
    CHECK(kept == 4);

    // Only what has changed is compiled again.
    told.clear();
    next_tick();
    write(work.plugin / "main.cpp", "\n\n#warning again\n" + answering("1"));
    work.build();
    CHECK(told == std::vector<std::string>{"main.cpp:3:2 #warning again [-Wcpp]"});
}

TEST_CASE("CMake is needed only where something has to be built, and is asked for by name", "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    const std::string before = std::getenv("PATH");
    const std::string library = work.build();
    create_directory(work.root / "empty");
    ::setenv("PATH", (work.root / "empty").c_str(), 1);
    const std::string found = work.cached();
    write(work.plugin / "main.cpp", answering("1"));
    const std::string said = work.complaint();
    ::setenv("PATH", before.c_str(), 1);
    CHECK(found == library);
    CHECK(said == "'~/plugin' has a CMakeLists.txt, and there is no cmake in $PATH; install CMake, 3.24 or "
                  "newer, and make");

    tests::write_program(work.root / "old/cmake", "mkdir -p build\n");
    ::setenv("PATH", ((work.root / "old").native() + ':' + before).c_str(), 1);
    const std::string old = work.complaint();
    ::setenv("PATH", before.c_str(), 1);
    CHECK(old ==
          "the plugin in '~/plugin' cannot be found, because '~/old/cmake' does not run "
          "CMAKE_PROJECT_TOP_LEVEL_INCLUDES: install CMake 3.24 or newer, and begin the CMakeLists.txt with "
          "cmake_minimum_required and project");
}

TEST_CASE(
    "a CMakeLists.txt runs only where everything beside it is trusted, and one from a repository only by an "
    "option",
    "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    write(work.plugin / "deep/inside/notes.txt", "");
    permissions(work.plugin / "deep/inside/notes.txt", tests::fs::perms::others_write,
                tests::fs::perm_options::add);
    CHECK(work.complaint() ==
          "'~/plugin/deep/inside/notes.txt' is not run, because somebody else could have "
          "written it: everybody may write to '~/plugin/deep/inside/notes.txt'; `chmod o-w "
          "'~/plugin/deep/inside/notes.txt'`, or widen options.trust");
    permissions(work.plugin / "deep/inside/notes.txt", tests::fs::perms::others_write,
                tests::fs::perm_options::remove);
    CHECK(!exists(work.log));

    work.options.fetched = true;
    CHECK(work.complaint() ==
          "'~/plugin' is from a repository and has a CMakeLists.txt, which can run any program "
          "while it is built; set options.builds_may_run_programs to let it, or build it with "
          "CMake and name the library that it makes");
    CHECK(!exists(work.log));
    work.options.builds_may_run_programs = true;
    CHECK(work.answer() == 42);
    work.options.builds_may_run_programs = false;
    CHECK(work.cached() == "");
}

TEST_CASE("a header outside of the directory is trusted by itself, even where only the name of its folder is "
          "longer",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    create_directory(work.root / "plugin2");
    write(work.root / "plugin2/other.hpp", "#define OTHER 7\n");
    const std::string other = GENERATE("\"../plugin2/other.hpp\"", "BESIDE");
    write(work.plugin / "main.cpp", "#define BESIDE \"" + (work.root / "plugin2/other.hpp").native() +
                                        "\"\n#include " + other + "\n" + answering("OTHER"));
    permissions(work.root / "plugin2/other.hpp", tests::fs::perms::others_write,
                tests::fs::perm_options::add);
    CHECK(work.complaint().find("other.hpp' is not run, because somebody else could have written it: ") !=
          std::string::npos);
    permissions(work.root / "plugin2/other.hpp", tests::fs::perms::others_write,
                tests::fs::perm_options::remove);
    CHECK(work.answer() == 7);
}

TEST_CASE("a header that comes to stand before another is seen in folders beside the directory too",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    const std::string up = GENERATE("${CMAKE_CURRENT_SOURCE_DIR}/../", "${CMAKE_CURRENT_SOURCE_DIR}2/");
    for (const char* folder : {"early", "late", "plugin2/early", "plugin2/late"})
        create_directories(work.root / folder);
    for (const char* header : {"late/port.hpp", "plugin2/late/port.hpp"})
        write(work.root / header, "#define PORT 1\n");
    work.lists("tenon_add_plugin(answers SOURCES main.cpp)\ntarget_compile_options(answers PRIVATE -I" + up +
               "early -I" + up + "late)\n");
    write(work.plugin / "main.cpp", "#include <port.hpp>\n" + answering("PORT"));
    CHECK(work.answer() == 1);
    for (const char* header : {"early/port.hpp", "plugin2/early/port.hpp"})
        write(work.root / header, "#define PORT 2\n");
    CHECK(work.answer() == 2);
}

TEST_CASE("what changes while CMake builds is built again", "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    const path once = work.root / "once";
    work.compiler(TENON_CXX, "case \"$*\" in *main.cpp*) test -e '" + once.native() + "' || { touch '" +
                                 once.native() + "'; " + TENON_CXX + " \"$@\"; s=$?; sleep 0.02; echo '" +
                                 "#define TENS 5 // plugin_type \"tiny\"' > '" +
                                 (work.include / "tiny.hpp").native() + "'; exit $s; };; esac");
    CHECK(work.answer() == 52);
    CHECK(work.compiled("main.cpp") == 2);
}

TEST_CASE("a log that grows beside a CMakeLists.txt is named, and the cache and $TMPDIR are no sources",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    SECTION("a log") {
        work.compiler(TENON_CXX, "echo $$ >> '" + (work.plugin / "logs/x.log").native() + "'");
        write(work.plugin / "logs/x.log", "");
        const std::string said = work.complaint();
        CHECK(said.find(
                  "the plugin in '~/plugin' was not built, because '~/plugin/logs/x.log' changed each time "
                  "while it was being compiled (it had ") == 0);
        CHECK(said.ends_with("); try again when it is left alone; every file below a CMakeLists.txt may be a "
                             "source: let programs write elsewhere, or under names that begin with '.'"));
    }
    SECTION("tenon's own files") {
        const std::string before = std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "";
        work.cache = work.plugin / "made/cache";
        for (const path& temporary : {work.plugin / "temporary", work.plugin}) {
            create_directories(temporary);
            ::setenv("TMPDIR", temporary.c_str(), 1);
            write(work.plugin / "main.cpp", answering(std::to_string(temporary.native().size())));
            CHECK(work.answer() == static_cast<int>(temporary.native().size()));
            CHECK(work.cached() != "");
            next_tick();
        }
        before.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before.c_str(), 1);
        CHECK(work.compiled("main.cpp") == 2);
        for (const std::string& each :
             basic_builder<>(work.options, basic_cache<>(work.cache)).watched(work.plugin, tiny))
            CHECK(each.find(work.cache.native()) == std::string::npos);
    }
}

TEST_CASE("a CMakeLists.txt may write among its sources, and have files made", "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    work.lists("configure_file(value.in ${CMAKE_CURRENT_SOURCE_DIR}/value.hpp)\n"
               "add_custom_command(OUTPUT made.hpp DEPENDS made.txt\n"
               "    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/made.txt made.hpp)\n"
               "tenon_add_plugin(answers SOURCES main.cpp ${CMAKE_CURRENT_BINARY_DIR}/made.hpp)\n"
               "target_include_directories(answers PRIVATE ${CMAKE_CURRENT_BINARY_DIR})\n");
    write(work.plugin / "main.cpp",
          "#include \"value.hpp\"\n#include \"made.hpp\"\n" + answering("VALUE + MADE"));
    write(work.plugin / "value.in", "#define VALUE 1\n");
    write(work.plugin / "made.txt", "#define MADE 10\n");
    const std::string first = work.build();
    CHECK(answer_of(first) == 11);
    CHECK(work.cached() == first);
    write(work.plugin / "made.txt", "#define MADE 20\n");
    CHECK(work.answer() == 21);
    write(work.plugin / "value.in", "#define VALUE 2\n");
    CHECK(work.answer() == 22);
}

TEST_CASE("a builder that is killed while CMake works does no harm, and its tree is not gone on with",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    work.build();
    const std::vector<path> first = work.trees();
    int killed = 0;
    for (int round = 0; round < 5; ++round) {
        write(work.plugin / "main.cpp", answering(std::to_string(100 + round)));
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                work.build();
            } catch (...) {
            }
            ::_exit(0);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20 + 60 * round));
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        killed += WIFSIGNALED(status);
        if (round % 2)
            CHECK(work.answer() == 100 + round);
    }
    CHECK(killed > 0);
    write(work.plugin / "main.cpp", answering("7"));
    CHECK(work.answer() == 7);
    CHECK(work.trees() != first);
    CHECK(work.trees().size() == 1);
}

TEST_CASE("CMake, make and compilers end when the time is up", "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    work.build();
    write(work.plugin / "main.cpp", answering("8"));
    const path mark = work.root / "ended";
    work.compiler(TENON_CXX, "case \"$*\" in *main.cpp*) sleep 5; touch '" + mark.native() + "';; esac");
    work.options.timeout = 2000;
    CHECK(work.complaint().starts_with("cmake was ended after "));
    CHECK(!exists(mark));
    work.options.timeout = 0;
    work.compiler(TENON_CXX);
    CHECK(work.answer() == 8);
}

TEST_CASE("a build tree is in the cache's list, and goes by its rules", "[cmake_tree]") {
    if (without_cmake())
        return;
    struct tomorrow : posix {
        static timespec now() noexcept {
            timespec time = posix::now();
            time.tv_sec += 86'400;
            return time;
        }
    };
    workshop work;
    const std::string library = work.build();
    const tenon::detail::basic_cache_contents<tomorrow> contents(work.cache);
    const auto tree = [&] {
        for (const tenon::cache_entry& each : contents.entries())
            if (each.what == tenon::cache_entry::kind::intermediate && each.path.ends_with(".tree"))
                return each;
        return tenon::cache_entry{};
    };
    CHECK(tree().name == "plugin");
    CHECK(tree().type == "tiny");
    CHECK(tree().size > 50'000);
    CHECK(!tree().in_use);
    CHECK(contents.prune().empty());
    CHECK(contents.prune({.unused_for = std::chrono::hours(1)}).size() == 2);
    CHECK(tree().path == "");
    CHECK(is_empty(work.cache / "tmp"));
    CHECK(work.answer() == 42);
}

TEST_CASE("what can change a plugin of CMake's is all of its folders and files, and what was read elsewhere",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    write(work.plugin / "deep/notes.txt", "");
    const auto watches = [&](const path& what) {
        const auto all = basic_builder<>(work.options, basic_cache<>(work.cache)).watched(work.plugin, tiny);
        return std::find(all.begin(), all.end(), what.native()) != all.end();
    };
    for (const path& each : {work.plugin, work.plugin / "CMakeLists.txt", work.plugin / "deep",
                             work.plugin / "deep/notes.txt", work.include})
        CHECK(watches(each));
    CHECK(!watches(work.include / "tiny.hpp"));
    work.build();
    CHECK(watches(work.include / "tiny.hpp"));

    // What is linked too, whoever has the linker write that down.
    write(work.root / "elsewhere/one.cpp", "int one() { return 1; }\n");
    tests::run(
        {TENON_CXX, "-c", "-fPIC", work.root / "elsewhere/one.cpp", "-o", work.root / "elsewhere/one.o"});
    tests::run({"ar", "rc", work.root / "elsewhere/libone.a", work.root / "elsewhere/one.o"});
    write(work.plugin / "main.cpp", "int one();\n" + answering("one()"));
    for (const std::string more :
         {"", "set(CMAKE_CXX_CREATE_SHARED_MODULE \"${CMAKE_CXX_CREATE_SHARED_MODULE} "
              "-Wl,--dependency-file=<OBJECT_DIR>/link.d\")\n"}) {
        INFO(more);
        work.lists(more +
                   "tenon_add_plugin(answers SOURCES main.cpp)\n"
                   "target_link_libraries(answers PRIVATE -lone -L" +
                   (work.root / "elsewhere").native() + ")\n");
        CHECK(work.answer() == 1);
        CHECK(watches(work.root / "elsewhere/libone.a"));
    }
}

TEST_CASE("a loader takes a directory's and a repository's CMakeLists.txt, by target and plugin",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    const tests::world world;
    const std::string
        lists = "cmake_minimum_required(VERSION 3.24)\nproject(drivers CXX)\n"
                "find_package(tenon 0.1.0 REQUIRED)\nadd_subdirectory(parts)\n",
        parts = "foreach(version 1 2)\n    tenon_add_plugin(part${version} SOURCES part.cpp)\n"
                "    target_compile_definitions(part${version} PRIVATE VERSION=${version})\nendforeach()\n",
        source = read(tests::source_directory / "tests/plugins/part.cpp");
    const path directory = world.scratch / "drivers";
    for (const path& each : {directory, world.scratch / "remote"}) {
        write(each / "CMakeLists.txt", lists);
        write(each / "parts/CMakeLists.txt", parts);
        write(each / "parts/part.cpp", source);
    }
    part_counts counts{};
    tenon::loader_options options{
        .cache = world.scratch / "cache", .compiler = {TENON_CXX}, .profile = tenon::profile::quick};
    CHECK(tenon::loader(options)
              .load<part>(directory.native() + "#target=part2&plugin=plain", counts)
              ->version() == 2);
    options.build = tenon::build_policy::never;
    CHECK(tenon::loader(options).load<part>(directory.native() + "#target=part2", counts)->version() == 2);
    CHECK(refusal([&] { tenon::loader(options).load<part>(directory.native() + "#target=part1", counts); })
              .ends_with(
                  "' has to be compiled or fetched first, and options.build says never; prepare it with a "
                  "loader that may"));

    world.commit();
    const std::string repository = world.url("#target=part1");
    options.build = tenon::build_policy::when_needed;
    CHECK(refusal([&] {
              tenon::loader(options).load<part>(repository, counts);
          }).find("' is from a repository and has a CMakeLists.txt, which can run any program") !=
          std::string::npos);
    options.builds_may_run_programs = true;
    CHECK(tenon::loader(options).load<part>(repository, counts)->version() == 1);
}

TEST_CASE("what make does not know of is seen all the same: headers that are asked for, and embedded files",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    write(work.plugin / "main.cpp", "#if __has_include(\"local.hpp\")\n#include \"local.hpp\"\n#else\n"
                                    "#define VALUE blob[0]\n#endif\nextern \"C\" const char blob[];\n"
                                    "asm(\".section .rodata\\nblob: .incbin \\\"" +
                                        (work.plugin / "data.bin").native() + "\\\"\\n.text\");\n" +
                                        answering("VALUE"));
    write(work.plugin / "data.bin", "a");
    next_tick();
    CHECK(work.answer() == 'a');
    next_tick();
    write(work.plugin / "data.bin", "b");
    CHECK(work.answer() == 'b');
    next_tick();
    write(work.plugin / "local.hpp", "#define VALUE 3\n");
    CHECK(work.answer() == 3);
    next_tick();
    remove(work.plugin / "local.hpp");
    CHECK(work.answer() == 'b');
    next_tick();
    // Outside the directory, where its headers are searched.
    write(work.include / "local.hpp", "#define VALUE 4\n");
    CHECK(work.answer() == 4);
    const int compiled = work.compiled();
    CHECK(work.answer() == 4);
    CHECK(work.compiled() == compiled);
}

TEST_CASE("what the flags of a target name is an input: libraries in its folders, scripts, the processor",
          "[cmake_tree]") {
    if (without_cmake())
        return;
    workshop work;
    const auto archive = [&](const path& folder, const std::string& value) {
        write(work.root / "word.cpp", "extern \"C\" int word() { return " + value + "; }\n");
        create_directories(folder);
        tests::run({TENON_CXX, "-fPIC", "-c", work.root / "word.cpp", "-o", work.root / "word.o"});
        remove(folder / "libword.a");
        tests::run({"ar", "rcs", folder / "libword.a", work.root / "word.o"});
        next_tick();
    };
    write(work.plugin / "main.cpp", "extern \"C\" int word();\n" + answering("word()"));
    work.lists("tenon_add_plugin(answers SOURCES main.cpp)\n"
               "target_compile_options(answers PRIVATE -march=native)\n"
               "target_link_options(answers PRIVATE -L" +
               (work.root / "a").native() + " -L" + (work.root / "b").native() + " -Wl,--version-script=" +
               (work.root / "map.txt").native() + ")\ntarget_link_libraries(answers PRIVATE -lword)\n");
    write(work.root / "map.txt", "{ global: *; };");
    archive(work.root / "b", "1");
    CHECK(work.answer() == 1);
    next_tick();
    archive(work.root / "b", "2");
    CHECK(work.answer() == 2);
    next_tick();
    archive(work.root / "a", "3");
    CHECK(work.answer() == 3);
    next_tick();
    write(work.root / "map.txt", "{ global: answer; local: *; };");
    const std::string before = work.cached();
    CHECK(before == "");
    CHECK(work.answer() == 3);
    const auto trees = work.trees();
    const int compiled = work.compiled();
    CHECK(work.answer() == 3);
    CHECK(work.compiled() == compiled);
    const tenon::detail::build_record record(read(trees.at(0).parent_path() / "finished").substr(7));
    REQUIRE(record.results().size() == 1);
    const auto& files = record.results()[0].files;
    CHECK(std::any_of(files.begin(), files.end(),
                      [](const auto& file) { return file.path == "/proc/cpuinfo"; }));
}
