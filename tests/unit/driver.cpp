// SPDX-License-Identifier: MIT
#include <tenon/driver.hpp>

#include <sys/stat.h>

#include "catch.hpp"
#include "program.hpp"

using tenon::driver;
using tenon::errc;
using tests::fs::path;
namespace detail = tenon::detail;

namespace {

/// A parsed driver string, on one line.
template <class System = detail::posix>
std::string parsed(std::string_view text) {
    const driver found = driver::parse<System>(text);
    constexpr const char* kinds[] = {"name", "library", "directory", "repository"};
    std::string line = kinds[static_cast<int>(found.what)] + (" " + found.place);
    if (!found.plugin.empty())
        line += " plugin=" + found.plugin;
    if (!found.reference.empty())
        line += " reference=" + found.reference;
    if (!found.subdirectory.empty())
        line += " subdirectory=" + found.subdirectory;
    if (!found.target.empty())
        line += " target=" + found.target;
    return line;
}

/// Why a driver string is refused.
template <class System = detail::posix>
std::string refusal(std::string_view text) {
    try {
        return "not refused: " + parsed<System>(text);
    } catch (const tenon::error& e) {
        return e.what();
    }
}

/// Why a repository's URL is refused, without the URL.
std::string why_not(std::string_view url) {
    const std::string text = refusal(url), begin = "the repository '" + std::string(url) + "' is refused: ";
    return text.starts_with(begin) ? text.substr(begin.size()) : text;
}

/// Changes the current directory, and restores it on destruction.
class visit {
public:
    explicit visit(const path& where) : before_(tests::fs::current_path()) { tests::fs::current_path(where); }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() { tests::fs::current_path(before_); }

private:
    path before_;
};

} // namespace

TEST_CASE("what holds for every driver: something, not too much, and nothing that moves a cursor",
          "[driver]") {
    CHECK(refusal("") == "the driver is empty: it has to be the name of a plugin, the path of a library or "
                         "of a directory with its "
                         "source, or the URL of a repository");
    CHECK(refusal(std::string(4097, 'a')) == "a driver of 4097 characters is too long: it may have 4096");
    CHECK(parsed(std::string(4096, 'a')).size() == 4096 + 5);
    CHECK(refusal("a\nb") == "the driver 'a\\x0ab' has a control character, and none may");
    CHECK(refusal(std::string_view("./a\0b", 5)) ==
          "the driver './a\\x00b' has a control character, and none may");
    CHECK(refusal("./\x1b[2J\x7f") == "the driver './\\x1b[2J\\x7f' has a control character, and none may");
    CHECK(refusal("https://user:secret\n@host/x") ==
          "the driver 'https://***@host/x' has a control character, and none may");
}

TEST_CASE("a name is a name, whatever files there are", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    tests::write(scratch / "json", "");
    CHECK(parsed("json") == "name json");
    CHECK(parsed("j2-x_y") == "name j2-x_y");
}

TEST_CASE("what is neither a name nor a path says what each has to be, and what is here", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    CHECK(refusal("Json") ==
          "'Json' is no name for a plugin: it has to be [a-z][a-z0-9_-]*, and a path has to contain a slash");
    CHECK(refusal("-json").starts_with("'-json' is no name for a plugin"));
    CHECK(refusal("ünï").starts_with("'ünï' is no name for a plugin"));
    CHECK(refusal("..").ends_with("a path has to contain a slash; there is a './..'"));

    tests::write(scratch / "json.so", "text");
    tests::write(scratch / "libX.so", "text");
    CHECK(refusal("json.so") == "'json.so' is no name for a plugin: it has to be [a-z][a-z0-9_-]*, and a "
                                "path has to contain a slash; "
                                "there is a './json.so'");
    CHECK(refusal("json.so#ldap").ends_with("; there is a './json.so'"));
    CHECK(refusal("json#ldap").ends_with("; there is a './json.so'"));
    CHECK(refusal("X").ends_with("; there is a './libX.so'"));

    // A suggestion that cannot be meant is not made.
    tests::write(scratch / "Y.so", "");
    create_directories(scratch / "libY.so");
    create_symlink("gone", scratch / "Z");
    create_symlink("Z.so", scratch / "Z.so");
    for (const char* name : {"Y", "Z"})
        CHECK(refusal(name).ends_with("and a path has to contain a slash"));
}

