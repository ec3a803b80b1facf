// SPDX-License-Identifier: MIT
#include <tenon/diagnostic.hpp>

#include <stdlib.h>
#include <string>
#include <utility>
#include <vector>

#include <tenon/detail/build/builder.hpp>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::diagnostic;
using tenon::error;
using tenon::failed_command;
using severity = tenon::diagnostic::severity;
using list = std::vector<std::string>;

namespace {

std::string word(severity level) {
    return level == severity::error ? "error" : level == severity::warning ? "warning" : "note";
}

/// One line for each diagnostic, and one that begins with a hyphen for each note.
list lines(const std::vector<diagnostic>& all) {
    list found;
    for (const diagnostic& each : all) {
        found.push_back(each.place() + '|' + word(each.level) + '|' + each.text);
        for (const diagnostic& note : each.notes)
            found.push_back("- " + note.place() + '|' + note.text);
    }
    return found;
}

list read(const std::string& said) {
    return lines(tenon::detail::diagnostic_reader("/p").read(said));
}

/// What became of a plugin with these sources.
tenon::build_error failure(const tests::fs::path& directory, const std::string& compiler,
                           const list& flags = {}) {
    tests::scratch_directory root;
    tests::write(root / "include/tiny.hpp", "// a plugin_type named \"tiny\"\n");
    const tenon::detail::basic_builder<> builder(
        {.compiler = {compiler}, .flags = flags, .include = {root / "include"}},
        tenon::detail::basic_cache<>(root / "cache"));
    try {
        builder.library(directory, tenon::plugin_type{"tiny", "/nowhere/tiny.hpp"},
                        [](const std::string&) {});
    } catch (const tenon::build_error& e) {
        return e;
    }
    throw std::runtime_error("it was built");
}

std::vector<std::string> compilers() {
    const bool sanitized =
        std::string_view(tenon::detail::toolchain).find("sanitizer=none") == std::string_view::npos;
    return sanitized ? list{TENON_GXX} : tests::compilers();
}

/// A variable for as long as this lives.
struct variable {
    variable(const char* of, const char* value) : name(of) { ::setenv(name, value, 1); }
    variable(const variable&) = delete;
    ~variable() { ::unsetenv(name); }
    const char* name;
};

/// None of those that have compilers look into more folders, for as long as this lives.
struct without_variables {
    without_variables() {
        for (const char* name : {"CPATH", "CPLUS_INCLUDE_PATH", "C_INCLUDE_PATH", "CPPFLAGS", "CXXFLAGS",
                                 "LIBRARY_PATH", "LDFLAGS"})
            if (const char* set = std::getenv(name)) {
                before.emplace_back(name, set);
                ::unsetenv(name);
            }
    }
    without_variables(const without_variables&) = delete;
    ~without_variables() {
        for (const auto& [name, value] : before)
            ::setenv(name.c_str(), value.c_str(), 1);
    }
    std::vector<std::pair<std::string, std::string>> before;
};

} // namespace

TEST_CASE("what g++ says is read, with where it was included and instantiated", "[diagnostic]") {
    CHECK(read("In file included from /p/b.hpp:1,\n"
               "                 from /p/a.cpp:2:\n"
               "/p/c.hpp: In function 'int f()':\n"
               "/p/c.hpp:3:12: error: expected ';' before '}' token\n"
               "    3 | int f() { } // x.cpp:1:2: error: in a comment\n"
               "      |            ^\n"
               "      |            ;\n"
               "/p/a.cpp: In instantiation of 'void f(T) [with T = int]':\n"
               "/p/a.cpp:5:20:   required from here\n"
               "/p/a.cpp:2:20: warning: unused variable [-Wunused]\n"
               "/p/a.cpp:9:1: note: declared here: error: not really\n"
               "cc1plus: all warnings being treated as errors\n"
               "cc1plus: fatal error: none.cpp: No such file or directory\n"
               "compilation terminated.\n") ==
          list{"/p/c.hpp:3:12|error|expected ';' before '}' token", "- /p/b.hpp:1|included from here",
               "- /p/a.cpp:2|included from here", "/p/a.cpp:2:20|warning|unused variable [-Wunused]",
               "- /p/a.cpp:5:20|required from here", "- /p/a.cpp:9:1|declared here: error: not really",
               "|error|none.cpp: No such file or directory"});
}

