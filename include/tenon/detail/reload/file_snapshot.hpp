// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_RELOAD_FILE_SNAPSHOT_HPP
#define TENON_DETAIL_RELOAD_FILE_SNAPSHOT_HPP

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The states of files, and of the files in folders, to compare with later ones. Hidden files and `x~`, which
/// editors leave beside the file that they edit, do not count.
template <class System = posix>
class basic_file_snapshot {
public:
    basic_file_snapshot() = default;
    explicit basic_file_snapshot(const std::vector<std::string>& paths)
        : looked_(nanoseconds(System::now())) {
        for (const std::string& path : paths)
            if (!noted(path))
                for (const std::string& name : names_in<System>(path)) {
                    if (name[0] != '.' && name.back() != '~')
                        noted(join(path, name));
                }
    }

    /// This snapshot extended by paths that turned out to matter only later. A file that may have changed
    /// since the snapshot, or in the same tick of the clock, never compares equal.
    basic_file_snapshot with(const std::vector<std::string>& more) const {
        basic_file_snapshot all(more);
        for (const auto& [path, state] : states_)
            all.states_[path] = state;
        for (auto& [path, state] : all.states_)
            if (state.changed >= looked_)
                state.inode = unknown;
        return all;
    }

    friend bool operator==(const basic_file_snapshot& a, const basic_file_snapshot& b) {
        return a.states_ == b.states_;
    }

private:
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};

    // False for a folder, whose state says nothing of the files in it.
    bool noted(const std::string& path) {
        struct stat status;
        const bool exists = System::stat(path.c_str(), &status) == 0;
        if (exists && S_ISDIR(status.st_mode))
            return false;
        states_[path] = exists ? file_identity(status) : file_identity();
        return true;
    }

    std::map<std::string, file_identity> states_;
    std::int64_t looked_ = 0;
};
using file_snapshot = basic_file_snapshot<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
