// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_INTERFACE_HEADERS_HPP
#define TENON_DETAIL_BUILD_INTERFACE_HEADERS_HPP

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error header_not_found(std::string_view header) {
    return {errc::not_found,
            concatenated(
                {"cannot find the folder of the header '", header,
                 "' that plugins are compiled against: it is not where the "
                 "compiler of this program saw it; name its folder in $TENON_INCLUDE or in options.include"}),
            std::string(header)};
}

// Finds the folders that a plugin is compiled against: the interface header's and tenon's own. The compiler
// wrote down both when it compiled this program, perhaps as paths relative to a folder that only it knew; so
// each is a guess until the file that is found there has been looked into.
template <class System = posix>
class basic_interface_headers {
public:
    /// `include` comes first, then the folders in $TENON_INCLUDE, then where the compiler saw the headers;
    /// this one it saw at `seen`.
    explicit basic_interface_headers(std::vector<std::string> include, std::string_view seen = __FILE__)
        : folders_(named(std::move(include))), seen_(seen) {}

    /// The absolute paths of the chosen folders, and then of those in $TENON_INCLUDE; none twice.
    static std::vector<std::string> named(std::vector<std::string> chosen) {
        const char* set = ::secure_getenv("TENON_INCLUDE");
        for (std::string_view rest = set ? set : ""; !rest.empty();) {
            if (const std::string_view one = take_until(rest, ':'); !one.empty())
                chosen.emplace_back(one);
        }
        std::vector<std::string> listed;
        for (const std::string& header : chosen)
            if (const std::string path = absolute<System>(header);
                std::find(listed.begin(), listed.end(), path) == listed.end())
                listed.push_back(path);
        return listed;
    }

    /// The header of a plugin type.
    std::string header(const plugin_type& type) const {
        const std::string folder = folder_of(type);
        if (folder.empty())
            throw header_not_found(type.header());
        return join(folder, basename(type.header()));
    }

    /// The folders for `-I`, in order, for plugins of one type.
    std::vector<std::string> folders(const plugin_type& type) const {
        std::vector<std::string> all = folders_;
        add(all, folder_of(type), type.header());
        // All of tenon may stand in one file, of whatever name.
        const bool in_one_file = basename(seen_) != "interface_headers.hpp";
        const std::string version =
            in_one_file ? std::string(seen_) : join(parent(parent(parent(seen_))), "version.hpp");
        const std::string_view own = in_one_file ? basename(seen_) : "tenon/version.hpp";
        add(all, search(version, own, {"#define TENON_VERSION \"" TENON_VERSION "\""}), own);
        return all;
    }

private:
    std::string folder_of(const plugin_type& type) const {
        const std::string quoted = '"' + std::string(type.name()) + '"';
        return search(type.header(), basename(type.header()), {"plugin_type", quoted});
    }

    static void add(std::vector<std::string>& to, const std::string& folder, std::string_view header) {
        if (folder.empty())
            throw header_not_found(header);
        for (const std::string& known : to)
            if (known == folder)
                return;
        to.push_back(folder);
    }

    // The folder in which `name` is the header that says `words`.
    std::string search(std::string_view seen, std::string_view name,
                       std::initializer_list<std::string_view> words) const {
        for (const std::string& folder : folders_)
            if (says(join(folder, name), words))
                return folder;
        std::string folder(parent(seen));
        if (name.find('/') != name.npos)
            folder = join(folder, "..");
        if (folder[0] == '/')
            return says(join(folder, name), words) ? folder : "";
        if (says(join(folder, name), words))
            return folder;
        for (std::string_view base = program_folder(); base.size() > 1; base = parent(base))
            if (const std::string candidate = join(base, folder); says(join(candidate, name), words))
                return candidate;
        return "";
    }

    static bool says(const std::string& path, std::initializer_list<std::string_view> words) {
        const std::string text = text_of<System>(path);
        for (const std::string_view word : words)
            if (text.find(word) == text.npos)
                return false;
        return true;
    }

    static const std::string& program_folder() {
        static const std::string folder = [] {
            std::string path(4096, '\0');
            const ssize_t size = System::readlink("/proc/self/exe", path.data(), path.size());
            path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
            return std::string(path.empty() ? "/" : parent(path));
        }();
        return folder;
    }

    std::vector<std::string> folders_;
    std::string_view seen_;
};
using headers = basic_interface_headers<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
