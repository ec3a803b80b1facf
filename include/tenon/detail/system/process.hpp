// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_PROCESS_HPP
#define TENON_DETAIL_SYSTEM_PROCESS_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/error.hpp>

#include <tenon/detail/system/child_lifetime.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/diagnostic_reader.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error cannot_run(const std::string& program, int error_number, std::string_view advice) {
    return {
        errc::system_call,
        concatenated({"cannot run '", program, "': ", std::generic_category().message(error_number), advice}),
        program};
}

/// The path of a program that can be run, by its path or by a name that is looked for along $PATH. Relative
/// entries of $PATH do not count.
template <class System = posix>
std::optional<std::string> find_program(std::string_view name) {
    const auto runnable = [](const std::string& path) {
        struct stat status;
        return System::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
               System::access(path.c_str(), X_OK) == 0;
    };
    if (name.find('/') != name.npos)
        return runnable(std::string(name)) ? std::optional<std::string>(name) : std::nullopt;
    const char* set = ::secure_getenv("PATH");
    for (std::string_view rest = set ? set : "/usr/local/bin:/usr/bin:/bin"; !rest.empty();) {
        const std::string_view folder = take_until(rest, ':');
        if (folder.empty() || folder[0] != '/')
            continue;
        if (std::string path = join(folder, name); runnable(path))
            return path;
    }
    return std::nullopt;
}

/// The first entry of $PATH that has the program but does not count, because it is not absolute.
template <class System = posix>
std::optional<std::string> passed_over(std::string_view name) {
    const char* set = ::secure_getenv("PATH");
    for (std::string_view rest = set ? set : ""; !rest.empty();) {
        const std::string_view entry = take_until(rest, ':');
        const std::string folder = entry.empty() ? "." : std::string(entry);
        if (folder[0] != '/' && find_program<System>(join("./" + folder, name)))
            return folder;
    }
    return std::nullopt;
}

/// The value of a variable for a program that runs in another folder. Relative paths become absolute. Empty
/// entries of lists are dropped, and from $PATH all relative ones, because `find_program` ignores them too.
template <class System = posix>
std::string from_anywhere(std::string_view name, std::string_view value) {
    const auto among = [name](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    const bool list = among(
        {"PATH", "LD_LIBRARY_PATH", "CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH", "SSL_CERT_DIR", "CCACHE_PATH"});
    if (!list && !among({"HOME", "TMPDIR", "XDG_CONFIG_HOME", "SSL_CERT_FILE", "GIT_SSL_CAINFO",
                         "SSH_AUTH_SOCK", "CCACHE_DIR", "CCACHE_TEMPDIR", "CCACHE_CONFIGPATH",
                         "CCACHE_LOGFILE", "CCACHE_BASEDIR", "DISTCC_DIR", "DISTCC_LOG"}))
        return std::string(value);
    std::string text;
    while (!value.empty()) {
        const std::string_view entry = value.substr(0, list ? value.find(':') : value.npos);
        value.remove_prefix(std::min(value.size(), entry.size() + 1));
        // The system's loader expands $ORIGIN.
        const bool whole = !entry.empty() && (entry[0] == '/' || entry[0] == '$');
        if (entry.empty() || (!whole && name == "PATH"))
            continue;
        text += text.empty() ? "" : ":";
        text += whole ? std::string(entry) : absolute<System>(std::string(entry));
    }
    return text;
}

/// `NAME=VALUE` for each of these variables that is set, adapted by `from_anywhere`. A name that ends in `*`
/// stands for all names with that beginning. A program with elevated rights gets none, secure_getenv(3).
template <class System = posix>
std::vector<std::string> environment(std::initializer_list<std::string_view> names) {
    std::vector<std::string> variables;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view variable = *entry, name = variable.substr(0, variable.find('='));
        if (!::secure_getenv(std::string(name).c_str()))
            continue;
        for (const std::string_view wanted : names)
            if (wanted.back() == '*'
                    ? name.substr(0, wanted.size() - 1) == wanted.substr(0, wanted.size() - 1)
                    : name == wanted) {
                const std::string_view value = variable.substr(std::min(variable.size(), name.size() + 1));
                const std::string whole = from_anywhere<System>(name, value);
                // An empty $PATH means the current directory, which would be the plugin's source directory.
                if (!whole.empty() || name != "PATH")
                    variables.push_back(std::string(name) + '=' + whole);
                break;
            }
    }
    return variables;
}

/// A program to run: its path and arguments, its whole environment, and its working directory.
struct command {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::string folder = ".";
    bool alone = false; ///< what it has started and left ends with it
};

