// SPDX-License-Identifier: MIT
#ifndef TENON_ERROR_HPP
#define TENON_ERROR_HPP

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// What went wrong, for a program to act on.
enum class errc {
    system_call = 1,  ///< the operating system refused something
    not_found,        ///< no such file, plugin or built-in
    malformed_driver, ///< a driver string that names nothing
    untrusted,        ///< somebody else could have written the file
    not_a_library,    ///< not an ELF shared library for this machine, or a damaged one
    not_a_plugin,     ///< a library without a plugin of this type, or one that hides its plugins
    malformed_note,   ///< a manifest that tenon cannot have written
    ambiguous,        ///< several plugins to choose from, or two of one name
    toolchain, ///< compiled for another standard library, ABI or sanitizer, or linked with a runtime of its
               ///< own
    misfit,    ///< compiled against another shape of the interface
    bad_interface,  ///< an interface that does not describe itself completely
    load_failed,    ///< the system's loader refused the library
    changed,        ///< the file changed while it was being loaded
    no_compiler,    ///< no compiler, or one that cannot be run
    build_failed,   ///< the compiler refused the source
    build_needed,   ///< something has to be built and `build = never`
    fetch_failed,   ///< git could not fetch or check out
    timed_out,      ///< a build or a fetch took longer than it may
    cancelled,      ///< options.stop asked for the end of a build or a fetch
    forbidden,      ///< options.policy does not allow it
    nothing_before, ///< there is no version to go back to
    too_many,       ///< versions of one plugin that are in memory
};

namespace detail {
inline namespace TENON_OWN {
class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "tenon"; }
    std::string message(int value) const override {
        static constexpr const char* text[] = {
            "success",        "system call failed", "not found",        "malformed driver",
            "untrusted file", "not a library",      "not a plugin",     "malformed note",
            "ambiguous",      "other toolchain",    "interface misfit", "bad interface",
            "load failed",    "file changed",       "no compiler",      "build failed",
            "build needed",   "fetch failed",       "timed out",        "cancelled",
            "forbidden",      "nothing before",     "too many versions"};
        const bool known = value >= 0 && value < static_cast<int>(sizeof text / sizeof *text);
        return known ? text[value] : "unknown error";
    }
};

// How one of several is chosen, for those who know no more of the driver than its path.
inline constexpr std::string_view adding_a_plugin = "by adding '#' and its name",
                                  adding_a_target = "by adding '#target=' and its name";
} // namespace TENON_OWN
} // namespace detail

TENON_HIDDEN inline const std::error_category& category() noexcept {
    static const detail::category instance;
    return instance;
}

TENON_HIDDEN inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), category()};
}

/// The one type of exception that this library throws.
///
///     try { tenon::plugin<greeter> g{"./nowhere.so"}; }
///     catch (const tenon::error& e) { std::cerr << e.what(); }   // cannot open './nowhere.so': No such file
///     or directory
///
/// `what()` is for a person: what was expected, what was found, what to do, and verbatim what the loader, the
/// compiler or git said. `code()` is an `errc`. Copying one does not throw.
class error : public std::system_error {
public:
    error(errc code, const std::string& text, const std::string& path = {})
        : std::system_error(make_error_code(code)), text_(text), path_(path) {}

    const char* what() const noexcept override { return text_.what(); }
    /// The file that the error is about; empty where there is none.
    const char* path() const noexcept { return path_.what(); }

    // One factory for each failure; the tests fix every text.

    static error system_call(std::string_view doing, const std::string& path, int error_number) {
        return {errc::system_call, text({"cannot ", doing, " '", path, "': ", reason(error_number)}), path};
    }

