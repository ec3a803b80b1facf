// SPDX-License-Identifier: MIT
#include <tenon/detail/build/builder.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <link.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <tenon/diagnostic.hpp>
#include <tenon/loader.hpp>

#include "building.hpp"
#include "catch.hpp"
#include "plugins/part.hpp"

using tenon::errc;
using tenon::error;
using tenon::plugin_type;
using tenon::detail::basic_builder;
using tenon::detail::basic_cache;
using tenon::detail::build_options;
using tenon::detail::posix;
using tests::read;
using tests::scratch_directory;
using tests::write;
using tests::fs::path;

namespace {

std::string toolchain_flags() {
    std::string text;
    for (const std::string& flag : tenon::detail::toolchain_flags(tenon::detail::toolchain, false))
        text += ' ' + flag;
    return text;
}

constexpr plugin_type tiny{"tiny", "/where/this/program/was/compiled/tiny.hpp"};

/// A plugin of the type, in a folder of its own, with a cache and a compiler that writes down how it is
/// called.
struct workshop {
    workshop() {
        write(include / "tiny.hpp", "// a plugin_type named \"tiny\"\n#define TENS 4\n");
        write(plugin / "main.cpp", answering("TENS * 10 + 2"));
        compiler(TENON_GXX);
    }

    static std::string answering(const std::string& value) {
        return "#include \"tiny.hpp\"\n" + tests::answering(value);
    }

    void compiler(const std::string& real, const std::string& before = "") {
        tests::write_wrapper(wrapper, log, real, before);
        options.compiler = {wrapper};
    }

    template <class System = posix>
    std::string build(const std::function<void(const std::string&)>& check = [](const std::string&) {
    }) const {
        return basic_builder<System>(options, basic_cache<System>(cache)).library(plugin, tiny, check);
    }
    std::string cached() const {
        return basic_builder<>(options, basic_cache<>(cache)).cached(plugin, tiny).value_or("");
    }

    /// What the library that is current answers.
    int answer() const { return answer_of(build()); }

    static int answer_of(const std::string& library) { return tests::answer_of(library); }

    std::string complaint() const {
        return complaint_of([&] { build(); });
    }

    /// What an error says, with the names that no two runs have in common left out.
    template <class F>
    std::string complaint_of(F&& f) const {
        try {
            f();
        } catch (const error& e) {
            code = static_cast<errc>(e.code().value());
            return without_names(e.what());
        }
        return "no complaint";
    }

    std::string without_names(std::string text) const {
        const std::string unfinished = cache.native() + "/tmp/";
        for (std::size_t at; (at = text.find(unfinished)) != text.npos;)
            text.replace(at, unfinished.size() + 6, "UNFINISHED");
        for (std::size_t at; (at = text.find(root.path().native())) != text.npos;)
            text.replace(at, root.path().native().size(), "~");
        return text;
    }

    int compiles() const { return count(" -c "); }
    int runs() const { return count("\n"); }
    int count(const std::string& what) const { return tests::occurrences(read(log), what); }

    std::vector<path> libraries() const {
        std::vector<path> found;
        if (exists(cache / "bin/tiny"))
            for (const auto& each : tests::fs::directory_iterator(cache / "bin/tiny"))
                if (each.path().extension() == ".so")
                    found.push_back(each.path());
        return found;
    }
    path record() const {
        for (const auto& each : tests::fs::directory_iterator(cache / "bin/tiny"))
            if (each.path().extension() == ".record" && each.path().filename().native().find("plugin-") == 0)
                return each.path();
        throw std::runtime_error("no record");
    }
    bool nothing_unfinished() const { return !exists(cache / "tmp") || is_empty(cache / "tmp"); }

    scratch_directory root;
    path plugin = root / "plugin", include = root / "include", cache = root / "cache", log = root / "log",
         wrapper = root / "c++";
    build_options options{.include = {include}};
    mutable errc code{};
};

/// Files are stamped in steps of the kernel's clock; what is to be seen as a later change has to wait for the
/// next one.
void next_tick() {
    std::this_thread::sleep_for(std::chrono::milliseconds(12));
}

struct counting : posix {
    static inline std::atomic<int> opened, spawned;
    static int open(const char* name, int flags, mode_t mode = 0) noexcept {
        return ++opened, posix::open(name, flags, mode);
    }
    static int spawn(pid_t* child, const char* program, const posix_spawn_file_actions_t* files,
                     const posix_spawnattr_t* attributes, char* const arguments[],
                     char* const environment[]) noexcept {
        return ++spawned, posix::spawn(child, program, files, attributes, arguments, environment);
    }
};

/// A machine with another processor.
struct elsewhere : posix {
    static int open(const char* name, int flags, mode_t mode = 0) noexcept {
        return posix::open(name == tenon::detail::processor_file ? other.c_str() : name, flags, mode);
    }
    static inline std::string other;
};

/// A kernel that counts time in steps of 32 ms.
struct coarse_clock : posix {
    static timespec now() noexcept {
        constexpr long step = 32'000'000;
        timespec time = posix::now();
        time.tv_nsec -= time.tv_nsec % step;
        return time;
    }
};

/// Lets one call of one kind fail, and counts them.
struct failing : posix {
    static inline std::string kind;
    static inline int countdown, error;
    static bool fails(const char* name) noexcept {
        if (kind != name || --countdown != 0)
            return false;
        errno = error;
        return true;
    }
    static int open(const char* name, int flags, mode_t mode = 0) noexcept {
        return fails("open") ? -1 : posix::open(name, flags, mode);
    }
    static ssize_t read(int fd, void* into, size_t size) noexcept {
        return fails("read") ? -1 : posix::read(fd, into, size);
    }
    static ssize_t write(int fd, const void* from, size_t size) noexcept {
        return fails("write") ? -1 : posix::write(fd, from, size);
    }
    static int fstat(int fd, struct stat* out) noexcept {
        return fails("fstat") ? -1 : posix::fstat(fd, out);
    }
    static int stat(const char* name, struct stat* out) noexcept {
        return fails("stat") ? -1 : posix::stat(name, out);
    }
    static int lstat(const char* name, struct stat* out) noexcept {
        return fails("lstat") ? -1 : posix::lstat(name, out);
    }
    static int access(const char* name, int mode) noexcept {
        return fails("access") ? -1 : posix::access(name, mode);
    }
    static char* realpath(const char* name) noexcept {
        return fails("realpath") ? nullptr : posix::realpath(name);
    }
    static int mkdir(const char* name, mode_t mode) noexcept {
        return fails("mkdir") ? -1 : posix::mkdir(name, mode);
    }
    static int chmod(const char* name, mode_t mode) noexcept {
        return fails("chmod") ? -1 : posix::chmod(name, mode);
    }
    static int fsync(int fd) noexcept { return fails("fsync") ? -1 : posix::fsync(fd); }
    static char* mkdtemp(char* name) noexcept { return fails("mkdtemp") ? nullptr : posix::mkdtemp(name); }
    static int rename(const char* from, const char* to) noexcept {
        return fails("rename") ? -1 : posix::rename(from, to);
    }
    static int flock(int fd, int operation) noexcept {
        return fails("flock") ? -1 : posix::flock(fd, operation);
    }
    static DIR* opendir(const char* name) noexcept {
        return fails("opendir") ? nullptr : posix::opendir(name);
    }
    static int pipe(int (&ends)[2]) noexcept { return fails("pipe") ? -1 : posix::pipe(ends); }
    static int spawn(pid_t* child, const char* program, const posix_spawn_file_actions_t* files,
                     const posix_spawnattr_t* attributes, char* const arguments[],
                     char* const environment[]) noexcept {
        return fails("spawn") ? EAGAIN
                              : posix::spawn(child, program, files, attributes, arguments, environment);
    }
};

} // namespace

TEST_CASE("a directory of sources becomes a library, named after the directory and what is in it",
          "[builder]") {
    workshop work;
    for (const std::string& compiler : tests::plugin_compilers()) {
        work.compiler(compiler);
        const std::string library = work.build();
        CHECK(work.answer_of(library) == 42);
        const std::string start = (work.cache / "bin/tiny/plugin-").native();
        CHECK(library.compare(0, start.size(), start) == 0);
        CHECK(library.size() == start.size() + 64 + 3);
        CHECK((tests::fs::status(library).permissions() & tests::fs::perms::all) ==
              tests::fs::perms::owner_all);
        CHECK(work.nothing_unfinished());
        CHECK(work.cached() == library);
    }
}

TEST_CASE("when nothing has changed no program runs and only the record is read", "[builder]") {
    workshop work;
    const std::string library = work.build();
    counting::opened = counting::spawned = 0;
    CHECK(work.build<counting>() == library);
    CHECK(counting::opened == 1);
    CHECK(counting::spawned == 0);
    CHECK(work.compiles() == 1);
}

TEST_CASE("nothing but the record is read of a plugin of many files either", "[builder]") {
    workshop work;
    std::string includes;
    for (int i = 0; i < 150; ++i) {
        const std::string name = "header" + std::to_string(i) + ".hpp";
        write(work.plugin / name, "");
        includes += "#include \"" + name + "\"\n";
    }
    write(work.plugin / "main.cpp", includes + work.answering("1"));
    const std::string library = work.build();
    CHECK(tests::fs::file_size(work.record()) > 16 * 1024);
    counting::opened = 0;
    CHECK(work.build<counting>() == library);
    CHECK(counting::opened == 1);
    write(work.plugin / "header149.hpp", "#define TENS 5\n");
    CHECK(work.build() != library);
}

