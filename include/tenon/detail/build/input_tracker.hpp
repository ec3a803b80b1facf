// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_INPUT_TRACKER_HPP
#define TENON_DETAIL_BUILD_INPUT_TRACKER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/system_files.hpp>
#include <tenon/detail/build/unlisted_inputs.hpp>
#include <tenon/detail/build/up_to_date.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The inputs that compilers are likely to read, known from an earlier build.
struct expected_inputs {
    std::set<std::string> files{}, folders{};
    build_result before{}; ///< the earlier result: its files that are in the same state need not be read
};

/// What changed while a compiler ran.
struct source_change {
    std::string path{}; ///< empty where nothing did
    std::string how{};  ///< as far as that is known: `it had 8 bytes, and then 9`
};

/// Compares the inputs of compilers before and after they run. If an input changed in between, nobody knows
/// which content was compiled, so the result must not be recorded.
template <class System = posix>
class basic_input_tracker {
public:
    /// Takes the states of the expected files. `directory` has the sources, and compilers run in it.
    basic_input_tracker(const std::string& directory, expected_inputs& expected)
        : directory_(directory), expected_(expected) {
        before_.remember(expected.before.files);
        remember(expected.before);
        for (const std::string& path : expected.files)
            before_.file(path);
    }

    const basic_file_digests<System>& before() const noexcept { return before_; }

    /// Has to be called before compilers run, which will search `folders`. Every later change is seen.
    void begin(std::vector<std::string> folders) {
        folders_ = std::move(folders);
        // Files are stamped in steps of some milliseconds. What was written in this step, in places too that
        // no earlier build knows of, could not be told from what is written while compilers run.
        std::int64_t newest = std::max(before_.newest(), nanoseconds(System::now()));
        std::set<std::string> searched = expected_.folders;
        searched.insert(folders_.begin(), folders_.end());
        for (const std::string& folder : searched) {
            struct stat status;
            if (System::stat(folder.c_str(), &status) == 0 && newest < file_identity(status).changed)
                newest = file_identity(status).changed;
            if (!belongs_to_system(folder))
                names_before_[folder] = names_in<System>(folder);
        }
        // Bounded, because the clock of a file server may be ahead of this one.
        for (int i = 0; i < 50 && nanoseconds(System::now()) <= newest; ++i)
            System::pause_a_millisecond();
        start_ = nanoseconds(System::now());
        // Files in the same state afterwards were not written to, and need not be read again.
        after_.remember(before_.settled_by(start_));
    }

    /// Reuses the digests of another result for files that are still in the same state.
    void remember(const build_result& result) {
        after_.remember(result.files);
        known_names_.insert(result.names.begin(), result.names.end());
        for (const build_input& file : result.files)
            scanned_.insert_or_assign(file.path, file.digest);
    }

    /// Adds files named by flags to the inputs of every result, whether or not a compiler lists them.
    void add_inputs(const std::vector<std::string>& files) {
        named_.insert(named_.end(), files.begin(), files.end());
        for (const std::string& path : files) {
            expected_.files.insert(path);
            before_.file(path);
            known_names_.emplace(basename(path));
        }
    }

    /// Returns the inputs of a result after compilers have run: the `files` that they read, the directories
    /// in which a new name could shadow one of these, and the names that they looked for. `others` are files
    /// that programs without a list may have read. Returns nothing if an input changed, or `sources` got a
    /// new source.
    std::optional<build_result> take(std::vector<std::string> files, const source_directories& sources = {},
                                     const std::vector<std::string>& others = {}) {
        build_result result;
        changed_ = {};
        files.insert(files.end(), named_.begin(), named_.end());
        for (std::size_t i = 0; i < files.size(); ++i) // which grows by what is embedded
            for (std::string& embedded : scan(files[i]))
                files.push_back(std::move(embedded));
        files.insert(files.end(), others.begin(), others.end());
        std::sort(files.begin(), files.end());
        files.erase(std::unique(files.begin(), files.end()), files.end());
        for (const std::string& path : files) {
            expected_.files.insert(path);
            const build_input* const now = after_.file(path);
            note_change(path, now);
            if (now)
                result.files.push_back(believed(*now));
        }
        add_other_kinds_of_libraries(files);
        result.names.assign(known_names_.begin(), known_names_.end());
        shadowing_names names;
        names.add(result);
        const auto matters = names.matter_to(sources);
        for (const std::string& folder : folders_that_matter(result.files, names)) {
            expected_.folders.insert(folder);
            const build_input& now = after_.folder(folder, matters);
            note_change_of_folder(now, matters);
            result.folders.push_back(believed(now));
        }
        if (!changed_.path.empty())
            return std::nullopt;
        return result;
    }

    /// A file that names another one by a macro. Changes of the other file cannot be noticed.
    const std::optional<std::string>& untraceable() const noexcept { return untraceable_; }

    /// False for files of the system, which every user has to trust.
    bool belongs_to_author(const std::string& path) const {
        return path != processor_file && !belongs_to_system(path);
    }

    /// True if every expected file still has its initial content. Files in `read` must not even have been
    /// rewritten. For tools like CMake that write into the source tree.
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

