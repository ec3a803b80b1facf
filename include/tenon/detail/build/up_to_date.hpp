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
#include <tenon/detail/build/system_packages.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Where any new source would be compiled too.
struct source_directories {
    std::string in{};                   ///< a folder; empty: nowhere
    bool below = false;                 ///< and in the folders in it, where any name may be a source's
    std::vector<std::string> without{}; ///< these, and what is below them

    bool has(std::string_view folder, std::string_view name) const {
        if (in.empty() || folder.substr(0, in.size()) != in)
            return false;
        const bool is_it = folder.size() == in.size();
        if (below)
            return (is_it || folder[in.size()] == '/') && is_in_source_tree(name) &&
                   !is_in_one_of(join(folder, name), without);
        return is_it && (is_source_name(name) || name == "CMakeLists.txt");
    }
};

/// The names on the way to files: a new file or folder that bears none of them cannot be found instead of one
/// of these.
class shadowing_names {
public:
    void add(std::string_view path) {
        while (!path.empty()) {
            const std::string_view part = path.substr(0, path.find('/'));
            if (!part.empty() && part != "." && part != "..")
                names_.emplace(part);
            path.remove_prefix(part.size() < path.size() ? part.size() + 1 : path.size());
        }
    }
    void add(const build_inputs& files) {
        for (const build_input& each : files)
            add(each.path);
    }
    void clear() { names_.clear(); }
    bool empty() const { return names_.empty(); }

    bool has(const std::string& name) const { return names_.count(name) != 0; }

    /// Says of a name in a folder whether it can change what these and new sources compile to. Both have to
    /// outlive the answer.
    auto matter_to(const source_directories& sources) const {
        return [this, &sources](const std::string& folder, const std::string& name) {
            return has(name) || name == "compile_flags.txt" || sources.has(folder, name);
        };
    }

private:
    std::set<std::string> names_;
};

/// A remembered result beside what is there now.
template <class System = posix>
class basic_up_to_date {
public:
    /// Of a result that `sources` would change, with what is there at the time `look`. `inputs` may be
    /// shared with other comparisons. A thorough one reads every file, and believes in no state.
    basic_up_to_date(const source_directories& sources, const build_record& record,
                     const build_result& result, std::int64_t look, basic_file_digests<System>& inputs,
                     bool thorough = false)
        : sources_(sources), record_(record), now_(result), look_(look), inputs_(inputs),
          thorough_(thorough) {}

    /// Whether everything is in the state that it was in, as far as that can be told without reading
    /// anything.
    bool untouched() const {
        for (const build_inputs* list : {&now_.files, &now_.folders})
            for (const build_input& each : *list)
                if (!in_same_state(each))
                    return false;
        return !now_.packages.empty() && package_state<System>(look_) == now_.packages;
    }

    /// Whether everything is as it was. Without a compiler, what belonged to it may be gone.
    bool same(bool with_compiler) { return same_files() && same_folders() && same_packages(with_compiler); }

    /// Those of the plugin's own files that are in another state and say the same.
    const std::vector<std::string>& read_again() const noexcept { return read_again_; }

    /// Whether the states are others than in the record.
    bool moved() const noexcept { return moved_; }

    /// The text of a record with the result as it is now first; empty where the record lacks a part of it.
    std::string record() { return has_system_files() ? record_.with(now_, system_) : ""; }

private:
    bool same_files() {
        for (build_input& file : now_.files)
            if (!in_same_state(file)) {
                const build_input* const seen = inputs_.file(file.path);
                if (!seen || !take_state(file, *seen))
                    return differs(file);
                read_again_.push_back(file.path);
            }
        return true;
    }

    bool same_folders() {
        const auto matters = [&](const std::string& folder, const std::string& name) {
            if (names_.empty() && has_system_files()) {
                names_.add(now_.files);
                names_.add(system_);
            }
            return names_.matter_to(sources_)(folder, name);
        };
        for (build_input& folder : now_.folders)
            if (!in_same_state(folder) && !take_state(folder, inputs_.folder(folder.path, matters)))
                return differs(folder);
        return true;
    }

    bool same_packages(bool with_compiler) {
        const std::string packages = package_state<System>(look_);
        if (!thorough_ && !packages.empty() && packages == now_.packages)
            return true;
        if (!has_system_files())
            return false;
        for (build_input& file : system_)
            if (!in_same_state(file)) {
                const build_input* const seen = inputs_.file(file.path);
                if (seen ? !take_state(file, *seen) : with_compiler)
                    return differs(file);
            }
        moved_ = moved_ || packages != now_.packages;
        now_.packages = packages;
        return true;
    }

    bool in_same_state(const build_input& input) const {
        struct stat found;
        return !thorough_ && System::stat(input.path.c_str(), &found) == 0 &&
               file_identity(found) == input.state;
    }

    bool take_state(build_input& input, const build_input& seen) {
        if (seen.digest != input.digest)
            return false;
        const file_identity state = settled(seen.state, look_) ? seen.state : file_identity();
        moved_ = moved_ || state != input.state;
        input.state = state;
        return true;
    }

    bool has_system_files() {
        if (!system_read_)
            system_read_ = record_.system_files(now_, system_);
        return system_read_;
    }

    bool differs(const build_input& input) const {
        trace("'", input.path, "' has changed since a library was made from it");
        return false;
    }

    const source_directories& sources_;
    const build_record& record_;
    build_result now_;
    std::int64_t look_;
    basic_file_digests<System>& inputs_;
    bool thorough_;
    build_inputs system_;
    bool system_read_ = false;
    shadowing_names names_;
    std::vector<std::string> read_again_;
    bool moved_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
