// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_INPUT_TRACKER_HPP
#define TENON_DETAIL_BUILD_INPUT_TRACKER_HPP

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/system_packages.hpp>
#include <tenon/detail/build/up_to_date.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What a compiler is likely to read, known from an earlier run of it.
struct expected_inputs {
    std::set<std::string> files, folders;
    shadowing_names names;
    build_inputs said{}; ///< what they said, so that those in the same state need not be read
};

/// What changed while a compiler ran.
struct source_change {
    std::string path{}; ///< empty where nothing did
    std::string how{};  ///< as far as that is known: `it had 8 bytes, and then 9`
};

/// The files and folders that a compiler reads, as they are before it runs and after it. What changes
/// meanwhile may have been read as it was or as it is, so that nothing can be remembered of the result.
template <class System = posix>
class basic_input_tracker {
public:
    /// Looks at the files that are expected. `directory` has the sources.
    basic_input_tracker(const std::string& directory, expected_inputs& expected)
        : directory_(directory), expected_(expected) {
        before_.remember(expected.said);
        for (const std::string& path : expected.files)
            before_.file(path);
    }

    const basic_file_digests<System>& before() const noexcept { return before_; }

    /// Has to be called before the compiler runs, which will search headers in `folders`. All changes from
    /// then on will be seen.
    void begin(std::vector<std::string> folders) {
        folders_ = std::move(folders);
        // Files are stamped in steps of some milliseconds: what was written in this one could not be told
        // from what will be.
        std::int64_t newest = before_.newest();
        std::set<std::string> searched = expected_.folders;
        searched.insert(folders_.begin(), folders_.end());
        for (const std::string& folder : searched) {
            struct stat found;
            if (System::stat(folder.c_str(), &found) == 0 && newest < file_identity(found).changed)
                newest = file_identity(found).changed;
            if (!is_systems(folder))
                names_before_[folder] = names_in<System>(folder);
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
              const source_directories& others = {}) {
        changed_ = {};
        const auto add = [&](build_inputs& into, const build_input& now) {
            into.push_back({now.path, settled(now.state, start_) ? now.state : file_identity(), now.digest});
        };
        expected_.names.clear();
        for (const std::string& path : files) {
            expected_.files.insert(path);
            expected_.names.add(path);
            const build_input* const now = after_.file(path);
            note_change(path, now);
            if (now)
                add(is_systems(path) ? system : made.files, *now);
        }
        const auto matters = expected_.names.matter_to(others);
        for (const std::string& folder : folders_that_matter(made.files)) {
            expected_.folders.insert(folder);
            const build_input& now = after_.folder(folder, matters);
            note_change_of_folder(now, matters);
            add(made.folders, now);
        }
        return changed_.path.empty();
    }

    /// Whether something that may write files of its own beside the others, and has read `read`, has been
    /// given what was there at the beginning: its own may be new, or written once more with the same text.
    bool as_given(const std::set<std::string>& read) {
        changed_ = {};
        basic_file_digests<System> now;
        now.remember(before_.settled_by(start_));
        for (const std::string& path : expected_.files)
            if (const build_input* const was = before_.seen(path)) {
                const build_input* const is = now.file(path);
                if (!is || is->digest != was->digest || (read.count(path) != 0 && is->state != was->state))
                    note(path, *was, is);
            }
        return changed_.path.empty();
    }

    /// Whether files still say what something was made from.
    bool still_say(const build_inputs& made_from) {
        changed_ = {};
        for (const build_input& each : made_from)
            if (const build_input* const now = after_.file(each.path); !now || now->digest != each.digest)
                note(each.path, each, now);
        return changed_.path.empty();
    }

    /// Whether all that was expected is as it was, for a compiler that did not say what it read.
    bool as_expected() {
        changed_ = {};
        for (const std::string& path : expected_.files)
            if (before_.seen(path))
                note_change(path, after_.file(path));
        return changed_.path.empty();
    }

    /// The first of what changed: a file, where one did.
    const source_change& changed() const noexcept { return changed_; }

private:
    void note(const std::string& path, std::string how) {
        if (changed_.path.empty())
            changed_ = {path, std::move(how)};
    }
    void note(const std::string& path, const build_input& was, const build_input* now) {
        const auto size = [](const build_input& of) { return std::to_string(of.state.size); };
        note(path, !now ? "it is gone, or cannot be read any more"
                   : was.state.size != now->state.size
                       ? "it had " + size(was) + " bytes, and then " + size(*now)
                   : was.state.inode != now->state.inode ? "another file took its place"
                                                         : "it was written to");
    }

    void note_change(const std::string& path, const build_input* now) {
        const build_input* const was = before_.seen(path);
        if (was && (!now || now->state != was->state || now->digest != was->digest))
            note(path, *was, now);
        else if (!now)
            note(path, "it is gone, or cannot be read any more");
        else if (!was && !settled(now->state, start_))
            note(path, "it was written to, or is new");
    }

    // Names that do not matter may come and go: an editor's, and a compiler's where $TMPDIR is among the
    // sources.
    template <class Matters>
    void note_change_of_folder(const build_input& now, const Matters& matters) {
        const auto before = names_before_.find(now.path);
        if (before == names_before_.end()) {
            if (!settled(now.state, start_))
                note(now.path, "something in it came or went");
            return;
        }
        const auto& names = before->second;
        if (basic_file_digests<System>::digest_of(now.path, names, matters) != now.digest) {
            const std::vector<std::string> after = names_in<System>(now.path);
            const auto lacks = [&](const std::vector<std::string>& all, const std::string& name) {
                return !std::binary_search(all.begin(), all.end(), name);
            };
            for (const std::string& name : after)
                if (lacks(names, name) && matters(now.path, name))
                    note(now.path, "'" + name + "' came into it");
            for (const std::string& name : names)
                if (lacks(after, name) && matters(now.path, name))
                    note(now.path, "'" + name + "' went from it");
            note(now.path, "something in it came or went");
        }
        // What was moved away and back may have been missed by a compiler.
        for (const std::string& name : names) {
            const std::string path = join(now.path, name);
            struct stat found;
            if (matters(now.path, name) && System::lstat(path.c_str(), &found) == 0 &&
                S_ISREG(found.st_mode) && !settled(file_identity(found), start_))
                note_change(path, after_.file(path));
        }
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
    basic_file_digests<System> before_, after_;
    std::vector<std::string> folders_;
    std::map<std::string, std::vector<std::string>> names_before_; // in folders
    std::int64_t start_ = 0;
    source_change changed_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
