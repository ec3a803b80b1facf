// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_BUILDER_HPP
#define TENON_DETAIL_BUILD_BUILDER_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/event.hpp>
#include <tenon/interface.hpp>
#include <tenon/trust.hpp>
#include <tenon/version.hpp>

#include <tenon/detail/build/artifact_store.hpp>
#include <tenon/detail/build/cmake_project.hpp>
#include <tenon/detail/build/compilation.hpp>
#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/include_scan.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/build/interface_headers.hpp>
#include <tenon/detail/build/object_cache.hpp>
#include <tenon/detail/build/precompiled_interface.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/build/system_packages.hpp>
#include <tenon/detail/build/up_to_date.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/interface/toolchain.hpp>
#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1 {

/// How directories of sources become libraries.
struct TENON_HOST_TYPE build_options {
    std::vector<std::string> compiler{};  ///< program and first arguments, such as {"ccache", "g++"}; empty:
                                          ///< $CXX, else the family that built this program
    std::vector<std::string> flags{};     ///< for every plugin, and before those in its compile_flags.txt
    bool builds_may_run_programs = false; ///< lets flags name programs that take part in the build (compiler
                                          ///< plugins, -B, -wrapper, -specs), and repositories have CMake run
    bool fetched = false;                 ///< the source is from a repository
    std::string target{};                 ///< of a CMakeLists.txt; empty: the only one that can be a plugin
    std::vector<std::string> include{};   ///< folders searched before those in $TENON_INCLUDE and those that
                                          ///< the compiler of this program saw
    tenon::profile profile = profile::optimised;
    bool fast_loading = false; ///< links in as few segments as the linker can; not of a CMakeLists.txt
    /// compilers at once, of all loaders of this process together; 0: one for each processor
    unsigned jobs = 0;
    bool thorough = false;  ///< compares every header, the system's too, by what it says
    bool precompile = true; ///< the header of an interface that is compiled against more than once
    tenon::trust trust{};
    event_handler on_event{};
    /// Is given, after a build that succeeded, what was said in it.
    std::function<void(std::vector<diagnostic>)> on_built{};
    tenon::limits limits{};   ///< of each run of the compiler
    std::int64_t timeout = 0; ///< in milliseconds, of a build with the wait for another's; 0: none
    int stop = -1;            ///< a descriptor that calls a build off once it can be read
};

