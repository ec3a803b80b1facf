// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_CHILD_LIFETIME_HPP
#define TENON_DETAIL_SYSTEM_CHILD_LIFETIME_HPP

#include <cerrno>
#include <string>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A pipe of which neither end takes the number of a standard stream, or the one after: these a child sets up
/// for itself, and a host may have closed its own.
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

/// Ends a process group when this process ends, in whichever way, and says whether anybody is left of it.
///
/// The group has one end of a pipe, which nobody reads, and this process has the other. Linux closes it with
/// the process, and is asked beforehand to tell the group of that by a signal: no helper has to live on, and
/// nothing has to be done by whoever ends this process, or by the group. (PR_SET_PDEATHSIG, which only the
/// child itself could set between fork and exec, reaches no grandchild and acts when a thread ends; the
/// hang-up of a pseudo-terminal needs one for every compiler, and is told to the group's leader alone.)
///
/// What stays open: a host that is killed between the start of a program and the call of `hold`, less than a
/// millisecond, leaves it running to its end. A host is not seen to end while a child that it has forked
/// lives on with a copy of its end. A program that leaves its session, or closes its own end, is not reached.
template <class System = posix>
class basic_child_lifetime {
public:
    basic_child_lifetime() : pipe_("the life of a program") {}

    /// What the group has to inherit.
    int descriptor() const noexcept { return pipe_.from.descriptor(); }

    /// The group is asked to end, by SIGTERM, when this process or this object goes.
    void hold(pid_t group) noexcept {
        if (System::signal_by(pipe_.from.descriptor(), SIGTERM, group) != 0)
            trace("programs will outlive a host that is killed, because this system does not tell them");
    }

    /// What is left of the group may go on: a program may start a daemon.
    void let_go() noexcept { System::signal_no_more(pipe_.from.descriptor()); }

    /// Waits until nobody has the other end any more; who still has it when this object goes is killed.
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
