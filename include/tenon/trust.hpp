// SPDX-License-Identifier: MIT
#ifndef TENON_TRUST_HPP
#define TENON_TRUST_HPP

#include <sys/types.h>
#include <vector>

#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// The users whose files a host runs. Root and the host's own user are always trusted; a file that anybody
/// else could have written is refused.
///
///     tenon::loader loader{{.trust = {.users = {1000}}}};            // what the deploying user owns too
///     tenon::loader careless{{.trust = {.everyone = true}}};         // anything
///
/// A group may write to a file if the group is the owner's private group, which has the owner's number, or is
/// among `groups`, and if no access list lets others write. A folder that everybody may write to passes if
/// its sticky bit is set, as that of /tmp is.
struct TENON_HOST_TYPE trust {
    std::vector<uid_t> users{};
    std::vector<gid_t> groups{};
    bool everyone = false;
};

} // namespace tenon::inline v1

#endif
