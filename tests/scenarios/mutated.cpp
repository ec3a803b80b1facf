// SPDX-License-Identifier: MIT
// Ten thousand damaged copies of real plugins, and a host's answer to each. Belongs to no single header.
//
// The test reads the manifest of each copy, and the properties that would keep it from being unloaded. Copies
// that are refused are then given to a `tenon::plugin`, to prove that its refusal comes before the system's
// loader sees them. Copies that tenon accepts are not loaded: tenon does not check instructions, relocations
// or missing segments, so loading such a copy could do anything.
#include <tenon/plugin.hpp>

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "abi.hpp"
#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/calculator.hpp"

namespace {

/// Pseudorandom numbers, the same in every run.
struct numbers {
    std::uint64_t state = 88172645463325252u;
    std::size_t below(std::size_t end) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<std::size_t>(state % end);
    }
};

class mutations {
public:
    explicit mutations(std::string whole) : whole_(std::move(whole)) {
        std::memcpy(&head_, whole_.data(), sizeof head_);
        notes_ = whole_.find(std::string_view("tenon\0\0\0", 8)) - 12;
    }

    static constexpr std::size_t kinds = 8;
    std::string next(std::size_t kind) {
        std::string bytes = whole_;
        const std::size_t size = bytes.size(), block = 1 + random_.below(2048);
        const auto place = [&](std::size_t length) { return random_.below(size - length); };
        switch (kind) {
        case 0: // flip bits anywhere
            for (std::size_t i = 0, count = 1 + random_.below(8); i < count; ++i)
                flip(bytes, random_.below(size));
            break;
        case 1: // flip bits in the ELF header and the program headers
            for (std::size_t i = 0, count = 1 + random_.below(4); i < count; ++i)
                flip(bytes, random_.below(sizeof head_ + head_.e_phnum * sizeof(ElfW(Phdr))));
            break;
        case 2: // truncate
            bytes.resize(random_.below(size));
            break;
        case 3: { // swap two blocks
            const std::size_t one = place(block), other = place(block);
            const std::string first = bytes.substr(one, block);
            bytes.replace(one, block, bytes.substr(other, block));
            bytes.replace(other, block, first);
            break;
        }
        case 4: // remove or duplicate a block
            if (const std::size_t at = place(block); random_.below(2) == 0)
                bytes.erase(at, block);
            else
                bytes.insert(at, bytes.substr(place(block), block));
            break;
        case 5: // change numbers in the program headers
            resize_field(bytes, head_.e_phoff, head_.e_phnum * sizeof(ElfW(Phdr)));
            break;
        case 6: // change numbers in the section headers
            resize_field(bytes, head_.e_shoff, head_.e_shnum * sizeof(ElfW(Shdr)));
            break;
        case 7: // flip bits in the notes
            for (std::size_t i = 0, count = 1 + random_.below(3); i < count; ++i)
                flip(bytes, notes_ + random_.below(512));
            break;
        }
        return bytes;
    }

private:
    void flip(std::string& bytes, std::size_t at) {
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_.below(8)));
    }

    void resize_field(std::string& bytes, std::size_t table, std::size_t size) {
        const std::size_t width = random_.below(2) == 0 ? 4 : 8,
                          at = table + random_.below(size / width) * width;
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data() + at, width);
        const std::uint64_t values[] = {0,
                                        value + 1,
                                        value - 1,
                                        value * 2,
                                        value / 2,
                                        value + 4096,
                                        bytes.size(),
                                        bytes.size() - value,
                                        ~std::uint64_t{0},
                                        ~std::uint64_t{0} / 2};
        value = values[random_.below(std::size(values))];
        std::memcpy(bytes.data() + at, &value, width);
    }

    std::string whole_;
    ElfW(Ehdr) head_;
    std::size_t notes_;
    numbers random_;
};

enum class answer { refused, does_not_fit, taken };

answer ask(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    answer given = answer::refused;
    try {
        struct stat status;
        REQUIRE(::fstat(fd, &status) == 0);
        const auto manifest = tenon::manifest::of_loadable(fd, status, path);
        given = answer::does_not_fit;
        for (const auto& plugin : manifest.plugins()) {
            const bool known = plugin.type == "calculator";
            if (known && tenon::detail::fits(tests::abi_here<calc::calculator>(), plugin.abi) &&
                tenon::detail::toolchain_differences(tenon::detail::toolchain, plugin.toolchain).empty())
                given = answer::taken;
            plugin.incompleteness();
            plugin.description();
        }
    } catch (const tenon::error&) {
    }
    // A manifest reads less of the file than a load and so refuses less, but has to end all the same.
    try {
        tenon::manifest{path};
    } catch (const tenon::error&) {
    }
    try {
        const tenon::detail::elf_reader<> reader(fd, path);
        reader.what_pins();
        tenon::detail::linkage_of(reader);
    } catch (const tenon::error&) {
    }
    ::close(fd);
    return given;
}

} // namespace

TEST_CASE("ten thousand damaged libraries give an answer or an error, and what is refused is not loaded",
          "[mutated]") {
    constexpr int each = 1250;
    const tests::scratch_directory scratch;
    const std::string path = scratch / "damaged.so";
    int count = 0, answers[mutations::kinds][3] = {};
    std::vector<std::string> strange;
    for (const std::string& compiler : tests::compilers()) {
        mutations of(
            tests::read(tests::compiled(scratch / "whole.so", tests::calculator, {"-DSECOND"}, compiler)));
        for (std::size_t kind = 0; kind < mutations::kinds; ++kind)
            for (int round = 0; round < each / static_cast<int>(tests::compilers().size()); ++round) {
                ++count;
                tests::write(path, of.next(kind));
                const std::string which =
                    compiler + ", kind " + std::to_string(kind) + ", round " + std::to_string(round);
                try {
                    const answer given = ask(path);
                    ++answers[kind][static_cast<int>(given)];
                    if (given == answer::taken)
                        continue;
                    try {
                        tenon::plugin<calc::calculator>{path + "#plain", 0};
                        strange.push_back(which + ": loaded");
                    } catch (const tenon::error&) {
                    }
                } catch (const std::exception& e) {
                    strange.push_back(which + ": " + e.what());
                }
            }
    }
    CHECK(strange == std::vector<std::string>{});
    CHECK(count >= 10'000);
    for (std::size_t kind = 0; kind < mutations::kinds; ++kind) {
        INFO("kind " << kind << ": " << answers[kind][0] << " refused, " << answers[kind][1]
                     << " do not fit, " << answers[kind][2] << " taken");
        CHECK((answers[kind][0] > 0) == (kind != 6)); // loaders ignore section headers
        CHECK((answers[kind][1] + answers[kind][2] > 0) == (kind != 2));
    }
    CHECK(tests::read("/proc/self/maps").find(path) == std::string::npos);
}