TEST_CASE("a thorough look reads every file, and finds what no state shows", "[builder]") {
    workshop work;
    const std::string library = work.build();
    work.options.thorough = true;
    counting::opened = counting::spawned = 0;
    CHECK(work.build<counting>() == library);
    CHECK(counting::opened > 3);
    CHECK(counting::spawned == 0);
    CHECK(work.compiles() == 1);

    // What a file system without proper times may do.
    struct forgetful : posix {
        static int stat(const char* name, struct stat* out) noexcept {
            return settled(posix::stat(name, out), out);
        }
        static int fstat(int fd, struct stat* out) noexcept { return settled(posix::fstat(fd, out), out); }
        static int settled(int result, struct stat* out) noexcept {
            if (S_ISREG(out->st_mode))
                out->st_mtim = out->st_ctim = {1, 1};
            return result;
        }
    };
    work.options.thorough = false;
    write(work.plugin / "main.cpp", work.answering("1"));
    const std::string older = work.build<forgetful>();
    write(work.plugin / "main.cpp", work.answering("2"));
    CHECK(work.build<forgetful>() == older);
    work.options.thorough = true;
    CHECK(work.answer_of(work.build<forgetful>()) == 2);
}

TEST_CASE("a file that was touched is read once more, and compiled no more", "[builder]") {
    workshop work;
    const std::string library = work.build();
    next_tick();
    write(work.plugin / "main.cpp", read(work.plugin / "main.cpp"));
    next_tick();
    CHECK(work.build() == library);
    CHECK(work.compiles() == 1);
    counting::opened = 0;
    CHECK(work.build<counting>() == library);
    CHECK(counting::opened == 1);
}

TEST_CASE("an edit gives another library, and an edit taken back the one before, without a compiler",
          "[builder]") {
    workshop work;
    const std::string first = work.build();
    write(work.plugin / "main.cpp", work.answering("7"));
    const std::string second = work.build();
    CHECK(second != first);
    CHECK(work.answer_of(second) == 7);
    CHECK(work.answer_of(first) == 42);
    write(work.plugin / "main.cpp", work.answering("TENS * 10 + 2"));
    CHECK(work.cached() == first);
    CHECK(work.build() == first);
    CHECK(work.compiles() == 2);
}

TEST_CASE("an edit of a header is seen", "[builder]") {
    workshop work;
    CHECK(work.answer() == 42);
    write(work.include / "tiny.hpp", "// a plugin_type named \"tiny\"\n#define TENS 5\n");
    CHECK(work.cached() == "");
    CHECK(work.answer() == 52);
}

TEST_CASE("an edit within one tick of the clock, that leaves the size as it is, is seen", "[builder]") {
    workshop work;
    for (int value = 10; value < 30; ++value) {
        write(work.plugin / "main.cpp", work.answering(std::to_string(value)));
        CHECK(work.answer() == value);
    }
}

TEST_CASE("several sources are compiled into one library, and a new or a missing one is seen", "[builder]") {
    workshop work;
    write(work.plugin / "main.cpp", "int a(); int b(); int c();\n" + work.answering("a() + b() + c()"));
    write(work.plugin / "a.cc", "int a() { return 1; }");
    write(work.plugin / "b.cxx", "int b() { return 2; }");
    write(work.plugin / "c.cpp", "int c() { return 4; }");
    write(work.plugin / "not/compiled.cpp", "no C++");
    write(work.plugin / ".#c.cpp", "no C++ either");
    write(work.plugin / "README.cpp.txt", "nor this");
    CHECK(work.answer() == 7);
    CHECK(work.compiles() == 4);
    remove(work.plugin / "c.cpp");
    CHECK(work.complaint().find("undefined reference to `c()'") != std::string::npos);
    write(work.plugin / "d.cpp", "int c() { return 8; }");
    CHECK(work.answer() == 11);
}

TEST_CASE("a plugin may call functions of its host's where its flags say so, and the error says how",
          "[builder]") {
    const scratch_directory scratch;
    write(scratch / "host.cpp", "__attribute__((visibility(\"default\"))) int of_the_host() { return 7; }");
    // As the symbols of a program that is linked with -rdynamic.
    void* const host =
        ::dlopen(tests::compiled(scratch / "host.so", scratch / "host.cpp").c_str(), RTLD_NOW | RTLD_GLOBAL);
    REQUIRE(host);
    for (const std::string& compiler : tests::plugin_compilers()) {
        workshop work;
        work.compiler(compiler);
        write(work.plugin / "main.cpp", "int of_the_host();\n" + work.answering("of_the_host()"));
        for (const std::string linker : {"", "bfd", "lld", "mold", "gold"}) {
            INFO(compiler << " " << linker);
            const std::string chosen = linker.empty() ? "" : "-fuse-ld=" + linker + "\n";
            if (!linker.empty() && tests::run({compiler, "-fuse-ld=" + linker, "-shared", "-x", "c++",
                                               "/dev/null", "-o", scratch / "probe.so"})
                                           .status != 0)
                continue;
            write(work.plugin / "compile_flags.txt", chosen + "-lm");
            const std::string said = work.complaint(), headline = said.substr(0, said.find('\n'));
            CHECK(headline.find("of_the_host()") != headline.npos);
            CHECK(headline.find("; if it is the host that has this, link the host with -rdynamic, and the "
                                "plugin with -Wl,-z,undefs: a line of "
                                "compile_flags.txt, or LINKER:-z,undefs in CMake's target_link_options") !=
                  headline.npos);
            for (const char* noise : {"collect2", "linker command failed", "crti.o", "libm.so"})
                CHECK(said.find(noise) == said.npos);
            write(work.plugin / "compile_flags.txt",
                  chosen + (linker == "gold" ? "-Wl,--unresolved-symbols=ignore-all" : "-Wl,-z,undefs"));
            CHECK(work.answer() == 7);
        }
        write(work.plugin / "compile_flags.txt", "-Wl,--unresolved-symbols=ignore-all");
        CHECK(work.answer() == 7);
    }
    ::dlclose(host);
}

TEST_CASE("a single source is compiled without those beside it, with the flags there", "[builder]") {
    workshop work;
    write(work.plugin / "other.cpp", "no C++");
    const path directory = std::exchange(work.plugin, work.plugin / "main.cpp");
    const std::string library = work.build();
    CHECK(library.find("/bin/tiny/main.cpp-") != library.npos);
    CHECK(work.answer_of(library) == 42);
    next_tick();
    write(directory / "third.cpp", "no C++ either");
    write(directory / "CMakeLists.txt", "");
    CHECK(work.cached() == library);
    CHECK(work.compiles() == 1);

    write(work.plugin, work.answering("GIVEN"));
    CHECK(work.complaint().find("GIVEN") != std::string::npos);
    write(directory / "compile_flags.txt", "-DGIVEN=5");
    CHECK(work.answer() == 5);
    write(directory / "compile_flags.txt", "-DGIVEN=6");
    CHECK(work.answer() == 6);
    remove(directory / "compile_flags.txt");
    CHECK(work.cached() == "");
    write(work.plugin, work.answering("TENS * 10 + 2"));
    CHECK(work.answer() == 42);
}

TEST_CASE("of several sources only those that changed are compiled again", "[builder]") {
    for (const std::string& compiler : tests::plugin_compilers()) {
        workshop work;
        work.compiler(compiler);
        write(work.plugin / "main.cpp", "int a(); int b(); int c();\n" + work.answering("a() + b() + c()"));
        write(work.plugin / "a.cpp", "int a() { return 1; }\n");
        write(work.plugin / "b.cpp",
              "#include \"tiny.hpp\"\n#include \"b.hpp\"\nint b() { return TENS / 4 * B; }\n");
        write(work.plugin / "b.hpp", "#define B 10\n");
        write(work.plugin / "c.cpp", "int c() { return 100; }\n");
        CHECK(work.answer() == 111);
        CHECK(work.compiles() == 4);

        write(work.plugin / "c.cpp", "int c() { return 200; }\n");
        CHECK(work.answer() == 211);
        CHECK(work.compiles() == 5);
        write(work.plugin / "b.hpp", "#define B 20\n");
        CHECK(work.answer() == 221);
        CHECK(work.compiles() == 6);

        // A new source, a refused one and one that is taken back.
        write(work.plugin / "d.cpp", "int d() { return missing; }\n");
        write(work.plugin / "a.cpp", "int a() { return 2; }\n");
        CHECK(work.complaint().find("missing") != std::string::npos);
        CHECK(work.compiles() == 8);
        write(work.plugin / "d.cpp", "int d() { return 3; }\n");
        CHECK(work.answer() == 222);
        CHECK(work.compiles() == 9);
        write(work.plugin / "b.hpp", "#define B 10\n");
        CHECK(work.answer() == 212);
        CHECK(work.compiles() == 9);

        work.options.flags = {"-DOTHER"};
        CHECK(work.answer() == 212);
        CHECK(work.compiles() == 14);
    }
}

TEST_CASE("a header that only __has_include asks for is seen to come and to go", "[builder]") {
    for (const std::string& compiler : tests::plugin_compilers()) {
        INFO(compiler);
        workshop work;
        work.compiler(compiler);
        write(work.plugin / "main.cpp",
              "#if __has_include(\"config/local.hpp\")\n#include \"config/local.hpp\"\n"
              "#else\n#define VALUE 1\n#endif\n" +
                  work.answering("VALUE"));
        CHECK(work.answer() == 1);
        write(work.plugin / "config/local.hpp", "#define VALUE 2\n");
        CHECK(work.answer() == 2);
        remove(work.plugin / "config/local.hpp");
        CHECK(work.answer() == 1);
        create_directory(work.include / "config");
        write(work.include / "config/local.hpp", "#define VALUE 3\n");
        CHECK(work.answer() == 3);
        const int compiles = work.compiles();
        CHECK(work.answer() == 3);
        CHECK(work.compiles() == compiles);

        write(work.plugin / "main.cpp", "#if __has_include(\"feature.flag\")\n#define VALUE 4\n#else\n"
                                        "#define VALUE 5\n#endif\n" +
                                            work.answering("VALUE"));
        CHECK(work.answer() == 5);
        write(work.plugin / "feature.flag", "");
        CHECK(work.answer() == 4);
        remove(work.plugin / "feature.flag");
        CHECK(work.answer() == 5);
    }
}

