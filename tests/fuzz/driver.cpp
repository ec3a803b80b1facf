// SPDX-License-Identifier: MIT
// The string that says where a plugin comes from.
#include <tenon/driver.hpp>

#include <string>
#include <sys/stat.h>

#include "answer.hpp"

namespace {

/// A file system where every path is a folder but those that look like files.
struct everything : tenon::detail::posix {
    static int stat(const char* path, struct stat* out) noexcept {
        const std::string_view name = tenon::detail::basename(path);
        *out = {};
        out->st_mode = name.find('.') == name.npos ? S_IFDIR : S_IFREG;
        return 0;
    }
};

/// And one that is empty.
struct nothing : tenon::detail::posix {
    static int stat(const char*, struct stat*) noexcept { return errno = ENOENT, -1; }
};

bool is_option(std::string_view text) {
    return text.substr(0, 1) == "-";
}

bool has_control(std::string_view text) {
    for (const char c : text)
        if (tenon::detail::is_control(c))
            return true;
    return false;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text(data, size);
    fuzz::answer([&] { tenon::driver::parse<nothing>(input); });
    fuzz::answer([&] {
        using kind = tenon::driver::kind;
        const tenon::driver read = tenon::driver::parse<everything>(input);
        // What follows ends up in the arguments of git and CMake, and in paths below a folder.
        for (const std::string* each :
             {&read.place, &read.plugin, &read.reference, &read.subdirectory, &read.target})
            fuzz::require(!has_control(*each));
        fuzz::require(!is_option(read.reference) && !is_option(read.subdirectory) && !is_option(read.target));
        fuzz::require(read.what == kind::repository || (read.reference.empty() && read.subdirectory.empty()));
        fuzz::require(("/" + read.subdirectory + "/").find("/../") == std::string::npos);
        fuzz::require(read.what != kind::name || read.place.find('/') == std::string::npos);
        if (read.what == kind::repository) {
            const std::string_view place = read.place;
            fuzz::require(place.substr(0, 8) == "https://" || place.substr(0, 6) == "ssh://" ||
                          place.substr(0, 8) == "file:///");
            fuzz::require(place.substr(0, 8) != "https://" ||
                          place.substr(8, place.find('/', 8) - 8).find('@') == place.npos);
        }
    });
    tenon::detail::without_credentials(input);
    return 0;
}
