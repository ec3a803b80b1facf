// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_CACHE_CACHE_CONTENTS_HPP
#define TENON_DETAIL_CACHE_CACHE_CONTENTS_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/cache.hpp>
#include <tenon/error.hpp>

#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

/// `tenon::cache` over a replaceable set of system calls.
template <class System = posix>
class basic_cache_contents {
public:
    explicit basic_cache_contents(const std::string& folder) : folder_(folder) {}

    const std::string& path() const noexcept { return folder_.path(); }

    std::vector<cache_entry> entries() const {
        std::vector<cache_entry> entries;
        if (!is_there())
            return entries;
        folder_.require_tenons();
        const std::set<std::string> loaded = loaded_libraries();
        for (const std::string& type : folders_in(below("bin")))
            add_built(entries, type, loaded);
        for (const std::string& checkouts : folders_in(below("src")))
            add_checkouts(entries, join(below("src"), checkouts));
        for (const std::string& name : folders_in(below("tmp"))) {
            const std::string path = join(below("tmp"), name);
            if (!is_scratch_name(name))
                continue;
            add(entries, {.what = cache_entry::kind::unfinished, .path = path, .in_use = is_locked(path)});
        }
        return entries;
    }

    std::uint64_t size() const { return sum(entries()); }

    std::vector<cache_entry> prune(const prune_rule& rule = {}) const {
        if (!is_there())
            return {};
        folder_.require_own();
        std::vector<cache_entry> all = entries(), removed;
        const std::set<std::string> useful = useful_files(all);
        std::sort(all.begin(), all.end(), [&](const cache_entry& a, const cache_entry& b) {
            const bool a_first = is_useless(a, useful), b_first = is_useless(b, useful);
            return a_first != b_first ? a_first : a.last_use < b.last_use;
        });
        std::uint64_t bytes = sum(all);
        std::map<std::string, std::vector<std::string>> locks;
        for (cache_entry& entry : all) {
            const bool unwanted = unused_for(entry) >= rule.unused_for || bytes > rule.most_bytes;
            if ((is_useless(entry, useful) || (by_rule(entry) && unwanted)) && remove(entry, locks)) {
                bytes -= entry.size;
                removed.push_back(std::move(entry));
            }
        }
        remove_lone_files();
        return removed;
    }

private:
    using time_point = std::chrono::system_clock::time_point;
    using file = basic_file<System>;

    static constexpr std::string_view library_end = ".so", record_end = ".record", lock_end = ".lock",
                                      tree_end = ".tree";

    bool is_there() const {
        struct stat status;
        return System::stat(path().c_str(), &status) == 0;
    }
    std::string below(std::string_view name) const { return join(folder_.path(), name); }

    // ---- Listing

    static time_point time_of(const timespec& time) {
        return time_point(
            std::chrono::duration_cast<time_point::duration>(std::chrono::nanoseconds(nanoseconds(time))));
    }
    static time_point now() { return time_of(System::now()); }
    static std::chrono::seconds unused_for(const cache_entry& entry) {
        return std::chrono::duration_cast<std::chrono::seconds>(now() - entry.last_use);
    }
    static bool is_fresh(time_point last_use) { return now() - last_use < std::chrono::minutes(1); }

    static bool look_at(const std::string& path, struct stat& status) {
        return System::lstat(path.c_str(), &status) == 0;
    }
    static bool is_folder(const std::string& path) {
        struct stat status;
        return look_at(path, status) && S_ISDIR(status.st_mode);
    }
    static bool is_file(const std::string& path) {
        struct stat status;
        return look_at(path, status) && S_ISREG(status.st_mode);
    }

    // Returns no names for a folder that cannot be read.
    static std::vector<std::string> names_in(const std::string& folder) {
        try {
            return is_folder(folder) ? detail::names_in<System>(folder) : std::vector<std::string>();
        } catch (const error&) {
            return {};
        }
    }
    static std::vector<std::string> folders_in(const std::string& folder) {
        std::vector<std::string> names = names_in(folder);
        std::erase_if(names, [&](const std::string& name) { return !is_folder(join(folder, name)); });
        return names;
    }

    static bool is_hex(std::string_view text, std::size_t size) {
        return text.size() == size && text.find_first_not_of("0123456789abcdef") == text.npos;
    }

