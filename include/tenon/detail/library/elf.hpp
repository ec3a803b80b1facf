// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_ELF_HPP
#define TENON_DETAIL_LIBRARY_ELF_HPP

#include <tenon/version.hpp> // first: other systems lack some of these

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/detail/library/note_range.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/error.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_a_library(const std::string& path, std::string_view why) {
    return {errc::not_a_library,
            concatenated({"'", path, "' is not a library that this program can load: ", why}), path};
}

inline error malformed_note(const std::string& path, std::string_view why) {
    return {errc::malformed_note,
            concatenated({"the manifest in '", path, "' is damaged: ", why, "; compile the library again"}),
            path};
}

struct elf_note {
    std::string_view owner; // with the NUL that ends it
    std::uint32_t kind;
    std::string_view description;
};

/// Removes the first note from a run of notes. False at the end, and if the rest is no note.
inline bool take_note(std::string_view& rest, elf_note& note) {
    const auto padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
    std::uint32_t words[3] = {};
    // Linkers pad with zeros between sections of different alignment in one segment.
    for (; rest.size() >= sizeof words; rest.remove_prefix(4)) {
        std::memcpy(words, rest.data(), sizeof words);
        if (words[0] != 0)
            break;
    }
    const std::uint64_t description = sizeof words + padded(words[0]), end = description + words[1];
    if (words[0] == 0 || end > rest.size())
        return false;
    note = {rest.substr(sizeof words, words[0]), words[2],
            rest.substr(static_cast<std::size_t>(description), words[1])};
    rest.remove_prefix(padded(end) < rest.size() ? static_cast<std::size_t>(padded(end)) : rest.size());
    return true;
}

/// The properties of a library that keep it in memory after its last user has closed it.
struct pins {
    /// The mangled names of symbols that it defines as STB_GNU_UNIQUE.
    std::vector<std::string> unique_symbols;
    bool thread_local_destructors = false; ///< it registers some, and each thread that did so keeps it
    bool nodelete = false;                 ///< linked with `-z nodelete`
};

/// A table in a file. Its entries need not be aligned.
template <class Entry>
class entries {
public:
    class iterator {
    public:
        explicit iterator(const char* at) noexcept : at_(at) {}
        Entry operator*() const noexcept {
            Entry one;
            std::memcpy(&one, at_, sizeof one);
            return one;
        }
        iterator& operator++() noexcept {
            at_ += sizeof(Entry);
            return *this;
        }
        friend bool operator==(iterator, iterator) = default;

    private:
        const char* at_;
    };

    entries() = default;
    /// A view of bytes, which have to outlive it.
    explicit entries(std::string_view at_hand) noexcept
        : at_hand_(at_hand.data()), size_(at_hand.size() / sizeof(Entry)) {}
    explicit entries(std::string read) noexcept
        : read_(std::move(read)), size_(read_.size() / sizeof(Entry)) {}

    std::size_t size() const noexcept { return size_; }
    iterator begin() const noexcept { return iterator(data()); }
    iterator end() const noexcept { return iterator(data() + size_ * sizeof(Entry)); }
    Entry operator[](std::size_t i) const noexcept { return *iterator(data() + i * sizeof(Entry)); }

private:
    const char* data() const noexcept { return at_hand_ ? at_hand_ : read_.data(); }

    const char* at_hand_ = nullptr;
    std::string read_;
    std::size_t size_ = 0;
};

/// Reads an ELF file for this machine without trusting any of its contents: damage throws an `error` with
/// `errc::not_a_library`. The file and the path, which is for messages, have to outlive the reader.
template <class System = posix>
class elf_reader {
public:
    using header = ElfW(Ehdr);
    using segment = ElfW(Phdr);
    using section = ElfW(Shdr);
    using symbol = ElfW(Sym);
    using dynamic = ElfW(Dyn);

    elf_reader(int fd, const std::string& path) : fd_(fd), path_(path) { read_headers(); }
    /// For a file whose status is known.
    elf_reader(int fd, const struct stat& status, const std::string& path)
        : fd_(fd), path_(path), size_(size_of(status)) {
        read_headers();
    }

    elf_reader(const elf_reader&) = delete;
    elf_reader& operator=(const elf_reader&) = delete;
    elf_reader(int, std::string&&) = delete;
    elf_reader(int, const struct stat&, std::string&&) = delete; // it would be gone before the reader

