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

/// What a library file says of itself.
struct library_contents {
    tenon::manifest manifest;
    detail::linkage linkage;
};

/// The contents of the libraries that were looked into last, so that a file that nobody has touched since is
/// not read again. They are taken out while they are used, and put back.
///
/// A file is known by its path and state, and not kept where that was not settled when it was read. What is
/// written through a mapping may leave the state as it is, so that what is in memory is compared once the
/// library is loaded, as always.
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

/// A library file that has been looked into and is not loaded: readable, trusted, an ELF library for this
/// machine, with a manifest.
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
    /// The absolute path without symbolic links.
    const std::string& canonical_path() const noexcept { return canonical_.empty() ? path_ : canonical_; }
    /// What the system's loader is given: the canonical path, unless the library looks for others beside
    /// itself and the path names a link to it. Then it is beside the link that the loader looks, as it does
    /// for who calls it by hand.
    const std::string& loading_path() const noexcept { return link_.empty() ? canonical_path() : link_; }
    bool is_loaded_by_link() const noexcept { return !link_.empty(); }
    file_identity identity() const noexcept { return file_identity(status_); }
    const tenon::manifest& manifest() const noexcept { return contents_->manifest; }
    const detail::linkage& linkage() const noexcept { return contents_->linkage; }

    /// Whether the path names the same file as before, in the same state. Where that was settled, the path
    /// has named no other file in the meantime.
    bool unchanged() const {
        struct stat now;
        return System::stat(loading_path().c_str(), &now) == 0 && file_identity(now) == identity();
    }
    bool was_settled() const noexcept { return settled_; }

    /// Whether nobody has written to the file, whatever the path names by now.
    bool unwritten() const { return file_identity(file().status(path_)).same_content(identity()); }

    /// The file's own descriptor; throws where the file is opened only now and is another.
    int descriptor() const { return file().descriptor(); }

    /// A file in memory with the same bytes, sealed.
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

    /// Throws unless what is in the file, or in a copy of it, has one of these digests.
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

    // Whether the path names a link. Most do not, and then it costs nothing to find out while the folders are
    // looked at whether there is one among those.
    bool open() const {
        constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
        file_ = basic_file<System>(System::open(path_.c_str(), flags | O_NOFOLLOW));
        const bool link = file_.descriptor() < 0;
        if (link)
            file_ = basic_file<System>(path_, flags);
        return link;
    }

    // Who could change the link, or what is beside it, could have other code loaded.
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

    // Of a known manifest, opened when it is needed.
    const basic_file<System>& file() const {
        if (file_.descriptor() < 0) {
            open();
            if (file_identity(file_.status(path_)) != identity())
                throw file_changed(path_);
        }
        return file_;
    }

    /// Gives `take` all of the file, one part after the other.
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
        // One call instead of one for each folder, and it names the file that was opened, whatever the path
        // names by now.
        const std::string link = descriptor_path(file_.descriptor());
        std::string name(4096, '\0');
        const ssize_t size = System::readlink(link.c_str(), name.data(), name.size());
        if (size > 0 && static_cast<std::size_t>(size) < name.size() && name[0] == '/') {
            name.resize(static_cast<std::size_t>(size));
            // Linux says so of a file that has been replaced since it was opened, and of one that is really
            // called that.
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