    static error cannot_run(const std::string& program, int error_number, std::string_view advice) {
        return {errc::system_call, text({"cannot run '", program, "': ", reason(error_number), advice}),
                program};
    }
    static error not_a_regular_file(const std::string& path) {
        return {errc::system_call, text({"'", path, "' is not a regular file"}), path};
    }
    static error untrusted(const std::string& path, std::string_view why) {
        return {errc::untrusted,
                text({"'", path, "' is not run, because somebody else could have written it: ", why}), path};
    }
    static error not_a_cache(const std::string& path, std::string_view why) {
        return {errc::untrusted,
                text({"'", path, "' is not used as the cache, because ", why,
                      "; in $TENON_CACHE or options.cache, name a folder that is empty or does not exist, "
                      "such as '",
                      path, path.ends_with('/') ? "" : "/", "tenon-cache'"}),
                path};
    }
    static error cache_of_another(const std::string& path, unsigned owner, unsigned user) {
        return {errc::untrusted,
                text({"the cache '", path, "' is not used, because it belongs to user ",
                      std::to_string(owner), ", and this program runs as user ", std::to_string(user),
                      "; name another in $TENON_CACHE or options.cache"}),
                path};
    }
    static error cache_for_others(const std::string& path) {
        return {errc::untrusted,
                text({"the cache '", path, "' is not used, because others may write to it; `chmod 700 '",
                      path, "'`, or name another in $TENON_CACHE or options.cache"}),
                path};
    }
    static error cache_unusable(const std::string& path, std::string_view why) {
        return {errc::system_call,
                text({"the cache '", path, "' cannot be used: ", why,
                      "; name another in $TENON_CACHE or options.cache"}),
                path};
    }
    static error cache_in_a_home(const std::string& path) {
        return {errc::not_found,
                text({"the cache '", path,
                      "' is not used, because only a shell takes '~' for a home directory; write the whole "
                      "path in $TENON_CACHE or options.cache, or begin with './' where the name is meant"}),
                path};
    }
    /// `relative` says which variables are set and not absolute, each as `$NAME is 'VALUE'`.
    static error no_cache(std::string_view relative = "") {
        return {errc::not_found,
                text({"there is no folder to keep compiled plugins in: $TENON_CACHE, $XDG_CACHE_HOME and "
                      "$HOME are not set",
                      relative.empty() ? "" : ", or not absolute: ", relative,
                      "; set one of them, or options.cache"})};
    }

    static error empty_driver() {
        return {errc::malformed_driver,
                "the driver is empty: it has to be the name of a plugin, the path of a library or of a "
                "directory with its source, or the URL of a repository"};
    }
    static error driver_too_long(std::size_t size, std::size_t longest) {
        return {errc::malformed_driver,
                text({"a driver of ", std::to_string(size), " characters is too long: it may have ",
                      std::to_string(longest)})};
    }
    static error control_character(std::string_view escaped) {
        return {errc::malformed_driver,
                text({"the driver '", escaped, "' has a control character, and none may"})};
    }
    static error no_transport(std::string_view driver, std::string_view meant) {
        return {
            errc::malformed_driver,
            text({"the driver '", driver,
                  "' is neither a repository nor a path: a repository is written https://host/user/repo or "
                  "git+ssh://git@host/user/repo, and a path whose first name has a colon begins with ./",
                  meant.empty() ? "" : "; write ", meant})};
    }
    static error bad_repository(std::string_view url, std::string_view why, std::string_view meant) {
        return {errc::malformed_driver, text({"the repository '", url, "' is refused: ", why,
                                              meant.empty() ? "" : "; write ", meant})};
    }
    static error bad_name(std::string_view name, std::string_view here) {
        return {errc::malformed_driver,
                text({"'", name,
                      "' is no name for a plugin: it has to be [a-z][a-z0-9_-]*, and a path has to contain a "
                      "slash",
                      here.empty() ? "" : "; there is a '", here, here.empty() ? "" : "'"})};
    }
    static error unknown_name(std::string_view type, std::string_view name, std::string_view known,
                              std::string_view here, std::string_view searched = "") {
        return {errc::not_found,
                text({"unknown name '", name, "' of plugin type '", type, "'; ",
                      known.empty() ? "there are no plugins of that type" : "known: ", known,
                      searched.empty() ? "" : "; searched: ", searched, here.empty() ? "" : "; there is a '",
                      here, here.empty() ? "" : "', and a path has to contain a slash"})};
    }
    static error two_libraries(std::string_view name, const std::string& path, std::string_view other) {
        return {errc::ambiguous,
                text({"the name '", name, "' may be '", path, "' or '", other,
                      "'; remove one, or give the path"}),
                path};
    }
    static error foreign_source(const std::string& path) {
        return {
            errc::malformed_driver,
            text({"'", path,
                  "' is neither a library nor a source that is compiled: such a source ends in .cpp, .cc, "
                  ".cxx, .c++, .cp, .CPP or .C; a directory with a CMakeLists.txt can have others "
                  "compiled"}),
            path};
    }
    static error build_needed(const std::string& path) {
        return {
            errc::build_needed,
            text({"'", path,
                  "' has to be compiled or fetched first, and options.build says never; prepare it with a "
                  "loader that may"}),
            path};
    }
    static error bad_choice(const std::string& path, std::string_view choice, std::string_view why,
                            std::string_view repository) {
        return {errc::malformed_driver,
                text({"the driver '", path, "#", choice, "' is refused: ", why,
                      repository.empty() ? "" : "; a repository is written ", repository}),
                path};
    }
    static error bad_plugin_choice(const std::string& path, std::string_view plugin) {
        return {errc::malformed_driver,
                text({"'", plugin, "', which follows '", path,
                      "#', is no name for a plugin: it has to be [a-z][a-z0-9_-]*; where the "
                      "'#' is part of a file's name, add another and the plugin, and where of a directory's, "
                      "a slash"}),
                path};
    }
    static error no_such_path(const std::string& path, std::string_view instead,
                              std::string_view repository) {
        return {errc::not_found,
                text({"there is no '", path, "'; ", instead,
                      repository.empty() ? "" : "; a repository is written ", repository}),
                path};
    }
    static error dangling_link(const std::string& path, std::string_view target) {
        return {errc::not_found,
                text({"'", path, "' is a symbolic link to '", target, "', which is not there"}), path};
    }
    static error neither_file_nor_directory(const std::string& path) {
        return {errc::system_call, text({"'", path, "' is neither a file nor a directory"}), path};
    }

