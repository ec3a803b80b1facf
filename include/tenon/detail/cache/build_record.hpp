// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_CACHE_BUILD_RECORD_HPP
#define TENON_DETAIL_CACHE_BUILD_RECORD_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/sha256.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A file or folder that a library was made from, as it was then. Where the state is empty, it is not to be
/// believed and only the digest counts.
struct build_input {
    std::string path;
    file_identity state;
    std::string digest;
};
using build_inputs = std::vector<build_input>;

/// A library that was built, and all that it was made from.
struct build_result {
    std::string key;        ///< the library's name in the cache
    std::uint64_t size = 0; ///< of the library, in which a file that a crash has cut short differs
    std::string compiler;   ///< its stamp
    std::string packages;   ///< what the system's packages were; empty where that is not known
    build_inputs files;     ///< the plugin's own
    build_inputs folders;   ///< in which a new file could take the place of one of these
    std::string system;     ///< names the list of the files that are the system's own
};

/// What is remembered about the last few libraries that one directory gave, newest first.
///
/// A record that is damaged, cut short or made up is an empty one: what it says is only ever compared, and
/// the one name in it that is looked for is known to be 64 hexadecimal digits.
class build_record {
public:
    static constexpr std::size_t most_results = 8;

    build_record() = default;
    explicit build_record(std::string text) : build_record(std::move(text), std::string::npos) {
        if (rest_.substr(0, 7) != "system ") {
            results_.clear();
            rest_ = {};
        }
    }
    /// So many of its newest results, of a text that may end after them. It knows of no system's files.
    build_record(std::string text, std::size_t most) : text_(std::move(text)), rest_(text_) {
        if (!take(header) || !take_results(most)) {
            results_.clear();
            rest_ = {};
        }
    }
    build_record(const build_record&) = delete; // `rest_` views the text
    build_record& operator=(const build_record&) = delete;

    const std::vector<build_result>& results() const noexcept { return results_; }

    /// The system's files that a result was made from: hundreds, and read only when they are asked for. False
    /// where the record has no such list.
    bool system_files(const build_result& of, build_inputs& into) const {
        for (build_record rest(rest_); rest.take("system ");) {
            std::string name;
            std::size_t count = 0;
            build_inputs files;
            if (!rest.take_digest(name) || !rest.take_count(count) || !rest.take_inputs(files, count))
                return false;
            if (name == of.system) {
                into = std::move(files);
                return true;
            }
        }
        return false;
    }

    /// The text of a record that has this result first.
    std::string with(build_result newest, const build_inputs& its_system_files,
                     std::size_t most = most_results) const {
        std::string lists;
        newest.system = list(lists, its_system_files);
        std::vector<const build_result*> kept{&newest};
        for (const build_result& each : results_)
            if (each.key != newest.key && kept.size() < most)
                kept.push_back(&each);

        std::string text(header);
        for (const build_result* each : kept) {
            if (build_inputs files; each->system != newest.system && lists.find(each->system) == lists.npos &&
                                    system_files(*each, files))
                list(lists, files);
            text += "result " + each->key + ' ' + std::to_string(each->size) + ' ' + each->compiler + ' ' +
                    (each->packages.empty() ? "-" : each->packages) + ' ' + each->system + ' ' +
                    std::to_string(each->files.size()) + ' ' + std::to_string(each->folders.size()) + '\n';
            add(text, each->files);
            add(text, each->folders);
        }
        return text + lists;
    }

private:
    static constexpr std::string_view header = "tenon build record 1\n";

    explicit build_record(std::string_view rest) : rest_(rest) {}

    static void add(std::string& text, const build_inputs& inputs) {
        for (const build_input& each : inputs) {
            const file_identity& state = each.state;
            for (const std::uint64_t number :
                 {state.device, state.inode, state.size, static_cast<std::uint64_t>(state.modified),
                  static_cast<std::uint64_t>(state.changed)})
                text += std::to_string(number) + ' ';
            text += each.digest + ' ' + each.path + '\n';
        }
    }

    // Adds a list of files under a name made of what it says.
    static std::string list(std::string& text, const build_inputs& files) {
        std::string lines;
        add(lines, files);
        std::string name = sha256(lines).hex();
        text += "system " + name + ' ' + std::to_string(files.size()) + '\n' + lines;
        return name;
    }

    bool take_results(std::size_t most) {
        while (results_.size() < most && take("result ")) {
            build_result read;
            std::size_t files = 0, folders = 0;
            if (!take_digest(read.key) || !take_number(read.size) || !take_digest(read.compiler) ||
                !(take("- ") || take_digest(read.packages)) || !take_digest(read.system) ||
                !take_number(files) || !take_count(folders) || !take_inputs(read.files, files) ||
                !take_inputs(read.folders, folders))
                return false;
            results_.push_back(std::move(read));
        }
        return true;
    }

    bool take(std::string_view word) {
        if (rest_.substr(0, word.size()) != word)
            return false;
        rest_.remove_prefix(word.size());
        return true;
    }

    template <class Number>
    bool take_number(Number& into, char end = ' ') {
        const auto [after, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), into);
        rest_.remove_prefix(static_cast<std::size_t>(after - rest_.data()));
        return failed == std::errc{} && take({&end, 1});
    }
    bool take_count(std::size_t& into) { return take_number(into, '\n'); }

    bool take_digest(std::string& into) {
        into = rest_.substr(0, 64);
        return into.size() == 64 && into.find_first_not_of("0123456789abcdef") == into.npos &&
               (rest_.remove_prefix(64), take(" "));
    }

    bool take_inputs(build_inputs& into, std::size_t count) {
        for (; count > 0; --count) {
            build_input read;
            std::uint64_t modified = 0, changed = 0;
            if (!take_number(read.state.device) || !take_number(read.state.inode) ||
                !take_number(read.state.size) || !take_number(modified) || !take_number(changed) ||
                !take_digest(read.digest))
                return false;
            read.state.modified = static_cast<std::int64_t>(modified);
            read.state.changed = static_cast<std::int64_t>(changed);
            const std::size_t end = rest_.find('\n');
            if (end == rest_.npos || rest_.empty() || rest_[0] != '/')
                return false;
            read.path = rest_.substr(0, end);
            rest_.remove_prefix(end + 1);
            into.push_back(std::move(read));
        }
        return true;
    }

    std::string text_;
    std::string_view rest_;
    std::vector<build_result> results_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
