// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_CACHE_CACHE_DIRECTORY_HPP
#define TENON_DETAIL_CACHE_CACHE_DIRECTORY_HPP

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_cache(const std::string& path, std::string_view why) {
    return {
        errc::untrusted,
        concatenated({"'", path, "' is not used as the cache, because ", why,
                      "; in $TENON_CACHE or options.cache, name a folder that is empty or does not exist, "
                      "such as '",
                      path, path.ends_with('/') ? "" : "/", "tenon-cache'"}),
        path};
}

inline error cache_of_another(const std::string& path, unsigned owner, unsigned user) {
    return {errc::untrusted,
            concatenated({"the cache '", path, "' is not used, because it belongs to user ",
                          std::to_string(owner), ", and this program runs as user ", std::to_string(user),
                          "; name another in $TENON_CACHE or options.cache"}),
            path};
}

inline error cache_for_others(const std::string& path) {
    return {errc::untrusted,
            concatenated({"the cache '", path, "' is not used, because others may write to it; `chmod 700 '",
                          path, "'`, or name another in $TENON_CACHE or options.cache"}),
            path};
}

inline error cache_unusable(const std::string& path, std::string_view why) {
    return {errc::system_call,
            concatenated({"the cache '", path, "' cannot be used: ", why,
                          "; name another in $TENON_CACHE or options.cache"}),
            path};
}

inline error cache_in_a_home(const std::string& path) {
    return {
        errc::not_found,
        concatenated({"the cache '", path,
                      "' is not used, because only a shell takes '~' for a home directory; write the whole "
                      "path in $TENON_CACHE or options.cache, or begin with './' where the name is meant"}),
        path};
}

/// `relative` lists the variables that are set but not absolute, each as `$NAME is 'VALUE'`.
inline error no_cache(std::string_view relative = "") {
    return {errc::not_found,
            concatenated({"there is no folder to keep compiled plugins in: $TENON_CACHE, $XDG_CACHE_HOME and "
                          "$HOME are not set",
                          relative.empty() ? "" : ", or not absolute: ", relative,
                          "; set one of them, or options.cache"})};
}

inline error not_waited_for(const std::string& path, std::string_view after, errc code,
                            std::string_view limit) {
    return {code,
            concatenated({"gave up waiting for '", path, "', which another process or thread has locked: ",
                          code == errc::cancelled ? "it was cancelled" : "the time was up", " after ", after,
                          code == errc::cancelled ? "" : limit}),
            path};
}

/// True for the names that mkdtemp(3) gives the scratch folders of builds in `tmp`.
inline bool is_scratch_name(std::string_view name) {
    return name.size() == 6 && name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"
                                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == name.npos;
}

/// The text of the file CACHEDIR.TAG in the cache. Backup programs recognise its first line and skip the
/// folder (https://bford.info/cachedir); tenon recognises the second.
inline constexpr std::string_view cache_mark =
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This is the cache of tenon: compiled plugins, and sources that were fetched.\n"
    "# All of it can be removed and is made again. Put nothing else here.\n";

/// The folder for compiled libraries and fetched repositories: the chosen one, else `$TENON_CACHE`, else
/// `$XDG_CACHE_HOME/tenon`, else `~/.cache/tenon`. The folder is made when it is first needed, is writable by
/// this user alone, and holds only files of tenon.
template <class System = posix>
class basic_cache {
public:
    explicit basic_cache(const std::string& chosen) : path_(named(chosen)) {
        if (path_.empty())
            path_ = usual();
        if (is_in_a_home(path_))
            throw cache_in_a_home(path_);
    }

    /// The absolute path of the chosen folder, else of $TENON_CACHE, else an empty text. A path that begins
    /// with `~/` is returned unchanged, and the constructor refuses it.
    static std::string named(std::string chosen) {
        if (const char* set = ::secure_getenv("TENON_CACHE"); chosen.empty() && set)
            chosen = set;
        return chosen.empty() || is_in_a_home(chosen) ? chosen : absolute<System>(chosen);
    }

    /// Makes the folder `name` in the cache if it is missing, and returns its path.
    std::string folder(std::string_view name) const {
        try {
            make_folders<System>(path_);
            require_own();
            mark();
            std::string inside = join(path_, name);
            make_folders<System>(inside);
            return inside;
        } catch (const error& e) {
            if (e.code() != errc::system_call)
                throw;
            throw cache_unusable(path_, e.what());
        }
    }