TEST_CASE("a link that leads nowhere, or in a circle, says so", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    create_symlink("gone/x", scratch / "loose.so");
    create_symlink("turning.so", scratch / "turning.so");
    create_symlink("loose.so", scratch / "second.so");
    CHECK(refusal("./loose.so") == "'./loose.so' is a symbolic link to 'gone/x', which is not there");
    CHECK(refusal("./loose.so/") == "'./loose.so' is a symbolic link to 'gone/x', which is not there");
    CHECK(refusal("./second.so") == "'./second.so' is a symbolic link to 'loose.so', which is not there");
    CHECK(refusal("./turning.so") == "cannot look at './turning.so': Too many levels of symbolic links");
}

TEST_CASE("an unknown name gives the names that come close, and what is here under it", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    const auto unknown = [](std::string_view name, const std::vector<std::string>& known) {
        return std::string(tenon::detail::unknown_name("userprovider", name, detail::likeliest(name, known),
                                                       detail::found_here(name))
                               .what());
    };
    CHECK(unknown("dmeo", {"json", "demo"}) ==
          "unknown name 'dmeo' of plugin type 'userprovider'; known: demo, json");
    CHECK(unknown("json", {}) ==
          "unknown name 'json' of plugin type 'userprovider'; there are no plugins of that type");
    tests::write(scratch / "json/json.cpp", "");
    CHECK(unknown("json", {"demo"}) ==
          "unknown name 'json' of plugin type 'userprovider'; known: demo; there is a './json', and a path "
          "has to contain a slash");
}

TEST_CASE("a path is a library or a directory, and may choose one plugin", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    tests::write(scratch / "libmany.so", "");
    tests::write(scratch / "c#/a#b.so", "");
    tests::fs::create_directory(scratch / "dir#x");
    tests::fs::create_symlink("libmany.so", scratch / "link.so");

    CHECK(parsed("./libmany.so") == "library ./libmany.so");
    CHECK(parsed("./libmany.so#ldap") == "library ./libmany.so plugin=ldap");
    CHECK(parsed("./link.so") == "library ./link.so");
    CHECK(parsed((scratch / "libmany.so").native()) == "library " + (scratch / "libmany.so").native());
    CHECK(parsed("c#/") == "directory c#");
    CHECK(parsed("./c#/#ldap") == "directory ./c# plugin=ldap");
    CHECK(parsed("./c#//") == "directory ./c#");
    CHECK(parsed("/") == "directory /");
    CHECK(parsed("//") == "directory /");
    CHECK(parsed("./") == "directory .");

    // A '#' of the file system's own.
    CHECK(parsed("c#/a#b.so#json") == "library c#/a#b.so plugin=json");
    CHECK(parsed("./dir#x/") == "directory ./dir#x");
    CHECK(refusal("c#/a#b.so") ==
          "'b.so', which follows 'c#/a#', is no name for a plugin: it has to be [a-z][a-z0-9_-]*; "
          "where the '#' is part of a file's "
          "name, add another and the plugin, and where of a directory's, a slash");
    CHECK(refusal("./libmany.so#").starts_with("'', which follows './libmany.so#', is no name for a plugin"));
    CHECK(parsed("./libmany.so#plugin=x") == "library ./libmany.so plugin=x");
    CHECK(refusal("./libmany.so#subdirectory=x") == "the driver './libmany.so#subdirectory=x' is refused: "
                                                    "after '#' it may have target=NAME and plugin=NAME, "
                                                    "joined by '&', and nothing else");
    CHECK(refusal("./libmany.so#target=x") ==
          "'./libmany.so' has no target 'x': it is no directory with a CMakeLists.txt");
    CHECK(parsed("./c#/#target=lib_x.1+2&plugin=ldap") == "directory ./c# plugin=ldap target=lib_x.1+2");
    for (const char* target : {"", "-x", "a::b", "a b", "a;b", "$x"})
        CHECK(refusal("./c#/#target=" + std::string(target)) ==
              "the driver './c#/#target=" + std::string(target) +
                  "' is refused: the name of its target has to be letters, digits and ._+-, and not begin "
                  "with '-'");
}

