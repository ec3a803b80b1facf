// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_DRIVER_SOURCE_HPP
#define TENON_DETAIL_LOAD_DRIVER_SOURCE_HPP

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <pthread.h>
#include <string>
#include <utility>
#include <vector>

#include <tenon/driver.hpp>
#include <tenon/error.hpp>

#include <tenon/detail/library/plugin_code.hpp>
#include <tenon/detail/load/driver_attempt.hpp>
#include <tenon/detail/load/library_finder.hpp>
#include <tenon/detail/load/search_path.hpp>
#include <tenon/detail/load/untyped_loader.hpp>
#include <tenon/detail/reload/plugin_source.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/mutex_lock.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/stop_event.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Finds the newest version of a watched plugin, with a copy of the loader as it was when the watch began.
template <class System = posix>
class basic_driver_source final : public plugin_source {
public:
    basic_driver_source(const basic_untyped_loader<System>& by, driver from, const plugin_notes& host)
        : cancelled_(by.options.stop), by_(by), from_(std::move(from)), host_(host) {
        // The program may change its current directory.
        if (from_.what == driver::kind::library || from_.what == driver::kind::directory)
            from_.place = absolute<>(from_.place);
        by_.options.stop = {};
        by_.cancelled = cancelled_.descriptor();
    }

    std::unique_ptr<plugin_code> newest(const std::function<bool(const std::string&)>& known) override {
        if (from_.what == driver::kind::name)
            if (const auto* built_in = by_.built_ins.find(from_.place, host_))
                return known("") ? nullptr : std::make_unique<plugin_code>(*built_in);
        return driver_attempt(from_, by_.options.cache).run([&]() -> std::unique_ptr<plugin_code> {
            const found_library found = finder_.locate(from_, host_);
            {
                const mutex_lock locked(mutex_);
                checked_out_ = found.sources;
            }
            const bool given = from_.what == driver::kind::library || from_.what == driver::kind::name;
            // The name of a library that is built here is a digest of all its inputs, and identifies it
            // also after another build.
            if (known(given ? identity(found.path) : found.path))
                return nullptr;
            library_options options = finder_.options_for(from_.what);
            options.private_copy = options.private_copy || (given && by_.options.reload.copy_libraries);
            return std::unique_ptr<plugin_code>(plugin_code::load(options, found.path, found.plugin, host_));
        });
    }

    std::vector<std::string> watched() const override {
        switch (from_.what) {
        case driver::kind::name:
            if (by_.built_ins.find(from_.place, host_))
                return {};
            return search_path(by_.options, by_.built_ins).candidates(from_.place);
        case driver::kind::library:
            return {from_.place};
        case driver::kind::directory:
            return finder_.builder_for(from_, -1).watched(from_.place, host_.type);
        case driver::kind::repository:
            return finder_.builder_for(from_, -1).watched(checked_out(), host_.type);
        }
        std::abort();
    }

    void cancel() noexcept override { cancelled_.raise(); }

private:
    std::string checked_out() const {
        const mutex_lock locked(mutex_);
        return checked_out_;
    }

    // Without the time of the inode's last change, which a chmod or another link sets too.
    static std::string identity(const std::string& path) {
        struct stat status;
        if (posix::stat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        const file_identity state(status);
        return path + ' ' + std::to_string(state.device) + ' ' + std::to_string(state.inode) + ' ' +
               std::to_string(state.size) + ' ' + std::to_string(state.modified);
    }

    stop_event cancelled_;
    basic_untyped_loader<System> by_;
    const basic_library_finder<System> finder_{by_};
    driver from_;
    const plugin_notes& host_;
    mutable pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    std::string checked_out_; // by newest(), in one thread or another
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
