// SPDX-License-Identifier: MIT
// An interface from which others are reached in every way; each of these is WHOLE, unless a macro of its name
// says what has changed.
#ifndef TENON_TESTS_SERVED_HPP
#define TENON_TESTS_SERVED_HPP

#include <functional>
#include <memory>
#include <span>

#include <tenon/interface.hpp>

// NOLINTBEGIN: macros whose arguments are names
#define DESTRUCTOR(X) virtual ~X() = default;
#define WHOLE(X)                                                                                             \
    DESTRUCTOR(X) virtual int note(int) = 0;                                                                 \
    virtual int erase_all(int) = 0;                                                                          \
    using methods = tenon::methods<&X::note, &X::erase_all>;
#define SWAPPED(X)                                                                                           \
    DESTRUCTOR(X) virtual int erase_all(int) = 0;                                                            \
    virtual int note(int) = 0;                                                                               \
    using methods = tenon::methods<&X::note, &X::erase_all>;
#define RENAMED(X)                                                                                           \
    DESTRUCTOR(X) virtual int note(int) = 0;                                                                 \
    virtual int erase_some(int) = 0;                                                                         \
    using methods = tenon::methods<&X::note, &X::erase_some>;
#define INSERTED(X)                                                                                          \
    DESTRUCTOR(X) virtual int note(int) = 0;                                                                 \
    virtual int count(int) = 0;                                                                              \
    virtual int erase_all(int) = 0;                                                                          \
    using methods = tenon::methods<&X::note, &X::count, &X::erase_all>;
#define APPENDED(X)                                                                                          \
    DESTRUCTOR(X) virtual int note(int) = 0;                                                                 \
    virtual int erase_all(int) = 0;                                                                          \
    virtual int count(int) = 0;                                                                              \
    using methods = tenon::methods<&X::note, &X::erase_all, &X::count>;
#define REMOVED(X)                                                                                           \
    DESTRUCTOR(X) virtual int erase_all(int) = 0;                                                            \
    using methods = tenon::methods<&X::erase_all>;
#define OTHER_SIGNATURE(X)                                                                                   \
    DESTRUCTOR(X) virtual int note(int) = 0;                                                                 \
    virtual int erase_all(int) const = 0;                                                                    \
    using methods = tenon::methods<&X::note, &X::erase_all>;
#define DESTRUCTOR_LAST(X)                                                                                   \
    virtual int note(int) = 0;                                                                               \
    virtual int erase_all(int) = 0;                                                                          \
    DESTRUCTOR(X) using methods = tenon::methods<&X::note, &X::erase_all>;
#define DESTRUCTOR_LAST_AND_APPENDED(X)                                                                      \
    virtual int note(int) = 0;                                                                               \
    virtual int erase_all(int) = 0;                                                                          \
    virtual int count(int) = 0;                                                                              \
    virtual int count_all(int) = 0;                                                                          \
    DESTRUCTOR(X) using methods = tenon::methods<&X::note, &X::erase_all, &X::count, &X::count_all>;
#define NOT_DELETED(X)                                                                                       \
    virtual int note(int) = 0;                                                                               \
    virtual int erase_all(int) = 0;                                                                          \
    using methods = tenon::methods<&X::note, &X::erase_all>;                                                 \
                                                                                                             \
protected:                                                                                                   \
    ~X() = default;
#define INCOMPLETE(X)                                                                                        \
    DESTRUCTOR(X) virtual int note(int) = 0;                                                                 \
    virtual int erase_all(int) = 0;                                                                          \
    using methods = tenon::methods<&X::note>;
// NOLINTEND

#ifndef SERVICES
#define SERVICES WHOLE
#endif
#ifndef TASK
#define TASK WHOLE
#endif
#ifndef ANSWER
#define ANSWER WHOLE
#endif
#ifndef LISTENER
#define LISTENER WHOLE
#endif
#ifndef WATCHER
#define WATCHER WHOLE
#endif
#ifndef CLOCK
#define CLOCK WHOLE
#endif
#ifndef CURSOR
#define CURSOR WHOLE
#endif
#ifndef OWN
#define OWN WHOLE
#endif

namespace served {

struct services { // given to the factory
    SERVICES(services)
};
struct task { // a parameter
    TASK(task)
};
struct answer { // what a method returns
    ANSWER(answer)
};
struct listener { // of a callback
    LISTENER(listener)
};
struct watcher { // of a function object
    WATCHER(watcher)
};
struct clock { // of services
    CLOCK(clock)
};
struct cursor { // in the state
    CURSOR(cursor)
};

struct desk {
    virtual ~desk() = default;
    virtual const clock& time() const = 0;
    using methods = tenon::methods<&desk::time>;
};
struct memory {
    cursor* where;
    int count;
};
struct work {
    std::span<task* const> tasks;
};

struct worker {
    static constexpr tenon::plugin_type type{"worker"};
    using factory = tenon::factory<services&>;
    using state = memory;
    virtual ~worker() = default;
    virtual int run(const work&, desk&) = 0;
    virtual std::unique_ptr<answer> ask() = 0;
    virtual void listen(int (*)(listener&)) = 0;
    virtual void watch(const std::function<void(watcher&)>&) = 0;
    using methods =
        tenon::methods<&worker::run, tenon::lets_code_escape<&worker::ask>, &worker::listen, &worker::watch>;
};

/// One whose own functions change, and that reaches none.
struct plain {
    static constexpr tenon::plugin_type type{"plain"};
    OWN(plain)
};

} // namespace served

#endif