    // The parts of `NAME-DIGEST.END`, the name of a file that a build leaves in `bin/TYPE`. NAME may have
    // hyphens and dots too.
    struct built_name {
        std::string_view name, end;
    };
    static std::optional<built_name> parse_built_name(std::string_view whole) {
        constexpr std::size_t digest = 64;
        const auto dot = whole.rfind('.');
        if (dot == whole.npos || dot < digest + 1 || whole[dot - digest - 1] != '-' ||
            !is_hex(whole.substr(dot - digest, digest), digest))
            return std::nullopt;
        return built_name{whole.substr(0, dot - digest - 1), whole.substr(dot)};
    }
    static bool ends_in(std::string_view whole, std::string_view end) {
        const auto built = parse_built_name(whole);
        return built && built->end == end;
    }

    static bool is_repository_name(std::string_view name) {
        return name.size() > 33 && name[name.size() - 33] == '-' && is_hex(name.substr(name.size() - 32), 32);
    }
    static bool is_commit(std::string_view name) { return is_hex(name, 40) || is_hex(name, 64); }

    static void add(std::vector<cache_entry>& to, cache_entry entry) {
        struct stat status;
        if (!look_at(entry.path, status))
            return;
        entry.size = size_of(entry.path, status);
        if (entry.last_use == time_point())
            entry.last_use = last_use(entry.what, status);
        to.push_back(std::move(entry));
    }

    // The listing itself reads records and checkouts, so that reading these does not count as use.
    static time_point last_use(cache_entry::kind kind, const struct stat& status) {
        const bool reading_counts = S_ISREG(status.st_mode) && (kind == cache_entry::kind::library ||
                                                                kind == cache_entry::kind::intermediate);
        return std::max(reading_counts ? time_of(status.st_atim) : time_point(), time_of(status.st_mtim));
    }

    static std::uint64_t size_of(const std::string& path, const struct stat& status) {
        auto size = static_cast<std::uint64_t>(status.st_blocks) * 512;
        if (S_ISDIR(status.st_mode))
            for (const std::string& name : names_in(path))
                if (struct stat inside; look_at(join(path, name), inside))
                    size += size_of(join(path, name), inside);
        return size;
    }

    static std::uint64_t sum(const std::vector<cache_entry>& all) {
        std::uint64_t bytes = 0;
        for (const cache_entry& entry : all)
            bytes += entry.size;
        return bytes;
    }

    void add_built(std::vector<cache_entry>& to, const std::string& type,
                   const std::set<std::string>& loaded) const {
        using kind = cache_entry::kind;
        const std::string folder = join(below("bin"), type);
        const std::vector<std::string> names = names_in(folder);
        std::set<std::string_view> being_built;
        for (const std::string& name : names)
            if (const auto built = parse_built_name(name);
                built && built->end == lock_end && is_locked(join(folder, name)))
                being_built.insert(built->name);
        for (const std::string& name : names) {
            const auto built = parse_built_name(name);
            const std::string path = join(folder, name);
            if (!built || built->end == lock_end ||
                !(built->end == tree_end ? is_folder(path) : is_file(path)))
                continue;
            const kind role = built->end == library_end  ? kind::library
                              : built->end == record_end ? kind::record
                                                         : kind::intermediate;
            // Any build of this plugin type may read an intermediate file at the moment.
            const bool used_by_build =
                role == kind::intermediate ? !being_built.empty() : being_built.count(built->name) != 0;
            add(to, {.what = role,
                     .path = path,
                     .type = type,
                     .name = std::string(built->name),
                     .in_use = used_by_build || loaded.count(name) != 0});
        }
    }

    static void add_checkouts(std::vector<cache_entry>& to, const std::string& checkouts) {
        if (!is_repository_name(basename(checkouts)))
            return;
        const std::vector<std::string> names = names_in(checkouts);
        std::string url;
        for (const std::string& name : names)
            if (const auto known = is_memory(name) ? remembered(join(checkouts, name)) : std::nullopt)
                url = known->url;
        for (const std::string& commit : names) {
            const std::string path = join(checkouts, commit),
                              use = basic_hold<System>::file(checkouts, commit);
            if (!is_commit(commit) || !is_folder(path))
                continue;
            struct stat status;
            const bool noted = look_at(use, status) && S_ISREG(status.st_mode);
            if (!noted && !look_at(path, status))
                continue;
            add(to, {.what = cache_entry::kind::checkout,
                     .path = path,
                     .name = !url.empty() ? url
                             : noted      ? text_of(use)
                                          : "",
                     .commit = commit,
                     .last_use = time_of(noted ? status.st_mtim : status.st_ctim),
                     .in_use = is_locked(use)});
        }
    }

