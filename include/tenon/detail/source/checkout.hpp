// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_CHECKOUT_HPP
#define TENON_DETAIL_SOURCE_CHECKOUT_HPP

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/allow_list.hpp>
#include <tenon/diagnostic.hpp>
#include <tenon/driver.hpp>
#include <tenon/error.hpp>

#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A commit's files, and what a repository has that a checkout of tenon's does not: a submodule is an empty
/// folder, which git has for nothing else; a symbolic link is a file with its target; what Git LFS stores is
/// a pointer.
template <class System = posix>
class basic_checkout {
public:
    explicit basic_checkout(std::string folder) : folder_(std::move(folder)) {}

    /// Throws the error with a sentence for each of these that it is about. Only files and folders that it names
    /// are looked at.
    [[noreturn]] void throw_explained(const error& failed) const {
        const std::string text = failed.what(),
                          mark = std::string("\nthe plugin in '") + failed.path() + "' was not built:\n";
        // Behind the headline, for which nobody has to look far.
        const auto at = std::min(text.find(mark), text.size());
        const std::string more = text.substr(0, at) + sentences(failed, text.substr(0, at)) + text.substr(at);
        const errc code = static_cast<errc>(failed.code().value());
        if (failed.details())
            throw build_error(code, more, failed.path(), failed_commands(failed));
        throw error(code, more, failed.path());
    }

private:
    std::string sentences(const error& failed, std::string text) const {
        // Commands name what has nothing to do with the error, too.
        for (const failed_command& command : failed_commands(failed))
            text += '\n' + command.output;
        constexpr std::size_t most = 1000;
        std::vector<std::string> words = words_of(text, most);
        words.emplace_back(failed.path());
        const std::set<std::string> bases = folders_of(words);

        std::set<std::string> looked_at, found;
        for (const std::string& word : words)
            for (const std::string& base : bases)
                if (const std::string path = below(base, word);
                    !path.empty() && looked_at.insert(path).second)
                    if (std::string sentence = look(path); !sentence.empty())
                        found.insert(std::move(sentence));
        if (found.empty() && is_about_absence(in_small_letters(text)))
            found = submodules();
        std::string all;
        for (const std::string& sentence : found)
            all += '\n' + sentence;
        return all;
    }

    /// The words of a text that may be paths, each once.
    static std::vector<std::string> words_of(std::string_view text, std::size_t most) {
        std::set<std::string> words;
        // The last two are of the quotation marks that g++ uses.
        constexpr std::string_view between = " \t\r\n'\"`<>(),;:|^=[]{}\xe2\x80\x98\x99";
        while (!text.empty() && words.size() < most) {
            const std::string_view word = text.substr(0, text.find_first_of(between));
            text.remove_prefix(std::min(text.size(), word.size() + 1));
            if (word.find_first_of("/.") != word.npos && word.find_first_not_of("./") != word.npos)
                words.emplace(word);
        }
        return {words.begin(), words.end()};
    }

    /// The folders below this one that relative paths may begin in: those of the files that are named, and
    /// those above them.
    std::set<std::string> folders_of(const std::vector<std::string>& paths) const {
        std::set<std::string> folders{""};
        constexpr std::size_t most = 50;
        for (const std::string& path : paths)
            if (path.starts_with(folder_ + "/"))
                for (std::string folder = below("", path); !folder.empty() && folders.size() < most;) {
                    folders.insert(folder);
                    const auto slash = folder.rfind('/');
                    folder.resize(slash == folder.npos ? 0 : slash);
                }
        return folders;
    }

    /// A path as it is seen from the checkout's folder; empty where it leads out of that.
    std::string below(const std::string& base, std::string_view path) const {
        if (path.starts_with('/') && !path.starts_with(folder_ + "/"))
            return "";
        std::string seen = path.starts_with('/') ? "" : base;
        path.remove_prefix(path.starts_with('/') ? folder_.size() : 0);
        while (!path.empty()) {
            const std::string_view component = take_until(path, '/');
            if (component == ".." && seen.empty())
                return "";
            if (component == "..")
                seen.resize(seen.rfind('/') == seen.npos ? 0 : seen.rfind('/'));
            else if (!component.empty() && component != ".")
                seen += (seen.empty() ? "" : "/") + std::string(component);
        }
        return seen;
    }

