// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_LOAD_NAMES_HPP
#define TENON_DETAIL_LIBRARY_LOAD_NAMES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error changed_in_place(const std::string& path) {
    return {
        errc::changed,
        concatenated({"'", path,
                      "' was written to while it is loaded, so that neither the old version nor the new one "
                      "can be trusted; "
                      "put new versions in place by renaming"}),
        path};
}

/// A library as the system's loader knows it, to find out later whether it is still loaded.
struct loaded_image {
    std::string name{}; // a link's may be another's; empty before it is loaded
    ElfW(Addr) base = 0;

    friend bool operator==(const loaded_image&, const loaded_image&) = default;

    bool mapped() const { return !name.empty() && posix::is_loaded(name.c_str(), base); }
};

struct still_there {
    bool mapped;
    unsigned users;
};

/// A number that is unique in the process while this object exists, also among other copies of this code.
template <class System = posix>
class number_in_process {
public:
    // Thread-specific keys are numbered for the whole process, and there are a thousand or more.
    number_in_process() noexcept : has_key_(System::create_key(key_)) {}
    number_in_process(const number_in_process&) = delete;
    number_in_process& operator=(const number_in_process&) = delete;
    ~number_in_process() {
        if (has_key_)
            System::delete_key(key_);
    }

    /// A small number, or the address of an object of this copy if no key is left.
    std::uint64_t value() const noexcept {
        return has_key_ ? std::uint64_t{key_} : reinterpret_cast<std::uintptr_t>(this);
    }

private:
    pthread_key_t key_ = 0;
    bool has_key_;
};

/// The loaded libraries, and the names by which they were loaded.
///
/// glibc takes a path that it has loaded before for the same library, whatever file is there by now
/// (elf/dl-load.c, _dl_map_object), and a relative one too after the folder has changed. So a file is loaded
/// by a name of its own, a spelling of its canonical path with `/.` and `/` before the last component. These
/// spell two numbers: one that no other copy of this code in the process has, since another host library or a
/// plugin may load plugins too, and one that counts names. While a library is in use its handle is shared, so
/// that its name is opened once, and never again after the library is gone: a name at an address means one
/// library and no later one.
class load_names {
public:
    /// One object for each copy of this code. Never destroyed, because a static object's destructor may close
    /// a handle.
    static load_names& here() {
        static const number_in_process<> number;
        static load_names& all = *new load_names(number.value());
        return all;
    }

    /// As Elias' gamma code has the numbers, so that no two pairs give one spelling: as many `/` as a number
    /// has binary digits after its first, and then the digits, `/.` for each 1 and `/` for each 0.
    static std::string name(std::string_view path, std::uint64_t registry, std::uint64_t number) {
        const std::size_t slash = path.rfind('/');
        std::string text;
        text.reserve(path.size() + 64);
        text.append(path.substr(0, slash));
        for (const std::uint64_t value : {registry + 1, number}) {
            const auto digits = static_cast<std::size_t>(std::bit_width(value));
            text.append(digits - 1, '/');
            for (std::size_t digit = digits; digit-- > 0;) {
                text += '/';
                if (value >> digit & 1)
                    text += '.';
            }
        }
        return text.append(path.substr(slash));
    }

    /// An unused name for a path.
    std::string unused(std::string_view path) {
        const mutex_lock locked(mutex_);
        return next(path);
    }

    /// The name for loading a file, or the handle of the loaded library.
    struct chosen {
        std::uint64_t number;
        std::string name{};     ///< to load it by
        bool known = false;     ///< something was loaded by that name before
        void* handle = nullptr; ///< the library's, where it is in use; it needs no name then
        loaded_image image{};
    };
    /// Adds a user to the loaded library of a file. If there is none, returns a name to load it by; call
    /// found() or failed() afterwards. `open` opens the file, and throws if it is another by now. Throws if a
    /// loaded file was written to in place.
    template <class Open>
    chosen acquire(const std::string& path, const file_identity& identity, const Open& open) {
        const mutex_lock locked(mutex_);
        drop_unused(path);
        for (entry& known : all_of(path)) {
            if (known.busy || !known.identity.same_file(identity))
                continue;
            if (known.identity.same_content(identity)) {
                if (known.users == 0)
                    return known.busy = true, chosen{known.number, name(path, registry_, known.number), true};
                ++known.users;
                return {known.number, "", true, known.handle, known.image};
            }
            // While a library is mapped, or its file is open, the inode cannot belong to another file.
            if (known.users > 0 || known.image.name == name(path, registry_, known.number)) {
                open();
                throw changed_in_place(path);
            }
        }
        std::string free_name = next(path);
        all_.insert(lower_bound(path), entry{path, last_, identity});
        return {last_, std::move(free_name)};
    }

