// SPDX-License-Identifier: MIT
// The loading of libraries, where the operating system fails on demand; what it does when all goes well is in
// plugin.cpp.
#include <tenon/detail/library/library.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::detail::basic_library;
using tenon::detail::basic_library_file;
using tests::fs::path;

namespace {

const path& part_library() {
    static const tests::scratch_directory scratch;
    static const path library = tests::compiled(
        scratch / "part.so", tests::source_directory / "tests/plugins/part.cpp", {}, TENON_CXX);
    return library;
}

/// Loads and closes the library with a failing system. Returns the error without the folder.
template <class System>
std::string complaint(const tenon::library_options& options = {}, const path& library = part_library()) {
    try {
        const basic_library_file<System> file(library.native(), options.trust);
        basic_library<System>(file, options).close();
    } catch (const tenon::error& e) {
        std::string text = e.what();
        const std::string folder = library.parent_path().native() + "/";
        for (std::size_t at; (at = text.find(folder)) != text.npos;)
            text.erase(at, folder.size());
        return text;
    }
    return "no complaint";
}

using tenon::detail::posix;

} // namespace

TEST_CASE("a library without any failure is loaded and goes", "[library]") {
    CHECK(complaint<posix>() == "no complaint");
    CHECK(complaint<posix>({.private_copy = true}) == "no complaint");
}

TEST_CASE("a loader that says no is quoted, and one that says nothing is an error too", "[library]") {
    struct refuses : posix {
        static void* dlopen(const char*, int) noexcept { return nullptr; }
        static const char* dlerror() noexcept { return "out of handles"; }
    };
    struct says_nothing : refuses {
        static const char* dlerror() noexcept { return nullptr; }
    };
    struct noexec : refuses {
        static const char* dlerror() noexcept { return "part.so: failed to map segment from shared object"; }
    };
    struct tls : refuses {
        static const char* dlerror() noexcept {
            return "part.so: cannot allocate memory in static TLS block";
        }
    };
    CHECK(complaint<refuses>() == "cannot load 'part.so': out of handles");
    CHECK(complaint<says_nothing>() == "cannot load 'part.so': no reason given");
    CHECK(complaint<noexec>() ==
          "cannot load 'part.so': part.so: failed to map segment from shared object; its file system may be "
          "mounted noexec");
    CHECK(complaint<tls>() ==
          "cannot load 'part.so': part.so: cannot allocate memory in static TLS block; it was compiled with "
          "-ftls-model=initial-exec, or links what was");
    // The name that was taken is free again.
    CHECK(complaint<posix>() == "no complaint");
}

namespace {

/// A plugin and a library that it needs, in two folders of a store; and a folder with links to both, where
/// the plugin looks.
struct farm {
    farm() {
        tests::write(scratch / "needed.cpp",
                     "__attribute__((visibility(\"default\"))) int needed() { return 1; }");
        for (const char* folder : {"store/1", "store/2", "links"})
            tests::fs::create_directories(scratch / folder);
        tests::compiled(scratch / "store/1/libneeded.so", scratch / "needed.cpp", {}, TENON_CXX);
        plugin("store/2/part.so", "$ORIGIN");
        tests::fs::create_symlink("../store/1/libneeded.so", scratch / "links/libneeded.so");
        tests::fs::create_symlink("../store/2/part.so", scratch / "links/part.so");
    }

    void plugin(const char* path, const std::string& where,
                const std::vector<std::string>& flags = {}) const {
        std::vector<std::string> all{"-L" + (scratch / "store/1").native(),
                                     "-Wl,--no-as-needed,-lneeded,-rpath," + where};
        all.insert(all.end(), flags.begin(), flags.end());
        tests::compiled(scratch / path, tests::source_directory / "tests/plugins/part.cpp", all, TENON_CXX);
    }

    static bool loads_by_hand(const path& library) {
        void* const loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
        return loaded && ::dlclose(loaded) == 0;
    }

    tests::scratch_directory scratch;
};

} // namespace