TEST_CASE("one source of several that asks for a header is compiled again when that comes", "[builder]") {
    workshop work;
    write(work.plugin / "main.cpp", work.answering("other()"));
    write(work.plugin / "main.cpp", "int other();\n" + work.answering("other()"));
    write(work.plugin / "other.cpp", "#if __has_include(\"more.hpp\")\nint other() { return 2; }\n#else\n"
                                     "int other() { return 1; }\n#endif\n");
    CHECK(work.answer() == 1);
    write(work.plugin / "main.cpp", "int other();\n\n" + work.answering("other()"));
    CHECK(work.answer() == 1);
    CHECK(work.compiles() == 3);
    write(work.plugin / "more.hpp", "");
    CHECK(work.answer() == 2);
}

TEST_CASE("a file that is embedded by the assembler is an input, also beside a source that changes",
          "[builder]") {
    workshop work;
    write(work.plugin / "main.cpp", "extern \"C\" const char blob[];\n"
                                    "asm(\".section .rodata\\nblob: .incbin \\\"data.bin\\\"\\n.text\");\n" +
                                        work.answering("blob[0]"));
    write(work.plugin / "data.bin", "a");
    CHECK(work.answer() == 'a');
    CHECK(work.answer() == 'a');
    CHECK(work.compiles() == 1);
    write(work.plugin / "data.bin", "b");
    CHECK(work.answer() == 'b');
    write(work.plugin / "other.cpp", "int more;\n");
    CHECK(work.answer() == 'b');
    write(work.plugin / "data.bin", "c");
    CHECK(work.answer() == 'c');
    write(work.plugin / "other.cpp", "int less;\n");
    CHECK(work.answer() == 'c');
    write(work.plugin / "data.bin", "d");
    CHECK(work.answer() == 'd');
}

TEST_CASE("what names an input by a macro is compiled each time", "[builder]") {
    workshop work;
    write(work.plugin / "main.cpp",
          "#define CONFIG \"config.hpp\"\n#if __has_include(CONFIG)\n#define VALUE 2\n"
          "#else\n#define VALUE 1\n#endif\n" +
              work.answering("VALUE"));
    CHECK(work.answer() == 1);
    CHECK(work.answer() == 1);
    CHECK(work.compiles() == 2);
    CHECK(work.cached() == "");
    write(work.plugin / "config.hpp", "");
    CHECK(work.answer() == 2);
}

TEST_CASE("a library of more than 64 MiB is named by its content too", "[builder]") {
    workshop work;
    work.options.profile = tenon::profile::quick;
    write(work.plugin / "main.cpp", "#define CONFIG \"config.hpp\"\n#if __has_include(CONFIG)\n#endif\n"
                                    "asm(\".pushsection .rodata\\n.space 68000000, 1\\n.popsection\");\n" +
                                        work.answering("3"));
    CHECK(work.answer() == 3);
    CHECK(tests::fs::file_size(work.libraries().at(0)) > 64 * 1024 * 1024);
}

TEST_CASE("a library that appears in an earlier folder, or of the preferred kind, is linked", "[builder]") {
    workshop work;
    const auto archive = [&](const path& folder, const std::string& value) {
        write(work.root / "word.cpp", "extern \"C\" int word() { return " + value + "; }\n");
        create_directories(folder);
        const std::string object = work.root / "word.o";
        tests::run({TENON_GXX, "-fPIC", "-c", work.root / "word.cpp", "-o", object});
        remove(folder / "libword.a");
        tests::run({"ar", "rcs", folder / "libword.a", object});
    };
    write(work.plugin / "main.cpp", "extern \"C\" int word();\n" + work.answering("word()"));
    write(work.plugin / "compile_flags.txt", "-L../a\n--library-directory=../b\n-lword\n");
    archive(work.root / "b", "1");
    CHECK(work.answer() == 1);
    archive(work.root / "b", "2");
    CHECK(work.answer() == 2);
    archive(work.root / "a", "3");
    CHECK(work.answer() == 3);
    write(work.root / "word.cpp", "extern \"C\" int word() { return 4; }\n");
    tests::run({TENON_GXX, "-fPIC", "-shared", work.root / "word.cpp", "-o", work.root / "a/libword.so"});
    write(work.plugin / "compile_flags.txt",
          "-L../a\n--library-directory=../b\n-lword\n-Wl,-rpath," + (work.root / "a").native() + "\n");
    CHECK(work.answer() == 4);
}

TEST_CASE("what flags name is an input: scripts of the linker, headers, lists", "[builder]") {
    workshop work;
    SECTION("a version script") {
        write(work.plugin / "map.txt", "{ global: *; };");
        write(work.plugin / "compile_flags.txt", "-Wl,--version-script=map.txt\n");
        CHECK(work.answer() == 42);
        write(work.plugin / "map.txt", "{ global: answer; local: *; };");
        CHECK(work.answer() == 42);
        CHECK(work.libraries().size() == 2);
    }
    SECTION("-include and -imacros") {
        for (const std::string flag :
             {"-include\npre.h", "-imacros\npre.h", "-includepre.h", "--include=pre.h"}) {
            INFO(flag);
            write(work.plugin / "main.cpp", work.answering("WORD"));
            write(work.plugin / "pre.h", "#define WORD 1\n");
            write(work.plugin / "compile_flags.txt", flag + "\n");
            CHECK(work.answer() == 1);
            write(work.plugin / "pre.h", "#define WORD 2\n");
            CHECK(work.answer() == 2);
        }
    }
    SECTION("folders with headers, in a longer spelling") {
        for (const std::string flag : {"--include-directory=", "--include-directory\n", "-idirafter"}) {
            INFO(flag);
            remove_all(work.root / "first");
            write(work.root / "second/w.hpp", "#define WORD 1\n");
            write(work.plugin / "main.cpp", "#include <w.hpp>\n" + work.answering("WORD"));
            write(work.plugin / "compile_flags.txt", flag + "../first\n" + flag + "../second\n");
            CHECK(work.answer() == 1);
            write(work.root / "first/w.hpp", "#define WORD 2\n");
            CHECK(work.answer() == 2);
        }
    }
}

TEST_CASE("a library that was compiled for the processor of this machine is none for another", "[builder]") {
    workshop work;
    elsewhere::other = work.root / "cpuinfo";
    write(elsewhere::other, "processor : 0\nmodel name : another\ncpu MHz : 1\n\nprocessor : 1\n");
    write(work.plugin / "compile_flags.txt", "-march=native\n");
    CHECK(work.answer() == 42);
    CHECK(work.answer() == 42);
    CHECK(work.compiles() == 1);
    work.build<elsewhere>();
    CHECK(work.compiles() == 2);
    write(elsewhere::other, "processor : 7\nmodel name : another\ncpu MHz : 2\n\n");
    work.build<elsewhere>();
    work.build();
    CHECK(work.compiles() == 2);
}

/// The plugin's header is in the second of two folders that compilers search.
static void find_header_in_second_folder(workshop& work) {
    write(work.plugin / "main.cpp", "#include <net/port.hpp>\n" + work.answering("PORT"));
    write(work.root / "late/net/port.hpp", "#define PORT 1\n");
    create_directory(work.root / "early");
    work.options.flags = {"-I../early", "-I../late"};
}

TEST_CASE("a header that comes to stand before another is seen", "[builder]") {
    workshop work;
    find_header_in_second_folder(work);
    CHECK(work.answer() == 1);
    write(work.root / "early/other.hpp", "");
    CHECK(work.answer() == 1);
    CHECK(work.compiles() == 1);
    write(work.root / "early/net/port.hpp", "#define PORT 2\n");
    CHECK(work.answer() == 2);
    remove_all(work.root / "early/net");
    CHECK(work.answer() == 1);
    CHECK(work.compiles() == 2);
    write(work.plugin / "net/port.hpp", "#define PORT 3\n");
    work.options.flags.insert(work.options.flags.begin(), "-I.");
    CHECK(work.answer() == 3);
}

TEST_CASE("a header in a new folder, written just before the build, is compiled once", "[builder]") {
    workshop work;
    find_header_in_second_folder(work);
    work.build();
    create_directory(work.root / "early/net");
    // No earlier build knows of this header, whose stamp is later than that of every folder that is known.
    const auto step = [] { return tenon::detail::nanoseconds(coarse_clock::now()); };
    for (const auto begin = step(); step() == begin;)
        posix::pause_a_millisecond();
    write(work.root / "early/net/port.hpp", "#define PORT 2\n");
    work.build<coarse_clock>();
    CHECK(work.compiles() == 2);
}

TEST_CASE("a folder that headers were found in may change in other ways", "[builder]") {
    workshop work;
    const std::string library = work.build();
    next_tick();
    write(work.plugin / "notes.txt", "");
    write(work.include / "other.hpp", "");
    next_tick();
    CHECK(work.build() == library);
    CHECK(work.compiles() == 1);
    counting::opened = 0;
    CHECK(work.build<counting>() == library);
    CHECK(counting::opened == 1);
}

