// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_UP_TO_DATE_HPP
#define TENON_DETAIL_BUILD_UP_TO_DATE_HPP

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/build/system_files.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Directories where a newly added source file would join the build.
struct source_directories {
    std::string in{};                   ///< empty: nowhere
    bool below = false;                 ///< also in all directories below, where any name may be a source's
    std::vector<std::string> without{}; ///< but not in these, nor below them

    bool has(std::string_view folder, std::string_view name) const {
        if (below)
            return is_at_or_below(folder, in) && is_in_source_tree(name) &&
                   !is_in_one_of(join(folder, name), without);
        return !in.empty() && folder == in && (is_source_name(name) || name == "CMakeLists.txt");
    }
};

/// All path components of the inputs. A new file can shadow an input only if its name is one of these.
class shadowing_names {
public:
    void add(std::string_view path) {
        while (!path.empty()) {
            const std::string_view part = take_until(path, '/');
            if (!part.empty() && part != "." && part != "..")
                names_.emplace(part);
        }
    }
    void add(const build_result& result) {
        for (const build_input& file : result.files)
            add(file.path);
        for (const std::string& name : result.names)
            add(name);
    }
    bool empty() const { return names_.empty(); }

    bool has(const std::string& name) const { return names_.count(name) != 0; }

    /// Returns a function that is true for a name in a directory that can change the result, as an input or a
    /// new source. Both this object and `sources` have to outlive the function.
    auto matter_to(const source_directories& sources) const {
        return [this, &sources](const std::string& folder, const std::string& name) {
            return has(name) || name == "compile_flags.txt" || sources.has(folder, name);
        };
    }

private:
    std::set<std::string> names_;
};

/// Compares a remembered result with the files as they are now.
template <class System = posix>
class basic_up_to_date {
public:
    /// `look` is the time of this comparison. `digests` may be shared with other comparisons. A thorough
    /// comparison reads every file and believes no state. Without tools, the system's files may be gone: an
    /// image without a compiler has no headers of that compiler either.
    basic_up_to_date(const source_directories& sources, build_result result, std::int64_t look,
                     basic_file_digests<System>& digests, bool has_tools = true, bool thorough = false)
        : sources_(sources), now_(std::move(result)), look_(look), digests_(digests), has_tools_(has_tools),
          thorough_(thorough) {}

    /// True if every input has its recorded content. Reads only files with a new state.
    bool same() { return same_files() && same_folders(); }

    /// The files with a new state and the same content.
    const std::vector<std::string>& read_again() const noexcept { return read_again_; }

    /// True if an input has a new state.
    bool moved() const noexcept { return moved_; }

    /// The result with the states that its inputs have now.
    const build_result& result() const noexcept { return now_; }

private:
    bool same_files() {
        for (build_input& file : now_.files)
            if (!in_same_state(file)) {
                const build_input* const seen = digests_.file(file.path);
                if (!seen && !has_tools_ && is_system_file<System>(file.path))
                    continue;
                if (!seen || !take_state(file, *seen))
                    return differs(file);
                read_again_.push_back(file.path);
            }
        return true;
    }

    bool same_folders() {
        const auto matters = [&](const std::string& folder, const std::string& name) {
            if (names_.empty())
                names_.add(now_);
            return names_.matter_to(sources_)(folder, name);
        };
        for (build_input& folder : now_.folders)
            if (!in_same_state(folder) && (has_tools_ || !is_system_file<System>(folder.path)) &&
                !take_state(folder, digests_.folder(folder.path, matters)))
                return differs(folder);
        return true;
    }

    bool in_same_state(const build_input& input) const {
        struct stat status;
        if (System::stat(input.path.c_str(), &status) != 0)
            return input.digest == basic_file_digests<System>::empty && input.state == file_identity();
        return !thorough_ && file_identity(status) == input.state;
    }

    bool take_state(build_input& input, const build_input& seen) {
        if (seen.digest != input.digest)
            return false;
        const file_identity state = settled(seen.state, look_) ? seen.state : file_identity();
        moved_ = moved_ || state != input.state;
        input.state = state;
        return true;
    }

    bool differs(const build_input& input) const {
        trace("'", input.path, "' has changed since a library was made from it");
        return false;
    }

    const source_directories& sources_;
    build_result now_;
    std::int64_t look_;
    basic_file_digests<System>& digests_;
    bool has_tools_, thorough_;
    shadowing_names names_;
    std::vector<std::string> read_again_;
    bool moved_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
