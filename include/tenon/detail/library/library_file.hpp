// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_LIBRARY_FILE_HPP
#define TENON_DETAIL_LIBRARY_LIBRARY_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/allow_list.hpp>
#include <tenon/error.hpp>
#include <tenon/manifest.hpp>
#include <tenon/trust.hpp>

#include <tenon/detail/library/file_trust.hpp>
#include <tenon/detail/library/runtime.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error other_digest(const std::string& path, std::string_view digest, std::string_view allows) {
    return {errc::forbidden,
            concatenated({"'", path, "' is refused, because its SHA-256 is ", digest,
                          ", and options.policy.sha256, or sha256 of "
                          "library_options, allows ",
                          allows}),
            path};
}

inline error file_changed(const std::string& path) {
    return {errc::changed,
            concatenated(
                {"'", path, "' changed while it was being loaded; put new versions in place by renaming"}),
            path};
}

/// The contents of a library file that are read before loading.
struct library_contents {
    tenon::manifest manifest;
    detail::linkage linkage;
};

/// A cache of the last library files that were read, so that an unchanged file is not read again. Entries are
/// taken out while they are used, and put back.
///
/// A file is identified by its path and state. It is not kept if its state was not settled when it was read.
/// A write through a mapping may leave the state unchanged; so the notes in memory are compared after
/// loading, as always.
class known_contents {
public:
    std::optional<library_contents> take(const std::string& path, const file_identity& identity) {
        const mutex_lock locked(mutex_);
        for (entry& known : entries_)
            if (known.read && known.path == path && known.identity == identity)
                return std::exchange(known.read, std::nullopt);
        return std::nullopt;
    }

    void put(std::string path, const file_identity& identity, library_contents&& read) noexcept {
        const mutex_lock locked(mutex_);
        entry& oldest = entries_[next_++ % (sizeof entries_ / sizeof entries_[0])];
        oldest.path.swap(path);
        oldest.identity = identity;
        oldest.read.emplace(std::move(read));
    }

private:
    struct entry {
        std::string path{};
        file_identity identity{};
        std::optional<library_contents> read{};
    };
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    entry entries_[16];
    std::size_t next_ = 0;
};

/// A checked library file that is not loaded: readable, trusted, an ELF library for this machine, with a
/// manifest.
template <class System = posix>
class basic_library_file {
public:
    basic_library_file(std::string path, const trust& rule) : path_(std::move(path)) {
        if (System::lstat(path_.c_str(), &status_) == 0 && (contents_ = known().take(path_, identity())) &&
            plainly_trusted<System>(path_, status_, rule)) {
            settled_ = keep_ = true;
            return;
        }
        const std::int64_t look = nanoseconds(System::now());
        const bool link = open();
        status_ = file_.status(path_);
        const elf_reader<System> reader(file_.descriptor(), status_, path_);
        contents_.emplace(library_contents{manifest::of_loadable(reader, path_), {}});
        if (!manifest().plugins().empty())
            contents_->linkage = linkage_of(reader);
        settled_ = settled(identity(), look);
        if (!link && plainly_trusted<System>(path_, status_, rule)) {
            keep_ = settled_;
        } else {
            canonical_ = canonical();
            require_trust<System>(canonical_, status_, rule);
            if (link && linkage().uses_own_folder)
                load_by_link(rule);
        }
    }
    basic_library_file(const basic_library_file&) = delete;
    basic_library_file& operator=(const basic_library_file&) = delete;
    ~basic_library_file() {
        if (keep_)
            known().put(std::move(path_), identity(), std::move(*contents_));
    }

    const std::string& path() const noexcept { return path_; }
    /// The absolute path with all symbolic links resolved.
    const std::string& canonical_path() const noexcept { return canonical_.empty() ? path_ : canonical_; }
    /// The path for the system's loader: the canonical one, unless the path names a link and the library
    /// searches others by $ORIGIN. Then the loader searches beside the link, as it would for a plain dlopen.
    const std::string& loading_path() const noexcept { return link_.empty() ? canonical_path() : link_; }
    bool is_loaded_by_link() const noexcept { return !link_.empty(); }
    file_identity identity() const noexcept { return file_identity(status_); }
    const tenon::manifest& manifest() const noexcept { return contents_->manifest; }
    const detail::linkage& linkage() const noexcept { return contents_->linkage; }

    /// True if the path names the same file in the same state. If that state was settled, the path has named
    /// no other file in the meantime.
    bool unchanged() const {
        struct stat now;
        return System::stat(loading_path().c_str(), &now) == 0 && file_identity(now) == identity();
    }
    bool was_settled() const noexcept { return settled_; }

