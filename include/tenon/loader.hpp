// SPDX-License-Identifier: MIT
#ifndef TENON_LOADER_HPP
#define TENON_LOADER_HPP

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/event.hpp>
#include <tenon/live.hpp>
#include <tenon/manifest.hpp>
#include <tenon/options.hpp>
#include <tenon/plugin.hpp>
#include <tenon/policy.hpp>
#include <tenon/registry.hpp>
#include <tenon/stop_signal.hpp>

#include <tenon/detail/build/builder.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/interface_headers.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/library/compatibility.hpp>
#include <tenon/detail/library/library.hpp>
#include <tenon/detail/library/library_file.hpp>
#include <tenon/detail/source/checkout.hpp>
#include <tenon/detail/source/repository.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/stop_event.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

inline error two_libraries(std::string_view name, const std::string& path, std::string_view other) {
    return {errc::ambiguous,
            concatenated(
                {"the name '", name, "' may be '", path, "' or '", other, "'; remove one, or give the path"}),
            path};
}

inline error build_needed(const std::string& path) {
    return {errc::build_needed,
            concatenated(
                {"'", path,
                 "' has to be compiled or fetched first, and options.build says never; prepare it with a "
                 "loader that may"}),
            path};
}

} // namespace TENON_OWN
} // namespace detail

/// Whether a loader may compile sources and fetch repositories.
enum class build_policy {
    when_needed, ///< if the cache has no current result
    never,       ///< runs no compiler and no git; a result missing from the cache is `errc::build_needed`
};

/// How watched plugins are reloaded.
struct TENON_HOST_TYPE reload_options {
    /// The time between two questions to a remote whether a branch or tag has moved. 0: only `live::refresh`
    /// asks.
    std::chrono::milliseconds fetch_every{0};
    /// The most libraries of one plugin in memory at once, counting those that cannot be unmapped. At the
    /// limit a newer version is refused. A second reload needs at least 3: one version serves, and the one
    /// before is kept for `live::rollback`.
    std::size_t most_versions = 16;
    /// Loads a driver's library from a copy in memory, as `private_copy` does, so that a program that writes
    /// over the file does not write over running code. A library that needs files beside itself needs
    /// `false`.
    bool copy_libraries = true;
};

/// The settings of a loader. Every member has a default.
///
///     tenon::loader loader{{.search = {"/opt/plugins"}, .build = tenon::build_policy::never}};
struct TENON_HOST_TYPE loader_options {
    /// The directory for results, which has to be empty or tenon's. Default: $TENON_CACHE, else
    /// $XDG_CACHE_HOME/tenon, else ~/.cache/tenon.
    std::string cache{};
    /// The compiler's argument vector: `{"ccache", "g++"}`. Default: $CXX, else a compiler of the family that
    /// compiled this program.
    std::vector<std::string> compiler{};
    /// Flags for every plugin, before those in its compile_flags.txt.
    std::vector<std::string> flags{};
    /// Permits flags that run programs during a build (compiler plugins, -B, -wrapper), and fetched
    /// repositories with a CMakeLists.txt, which may run any program.
    bool builds_may_run_programs = false;
    /// Directories with headers, searched before those of the interface and of tenon.
    std::vector<std::string> include{};
    /// `quick` for plugins that are edited and reloaded.
    tenon::profile profile = profile::optimised;
    /// The most compilers at once, over all loaders of this process. 0: one for each processor.
    unsigned jobs = 0;
    /// Precompiles the header of an interface the second time that a plugin is compiled against it.
    bool precompile = true;
    /// Compares the contents of all inputs, system headers included, even if size and times are unchanged.
    bool thorough = false;
    /// The directories in which a bare name is looked for, as `name.so` and `libname.so`.
    std::vector<std::string> search{};
    build_policy build = build_policy::when_needed;
    unload_policy unload = unload_policy::when_unused;
    /// The users whose files are compiled and run.
    tenon::trust trust{};
    /// Which drivers are loaded at all.
    tenon::policy policy{};
    /// See `library_options`.
    bool private_copy = false;
    /// Called for each step that takes time.
    event_handler on_event{};
    /// For `loader::watch`.
    reload_options reload{};
    /// The longest time for a build, including the wait for another process that builds the same. 0: no
    /// limit.
    std::chrono::milliseconds build_timeout = std::chrono::minutes(10);
    /// The longest time for git. 0: no limit.
    std::chrono::milliseconds fetch_timeout = std::chrono::minutes(10);
    /// The limits of each run of a compiler and of git.
    tenon::limits limits{};
    /// Stops builds and fetches, and all programs that they run: a `std::stop_token`. Loads that need neither
    /// still work.
    stop_signal stop{};
};