    /// Throws if loading the file would kill the program: the system's loader maps what the headers say, over
    /// existing mappings too, and gets SIGBUS if the file is shorter.
    void require_loadable() const {
        // Linkers write section headers last, so most truncated files lack these.
        if (header_.e_shoff != 0 &&
            !inside(header_.e_shoff, std::uint64_t{header_.e_shnum} * sizeof(section)))
            refuse("its section headers lie past its end: it is truncated");
        std::uint64_t free = 0;
        for (const segment& program_header : segments_) {
            if (program_header.p_type != PT_GNU_STACK &&
                !inside(program_header.p_offset, program_header.p_filesz))
                refuse("a segment of " + std::to_string(program_header.p_filesz) + " bytes begins at byte " +
                       std::to_string(program_header.p_offset) + " and the file ends at byte " +
                       std::to_string(size()) + ": it is truncated");
            if (program_header.p_type != PT_LOAD)
                continue;
            if (program_header.p_filesz > program_header.p_memsz)
                refuse("a segment is larger in the file than in memory");
            if (program_header.p_align & (program_header.p_align - 1))
                refuse("a segment's alignment is " + std::to_string(program_header.p_align) +
                       ", which is no power of two");
            constexpr std::uint64_t half = ~std::uintptr_t{0} / 2;
            if (program_header.p_vaddr > half || program_header.p_memsz > half - program_header.p_vaddr)
                refuse("a segment ends past the end of all memory");
            if (program_header.p_vaddr < free)
                refuse("its segments overlap in memory, or are not in order");
            free = program_header.p_vaddr + program_header.p_memsz;
        }
    }

