// SPDX-License-Identifier: MIT
#ifndef TENON_MANIFEST_HPP
#define TENON_MANIFEST_HPP

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/path.hpp>
#include <tenon/posix.hpp>
#include <tenon/shape.hpp>

namespace tenon::inline v1 {
namespace detail {

// A run of tenon's notes: where it is in the file's memory image, and what the file says stands there.
struct note_range {
    std::uint64_t address;
    std::string_view bytes;
};

// Reads an ELF file of this machine's own kind, believing none of it.
template <class System>
class elf_reader {
public:
    using header = ElfW(Ehdr);
    using segment = ElfW(Phdr);
    using section = ElfW(Shdr);

    elf_reader(int fd, const std::string& path) : fd_(fd), path_(path) {
        struct stat status;
        if (System::fstat(fd, &status) != 0)
            throw error::system_call("look at", path, errno);
        if (!S_ISREG(status.st_mode))
            throw error::not_a_library(path, "it is not a regular file");
        size_ = static_cast<std::uint64_t>(status.st_size);
        page_.resize(static_cast<std::size_t>(size_ < 4096 ? size_ : 4096));
        read_into(page_.data(), page_.size(), 0);
        check_header();
        segments_ = table<segment>(header_.e_phoff, header_.e_phnum, header_.e_phentsize, "program headers");
        check_segments();
    }

    /// The notes of owner tenon: out of the segments of notes, or, where a tool has moved them, out of the sections.
    std::vector<std::string> notes(std::vector<std::uint64_t>& addresses) const {
        std::vector<std::string> found;
        for (const segment& each : segments_)
            if (each.p_type == PT_NOTE)
                keep(found, addresses, each.p_offset, each.p_filesz, each.p_vaddr);
        if (found.empty() && header_.e_shoff != 0)
            for (const section& each :
                 table<section>(header_.e_shoff, header_.e_shnum, header_.e_shentsize, "section headers"))
                if (each.sh_type == SHT_NOTE)
                    keep(found, addresses, each.sh_offset, each.sh_size, each.sh_addr);
        return found;
    }

private:
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

    std::string bytes(std::uint64_t offset, std::uint64_t size) const {
        if (offset + size <= page_.size())
            return page_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
        std::string all(static_cast<std::size_t>(size), '\0');
        read_into(all.data(), all.size(), offset);
        return all;
    }

    void check_header() {
        if (page_.size() < 4 || page_.compare(0, 4, "\177ELF") != 0)
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
        if (header_.e_shoff != 0 && header_.e_shentsize == sizeof(section) &&
            !inside(header_.e_shoff, std::uint64_t{header_.e_shnum} * sizeof(section)))
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

    template <class Entry>
    std::vector<Entry> table(std::uint64_t offset, std::uint64_t count, std::uint64_t entry_size, const char* what) const {
        if (count == 0)
            return {};
        if (entry_size != sizeof(Entry))
            refuse("an entry of its " + std::string(what) + " has " + std::to_string(entry_size) + " bytes, not " +
                   std::to_string(sizeof(Entry)));
        if (!inside(offset, count * sizeof(Entry)))
            refuse("its " + std::string(what) + " lie past its end: it is truncated");
        std::vector<Entry> entries(static_cast<std::size_t>(count));
        const std::string raw = bytes(offset, count * sizeof(Entry));
        std::memcpy(entries.data(), raw.data(), raw.size());
        return entries;
    }

    // The system's loader maps what the headers say, and dies of SIGBUS where the file is shorter.
    void check_segments() const {
        bool dynamic = false;
        for (const segment& each : segments_) {
            dynamic |= each.p_type == PT_DYNAMIC;
            if (each.p_type == PT_GNU_STACK || each.p_filesz == 0)
                continue;
            if (!inside(each.p_offset, each.p_filesz))
                refuse("a segment ends at byte " + std::to_string(std::uint64_t{each.p_offset} + each.p_filesz) +
                       " and the file at " + std::to_string(size_) + ": it is truncated");
            if (each.p_type == PT_LOAD && each.p_filesz > each.p_memsz)
                refuse("a segment is larger in the file than in memory");
        }
        if (!dynamic)
            refuse("it has no dynamic section");
    }

    void keep(std::vector<std::string>& found, std::vector<std::uint64_t>& addresses, std::uint64_t offset,
              std::uint64_t size, std::uint64_t address) const {
        if (size < 12 || size > 16 * 1024 * 1024 || !inside(offset, size))
            return;
        std::string notes = bytes(offset, size);
        if (notes.find(std::string_view("tenon\0", 6)) == notes.npos)
            return;
        found.push_back(std::move(notes));
        addresses.push_back(address);
    }

    int fd_;
    const std::string& path_;
    std::uint64_t size_ = 0;
    std::string page_;
    header header_{};
    std::vector<segment> segments_;
};

} // namespace detail

/// What a library file says of the plugins in it, read without running an instruction of it.
///
///     for (const auto& plugin : tenon::manifest("./libusers.so").plugins())
///         std::cout << plugin.type << ' ' << plugin.name << ' ' << plugin.version << '\n';   // userprovider passwd 1.2.0
///
/// The texts are views into the manifest and dangle once it goes. A library without plugins has none. Throws
/// `error` with `errc::not_a_library` for what the system's loader should not be given, and `errc::malformed_note` for notes
/// that tenon cannot have written.
class manifest {
public:
    struct plugin {
        std::string_view type, name, version, toolchain;
        detail::shape shape;
    };

