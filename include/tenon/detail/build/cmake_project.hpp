// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_CMAKE_PROJECT_HPP
#define TENON_DETAIL_BUILD_CMAKE_PROJECT_HPP

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/error.hpp>
#include <tenon/version.hpp>

#include <tenon/detail/build/cmake_library.hpp>
#include <tenon/detail/build/cmake_scripts.hpp>
#include <tenon/detail/build/compilation.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/flag_inputs.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/build/up_to_date.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/job_slots.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/text.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_cmake(const std::string& directory) {
    return {
        errc::no_compiler,
        concatenated({"'", directory,
                      "' has a CMakeLists.txt, and there is no cmake in $PATH; install CMake, 3.24 or newer, "
                      "and make"}),
        directory};
}

inline error old_cmake(const std::string& directory, const std::string& cmake) {
    return {errc::no_compiler,
            concatenated(
                {"the plugin in '", directory, "' cannot be found, because '", cmake,
                 "' does not run CMAKE_PROJECT_TOP_LEVEL_INCLUDES: install CMake 3.24 or newer, and begin "
                 "the CMakeLists.txt with cmake_minimum_required and project"}),
            directory};
}

/// The files that CMake has read, from the makefile in which it lists them.
inline word_list read_cmake_files(std::string_view makefile) {
    word_list files;
    const auto begin = makefile.find("set(CMAKE_MAKEFILE_DEPENDS\n");
    if (begin == makefile.npos)
        return files;
    makefile.remove_prefix(makefile.find('\n', begin) + 1);
    while (makefile.substr(0, 3) == "  \"") {
        const auto end = makefile.find("\"\n", 3);
        if (end == makefile.npos)
            break;
        files.emplace_back(makefile.substr(3, end - 3));
        makefile.remove_prefix(end + 2);
    }
    return files;
}

/// A build tree of CMake in the cache, kept between builds, so that make compiles only changed sources.
///
/// make compares timestamps, so it misses a changed file that is older than its output, such as a restored
/// backup, and knows nothing of inputs that no dependency file lists. Both are detected here, as is an
/// interrupted build, and start a clean tree. Each tree has a name of its own, because a compiler of the tree
/// before may still be writing.
template <class System = posix>
class basic_cmake_project {
public:
    /// The trees are kept in the folder `all`.
    basic_cmake_project(std::string all, cmake_settings given)
        : all_(std::move(all)), given_(std::move(given)) {
        const std::string text = text_of<System>(state());
        struct stat status;
        const auto line = text.find('\n');
        // No text: the tree is the first, or its last build did not end.
        if (line != 6 || System::stat(state().c_str(), &status) != 0)
            return;
        folder_ = join(all_, std::string_view(text).substr(0, line));
        ended_ = nanoseconds(status.st_mtim);
        const build_record record(std::string_view(text).substr(line + 1));
        if (record.results().size() == 1 && read_libraries())
            last_ = record.results()[0];
    }

    static std::optional<std::string> program() { return find_program<System>("cmake"); }

    /// The variables that reach CMake in addition to those that reach compilers: where it finds other
    /// projects.
    static word_list variables() { return environment({"CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH"}); }

    /// The inputs of the last successful build; none if the tree cannot be continued.
    const std::optional<build_result>& last() const noexcept { return last_; }

    /// Prepares the build tree, starting a fresh one if the old one cannot be trusted. `tools` is the stamp
    /// of the programs that build. `configuring` is called before CMake reads the CMakeLists.txt, and `say`
    /// with what CMake says then. Returns true if CMake ran.
    template <class Configuring, class Say>
    bool prepare(const basic_source_tree<System>& sources, const std::string& tools,
                 const basic_deadline<System>& within, Configuring&& configuring, Say&& say) {
        const std::string why = !last_                  ? "there is none that was finished"
                                : last_->tools != tools ? "other programs build it"
                                                        : unseen(sources);
        const bool again = why.empty() && must_configure();
        System::unlink(state().c_str());
        if (!why.empty())
            begin_new_tree(why);
        else
            forget_linked();
        if (!why.empty() || again) {
            configuring();
            say(configure(within));
        }
        library();
        return !why.empty() || again;
    }

    /// Builds the library. Throws with the output of CMake, make and the compilers if that fails; otherwise
    /// calls `say` with the output.
    template <class Say>
    void build(unsigned jobs, const basic_deadline<System>& within, Say&& say) {
        std::vector<basic_job_slot<System>> turns;
        turns.push_back(basic_job_slot<System>::next_of(jobs, within));
        for (basic_job_slot<System> more = basic_job_slot<System>::one_of(jobs); more;
             more = basic_job_slot<System>::one_of(jobs))
            turns.push_back(std::move(more));
        say(run_cmake({"--build", build_folder(), "--target", library().target, "-j",
                       std::to_string(turns.size()), "--", "--no-print-directory"},
                      within));
        // make may have run CMake again.
        read_libraries();
        require_alone();
    }

