// SPDX-License-Identifier: MIT
// For tests of readers: notes that no compiler would write, and a library that contains only notes.
#ifndef TENON_TESTS_NOTES_HPP
#define TENON_TESTS_NOTES_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <initializer_list>
#include <link.h>
#include <string>
#include <string_view>

namespace tests {

/// A note of tenon's, with its header and padding.
inline std::string note(std::uint32_t kind, std::string_view description) {
    const std::uint32_t words[] = {6, static_cast<std::uint32_t>(description.size()), kind};
    std::string made(reinterpret_cast<const char*>(words), sizeof words);
    made.append("tenon\0\0\0", 8).append(description);
    made.resize((made.size() + 3) / 4 * 4);
    return made;
}

inline std::string words(std::initializer_list<std::uint32_t> list) {
    return {reinterpret_cast<const char*>(list.begin()), list.size() * sizeof(std::uint32_t)};
}

/// The smallest library for this machine with these notes.
inline std::string library_of(std::string_view notes) {
    struct {
        ElfW(Ehdr) head;
        ElfW(Phdr) segments[3];
        ElfW(Dyn) dynamic;
    } whole{};
    std::memcpy(whole.head.e_ident, ELFMAG, SELFMAG);
    whole.head.e_ident[EI_CLASS] = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
    whole.head.e_ident[EI_DATA] = ELFDATA2LSB;
    whole.head.e_type = ET_DYN;
#ifdef __aarch64__
    whole.head.e_machine = EM_AARCH64;
#else
    whole.head.e_machine = EM_X86_64;
#endif
    whole.head.e_phoff = offsetof(decltype(whole), segments);
    whole.head.e_phentsize = sizeof(ElfW(Phdr));
    whole.head.e_phnum = 3;
    const auto segment = [&](int index, std::uint32_t type, std::size_t offset, std::size_t size) {
        ElfW(Phdr)& made = whole.segments[index];
        made.p_type = type;
        made.p_offset = made.p_vaddr = offset;
        made.p_filesz = made.p_memsz = size;
    };
    segment(0, PT_LOAD, 0, sizeof whole + notes.size());
    segment(1, PT_DYNAMIC, offsetof(decltype(whole), dynamic), sizeof whole.dynamic);
    segment(2, PT_NOTE, sizeof whole, notes.size());
    return std::string(reinterpret_cast<const char*>(&whole), sizeof whole).append(notes);
}

} // namespace tests

#endif