TEST_CASE("what clang++ says is read, and the source that it shows is not", "[diagnostic]") {
    CHECK(read("In file included from a.cpp:2:\n"
               "./c.hpp:3:12: error: expected expression\n"
               "x.cpp:1:2: error: a source line\n"
               "           ^~~~\n"
               "<command line>:1:9: note: previous definition is here\n"
               "#define N 1\n"
               "        ^\n"
               "1 error generated.\n"
               "error: invalid value 'x' in '-std=x'\n"
               "clang: error: linker command failed with exit code 1 (use -v to see invocation)\n") ==
          list{"/p/./c.hpp:3:12|error|expected expression", "- /p/a.cpp:2|included from here",
               "- <command line>:1:9|previous definition is here", "|error|invalid value 'x' in '-std=x'"});
}

TEST_CASE("what each linker says is read", "[diagnostic]") {
    CHECK(read("/usr/bin/ld: /tmp/0.o: in function `f()':\n"
               "a.cpp:(.text+0x5): undefined reference to `g()'\n"
               "/usr/bin/ld: /opt/my plugins/a.cpp:7: undefined reference to `h()'\n"
               "/usr/bin/ld: /tmp/1.o:(.data.rel.ro+0x10): undefined reference to `vtable for x'\n"
               "/usr/bin/ld: b.cpp:(.text+0x0): multiple definition of `f()'; a.cpp:(.text+0x0): first "
               "defined here\n"
               "/usr/bin/x86_64-linux-gnu-ld: warning: x.o: missing .note.GNU-stack section\n"
               "/usr/bin/ld: cannot find -lnone: No such file or directory\n"
               "collect2: error: ld returned 1 exit status\n") ==
          list{"/p/a.cpp|error|undefined reference to `g()'",
               "/opt/my plugins/a.cpp:7|error|undefined reference to `h()'",
               "/tmp/1.o|error|undefined reference to `vtable for x'",
               "/p/b.cpp|error|multiple definition of `f()'; a.cpp:(.text+0x0): first defined here",
               "|warning|x.o: missing .note.GNU-stack section",
               "|error|cannot find -lnone: No such file or directory"});
    CHECK(read("ld.lld: error: undefined symbol: g()\n"
               ">>> referenced by a.cpp:7 (/opt/a.cpp:7)\n"
               ">>>               /tmp/0.o:(f())\n"
               "ld.lld: error: unable to find library -lnone\n") ==
          list{"/opt/a.cpp:7|error|undefined symbol: g()",
               "- /opt/a.cpp:7|referenced by a.cpp:7 (/opt/a.cpp:7)",
               "|error|unable to find library -lnone"});
    CHECK(read("mold: error: undefined symbol: g()\n>>> referenced by a.cpp\n>>>               "
               "/tmp/0.o:(f())\n") ==
          list{"/p/a.cpp|error|undefined symbol: g()", "- /p/a.cpp|referenced by a.cpp"});
    CHECK(read("mold: fatal: library not found: none\n") == list{"|error|library not found: none"});
    CHECK(read("/tmp/0.o:a.cpp:function f(): error: undefined reference to 'g()'\n"
               "/tmp/0.o:/opt/a.cpp:7: error: undefined reference to 'h()'\n") ==
          list{"/p/a.cpp|error|undefined reference to 'g()'",
               "/tmp/0.o:/opt/a.cpp:7|error|undefined reference to 'h()'"});
    CHECK(read("collect2: error: ld returned 1 exit status\n") == list{"|error|ld returned 1 exit status"});
}

