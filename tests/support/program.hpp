// SPDX-License-Identifier: MIT
// For tests that run real programs: a scratch directory, and the output of a program.
#ifndef TENON_TESTS_PROGRAM_HPP
#define TENON_TESTS_PROGRAM_HPP

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace tests {

namespace fs = std::filesystem;

inline void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    if (!(std::ofstream(path, std::ios::binary) << text).flush())
        throw std::runtime_error("cannot write " + path.native());
}

inline std::string read(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

class scratch_directory {
public:
    scratch_directory() {
        const char* chosen = std::getenv("TMPDIR");
        std::string name = std::string(chosen && *chosen ? chosen : "/tmp") + "/tenon-XXXXXX";
        if (!::mkdtemp(name.data()))
            throw std::system_error(errno, std::generic_category(), name);
        path_ = fs::canonical(name);
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }

    fs::path operator/(const fs::path& name) const { return path_ / name; }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

struct outcome {
    int status; // as in a shell: 128 + signal number for a killed program
    std::string out, err;
};

/// Runs a program, found along PATH, in `directory`. Each of `variables` is NAME=VALUE, and overrides the
/// test's own environment.
inline outcome run(std::vector<std::string> words, const fs::path& directory = ".",
                   std::vector<std::string> variables = {}) {
    const scratch_directory said;
    const std::string out = said / "out", err = said / "err";

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addchdir_np(&files, directory.c_str());

    std::vector<char*> arguments, environment;
    for (std::string& word : words)
        arguments.push_back(word.data());
    for (std::string& variable : variables)
        environment.push_back(variable.data());
    for (char** each = environ; *each; ++each) {
        const std::string name(*each, std::string(*each).find('=') + 1);
        bool replaced = false;
        for (const std::string& variable : variables)
            replaced = replaced || variable.compare(0, name.size(), name) == 0;
        if (!replaced)
            environment.push_back(*each);
    }
    arguments.push_back(nullptr);
    environment.push_back(nullptr);

    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), environment.data());
    posix_spawn_file_actions_destroy(&files);
    if (failed)
        throw std::system_error(failed, std::generic_category(), words[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "waitpid");
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(out), read(err)};
}

/// The processor's time, in seconds, of a program; the least of some rounds. Throws if the program fails.
inline double least_time(const std::vector<std::string>& words, int rounds) {
    const auto spent = [] {
        rusage used{};
        ::getrusage(RUSAGE_CHILDREN, &used);
        const auto seconds = [](const timeval& of) { return double(of.tv_sec) + double(of.tv_usec) / 1e6; };
        return seconds(used.ru_utime) + seconds(used.ru_stime);
    };
    double least = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const double before = spent();
        if (const outcome said = run(words); said.status != 0)
            throw std::runtime_error(said.err);
        least = std::min(least, spent() - before);
    }
    return least;
}

} // namespace tests

#endif
