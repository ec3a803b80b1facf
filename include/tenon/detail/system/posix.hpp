// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_POSIX_HPP
#define TENON_DETAIL_SYSTEM_POSIX_HPP

#include <tenon/version.hpp> // first: other systems lack some of these

#include <cerrno>
#include <cstdint>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#if __has_include(<sys/inotify.h>)
#include <sys/inotify.h>
#endif
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// All calls of the operating system. Code that needs them takes this class as its template parameter
/// `System`. A test derives from the class, hides one function, and so makes that call fail on demand. Every
/// descriptor is closed on exec.
struct posix {
    static int open(const char* path, int flags, mode_t mode = 0) noexcept {
        return ::open(path, flags | O_CLOEXEC, mode);
    }
    static int close(int fd) noexcept { return ::close(fd); }
    static ssize_t read(int fd, void* into, size_t size) noexcept { return ::read(fd, into, size); }
    static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
        return ::pread(fd, into, size, at);
    }
    static ssize_t write(int fd, const void* from, size_t size) noexcept { return ::write(fd, from, size); }
    static int fstat(int fd, struct stat* out) noexcept { return ::fstat(fd, out); }
    static int stat(const char* path, struct stat* out) noexcept { return ::stat(path, out); }
    static int lstat(const char* path, struct stat* out) noexcept { return ::lstat(path, out); }
    /// True if a file has an access list beyond its mode, acl(5).
    static bool has_access_list(const char* path) noexcept {
        return ::getxattr(path, "system.posix_acl_access", nullptr, 0) > 0;
    }
    static int access(const char* path, int mode) noexcept { return ::access(path, mode); }
    static ssize_t readlink(const char* path, char* into, size_t size) noexcept {
        return ::readlink(path, into, size);
    }
    static char* realpath(const char* path) noexcept { return ::realpath(path, nullptr); }
    static int chmod(const char* path, mode_t mode) noexcept { return ::chmod(path, mode); }
    /// Writes a file through to the disk.
    static int fsync(int fd) noexcept { return ::fsync(fd); }
    /// Writes the whole file system of a file through to the disk.
    static int syncfs(int fd) noexcept { return ::syncfs(fd); }
    static int mkdir(const char* path, mode_t mode) noexcept { return ::mkdir(path, mode); }
    static char* mkdtemp(char* path) noexcept { return ::mkdtemp(path); }
    /// Sets the access time of a file to now, and with `written` the modification time too.
    static int touch(const char* path, bool written) noexcept {
        const timespec times[] = {{0, UTIME_NOW}, {0, written ? UTIME_NOW : UTIME_OMIT}};
        return ::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
    }
    static int rename(const char* from, const char* to) noexcept { return ::rename(from, to); }
    static int link(const char* from, const char* to) noexcept { return ::link(from, to); }
    static int unlink(const char* path) noexcept { return ::unlink(path); }
    static int rmdir(const char* path) noexcept { return ::rmdir(path); }
    static int flock(int fd, int operation) noexcept { return ::flock(fd, operation); }
    static DIR* opendir(const char* path) noexcept { return ::opendir(path); }
    static dirent* readdir(DIR* directory) noexcept { return ::readdir(directory); }
    static int closedir(DIR* directory) noexcept { return ::closedir(directory); }
    static uid_t geteuid() noexcept { return ::geteuid(); }

    /// The time that the kernel would stamp a file with now: it moves in steps of some milliseconds.
    static timespec now() noexcept {
#ifdef CLOCK_REALTIME_COARSE
        constexpr clockid_t stamps = CLOCK_REALTIME_COARSE;
#else
        constexpr clockid_t stamps = CLOCK_REALTIME;
#endif
        timespec time{};
        ::clock_gettime(stamps, &time);
        return time;
    }
    static void pause_a_millisecond() noexcept {
        const timespec millisecond{0, 1'000'000};
        ::nanosleep(&millisecond, nullptr);
    }
    static long processors() noexcept { return ::sysconf(_SC_NPROCESSORS_ONLN); }

    /// Makes an unnamed file in memory, which may be mapped executable.
    static int memory_file(const char* name) noexcept {
#ifdef MFD_EXEC
        constexpr unsigned executable = MFD_EXEC;
#else
        constexpr unsigned executable = 0x10; // Linux 6.3; older kernels refuse the flag and need none
#endif
        const int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | executable);
        return fd >= 0 ? fd : ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
    /// Makes a file of `memory_file` unchangeable for everybody.
    static int seal(int fd) noexcept {
        return ::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    }

    static int spawn(pid_t* child, const char* path, const posix_spawn_file_actions_t* files,
                     const posix_spawnattr_t* attributes, char* const arguments[],
                     char* const environment[]) noexcept {
        return ::posix_spawn(child, path, files, attributes, arguments, environment);
    }
    /// Signals a process, or a process group by its negative number.
    static int kill(pid_t child, int signal) noexcept { return ::kill(child, signal); }
    static pid_t waitpid(pid_t child, int* status) noexcept { return ::waitpid(child, status, 0); }
    /// True if a child has ended and can be waited for, and if it is no child of this process any more.
    static bool has_ended(pid_t child) noexcept {
        siginfo_t ended{};
        return ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
               ended.si_pid != 0;
    }
    /// A descriptor that becomes readable when a child ends; -1 if the system has none.
    static int watch(pid_t child) noexcept {
#ifdef SYS_pidfd_open
        return static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
#else
        return static_cast<void>(child), -1;
#endif
    }
