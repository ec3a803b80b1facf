// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_BUILD_TARGET_HPP
#define TENON_DETAIL_BUILD_BUILD_TARGET_HPP

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/interface.hpp>
#include <tenon/trust.hpp>
#include <tenon/version.hpp>

#include <tenon/detail/build/action_cache.hpp>
#include <tenon/detail/build/build_options.hpp>
#include <tenon/detail/build/cmake_project.hpp>
#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/flag_inputs.hpp>
#include <tenon/detail/build/interface_headers.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/interface/toolchain.hpp>
#include <tenon/detail/library/file_trust.hpp>
#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_sources(const std::string& directory, std::string_view found, std::string_view left_out) {
    return {
        errc::not_found,
        concatenated({"'", directory,
                      "' has no sources to compile: files that end in .cpp, .cc, .cxx, .c++, .cp, .CPP or .C "
                      "are expected in it, and it ",
                      found, left_out.empty() ? "" : "; ", left_out}),
        directory};
}

/// A source or source directory, the settings that it is compiled with, and the place of its library in the
/// cache.
template <class System = posix>
class basic_build_target {
public:
    const build_options& options;
    const plugin_type& type;
    const std::string path; ///< canonical
    std::string directory;  ///< the same, or the one with the source
    std::string source{};   ///< a single one; empty: all in the directory
    bool cmake = false;     ///< whether it has a CMakeLists.txt
    const basic_compiler<System> compiler;
    action library{};                   ///< the one whose results are the libraries
    std::string tree{};                 ///< where CMake builds
    std::vector<std::string> written{}; ///< directories below CMake's that builds write to themselves

    /// `options` and `type` have to outlive the target.
    basic_build_target(const build_options& given, const basic_cache<System>& in,
                       const std::string& canonical_path, const plugin_type& wanted)
        : options(given), type(wanted), path(canonical_path), directory(path), compiler(given.compiler) {
        struct stat status;
        const bool exists = System::stat(path.c_str(), &status) == 0;
        if (exists ? S_ISREG(status.st_mode) : is_source_name(basename(path))) {
            directory = parent(path);
            source = basename(path);
        } else if (System::lstat(lists_file().c_str(), &status) == 0) {
            cmake = true;
            written = written_below(in);
        }
        library.digest = digest();
        library.stem = join(join(join(in.path(), "bin"), type.name()), safe(name()) + '-');
        library.suffix = ".so";
        library.tools = cmake ? cmake_tools() : tools();
        library.sources = {source.empty() ? directory : "", cmake, written};
        library.thorough = options.thorough;
        tree = library.stem + library.digest + ".tree";
    }

    std::string_view name() const { return basename(path); }
    std::string lists_file() const { return join(directory, "CMakeLists.txt"); }
    std::string flags_file() const { return join(directory, "compile_flags.txt"); }

    /// The names of the sources that are compiled. Throws if there are none.
    std::vector<std::string> sources() const {
        if (source.empty())
            return sources_in(directory);
        if (path.find('\n') != std::string::npos)
            throw line_break_in_name(path);
        return {source};
    }

    /// The host's flags, and those of compile_flags.txt if there is one.
    compile_flags flags(bool has_file) const {
        compile_flags flags(options.builds_may_run_programs, cmake);
        for (const std::string& flag : options.flags)
            flags.add(flag, "options.flags");
        if (has_file) {
            require_trusted(flags_file());
            flags.add_lines(read_file<System>(flags_file()), flags_file());
        }
        return flags;
    }

    /// The files and folders that these flags, and those in the compiler's own command, name.
    flag_inputs inputs_named_by(const compile_flags& flags) const {
        flag_inputs named;
        named.add<System>(flags.words(), directory);
        named.add<System>(compiler.flags(cmake).words(), directory);
        return named;
    }

    /// The directories with the headers of the interface and of tenon.
    std::vector<std::string> interface_folders() const {
        std::vector<std::string> folders = basic_interface_headers<System>(options.include).folders(type);
        for (std::string& folder : folders)
            folder = absolute<System>(folder);
        return folders;
    }

    /// The header of the interface.
    std::string header() const {
        return absolute<System>(basic_interface_headers<System>(options.include).header(type));
    }

