// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_PLUGIN_SOURCE_HPP
#define TENON_DETAIL_RELOAD_PLUGIN_SOURCE_HPP

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tenon/detail/library/plugin_code.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Builds, finds and loads the versions of one plugin.
class plugin_source {
public:
    virtual ~plugin_source() = default;

    /// Builds or finds the newest version, and loads it. Returns null if `known(id)` is true for the id of
    /// that very library.
    virtual std::unique_ptr<plugin_code> newest(const std::function<bool(const std::string& id)>& known) = 0;
    /// The files and folders whose change may lead to another version.
    virtual std::vector<std::string> watched() const = 0;
    /// Stops newest() in other threads, and makes all later calls fail.
    virtual void cancel() noexcept = 0;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
