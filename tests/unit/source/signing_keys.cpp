// SPDX-License-Identifier: MIT
#include <tenon/detail/source/signing_keys.hpp>

#include <tenon/detail/source/repository.hpp>

#include <algorithm>
#include <csignal>

#include "catch.hpp"
#include "compiled.hpp"

using tenon::driver;
using tenon::errc;
using tests::fs::path;
namespace detail = tenon::detail;
namespace fs = tests::fs;

namespace {

/// A cache, and a repository with commits that are signed by ssh or GnuPG.
struct world {
    tests::scratch_directory scratch;

    world() {
        fs::create_directories(scratch / "remote");
        git({"init", "--quiet", "--initial-branch=main"});
    }

    std::string run(const std::vector<std::string>& words) const {
        const tests::outcome said = tests::run(words, scratch / "remote", variables());
        if (said.status != 0)
            throw std::runtime_error(detail::shown({words, {}}) + ": " + said.err);
        return said.out.substr(0, said.out.find_last_not_of('\n') + 1);
    }
    std::vector<std::string> variables() const {
        return {"GIT_CONFIG_GLOBAL=/dev/null",  "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A",
                "GIT_AUTHOR_EMAIL=a@b",         "GIT_COMMITTER_NAME=A",  "GIT_COMMITTER_EMAIL=a@b",
                "GNUPGHOME=" + gnupg().native()};
    }
    std::string git(std::vector<std::string> words) const {
        words.insert(words.begin(), "git");
        return run(words);
    }
    std::string commit(std::vector<std::string> signature = {}) const {
        std::vector<std::string> words = std::move(signature);
        words.insert(words.end(), {"--quiet", "--allow-empty", "--message=more"});
        words.insert(words.begin(), "commit");
        git(words);
        return git({"rev-parse", "HEAD"});
    }

    path ssh_key(const std::string& name) const {
        const path key = scratch / name;
        if (!fs::exists(key))
            run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key.native()});
        return key;
    }
    std::string commit_with_ssh(const std::string& key) const {
        git({"config", "gpg.format", "ssh"});
        git({"config", "user.signingKey", ssh_key(key).native()});
        return commit({"--gpg-sign"});
    }
    /// A file that lets these keys sign.
    std::string allow_list(const std::vector<std::string>& keys) const {
        std::string text;
        for (const std::string& key : keys)
            text += "somebody@example.org " + tests::read(ssh_key(key).native() + ".pub");
        tests::write(scratch / "signers", text);
        return scratch / "signers";
    }

    path gnupg() const { return scratch / "gnupg"; }
    void make_gpg_key() const {
        fs::create_directories(gnupg());
        fs::permissions(gnupg(), fs::perms::owner_all);
        run({"gpg", "--quiet", "--batch", "--passphrase", "", "--quick-gen-key", "A <a@b>", "ed25519", "sign",
             "1y"});
    }
    std::string exported(std::vector<std::string> options = {}) const {
        const std::string file = scratch / "keys.gpg";
        options.insert(options.begin(), {"gpg", "--yes", "--output", file});
        options.push_back("--export");
        run(options);
        return file;
    }

    detail::repository repository(const tenon::signers& by, const std::string& reference = "@main") {
        return {driver::parse("git+file://" + (scratch / "remote").native() + reference),
                detail::cache(scratch / "cache"),
                [this](const tenon::event& told) {
                    fetched += told.what == tenon::event::step::fetching && told.done == 0;
                },
                {},
                {.signed_by = by}};
    }
    std::string checkout(const tenon::signers& by, const std::string& reference = "@main") {
        return path(repository(by, reference).checkout()).filename();
    }
    std::string complaint(const tenon::signers& by, errc code = errc::forbidden) {
        try {
            return "checked out " + checkout(by);
        } catch (const tenon::error& e) {
            CHECK(e.code() == code);
            std::string text = e.what();
            for (std::size_t at; (at = text.find(scratch.path().native())) != text.npos;)
                text.replace(at, scratch.path().native().size(), "HERE");
            return text;
        }
    }

    int fetched = 0;
};

} // namespace