    static error forbidden(const std::string& what, std::string_view rule, std::string_view allows) {
        return {errc::forbidden, text({"'", what, "' is refused, because ", rule, " allows ", allows}), what};
    }
    static error other_digest(const std::string& path, std::string_view digest, std::string_view allows) {
        return {errc::forbidden,
                text({"'", path, "' is refused, because its SHA-256 is ", digest,
                      ", and options.policy.sha256, or sha256 of "
                      "library_options, allows ",
                      allows}),
                path};
    }
    static error not_signed(std::string_view url, std::string_view commit, std::string_view keys,
                            std::string_view how, std::string_view said, std::string_view advice, errc code) {
        return {code, text({"commit ", commit, " of '", url,
                            "' is refused, because options.policy.signed_by allows only what a "
                            "key in ",
                            keys, " has signed: git verify-commit ", how,
                            said.empty() ? ", as it does where there is no signature" : ", and said:\n", said,
                            advice.empty() || said.ends_with('\n') ? "" : "\n", advice})};
    }

    static error no_git(std::string_view url) {
        return {errc::fetch_failed, text({"cannot fetch '", url, "': there is no git in $PATH; install it"})};
    }
    static error fetch_failed(std::string_view url, std::string_view how, std::string_view said,
                              std::string_view command, std::string_view advice,
                              errc code = errc::fetch_failed) {
        return {code, text({"cannot fetch '", url, "': git ", how,
                            said.empty() ? ", and said nothing\n" : ", and said:\n", said,
                            said.empty() || said.back() == '\n' ? "" : "\n", "command: ", command,
                            advice.empty() ? "" : "\n", advice})};
    }
    static error no_such_reference(std::string_view url, std::string_view reference, std::string_view known,
                                   bool shortened) {
        return {errc::not_found, text({"the repository '", url, "' does not have ", reference, "; ",
                                       known.empty() ? "it has no branches and no tags" : "it has ", known,
                                       shortened ? "; a commit has to be given by its full id" : ""})};
    }
    static error no_such_commit(std::string_view url, std::string_view id) {
        return {errc::not_found,
                text({"the repository '", url, "' has no commit ", id, " on any branch or tag"})};
    }
    static error no_subdirectory(std::string_view url, std::string_view commit, std::string_view subdirectory,
                                 std::string_view instead) {
        return {errc::not_found, text({"the repository '", url, "' has no directory '", subdirectory,
                                       "' in commit ", commit, "; ", instead})};
    }

