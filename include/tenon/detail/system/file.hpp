// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_FILE_HPP
#define TENON_DETAIL_SYSTEM_FILE_HPP

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_regular_file(const std::string& path) {
    return {errc::system_call, concatenated({"'", path, "' is not a regular file"}), path};
}

inline std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// A path to the file behind a descriptor. The path works even after the file was renamed or removed.
inline std::string descriptor_path(int descriptor) {
    return "/proc/self/fd/" + std::to_string(descriptor);
}

/// Identity and state of a file. Two equal values mean that nobody wrote to the file in between, except
/// within one tick of the clock.
struct file_identity {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified = 0, changed = 0; // nanoseconds

    file_identity() = default;
    explicit file_identity(const struct stat& status)
        : device(status.st_dev), inode(status.st_ino), size(static_cast<std::uint64_t>(status.st_size)),
          modified(nanoseconds(status.st_mtim)), changed(nanoseconds(status.st_ctim)) {}

    friend bool operator==(const file_identity&, const file_identity&) = default;

    /// True if both are states of one file, which existed all the time in between.
    bool same_file(const file_identity& other) const noexcept {
        return device == other.device && inode == other.inode;
    }
    /// True if nobody wrote to the file. `changed` is not compared: a new link or mode sets it too.
    bool same_content(const file_identity& other) const noexcept {
        return size == other.size && modified == other.modified;
    }
};

/// True if every change after `look` would give the file or folder another state.
inline bool settled(const file_identity& state, std::int64_t look) {
    // Some file systems store times in steps of one or two seconds, and two changes within a step look like
    // one.
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t step = state.changed % second == 0 ? 2 * second : 0;
    return state.changed + step < look;
}

/// An owning file descriptor.
template <class System = posix>
class basic_file {
public:
    basic_file() = default;
    explicit basic_file(int descriptor) noexcept : descriptor_(descriptor) {}
    basic_file(const std::string& path, int flags, mode_t mode = 0) {
        do
            descriptor_ = System::open(path.c_str(), flags | O_NOCTTY, mode);
        while (descriptor_ < 0 && errno == EINTR);
        if (descriptor_ < 0)
            throw error::system_call("open", path, errno);
    }
    basic_file(basic_file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    basic_file& operator=(basic_file other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~basic_file() {
        // No second try after EINTR: Linux has closed the descriptor all the same, close(2).
        if (descriptor_ >= 0)
            System::close(descriptor_);
    }

    int descriptor() const noexcept { return descriptor_; }

    struct stat status(const std::string& path) const {
        struct stat state;
        if (System::fstat(descriptor_, &state) != 0)
            throw error::system_call("look at", path, errno);
        return state;
    }

    /// Calls `take(part)` for each part of the file from the current position on.
    template <class Take>
    void parts(const std::string& path, Take&& take) const {
        char part[64 * 1024];
        for (;;) {
            const ssize_t got = System::read(descriptor_, part, sizeof part);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path, errno);
            if (got == 0)
                return;
            take(std::string_view(part, static_cast<std::size_t>(got)));
        }
    }

    /// Returns the rest of the file from the current position. Throws if that is more than `limit` bytes.
    std::string read(const std::string& path, std::size_t limit = 64 * 1024 * 1024) const {
        std::string text;
        parts(path, [&](std::string_view part) {
            if (text.size() + part.size() > limit)
                throw error::system_call("read", path, EFBIG);
            text += part;
        });
        return text;
    }

    void write(const std::string& path, std::string_view text) const {
        while (!text.empty()) {
            const ssize_t put = System::write(descriptor_, text.data(), text.size());
            if (put < 0 && errno == EINTR)
                continue;
            if (put < 0)
                throw error::system_call("write", path, errno);
            text.remove_prefix(static_cast<std::size_t>(put));
        }
    }

    /// Takes the exclusive lock. False if another holder has it.
    bool try_lock() const { return System::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }
    /// Takes the shared lock. False if another holder has the exclusive one.
    bool try_share() const { return System::flock(descriptor_, LOCK_SH | LOCK_NB) == 0; }

    /// True if the path still names this file, as far as can be known.
    bool is_at(const std::string& path) const {
        struct stat opened, named;
        if (System::lstat(path.c_str(), &named) != 0)
            return errno != ENOENT;
        return System::fstat(descriptor_, &opened) != 0 ||
               (opened.st_dev == named.st_dev && opened.st_ino == named.st_ino);
    }

private:
    int descriptor_ = -1;
};

/// The text of a regular file.
template <class System = posix>
std::string read_file(const std::string& path, std::size_t limit = 64 * 1024 * 1024) {
    // Without O_NONBLOCK, opening a pipe without a writer would block.
    const basic_file<System> from(path, O_RDONLY | O_NONBLOCK);
    if (!S_ISREG(from.status(path).st_mode))
        throw not_a_regular_file(path);
    return from.read(path, limit);
}

/// The text of a regular file; empty where it cannot be read.
template <class System = posix>
std::string text_of(const std::string& path) {
    try {
        return read_file<System>(path);
    } catch (const error&) {
        return "";
    }
}

/// Replaces the file at `path` in one step: a reader sees the old text or the new one, never a part. `beside`
/// is a folder of the same file system for the unfinished file.
template <class System = posix>
void publish(const std::string& path, std::string_view text, const std::string& beside) {
    const std::string unfinished = join(beside, basename(path));
    try {
        basic_file<System>(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600)
            .write(unfinished, text);
        if (System::rename(unfinished.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
    } catch (...) {
        System::unlink(unfinished.c_str());
        throw;
    }
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