    // The commit in a file name `signed-COMMIT-KEYS`.
    static std::optional<std::string> signed_commit(std::string_view name) {
        constexpr std::string_view begin = "signed-";
        const auto end = name.rfind('-');
        if (name.substr(0, begin.size()) != begin || end <= begin.size() || !is_hex(name.substr(end + 1), 32))
            return std::nullopt;
        const std::string_view commit = name.substr(begin.size(), end - begin.size());
        return is_commit(commit) ? std::optional<std::string>(commit) : std::nullopt;
    }

    static bool is_memory(std::string_view name) {
        return name.substr(0, 3) == "at-" && is_hex(name.substr(3), 64);
    }

    // From a line `COMMIT REFERENCE URL`.
    struct remembered_commit {
        std::string id, url;
    };
    static std::optional<remembered_commit> remembered(const std::string& path) {
        const std::string line = text_of(path);
        const auto first = line.find(' '), last = line.rfind(' ');
        if (first == line.npos || line.back() != '\n')
            return std::nullopt;
        return remembered_commit{line.substr(0, first), line.substr(last + 1, line.size() - last - 2)};
    }

    static std::string text_of(const std::string& path) {
        return is_file(path) ? detail::text_of<System>(path) : "";
    }

    // ---- Entries in use

    static bool is_locked(const std::string& path) {
        const file open(System::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        return open.descriptor() >= 0 && !open.try_lock();
    }

    // The file names of all libraries that processes of this user have loaded. The digest in a name makes the
    // name unique, whatever path a process sees the cache by. The kernel keeps this list, so that no load has
    // to register itself and no killed process leaves a stale entry.
    static std::set<std::string> loaded_libraries() {
        std::set<std::string> keys;
        for (const std::string& process : names_in("/proc")) {
            if (process.find_first_not_of("0123456789") != process.npos)
                continue;
            std::string text;
            try {
                text = file("/proc/" + process + "/maps", O_RDONLY).read("/proc");
            } catch (const error&) {
                continue; // it has ended, or is another user's
            }
            for (std::string_view maps = text; !maps.empty();) {
                const std::string_view line = take_line(maps);
                if (const std::string_view name = basename(line); ends_in(name, library_end))
                    keys.emplace(name);
            }
        }
        return keys;
    }

    // ---- Choosing entries

    static bool by_rule(const cache_entry& entry) {
        using kind = cache_entry::kind;
        return entry.what == kind::library || entry.what == kind::intermediate ||
               entry.what == kind::checkout;
    }

    static bool is_useless(const cache_entry& entry, const std::set<std::string>& useful) {
        return entry.what == cache_entry::kind::unfinished ||
               (entry.what != cache_entry::kind::checkout && useful.count(entry.path) == 0);
    }

    // The records with at least one remaining result, these results, and the build trees beside the records.
    static std::set<std::string> useful_files(const std::vector<cache_entry>& all) {
        std::set<std::string> paths, found;
        for (const cache_entry& entry : all)
            paths.insert(entry.path);
        for (const cache_entry& entry : all) {
            if (entry.what != cache_entry::kind::record)
                continue;
            const build_record record(text_of(entry.path));
            const std::string place = entry.path.substr(0, entry.path.size() - record_end.size());
            std::set<std::string> results;
            for (const build_result& result : record.results()) {
                // A record does not say how the names of its results end.
                const std::string stem = place.substr(0, place.size() - 64) + result.key + '.';
                for (auto path = paths.lower_bound(stem);
                     path != paths.end() && path->compare(0, stem.size(), stem) == 0; ++path)
                    results.insert(*path);
            }
            if (results.empty())
                continue;
            found.insert(entry.path);
            found.insert(place + std::string(tree_end));
            found.insert(results.begin(), results.end());
        }
        return found;
    }

    // ---- Removing

    // Returns false if the entry is in use after all. `locks` caches the names of lock files by folder.
    bool remove(const cache_entry& entry, std::map<std::string, std::vector<std::string>>& locks) const {
        struct stat status;
        if (entry.in_use || !look_at(entry.path, status))
            return false;
        switch (entry.what) {
        case cache_entry::kind::unfinished:
            remove_unfinished<System>(below("tmp"));
            break;
        case cache_entry::kind::checkout:
            return !is_fresh(entry.last_use) && remove_checkout(entry);
        default:
            // Look again: the entry may have been used since it was listed.
            return (S_ISREG(status.st_mode) || ends_in(basename(entry.path), tree_end)) &&
                   !is_fresh(last_use(entry.what, status)) && remove_built(entry, locks);
        }
        return !look_at(entry.path, status);
    }

    // Takes the locks of all builds that may need the entry, so that none of them loses a file that it has
    // just found.
    bool remove_built(const cache_entry& entry,
                      std::map<std::string, std::vector<std::string>>& locks) const {
        std::vector<file> turns;
        const std::string folder(parent(entry.path));
        const auto [known, fresh] = locks.try_emplace(folder);
        // The locks of a folder are listed once. A build that creates a new lock meanwhile finds its files,
        // or makes them again.
        if (fresh)
            for (std::string& other : names_in(folder))
                if (ends_in(other, lock_end))
                    known->second.push_back(std::move(other));
        for (const std::string& other : known->second)
            if (const auto built = parse_built_name(other);
                entry.what == cache_entry::kind::intermediate || (built && built->name == entry.name)) {
                turns.emplace_back(
                    System::open(join(folder, other).c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK));
                const bool gone = turns.back().descriptor() < 0 && errno == ENOENT;
                if (!gone && !turns.back().try_lock())
                    return false;
            }
        trace("pruning '", entry.path, "'");
        if (!ends_in(basename(entry.path), tree_end))
            return System::unlink(entry.path.c_str()) == 0;
        const basic_scratch<System> scratch(folder_);
        return System::rename(entry.path.c_str(), (scratch / "tree").c_str()) == 0;
    }

    // Renames the checkout away in one step: every checkout that exists is complete.
    bool remove_checkout(const cache_entry& entry) const {
        const std::string use = basic_hold<System>::file(parent(entry.path), entry.commit);
        const basic_scratch<System> scratch(folder_);
        const file alone(System::open(use.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600));
        if (alone.descriptor() < 0 || !alone.try_lock() || !alone.is_at(use))
            return false;
        trace("pruning '", entry.path, "'");
        if (System::rename(entry.path.c_str(), (scratch / entry.commit).c_str()) != 0)
            return false;
        System::unlink(use.c_str());
        return true;
    }

    // Removes locks without a record, and notes about commits that are gone.
    void remove_lone_files() const {
        for (const std::string& type : folders_in(below("bin"))) {
            const std::string folder = join(below("bin"), type);
            for (const std::string& name : names_in(folder))
                if (const std::string path = join(folder, name); ends_in(name, lock_end))
                    remove_lone(path, path.substr(0, path.size() - lock_end.size()).append(record_end), path);
        }
        for (const std::string& checkouts : folders_in(below("src"))) {
            if (!is_repository_name(checkouts))
                continue;
            const std::string folder = join(below("src"), checkouts), lock = join(folder, "lock");
            for (const std::string& name : names_in(folder)) {
                const std::string path = join(folder, name);
                if (const auto known = is_memory(name) ? remembered(path) : std::nullopt)
                    remove_lone(path, join(folder, known->id), lock);
                else if (name.substr(0, 5) == "used-" && is_commit(name.substr(5)))
                    remove_lone(path, join(folder, name.substr(5)), path);
                else if (const auto commit = signed_commit(name))
                    remove_lone(path, join(folder, *commit), lock);
            }
        }
    }

    static void remove_lone(const std::string& path, const std::string& its_owner, const std::string& lock) {
        struct stat status;
        if (look_at(its_owner, status) || !look_at(path, status) || !S_ISREG(status.st_mode) ||
            is_fresh(time_of(status.st_mtim)))
            return;
        const file alone(System::open(lock.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK));
        if (alone.descriptor() >= 0 && alone.try_lock() && alone.is_at(lock) && !look_at(its_owner, status)) {
            trace("pruning '", path, "'");
            System::unlink(path.c_str());
        }
    }

    basic_cache<System> folder_;
};

} // namespace TENON_OWN
} // namespace detail

template <class System>
std::string cache::found(const std::string& folder) {
    return detail::basic_cache<System>(folder).path();
}

template <class System>
std::vector<cache_entry> cache::entries() const {
    return detail::basic_cache_contents<System>(path_).entries();
}

template <class System>
std::uint64_t cache::size() const {
    return detail::basic_cache_contents<System>(path_).size();
}

template <class System>
std::vector<cache_entry> cache::prune(const prune_rule& rule) const {
    return detail::basic_cache_contents<System>(path_).prune(rule);
}

#ifdef TENON_SEPARATE
template std::string cache::found<detail::posix>(const std::string&);
template std::vector<cache_entry> cache::entries<detail::posix>() const;
template std::uint64_t cache::size<detail::posix>() const;
template std::vector<cache_entry> cache::prune<detail::posix>(const prune_rule&) const;
#endif

} // namespace tenon::inline v1

#endif
