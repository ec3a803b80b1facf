// SPDX-License-Identifier: MIT
#ifndef TENON_POLICY_HPP
#define TENON_POLICY_HPP

#include <optional>
#include <string>

#include <tenon/allow_list.hpp>
#include <tenon/driver.hpp>

namespace tenon::inline v1 {

/// How a repository is reached.
enum class transport { https, ssh, file };

/// The files with the keys that may sign commits. The files have to satisfy `options.trust`. No other
/// configuration of git, ssh or GnuPG counts.
struct TENON_HOST_TYPE signers {
    std::string ssh{}; ///< who may sign, in the format of ALLOWED SIGNERS in ssh-keygen(1)
    std::string gpg{}; ///< public keys, as `gpg --export` writes them
};

/// The rules for what a loader may load, whatever a driver asks for. A driver that breaks a rule is an error,
/// `errc::forbidden`, which names the rule and what the rule allows. The error comes before a file is opened,
/// a server is asked or a program is run.
///
///     using kind = tenon::driver::kind;
///     tenon::loader loader{{.policy = {.kinds = {kind::name, kind::repository},
///                                      .transports = {tenon::transport::https},
///                                      .hosts = {"git.example.org"},
///                                      .full_commit_ids = true,
///                                      .signed_by = tenon::signers{.ssh = "/etc/host/signers"}}}};
///
/// Each rule applies to the drivers that have what it restricts: `folders` does not restrict repositories on
/// other machines, and `hosts` does not restrict libraries.
struct TENON_HOST_TYPE policy {
    allow_list<driver::kind> kinds{};
    /// The folders that libraries, source directories and repositories on this machine have to be in or
    /// below, after all symbolic links in the path have been resolved.
    allow_list<std::string> folders{};
    /// The SHA-256 digests of libraries, in hexadecimal; see `library_options::sha256`. Libraries that the
    /// loader compiles itself are not compared.
    allow_list<std::string> sha256{};
    allow_list<transport> transports{};
    /// The hosts of repositories, as URLs spell them: `example.org`, or `example.org:8443` with a port that
    /// is not the transport's own. The host of `git+file:///` is empty. With this rule a server may not
    /// redirect git to another address.
    allow_list<std::string> hosts{};
    bool full_commit_ids = false; ///< what is fetched is what was reviewed; no branch, no tag
    std::optional<signers> signed_by{};
};

} // namespace tenon::inline v1

#endif
