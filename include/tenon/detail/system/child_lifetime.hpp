// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_CHILD_LIFETIME_HPP
#define TENON_DETAIL_SYSTEM_CHILD_LIFETIME_HPP

#include <cerrno>

#include <tenon/error.hpp>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A pipe whose ends have descriptors above those of the standard streams and the next one: a child sets
/// these up for itself, and a host may have closed its own.
template <class System = posix>
struct basic_pipe {
    basic_file<System> from, to; ///< what is written to `to` is read from `from`

    explicit basic_pipe(const char* purpose) {
        int ends[2];
        if (System::pipe(ends) != 0)
            throw error::system_call("make a pipe for", purpose, errno);
        from = basic_file<System>(ends[0]);
        to = basic_file<System>(ends[1]);
        for (basic_file<System>* const end : {&from, &to})
            if (end->descriptor() <= STDERR_FILENO + 1) {
                *end = basic_file<System>(System::duplicate(end->descriptor(), STDERR_FILENO + 2));
                if (end->descriptor() < 0)
                    throw error::system_call("make a pipe for", purpose, errno);
            }
    }
};

/// Ends a process group when this process ends, however that happens, and tells whether a process of the
/// group is left.
///
/// The group inherits one end of a pipe and never reads from it; this process has the other end. When this
/// process ends, Linux closes its end and signals the group, as it was asked to beforehand. So no helper
/// process is needed, and neither the killer of this process nor the group has to do anything.
/// (PR_SET_PDEATHSIG can only be set by the child between fork and exec, does not reach grandchildren, and
/// acts when a thread ends. The hang-up of a pseudo-terminal needs one terminal for each compiler, and only
/// the leader of the group is told.)
///
/// Three gaps remain. A host that is killed between the start of a program and the call of `hold`, less than
/// a millisecond, leaves the program running to its end. The end of a host is not noticed while a child that
/// it forked still has a copy of the host's end. A program that leaves its session, or closes its own end, is
/// not reached.
template <class System = posix>
class basic_child_lifetime {
public:
    basic_child_lifetime() : pipe_("the life of a program") {}

    /// The descriptor that the group has to inherit.
    int descriptor() const noexcept { return pipe_.from.descriptor(); }

    /// From now on the group gets SIGTERM when this process ends or this object is destroyed.
    void hold(pid_t group) noexcept {
        if (System::signal_by(pipe_.from.descriptor(), SIGTERM, group) != 0)
            trace("programs will outlive a host that is killed, because this system does not tell them");
    }

    /// Lets the rest of the group run on: a program may have started a daemon.
    void let_go() noexcept { System::signal_no_more(pipe_.from.descriptor()); }

    /// Waits until no process has the other end. Processes that still have it when this object is destroyed
    /// are killed.
    bool all_gone_within(int milliseconds) noexcept {
        System::signal_by_another(pipe_.from.descriptor(), SIGKILL);
        pipe_.from = basic_file<System>();
        const std::int64_t end = System::milliseconds() + milliseconds;
        pollfd abandoned{pipe_.to.descriptor(), 0, 0};
        for (;;) {
            const std::int64_t left = end - System::milliseconds();
            const int ready = System::poll(&abandoned, 1, left > 0 ? static_cast<int>(left) : 0);
            if (ready >= 0 || errno != EINTR)
                return ready > 0;
        }
    }

private:
    basic_pipe<System> pipe_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