TEST_CASE("what CMake and make say is read, with the text below it and what called it", "[diagnostic]") {
    CHECK(read("CMake Warning (dev) at lists.cmake:3 (message):\n"
               "  one text that is long enough\n"
               "  for two lines\n"
               "\n"
               "  and a second: error: paragraph\n"
               "Call Stack (most recent call first):\n"
               "  CMakeLists.txt:7 (include)\n"
               "This warning is for project developers.  Use -Wno-dev to suppress it.\n"
               "\n"
               "CMake Deprecation Warning in sub dir/CMakeLists.txt:\n"
               "  old\n"
               "\n"
               "\n"
               "/p/a.cpp:1:2: error: no\n"
               "CMake Error: The source \"/x\" does not exist.\n"
               "CMake Error:\n"
               "  nothing works\n"
               "CMake Suite maintained\n"
               "make[2]: *** [all] Error 2\n") ==
          list{"/p/lists.cmake:3|warning|one text that is long enough for two lines\nand a second: error: "
               "paragraph",
               "- /p/CMakeLists.txt:7|called from here", "/p/sub dir/CMakeLists.txt|warning|old",
               "/p/a.cpp:1:2|error|no", "|error|The source \"/x\" does not exist.", "|error|nothing works"});
    CHECK(read("gmake[2]: *** No rule to make target 'x.txt', needed by 'made.hpp'.  Stop.\n"
               "make: *** [Makefile:91: all] Error 2\n") ==
          list{"|error|*** No rule to make target 'x.txt', needed by 'made.hpp'.  Stop."});
    CHECK(read("CMake Error at a.cmake:1 (x):") == list{"/p/a.cmake:1|error|"});
}

TEST_CASE("what an assembler says is read, and what a linker warns of", "[diagnostic]") {
    CHECK(read("/tmp/x.s: Assembler messages:\n"
               "/tmp/x.s:12: Error: no such instruction: `hello'\n"
               "/tmp/x.s: Fatal error: can't close 0.o: No space left on device\n") ==
          list{"/tmp/x.s:12|error|no such instruction: `hello'",
               "|error|can't close 0.o: No space left on device"});
    CHECK(read("/usr/bin/ld: /tmp/w.cpp.o: in function `g()':\n"
               "w.cpp:(.text+0x9): warning: the use of `tmpnam' is dangerous, better use `mkstemp'\n") ==
          list{"/p/w.cpp|warning|the use of `tmpnam' is dangerous, better use `mkstemp'"});
}

TEST_CASE("a diagnostic is printed as a compiler prints it", "[diagnostic]") {
    const std::string said = "/p/a.cpp:2:20: warning: unused variable [-Wunused]\n"
                             "/p/a.cpp:9:1: note: declared here";
    CHECK(tenon::detail::diagnostic_reader("/p").read(said).at(0).message() == said);
    CHECK(diagnostic{.text = "cannot find -lx"}.message() == "error: cannot find -lx");
}

