// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_LIBRARY_FINDER_HPP
#define TENON_DETAIL_LOAD_LIBRARY_FINDER_HPP

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/loader_options.hpp>
#include <tenon/options.hpp>

#include <tenon/detail/build/builder.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/interface/note_addresses.hpp>
#include <tenon/detail/library/compatibility.hpp>
#include <tenon/detail/library/library_file.hpp>
#include <tenon/detail/load/build_log.hpp>
#include <tenon/detail/load/search_path.hpp>
#include <tenon/detail/load/untyped_loader.hpp>
#include <tenon/detail/source/checkout.hpp>
#include <tenon/detail/source/repository.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/stop_event.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error build_needed(const std::string& path) {
    return {errc::build_needed,
            concatenated(
                {"'", path,
                 "' has to be compiled or fetched first, and options.build says never; prepare it with a "
                 "loader that may"}),
            path};
}

/// Where a driver has led.
struct found_library {
    std::string path, plugin;
    std::string sources{}; // of a repository
};

/// What cancels a build or a fetch: the end of a watch, or else the options.
class build_stop {
public:
    template <class System>
    explicit build_stop(const basic_untyped_loader<System>& by)
        : cancelled_(by.cancelled), requested_(stop_event::of(by.options.stop)) {}
    int descriptor() const noexcept { return cancelled_ >= 0 ? cancelled_ : requested_.descriptor(); }

private:
    int cancelled_;
    stop_event requested_;
};

/// Finds the library that a driver means: searches for it, builds it, or fetches and builds it.
template <class System = posix>
class basic_library_finder {
public:
    explicit basic_library_finder(const basic_untyped_loader<System>& by) : by_(by) {}

    /// No digests apply to libraries that are compiled here, because nobody could know them in advance.
    allow_list<std::string> digests(driver::kind kind) const {
        const bool given = kind == driver::kind::library || kind == driver::kind::name;
        return given ? by_.options.policy.sha256 : allow_list<std::string>();
    }

    library_options options_for(driver::kind kind) const {
        return {by_.options.unload, by_.options.trust, by_.options.private_copy, digests(kind)};
    }

    /// Throws unless this program may load the plugin, and runs none of the library's code.
    void check(const found_library& found, const plugin_notes& host,
               const allow_list<std::string>& digests = {}) const {
        const library_file file(found.path, by_.options.trust);
        file.require_digest(digests);
        fitting_plugin(file.manifest(), file.path(), found.plugin, host);
    }

    /// The library that a driver means, after a build or a fetch.
    found_library locate(const driver& from, const plugin_notes& host) const {
        switch (from.what) {
        case driver::kind::name:
            return {search_path(by_.options, by_.built_ins)
                        .library(from.place, {host.type.name(), host.type.size()}),
                    from.place};
        case driver::kind::library:
            return {from.place, from.plugin};
        case driver::kind::directory:
            return {built(from, from.place, host), from.plugin};
        case driver::kind::repository: {
            const std::string directory = checked_out(from);
            const basic_hold<> hold(cache(by_.options.cache), directory, from.place);
            try {
                return {built(from, directory, host), from.plugin, directory};
            } catch (const error& e) {
                if (e.code() != errc::build_failed && e.code() != errc::not_found)
                    throw;
                std::string_view whole = directory;
                if (!from.subdirectory.empty())
                    whole.remove_suffix(from.subdirectory.size() + 1);
                checkout(std::string(whole)).throw_explained(e);
            }
        }
        }
        std::abort();
    }

    builder builder_for(const driver& from, int stop) const {
        return builder(
            {.compiler = by_.options.compiler,
             .flags = by_.options.flags,
             .builds_may_run_programs = by_.options.builds_may_run_programs,
             .fetched = from.what == driver::kind::repository,
             .target = from.target,
             .include = by_.options.include,
             .profile = by_.options.profile,
             .jobs = by_.options.jobs,
             .thorough = by_.options.thorough,
             .precompile = by_.options.precompile,
             .trust = by_.options.trust,
             .on_event = by_.options.on_event,
             .on_built = [to = by_.last_build](std::vector<diagnostic> said) { to->put(std::move(said)); },
             .limits = by_.options.limits,
             .timeout = by_.options.build_timeout.count(),
             .stop = stop},
            cache(by_.options.cache));
    }

private:
    std::string built(const driver& from, const std::string& directory, const plugin_notes& host) const {
        const build_stop stop(by_);
        const builder by = builder_for(from, stop.descriptor());
        if (by_.options.build == build_policy::never) {
            const std::optional<std::string> current = by.cached(directory, host.type);
            if (!current)
                throw build_needed(directory);
            note_use<>(*current);
            return *current;
        }
        const std::string path = by.library(directory, host.type, [&](const std::string& unpublished) {
            check({unpublished, from.plugin}, host);
        });
        note_use<>(path);
        return path;
    }

    std::string checked_out(const driver& from) const {
        const build_stop stop(by_);
        const basic_repository<> wanted(from, cache(by_.options.cache), by_.options.on_event,
                                        deadline(by_.options.limits, by_.options.fetch_timeout.count(),
                                                 stop.descriptor(), "options.fetch_timeout"),
                                        by_.options.policy, by_.options.trust);
        if (by_.options.build == build_policy::never) {
            if (std::optional<std::string> current = wanted.cached())
                return std::move(*current);
            throw build_needed(from.place);
        }
        return wanted.checkout();
    }

    const basic_untyped_loader<System>& by_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
