// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_CMAKE_PROJECT_HPP
#define TENON_DETAIL_BUILD_CMAKE_PROJECT_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/error.hpp>
#include <tenon/version.hpp>

#include <tenon/detail/build/compilation.hpp>
#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/build/system_packages.hpp>
#include <tenon/detail/build/up_to_date.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/interface/toolchain.hpp>
#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/job_slots.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/sha256.hpp>
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

inline error no_target(const std::string& directory, std::string_view target, std::string_view known) {
    if (known.empty())
        return {errc::not_found,
                concatenated({"the CMakeLists.txt in '", directory,
                              "' makes no library that can be loaded; tenon_add_plugin(NAME SOURCES ...) or "
                              "add_library(NAME MODULE ...) is expected"}),
                directory};
    return {errc::not_found,
            concatenated({"the CMakeLists.txt in '", directory,
                          "' makes no library that can be loaded named '", target, "'; it has ", known}),
            directory};
}

inline error several_targets(const std::string& directory, std::string_view known) {
    return {errc::ambiguous,
            concatenated({"the CMakeLists.txt in '", directory,
                          "' makes several libraries that may be the plugin: ", known, "; choose one ",
                          adding_a_target}),
            directory};
}

inline error needs_library_of_build(const std::string& directory, std::string_view target,
                                    std::string_view needed) {
    return {errc::build_failed,
            concatenated({"the plugin in '", directory, "' is not used, because its target '", target,
                          "' needs '", needed,
                          "', which is made with it and which nobody keeps: make that a STATIC library"}),
            directory};
}

/// What a CMakeLists.txt finds in the package `tenon`, besides the target. tenon's own CMakeLists.txt takes
/// it from here for the package that is installed.
inline constexpr std::string_view cmake_functions =
    R"cmake(# tenon_add_plugin(NAME SOURCES SOURCE... [OUTPUT_DIRECTORY DIRECTORY])
#
# A library with plugins, NAME.so, as tenon's loader compiles them: it can be unloaded, and shows its host nothing but what
# TENON_EXPORT does. It stands in the OUTPUT_DIRECTORY, else in CMAKE_LIBRARY_OUTPUT_DIRECTORY, else where CMake puts
# libraries: name one of them in the host's options.search. The target's property TENON_PLUGIN is true.
function(tenon_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 plugin "" OUTPUT_DIRECTORY SOURCES)
    if(NOT plugin_SOURCES OR plugin_UNPARSED_ARGUMENTS OR plugin_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "tenon_add_plugin(NAME SOURCES SOURCE... [OUTPUT_DIRECTORY DIRECTORY]) was called as "
                            "tenon_add_plugin(${name} ${ARGN})")
    endif()
    add_library(${name} MODULE ${plugin_SOURCES})
    target_link_libraries(${name} PRIVATE tenon::tenon)
    set_target_properties(${name} PROPERTIES
        TENON_PLUGIN TRUE PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN TRUE)
    # g++ makes the static variables of inline functions unique in the process, and a library with one stays for good.
    target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    # What is missing is found out here and not by the host; but clang leaves a sanitizer's functions to the program.
    string(TOUPPER "${CMAKE_BUILD_TYPE}" configuration)
    if(NOT (CMAKE_CXX_COMPILER_ID MATCHES Clang AND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${configuration}}" MATCHES "-fsanitize="))
        set(sanitizers "$<FILTER:$<TARGET_PROPERTY:${name},COMPILE_OPTIONS>,INCLUDE,^-fsanitize=>")
        target_link_options(${name} PRIVATE
            "$<$<NOT:$<AND:$<CXX_COMPILER_ID:Clang>,$<BOOL:${sanitizers}>>>:LINKER:-z,defs>")
    endif()
    if(plugin_OUTPUT_DIRECTORY)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${plugin_OUTPUT_DIRECTORY}")
    endif()
endfunction()
)cmake";