TEST_CASE("a path that is not there gives what is, those that come close first", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    tests::write(scratch / "lib/ldap.so", "");
    tests::write(scratch / "lib/json.so", "");
    tests::write(scratch / "bad/\x1b[2J", "");
    tests::fs::create_directory(scratch / "empty");

    CHECK(refusal("lib/jsno.so") == "there is no 'lib/jsno.so'; 'lib' has json.so, ldap.so");
    CHECK(refusal("./lbi/#json") == "there is no './lbi'; '.' has lib, bad, empty");
    CHECK(refusal("./bad/x") == "there is no './bad/x'; './bad' has \\x1b[2J");
    CHECK(refusal("./empty/x") == "there is no './empty/x'; './empty' is empty");
    CHECK(refusal("./none/x") == "there is no './none/x'; './none' is no folder that can be looked into");
    CHECK(refusal("./lib/json.so/") == "cannot look at './lib/json.so/': Not a directory");
    CHECK(refusal("./" + std::string(300, 'a')) ==
          "cannot look at './" + std::string(300, 'a') + "': File name too long");
    try {
        driver::parse("./lib/none");
        FAIL("not refused");
    } catch (const tenon::error& e) {
        CHECK(e.code() == errc::not_found);
        CHECK(e.path() == std::string("./lib/none"));
    }
}

TEST_CASE("a pipe or a device is no library", "[driver]") {
    const tests::scratch_directory scratch;
    const std::string pipe = scratch / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(refusal(pipe) == "'" + pipe + "' is neither a file nor a directory");
    CHECK(refusal("/dev/null") == "'/dev/null' is neither a file nor a directory");
}

TEST_CASE("a path that cannot be looked at says why", "[driver]") {
    struct closed : detail::posix {
        static int stat(const char*, struct stat*) noexcept {
            errno = EACCES;
            return -1;
        }
    };
    CHECK(refusal<closed>("/root/x.so") == "cannot look at '/root/x.so': Permission denied");
    CHECK(parsed<closed>("json") == "name json");
}