/// Loads plugins, each named by a driver: a built-in's name, a library's path, a source directory, or a git
/// repository.
///
///     tenon::loader loader{{.search = {"/opt/plugins"}}};
///     auto users = loader.load<user_provider>("git+https://example.org/drivers@v1.2#subdirectory=json", settings);
///     users->get_user("root");
///
/// Throws `error`; exceptions of the plugin's constructor pass through. Any number of threads may call any
/// function but `built_ins` at the same time, and so may a plugin's constructor. A handle may outlive the
/// loader.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE loader {
public:
    /// Relative paths in the options, and in the environment variables that replace them, are resolved now,
    /// against the current directory.
    explicit loader(loader_options options = {}) : options_(with_absolute_paths(std::move(options))) {}

    /// The plugins that are part of this program. Add to them before other threads load.
    registry& built_ins() noexcept { return built_ins_; }

    template <class T, path_like D, class... A>
        requires arguments_of_the_factory<T, A...>
    plugin<T> load(const D& text, A&&... arguments) const {
        const driver from = detail::permitted_driver(detail::native(text), options_.policy);
        if (from.what == driver::kind::name)
            if (const auto* built_in = built_ins_.find<T>(from.place)) {
                detail::trace("'", from.place, "' is built in");
                return plugin<T>::from_built_in(*built_in, static_cast<A&&>(arguments)...);
            }
        return unless_pruned(from, [&] {
            const found library = locate<T>(from);
            return plugin<T>::from_library(options_for(from.what), library.path, library.plugin,
                                           static_cast<A&&>(arguments)...);
        });
    }

    template <class T, path_like D, class... A, class Mismatch = detail::mismatch<T, A...>>
        requires(!arguments_of_the_factory<T, A...>)
    plugin<T> load(const D& text,
                   A&&... arguments) const = delete; // tenon: the factory takes other arguments

    /// Loads a plugin and reloads it whenever its sources, their headers or its library change, or its branch
    /// moves. Calls go to the newest version that works; see `live`.
    ///
    ///     tenon::live<user_provider> users = loader.watch<user_provider>("./drivers/json", settings);
    ///     users->get_user("root");
    ///
    /// Copies of the arguments are kept to construct each new version. Pass a reference as
    /// `std::ref(object)`; the object has to outlive the handle. The first version throws what `load` throws.
    /// A built-in never changes.
    template <class T, path_like D, class... A>
        requires arguments_of_the_factory<T, std::decay_t<A>&...>
    live<T> watch(const D& text, A&&... arguments) const {
        auto source = std::make_unique<source_of<T>>(
            *this, detail::permitted_driver(detail::native(text), options_.policy));
        auto make = [kept = std::tuple<std::decay_t<A>...>(static_cast<A&&>(arguments)...)](
                        const detail::plugin_code<T>& code) mutable {
            return std::apply([&](std::decay_t<A>&... argument) { return code.create(argument...); }, kept);
        };
        return live<T>::from(std::move(source), std::move(make), options_.reload.most_versions,
                             options_.reload.fetch_every.count());
    }

    template <class T, path_like D, class... A, class Mismatch = detail::mismatch<T, std::decay_t<A>&...>>
        requires(!arguments_of_the_factory<T, std::decay_t<A>&...>)
    live<T> watch(const D& text, A&&... arguments) const =
        delete; // tenon: the factory takes other arguments, or references as std::ref

    /// Fetches, compiles and checks a plugin without running its code, for a container image that will run
    /// with `build = never`. Returns the library's path, or an empty text for a built-in.
    template <class T, path_like D>
    std::string prepare(const D& text) const {
        const driver from = detail::permitted_driver(detail::native(text), options_.policy);
        if (from.what == driver::kind::name && built_ins_.find<T>(from.place))
            return "";
        return unless_pruned(from, [&] {
            const found library = locate<T>(from);
            check<T>(library, digests(from.what));
            return library.path;
        });
    }