    /// The runs of notes that contain a note of this owner. Looks in segments of notes first, and in sections
    /// if a tool has moved the notes.
    std::vector<note_range> notes(std::string_view owner) const {
        std::vector<note_range> ranges;
        std::uint64_t read = 0;
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_NOTE)
                keep(ranges, read, owner, program_header.p_offset, program_header.p_filesz,
                     program_header.p_vaddr);
        if (ranges.empty())
            for (const section& section_header : sections())
                if (section_header.sh_type == SHT_NOTE && (section_header.sh_flags & SHF_ALLOC))
                    keep(ranges, read, owner, section_header.sh_offset, section_header.sh_size,
                         section_header.sh_addr);
        return ranges;
    }

    /// The dynamic section, which tells the system's loader where the tables of a library are.
    struct loader_information {
        entries<dynamic> all;
        std::string room;
        std::string_view names; // in `room` or the first page

        loader_information() = default;
        loader_information(const loader_information&) = delete;
        loader_information& operator=(const loader_information&) = delete;

        template <class Take>
        void for_each(Take&& take) const {
            for (const dynamic& entry : all) {
                if (entry.d_tag == DT_NULL)
                    break;
                take(static_cast<std::int64_t>(entry.d_tag), static_cast<std::uint64_t>(entry.d_un.d_val));
            }
        }

        /// The value of the last entry with a tag, which is the one the system's loader takes; 0 if there is
        /// none.
        std::uint64_t value(std::int64_t wanted) const {
            std::uint64_t end = 0;
            for_each([&](std::int64_t tag, std::uint64_t value) { end = tag == wanted ? value : end; });
            return end;
        }

        /// True if the library prefers its own symbols to those of others (`-Bsymbolic`).
        bool symbolic() const {
            bool has = false;
            for_each([&](std::int64_t tag, std::uint64_t value) {
                has = has || tag == DT_SYMBOLIC || (tag == DT_FLAGS && (value & DF_SYMBOLIC) != 0);
            });
            return has;
        }

        /// True if needed libraries are searched relative to this library ($ORIGIN).
        bool uses_own_folder() const {
            bool has = false;
            for_each([&](std::int64_t tag, std::uint64_t value) {
                if (tag != DT_RUNPATH && tag != DT_RPATH && tag != DT_NEEDED)
                    return;
                const std::string_view text = name(value);
                has = has || text.find("$ORIGIN") != text.npos || text.find("${ORIGIN}") != text.npos;
            });
            return has;
        }

        /// The name at an offset, cut off after `longest` characters; empty for an offset outside of the
        /// table.
        std::string_view name(std::uint64_t at, std::size_t longest = 4096) const {
            const std::string_view rest =
                names.substr(at < names.size() ? static_cast<std::size_t>(at) : names.size(), longest);
            return rest.substr(0, rest.find('\0'));
        }
    };

    /// Reads the dynamic section.
    void read(loader_information& into) const {
        constexpr std::uint64_t most =
            1024 * 1024; // room for 65,536 entries, each of which may have a name to search
        if (dynamic_.p_filesz > most)
            refuse("its dynamic section is too large: " + std::to_string(dynamic_.p_filesz) + " bytes");
        into.all = table<dynamic>(dynamic_.p_offset, dynamic_.p_filesz, "dynamic section");
        if (const std::uint64_t at = into.value(DT_STRTAB))
            into.names = part(offset_of(at), into.value(DT_STRSZ), "names of symbols", into.room);
    }

    /// Calls `take(number, name, symbol)` for each dynamic symbol. Names are cut off, because any number of
    /// symbols may share one name of megabytes.
    template <class Take>
    void for_each_symbol(const loader_information& information, Take&& take, std::size_t longest = 64) const {
        const std::uint64_t at = information.value(DT_SYMTAB);
        const entries<symbol> all =
            at ? table<symbol>(offset_of(at), number_of_symbols(information) * sizeof(symbol),
                               "dynamic symbols")
               : entries<symbol>();
        std::size_t number = 0;
        for (const symbol& entry : all) {
            if (entry.st_name >= information.names.size())
                refuse("the name of a symbol lies outside of its names");
            take(number++, information.name(entry.st_name, longest), entry);
        }
    }

    /// True if a relocation makes the system's loader look up one of these symbols, given by number. Symbols
    /// that the linker has bound are not looked up.
    bool looks_up(const loader_information& information, const std::vector<bool>& symbols) const {
        const bool with_addends = information.value(DT_PLTREL) == DT_RELA;
        return relocates<ElfW(Rela)>(information, DT_RELA, DT_RELASZ, symbols) ||
               relocates<ElfW(Rel)>(information, DT_REL, DT_RELSZ, symbols) ||
               (with_addends ? relocates<ElfW(Rela)>(information, DT_JMPREL, DT_PLTRELSZ, symbols)
                             : relocates<ElfW(Rel)>(information, DT_JMPREL, DT_PLTRELSZ, symbols));
    }

    /// True if there is a section of that name, or if section headers are missing, since then nobody knows.
    bool may_have_section(std::string_view name) const {
        const entries<section> all = sections();
        if (header_.e_shstrndx >= all.size())
            return true;
        std::string room;
        const section names = all[header_.e_shstrndx];
        const std::string_view text = part(names.sh_offset, names.sh_size, "names of sections", room);
        for (const section& section_header : all)
            if (const std::string_view rest =
                    text.substr(section_header.sh_name < text.size() ? section_header.sh_name : text.size(),
                                name.size() + 1);
                rest.size() > name.size() && rest.back() == '\0' && rest.substr(0, name.size()) == name)
                return true;
        return false;
    }

    /// Reads the properties that keep the library in memory. The library has to export a symbol, as one with
    /// plugins does.
    pins what_pins() const {
        constexpr std::size_t most = 1000, longest = 1024;
        loader_information information;
        read(information);
        pins result;
        result.nodelete = (information.value(DT_FLAGS_1) & DF_1_NODELETE) != 0;
        const auto look_at = [&](std::size_t, std::string_view name, const symbol& entry) {
            const bool defined = entry.st_shndx != SHN_UNDEF;
            // The binding is the upper half of st_info, in 32-bit and 64-bit files.
            if (defined && entry.st_info >> 4 == STB_GNU_UNIQUE && result.unique_symbols.size() < most)
                result.unique_symbols.emplace_back(name).append(name.size() == longest ? "..." : "");
            if (!defined && (name == "__cxa_thread_atexit" || name == "__cxa_thread_atexit_impl"))
                result.thread_local_destructors = true;
        };
        for_each_symbol(information, look_at, longest);
        return result;
    }

