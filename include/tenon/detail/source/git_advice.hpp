// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_GIT_ADVICE_HPP
#define TENON_DETAIL_SOURCE_GIT_ADVICE_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/allow_list.hpp>
#include <tenon/driver.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Finds what git's check of received objects says, `object ID: MESSAGE-ID: why`, and returns the message's
/// id, or none where git says nothing like it.
inline std::optional<std::string_view> fsck_message(std::string_view said) {
    constexpr std::string_view word = "object ";
    for (auto at = said.find(word); at != said.npos; at = said.find(word, at + 1)) {
        std::string_view rest = said.substr(at + word.size());
        const auto id_end = rest.find(": ");
        if (id_end == rest.npos || !is_commit_id(rest.substr(0, id_end)))
            continue;
        rest.remove_prefix(id_end + 2);
        const std::string_view message = rest.substr(0, rest.find(':'));
        if (message.size() < rest.size() && !message.empty() && all_are(is_letter_or_digit, message))
            return message;
    }
    return std::nullopt;
}

inline std::string fsck_advice(std::string_view message) {
    return "git found a malformed object, as some histories have from old tools, and attacks too; if you "
           "trust this repository, `git config --global fetch.fsck." +
           std::string(message) + " ignore` lets it through, and fetch.fsck.skipList names single objects";
}

/// Advice for a failure whose cause is known by git's words; empty if it is not. git's versions, ssh and
/// servers word one cause in several ways, so that each of them is enough.
inline std::string known_cause(std::string_view said) {
    constexpr std::string_view
        host = "is the host's name right, and is there a network?",
        port = "does anything answer there: are the host and the port right, and is a proxy needed?",
        host_key = "connect to the host with ssh once by hand, so that its key is known",
        certificate =
            "name the certificates that its own is signed with in $GIT_SSL_CAINFO or in git's http.sslCAInfo",
        redirect = "options.policy.hosts keeps git from going where it is sent on to: name the repository's "
                   "own address",
        ask = "nobody can be asked for a password here: set up a credential helper for git",
        refused = "the server refuses the credentials that git's credential helper gives: may they read this "
                  "repository?",
        key = "nobody can be asked for a passphrase here: add the key to ssh-agent, or name it in git's "
              "core.sshCommand",
        armor = "the keys in options.policy.signed_by.gpg are armored; write them with `gpg --export`, and "
                "without --armor",
        gpg = "signatures of GnuPG are checked by its program; install it";
    constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"could not resolve", host},
        {"name or service not known", host},
        {"temporary failure in name resolution", host},
        {"connection refused", port},
        {"connection timed out", port},
        {"failed to connect", port},
        {"could not connect", port},
        {"network is unreachable", port},
        {"no route to host", port},
        {"host key verification failed", host_key},
        {" host key is known for", host_key},
        {"certificate problem", certificate},
        {"certificate verification failed", certificate},
        {"unable to get local issuer", certificate},
        {"returned error: 30", redirect},
        {"terminal prompts disabled", ask},
        {"unable to get password", ask},
        {"could not read username", ask},
        {"could not read password", ask},
        {"cannot prompt", ask},
        {"permission denied (", key},
        {"too many authentication failures", key},
        {"no supported authentication methods", key},
        {"authentication failed", refused},
        {"returned error: 401", refused},
        {"returned error: 403", refused},
        {"access denied", refused},
        {"invalid username or", refused},
        {"invalid credentials", refused},
        {"invalid packet (ctb=2d)", armor},
        {"cannot run gpg", gpg},
    };
    if (const auto message = fsck_message(said))
        return fsck_advice(*message);
    const std::string small = in_small_letters(said);
    for (const auto& [words, advice] : known)
        if (small.find(words) != small.npos)
            return std::string(advice);
    return "";
}

/// True if a server says that it has no such repository.
inline bool says_absent(std::string_view said) {
    const std::string small = in_small_letters(said);
    for (const char* words :
         {"repository not found", "' not found", "returned error: 404", "not a git repository"})
        if (small.find(words) != small.npos)
            return true;
    return false;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
