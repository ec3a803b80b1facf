// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_ACTION_CACHE_HPP
#define TENON_DETAIL_BUILD_ACTION_CACHE_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/build/up_to_date.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A step of a build: programs make a file from other files. Named by all that is known before they run.
struct action {
    std::string stem;                   ///< path in the cache that the names of its files begin with
    std::string digest;                 ///< SHA-256 of what is the same for every result: flags, directory, …
    std::string_view suffix;            ///< of a result's name: ".so", ".o", ".gch"
    std::optional<std::string> tools{}; ///< stamp of the programs; none where they are not installed
    source_directories sources{};       ///< where a new source would join
    std::size_t kept = build_record::most_results; ///< results that are remembered
    bool thorough = false;                         ///< compare what files say, and believe no state
};

/// A result of an action in the cache, and what it was made from.
struct artifact {
    std::string path;
    build_result entry;
    bool remembered = true; ///< false: the record has older states of the inputs, or another result first
};

/// SHA-256 of what programs were told and of all inputs of their result.
inline std::string key_of(std::string_view recipe, const build_result& result) {
    sha256 all;
    all.field(recipe);
    // Folders as well: a header that __has_include asks for changes the result without being a file of it.
    for (const build_inputs* inputs : {&result.files, &result.folders})
        for (const build_input& input : *inputs)
            all.field(input.path).field(input.digest);
    return all.hex();
}

/// The cached results of one action, found by the contents of their inputs.
///
/// The name of a result is the SHA-256 of everything that it was made from, so that no result is ever written
/// twice. A record beside the results lists the inputs of the last few. As long as these are in the recorded
/// states, no program runs and no input is read. A caller holds `lock` while it makes a result:
///
///     if (auto found = cache.find()) return found;
///     … lock; find again; let a basic_input_tracker begin; run the programs …
///     if (auto entry = tracker.take(files)) return cache.keep(finished, *entry, scratch);
template <class System = posix>
class basic_action_cache {
public:
    explicit basic_action_cache(action cached) : action_(std::move(cached)) {}

    std::string result(const std::string& key) const {
        return action_.stem + key + std::string(action_.suffix);
    }
    std::string record() const { return action_.stem + action_.digest + ".record"; }
    std::string lock() const { return action_.stem + action_.digest + ".lock"; }

    /// The text of the record; empty if it cannot be read. The result is then made again, and writing the new
    /// record fails with a better error.
    std::string text() const { return text_of<System>(record()); }

    /// The inputs of the last result, which the programs will probably read again.
    expected_inputs expected() const {
        expected_inputs known;
        const build_record record(text(), 1);
        if (record.results().empty())
            return known;
        for (const build_input& file : record.results()[0].files)
            known.files.insert(file.path);
        if (!action_.thorough)
            known.before = record.results()[0];
        return known;
    }

    /// The first recorded result whose inputs are unchanged and that the installed programs made (any
    /// programs, if none are installed). Calls `read_again` for inputs with a new state but the same content.
    template <class ReadAgain>
    std::optional<artifact> find(ReadAgain&& read_again) const {
        const std::string text = this->text();
        const std::int64_t look = nanoseconds(System::now());
        basic_file_digests<System> digests;
        // Parsing takes longer than comparing, and the newest result is usually current.
        std::size_t compared = 0;
        for (const std::size_t most : {std::size_t{1}, build_record::most_results}) {
            const build_record record(text, most);
            for (; compared < record.results().size(); ++compared)
                if (auto found = compare(record.results()[compared], look, digests, read_again)) {
                    found->remembered = found->remembered && compared == 0;
                    return found;
                }
        }
        return std::nullopt;
    }

    std::optional<artifact> find() const {
        return find([](const std::string&) {});
    }

    /// Puts an existing result first in the record.
    void remember(build_result entry, const basic_scratch<System>& beside) const {
        const std::string path = result(entry.key);
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        entry.size = static_cast<std::uint64_t>(status.st_size);
        entry.tools = action_.tools.value_or(entry.tools);
        publish<System>(record(), build_record(text()).with(entry, action_.kept), beside.path());
    }

    /// Publishes a finished file under the digest of its inputs, records it, and removes the results that
    /// drop out of the record.
    artifact keep(const std::string& finished, build_result entry,
                  const basic_scratch<System>& beside) const {
        entry.key = key_of(action_.digest, entry);
        const std::string path = result(entry.key);
        if (System::rename(finished.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
        const build_record before(text());
        remember(entry, beside);
        const build_record after(text());
        for (const build_result& old : before.results())
            if (std::none_of(after.results().begin(), after.results().end(),
                             [&](const build_result& result) { return result.key == old.key; }))
                System::unlink(result(old.key).c_str());
        return {path, std::move(entry)};
    }

private:
    template <class ReadAgain>
    std::optional<artifact> compare(const build_result& result, std::int64_t look,
                                    basic_file_digests<System>& digests, ReadAgain& read_again) const {
        if (!is_there(result))
            return std::nullopt;
        basic_up_to_date<System> compared(action_.sources, result, look, digests, action_.tools.has_value(),
                                          action_.thorough);
        try {
            if (!compared.same())
                return std::nullopt;
        } catch (const error& e) {
            trace("not using '", this->result(result.key), "': ", e.what());
            return std::nullopt;
        }
        for (const std::string& path : compared.read_again())
            read_again(path);
        trace("'", this->result(result.key), "' is current");
        return artifact{this->result(result.key), compared.result(), !compared.moved()};
    }

    // A host without a compiler accepts results of any compiler.
    bool is_there(const build_result& entry) const {
        struct stat seen;
        return (!action_.tools || entry.tools == *action_.tools) &&
               System::stat(result(entry.key).c_str(), &seen) == 0 &&
               static_cast<std::uint64_t>(seen.st_size) == entry.size;
    }

    action action_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