private:
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};
    // A sparse file may have any size. No real library has a table this large.
    static constexpr std::uint64_t most_bytes = 256 * 1024 * 1024;

    std::uint64_t size_of(const struct stat& status) const {
        if (!S_ISREG(status.st_mode))
            refuse("it is not a regular file");
        return static_cast<std::uint64_t>(status.st_size);
    }

    // Asked for only when needed: often everything lies in the first page.
    std::uint64_t size() const {
        if (size_ == unknown) {
            struct stat status;
            if (System::fstat(fd_, &status) != 0)
                throw error::system_call("look at", path_, errno);
            size_ = size_of(status);
        }
        return size_;
    }

    [[noreturn]] void refuse(const std::string& why) const { throw not_a_library(path_, why); }

    bool at_hand(std::uint64_t offset, std::uint64_t length) const {
        return offset <= page_.size() && length <= page_.size() - offset;
    }
    bool inside(std::uint64_t offset, std::uint64_t length) const {
        return at_hand(offset, length) || (offset <= size() && length <= size() - offset);
    }

    void read_headers() {
        std::size_t got = 0;
        while (got < sizeof first_) {
            const ssize_t more =
                System::pread(fd_, first_ + got, sizeof first_ - got, static_cast<off_t>(got));
            if (more < 0 && errno == EINTR)
                continue;
            if (more < 0) {
                const int reason = errno;
                size(); // where it is a folder or a pipe, says so
                throw error::system_call("read", path_, reason);
            }
            if (more == 0)
                break;
            got += static_cast<std::size_t>(more);
        }
        page_ = {first_, got};
        if (got < sizeof first_ && size() > got)
            refuse("it became shorter while it was being read");
        check_header();
        segments_ = table<segment>(header_.e_phoff, header_.e_phnum, header_.e_phentsize, "program headers");
        find_dynamic_section();
    }

    void read_into(char* into, std::size_t size, std::uint64_t offset) const {
        for (std::size_t done = 0; done < size;) {
            const ssize_t got =
                System::pread(fd_, into + done, size - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0)
                throw error::system_call("read", path_, errno);
            if (got == 0)
                refuse("it became shorter while it was being read");
            done += static_cast<std::size_t>(got);
        }
    }

    // Bytes of the file, as a view of the first page if they lie in it, else read into `room`.
    std::string_view part(std::uint64_t offset, std::uint64_t length, const char* part_name,
                          std::string& room) const {
        if (at_hand(offset, length))
            return page_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
        if (!inside(offset, length))
            refuse("its " + std::string(part_name) + " lie past its end: it is truncated");
        if (length > most_bytes)
            refuse("its " + std::string(part_name) + " are too large: " + std::to_string(length) + " bytes");
        room.resize(static_cast<std::size_t>(length));
        read_into(room.data(), room.size(), offset);
        return room;
    }

    template <class Entry>
    entries<Entry> table(std::uint64_t offset, std::uint64_t length, const char* part_name) const {
        std::string room;
        const std::string_view raw = part(offset, length, part_name, room);
        return raw.data() == room.data() ? entries<Entry>(std::move(room)) : entries<Entry>(raw);
    }

    template <class Entry>
    entries<Entry> table(std::uint64_t offset, std::uint64_t count, std::uint64_t entry_size,
                         const char* part_name) const {
        if (count != 0 && entry_size != sizeof(Entry))
            refuse("an entry of its " + std::string(part_name) + " has " + std::to_string(entry_size) +
                   " bytes, not " + std::to_string(sizeof(Entry)));
        return table<Entry>(offset, count * sizeof(Entry), part_name);
    }

    entries<section> sections() const {
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
            refuse("it is " + std::string(ours == ELFCLASS64 ? "not a 64-bit" : "not a 32-bit") +
                   " library, as this program is");
        if (header_.e_ident[EI_DATA] !=
            (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB))
            refuse("it is of the other byte order");
        if (header_.e_machine != machine())
            refuse("it is for another processor (ELF machine " + std::to_string(header_.e_machine) +
                   ", and this program is " + std::to_string(machine()) + ")");
        if (header_.e_type != ET_DYN)
            refuse(header_.e_type == ET_REL    ? "it is an object file, not linked yet: link it with -shared"
                   : header_.e_type == ET_EXEC ? "it is a program"
                                               : "its ELF type is " + std::to_string(header_.e_type));
        if (header_.e_phnum == PN_XNUM)
            refuse("it has " + std::to_string(PN_XNUM) + " program headers or more");
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

    void find_dynamic_section() {
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_DYNAMIC)
                dynamic_ = program_header;
        if (dynamic_.p_type != PT_DYNAMIC)
            refuse("it has no dynamic section");
        if (dynamic_.p_filesz < sizeof(dynamic) ||
            !loaded(dynamic_.p_offset, dynamic_.p_filesz, dynamic_.p_vaddr))
            refuse("its dynamic section is not in the part of it that is loaded: is it a file of debug "
                   "information?");
    }

    // True if loading maps this whole part of the file at that address.
    bool loaded(std::uint64_t offset, std::uint64_t size, std::uint64_t address) const {
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_LOAD && offset >= program_header.p_offset &&
                offset - program_header.p_offset <= program_header.p_filesz &&
                size <= program_header.p_filesz - (offset - program_header.p_offset) &&
                address - program_header.p_vaddr == offset - program_header.p_offset)
                return true;
        return false;
    }

    // The offset in the file of the bytes that loading maps at an address.
    std::uint64_t offset_of(std::uint64_t address) const {
        for (const segment& program_header : segments_)
            if (program_header.p_type == PT_LOAD && address >= program_header.p_vaddr &&
                address - program_header.p_vaddr < program_header.p_filesz)
                return program_header.p_offset + (address - program_header.p_vaddr);
        refuse("a table that its dynamic section names is not in the part of it that is loaded");
    }

    // The number of symbols is stated nowhere for the loader, and follows from the hash table.
    std::uint64_t number_of_symbols(const loader_information& information) const {
        constexpr std::uint64_t word = sizeof(std::uint32_t);
        if (const std::uint64_t at = information.value(DT_GNU_HASH)) {
            const std::uint64_t begin = offset_of(at);
            const entries<std::uint32_t> head = table<std::uint32_t>(begin, 4 * word, "hash table");
            const std::uint64_t buckets = begin + 4 * word + head[2] * std::uint64_t{sizeof(ElfW(Addr))};
            std::uint64_t last = 0;
            for (const std::uint32_t bucket : table<std::uint32_t>(buckets, head[0] * word, "hash table"))
                last = bucket > last ? bucket : last;
            // Those that it lacks come before the first that is hashed; of a library that has none, some
            // linkers do not say where that would be.
            return last < head[1] ? head[1]
                                  : end_of_chain(buckets + (std::uint64_t{head[0]} - head[1]) * word, last);
        }
        const std::uint64_t at = information.value(DT_HASH);
        return at ? table<std::uint32_t>(offset_of(at), 2 * word, "hash table")[1] : 0;
    }

    // The last symbol of a chain has an odd hash, and the last chain ends with the last symbol.
    std::uint64_t end_of_chain(std::uint64_t hashes, std::uint64_t symbol_number) const {
        constexpr std::uint64_t at_once = 256;
        for (;; symbol_number += at_once) {
            const std::uint64_t from = hashes + symbol_number * sizeof(std::uint32_t),
                                left = from < size() ? size() - from : 0;
            const std::uint64_t count =
                left / sizeof(std::uint32_t) < at_once ? left / sizeof(std::uint32_t) : at_once;
            if (count == 0)
                refuse("its hash table has no end: it is truncated");
            if (symbol_number > most_bytes / sizeof(symbol))
                refuse("its dynamic symbols are too many: more than " +
                       std::to_string(most_bytes / sizeof(symbol)));
            std::uint64_t end = symbol_number;
            for (const std::uint32_t hash :
                 table<std::uint32_t>(from, count * sizeof(std::uint32_t), "hash table")) {
                ++end;
                if (hash & 1)
                    return end;
            }
        }
    }

    template <class Relocation>
    bool relocates(const loader_information& information, std::int64_t where, std::int64_t size,
                   const std::vector<bool>& symbols) const {
        const std::uint64_t at = information.value(where);
        if (!at)
            return false;
        constexpr int symbol_in_info = sizeof(void*) == 8 ? 32 : 8;
        for (const Relocation& relocation :
             table<Relocation>(offset_of(at), information.value(size), "relocations"))
            if (const std::uint64_t number = relocation.r_info >> symbol_in_info;
                number < symbols.size() && symbols[number])
                return true;
        return false;
    }

    void keep(std::vector<note_range>& ranges, std::uint64_t& read, std::string_view owner,
              std::uint64_t offset, std::uint64_t size, std::uint64_t address) const {
        std::string room;
        const std::string_view notes = part(offset, size, "notes", room);
        // Bounded, because many segments may refer to one place of the file.
        constexpr std::uint64_t most = 16 * 1024 * 1024;
        if (size > most - read)
            refuse("its notes are too large: more than " + std::to_string(most) + " bytes");
        read += size;
        if (notes.find(owner) == notes.npos)
            return;
        if (!loaded(offset, size, address))
            throw malformed_note(path_, "it is not in the part of the file that is loaded");
        ranges.push_back({address, std::string(notes)});
    }

    int fd_;
    const std::string& path_;
    mutable std::uint64_t size_ = unknown;
    char first_[4096];
    std::string_view page_; // of which so much is there
    header header_{};
    entries<segment> segments_;
    segment dynamic_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
