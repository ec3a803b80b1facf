// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_LIBRARY_HPP
#define TENON_DETAIL_LIBRARY_LIBRARY_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/options.hpp>

#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/library/library_file.hpp>
#include <tenon/detail/library/load_names.hpp>
#include <tenon/detail/library/mangled_name.hpp>
#include <tenon/detail/library/runtime.hpp>
#include <tenon/detail/library/unloaded.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// `from_copy`: the library looks for others beside itself, but its copy in memory was loaded.
inline error load_failed(const std::string& path, std::string_view said, bool from_copy = false) {
    const auto says = [said](std::string_view part) { return said.find(part) != said.npos; };
    return {
        errc::load_failed,
        concatenated({"cannot load '", path, "': ", said,
                      from_copy && says("cannot open shared object file")
                          ? "; it looks for that beside itself ($ORIGIN), and nothing is beside the copy in "
                            "memory that was "
                            "loaded: set options.private_copy to false, or options.reload.copy_libraries "
                            "where it is watched"
                      : says("failed to map segment") ? "; its file system may be mounted noexec"
                      : says("static TLS block")
                          ? "; it was compiled with -ftls-model=initial-exec, or links what was"
                      : says("undefined symbol") ? "; if it is its host that has this, link that with "
                                                   "-rdynamic and show the symbol, which "
                                                   "-fvisibility=hidden hides; else link it with -Wl,-z,defs "
                                                   "to find this when it is built"
                                                 : ""}),
        path};
}

inline error exports_hidden(const std::string& path, std::string_view plugin) {
    return {
        errc::not_a_plugin,
        concatenated({"cannot load '", path, "': it has the plugin '", plugin,
                      "', and the symbol `tenon_exports_v1`, by which plugins are found, was hidden when it "
                      "was linked; add "
                      "`global: tenon_exports_v1;` to its version script, or leave out what else hides "
                      "symbols: --exclude-libs, "
                      "or objcopy --localize-symbol and --keep-global-symbol of an object"}),
        path};
}

inline error note_changed(const std::string& path) {
    return {errc::changed,
            concatenated(
                {"'", path,
                 "' changed while it was being loaded: its manifest in memory is not the one in the file"}),
            path};
}

/// One use of a loaded library.
struct loaded_library {
    void* handle = nullptr;
    std::string path{};       // canonical
    std::uint64_t number = 0; // of its name
    loaded_image image{};
    load_names* names = nullptr; // that know it

    /// Ends the use. With `close` false the code stays in memory for good.
    template <class System>
    still_there let_go(bool close = true) const {
        if (const auto shared = names->leave(path, number, close))
            return *shared;
        System::dlclose(handle);
        return names->closed(path, number);
    }
};

/// True if this thread has an exception in flight or in a handler. Its type and its code may be a plugin's.
inline bool exception_alive() noexcept {
    return std::uncaught_exceptions() > 0 || std::current_exception() != nullptr;
}

