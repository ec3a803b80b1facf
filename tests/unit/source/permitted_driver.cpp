// SPDX-License-Identifier: MIT
#include <tenon/detail/source/permitted_driver.hpp>

#include "catch.hpp"
#include "program.hpp"

using tenon::driver;
using tenon::policy;
using tenon::transport;
using tests::fs::path;
namespace detail = tenon::detail;
namespace fs = tests::fs;

namespace {

/// The place of a driver that a policy permits, or the refusal.
template <class System = detail::posix>
std::string judged(const std::string& text, const policy& rules) {
    try {
        return detail::permitted_driver<System>(text, rules).place;
    } catch (const tenon::error& e) {
        CHECK(e.code() == tenon::errc::forbidden);
        return e.what();
    }
}

/// Fails where anything is looked at.
struct blind : detail::posix {
    static int stat(const char* path, struct stat*) {
        FAIL("looked at " << path);
        return -1;
    }
    static char* realpath(const char* path) {
        FAIL("resolved " << path);
        return nullptr;
    }
    static DIR* opendir(const char* path) {
        FAIL("opened " << path);
        return nullptr;
    }
};

using kind = driver::kind;
const std::string commit(40, 'a');

} // namespace

TEST_CASE("without rules a driver is what it is", "[policy]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "x.so", "");
    for (const std::string& text :
         {std::string("json"), (scratch / "x.so").native(), scratch.path().native()})
        CHECK(judged(text, {}) == text);
    CHECK(judged<blind>("https://host/x", {}) == "https://host/x");
    CHECK(judged<blind>("git+file:///srv/x", {}) == "file:///srv/x");
}

TEST_CASE("kinds of drivers that are not allowed are refused before anything is looked at", "[policy]") {
    const tests::scratch_directory scratch;
    const std::string library = scratch / "x.so", directory = scratch.path();
    tests::write(library, "");
    CHECK(judged<blind>("json", {.kinds = {kind::library, kind::repository}}) ==
          "'json' is refused, because options.policy.kinds allows only libraries, repositories");
    CHECK(judged<blind>("https://host/x@v1", {.kinds = {kind::name}}) ==
          "'https://host/x' is refused, because options.policy.kinds allows only names");
    CHECK(judged<blind>("json", {.kinds = std::vector<kind>{}}) ==
          "'json' is refused, because options.policy.kinds allows nothing");
    CHECK(judged<blind>(library, {.kinds = {kind::name, kind::repository}}) ==
          "'" + library + "' is refused, because options.policy.kinds allows only names, repositories");
    CHECK(judged<blind>("/nowhere/x.so", {.kinds = {kind::name}}).starts_with("'/nowhere/x.so' is refused"));

    // Only the file system can tell these apart.
    CHECK(judged(library, {.kinds = {kind::directory}}) ==
          "'" + library + "' is refused, because options.policy.kinds allows only directories");
    CHECK(judged(directory, {.kinds = {kind::library}}) ==
          "'" + directory + "' is refused, because options.policy.kinds allows only libraries");
    CHECK(judged(library, {.kinds = {kind::library}}) == library);
    CHECK(judged(directory, {.kinds = {kind::directory}}) == directory);
    CHECK(judged<blind>("json", {.kinds = {kind::name}}) == "json");
}

