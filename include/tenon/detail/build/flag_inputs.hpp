// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_FLAG_INPUTS_HPP
#define TENON_DETAIL_BUILD_FLAG_INPUTS_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/version.hpp>

#include <tenon/detail/build/file_digests.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Leaves the directory of a flag that has headers or libraries searched there; nothing where the next word
/// names it. Returns false, and leaves the flag, where it is another one.
inline bool skip_search_flag(std::string_view& flag) {
    for (const std::string_view name :
         {"--include-directory-after", "--include-directory", "--library-directory", "-iwithprefixbefore",
          "-iwithprefix", "-cxx-isystem", "-isystem", "-iquote", "-idirafter", "-Wl,--library-path",
          "-Wl,-rpath-link", "-Wl,-L", "-I", "-L", "-F"})
        if (skip(flag, name)) {
            if (!skip(flag, "="))
                skip(flag, ",");
            return true;
        }
    return false;
}

/// The parts of a flag that may be a path: `map.txt` in `-Wl,--version-script=map.txt`. Most are none, as
/// `address` in `-fsanitize=address`.
inline std::vector<std::string> possible_paths(std::string_view flag) {
    std::vector<std::string> parts;
    for (const std::string_view name : {"-D", "-U", "-std", "-O", "-g", "-W"})
        if (flag.substr(0, name.size()) == name && (flag.size() < 4 || flag[3] != ',')) // -Wl, -Wa, -Wp,
            return parts;
    for (const std::string_view joined : {"-include", "-imacros", "-T"})
        if (flag.substr(0, joined.size()) == joined)
            parts.emplace_back(flag.substr(joined.size()));
    for (std::size_t at = 0; at <= flag.size();) {
        parts.emplace_back(flag.substr(at, flag.find(',', at) - at));
        const std::size_t end = flag.find_first_of("=,", at);
        at = end == flag.npos ? flag.size() + 1 : end + 1;
    }
    std::erase_if(parts, [](const std::string& part) { return part.empty() || part[0] == '-'; });
    return parts;
}

/// What flags have compilers and linkers read, or look for, without its being listed in what these say.
///
///     flag_inputs<>({"-L", "lib", "-Wl,-T,kernel.ld", "-march=native"}, "/p")
///         // folders: "/p/lib"; files: "/p/kernel.ld" if it is there, and "/proc/cpuinfo"
struct flag_inputs {
    std::vector<std::string>
        folders{}; ///< in which headers and libraries are searched; some may not be there
    std::vector<std::string> files{};

    /// Adds what `words` name, for a command that runs in `directory`.
    template <class System = posix>
    void add(const std::vector<std::string>& words, const std::string& directory) {
        const auto absolute = [&](std::string_view path) {
            return path.substr(0, 1) == "/" ? std::string(path) : join(directory, path);
        };
        for (std::size_t i = 0; i < words.size(); ++i) {
            std::string_view flag = words[i];
            if (skip_search_flag(flag) && (!flag.empty() || i + 1 < words.size())) {
                folders.push_back(absolute(flag.empty() ? words[i + 1] : flag));
                continue;
            }
            for (const std::string& part : possible_paths(flag))
                add_file<System>(absolute(part), flag.substr(0, 9) == "-fprofile");
            if (flag.starts_with("-m") && flag.ends_with("=native"))
                files.emplace_back(processor_file);
        }
    }

private:
    // Profiles are looked up in a directory by the names of sources.
    template <class System>
    void add_file(const std::string& path, bool or_all_in_it) {
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0 || path.find('\n') != path.npos)
            return;
        if (S_ISREG(status.st_mode))
            files.push_back(path);
        else if (or_all_in_it && S_ISDIR(status.st_mode)) {
            folders.push_back(path);
            for (const std::string& name : names_in<System>(path))
                add_file<System>(join(path, name), false);
        }
    }
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
