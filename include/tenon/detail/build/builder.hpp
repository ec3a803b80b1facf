// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_BUILDER_HPP
#define TENON_DETAIL_BUILD_BUILDER_HPP

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/event.hpp>
#include <tenon/interface.hpp>
#include <tenon/trust.hpp>

#include <tenon/detail/build/action_cache.hpp>
#include <tenon/detail/build/build_options.hpp>
#include <tenon/detail/build/build_report.hpp>
#include <tenon/detail/build/build_target.hpp>
#include <tenon/detail/build/cmake_build.hpp>
#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/flag_inputs.hpp>
#include <tenon/detail/build/include_scan.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/build/library_publisher.hpp>
#include <tenon/detail/build/source_build.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/build/system_files.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/library/file_trust.hpp>
#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error cmake_runs_programs(const std::string& directory) {
    return {errc::build_failed,
            concatenated(
                {"'", directory,
                 "' is from a repository and has a CMakeLists.txt, which can run any program while it is "
                 "built; set options.builds_may_run_programs to let it, or build it with CMake and name "
                 "the library that it makes"}),
            directory};
}

inline error sources_keep_changing(const std::string& directory, const source_change& change, bool cmake) {
    return {errc::changed,
            concatenated({"the plugin in '", directory, "' was not built, because '", change.path,
                          "' changed each time while it was being compiled", change.how.empty() ? "" : " (",
                          change.how, change.how.empty() ? "" : ")", "; try again when it is left alone",
                          cmake ? "; every file below a CMakeLists.txt may be a source: let programs write "
                                  "elsewhere, or under names that begin with '.'"
                                : ""}),
            directory};
}

/// Compiles sources to libraries and records their inputs. While these are unchanged, no program runs.
///
///     builder build(options, cache);
///     build.library("./filters/echo", type, check)   // ~/.cache/tenon/bin/filter/echo-3f….so
///
/// A builder has no state of its own. Any number of threads and processes may build the same plugin at once:
/// one compiles, and the others wait for it.
template <class System = posix>
class basic_builder {
    using target = basic_build_target<System>;
    using library_cache = basic_action_cache<System>;

public:
    basic_builder(build_options options, basic_cache<System> in)
        : options_(std::move(options)), cache_(std::move(in)) {}

    /// Returns the library of a source or source directory, compiled if the cache has no current one.
    /// `check(path)` is called before the library is published, and throws to refuse it.
    template <class Check>
    std::string library(const std::string& source, const plugin_type& type, Check&& check) const {
        const target wanted = target_of(source, type);
        const library_cache libraries(wanted.library);
        build_report report(options_.on_event, std::string(wanted.name()), wanted.directory);
        if (const std::optional<artifact> found = find(wanted, libraries)) {
            report.step(event::step::cached);
            if (!found->remembered)
                refresh(wanted, libraries);
            return found->path;
        }
        make_folders<System>(join(cache_.folder("bin"), type.name()));
        const basic_deadline<System> within(options_.limits, options_.timeout, options_.stop,
                                            "options.build_timeout");
        const basic_lock<System> turn(libraries.lock(), within, [&] { report.step(event::step::waiting); });
        if (const std::optional<artifact> found = find(wanted, libraries)) {
            report.step(event::step::cached);
            if (!found->remembered)
                libraries.remember(found->entry, basic_scratch<System>(cache_));
            return found->path;
        }
        return build(wanted, libraries, within, report, check);
    }

    /// The current library in the cache, if there is one. Runs no program and writes no file.
    std::optional<std::string> cached(const std::string& source, const plugin_type& type) const {
        const target wanted = target_of(source, type);
        std::optional<artifact> found = find(wanted, library_cache(wanted.library));
        return found ? std::optional(std::move(found->path)) : std::nullopt;
    }

    /// The sorted files and directories whose change can give `library` another outcome. A directory stands
    /// for the names in it. Some files may not exist now. Files of the system are left out, of which there are
    /// hundreds, and which only its administrator writes. For sources that were never compiled, or do not
    /// compile, the list is taken from their text.
    std::vector<std::string> watched(const std::string& source, const plugin_type& type) const {
        std::string path = absolute<System>(source);
        std::set<std::string> paths{path};
        if (std::string real = canonical<System>(path); !real.empty()) // else it is gone for now
            path = std::move(real);
        const target wanted(options_, cache_, path, type);
        paths.insert({path, wanted.directory, wanted.flags_file()});
        for (const std::string& program : wanted.compiler.programs())
            paths.insert(program);
        std::map<std::string, bool, std::less<>> known;
        const auto is_systems = [&](std::string_view folder) {
            auto place = known.find(folder);
            if (place == known.end())
                place = known.emplace(folder, is_system_file<System>(std::string(folder))).first;
            return place->second;
        };
        const build_record record(library_cache(wanted.library).text());
        for (const build_result& result : record.results()) {
            for (const build_input& file : result.files)
                if (!is_systems(parent(file.path)))
                    paths.insert(file.path);
            for (const build_input& folder : result.folders)
                if (!is_systems(folder.path))
                    paths.insert(folder.path);
        }
        paths.erase(std::string(processor_file));
        paths.merge(told_from_sources(wanted));
        return {paths.begin(), paths.end()};
    }

private:
    target target_of(const std::string& source, const plugin_type& type) const {
        return {options_, cache_, target::canonical_of(source), type};
    }

