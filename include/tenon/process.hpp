// SPDX-License-Identifier: MIT
#ifndef TENON_PROCESS_HPP
#define TENON_PROCESS_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/bounds.hpp>
#include <tenon/error.hpp>
#include <tenon/file.hpp>
#include <tenon/lifeline.hpp>
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
    bool alone = false; ///< what it has started and left ends with it
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
    end_cause cause = end_cause::itself;
    std::int64_t milliseconds = 0; ///< how long it took
    std::string limit{};           ///< the one that it seems to have reached
    std::string out{}, err{};

    bool failed() const { return cause != end_cause::itself || (known && status != 0); }

    std::string how() const {
        const auto because = [&](const std::string& why) {
            return "was ended after " + in_seconds(milliseconds) + ", because " + why;
        };
        switch (cause) {
        case end_cause::time:
            return because("its time was up" + limit);
        case end_cause::stop:
            return because("it was cancelled");
        case end_cause::output:
            return because("it said too much: " + limit);
        case end_cause::itself:
            break;
        }
        return by_itself() + (limit.empty() ? "" : ", at a limit: " + limit);
    }

    /// The code of an error that follows from this; `otherwise` where it ended by itself.
    errc code(errc otherwise) const { return code_of(cause, otherwise); }

private:
    std::string by_itself() const {
        if (!known)
            return "ended in an unknown way";
        if (WIFSIGNALED(status))
            return "was killed by signal " + std::to_string(WTERMSIG(status)) + " (" +
                   ::strsignal(WTERMSIG(status)) + ")";
        return "exited with status " + std::to_string(WEXITSTATUS(status));
    }
};

/// A program that runs, with all that it starts, in a session of its own: a terminal of the host's is nothing
/// to it, and the signals that end it reach all of them. It reads nothing. While nobody waits for it, it can
/// say as much as fits into a pipe, some 64 kB, and then waits itself.
template <class System = posix>
class basic_process {
public:
    explicit basic_process(command what, const basic_bounds<System>& within = basic_bounds<System>())
        : what_(std::move(what)), bounds_(within), out_("what a program says"), err_("what a program says") {
        trace("running ", shown(what_));
        {
            settings with(what_, out_.to.descriptor(), err_.to.descriptor(), lifeline_.descriptor());
            const int failed = System::spawn(&child_, what_.arguments[0].c_str(), &with.files,
                                             &with.attributes, with.arguments.data(), with.variables.data());
            if (failed != 0)
                throw error::system_call("run", what_.arguments[0], failed);
        }
        lifeline_.hold(child_);
        limit(child_);
        // Only so are they seen to end.
        out_.to = basic_file<System>();
        err_.to = basic_file<System>();
        System::never_wait_for(out_.from.descriptor());
        System::never_wait_for(err_.from.descriptor());
    }
    basic_process(basic_process&& other) noexcept
        : what_(std::move(other.what_)), bounds_(other.bounds_), out_(std::move(other.out_)),
          err_(std::move(other.err_)), lifeline_(std::move(other.lifeline_)), begin_(other.begin_),
          child_(std::exchange(other.child_, 0)) {}
    basic_process& operator=(basic_process&&) = delete;
    /// A program that nobody has waited for is ended.
    ~basic_process() {
        if (child_ > 0) {
            end();
            reap();
        }
    }

    const command& what() const noexcept { return what_; }

    /// Waits for its end, and brings it about where the bounds say so.
    ended wait() {
        return wait([](std::string_view) {});
    }

