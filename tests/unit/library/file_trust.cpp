// SPDX-License-Identifier: MIT
#include <tenon/detail/library/file_trust.hpp>

#include <cstdint>
#include <map>

#include "catch.hpp"
#include "program.hpp"

using tenon::trust;
namespace detail = tenon::detail;

namespace {

struct owned {
    uid_t user;
    gid_t group;
    mode_t mode;
};

/// A system where this program runs as user 1000 and owns these folders; root owns all others.
struct pretended : detail::posix {
    static inline std::map<std::string, owned> folders;

    static uid_t geteuid() noexcept { return 1000; }
    static bool has_access_list(const char*) noexcept { return false; }
    static int stat(const char* path, struct stat* out) noexcept {
        const auto found = folders.find(path);
        fill(out, found == folders.end() ? owned{0, 0, 0755} : found->second, S_IFDIR);
        return 0;
    }
    static int lstat(const char* path, struct stat* out) noexcept {
        stat(path, out);
        if (links)
            fill(out, {0, 0, 0777}, S_IFLNK);
        return 0;
    }
    static inline bool links = false;
    static void fill(struct stat* out, owned by, mode_t type) noexcept {
        *out = {};
        out->st_uid = by.user;
        out->st_gid = by.group;
        out->st_mode = by.mode | type;
    }
};

/// Why a file in these folders is not trusted; empty if it is.
template <class System = pretended>
std::string distrusted(owned file, std::map<std::string, owned> folders = {}, const trust& rule = {},
                       mode_t type = S_IFREG) {
    pretended::folders = std::move(folders);
    struct stat status;
    pretended::fill(&status, file, type);
    try {
        detail::require_trust<System>("/opt/app/x.so", status, rule);
        return "";
    } catch (const tenon::error& e) {
        const std::string text = e.what(),
                          begin = "'/opt/app/x.so' is not run, because somebody else could have written it: ";
        return text.starts_with(begin) ? text.substr(begin.size()) : text;
    }
}

} // namespace

TEST_CASE("what is root's or this user's own is trusted", "[trust]") {
    CHECK(distrusted({0, 0, 0644}) == "");
    CHECK(distrusted({1000, 1000, 0600}) == "");
    CHECK(distrusted({1000, 50, 0755}, {{"/opt", {1000, 50, 0755}}}) == "");
}

TEST_CASE("what belongs to another user is not, unless he is named", "[trust]") {
    const std::string why = "'/opt/app/x.so' belongs to user 1001, and this program runs as user 1000; "
                            "`chown 1000 '/opt/app/x.so'`, or "
                            "name the user in options.trust";
    CHECK(distrusted({1001, 1001, 0600}) == why);
    CHECK(distrusted({1001, 1001, 0600}, {}, {.users = {1001}}) == "");
    CHECK(distrusted({1001, 1001, 0600}, {}, {.users = {1002, 1003}}) == why);
    CHECK(distrusted({1001, 1001, 0600}, {}, {.groups = {1001}}) == why);
}

TEST_CASE("what everybody may write is not, and the error has the command that mends it", "[trust]") {
    CHECK(distrusted({0, 0, 0646}) ==
          "everybody may write to '/opt/app/x.so'; `chmod o-w '/opt/app/x.so'`, or widen options.trust");
    CHECK(distrusted({1000, 1000, 0602}, {}, {.users = {1001}, .groups = {1000}}) ==
          "everybody may write to '/opt/app/x.so'; `chmod o-w '/opt/app/x.so'`, or widen options.trust");
    // A file's sticky bit says nothing.
    CHECK(distrusted({1000, 1000, 01602}) != "");
}

TEST_CASE("a group may write where it is the owner's own or named", "[trust]") {
    CHECK(distrusted({1000, 1000, 0664}) == "");
    CHECK(distrusted({0, 0, 0664}) == "");
    CHECK(distrusted({1000, 50, 0664}) == "group 50 may write to '/opt/app/x.so'; `chmod g-w "
                                          "'/opt/app/x.so'`, or name the group in options.trust");
    // Not this user's group, but the owner's.
    CHECK(distrusted({0, 1000, 0664}) != "");
    CHECK(distrusted({1000, 50, 0664}, {}, {.groups = {50}}) == "");
    CHECK(distrusted({1001, 1001, 0664}, {}, {.users = {1001}}) == "");
}

TEST_CASE("where a group may write, an access list may say who else", "[trust]") {
    struct listed : pretended {
        static bool has_access_list(const char*) noexcept { return true; }
    };
    const std::string why =
        "an access list may let others write to '/opt/app/x.so'; `setfacl -b '/opt/app/x.so'`, or widen "
        "options.trust";
    CHECK(distrusted<listed>({1000, 1000, 0664}) == why);
    CHECK(distrusted<listed>({1000, 50, 0664}, {}, {.groups = {50}}) == why);
    CHECK(distrusted<listed>({1000, 1000, 0644}) == "");
}

