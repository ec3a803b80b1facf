// SPDX-License-Identifier: MIT
#ifndef TENON_LIBRARY_HPP
#define TENON_LIBRARY_HPP

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/elf.hpp>
#include <tenon/error.hpp>
#include <tenon/file.hpp>
#include <tenon/manifest.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>
#include <tenon/trace.hpp>
#include <tenon/trust.hpp>

namespace tenon::inline v1 {

/// When a library's code goes: with its last handle, or never, for leak checkers that look for it at the end and for libraries
/// that are not safe to unload.
enum class unload_policy { when_unused, never };

/// How libraries are loaded.
struct library_options {
    unload_policy unload = unload_policy::when_unused;
    tenon::trust trust{};
    /// Loads a copy in memory that nobody can change: its path is not the file's, so it cannot find files beside itself.
    bool private_copy = false;
};

/// What became of a library's code when a handle was closed.
///
///     if (tenon::unloaded gone = users.close(); !gone)
///         std::cerr << gone.reason();   // '/opt/users.so' stays in memory: it has the unique symbol ...
class unloaded {
public:
    enum class state {
        unmapped, ///< it is gone
        shared,   ///< other handles of this library are open
        deferred, ///< an exception, whose code may be in the library, is in flight or being handled on this thread
        pinned,   ///< it stays until the process ends
    };

    unloaded(state what, std::string reason) : what_(what), reason_(std::move(reason)) {}

    explicit operator bool() const noexcept { return what_ == state::unmapped; }
    state what() const noexcept { return what_; }
    /// A sentence; empty where the code is gone.
    const std::string& reason() const noexcept { return reason_; }

private:
    state what_;
    std::string reason_;
};

namespace detail {

/// A library file that has been looked into and is not loaded: readable, trusted, an ELF library for this machine, with a
/// manifest.
template <class System = posix>
class basic_library_file {
public:
    basic_library_file(std::string path, const trust& rule)
        : path_(std::move(path)), file_(path_, O_RDONLY | O_NONBLOCK), status_(file_.status(path_)), canonical_(canonical()),
          manifest_(manifest::of<System>(file_.descriptor(), path_)) {
        require_trust<System>(canonical_, status_, rule);
    }

    const std::string& path() const noexcept { return path_; }
    /// The absolute path without symbolic links.
    const std::string& canonical_path() const noexcept { return canonical_; }
    file_identity identity() const noexcept { return file_identity(status_); }
    const tenon::manifest& manifest() const noexcept { return manifest_; }

    bool unchanged() const {
        struct stat now;
        return System::stat(canonical_.c_str(), &now) == 0 && file_identity(now) == identity();
    }

    /// A file in memory with the same bytes, sealed.
    basic_file<System> sealed_copy() const {
        const int fd = System::memory_file("tenon");
        if (fd < 0)
            throw error::system_call("make a copy in memory of", path_, errno);
        basic_file<System> copy(fd);
        std::string part(64 * 1024, '\0');
        for (off_t at = 0; at < status_.st_size;) {
            const ssize_t got = System::pread(file_.descriptor(), part.data(), part.size(), at);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path_, errno);
            if (got == 0)
                throw error::file_changed(path_);
            copy.write(path_, std::string_view(part.data(), static_cast<std::size_t>(got)));
            at += got;
        }
        if (System::seal(fd) != 0)
            throw error::system_call("seal a copy in memory of", path_, errno);
        return copy;
    }

private:
    std::string canonical() const {
        // One call instead of one for each folder, and it names the file that was opened, whatever the path names by now.
        const std::string link = "/proc/self/fd/" + std::to_string(file_.descriptor());
        std::string name(4096, '\0');
        const ssize_t size = System::readlink(link.c_str(), name.data(), name.size());
        if (size > 0 && static_cast<std::size_t>(size) < name.size() && name[0] == '/') {
            name.resize(static_cast<std::size_t>(size));
            // Linux says so of a file that has been replaced since it was opened, and of one that is really called that.
            if (constexpr std::string_view mark = " (deleted)"; name.size() > mark.size() &&
                                                                name.compare(name.size() - mark.size(), mark.size(), mark) == 0)
                if (struct stat now; System::stat(name.c_str(), &now) != 0)
                    throw error::file_changed(path_);
            return name;
        }
        char* resolved = System::realpath(path_.c_str());
        if (!resolved)
            throw error::system_call("resolve", path_, errno);
        name = resolved;
        std::free(resolved);
        return name;
    }

