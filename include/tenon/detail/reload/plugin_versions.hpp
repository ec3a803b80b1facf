// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_PLUGIN_VERSIONS_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_VERSIONS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include <tenon/detail/library/plugin_object.hpp>
#include <tenon/detail/reload/hazard_pointer.hpp>
#include <tenon/detail/reload/plugin_instance.hpp>
#include <tenon/detail/reload/plugin_source.hpp>
#include <tenon/detail/reload/reload_event.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The versions of one plugin, as a `live` handle uses them.
class plugin_versions {
public:
    using maker = std::function<void*(const plugin_code&)>;

    /// Loads the first version. `functions` have to be those of the type that `make` constructs.
    template <class System = posix>
    static std::unique_ptr<plugin_versions> from(std::unique_ptr<plugin_source> source, maker make,
                                                 const object_functions& functions, std::size_t most_mapped,
                                                 std::int64_t every);

    plugin_versions(const plugin_versions&) = delete;
    plugin_versions& operator=(const plugin_versions&) = delete;
    virtual ~plugin_versions() = default;

    basic_hazard_domain<>& hazards() const noexcept { return hazards_; }
    const std::atomic<plugin_instance*>& serving() const noexcept { return serving_; }

    /// Starts watching for newer versions.
    virtual void begin() = 0;
    /// Ends watching, and waits for other threads. Has to be called before destruction.
    virtual void end() = 0;
    virtual void on_event(reload_handler handler) = 0;
    virtual void check(std::function<void(void*)> check) = 0;
    virtual live_status status() const = 0;
    /// Looks for a newer version now. With `again`, a version that was refused before is tried once more.
    virtual reload_event refresh(bool again) = 0;
    virtual reload_event rollback() = 0;

protected:
    explicit plugin_versions(basic_hazard_domain<>& hazards) : hazards_(hazards) {}

    // The domain of the copy of tenon that made this object, whichever copy destroys it.
    basic_hazard_domain<>& hazards_;
    std::atomic<plugin_instance*> serving_ = nullptr;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