    static error not_a_library(const std::string& path, std::string_view why) {
        return {errc::not_a_library,
                text({"'", path, "' is not a library that this program can load: ", why}), path};
    }
    static error malformed_note(const std::string& path, std::string_view why) {
        return {errc::malformed_note,
                text({"the manifest in '", path, "' is damaged: ", why, "; compile the library again"}),
                path};
    }
    static error other_format(const std::string& path, unsigned found, unsigned known) {
        return {errc::malformed_note,
                text({"the manifest in '", path, "' has format ", std::to_string(found),
                      ", and this program reads format ", std::to_string(known),
                      "; compile both with the same version of tenon"}),
                path};
    }
    static error two_plugins(const std::string& path, std::string_view type, std::string_view name,
                             std::string_view version, std::string_view other_version) {
        return {errc::ambiguous,
                text({"'", path, "' has two plugins of type '", type, "' named '", name, "', versions ",
                      version, " and ", other_version, "; give one of them another name"}),
                path};
    }
    static error two_built_ins(std::string_view type, std::string_view name, std::string_view version,
                               std::string_view other_version) {
        return {errc::ambiguous,
                text({"this program has two built-in plugins of type '", type, "' named '", name,
                      "', versions ", version, " and ", other_version, "; give one of them another name"})};
    }
    static error not_a_plugin(const std::string& path, std::string_view type, std::string_view found) {
        return {
            errc::not_a_plugin,
            found.empty()
                ? text({"'", path, "' has no plugins: it was not made with TENON_EXPORT; a plugin of type '",
                        type, "' was asked for"})
                : text({"'", path, "' has no plugin of type '", type, "'; it has ", found}),
            path};
    }
    static error no_such_plugin(const std::string& path, std::string_view type, std::string_view name,
                                std::string_view found) {
        return {errc::not_a_plugin,
                text({"'", path, "' has no plugin of type '", type, "' named '", name, "'; it has ", found}),
                path};
    }
    static error several_plugins(const std::string& path, std::string_view type, std::string_view found) {
        return {errc::ambiguous,
                text({"'", path, "' has several plugins of type '", type, "': ", found, "; choose one ",
                      detail::adding_a_plugin}),
                path};
    }
    static error other_toolchain(const std::string& path, std::string_view name,
                                 std::string_view differences) {
        return {errc::toolchain,
                text({"the plugin '", name, "' in '", path,
                      "' was compiled with another toolchain than this program:\n", differences,
                      "compile it with the same standard library, mode and sanitizer"}),
                path};
    }
    static error misfit(const std::string& path, std::string_view name, std::string_view type,
                        std::string_view differences) {
        return {errc::misfit,
                text({"the plugin '", name, "' in '", path, "' was compiled against another '", type,
                      "' than this program:\n", differences, "compile both against the same header"}),
                path};
    }
    static error built_in_misfit(std::string_view name, std::string_view type, std::string_view host,
                                 std::string_view plugin) {
        return {errc::misfit,
                text({"the built-in plugin '", name, "' of type '", type, "' implements '", plugin,
                      "', and '", host, "' was asked for; give one of the interfaces another type name"})};
    }
    static error bad_plugin_name(std::string_view name) {
        return {errc::malformed_driver,
                text({"'", name, "' is no name for a plugin: it has to be [a-z][a-z0-9_-]*"})};
    }
    static error bad_interface(std::string_view type, std::string_view wrong) {
        return {errc::bad_interface, text({"the interface '", type, "' does not describe itself: ", wrong,
                                           "name every virtual function in `methods`"})};
    }
    static error plugin_has_bad_interface(const std::string& path, std::string_view name,
                                          std::string_view type, std::string_view wrong) {
        return {
            errc::bad_interface,
            text({"the plugin '", name, "' in '", path, "' was compiled against a '", type,
                  "' that does not describe itself: ", wrong, "name every virtual function in `methods`"}),
            path};
    }
    /// `from_copy` where the library looks for others beside itself, and its copy in memory was loaded.
    static error load_failed(const std::string& path, std::string_view said, bool from_copy = false) {
        const auto says = [said](std::string_view part) { return said.find(part) != said.npos; };
        return {errc::load_failed,
                text({"cannot load '", path, "': ", said,
                      from_copy && says("cannot open shared object file")
                          ? "; it looks for that beside itself ($ORIGIN), and nothing is beside the copy in "
                            "memory that was "
                            "loaded: set options.private_copy to false, or options.reload.copy_libraries "
                            "where it is watched"
                      : says("failed to map segment") ? "; its file system may be mounted noexec"
                      : says("static TLS block")
                          ? "; it was compiled with -ftls-model=initial-exec, or links what was"
                      : says("undefined symbol") ? "; if it is its host that has this, link that with "
                                                   "-rdynamic and show the symbol, which "
                                                   "-fvisibility=hidden hides; else link it with -Wl,-z,defs "
                                                   "to find this when it is built"
                                                 : ""}),
                path};
    }
    static error static_host(const std::string& path) {
        return {errc::load_failed,
                text({"cannot load '", path,
                      "': this program is linked statically, and a library would bring a second C library "
                      "into it; link "
                      "the program without -static and -static-pie, or the plugin into the program"}),
                path};
    }
    static error runtime_hidden(const std::string& path) {
        return {errc::toolchain,
                text({"cannot load '", path,
                      "': its host has a C++ runtime linked into it (-static-libstdc++) that libraries do "
                      "not see, so that "
                      "the plugin would use another, ",
                      two_runtimes,
                      "; link the host with -rdynamic, or without "
                      "-static-libstdc++ and -static-libgcc"}),
                path};
    }
    static error second_runtime(const std::string& path) {
        return {errc::toolchain,
                text({"cannot load '", path,
                      "': it has a C++ runtime linked into it (-static-libstdc++) and would use that instead "
                      "of its host's, ",
                      two_runtimes, "; link it without -static-libstdc++ and -static-libgcc"}),
                path};
    }
    static error second_unwinder(const std::string& path) {
        return {
            errc::toolchain,
            text({"cannot load '", path,
                  "': it or its host has the unwinder of exceptions linked into it (-static-libgcc), and an "
                  "exception cannot pass from one unwinder to another; link both without -static-libgcc"}),
            path};
    }
    static error exports_hidden(const std::string& path, std::string_view plugin) {
        return {errc::not_a_plugin,
                text({"cannot load '", path, "': it has the plugin '", plugin,
                      "', and the symbol `tenon_exports_v1`, by which plugins are found, was hidden when it "
                      "was linked; add "
                      "`global: tenon_exports_v1;` to its version script, or leave out what else hides "
                      "symbols: --exclude-libs, "
                      "or objcopy --localize-symbol and --keep-global-symbol of an object"}),
                path};
    }
    static error file_changed(const std::string& path) {
        return {
            errc::changed,
            text({"'", path, "' changed while it was being loaded; put new versions in place by renaming"}),
            path};
    }
    static error changed_in_place(const std::string& path) {
        return {errc::changed,
                text({"'", path,
                      "' was written to while it is loaded, so that neither the old version nor the new one "
                      "can be trusted; "
                      "put new versions in place by renaming"}),
                path};
    }
    static error note_changed(const std::string& path) {
        return {
            errc::changed,
            text({"'", path,
                  "' changed while it was being loaded: its manifest in memory is not the one in the file"}),
            path};
    }
    static error export_table(const std::string& path, std::string_view name) {
        return {errc::malformed_note,
                text({"'", path, "' says that it has a plugin '", name,
                      "', and its export table does not; compile the library again"}),
                path};
    }

