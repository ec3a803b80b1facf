// SPDX-License-Identifier: MIT
#ifndef TENON_OBSERVATION_HPP
#define TENON_OBSERVATION_HPP

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <tenon/build_record.hpp>
#include <tenon/comparison.hpp>
#include <tenon/file.hpp>
#include <tenon/folder.hpp>
#include <tenon/inputs.hpp>
#include <tenon/packages.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What a compiler is likely to read, known from an earlier run of it.
struct expected_inputs {
    std::set<std::string> files, folders;
    path_names names;
    build_inputs said{}; ///< what they said, so that those in the same state need not be read
};

/// The files and folders that a compiler reads, as they are before it runs and after it. What changes
/// meanwhile may have been read as it was or as it is, so that nothing can be remembered of the result.
template <class System = posix>
class basic_observation {
public:
    /// Looks at what is expected. `directory` has the sources, and `others` would be read too.
    basic_observation(const std::string& directory, const new_sources& others, expected_inputs& expected)
        : directory_(directory), expected_(expected) {
        before_.remember(expected.said);
        for (const std::string& path : expected.files)
            before_.file(path);
        for (const std::string& path : expected.folders)
            before_.folder(path, expected.names.matter_to(others));
    }

    const basic_inputs<System>& before() const noexcept { return before_; }

    /// Has to be called before the compiler runs, which will search headers in `folders`. All changes from
    /// then on will be seen.
    void begin(std::vector<std::string> folders) {
        folders_ = std::move(folders);
        // Files are stamped in steps of some milliseconds: what was written in this one could not be told
        // from what will be.
        std::int64_t newest = before_.newest();
        for (const std::string& folder : folders_) {
            struct stat found;
            if (System::stat(folder.c_str(), &found) == 0 && newest < file_identity(found).changed)
                newest = file_identity(found).changed;
        }
        // A clock that is behind that of a file server is not waited for.
        for (int i = 0; i < 50 && nanoseconds(System::now()) <= newest; ++i)
            System::pause_a_millisecond();
        start_ = nanoseconds(System::now());
        // What is in the same state afterwards was not written to, and need not be read again.
        after_.remember(before_.settled_by(start_));
    }

    std::int64_t start() const noexcept { return start_; }

    /// Of files that are remembered to have said something in some state, those in that state are not read.
    void remember(const build_inputs& files) { after_.remember(files); }

    /// After the compiler has run, and said that it read `files`: adds these, and the folders that a header
    /// was or could have been found in, to `made`, and those that are the system's to `system`.
    /// `others` would have been read too. False where one of them changed.
    bool take(const std::vector<std::string>& files, build_result& made, build_inputs& system,
              const new_sources& others = {}) {
        changed_.clear();
        const auto add = [&](build_inputs& into, const build_input& now) {
            const build_input* const was = before_.seen(now.path);
            if (was ? !is_same(*was, &now) : !settled(now.state, start_))
                changed_ = now.path;
            into.push_back({now.path, settled(now.state, start_) ? now.state : file_identity(), now.digest});
        };
        expected_.names.clear();
        for (const std::string& path : files) {
            expected_.files.insert(path);
            expected_.names.add(path);
            if (const build_input* const now = after_.file(path))
                add(is_systems(path) ? system : made.files, *now);
            else
                changed_ = path;
        }
        for (const std::string& folder : folders_that_matter(made.files)) {
            expected_.folders.insert(folder);
            add(made.folders, after_.folder(folder, expected_.names.matter_to(others)));
        }
        return changed_.empty();
    }

    /// Whether something that may write files of its own beside the others, and has read `read`, has been
    /// given what was there at the beginning: its own may be new, or written once more with the same text.
    bool as_given(const std::set<std::string>& read) {
        changed_.clear();
        basic_inputs<System> now;
        now.remember(before_.settled_by(start_));
        for (const std::string& path : expected_.files)
            if (const build_input* const was = before_.seen(path)) {
                const build_input* const is = now.file(path);
                if (!is || is->digest != was->digest || (read.count(path) != 0 && is->state != was->state))
                    changed_ = path;
            }
        return changed_.empty();
    }

    /// Whether files still say what something was made from.
    bool still_say(const build_inputs& made_from) {
        changed_.clear();
        for (const build_input& each : made_from)
            if (const build_input* const now = after_.file(each.path); !now || now->digest != each.digest)
                changed_ = each.path;
        return changed_.empty();
    }

    /// Whether all that was expected is as it was, for a compiler that did not say what it read.
    bool as_expected() {
        changed_.clear();
        for (const std::string& path : expected_.files)
            if (const build_input* const was = before_.seen(path); was && !is_same(*was, after_.file(path)))
                changed_ = path;
        return changed_.empty();
    }

    /// One of what changed.
    const std::string& changed() const noexcept { return changed_; }

private:
    static bool is_same(const build_input& was, const build_input* now) {
        return now && now->state == was.state && now->digest == was.digest;
    }

    // What stands behind the state of the packages; never what lies beside the sources.
    bool is_systems(const std::string& path) const {
        const bool beside = !directory_.empty() && path.compare(0, directory_.size(), directory_) == 0;
        return !beside && is_packaged<System>(path);
    }

    // The folders that a header was or could have been found in, and those in them that bear the name of one
    // on the way to a header.
    std::set<std::string> folders_that_matter(const build_inputs& files) const {
        std::vector<std::string> folders = folders_;
        for (const build_input& each : files)
            folders.emplace_back(parent(each.path));
        std::set<std::string> found;
        while (!folders.empty()) {
            const std::string folder = std::move(folders.back());
            folders.pop_back();
            if (is_systems(folder) || !found.insert(folder).second)
                continue;
            for (const std::string& name : names_in<System>(folder)) {
                struct stat inside;
                // A link may lead back to here.
                if (std::string path = join(folder, name); expected_.names.has(name) &&
                                                           System::lstat(path.c_str(), &inside) == 0 &&
                                                           S_ISDIR(inside.st_mode))
                    folders.push_back(std::move(path));
            }
        }
        return found;
    }

    const std::string& directory_;
    expected_inputs& expected_;
    basic_inputs<System> before_, after_;
    std::vector<std::string> folders_;
    std::int64_t start_ = 0;
    std::string changed_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
