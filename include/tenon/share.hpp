// SPDX-License-Identifier: MIT
#ifndef TENON_SHARE_HPP
#define TENON_SHARE_HPP

#include <memory>
#include <utility>

#include <tenon/plugin.hpp>

namespace tenon::inline v1 {

/// Turns a handle into a shared pointer. The last pointer destroys the object, and then closes the library.
///
///     std::shared_ptr<greeter> hello = tenon::share(tenon::plugin<greeter>{"./libhello.so"});
///     hello->greet("world");   // hello, world
///
/// An empty handle gives an empty pointer. Throws `std::bad_alloc`. Whether the code was unmapped is not
/// reported; `plugin::close` reports it.
template <class T>
TENON_HIDDEN std::shared_ptr<T> share(plugin<T>&& handle) {
    if (!handle)
        return nullptr;
    auto owner = std::make_shared<plugin<T>>(std::move(handle));
    T* const object = owner->get();
    return {std::move(owner), object};
}

} // namespace tenon::inline v1

#endif
