// SPDX-License-Identifier: MIT
#ifndef TENON_LOADED_NAMES_HPP
#define TENON_LOADED_NAMES_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/file.hpp>
#include <tenon/mutex_lock.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>

namespace tenon::inline v1::detail {

/// A library as the system's loader knows it, by which is found out later whether it is still there.
struct loaded_image {
    std::string name{}; // a link's may be another's; empty before it is loaded
    ElfW(Addr) base = 0;

    bool mapped() const { return !name.empty() && posix::is_loaded(name.c_str(), base); }
};

struct still_there {
    bool mapped;
    unsigned users;
};

/// Chooses what to call a library when it is loaded.
///
/// glibc takes a path that it has loaded before for the same library, whatever file is there by now
/// (elf/dl-load.c, _dl_map_object), and a relative one too after the folder has changed. So a file goes by
/// its canonical path with `/.` before the last component, once for the first file that was loaded from
/// there, twice for the next, and so on: nobody else uses such a name, and a name of ours stands for one file
/// as long as that is loaded.
class loaded_names {
public:
    /// One for the process, and for good: a handle may be closed by a static object's destructor.
    static loaded_names& here() {
        static loaded_names& all = *new loaded_names;
        return all;
    }

    static std::string name(std::string_view path, std::size_t generation) {
        const std::size_t slash = path.rfind('/');
        std::string text;
        text.reserve(path.size() + 2 * generation + 2);
        text.append(path.substr(0, slash));
        for (std::size_t i = 0; i <= generation; ++i)
            text += "/.";
        return text.append(path.substr(slash));
    }

    /// Which of a path's names a file has, in use by one more; throws where the file was written to in place
    /// while it is loaded.
    std::size_t acquire(const std::string& path, const file_identity& identity) {
        const mutex_lock locked(mutex_);
        auto place = lower_bound(path);
        if (place == all_.end() || place->path != path)
            place = all_.insert(place, {path, {}});
        auto& generations = place->generations;
        auto unused = generations.end();
        for (auto each = generations.begin(); each != generations.end(); ++each) {
            if (each->users == 0 && !each->image.mapped()) {
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
            if (each->image.mapped())
                throw error::changed_in_place(path);
        }
        if (unused == generations.end())
            unused = generations.insert(unused, use{});
        *unused = use{identity, 1};
        return static_cast<std::size_t>(unused - generations.begin());
    }

    /// Notes what the system's loader calls the library and where it is.
    void found(const std::string& path, std::size_t generation, const loaded_image& image) {
        const mutex_lock locked(mutex_);
        lower_bound(path)->generations[generation].image = image;
    }

    /// Has to be told after each dlclose, which does not say what it did; a name is free again once its last
    /// user is gone and the library too.
    still_there release(const std::string& path, std::size_t generation) {
        const mutex_lock locked(mutex_);
        const auto place = lower_bound(path);
        use& released = place->generations[generation];
        const still_there left{released.image.mapped(), --released.users};
        for (const use& each : place->generations)
            if (each.users > 0 || (&each == &released ? left.mapped : each.image.mapped()))
                return left;
        all_.erase(place);
        return left;
    }

private:
    struct use {
        file_identity identity;
        unsigned users = 0;
        loaded_image image{};
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

} // namespace tenon::inline v1::detail

#endif