namespace detail {
inline namespace TENON_OWN {

inline error no_sources(const std::string& directory, std::string_view found, std::string_view left_out) {
    return {
        errc::not_found,
        concatenated({"'", directory,
                      "' has no sources to compile: files that end in .cpp, .cc, .cxx, .c++, .cp, .CPP or .C "
                      "are expected in it, and it ",
                      found, left_out.empty() ? "" : "; ", left_out}),
        directory};
}

inline error cmake_runs_programs(const std::string& directory) {
    return {errc::build_failed,
            concatenated(
                {"'", directory,
                 "' is from a repository and has a CMakeLists.txt, which can run any program while it is "
                 "built; set options.builds_may_run_programs to let it, or build it with CMake and name "
                 "the library that it makes"}),
            directory};
}

inline error sources_keep_changing(const std::string& directory, std::string_view path, std::string_view how,
                                   bool cmake) {
    return {errc::changed,
            concatenated({"the plugin in '", directory, "' was not built, because '", path,
                          "' changed each time while it was being compiled", how.empty() ? "" : " (", how,
                          how.empty() ? "" : ")", "; try again when it is left alone",
                          cmake ? "; every file below a CMakeLists.txt may be a source: let programs write "
                                  "elsewhere, or under names that begin with '.'"
                                : ""}),
            directory};
}

/// Compiles directories of sources, and remembers what came of it.
///
/// A library's name says what it was made from, so none is ever written to again. A record beside it lists
/// the files that went into the last few: as long as their states are the remembered ones, nothing runs and
/// nothing is read.
template <class System = posix>
class basic_builder {
public:
    basic_builder(build_options options, basic_cache<System> in)
        : options_(std::move(options)), cache_(std::move(in)) {}

    /// The library that a source, or all sources in a directory, compile to, compiled where the cache has
    /// none that is current. `check(path)` looks at a library before anybody else can find it, and throws
    /// where it is no good.
    template <class Check>
    std::string library(const std::string& source, const plugin_type& type, Check&& check) const {
        const place at = place_of(source, type);
        if (const result now = current(at); !now.library.empty()) {
            tell(at, event::step::cached);
            if (!now.record.empty())
                refresh(at);
            return now.library;
        }
        make_folders<System>(join(cache_.folder("bin"), type.name()));
        const basic_deadline<System> within(options_.limits, options_.timeout, options_.stop,
                                            "options.build_timeout");
        const basic_lock<System> turn(at.libraries.lock(), within, [&] { tell(at, event::step::waiting); });
        result now = current(at);
        if (now.library.empty())
            now = build(at, type, within, check);
        else
            tell(at, event::step::cached);
        if (!now.record.empty())
            remember(at, now.record);
        return now.library;
    }

    /// The library that is current in the cache; empty where there is none. Runs nothing and writes nothing.
    std::string cached(const std::string& source, const plugin_type& type) const {
        return current(place_of(source, type)).library;
    }

    /// The files and folders that can change what `library` gives, or whether it gives any; sorted. A folder
    /// stands for the names in it, and some of these are not there now. What has never been compiled, or is
    /// refused, is told from the text of its sources.
    std::vector<std::string> watched(const std::string& source, const plugin_type& type) const {
        std::string where = absolute(source);
        std::set<std::string> paths{where};
        try {
            where = canonical(source);
        } catch (const error&) {
            // It is gone for now.
        }
        const place at = place_of_canonical(where, type);
        paths.insert({where, at.directory, flags_file(at)});
        for (const std::string& program : at.compiler.programs())
            paths.insert(program);
        for (const char* const list : package_lists)
            if (struct stat found; System::stat(list, &found) == 0)
                paths.insert(list);
        const build_record record(at.libraries.text());
        for (const build_result& each : record.results())
            for (const build_inputs* list : {&each.files, &each.folders})
                for (const build_input& input : *list)
                    paths.insert(input.path);

        std::vector<std::string> sources;
        std::vector<std::string> folders = absolute(options_.include);
        const auto as_far_as_known = [](const auto& look) {
            try {
                look();
            } catch (const error& e) {
                trace("watching without it: ", e.what());
            }
        };
        as_far_as_known(
            [&] { folders = absolute(basic_interface_headers<System>(options_.include).folders(type)); });
        as_far_as_known([&] {
            const compile_flags flags = read_flags(at, System::access(flags_file(at).c_str(), F_OK) == 0);
            add_include_folders(folders, at, flags);
        });
        as_far_as_known([&] {
            if (at.cmake) {
                const basic_source_tree<System> tree(at.directory, at.written);
                paths.insert(tree.folders().begin(), tree.folders().end());
                paths.insert(tree.files().begin(), tree.files().end());
            } else {
                for (const std::string& name : sources_of(at))
                    sources.push_back(join(at.directory, name));
            }
        });
        paths.insert(folders.begin(), folders.end());
        paths.merge(std::set<std::string>(basic_include_scan<System>(std::move(sources), folders).paths()));
        return {paths.begin(), paths.end()};
    }

private:
    // What is to be compiled, and where what comes of it is kept.
    struct place {
        std::string path;      // canonical
        std::string directory; // the same, or the source's
        std::string source;    // empty: all in the directory
        bool cmake;
        basic_compiler<System> compiler;
        std::string tools; // the stamp of all programs that build it; empty where there are none
        basic_artifact_store<System> libraries;
        std::string tree;
        std::vector<std::string> written{}; // folders below CMake's that builds write to themselves

        std::string name() const { return std::string(basename(path)); }
        source_directories others() const { return {source.empty() ? directory : "", cmake, written}; }
    };

    // What compilers, linkers and CMake say in a build that goes on: told at once, and each thing once,
    // however many sources include what it is about.
    class remarks {
    public:
        remarks(const event_handler& handler, const place& at) : handler_(handler), at_(at) {}

        void operator()(std::string_view said) {
            for (diagnostic& each : diagnostic_reader(at_.directory).read(said)) {
                // A linker's words are not always marked as a warning.
                if (each.level == diagnostic::severity::error)
                    each.level = diagnostic::severity::warning;
                if (told_.insert(each.place() + '\n' + each.text).second) {
                    all_.push_back(std::move(each));
                    detail::tell(handler_,
                                 {.what = event::step::warning, .subject = at_.name(), .said = all_.back()});
                }
            }
        }

        std::vector<diagnostic> take() { return std::move(all_); }

    private:
        const event_handler& handler_;
        const place& at_;
        std::set<std::string> told_;
        std::vector<diagnostic> all_;
    };

    // Both empty where there is none; a record only where it is to be written.
    struct result {
        std::string library, record;
    };

    void tell(const place& at, event::step what, std::size_t done = 0, std::size_t of = 0) const {
        detail::tell(options_.on_event, {what, at.name(), done, of});
    }

    place place_of(const std::string& source, const plugin_type& type) const {
        return place_of_canonical(canonical(source), type);
    }

    place place_of_canonical(const std::string& where, const plugin_type& type) const {
        const basic_compiler<System> compiler(options_.compiler);

        sha256 all;
        const char* const include = ::secure_getenv("TENON_INCLUDE");
        for (const std::string_view part :
             {std::string_view(TENON_VERSION), std::string_view(where), std::string_view(type.name()),
              std::string_view(type.header()), std::string_view(toolchain),
              std::string_view(include ? include : "")})
            all.field(part);
        all.field(language_flag()).field(compiler.choice());
        all.field(options_.profile == profile::quick ? "quick" : "optimised");
        for (const std::vector<std::string>* list : {&options_.flags, &options_.include}) {
            all.field(std::to_string(list->size()));
            for (const std::string& each : *list)
                all.field(each);
        }
        all.field(options_.builds_may_run_programs ? "builds may run programs" : "");
        // What was compiled from files that one host trusts is nothing to a host that trusts fewer.
        all.field(options_.trust.everyone ? "everyone" : "");
        for (const uid_t user : options_.trust.users)
            all.field("user " + std::to_string(user));
        for (const gid_t group : options_.trust.groups)
            all.field("group " + std::to_string(group));
        place at{.path = where,
                 .directory = where,
                 .source = "",
                 .cmake = false,
                 .compiler = compiler,
                 .tools = compiler.stamp(),
                 .libraries = {"", "", "", false},
                 .tree = ""};
        struct stat found;
        const bool there = System::stat(where.c_str(), &found) == 0;
        if (there ? S_ISREG(found.st_mode) : is_source_name(basename(where))) {
            at.directory = parent(where);
            at.source = basename(where);
        } else if (System::lstat(lists_file(at).c_str(), &found) == 0) {
            at.cmake = true;
            at.tools = cmake_tools(compiler);
            all.field("cmake").field(options_.target);
            for (const std::string& each : basic_cmake_project<System>::variables())
                all.field(each);
            at.written = written_below(where);
        }
        // A CMakeLists.txt says itself how its libraries are linked.
        if (options_.fast_loading && !at.cmake)
            all.field("fast loading");
        const std::string digest = all.hex();
        const std::string stem =
            join(join(join(cache_.path(), "bin"), type.name()), safe(basename(where)) + '-');
        at.libraries = {stem, digest, ".so", options_.thorough};
        at.tree = stem + digest + ".tree";
        return at;
    }

    // The cache and $TMPDIR, where they are among the sources.
    std::vector<std::string> written_below(const std::string& directory) const {
        std::vector<std::string> found;
        const char* const set = ::secure_getenv("TMPDIR");
        const std::string temporary = set ? from_anywhere<System>("TMPDIR", set) : "";
        for (const std::string& folder : {cache_.path(), temporary})
            if (std::string path = without_links(folder); path.starts_with(join(directory, "")))
                found.push_back(std::move(path));
        return found;
    }

    // Of what is not there yet, the folder that it will be in.
    static std::string without_links(const std::string& path) {
        if (std::string found = detail::canonical<System>(path); !found.empty())
            return found;
        return path.find('/') == path.npos || path == "/"
                   ? path
                   : join(without_links(std::string(parent(path))), basename(path));
    }

    static std::string cmake_tools(const basic_compiler<System>& compiler) {
        const std::string cmake = basic_cmake_project<System>::program();
        struct stat found;
        if (!compiler.found() || cmake.empty() || System::stat(cmake.c_str(), &found) != 0)
            return "";
        const file_identity state(found);
        return sha256()
            .field(compiler.stamp())
            .field(cmake)
            .field(std::to_string(state.size))
            .field(std::to_string(state.modified))
            .hex();
    }

    static std::string canonical(const std::string& path) {
        std::string found = detail::canonical<System>(path);
        if (found.empty())
            throw error::system_call("find", path, errno);
        return found;
    }

    // A name for files, made of one that may have any characters and any length.
    static std::string safe(std::string_view name) {
        std::string text;
        for (const char c : name.substr(0, 64)) {
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               c == '.' || c == '-';
            text += plain ? c : '_';
        }
        return text;
    }

    // ---- Is there a library that is current?

    result current(const place& at) const {
        const auto found = at.libraries.current(at.others(), at.tools, false,
                                                [&](const std::string& path) { require_trusted(path); });
        return {found.path, found.record};
    }

    // Writes a record that says of the same results in which state their files are now.
    void refresh(const place& at) const {
        try {
            // Who has it now builds, and writes one himself.
            const basic_lock<System> turn(at.libraries.lock(), basic_deadline<System>().at_most(0), [] {});
            if (const result now = current(at); !now.record.empty())
                remember(at, now.record);
        } catch (const error& e) {
            // A cache that cannot be written to serves all the same.
            trace("not remembering the files of '", at.path, "': ", e.what());
        }
    }

    void remember(const place& at, const std::string& record) const {
        at.libraries.remember(record, basic_scratch<System>(cache_));
    }

    // ---- Making one

    template <class Check>
    result build(const place& at, const plugin_type& type, const basic_deadline<System>& within,
                 Check& check) const {
        require_trust<System>(at.directory, status_of(at.directory), options_.trust);
        require_file_if_any(at.cmake ? lists_file(at) : flags_file(at));
        if (at.cmake && options_.fetched && !options_.builds_may_run_programs)
            throw cmake_runs_programs(at.directory);
        if (!at.cmake && !options_.target.empty())
            throw no_targets_here(at.path, options_.target);
        const build_record record(at.libraries.text());
        expected_inputs known;
        if (!record.results().empty())
            for (const build_input& file : record.results()[0].files)
                known.files.insert(file.path);
        source_change changed;
        remarks say(options_.on_event, at);
        for (int attempt = 0; attempt < 3; ++attempt) {
            result made = at.cmake ? try_cmake(at, type, within, check, record, known, changed, say)
                                   : try_to_build(at, type, within, check, record, known, changed, say);
            if (!made.library.empty()) {
                if (options_.on_built)
                    options_.on_built(say.take());
                return made;
            }
            trace("'", changed.path, "' changed while '", at.path, "' was being compiled");
        }
        throw sources_keep_changing(at.path, changed.path, changed.how, at.cmake);
    }

    // Nothing where something changed meanwhile.
    template <class Check>
    result try_to_build(const place& at, const plugin_type& type, const basic_deadline<System>& within,
                        Check& check, const build_record& record, expected_inputs& known,
                        source_change& changed, remarks& say) const {
        const std::vector<std::string> sources = sources_of(at);
        for (const std::string& source : sources) {
            require_trusted(join(at.directory, source));
            known.files.insert(join(at.directory, source));
        }
        known.files.insert(flags_file(at));
        const source_directories others = at.others();
        basic_input_tracker<System> observed(at.directory, known);

        const compile_flags flags = read_flags(at, observed.before().seen(flags_file(at)) != nullptr);
        std::vector<std::string> folders =
            absolute(basic_interface_headers<System>(options_.include).folders(type));
        const basic_scratch<System> scratch(cache_);
        basic_compilation<System> compilation(at.compiler, at.directory, sources, flags, folders, scratch,
                                              within, options_.profile, options_.jobs, options_.fast_loading);
        folders.push_back(at.directory);
        add_include_folders(folders, at, flags);

        observed.begin(std::move(folders));
        std::optional<basic_precompiled_interface<System>> precompiled;
        std::vector<basic_object_cache<System>> objects;
        build_result made;
        made.compiler = at.compiler.stamp();
        made.packages = package_state<System>(observed.start());
        try {
            // A single one is compiled again whenever its library is.
            if (sources.size() > 1)
                objects = objects_for(at, sources, compilation);
            precompiled = precompiled_for(at, type, sources, flags, compilation, within, say);
            const auto reused = static_cast<std::size_t>(
                std::count_if(objects.begin(), objects.end(), [](const auto& each) { return each.taken(); }));
            tell(at, event::step::compiling, reused, sources.size());
            compilation.compile(
                [&](std::size_t done) { tell(at, event::step::compiling, done, sources.size()); }, say);
            tell(at, event::step::linking);
            compilation.link(say);
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            if (observed.as_expected()) {
                keep(objects, compilation, precompiled, observed, made.packages, scratch);
                throw;
            }
            changed = observed.changed();
            return {};
        }
        if (package_state<System>(observed.start()) != made.packages)
            made.packages.clear();
        std::vector<build_inputs> remembered;
        for (const basic_object_cache<System>& each : objects)
            for (const build_inputs* list : {&each.own_files(), &each.system_files()})
                if (each.taken())
                    remembered.push_back(*list);
        if (precompiled) {
            if (compilation.refused())
                precompiled->refuse();
            remembered.push_back(precompiled->own_files());
            remembered.push_back(precompiled->system_files());
        }
        std::vector<std::string> files = compilation.files();
        for (const build_inputs& list : remembered) {
            observed.remember(list);
            for (const build_input& each : list)
                files.push_back(each.path);
        }
        std::sort(files.begin(), files.end());
        files.erase(std::unique(files.begin(), files.end()), files.end());
        keep(objects, compilation, precompiled, observed, made.packages, scratch);
        if (observed.before().seen(flags_file(at)))
            files.push_back(flags_file(at));
        build_inputs system;
        bool same = observed.take(files, made, system, others);
        for (const build_inputs& list : remembered)
            same = same && observed.still_say(list);
        if (!same) {
            changed = observed.changed();
            return {};
        }

        for (const build_input& each : made.files)
            require_trusted(each.path);
        made.key = key_of(at, compilation.recipe(), made.files, system);
        const std::string library = at.libraries.result(made.key);
        tell(at, event::step::checking);
        publish_library(compilation.library(), library, checked(at, type, files, sources, check));
        made.size = static_cast<std::uint64_t>(status_of(library).st_size);
        return {library, record.with(made, system)};
    }

    // The same where CMake builds it.
    template <class Check>
    result try_cmake(const place& at, const plugin_type& type, const basic_deadline<System>& within,
                     Check& check, const build_record& record, expected_inputs& known, source_change& changed,
                     remarks& say) const {
        const basic_source_tree<System> sources(at.directory, at.written);
        for (const std::vector<std::string>* list : {&sources.folders(), &sources.files()})
            for (const std::string& path : *list)
                require_trusted_in(at.directory, path);
        const compile_flags flags = read_flags(at, false);
        std::vector<std::string> folders =
            absolute(basic_interface_headers<System>(options_.include).folders(type));
        basic_cmake_project<System> tree(
            at.tree, {at.directory, at.compiler, flags, folders, options_.profile, options_.target});
        known.said = tree.last_files();
        const source_directories others = at.others();
        std::optional<basic_input_tracker<System>> observed;
        const auto observe = [&](const basic_source_tree<System>& now) {
            known.files.insert(now.files().begin(), now.files().end());
            known.folders.insert(now.folders().begin(), now.folders().end());
            observed.emplace(at.directory, known);
            std::vector<std::string> searched = folders;
            searched.insert(searched.end(), now.folders().begin(), now.folders().end());
            observed->begin(std::move(searched));
        };
        observe(sources);
        build_result made;
        build_inputs system;
        made.compiler = at.tools;
        made.packages = package_state<System>(observed->start());
        const basic_scratch<System> scratch(cache_);
        const auto take = [&] {
            if (package_state<System>(observed->start()) != made.packages)
                made.packages.clear();
            std::vector<std::string> files = tree.files();
            const basic_source_tree<System> now(at.directory, at.written);
            files.insert(files.end(), now.files().begin(), now.files().end());
            std::sort(files.begin(), files.end());
            files.erase(std::unique(files.begin(), files.end()), files.end());
            return observed->take(files, made, system, others);
        };
        bool compiling = false;
        try {
            if (tree.prepare(sources, at.tools, within, [&] { tell(at, event::step::configuring); }, say)) {
                if (!observed->as_given(tree.configured_from())) {
                    changed = observed->changed();
                    return {};
                }
                // What it has written among the sources is theirs from now on.
                observe(basic_source_tree<System>(at.directory, at.written));
            }
            compiling = true;
            tell(at, event::step::compiling);
            tree.build(options_.jobs, within, say);
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            if (compiling ? !observed->as_expected() : !observed->as_given({})) {
                changed = observed->changed();
                return {};
            }
            try {
                if (compiling && take())
                    tree.keep(made, system, scratch);
            } catch (const error& e) {
                trace("not keeping the tree of '", at.path, "': ", e.what());
            }
            throw;
        }
        if (!take()) {
            changed = observed->changed();
            return {};
        }
        tree.keep(made, system, scratch);

        for (const build_input& each : made.files)
            if (each.path.compare(0, at.directory.size(), at.directory) != 0)
                require_trusted(each.path);
        const std::string copy = scratch / "library.so";
        made.key = copy_of(tree.library().path, copy);
        const std::string library = at.libraries.result(made.key);
        tell(at, event::step::checking);
        publish_library(copy, library, checked(at, type, tree.files(), {}, check));
        made.size = static_cast<std::uint64_t>(status_of(library).st_size);
        return {library, record.with(made, system)};
    }

    // What is below a folder that is trusted is to be looked at alone; only links lead elsewhere.
    void require_trusted_in(const std::string& directory, const std::string& path) const {
        struct stat found;
        if (options_.trust.everyone || path == directory)
            return;
        if (System::lstat(path.c_str(), &found) != 0)
            throw error::system_call("look at", path, errno);
        if (S_ISLNK(found.st_mode))
            return require_trusted(path);
        if (const std::string why = distrust<System>(path, found, options_.trust); !why.empty())
            throw untrusted(path, why);
    }

    // Gives its SHA-256: with the same in it, it is the same library.
    static std::string copy_of(const std::string& original, const std::string& path) {
        const basic_file<System> from(original, O_RDONLY);
        const basic_file<System> to(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        sha256 all;
        from.parts(original, [&](std::string_view part) {
            all.add(part);
            to.write(path, part);
        });
        return all.hex();
    }

    // What each source is compiled to, taken from the cache where it is there.
    std::vector<basic_object_cache<System>> objects_for(const place& at,
                                                        const std::vector<std::string>& sources,
                                                        basic_compilation<System>& compilation) const {
        std::vector<basic_object_cache<System>> found;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            found.emplace_back(at.compiler, at.directory, sources[i], compilation.arguments(),
                               at.libraries.stem(), options_.thorough);
            if (found.back().take(compilation.object(i)))
                compilation.reuse(i);
        }
        return found;
    }

    // Those that were compiled now are there for the next time, also where another one was refused.
    static void keep(const std::vector<basic_object_cache<System>>& objects,
                     const basic_compilation<System>& compilation,
                     const std::optional<basic_precompiled_interface<System>>& precompiled,
                     basic_input_tracker<System>& observed, std::string packages,
                     const basic_scratch<System>& scratch) {
        if (package_state<System>(observed.start()) != packages)
            packages.clear();
        for (std::size_t i = 0; i < objects.size(); ++i) {
            struct stat made;
            if (objects[i].taken() || System::stat(compilation.object(i).c_str(), &made) != 0)
                continue;
            word_list files = compilation.read_for(i);
            if (precompiled)
                for (const build_inputs* list : {&precompiled->own_files(), &precompiled->system_files()})
                    for (const build_input& each : *list)
                        files.push_back(each.path);
            std::sort(files.begin(), files.end());
            files.erase(std::unique(files.begin(), files.end()), files.end());
            objects[i].keep(compilation.object(i), files, observed, packages, scratch);
        }
    }

    // The interface's header, precompiled, where there is one that these sources can be compiled with.
    std::optional<basic_precompiled_interface<System>>
    precompiled_for(const place& at, const plugin_type& type, const std::vector<std::string>& sources,
                    const compile_flags& flags, basic_compilation<System>& compilation,
                    const basic_deadline<System>& within, remarks& say) const {
        const auto without = [&](std::string_view why) {
            trace("'", at.directory, "' is compiled without a precompiled interface: ", why);
            return std::nullopt;
        };
        if (!options_.precompile)
            return without("options.precompile says so");
        // Those that remember results or have them made elsewhere go by the text of a source.
        if (at.compiler.launched())
            return without("another program runs the compiler");
        if (!lets_precompile(compilation.arguments()))
            return without("its flags put something before it, or change where it is found");

        const basic_interface_headers<System> known(options_.include);
        const std::string header = absolute(known.header(type));
        std::vector<std::string> folders = absolute(known.folders(type));
        std::vector<bool> begin_so;
        for (const std::string& source : sources) {
            begin_so.push_back(begins_with<System>(read_file<System>(join(at.directory, source)), header,
                                                   at.directory, folders));
            if (!begin_so.back())
                trace("'", source, "' is compiled without a precompiled interface: it does not begin with '",
                      header, "'");
        }
        if (std::find(begin_so.begin(), begin_so.end(), true) == begin_so.end())
            return std::nullopt;

        add_include_folders(folders, at, flags);
        const bool has_own_flags = !flags.compile().empty() || !at.compiler.flags(at.cmake).compile().empty();
        std::optional<basic_precompiled_interface<System>> found(
            std::in_place, cache_, at.compiler, type.name(), header, compilation.arguments(), at.directory,
            has_own_flags, options_.thorough);
        if (!found->prepare(
                folders, within, options_.jobs, [&] { tell(at, event::step::precompiling); }, say))
            return std::nullopt;
        compilation.try_with(found->flags(), std::move(begin_so));
        return found;
    }

    static std::vector<std::string> sources_of(const place& at) {
        if (at.source.empty())
            return sources_in(at.directory);
        if (at.path.find('\n') != std::string::npos)
            throw line_break_in_name(at.path);
        return {at.source};
    }

    static std::vector<std::string> sources_in(const std::string& directory) {
        std::vector<std::string> sources;
        std::string others;
        for (const std::string& name : names_in<System>(directory)) {
            const std::string path = join(directory, name);
            if (is_source_name(name))
                require_no_dangling_link<System>(path);
            struct stat found{};
            const bool there = System::stat(path.c_str(), &found) == 0;
            if (is_source_name(name) && there && S_ISREG(found.st_mode)) {
                if (path.find('\n') != std::string::npos)
                    throw line_break_in_name(path);
                sources.push_back(name);
            } else if (others.size() < 200)
                others += (others.empty() ? "has '" : ", '") + name + (S_ISDIR(found.st_mode) ? "/'" : "'");
        }
        if (sources.empty())
            throw no_sources(directory, others.empty() ? "is empty" : others,
                             sentence_on_sources_left_out<System>(directory, sources));
        return sources;
    }

    compile_flags read_flags(const place& at, bool has_file) const {
        compile_flags flags(options_.builds_may_run_programs, at.cmake);
        for (const std::string& flag : options_.flags)
            flags.add(flag, "options.flags");
        const std::string path = flags_file(at);
        if (has_file) {
            require_trusted(path);
            flags.add_lines(read_file<System>(path), path);
        }
        return flags;
    }

    // The folders that flags have headers searched in: those of the plugin and of the compiler's own command.
    static void add_include_folders(std::vector<std::string>& to, const place& at,
                                    const compile_flags& flags) {
        const compile_flags of_compiler = at.compiler.flags(at.cmake);
        for (const compile_flags* each : {&flags, &of_compiler})
            for (const std::string& folder : each->include_folders())
                to.push_back(absolute(folder, at.directory));
    }

    // What else has a name by which a file is looked for is nobody's intention.
    static void require_file_if_any(const std::string& path) {
        require_no_dangling_link<System>(path);
        struct stat found;
        if (System::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode))
            throw not_a_regular_file(path);
    }

    static std::string lists_file(const place& at) { return join(at.directory, "CMakeLists.txt"); }
    static std::string flags_file(const place& at) { return join(at.directory, "compile_flags.txt"); }

    static std::string absolute(const std::string& path, const std::string& from) {
        return path[0] == '/' ? path : join(from, path);
    }
    static std::string absolute(const std::string& path) {
        return absolute(path, path[0] == '/' ? "" : canonical("."));
    }
    static std::vector<std::string> absolute(std::vector<std::string> paths) {
        for (std::string& path : paths)
            path = absolute(path);
        return paths;
    }

    static struct stat status_of(const std::string& path) {
        struct stat found;
        if (System::stat(path.c_str(), &found) != 0)
            throw error::system_call("look at", path, errno);
        return found;
    }

    void require_trusted(const std::string& path) const {
        if (!options_.trust.everyone)
            require_trust<System>(canonical(path), status_of(path), options_.trust);
    }

    static std::string key_of(const place& at, const std::string& recipe, const build_inputs& own,
                              const build_inputs& system) {
        sha256 all;
        all.field(at.compiler.traits().identity).field(at.directory).field(recipe);
        for (const build_inputs* list : {&own, &system})
            for (const build_input& file : *list)
                all.field(file.path).field(file.digest);
        return all.hex();
    }

    static void trace_pins(const std::string& path) {
        if (!tracing())
            return;
        const basic_file<System> open(path, O_RDONLY);
        for (const std::string& symbol :
             elf_reader<System>(open.descriptor(), path).what_pins().unique_symbols)
            trace("'", path, "' will stay in memory for its unique symbol ", symbol);
    }

    // A check whose errors are about what the author of a plugin knows: the place of its sources, which of
    // them were left out, and which header of the interface was used. `files` were read by compilers.
    template <class Check>
    auto checked(const place& at, const plugin_type& type, const std::vector<std::string>& files,
                 const std::vector<std::string>& sources, Check& check) const {
        return [&, files, sources](const std::string& library) {
            try {
                check(library);
            } catch (const error& wrong) {
                const errc code = static_cast<errc>(wrong.code().value());
                std::string text = wrong.what();
                for (std::size_t i = 0; (i = text.find(library, i)) != text.npos; i += at.path.size())
                    text.replace(i, library.size(), at.path);
                if (code == errc::misfit || code == errc::bad_interface)
                    text += header_used(type, files);
                if (code == errc::not_a_plugin && !at.cmake && at.source.empty())
                    if (const std::string left_out =
                            sentence_on_sources_left_out<System>(at.directory, sources);
                        !left_out.empty())
                        text += "; " + left_out;
                throw error(code, text, at.path);
            }
        };
    }

    // Says which header of the interface's file name compilers have read: another than this program's, or
    // that one as it is now.
    std::string header_used(const plugin_type& type, const std::vector<std::string>& files) const {
        const std::string own = absolute(basic_interface_headers<System>(options_.include).header(type));
        struct stat wanted, found;
        if (System::stat(own.c_str(), &wanted) != 0)
            return "";
        bool used = false;
        for (const std::string& path : files)
            if (basename(path) == basename(own) && System::stat(path.c_str(), &found) == 0) {
                if (found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino)
                    return "; its sources include '" + path + "', and the header of this program is '" + own +
                           '\'';
                used = true;
            }
        return used ? "; its sources include '" + own +
                          "' as it is now: where that has changed since this program was compiled, compile "
                          "the program again"
                    : "";
    }

    // Checks a library and puts it where others find it, unless there is one of that name: equal, and perhaps
    // in use.
    template <class Check>
    static void publish_library(const std::string& unpublished, const std::string& path, const Check& check) {
        // Linkers let the umask say who may write to it, and the check refuses what others may.
        if (System::chmod(unpublished.c_str(), 0700) != 0)
            throw error::system_call("change the mode of", unpublished, errno);
        check(unpublished);
        trace_pins(unpublished);
        struct stat found;
        if (System::stat(path.c_str(), &found) == 0) {
            try {
                check(path);
                return;
            } catch (const error& e) {
                trace("replacing '", path, "': ", e.what());
            }
        }
        // A loss of power might else leave a file of the right size that says nothing, under a name that
        // promises what is in it.
        if (System::fsync(basic_file<System>(unpublished, O_RDONLY).descriptor()) != 0)
            throw error::system_call("store", unpublished, errno);
        if (System::rename(unpublished.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
    }

    build_options options_;
    basic_cache<System> cache_;
};
using builder = basic_builder<>;

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif
