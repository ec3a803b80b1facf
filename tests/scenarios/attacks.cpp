// SPDX-License-Identifier: MIT
// Hostile drivers, repositories, servers and settings, where several headers share the defence.
#include <tenon/loader.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>

#include "compiled.hpp"
#include "remote.hpp"

using tenon::driver;
using tenon::errc;
using tenon::policy;
using tests::variable;
using tests::world;
using tests::fs::path;
namespace detail = tenon::detail;
namespace fs = tests::fs;

namespace {

/// A git server over https, whose certificate the client trusts.
class server {
public:
    explicit server(world& w)
        : world_(w), certificate_(made_certificate(w)), trusted_("GIT_SSL_CAINFO", certificate_),
          no_proxy_("no_proxy", "localhost,127.0.0.1"),
          running_({{detail::find_program("python3").value(),
                     tests::source_directory / "tests/support/git_server.py", w.scratch.path()},
                    detail::environment({"PATH", "HOME"})}) {
        for (int waited = 0; !fs::exists(w.scratch / "port"); ++waited) {
            REQUIRE(waited < 1000);
            ::usleep(10'000);
        }
        authority_ = "localhost:" + tests::read(w.scratch / "port");
    }

    std::string url(const std::string& rest) const { return "https://" + authority_ + rest; }

    /// Fetches from the server. Returns the text of a.cpp, or the error.
    std::string text(const std::string& rest, const policy& rules = {}) {
        try {
            const detail::basic_repository<> repository(
                detail::permitted_driver(url(rest), rules), detail::cache(world_.scratch / "cache"),
                [this](const tenon::event& told) { world_.reports += told.text() + "\n"; }, {}, rules);
            return tests::read(path(repository.checkout()) / "a.cpp");
        } catch (const tenon::error& e) {
            return e.what();
        }
    }

    std::string requests() const { return tests::read(world_.scratch / "requests"); }

private:
    static std::string made_certificate(world& w) {
        const std::string file = w.scratch / "certificate.pem";
        const auto said = tests::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                      "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                                      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                                      "-out", file, "-keyout", (w.scratch / "key.pem").native()});
        if (said.status != 0)
            throw std::runtime_error(said.err);
        return file;
    }

    world& world_;
    std::string certificate_, authority_;
    variable trusted_, no_proxy_;
    detail::basic_process<> running_;
};

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

/// The names and contents of all files below a folder.
std::string everything_in(const path& folder) {
    std::string text;
    for (const auto& each : fs::recursive_directory_iterator(folder))
        text += each.path().native() + "\n" + (each.is_regular_file() ? tests::read(each.path()) : "") + "\n";
    return text;
}

/// Records each sync and each rename.
struct careful : detail::posix {
    static inline std::vector<std::string> done;
    static int syncfs(int fd) noexcept {
        done.push_back("stored " + fs::read_symlink("/proc/self/fd/" + std::to_string(fd)).native());
        return posix::syncfs(fd);
    }
    static int rename(const char* from, const char* to) noexcept {
        done.push_back("renamed " + std::string(from));
        return posix::rename(from, to);
    }
};

} // namespace

TEST_CASE("a repository is fetched by https, where the certificate is known", "[attacks]") {
    world w;
    const std::string commit = w.commit("a.cpp", "one");
    server there(w);
    CHECK(there.text("/open/remote") == "one");
    CHECK(there.text("/open/remote@" + commit) == "one");
    CHECK(says(there.text("/open/none"), "not found"));
    {
        const variable unknown("GIT_SSL_CAINFO", "/dev/null");
        CHECK(says(there.text("/open/remote@main"),
                   "cannot fetch '" + there.url("/open/remote") + "': git exited with status 128"));
    }
    CHECK(there.text("/open/remote@main") == "one");
}

TEST_CASE("a repository is fetched from a server that has files alone, by every kind of reference",
          "[attacks]") {
    world w;
    const std::string first = w.commit("a.cpp", "one");
    w.git({"tag", "--annotate", "--message=x", "v1"});
    w.commit("a.cpp", "two");
    w.git({"repack", "-a", "-d", "-q"});
    w.git({"update-server-info"});
    server there(w);
    for (const auto& [reference, text] : {std::pair<std::string, std::string>{"", "two"},
                                          {"@main", "two"},
                                          {"@v1", "one"},
                                          {"@" + first, "one"}}) {
        fs::remove_all(w.scratch / "cache");
        CHECK(there.text("/plain/remote/.git" + reference) == text);
    }
    CHECK(there.text("/plain/none")
              .ends_with("\nis the address right? Many servers say the same of a repository that this user "
                         "may not read"));
}

TEST_CASE("a server that wants a password, and one that refuses it, are told apart", "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    server there(w);
    CHECK(there.text("/locked/remote")
              .ends_with("\nnobody can be asked for a password here: set up a credential helper for git"));
    tests::write(w.scratch / "home/.gitconfig",
                 "[credential]\n\thelper = \"!f() { echo username=user; echo password=wrong; }; f\"\n");
    CHECK(there.text("/locked/remote")
              .ends_with("\nthe server refuses the credentials that git's credential helper gives: may they "
                         "read this repository?"));
    CHECK(there.text("/open/remote/tree/main")
              .ends_with("\nthis looks like the address of a web page: the repository is written " +
                         there.url("/open/remote@main")));
}

TEST_CASE("a server may send git on, but to no other transport, and nowhere where the hosts are listed",
          "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    server there(w);
    CHECK(there.text("/moved/https/127.0.0.1/open/remote") == "one");
    for (const std::string scheme : {"http", "file", "ftp", "ext"}) {
        const std::string said = there.text("/moved/" + scheme + "/localhost/open/remote");
        CHECK(says(said, "git exited with status 128"));
    }

    const policy listed{.hosts = {there.url("").substr(8)}};
    CHECK(there.text("/open/remote", listed) == "one");
    fs::remove_all(w.scratch / "cache");
    fs::remove(w.scratch / "requests");
    const std::string said = there.text("/moved/https/127.0.0.1/open/remote", listed);
    CHECK(says(said, "options.policy.hosts keeps git from going where it is sent on to: name the "
                     "repository's own address"));
    CHECK(!says(there.requests(), "127.0.0.1 "));
}

TEST_CASE("a credential helper is asked, and what it says is neither shown nor stored", "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    server there(w);
    const auto helper = [&](const std::string& password) {
        tests::write(w.scratch / "home/.gitconfig",
                     "[credential]\n\thelper = \"!f() { echo username=user; echo password=" + password +
                         "; }; f\"\n");
    };
    CHECK(says(there.text("/locked/remote"),
               "nobody can be asked for a password here: set up a credential helper for git"));
    helper("wr0ng");
    std::string shown = there.text("/locked/remote");
    CHECK(says(shown, "Authentication failed for '" + there.url("/locked/remote/'")));
    helper("s3cret");
    CHECK(there.text("/locked/remote") == "one");
    fs::rename(w.scratch / "remote", w.scratch / "moved");
    CHECK(there.text("/locked/remote") == "one");
    shown += w.reports + everything_in(w.scratch / "cache");
    CHECK(says(shown, "cannot reach https://localhost"));
    CHECK(!says(shown, "s3cret"));
    CHECK(!says(shown, "wr0ng"));
}

TEST_CASE("fetches what $TENON_TEST_URL says, in a process of its own", "[.fetches]") {
    const char* const cache = std::getenv("TENON_TEST_CACHE");
    REQUIRE(cache);
    try {
        detail::repository(driver::parse(std::getenv("TENON_TEST_URL")), detail::cache(cache)).checkout();
    } catch (const tenon::error& e) {
        ::fprintf(stderr, "%s\n", e.what());
    }
}

TEST_CASE("credentials in the user's own settings are in no trace, no error and no file", "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    server there(w);
    const std::string with_credentials = "https://user:s3cret@" + there.url("").substr(8);
    tests::write(w.scratch / "home/.gitconfig",
                 "[url \"" + with_credentials + "/\"]\n\tinsteadOf = https://short.invalid/\n");
    const auto traced = [&](const std::string& url, std::vector<std::string> variables = {}) {
        variables.insert(variables.end(), {"TENON_DEBUG=1", "TENON_TEST_URL=" + url,
                                           "TENON_TEST_CACHE=" + (w.scratch / "cache").native()});
        const tests::outcome said = tests::run({"/proc/self/exe", "[.fetches]"}, ".", variables);
        CHECK(!says(said.err, "s3cret"));
        CHECK(!says(said.out, "s3cret"));
        return said.err;
    };
    CHECK(says(traced("https://short.invalid/locked/remote"),
               "tenon: its default branch of https://short.invalid/locked/remote is commit "));
    CHECK(says(traced("https://short.invalid/locked/none"), "not found"));
    CHECK(says(
        traced(there.url("/open/remote@v1"), {"https_proxy=http://user:s3cret@127.0.0.1:1", "no_proxy="}),
        "127.0.0.1"));
    CHECK(says(traced("https://user:s3cret@host/x"), "credentials do not belong in it"));
    CHECK(!says(everything_in(w.scratch / "cache"), "s3cret"));
}

namespace {

/// One row of the README's table of environments: the variables that a program inherits from the host, and
/// those that tenon sets for it.
struct documented {
    std::vector<std::string> passed, given;

