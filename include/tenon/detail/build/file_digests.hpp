// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_FILE_DIGESTS_HPP
#define TENON_DETAIL_BUILD_FILE_DIGESTS_HPP

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What identifies the processor, to which `-march=native` compiles. Its digest leaves out what changes by
/// the moment, such as the frequency, and takes the first of equal processors.
inline constexpr std::string_view processor_file = "/proc/cpuinfo";

/// The first processor in a /proc/cpuinfo, proc_cpuinfo(5), without what changes while it runs.
inline std::string processor_in(std::string_view text) {
    std::string processor;
    for (text = text.substr(0, text.find("\n\n")); !text.empty();) {
        const std::string_view line = take_until(text, '\n');
        if (!begins_with_one_of(line, {"processor", "cpu MHz", "bogomips", "BogoMIPS", "clock", "physical id",
                                       "core id", "apicid", "initial apicid", "siblings", "cpu cores"}))
            processor.append(line).append("\n");
    }
    return processor;
}

/// SHA-256 of what an open file of any size holds. Errors name it by `path`.
template <class System>
std::string content_digest(const basic_file<System>& file, const std::string& path) {
    sha256 all;
    file.parts(path, [&](std::string_view part) { all.add(part); });
    return all.hex();
}

/// Computes digests of files and directories, and reads each file once.
template <class System = posix>
class basic_file_digests {
public:
    /// The state and digest of a regular file; null if it cannot be read.
    const build_input* file(const std::string& path) {
        const auto [place, fresh] = seen_.try_emplace(path);
        build_input& input = place->second;
        if (!fresh)
            return input.digest.empty() ? nullptr : &input;
        if (const auto known = remembered_.find(path); known != remembered_.end()) {
            struct stat status;
            if (System::stat(path.c_str(), &status) == 0 && file_identity(status) == known->second.state) {
                input = known->second;
                return &input;
            }
        }
        const basic_file<System> from(System::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
        if (from.descriptor() < 0 || !S_ISREG(from.status(path).st_mode))
            return nullptr;
        if (path == processor_file) {
            input = {path, {}, sha256(processor_in(from.read(path))).hex()};
            return &input;
        }
        const std::string digest = content_digest(from, path);
        // The state after reading: a write meanwhile makes the file newer than this look.
        input = {path, file_identity(from.status(path)), digest};
        return &input;
    }

    /// Files that are still in these states get the remembered digests and are not read.
    void remember(const build_inputs& files) {
        for (const build_input& file : files)
            remembered_.insert_or_assign(file.path, file);
    }

    /// The sorted names in a directory, listed once. A missing directory has none.
    const std::vector<std::string>& names(const std::string& path) {
        const auto [place, fresh] = names_.try_emplace(path);
        if (fresh)
            place->second = names_in<System>(path);
        return place->second;
    }

    /// The state of a directory, and a digest of those names in it that matter.
    template <class Matters>
    const build_input& folder(const std::string& path, Matters&& matters) {
        const std::string digest = digest_of(path, names(path), matters);
        struct stat status;
        // The state after listing: a new name meanwhile makes the directory newer than this look.
        const bool exists = System::stat(path.c_str(), &status) == 0;
        return seen_[path] = {path, exists ? file_identity(status) : file_identity(), digest};
    }

    /// The digest of a directory that is not there, or has no name that matters: that of an empty text.
    static constexpr std::string_view empty =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// The digest of a folder with these names in it.
    template <class Matters>
    static std::string digest_of(const std::string& path, const std::vector<std::string>& names,
                                 Matters&& matters) {
        sha256 all;
        for (const std::string& name : names)
            if (matters(path, name))
                all.field(name);
        return all.hex();
    }

    /// The result of an earlier look at a path; null if there was none.
    const build_input* seen(const std::string& path) const {
        const auto known = seen_.find(path);
        return known == seen_.end() || known->second.digest.empty() ? nullptr : &known->second;
    }

    /// The files whose states are reliable for a look at that time.
    build_inputs settled_by(std::int64_t look) const {
        build_inputs unchanged;
        for (const auto& [path, input] : seen_)
            if (!input.digest.empty() && settled(input.state, look))
                unchanged.push_back(input);
        return unchanged;
    }

    /// The last change to anything that was looked at.
    std::int64_t newest() const {
        std::int64_t last = 0;
        for (const auto& [path, input] : seen_)
            last = std::max(last, input.state.changed);
        return last;
    }

private:
    std::map<std::string, build_input> seen_, remembered_;
    std::map<std::string, std::vector<std::string>> names_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