    std::string path_;
    basic_file<System> file_;
    struct stat status_;
    std::string canonical_;
    tenon::manifest manifest_;
};

/// Held for as long as it lives.
class mutex_lock {
public:
    explicit mutex_lock(pthread_mutex_t& mutex) noexcept : mutex_(mutex) { ::pthread_mutex_lock(&mutex_); }
    mutex_lock(const mutex_lock&) = delete;
    mutex_lock& operator=(const mutex_lock&) = delete;
    ~mutex_lock() { ::pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t& mutex_;
};

struct still_there {
    bool mapped;
    unsigned users;
};

/// Chooses what to call a library when it is loaded.
///
/// glibc takes a path that it has loaded before for the same library, whatever file is there by now (elf/dl-load.c,
/// _dl_map_object), and a relative one too after the folder has changed. So a file goes by its canonical path with `/.` before
/// the last component, once for the first file that was loaded from there, twice for the next, and so on: nobody else uses such
/// a name, and a name of ours stands for one file as long as that is loaded.
class loaded_names {
public:
    /// One for the process, and for good: a handle may be closed by a static object's destructor.
    static loaded_names& here() {
        static loaded_names& all = *new loaded_names;
        return all;
    }

    static std::string name(std::string_view path, std::size_t generation) {
        std::string text(parent(path) == "/" ? "" : parent(path));
        for (std::size_t i = 0; i <= generation; ++i)
            text += "/.";
        return join(text, basename(path));
    }

    /// Which of a path's names a file has, in use by one more; throws where the file was written to in place while it is loaded.
    std::size_t acquire(const std::string& path, const file_identity& identity) {
        const mutex_lock locked(mutex_);
        auto place = lower_bound(path);
        if (place == all_.end() || place->path != path)
            place = all_.insert(place, {path, {}});
        auto& generations = place->generations;
        auto unused = generations.end();
        for (auto each = generations.begin(); each != generations.end(); ++each) {
            if (each->users == 0 && !each->mapped()) {
                unused = unused == generations.end() ? each : unused;
                continue;
            }
            if (each->identity.device != identity.device || each->identity.inode != identity.inode)
                continue;
            // Links and modes change the third time, `changed`, and do no harm.
            if (each->identity.size == identity.size && each->identity.modified == identity.modified) {
                ++each->users;
                return static_cast<std::size_t>(each - generations.begin());
            }
            // What is no longer mapped and is yet to be released leaves its inode to the next file.
            if (each->mapped())
                throw error::changed_in_place(path);
        }
        if (unused == generations.end())
            unused = generations.insert(unused, use{});
        *unused = use{identity, 1};
        return static_cast<std::size_t>(unused - generations.begin());
    }

    /// Notes what the system's loader calls the library and where it is, by which is found out later whether it is still there.
    void found(const std::string& path, std::size_t generation, const char* name, ElfW(Addr) base) {
        const mutex_lock locked(mutex_);
        use& loaded = lower_bound(path)->generations[generation];
        loaded.name = name;
        loaded.base = base;
    }

