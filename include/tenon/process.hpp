// SPDX-License-Identifier: MIT
#ifndef TENON_PROCESS_HPP
#define TENON_PROCESS_HPP

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/file.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>
#include <tenon/trace.hpp>

namespace tenon::inline v1::detail {

/// The program that a command's first word names: a path, or a name that is looked for along $PATH, where
/// relative entries do not count. Empty where there is none that can be run.
template <class System = posix>
std::string find_program(std::string_view name) {
    const auto runnable = [](const std::string& path) {
        struct stat found;
        return System::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
               System::access(path.c_str(), X_OK) == 0;
    };
    if (name.find('/') != name.npos)
        return runnable(std::string(name)) ? std::string(name) : "";
    const char* set = std::getenv("PATH");
    for (std::string_view rest = set ? set : "/usr/local/bin:/usr/bin:/bin"; !rest.empty();) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(folder.size() < rest.size() ? folder.size() + 1 : folder.size());
        if (folder.empty() || folder[0] != '/')
            continue;
        if (std::string path = join(folder, name); runnable(path))
            return path;
    }
    return "";
}

/// NAME=VALUE of each variable that is set here; a name that ends in `*` stands for all that begin so.
inline std::vector<std::string> environment(std::initializer_list<std::string_view> names) {
    std::vector<std::string> found;
    for (char** each = environ; each && *each; ++each) {
        const std::string_view variable = *each, name = variable.substr(0, variable.find('='));
        for (const std::string_view wanted : names)
            if (wanted.back() == '*'
                    ? name.substr(0, wanted.size() - 1) == wanted.substr(0, wanted.size() - 1)
                    : name == wanted) {
                found.emplace_back(variable);
                break;
            }
    }
    return found;
}

/// A program to run: its path and arguments, all of its environment, and the folder to run it in.
struct command {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::string folder = ".";
};

/// As one would type it, for messages.
inline std::string shown(const command& of) {
    std::string text;
    for (const std::string& word : of.arguments) {
        text += text.empty() ? "" : " ";
        if (!word.empty() &&
            word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "-_=+:,./@%^~") == word.npos) {
            text += word;
            continue;
        }
        text += '\'';
        for (const char c : word)
            c == '\'' ? text += "'\\''" : text += c;
        text += '\'';
    }
    return text;
}

/// How a program ended and what it said.
struct ended {
    bool known = false; ///< false where the host ignores SIGCHLD or has waited for the child itself
    int status = 0;     ///< as waitpid gives it
    int too_long = 0;   ///< the seconds after which it was ended, where it was
    std::string out, err;

    bool failed() const { return too_long != 0 || (known && status != 0); }
    std::string how() const {
        if (too_long != 0)
            return "did not end within " + std::to_string(too_long) + " seconds";
        if (!known)
            return "ended in an unknown way";
        if (WIFSIGNALED(status))
            return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
                   ::strsignal(WTERMSIG(status)) + ")";
        return "exited with status " + std::to_string(WEXITSTATUS(status));
    }
};

/// A program that runs: it reads nothing, and what it says is kept in memory, so that it never waits for a
/// reader.
template <class System = posix>
class basic_process {
public:
    explicit basic_process(command what) : what_(std::move(what)), out_(kept("out")), err_(kept("err")) {
        trace("running ", shown(what_));
        settings with(what_, out_.descriptor(), err_.descriptor());
        const int failed = System::spawn(&child_, what_.arguments[0].c_str(), &with.files, &with.attributes,
                                         with.arguments.data(), with.variables.data());
        if (failed != 0)
            throw error::system_call("run", what_.arguments[0], failed);
    }
    basic_process(basic_process&& other) noexcept
        : what_(std::move(other.what_)), out_(std::move(other.out_)), err_(std::move(other.err_)),
          child_(std::exchange(other.child_, 0)) {}
    basic_process& operator=(basic_process&&) = delete;
    /// A program that nobody has waited for is ended.
    ~basic_process() {
        if (child_ > 0) {
            System::kill(child_, SIGKILL);
            reap();
        }
    }

    const command& what() const noexcept { return what_; }

    /// Waits for its end, and brings it about after so many seconds; 0: it may take as long as it likes.
    ended wait(int seconds = 0) {
        ended result;
        if (seconds != 0 && !System::ends_within(child_, seconds)) {
            result.too_long = seconds;
            System::kill(child_, SIGKILL);
        }
        result.known = reap(&result.status);
        result.out = said(out_);
        result.err = said(err_);
        trace(what_.arguments[0], " ", result.how());
        return result;
    }

private:
    struct settings {
        settings(command& of, int out, int err) {
            for (std::string& word : of.arguments)
                arguments.push_back(word.data());
            arguments.push_back(nullptr);
            for (std::string& variable : of.environment)
                variables.push_back(variable.data());
            variables.push_back(nullptr);

            posix_spawn_file_actions_init(&files);
            posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
            posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
            posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
            posix_spawn_file_actions_addchdir_np(&files, of.folder.c_str());
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
            // What the host opened without O_CLOEXEC, such as a listening socket, is nothing to a compiler.
            posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
#endif
            posix_spawnattr_init(&attributes);
            sigset_t signals;
            sigfillset(&signals);
            posix_spawnattr_setsigdefault(&attributes, &signals);
            sigemptyset(&signals);
            posix_spawnattr_setsigmask(&attributes, &signals);
            posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        }
        settings(const settings&) = delete;
        settings& operator=(const settings&) = delete;
        ~settings() {
            posix_spawn_file_actions_destroy(&files);
            posix_spawnattr_destroy(&attributes);
        }

        std::vector<char*> arguments, variables;
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
    };

    static basic_file<System> kept(const char* name) {
        const int fd = System::memory_file(name);
        if (fd < 0)
            throw error::system_call("make a file in memory for", name, errno);
        return basic_file<System>(fd);
    }

    static std::string said(const basic_file<System>& into) {
        // The child moved the position that both share.
        System::rewind(into.descriptor());
        return into.read("what a program said");
    }

    bool reap(int* status = nullptr) {
        const pid_t child = std::exchange(child_, 0);
        for (;;) {
            if (System::waitpid(child, status) == child)
                return true;
            if (errno != EINTR)
                return false;
        }
    }

    command what_;
    basic_file<System> out_, err_;
    pid_t child_ = 0;
};

/// Runs a program to its end, which comes after so many seconds at the latest, unless they are 0.
template <class System = posix>
ended run(command what, int seconds = 0) {
    return basic_process<System>(std::move(what)).wait(seconds);
}

} // namespace tenon::inline v1::detail

#endif
