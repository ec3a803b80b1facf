// SPDX-License-Identifier: MIT
// Programs that run the compiler for the builder: ccache, distcc and their like.
#include <tenon/detail/build/builder.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::plugin_type;
using tenon::detail::basic_builder;
using tenon::detail::basic_cache;
using tests::read;
using tests::scratch_directory;
using tests::write;
using tests::fs::path;

namespace {

constexpr plugin_type tiny{"tiny", "/where/this/program/was/compiled/tiny.hpp"};

struct workshop {
    workshop() {
        write(include / "tiny.hpp", "// a plugin_type named \"tiny\"\n#define TENS 4\n");
        write(plugin / "main.cpp",
              "#include \"tiny.hpp\"\nextern \"C\" __attribute__((visibility(\"default\"))) int "
              "answer() { return TENS * 10 + 2; }\n");
    }
    int answer(const path& cache, const std::string& launcher) const {
        const tenon::detail::build_options options{.compiler = {launcher, TENON_GXX}, .include = {include}};
        const std::string library =
            basic_builder<>(options, basic_cache<>(cache)).library(plugin, tiny, [](const std::string&) {});
        void* const loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!loaded)
            throw std::runtime_error(::dlerror());
        const int value = reinterpret_cast<int (*)()>(::dlsym(loaded, "answer"))();
        ::dlclose(loaded);
        return value;
    }

    scratch_directory root;
    path plugin = root / "plugin", include = root / "include";
};

/// Sets an environment variable, and removes it on destruction.
struct variable {
    variable(const char* called, const std::string& value) : name(called) {
        ::setenv(name, value.c_str(), 1);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() { ::unsetenv(name); }
    const char* name;
};

/// A distcc daemon on this machine that nobody else can reach.
struct build_farm {
    explicit build_farm(const path& log) {
        const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(probe, reinterpret_cast<sockaddr*>(&address), size);
        ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
        ::close(probe);
        port = std::to_string(::ntohs(address.sin_port));
        std::vector<std::string> words{"distccd",     "--daemon", "--no-detach", "--listen",
                                       "127.0.0.1",   "--allow",  "127.0.0.1",   "--port",
                                       port,          "--jobs",   "2",           "--enable-tcp-insecure",
                                       "--log-level", "info",     "--log-stderr"};
        std::vector<char*> arguments;
        for (std::string& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        // The daemon may have changed its user by the time it logs.
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                           0600);
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        failed = ::posix_spawnp(&child, "distccd", &files, &attributes, arguments.data(), environ) != 0;
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&files);
        for (int i = 0; i < 500 && !failed && !listens(address); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    build_farm(const build_farm&) = delete;
    build_farm& operator=(const build_farm&) = delete;
    ~build_farm() {
        if (!failed) {
            ::kill(-child, SIGTERM); // the whole process group
            ::waitpid(child, nullptr, 0);
        }
    }

    static bool listens(const sockaddr_in& address) {
        const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
        const bool is = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(probe);
        return is;
    }

    pid_t child = 0;
    bool failed = false;
    std::string port;
};

} // namespace

TEST_CASE("ccache gives what it has compiled to a cache that has nothing yet", "[launcher]") {
    if (!tests::installed("ccache")) {
        WARN("ccache is absent, and not tested");
        return;
    }
    const workshop work;
    const variable folder("CCACHE_DIR", work.root / "ccache"), log("CCACHE_LOGFILE", work.root / "log");
    CHECK(work.answer(work.root / "cache 1", "ccache") == 42);
    CHECK(read(work.root / "log").find("Result: cache_miss") != std::string::npos);
    CHECK(read(work.root / "log").find("cache_hit") == std::string::npos);
    CHECK(work.answer(work.root / "cache 2", "ccache") == 42);
    CHECK(read(work.root / "log").find("cache_hit") != std::string::npos);
}

TEST_CASE("distcc has plugins compiled by a daemon", "[launcher]") {
    if (!tests::installed("distcc") || !tests::installed("distccd")) {
        WARN("distcc is absent, and not tested");
        return;
    }
    const workshop work;
    create_directory(work.root / "distcc");
    const build_farm distccd(work.root / "log");
    REQUIRE(!distccd.failed);
    const variable hosts("DISTCC_HOSTS", "127.0.0.1:" + distccd.port),
        folder("DISTCC_DIR", work.root / "distcc"), no_fallback("DISTCC_FALLBACK", "0");
    CHECK(work.answer(work.root / "cache", "distcc") == 42);
    const std::string log = read(work.root / "log");
    INFO(log);
    CHECK(log.find("COMPILE_OK") != std::string::npos);
}