TEST_CASE("a headline is the line that says why, and not the one that says that something was said",
          "[diagnostic]") {
    using tenon::detail::cause_of_failure;
    const without_variables none;
    const std::string collect2 = "collect2: error: ld returned 1 exit status\n";
    for (const std::string line :
         {"/usr/bin/ld: cannot find -lnone: No such file or directory",
          "mold: fatal: library not found: none", "ld.lld: error: unable to find library -lnone",
          "/usr/bin/ld.gold: error: cannot find -lnone",
          "/p/b.cpp:1: multiple definition of `f()'; a.cpp.o:/p/a.cpp:3: first defined here",
          "/usr/bin/ld.gold: error: b.cpp.o: multiple definition of 'f()'",
          "mold: error: duplicate symbol: b.cpp.o: a.cpp.o: f()",
          "mold: fatal: cannot open x.o: No such file"})
        for (const std::string before : {"", "/p/w.cpp:3: warning: the use of `tmpnam' is dangerous\n",
                                         "/usr/bin/ld: b.cpp.o: in function `f()':\n"})
            CHECK(cause_of_failure("/p", before + line + '\n' + collect2, "g++ exited") == line);
    CHECK(cause_of_failure("/p",
                           "ld.lld: error: duplicate symbol: f()\n"
                           ">>> defined at a.cpp:3 (/p/a.cpp:3)\n>>>            a.cpp.o:(f())\n"
                           ">>> defined at b.cpp:1 (/p/b.cpp:1)\n>>>            b.cpp.o:(.text+0x0)\n" +
                               collect2,
                           "") == "ld.lld: error: duplicate symbol: f() (/p/a.cpp:3)");
    CHECK(cause_of_failure("/p", "w.cpp:(.text+0x9): warning: beware\n" + collect2, "") ==
          "collect2: error: ld returned 1 exit status");
    CHECK(cause_of_failure("/p", "nothing that makes sense\n", "g++ exited with status 3") ==
          "g++ exited with status 3");

    const std::string memory = "; memory has run out, it seems: let fewer compilers run at once "
                               "(options.jobs), or give them more";
    for (const std::string line :
         {"g++: fatal error: Killed signal terminated program cc1plus",
          "collect2: fatal error: ld terminated with signal 9 [Killed]",
          "clang++: error: unable to execute command: Killed", "LLVM ERROR: out of memory",
          "cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes",
          "virtual memory exhausted: Cannot allocate memory", "/usr/bin/ld: memory exhausted"})
        CHECK(cause_of_failure("/p", line + "\ncompilation terminated.\n", "") == line + memory);
    CHECK(cause_of_failure("/p", "", "c++ was killed by signal 9 (Killed)") ==
          "c++ was killed by signal 9 (Killed)" + memory);
    CHECK(
        cause_of_failure("/p", "/usr/bin/ld: final link failed: No space left on device\n" + collect2, "") ==
        "/usr/bin/ld: final link failed: No space left on device; make room where the cache is and where "
        "$TMPDIR is, else in /tmp");
    CHECK(
        cause_of_failure("/p", "g++: fatal error: cannot execute 'cc1plus': execvp: No such file\n", "") ==
        "g++: fatal error: cannot execute 'cc1plus': execvp: No such file; the compiler is installed without "
        "its part for C++: install that (g++), or name another compiler in $CXX or options.compiler");
}

TEST_CASE("paths may have colons and spaces, and colours are nothing", "[diagnostic]") {
    const std::string path = "/my plugins: the 2nd/a:3/x y.cpp";
    CHECK(read(path + ":12:7: error: no\n" + path + ":12: error: nor this\n") ==
          list{path + ":12:7|error|no", path + ":12|error|nor this"});
    CHECK(
        read("\x1b[01m\x1b[K/p/a.cpp:1:2:\x1b[m\x1b[K \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Kno "
             "[\x1b]8;;https://gcc.gnu.org\a-Wx\x1b]8;;\a]\n"
             "\x1b[1m/p/a.cpp:3:4: \x1b[0m\x1b[0;1;30mnote: \x1b[0mhere \x1b]8;;u\x1b\\L\x1b]8;;\x1b\\\n") ==
        list{"/p/a.cpp:1:2|error|no [-Wx]", "- /p/a.cpp:3:4|here L"});
}

TEST_CASE("what only resembles a diagnostic is none, and nothing that is said is too strange to read",
          "[diagnostic]") {
    for (const std::string said :
         {"", "\n", ":", ": error: ", "the word: error: in a text\n", "std::cerr << \"usage: error: x\"\n",
          ">>> referenced by a.cpp:3\n", "\x1b", "\x1b[", "\x1b]8", "\x1b[1", "   ^\n^\n",
          "a.cpp:4:6:   required from  \n", "required from a.cpp:4:  \n", "required:  "})
        CHECK(read(said).size() <= (said == ": error: " ? 1u : 0u));
    for (const std::string said :
         {"CMake ", "CMake :", "CMake Error", "CMake Error:", "CMake Error: x:", "CMake Error at",
          "CMake Error at :", "CMake Error at  (:", "CMake Error in:",
          "CMake Error at x (y):\n  \n\n  z\nCall Stack :\n  (\n  ", "CMake Error at x: y",
          "CMake Warning:\nCMake Warning:\n  x", "make: *** ", "gmake: *** :"})
        CHECK(read(said).size() <= 4);
    CHECK(read("a.cpp:99999999999999999999999:1: error: x\n").size() <= 1);
    CHECK(read("a.cpp:0:0: error: x\n").size() <= 1);
}

