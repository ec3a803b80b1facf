// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_DRIVER_ATTEMPT_HPP
#define TENON_DETAIL_LOAD_DRIVER_ATTEMPT_HPP

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>

#include <tenon/driver.hpp>
#include <tenon/error.hpp>

#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Attempts at one driver, whose errors name the driver, which the reader knows, and no file of the cache.
class driver_attempt {
public:
    driver_attempt(const driver& from, const std::string& cache_folder)
        : from_(from), cache_folder_(cache_folder) {}

    /// Repeats `use`, a few times, if a file of the cache was pruned between being found and being opened.
    template <class Use>
    auto run(Use&& use) const {
        const bool cached = from_.what == driver::kind::directory || from_.what == driver::kind::repository;
        for (int tries = 5;; --tries)
            try {
                return use();
            } catch (const error& e) {
                if (tries == 1 || !cached || !is_pruned(e.path()))
                    rethrow(e);
                trace("'", e.path(), "' has been pruned");
            }
    }

private:
    /// Rethrows the error that is being handled. An error about a file of the cache becomes one about the
    /// driver, which the reader knows. An error about a choice between plugins gets the driver that chooses.
    [[noreturn]] void rethrow(const error& e) const {
        driver whole = from_, choosing = from_;
        whole.plugin = whole.target = "";
        std::string text = e.what(), path = e.path();
        const auto replace = [&text](const std::string& before, const std::string& after) {
            for (std::size_t i = 0; (i = text.find(before, i)) != text.npos; i += after.size())
                text.replace(i, before.size(), after);
        };
        const errc code = static_cast<errc>(e.code().value());
        if (code == errc::system_call && is_cached(path, "") && keeps_from_writing(text))
            throw cache_unusable(cache(cache_folder_).path(), text);
        const bool about_what_is_in_it = code == errc::not_a_plugin || code == errc::ambiguous ||
                                         code == errc::toolchain || code == errc::misfit ||
                                         code == errc::bad_interface;
        const bool in_cache = is_cached(path, "bin") || is_cached(path, "src");
        if (about_what_is_in_it && (in_cache || path == from_.place || path == canonical<>(from_.place))) {
            if (in_cache) {
                replace('\'' + path + '\'', '\'' + text_of(whole) + '\'');
                if (is_cached(path, "bin"))
                    replace(path, from_.place);
                path = from_.place;
            }
            choosing.plugin = "NAME";
            replace(std::string(adding_a_plugin), "with the driver '" + text_of(choosing) + '\'');
        }
        choosing = from_;
        choosing.target = "NAME";
        replace(std::string(adding_a_target), "with the driver '" + text_of(choosing) + '\'');
        if (text == e.what())
            throw;
        throw error(code, text, path);
    }

    bool is_pruned(const std::string& path) const {
        struct stat status;
        return posix::lstat(path.c_str(), &status) != 0 && is_cached(path, "");
    }

    /// True for errors of the system that mean a folder cannot be written to.
    static bool keeps_from_writing(const std::string& text) {
        for (const int number : {EROFS, EACCES, EPERM, ENOSPC, EDQUOT})
            if (text.ends_with(": " + std::generic_category().message(number)))
                return true;
        return false;
    }

    /// True if a path is below a folder of the cache.
    bool is_cached(const std::string& path, const char* folder) const {
        const std::string below = join(cache(cache_folder_).path(), folder);
        return path.rfind(*folder ? below + '/' : below, 0) == 0;
    }

    const driver& from_;
    const std::string& cache_folder_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