/// What CMake runs before a project's own commands. It writes down which libraries there are when all of them
/// are known.
inline constexpr std::string_view cmake_beginning = R"cmake(
include_guard(GLOBAL)
include("${CMAKE_CURRENT_LIST_DIR}/options.cmake")
add_link_options(${tenon_link_options}) # before those of a target, which may say otherwise

function(tenon_libraries_in directory)
    get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
    foreach(target IN LISTS targets)
        get_target_property(type "${target}" TYPE)
        if(type MATCHES "^(MODULE|SHARED)_LIBRARY$")
            set_property(TARGET "${target}" APPEND PROPERTY LINK_OPTIONS
                "LINKER:--dependency-file=${tenon_folder}/linked/${target}.d")
            get_target_property(plugin "${target}" TENON_PLUGIN)
            if(NOT plugin)
                set(plugin FALSE)
            endif()
            set_property(GLOBAL APPEND_STRING PROPERTY tenon_libraries
                "library ${type} ${plugin} ${target}\n$<TARGET_FILE:${target}>\n")
        endif()
    endforeach()
    get_property(inside DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
    foreach(each IN LISTS inside)
        tenon_libraries_in("${each}")
    endforeach()
endfunction()

function(tenon_tell)
    tenon_libraries_in("${CMAKE_SOURCE_DIR}")
    get_property(libraries GLOBAL PROPERTY tenon_libraries)
    file(GENERATE OUTPUT "${tenon_folder}/libraries" CONTENT "modules ${CMAKE_ROOT}\n${libraries}")
endfunction()

cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL tenon_tell)
)cmake";

/// A text as one argument that CMake takes as it is.
inline std::string cmake_argument(std::string_view text) {
    std::string marks = "=";
    while (text.find(']' + marks) != text.npos)
        marks += '=';
    // A line break that follows at once would not count.
    return '[' + marks + '[' + std::string(text) + ']' + marks + ']';
}

/// Words as one text of CMake's that a shell takes apart into these again, and CMake before it.
inline std::string cmake_shell_words(const word_list& words) {
    std::string text;
    for (const std::string& word : words) {
        text += text.empty() ? "'" : " '";
        for (const char c : word)
            switch (c) {
            case '\'':
                text += "'\\''";
                break;
            case ';':
                text += "\\;";
                break;
            case ',':
                text += "$<COMMA>";
                break;
            case '>':
                text += "$<ANGLE-R>";
                break;
            default:
                text += c;
            }
        text += '\'';
    }
    return text;
}

/// A library that a CMakeLists.txt makes.
struct cmake_library {
    std::string target, path;
    bool module = false;
    bool plugin = false; ///< says tenon_add_plugin
};

/// The one that is meant: the target of that name; else the only one that is said to be a plugin; else the
/// only module; else the only library.
inline const cmake_library& chosen_library(const std::string& directory, const std::string& target,
                                           const std::vector<cmake_library>& all) {
    const auto names = [](const std::vector<const cmake_library*>& of) {
        std::string text;
        for (const cmake_library* each : of)
            text.append(text.empty() ? "" : ", ").append(each->target);
        return text;
    };
    std::vector<const cmake_library*> any, modules, plugins;
    for (const cmake_library& each : all) {
        any.push_back(&each);
        if (each.module)
            modules.push_back(&each);
        if (each.plugin)
            plugins.push_back(&each);
        if (each.target == target)
            return each;
    }
    if (!target.empty() || any.empty())
        throw no_target(directory, target, names(any));
    const auto& likely = !plugins.empty() ? plugins : !modules.empty() ? modules : any;
    if (likely.size() > 1)
        throw several_targets(directory, names(likely));
    return *likely[0];
}