    /// And calls `said(text)` each time when there is more of what it says on standard error.
    template <class Said>
    ended wait(Said&& said) {
        ended result;
        const basic_file<System> watch(System::watch(child_));
        // Where this system cannot tell of a child's end, it is looked for in growing steps.
        for (int step = 1;; step = std::min(2 * step, 50)) {
            const int left = bounds_.left();
            pollfd watched[] = {{watch.descriptor(), POLLIN, 0},
                                {out_.from.descriptor(), POLLIN, 0},
                                {err_.from.descriptor(), POLLIN, 0},
                                {bounds_.stop_descriptor(), POLLIN, 0}};
            System::poll(watched, 4, watch.descriptor() >= 0 || (left >= 0 && left < step) ? left : step);
            // First, so that what is read then is all that it has said.
            const bool over = System::has_ended(child_);
            take(out_.from, result.out);
            if (take(err_.from, result.err))
                said(std::string_view(result.err));
            if (over)
                break;
            result.cause = says_too_much(result) ? end_cause::output : bounds_.cause();
            if (result.cause != end_cause::itself) {
                end();
                break;
            }
        }
        if (what_.alone && result.cause == end_cause::itself)
            end_others();
        result.milliseconds = System::milliseconds() - begin_;
        result.known = reap(&result.status);
        // Whoever killed a compiler's driver did not mean its parts to go on.
        if (!(result.known && WIFSIGNALED(result.status)))
            lifeline_.let_go();
        while (!says_too_much(result) && (take(out_.from, result.out) || take(err_.from, result.err)))
            continue;
        if (result.cause == end_cause::itself && says_too_much(result))
            result.cause = end_cause::output;
        result.limit = limit_of(result);
        trace(what_.arguments[0], " ", result.how());
        return result;
    }

private:
    struct settings {
        settings(command& of, int out, int err, int lifeline) {
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
            posix_spawn_file_actions_adddup2(&files, lifeline, STDERR_FILENO + 1);
            posix_spawn_file_actions_addchdir_np(&files, of.folder.c_str());
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
            // What the host opened without O_CLOEXEC, such as a listening socket, is nothing to a compiler.
            posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 2);
#endif
            posix_spawnattr_init(&attributes);
            sigset_t signals;
            sigfillset(&signals);
            posix_spawnattr_setsigdefault(&attributes, &signals);
            sigemptyset(&signals);
            posix_spawnattr_setsigmask(&attributes, &signals);
            posix_spawnattr_setflags(&attributes,
                                     POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
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

    // Of a program that has ended already there is nothing to limit.
    void limit(pid_t program) const {
        const tenon::limits& most = bounds_.limits();
        limit(program, RLIMIT_CORE, 0); // a core file would lie among the sources
        if (most.memory != 0)
            limit(program, RLIMIT_DATA, most.memory);
        if (most.cpu_seconds != 0)
            limit(program, RLIMIT_CPU, most.cpu_seconds,
                  1); // reaching the first is told by a signal of its own
        if (most.file != 0)
            limit(program, RLIMIT_FSIZE, most.file);
        // What it has started before would be without, such as the compiler proper that a driver starts at
        // once.
        for (const pid_t child : children(program))
            limit(child);
    }
    static void limit(pid_t program, typename System::limit_of resource, std::uint64_t most,
                      std::uint64_t more = 0) {
        rlimit now{};
        if (System::limit(program, resource, nullptr, &now) != 0)
            return;
        now.rlim_cur = std::min<rlim_t>(now.rlim_max, most);
        now.rlim_max = std::min<rlim_t>(now.rlim_max, most + more);
        System::limit(program, resource, &now, nullptr);
    }

    static std::vector<pid_t> children(pid_t program) {
        const std::string number = std::to_string(program);
        std::vector<pid_t> found;
        try {
            const std::string numbers =
                read_file<System>("/proc/" + number + "/task/" + number + "/children");
            char* at = nullptr;
            for (long child = std::strtol(numbers.c_str(), &at, 10); child > 0;
                 child = std::strtol(at, &at, 10))
                found.push_back(static_cast<pid_t>(child));
        } catch (const error&) {
            // It has ended, or this system has no such file.
        }
        return found;
    }

    bool says_too_much(const ended& so_far) const noexcept {
        const std::uint64_t most = bounds_.limits().output;
        return most != 0 && (so_far.out.size() > most || so_far.err.size() > most);
    }

    // A compiler's driver says of the programs that it runs in words how they ended.
    std::string limit_of(const ended& end) const {
        const tenon::limits& most = bounds_.limits();
        const auto option = [](const char* name, std::uint64_t value) {
            return std::string("options.limits.") + name + " is " + std::to_string(value);
        };
        const auto says = [&](const char* words) { return end.err.find(words) != std::string::npos; };
        const auto signalled = [&](int number, const char* words) {
            return (end.known && WIFSIGNALED(end.status) && WTERMSIG(end.status) == number) || says(words);
        };
        if (end.cause == end_cause::time)
            return bounds_.time_limit();
        if (end.cause == end_cause::output)
            return option("output", most.output);
        if (!end.failed() || end.cause != end_cause::itself)
            return "";
        if (most.cpu_seconds != 0 && signalled(SIGXCPU, "CPU time limit exceeded"))
            return option("cpu_seconds", most.cpu_seconds);
        if (most.file != 0 && (signalled(SIGXFSZ, "File size limit exceeded") || says("File too large")))
            return option("file", most.file);
        for (const char* words : {"out of memory", "memory exhausted", "bad_alloc", "Cannot allocate memory"})
            if (most.memory != 0 && says(words))
                return option("memory", most.memory);
        return "";
    }

    // Adds the next part of what there is; false where there is none at the moment, or never will be.
    static bool take(basic_file<System>& from, std::string& into) {
        char part[64 * 1024];
        while (from.descriptor() >= 0) {
            const ssize_t got = System::read(from.descriptor(), part, sizeof part);
            if (got > 0) {
                into.append(part, static_cast<std::size_t>(got));
                return true;
            }
            if (got == 0)
                from = basic_file<System>();
            else if (errno == EAGAIN)
                return false;
            else if (errno != EINTR)
                throw error::system_call("read", "what a program says", errno);
        }
        return false;
    }

    // Asks all of its processes to end, so that they can remove their temporary files, and kills who has not
    // after a second. A number that is not a child's any more may be another's, and is not signalled.
    void end() noexcept {
        if (System::has_ended(child_))
            return lifeline_.let_go();
        System::kill(-child_, SIGTERM);
        if (!lifeline_.all_gone_within(1000) && !System::has_ended(child_))
            System::kill(-child_, SIGKILL);
    }

    // As long as nobody has waited for it, its number is nobody else's.
    void end_others() noexcept {
        System::kill(-child_, SIGTERM);
        if (!lifeline_.all_gone_within(1000))
            System::kill(-child_, SIGKILL);
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
    basic_bounds<System> bounds_;
    basic_pipe<System> out_, err_;
    basic_lifeline<System> lifeline_;
    std::int64_t begin_ = System::milliseconds();
    pid_t child_ = 0;
};

/// Runs a program to its end.
template <class System = posix>
ended run(command what, const basic_bounds<System>& within = basic_bounds<System>()) {
    return basic_process<System>(std::move(what), within).wait();
}

} // namespace tenon::inline v1::detail

#endif
