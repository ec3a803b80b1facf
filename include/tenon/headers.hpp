// SPDX-License-Identifier: MIT
#ifndef TENON_HEADERS_HPP
#define TENON_HEADERS_HPP

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/interface.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>

namespace tenon::inline v1::detail {

// Finds the folders that a plugin is compiled against: the interface header's and tenon's own. The compiler wrote down both
// when it compiled this program, perhaps as paths relative to a folder that only it knew; so each is a guess until the file
// that is found there has been looked into.
template <class System = posix>
class basic_headers {
public:
    /// `include` comes first, then the folders in $TENON_INCLUDE, then where the compiler saw the headers.
    explicit basic_headers(std::vector<std::string> include) : folders_(std::move(include)) {
        const char* set = ::secure_getenv("TENON_INCLUDE");
        for (std::string_view rest = set ? set : ""; !rest.empty();) {
            const std::string_view one = rest.substr(0, rest.find(':'));
            rest.remove_prefix(one.size() < rest.size() ? one.size() + 1 : one.size());
            if (!one.empty())
                folders_.emplace_back(one);
        }
    }

    /// The folders for `-I`, in order, for plugins of one type.
    std::vector<std::string> folders(const plugin_type& type) const {
        std::vector<std::string> found = folders_;
        const std::string quoted = '"' + std::string(type.name()) + '"';
        add(found, search(type.header(), basename(type.header()), {"plugin_type", quoted}), type.header());
        add(found, search(__FILE__, "tenon/version.hpp", {"#define TENON_VERSION \"" TENON_VERSION "\""}), "tenon/version.hpp");
        return found;
    }

private:
    static void add(std::vector<std::string>& to, const std::string& folder, std::string_view header) {
        if (folder.empty())
            throw error::header_not_found(header);
        for (const std::string& each : to)
            if (each == folder)
                return;
        to.push_back(folder);
    }

    // The folder in which `name` is the header that says `words`.
    std::string search(std::string_view seen, std::string_view name, std::initializer_list<std::string_view> words) const {
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
            if (const std::string there = join(base, folder); says(join(there, name), words))
                return there;
        return "";
    }

    static bool says(const std::string& path, std::initializer_list<std::string_view> words) {
        const int fd = System::open(path.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
            return false;
        std::string text(256 * 1024, '\0');
        std::size_t size = 0;
        for (ssize_t got; size < text.size() && (got = System::read(fd, text.data() + size, text.size() - size)) > 0;)
            size += static_cast<std::size_t>(got);
        System::close(fd);
        text.resize(size);
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
};
using headers = basic_headers<>;

} // namespace tenon::inline v1::detail

#endif
