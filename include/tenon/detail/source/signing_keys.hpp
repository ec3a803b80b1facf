// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_SIGNING_KEYS_HPP
#define TENON_DETAIL_SOURCE_SIGNING_KEYS_HPP

#include <cerrno>
#include <string>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/policy.hpp>
#include <tenon/trust.hpp>

#include <tenon/detail/library/file_trust.hpp>
#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The keys that commits may be signed with, as they were when the files were read. git checks with a copy.
template <class System = posix>
class basic_signing_keys {
public:
    basic_signing_keys(const signers& from, const trust& rule)
        : from_(from), ssh_(text_of(from.ssh, rule)), gpg_(text_of(from.gpg, rule)) {}

    /// A digest of the keys, 32 hexadecimal digits.
    std::string id() const { return sha256().field(ssh_).field(gpg_).hex().substr(0, 32); }

    /// The paths of the files, for messages.
    std::string files() const {
        return from_.ssh + (from_.ssh.empty() || from_.gpg.empty() ? "" : " or ") + from_.gpg;
    }

    /// The arguments and variables that make git check with these keys alone.
    struct command_parts {
        std::vector<std::string> settings, variables;
    };
    /// Writes the keys into a folder that is used for nothing else.
    command_parts prepared(const std::string& folder) const {
        const std::string principals = join(folder, "signers"), home = join(folder, "gnupg");
        if (System::mkdir(home.c_str(), 0700) != 0)
            throw error::system_call("make the folder", home, errno);
        write(principals, ssh_);
        // GnuPG reads what it exports as the public keyring of its older versions.
        write(join(home, "pubring.gpg"), gpg_);
        // git picks the checking program by the kind of the signature. X.509 is disabled, because GnuPG would
        // trust the system's certificates too, which the host did not list.
        command_parts parts{{"-c", "gpg.x509.program=/dev/null"}, {"GNUPGHOME=" + home}};
        const auto set = [&](const std::string& setting) {
            parts.settings.insert(parts.settings.end(), {"-c", setting});
        };
        set(from_.gpg.empty() ? "gpg.program=/dev/null" : "gpg.program=gpg");
        set(from_.ssh.empty() ? "gpg.ssh.program=/dev/null" : "gpg.ssh.allowedSignersFile=" + principals);
        return parts;
    }

private:
    static std::string text_of(const std::string& path, const trust& rule) {
        if (path.empty())
            return "";
        const std::string resolved = canonical<System>(path);
        if (resolved.empty())
            throw error::system_call("look at", path, errno);
        const basic_file<System> file(resolved, O_RDONLY | O_NONBLOCK);
        const struct stat status = file.status(resolved);
        if (!S_ISREG(status.st_mode))
            throw not_a_regular_file(path);
        require_trust<System>(resolved, status, rule);
        return file.read(resolved);
    }

    static void write(const std::string& path, std::string_view text) {
        basic_file<System>(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600).write(path, text);
    }

    signers from_;
    std::string ssh_, gpg_;
};
using signing_keys = basic_signing_keys<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
