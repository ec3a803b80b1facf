// SPDX-License-Identifier: MIT
#include <tenon/detail/build/system_files.hpp>

#include <cstring>
#include <string>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::is_system_file;
using tenon::detail::posix;

namespace {

/// A system whose links all lead to one place.
struct one_link : posix {
    static inline std::string target;
    static char* realpath(const char*) noexcept { return ::strdup(target.c_str()); }
};

} // namespace

TEST_CASE("the system's headers and libraries are the system's, and what anybody else puts somewhere is not",
          "[system_files]") {
    const auto systems = [](const std::string& path) {
        one_link::target = path;
        return is_system_file<one_link>(path);
    };
    for (const char* path : {"/usr/include/stdio.h", "/usr/include",
                             "/usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h", "/nix/store/x/include/y.h"})
        CHECK(systems(path));
    for (const char* path : {"/usr/local/include/x.h", "/usr/share/plugins/main.cpp",
                             "/home/me/usr/include/x.h", "/usr/includes/x.h", "/opt/x.h", ""})
        CHECK(!systems(path));
    one_link::target = "/usr/include/c++/12/string";
    CHECK(is_system_file<one_link>(
        "/usr/bin/../lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/string"));
    CHECK(is_system_file<one_link>("/usr/bin/.././include//c++/12/string"));
    for (const char* path : {"/home/me/../../usr/include/c++/12/string", "/usr/include/../../home/me/link",
                             "/usr/../home/../usr/include/x.h", "../include/x.h", "/.."})
        CHECK(!is_system_file<one_link>(path));
    one_link::target = "/home/me/x.h";
    CHECK(!is_system_file<one_link>("/usr/include/../../home/me/x.h"));
    CHECK(!is_system_file<one_link>("/usr/include/link-to-home/x.h"));
    one_link::target = "/usr/include/x.h";
    CHECK(!is_system_file<one_link>("/home/me/link-to-usr/x.h"));
}
