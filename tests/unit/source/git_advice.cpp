// SPDX-License-Identifier: MIT
#include <tenon/detail/source/git_advice.hpp>

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

using tenon::detail::fsck_message;
using tenon::detail::known_cause;
using tenon::detail::says_absent;

TEST_CASE("each version's words for one cause lead to the same advice", "[git_advice]") {
    const std::pair<const char*, std::vector<const char*>> known[] = {
        {"is the host's name right, and is there a network?",
         {"fatal: unable to access 'https://x/': Could not resolve host: x",
          "ssh: Could not resolve hostname x: Name or service not known",
          "ssh: Could not resolve hostname x: Temporary failure in name resolution"}},
        {"does anything answer there: are the host and the port right, and is a proxy needed?",
         {"ssh: connect to host x port 22: Connection refused",
          "Failed to connect to x port 443 after 3 ms: Couldn't connect to server"}},
        {"nobody can be asked for a password here: set up a credential helper for git",
         {"fatal: could not read Username for 'https://x': terminal prompts disabled",
          "fatal: could not read Password for 'https://me@x': No such device or address",
          "fatal: unable to get password from user",
          "fatal: Cannot prompt because user interactivity has been disabled."}},
        {"the server refuses the credentials that git's credential helper gives: may they read this "
         "repository?",
         {"fatal: Authentication failed for 'https://x/'",
          "fatal: unable to access 'https://x/': The requested URL returned error: 403",
          "remote: HTTP Basic: Access denied", "remote: Invalid username or token."}},
        {"nobody can be asked for a passphrase here: add the key to ssh-agent, or name it in git's "
         "core.sshCommand",
         {"git@x: Permission denied (publickey).", "Permission denied (publickey,password).",
          "Received disconnect from x: Too many authentication failures"}},
        {"connect to the host with ssh once by hand, so that its key is known",
         {"Host key verification failed.",
          "No ED25519 host key is known for x and you have requested strict checking."}},
        {"name the certificates that its own is signed with in $GIT_SSL_CAINFO or in git's http.sslCAInfo",
         {"SSL certificate problem: self-signed certificate",
          "server certificate verification failed. CAfile: none"}},
    };
    for (const auto& [advice, words] : known)
        for (const char* said : words)
            CHECK(known_cause("remote: hello\n" + std::string(said) +
                              "\nfatal: Could not read from remote repository.") == advice);
}

TEST_CASE("what nobody has a word for is no known cause", "[git_advice]") {
    for (const char* said : {"", "fatal: Could not read from remote repository.",
                             "fatal: dumb http transport does not support shallow capabilities",
                             "fatal: Server does not support --depth",
                             "error: Server does not allow request for unadvertised object x"})
        CHECK(known_cause(said).empty());
}

TEST_CASE("the check of objects is known by the form of what it says", "[git_advice]") {
    const std::string id(40, 'a');
    CHECK(fsck_message("error: object " + id +
                       ": badTimezone: invalid author/committer line\nfatal: fsck error in packed object") ==
          "badTimezone");
    CHECK(fsck_message("remote: object of desire\nwarning: object " + std::string(64, '1') +
                       ": zeroPaddedFilemode: x") == "zeroPaddedFilemode");
    for (const std::string& said :
         std::vector<std::string>{"object " + id, "object " + id + ": ", "object " + id + ": two words: x",
                                  "object x: badName: y", ""})
        CHECK(fsck_message(said) == std::nullopt);
    CHECK(known_cause("error: object " + id + ": badTimezone: x")
              .find("`git config --global fetch.fsck.badTimezone ignore`") != std::string::npos);
}

TEST_CASE("a repository that is not there is known by the servers' words", "[git_advice]") {
    for (const char* said : {"remote: Repository not found.", "fatal: repository 'https://x/' not found",
                             "ERROR: Repository not found.", "The requested URL returned error: 404",
                             "fatal: '/x' does not appear to be a git repository\nnot a git repository"})
        CHECK(says_absent(said));
    CHECK(!says_absent("fatal: couldn't find remote ref x"));
}