TEST_CASE("paths that lead out of the folders are refused, whatever links and dots are in them", "[policy]") {
    const tests::scratch_directory scratch;
    const std::string root = scratch.path();
    for (const char* file : {"in/x.so", "in/deep/y.so", "inside/x.so", "out/x.so"})
        tests::write(scratch / file, "");
    fs::create_symlink("../out", scratch / "in/away");
    fs::create_symlink("../out/x.so", scratch / "in/away.so");
    fs::create_symlink("in", scratch / "link");
    fs::create_symlink("deep/y.so", scratch / "in/here.so");
    const policy rules{.folders = {root + "/in"}};
    const auto refused = [&](const std::string& text) {
        return "'" + text + "' is refused, because options.policy.folders allows only " + root + "/in";
    };
    for (const std::string& text : {root + "/out/x.so", root + "/in/away.so", root + "/in/away/x.so",
                                    root + "/in/away", root + "/in/../out/x.so", root + "/inside/x.so",
                                    root + "/in/..", root, std::string("/"), std::string("/etc/passwd")})
        CHECK(judged(text, rules) == refused(text));
    CHECK(judged(root + "/in/away.so#json", rules) == refused(root + "/in/away.so"));

    // What is left of an allowed path has no link that could be turned elsewhere.
    CHECK(judged(root + "/in/x.so", rules) == root + "/in/x.so");
    CHECK(judged(root + "/link/x.so", rules) == root + "/in/x.so");
    CHECK(judged(root + "/in/here.so", rules) == root + "/in/deep/y.so");
    CHECK(judged(root + "/in/deep/../x.so", rules) == root + "/in/x.so");
    CHECK(judged(root + "/in", rules) == root + "/in");
    CHECK(judged(root + "/in/", rules) == root + "/in");
    CHECK(detail::permitted_driver(root + "/link/x.so#json", rules).plugin == "json");

    CHECK(judged(root + "/in/x.so", {.folders = {root + "/link"}}) == root + "/in/x.so");
    CHECK(judged(root + "/in/x.so", {.folders = {root + "/none", root + "/in/"}}) == root + "/in/x.so");
    CHECK(judged(root + "/out/x.so", {.folders = {"/"}}) == root + "/out/x.so");
    CHECK(judged(root + "/in/x.so", {.folders = std::vector<std::string>{}}) ==
          "'" + root + "/in/x.so' is refused, because options.policy.folders allows nothing");
}

TEST_CASE("what there is outside of the folders is not told", "[policy]") {
    const tests::scratch_directory scratch;
    const std::string root = scratch.path();
    tests::write(scratch / "in/x.so", "");
    tests::write(scratch / "out/secret.so", "");
    const policy rules{.folders = {root + "/in"}};
    for (const std::string& text :
         {root + "/out/none.so", root + "/none/x.so", root + "/in/../out/none.so", root + "/out/secret.so/x",
          root + "/out/" + std::string(300, 'x'), root + "/in/../in2/x"})
        CHECK(judged(text, rules) ==
              "'" + text + "' is refused, because options.policy.folders allows only " + root + "/in");

    const auto told = [&](const std::string& text) {
        try {
            return detail::permitted_driver(text, rules).place;
        } catch (const tenon::error& e) {
            return std::string(e.what());
        }
    };
    CHECK(told(root + "/in/y.so") == "there is no '" + root + "/in/y.so'; '" + root + "/in' has x.so");
    const std::string roundabout = root + "/in/none/../../out/none";
    CHECK(told(roundabout) == "there is no '" + roundabout + "'; '" + root +
                                  "/in/none/../../out' is no folder that can be looked into");
    CHECK(told(root + "/in/x.so/") == "cannot look at '" + root + "/in/x.so/': Not a directory");
}

TEST_CASE("a repository on this machine is in the folders too, as git reads its path", "[policy]") {
    const tests::scratch_directory scratch;
    const std::string root = scratch.path();
    fs::create_directories(scratch / "in/re po");
    fs::create_directories(scratch / "out/repo");
    fs::create_symlink("../out/repo", scratch / "in/link");
    const policy rules{.folders = {root + "/in"}};
    CHECK(judged("git+file://" + root + "/in/re%20po@v1", rules) == "file://" + root + "/in/re%20po");
    // One that is gone may still be in the cache.
    CHECK(judged("git+file://" + root + "/in/none", rules) == "file://" + root + "/in/none");
    const std::pair<const char*, const char*> outside[] = {{"/out/repo", "/out/repo"},
                                                           {"/in/../out/repo", "/in/../out/repo"},
                                                           {"/in/%2e%2E/out/repo", "/in/../out/repo"},
                                                           {"/in%2F..%2fout/repo", "/in/../out/repo"},
                                                           {"/in/link", "/in/link"},
                                                           {"/none", "/none"}};
    for (const auto& [spelled, meant] : outside)
        CHECK(judged("git+file://" + root + spelled, rules) ==
              "'" + root + meant + "' is refused, because options.policy.folders allows only " + root +
                  "/in");
    CHECK(judged<blind>("https://host/x", rules) == "https://host/x");

    CHECK(detail::path_in("file:///a%20b%2Fc%zz%4") == "/a b/c%zz%4");
}