TEST_CASE("a repository is spelled as pip does", "[driver]") {
    CHECK(parsed("https://host/user/repo") == "repository https://host/user/repo");
    CHECK(parsed("https://host/user/repo.git@v1") == "repository https://host/user/repo.git reference=v1");
    CHECK(parsed("git+https://host/user/repo@v1.2#subdirectory=drivers/json&plugin=json") ==
          "repository https://host/user/repo plugin=json reference=v1.2 subdirectory=drivers/json");
    CHECK(parsed("git+https://host/repo#plugin=json&subdirectory=a b/-c") ==
          "repository https://host/repo plugin=json subdirectory=a b/-c");
    CHECK(parsed("git+https://host:8443/repo") == "repository https://host:8443/repo");
    CHECK(parsed("https://[::1]:8443/repo@v1") == "repository https://[::1]:8443/repo reference=v1");
    CHECK(parsed("git+ssh://git@host:22/user/repo@v1.2") ==
          "repository ssh://git@host:22/user/repo reference=v1.2");
    CHECK(parsed("git+ssh://host/~user/repo") == "repository ssh://host/~user/repo");
    CHECK(parsed("git+file:///srv/my%20repo@main") == "repository file:///srv/my%20repo reference=main");
    CHECK(parsed("https://host/repo@da39a3ee5e6b4b0d3255bfef95601890afd80709") ==
          "repository https://host/repo reference=da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST_CASE("the reference follows the first '@' of the path that does not follow a slash", "[driver]") {
    CHECK(parsed("https://host/repo@feature/x") == "repository https://host/repo reference=feature/x");
    CHECK(parsed("git+ssh://git@host/repo@feature/x") ==
          "repository ssh://git@host/repo reference=feature/x");
    CHECK(parsed("https://host/repo@json@1.2") == "repository https://host/repo reference=json@1.2");
    CHECK(parsed("https://host/repo@@scope/json@1.2") ==
          "repository https://host/repo reference=@scope/json@1.2");
    CHECK(parsed("https://host/@user/repo") == "repository https://host/@user/repo");
    CHECK(parsed("https://host/@user/repo@v1") == "repository https://host/@user/repo reference=v1");
    CHECK(parsed("https://host/us%40er/repo") == "repository https://host/us%40er/repo");
    CHECK(parsed("git+ssh://git@host/repo") == "repository ssh://git@host/repo");
    CHECK(parsed("https://host/repo@refs/pull/1/head") ==
          "repository https://host/repo reference=refs/pull/1/head");
}

TEST_CASE("other transports are refused, by name, by git's helpers, and in scp's spelling", "[driver]") {
    const std::string right = "it has to begin with https://, git+https://, git+ssh:// or git+file:///";
    for (const char* url : {"http://host/repo",
                            "git://host/repo",
                            "git+http://host/repo",
                            "git+git://host/repo",
                            "ftp://host/repo",
                            "svn+ssh://host/repo",
                            "ssh://host/repo",
                            "file:///srv/repo",
                            "ext::sh://-c/x",
                            "git+ext::sh -c touch% x",
                            "git+ext::sh://x",
                            "git+fd::17/x",
                            "git+git@host:user/repo",
                            "git+",
                            "git+https",
                            "git+file",
                            "git+./repo",
                            "git+/srv/repo",
                            "git+https:/host/repo",
                            "HTTPS://host/repo",
                            "git+git+https://host/repo",
                            "://host/repo"})
        CHECK(why_not(url).starts_with(right));

    CHECK(refusal("git@host:user/repo") ==
          "the driver 'git@host:user/repo' is neither a repository nor a path: a repository is written "
          "https://host/user/repo or git+ssh://git@host/user/repo, and a path whose first name has a colon "
          "begins with ./; "
          "write git+ssh://git@host/user/repo");
    for (const char* text : {"git@host:repo", "host:user/repo", "ext::sh -c touch% x", "fd::17/x",
                             "https:host/repo", "C:/plugins/x.dll"})
        CHECK(refusal(text).starts_with("the driver '" + std::string(text) +
                                        "' is neither a repository nor a path"));
}

TEST_CASE("what other tools write for a repository leads to what tenon writes", "[driver]") {
    const auto advice = [](std::string_view text) {
        const std::string all = refusal(text);
        for (const std::string_view words : {"; write ", "; a repository is written "})
            if (const auto at = all.rfind(words); at != all.npos)
                return all.substr(at + words.size());
        return "none: " + all;
    };
    const std::pair<const char*, const char*> known[] = {
        {"ssh://git@host:22/user/repo", "git+ssh://git@host:22/user/repo"},
        {"SSH://host/user/repo", "git+ssh://host/user/repo"},
        {"file:///srv/repo", "git+file:///srv/repo"},
        {"http://host/user/repo", "https://host/user/repo"},
        {"git://host/user/repo", "https://host/user/repo"},
        {"git+http://host/user/repo@v1#plugin=x", "https://host/user/repo@v1#plugin=x"},
        {"HTTPS://host/user/repo", "https://host/user/repo"},
        {"git@host:user/repo.git", "git+ssh://git@host/user/repo.git"},
        {"git@host:/srv/repo", "git+ssh://git@host/srv/repo"},
        {"host.org:user/repo", "git+ssh://host.org/user/repo"},
        {"github:user/repo", "https://github.com/user/repo"},
        {"localhost:3000/user/repo", "https://localhost:3000/user/repo"},
        {"github.com/user/repo", "https://github.com/user/repo"},
        {"github.com/user/repo@v1", "https://github.com/user/repo@v1"},
        {"github.com/user/repo@v1#subdirectory=a&plugin=b",
         "https://github.com/user/repo@v1#subdirectory=a&plugin=b"},
        {"github.com/user/repo?ref=v1", "https://github.com/user/repo@v1"},
        {"https://host/user/repo?ref=v1.2", "https://host/user/repo@v1.2"},
        {"https://host/user/repo?rev=a&dir=b/c", "https://host/user/repo@a#subdirectory=b/c"},
        {"git+ssh://git@host/repo?branch=fix%2312&depth=1", "git+ssh://git@host/repo@fix%2312"},
        {"git::https://host/user/repo//a/b?ref=v1", "https://host/user/repo@v1#subdirectory=a/b"},
    };
    for (const auto& [written, meant] : known)
        CHECK(advice(written) == meant);
    for (const auto& [written, meant] : known)
        CHECK(parsed(meant).starts_with("repository "));

    CHECK(refusal("github.com/user/repo") == "there is no 'github.com/user/repo'; 'github.com/user' is no "
                                             "folder that can be looked into; a repository is "
                                             "written https://github.com/user/repo");
    CHECK(refusal("https://host/repo?ref=v1") == "the repository 'https://host/repo?ref=v1' is refused: a "
                                                 "branch, tag or commit id follows '@', and a folder "
                                                 "'#subdirectory='; write https://host/repo@v1");
    CHECK(why_not("git+ssh://host:user/repo") == "its path follows the host behind a '/', and not behind a "
                                                 "':', which is for a port; write git+ssh://host/user/repo");
    // There is no telling, or too much to tell.
    for (const char* text :
         {"host:user/repo", "C:/plugins/x.dll", "ext::sh -c touch% x", "git+ext::sh://x",
          "./github.com/user/repo", "../host.org/user/repo", "host.org/repo", "http://user:s3cret@host/repo",
          "user:s3cret@host.org:x/y", "https://s3cret@host/repo?ref=v1", "host.org:user/repo@v1",
          "git://-x/repo", "ftp://host/repo"})
        CHECK(advice(text).starts_with("none: "));
    // git has servers that want a query.
    CHECK(parsed("https://host/git?p=repo") == "repository https://host/git?p=repo");

    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    tests::write(scratch / "conf.d/x", "");
    CHECK(refusal("conf.d/y/z") ==
          "there is no 'conf.d/y/z'; 'conf.d/y' is no folder that can be looked into");
}

TEST_CASE("the address of a forge's page leads to its repository", "[driver]") {
    CHECK(detail::repository_of_page("https://github.com/user/repo/tree/v1") ==
          "https://github.com/user/repo@v1");
    CHECK(detail::repository_of_page("https://github.com/user/repo/tree/v1/a/b") ==
          "https://github.com/user/repo@v1#subdirectory=a/b");
    CHECK(detail::repository_of_page("https://gitlab.com/a/b/repo/-/tree/main/x") ==
          "https://gitlab.com/a/b/repo@main#subdirectory=x");
    CHECK(detail::repository_of_page("https://github.com/user/repo/blob/main/x.cpp") ==
          "https://github.com/user/repo@main");
    CHECK(detail::repository_of_page("https://codeberg.org/user/repo/src/branch/main") ==
          "https://codeberg.org/user/repo@main");
    for (const char* url :
         {"https://host/user/repo", "https://host/user/repo/tree/", "https://host/tree/..", "file:///srv/x"})
        CHECK(detail::repository_of_page(url) == std::nullopt);
}

TEST_CASE("percent-encoding is taken away from a reference, and nowhere else", "[driver]") {
    CHECK(parsed("https://host/repo@fix%2312") == "repository https://host/repo reference=fix#12");
    CHECK(parsed("https://host/repo@a%40b@c%25d%zz") == "repository https://host/repo reference=a@b@c%d%zz");
    CHECK(parsed("https://host/repo@100%") == "repository https://host/repo reference=100%");
    CHECK(parsed("https://host/repo#subdirectory=a%26b") ==
          "repository https://host/repo subdirectory=a%26b");
    CHECK(parsed("https://host/a%23b") == "repository https://host/a%23b");
}

TEST_CASE("what looks like a transport deeper in a path is part of the path", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    tests::write(scratch / "git@host:user/repo.so", "");
    tests::write(scratch / "a:b/c.so", "");
    CHECK(parsed("./git@host:user/repo.so") == "library ./git@host:user/repo.so");
    CHECK(parsed("./a:b/c.so#x") == "library ./a:b/c.so plugin=x");
    CHECK(refusal("./https://host/x") ==
          "there is no './https://host/x'; './https://host' is no folder that can be looked into");
}

TEST_CASE("credentials are refused and never shown", "[driver]") {
    const std::string why = "' is refused: credentials do not belong in it, because it ends up in logs; "
                            "leave them to git's credential "
                            "helper or to ssh";
    CHECK(refusal("https://user:s3cret@host/repo") == "the repository 'https://***@host/repo" + why);
    CHECK(refusal("git+https://t0ken-s3cret@host/repo@v1") ==
          "the repository 'git+https://***@host/repo@v1" + why);
    CHECK(refusal("git+ssh://git:s3cret@host/repo") == "the repository 'git+ssh://***@host/repo" + why);
    CHECK(parsed("git+ssh://git@host/repo") == "repository ssh://git@host/repo");

    for (const char* text : {"https://user:s3cret@host/repo@v1",
                             "https://user:s3cr@s3cret@host/repo",
                             "https://user:a/s3cret@host/repo",
                             "https://user:a/b@s3cret@host/repo",
                             "https://user:a#s3cret@host/repo",
                             "https://user:1#s3cret@host/repo",
                             "https://user:a?s3cret@host/repo",
                             "https://me@mail.com:s3cret@host/repo",
                             "https://:s3cret@host/repo",
                             "http://user:s3cret@host/repo",
                             "http://s3cret@host/repo",
                             "ftp://user:s3cret@host/repo",
                             "git+ext::https://user:s3cret@host/repo",
                             "user:s3cret@host/repo",
                             "user:s3cret@host",
                             "https://s3cret@",
                             "https://s3cret@-host/x",
                             "git+ssh://user:s3cret@-host/x",
                             "git+file://user:s3cret@host/x",
                             "git+user:s3cret@host:repo",
                             "https://host/repo?private_token=s3cret",
                             "https://host/repo?ref=v1&access_Token=s3cret",
                             "https://host/repo@v1?api-key=s3cret#plugin=x",
                             "http://host/repo?password=s3cret&x=1",
                             "git+ssh://git@host/repo?auth=s3cret"}) {
        const std::string shown = refusal(text);
        CHECK(shown.find("s3cret") == shown.npos);
        CHECK(!shown.starts_with("not refused"));
    }
}

TEST_CASE("a host or user that a program could take for an option is refused", "[driver]") {
    const std::string host = "it has no host, or one that is not letters, digits, dots and hyphens";
    for (const char* url :
         {"git+ssh://-oProxyCommand=touch%20x/repo", "git+ssh://git@-oProxyCommand=x/repo",
          "git+ssh://%2doProxyCommand=x/repo", "https://-x/repo", "https:///repo", "https://",
          "https://ho st/repo", "https://ho%0ast/repo", "https://host:/repo", "https://host:x/repo",
          "https://host\\x/repo", "https://[::1/repo", "https://[]/repo", "https://[x]/repo",
          "https://?x/repo", "https://$(x)/repo", "https://.host/x"})
        CHECK(why_not(url) == host);
    for (const char* url :
         {"git+ssh://-oProxyCommand=x@host/repo", "git+ssh://@host/repo", "git+ssh://a b@host/repo"})
        CHECK(why_not(url) == "its user is not one that ssh takes");
}

TEST_CASE("a repository's path has to be one", "[driver]") {
    for (const char* url : {"https://host", "https://host/", "https://host//", "git+file:///",
                            "git+ssh://host/#plugin=x", "https://host#plugin=x"})
        CHECK(why_not(url) == "it has no path after the host");
    CHECK(why_not("git+file://host/srv/repo") == "the path has to be absolute, as in git+file:///srv/repo");
    CHECK(why_not("git+file://./repo") == "the path has to be absolute, as in git+file:///srv/repo");
    CHECK(why_not("https://host/my repo") == "a space in it is written %20");
    for (const char* url : {"https://host/%0ahost=evil", "https://host/a%00", "https://host/%1Bx",
                            "https://host/%7Fx", "https://host/%7f"})
        CHECK(why_not(url) == "it hides a control character in percent-encoding");
    CHECK(parsed("https://host/100%") == "repository https://host/100%");
    CHECK(parsed("https://host/%20%7e") == "repository https://host/%20%7e");
}

TEST_CASE("a reference obeys git's rules, and begins with no hyphen", "[driver]") {
    for (const char* reference :
         {"main", "v1.2", "feature/x", "a-b", "@x", "x@y", "HEAD", "refs/heads/x", "x.locker", "ü", "100%"})
        CHECK(detail::is_reference(reference));
    for (const char* reference : {"",
                                  "-x",
                                  "--upload-pack=touch x",
                                  "--upload-pack=x",
                                  "@",
                                  "a..b",
                                  "..",
                                  "a/../b",
                                  ".a",
                                  "a/.b",
                                  "a.lock",
                                  "a.lock/b",
                                  "a.",
                                  "/a",
                                  "a/",
                                  "a//b",
                                  "a b",
                                  "a~1",
                                  "a^",
                                  "a:b",
                                  "+a:b",
                                  "a?",
                                  "a*",
                                  "a[b",
                                  "a\\b",
                                  "a@{1}",
                                  "a\tb",
                                  "a\x7f"})
        CHECK(!detail::is_reference(reference));

    const std::string why =
        "what follows '@' is no name that git allows for a branch or tag, and no commit id";
    CHECK(why_not("https://host/repo@") == why);
    CHECK(why_not("https://host/repo@--upload-pack=touch x") == why);
    CHECK(why_not("https://host/repo@%2d-upload-pack=x") == why);
    CHECK(why_not("https://host/repo@a..b") == why);
    CHECK(why_not("https://host/repo@a%2e.b") == why);
    CHECK(why_not("https://host/repo@a%0ab") == why);
    CHECK(why_not("https://host/repo@#plugin=x") == why + "; a '#' in it is written %23");
    CHECK(why_not("https://host/repo@fix/#12") == why + "; a '#' in it is written %23");

    static_assert(detail::is_reference("feature/x") && !detail::is_reference("-x"));
}

TEST_CASE("git agrees on what is a reference", "[driver]") {
    for (const char* reference :
         {"main", "feature/x", "@x",   "x@y",   "x.locker", "a..b", ".a",  "a/.b", "a.lock", "a.lock/b",
          "a.",   "a/",        "a//b", "a b",   "a~1",      "a^",   "a:b", "a?",   "a*",     "a[b",
          "a\\b", "a@{1}",     "a\tb", "a\x7f", "@",        "ü",    "{",   "a.b"}) {
        // Below a folder, because git wants no reference at the top but its own.
        const bool allow_list =
            tests::run({"git", "check-ref-format", std::string("refs/heads/") + reference}).status == 0;
        CHECK(detail::is_reference(reference) == (allow_list && std::string_view(reference) != "@"));
    }
}

TEST_CASE("a subdirectory stays in the repository", "[driver]") {
    for (const char* path : {"..", "a/..", "../a", "a/../b", ".", "a/.", "/a", "a/", "a//b", "-a", "--x", ""})
        CHECK(why_not("https://host/repo#subdirectory=" + std::string(path)) ==
              "its subdirectory has to be a relative path without '.', '..' and a leading '-'");
    CHECK(parsed("https://host/repo#subdirectory=..a/b..") ==
          "repository https://host/repo subdirectory=..a/b..");
    static_assert(detail::stays_below("a/b") && !detail::stays_below("a/../b"));
}

TEST_CASE("a fragment has what is known, once", "[driver]") {
    const std::string known =
        "after '#' it may have subdirectory=FOLDER, target=NAME and plugin=NAME, "
        "joined by '&', and nothing else; a branch, tag or commit id follows '@', and a '#' in it "
        "is %23";
    for (const char* fragment : {"egg=x", "json", "", "plugin", "plugin=x&", "&plugin=x", "plugin=x&egg=y",
                                 "subdirectory=a&&plugin=b", "Plugin=x", "=x"})
        CHECK(why_not("https://host/repo#" + std::string(fragment)) == known);
    CHECK(why_not("https://host/repo#plugin=a&plugin=b") == "it says plugin= twice");
    CHECK(why_not("https://host/repo#subdirectory=a&subdirectory=a") == "it says subdirectory= twice");
    CHECK(why_not("https://host/repo#target=a&target=b") == "it says target= twice");
    CHECK(parsed("https://host/repo#target=a") == "repository https://host/repo target=a");
    CHECK(why_not("https://host/repo#plugin=") == "the name of its plugin has to be [a-z][a-z0-9_-]*");
    CHECK(why_not("https://host/repo#plugin=Json") == "the name of its plugin has to be [a-z][a-z0-9_-]*");
    CHECK(why_not("https://host/repo#plugin=a#b") == "the name of its plugin has to be [a-z][a-z0-9_-]*");
}

TEST_CASE("a driver is spelled again as it is parsed", "[driver]") {
    const tests::scratch_directory scratch;
    const visit there(scratch.path());
    tests::write(scratch / "drivers/main.cpp", "");
    tests::write(scratch / "c#/main.cpp", "");
    tests::write(scratch / "c#.so", "");
    for (const char* text :
         {"json", "./drivers", "./drivers#json", "./drivers#target=a", "./drivers#target=a&plugin=json",
          "./drivers/main.cpp#json", "./c#/#json", "./c#.so#json", "https://host/repo",
          "git+ssh://git@host/repo@v1", "https://host/repo#plugin=json",
          "git+file:///srv/my%20repo@a%23b%2541#subdirectory=a/b&target=c&plugin=d"}) {
        INFO(text);
        CHECK(detail::text_of(tenon::driver::parse(text)) == text);
    }
}

TEST_CASE("a commit id is all of one", "[driver]") {
    static_assert(detail::is_commit_id("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
    static_assert(detail::is_commit_id("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"));
    static_assert(detail::is_commit_id("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    static_assert(!detail::is_commit_id("da39a3ee5e6b4b0d3255bfef95601890afd8070"));
    static_assert(!detail::is_commit_id("ga39a3ee5e6b4b0d3255bfef95601890afd80709"));
    static_assert(!detail::is_commit_id(""));
}

TEST_CASE("a file is a source by its name, and else a library", "[driver]") {
    const tests::scratch_directory root;
    for (const std::string name : {"a.cpp", "a.cc", "a b.cxx"}) {
        tests::write(root / name, "");
        CHECK(tenon::driver::parse((root / name).native()).what == tenon::driver::kind::directory);
        CHECK(tenon::driver::parse((root / name).native() + "#ldap").plugin == "ldap");
    }
    for (const std::string name : {"a.so", "a.cpp.so", ".cpp", ".a.cpp", "a"}) {
        tests::write(root / name, "");
        CHECK(tenon::driver::parse((root / name).native()).what == tenon::driver::kind::library);
    }
    tests::write(root / "a.c", "");
    CHECK_THROWS_WITH(
        tenon::driver::parse((root / "a.c").native()),
        "'" + (root / "a.c").native() +
            "' is neither a library nor a source that is compiled: such a source ends in .cpp, "
            ".cc, .cxx, .c++, .cp, .CPP or .C; a directory with a CMakeLists.txt can have others "
            "compiled");
}
