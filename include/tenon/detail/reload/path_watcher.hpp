// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_PATH_WATCHER_HPP
#define TENON_DETAIL_RELOAD_PATH_WATCHER_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits.h>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Watches files and folders, and returns the keys of those that may have changed.
///
///     basic_path_watcher<> files(500);
///     files.set(7, {"/opt/hello/hello.cpp", "/opt/hello"});
///     pollfd readable{files.descriptor(), POLLIN, 0};
///     posix::poll(&readable, 1, static_cast<int>(files.timeout()));   // until somebody saves hello.cpp
///     files.changed();                                                // {7}
///
/// A path has to be absolute. It may name a file, a folder, or nothing yet. Of a folder all direct entries
/// are watched. A change is: a file that was open for writing is closed; an entry is made, removed or
/// renamed, or gets another owner or mode. Changes to the folders and symbolic links on the way to the file
/// count too. Other entries of these folders do not. A key may be returned without a change; a change is
/// never missed, but for the cases below.
///
/// Folders are watched in place of files, because editors rename a new file over the old one. All folders on
/// the way are watched, because the watch of a replaced folder says nothing of its successor. For these the
/// kernel only reports changes to the folder itself, so that other people's files in /tmp cause no wake-up
/// unless their mode or times are set. A folder that inotify cannot watch is polled at the given interval, in
/// milliseconds: when the user has reached fs.inotify.max_user_instances or fs.inotify.max_user_watches, when
/// this process may pass through a folder but not read it, and on a system without inotify. Each poll tries
/// inotify again.
///
/// inotify misses writes by another machine on a network file system, writes through a mapping after the file
/// was closed, writes through another name of the file in another folder, and mounts over a folder. A poll
/// sees all of these, unless the change is undone before the next poll.
///
/// One thread at a time may use the object.
template <class System = posix>
class basic_path_watcher {
public:
    explicit basic_path_watcher(std::int64_t poll_every_ms)
        : notifier_(System::notifier()), every_(poll_every_ms), next_look_(System::milliseconds() + every_) {}
    basic_path_watcher(const basic_path_watcher&) = delete;

    /// Becomes readable when `changed()` has something to return; -1 if all folders are polled.
    int descriptor() const noexcept { return notifier_.descriptor(); }

    /// Milliseconds until `changed()` has to be called although the descriptor is not readable; -1: never.
    std::int64_t timeout() const {
        if (!touched_.empty())
            return 0;
        const bool looks = std::any_of(places_.begin(), places_.end(),
                                       [](const auto& known) { return known.second.number < 0; });
        return looks ? std::max<std::int64_t>(next_look_ - System::milliseconds(), 0) : -1;
    }

    /// Replaces the paths of a key.
    void set(std::size_t key, const std::vector<std::string>& paths) {
        ++round_;
        std::vector<trail*> now;
        for (const std::string& path : paths) {
            const auto [known, fresh] = trails_.try_emplace(path);
            trail& way = known->second;
            if (fresh) {
                way.path = path;
                walk(way);
            }
            way.keys.insert(key);
            now.push_back(&way);
        }
        std::sort(now.begin(), now.end());
        // The new paths are already watched, so that a folder that both sets need is watched throughout.
        for (trail* const way : std::exchange(keys_[key], now))
            if (!std::binary_search(now.begin(), now.end(), way))
                leave(*way, key);
        end_round();
    }

    void remove(std::size_t key) {
        set(key, {});
        keys_.erase(key);
    }

    /// The sorted keys with a file that may have changed since the key was last returned.
    std::vector<std::size_t> changed() {
        ++round_;
        read_events();
        look_if_it_is_time();
        std::set<std::size_t> keys;
        while (!touched_.empty()) {
            trail& way = **touched_.begin();
            touched_.erase(touched_.begin());
            keys.insert(way.keys.begin(), way.keys.end());
            walk(way);
        }
        end_round();
        return {keys.begin(), keys.end()};
    }

private:
    /// The state of an entry, which differs after each write to it.
    struct state {
        mode_t mode = 0; ///< 0: there is no such entry
        uid_t user = 0;
        gid_t group = 0;
        file_identity file; ///< of a folder only which one it is: its entries have states of their own