    /// Throws if a user whom options.trust does not name could have written a file.
    void require_trusted(const std::string& file) const {
        if (!options.trust.everyone)
            require_trust<System>(canonical_of(file), status_of(file), options.trust);
    }

    /// The canonical path. Throws if nothing is there.
    static std::string canonical_of(const std::string& path) {
        std::string target = canonical<System>(path);
        if (target.empty())
            throw error::system_call("find", path, errno);
        return target;
    }

    static struct stat status_of(const std::string& path) {
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        return status;
    }

private:
    // A digest of everything that decides the result, except the files.
    std::string digest() const {
        sha256 all;
        const char* const include = ::secure_getenv("TENON_INCLUDE");
        for (const std::string_view part :
             {std::string_view(TENON_VERSION), std::string_view(path), std::string_view(type.name()),
              std::string_view(type.header()), std::string_view(toolchain),
              std::string_view(include ? include : "")})
            all.field(part);
        all.field(language_flag()).field(compiler.choice());
        all.field(options.profile == profile::quick ? "quick" : "optimised");
        all.fields(options.flags).fields(options.include);
        all.field(options.builds_may_run_programs ? "builds may run programs" : "");
        // A host must not use results made from files that only a less strict host trusts.
        all.field(options.trust.everyone ? "everyone" : "");
        for (const uid_t user : options.trust.users)
            all.field("user " + std::to_string(user));
        for (const gid_t group : options.trust.groups)
            all.field("group " + std::to_string(group));
        if (cmake)
            all.field("cmake").field(options.target).fields(basic_cmake_project<System>::variables());
        return all.hex();
    }

    std::optional<std::string> tools() const {
        return compiler.stamp().empty() ? std::nullopt : std::optional(compiler.stamp());
    }

    std::optional<std::string> cmake_tools() const {
        const std::optional<std::string> program = basic_cmake_project<System>::program();
        struct stat status;
        if (!compiler.found() || !program || System::stat(program->c_str(), &status) != 0)
            return std::nullopt;
        const file_identity state(status);
        return sha256()
            .field(compiler.stamp())
            .field(*program)
            .field(std::to_string(state.size))
            .field(std::to_string(state.modified))
            .hex();
    }

    // The cache and $TMPDIR, if they lie among the sources.
    std::vector<std::string> written_below(const basic_cache<System>& in) const {
        std::vector<std::string> folders;
        const char* const set = ::secure_getenv("TMPDIR");
        const std::string temporary = set ? from_anywhere<System>("TMPDIR", set) : "";
        for (const std::string& folder : {in.path(), temporary})
            if (std::string real = without_links(folder); real.starts_with(join(directory, "")))
                folders.push_back(std::move(real));
        return folders;
    }

    // The path with the symbolic links of its existing part resolved.
    static std::string without_links(const std::string& folder) {
        if (std::string target = canonical<System>(folder); !target.empty())
            return target;
        return folder.find('/') == folder.npos || folder == "/"
                   ? folder
                   : join(without_links(std::string(parent(folder))), basename(folder));
    }

    // A valid and short file name for a name with any characters.
    static std::string safe(std::string_view name) {
        std::string text;
        for (const char c : name.substr(0, 64)) {
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               c == '.' || c == '-';
            text += plain ? c : '_';
        }
        return text;
    }

    static std::vector<std::string> sources_in(const std::string& directory) {
        std::vector<std::string> sources;
        std::string others;
        for (const std::string& name : names_in<System>(directory)) {
            const std::string path = join(directory, name);
            if (is_source_name(name))
                require_no_dangling_link<System>(path);
            struct stat status{};
            const bool exists = System::stat(path.c_str(), &status) == 0;
            if (is_source_name(name) && exists && S_ISREG(status.st_mode)) {
                if (path.find('\n') != std::string::npos)
                    throw line_break_in_name(path);
                sources.push_back(name);
            } else if (others.size() < 200)
                others += (others.empty() ? "has '" : ", '") + name + (S_ISDIR(status.st_mode) ? "/'" : "'");
        }
        if (sources.empty())
            throw no_sources(directory, others.empty() ? "is empty" : others,
                             sentence_on_sources_left_out<System>(directory, sources));
        return sources;
    }
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