    /// Has to be told after each dlclose, which does not say what it did; a name is free again once its last user is gone and the
    /// library too.
    still_there release(const std::string& path, std::size_t generation) {
        const mutex_lock locked(mutex_);
        const auto place = lower_bound(path);
        use& released = place->generations[generation];
        const still_there left{released.mapped(), --released.users};
        for (const use& each : place->generations)
            if (each.users > 0 || each.mapped())
                return left;
        all_.erase(place);
        return left;
    }

private:
    struct use {
        file_identity identity;
        unsigned users = 0;
        std::string name{}; // a link's may be another's; empty before it is loaded
        ElfW(Addr) base = 0;

        bool mapped() const { return !name.empty() && posix::is_loaded(name.c_str(), base); }
    };
    struct names_of_path {
        std::string path;
        std::vector<use> generations;
    };

    std::vector<names_of_path>::iterator lower_bound(const std::string& path) {
        auto low = all_.begin(), high = all_.end();
        while (low != high)
            if (const auto middle = low + (high - low) / 2; middle->path < path)
                low = middle + 1;
            else
                high = middle;
        return low;
    }

    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    std::vector<names_of_path> all_; // sorted by path
};

/// One use of a library that is loaded.
struct loaded_library {
    void* handle = nullptr;
    std::string path; // canonical
    std::size_t generation = 0;

    std::string name() const { return loaded_names::name(path, generation); }
};

template <class System>
still_there unload(const loaded_library& library) {
    System::dlclose(library.handle);
    return loaded_names::here().release(library.path, library.generation);
}

/// Whether an exception is in flight or being handled on this thread: its type and its code may be a plugin's.
inline bool exception_alive() noexcept { return std::uncaught_exceptions() > 0 || std::current_exception() != nullptr; }

/// The libraries that are to be closed once a thread is done with its exception.
template <class System = posix>
class deferred_libraries {
public:
    static deferred_libraries& here() {
        static deferred_libraries& all = *new deferred_libraries;
        return all;
    }

    void add(loaded_library library) {
        const mutex_lock locked(mutex_);
        waiting_.push_back({std::move(library), System::thread()});
    }

    /// Closes those of this thread, where it has no exception alive, and of threads that have ended.
    void retry() {
        std::vector<loaded_library> ready;
        {
            const mutex_lock locked(mutex_);
            if (waiting_.empty())
                return;
            const auto thread = System::thread();
            const bool free = !exception_alive();
            for (std::size_t i = 0; i < waiting_.size();)
                if (waiting_[i].thread == thread ? free : System::thread_ended(waiting_[i].thread)) {
                    ready.push_back(std::move(waiting_[i].library));
                    waiting_[i] = std::move(waiting_.back());
                    waiting_.pop_back();
                } else {
                    ++i;
                }
        }
        for (const loaded_library& each : ready) {
            [[maybe_unused]] const still_there left = unload<System>(each);
            trace("closed '", each.path, left.mapped ? "', which was deferred and stays" : "', which was deferred");
        }
    }

private:
    struct entry {
        loaded_library library;
        pid_t thread;
    };
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    std::vector<entry> waiting_;
};

/// A library that is loaded, and stays so for as long as this lives.
template <class System = posix>
class basic_library {
public:
    /// Loads a checked file, which runs the library's initialisers. No lock is held meanwhile: they may load libraries too.
    basic_library(const basic_library_file<System>& from, const library_options& options)
        : path_(from.path()), canonical_(from.canonical_path()), identity_(from.identity()), unload_(options.unload) {
        deferred_libraries<System>::here().retry();
        if (options.private_copy) {
            const basic_file<System> copy = from.sealed_copy();
            load("/proc/self/fd/" + std::to_string(copy.descriptor()), file_identity(copy.status(path_)));
        } else {
            load(canonical_, identity_);
        }
        try {
            // What was checked is what was loaded.
            for (const note_range& note : from.manifest().ranges())
                if (std::memcmp(in_memory(note), note.bytes.data(), note.bytes.size()) != 0)
                    throw error::note_changed(path_);
            if (!options.private_copy && !from.unchanged())
                throw error::file_changed(path_);
        } catch (...) {
            unload<System>(loaded_);
            throw;
        }
    }
    basic_library(const basic_library&) = delete;
    basic_library& operator=(const basic_library&) = delete;
    ~basic_library() {
        if (loaded_.handle)
            close();
    }