    explicit documented(const std::string& program) {
        const std::string readme = tests::read(tests::source_directory / "include/tenon/README.md"),
                          begin = "\n| " + program + " | ";
        const auto row = readme.find(begin);
        REQUIRE(row != readme.npos);
        const auto cell = row + begin.size(), next = readme.find(" | ", cell),
                   end = readme.find(" |\n", next);
        passed = names(readme.substr(cell, next - cell));
        given = names(readme.substr(next, end - next));
    }

    /// All names, sorted. A pattern such as `CCACHE_*` gives one matching name, `CCACHE_X`.
    std::vector<std::string> all() const {
        std::vector<std::string> both = passed;
        both.insert(both.end(), given.begin(), given.end());
        std::sort(both.begin(), both.end());
        return both;
    }

private:
    static std::vector<std::string> names(const std::string& text) {
        std::vector<std::string> found;
        for (std::size_t begin = 0, end; (begin = text.find('`', begin)) != text.npos; begin = end + 1) {
            end = text.find('`', begin + 1);
            std::string name = text.substr(begin + 1, end - begin - 1);
            if (name.ends_with('*'))
                name.back() = 'X';
            found.push_back(name);
        }
        return found;
    }
};

std::vector<std::string> sorted_names(const std::vector<std::string>& variables) {
    std::vector<std::string> names;
    for (const std::string& each : variables)
        names.push_back(each.substr(0, each.find('=')));
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> lines_of(const path& file) {
    std::vector<std::string> lines;
    std::istringstream text(tests::read(file));
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

} // namespace

TEST_CASE("README says exactly what compilers and git see of the environment", "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    const documented compilers("compilers"), remote("git, with a remote"), rest("git, for the rest"),
        cmake("CMake, and compilers that it runs");
    std::set<std::string> names{"LD_PRELOAD_OF_A_TEST",
                                "CPATH",
                                "CPLUS_INCLUDE_PATH",
                                "LIBRARY_PATH",
                                "GCC_EXEC_PREFIX",
                                "COMPILER_PATH",
                                "CXXFLAGS",
                                "GIT_SSH",
                                "GIT_EXEC_PATH_OF_A_TEST",
                                "SSH_ASKPASS",
                                "ALL_PROXY",
                                "CURL_CA_BUNDLE",
                                "GIT_SSL_NO_VERIFY",
                                "GIT_TRACE_CURL",
                                "GIT_CONFIG_PARAMETERS",
                                "GIT_TEMPLATE_DIR",
                                "SECRET"};
    for (const std::vector<std::string>& documented :
         {compilers.all(), remote.all(), rest.all(), cmake.all()})
        names.insert(documented.begin(), documented.end());
    std::vector<std::unique_ptr<variable>> set;
    for (const std::string& name : names)
        if (name != "PATH" && name != "HOME")
            set.push_back(std::make_unique<variable>(name, w.scratch / "home"));
    CHECK(sorted_names(detail::basic_compiler<>::variables()) == compilers.all());
    CHECK(sorted_names(detail::basic_cmake_project<>::variables()) == cmake.all());

    const auto spy = w.fake_git(
        "for each; do case $each in ls-remote|fetch) kind=remote;; config) kind=config;; verify-commit) "
        "kind=verify;; esac; done\n"
        "/usr/bin/env -u PWD -u OLDPWD -u SHLVL -u _ > $here/seen-${kind:-rest}\nexec $git \"$@\"\n");
    tests::write(w.scratch / "signers", "");
    const policy rules{.signed_by = tenon::signers{.ssh = w.scratch / "signers", .gpg = ""}};
    const detail::basic_repository<> repository(driver::parse(w.url()), detail::cache(w.scratch / "cache"),
                                                {}, {}, rules);
    CHECK_THROWS_AS(repository.checkout(), tenon::error);
    std::vector<std::string> without_ssh = remote.all();
    std::erase_if(without_ssh, [](const std::string& name) { return name.starts_with("GIT_SSH_"); });
    CHECK(sorted_names(lines_of(w.scratch / "seen-remote")) == without_ssh);
    CHECK_THROWS_AS(
        detail::repository(driver::parse("git+ssh://host.invalid/x"), detail::cache(w.scratch / "cache"))
            .checkout(),
        tenon::error);
    CHECK(sorted_names(lines_of(w.scratch / "seen-remote")) == remote.all());
    CHECK(sorted_names(lines_of(w.scratch / "seen-config")) == without_ssh);
    CHECK(sorted_names(lines_of(w.scratch / "seen-verify")) == rest.all());
    std::vector<std::string> without_keys = rest.all();
    std::erase(without_keys, "GNUPGHOME");
    CHECK(sorted_names(lines_of(w.scratch / "seen-rest")) == without_keys);
}

TEST_CASE("what may be a secret in a text is hidden, wherever its URLs are", "[attacks]") {
    using detail::without_any_credentials;
    CHECK(without_any_credentials(
              "fatal: unable to access 'https://user:s3cret@host/x': no\nssh://git@host/y\n") ==
          "fatal: unable to access 'https://***@host/x': no\nssh://git@host/y\n");
    CHECK(without_any_credentials("a https://t0ken@host b ssh://git:s3cret@host") ==
          "a https://***@host b ssh://***@host");
    CHECK(without_any_credentials("https://host/@user/x http://[::1]:80/y a@b://") ==
          "https://host/@user/x http://[::1]:80/y a@b://");
    CHECK(without_any_credentials("https://a@b:s3cret@host\"") == "https://***@host\"");
    CHECK(without_any_credentials("") == "");
}

TEST_CASE(
    "only transports that the policy allows are open to git, also for the user's own exchange of addresses",
    "[attacks]") {
    world w;
    const auto spy = w.fake_git(
        "case \"$*\" in 'config '*) exit 1;; esac; echo \"$GIT_ALLOW_PROTOCOL $*\" >> $here/log; exit 1\n");
    const auto asked = [&](const std::string& url, const policy& rules) {
        fs::remove(w.scratch / "log");
        const detail::repository repository(detail::permitted_driver(url, rules),
                                            detail::cache(w.scratch / "cache"), {}, {}, rules);
        CHECK_THROWS_AS(repository.checkout(), tenon::error);
        return tests::read(w.scratch / "log");
    };
    using tenon::transport;
    CHECK(asked("https://host/x", {.transports = {transport::https}}).starts_with("https -c "));
    CHECK(
        asked("git+ssh://host/x", {.transports = {transport::file, transport::ssh}}).starts_with("ssh -c "));
    CHECK(asked("git+file:///x", {.transports = {transport::file, transport::ssh}}).starts_with("file -c "));
    CHECK(!says(asked("https://host/x", {}), "followRedirects"));
    CHECK(says(asked("https://host/x", {.hosts = {"host"}}), " -c http.followRedirects=false ls-remote "));
}

TEST_CASE("a host that answers nothing is asked before anything is fetched from it, which is given up sooner",
          "[attacks]") {
    world w;
    const auto spy = w.fake_git("echo \"$*\" >> $here/log; exit 1\n");
    CHECK_THROWS_AS(detail::repository(driver::parse("https://host/x@" + std::string(40, 'a')),
                                       detail::cache(w.scratch / "cache"))
                        .checkout(),
                    tenon::error);
    const std::string log = tests::read(w.scratch / "log");
    CHECK(says(log, " ls-remote -- https://host/x HEAD\n"));
    CHECK(!says(log, " fetch "));
}

TEST_CASE("names that some file system takes for git's own folder are not fetched", "[attacks]") {
    world w;
    const std::string blob = w.git({"rev-parse", w.commit("evil", "#!/bin/sh\n") + ":evil"});
    std::string raw_id;
    for (std::size_t i = 0; i < blob.size(); i += 2)
        raw_id += static_cast<char>(std::stoi(blob.substr(i, 2), nullptr, 16));
    for (const char* name :
         {".Git", "git~1", ".git ", ".git.", ".g\u200cit", ".git::$INDEX_ALLOCATION", ".git\\hooks"}) {
        tests::write(w.scratch / "tree", "100644 " + std::string(name) + '\0' + raw_id);
        const std::string tree =
            w.git({"hash-object", "-t", "tree", "--literally", "-w", w.scratch / "tree"});
        w.git({"update-ref", "refs/heads/main", w.git({"commit-tree", "-m", "evil", tree})});
        INFO(name);
        const std::string said = w.complaint();
        CHECK(says(said, "cannot fetch 'file://HERE/remote': git exited with status "));
    }
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("a link to git's own folder and a submodule in it come to nothing", "[attacks]") {
    world w;
    // As in CVE-2024-32002: a submodule `A/modules/x`, cloned through a link `a` to `.git`, installs a hook
    // that git then runs.
    const std::string id = w.commit("a.cpp", "one");
    tests::write(w.scratch / "remote/.gitmodules",
                 "[submodule \"x/y\"]\n\tpath = A/modules/x\n\turl = " + w.url().substr(4) + "\n");
    fs::create_symlink(".git", w.scratch / "remote/a");
    w.git({"add", "--all"});
    w.git({"update-index", "--add", "--cacheinfo", "160000," + id + ",A/modules/x"});
    w.git({"commit", "--quiet", "--message=x"});
    const path found = w.checkout();
    CHECK(fs::is_regular_file(fs::symlink_status(found / "a")));
    CHECK(fs::is_empty(found / "A/modules/x"));
    CHECK(!fs::exists(found / ".git"));

    // A .gitmodules file cannot be a link, nor name a place outside of the checkout.
    fs::remove(w.scratch / "remote/.gitmodules");
    fs::create_symlink("a.cpp", w.scratch / "remote/.gitmodules");
    w.commit();
    CHECK(says(w.complaint("@main"), "gitmodulesSymlink"));
    fs::remove(w.scratch / "remote/.gitmodules");
    w.commit(".gitmodules", "[submodule \"../../../evil\"]\n\tpath = s\n\turl = -u./evil\n");
    CHECK(says(w.complaint("@main"), "cannot fetch 'file://HERE/remote': git exited with status "));
}

TEST_CASE("the configuration of a repository on this machine runs nothing", "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    w.git({"branch", "old"});
    const std::string blob = w.git({"rev-parse", w.commit("b.cpp", "two") + ":b.cpp"});
    const std::string marker = w.scratch / "marker", program = w.scratch / "program";
    tests::write(program, "#!/bin/sh\necho \"$0 $*\" >> '" + marker + "'\nexec \"$@\"\n");
    fs::permissions(program, fs::perms::owner_all);
    tests::write(
        w.scratch / "remote/.git/config",
        "[core]\n\trepositoryFormatVersion = 1\n\tsshCommand = " + program + "\n\tfsmonitor = " + program +
            "\n\tgitProxy = " + program + "\n\talternateRefsCommand = " + program +
            "\n[uploadpack]\n\tpackObjectsHook = " + program +
            "\n[extensions]\n\tpartialClone = evil\n[remote \"evil\"]\n\tpromisor = true\n\turl = ext::" +
            program + " x\n\tuploadpack = " + program + "\n[protocol]\n\tallow = always\n");
    CHECK(w.text("@old", "a.cpp") == "one");
    // For a missing object, git would ask the place that the repository names.
    fs::remove(w.scratch / "remote/.git/objects" / blob.substr(0, 2) / blob.substr(2));
    CHECK(says(w.complaint("@main"), "cannot fetch 'file://HERE/remote'"));
    CHECK(tests::read(marker) == "");
}

TEST_CASE("what is percent-encoded is for git to read, and never part of a path in the cache", "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    fs::create_directories(w.scratch / "x");
    const std::string here = "git+file://" + w.scratch.path().native();
    for (const std::string spelling : {"/x%2f..%2Fremote", "/x/%2e%2e/remote", "/%72emote"}) {
        const path found =
            detail::repository(driver::parse(here + spelling), detail::cache(w.scratch / "cache")).checkout();
        CHECK(tests::read(found / "a.cpp") == "one");
        CHECK(found.parent_path().parent_path() == w.scratch / "cache/src");
    }
    // A subdirectory is already a plain path, and is not decoded.
    CHECK(says(w.complaint("#subdirectory=x%2f..%2f..", errc::not_found),
               "has no directory 'x%2f..%2f..' in commit "));
}

TEST_CASE("a tree whose paths are too long is an error, and leaves nothing", "[attacks]") {
    world w;
    const std::string id = w.git({"rev-parse", w.commit("a.cpp", "one") + ":a.cpp"});
    // The first path is too long only below the cache, the second is too long anywhere.
    const std::pair<std::size_t, const char*> depths[] = {{16, "File name too long"},
                                                          {32, "cannot create directory at 'aaa"}};
    for (const auto& [depth, why] : depths) {
        std::string deep;
        for (std::size_t i = 0; i < depth; ++i)
            deep += std::string(253, 'a') + "/";
        w.git({"update-index", "--add", "--cacheinfo", "100644," + id + "," + deep + "f"});
        w.git({"commit", "--quiet", "--message=deep"});
        CHECK(says(w.complaint("@main", depth == 16 ? errc::system_call : errc::fetch_failed), why));
        CHECK(fs::is_empty(w.scratch / "cache/tmp"));
        w.git({"reset", "--quiet", "--hard", "HEAD^"});
    }
    CHECK(w.text("", "a.cpp") == "one");
}

TEST_CASE("what is fetched is on the disk before it has its name", "[attacks]") {
    world w;
    w.commit("a.cpp", "one");
    careful::done.clear();
    w.repository<careful>().checkout();
    REQUIRE(careful::done.size() >= 2);
    CHECK(says(careful::done[0], "stored "));
    CHECK(careful::done[1] == "renamed" + careful::done[0].substr(6));

    struct broken : detail::posix {
        static int syncfs(int) noexcept {
            errno = EIO;
            return -1;
        }
    };
    w.commit("a.cpp", "two");
    CHECK(says(w.complaint<broken>("@main", errc::system_call), "/tree': Input/output error"));
    CHECK(w.checkouts() == 1);
}
