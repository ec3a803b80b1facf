// SPDX-License-Identifier: MIT
#include <tenon/detail/build/system_packages.hpp>

#include <cstring>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::is_packaged;
using tenon::detail::package_state;
using tenon::detail::posix;

namespace {

/// A system with one list of packages, whose state a test sets.
struct one_list : posix {
    static inline std::string list;
    static inline timespec changed{};
    static int stat(const char* path, struct stat* out) noexcept {
        if (path != list)
            return errno = ENOENT, -1;
        *out = {};
        out->st_ctim = changed;
        return 0;
    }
};

/// A system whose links all lead to one place.
struct one_link : posix {
    static inline std::string target;
    static char* realpath(const char*) noexcept { return ::strdup(target.c_str()); }
};

constexpr std::int64_t second = 1'000'000'000;

} // namespace

TEST_CASE("the state of the packages changes with the list of any manager", "[packages]") {
    for (const char* list : {"/var/lib/dpkg/status", "/var/lib/rpm/rpmdb.sqlite", "/lib/apk/db/installed",
                             "/var/lib/pacman/local"}) {
        one_list::list = list;
        one_list::changed = {5, 1};
        const std::string before = package_state<one_list>(100 * second);
        CHECK(before.size() == 64);
        CHECK(package_state<one_list>(200 * second) == before);
        one_list::changed = {6, 1};
        CHECK(package_state<one_list>(200 * second) != before);
    }
}

TEST_CASE("without a manager that is known, or while it works, nothing stands for the packages",
          "[packages]") {
    one_list::list = "/none";
    CHECK(package_state<one_list>(100 * second) == "");
    one_list::list = "/var/lib/dpkg/status";
    one_list::changed = {100, 1};
    CHECK(package_state<one_list>(100 * second) == "");
}

TEST_CASE("the system's headers and libraries are packaged, and what anybody else puts somewhere is not",
          "[packages]") {
    const auto packaged = [](const std::string& path) {
        one_link::target = path;
        return is_packaged<one_link>(path);
    };
    for (const char* path : {"/usr/include/stdio.h", "/usr/include",
                             "/usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h", "/nix/store/x/include/y.h"})
        CHECK(packaged(path));
    for (const char* path : {"/usr/local/include/x.h", "/usr/share/plugins/main.cpp",
                             "/home/me/usr/include/x.h", "/usr/includes/x.h", "/opt/x.h", ""})
        CHECK(!packaged(path));
    one_link::target = "/usr/include/c++/12/string";
    CHECK(is_packaged<one_link>("/usr/bin/../lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/string"));
    CHECK(is_packaged<one_link>("/usr/bin/.././include//c++/12/string"));
    for (const char* path : {"/home/me/../../usr/include/c++/12/string", "/usr/include/../../home/me/link",
                             "/usr/../home/../usr/include/x.h", "../include/x.h", "/.."})
        CHECK(!is_packaged<one_link>(path));
    one_link::target = "/home/me/x.h";
    CHECK(!is_packaged<one_link>("/usr/include/../../home/me/x.h"));
    CHECK(!is_packaged<one_link>("/usr/include/link-to-home/x.h"));
    one_link::target = "/usr/include/x.h";
    CHECK(!is_packaged<one_link>("/home/me/link-to-usr/x.h"));
}