TEST_CASE("an error that is no failed build has no diagnostics", "[diagnostic]") {
    CHECK(tenon::failed_commands(tenon::detail::no_cache()).empty());
    CHECK(tenon::diagnostics(tenon::detail::refused_flag("/p/compile_flags.txt:3", "flag", "-o", "no"))
              .empty());
}

TEST_CASE("a failed build has each command with how it ended and what it said", "[diagnostic]") {
    const auto ended = [](int status, const std::string& said) {
        tenon::detail::process_result end;
        end.known = true;
        end.status = status;
        end.err = said;
        return end;
    };
    tenon::detail::process_result late = ended(0, "x");
    late.cause = tenon::detail::stop_reason::time;
    late.milliseconds = 1000;
    const auto compile = [](const std::string& source) {
        return tenon::detail::command{{"/usr/bin/g++", "-c", source}, {}, "/p"};
    };
    tenon::detail::build_failures failures("/p");
    failures.add(compile("/p/a.cpp"),
                 ended(0x100, "/p/a.cpp:1:1: error: no\n/usr/bin/ls\nexited with status 3\n"));
    failures.add(compile("/p/b.cpp"), ended(11, ""));
    failures.add(compile("/p/c d.cpp"), late);
    const tenon::build_error e = failures.error_with("some advice");
    const std::string text =
        "g++ was ended after 1.0 seconds, because its time was up\nsome advice\n"
        "the plugin in '/p' was not built:\n"
        "/usr/bin/g++ -c /p/a.cpp\nexited with status 1, and said:\n"
        "/p/a.cpp:1:1: error: no\n/usr/bin/ls\nexited with status 3\n"
        "/usr/bin/g++ -c /p/b.cpp\nwas killed by signal 11 (Segmentation fault)\n"
        "/usr/bin/g++ -c '/p/c d.cpp'\nwas ended after 1.0 seconds, because its time was "
        "up, and said:\nx";
    CHECK(e.what() == text);
    CHECK(e.code() == tenon::errc::timed_out);

    const error& caught = e; // as a host has it
    const std::vector<failed_command> all = tenon::failed_commands(caught);
    REQUIRE(all.size() == 3);
    CHECK(all.data() != e.commands().data());
    CHECK(all[0].command == "/usr/bin/g++ -c /p/a.cpp");
    CHECK(all[0].ending == "exited with status 1");
    CHECK(all[0].exit_status == 1);
    CHECK(!all[0].signal);
    CHECK(all[0].output == "/p/a.cpp:1:1: error: no\n/usr/bin/ls\nexited with status 3\n");
    CHECK(lines(all[0].diagnostics) == list{"/p/a.cpp:1:1|error|no"});
    CHECK(all[1].command == "/usr/bin/g++ -c /p/b.cpp");
    CHECK(all[1].signal == 11);
    CHECK(!all[1].exit_status);
    CHECK(all[1].output == "");
    CHECK(all[2].command == "/usr/bin/g++ -c '/p/c d.cpp'");
    CHECK(all[2].ending == "was ended after 1.0 seconds, because its time was up");
    CHECK((!all[2].signal && !all[2].exit_status));
    CHECK(all[2].output == "x\n");
    CHECK(tenon::diagnostics(caught).size() == 1);
}

