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

/// A library as the system's loader knows it, by which is found out later whether it is still there.
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

/// A number that no other copy of this code in the process has, as long as this one is there.
template <class System = posix>
class number_in_process {
public:
    // The C library counts keys for the whole process. It has a thousand of them and more.
    number_in_process() noexcept : has_key_(System::create_key(key_)) {}
    number_in_process(const number_in_process&) = delete;
    number_in_process& operator=(const number_in_process&) = delete;
    ~number_in_process() {
        if (has_key_)
            System::delete_key(key_);
    }

    /// A small one, or an address of this copy's own where there are no keys left.
    std::uint64_t value() const noexcept {
        return has_key_ ? std::uint64_t{key_} : reinterpret_cast<std::uintptr_t>(this);
    }

private:
    pthread_key_t key_ = 0;
    bool has_key_;
};

/// The libraries that are loaded, and what they are called.
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
    /// One for each copy of this code, and for good: a handle may be closed by a static object's destructor.
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

    /// A name for a path that nothing goes by yet.
    std::string unused(std::string_view path) {
        const mutex_lock locked(mutex_);
        return next(path);
    }

    /// What a file is to be loaded by.
    struct chosen {
        std::uint64_t number;
        std::string name{};     ///< to load it by
        bool known = false;     ///< something was loaded by that name before
        void* handle = nullptr; ///< the library's, where it is in use; it needs no name then
        loaded_image image{};
    };
    /// Gives the library of a file to one user more; or else a name to load it by, after which found() or
    /// failed() has to be told. `open` holds the file open, and throws where that is another by now;
    /// acquire() throws where the file was written to in place while it is loaded.
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
            // Where the library is mapped its inode belongs to no other file, and nor does that of a file
            // that is open.
            if (known.users > 0 || known.image.name == name(path, registry_, known.number)) {
                open();
                throw changed_in_place(path);
            }
        }
        std::string found = next(path);
        all_.insert(lower_bound(path), entry{path, last_, identity});
        return {last_, std::move(found)};
    }

    /// Has to be told once it is proven that what was loaded by this name is its file.
    void found(const std::string& path, std::uint64_t number, void* handle, const loaded_image& image) {
        const mutex_lock locked(mutex_);
        entry& loaded = find(path, number);
        loaded.image = image;
        loaded.handle = handle;
        loaded.users = 1;
        loaded.busy = false;
    }

    /// Has to be told where nothing was loaded by this name, or another file.
    void failed(std::string_view path, std::uint64_t number) {
        const mutex_lock locked(mutex_);
        entry& none = find(path, number);
        none.busy = false;
        none.image = {};
        drop_unused(path);
    }

    /// Takes one user from a library. For the last one nothing is returned: it has to close the handle, and
    /// to ask closed() then. With `close` false the library stays for good.
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

    /// Whether a library is still there whose handle was closed: dlclose does not say what it did. Counts as
    /// users those too who are about to load or close a file from this path, since theirs may be the same
    /// library.
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

    // The loader may know a name that this copy did not give: of a copy that has gone and left a library.
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