#ifdef IN_ONLYDIR
    /// A descriptor that becomes readable when something changes in a watched folder, inotify(7).
    static int notifier() noexcept { return ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }
    /// Watches a folder, and returns its number in the notifier. All paths to one folder have one number.
    static int notify_of(int notifier, const char* folder, std::uint32_t events) noexcept {
        return ::inotify_add_watch(notifier, folder, events);
    }
    static int notify_no_more(int notifier, int folder) noexcept {
        return ::inotify_rm_watch(notifier, folder);
    }
#else
    static int notifier() noexcept { return errno = ENOSYS, -1; }
    static int notify_of(int, const char*, std::uint32_t) noexcept { return errno = ENOSYS, -1; }
    static int notify_no_more(int, int) noexcept { return errno = ENOSYS, -1; }
#endif
    static int pipe(int (&ends)[2]) noexcept { return ::pipe2(ends, O_CLOEXEC); }
    /// A descriptor that becomes readable when something is written to it, eventfd(2).
    static int event() noexcept { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
    static int poll(pollfd* watched, nfds_t size, int milliseconds) noexcept {
        return ::poll(watched, size, milliseconds);
    }
    /// Duplicates a descriptor. The new number is `at_least` or above.
    static int duplicate(int fd, int at_least) noexcept { return ::fcntl(fd, F_DUPFD_CLOEXEC, at_least); }
    static int never_wait_for(int fd) noexcept { return ::fcntl(fd, F_SETFL, O_NONBLOCK); }
    /// Has the kernel signal a process group at each event of a pipe, including the last close of its other
    /// end.
    static int signal_by(int fd, int signal, pid_t group) noexcept {
        const f_owner_ex owner{F_OWNER_PGRP, group};
        if (::fcntl(fd, F_SETOWN_EX, &owner) != 0 || ::fcntl(fd, F_SETSIG, signal) != 0)
            return -1;
        return ::fcntl(fd, F_SETFL, O_ASYNC);
    }
    static int signal_by_another(int fd, int signal) noexcept { return ::fcntl(fd, F_SETSIG, signal); }
    static int signal_no_more(int fd) noexcept { return ::fcntl(fd, F_SETFL, 0); }
    using limit_of = decltype(RLIMIT_CPU);
    static int limit(pid_t child, limit_of resource, const rlimit* set, rlimit* before) noexcept {
        return ::prlimit(child, resource, set, before);
    }
    /// Milliseconds of the monotonic clock.
    static std::int64_t milliseconds() noexcept {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
    }

    /// Registers this process for `barrier`. False if the system has no membarrier(2).
    static bool prepare_barrier() noexcept {
#if defined(SYS_membarrier) && !defined(__SANITIZE_THREAD__)
        return ::syscall(SYS_membarrier, 16 /* MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED */, 0, 0) == 0;
#else
        return false; // the thread sanitizer would not see it
#endif
    }
    /// Executes a full memory barrier in every running thread of this process.
    static bool barrier() noexcept {
#ifdef SYS_membarrier
        return ::syscall(SYS_membarrier, 8 /* MEMBARRIER_CMD_PRIVATE_EXPEDITED */, 0, 0) == 0;
#else
        return false;
#endif
    }

    static pid_t thread() noexcept { return ::gettid(); }
    static bool thread_ended(pid_t thread) noexcept {
        return ::tgkill(::getpid(), thread, 0) != 0 && errno == ESRCH;
    }

    /// Makes a thread-specific key. False if the process has none left.
    static bool create_key(pthread_key_t& key) noexcept { return ::pthread_key_create(&key, nullptr) == 0; }
    static void delete_key(pthread_key_t key) noexcept { ::pthread_key_delete(key); }

    static void* dlopen(const char* path, int flags) noexcept { return ::dlopen(path, flags); }
    static void* dlsym(void* library, const char* symbol) noexcept { return ::dlsym(library, symbol); }
    static int dlclose(void* library) noexcept { return ::dlclose(library); }
    static const char* dlerror() noexcept { return ::dlerror(); }
    /// The first symbol of that name in the global scope: in the program, or in a library that was loaded
    /// globally.
    static const void* first_symbol(const char* name) noexcept {
        void* const all = ::dlopen(nullptr, RTLD_LAZY);
        const void* const found = all ? ::dlsym(all, name) : nullptr;
        if (all)
            ::dlclose(all);
        return found;
    }
    /// True if two addresses are in the same library, or both in the program.
    static bool in_one_image(const void* one, const void* other) noexcept {
        Dl_info first{}, second{};
        return ::dladdr(one, &first) != 0 && ::dladdr(other, &second) != 0 &&
               first.dli_fbase == second.dli_fbase;
    }
    /// True if the system's loader started the program. False in a statically linked one.
    static bool has_loader() noexcept {
        const auto program = [](dl_phdr_info* object, size_t, void*) {
            for (unsigned i = 0; i < object->dlpi_phnum; ++i)
                if (object->dlpi_phdr[i].p_type == PT_INTERP)
                    return 1;
            return -1; // the program is the first
        };
        return ::dl_iterate_phdr(program, nullptr) == 1;
    }
    /// The loader's name of a library, and its load address, which has to be added to addresses in the file.
    /// The name lives as long as the handle. The thread sanitizer does not see the loader's own lock, which
    /// orders the access.
    __attribute__((no_sanitize("thread"))) static bool find(void* library, const char*& name,
                                                            ElfW(Addr) & base) noexcept {
        struct link_map* map = nullptr;
        if (::dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
            return false;
        name = map->l_name;
        base = map->l_addr;
        return true;
    }
    /// True if a library is loaded whose name for the system's loader is `name`.
    static bool is_known(const char* name) noexcept {
        const auto is_it = [](dl_phdr_info* object, size_t, void* wanted) {
            return equal(object->dlpi_name, static_cast<const char*>(wanted)) ? 1 : 0;
        };
        return ::dl_iterate_phdr(is_it, const_cast<char*>(name)) == 1;
    }
    /// True if a library of that name is loaded at `base`. dladdr would give a name that another thread can
    /// free meanwhile.
    static bool is_loaded(const char* name, ElfW(Addr) base) noexcept {
        struct wanted {
            const char* name;
            ElfW(Addr) base;
        } sought{name, base};
        const auto is_it = [](dl_phdr_info* object, size_t, void* context) {
            const auto* that = static_cast<const wanted*>(context);
            return object->dlpi_addr == that->base && equal(object->dlpi_name, that->name) ? 1 : 0;
        };
        return ::dl_iterate_phdr(is_it, &sought) == 1;
    }
    /// Compares names as strcmp does, but unseen by the thread sanitizer, which knows nothing of the loader's
    /// lock.
    __attribute__((no_sanitize("thread"))) static bool equal(const char* name, const char* other) noexcept {
        for (; *name && *name == *other; ++name)
            ++other;
        return *name == *other;
    }
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
