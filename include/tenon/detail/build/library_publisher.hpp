// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_LIBRARY_PUBLISHER_HPP
#define TENON_DETAIL_BUILD_LIBRARY_PUBLISHER_HPP

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <string>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/build/build_target.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A built library that is not yet published.
struct built_library {
    std::string file;
    build_result entry{};               ///< with its key
    std::vector<std::string> files{};   ///< that compilers have read
    std::vector<std::string> sources{}; ///< that were compiled; none where CMake says which
    bool traceable = true; ///< false: an input is named by a macro, and the result not remembered
};

/// Checks built libraries and publishes them in the cache.
template <class System = posix>
class basic_library_publisher {
public:
    /// `target` has to outlive the publisher.
    explicit basic_library_publisher(const basic_build_target<System>& target) : target_(target) {}

    /// Calls `check(path)`, which throws to refuse the library, and publishes it at `path`. An existing
    /// library of that name is kept: it is equal, and perhaps in use.
    template <class Check>
    void publish(const built_library& built, const std::string& path, Check& check) const {
        const auto good = [&](const std::string& candidate) {
            try {
                check(candidate);
            } catch (const error& wrong) {
                throw about_sources(wrong, candidate, built);
            }
        };
        // Linkers apply the umask, and the check refuses a library that others may write to.
        if (System::chmod(built.file.c_str(), 0700) != 0)
            throw error::system_call("change the mode of", built.file, errno);
        good(built.file);
        trace_pins(built.file);
        if (struct stat status; System::stat(path.c_str(), &status) == 0) {
            try {
                good(path);
                return;
            } catch (const error& e) {
                trace("replacing '", path, "': ", e.what());
            }
        }
        // Without fsync, a loss of power might leave a file of the right size and name without its content.
        if (System::fsync(basic_file<System>(built.file, O_RDONLY).descriptor()) != 0)
            throw error::system_call("store", built.file, errno);
        if (System::rename(built.file.c_str(), path.c_str()) != 0)
            throw error::system_call("rename to", path, errno);
    }

private:
    // The error in words that the author of a plugin knows: the place of its sources, which of them were left
    // out, and which header of the interface was used.
    error about_sources(const error& wrong, const std::string& checked, const built_library& built) const {
        const errc code = static_cast<errc>(wrong.code().value());
        std::string text = wrong.what();
        for (std::size_t i = 0; (i = text.find(checked, i)) != text.npos; i += target_.path.size())
            text.replace(i, checked.size(), target_.path);
        if (code == errc::misfit || code == errc::bad_interface)
            text += header_used(built.files);
        if (code == errc::not_a_plugin && !target_.cmake && target_.source.empty())
            if (const std::string left_out =
                    sentence_on_sources_left_out<System>(target_.directory, built.sources);
                !left_out.empty())
                text += "; " + left_out;
        return {code, text, target_.path};
    }

    // Says which header of the interface's file name compilers have read: another than this program's, or
    // that one as it is now.
    std::string header_used(const std::vector<std::string>& files) const {
        const std::string own = target_.header();
        struct stat wanted, found;
        if (System::stat(own.c_str(), &wanted) != 0)
            return "";
        bool used = false;
        for (const std::string& path : files)
            if (basename(path) == basename(own) && System::stat(path.c_str(), &found) == 0) {
                if (found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino)
                    return "; its sources include '" + path + "', and the header of this program is '" + own +
                           '\'';
                used = true;
            }
        return used ? "; its sources include '" + own +
                          "' as it is now: where that has changed since this program was compiled, compile "
                          "the program again"
                    : "";
    }

    static void trace_pins(const std::string& path) {
        if (!tracing())
            return;
        const basic_file<System> open(path, O_RDONLY);
        for (const std::string& symbol :
             elf_reader<System>(open.descriptor(), path).what_pins().unique_symbols)
            trace("'", path, "' will stay in memory for its unique symbol ", symbol);
    }

    const basic_build_target<System>& target_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