TEST_CASE("compile_flags.txt is read as clangd reads it, from the source directory, and libraries come after "
          "the objects",
          "[builder]") {
    workshop work;
    write(work.plugin / "main.cpp",
          "#include <more.hpp>\nint from_archive();\n" + work.answering("from_archive() + MORE + GIVEN"));
    write(work.plugin / "parts/more.hpp", "#define MORE 10\n");
    write(work.root / "archive.cpp", "int from_archive() { return 1; }");
    const auto archive = [&](const std::string& value) {
        write(work.root / "archive.cpp", "int from_archive() { return " + value + "; }");
        REQUIRE(tests::run({TENON_GXX, "-fPIC", "-c", "archive.cpp"}, work.root.path()).status == 0);
        REQUIRE(tests::run({"ar", "rc", "libarchive.a", "archive.o"}, work.root.path()).status == 0);
    };
    archive("1");
    write(work.plugin / "compile_flags.txt", "\n-larchive\r\n  -L..\t\n\n-I\nparts\n-DGIVEN=100");
    CHECK(work.answer() == 111);

    SECTION("an edit of it is seen") {
        write(work.plugin / "compile_flags.txt", "-larchive\n-L..\n-Iparts\n-DGIVEN=200");
        CHECK(work.answer() == 211);
    }
    SECTION("a library that was linked in is seen to change") {
        archive("2");
        CHECK(work.answer() == 112);
    }
    SECTION("its absence is seen") {
        remove(work.plugin / "compile_flags.txt");
        CHECK(work.complaint().find("error: ") != std::string::npos);
    }
}

TEST_CASE("a compile_flags.txt that editors are glad of builds, and what compilers say can be read",
          "[builder]") {
    for (const std::string& compiler : tests::plugin_compilers()) {
        INFO(compiler);
        workshop work;
        work.compiler(compiler);
        for (const std::string language : {"-xc++\r\n", "-x\r\nc++\r\n"}) {
            write(work.plugin / "compile_flags.txt",
                  "\xEF\xBB\xBF" + language + "-Wall\r\n-fdiagnostics-format=json\r\n-v\r\n-H\r\n");
            CHECK(work.answer() == 42);
        }
        write(work.plugin / "other.cpp", "\nint wrong = ;\n");
        try {
            work.build();
            FAIL("it was built");
        } catch (const error& e) {
            // A g++ that has to say what it is may warn of its own libraries.
            auto said = tenon::diagnostics(e);
            std::erase_if(said,
                          [](const auto& one) { return one.level != tenon::diagnostic::severity::error; });
            REQUIRE(!said.empty());
            CHECK(said[0].place() == (work.plugin / "other.cpp").native() + ":2:13");
        }
    }
}

TEST_CASE("flags that would lead the builder's own outputs astray are refused by file and line",
          "[builder]") {
    workshop work;
    for (const std::string flag :
         {"-o", "-oelsewhere.so", "--output=x", "-c", "-E", "-S", "-M", "-MM", "-MD", "-MFx", "-Wp,-MD,x",
          "@arguments", "-fsyntax-only", "-save-temps", "-###"}) {
        write(work.plugin / "compile_flags.txt", "-Wall\n\n " + flag + "\n");
        CHECK(work.complaint() == "~/plugin/compile_flags.txt:3: the flag '" + flag +
                                      "' is refused, because what is made of a plugin's sources, by which "
                                      "program and where, is not for its flags to "
                                      "say; remove it");
        CHECK(work.code == errc::build_failed);
    }
    remove(work.plugin / "compile_flags.txt");
    work.options.flags = {"-S"};
    CHECK(work.complaint().substr(0, 40) == "options.flags: the flag '-S' is refused,");
    CHECK(work.compiles() == 0);
}

TEST_CASE(
    "flags that run other programs are refused, unless an option lets them, and so is what came of them",
    "[builder]") {
    workshop work;
    write(work.plugin / "compile_flags.txt", "-wrapper\n" + (work.root / "wrap").native());
    write(work.root / "wrap", "#!/bin/sh\necho >> '" + (work.root / "ran").native() + "'\nexec \"$@\"\n");
    permissions(work.root / "wrap", tests::fs::perms::owner_all);
    const std::string refusal =
        "~/plugin/compile_flags.txt:1: the flag '-wrapper' is refused, because it has another "
        "program take part in the build, of which a change would not be seen; remove it, or set "
        "options.builds_may_run_programs";
    CHECK(work.complaint() == refusal);
    CHECK(work.code == errc::build_failed);
    work.options.builds_may_run_programs = true;
    CHECK(work.answer() == 42);
    CHECK(exists(work.root / "ran"));
    work.options.builds_may_run_programs = false;
    CHECK(work.complaint() == refusal);
}

TEST_CASE("a directory without sources says what was expected and what is there", "[builder]") {
    workshop work;
    remove(work.plugin / "main.cpp");
    const std::string expected = "'~/plugin' has no sources to compile: files that end in .cpp, .cc, .cxx, "
                                 ".c++, .cp, .CPP or .C are expected in it, and it ";
    CHECK(work.complaint() == expected + "is empty");
    CHECK(work.code == errc::not_found);
    write(work.plugin / "main.c", "");
    write(work.plugin / "src/main.cpp", "");
    CHECK(work.complaint() ==
          expected +
              "has 'main.c', 'src/'; 'main.c' and 'src/main.cpp' are not compiled: of a directory, that "
              "is what stands directly in it and ends in .cpp, .cc, .cxx, .c++, .cp, .CPP or .C; a "
              "CMakeLists.txt can have more compiled");
    remove_all(work.plugin);
    CHECK(work.complaint() == "cannot find '~/plugin': No such file or directory");
    create_directories(work.plugin / "main.cpp");
    CHECK(work.complaint() == expected + "has 'main.cpp/'");
    write(work.plugin / "good.cpp", "");
    create_symlink("../gone.cpp", work.plugin / "loose.cpp");
    CHECK(work.complaint() == "'~/plugin/loose.cpp' is a symbolic link to '../gone.cpp', which is not there");
    remove(work.plugin / "loose.cpp");
    create_symlink("loose.cpp", work.plugin / "loose.cpp");
    CHECK(work.complaint() == "cannot look at '~/plugin/loose.cpp': Too many levels of symbolic links");
    // An editor's note that somebody edits a file is a link too.
    remove(work.plugin / "loose.cpp");
    remove_all(work.plugin / "main.cpp");
    write(work.plugin / "good.cpp", work.answering("42"));
    create_symlink("me@here.1:2", work.plugin / ".#good.cpp");
    CHECK(work.answer() == 42);
}

TEST_CASE("a compiler whose command has flags builds, and what it says can be read", "[builder]") {
    for (const std::string& compiler : tests::plugin_compilers()) {
        INFO(compiler);
        workshop work;
        work.compiler(compiler);
        const std::vector<std::string> plain = work.options.compiler;
        for (const char* flag : {"-x", "c++", "-fdiagnostics-format=json", "-Ibeside", "-DMORE=1"})
            work.options.compiler.push_back(flag);
        write(work.plugin / "main.cpp",
              "#include <more.hpp>\n" + work.answering("TENS * 10 + MORE + HEADER"));
        write(work.plugin / "beside/more.hpp", "#define HEADER 1\n");
        CHECK(work.answer() == 42);
        write(work.plugin / "other.cpp", "\nint wrong = ;\n");
        try {
            work.build();
            FAIL("it was built");
        } catch (const error& e) {
            const auto said = tenon::diagnostics(e);
            REQUIRE(!said.empty());
            CHECK(said[0].place() == (work.plugin / "other.cpp").native() + ":2:13");
        }
        work.options.compiler = plain;
        work.options.compiler.push_back("--coverage");
        CHECK(work.complaint().find("options.compiler or $CXX: the flag '--coverage' is refused") == 0);
    }
}

TEST_CASE("folders in a compiler's command are each directory's own, also for a precompiled interface",
          "[builder]") {
    workshop work;
    work.options.compiler.push_back("-Ibeside");
    write(work.include / "tiny.hpp", "// a plugin_type named \"tiny\"\n#include <more.hpp>\n");
    for (const int more : {1, 2}) {
        work.plugin = work.root / std::to_string(more);
        write(work.plugin / "beside/more.hpp", "#define MORE " + std::to_string(more) + "\n");
        for (const int round : {10, 20, 30}) {
            write(work.plugin / "main.cpp", work.answering("MORE + " + std::to_string(round)));
            CHECK(work.answer() == more + round);
        }
        CHECK(work.count("c++-header") == more); // when it is needed again, and used from then on
    }
}

TEST_CASE("whatever both compilers take for C++ is compiled", "[builder]") {
    for (const std::string& compiler : tests::plugin_compilers()) {
        workshop work;
        work.compiler(compiler);
        std::string calls = "0";
        std::string declarations;
        for (const std::string end : {"cpp", "cc", "cxx", "c++", "cp", "CPP", "C"}) {
            const std::string name = "f" + std::to_string(declarations.size());
            write(work.plugin / ("a." + end), "int " + name + "() { return 1; }\n");
            declarations += "int " + name + "();\n";
            calls += " + " + name + "()";
        }
        write(work.plugin / "main.cpp", declarations + work.answering(calls));
        CHECK(work.answer() == 7);
    }
}

TEST_CASE("where a link misses something, the sources that were not compiled are named", "[builder]") {
    workshop work;
    const auto advice = [&] {
        std::string said = work.complaint();
        said.erase(0, said.find('\n') + 1);
        return said.substr(0, said.find('\n'));
    };
    const std::string rule =
        " compiled: of a directory, that is what stands directly in it and ends in .cpp, "
        ".cc, .cxx, .c++, .cp, .CPP or .C; a CMakeLists.txt can have more compiled";
    write(work.plugin / "main.cpp", "int missing();\n" + work.answering("missing()"));
    CHECK(advice() == "the plugin in '~/plugin' was not built:");
    write(work.plugin / "missing.c", "int missing() { return 1; }\n");
    write(work.plugin / "notes.txt", "");
    CHECK(advice() == "'missing.c' is not" + rule);
    for (const char* name : {"deep/er/a.cpp", "b.cu", "c.cppm", "d.S"})
        write(work.plugin / name, "");
    CHECK(advice() == "'b.cu', 'c.cppm', 'd.S', 'missing.c' and 'deep/er/a.cpp' are not" + rule);
    for (const char* name :
         {"e.mm", "f.s", "g.asm", ".hidden.c", "h.c~", "build/CMakeCache.txt", "build/made.c"})
        write(work.plugin / name, "");
    CHECK(advice() == "'b.cu', 'c.cppm', 'd.S', 'e.mm', 'f.s' and 3 more are not" + rule);

    remove_all(work.plugin / "deep");
    for (const char* name : {"b.cu", "c.cppm", "d.S", "e.mm", "f.s", "g.asm", "missing.c"})
        remove(work.plugin / name);
    write(work.plugin / "missing.cpp", "int missing() { return 1; }\n");
    work.plugin /= "main.cpp";
    CHECK(advice() ==
          "'missing.cpp' is not compiled: the driver names 'main.cpp' alone; name '~/plugin' to have "
          "all of its sources compiled");
    // What fails for another reason has nothing to do with them.
    write(work.plugin, work.answering("absent"));
    CHECK(advice() == "the plugin in '~/plugin' was not built:");
}