TEST_CASE("transports that are not allowed are refused", "[policy]") {
    const policy rules{.transports = {transport::https, transport::ssh}};
    CHECK(judged<blind>("https://host/x", rules) == "https://host/x");
    CHECK(judged<blind>("git+ssh://git@host/x", rules) == "ssh://git@host/x");
    CHECK(judged<blind>("git+file:///srv/x", rules) ==
          "'file:///srv/x' is refused, because options.policy.transports allows only https, ssh");
    CHECK(judged<blind>("git+ssh://host/x", {.transports = {transport::file}}) ==
          "'ssh://host/x' is refused, because options.policy.transports allows only file");
    CHECK(judged<blind>("json", {.transports = std::vector<transport>{}}) == "json");
}

TEST_CASE("hosts that are not listed are refused, and look-alikes with them", "[policy]") {
    const policy rules{.hosts = {"Example.org", "git.example.net:8443", "[::1]"}};
    for (const char* text : {"https://example.org/x", "https://EXAMPLE.org/x", "https://example.org:443/x",
                             "https://git.example.net:8443/x", "https://[::1]/x", "https://[::1]:443/x"})
        CHECK(judged<blind>(text, rules) == text);
    CHECK(judged<blind>("git+ssh://git@example.org:22/x", rules) == "ssh://git@example.org:22/x");
    for (const std::string text :
         {"https://evil.org/x", "https://example.org.evil.org/x", "https://evilexample.org/x",
          "https://sub.example.org/x", "https://example.org:8443/x", "https://example.org:22/x",
          "https://example.org./x", "https://git.example.net/x", "https://[::1]:8443/x",
          "https://evil.org/example.org"})
        CHECK(judged<blind>(text, rules) == "'" + text +
                                                "' is refused, because options.policy.hosts allows only "
                                                "Example.org, git.example.net:8443, [::1]");
    CHECK(judged<blind>("git+ssh://example.org@evil.org/x", rules)
              .starts_with("'ssh://example.org@evil.org/x' is refused"));

    // This machine is a host without a name.
    CHECK(judged<blind>("git+file:///srv/x", rules)
              .starts_with("'file:///srv/x' is refused, because options.policy.hosts allows"));
    CHECK(judged<blind>("git+file:///srv/x", {.hosts = {""}}) == "file:///srv/x");
    CHECK(judged<blind>("https://host/x", {.hosts = std::vector<std::string>{}}) ==
          "'https://host/x' is refused, because options.policy.hosts allows nothing");
}

TEST_CASE("where a full commit id is asked for, nothing that can move will do", "[policy]") {
    const policy rules{.full_commit_ids = true};
    CHECK(judged<blind>("https://host/x@" + commit, rules) == "https://host/x");
    CHECK(judged<blind>("https://host/x@" + std::string(64, 'B'), rules) == "https://host/x");
    for (const std::string reference : {"", "@main", "@v1.2", "@HEAD", "@aaaaaaa", "@refs/heads/main"})
        CHECK(judged<blind>("https://host/x" + reference, rules) ==
              "'https://host/x" + reference +
                  "' is refused, because options.policy.full_commit_ids "
                  "allows only the full id of a commit after '@'");
}

TEST_CASE("where a signature is asked for and nobody is named, nobody may sign", "[policy]") {
    CHECK(judged<blind>("https://host/x", {.signed_by = tenon::signers{}}) ==
          "'https://host/x' is refused, because options.policy.signed_by allows nothing");
    CHECK(judged<blind>("https://host/x", {.signed_by = tenon::signers{.ssh = "/etc/signers"}}) ==
          "https://host/x");
}

TEST_CASE("what is malformed is malformed under any policy", "[policy]") {
    for (const char* text : {"", "ext::sh -c x", "https://user:s3cret@host/x",
                             "https://host/x@--upload-pack=x", "a\nb", "git@host:x"})
        try {
            detail::permitted_driver<blind>(text, {.kinds = std::vector<kind>{}});
            FAIL("permitted " << text);
        } catch (const tenon::error& e) {
            CHECK(e.code() == tenon::errc::malformed_driver);
            CHECK(std::string(e.what()).find("s3cret") == std::string::npos);
        }
}
