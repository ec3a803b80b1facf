// SPDX-License-Identifier: MIT
// The bytes of a library, and of its notes.
#include <tenon/detail/library/abi_difference.hpp>
#include <tenon/detail/library/runtime.hpp>
#include <tenon/manifest.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <sys/stat.h>

#include "answer.hpp"
#include "notes.hpp"

namespace {

/// A file that is the input, and needs no call of the system.
struct in_memory : tenon::detail::posix {
    static inline std::string_view bytes;

    static int fstat(int, struct stat* out) noexcept {
        *out = {};
        out->st_mode = S_IFREG;
        out->st_size = static_cast<off_t>(bytes.size());
        return 0;
    }
    static ssize_t pread(int, void* into, size_t size, off_t at) noexcept {
        const std::string_view part =
            bytes.substr(std::min(bytes.size(), static_cast<std::size_t>(at)), size);
        std::memcpy(into, part.data(), part.size());
        return static_cast<ssize_t>(part.size());
    }
};

/// All that is asked of a library before it is loaded, and what is said of one that does not fit.
void read(std::string_view file) {
    in_memory::bytes = file;
    const std::string path = "x.so";
    fuzz::answer([&] { tenon::detail::elf_reader<in_memory>(0, path).what_pins(); });
    fuzz::answer([&] { tenon::detail::linkage_of(tenon::detail::elf_reader<in_memory>(0, path)); });
    fuzz::answer([&] {
        const auto found = tenon::manifest::of<in_memory>(0, path);
        for (const auto& each : found.plugins()) {
            fuzz::require(tenon::detail::fits(each.abi, each.abi));
            each.incompleteness();
            each.description();
            tenon::detail::toolchain_differences(tenon::detail::toolchain, each.toolchain);
            tenon::detail::differences(found.plugins().front().abi, each.abi);
            tenon::detail::differences({}, each.abi);
            tenon::detail::differences(each.abi, {}); // each name in it and each layout
        }
    });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text(data, size);
    read(input);
    read(tests::library_of(input));
    return 0;
}