TEST_CASE("a directory with a CMakeLists.txt is not taken for one of plain sources", "[builder]") {
    workshop work;
    work.build();
    write(work.plugin / "CMakeLists.txt", "");
    CHECK(work.cached() == "");
    CHECK(work.complaint() ==
          "the CMakeLists.txt in '~/plugin' makes no library that can be loaded; "
          "tenon_add_plugin(NAME SOURCES ...) or add_library(NAME MODULE ...) is expected");
    remove(work.plugin / "CMakeLists.txt");
    CHECK(work.answer() == 42);
}

TEST_CASE("what a compiler says is in the error, with its first error first", "[builder]") {
    workshop work;
    write(work.plugin / "main.cpp", "int a() { return missing; }\n");
    write(work.plugin / "other.cpp", "int b() { return gone; }\n");
    const std::string said = work.complaint();
    CHECK(work.code == errc::build_failed);
    CHECK(said.substr(0, said.find('\n')) ==
          "~/plugin/main.cpp:1:18: error: ‘missing’ was not declared in this scope");
    CHECK(said.find("\nthe plugin in '~/plugin' was not built:\n~/c++ -std=") != std::string::npos);
    CHECK(said.find("\nexited with status 1, and said:\n~/plugin/main.cpp: In function ‘int a()’:\n") !=
          std::string::npos);
    const std::size_t first = said.find("return missing"), second = said.find("return gone");
    CHECK((first < second && second != said.npos));
    CHECK(work.nothing_unfinished());
    CHECK(work.libraries().empty());
}

TEST_CASE("an error has the command, how it ended and every word", "[builder]") {
    workshop work;
    work.compiler("false", "case \"$*\" in *-dM*) echo '#define __cplusplus' && exit;; esac; echo to out; "
                           "echo to err >&2; exit 3");
    CHECK(work.complaint() ==
          "c++ exited with status 3\n"
          "the plugin in '~/plugin' was not built:\n"
          "~/c++ " +
              tenon::detail::language_flag() + toolchain_flags() +
              " -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique -O2 -g -I~/include "
              "-I" +
              tenon::detail::headers({work.include}).folders(tiny).back() +
              " -MD -MT library -MF UNFINISHED/main.cpp.d -c ~/plugin/main.cpp -o UNFINISHED/main.cpp.o\n"
              "exited with status 3, and said:\n"
              "to err\n"
              "to out");
    SECTION("killed") {
        work.compiler("false",
                      "case \"$*\" in *-dM*) echo '#define __cplusplus' && exit;; esac; kill -SEGV $$");
        CHECK(work.complaint().substr(0, 60) ==
              "c++ was killed by signal 11 (Segmentation fault)\nthe plugin ");
    }
    SECTION("successful, and nothing made") {
        work.compiler("true", "case \"$*\" in *-dM*) echo '#define __cplusplus' && exit;; esac");
        CHECK(work.complaint().find("c++ exited with status 0 and made no output\nthe plugin ") == 0);
    }
    SECTION("a megabyte of output") {
        work.compiler("false", "case \"$*\" in *-dM*) echo '#define __cplusplus' && exit;; esac; head -c "
                               "1000000 /dev/zero | tr '\\0' e >&2");
        CHECK(work.complaint().find(std::string(1'000'000, 'e')) != std::string::npos);
    }
    SECTION("a linker that refuses") {
        work.compiler(TENON_GXX);
        write(work.plugin / "main.cpp", "int missing();\n" + work.answering("missing()"));
        const std::string said = work.complaint();
        CHECK(said.find("undefined reference to `missing()'") < said.find('\n'));
        CHECK(said.find(" -shared -Wl,-z,defs UNFINISHED/main.cpp.o -o UNFINISHED/library.so\nexited with "
                        "status 1, and said:\n") != said.npos);
    }
}

TEST_CASE("a compiler gets the variables on the list, and nothing to read", "[builder]") {
    workshop work;
    ::setenv("CPLUS_INCLUDE_PATH", "/nowhere", 1);
    ::setenv("LANG", "de_DE.UTF-8", 1);
    ::setenv("CCACHE_DISABLE", "1", 1);
    work.compiler(TENON_GXX, "env > '" + (work.root / "variables").native() + "'; cat > '" +
                                 (work.root / "read").native() + "'; pwd > '" +
                                 (work.root / "folder").native() + "'");
    work.build();
    std::istringstream variables(read(work.root / "variables"));
    for (std::string line; std::getline(variables, line);) {
        const std::string name = line.substr(0, line.find('='));
        const bool known = name == "PATH" || name == "HOME" || name == "TMPDIR" ||
                           name == "LD_LIBRARY_PATH" || name == "LC_ALL" || name == "CCACHE_DISABLE" ||
                           name == "PWD" || name == "_" || name == "SHLVL" || name == "OLDPWD";
        CHECK((known ? "" : name) == "");
    }
    CHECK(read(work.root / "variables").find("LC_ALL=C.UTF-8\n") != std::string::npos);
    CHECK(read(work.root / "variables").find("CCACHE_DISABLE=1\n") != std::string::npos);
    CHECK(exists(work.root / "read"));
    CHECK(read(work.root / "read") == "");
    CHECK(read(work.root / "folder") == work.plugin.native() + "\n");
    ::unsetenv("CPLUS_INCLUDE_PATH");
    ::unsetenv("LANG");
    ::unsetenv("CCACHE_DISABLE");
}

TEST_CASE("nothing is compiled that somebody else could have written", "[builder]") {
    using tests::fs::perms;
    workshop work;
    write(work.plugin / "compile_flags.txt", "-Wall");
    const auto refused = [&](const path& file, const std::string& named) {
        permissions(file, perms::others_write, tests::fs::perm_options::add);
        CHECK(work.complaint() ==
              "'" + named +
                  "' is not run, because somebody else could have written it: everybody may write to '" +
                  named + "'; `chmod o-w '" + named + "'`, or widen options.trust");
        CHECK(work.code == errc::untrusted);
        CHECK(work.libraries().empty());
        permissions(file, perms::others_write, tests::fs::perm_options::remove);
    };
    refused(work.plugin, "~/plugin");
    refused(work.plugin / "main.cpp", "~/plugin/main.cpp");
    refused(work.plugin / "compile_flags.txt", "~/plugin/compile_flags.txt");
    refused(work.include / "tiny.hpp", "~/include/tiny.hpp");

    SECTION("nor used, when it was compiled before and has become so and been touched") {
        work.build();
        permissions(work.include / "tiny.hpp", perms::others_write, tests::fs::perm_options::add);
        CHECK(work.complaint().find("'~/include/tiny.hpp' is not run") == 0);
    }
    SECTION("nor what a host that trusts everybody compiled") {
        permissions(work.plugin / "main.cpp", perms::others_write, tests::fs::perm_options::add);
        work.options.trust.everyone = true;
        CHECK(work.answer() == 42);
        work.options.trust.everyone = false;
        CHECK(work.cached() == "");
        CHECK(work.complaint().find("'~/plugin/main.cpp' is not run") == 0);
    }
}

TEST_CASE("what is written to while it is compiled is compiled again", "[builder]") {
    workshop work;
    const std::string header = (work.include / "tiny.hpp").native(), once = (work.root / "once").native();
    SECTION("a header") {
        work.compiler(TENON_GXX,
                      "case \"$*\" in *' -c '*) test -e '" + once + "' || { touch '" + once + "'; " +
                          TENON_GXX +
                          " \"$@\"; s=$?; sleep 0.02; echo '#define TENS 5 // plugin_type \"tiny\"' > '" +
                          header + "'; exit $s; };; esac");
        CHECK(work.answer() == 52);
        CHECK(work.compiles() == 2);
    }
    SECTION("a header, by a file that is older than the build") {
        write(work.root / "older.hpp", "#define TENS 6 // plugin_type \"tiny\"\n");
        work.compiler(TENON_GXX, "case \"$*\" in *' -c '*) test -e '" + once + "' || { touch '" + once +
                                     "'; " + TENON_GXX + " \"$@\"; s=$?; sleep 0.02; mv '" +
                                     (work.root / "older.hpp").native() + "' '" + header +
                                     "'; exit $s; };; esac");
        CHECK(work.answer() == 62);
        CHECK(work.compiles() == 2);
    }
    SECTION("a source, even where the compiler refuses what it was meanwhile") {
        write(work.plugin / "main.cpp", "half a li");
        write(work.root / "whole.cpp", work.answering("8"));
        work.compiler(TENON_GXX, "case \"$*\" in *' -c '*) test -e '" + once + "' || { touch '" + once +
                                     "'; " + TENON_GXX + " \"$@\"; s=$?; cp '" +
                                     (work.root / "whole.cpp").native() + "' '" +
                                     (work.plugin / "main.cpp").native() + "'; exit $s; };; esac");
        CHECK(work.answer() == 8);
        CHECK(work.compiles() == 2);
    }
    SECTION("a new header that stands before another") {
        work.compiler(TENON_GXX, "case \"$*\" in *' -c '*) test -e '" + once + "' || { touch '" + once +
                                     "'; " + TENON_GXX +
                                     " \"$@\"; s=$?; sleep 0.02; echo '#define TENS 9' > '" +
                                     (work.plugin / "tiny.hpp").native() + "'; exit $s; };; esac");
        CHECK(work.answer() == 92);
        CHECK(work.compiles() == 2);
    }
    SECTION("but not for ever") {
        work.compiler(TENON_GXX, "case \"$*\" in *' -c '*) " + std::string(TENON_GXX) +
                                     " \"$@\"; s=$?; sleep 0.02; echo \"// $$\" >> '" + header +
                                     "'; exit $s;; esac");
        const std::string said = work.complaint();
        CHECK(said.find(
                  "the plugin in '~/plugin' was not built, because '~/include/tiny.hpp' changed each time "
                  "while it was being compiled (it had ") == 0);
        CHECK(said.ends_with("); try again when it is left alone"));
        CHECK(work.code == errc::changed);
        CHECK(work.libraries().empty());
        CHECK(work.nothing_unfinished());
    }
}