        friend bool operator==(const state&, const state&) = default;
    };

    struct trail;

    struct entry {
        std::set<trail*> trails;                        ///< the paths that it is on
        std::uint64_t round = 0;                        ///< in which it was looked at last; 0: never
        std::vector<std::pair<std::string, state>> was; ///< by that look
        bool is_certain = true; ///< whether a later change shows as a difference to it
        mode_t type = 0;        ///< of a name; 0: there is no such entry
    };

    struct place {
        std::map<std::string, entry, std::less<>> entries{}; ///< those that matter; "": all

        std::uint64_t round = 0; ///< in which the kernel was asked to watch it last
        int number = -1;         ///< that the kernel gave it; negative: it is looked at
        std::size_t needs = 0;   ///< how many steps need to know what happens to its entries
    };
    using place_at = typename std::map<std::string, place>::iterator;
    using entry_at = typename std::map<std::string, entry, std::less<>>::iterator;

    struct step {
        place_at in;
        entry_at at;
        bool needs_entries = false; ///< and not only what happens to the folder itself

        bool is(const step& other) const { return in == other.in && at == other.at; }
    };

    /// The existing entries on the way to a file, up to and including the file.
    struct trail {
        std::string path;
        std::vector<step> steps;
        std::set<std::size_t> keys;
    };

    void walk(trail& followed) {
        const std::vector<step> before = std::exchange(followed.steps, {});
        std::string here = "/";
        std::vector<std::string> left; // the next one is the last
        put_names(followed.path, left);
        for (int links = 0; links <= 40;) { // as many as the kernel follows, path_resolution(7)
            if (!left.empty() && left.back() == "..") {
                here = parent(here);
                left.pop_back();
                continue;
            }
            const place_at in = watched(here);
            std::string name;
            if (!left.empty())
                name = std::exchange(left.back(), {}), left.pop_back();
            const entry_at at = in->second.entries.try_emplace(std::move(name)).first;
            look(in, at);
            at->second.trails.insert(&followed);
            step& now = passed(followed, {in, at});
            if (at->second.type == S_IFDIR) {
                here = join(here, at->first);
                continue;
            }
            now.needs_entries = true;
            if (at->second.type != S_IFLNK) {
                // An empty folder that a process works in can be removed without an event of its own; only
                // the folder above reports that. A folder with an entry of this path cannot go before the
                // entry.
                if (at->second.type == 0)
                    for (step& hop : followed.steps)
                        if (join(hop.in->first, hop.at->first) == here)
                            hop.needs_entries = true;
                break;
            }
            ++links;
            const std::string target = target_of(join(here, at->first));
            if (target.starts_with('/'))
                here = "/";
            put_names(target, left);
        }
        for (const step& hop : followed.steps)
            hop.in->second.needs += hop.needs_entries;
        for (const step& hop : before) {
            hop.in->second.needs -= hop.needs_entries;
            if (!has(followed, hop))
                retire(followed, hop);
        }
    }

    static bool has(const trail& followed, const step& which) {
        return std::any_of(followed.steps.begin(), followed.steps.end(),
                           [&](const step& hop) { return hop.is(which); });
    }
    static step& passed(trail& followed, const step& which) {
        const auto known = std::find_if(followed.steps.begin(), followed.steps.end(),
                                        [&](const step& hop) { return hop.is(which); });
        return known != followed.steps.end() ? *known : followed.steps.emplace_back(which);
    }

    static void put_names(std::string_view path, std::vector<std::string>& before) {
        while (!path.empty()) {
            const std::string_view name = basename(path);
            if (!name.empty() && name != ".")
                before.emplace_back(name);
            path.remove_suffix(std::min(name.size() + 1, path.size()));
        }
    }