/// The libraries that were written down, and where CMake's own modules are; false where that is not what
/// `cmake_beginning` writes.
inline bool read_cmake_libraries(std::string_view text, std::vector<cmake_library>& into,
                                 std::string& modules) {
    const auto line = [&] {
        const std::string_view first = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), first.size() + 1));
        return first;
    };
    const auto skip = [](std::string_view& from, std::string_view word) {
        if (from.substr(0, word.size()) != word)
            return false;
        from.remove_prefix(word.size());
        return true;
    };
    std::string_view first = line();
    if (!skip(first, "modules "))
        return false;
    modules = first;
    while (!text.empty()) {
        std::string_view head = line();
        cmake_library read;
        if (!skip(head, "library "))
            return false;
        read.module = skip(head, "MODULE_LIBRARY ");
        if (!read.module && !skip(head, "SHARED_LIBRARY "))
            return false;
        read.plugin = !skip(head, "FALSE ");
        if (read.plugin)
            head.remove_prefix(std::min(head.size(), head.find(' ') + 1));
        read.target = head;
        read.path = line();
        into.push_back(std::move(read));
    }
    return true;
}

/// The files that CMake has read to write makefiles, as it writes them down for these.
inline word_list read_cmake_files(std::string_view makefile) {
    word_list found;
    const auto begin = makefile.find("set(CMAKE_MAKEFILE_DEPENDS\n");
    if (begin == makefile.npos)
        return found;
    makefile.remove_prefix(makefile.find('\n', begin) + 1);
    while (makefile.substr(0, 3) == "  \"") {
        const auto end = makefile.find("\"\n", 3);
        if (end == makefile.npos)
            break;
        found.emplace_back(makefile.substr(3, end - 3));
        makefile.remove_prefix(end + 2);
    }
    return found;
}

/// A directory with a CMakeLists.txt as CMake builds it: a tree in the cache that is kept from one build to
/// the next, so that make compiles what has changed.
///
/// What make would not see is not left to it. It goes by times, so that a tree in which anything has changed
/// without being newer than what was made of it is begun again, and so is one whose last build nobody has
/// seen to end well: what a killed compiler left is never linked. Each tree has a name of its own, because a
/// compiler may live on that writes into the one before.
template <class System = posix>
class basic_cmake_project {
public:
    /// What is the same for all builds of one directory.
    struct settings {
        std::string directory;
        const basic_compiler<System>& compiler;
        const compile_flags& flags; ///< the host's
        word_list folders;          ///< with headers, for all targets
        profile wanted;
        std::string target;
    };

    /// Kept in the folder `all`.
    basic_cmake_project(std::string all, settings given) : all_(std::move(all)), given_(std::move(given)) {
        std::string text;
        try {
            text = read_file<System>(state());
        } catch (const error&) {
            return; // it is the first, or the one before did not end
        }
        struct stat found;
        const auto line = text.find('\n');
        if (line != 6 || System::stat(state().c_str(), &found) != 0)
            return;
        folder_ = join(all_, std::string_view(text).substr(0, line));
        ended_ = nanoseconds(found.st_mtim);
        const build_record record(text.substr(line + 1));
        if (record.results().size() != 1 || !record.system_files(record.results()[0], system_) ||
            !read_libraries())
            folder_.clear();
        else
            last_ = record.results()[0];
    }

    /// The path of CMake; empty where there is none.
    static std::string program() { return find_program<System>("cmake"); }

    /// These variables reach CMake and what it runs, besides those that reach compilers: they say where it
    /// finds other projects.
    static word_list variables() { return environment({"CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH"}); }

    /// The states and digests of the files of the last build, for who looks at them now.
    build_inputs last_files() const {
        build_inputs files = last_.files;
        files.insert(files.end(), system_.begin(), system_.end());
        return files;
    }

    /// Makes ready for a build of `sources` by tools with that stamp: what cannot be gone on with goes.
    /// `configuring` is called before CMake reads the CMakeLists.txt, and `say` with what it says of that.
    /// Gives whether it has.
    template <class Configuring, class Say>
    bool prepare(const basic_source_tree<System>& sources, const std::string& tools,
                 const basic_deadline<System>& within, Configuring&& configuring, Say&& say) {
        if (program().empty())
            throw no_cmake(given_.directory);
        const std::string why = !usable()                 ? "there is none that was finished"
                                : last_.compiler != tools ? "other programs build it"
                                                          : unseen(sources);
        const bool again = why.empty() && must_configure();
        System::unlink(state().c_str());
        if (!why.empty()) {
            trace("beginning a new tree for '", given_.directory, "': ", why);
            remove_tree<System>(all_);
            make_folders<System>(all_);
            folder_ = join(all_, "XXXXXX");
            if (!System::mkdtemp(folder_.data()))
                throw error::system_call("make a folder in", all_, errno);
            write_scripts();
        }
        if (!why.empty() || again) {
            configuring();
            say(configure(within));
        }
        library();
        return !why.empty() || again;
    }