    const std::string& path() const noexcept { return path_; }

    /// Null where there is none.
    void* symbol(const char* name) const noexcept { return System::dlsym(loaded_.handle, name); }

    /// Lets go of the library, once, and says what became of it.
    unloaded close() {
        const loaded_library library = std::exchange(loaded_, {});
        if (unload_ == unload_policy::never) {
            loaded_names::here().release(library.path, library.generation);
            return verdict(unloaded::state::pinned, "options.unload says never");
        }
        if (exception_alive()) {
            deferred_libraries<System>::here().add(library);
            return verdict(unloaded::state::deferred,
                           "an exception, whose code may be in it, is in flight or being handled on this thread; it goes with the "
                           "next load or close after that");
        }
        deferred_libraries<System>::here().retry();
        const still_there left = unload<System>(library);
        if (!left.mapped)
            return verdict(unloaded::state::unmapped, "");
        if (left.users > 0)
            return verdict(unloaded::state::shared, "it has " + std::to_string(left.users) + " more open " +
                                                        (left.users == 1 ? "handle" : "handles"));
        return verdict(unloaded::state::pinned, cause());
    }

private:
    void load(const std::string& path, const file_identity& identity) {
        loaded_.path = path;
        loaded_.generation = loaded_names::here().acquire(path, identity);
        trace("loading '", path_, "' as '", loaded_.name(), "'");
        loaded_.handle = System::dlopen(loaded_.name().c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!loaded_.handle) {
            const char* said = System::dlerror();
            const std::string reason = said ? said : "no reason given";
            loaded_names::here().release(path, loaded_.generation);
            throw error::load_failed(path_, reason);
        }
        const char* name = nullptr;
        if (System::find(loaded_.handle, name, base_))
            loaded_names::here().found(path, loaded_.generation, name, base_);
    }

    const char* in_memory(const note_range& note) const noexcept {
        return reinterpret_cast<const char*>(static_cast<std::uintptr_t>(base_ + note.address));
    }

    unloaded verdict(unloaded::state what, std::string why) const {
        if (!why.empty())
            why = "'" + path_ + "' stays in memory: " + why;
        trace("closed '", path_, why.empty() ? "', and its code is gone" : "': ", why);
        return {what, std::move(why)};
    }

    // glibc tells why it does not unmap a library in its debug output only (LD_DEBUG=bindings), so the reasons that the library
    // itself has are read from its file.
    std::string cause() const {
        pins found;
        try {
            const basic_file<System> from(canonical_, O_RDONLY | O_NONBLOCK);
            if (file_identity(from.status(canonical_)) == identity_)
                found = elf_reader<System>(from.descriptor(), canonical_).what_pins();
        } catch (const error&) {
        }
        std::string text;
        const auto add = [&text](const std::string& part) { text.append(text.empty() ? "" : "; ").append(part); };
        if (found.nodelete)
            add("it was linked with -z nodelete");
        if (!found.unique_symbols.empty())
            add("it defines unique symbols, such as " + readable(found.unique_symbols.front()) +
                ", which other libraries may use; compile it with -fno-gnu-unique");
        if (found.thread_local_destructors && !found.nodelete)
            add("a thread may have a thread_local object of it with a destructor, which runs when the thread ends");
        if (text.empty())
            add("something else has opened it, another library depends on it, or this system's loader never unmaps");
        return text;
    }

    std::string path_, canonical_;
    file_identity identity_;
    unload_policy unload_;
    loaded_library loaded_;
    ElfW(Addr) base_ = 0;
};
using library = basic_library<>;
using library_file = basic_library_file<>;

} // namespace detail
} // namespace tenon::inline v1

#endif