    /// Notes that the library loaded by this name was proven to be its file.
    void found(const std::string& path, std::uint64_t number, void* handle, const loaded_image& image) {
        const mutex_lock locked(mutex_);
        entry& loaded = find(path, number);
        loaded.image = image;
        loaded.handle = handle;
        loaded.users = 1;
        loaded.busy = false;
    }

    /// Notes that no library, or another file, was loaded by this name.
    void failed(std::string_view path, std::uint64_t number) {
        const mutex_lock locked(mutex_);
        entry& none = find(path, number);
        none.busy = false;
        none.image = {};
        drop_unused(path);
    }

    /// Removes one user from a library. Returns nothing for the last user, who has to close the handle and
    /// call closed(). With `close` false the library stays for good.
    std::optional<still_there> leave(std::string_view path, std::uint64_t number, bool close) {
        const mutex_lock locked(mutex_);
        entry& left = find(path, number);
        left.stays |= !close;
        --left.users;
        if (left.users > 0 || left.stays)
            return still_there{true, left.users};
        left.busy = true;
        return std::nullopt;
    }

    /// Returns whether a library is still loaded after its handle was closed, which dlclose does not tell.
    /// Threads that are about to load or close a file of this path count as users, since theirs may be the
    /// same library.
    still_there closed(std::string_view path, std::uint64_t number) {
        const mutex_lock locked(mutex_);
        entry& gone = find(path, number);
        gone.busy = false;
        still_there left{gone.image.mapped(), 0};
        for (const entry& known : all_of(path))
            left.users += known.busy ? 1 : known.image == gone.image ? known.users : 0;
        if (!left.mapped)
            gone.image = {};
        drop_unused(path);
        return left;
    }

private:
    struct entry {
        std::string path;
        std::uint64_t number;
        file_identity identity;
        void* handle = nullptr;
        loaded_image image{};
        unsigned users = 0;
        bool busy = true; // it is being loaded, or closed by its last user
        bool stays = false;
    };

    explicit load_names(std::uint64_t registry) : registry_(registry) {}

    // Skips names that the loader knows already, from a former copy of this code that left a library behind.
    std::string next(std::string_view path) {
        for (;;)
            if (std::string found = name(path, registry_, ++last_); !posix::is_known(found.c_str()))
                return found;
    }

    std::vector<entry>::iterator lower_bound(std::string_view path) {
        auto low = all_.begin(), high = all_.end();
        while (low != high)
            if (const auto middle = low + (high - low) / 2; middle->path < path)
                low = middle + 1;
            else
                high = middle;
        return low;
    }
    struct entries {
        std::vector<entry>::iterator first, last;

        std::vector<entry>::iterator begin() const { return first; }
        std::vector<entry>::iterator end() const { return last; }
    };
    entries all_of(std::string_view path) {
        const auto first = lower_bound(path);
        auto last = first;
        while (last != all_.end() && last->path == path)
            ++last;
        return {first, last};
    }
    entry& find(std::string_view path, std::uint64_t number) {
        auto found = lower_bound(path);
        while (found->number != number)
            ++found;
        return *found;
    }
    void drop_unused(std::string_view path) {
        for (auto found = lower_bound(path); found != all_.end() && found->path == path;)
            if (found->users == 0 && !found->busy && !found->image.mapped())
                found = all_.erase(found);
            else
                ++found;
    }

    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    const std::uint64_t registry_;
    std::uint64_t last_ = 0;
    std::vector<entry> all_; // sorted by path
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
