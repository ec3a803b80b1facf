// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LOAD_SEARCH_PATH_HPP
#define TENON_DETAIL_LOAD_SEARCH_PATH_HPP

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/loader_options.hpp>
#include <tenon/manifest.hpp>
#include <tenon/policy.hpp>
#include <tenon/registry.hpp>

#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/source/permitted_driver.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error two_libraries(std::string_view name, const std::string& path, std::string_view other) {
    return {errc::ambiguous,
            concatenated(
                {"the name '", name, "' may be '", path, "' or '", other, "'; remove one, or give the path"}),
            path};
}

/// The folders in which bare names are looked for.
class search_path {
public:
    search_path(const loader_options& options, const registry& built_ins)
        : options_(options), built_ins_(built_ins) {}

    /// The library for a bare name, from the first folder of `options.search` that has one.
    std::string library(const std::string& name, std::string_view type) const {
        for (const std::string& folder : options_.search) {
            const std::string plain = join(folder, name + ".so"),
                              prefixed = join(folder, "lib" + name + ".so");
            const bool has_plain = is_file(plain), has_prefixed = is_file(prefixed);
            if (has_plain && has_prefixed)
                throw two_libraries(name, plain, prefixed);
            if (has_plain || has_prefixed)
                return permitted_path(has_plain ? plain : prefixed, options_.policy);
        }
        // An entry of that name that is no regular file is the likeliest reason.
        for (const std::string& path : candidates(name)) {
            require_no_dangling_link(path);
            if (posix::access(path.c_str(), F_OK) == 0)
                throw not_a_regular_file(path);
        }
        std::vector<std::string> known = built_ins_.names(type);
        for (const std::string& folder : options_.search)
            add_libraries(known, folder, type);
        throw unknown_name(type, name, likeliest(name, known), found_here(name), searched_folders());
    }

    /// Where the library `name` may come to be.
    std::vector<std::string> candidates(const std::string& name) const {
        std::vector<std::string> paths;
        for (const std::string& folder : options_.search)
            for (const char* prefix : {"", "lib"})
                paths.push_back(join(folder, prefix + name + ".so"));
        return paths;
    }

private:
    /// For messages: the folders of options.search, and why one of them cannot be looked into.
    std::string searched_folders() const {
        std::string text;
        for (const std::string& folder : options_.search) {
            text.append(text.empty() ? "'" : ", '").append(escaped(folder)).append("'");
            if (DIR* const open = posix::opendir(folder.c_str()))
                posix::closedir(open);
            else
                text.append(" (").append(std::generic_category().message(errno)).append(")");
        }
        return text;
    }

    static bool is_file(const std::string& path) {
        struct stat status;
        return posix::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    }

    /// Adds the names by which libraries in a folder could be loaded as plugins of a type.
    static void add_libraries(std::vector<std::string>& names, const std::string& folder,
                              std::string_view type) {
        DIR* open = posix::opendir(folder.c_str());
        if (!open)
            return;
        while (const dirent* entry = posix::readdir(open)) {
            std::string_view name = entry->d_name;
            if (name.size() <= 3 || name.substr(name.size() - 3) != ".so")
                continue;
            name.remove_suffix(3);
            if (name.substr(0, 3) == "lib")
                name.remove_prefix(3);
            if (well_named(name) && has_plugin(join(folder, entry->d_name), type, name))
                names.emplace_back(name);
        }
        posix::closedir(open);
    }

    static bool has_plugin(const std::string& path, std::string_view type, std::string_view name) {
        try {
            const manifest notes(path);
            for (const auto& plugin : notes.plugins())
                if (plugin.type == type && plugin.name == name)
                    return true;
        } catch (const error&) {
            // Not a library, or one without such a plugin.
        }
        return false;
    }

    const loader_options& options_;
    const registry& built_ins_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