TEST_CASE("a library that looks for others beside itself finds them beside the link that it is loaded by",
          "[library]") {
    const farm here;
    tests::fs::create_symlink("links/part.so", here.scratch / "elsewhere.so");
    tests::fs::create_symlink("links", here.scratch / "folder");
    tests::fs::create_symlink("part.so", here.scratch / "links/again.so");
    for (const char* name :
         {"links/part.so", "links/again.so", "folder/part.so", "store/2/part.so", "elsewhere.so"}) {
        const path library = here.scratch / name;
        CAPTURE(library);
        const std::string said = complaint<posix>({}, library);
        CHECK((said == "no complaint") == farm::loads_by_hand(library));
        CHECK((said == "no complaint") ==
              (library.parent_path().filename() != "2" && library.filename() != "elsewhere.so"));
    }
    CHECK(complaint<posix>({}, here.scratch / "store/2/part.so") ==
          "cannot load 'part.so': libneeded.so: cannot open shared object file: No such file or directory");
    CHECK(tests::read("/proc/self/maps").find(here.scratch.path().native()) == std::string::npos);

    // Where it names the folder of what it needs, it goes by its own path.
    here.plugin("store/2/part.so", (here.scratch / "store/1").native());
    const basic_library_file<posix> file((here.scratch / "links/part.so").native(), {});
    CHECK(file.loading_path() == here.scratch / "store/2/part.so");
}

TEST_CASE("a link to a library stands for what it names when that is loaded, and a link that is switched "
          "meanwhile is an error",
          "[library]") {
    const farm here;
    tests::fs::create_directory(here.scratch / "store/3");
    here.plugin("store/3/part.so", "$ORIGIN", {"-DSECOND"});
    static path way, other;
    way = here.scratch / "links/part.so";
    other = here.scratch / "store/3/part.so";
    const auto switched_to = [](const path& target) {
        tests::fs::create_symlink(target, way.native() + ".new");
        tests::fs::rename(way.native() + ".new", way);
    };
    {
        const basic_library_file<posix> old_file(way.native(), {});
        basic_library<posix> old(old_file, {});
        switched_to(other);
        const basic_library_file<posix> new_file(way.native(), {});
        CHECK(new_file.manifest().plugins().size() == 2);
        basic_library<posix> current(new_file, {});
        CHECK(current.symbol("tenon_exports_v1") != old.symbol("tenon_exports_v1"));
        CHECK(old.close());
        CHECK(current.close());
    }
    switched_to(here.scratch / "store/2/part.so");

    struct switches : posix {
        static void* dlopen(const char* name, int flags) noexcept {
            if (std::string_view(name).find("/links/") == std::string_view::npos)
                return posix::dlopen(name, flags);
            tests::fs::remove(way);
            tests::fs::create_symlink(other, way);
            void* const loaded = posix::dlopen(name, flags);
            tests::fs::remove(way);
            tests::fs::create_symlink("../store/2/part.so", way);
            return loaded;
        }
    };
    CHECK(complaint<switches>({}, way) ==
          "'part.so' changed while it was being loaded; put new versions in place by renaming");
    CHECK(tests::read("/proc/self/maps").find(here.scratch.path().native()) == std::string::npos);
}

TEST_CASE(
    "a library that looks for others beside a link is not loaded where somebody else could put some there",
    "[library]") {
    const farm here;
    const path folder = here.scratch / "links";
    tests::fs::permissions(folder, tests::fs::perms::others_write, tests::fs::perm_options::add);
    CHECK(complaint<posix>({}, folder / "part.so") ==
          "'part.so' is not run, because somebody else could have written it: everybody may write to '" +
              folder.native() + "'; `chmod o-w '" + folder.native() + "'`, or widen options.trust");
    CHECK(complaint<posix>({.trust = {.everyone = true}}, folder / "part.so") == "no complaint");

    struct nothing_resolves : posix {
        static char* realpath(const char*) noexcept { return errno = ELOOP, nullptr; }
    };
    CHECK(complaint<nothing_resolves>({}, folder / "part.so") ==
          "cannot resolve 'part.so': Too many levels of symbolic links");
}

TEST_CASE("where a copy in memory cannot find what it needs beside itself, the copy and its option are named",
          "[library]") {
    const farm here;
    CHECK(complaint<posix>({.private_copy = true}, here.scratch / "links/part.so") ==
          "cannot load 'part.so': libneeded.so: cannot open shared object file: No such file or directory; "
          "it looks for that beside itself "
          "($ORIGIN), and nothing is beside the copy in memory that was loaded: set options.private_copy to "
          "false, or "
          "options.reload.copy_libraries where it is watched");
    here.plugin("store/2/part.so", "/nowhere");
    CHECK(complaint<posix>({.private_copy = true}, here.scratch / "links/part.so") ==
          "cannot load 'part.so': libneeded.so: cannot open shared object file: No such file or directory");
}