/// Splits a command into words as a shell does: at spaces that are neither in quotes nor after a backslash.
/// Variables and patterns are not expanded. An unclosed quote reaches to the end of the text and sets `open`.
inline std::vector<std::string> shell_words(std::string_view text, bool* open = nullptr) {
    std::vector<std::string> words;
    bool within = false; // a word, which may be empty
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (quote == 0 && (c == ' ' || (c >= '\t' && c <= '\r'))) {
            within = false;
            continue;
        }
        if (!std::exchange(within, true))
            words.emplace_back();
        if (c == quote)
            quote = 0;
        else if (quote == 0 && (c == '"' || c == '\''))
            quote = c;
        else if (c == '\\' && next != '\0' && (quote == 0 || (quote == '"' && (next == '"' || next == c))))
            words.back() += text[++i];
        else
            words.back() += c;
    }
    if (open)
        *open = quote != 0;
    return words;
}

/// True if a quote in a command is not closed.
inline bool has_open_quote(std::string_view text) {
    bool open = false;
    shell_words(text, &open);
    return open;
}

/// The word in quotes, so that a shell takes it literally.
inline std::string in_shell_quotes(std::string_view word) {
    std::string text = "'";
    for (const char c : word)
        c == '\'' ? text += "'\\''" : text += c;
    return text += '\'';
}

/// The command as it could be typed into a shell, for messages.
inline std::string shown(const command& run) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                       "-_=+:,./@%^~";
    std::string text;
    for (const std::string& word : run.arguments) {
        const bool needs_quotes = word.empty() || word.find_first_not_of(plain) != word.npos;
        text.append(text.empty() ? "" : " ").append(needs_quotes ? in_shell_quotes(word) : word);
    }
    return text;
}

/// How a program ended, and its output.
struct process_result {
    bool known = false; ///< false where the host ignores SIGCHLD or has waited for the child itself
    int status = 0;     ///< as waitpid gives it
    stop_reason cause = stop_reason::itself;
    std::int64_t milliseconds = 0; ///< how long it took
    std::string limit{};           ///< the one that it seems to have reached
    std::string out{}, err{};

    bool failed() const { return cause != stop_reason::itself || (known && status != 0); }

    std::string how() const {
        const auto because = [&](const std::string& why) {
            return "was ended after " + in_seconds(milliseconds) + ", because " + why;
        };
        switch (cause) {
        case stop_reason::time:
            return because("its time was up" + limit);
        case stop_reason::stop:
            return because("it was cancelled");
        case stop_reason::output:
            return because("it said too much: " + limit);
        case stop_reason::itself:
            break;
        }
        return by_itself() + (limit.empty() ? "" : ", at a limit: " + limit);
    }

