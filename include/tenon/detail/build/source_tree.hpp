// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_SOURCE_TREE_HPP
#define TENON_DETAIL_BUILD_SOURCE_TREE_HPP

#include <algorithm>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error line_break_in_name(const std::string& path) {
    return {
        errc::malformed_driver,
        concatenated({"the name of '", path,
                      "' has a line break, and compilers cannot say of such a file that they have read it; "
                      "rename it"}),
        path};
}

inline error too_many_files(const std::string& directory, std::size_t most) {
    return {errc::not_found,
            concatenated(
                {"'", directory, "' has more than ", std::to_string(most),
                 " files and folders, and each would be looked at whenever its plugin is loaded; give the "
                 "plugin a directory of its own"}),
            directory};
}

/// True for names in a source tree that belong to the sources, and not to an editor or git.
inline bool is_in_source_tree(std::string_view name) {
    return name[0] != '.' && name[0] != '#' && name.back() != '~';
}

/// True if a path is one of these folders, or below one.
inline bool is_in_one_of(std::string_view path, const std::vector<std::string>& folders) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](const std::string& folder) { return is_at_or_below(path, folder); });
}

/// The first few sources in a directory and below that are not `compiled`, as relative paths. Only as many
/// files are looked at as takes a moment.
template <class System = posix>
std::vector<std::string> sources_left_out(const std::string& directory,
                                          const std::vector<std::string>& compiled) {
    std::vector<std::string> left_over;
    std::deque<std::string> folders{""};
    const auto names = [&](const std::string& folder) {
        try {
            return names_in<System>(join(directory, folder));
        } catch (const error&) {
            return std::vector<std::string>(); // somebody else's
        }
    };
    std::size_t left = 10'000;
    for (; !folders.empty(); folders.pop_front())
        for (const std::string& name : names(folders.front())) {
            struct stat seen;
            std::string path = join(folders.front(), name);
            if (left == 0 || !is_in_source_tree(name) || --left == 0 ||
                System::lstat(join(directory, path).c_str(), &seen) != 0)
                continue;
            if (S_ISDIR(seen.st_mode) &&
                System::access(join(join(directory, path), "CMakeCache.txt").c_str(), F_OK) != 0)
                folders.push_back(std::move(path));
            else if (S_ISREG(seen.st_mode) && (is_source_name(name) || is_foreign_source_name(name)) &&
                     std::find(compiled.begin(), compiled.end(), path) == compiled.end())
                left_over.push_back(std::move(path));
        }
    return left_over;
}

/// A sentence about the sources in a directory that are not compiled; empty if there are none.
template <class System = posix>
std::string sentence_on_sources_left_out(const std::string& directory,
                                         const std::vector<std::string>& compiled) {
    constexpr std::size_t most = 5;
    const std::vector<std::string> all = sources_left_out<System>(directory, compiled);
    if (all.empty())
        return "";
    std::string text;
    const std::size_t shown = all.size() > most + 1 ? most : all.size();
    for (std::size_t i = 0; i < shown; ++i)
        text.append(i == 0 ? "'" : i + 1 == all.size() ? " and '" : ", '").append(all[i]).append("'");
    if (shown < all.size())
        text += " and " + std::to_string(all.size() - shown) + " more";
    text.append(all.size() == 1 ? " is" : " are").append(" not compiled: ");
    const bool one = std::any_of(all.begin(), all.end(), [](const std::string& path) {
        return path.find('/') == path.npos && is_source_name(path);
    });
    return text + (one ? "the driver names '" + (compiled.empty() ? "" : compiled[0]) + "' alone; name '" +
                             directory + "' to have all of its sources compiled"
                       : "of a directory, that is what stands directly in it and ends in .cpp, .cc, .cxx, "
                         ".c++, .cp, .CPP or .C; a CMakeLists.txt can have more compiled");
}

/// All files and folders that the build of another project may read, its directory first. Symbolic links are
/// followed. Build trees in the directory, and the folders in `without`, are left out.
template <class System = posix>
class basic_source_tree {
public:
    explicit basic_source_tree(const std::string& root, const std::vector<std::string>& without = {}) {
        std::set<std::pair<dev_t, ino_t>> seen; // links may lead in a circle
        std::vector<std::string> left{root};
        while (!left.empty()) {
            const std::string folder = std::move(left.back());
            left.pop_back();
            struct stat status;
            if (System::stat(folder.c_str(), &status) != 0 ||
                !seen.emplace(status.st_dev, status.st_ino).second)
                continue;
            if (folder != root && System::access(join(folder, "CMakeCache.txt").c_str(), F_OK) == 0)
                continue;
            folders_.push_back(folder);
            for (const std::string& name : names_in<System>(folder)) {
                std::string path = join(folder, name);
                if (!is_in_source_tree(name) || is_in_one_of(path, without) ||
                    System::stat(path.c_str(), &status) != 0)
                    continue;
                if (path.find('\n') != path.npos)
                    throw line_break_in_name(path);
                if (S_ISDIR(status.st_mode))
                    left.push_back(std::move(path));
                else if (S_ISREG(status.st_mode) && System::access(path.c_str(), R_OK) == 0)
                    files_.push_back(std::move(path));
            }
            if (files_.size() + folders_.size() + left.size() > most)
                throw too_many_files(root, most);
        }
    }

    const std::vector<std::string>& files() const noexcept { return files_; }
    const std::vector<std::string>& folders() const noexcept { return folders_; }

private:
    // A limit, because every one of these files is looked at whenever the plugin is loaded.
    static constexpr std::size_t most = 100'000;

    std::vector<std::string> files_, folders_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
