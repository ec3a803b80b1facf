// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_HAZARD_POINTER_HPP
#define TENON_DETAIL_RELOAD_HAZARD_POINTER_HPP

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <pthread.h>
#include <vector>

#include <tenon/detail/system/posix_fwd.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The objects that threads are using at this moment, so that a replaced object is destroyed only when no
/// thread uses it.
///
/// Each thread announces an object in a slot of its own, to which no other thread's use writes: hazard
/// pointers (M. M. Michael, 2004). A full barrier is needed between the announcement and the second read of
/// the shared pointer. That barrier costs more than all the rest. So with membarrier(2) the thread that
/// replaces an object executes the barrier in all other threads instead.
template <class System = posix>
class basic_hazard_domain {
public:
    static constexpr std::size_t places = 6;

    /// The slots of one thread. A thread that uses more objects at once gets more records.
    struct alignas(64) record {
        basic_hazard_domain* domain = nullptr;
        std::atomic<const void*> used[places] = {};
        std::atomic<bool> awaited = false; // somebody wants to know when one of them is free
        bool fenced = false;
        bool keeps = false;
        // On another cache line, which is written to less often.
        const unsigned* uncaught = nullptr; // how many exceptions of the thread are in flight
        std::vector<std::shared_ptr<void>> kept;
        record* next = nullptr; // of all
        record* next_of_thread = nullptr;
        bool taken = true;
    };

    /// Never destroyed: a thread may end after all static objects have been destroyed.
    static basic_hazard_domain& here();

    /// Sets a function that is called when an object that in_use() found in use may have become free. The
    /// thread that used the object calls it.
    void when_free(void (*call)(void*), void* with);

    /// True if a thread uses an object, which no thread can newly find. In that case the function of
    /// `when_free` is called later.
    bool in_use(const void* object);

    /// A record of the calling thread with a free slot, whose index is stored in `place`.
    static record& mine(basic_hazard_domain& domain, std::size_t& place) {
        if (record* const last = last_used; last && last->domain == &domain) [[likely]] {
            if (last->keeps) [[unlikely]]
                release(*last);
            for (place = 0; place < places; ++place)
                if (!last->used[place].load(std::memory_order_relaxed)) [[likely]]
                    return *last;
        }
        return another(domain, place);
    }

    /// Keeps an object alive until this thread has left all exception handlers and uses an object again, or
    /// ends.
    void keep(std::shared_ptr<void> object);

    void freed();

    /// True if the calling thread has an exception in flight. std::uncaught_exceptions() would cost more than
    /// the rest of a use, so the thread's own counter is read (Itanium C++ ABI: Exception Handling, 2.2.2).
    static bool throwing(const record& by) noexcept {
        return (&by == last_used ? *by.uncaught : static_cast<unsigned>(std::uncaught_exceptions())) > 0;
    }

private:
    basic_hazard_domain();

    struct thread_records;

    static record& another(basic_hazard_domain& domain, std::size_t& place);
    record& take();
    static void release(record& released);
    bool barrier() const;
    static bool uses(const record& one, const void* object);

    static inline constinit thread_local record* last_used = nullptr;

    const bool fenced_;
    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    record* records_ = nullptr; // are never freed
    void (*call_)(void*) = nullptr;
    void* with_ = nullptr;
};

/// One use of the object behind a shared pointer. The object is not destroyed during the use. The use may end
/// in another thread than it began in.
template <class Object, class System = posix>
class basic_hazard_pointer {
public:
    basic_hazard_pointer(basic_hazard_domain<System>& among, const std::atomic<Object*>& from)
        : record_(basic_hazard_domain<System>::mine(among, place_)) {
        std::atomic<const void*>& used = record_.used[place_];
        Object* now = from.load(std::memory_order_relaxed);
        if (record_.fenced) [[unlikely]] {
            do
                used.store(object_ = now);
            while ((now = from.load()) != object_);
        } else {
            do {
                used.store(object_ = now, std::memory_order_relaxed);
                std::atomic_signal_fence(std::memory_order_seq_cst);
            } while ((now = from.load(std::memory_order_acquire)) != object_);
        }
    }
    basic_hazard_pointer(const basic_hazard_pointer&) = delete;
    basic_hazard_pointer& operator=(const basic_hazard_pointer&) = delete;
    ~basic_hazard_pointer() {
        std::atomic<const void*>& used = record_.used[place_];
        if (record_.fenced) [[unlikely]] {
            used.store(nullptr);
        } else {
            used.store(nullptr, std::memory_order_release);
            std::atomic_signal_fence(std::memory_order_seq_cst);
        }
        if (record_.awaited.load(std::memory_order_relaxed)) [[unlikely]]
            announce_free();
    }

    Object* get() const noexcept { return object_; }

    basic_hazard_domain<System>& among() const noexcept { return *record_.domain; }
    bool throwing() const noexcept { return basic_hazard_domain<System>::throwing(record_); }

private:
    [[gnu::noinline]] void announce_free() {
        if (record_.awaited.exchange(false))
            record_.domain->freed();
    }

    std::size_t place_;
    typename basic_hazard_domain<System>::record& record_;
    Object* object_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