    /// Throws if another user could have put files into the cache, or if it has files that are not tenon's.
    void require_own() const {
        require_tenons();
        const struct stat state = status();
        if (state.st_uid != System::geteuid())
            throw cache_of_another(path_, state.st_uid, System::geteuid());
        if (state.st_mode & (S_IWGRP | S_IWOTH))
            throw cache_for_others(path_);
    }

    /// Throws if the folder has files that are not tenon's, or is a place where others put files.
    void require_tenons() const {
        const struct stat state = status();
        if (is_marked())
            return;
        if (is_the_same(state, "/"))
            throw not_a_cache(path_, "it is the root of all folders");
        if (const char* home = ::secure_getenv("HOME"); home && is_the_same(state, home))
            throw not_a_cache(path_, "it is a home directory");
        if (state.st_mode & S_ISVTX)
            throw not_a_cache(path_, "it is a folder for everybody's files");
        // Another process may have written the mark after the first look.
        if (const auto other = not_tenons(); other && !is_marked())
            throw not_a_cache(path_, "it has '" + *other + "', which is not tenon's");
    }

    const std::string& path() const noexcept { return path_; }

private:
    static bool is_in_a_home(std::string_view path) { return path == "~" || path.substr(0, 2) == "~/"; }

    static std::string usual() {
        std::string relative;
        for (const auto& [variable, inside] :
             {std::pair{"XDG_CACHE_HOME", "tenon"}, {"HOME", ".cache/tenon"}}) {
            const char* const set = ::secure_getenv(variable);
            if (set && *set == '/')
                return join(set, inside);
            // The XDG specification says to ignore relative paths.
            if (set && *set)
                relative.append(relative.empty() ? "$" : ", $").append(variable);
            if (set && *set)
                relative.append(" is '").append(set).append("'");
        }
        throw no_cache(relative);
    }

    struct stat status() const {
        struct stat state;
        if (System::stat(path_.c_str(), &state) != 0)
            throw error::system_call("look at", path_, errno);
        return state;
    }

    static bool is_the_same(const struct stat& folder, const char* path) {
        struct stat other;
        return System::stat(path, &other) == 0 && other.st_dev == folder.st_dev &&
               other.st_ino == folder.st_ino;
    }

    // ---- The mark

    std::string mark_file() const { return join(path_, "CACHEDIR.TAG"); }

    std::string mark_text() const { return text_of<System>(mark_file()); }

    bool is_marked() const {
        const std::string_view first_lines = cache_mark.substr(0, cache_mark.find(':', cache_mark.find('#')));
        return mark_text().starts_with(first_lines);
    }

    // Every process that finds the mark missing or incomplete writes the same text over it. So two may write
    // at once, and one that is killed does not block the others.
    void mark() const {
        if (is_marked())
            return;
        const std::string path = mark_file();
        basic_file<System>(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600).write(path, cache_mark);
    }

    // A name in the folder that shows the folder to be somebody else's. Files that file systems and version
    // control keep in an otherwise empty folder do not count.
    std::optional<std::string> not_tenons() const {
        for (const std::string& name : names_in<System>(path_))
            if (name != "lost+found" && name != ".gitignore" && name != ".gitkeep" &&
                !(name == "CACHEDIR.TAG" && begins_the_mark()))
                return name;
        return std::nullopt;
    }