    /// A sentence about what the way to a path leads through; empty where all of it is as in the repository.
    std::string look(const std::string& path) const {
        for (std::size_t slash = 0; slash != path.npos;) {
            slash = path.find('/', slash + 1);
            const std::string part = path.substr(0, slash), whole = join(folder_, part);
            struct stat status{};
            if (System::lstat(whole.c_str(), &status) != 0)
                return "";
            if (S_ISREG(status.st_mode))
                return about_file(part, whole);
            if (!S_ISDIR(status.st_mode))
                return "";
            if (is_empty(whole))
                return "'" + part +
                       "' is a submodule of the repository, which is not fetched: commit its files, or load "
                       "a clone on this machine that has them";
        }
        return "";
    }

    std::string about_file(const std::string& part, const std::string& whole) const {
        const std::string text = beginning(whole);
        if (text.starts_with("version https://git-lfs.github.com/spec/"))
            return "'" + part +
                   "' is a pointer of Git LFS, whose content is not fetched: commit the file itself, or load "
                   "a clone on this machine that has it";
        if (is_link(part, text))
            return "'" + part + "' is a symbolic link to '" + text +
                   "' in the repository, and became a file with that text: commit the file itself, or name "
                   "the other path";
        return "";
    }

    /// Whether a file's text is a link's target: one that is there, or has the form of one.
    bool is_link(const std::string& part, const std::string& text) const {
        constexpr std::size_t longest = 1024;
        if (text.empty() || text.size() > longest || std::any_of(text.begin(), text.end(), is_control))
            return false;
        const auto slash = part.rfind('/');
        const std::string target = below(slash == part.npos ? "" : part.substr(0, slash), text);
        struct stat status{};
        if (!target.empty() && System::lstat(join(folder_, target).c_str(), &status) == 0)
            return true;
        return text.find('/') != text.npos && text.find_first_of(" ;(){}\"<>#") == text.npos;
    }

    // More than a link's target has, or a pointer begins with.
    static std::string beginning(const std::string& path) {
        try {
            const basic_file<System> file(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
            char part[1025];
            const ssize_t size = System::read(file.descriptor(), part, sizeof part);
            return {part, size > 0 ? static_cast<std::size_t>(size) : 0};
        } catch (const error&) {
            return "";
        }
    }

    static bool is_empty(const std::string& folder) {
        try {
            return names_in<System>(folder).empty();
        } catch (const error&) {
            return false;
        }
    }

    static bool is_about_absence(std::string_view text) {
        for (const char* words :
             {"no such file", "not found", "cannot find", "could not find", "unable to find"})
            if (text.find(words) != text.npos)
                return true;
        return false;
    }

    /// Where something is missing that may be anywhere, such as in a folder of -I.
    std::set<std::string> submodules() const {
        std::string text, names;
        try {
            text = read_file<System>(join(folder_, ".gitmodules"), 64 * 1024);
        } catch (const error&) {
            return {};
        }
        for (std::string_view rest = text; !rest.empty();) {
            std::string_view line = take_line(rest);
            line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
            const auto equals = line.find('=');
            if (!line.starts_with("path") || equals == line.npos)
                continue;
            const std::string path =
                below("", line.substr(std::min(line.size(), line.find_first_not_of(" \t", equals + 1))));
            if (!path.empty() && !std::any_of(path.begin(), path.end(), is_control) &&
                is_empty(join(folder_, path)))
                names += (names.empty() ? "'" : ", '") + path + "'";
        }
        if (names.empty())
            return {};
        return {"the repository has submodules, which are not fetched: where what is missing is in " + names +
                ", commit those files, or load a clone on this machine that has them"};
    }

    std::string folder_;
};
using checkout = basic_checkout<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