    static std::string target_of(const std::string& link) {
        char target[PATH_MAX];
        const ssize_t size = System::readlink(link.c_str(), target, sizeof target);
        return std::string(target, size > 0 ? static_cast<std::size_t>(size) : 0);
    }

    /// Returns a folder that is watched from before its entries are read in this round.
    place_at watched(const std::string& path) {
        const place_at which = places_.try_emplace(path).first;
        if (std::exchange(which->second.round, round_) != round_) {
            visited_.push_back(which);
            watch_again(which, true);
        }
        return which;
    }

    void end_round() {
        std::sort(visited_.begin(), visited_.end(),
                  [](place_at a, place_at b) { return a->first < b->first; });
        visited_.erase(std::unique(visited_.begin(), visited_.end()), visited_.end());
        bool asked_too_much = false;
        for (const place_at& visited : std::exchange(visited_, {}))
            if (visited->second.entries.empty()) {
                watch_no_more(visited);
                places_.erase(visited);
            } else if (const auto known = numbers_.find(visited->second.number); known != numbers_.end()) {
                const auto needs = [](place_at path) { return path->second.needs > 0; };
                if (std::none_of(known->second.begin(), known->second.end(), needs)) {
                    watch_again(visited, false);
                    asked_too_much = true;
                }
            }
        // Until it was known which folders matter, the kernel was asked for the entries of all folders on the
        // way. Events of the others are read and dropped now, so that they cause no wake-up.
        if (asked_too_much)
            read_events();
    }

    /// Watches the folder that is at the path now. The kernel still watches the one that was there before.
    void watch_again(place_at which, [[maybe_unused]] bool with_entries) {
        int number = -1;
#ifdef IN_ONLYDIR
        constexpr std::uint32_t folder = IN_ATTRIB | IN_MOVE_SELF | IN_ONLYDIR;
        constexpr std::uint32_t entries =
            IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
        if (descriptor() >= 0)
            number = System::notify_of(descriptor(), which->first.c_str(),
                                       with_entries ? folder | entries : folder);
#endif
        if (number == which->second.number)
            return;
        if (which->second.number >= 0)
            touch_all_in(which); // what was still to be said of the folder before cannot be told any more
        watch_no_more(which);
        which->second.number = number;
        if (number >= 0)
            numbers_[number].push_back(which);
    }

    void watch_no_more(place_at which) {
        const auto known = numbers_.find(std::exchange(which->second.number, -1));
        if (known == numbers_.end())
            return;
        std::erase(known->second, which);
        if (!known->second.empty())
            return;
        System::notify_no_more(descriptor(), known->first);
        numbers_.erase(known);
    }

    /// Reads the states of an entry. Equal states count as unchanged only if that is certain, because a file
    /// may be written to twice in one tick of the clock.
    void look(place_at in, entry_at at) {
        entry& folder = at->second;
        const std::uint64_t last = std::exchange(folder.round, round_);
        if (last == round_)
            return;
        const bool is_watched = in->second.number >= 0;
        const std::int64_t now = nanoseconds(System::now());
        std::vector<std::pair<std::string, state>> is;
        if (!at->first.empty()) {
            is.emplace_back(at->first, state_of(join(in->first, at->first)));
            folder.type = is.front().second.mode & S_IFMT;
        } else if (!is_watched)
            for (std::string& name : names(in->first)) {
                const state seen = state_of(join(in->first, name));
                is.emplace_back(std::move(name), seen);
            }
        if (last != 0 && (!folder.is_certain || is != folder.was))
            touched_.insert(folder.trails.begin(), folder.trails.end());
        folder.was = std::move(is);
        folder.is_certain =
            is_watched || std::all_of(folder.was.begin(), folder.was.end(),
                                      [&](const auto& earlier) { return settled(earlier.second.file, now); });
    }

    static state state_of(const std::string& path) {
        struct stat status;
        if (System::lstat(path.c_str(), &status) != 0)
            return {};
        file_identity file(status);
        if (S_ISDIR(status.st_mode))
            file.size = 0, file.modified = file.changed = 0;
        return {status.st_mode, status.st_uid, status.st_gid, file};
    }