    bool begins_the_mark() const {
        struct stat status;
        return System::lstat(mark_file().c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
               cache_mark.starts_with(mark_text());
    }

    std::string path_;
};
using cache = basic_cache<>;

/// Removes the scratch folders of builders that were killed. A living builder holds a lock on its folder.
template <class System = posix>
void remove_unfinished(const std::string& all) noexcept {
    DIR* folder = System::opendir(all.c_str());
    if (!folder)
        return;
    while (const dirent* entry = System::readdir(folder)) {
        if (!is_scratch_name(entry->d_name))
            continue;
        const std::string path = join(all, entry->d_name);
        const basic_file<System> found(System::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        if (found.descriptor() >= 0 && found.try_lock()) {
            trace("removing '", path, "', which a builder that was killed left");
            remove_tree<System>(path);
        }
    }
    System::closedir(folder);
}

/// A scratch folder in the cache for unfinished files, removed with its owner. Folders of killed owners are
/// removed when the next one is made.
template <class System = posix>
class basic_scratch {
public:
    explicit basic_scratch(const basic_cache<System>& in) {
        const std::string all = in.folder("tmp");
        remove_unfinished<System>(all);
        for (;;) {
            path_ = join(all, "XXXXXX");
            if (!System::mkdtemp(path_.data()))
                throw error::system_call("make a folder in", all, errno);
            // Until the lock is taken, another process may take the folder for a leftover and remove it.
            lock_ = basic_file<System>(System::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
            if (lock_.descriptor() >= 0 && lock_.try_lock() && lock_.is_at(path_))
                return;
            if (errno != ENOENT && errno != EWOULDBLOCK)
                throw error::system_call("lock", path_, errno);
        }
    }
    basic_scratch(const basic_scratch&) = delete;
    basic_scratch& operator=(const basic_scratch&) = delete;
    ~basic_scratch() { remove_tree<System>(path_); }

    const std::string& path() const noexcept { return path_; }
    std::string operator/(std::string_view name) const { return join(path_, name); }

private:
    std::string path_;
    basic_file<System> lock_;
};

/// A lock between processes and threads, released on destruction and when its process is killed. The lock
/// file stays until `cache::prune` removes it.
template <class System = posix>
class basic_lock {
public:
    /// Calls `waiting` if another holder has the lock.
    template <class Waiting>
    basic_lock(const std::string& path, const basic_deadline<System>& within, Waiting&& waiting)
        : file_(open(path)) {
        if (try_lock(path))
            return;
        waiting();
        // A blocking flock(2) has no time limit and cannot be cancelled.
        const std::int64_t begin = System::milliseconds();
        for (int step = 1; !try_lock(path); step = std::min(2 * step, 10)) {
            if (const stop_reason why = within.cause(); why != stop_reason::itself)
                throw not_waited_for(path, in_seconds(System::milliseconds() - begin),
                                     code_of(why, errc::timed_out), within.time_limit());
            within.pause(step);
        }
    }
    explicit basic_lock(const std::string& path) : basic_lock(path, basic_deadline<System>(), [] {}) {}

private:
    static basic_file<System> open(const std::string& path) {
        return {path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600};
    }

    bool try_lock(const std::string& path) {
        // The former holder may have removed the file, and another process may hold its successor.
        for (; file_.try_lock(); file_ = open(path))
            if (file_.is_at(path))
                return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            throw error::system_call("lock", path, errno);
        return false;
    }

    basic_file<System> file_;
};

/// True if a time is an hour ago or more. Uses are noted once an hour: noting each would cost more than it is
/// worth.
template <class System = posix>
bool is_hour_ago(const timespec& time) noexcept {
    return nanoseconds(System::now()) - nanoseconds(time) >= 3'600'000'000'000;
}

/// Notes for `cache::prune` that a file of the cache was used.
template <class System = posix>
void note_use(const std::string& path) noexcept {
    struct stat status;
    if (System::stat(path.c_str(), &status) == 0 && is_hour_ago<System>(status.st_atim))
        System::touch(path.c_str(), false);
}

/// Keeps a repository's checkout from being pruned for as long as it lives.
template <class System = posix>
class basic_hold {
public:
    /// Holds the checkout of `directory`, which is the checkout or a folder in it, fetched from `url`. The
    /// checkout may be gone already.
    basic_hold(const basic_cache<System>& in, std::string_view directory, std::string_view url) {
        const std::string all = join(in.path(), "src/");
        if (directory.substr(0, all.size()) != all)
            return;
        const auto slash = directory.find('/', all.size());
        if (slash == directory.npos)
            return;
        const std::string_view commit =
            directory.substr(slash + 1, directory.find('/', slash + 1) - slash - 1);
        const std::string path = file(directory.substr(0, slash), commit);
        try {
            do {
                file_ = basic_file<System>(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
                // The holder of the exclusive lock is removing the checkout, which does not take long.
                while (!file_.try_share() && (errno == EWOULDBLOCK || errno == EINTR))
                    System::pause_a_millisecond();
            } while (!file_.is_at(path));
            if (const struct stat state = file_.status(path); state.st_size == 0)
                file_.write(path, url);
            else if (is_hour_ago<System>(state.st_mtim))
                System::touch(path.c_str(), true);
        } catch (const error& e) {
            // Nobody can prune a cache that cannot be written to.
            trace("not holding '", directory, "': ", e.what());
        }
    }

    static std::string file(std::string_view repository, std::string_view commit) {
        return join(repository, "used-").append(commit);
    }

private:
    basic_file<System> file_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