TEST_CASE("what comes and goes beside the sources, and matters to none of them, is no change", "[builder]") {
    workshop work;
    const std::string before = std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "";
    const auto compiler = [&](const std::string& does) {
        work.compiler(TENON_GXX, "case \"$*\" in *' -c '*) " + std::string(TENON_GXX) +
                                     " \"$@\"; s=$?; sleep 0.02; cd '" + work.plugin.native() + "'; " + does +
                                     "; exit $s;; esac");
    };
    SECTION("an editor's files, and a program's") {
        compiler("echo $$ >> x.log; echo $$ > .main.cpp.swp; rm -f x.tmp; mv x.log x.tmp");
        CHECK(work.answer() == 42);
        CHECK(work.compiles() == 1);
    }
    SECTION("a compiler's, where $TMPDIR is there") {
        compiler("true");
        ::setenv("TMPDIR", work.plugin.c_str(), 1);
        CHECK(work.answer() == 42);
        CHECK(work.compiles() == 1);
    }
    SECTION("a cache") {
        work.cache = work.plugin / "cache";
        compiler("true");
        CHECK(work.answer() == 42);
        CHECK(work.compiles() == 1);
    }
    SECTION("but a source does") {
        compiler("mv main.cpp x; cp x main.cpp; rm x");
        CHECK(work.complaint() ==
              "the plugin in '~/plugin' was not built, because '~/plugin/main.cpp' changed "
              "each time while it was being compiled (another file took its place); try again "
              "when it is left alone");
    }
    SECTION("and so does one that is new") {
        compiler("echo > new$$.cpp; rm -f old.cpp; mv new$$.cpp old.cpp; mv old.cpp n$$.cpp");
        CHECK(work.complaint().find("' came into it); try again when it is left alone") != std::string::npos);
    }
    before.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before.c_str(), 1);
}

