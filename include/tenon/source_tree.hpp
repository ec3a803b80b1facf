// SPDX-License-Identifier: MIT
#ifndef TENON_SOURCE_TREE_HPP
#define TENON_SOURCE_TREE_HPP

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/folder.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>

namespace tenon::inline v1::detail {

/// Whether a name in a source tree is one of its sources' and not one that an editor or git keeps beside
/// them.
inline bool is_in_source_tree(std::string_view name) {
    return name[0] != '.' && name[0] != '#' && name.back() != '~';
}

/// All files and folders of a directory that somebody else's build reads as it likes, the directory first.
/// Symbolic links are followed; build trees in it are none of it.
template <class System = posix>
class basic_source_tree {
public:
    explicit basic_source_tree(const std::string& root) {
        std::set<std::pair<dev_t, ino_t>> seen; // links may lead in a circle
        std::vector<std::string> left{root};
        while (!left.empty()) {
            const std::string folder = std::move(left.back());
            left.pop_back();
            struct stat found;
            if (System::stat(folder.c_str(), &found) != 0 || !seen.emplace(found.st_dev, found.st_ino).second)
                continue;
            if (folder != root && System::access(join(folder, "CMakeCache.txt").c_str(), F_OK) == 0)
                continue;
            folders_.push_back(folder);
            for (const std::string& name : names_in<System>(folder)) {
                std::string path = join(folder, name);
                if (!is_in_source_tree(name) || System::stat(path.c_str(), &found) != 0)
                    continue;
                if (path.find('\n') != path.npos)
                    throw error::line_break_in_name(path);
                if (S_ISDIR(found.st_mode))
                    left.push_back(std::move(path));
                else if (S_ISREG(found.st_mode) && System::access(path.c_str(), R_OK) == 0)
                    files_.push_back(std::move(path));
            }
            if (files_.size() + folders_.size() + left.size() > most)
                throw error::too_many_files(root, most);
        }
    }

    const std::vector<std::string>& files() const noexcept { return files_; }
    const std::vector<std::string>& folders() const noexcept { return folders_; }

private:
    // Each is looked at whenever the plugin is loaded.
    static constexpr std::size_t most = 100'000;

    std::vector<std::string> files_, folders_;
};

} // namespace tenon::inline v1::detail

#endif