TEST_CASE("a file with an access list is told from one without", "[trust]") {
    const tests::scratch_directory scratch;
    const std::string file = scratch / "x.so";
    tests::write(file, "");
    CHECK(!detail::posix::has_access_list(file.c_str()));
    // As in linux/posix_acl_xattr.h: user 1234 may read and write.
    constexpr std::uint16_t list[] = {2,      0,      1,  6, 0xffff, 0xffff, 2,  6, 1234,   0,     4, 4,
                                      0xffff, 0xffff, 16, 6, 0xffff, 0xffff, 32, 4, 0xffff, 0xffff};
    if (::setxattr(file.c_str(), "system.posix_acl_access", list, sizeof list, 0) != 0)
        return; // a file system that has none
    CHECK(detail::posix::has_access_list(file.c_str()));
    CHECK((tests::fs::status(file).permissions() & tests::fs::perms::group_write) != tests::fs::perms::none);
}

TEST_CASE("every folder above counts", "[trust]") {
    for (const char* folder : {"/opt/app", "/opt", "/"}) {
        const std::string quoted = "'" + std::string(folder) + "'";
        CHECK(distrusted({0, 0, 0644}, {{folder, {1001, 1001, 0755}}}) ==
              quoted + " belongs to user 1001, and this program runs as user 1000; `chown 1000 " + quoted +
                  "`, or name the user in options.trust");
        CHECK(distrusted({0, 0, 0644}, {{folder, {0, 0, 0757}}}) ==
              "everybody may write to " + quoted + "; `chmod o-w " + quoted + "`, or widen options.trust");
        CHECK(distrusted({0, 0, 0644}, {{folder, {0, 50, 0775}}}) ==
              "group 50 may write to " + quoted + "; `chmod g-w " + quoted +
                  "`, or name the group in options.trust");
    }
}

TEST_CASE("a sticky folder may be everybody's, but not anybody's", "[trust]") {
    CHECK(distrusted({1000, 1000, 0644}, {{"/opt/app", {0, 0, 01777}}}) == "");
    CHECK(distrusted({1000, 1000, 0644}, {{"/opt/app", {0, 50, 01775}}}) == "");
    CHECK(distrusted({1000, 1000, 0644}, {{"/opt/app", {1001, 1001, 01777}}}) != "");
    CHECK(distrusted({1001, 1001, 0644}, {{"/opt/app", {0, 0, 01777}}}) != "");
}

TEST_CASE("a directory of source is judged as a file is", "[trust]") {
    CHECK(distrusted({1000, 1000, 0755}, {}, {}, S_IFDIR) == "");
    CHECK(distrusted({1000, 1000, 0757}, {}, {}, S_IFDIR) != "");
    CHECK(distrusted({1000, 1000, 01777}, {}, {}, S_IFDIR) == "");
}

TEST_CASE("a path that is not canonical is walked up to its end all the same", "[trust]") {
    pretended::folders = {};
    struct stat status;
    pretended::fill(&status, {0, 0, 0644}, S_IFREG);
    CHECK_NOTHROW(detail::require_trust<pretended>("x.so", status, {}));
    CHECK_NOTHROW(detail::require_trust<pretended>("//x.so", status, {}));
}

TEST_CASE("the error is about the file, also where a folder is to blame", "[trust]") {
    pretended::folders = {{"/opt", {0, 0, 0777}}};
    struct stat status;
    pretended::fill(&status, {0, 0, 0644}, S_IFREG);
    try {
        detail::require_trust<pretended>("/opt/app/x.so", status, {});
        FAIL("trusted");
    } catch (const tenon::error& e) {
        CHECK(e.code() == tenon::errc::untrusted);
        CHECK(e.path() == std::string("/opt/app/x.so"));
    }
}

TEST_CASE("who trusts everyone has nothing looked at", "[trust]") {
    struct blind : pretended {
        static int stat(const char*, struct stat*) noexcept {
            errno = EACCES;
            return -1;
        }
    };
    CHECK(distrusted<blind>({1001, 1001, 0666}, {}, {.everyone = true}) == "");
    CHECK(distrusted<blind>({1000, 1000, 0600}) == "cannot look at '/opt/app': Permission denied");
}

TEST_CASE("what is plainly trusted is trusted, and its path has no links in it", "[trust]") {
    const auto plainly = [](const char* path, owned file, std::map<std::string, owned> folders = {},
                            const trust& rule = {}) {
        pretended::folders = std::move(folders);
        struct stat status;
        pretended::fill(&status, file, S_IFREG);
        return detail::plainly_trusted<pretended>(path, status, rule);
    };
    CHECK(plainly("/opt/app/x.so", {0, 0, 0644}));
    CHECK(plainly("/opt/app/x.so", {1000, 1000, 0664},
                  {{"/opt/app", {1000, 1000, 0775}}, {"/opt", {0, 0, 01777}}}));
    CHECK(!plainly("/opt/app/x.so", {1001, 1001, 0644}));
    CHECK(!plainly("/opt/app/x.so", {0, 0, 0666}));
    for (const char* folder : {"/opt/app", "/opt", "/"}) {
        CHECK(!plainly("/opt/app/x.so", {0, 0, 0644}, {{folder, {1001, 1001, 0755}}}));
        CHECK(!plainly("/opt/app/x.so", {0, 0, 0644}, {{folder, {0, 0, 0757}}}));
    }
    for (const char* path : {"x.so", "./x.so", "/opt/../x.so", "//x.so"})
        CHECK(!plainly(path, {0, 0, 0644}));
    CHECK(!plainly("/opt/app/x.so", {0, 0, 0644}, {}, {.everyone = true})); // nothing was looked at
    pretended::links = true;
    CHECK(!plainly("/opt/app/x.so", {0, 0, 0644}));
    pretended::links = false;
}
