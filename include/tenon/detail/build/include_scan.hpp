// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_INCLUDE_SCAN_HPP
#define TENON_DETAIL_BUILD_INCLUDE_SCAN_HPP

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/build/system_files.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The headers that a text includes, in their quotes or brackets; also those that a condition or a comment
/// leaves out, and none whose name a macro stands for.
inline std::vector<std::string_view> included_in(std::string_view text) {
    std::vector<std::string_view> names;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const auto skip = [&](std::string_view word) {
            if (const auto begin = line.find_first_not_of(" \t"); begin != line.npos)
                line.remove_prefix(begin);
            if (line.substr(0, word.size()) != word)
                return false;
            line.remove_prefix(word.size());
            return true;
        };
        if (!skip("#") || !skip("include") || !(skip("\"") || skip("<")))
            continue;
        const auto end = line.find(line.data()[-1] == '"' ? '"' : '>');
        if (end != line.npos && end > 0)
            names.emplace_back(line.data() - 1, end + 2);
    }
    return names;
}

/// What decides which headers some sources are compiled with, told from their text: for those that no
/// compiler has read so far, or has refused.
template <class System = posix>
class basic_include_scan {
public:
    /// Headers are searched beside the file that includes them and in `folders`.
    basic_include_scan(std::vector<std::string> sources, const std::vector<std::string>& folders) {
        for (std::vector<std::string> left = std::move(sources); !left.empty();) {
            const std::string file = std::move(left.back());
            left.pop_back();
            if (!paths_.insert(file).second || is_system_file<System>(file))
                continue;
            for (const std::string& header : names(file))
                if (std::string found = find(header, file, folders); !found.empty())
                    left.push_back(std::move(found));
        }
    }

    /// All files that may be read, and all folders in which one that is not there now would be found first.
    const std::set<std::string>& paths() const noexcept { return paths_; }

private:
    static std::vector<std::string> names(const std::string& file) {
        try {
            const std::string text = read_file<System>(file);
            const std::vector<std::string_view> names = included_in(text);
            return {names.begin(), names.end()};
        } catch (const error&) {
            return {}; // it is not there now
        }
    }

    std::string find(const std::string& header, const std::string& from,
                     const std::vector<std::string>& folders) {
        const std::string name = header.substr(1, header.size() - 2);
        std::vector<std::string> searched;
        if (name[0] == '/' || header[0] == '"')
            searched.emplace_back(name[0] == '/' ? "/" : parent(from));
        searched.insert(searched.end(), folders.begin(), folders.end());
        struct stat status;
        for (const std::string& folder : searched) {
            std::string path = name[0] == '/' ? name : join(folder, name);
            for (std::string_view above = path; above.size() > folder.size();) {
                above = parent(above);
                if (System::stat(std::string(above).c_str(), &status) == 0) {
                    paths_.emplace(above);
                    break;
                }
            }
            if (System::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
                return path;
        }
        return "";
    }

    std::set<std::string> paths_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
