// SPDX-License-Identifier: MIT
#ifndef TENON_ELF_HPP
#define TENON_ELF_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/posix.hpp>

namespace tenon::inline v1::detail {

/// A run of notes: where it is in the library's memory, counted from its base, and what the file says stands there.
struct note_range {
    std::uint64_t address;
    std::string bytes;
};

struct elf_note {
    std::string_view owner; // with the NUL that ends it
    std::uint32_t kind;
    std::string_view description;
};

/// Takes the first note off a run of notes; false at its end, and where what is left is no note.
inline bool take_note(std::string_view& rest, elf_note& note) {
    const auto padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
    std::uint32_t words[3] = {};
    // A linker that puts sections of several alignments into one segment leaves zeros between them.
    for (; rest.size() >= sizeof words; rest.remove_prefix(4)) {
        std::memcpy(words, rest.data(), sizeof words);
        if (words[0] != 0)
            break;
    }
    const std::uint64_t description = sizeof words + padded(words[0]), end = description + words[1];
    if (words[0] == 0 || end > rest.size())
        return false;
    note = {rest.substr(sizeof words, words[0]), words[2], rest.substr(static_cast<std::size_t>(description), words[1])};
    rest.remove_prefix(padded(end) < rest.size() ? static_cast<std::size_t>(padded(end)) : rest.size());
    return true;
}

/// What will keep a library in memory after its last user has closed it.
struct pins {
    std::vector<std::string> unique_symbols; ///< mangled; what it defines as STB_GNU_UNIQUE, so that one definition serves all
    bool thread_local_destructors = false;   ///< it registers some, and each thread that did so keeps it
    bool nodelete = false;                   ///< linked with `-z nodelete`
};

/// Reads an ELF file of this machine's own kind, believing none of it: what would kill a program whose system loader met it
/// is an `error` with `errc::not_a_library`. The path is for messages and has to outlive the reader, as the file has to.
template <class System = posix>
class elf_reader {
public:
    using header = ElfW(Ehdr);
    using segment = ElfW(Phdr);
    using section = ElfW(Shdr);
    using symbol = ElfW(Sym);
    using dynamic = ElfW(Dyn);

    elf_reader(int fd, const std::string& path) : elf_reader(fd, status_of(fd, path), path) {}
    /// Of a file whose status is known.
    elf_reader(int fd, const struct stat& status, const std::string& path) : fd_(fd), path_(path) {
        if (!S_ISREG(status.st_mode))
            throw error::not_a_library(path, "it is not a regular file");
        size_ = static_cast<std::uint64_t>(status.st_size);
        page_ = {first_, static_cast<std::size_t>(size_ < sizeof first_ ? size_ : sizeof first_)};
        read_into(first_, page_.size(), 0);
        check_header();
        segments_ = table<segment>(header_.e_phoff, header_.e_phnum, header_.e_phentsize, "program headers");
        check_segments();
    }

    elf_reader(const elf_reader&) = delete;
    elf_reader& operator=(const elf_reader&) = delete;
    elf_reader(int, std::string&&) = delete;
    elf_reader(int, const struct stat&, std::string&&) = delete; // it would be gone before the reader

    /// The runs of notes that one of this owner is in: out of the segments of notes, or, where a tool has moved them, out of
    /// the sections.
    std::vector<note_range> notes(std::string_view owner) const {
        std::vector<note_range> found;
        std::uint64_t read = 0;
        for (const segment& each : segments_)
            if (each.p_type == PT_NOTE)
                keep(found, read, owner, each.p_offset, each.p_filesz, each.p_vaddr);
        if (found.empty())
            for (const section& each : sections())
                if (each.sh_type == SHT_NOTE && (each.sh_flags & SHF_ALLOC))
                    keep(found, read, owner, each.sh_offset, each.sh_size, each.sh_addr);
        return found;
    }

    /// Symbols are found through the section headers: of a library without them only `nodelete` is known.
    pins what_pins() const {
        pins found;
        for (const dynamic& each : entries<dynamic>(dynamic_.p_offset, dynamic_.p_filesz, "dynamic section")) {
            if (each.d_tag == DT_NULL)
                break;
            if (each.d_tag == DT_FLAGS_1 && (each.d_un.d_val & DF_1_NODELETE))
                found.nodelete = true;
        }
        const std::vector<section> all = sections();
        for (const section& each : all)
            if (each.sh_type == SHT_DYNSYM && each.sh_link < all.size())
                look_through(found, each, all[each.sh_link]);
        return found;
    }

private:
    static struct stat status_of(int fd, const std::string& path) {
        struct stat found;
        if (System::fstat(fd, &found) != 0)
            throw error::system_call("look at", path, errno);
        return found;
    }