    static error header_not_found(std::string_view header) {
        return {
            errc::not_found,
            text(
                {"cannot find the folder of the header '", header,
                 "' that plugins are compiled against: it is not where the "
                 "compiler of this program saw it; name its folder in $TENON_INCLUDE or in options.include"}),
            std::string(header)};
    }

    static error no_compiler(std::string_view tried) {
        return {errc::no_compiler, text({"there is no compiler for plugins: ", tried,
                                         "; install one, or name another in $CXX or options.compiler"})};
    }
    static error compiler_unusable(std::string_view command, std::string_view how, std::string_view said,
                                   errc code = errc::no_compiler) {
        return {code, text({"the compiler for plugins does not work: `", command, "` ", how,
                            said.empty() ? "" : ", and said:\n", said})};
    }
    static error other_sanitizer(const std::string& compiler) {
        return {errc::toolchain,
                text({"this program was compiled with a sanitizer, and '", compiler,
                      "' is of another family than its compiler: two "
                      "sanitizers would end the program; name one of the same family in $CXX or "
                      "options.compiler"}),
                compiler};
    }
    static error no_sources(const std::string& directory, std::string_view found, std::string_view left_out) {
        return {errc::not_found,
                text({"'", directory,
                      "' has no sources to compile: files that end in .cpp, .cc, .cxx, .c++, .cp, .CPP or .C "
                      "are expected in it, and it ",
                      found, left_out.empty() ? "" : "; ", left_out}),
                directory};
    }
    static error line_break_in_name(const std::string& path) {
        return {errc::malformed_driver,
                text({"the name of '", path,
                      "' has a line break, and compilers cannot say of such a file that they have read it; "
                      "rename it"}),
                path};
    }
    static error too_many_files(const std::string& directory, std::size_t most) {
        return {
            errc::not_found,
            text({"'", directory, "' has more than ", std::to_string(most),
                  " files and folders, and each would be looked at whenever its plugin is loaded; give the "
                  "plugin a directory of its own"}),
            directory};
    }
    static error no_cmake(const std::string& directory) {
        return {errc::no_compiler,
                text({"'", directory,
                      "' has a CMakeLists.txt, and there is no cmake in $PATH; install CMake, 3.24 or newer, "
                      "and make"}),
                directory};
    }
    static error old_cmake(const std::string& directory, const std::string& cmake) {
        return {
            errc::no_compiler,
            text({"the plugin in '", directory, "' cannot be found, because '", cmake,
                  "' does not run CMAKE_PROJECT_TOP_LEVEL_INCLUDES: install CMake 3.24 or newer, and begin "
                  "the CMakeLists.txt with cmake_minimum_required and project"}),
            directory};
    }
    static error cmake_runs_programs(const std::string& directory) {
        return {
            errc::build_failed,
            text({"'", directory,
                  "' is from a repository and has a CMakeLists.txt, which can run any program while it is "
                  "built; set options.builds_may_run_programs to let it, or build it with CMake and name "
                  "the library that it makes"}),
            directory};
    }
    static error no_target(const std::string& directory, std::string_view target, std::string_view known) {
        if (known.empty())
            return {errc::not_found,
                    text({"the CMakeLists.txt in '", directory,
                          "' makes no library that can be loaded; tenon_add_plugin(NAME SOURCES ...) or "
                          "add_library(NAME MODULE ...) is expected"}),
                    directory};
        return {errc::not_found,
                text({"the CMakeLists.txt in '", directory, "' makes no library that can be loaded named '",
                      target, "'; it has ", known}),
                directory};
    }
    static error several_targets(const std::string& directory, std::string_view known) {
        return {errc::ambiguous,
                text({"the CMakeLists.txt in '", directory,
                      "' makes several libraries that may be the plugin: ", known, "; choose one ",
                      detail::adding_a_target}),
                directory};
    }
    static error no_targets_here(const std::string& path, std::string_view target) {
        return {errc::not_found,
                text({"'", path, "' has no target '", target, "': it is no directory with a CMakeLists.txt"}),
                path};
    }
    static error needs_library_of_build(const std::string& directory, std::string_view target,
                                        std::string_view library) {
        return {
            errc::build_failed,
            text({"the plugin in '", directory, "' is not used, because its target '", target, "' needs '",
                  library, "', which is made with it and which nobody keeps: make that a STATIC library"}),
            directory};
    }
    static error not_a_flag(std::string_view where, std::string_view line, std::string_view why) {
        return {errc::build_failed, text({where, ": the line '", line, "' is refused, because ", why}),
                std::string(where.substr(0, where.rfind(':')))};
    }
    static error refused_flag(std::string_view where, std::string_view flag) {
        return {errc::build_failed,
                text({where, ": the flag '", flag,
                      "' is refused, because what is made of a plugin's sources, by which program and "
                      "where, is not for its flags to say; remove it"}),
                std::string(where.substr(0, where.rfind(':')))};
    }
    static error flag_runs_program(std::string_view where, std::string_view flag) {
        return {errc::build_failed,
                text({where, ": the flag '", flag,
                      "' is refused, because it has another program take part in the build, of which a "
                      "change would not be seen; remove it, or set options.builds_may_run_programs"}),
                std::string(where.substr(0, where.rfind(':')))};
    }
    static error flag_writes_beside(std::string_view where, std::string_view flag) {
        return {errc::build_failed,
                text({where, ": the flag '", flag,
                      "' is refused, because what it has written beside the objects is lost with these once "
                      "the library is made; remove it, or give the directory a CMakeLists.txt, of which the "
                      "build tree is kept"}),
                std::string(where.substr(0, where.rfind(':')))};
    }
    static error not_plain_text(const std::string& path) {
        return {errc::build_failed,
                text({"'", path,
                      "' is not read, because it has zero bytes in it, as text in UTF-16 has; store it as "
                      "UTF-8, one flag a line"}),
                path};
    }
    static error build_failed(const std::string& directory, std::string_view first, std::string_view runs,
                              errc code = errc::build_failed) {
        return {code, text({first, "\nthe plugin in '", directory, "' was not built:\n", runs}), directory};
    }
    static error not_waited_for(const std::string& path, std::string_view after, errc code,
                                std::string_view limit) {
        return {code,
                text({"gave up waiting for '", path, "', which another process or thread has locked: ",
                      code == errc::cancelled ? "it was cancelled" : "the time was up", " after ", after,
                      code == errc::cancelled ? "" : limit}),
                path};
    }
    static error sources_keep_changing(const std::string& directory, std::string_view path,
                                       std::string_view how, bool cmake) {
        return {errc::changed,
                text({"the plugin in '", directory, "' was not built, because '", path,
                      "' changed each time while it was being compiled", how.empty() ? "" : " (", how,
                      how.empty() ? "" : ")", "; try again when it is left alone",
                      cmake ? "; every file below a CMakeLists.txt may be a source: let programs write "
                              "elsewhere, or under names that begin with '.'"
                            : ""}),
                directory};
    }
    static error nothing_before(std::string_view plugin) {
        return {errc::nothing_before,
                text({"there is no version of '", plugin,
                      "' to go back to: only the one before the newest is kept, and only once"})};
    }
    static error too_many_versions(std::size_t mapped, std::size_t most, std::string_view why) {
        return {
            errc::too_many,
            text({std::to_string(mapped), " versions are in memory, and options.reload.most_versions allows ",
                  std::to_string(most),
                  !why.empty() ? ": "
                  : most < 3   ? ": one serves, and the one before is kept for a rollback; allow 3 or more"
                               : ", because calls in them have not returned",
                  why})};
    }

private:
    TENON_HIDDEN static constexpr std::string_view two_runtimes =
        "and with two an exception ends the program, and an error code of one equals none of the other";

    /// One string of many.
    static std::string text(std::initializer_list<std::string_view> parts) {
        std::string whole;
        for (const std::string_view part : parts)
            whole += part;
        return whole;
    }

    static std::string reason(int error_number) { return std::generic_category().message(error_number); }

    // std::runtime_error shares its text, so that copies of an error cannot throw.
    std::runtime_error text_, path_;
};

} // namespace tenon::inline v1

template <>
struct std::is_error_code_enum<tenon::errc> : std::true_type {};

namespace tenon::inline v1 {

/// Also of an error that another library's copy of tenon threw, which has a category of its own.
TENON_HIDDEN inline bool operator==(const std::error_code& code, errc what) noexcept {
    return code.value() == static_cast<int>(what) &&
           std::string_view(code.category().name()) == category().name();
}

} // namespace tenon::inline v1

#endif