TEST_CASE("a library that hands on what it never takes back stays in memory, and says so", "[library]") {
    const tests::scratch_directory scratch;
    const auto closed = [&](const char* name, const std::string& code) {
        const path library = scratch / (std::string(name) + ".so");
        tests::write(
            scratch / "source.cpp",
            "#include <pthread.h>\n#include <stdlib.h>\n#include <threads.h>\n#include \"" +
                tests::tiny.native() +
                "\"\nvoid called(void*) { asm(\"\"); }\n__attribute__((constructor)) void begin() { " + code +
                " }\n");
        tests::compiled(library, scratch / "source.cpp", {}, TENON_CXX);
        const basic_library_file<posix> file(library.native(), {});
        std::string reason = "nothing was closed";
        // Its keys belong to a thread that ends afterwards.
        std::thread([&] { reason = basic_library<posix>(file, {}).close().reason(); }).join();
        const std::string begin = "'" + library.native() + "' stays in memory: ";
        CHECK((reason.empty() || reason.find(begin) == 0));
        const bool mapped = tests::read("/proc/self/maps").find(library.native()) != std::string::npos;
        CHECK(mapped == !reason.empty());
        return reason.empty() ? "" : reason.substr(begin.size());
    };
    const std::string key =
        "static pthread_key_t key; pthread_key_create(&key, called); pthread_setspecific(key, &key);";
    CHECK(closed("key", key) == "it calls pthread_key_create and never pthread_key_delete, so that its code "
                                "may be called when a thread ends");
    CHECK(closed("tss", "static tss_t key; tss_create(&key, called); tss_set(key, &key);") ==
          "it calls tss_create and never tss_delete, so that its code may be called when a thread ends");
    CHECK(closed("exit", "on_exit([](int, void*) { called(nullptr); }, nullptr);") ==
          "it calls on_exit, so that its code may be called when the program ends");
    // Whoever takes back is taken at his word, and the C library takes back the others.
    CHECK(closed("deleted", key + " pthread_key_delete(key);") == "");
    CHECK(closed("atexit", "atexit([] { called(nullptr); });") == "");
    CHECK(closed("quick", "at_quick_exit([] { called(nullptr); });") == "");
    CHECK(closed("fork", "pthread_atfork([] { called(nullptr); }, nullptr, nullptr);") == "");
}

TEST_CASE(
    "a library that hides what its plugins are found by is told how to show it, and none of its code runs",
    "[library]") {
    const tests::scratch_directory scratch;
    const path source = tests::source_directory / "tests/plugins/part.cpp";
    const auto linked = [&](const char* script) {
        tests::write(scratch / "script", script);
        return tests::compiled(scratch / "part.so", source,
                               {"-Wl,--version-script=" + (scratch / "script").native()}, TENON_CXX);
    };
    const std::string text = "cannot load 'part.so': it has the plugin 'plain', and the symbol "
                             "`tenon_exports_v1`, by which plugins are found, was hidden when it "
                             "was linked; add `global: tenon_exports_v1;` to its version script, or leave "
                             "out what else hides symbols: --exclude-libs, or "
                             "objcopy --localize-symbol and --keep-global-symbol of an object";
    struct never_loads : posix {
        static void* dlopen(const char*, int) noexcept { return nullptr; }
    };
    CHECK(complaint<never_loads>({}, linked("{ global: my_*; local: *; };")) == text);
    CHECK(complaint<posix>({}, linked("{ global: tenon_exports_v1; local: *; };")) == "no complaint");
    CHECK(complaint<posix>({}, linked("PART_1 { global: tenon_exports_v1; local: *; };")) == "no complaint");

    // In an archive, from which the linker is told to show nothing.
    const std::string include = "-I" + (tests::source_directory / "include").native();
    REQUIRE(tests::run({TENON_CXX, "-std=c++20", include, "-fPIC", "-c", source, "-o", scratch / "part.o"})
                .status == 0);
    REQUIRE(tests::run({"ar", "rcs", scratch / "part.a", scratch / "part.o"}).status == 0);
    const auto archived = [&](const char* how) {
        return tests::run({TENON_CXX, "-shared", "-Wl,--whole-archive", scratch / "part.a",
                           "-Wl,--no-whole-archive", how, "-o", scratch / "part.so"})
            .status;
    };
    REQUIRE(archived("-Wl,--exclude-libs,ALL") == 0);
    CHECK(complaint<never_loads>({}, scratch / "part.so") == text);
    REQUIRE(archived("-Wl,-Bsymbolic") == 0);
    CHECK(complaint<posix>({}, scratch / "part.so") == "no complaint");
}