    /// Builds the library. Throws what CMake, make and the compilers say where that fails; else calls `say`
    /// with it.
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
        // The CMakeLists.txt may have been read again.
        read_libraries();
        require_alone();
    }

    /// What is the plugin, once it is configured.
    const cmake_library& library() const {
        return chosen_library(given_.directory, given_.target, libraries_);
    }

    /// The absolute paths of all files outside of this tree that CMake, compilers and linkers have read for
    /// it, but for CMake's own.
    word_list files() const {
        word_list found = files_read_by_cmake();
        add_compiled(found, build_folder());
        for (const std::string& name : names_in<System>(linked_folder()))
            add_listed(found, join(linked_folder(), name), build_folder());
        std::erase_if(found, [&](const std::string& path) {
            struct stat seen;
            return is_in(path, all_) || is_in(path, modules_) || System::stat(path.c_str(), &seen) != 0 ||
                   !S_ISREG(seen.st_mode) || path.find('\n') != path.npos;
        });
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        return found;
    }

    /// Those that CMake itself has read, as far as it says.
    std::set<std::string> configured_from() const {
        const word_list files = files_read_by_cmake();
        return {files.begin(), files.end()};
    }

    /// Says that all compilers have ended by themselves, and that nothing else was read than this.
    void keep(const build_result& made, const build_inputs& system,
              const basic_scratch<System>& beside) const {
        build_result first = made;
        if (first.key.empty())
            first.key = std::string(64, '0');
        publish<System>(state(),
                        std::string(basename(folder_)) + '\n' + build_record().with(std::move(first), system),
                        beside.path());
    }