    [[noreturn]] void refuse(const std::string& why) const { throw error::not_a_library(path_, why); }

    bool inside(std::uint64_t offset, std::uint64_t size) const { return offset <= size_ && size <= size_ - offset; }

    void read_into(char* into, std::size_t size, std::uint64_t offset) const {
        for (std::size_t done = 0; done < size;) {
            const ssize_t got = System::pread(fd_, into + done, size - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path_, errno);
            if (got == 0)
                refuse("it became shorter while it was being read");
            done += static_cast<std::size_t>(got);
        }
    }

    std::string bytes(std::uint64_t offset, std::uint64_t size, const char* what) const {
        if (!inside(offset, size))
            refuse("its " + std::string(what) + " lie past its end: it is truncated");
        if (offset + size <= page_.size())
            return std::string(page_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)));
        // Holes make a file of any size, and no library has this much of anything that is read here.
        if (size > 256 * 1024 * 1024)
            refuse("its " + std::string(what) + " are too large: " + std::to_string(size) + " bytes");
        std::string all(static_cast<std::size_t>(size), '\0');
        read_into(all.data(), all.size(), offset);
        return all;
    }

    template <class Entry>
    std::vector<Entry> entries(std::uint64_t offset, std::uint64_t size, const char* what) const {
        const bool at_hand = inside(offset, size) && offset + size <= page_.size();
        const std::string read = at_hand ? "" : bytes(offset, size, what);
        const std::string_view raw = at_hand ? page_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)) : read;
        std::vector<Entry> all(raw.size() / sizeof(Entry));
        if (!all.empty())
            std::memcpy(all.data(), raw.data(), all.size() * sizeof(Entry));
        return all;
    }

    template <class Entry>
    std::vector<Entry> table(std::uint64_t offset, std::uint64_t count, std::uint64_t entry_size, const char* what) const {
        if (count != 0 && entry_size != sizeof(Entry))
            refuse("an entry of its " + std::string(what) + " has " + std::to_string(entry_size) + " bytes, not " +
                   std::to_string(sizeof(Entry)));
        return entries<Entry>(offset, count * sizeof(Entry), what);
    }

    std::vector<section> sections() const {
        if (header_.e_shoff == 0)
            return {};
        return table<section>(header_.e_shoff, header_.e_shnum, header_.e_shentsize, "section headers");
    }

    void check_header() {
        if (page_.size() < SELFMAG || page_.compare(0, SELFMAG, ELFMAG) != 0)
            refuse(page_.empty() ? "it is empty" : "it does not begin as an ELF file does");
        if (page_.size() < sizeof header_)
            refuse("it ends within the ELF header: it is truncated");
        std::memcpy(&header_, page_.data(), sizeof header_);
        const int ours = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
        if (header_.e_ident[EI_CLASS] != ours)
            refuse("it is " + std::string(ours == ELFCLASS64 ? "not a 64-bit" : "not a 32-bit") + " library, as this program is");
        if (header_.e_ident[EI_DATA] != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB))
            refuse("it is of the other byte order");
        if (header_.e_machine != machine())
            refuse("it is for another processor (ELF machine " + std::to_string(header_.e_machine) + ", and this program is " +
                   std::to_string(machine()) + ")");
        if (header_.e_type != ET_DYN)
            refuse(header_.e_type == ET_REL    ? "it is an object file, not linked yet: link it with -shared"
                   : header_.e_type == ET_EXEC ? "it is a program"
                                               : "its ELF type is " + std::to_string(header_.e_type));
        if (header_.e_phnum == PN_XNUM)
            refuse("it has " + std::to_string(PN_XNUM) + " program headers or more");
        // Linkers write these last, so this is what most truncated files lack.
        if (header_.e_shoff != 0 && !inside(header_.e_shoff, std::uint64_t{header_.e_shnum} * sizeof(section)))
            refuse("its section headers lie past its end: it is truncated");
    }

    static constexpr unsigned machine() {
#if defined(__x86_64__)
        return EM_X86_64;
#elif defined(__aarch64__)
        return EM_AARCH64;
#elif defined(__i386__)
        return EM_386;
#elif defined(__arm__)
        return EM_ARM;
#elif defined(__riscv)
        return EM_RISCV;
#elif defined(__powerpc64__)
        return EM_PPC64;
#elif defined(__s390__)
        return EM_S390;
#elif defined(__loongarch__)
        return 258;
#else
#error "tenon: the ELF number of this processor is not known here; add it"
#endif
    }

    // The system's loader maps what the headers say, over whatever is there, and dies of SIGBUS where the file is shorter.
    void check_segments() {
        std::uint64_t free = 0;
        for (const segment& each : segments_) {
            if (each.p_type != PT_GNU_STACK && !inside(each.p_offset, each.p_filesz))
                refuse("a segment of " + std::to_string(each.p_filesz) + " bytes begins at byte " + std::to_string(each.p_offset) +
                       " and the file ends at byte " + std::to_string(size_) + ": it is truncated");
            if (each.p_type == PT_DYNAMIC)
                dynamic_ = each;
            if (each.p_type != PT_LOAD)
                continue;
            if (each.p_filesz > each.p_memsz)
                refuse("a segment is larger in the file than in memory");
            if (each.p_align & (each.p_align - 1))
                refuse("a segment's alignment is " + std::to_string(each.p_align) + ", which is no power of two");
            constexpr std::uint64_t half = ~std::uintptr_t{0} / 2;
            if (each.p_vaddr > half || each.p_memsz > half - each.p_vaddr)
                refuse("a segment ends past the end of all memory");
            if (each.p_vaddr < free)
                refuse("its segments overlap in memory, or are not in order");
            free = each.p_vaddr + each.p_memsz;
        }
        if (dynamic_.p_type != PT_DYNAMIC)
            refuse("it has no dynamic section");
        if (dynamic_.p_filesz < sizeof(dynamic) || !loaded(dynamic_.p_offset, dynamic_.p_filesz, dynamic_.p_vaddr))
            refuse("its dynamic section is not in the part of it that is loaded: is it a file of debug information?");
    }

    // Whether a part of the file stands at that address, all of it, once the library is loaded.
    bool loaded(std::uint64_t offset, std::uint64_t size, std::uint64_t address) const {
        for (const segment& each : segments_)
            if (each.p_type == PT_LOAD && offset >= each.p_offset && offset - each.p_offset <= each.p_filesz &&
                size <= each.p_filesz - (offset - each.p_offset) && address - each.p_vaddr == offset - each.p_offset)
                return true;
        return false;
    }

    void keep(std::vector<note_range>& found, std::uint64_t& read, std::string_view owner, std::uint64_t offset,
              std::uint64_t size, std::uint64_t address) const {
        std::string notes = bytes(offset, size, "notes");
        // Many segments may lie in one place of a file, and each is kept.
        constexpr std::uint64_t most = 16 * 1024 * 1024;
        if (size > most - read)
            refuse("its notes are too large: more than " + std::to_string(most) + " bytes");
        read += size;
        if (notes.find(owner) == notes.npos)
            return;
        if (!loaded(offset, size, address))
            throw error::malformed_note(path_, "it is not in the part of the file that is loaded");
        found.push_back({address, std::move(notes)});
    }

    void look_through(pins& found, const section& symbols, const section& strings) const {
        const std::string names = bytes(strings.sh_offset, strings.sh_size, "names of symbols");
        for (const symbol& each : entries<symbol>(symbols.sh_offset, symbols.sh_size, "dynamic symbols")) {
            if (each.st_name >= names.size())
                refuse("the name of a symbol lies outside of its names");
            const std::string_view name = names.c_str() + each.st_name;
            const bool defined = each.st_shndx != SHN_UNDEF;
            // The binding is in the upper half, in files of either class.
            if (defined && each.st_info >> 4 == STB_GNU_UNIQUE)
                found.unique_symbols.emplace_back(name);
            if (!defined && (name == "__cxa_thread_atexit" || name == "__cxa_thread_atexit_impl"))
                found.thread_local_destructors = true;
        }
    }

    int fd_;
    const std::string& path_;
    std::uint64_t size_ = 0;
    char first_[4096];
    std::string_view page_; // of which so much is there
    header header_{};
    std::vector<segment> segments_;
    segment dynamic_{};
};

} // namespace tenon::inline v1::detail

#endif