    template <path_like P>
    explicit manifest(const P& path) : manifest(opened<detail::posix>(detail::native(path))) {}

    /// Reads an open file; the path is for messages.
    template <class System = detail::posix>
    static manifest of(int fd, const std::string& path) {
        manifest made;
        std::vector<std::uint64_t> addresses;
        made.storage_ = detail::elf_reader<System>(fd, path).notes(addresses);
        for (std::size_t i = 0; i < made.storage_.size(); ++i)
            made.ranges_.push_back({addresses[i], made.storage_[i]});
        made.read_notes(path);
        return made;
    }

    manifest(manifest&&) = default;
    manifest& operator=(manifest&&) = default;

    const std::vector<plugin>& plugins() const noexcept { return plugins_; }

    /// Where the notes are in the library's memory, and what stood there in the file.
    const std::vector<detail::note_range>& ranges() const noexcept { return ranges_; }

private:
    manifest() = default;

    template <class System>
    static manifest opened(const std::string& path) {
        struct closing {
            int fd;
            ~closing() { System::close(fd); }
        } file{System::open(path.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK)};
        if (file.fd < 0)
            throw error::system_call("open", path, errno);
        return of<System>(file.fd, path);
    }

    struct keyed {
        std::uint32_t low, high;
        detail::shape shape;
    };

    static bool take_owner(std::string_view& rest, std::string_view& description, std::uint32_t& kind, bool& ours) {
        if (rest.size() < 12)
            return false;
        std::uint32_t words[3];
        std::memcpy(words, rest.data(), sizeof words);
        const auto padded = [](std::uint64_t size) { return (size + 3) / 4 * 4; };
        const std::uint64_t name_end = 12 + padded(words[0]), end = name_end + words[1];
        if (end > rest.size())
            return false;
        ours = words[0] == 6 && rest.compare(12, 6, std::string_view("tenon\0", 6)) == 0;
        description = rest.substr(static_cast<std::size_t>(name_end), words[1]);
        kind = words[2];
        rest.remove_prefix(static_cast<std::size_t>(padded(end) < rest.size() ? padded(end) : rest.size()));
        return true;
    }

    // A plugin's slots can be read only once its methods are known, so its notes wait.
    struct waiting {
        std::uint32_t low, high;
        detail::note_reader rest;
    };

    void read_notes(const std::string& path) {
        std::vector<keyed> shapes;
        std::vector<waiting> found;
        for (const detail::note_range& range : ranges_) {
            std::string_view rest = range.bytes, description;
            std::uint32_t kind = 0;
            bool ours = false;
            while (take_owner(rest, description, kind, ours)) {
                if (!ours)
                    continue;
                detail::note_reader reader(description);
                if (kind == static_cast<std::uint32_t>(detail::note_kind::plugin)) {
                    const auto format = reader.word<std::uint32_t>();
                    if (!reader.failed() && format != detail::note_format)
                        throw error::other_format(path, format, detail::note_format);
                    const auto low = reader.word<std::uint32_t>(), high = reader.word<std::uint32_t>();
                    found.push_back({low, high, reader});
                    continue;
                }
                const auto low = reader.word<std::uint32_t>(), high = reader.word<std::uint32_t>();
                if (reader.failed() || kind < 1 || kind > 4)
                    throw error::malformed_note(path, "a note of kind " + std::to_string(kind) + " has " +
                                                          std::to_string(description.size()) + " bytes");
                if (!detail::add_note(shape_of(shapes, low, high), static_cast<detail::note_kind>(kind), reader))
                    throw error::malformed_note(path, "two notes about one interface contradict each other, or one is damaged");
            }
        }
        for (waiting& each : found)
            read_plugin(path, shapes, each);
    }

    void read_plugin(const std::string& path, std::vector<keyed>& shapes, waiting& note) {
        plugin read;
        read.shape = shape_of(shapes, note.low, note.high);
        const auto slots = note.rest.word<std::uint32_t>();
        if (slots != read.shape.methods.size() + 1 || !detail::add_slots(read.shape, note.rest, slots))
            throw error::malformed_note(path, "a plugin's note does not go with its methods' notes");
        read.type = note.rest.text();
        read.name = note.rest.text();
        read.version = note.rest.text();
        read.toolchain = note.rest.text();
        bool sound = !note.rest.failed() && detail::well_named(read.type) && detail::well_named(read.name) &&
                     !read.version.empty() && !read.shape.interface.empty();
        for (const char c : read.version)
            sound = sound && c > ' ' && c <= '~';
        for (const detail::shape::method& method : read.shape.methods)
            sound = sound && !method.name.empty();
        if (!sound)
            throw error::malformed_note(path, "a plugin's note is damaged");
        for (const plugin& other : plugins_)
            if (other.type == read.type && other.name == read.name)
                throw error::two_plugins(path, read.type, read.name, other.version, read.version);
        plugins_.push_back(std::move(read));
    }

    static detail::shape& shape_of(std::vector<keyed>& shapes, std::uint32_t low, std::uint32_t high) {
        for (keyed& each : shapes)
            if (each.low == low && each.high == high)
                return each.shape;
        shapes.push_back({low, high, {}});
        return shapes.back().shape;
    }

    std::vector<std::string> storage_; // never grows once views of it exist
    std::vector<detail::note_range> ranges_;
    std::vector<plugin> plugins_;
};

} // namespace tenon::inline v1

#endif