/// The libraries whose closing waits until a thread has left its exception handlers.
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

    /// Closes the libraries of this thread, if it has no exception alive, and of threads that have ended.
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
        for (const loaded_library& unused : ready) {
            [[maybe_unused]] const still_there left = unused.template let_go<System>();
            trace("closed '", unused.path,
                  left.mapped ? "', which was deferred and stays" : "', which was deferred");
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

/// An owning handle of a loaded library.
template <class System = posix>
class basic_library {
public:
    /// Loads a checked file, which runs the library's initialisers. No lock is held meanwhile, because these
    /// may load libraries too.
    basic_library(const basic_library_file<System>& from, const library_options& options)
        : path_(from.path()), identity_(from.identity()),
          stays_(options.unload == unload_policy::never ? "options.unload says never"
                                                        : from.linkage().stays) {
        deferred_libraries<System>::here().retry();
        require_usable(from);
        if (options.private_copy) {
            copy_ = from.sealed_copy();
            from.require_digest(options.sha256, copy_);
            load(from, descriptor_path(copy_.descriptor()), file_identity(copy_.status(path_)));
        } else {
            from.require_digest(options.sha256);
            load(from, from.loading_path(), identity_);
        }
    }
    basic_library(const basic_library&) = delete;
    basic_library& operator=(const basic_library&) = delete;
    ~basic_library() {
        if (loaded_.handle)
            close();
    }

    const std::string& path() const noexcept { return path_; }

    /// The image in memory, which tells later whether the library is still mapped.
    const loaded_image& image() const noexcept { return loaded_.image; }

    /// The address of a symbol, or null if there is none.
    void* symbol(const char* name) const noexcept { return System::dlsym(loaded_.handle, name); }

    /// Closes the library and returns whether its code was unmapped. To be called once.
    unloaded close() {
        const loaded_library library = std::exchange(loaded_, {});
        if (stays_) {
            library.template let_go<System>(false);
            return verdict(unloaded::state::pinned, stays_);
        }
        if (exception_alive()) {
            deferred_libraries<System>::here().add(library);
            return verdict(unloaded::state::deferred, "an exception, whose code may be in it, is in flight "
                                                      "or being handled on this thread; it goes with the "
                                                      "next load or close after that");
        }
        deferred_libraries<System>::here().retry();
        const still_there left = library.template let_go<System>();
        if (!left.mapped)
            return verdict(unloaded::state::unmapped, "");
        if (left.users > 0)
            return verdict(unloaded::state::shared, "it has " + std::to_string(left.users) + " more open " +
                                                        (left.users == 1 ? "handle" : "handles"));
        return verdict(unloaded::state::pinned, cause(library.path));
    }

private:
    // Throws if the plugins could not work after loading, before any code of the library runs.
    static void require_usable(const basic_library_file<System>& file) {
        if (file.manifest().plugins().empty())
            return;
        if (!file.linkage().exports_plugins)
            throw exports_hidden(file.path(), file.manifest().plugins().front().name);
        require_one_runtime<System>(file.path(), file.linkage());
    }

    void load(const basic_library_file<System>& from, const std::string& path,
              const file_identity& identity) {
        load_names& names = load_names::here();
        auto way = names.acquire(path, identity, [&] { static_cast<void>(from.descriptor()); });
        loaded_ = {way.handle, path, way.number, std::move(way.image), &names};
        if (loaded_.handle) {
            try {
                require_checked(from, from.unchanged() || from.unwritten());
            } catch (...) {
                loaded_.template let_go<System>();
                throw;
            }
            return;
        }
        try {
            open(way.name, from.linkage().uses_own_folder);
            require_checked(from, is_of(from, way));
            names.found(path, way.number, loaded_.handle, loaded_.image);
        } catch (...) {
            if (loaded_.handle)
                System::dlclose(loaded_.handle);
            names.failed(path, way.number);
            throw;
        }
    }

    void open(const std::string& name, bool uses_own_folder) {
        trace("loading '", path_, "' as '", name, "'");
        loaded_.handle = System::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!loaded_.handle) {
            const char* said = System::dlerror();
            std::string reason = said ? said : "no reason given";
            for (std::size_t at = 0; (at = reason.find(name, at)) != reason.npos; at += path_.size())
                reason.replace(at, name.size(), path_);
            throw load_failed(path_, reason, uses_own_folder && copy_.descriptor() >= 0);
        }
        loaded_.image = image_of(loaded_.handle);
    }

    // The thread sanitizer does not see the loader's own lock, which orders this.
    __attribute__((no_sanitize("thread"))) static loaded_image image_of(void* handle) {
        loaded_image image;
        if (const char* name = nullptr; System::find(handle, name, image.base))
            for (; *name; ++name)
                image.name += *name;
        return image;
    }

    // Throws unless the loaded library is the file that was checked.
    void require_checked(const basic_library_file<System>& from, bool same_file) const {
        if (!same_file)
            throw file_changed(path_);
        for (const note_range& note : from.manifest().ranges())
            if (std::memcmp(in_memory(note), note.bytes.data(), note.bytes.size()) != 0)
                throw note_changed(path_);
    }

    // True if the loaded library is the file that was checked. For a new name the loader opens the path, so
    // in most cases it suffices that the path has named the same file all the time.
    bool is_of(const basic_library_file<System>& from, const load_names::chosen& way) const {
        const bool opened = !way.known && loaded_.image.name == way.name;
        if (copy_.descriptor() >= 0)
            return opened;
        if (opened && !from.is_loaded_by_link() && from.was_settled() && from.unchanged())
            return true;
        const int descriptor = from.descriptor();
        return (has_loaded(descriptor) || (opened && has_no_path(descriptor) && from.unchanged())) &&
               from.unwritten();
    }

    // Asks the loader, which compares device and inode of an opened file with those of all mapped ones.
    bool has_loaded(int descriptor) const {
        const std::string name = load_names::here().unused(descriptor_path(descriptor));
        void* const found = System::dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
        if (found)
            System::dlclose(found);
        return found == loaded_.handle;
    }
    static bool has_no_path(int descriptor) {
        return System::access(descriptor_path(descriptor).c_str(), F_OK) != 0;
    }

    const char* in_memory(const note_range& note) const noexcept {
        return reinterpret_cast<const char*>(static_cast<std::uintptr_t>(loaded_.image.base + note.address));
    }

    unloaded verdict(unloaded::state outcome, std::string why) const {
        if (!why.empty())
            why = "'" + path_ + "' stays in memory: " + why;
        trace("closed '", path_, why.empty() ? "', and its code is gone" : "': ", why);
        return {outcome, std::move(why)};
    }

    // The reasons in the library's own file for staying in memory. glibc tells its reasons only in its debug
    // output (LD_DEBUG=bindings).
    std::string cause(const std::string& canonical) const {
        pins all;
        try {
            if (copy_.descriptor() >= 0)
                all = elf_reader<System>(copy_.descriptor(), path_).what_pins();
            else if (const basic_file<System> from(canonical, O_RDONLY | O_NONBLOCK);
                     file_identity(from.status(canonical)) == identity_)
                all = elf_reader<System>(from.descriptor(), canonical).what_pins();
        } catch (const error&) {
        }
        std::string text;
        const auto add = [&text](const std::string& part) {
            text.append(text.empty() ? "" : "; ").append(part);
        };
        if (all.nodelete)
            add("it was linked with -z nodelete");
        if (!all.unique_symbols.empty())
            add("it defines unique symbols, such as " + as_written(demangled(all.unique_symbols.front())) +
                ", which other libraries may use; compile it with -fno-gnu-unique");
        if (all.thread_local_destructors && !all.nodelete)
            add("a thread may have a thread_local object of it with a destructor, which runs when the thread "
                "ends");
        if (text.empty())
            add("something else has opened it, another library depends on it, or this system's loader never "
                "unmaps");
        return text;
    }

    std::string path_;
    file_identity identity_;
    const char* stays_; // why it is never unmapped, if there is a reason
    loaded_library loaded_;
    basic_file<System>
        copy_; // of what is loaded, where that is a private copy: nobody else knows what was in it
};
using library = basic_library<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