TEST_CASE("a text that looks like a failed build is none", "[diagnostic]") {
    CHECK(tenon::failed_commands(error(tenon::errc::build_failed,
                                       "x\nthe plugin in '/p' was not built:\ng++ -c\n"
                                       "exited with status 1",
                                       "/p"))
              .empty());
}

TEST_CASE("the diagnostics of real compilers name the file, line and column", "[diagnostic]") {
    const tests::scratch_directory root;
    const tests::fs::path directory = root / "a plugin: the 2nd";
    tests::write(directory / "a.cpp", "#include \"own.hpp\"\nint a() { return one; }\n");
    tests::write(directory / "b.cpp", "#warning \"beware\"\nvoid f(int);\nint b() { f(\"b\"); }\n");
    tests::write(directory / "own.hpp", "\nint wrong() { return two; }\n");
    for (const std::string& compiler : compilers())
        for (const std::string colour : {"auto", "always"}) {
            INFO(compiler << " " << colour);
            const tenon::build_error e = failure(directory, compiler, {"-fdiagnostics-color=" + colour});
            INFO(e.what());
            const std::vector<failed_command> commands = tenon::failed_commands(e);
            REQUIRE(commands.size() == 2);
            for (const failed_command& each : commands) {
                CHECK(each.exit_status == 1);
                CHECK(each.command.find(compiler) != std::string::npos);
            }
            std::vector<diagnostic> errors, warnings;
            for (const diagnostic& each : tenon::diagnostics(e))
                (each.level == severity::error ? errors : warnings).push_back(each);
            REQUIRE(errors.size() == 3);
            CHECK(errors[0].place() == (directory / "own.hpp").native() + ":2:22");
            CHECK(errors[0].text.find("two") != std::string::npos);
            CHECK(errors[0].notes.at(0).place().find((directory / "a.cpp").native() + ":1") == 0);
            CHECK(errors[1].place() == (directory / "a.cpp").native() + ":2:18");
            CHECK(errors[2].file == (directory / "b.cpp").native());
            CHECK(errors[2].line == 3);
            bool declared = false;
            for (const diagnostic& note : errors[2].notes)
                declared = declared || note.line == 2;
            CHECK(declared);
            CHECK(warnings.at(0).line == 1);
        }
}

TEST_CASE(
    "where something is not found, variables that would have a compiler find it are said to be nothing here",
    "[diagnostic]") {
    const tests::scratch_directory root;
    const tests::fs::path directory = root / "plugin";
    const auto headline = [&](const std::string& compiler, const list& flags = {}) {
        const std::string text = failure(directory, compiler, flags).what();
        return text.substr(0, text.find('\n'));
    };
    const without_variables none;
    const std::string one = " is set, and it is", several = " are set, and they are",
                      rest = " nothing to the compilers of plugins: name the folders in the plugin's "
                             "compile_flags.txt, or in its CMakeLists.txt";
    for (const std::string& compiler : compilers()) {
        INFO(compiler);
        tests::write(directory / "a.cpp", "#include <nowhere.hpp>\n");
        CHECK(headline(compiler).find("$") == std::string::npos);
        const variable folders("CPATH", "/usr/include/x"), libraries("LIBRARY_PATH", "/opt/lib"),
            flags("CXXFLAGS", "-O2"), link("LDFLAGS", "-Wl,-O1 -L/opt/lib"), empty("CPLUS_INCLUDE_PATH", "");
        CHECK(headline(compiler).ends_with("; $CPATH" + one + rest));
        {
            const variable preprocessor("CPPFLAGS", "-I/opt/include");
            CHECK(headline(compiler).ends_with("; $CPATH, $CPPFLAGS" + several + rest));
        }
        tests::write(directory / "a.cpp", "int f() { return 1; }\n");
        CHECK(headline(compiler, {"-lnowhere"}).ends_with("; $LIBRARY_PATH, $LDFLAGS" + several + rest));
        tests::write(directory / "a.cpp", "int f() { return 1 }\n");
        CHECK(headline(compiler).find("$") == std::string::npos);
    }
}