    /// True if nobody has written to the file, whatever the path names now.
    bool unwritten() const { return file_identity(file().status(path_)).same_content(identity()); }

    /// The descriptor of the file. Throws if the file is only opened now and is another one.
    int descriptor() const { return file().descriptor(); }

    /// A sealed copy of the file in memory.
    basic_file<System> sealed_copy() const {
        const int fd = System::memory_file("tenon");
        if (fd < 0)
            throw error::system_call("make a copy in memory of", path_, errno);
        basic_file<System> copy(fd);
        parts(file(), [&](std::string_view part) { copy.write(path_, part); });
        if (System::seal(fd) != 0)
            throw error::system_call("seal a copy in memory of", path_, errno);
        return copy;
    }

    /// Throws unless the content of the file, or of its copy, has one of these digests.
    void require_digest(const allow_list<std::string>& digests) const {
        if (!digests.anything())
            require_digest(digests, file());
    }
    void require_digest(const allow_list<std::string>& digests, const basic_file<System>& bytes) const {
        if (digests.anything())
            return;
        sha256 whole;
        parts(bytes, [&](std::string_view part) { whole.add(part); });
        const std::string digest = whole.hex();
        for (const std::string& allowed : digests.list())
            if (in_small_letters(allowed) == digest)
                return;
        throw other_digest(path_, digest, in_words(digests));
    }

private:
    static known_contents& known() {
        static known_contents& all = *new known_contents;
        return all;
    }

    // Opens the file. True if the path names a symbolic link, which is rare; other links on the way are found
    // for free when the folders are checked.
    bool open() const {
        constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
        file_ = basic_file<System>(System::open(path_.c_str(), flags | O_NOFOLLOW));
        const bool link = file_.descriptor() < 0;
        if (link)
            file_ = basic_file<System>(path_, flags);
        return link;
    }

    // Checks the link's folder too: a user who can change the link, or files beside it, can have other code
    // loaded.
    void load_by_link(const trust& rule) {
        char* const folder = System::realpath(std::string(parent(path_)).c_str());
        if (!folder)
            throw error::system_call("resolve", path_, errno);
        link_ = join(folder, basename(path_));
        std::free(folder);
        struct stat status;
        if (System::lstat(link_.c_str(), &status) != 0)
            throw error::system_call("look at", link_, errno);
        status.st_mode &= ~static_cast<mode_t>(S_IWGRP | S_IWOTH); // a link's mode says nothing
        require_trust<System>(link_, status, rule);
    }

    // The file, opened on demand if the manifest came from the cache.
    const basic_file<System>& file() const {
        if (file_.descriptor() < 0) {
            open();
            if (file_identity(file_.status(path_)) != identity())
                throw file_changed(path_);
        }
        return file_;
    }

    /// Calls `take(part)` for each part of the file.
    template <class Take>
    void parts(const basic_file<System>& from, Take&& take) const {
        std::string part(64 * 1024, '\0');
        for (off_t at = 0; at < status_.st_size;) {
            const ssize_t got = System::pread(from.descriptor(), part.data(), part.size(), at);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path_, errno);
            if (got == 0)
                throw file_changed(path_);
            take(std::string_view(part.data(), static_cast<std::size_t>(got)));
            at += got;
        }
    }

    std::string canonical() const {
        // One system call in place of one for each folder. It also names the file that was opened, whatever
        // the path names now.
        const std::string link = descriptor_path(file_.descriptor());
        std::string name(4096, '\0');
        const ssize_t size = System::readlink(link.c_str(), name.data(), name.size());
        if (size > 0 && static_cast<std::size_t>(size) < name.size() && name[0] == '/') {
            name.resize(static_cast<std::size_t>(size));
            // Linux appends this for a file that was replaced after it was opened. A file may also really
            // have such a name.
            if (constexpr std::string_view mark = " (deleted)";
                name.size() > mark.size() && name.compare(name.size() - mark.size(), mark.size(), mark) == 0)
                if (struct stat now; System::stat(name.c_str(), &now) != 0)
                    throw file_changed(path_);
            return name;
        }
        char* resolved = System::realpath(path_.c_str());
        if (!resolved)
            throw error::system_call("resolve", path_, errno);
        name = resolved;
        std::free(resolved);
        return name;
    }

    std::string path_;
    mutable basic_file<System> file_;
    struct stat status_;
    std::optional<library_contents> contents_;
    std::string canonical_; // where it is another than the path
    std::string link_;      // where the library is loaded by that
    bool settled_ = false, keep_ = false;
};
using library_file = basic_library_file<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
