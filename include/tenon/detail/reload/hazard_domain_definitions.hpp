// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_HAZARD_DOMAIN_DEFINITIONS_HPP
#define TENON_DETAIL_RELOAD_HAZARD_DOMAIN_DEFINITIONS_HPP

#include <cstddef>
#include <memory>
#include <utility>

#include <tenon/detail/library/library.hpp>
#include <tenon/detail/library/runtime.hpp> // declares __cxa_get_globals
#include <tenon/detail/reload/hazard_pointer.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

template <class System>
basic_hazard_domain<System>& basic_hazard_domain<System>::here() {
    static basic_hazard_domain& all = *new basic_hazard_domain;
    return all;
}

template <class System>
basic_hazard_domain<System>::basic_hazard_domain() : fenced_(!System::prepare_barrier()) {}

// Returns the records of a thread when the thread ends.
template <class System>
struct basic_hazard_domain<System>::thread_records {
    record* first = nullptr;

    ~thread_records() {
        last_used = nullptr;
        while (first) {
            record& owned = *std::exchange(first, first->next_of_thread);
            release(owned);
            const mutex_lock locked(owned.domain->mutex_);
            owned.taken = false;
        }
    }
};

template <class System>
void basic_hazard_domain<System>::when_free(void (*call)(void*), void* with) {
    const mutex_lock locked(mutex_);
    call_ = call;
    with_ = with;
}

template <class System>
bool basic_hazard_domain<System>::in_use(const void* object) {
    const mutex_lock locked(mutex_);
    if (!barrier())
        return true;
    bool found = false;
    for (record* owner = records_; owner; owner = owner->next)
        if (uses(*owner, object)) {
            found = true;
            owner->awaited.store(true);
        }
    if (!found)
        return false;
    if (!barrier())
        return true;
    for (record* owner = records_; owner; owner = owner->next)
        if (uses(*owner, object))
            return true;
    return false;
}

template <class System>
void basic_hazard_domain<System>::keep(std::shared_ptr<void> object) {
    std::size_t place;
    record& by = mine(*this, place);
    by.kept.push_back(std::move(object));
    by.keeps = true;
}

template <class System>
void basic_hazard_domain<System>::freed() {
    void (*call)(void*);
    void* with;
    {
        const mutex_lock locked(mutex_);
        call = call_;
        with = with_;
    }
    if (call)
        call(with);
}

template <class System>
typename basic_hazard_domain<System>::record&
basic_hazard_domain<System>::another(basic_hazard_domain& domain, std::size_t& place) {
    thread_local thread_records own;
    for (record* owned = own.first; owned; owned = owned->next_of_thread)
        if (owned->domain == &domain)
            for (place = 0; place < places; ++place)
                if (!owned->used[place].load(std::memory_order_relaxed)) {
                    last_used = owned;
                    return *owned;
                }
    record& taken = domain.take();
    taken.next_of_thread = std::exchange(own.first, &taken);
    struct globals {
        void* caught;
        unsigned uncaught;
    };
    taken.uncaught = &reinterpret_cast<const globals*>(__cxxabiv1::__cxa_get_globals())->uncaught;
    last_used = &taken;
    for (place = 0; taken.used[place].load(std::memory_order_relaxed); ++place) {
    }
    return taken;
}

template <class System>
typename basic_hazard_domain<System>::record& basic_hazard_domain<System>::take() {
    const mutex_lock locked(mutex_);
    for (record* owner = records_; owner; owner = owner->next)
        // A slot may still be in use: another thread may end a use that its first thread began.
        if (!owner->taken && !owner->used[places - 1].load(std::memory_order_relaxed)) {
            owner->taken = true;
            return *owner;
        }
    record* const added = new record;
    added->domain = this;
    added->fenced = fenced_;
    added->next = std::exchange(records_, added);
    return *added;
}

template <class System>
void basic_hazard_domain<System>::release(record& released) {
    if (exception_alive())
        return;
    released.keeps = false;
    // The destructors may use objects of the domain themselves.
    for (const auto& object : std::exchange(released.kept, {}))
        static_cast<void>(object);
}

// If the system refuses the barrier, no object counts as free.
template <class System>
bool basic_hazard_domain<System>::barrier() const {
    return fenced_ || System::barrier();
}

template <class System>
bool basic_hazard_domain<System>::uses(const record& one, const void* object) {
    for (const auto& slot : one.used)
        if (slot.load() == object)
            return true;
    return false;
}

#ifdef TENON_SEPARATE
template class basic_hazard_domain<posix>;
#endif

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