namespace {

/// A system in which something happens before and after a library is opened by its name.
template <class What>
struct around_dlopen : posix {
    static void* dlopen(const char* name, int flags) noexcept {
        if (flags & RTLD_NOLOAD)
            return posix::dlopen(name, flags);
        const path file = tests::fs::canonical(name);
        What::before(file);
        void* loaded = posix::dlopen(name, flags);
        What::after(file);
        return loaded;
    }
};

void replace_by(const path& file, const path& other) {
    tests::fs::copy_file(other, file.native() + ".new");
    tests::fs::rename(file.native() + ".new", file);
}
void replace(const path& file) {
    replace_by(file, file);
}

struct replaced_before {
    static void before(const path& file) { replace(file); }
    static void after(const path&) {}
};
struct replaced_after {
    static void before(const path&) {}
    static void after(const path& file) { replace(file); }
};
struct replaced_and_put_back {
    static void before(const path& file) {
        tests::fs::create_hard_link(file, file.native() + ".old");
        replace(file);
    }
    static void after(const path& file) { tests::fs::rename(file.native() + ".old", file); }
};
struct linked_after : replaced_after {
    static void after(const path& file) { tests::fs::create_hard_link(file, file.native() + ".link"); }
};
struct written_after : replaced_after {
    static void after(const path& file) { std::ofstream(file, std::ios::app) << '.'; }
};

template <class System>
struct without_proc : System {
    static void* dlopen(const char* name, int flags) noexcept {
        return flags & RTLD_NOLOAD ? nullptr : System::dlopen(name, flags);
    }
    static int access(const char*, int) noexcept { return -1; }
};

/// What a library does that is settled, so that few system calls tell what was loaded, and one that is not.
template <class System>
std::vector<std::string> complaints() {
    std::vector<std::string> all;
    for (const bool settled : {true, false}) {
        const tests::scratch_directory scratch;
        const path library = scratch / "part.so";
        tests::fs::copy_file(part_library(), library);
        if (settled)
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
        all.push_back(complaint<System>({}, library));
        CHECK(tests::read("/proc/self/maps").find(scratch.path().native()) == std::string::npos);
    }
    return all;
}

const std::string changed =
    "'part.so' changed while it was being loaded; put new versions in place by renaming";
const std::vector<std::string> both_changed{changed, changed}, both_load{"no complaint", "no complaint"};

} // namespace

TEST_CASE("a file that is replaced before it is mapped is an error, and stays unloaded", "[library]") {
    CHECK(complaints<around_dlopen<replaced_before>>() == both_changed);
    CHECK(complaints<around_dlopen<replaced_and_put_back>>() == both_changed);
    CHECK(complaints<around_dlopen<written_after>>() == both_changed);
    CHECK(complaints<without_proc<around_dlopen<replaced_before>>>() == both_changed);
}

TEST_CASE("a file that is replaced once it is mapped is the one that was checked", "[library]") {
    CHECK(complaints<around_dlopen<replaced_after>>() == both_load);
    CHECK(complaints<around_dlopen<linked_after>>() == both_load);
    CHECK(complaints<without_proc<posix>>() == both_load);
}