    /// True if files still have the contents that another result was made from.
    bool still_say(const build_inputs& files) {
        changed_ = {};
        for (const build_input& file : files)
            if (const build_input* const now = after_.file(file.path); !now || now->digest != file.digest)
                note(file.path, file, now);
        return changed_.path.empty();
    }

    /// True if no expected file changed. For a compiler that did not list what it read.
    bool as_expected() {
        changed_ = {};
        for (const std::string& path : expected_.files)
            if (before_.seen(path))
                note_change(path, after_.file(path));
        return changed_.path.empty();
    }

    /// The first change that was noticed.
    const source_change& changed() const noexcept { return changed_; }

private:
    static constexpr std::uint64_t largest_text = 16 * 1024 * 1024;

    build_input believed(const build_input& now) const {
        return {now.path, settled(now.state, start_) ? now.state : file_identity(), now.digest};
    }

    // Notes the names that a file asks for, and returns the paths of the files that it embeds. The text is
    // read a second time, from the page cache; that of a system file only if no earlier result has scanned
    // it.
    std::vector<std::string> scan(const std::string& path) {
        std::vector<std::string> embedded;
        const build_input* const now = after_.file(path);
        if (!now || is_library(path) || path == processor_file || now->state.size > largest_text)
            return embedded;
        const bool is_systems = belongs_to_system(path);
        std::string& scanned = scanned_[path];
        if (is_systems && std::exchange(scanned, now->digest) == now->digest)
            return embedded;
        const unlisted_inputs unlisted = unlisted_inputs_in(read_file<System>(path));
        known_names_.insert(unlisted.asked.begin(), unlisted.asked.end());
        if (is_systems)
            return embedded;
        if (unlisted.unknown)
            untraceable_ = path;
        std::vector<std::string> searched{directory_, std::string(parent(path))};
        searched.insert(searched.end(), folders_.begin(), folders_.end());
        for (const std::string& name : unlisted.embedded) {
            known_names_.insert(name);
            for (const std::string& folder : searched) {
                struct stat status;
                if (std::string file = name[0] == '/' ? name : join(folder, name);
                    System::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode))
                    embedded.push_back(std::move(file));
            }
        }
        return embedded;
    }

    static bool is_library(std::string_view path) {
        const std::string_view name = basename(path);
        return name.ends_with(".a") || name.ends_with(".o") || name.ends_with(".gch") ||
               name.find(".so") != name.npos;
    }

    // A linker that took libx.a would have preferred a libx.so.
    void add_other_kinds_of_libraries(const std::vector<std::string>& files) {
        for (const std::string& path : files) {
            const std::string_view name = basename(path);
            if (name.ends_with(".a"))
                known_names_.insert(std::string(name.substr(0, name.size() - 2)) + ".so");
            else if (const std::size_t end = name.find(".so"); end != name.npos)
                known_names_.insert(std::string(name.substr(0, end)) + ".a");
        }
    }

    void note(const std::string& path, std::string how) {
        if (changed_.path.empty())
            changed_ = {path, std::move(how)};
    }
    void note(const std::string& path, const build_input& was, const build_input* now) {
        const auto size = [](const build_input& input) { return std::to_string(input.state.size); };
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

    // Other names may come and go: those of an editor, and of a compiler whose $TMPDIR is among the sources.
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
            const std::vector<std::string>& after = after_.names(now.path);
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
        // A file that was moved away and back may have been missing for the compiler.
        for (const std::string& name : names) {
            const std::string path = join(now.path, name);
            struct stat status;
            if (matters(now.path, name) && System::lstat(path.c_str(), &status) == 0 &&
                S_ISREG(status.st_mode) && !settled(file_identity(status), start_))
                note_change(path, after_.file(path));
        }
    }

    // Files in the source directory never belong to the system.
    bool belongs_to_system(const std::string& path) const {
        return !is_at_or_below(path, directory_) && is_system_file<System>(path);
    }

    // The folders in which a header was or could have been found, and their subfolders with a name from the
    // path of a header.
    std::set<std::string> folders_that_matter(const build_inputs& files, const shadowing_names& names) {
        std::vector<std::string> folders = folders_;
        // Every compiler searches this folder before /usr/include.
        folders.emplace_back("/usr/local/include");
        for (const build_input& file : files)
            if (file.path != processor_file)
                folders.emplace_back(parent(file.path));
        std::set<std::string> searched;
        while (!folders.empty()) {
            const std::string folder = std::move(folders.back());
            folders.pop_back();
            if (!searched.insert(folder).second)
                continue;
            for (const std::string& name : after_.names(folder)) {
                struct stat inside;
                // Skips symbolic links, which may lead back to here.
                if (std::string path = join(folder, name);
                    names.has(name) && System::lstat(path.c_str(), &inside) == 0 && S_ISDIR(inside.st_mode))
                    folders.push_back(std::move(path));
            }
        }
        return searched;
    }

    const std::string& directory_;
    expected_inputs& expected_;
    basic_file_digests<System> before_, after_;
    std::vector<std::string> folders_, named_;
    std::map<std::string, std::string> scanned_; // digests of files
    std::set<std::string> known_names_;
    std::optional<std::string> untraceable_;
    std::map<std::string, std::vector<std::string>> names_before_; // in folders
    std::int64_t start_ = 0;
    source_change changed_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