private:
    struct found {
        std::string path, plugin, sources{};
    };

    static loader_options with_absolute_paths(loader_options options) {
        options.cache = detail::cache::named(std::move(options.cache));
        options.compiler = detail::basic_compiler<>::named(std::move(options.compiler));
        options.include = detail::headers::named(std::move(options.include));
        const auto make_absolute = [](std::string& path) {
            if (!path.empty())
                path = detail::absolute<>(path);
        };
        for (std::string& folder : options.search)
            make_absolute(folder);
        if (!options.policy.folders.anything()) {
            std::vector<std::string> folders = options.policy.folders.list();
            for (std::string& folder : folders)
                make_absolute(folder);
            options.policy.folders = std::move(folders);
        }
        if (options.policy.signed_by) {
            make_absolute(options.policy.signed_by->ssh);
            make_absolute(options.policy.signed_by->gpg);
        }
        return options;
    }

    // Finds the newest version of a watched plugin, with a copy of the loader as it was when the watch began.
    template <class T>
    class TENON_HIDDEN source_of final : public detail::plugin_source<T> {
    public:
        source_of(const loader& by, driver from)
            : cancelled_(by.options_.stop), by_(std::make_unique<loader>(by)), from_(std::move(from)) {
            // The program may change its current directory.
            if (from_.what == driver::kind::library || from_.what == driver::kind::directory)
                from_.place = detail::absolute<>(from_.place);
            by_->options_.stop = {};
            by_->cancelled_ = &cancelled_;
        }

        std::unique_ptr<detail::plugin_code<T>>
        newest(const std::function<bool(const std::string&)>& known) override {
            if (from_.what == driver::kind::name)
                if (const auto* built_in = by_->built_ins_.template find<T>(from_.place))
                    return known("") ? nullptr : std::make_unique<detail::plugin_code<T>>(*built_in);
            return by_->unless_pruned(from_, [&]() -> std::unique_ptr<detail::plugin_code<T>> {
                const found library = by_->template locate<T>(from_);
                {
                    const detail::mutex_lock locked(mutex_);
                    checked_out_ = library.sources;
                }
                const bool given = from_.what == driver::kind::library || from_.what == driver::kind::name;
                // The name of a library that is built here is a digest of all its inputs, and identifies it
                // also after another build.
                if (known(given ? identity(library.path) : library.path))
                    return nullptr;
                library_options options = by_->options_for(from_.what);
                options.private_copy = options.private_copy || (given && by_->options_.reload.copy_libraries);
                return std::unique_ptr<detail::plugin_code<T>>(
                    detail::plugin_code<T>::load(options, library.path, library.plugin));
            });
        }

        std::vector<std::string> watched() const override {
            switch (from_.what) {
            case driver::kind::name: {
                std::vector<std::string> paths;
                if (!by_->built_ins_.template find<T>(from_.place))
                    for (const std::string& folder : by_->options_.search)
                        for (const char* prefix : {"", "lib"})
                            paths.push_back(detail::join(folder, prefix + from_.place + ".so"));
                return paths;
            }
            case driver::kind::library:
                return {from_.place};
            case driver::kind::directory:
                return by_->builder(from_, -1).watched(from_.place, T::type);
            case driver::kind::repository:
                return by_->builder(from_, -1).watched(checked_out(), T::type);
            }
            std::abort();
        }

        void cancel() noexcept override { cancelled_.raise(); }

    private:
        std::string checked_out() const {
            const detail::mutex_lock locked(mutex_);
            return checked_out_;
        }

        // Without the time of the inode's last change, which a chmod or another link sets too.
        static std::string identity(const std::string& path) {
            struct stat status;
            if (detail::posix::stat(path.c_str(), &status) != 0)
                throw error::system_call("look at", path, errno);
            const detail::file_identity state(status);
            return path + ' ' + std::to_string(state.device) + ' ' + std::to_string(state.inode) + ' ' +
                   std::to_string(state.size) + ' ' + std::to_string(state.modified);
        }

        detail::stop_event cancelled_;
        const std::unique_ptr<loader> by_;
        driver from_;
        mutable pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
        std::string checked_out_; // by newest(), in one thread or another
    };

    // What cancels a build or a fetch: the end of a watch, or else the options.
    class TENON_HIDDEN stop_event {
    public:
        explicit stop_event(const loader& by)
            : cancelled_(by.cancelled_), requested_(detail::stop_event::of(by.options_.stop)) {}
        int descriptor() const noexcept {
            return cancelled_ ? cancelled_->descriptor() : requested_.descriptor();
        }

    private:
        const detail::stop_event* cancelled_;
        detail::stop_event requested_;
    };

    template <class T>
    static std::string_view type_name() {
        return {T::type.name(), T::type.size()};
    }

    /// No digests apply to libraries that are compiled here, because nobody could know them in advance.
    allow_list<std::string> digests(driver::kind kind) const {
        const bool given = kind == driver::kind::library || kind == driver::kind::name;
        return given ? options_.policy.sha256 : allow_list<std::string>();
    }

    library_options options_for(driver::kind kind) const {
        return {options_.unload, options_.trust, options_.private_copy, digests(kind)};
    }

    template <class T>
    void check(const found& library, const allow_list<std::string>& digests = {}) const {
        const detail::library_file file(library.path, options_.trust);
        file.require_digest(digests);
        detail::fitting_plugin(file.manifest(), file.path(), type_name<T>(), library.plugin,
                               detail::expected_abi<T>());
    }

    template <class T>
    found locate(const driver& from) const {
        switch (from.what) {
        case driver::kind::name:
            return {searched(from.place, type_name<T>()), from.place};
        case driver::kind::library:
            return {from.place, from.plugin};
        case driver::kind::directory:
            return {built<T>(from, from.place), from.plugin};
        case driver::kind::repository: {
            const std::string directory = checked_out(from);
            const detail::basic_hold<> hold(detail::cache(options_.cache), directory, from.place);
            try {
                return {built<T>(from, directory), from.plugin, directory};
            } catch (const error& e) {
                if (e.code() != errc::build_failed && e.code() != errc::not_found)
                    throw;
                std::string_view whole = directory;
                if (!from.subdirectory.empty())
                    whole.remove_suffix(from.subdirectory.size() + 1);
                detail::checkout(std::string(whole)).throw_explained(e);
            }
        }
        }
        std::abort();
    }

    /// Rethrows the error that is being handled. An error about a file of the cache becomes one about the
    /// driver, which the reader knows. An error about a choice between plugins gets the driver that chooses.
    [[noreturn]] void throw_said_of(const driver& from, const error& e) const {
        driver whole = from, choosing = from;
        whole.plugin = whole.target = "";
        std::string text = e.what(), path = e.path();
        const auto replace = [&text](const std::string& before, const std::string& after) {
            for (std::size_t i = 0; (i = text.find(before, i)) != text.npos; i += after.size())
                text.replace(i, before.size(), after);
        };
        const errc code = static_cast<errc>(e.code().value());
        if (code == errc::system_call && is_cached(path, "") && keeps_from_writing(text))
            throw detail::cache_unusable(detail::cache(options_.cache).path(), text);
        const bool about_what_is_in_it = code == errc::not_a_plugin || code == errc::ambiguous ||
                                         code == errc::toolchain || code == errc::misfit ||
                                         code == errc::bad_interface;
        const bool in_cache = is_cached(path, "bin") || is_cached(path, "src");
        if (about_what_is_in_it &&
            (in_cache || path == from.place || path == detail::canonical<>(from.place))) {
            if (in_cache) {
                replace('\'' + path + '\'', '\'' + detail::text_of(whole) + '\'');
                if (is_cached(path, "bin"))
                    replace(path, from.place);
                path = from.place;
            }
            choosing.plugin = "NAME";
            replace(std::string(detail::adding_a_plugin),
                    "with the driver '" + detail::text_of(choosing) + '\'');
        }
        choosing = from;
        choosing.target = "NAME";
        replace(std::string(detail::adding_a_target), "with the driver '" + detail::text_of(choosing) + '\'');
        if (text == e.what())
            throw;
        throw error(code, text, path);
    }

    /// Repeats `use` once if a file of the cache was pruned between being found and being opened.
    template <class Use>
    auto unless_pruned(const driver& from, Use&& use) const {
        const bool cached = from.what == driver::kind::directory || from.what == driver::kind::repository;
        for (int tries = 5;; --tries)
            try {
                return use();
            } catch (const error& e) {
                if (tries == 1 || !cached || !is_pruned(e.path()))
                    throw_said_of(from, e);
                detail::trace("'", e.path(), "' has been pruned");
            }
    }

    bool is_pruned(const std::string& path) const {
        struct stat status;
        return detail::posix::lstat(path.c_str(), &status) != 0 && is_cached(path, "");
    }

    /// True for errors of the system that mean a folder cannot be written to.
    static bool keeps_from_writing(const std::string& text) {
        for (const int number : {EROFS, EACCES, EPERM, ENOSPC, EDQUOT})
            if (text.ends_with(": " + std::generic_category().message(number)))
                return true;
        return false;
    }

    /// True if a path is below a folder of the cache.
    bool is_cached(const std::string& path, const char* folder) const {
        const std::string below = detail::join(detail::cache(options_.cache).path(), folder);
        return path.rfind(*folder ? below + '/' : below, 0) == 0;
    }

    /// The library for a bare name, from the first folder of `options.search` that has one.
    std::string searched(const std::string& name, std::string_view type) const {
        std::vector<std::string> others;
        for (const std::string& folder : options_.search) {
            const std::string plain = detail::join(folder, name + ".so"),
                              prefixed = detail::join(folder, "lib" + name + ".so");
            const bool has_plain = is_file(plain), has_prefixed = is_file(prefixed);
            if (has_plain && has_prefixed)
                throw detail::two_libraries(name, plain, prefixed);
            if (has_plain || has_prefixed)
                return detail::permitted_path(has_plain ? plain : prefixed, options_.policy);
            others.insert(others.end(), {plain, prefixed});
        }
        // An entry of that name that is no regular file is the likeliest reason.
        for (const std::string& path : others) {
            detail::require_no_dangling_link(path);
            if (detail::posix::access(path.c_str(), F_OK) == 0)
                throw detail::not_a_regular_file(path);
        }
        std::vector<std::string> known = built_ins_.names(type);
        for (const std::string& folder : options_.search)
            add_libraries(known, folder, type);
        throw detail::unknown_name(type, name, detail::likeliest(name, known), detail::found_here(name),
                                   searched_folders());
    }

    /// For messages: the folders of options.search, and why one of them cannot be looked into.
    std::string searched_folders() const {
        std::string text;
        for (const std::string& folder : options_.search) {
            text.append(text.empty() ? "'" : ", '").append(detail::escaped(folder)).append("'");
            if (DIR* const open = detail::posix::opendir(folder.c_str()))
                detail::posix::closedir(open);
            else
                text.append(" (").append(std::generic_category().message(errno)).append(")");
        }
        return text;
    }

    static bool is_file(const std::string& path) {
        struct stat status;
        return detail::posix::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    }

    /// Adds the names by which libraries in a folder could be loaded as plugins of a type.
    static void add_libraries(std::vector<std::string>& names, const std::string& folder,
                              std::string_view type) {
        DIR* open = detail::posix::opendir(folder.c_str());
        if (!open)
            return;
        while (const dirent* entry = detail::posix::readdir(open)) {
            std::string_view name = entry->d_name;
            if (name.size() <= 3 || name.substr(name.size() - 3) != ".so")
                continue;
            name.remove_suffix(3);
            if (name.substr(0, 3) == "lib")
                name.remove_prefix(3);
            if (detail::well_named(name) && has_plugin(detail::join(folder, entry->d_name), type, name))
                names.emplace_back(name);
        }
        detail::posix::closedir(open);
    }

    static bool has_plugin(const std::string& path, std::string_view type, std::string_view name) {
        try {
            const manifest library(path);
            for (const auto& plugin : library.plugins())
                if (plugin.type == type && plugin.name == name)
                    return true;
        } catch (const error&) {
            // Not a library, or one without such a plugin.
        }
        return false;
    }

    detail::builder builder(const driver& from, int stop) const {
        return detail::builder(
            {.compiler = options_.compiler,
             .flags = options_.flags,
             .builds_may_run_programs = options_.builds_may_run_programs,
             .fetched = from.what == driver::kind::repository,
             .target = from.target,
             .include = options_.include,
             .profile = options_.profile,
             .jobs = options_.jobs,
             .thorough = options_.thorough,
             .precompile = options_.precompile,
             .trust = options_.trust,
             .on_event = options_.on_event,
             .on_built = [to = last_build_](std::vector<diagnostic> said) { to->put(std::move(said)); },
             .limits = options_.limits,
             .timeout = options_.build_timeout.count(),
             .stop = stop},
            detail::cache(options_.cache));
    }

    template <class T>
    std::string built(const driver& from, const std::string& directory) const {
        const stop_event stop(*this);
        const detail::builder by = builder(from, stop.descriptor());
        if (options_.build == build_policy::never) {
            const std::optional<std::string> current = by.cached(directory, T::type);
            if (!current)
                throw detail::build_needed(directory);
            detail::note_use<>(*current);
            return *current;
        }
        const std::string library = by.library(directory, T::type, [&](const std::string& unpublished) {
            check<T>({unpublished, from.plugin});
        });
        detail::note_use<>(library);
        return library;
    }

    std::string checked_out(const driver& from) const {
        const stop_event stop(*this);
        const detail::basic_repository<> repository(
            from, detail::cache(options_.cache), options_.on_event,
            detail::deadline(options_.limits, options_.fetch_timeout.count(), stop.descriptor(),
                             "options.fetch_timeout"),
            options_.policy, options_.trust);
        if (options_.build == build_policy::never) {
            if (std::optional<std::string> current = repository.cached())
                return std::move(*current);
            throw detail::build_needed(from.place);
        }
        return repository.checkout();
    }

    // The diagnostics of the last build. Any thread may read and write them.
    class TENON_HIDDEN last_build {
    public:
        void put(std::vector<diagnostic> said) {
            const detail::mutex_lock locked(mutex_);
            said_ = std::move(said);
        }
        std::vector<diagnostic> get() {
            const detail::mutex_lock locked(mutex_);
            return said_;
        }

    private:
        pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
        std::vector<diagnostic> said_;
    };

    friend std::vector<diagnostic> diagnostics(const loader& by);

    loader_options options_;
    registry built_ins_;
    std::shared_ptr<last_build> last_build_ = std::make_shared<last_build>(); // of copies too
    const detail::stop_event* cancelled_ = nullptr; // takes the place of options_.stop
};
#pragma GCC diagnostic pop

