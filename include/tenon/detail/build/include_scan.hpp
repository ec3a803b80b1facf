// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_INCLUDE_SCAN_HPP
#define TENON_DETAIL_BUILD_INCLUDE_SCAN_HPP

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/detail/build/system_files.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The headers that a text includes, in their quotes or brackets; also those that a condition or a comment
/// leaves out, and none whose name a macro stands for.
inline std::vector<std::string_view> included_in(std::string_view text) {
    std::vector<std::string_view> names;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        const auto next = [&](std::string_view word) {
            line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
            return skip(line, word);
        };
        if (!next("#") || !next("include") || !(next("\"") || next("<")))
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
            const std::string text = text_of<System>(file);
            for (const std::string_view header : included_in(text))
                if (std::string found = find(std::string(header), file, folders); !found.empty())
                    left.push_back(std::move(found));
        }
    }

    /// All files that may be read, and all folders in which one that is not there now would be found first.
    const std::set<std::string>& paths() const noexcept { return paths_; }

private:
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