    static std::vector<std::string> names(const std::string& folder) {
        try {
            return names_in<System>(folder);
        } catch (const error&) { // whether it can be read is its mode's business, which is on the way too
            return {};
        }
    }

    void look_if_it_is_time() {
        if (const std::int64_t now = System::milliseconds(); now >= next_look_)
            next_look_ = now + every_;
        else
            return;
        for (place_at in = places_.begin(); in != places_.end(); ++in)
            if (in->second.number < 0) {
                watched(in->first);
                for (entry_at at = in->second.entries.begin(); at != in->second.entries.end(); ++at)
                    look(in, at);
            }
    }

    void read_events() {
#ifdef IN_ONLYDIR
        // Reads once: a program that causes events faster than they are read must not hold up the caller.
        char events[64 * 1024];
        for (int most = 64; most > 0 && descriptor() >= 0; --most) {
            const ssize_t got = System::read(descriptor(), events, sizeof events);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0 && errno == EAGAIN)
                return;
            if (got <= 0)
                return look_from_now_on();
            for (std::string_view rest(events, static_cast<std::size_t>(got)); !rest.empty();) {
                inotify_event event;
                rest.copy(reinterpret_cast<char*>(&event), sizeof event);
                rest.remove_prefix(sizeof event);
                const std::string_view name = rest.substr(0, event.len); // and zeros behind it
                happened(event.wd, event.mask, name.substr(0, name.find('\0')));
                rest.remove_prefix(event.len);
            }
        }
#endif
    }

#ifdef IN_ONLYDIR
    void happened(int number, std::uint32_t events, std::string_view name) {
        if (events & IN_Q_OVERFLOW)
            return touch_all();
        const auto known = numbers_.find(number);
        if (known == numbers_.end())
            return;
        for (const place_at& which : known->second) {
            auto& entries = which->second.entries;
            if (name.empty())
                touch_all_in(which);
            else
                for (const std::string_view asked : {name, std::string_view()})
                    if (const auto at = entries.find(asked); at != entries.end())
                        touch(at->second);
        }
    }
#endif

    /// Falls back to polling for good, because no error of inotify goes away.
    void look_from_now_on() {
        notifier_ = basic_file<System>();
        numbers_.clear();
        for (auto& [path, folder] : places_)
            folder.number = -1;
        touch_all();
    }

    void touch(const entry& changed) { touched_.insert(changed.trails.begin(), changed.trails.end()); }

    void touch_all_in(place_at which) {
        for (const auto& [name, trails] : which->second.entries)
            touch(trails);
    }

    void touch_all() {
        for (auto& [path, way] : trails_)
            touched_.insert(&way);
    }

    void leave(trail& followed, std::size_t key) {
        followed.keys.erase(key);
        if (!followed.keys.empty())
            return;
        for (const step& hop : followed.steps) {
            hop.in->second.needs -= hop.needs_entries;
            retire(followed, hop);
        }
        touched_.erase(&followed);
        trails_.erase(trails_.find(followed.path));
    }

    void retire(trail& followed, const step& which) {
        which.at->second.trails.erase(&followed);
        if (!which.at->second.trails.empty())
            return;
        which.in->second.entries.erase(which.at);
        visited_.push_back(which.in);
    }

    basic_file<System> notifier_;
    std::int64_t every_;
    std::int64_t next_look_;
    std::uint64_t round_ = 0;             ///< what was watched and looked at in one round is so once
    std::vector<place_at> visited_;       ///< in this round, or left; some of them twice
    std::map<std::string, place> places_; ///< by paths without a symbolic link
    std::unordered_map<int, std::vector<place_at>> numbers_; ///< which folders have them
    std::map<std::string, trail> trails_;
    std::map<std::size_t, std::vector<trail*>> keys_;
    std::set<trail*> touched_; ///< what is to be said
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