private:
    std::string state() const { return join(all_, "finished"); }
    std::string build_folder() const { return join(folder_, "build"); }
    std::string linked_folder() const { return join(folder_, "linked"); }

    bool usable() const { return !folder_.empty(); }

    static bool is_in(std::string_view path, std::string_view folder) {
        return !folder.empty() && path.size() > folder.size() && path[folder.size()] == '/' &&
               path.substr(0, folder.size()) == folder;
    }

    // ---- What make sees

    // One thing that has changed and that make would not see.
    std::string unseen(const basic_source_tree<System>& sources) {
        shadowing_names names;
        std::set<std::string> before;
        for (const build_inputs* list : {&last_.files, &system_})
            for (const build_input& each : *list) {
                names.add(each.path);
                before.insert(each.path);
                struct stat found;
                if (System::stat(each.path.c_str(), &found) != 0)
                    return "'" + each.path + "' is gone";
                if (file_identity(found) == each.state)
                    continue;
                if (nanoseconds(found.st_mtim) <= ended_)
                    return "'" + each.path + "' has changed and is older than what was made of it";
                changed_.insert(each.path);
            }
        for (const std::string& path : sources.files())
            if (before.count(path) == 0) {
                if (names.has(std::string(basename(path))))
                    return "'" + path + "' is new, and may be found instead of another file";
                more_ = true;
            }
        const source_directories none;
        basic_file_digests<System> seen;
        for (const build_input& each : last_.folders)
            if (!is_in(each.path, given_.directory) && each.path != given_.directory &&
                seen.folder(each.path, names.matter_to(none)).digest != each.digest)
                return "files in '" + each.path + "' may be found instead of others";
        return "";
    }

    // Whether anything has changed but what only compilers read: CMake does not say what else it has read.
    bool must_configure() const {
        const word_list by_cmake = files_read_by_cmake();
        word_list compiled;
        add_compiled(compiled, build_folder());
        std::sort(compiled.begin(), compiled.end());
        for (const std::string& path : changed_)
            if (!std::binary_search(compiled.begin(), compiled.end(), path) ||
                std::find(by_cmake.begin(), by_cmake.end(), path) != by_cmake.end())
                return true;
        return more_;
    }

    word_list files_read_by_cmake() const {
        word_list found =
            read_cmake_files(read_file<System>(join(build_folder(), "CMakeFiles/Makefile.cmake")));
        for (std::string& path : found)
            if (path[0] != '/')
                path = join(build_folder(), path);
        return found;
    }

    // What compilers have listed in a folder and below.
    static void add_compiled(word_list& found, const std::string& folder) {
        for (const std::string& name : names_in<System>(folder)) {
            const std::string path = join(folder, name);
            struct stat seen;
            if (System::lstat(path.c_str(), &seen) != 0)
                continue;
            if (S_ISDIR(seen.st_mode))
                add_compiled(found, path);
            else if (ends_in(name, ".d"))
                add_listed(found, path, std::string_view(path).substr(0, path.rfind("/CMakeFiles/")));
        }
    }

    static void add_listed(word_list& found, const std::string& list, std::string_view ran_in) {
        for (std::string& path : read_dependencies(read_file<System>(list)))
            found.push_back(path[0] == '/' ? std::move(path) : join(ran_in, path));
    }

    // ---- Running CMake

    std::string configure(const basic_deadline<System>& within) {
        libraries_.clear();
        std::string said = run_cmake({"-C", join(folder_, "settings.cmake"), "-S", given_.directory, "-B",
                                      build_folder(), "-G", "Unix Makefiles", "--no-warn-unused-cli"},
                                     within);
        if (!read_libraries())
            throw old_cmake(given_.directory, program());
        return said;
    }

    // Gives its complaints where it succeeds.
    std::string run_cmake(word_list words, const basic_deadline<System>& within) const {
        command what{{program()}, basic_compiler<System>::variables(), folder_, true};
        for (std::string& each : variables())
            what.environment.push_back(std::move(each));
        what.arguments.insert(what.arguments.end(), words.begin(), words.end());
        const process_result end = run<System>(what, within);
        if (!end.failed())
            return end.err;
        const bool cut_short = end.cause == stop_reason::time || end.cause == stop_reason::stop;
        const std::string how = "cmake " + end.how();
        const std::string first = cut_short || !end.limit.empty()
                                      ? how
                                      : cause_of_failure(given_.directory, end.err + end.out, how);
        // What make says on the way there comes last.
        std::string said = end.err + end.out;
        while (!said.empty() && said.back() == '\n')
            said.pop_back();
        throw build_failed(given_.directory, first,
                           shown(what) + '\n' + end.how() + (said.empty() ? "" : ", and said:\n") + said,
                           end.code(errc::build_failed));
    }

    bool read_libraries() {
        libraries_.clear();
        try {
            return read_cmake_libraries(read_file<System>(join(folder_, "libraries")), libraries_, modules_);
        } catch (const error&) {
            return false;
        }
    }

    // The library is copied out of here, and what it would load from here may be gone by then, or another.
    // What it would load it says itself, whoever has linked it and with which flags.
    void require_alone() const {
        const cmake_library& plugin = library();
        const needs own(plugin.path);
        for (const cmake_library& each : libraries_)
            if (each.target != plugin.target && own.libraries.count(needs(each.path).name) != 0)
                throw needs_library_of_build(given_.directory, plugin.target, each.target);
        for (const std::string& name : own.libraries)
            for (const std::string& folder : own.folders)
                if (const std::string path = name.find('/') == name.npos ? join(folder, name) : name;
                    is_in(path, all_) && System::access(path.c_str(), F_OK) == 0)
                    throw needs_library_of_build(given_.directory, plugin.target, basename(path));
    }

    // What a library is called by those that need it, what it needs, and where that is looked for. Of what is
    // no library, or is not there, no more than its name.
    struct needs {
        explicit needs(const std::string& path) : name(basename(path)), folders{"/"} {
            const basic_file<System> file(System::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY));
            if (file.descriptor() < 0)
                return;
            typename elf_reader<System>::loader_information told;
            const elf_reader<System> reader(file.descriptor(), path);
            reader.read(told);
            told.for_each([&](std::int64_t tag, std::uint64_t value) {
                const std::string_view text = told.name(value);
                if (tag == DT_SONAME)
                    name = text;
                else if (tag == DT_NEEDED)
                    libraries.emplace(text);
                else if (tag == DT_RUNPATH || tag == DT_RPATH)
                    add_folders(text);
            });
        }

        void add_folders(std::string_view list) {
            while (!list.empty()) {
                const std::string_view one = list.substr(0, list.find(':'));
                folders.emplace_back(one);
                list.remove_prefix(one.size() < list.size() ? one.size() + 1 : one.size());
            }
        }

        std::string name;
        std::set<std::string> libraries;
        word_list folders;
    };

    // ---- What CMake is told

    void write_scripts() const {
        make_folders<System>(linked_folder());
        const auto write = [&](std::string_view name, std::string_view text) {
            const std::string path = join(folder_, name);
            basic_file<System>(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600).write(path, text);
        };
        write("settings.cmake", settings_text());
        write("options.cmake", options_text());
        write("begin.cmake", cmake_beginning);
        std::string includes;
        for (const std::string& folder : given_.folders)
            includes += ' ' + cmake_argument(folder);
        write("tenonConfig.cmake",
              "if(NOT TARGET tenon::tenon)\n    add_library(tenon::tenon INTERFACE IMPORTED)\n"
              "    target_include_directories(tenon::tenon INTERFACE" +
                  includes +
                  ")\n    target_compile_features(tenon::tenon INTERFACE cxx_std_20)\n"
                  "    set_target_properties(tenon::tenon PROPERTIES IMPORTED_NO_SYSTEM TRUE)\nendif()\n" +
                  std::string(cmake_functions));
        const std::string_view version = TENON_VERSION;
        const std::string minor(version.substr(0, version.rfind('.')));
        write("tenonConfigVersion.cmake",
              "set(PACKAGE_VERSION " + std::string(version) +
                  ")\nset(wanted \"${PACKAGE_FIND_VERSION_MAJOR}.${PACKAGE_FIND_VERSION_MINOR}\")\n"
                  "if(NOT PACKAGE_FIND_VERSION OR (wanted STREQUAL \"" +
                  minor +
                  "\" AND NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION))\n"
                  "    set(PACKAGE_VERSION_COMPATIBLE TRUE)\nendif()\n"
                  "if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)\n"
                  "    set(PACKAGE_VERSION_EXACT TRUE)\nendif()\n");
    }

    // Checks of the compiler see these flags too, and so nothing is among them that a shell or make reads
    // otherwise than CMake.
    std::string settings_text() const {
        const compiler_traits traits = given_.compiler.traits();
        const word_list abi = toolchain_flags(toolchain, traits.clang);
        const auto joined = [](const word_list& words) {
            std::string text;
            for (const std::string& word : words)
                text.append(text.empty() ? "" : " ").append(word);
            return text;
        };
        word_list cxx = abi, c;
        cxx.insert(cxx.end(), {"-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden"});
        if (traits.gnu_unique)
            cxx.push_back("-fno-gnu-unique");
        if (traits.clang)
            cxx.push_back("-Qunused-arguments");
        c.insert(c.end(), {"-fPIC", "-fvisibility=hidden"});
        bool sanitized = false;
        for (const std::string& flag : abi)
            if (flag.compare(0, 11, "-fsanitize=") == 0) {
                c.push_back(flag);
                sanitized = true;
            }
        word_list words = given_.compiler.program_words();
        const std::string compiler = find_program<System>(words.back());
        words.pop_back();
        std::string launchers, text;
        for (const std::string& each : words)
            launchers.append(launchers.empty() ? "" : ";").append(each);
        const auto set = [&](std::string_view name, std::string_view value) {
            text.append("set(").append(name).append(" ").append(cmake_argument(value));
            text.append(" CACHE STRING \"\")\n");
        };
        set("CMAKE_CXX_COMPILER", compiler);
        if (!launchers.empty()) {
            set("CMAKE_CXX_COMPILER_LAUNCHER", launchers);
            set("CMAKE_C_COMPILER_LAUNCHER", launchers);
        }
        if (const std::string found = c_compiler(compiler); !found.empty())
            set("CMAKE_C_COMPILER", found);
        set("CMAKE_CXX_FLAGS", joined(cxx));
        set("CMAKE_C_FLAGS", joined(c));
        set("CMAKE_CXX_STANDARD", language_flag().substr(language_flag().find("++") + 2) == "20" ? "20"
                                  : language_flag().ends_with("2b")                              ? "23"
                                                                                                 : "26");
        set("CMAKE_CXX_EXTENSIONS", language_flag().find("gnu") != std::string::npos ? "ON" : "OFF");
        set("CMAKE_POSITION_INDEPENDENT_CODE", "ON");
        set("CMAKE_BUILD_TYPE", given_.wanted == profile::quick ? "Debug" : "RelWithDebInfo");
        // Clang leaves a sanitizer's symbols to the host's executable.
        set("tenon_link_options", traits.clang && sanitized ? "" : "LINKER:-z,defs");
        for (const char* kind : {"CMAKE_MODULE_LINKER_FLAGS", "CMAKE_SHARED_LINKER_FLAGS"})
            text.append("set(").append(kind).append(
                " \"\" CACHE STRING \"\" FORCE)\n"); // they come after a target's own
        set("CMAKE_VERBOSE_MAKEFILE", "ON");
        set("CMAKE_COLOR_DIAGNOSTICS", "OFF");
        set("CMAKE_FIND_USE_PACKAGE_REGISTRY", "OFF");
        set("CMAKE_PROJECT_TOP_LEVEL_INCLUDES", join(folder_, "begin.cmake"));
        set("tenon_DIR", folder_);
        set("tenon_folder", folder_);
        return text;
    }

    // Of the same family, so that what both compile can be linked.
    static std::string c_compiler(const std::string& cxx) {
        std::string name(basename(cxx));
        for (const auto& [plus, plain] : {std::pair{"clang++", "clang"}, {"g++", "gcc"}})
            if (const auto at = name.rfind(plus); at != name.npos) {
                name.replace(at, std::string_view(plus).size(), plain);
                return find_program<System>(join(parent(cxx), name));
            }
        return "";
    }

    // Flags of any kind.
    std::string options_text() const {
        std::string text = "include_directories(BEFORE";
        for (const std::string& folder : given_.folders)
            text += ' ' + cmake_argument(folder);
        text += ")\n";
        const compile_flags of_compiler = given_.compiler.flags(true);
        word_list compile, link;
        for (const compile_flags* flags : {&of_compiler, &given_.flags}) {
            compile.insert(compile.end(), flags->compile().begin(), flags->compile().end());
            link.insert(link.end(), flags->common().begin(), flags->common().end());
            link.insert(link.end(), flags->link().begin(), flags->link().end());
        }
        if (!compile.empty())
            text += "add_compile_options(" +
                    cmake_argument("$<$<COMPILE_LANGUAGE:CXX>:SHELL:" + cmake_shell_words(compile) + '>') +
                    ")\n";
        if (!link.empty())
            text += "add_link_options(" + cmake_argument("SHELL:" + cmake_shell_words(link)) + ")\n";
        return text;
    }

    std::string all_, folder_; // all trees that there ever were, and this one
    settings given_;
    build_result last_{};
    build_inputs system_{};
    std::int64_t ended_ = 0;
    std::vector<cmake_library> libraries_{};
    std::string modules_{};
    std::set<std::string> changed_{};
    bool more_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
