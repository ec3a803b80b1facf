// SPDX-License-Identifier: MIT
#ifndef TENON_SHARE_HPP
#define TENON_SHARE_HPP

#include <memory>
#include <utility>

#include <tenon/plugin.hpp>

namespace tenon::inline v1 {

/// Makes a shared pointer of a handle: the object goes with the last one, and the code after it.
///
///     std::shared_ptr<greeter> hello = tenon::share(tenon::plugin<greeter>{"./libhello.so"});
///     hello->greet("world");   // hello, world
///
/// Empty where the handle holds nothing. Throws `std::bad_alloc`. What became of the code is not told: use
/// `plugin::close` for that.
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
