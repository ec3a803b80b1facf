// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_CACHE_BUILD_RECORD_HPP
#define TENON_DETAIL_CACHE_BUILD_RECORD_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/version.hpp>

#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A file or directory that a result was made from. For an empty state only the digest counts.
struct build_input {
    std::string path;
    file_identity state;
    std::string digest;
};
using build_inputs = std::vector<build_input>;

/// A built file, and everything that it was made from.
struct build_result {
    std::string key;                  ///< SHA-256 in the name of the file in the cache
    std::uint64_t size = 0;           ///< of that file: a file that a crash cut short has another
    std::string tools;                ///< stamp of the programs that built it
    build_inputs files{};             ///< all that these programs read
    build_inputs folders{};           ///< where a new name could shadow one of the files
    std::vector<std::string> names{}; ///< looked for without being read: `__has_include("x.hpp")`, `-lx`
};

/// The last few results of one action, newest first.
///
/// A damaged, truncated or forged record reads as an empty one. That is safe: contents of a record are only
/// compared, and the only name in it that is ever opened is checked to be 64 hexadecimal digits.
class build_record {
public:
    static constexpr std::size_t most_results = 8;

    build_record() = default;
    /// Parses the text of a record, and keeps the `most` newest results at most.
    explicit build_record(std::string_view text, std::size_t most = most_results) {
        build_inputs inputs;
        std::size_t count = 0;
        reader from{text};
        bool whole = from.take(header) && from.take("inputs ") && from.take_number(count, '\n') &&
                     from.take_inputs(inputs, count);
        while (whole && !from.rest.empty() && results_.size() < most)
            whole = from.take_result(results_.emplace_back(), inputs);
        if (!whole)
            results_.clear();
    }

    const std::vector<build_result>& results() const noexcept { return results_; }

    /// The text of a record with `newest` first, and `most` results at most.
    std::string with(const build_result& newest, std::size_t most = most_results) const {
        writer to;
        std::size_t kept = 1;
        to.add(newest);
        for (const build_result& result : results_)
            if (result.key != newest.key && kept++ < most)
                to.add(result);
        return std::string(header) + "inputs " + std::to_string(to.lines.size()) + '\n' + to.inputs +
               to.results;
    }

private:
    static constexpr std::string_view header = "tenon build record 2\n";

    // Results share most of their inputs, so each input is written once and referred to by its number.
    struct writer {
        std::map<std::string, std::size_t> lines{};
        std::string inputs{}, results{};

        void add(const build_result& result) {
            results += "result " + result.key + ' ' + std::to_string(result.size) + ' ' + result.tools;
            add(result.files);
            add(result.folders);
            results += ' ' + std::to_string(result.names.size()) + '\n';
            for (const std::string& name : result.names)
                results += name + '\n';
        }

        void add(const build_inputs& list) {
            results += ' ' + std::to_string(list.size());
            for (const build_input& input : list)
                results += ' ' + std::to_string(number_of(input));
        }

        std::size_t number_of(const build_input& input) {
            std::string line;
            const file_identity& state = input.state;
            for (const std::uint64_t number :
                 {state.device, state.inode, state.size, static_cast<std::uint64_t>(state.modified),
                  static_cast<std::uint64_t>(state.changed)})
                line += std::to_string(number) + ' ';
            line += input.digest + ' ' + input.path + '\n';
            const auto [place, is_new] = lines.try_emplace(std::move(line), lines.size());
            if (is_new)
                inputs += place->first;
            return place->second;
        }
    };

    struct reader {
        std::string_view rest;

        bool take(std::string_view word) { return skip(rest, word); }

        template <class Number>
        bool take_number(Number& into, char end) {
            const auto [after, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), into);
            rest.remove_prefix(static_cast<std::size_t>(after - rest.data()));
            return failed == std::errc{} && take({&end, 1});
        }

        bool take_digest(std::string& into) {
            into = rest.substr(0, 64);
            rest.remove_prefix(into.size());
            return into.size() == 64 && into.find_first_not_of("0123456789abcdef") == into.npos && take(" ");
        }

        bool take_line(std::string& into) {
            const std::size_t end = rest.find('\n');
            if (end == rest.npos)
                return false;
            into = rest.substr(0, end);
            rest.remove_prefix(end + 1);
            return true;
        }

        bool take_inputs(build_inputs& into, std::size_t count) {
            for (; count > 0; --count) {
                build_input& input = into.emplace_back();
                file_identity& state = input.state;
                std::uint64_t modified = 0, changed = 0;
                if (!take_number(state.device, ' ') || !take_number(state.inode, ' ') ||
                    !take_number(state.size, ' ') || !take_number(modified, ' ') ||
                    !take_number(changed, ' ') || !take_digest(input.digest) || !take_line(input.path) ||
                    input.path.empty() || input.path[0] != '/')
                    return false;
                state.modified = static_cast<std::int64_t>(modified);
                state.changed = static_cast<std::int64_t>(changed);
            }
            return true;
        }

        bool take_numbered(build_inputs& into, const build_inputs& inputs) {
            std::size_t count = 0;
            if (!take_number(count, ' '))
                return false;
            for (std::size_t number = 0; count > 0; --count) {
                if (!take_number(number, ' ') || number >= inputs.size())
                    return false;
                into.push_back(inputs[number]);
            }
            return true;
        }

        bool take_result(build_result& into, const build_inputs& inputs) {
            std::size_t names = 0;
            bool good = take("result ") && take_digest(into.key) && take_number(into.size, ' ') &&
                        take_digest(into.tools) && take_numbered(into.files, inputs) &&
                        take_numbered(into.folders, inputs) && take_number(names, '\n');
            for (; good && names > 0; --names)
                good = take_line(into.names.emplace_back());
            return good;
        }
    };

    std::vector<build_result> results_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