    /// The library that is the plugin. The tree has to be configured.
    const cmake_library& library() const {
        return chosen_library(given_.directory, given_.target, libraries_);
    }

    /// The absolute paths of all files that CMake, compilers and linkers have read, without those of the tree
    /// itself and of CMake.
    word_list files() const {
        word_list read = files_read_by_cmake();
        add_compiled(read, build_folder());
        for (const std::string& name : names_in<System>(linked_folder()))
            add_listed(read, join(linked_folder(), name), build_folder());
        std::erase_if(read, [&](const std::string& path) {
            struct stat seen;
            return is_at_or_below(path, all_) || is_at_or_below(path, modules_) ||
                   System::stat(path.c_str(), &seen) != 0 || !S_ISREG(seen.st_mode) ||
                   path.find('\n') != path.npos;
        });
        std::sort(read.begin(), read.end());
        read.erase(std::unique(read.begin(), read.end()), read.end());
        return read;
    }

    /// The files that CMake itself has read, as far as it lists them.
    std::set<std::string> configured_from() const {
        const word_list files = files_read_by_cmake();
        return {files.begin(), files.end()};
    }

    /// The inputs that flags of targets name. The tree has to be configured.
    flag_inputs named_inputs() const {
        flag_inputs named;
        if (last_ || !libraries_.empty())
            add_named(named, build_folder());
        std::erase_if(named.files, [&](const std::string& path) { return is_at_or_below(path, all_); });
        std::erase_if(named.folders, [&](const std::string& path) { return is_at_or_below(path, all_); });
        return named;
    }

    /// Records a finished build with its inputs. All compilers have to have ended by themselves.
    void keep(build_result entry, const std::string& tools, const basic_scratch<System>& beside) const {
        entry.key = sha256(folder_).hex();
        entry.tools = tools;
        publish<System>(state(), std::string(basename(folder_)) + '\n' + build_record().with(entry),
                        beside.path());
    }

private:
    std::string state() const { return join(all_, "finished"); }
    std::string build_folder() const { return join(folder_, "build"); }
    std::string linked_folder() const { return join(folder_, "linked"); }

    void begin_new_tree(const std::string& why) {
        trace("beginning a new tree for '", given_.directory, "': ", why);
        last_.reset();
        remove_tree<System>(all_);
        make_folders<System>(all_);
        folder_ = join(all_, "XXXXXX");
        if (!System::mkdtemp(folder_.data()))
            throw error::system_call("make a folder in", all_, errno);
        make_folders<System>(linked_folder());
        write_cmake_scripts<System>(given_, folder_);
    }

    // ---- Changes that make does not see

    // A sentence about one change that make would not see; empty if there is none.
    std::string unseen(const basic_source_tree<System>& sources) {
        shadowing_names names;
        names.add(*last_);
        basic_file_digests<System> digests;
        std::set<std::string> before;
        for (const build_input& file : last_->files) {
            before.insert(file.path);
            struct stat status;
            if (System::stat(file.path.c_str(), &status) != 0)
                return "'" + file.path + "' is gone";
            if (file_identity(status) == file.state)
                continue;
            if (file.path == processor_file) {
                if (const build_input* const now = digests.file(file.path);
                    !now || now->digest != file.digest)
                    return "it was built on another processor, for that one";
            } else if (nanoseconds(status.st_mtim) <= ended_) {
                return "'" + file.path + "' has changed and is older than what was made of it";
            } else {
                changed_.insert(file.path);
            }
        }
        for (const std::string& path : sources.files())
            if (before.count(path) == 0) {
                if (names.has(std::string(basename(path))))
                    return "'" + path + "' is new, and may be found instead of another file";
                more_ = true;
            }
        for (const std::string& path : changed_)
            if (!seen_by_make(path) &&
                std::any_of(last_->names.begin(), last_->names.end(),
                            [&](const std::string& name) { return basename(name) == basename(path); }))
                return "'" + path + "' has changed, and make does not know what was made of it";
        const source_directories nowhere;
        for (const build_input& folder : last_->folders)
            if (!is_at_or_below(folder.path, given_.directory) &&
                digests.folder(folder.path, names.matter_to(nowhere)).digest != folder.digest)
                return "files in '" + folder.path + "' may be found instead of others";
        return "";
    }

    // The sorted files that compilers have read, as they list them.
    const word_list& compiled() {
        if (compiled_.empty()) {
            add_compiled(compiled_, build_folder());
            std::sort(compiled_.begin(), compiled_.end());
        }
        return compiled_;
    }

    bool seen_by_make(const std::string& path) {
        const word_list by_cmake = files_read_by_cmake();
        return std::binary_search(compiled().begin(), compiled().end(), path) ||
               std::find(by_cmake.begin(), by_cmake.end(), path) != by_cmake.end();
    }

    // True if an input changed that CMake may have read. CMake does not list all of its inputs, so only files
    // that compilers list, and CMake does not, are certain not to matter.
    bool must_configure() {
        const word_list by_cmake = files_read_by_cmake();
        for (const std::string& path : changed_)
            if (!std::binary_search(compiled().begin(), compiled().end(), path) ||
                std::find(by_cmake.begin(), by_cmake.end(), path) != by_cmake.end())
                return true;
        return more_;
    }

