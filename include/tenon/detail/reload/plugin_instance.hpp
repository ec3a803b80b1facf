// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_INSTANCE_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/library/plugin_object.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

template <class System>
class basic_version_code;
using version_code = basic_version_code<posix>;

/// The object of one version, and a count of its owners, the last of which destroys it.
class plugin_instance {
public:
    /// Constructs the object with `make`. `functions` have to be those of the type that `make` constructs.
    plugin_instance(std::shared_ptr<version_code> code, std::uint64_t number,
                    const std::function<void*(const plugin_code&)>& make, const object_functions& functions);
    plugin_instance(const plugin_instance&) = delete;
    plugin_instance& operator=(const plugin_instance&) = delete;

    void* object() const noexcept { return object_; }
    std::uint64_t number() const noexcept { return number_; }
    const std::shared_ptr<version_code>& code() const noexcept { return code_; }
    const plugin_info& info() const noexcept;

    void start();
    /// Sets `called` before the hook is called, which may throw after half of its work.
    void quiesce(bool& called);
    void resume();
    /// Gives the object's state to that of another version, if one saves and the other restores.
    void hand_on_to(const plugin_instance& next);

    /// Adds a reference, which release() drops.
    void share() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
    /// Drops one reference. The last one destroys the object.
    void release() noexcept {
        if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            delete this;
    }

private:
    ~plugin_instance();

    std::shared_ptr<version_code> code_;
    std::uint64_t number_;
    const object_functions& functions_;
    void* object_;
    bool started_ = false;
    std::atomic<std::size_t> owners_ = 1;
};

struct instance_release {
    void operator()(plugin_instance* instance) const noexcept { instance->release(); }
};
/// A counted reference to an instance.
using instance_share = std::unique_ptr<plugin_instance, instance_release>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
