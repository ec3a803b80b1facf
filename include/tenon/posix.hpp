// SPDX-License-Identifier: MIT
#ifndef TENON_POSIX_HPP
#define TENON_POSIX_HPP

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace tenon::inline v1::detail {

/// The only place that names the operating system. What uses it takes it as a template parameter; a test
/// derives from it, hides one function, and so makes that call fail on demand.
struct posix {
    static int open(const char* path, int flags, mode_t mode = 0) noexcept {
        return ::open(path, flags | O_CLOEXEC, mode);
    }
    static int close(int fd) noexcept { return ::close(fd); }
    static ssize_t read(int fd, void* into, size_t size) noexcept { return ::read(fd, into, size); }
    static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept { return ::pread(fd, into, size, at); }
    static ssize_t write(int fd, const void* from, size_t size) noexcept { return ::write(fd, from, size); }
    static int fstat(int fd, struct stat* out) noexcept { return ::fstat(fd, out); }
    static int stat(const char* path, struct stat* out) noexcept { return ::stat(path, out); }
    static int lstat(const char* path, struct stat* out) noexcept { return ::lstat(path, out); }
    static ssize_t readlink(const char* path, char* into, size_t size) noexcept { return ::readlink(path, into, size); }
    static char* realpath(const char* path) noexcept { return ::realpath(path, nullptr); }
    static int mkdir(const char* path, mode_t mode) noexcept { return ::mkdir(path, mode); }
    static int rename(const char* from, const char* to) noexcept { return ::rename(from, to); }
    static int unlink(const char* path) noexcept { return ::unlink(path); }
    static int rmdir(const char* path) noexcept { return ::rmdir(path); }
    static int flock(int fd, int operation) noexcept { return ::flock(fd, operation); }
};

} // namespace tenon::inline v1::detail

#endif