    /// The error code for this end; `otherwise` if the program ended by itself.
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

/// A sentence about the limit that made a program fail, as far as its signal and its output tell; empty if
/// none did. An option and the limit of this process, which programs inherit, may both apply; the narrower
/// one is named. `milliseconds` is how long the program ran.
template <class System = posix>
std::string reached_limit(const tenon::limits& most, int signal, std::string_view said,
                          std::int64_t milliseconds) {
    struct bound {
        std::uint64_t value;
        std::string text;
    };
    const auto own = [](typename System::limit_of resource, const char* name) -> bound {
        rlimit now{};
        if (System::limit(0, resource, nullptr, &now) != 0 || now.rlim_cur == RLIM_INFINITY)
            return {0, ""};
        return {now.rlim_cur, std::string(name) + " of this process is " + std::to_string(now.rlim_cur)};
    };
    const auto narrower = [](const char* option, std::uint64_t value, const bound& of_host) {
        if (value == 0 || (of_host.value != 0 && of_host.value < value))
            return of_host.text;
        return std::string("options.limits.") + option + " is " + std::to_string(value);
    };
    const auto lines = said_of_itself(said);
    const auto says = [&](std::initializer_list<std::string_view> words) {
        for (const std::string_view line : lines)
            for (const std::string_view word : words)
                if (line.find(word) != line.npos)
                    return true;
        return false;
    };
    // At the hard limit the kernel sends SIGKILL; SIGXCPU comes at the soft one, if that is lower.
    const auto killed_by_cpu = [&] {
        rlimit now{};
        return (signal == SIGKILL || says({"Killed signal terminated", "terminated with signal 9",
                                           "command: Killed", "died of signal 9"})) &&
               System::limit(0, RLIMIT_CPU, nullptr, &now) == 0 && now.rlim_max != RLIM_INFINITY &&
               static_cast<std::uint64_t>(milliseconds) >= now.rlim_max * 1000;
    };
    if (signal == SIGXCPU || says({"CPU time limit exceeded", "died of signal 24"}) || killed_by_cpu())
        return narrower("cpu_seconds", most.cpu_seconds, own(RLIMIT_CPU, "RLIMIT_CPU"));
    if (signal == SIGXFSZ || says({"File size limit exceeded", "died of signal 25", ": File too large"}))
        return narrower("file", most.file, own(RLIMIT_FSIZE, "RLIMIT_FSIZE"));
    if (!says({"ut of memory", "memory exhausted", "instance of 'std::bad_alloc'", "Cannot allocate memory",
               "cannot map zero-fill pages"}))
        return "";
    // RLIMIT_DATA bounds allocations and RLIMIT_AS all mappings. The program does not say which one it hit.
    const std::string data = narrower("memory", most.memory, own(RLIMIT_DATA, "RLIMIT_DATA")),
                      mapped = own(RLIMIT_AS, "RLIMIT_AS").text;
    if (data.empty() && mapped.empty())
        return "";
    return data + (data.empty() || mapped.empty() ? "" : ", and ") + mapped +
           ", unless the machine itself has no more memory";
}

/// A running program with all programs that it starts, in a session of its own: they have no terminal, and a
/// signal to the session reaches all of them. Standard input is empty. Until `wait` is called, output beyond
/// what a pipe holds, some 64 kB, makes the program wait.
template <class System = posix>
class basic_process {
public:
    explicit basic_process(command what, const basic_deadline<System>& within = basic_deadline<System>())
        : what_(std::move(what)), deadline_(within), out_("what a program says"),
          err_("what a program says") {
        trace("running ", shown(what_));
        {
            // Opened here for a better error: a child that cannot open a file only reports that it could not
            // run.
            const basic_file<System> nothing("/dev/null", O_RDONLY);
            settings with(what_, nothing.descriptor(), out_.to.descriptor(), err_.to.descriptor(),
                          lifeline_.descriptor());
            const int failed = System::spawn(&child_, what_.arguments[0].c_str(), &with.files,
                                             &with.attributes, with.arguments.data(), with.variables.data());
            if (failed != 0)
                throw not_run(failed);
        }
        lifeline_.hold(child_);
        limit(child_);
        // Close our write ends; otherwise we never see the end of what the program says.
        out_.to = basic_file<System>();
        err_.to = basic_file<System>();
        System::never_wait_for(out_.from.descriptor());
        System::never_wait_for(err_.from.descriptor());
    }
    basic_process(basic_process&& other) noexcept
        : what_(std::move(other.what_)), deadline_(other.deadline_), out_(std::move(other.out_)),
          err_(std::move(other.err_)), lifeline_(std::move(other.lifeline_)), begin_(other.begin_),
          child_(std::exchange(other.child_, 0)) {}
    basic_process& operator=(basic_process&&) = delete;
    /// Ends the program if `wait` was not called.
    ~basic_process() {
        if (child_ > 0) {
            end();
            reap();
        }
    }

    const command& what() const noexcept { return what_; }

    /// Waits until the program ends, and ends it when the deadline says so.
    process_result wait() {
        return wait([](std::string_view) {});
    }