TEST_CASE("a record that is damaged, cut short or made up is as good as none", "[builder]") {
    workshop work;
    const std::string library = work.build();
    const std::string record = read(work.record());
    const auto file_time = tests::fs::last_write_time(library);
    const auto spoilt = [&](const std::string& text) {
        write(work.record(), text);
        CHECK(work.build() == library);
        CHECK(work.answer_of(library) == 42);
    };
    spoilt("");
    spoilt("tenon build record 2\n");
    spoilt(record.substr(0, record.size() / 2));
    spoilt(std::string(100'000, '\0'));
    spoilt("tenon build record 1\nresult " + std::string(64, '.') + record.substr(record.find(' ', 28)));
    spoilt(record.substr(0, record.find("result ") + 7) + "../../../../../../../../../../etc/passwd" +
           record.substr(record.find("result ") + 46));
    const int compiles = work.compiles();
    CHECK(compiles >= 6);
    CHECK(tests::fs::last_write_time(library) == file_time); // an entry is never written to again

    for (std::size_t at = 0; at < record.size(); at += record.size() / 25) {
        std::string bad = record;
        bad[at] = bad[at] == '1' ? '2' : '1';
        spoilt(bad);
    }
}

TEST_CASE("a library that is gone, or was cut short, is made again", "[builder]") {
    workshop work;
    const std::string library = work.build();
    tests::fs::remove(library);
    CHECK(work.cached() == "");
    CHECK(work.build() == library);
    CHECK(work.answer_of(library) == 42);
    write(library, "");
    CHECK(work.build([](const std::string& made) {
        if (tests::fs::file_size(made) == 0)
            throw tenon::detail::not_a_library(made, "it is empty");
    }) == library);
    CHECK(work.answer_of(library) == 42);
}

TEST_CASE("a library that the loader refuses is not published", "[builder]") {
    workshop work;
    CHECK(work.complaint_of([&] {
        work.build(
            [](const std::string& made) { throw tenon::detail::not_a_library(made, "a test says so"); });
    }) == "'~/plugin' is not a library that this program can load: a test says so");
    CHECK(work.libraries().empty());
    CHECK(work.nothing_unfinished());
    CHECK(work.answer() == 42);
}

TEST_CASE("threads and processes that want the same plugin compile it once", "[builder]") {
    workshop work;
    work.compiler(TENON_GXX, "case \"$*\" in *' -c '*) sleep 0.2;; esac");
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            int status = 1;
            try {
                status = work.answer() == 42 ? 0 : 2;
            } catch (...) {
            }
            ::_exit(status);
        }
        children.push_back(child);
    }
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] { right += work.answer() == 42; });
    for (std::thread& each : threads)
        each.join();
    for (const pid_t child : children) {
        int status = -1;
        CHECK(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    CHECK(right == 4);
    CHECK(work.compiles() == 1);
}

TEST_CASE("a builder that is killed at any moment blocks nobody and leaves nothing wrong", "[builder]") {
    workshop work;
    work.options.compiler = {TENON_GXX};
    std::srand(20240607);
    for (int round = 0; round < 20; ++round) {
        const int value = 100 + round;
        write(work.plugin / "main.cpp", work.answering(std::to_string(value)));
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                work.build();
            } catch (...) {
            }
            ::_exit(0);
        }
        std::this_thread::sleep_for(std::chrono::microseconds(std::rand() % 150'000));
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        CHECK(work.answer() == value);
    }
    CHECK(work.nothing_unfinished());
}

TEST_CASE("a host that ignores its children's ends gets its library all the same", "[builder]") {
    workshop work;
    const auto before = std::signal(SIGCHLD, SIG_IGN);
    CHECK(work.answer() == 42);
    write(work.plugin / "main.cpp", "no C++");
    CHECK(work.complaint().find("\nended in an unknown way, and said:\n") != std::string::npos);
    std::signal(SIGCHLD, before);
}

TEST_CASE("directories of any name are compiled", "[builder]") {
    workshop work;
    for (const std::string name : {"two words", "it's", "a$HOME", "#hash", "-o", "größe", "a:b", "a\\b", "%s",
                                   "a;b&c|d", "dot.", "@file", "[x]*?"}) {
        work.plugin = work.root / name;
        write(work.plugin / "main file.cpp", "#include \"own header$.hpp\"\n" + work.answering("OWN"));
        write(work.plugin / "own header$.hpp", "#define OWN 5\n");
        INFO(name);
        CHECK(work.answer() == 5);
        write(work.plugin / "own header$.hpp", "#define OWN 6\n");
        CHECK(work.answer() == 6);
    }
}

TEST_CASE("a line break in a name is refused, because no compiler can say that it has read such a file",
          "[builder]") {
    workshop work;
    work.plugin = work.root / "two\nlines";
    write(work.plugin / "main.cpp", work.answering("1"));
    CHECK(work.complaint() ==
          "the name of '~/two\nlines/main.cpp' has a line break, and compilers cannot say of "
          "such a file that they have read it; rename it");
    CHECK(work.code == errc::malformed_driver);
}

TEST_CASE("a compiler is the one asked for, else $CXX, else of the family that compiled this program",
          "[builder]") {
    workshop work;
    work.options.compiler = {work.root / "none"};
    CHECK(work.complaint() == "there is no compiler for plugins: cannot find '~/none'; install one, or name "
                              "another in $CXX or options.compiler");
    CHECK(work.code == errc::no_compiler);
    write(work.root / "broken", "#!/bin/sh\necho not today >&2; exit 4\n");
    permissions(work.root / "broken", tests::fs::perms::owner_all);
    work.options.compiler = {work.root / "broken"};
    CHECK(work.complaint() == "the compiler for plugins does not work: `~/broken -fPIC -dM -E -x c++ "
                              "/dev/null` exited with status 4, and said:\n"
                              "not today\n");
    write(work.root / "broken", "#!/bin/sh\nexit 0\n");
    CHECK(work.complaint() == "the compiler for plugins does not work: `~/broken -fPIC -dM -E -x c++ "
                              "/dev/null` exited with status 0 and did not write what it defines");
    write(work.root / "broken", "#!/bin/sh\ncase \"$*\" in *-dM*) exec " TENON_GXX " \"$@\"; esac\n");
    CHECK(work.complaint().find("broken exited with status 0 and made no output") != std::string::npos);

    work.options.compiler.clear();
    ::setenv("CXX", ("  " + work.wrapper.native() + "   -DGIVEN=3 ").c_str(), 1);
    write(work.plugin / "main.cpp", work.answering("GIVEN"));
    CHECK(work.answer() == 3);
    CHECK(work.compiles() == 1);
    ::unsetenv("CXX");
    write(work.plugin / "main.cpp", work.answering("4"));
    CHECK(work.answer() == 4);
    CHECK(work.compiles() == 1);
}

TEST_CASE("another compiler of the same name, or in its place, compiles again", "[builder]") {
    workshop work;
    CHECK(work.answer() == 42);
    work.compiler(TENON_GXX, "# another version");
    CHECK(work.cached() == "");
    CHECK(work.answer() == 42);
    CHECK(work.compiles() == 2);
    CHECK(work.libraries().size() == 2);
}

TEST_CASE("without any compiler what was built while there was one is current", "[builder]") {
    workshop work;
    const std::string library = work.build();
    rename(work.wrapper, work.root / "gone");
    CHECK(work.cached() == library);
    CHECK(work.build() == library);
    write(work.plugin / "main.cpp", work.answering("1"));
    CHECK(work.cached() == "");
    CHECK(work.complaint().find("there is no compiler for plugins") == 0);
}

TEST_CASE("looking for a current library makes no folder", "[builder]") {
    workshop work;
    CHECK(work.cached() == "");
    CHECK(!exists(work.cache));
}

TEST_CASE("each step is told, in order, by the thread that builds", "[builder]") {
    using list = std::vector<std::string>;
    workshop work;
    list told;
    const auto thread = std::this_thread::get_id();
    work.options.on_event = [&](const tenon::event& what) {
        CHECK(std::this_thread::get_id() == thread);
        told.push_back(what.text());
    };
    for (const char* name : {"a.cpp", "b.cpp"})
        write(work.plugin / name, "");
    work.build();
    CHECK(told == list{"compiling plugin", "compiling plugin (1 of 3)", "compiling plugin (2 of 3)",
                       "compiling plugin (3 of 3)", "linking plugin", "checking plugin"});
    told.clear();
    work.build();
    CHECK(told == list{"found plugin"});
}

TEST_CASE("what is warned of in a build that succeeds is told, and is there afterwards", "[builder]") {
    using list = std::vector<std::string>;
    for (const std::string& compiler : tests::plugin_compilers()) {
        INFO(compiler);
        workshop work;
        work.compiler(compiler);
        list told, kept;
        work.options.on_event = [&](const tenon::event& e) {
            CHECK(e.subject == "plugin");
            if (e.what == tenon::event::step::warning)
                told.push_back(e.said.file.substr(e.said.file.rfind('/') + 1) + ' ' +
                               std::to_string(e.said.line));
        };
        work.options.on_built = [&](const std::vector<tenon::diagnostic>& all) {
            kept.clear();
            for (const tenon::diagnostic& each : all) {
                CHECK(each.level == tenon::diagnostic::severity::warning);
                kept.push_back(each.file.substr(each.file.rfind('/') + 1) + ' ' + std::to_string(each.line));
            }
        };
        write(work.include / "tiny.hpp",
              "#pragma once\n#warning beware, plugin_type \"tiny\"\n#define TENS 4\n");
        write(work.plugin / "main.cpp", "#include \"tiny.hpp\"\n#warning old\n" + work.answering("TENS"));
        write(work.plugin / "other.cpp", "#include \"tiny.hpp\"\nint other() { return 1; }\n");

        // Once, though two sources include it.
        work.build();
        CHECK(told == list{"tiny.hpp 2", "main.cpp 2"});
        CHECK(kept == told);

        told.clear();
        work.build();
        CHECK(told.empty());

        // The object of main.cpp is used again, and the header is precompiled, which is when it warns.
        write(work.plugin / "other.cpp",
              "#include \"tiny.hpp\"\n\n#warning new\nint other() { return 1; }\n");
        work.build();
        CHECK(told == list{"tiny.hpp 2", "other.cpp 3"});
        CHECK(kept == told);

        // What was compiled beside a source that is refused is not compiled again.
        told.clear();
        write(work.plugin / "main.cpp",
              "#include \"tiny.hpp\"\n\n\n#warning older\n" + work.answering("TENS"));
        write(work.plugin / "other.cpp", "int other() { return absent; }\n");
        CHECK_THROWS_AS(work.build(), error);
        CHECK(told == list{"main.cpp 4"});
        CHECK(kept.size() == 2);
        told.clear();
        write(work.plugin / "other.cpp", "");
        work.build();
        CHECK(told.empty());
        CHECK(kept.empty());
    }
}

TEST_CASE("what a linker warns of is told", "[builder]") {
    for (const std::string linker : {"bfd", "gold"}) { // the others do not warn of this
        workshop work;
        if (!tests::installed("ld." + linker))
            continue;
        INFO(linker);
        std::vector<std::string> told;
        work.options.flags = {"-fuse-ld=" + linker};
        work.options.on_event = [&](const tenon::event& e) {
            if (e.what == tenon::event::step::warning)
                told.push_back(work.without_names(e.text()));
        };
        // The address sanitizer has a `tmpnam` of its own, of which no linker warns.
        write(work.plugin / "main.cpp",
              "#include <cstdlib>\nstatic char name[] = \"x\";\n" + work.answering("!::mktemp(name)"));
        work.build();
        REQUIRE(told.size() == 1);
        CHECK(told[0].find("~/plugin/main.cpp") == 0);
        CHECK(told[0].find(": warning: the use of `mktemp' is dangerous, better use `mkstemp'") !=
              std::string::npos);
    }
}

TEST_CASE("a loader has the warnings of its last build", "[builder]") {
    const scratch_directory root;
    const std::string source = root / "doubles/main.cpp";
    write(source, "#include <part.hpp>\n#include <tenon/export.hpp>\n#warning old\n"
                  "struct one final : part {\n"
                  "    explicit one(part_counts&) {}\n"
                  "    int version() const override { return 1; }\n"
                  "    void fail() const override {}\n"
                  "};\nTENON_EXPORT(part, one, \"one\", \"1\")\n");
    const tenon::loader loader({.cache = (root / "cache").native(),
                                .include = {(tests::source_directory / "tests/plugins").native()}});
    const std::string driver = root / "doubles";
    CHECK(tenon::diagnostics(loader).empty());
    loader.prepare<part>(driver);
    REQUIRE(tenon::diagnostics(loader).size() == 1);
    CHECK(tenon::diagnostics(loader)[0].message().find(source + ":3:2: warning: ") == 0);
    // What is current is not built, and what is refused is no build that succeeded.
    loader.prepare<part>(driver);
    write(source, "half");
    CHECK_THROWS_AS(loader.prepare<part>(driver), error);
    CHECK(tenon::diagnostics(loader).size() == 1);
}

TEST_CASE("what is wrong with a directory's plugin is said of the directory, and which header it has used",
          "[builder]") {
    const scratch_directory root;
    const path directory = root / "doubles", folder = tests::source_directory / "tests/plugins";
    const std::string export_one = "struct one final : part {\n"
                                   "    explicit one(part_counts&) {}\n"
                                   "    int version() const override { return 1; }\n"
                                   "    void fail() const override {}\n"
                                   "};\nTENON_EXPORT(part, one, \"one\", \"1\")\n";
    tenon::loader_options options{.cache = (root / "cache").native(), .include = {folder.native()}};
    const auto complaint = [&] {
        try {
            tenon::loader(options).prepare<part>(directory.native());
        } catch (const error& e) {
            CHECK(e.path() == directory.native());
            const std::string text = e.what();
            CHECK(text.find((root / "cache").native()) == text.npos);
            return text;
        }
        return std::string("no complaint");
    };
    const std::string begins =
        '\'' + directory.native() + "' has no plugins: it was not made with TENON_EXPORT";
    write(directory / "main.cpp", "int f() { return 1; }\n");
    CHECK(complaint() == begins + "; a plugin of type 'part' was asked for");
    write(directory / "src/one.cpp", "#include <part.hpp>\n#include <tenon/export.hpp>\n" + export_one);
    CHECK(complaint().find("; a plugin of type 'part' was asked for; 'src/one.cpp' is not compiled: of a "
                           "directory, ") != std::string::npos);

    // An older copy beside the source, and one in a folder that a flag names.
    std::string older = read(folder / "part.hpp");
    older.replace(older.find("virtual int version"), 0, "virtual int older() const { return 1; }\n    ");
    older.replace(older.find("&part::version"), 0, "&part::older, ");
    const std::string ends = ", and the header of this program is '" + (folder / "part.hpp").native() + '\'';
    write(directory / "main.cpp", "#include \"part.hpp\"\n#include <tenon/export.hpp>\n" + export_one);
    write(directory / "part.hpp", older);
    std::string said = complaint();
    CHECK(said.find("the plugin 'one' in '" + directory.native() +
                    "' was compiled against another 'part' than "
                    "this program:\n") == 0);
    CHECK(said.ends_with("compile both against the same header; its sources include '" +
                         (directory / "part.hpp").native() + '\'' + ends));
    remove(directory / "part.hpp");
    CHECK(complaint() == "no complaint");

    // The program's own, which has changed since.
    write(root / "include/part.hpp", older);
    options.include = {(root / "include").native()};
    CHECK(complaint().ends_with(
        "; its sources include '" + (root / "include/part.hpp").native() +
        "' as it is now: where that has changed since this program was compiled, compile "
        "the program again"));
    options.include = {folder.native()};

    write(directory / "lib/part.hpp", older);
    write(directory / "main.cpp", "#include \"lib/part.hpp\"\n#include <tenon/export.hpp>\n" + export_one);
    CHECK(complaint().ends_with("; its sources include '" + (directory / "lib/part.hpp").native() + '\'' +
                                ends));
    if (!tests::installed("cmake") || !tests::installed("make"))
        return;
    write(directory / "CMakeLists.txt",
          "cmake_minimum_required(VERSION 3.24)\nproject(x CXX)\n"
          "find_package(tenon REQUIRED)\ntenon_add_plugin(one SOURCES main.cpp)\n");
    CHECK(complaint().ends_with("; its sources include '" + (directory / "lib/part.hpp").native() + '\'' +
                                ends));
}

TEST_CASE("waiting is told where another is building, and nowhere else", "[builder]") {
    workshop first;
    workshop second;
    second.plugin = first.plugin;
    second.include = first.include;
    second.cache = first.cache;
    second.options = first.options;
    std::thread other;
    std::vector<std::string> told, told_the_other;
    std::atomic<bool> waits{false};
    second.options.on_event = [&](const tenon::event& what) {
        told_the_other.push_back(what.text());
        waits = true;
    };
    first.options.on_event = [&](const tenon::event& what) {
        told.push_back(what.text());
        if (what.what == tenon::event::step::compiling && what.done == 0) {
            other = std::thread([&] { second.build(); });
            while (!waits)
                std::this_thread::yield();
        }
    };
    first.build();
    other.join();
    CHECK(told.back() == "checking plugin");
    CHECK(told_the_other ==
          std::vector<std::string>{"waiting until another is done with plugin", "found plugin"});
    CHECK(first.compiles() == 1);
}

TEST_CASE("what a handler throws cancels the build at each step, ends its compilers and leaves nothing",
          "[builder]") {
    for (const std::string step :
         {"compiling plugin", "compiling plugin (1 of 2)", "linking plugin", "checking plugin"}) {
        INFO(step);
        workshop work;
        write(work.plugin / "slow.cpp", "");
        const std::string mark = work.root / "ended";
        work.compiler(TENON_GXX, "case \"$*\" in *slow.cpp*) sleep 1; echo >> '" + mark + "';; esac");
        work.options.on_event = [&](const tenon::event& what) {
            if (what.text() == step)
                throw std::runtime_error("cancelled");
        };
        CHECK_THROWS_WITH(work.build(), "cancelled");
        CHECK(work.nothing_unfinished());
        CHECK(work.libraries().empty());
        if (step == "compiling plugin (1 of 2)")
            CHECK(!exists(path(mark)));
        work.options.on_event = {};
        CHECK(work.answer() == 42);
    }
}

TEST_CASE("libraries are compiled for the toolchain of this program, by either compiler", "[builder]") {
    scratch_directory root;
    tests::fs::create_directory(root / "calculator");
    copy_file(tests::calculator, root / "calculator/calculator.cpp");
    constexpr plugin_type type{"calculator", "/where/this/program/was/compiled/calculator.hpp"};
    for (const std::string& compiler : tests::plugin_compilers()) {
        const basic_builder<> builder(
            {.compiler = {compiler}, .include = {tests::source_directory / "tests/plugins"}},
            basic_cache<>(root / "cache"));
        const std::string library = builder.library(root / "calculator", type,
                                                    [](const std::string& made) { tenon::manifest{made}; });
        const tenon::manifest manifest(library);
        REQUIRE(!manifest.plugins().empty());
        CHECK(manifest.plugins()[0].toolchain == tenon::detail::toolchain);
    }
}

TEST_CASE(
    "whichever system call fails, there is an error or the right library, and nothing is left half-done",
    "[builder]") {
    workshop work;
    const std::string ready = work.build();
    // As quick as a compiler can be, so that every call of a build can fail in turn.
    tests::fs::copy(ready, work.root / "ready.so");
    work.options.compiler = {work.wrapper};
    write(work.wrapper,
          "#!/bin/sh\nfor word; do case $previous in -MF) made=$word;; -o) out=$word;; esac; previous=$word; "
          "done\n"
          "case \"$*\" in *-dM*) echo '#define __cplusplus';; *' -c '*) echo 'library: main.cpp " +
              (work.include / "tiny.hpp").native() + "' > \"$made\"; : > \"$out\";; *) cp '" +
              (work.root / "ready.so").native() + "' \"$out\";; esac\n");
    int errors = 0;
    for (const auto& [kind, number] : std::vector<std::pair<std::string, int>>{{"open", EMFILE},
                                                                               {"read", EIO},
                                                                               {"write", ENOSPC},
                                                                               {"fstat", EIO},
                                                                               {"stat", EIO},
                                                                               {"lstat", EIO},
                                                                               {"access", EACCES},
                                                                               {"realpath", ENOMEM},
                                                                               {"mkdir", EROFS},
                                                                               {"chmod", EROFS},
                                                                               {"fsync", EIO},
                                                                               {"mkdtemp", ENOSPC},
                                                                               {"rename", ENOSPC},
                                                                               {"flock", ENOLCK},
                                                                               {"opendir", EMFILE},
                                                                               {"pipe", EMFILE},
                                                                               {"spawn", EAGAIN}}) {
        for (int nth = 1; nth < 200; ++nth) {
            INFO(kind << " number " << nth);
            remove_all(work.cache);
            failing::kind = kind;
            failing::countdown = nth;
            failing::error = number;
            try {
                const std::string library = work.build<failing>();
                CHECK(work.answer_of(library) == 42);
            } catch (const error& e) {
                CHECK(std::string(e.what()) != "");
                ++errors;
            }
            const bool happened = failing::countdown <= 0;
            failing::kind.clear();
            CHECK(work.answer() == 42);
            // What could not be removed is removed by the next builder.
            {
                const tenon::detail::basic_scratch<> next{basic_cache<>(work.cache)};
            }
            CHECK(work.nothing_unfinished());
            if (!happened)
                break;
        }
    }
    CHECK(errors > 50);
}

TEST_CASE("a cache that cannot be written to serves what is in it, and is an error for what is not",
          "[builder]") {
    struct read_only : posix {
        static int open(const char* name, int flags, mode_t mode = 0) noexcept {
            return flags & (O_WRONLY | O_RDWR | O_CREAT) ? (errno = EROFS, -1)
                                                         : posix::open(name, flags, mode);
        }
        static int mkdir(const char*, mode_t) noexcept { return errno = EROFS, -1; }
        static char* mkdtemp(char*) noexcept { return errno = EROFS, nullptr; }
        static int rename(const char*, const char*) noexcept { return errno = EROFS, -1; }
    };
    workshop work;
    CHECK(work.complaint_of([&] { work.build<read_only>(); }) ==
          "the cache '~/cache' cannot be used: cannot make the folder '~/cache': Read-only file system; name "
          "another in $TENON_CACHE or options.cache");
    const std::string library = work.build();
    CHECK(work.build<read_only>() == library);
    next_tick();
    write(work.plugin / "main.cpp", read(work.plugin / "main.cpp"));
    CHECK(work.build<read_only>() == library);
    write(work.plugin / "main.cpp", work.answering("1"));
    const std::string lock = work.complaint_of([&] { work.build<read_only>(); });
    CHECK(lock.find("cannot open '~/cache/bin/tiny/plugin-") == 0);
    CHECK(lock.find(".lock': Read-only file system") != std::string::npos);
}

TEST_CASE(
    "what can change a library is known before it was ever compiled, after it was refused, and while its "
    "sources are gone",
    "[builder]") {
    workshop work;
    const auto watches = [&](const path& what) {
        const auto all = basic_builder<>(work.options, basic_cache<>(work.cache)).watched(work.plugin, tiny);
        CHECK(std::is_sorted(all.begin(), all.end()));
        return std::find(all.begin(), all.end(), what.native()) != all.end();
    };
    write(work.plugin / "main.cpp",
          "#include \"tiny.hpp\"\n#include \"parts/missing.hpp\"\n" + work.answering("MISSING"));
    for (const path& each : {work.plugin, work.plugin / "main.cpp", work.plugin / "compile_flags.txt",
                             work.include, work.include / "tiny.hpp", work.wrapper})
        CHECK(watches(each));
    CHECK(work.complaint().find("parts/missing.hpp") != std::string::npos);
    CHECK(watches(work.plugin / "main.cpp"));
    CHECK(!watches(work.plugin / "parts"));
    create_directory(work.plugin / "parts");
    CHECK(watches(work.plugin / "parts"));
    write(work.plugin / "parts/missing.hpp", "#define MISSING wrong\n");
    CHECK(work.complaint().find("wrong") != std::string::npos);
    CHECK(watches(work.plugin / "parts/missing.hpp"));
    write(work.plugin / "parts/missing.hpp", "#define MISSING 5\n");
    CHECK(work.answer() == 5);

    // What only the compiler knows, and what an edit has taken away.
    write(work.plugin / "macro.hpp", "#define SIX 6\n");
    write(work.plugin / "main.cpp", "#define NAME \"macro.hpp\"\n#include NAME\n" + work.answering("SIX"));
    CHECK(!watches(work.plugin / "macro.hpp"));
    CHECK(work.answer() == 6);
    CHECK(watches(work.plugin / "macro.hpp"));
    CHECK(watches(work.plugin / "parts/missing.hpp"));

    // The hundreds of files of the system, whose states are compared all the same.
    CHECK(read(work.record()).find("/usr/include/stdc-predef.h") != std::string::npos);
    CHECK(!watches("/usr/include"));
    CHECK(!watches("/usr/lib/gcc"));
    const auto all = basic_builder<>(work.options, basic_cache<>(work.cache)).watched(work.plugin, tiny);
    CHECK(std::none_of(all.begin(), all.end(), [&](const std::string& watched) {
        return watched.find("/usr/lib/") == 0 || watched.find("/usr/include/") == 0;
    }));

    // Flags that are refused, and folders that the others name.
    write(work.plugin / "compile_flags.txt", "-Ielsewhere\n");
    CHECK(watches(work.plugin / "elsewhere"));
    write(work.plugin / "compile_flags.txt", "-o\n");
    CHECK(watches(work.plugin / "compile_flags.txt"));

    rename(work.plugin, work.root / "away");
    for (const path& each : {work.plugin, work.plugin / "main.cpp", work.plugin / "macro.hpp", work.include})
        CHECK(watches(each));
    CHECK(basic_builder<>(work.options, basic_cache<>(work.cache))
              .watched(work.root / "no/such/source.cpp", tiny)
              .size() > 3);
}