TEST_CASE("a name that another library has taken is no way to it, also of a copy in memory", "[library]") {
    // As if something else had opened this very name before, and the file was replaced since.
    static std::string other;
    struct taken : posix {
        static void* dlopen(const char* name, int flags) noexcept {
            return posix::dlopen(flags & RTLD_NOLOAD ? name : other.c_str(), flags);
        }
    };
    const tests::scratch_directory scratch;
    tests::fs::copy_file(part_library(), scratch / "part.so"); // the same notes
    other = scratch / "part.so";
    CHECK(complaint<taken>() == changed);
    CHECK(complaint<taken>({.private_copy = true}) == changed);
    // What something else has opened by another name is the same library.
    void* const by_hand = ::dlopen(part_library().c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(by_hand);
    const basic_library_file<posix> file(part_library().native(), {});
    basic_library<posix> library(file, {});
    CHECK(library.image().name == part_library().native());
    CHECK(library.symbol("tenon_exports_v1") == ::dlsym(by_hand, "tenon_exports_v1"));
    const tenon::unloaded left = library.close();
    CHECK(left.what() == tenon::unloaded::state::pinned);
    CHECK(left.reason() ==
          "'" + part_library().native() +
              "' stays in memory: something else has opened it, another library depends on it, or "
              "this system's loader never unmaps");
    ::dlclose(by_hand);
}

namespace {

/// What threads are told that load a file and close it `loads` times, while it is replaced by renaming.
std::set<std::string> told_while_replacing(const path& folder, int loads) {
    const path library = folder / "part.so";
    replace_by(library, part_library());
    std::atomic<int> left = loads;
    std::mutex one_at_a_time;
    std::set<std::string> told;
    std::vector<std::thread> threads;
    for (int n = 0; n < 4; ++n)
        threads.emplace_back([&] {
            while (left-- > 0)
                try {
                    const basic_library_file<posix> file(library.native(), {});
                    const tenon::unloaded gone = basic_library<posix>(file, {}).close();
                    const std::lock_guard locked(one_at_a_time);
                    if (gone.what() != tenon::unloaded::state::shared)
                        told.insert(gone.reason());
                } catch (const tenon::error& e) {
                    const std::lock_guard locked(one_at_a_time);
                    told.insert(e.what());
                }
        });
    while (left > 0)
        replace_by(library, part_library());
    for (std::thread& each : threads)
        each.join();
    // It may be replaced whenever it is being loaded.
    told.erase("'" + library.native() +
               "' changed while it was being loaded; put new versions in place by renaming");
    return told;
}

} // namespace

TEST_CASE("a file that is only replaced by renaming was not written to, and goes, whatever threads load it "
          "meanwhile",
          "[library]") {
    // The next file often gets the inode of one that has just been unmapped.
    const char* more = std::getenv("TENON_TEST_LOADS");
    const int loads = more ? std::atoi(more) : 4000;
    const tests::scratch_directory scratch;
    CHECK(told_while_replacing(scratch.path(), loads) == std::set<std::string>{""});
    const path memory = "/dev/shm/" + scratch.path().filename().native();
    if (std::error_code none; !tests::fs::create_directory(memory, none))
        return;
    CHECK(told_while_replacing(memory, loads) == std::set<std::string>{""});
    tests::fs::remove_all(memory);
}

TEST_CASE("a library whose manifest in memory is not the one that was read is an error", "[library]") {
    // What was checked is one file, and what is loaded is another.
    static std::string other;
    struct swaps : posix {
        static void* dlopen(const char*, int flags) noexcept { return posix::dlopen(other.c_str(), flags); }
    };
    const tests::scratch_directory scratch;
    other = tests::compiled(scratch / "part.so", tests::source_directory / "tests/plugins/part.cpp",
                            {"-DSECOND"}, TENON_CXX);
    CHECK(complaint<swaps>() ==
          "'part.so' changed while it was being loaded: its manifest in memory is not the one in the file");
}

TEST_CASE("a private copy that cannot be made is an error with the system's reason", "[library]") {
    struct no_memory_file : posix {
        static int memory_file(const char*) noexcept { return errno = EACCES, -1; }
    };
    struct no_seal : posix {
        static int seal(int) noexcept { return errno = EPERM, -1; }
    };
    struct full : posix {
        static ssize_t write(int, const void*, size_t) noexcept { return errno = ENOSPC, -1; }
    };
    CHECK(complaint<no_memory_file>({.private_copy = true}) ==
          "cannot make a copy in memory of 'part.so': Permission denied");
    CHECK(complaint<no_seal>({.private_copy = true}) ==
          "cannot seal a copy in memory of 'part.so': Operation not permitted");
    CHECK(complaint<full>({.private_copy = true}) == "cannot write 'part.so': No space left on device");
}

TEST_CASE("a file is found without /proc too", "[library]") {
    struct no_proc : posix {
        static ssize_t readlink(const char*, char*, size_t) noexcept { return errno = ENOENT, -1; }
    };
    struct nothing_resolves : no_proc {
        static char* realpath(const char*) noexcept { return errno = ELOOP, nullptr; }
    };
    const tests::scratch_directory scratch;
    const path link = scratch / "link.so";
    tests::fs::create_symlink(part_library(), link);
    CHECK(complaint<no_proc>({}, link) == "no complaint");
    CHECK(complaint<nothing_resolves>({}, link) ==
          "cannot resolve 'link.so': Too many levels of symbolic links");
}

TEST_CASE("calls that a signal interrupts are made again", "[library]") {
    struct interrupted : posix {
        static int open(const char* name, int flags, mode_t mode = 0) noexcept {
            static int calls = 0;
            return ++calls % 2 ? (errno = EINTR, -1) : posix::open(name, flags, mode);
        }
        static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
            static int calls = 0;
            return ++calls % 2 ? (errno = EINTR, -1) : posix::pread(fd, into, size > 100 ? 100 : size, at);
        }
        static ssize_t write(int fd, const void* from, size_t size) noexcept {
            static int calls = 0;
            return ++calls % 2 ? (errno = EINTR, -1) : posix::write(fd, from, size > 1000 ? 1000 : size);
        }
    };
    CHECK(complaint<interrupted>() == "no complaint");
    CHECK(complaint<interrupted>({.private_copy = true}) == "no complaint");
}