    /// The same, with a call `said(text)` for each new part of standard error.
    template <class Said>
    process_result wait(Said&& said) {
        process_result result;
        const basic_file<System> watch(System::watch(child_));
        // Without a descriptor for the end of a child, the child is asked in growing steps.
        for (int step = 1;; step = std::min(2 * step, 50)) {
            const int left = deadline_.left();
            pollfd watched[] = {{watch.descriptor(), POLLIN, 0},
                                {out_.from.descriptor(), POLLIN, 0},
                                {err_.from.descriptor(), POLLIN, 0},
                                {deadline_.stop_descriptor(), POLLIN, 0}};
            System::poll(watched, 4, watch.descriptor() >= 0 || (left >= 0 && left < step) ? left : step);
            // Asked before reading: if the program has ended, the following reads get all of its output.
            const bool over = System::has_ended(child_);
            take(out_.from, result.out);
            if (take(err_.from, result.err))
                said(std::string_view(result.err));
            if (over)
                break;
            result.cause = says_too_much(result) ? stop_reason::output : deadline_.cause();
            if (result.cause != stop_reason::itself) {
                end();
                break;
            }
        }
        if (what_.alone && result.cause == stop_reason::itself)
            end_others();
        result.milliseconds = System::milliseconds() - begin_;
        result.known = reap(&result.status);
        // A signal that killed a compiler driver was meant for its parts as well.
        if (!(result.known && WIFSIGNALED(result.status)))
            lifeline_.let_go();
        while (!says_too_much(result) && (take(out_.from, result.out) || take(err_.from, result.err)))
            continue;
        if (result.cause == stop_reason::itself && says_too_much(result))
            result.cause = stop_reason::output;
        result.limit = limit_of(result);
        trace(what_.arguments[0], " ", result.how());
        return result;
    }

private:
    struct settings {
        settings(command& run, int in, int out, int err, int lifeline) {
            for (std::string& word : run.arguments)
                arguments.push_back(word.data());
            arguments.push_back(nullptr);
            for (std::string& variable : run.environment)
                variables.push_back(variable.data());
            variables.push_back(nullptr);

            posix_spawn_file_actions_init(&files);
            posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
            posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
            posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
            posix_spawn_file_actions_adddup2(&files, lifeline, STDERR_FILENO + 1);
            posix_spawn_file_actions_addchdir_np(&files, run.folder.c_str());
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
            // Keeps descriptors that the host opened without O_CLOEXEC, such as sockets, from the compiler.
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

    // posix_spawn reports one errno for every step that can fail before the program runs.
    error not_run(int why) const {
        const std::string& program = what_.arguments[0];
        if (System::access(what_.folder.c_str(), X_OK) != 0)
            return error::system_call("run '" + program + "' in", what_.folder, errno);
        const bool is_there = System::access(program.c_str(), X_OK) == 0;
        return cannot_run(program, why,
                          is_there && why == ENOENT
                              ? "; it is there, and what runs it is not: the program in the first line "
                                "of a script, or the system's loader"
                          : why == ENOEXEC
                              ? "; a script begins with '#!' and the path of what runs it, and a "
                                "program has to be one for this machine"
                              : "");
    }

    // Does nothing for a program that has already ended.
    void limit(pid_t program) const {
        const tenon::limits& most = deadline_.limits();
        limit(program, RLIMIT_CORE, 0); // a core file would lie among the sources
        if (most.memory != 0)
            limit(program, RLIMIT_DATA, most.memory);
        if (most.cpu_seconds != 0)
            limit(program, RLIMIT_CPU, most.cpu_seconds,
                  1); // reaching the first is told by a signal of its own
        if (most.file != 0)
            limit(program, RLIMIT_FSIZE, most.file);
        // Children that the program has already started have no limits yet, such as the compiler proper that
        // a driver starts at once.
        for (const pid_t child : children(program))
            limit(child);
    }
    static void limit(pid_t program, typename System::limit_of resource, std::uint64_t most,
                      std::uint64_t more = 0) {
        rlimit now{};
        if (System::limit(program, resource, nullptr, &now) != 0)
            return;
        now.rlim_cur = std::min<rlim_t>(now.rlim_cur, most);
        now.rlim_max = std::min<rlim_t>(now.rlim_max, most + more);
        System::limit(program, resource, &now, nullptr);
    }

    static std::vector<pid_t> children(pid_t program) {
        const std::string number = std::to_string(program);
        std::vector<pid_t> children;
        try {
            const std::string numbers =
                read_file<System>("/proc/" + number + "/task/" + number + "/children");
            char* at = nullptr;
            for (long child = std::strtol(numbers.c_str(), &at, 10); child > 0;
                 child = std::strtol(at, &at, 10))
                children.push_back(static_cast<pid_t>(child));
        } catch (const error&) {
            // The program has ended, or the system has no such file.
        }
        return children;
    }

    bool says_too_much(const process_result& so_far) const noexcept {
        const std::uint64_t most = deadline_.limits().output;
        return most != 0 && (so_far.out.size() > most || so_far.err.size() > most);
    }

    std::string limit_of(const process_result& end) const {
        if (end.cause == stop_reason::time)
            return deadline_.time_limit();
        if (end.cause == stop_reason::output)
            return "options.limits.output is " + std::to_string(deadline_.limits().output);
        if (!end.failed() || end.cause != stop_reason::itself)
            return "";
        // A compiler driver reports in words how the programs that it ran ended.
        return reached_limit<System>(deadline_.limits(), WIFSIGNALED(end.status) ? WTERMSIG(end.status) : 0,
                                     end.err, end.milliseconds);
    }

    // Appends the next part of the output. False if there is none now, or never will be.
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

    // Asks all processes of the session to end, so that they can remove their temporary files, and kills the
    // rest after a second. A process number that is no longer a child's may have a new owner, and is not
    // signalled.
    void end() noexcept {
        if (System::has_ended(child_))
            return lifeline_.let_go();
        System::kill(-child_, SIGTERM);
        if (!lifeline_.all_gone_within(1000) && !System::has_ended(child_))
            System::kill(-child_, SIGKILL);
    }

    // Until the child has been waited for, its number has no other owner.
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
    basic_deadline<System> deadline_;
    basic_pipe<System> out_, err_;
    basic_child_lifetime<System> lifeline_;
    std::int64_t begin_ = System::milliseconds();
    pid_t child_ = 0;
};

/// Runs a program and waits for its end.
template <class System = posix>
process_result run(command what, const basic_deadline<System>& within = basic_deadline<System>()) {
    return basic_process<System>(std::move(what), within).wait();
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