    static std::optional<artifact> find(const target& wanted, const library_cache& libraries) {
        return libraries.find([&](const std::string& path) { wanted.require_trusted(path); });
    }

    // Updates the record to the states that the files have now.
    void refresh(const target& wanted, const library_cache& libraries) const {
        try {
            // Another holder of the lock is building, and writes the record itself.
            const basic_lock<System> turn(libraries.lock(), basic_deadline<System>().at_most(0), [] {});
            if (const std::optional<artifact> found = find(wanted, libraries); found && !found->remembered)
                libraries.remember(found->entry, basic_scratch<System>(cache_));
        } catch (const error& e) {
            // A read-only cache serves all the same.
            trace("not remembering the files of '", wanted.path, "': ", e.what());
        }
    }

    template <class Check>
    std::string build(const target& wanted, const library_cache& libraries,
                      const basic_deadline<System>& within, build_report& report, Check& check) const {
        require_buildable(wanted);
        expected_inputs expected = libraries.expected();
        source_change changed;
        for (int attempt = 0; attempt < 3; ++attempt) {
            const basic_scratch<System> scratch(cache_);
            const auto run = [&](auto&& build) {
                std::optional<built_library> built = build.run();
                changed = build.changed();
                return built;
            };
            std::optional<built_library> built =
                wanted.cmake
                    ? run(basic_cmake_build<System>(wanted, scratch, within, expected, report))
                    : run(basic_source_build<System>(wanted, cache_, scratch, within, expected, report));
            if (!built) {
                trace("'", changed.path, "' changed while '", wanted.path, "' was being compiled");
                continue;
            }
            std::string path = libraries.result(built->entry.key);
            report.step(event::step::checking);
            basic_library_publisher<System>(wanted).publish(*built, path, check);
            if (built->traceable)
                libraries.remember(built->entry, scratch);
            if (options_.on_built)
                options_.on_built(report.take_warnings());
            return path;
        }
        throw sources_keep_changing(wanted.path, changed, wanted.cmake);
    }

    void require_buildable(const target& wanted) const {
        require_trust<System>(wanted.directory, target::status_of(wanted.directory), options_.trust);
        require_file_if_any(wanted.cmake ? wanted.lists_file() : wanted.flags_file());
        if (wanted.cmake && options_.fetched && !options_.builds_may_run_programs)
            throw cmake_runs_programs(wanted.directory);
        if (!wanted.cmake && !options_.target.empty())
            throw no_targets_here(wanted.path, options_.target);
    }

    // Anything but a file under this name is a mistake.
    static void require_file_if_any(const std::string& path) {
        require_no_dangling_link<System>(path);
        struct stat status;
        if (System::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
            throw not_a_regular_file(path);
    }

    // The inputs that the text of the sources names, as far as it can be read.
    std::set<std::string> told_from_sources(const target& wanted) const {
        std::set<std::string> paths;
        std::vector<std::string> sources, folders = basic_interface_headers<System>::named(options_.include);
        const auto as_far_as_known = [](const auto& look) {
            try {
                look();
            } catch (const error& e) {
                trace("watching without it: ", e.what());
            }
        };
        as_far_as_known([&] { folders = wanted.interface_folders(); });
        as_far_as_known([&] {
            const bool has_file = System::access(wanted.flags_file().c_str(), F_OK) == 0;
            const flag_inputs named = wanted.inputs_named_by(wanted.flags(has_file));
            folders.insert(folders.end(), named.folders.begin(), named.folders.end());
            paths.insert(named.files.begin(), named.files.end());
            paths.erase(std::string(processor_file));
        });
        as_far_as_known([&] {
            if (wanted.cmake) {
                const basic_source_tree<System> tree(wanted.directory, wanted.written);
                paths.insert(tree.folders().begin(), tree.folders().end());
                paths.insert(tree.files().begin(), tree.files().end());
            } else {
                for (const std::string& name : wanted.sources())
                    sources.push_back(join(wanted.directory, name));
            }
        });
        paths.insert(folders.begin(), folders.end());
        paths.merge(std::set<std::string>(basic_include_scan<System>(std::move(sources), folders).paths()));
        return paths;
    }

    build_options options_;
    basic_cache<System> cache_;
};
using builder = basic_builder<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
