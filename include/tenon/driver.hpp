// SPDX-License-Identifier: MIT
#ifndef TENON_DRIVER_HPP
#define TENON_DRIVER_HPP

#include <string>
#include <string_view>

#include <tenon/detail/system/posix_fwd.hpp>

namespace tenon::inline v1 {

/// A driver string, parsed: where a plugin comes from.
///
///     json                                                          a name: built in, or in the search path
///     ./libmany.so#ldap                                             a library, and which of its plugins
///     ./drivers/ldap                                                a directory of source
///     ./drivers#target=json&plugin=json                             which target of its CMakeLists.txt
///     ./drivers/ldap.cpp                                            one source
///     https://host/user/repo                                        a repository, at its default branch
///     git+ssh://git@host/user/repo@v1.2#subdirectory=drivers/json&plugin=json
///
/// A path contains a slash, and a name never does. A path may end in `#` and a plugin's name, or in the same
/// `#KEY=VALUE` as a repository. For a file with a `#` in its own name write a second `#` at the end, and for
/// such a directory a slash at the end.
///
/// A repository begins with `https://`, `git+https://`, `git+ssh://` or `git+file:///`; the rest is spelled
/// as for pip. The branch, tag or full commit id follows the first `@` after the host that does not follow a
/// slash, so that both `/@user/repo` and the tag `json@1.2` can be written. Write any other `@` of a path as
/// `%40`. Percent-encoding in the address is passed on to git. In a branch or tag, write `#` as `%23`, and a
/// `%` before two hexadecimal digits as `%25`. Only ssh takes a user. No transport takes a password, because
/// URLs end up in logs.
struct TENON_HOST_TYPE driver {
    enum class kind {
        name,
        /// or one source
        library,
        directory,
        repository
    };

    kind what = kind::name;
    std::string place{};        ///< the name; the path; or the URL, as git takes it
    std::string plugin{};       ///< which of its plugins; empty: the only one
    std::string reference{};    ///< of a repository: branch, tag or commit id; empty: its default branch
    std::string subdirectory{}; ///< of a repository; empty: all of it
    std::string target{};       ///< of a directory's CMakeLists.txt; empty: the only one that may be a plugin

    /// Parses a text. Throws `error` with `errc::malformed_driver` for a malformed one. The file system is only
    /// asked whether a path is a file or a directory.
    template <class System = detail::posix>
    static driver parse(std::string_view text);
};

} // namespace tenon::inline v1

#ifdef TENON_DEFINITIONS
#include <tenon/detail/source/driver_parser.hpp>
#endif

#endif