TEST_CASE("words of memory and space in a source's own error call for neither", "[diagnostic]") {
    using tenon::detail::advice_for;
    for (const char* line : {"a.cpp:3:5: error: 'bad_alloc' was not declared in this scope",
                             "a.cpp:1:2: error: #error No space left on device",
                             "a.cpp:1:1: error: static assertion failed: out of memory"})
        CHECK(advice_for(line) == "");
    CHECK(advice_for("a.cpp:5:1: fatal error: error writing to /tmp/cc.s: No space left on device") != "");
    CHECK(advice_for("cc1plus: out of memory allocating 65536 bytes") != "");
}

TEST_CASE("the headline of a link that fails is its cause, whichever linker says it", "[diagnostic]") {
    const tests::scratch_directory root;
    const tests::fs::path directory = root / "plugin";
    const auto headline = [&](const std::string& compiler, const list& flags) {
        const std::string text = failure(directory, compiler, flags).what();
        return text.substr(0, text.find('\n'));
    };
    const auto has = [](const std::string& text, const list& words) {
        for (const std::string& each : words)
            if (text.find(each) != text.npos)
                return true;
        return false;
    };
    for (const std::string& compiler : compilers())
        for (const std::string linker : {"bfd", "gold", "lld", "mold"}) {
            const std::string chosen = "-fuse-ld=" + linker;
            if (tests::run({compiler, chosen, "-shared", "-x", "c++", "/dev/null", "-o", root / "probe.so"})
                    .status != 0)
                continue;
            INFO(compiler << " " << linker);
            tests::write(directory / "a.cpp", "int f() { return 1; }\n");
            std::string said = headline(compiler, {chosen, "-lnowhere"});
            CHECK(has(said, {"cannot find -lnowhere", "unable to find library -lnowhere",
                             "library not found: nowhere"}));
            said = headline(compiler, {chosen, (root / "none.o").native()});
            CHECK(has(said, {(root / "none.o").native()}));
            CHECK(has(said, {"No such file or directory", "no such file or directory"}));
            tests::write(directory / "b.cpp", "int f() { return 2; }\n");
            said = headline(compiler, {chosen});
            CHECK(has(said, {"multiple definition of `f()'", "multiple definition of 'f()'",
                             "duplicate symbol: "}));
            CHECK(has(said, {"a.cpp", "b.cpp"}));
            tests::write(directory / "b.cpp", "int missing();\nint g() { return missing(); }\n");
            said = headline(compiler,
                            {chosen, "-gdwarf-4"}); // gold fails itself where it reads clang's newer ones
            CHECK(has(said, {"undefined reference to `missing()'", "undefined reference to 'missing()'",
                             "undefined symbol: missing()"}));
            CHECK(has(said, {"b.cpp"}));
            remove(directory / "b.cpp");
        }
}

TEST_CASE("the diagnostics of real linkers name what is missing", "[diagnostic]") {
    const tests::scratch_directory root;
    const tests::fs::path directory = root / "plugin";
    tests::write(directory / "a.cpp", "int missing();\nint a() { return missing(); }\n");
    for (const std::string& compiler : compilers())
        for (const std::string linker : {"bfd", "gold", "lld", "mold"})
            for (const std::string flag : {"-g", "-O2"}) {
                if (tests::run({compiler, "-fuse-ld=" + linker, "-shared", "-x", "c++", "/dev/null", "-o",
                                root / "probe.so"})
                        .status != 0)
                    continue;
                INFO(compiler << " " << linker << " " << flag);
                const tenon::build_error e = failure(directory, compiler, {"-fuse-ld=" + linker, flag});
                INFO(e.what());
                const std::vector<diagnostic> all = tenon::diagnostics(e);
                REQUIRE(all.size() == 1);
                CHECK(all[0].level == severity::error);
                CHECK(all[0].text.find("missing()") != std::string::npos);
                CHECK(all[0].file.find("a.cpp") != std::string::npos);
            }
}