TEST_CASE("a commit that a listed ssh key has signed is checked out, and then is cached", "[keyring]") {
    world w;
    const std::string commit = w.commit_with_ssh("ours");
    const tenon::signers ours{.ssh = w.allow_list({"another", "ours"}), .gpg = ""};
    CHECK(w.checkout(ours) == commit);
    CHECK(w.checkout(ours, "@" + commit) == commit);
    CHECK(path(w.repository(ours).cached().value()).filename() == commit);
    CHECK(w.fetched == 1);
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("a commit without a signature, or with somebody else's, is refused", "[keyring]") {
    world w;
    const tenon::signers ours{.ssh = w.allow_list({"ours"}), .gpg = ""};
    const std::string unsigned_commit = w.commit();
    CHECK(
        w.complaint(ours) ==
        "commit " + unsigned_commit +
            " of 'file://HERE/remote' is refused, because options.policy.signed_by allows only what a key in "
            "HERE/signers has signed: git verify-commit exited with status 1, as it does where there is no "
            "signature");
    const std::string theirs = w.commit_with_ssh("theirs");
    const std::string said = w.complaint(ours);
    CHECK(said.starts_with("commit " + theirs + " of 'file://HERE/remote' is refused"));
    CHECK(said.find("and said:\nGood \"git\" signature with ED25519 key") != said.npos);
    CHECK(said.find("No principal matched.") != said.npos);
    CHECK(w.repository(ours).cached() == std::nullopt);

    // A good signature does not vouch for an altered commit.
    w.commit_with_ssh("ours");
    tests::write(w.scratch / "object", w.git({"cat-file", "commit", "HEAD"}).append("\nand more\n"));
    w.git({"update-ref", "HEAD", w.git({"hash-object", "-t", "commit", "-w", w.scratch / "object"})});
    CHECK(w.complaint(ours).find("Signature verification failed") != std::string::npos);
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("what was fetched without the rule, or with other keys, is checked again", "[keyring]") {
    world w;
    const std::string commit = w.commit_with_ssh("theirs");
    const detail::repository careless(
        driver::parse("git+file://" + (w.scratch / "remote").native() + "@" + commit),
        detail::cache(w.scratch / "cache"));
    CHECK(path(careless.checkout()).filename() == commit);
    const tenon::signers ours{.ssh = w.allow_list({"ours"}), .gpg = ""};
    CHECK(w.repository(ours, "@" + commit).cached() == std::nullopt);
    CHECK_THROWS_AS(w.checkout(ours, "@" + commit), tenon::error);

    w.allow_list({"ours", "theirs"});
    CHECK(w.checkout(ours, "@" + commit) == commit);
    CHECK(w.repository(ours, "@" + commit).cached() == careless.cached());
    w.allow_list({"ours"});
    CHECK(w.repository(ours, "@" + commit).cached() == std::nullopt);

    // Without the remote, an earlier fetch that the rule refuses is not used either.
    fs::remove_all(w.scratch / "remote");
    CHECK(w.complaint(ours, errc::fetch_failed).starts_with("cannot fetch 'file://HERE/remote'"));
}

TEST_CASE("an older commit that was signed does not stand in for a newer one that is not", "[keyring]") {
    world w;
    const tenon::signers ours{.ssh = w.allow_list({"ours"}), .gpg = ""};
    w.commit_with_ssh("ours");
    w.checkout(ours);
    w.commit();
    CHECK(w.complaint(ours).find(" is refused, because options.policy.signed_by allows only ") !=
          std::string::npos);
}

TEST_CASE(
    "a commit that a listed key of GnuPG has signed is checked out, and one that another has signed is not",
    "[keyring]") {
    if (!tests::installed("gpg")) {
        WARN("without gpg, signatures of GnuPG are not tested");
        return;
    }
    world w;
    w.make_gpg_key();
    w.git({"config", "gpg.format", "openpgp"});
    const std::string commit = w.commit({"--gpg-sign"});
    CHECK(w.checkout({.ssh = "", .gpg = w.exported()}) == commit);
    CHECK(w.checkout({.ssh = w.allow_list({"ours"}), .gpg = w.exported()}) == commit);

    const std::string armored = w.complaint({.ssh = "", .gpg = w.exported({"--armor"})});
    CHECK(armored.find("write them with `gpg --export`, and without --armor") != std::string::npos);
    // Not with keys that the user happens to have, for git would go by the kind of the signature.
    CHECK(w.complaint({.ssh = w.allow_list({"ours"}), .gpg = ""}).find("cannot exec '/dev/null'") !=
          std::string::npos);
    const std::string keys = w.exported();
    fs::rename(keys, w.scratch / "first.gpg");
    w.run({"gpgconf", "--kill", "all"});
    fs::remove_all(w.gnupg());
    w.make_gpg_key();
    CHECK(w.complaint({.ssh = "", .gpg = w.exported()}).find("No public key") != std::string::npos);
    w.run({"gpgconf", "--kill", "all"});
    CHECK(w.checkout({.ssh = "", .gpg = w.scratch / "first.gpg"}) == commit);

    // And an ssh signature is none where only GnuPG's are asked for.
    w.commit_with_ssh("ours");
    CHECK(w.complaint({.ssh = "", .gpg = w.scratch / "first.gpg"}).find(" is refused, because ") !=
          std::string::npos);
}

TEST_CASE("neither the repository's nor the user's configuration says which signatures are good",
          "[keyring]") {
    world w;
    w.commit_with_ssh("theirs");
    const std::string yes = w.scratch / "yes", theirs = w.scratch / "theirs-may";
    tests::write(yes, "#!/bin/sh\necho 'Good \"git\" signature for a@b with ED25519 key x'\n");
    fs::permissions(yes, fs::perms::owner_all);
    fs::copy(w.allow_list({"theirs"}), theirs);
    const std::string wrong = "[gpg]\n\tprogram = " + yes + "\n[gpg \"ssh\"]\n\tprogram = " + yes +
                              "\n\tallowedSignersFile = " + theirs + "\n";
    tests::write(w.scratch / "home/.gitconfig", wrong);
    tests::write(w.scratch / "remote/.git/config", tests::read(w.scratch / "remote/.git/config") + wrong);
    const char* const before = std::getenv("HOME");
    const std::string home = before ? before : "/";
    ::setenv("HOME", (w.scratch / "home").c_str(), 1);
    const std::string said = w.complaint({.ssh = w.allow_list({"ours"}), .gpg = ""});
    ::setenv("HOME", home.c_str(), 1);
    CHECK(said.find("No principal matched.") != said.npos);
}

TEST_CASE("keys that others could have written are not used, nor ones that cannot be read", "[keyring]") {
    const tests::scratch_directory scratch;
    const std::string file = scratch / "signers", pipe = scratch / "pipe";
    tests::write(file, "a@b ssh-ed25519 AAAA\n");
    const auto complaint = [&](const tenon::signers& by, const tenon::trust& rule = {}) {
        return tests::refusal([&] { detail::signing_keys(by, rule); });
    };
    CHECK(complaint({.ssh = file, .gpg = ""}) == "no refusal");
    fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
    CHECK(complaint({.ssh = file, .gpg = ""}).find("somebody else could have written it") !=
          std::string::npos);
    CHECK(complaint({.ssh = "", .gpg = file}).find("somebody else could have written it") !=
          std::string::npos);
    CHECK(complaint({.ssh = file, .gpg = ""}, {.everyone = true}) == "no refusal");
    CHECK(complaint({.ssh = scratch / "none", .gpg = ""}) ==
          "cannot look at '" + (scratch / "none").native() + "': No such file or directory");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(complaint({.ssh = pipe, .gpg = ""}) == "'" + pipe + "' is not a regular file");
}

TEST_CASE("each set of keys has an id of its own", "[keyring]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "a", "a");
    tests::write(scratch / "b", "b");
    const std::string a = scratch / "a", b = scratch / "b";
    std::vector<std::string> ids;
    for (const tenon::signers& by : {tenon::signers{a, ""}, {b, ""}, {"", a}, {a, b}, {b, a}})
        ids.push_back(detail::signing_keys(by, {}).id());
    std::sort(ids.begin(), ids.end());
    CHECK(std::unique(ids.begin(), ids.end()) == ids.end());
    CHECK(detail::signing_keys({a, b}, {}).files() == a + " or " + b);
    CHECK(detail::signing_keys({"", b}, {}).files() == b);
}

TEST_CASE("a host that ignores its children's ends takes no signature for good", "[keyring]") {
    world w;
    w.commit_with_ssh("ours");
    const tenon::signers ours{.ssh = w.allow_list({"ours"}), .gpg = ""};
    const pid_t host = ::fork();
    if (host == 0) {
        std::signal(SIGCHLD, SIG_IGN);
        const std::string said = tests::refusal([&] { w.checkout(ours); });
        ::_exit(said.find("git verify-commit ended in an unknown way") != said.npos ? 0 : 1);
    }
    int status = -1;
    ::waitpid(host, &status, 0);
    CHECK(status == 0);
}
