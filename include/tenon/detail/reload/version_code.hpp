// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_VERSION_CODE_HPP
#define TENON_DETAIL_RELOAD_VERSION_CODE_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <tenon/detail/library/library.hpp>
#include <tenon/detail/library/load_names.hpp>
#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/reload/reload_event.hpp>
#include <tenon/detail/reload/reload_history.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The code of one version, closed by its last owner.
template <class System = posix>
class basic_version_code {
public:
    basic_version_code(std::unique_ptr<plugin_code> code, std::uint64_t number,
                       std::shared_ptr<reload_history> history)
        : code_(std::move(code)), number_(number), history_(std::move(history)) {
        history_->loaded(image());
    }
    basic_version_code(const basic_version_code&) = delete;
    basic_version_code& operator=(const basic_version_code&) = delete;
    ~basic_version_code() {
        const loaded_image closing = image();
        const std::string plugin = name();
        const unloaded verdict = code_->close();
        history_->closed(closing, verdict);
        history_->tell({reload_event::step::closed, number_, plugin, verdict.reason(), {}});
    }

    const plugin_code& operator*() const noexcept { return *code_; }
    const plugin_code* operator->() const noexcept { return code_.get(); }
    std::string name() const { return code_->info().name + ' ' + code_->info().version; }
    const std::shared_ptr<reload_history>& history() const noexcept { return history_; }

private:
    /// The library's image in memory; empty for a built-in plugin.
    loaded_image image() const { return code_->from() ? code_->from()->image() : loaded_image(); }

    std::unique_ptr<plugin_code> code_;
    std::uint64_t number_;
    std::shared_ptr<reload_history> history_;
};

using version_code = basic_version_code<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