    // Removes outputs of linkers that may have read a changed file: make only knows of the objects.
    void forget_linked() {
        if (std::any_of(changed_.begin(), changed_.end(), [&](const std::string& path) {
                return !std::binary_search(compiled().begin(), compiled().end(), path);
            }))
            for (const cmake_library& library : libraries_)
                System::unlink(library.path.c_str());
    }

    word_list files_read_by_cmake() const {
        word_list read =
            read_cmake_files(read_file<System>(join(build_folder(), "CMakeFiles/Makefile.cmake")));
        for (std::string& path : read)
            if (path[0] != '/')
                path = join(build_folder(), path);
        return read;
    }

    // Adds the dependencies that compilers have listed in a folder and below.
    static void add_compiled(word_list& to, const std::string& folder) {
        for (const std::string& name : names_in<System>(folder)) {
            const std::string path = join(folder, name);
            struct stat seen;
            if (System::lstat(path.c_str(), &seen) != 0)
                continue;
            if (S_ISDIR(seen.st_mode))
                add_compiled(to, path);
            else if (ends_in(name, ".d"))
                add_listed(to, path, std::string_view(path).substr(0, path.rfind("/CMakeFiles/")));
        }
    }

    static void add_listed(word_list& to, const std::string& list, std::string_view ran_in) {
        for (std::string& path : read_dependencies(read_file<System>(list)))
            to.push_back(path[0] == '/' ? std::move(path) : join(ran_in, path));
    }

    // Adds the inputs that the commands in makefiles name, in a folder and below.
    static void add_named(flag_inputs& named, const std::string& folder) {
        for (const std::string& name : names_in<System>(folder)) {
            const std::string path = join(folder, name);
            struct stat seen;
            if (System::lstat(path.c_str(), &seen) != 0)
                continue;
            if (S_ISDIR(seen.st_mode))
                add_named(named, path);
            else if (name == "flags.make" || name == "link.txt") {
                word_list words = shell_words(read_file<System>(path));
                // Skips the program that the command runs.
                words.erase(words.begin(),
                            std::find_if(words.begin(), words.end(),
                                         [](const std::string& word) { return word.substr(0, 1) == "-"; }));
                named.add<System>(words, path.substr(0, path.rfind("/CMakeFiles/")));
            }
        }
    }

    // ---- Running CMake

    std::string required_program() const {
        if (std::optional<std::string> path = program())
            return std::move(*path);
        throw no_cmake(given_.directory);
    }

    std::string configure(const basic_deadline<System>& within) {
        libraries_.clear();
        std::string said = run_cmake({"-C", join(folder_, "settings.cmake"), "-S", given_.directory, "-B",
                                      build_folder(), "-G", "Unix Makefiles", "--no-warn-unused-cli"},
                                     within);
        if (!read_libraries())
            throw old_cmake(given_.directory, required_program());
        return said;
    }

    // Runs CMake and returns its warnings. Throws if it fails.
    std::string run_cmake(word_list words, const basic_deadline<System>& within) const {
        command invocation{{required_program()}, basic_compiler<System>::variables(), folder_, true};
        for (std::string& variable : variables())
            invocation.environment.push_back(std::move(variable));
        invocation.arguments.insert(invocation.arguments.end(), words.begin(), words.end());
        const process_result end = run<System>(invocation, within);
        if (!end.failed())
            return end.err;
        build_failures failed(given_.directory);
        failed.add(invocation, end);
        throw failed.error_with();
    }

    bool read_libraries() {
        libraries_.clear();
        return read_cmake_libraries(text_of<System>(join(folder_, "libraries")), libraries_, modules_);
    }

    // Throws if the plugin needs another library of this tree: the plugin is copied out of the tree, and the
    // other library may be gone or rebuilt by the time it is loaded. The needed libraries are read from the
    // plugin's file, so that it does not matter how it was linked.
    void require_alone() const {
        const cmake_library& plugin = library();
        const library_needs<System> own(plugin.path);
        for (const cmake_library& other : libraries_)
            if (other.target != plugin.target &&
                own.libraries.count(library_needs<System>(other.path).name) != 0)
                throw needs_library_of_build(given_.directory, plugin.target, other.target);
        for (const std::string& name : own.libraries)
            for (const std::string& folder : own.folders)
                if (const std::string path = name.find('/') == name.npos ? join(folder, name) : name;
                    is_at_or_below(path, all_) && System::access(path.c_str(), F_OK) == 0)
                    throw needs_library_of_build(given_.directory, plugin.target, basename(path));
    }

    std::string all_, folder_; // all trees that there ever were, and this one
    cmake_settings given_;
    std::optional<build_result> last_{};
    word_list compiled_{};
    std::int64_t ended_ = 0;
    std::vector<cmake_library> libraries_{};
    std::string modules_{};
    std::set<std::string> changed_{};
    bool more_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