/// The warnings of compilers, linkers and CMake in the last successful build by this loader, one of its
/// copies or one of its watched handles. Sources that had not changed since an earlier build were not
/// compiled, and gave no warnings again. Any thread may call.
///
///     auto users = loader.load<user_provider>("./drivers/json", settings);
///     for (const tenon::diagnostic& warning : tenon::diagnostics(loader))
///         std::cerr << warning.message() << '\n';   // ./drivers/json/json.cpp:12:7: warning: unused variable 'x' [-Wunused-variable]
TENON_HIDDEN inline std::vector<diagnostic> diagnostics(const loader& by) {
    return by.last_build_->get();
}

/// Loads a plugin with a loader of its own that has no options: `tenon::load<user_provider>("./drivers/json",
/// settings)`.
template <class T, path_like D, class... A>
    requires arguments_of_the_factory<T, A...>
TENON_HIDDEN plugin<T> load(const D& driver, A&&... arguments) {
    return loader().load<T>(driver, static_cast<A&&>(arguments)...);
}

template <class T, path_like D, class... A, class Mismatch = detail::mismatch<T, A...>>
    requires(!arguments_of_the_factory<T, A...>)
plugin<T> load(const D& driver, A&&... arguments) = delete; // tenon: the factory takes other arguments

} // namespace tenon::inline v1

#endif
