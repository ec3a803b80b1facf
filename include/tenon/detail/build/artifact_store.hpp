// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_ARTIFACT_STORE_HPP
#define TENON_DETAIL_BUILD_ARTIFACT_STORE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/up_to_date.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Results of one kind in the cache: each has the SHA-256 of all that went into it in its name, and a record
/// beside them lists the files that went into the last few.
template <class System = posix>
class basic_artifact_store {
public:
    /// All names begin with the path `stem`. `digest` is of what is the same for each result, and `end` is
    /// how the names of results end. `thorough` is how files are compared.
    basic_artifact_store(std::string stem, std::string digest, std::string_view end, bool thorough)
        : stem_(std::move(stem)), digest_(std::move(digest)), end_(end), thorough_(thorough) {}

    const std::string& stem() const noexcept { return stem_; }
    std::string result(const std::string& key) const { return stem_ + key + end_; }
    std::string record() const { return stem_ + digest_ + ".record"; }
    std::string lock() const { return stem_ + digest_ + ".lock"; }

    /// What has been remembered, as a text.
    std::string text() const {
        try {
            return read_file<System>(record());
        } catch (const error&) {
            // Without it everything is compiled again, and what then stands in the way is an error that is
            // worth more.
            return "";
        }
    }

    /// A result that is current: all of its files and folders are as they were when it was made.
    struct found {
        std::string path;    ///< empty where there is none
        std::string record;  ///< the text that is to be remembered; empty where it is remembered already
        build_result made{}; ///< and `system`: where they were asked for
        build_inputs system{};
    };

    /// That none of `others` would change, compiled by those tools whose stamp this is: empty where there are
    /// none. `changed_state` is told of each file that is in another state and says the same.
    template <class Changed>
    found current(const source_directories& others, const std::string& tools, bool with_inputs,
                  Changed&& changed_state) const {
        const std::int64_t look = nanoseconds(System::now());
        basic_file_digests<System> inputs;
        // Most often nothing has changed, and the rest of a record need not be read.
        for (const bool whole : {false, true}) {
            if (thorough_ || with_inputs)
                break;
            const build_record newest(whole ? text() : beginning(), 1);
            for (const build_result& each : newest.results())
                if (is_there(each, tools) &&
                    basic_up_to_date<System>(others, newest, each, look, inputs).untouched()) {
                    trace("'", result(each.key), "' is current");
                    return {result(each.key), ""};
                }
            if (!newest.results().empty())
                break;
        }
        const build_record record(text());
        for (const build_result& each : record.results()) {
            if (!is_there(each, tools))
                continue;
            basic_up_to_date<System> compared(others, record, each, look, inputs, thorough_);
            try {
                if (!compared.same(!tools.empty()))
                    continue;
            } catch (const error& e) {
                trace("not using '", result(each.key), "': ", e.what());
                continue;
            }
            for (const std::string& path : compared.read_again())
                changed_state(path);
            const bool first = &each == record.results().data();
            found current{result(each.key), first && !compared.moved() ? "" : compared.record()};
            if (with_inputs) {
                if (!record.system_files(each, current.system))
                    continue;
                current.made = each;
            }
            trace("'", current.path, "' is current");
            return current;
        }
        return {};
    }

    void remember(const std::string& record_text, const basic_scratch<System>& beside) const {
        publish<System>(record(), record_text, beside.path());
    }

    /// Puts a finished file here, and forgets all but the `most` newest with it.
    void keep(const std::string& finished, build_result made, const build_inputs& system, std::size_t most,
              const basic_scratch<System>& beside) const {
        const std::string path = result(made.key);
        struct stat status;
        if (System::stat(finished.c_str(), &status) != 0)
            throw error::system_call("look at", finished, errno);
        made.size = static_cast<std::uint64_t>(status.st_size);
        if (System::rename(finished.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
        const build_record before(text());
        const std::string now = before.with(std::move(made), system, most);
        remember(now, beside);
        for (const build_result& each : before.results())
            if (now.find("result " + each.key) == now.npos)
                System::unlink(result(each.key).c_str());
    }

private:
    // As much of the record as one call reads; mostly that has the newest result.
    std::string beginning() const {
        const basic_file<System> file(System::open(record().c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
        char part[16 * 1024];
        const ssize_t got = file.descriptor() < 0 ? 0 : System::read(file.descriptor(), part, sizeof part);
        return {part, got > 0 ? static_cast<std::size_t>(got) : 0};
    }

    // A host without a compiler uses what was built while there was one.
    bool is_there(const build_result& made, const std::string& tools) const {
        struct stat seen;
        return (tools.empty() || made.compiler == tools) &&
               System::stat(result(made.key).c_str(), &seen) == 0 &&
               static_cast<std::uint64_t>(seen.st_size) == made.size;
    }

    std::string stem_, digest_, end_;
    bool thorough_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
