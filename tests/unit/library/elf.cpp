// SPDX-License-Identifier: MIT
#include <tenon/detail/library/elf.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "compiled.hpp"
#include "notes.hpp"

using tenon::detail::elf_note;
using tenon::detail::elf_reader;
using tenon::detail::note_range;
using tenon::detail::pins;
using tests::refusal;

namespace {

using header = ElfW(Ehdr);
using segment = ElfW(Phdr);
using section = ElfW(Shdr);

constexpr std::string_view owner{"tenon", 6};

/// The bytes of a plugin with names for some of its fields, to be damaged.
struct image {
    std::string bytes;

    template <class T>
    T& at(std::uint64_t offset) {
        return *reinterpret_cast<T*>(bytes.data() + offset);
    }
    header& head() { return at<header>(0); }
    segment& segment_of(std::uint32_t type, int which = 0) {
        for (unsigned i = 0; i < head().e_phnum; ++i)
            if (auto& each = at<segment>(head().e_phoff + i * sizeof(segment));
                each.p_type == type && which-- == 0)
                return each;
        throw std::runtime_error("no such segment");
    }
    section& section_of(std::uint32_t type) {
        for (unsigned i = 0; i < head().e_shnum; ++i)
            if (auto& each = at<section>(head().e_shoff + i * sizeof(section)); each.sh_type == type)
                return each;
        throw std::runtime_error("no such section");
    }
    ElfW(Dyn) & dynamic_of(std::int64_t tag) {
        for (std::uint64_t at_entry = segment_of(PT_DYNAMIC).p_offset;; at_entry += sizeof(ElfW(Dyn)))
            if (auto& each = at<ElfW(Dyn)>(at_entry); each.d_tag == tag)
                return each;
            else if (each.d_tag == DT_NULL)
                throw std::runtime_error("no such entry");
    }
    /// Puts bytes behind the others, into the last segment that is loaded, and returns their address there.
    std::uint64_t load(std::string_view more) {
        segment* last = nullptr;
        for (unsigned i = 0; i < head().e_phnum; ++i)
            if (auto& each = at<segment>(head().e_phoff + i * sizeof(segment)); each.p_type == PT_LOAD)
                last = &each;
        const std::uint64_t offset = bytes.size() - last->p_offset, address = last->p_vaddr + offset;
        last->p_filesz = last->p_memsz = offset + more.size();
        bytes.append(more);
        return address;
    }
    /// The symbols that the system's loader is told of become `count` times the same one, each of that name.
    void replace_symbols(std::uint32_t count, const ElfW(Sym) & symbol, std::string_view name) {
        const std::uint32_t hash_table[] = {0, count};
        std::string symbols;
        for (std::uint32_t i = 0; i < count; ++i)
            symbols.append(reinterpret_cast<const char*>(&symbol), sizeof symbol);
        const std::uint64_t hashes = load({reinterpret_cast<const char*>(hash_table), sizeof hash_table}),
                            table = load(symbols), names = load(name);
        dynamic_of(DT_GNU_HASH) = {DT_HASH, {hashes}};
        dynamic_of(DT_SYMTAB).d_un.d_val = table;
        dynamic_of(DT_STRTAB).d_un.d_val = names;
        dynamic_of(DT_STRSZ).d_un.d_val = name.size();
    }
    /// The segment of notes that tenon's are in.
    segment& notes() {
        for (int i = 0;; ++i) {
            segment& each = segment_of(PT_NOTE, i);
            if (std::string_view(bytes).substr(each.p_offset, each.p_filesz).find(owner) !=
                std::string_view::npos)
                return each;
        }
    }
};

const image& tiny() {
    static const image one = [] {
        const tests::scratch_directory scratch;
        return image{tests::read(tests::compiled(scratch / "tiny.so", tests::tiny))};
    }();
    return one;
}

/// A file without a name.
struct file {
    explicit file(std::string_view bytes) : fd(::memfd_create("test", 0)) { fill(bytes); }
    file(const file&) = delete;
    ~file() { ::close(fd); }

    void fill(std::string_view bytes) const {
        if (::ftruncate(fd, 0) != 0 ||
            ::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
            throw std::runtime_error("cannot write to memory");
    }

    int fd;
};

const std::string path = "x.so";

template <class System = tenon::detail::posix>
std::vector<note_range> notes(const std::string& bytes) {
    const file one(bytes);
    const elf_reader<System> reader(one.fd, path);
    reader.require_loadable();
    return reader.notes(owner);
}

template <class System = tenon::detail::posix>
pins what_pins(const std::string& bytes) {
    const file one(bytes);
    return elf_reader<System>(one.fd, path).what_pins();
}

/// Why the file is refused, without the beginning that is always the same.
std::string refused(const std::string& bytes) {
    const std::string text = refusal([&] { notes(bytes); }),
                      begin = "'x.so' is not a library that this program can load: ";
    return text.compare(0, begin.size(), begin) == 0 ? text.substr(begin.size()) : text;
}

/// The same numbers in every run.
struct numbers {
    std::uint64_t state = 88172645463325252u;
    std::size_t below(std::size_t end) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<std::size_t>(state % end);
    }
};

pins pins_of(const std::string& source, std::vector<std::string> flags = {},
             const std::string& compiler = tests::compilers().front()) {
    const tests::scratch_directory scratch;
    tests::write(scratch / "pinned.cpp", source);
    return what_pins(tests::read(
        tests::compiled(scratch / "pinned.so", scratch / "pinned.cpp", std::move(flags), compiler)));
}

/// The names of all symbols in their order, and whether relocations look up symbol `number`.
std::pair<std::string, bool> read_information(const elf_reader<>& reader, std::size_t number = 1) {
    elf_reader<>::loader_information information;
    reader.read(information);
    std::pair<std::string, bool> found;
    reader.for_each_symbol(information, [&](std::size_t, std::string_view name, const ElfW(Sym)&) {
        found.first.append(name) += ' ';
    });
    std::vector<bool> symbols(number + 1);
    symbols[number] = true;
    found.second = reader.looks_up(information, symbols);
    return found;
}
std::string symbols_of(const std::string& bytes) {
    const file one(bytes);
    return read_information({one.fd, path}).first;
}
std::string symbols_refused(const std::string& bytes) {
    return refusal([&] { symbols_of(bytes); });
}

/// Links a library of its own for each set of flags.
std::string linked(const std::string& source, std::vector<std::string> flags) {
    const tests::scratch_directory scratch;
    tests::write(scratch / "linked.cpp", source);
    return tests::read(tests::compiled(scratch / "linked.so", scratch / "linked.cpp", std::move(flags)));
}

} // namespace

TEST_CASE("notes are found with their address in memory and their bytes", "[elf]") {
    image library = tiny();
    const auto found = notes(library.bytes);
    REQUIRE(found.size() == 1);
    CHECK(found[0].address == library.notes().p_vaddr);
    CHECK(found[0].bytes == library.bytes.substr(library.notes().p_offset, library.notes().p_filesz));
}

TEST_CASE("notes are taken off a run one after the other, zeros between them or not", "[elf]") {
    const std::string run("\6\0\0\0\3\0\0\0\7\0\0\0tenon\0\0\0abc\0"
                          "\0\0\0\0"
                          "\4\0\0\0\4\0\0\0\1\0\0\0GNU\0wxyz",
                          24 + 4 + 20);
    std::string_view rest = run;
    elf_note note;
    REQUIRE(take_note(rest, note));
    CHECK(note.owner == owner);
    CHECK(note.kind == 7);
    CHECK(note.description == "abc");
    REQUIRE(take_note(rest, note));
    CHECK(note.owner == std::string_view("GNU\0", 4));
    CHECK(note.kind == 1);
    CHECK(note.description == "wxyz");
    CHECK(!take_note(rest, note));
    CHECK(rest.empty());
}

TEST_CASE("what is no note is not taken, however large it says that it is", "[elf]") {
    elf_note note;
    for (const std::string_view run : {std::string_view("\4\0\0\0\5\0\0\0\1\0\0\0GNU\0wxyz", 20),
                                       std::string_view("\377\377\377\377\4\0\0\0\1\0\0\0GNU\0wxyz", 20),
                                       std::string_view("\4\0\0\0\377\377\377\377\1\0\0\0GNU\0wxyz", 20),
                                       std::string_view("\4\0\0\0\4\0\0", 7), std::string_view()}) {
        std::string_view rest = run;
        CHECK(!take_note(rest, note));
        CHECK(rest == run);
    }
    const std::string zeros(40, '\0');
    std::string_view rest = zeros;
    CHECK(!take_note(rest, note));
}

TEST_CASE("a file that is truncated anywhere is refused", "[elf]") {
    const std::string& whole = tiny().bytes;
    const file shrinking(whole);
    std::size_t missed = 0;
    for (std::size_t size = whole.size(); size-- > 0;) {
        if (::ftruncate(shrinking.fd, static_cast<off_t>(size)) != 0)
            FAIL("cannot truncate");
        try {
            elf_reader<>(shrinking.fd, path).require_loadable();
            ++missed;
        } catch (const tenon::error& e) {
            missed += e.code() != tenon::errc::not_a_library;
        }
    }
    CHECK(missed == 0);
    CHECK(refused("") == "it is empty");
    CHECK(refused(whole.substr(0, 3)) == "it does not begin as an ELF file does");
    CHECK(refused(whole.substr(0, 40)) == "it ends within the ELF header: it is truncated");
    CHECK(refused(whole.substr(0, whole.size() - 1)) ==
          "its section headers lie past its end: it is truncated");
    image without_sections = tiny();
    without_sections.head().e_shoff = 0;
    CHECK(refused(without_sections.bytes.substr(0, 80)) ==
          "its program headers lie past its end: it is truncated");
    const segment& last = without_sections.segment_of(PT_LOAD, 3);
    CHECK(refused(without_sections.bytes.substr(0, last.p_offset + 1)) ==
          "a segment of " + std::to_string(last.p_filesz) + " bytes begins at byte " +
              std::to_string(last.p_offset) + " and the file ends at byte " +
              std::to_string(last.p_offset + 1) + ": it is truncated");
}

TEST_CASE("a file of another kind says of which", "[elf]") {
    CHECK(refused("#!/bin/sh\n") == "it does not begin as an ELF file does");

    image other = tiny();
    other.head().e_ident[EI_CLASS] = ELFCLASS32;
    CHECK(refused(other.bytes) == "it is not a 64-bit library, as this program is");

    other = tiny();
    other.head().e_ident[EI_DATA] = ELFDATA2MSB;
    CHECK(refused(other.bytes) == "it is of the other byte order");

    other = tiny();
    const std::string here = std::to_string(other.head().e_machine);
    other.head().e_machine = 8;
    CHECK(refused(other.bytes) ==
          "it is for another processor (ELF machine 8, and this program is " + here + ")");

    other = tiny();
    other.head().e_type = ET_REL;
    CHECK(refused(other.bytes) == "it is an object file, not linked yet: link it with -shared");
    other.head().e_type = ET_EXEC;
    CHECK(refused(other.bytes) == "it is a program");
    other.head().e_type = ET_CORE;
    CHECK(refused(other.bytes) == "its ELF type is 4");
}

TEST_CASE("headers that would make the system's loader crash are refused", "[elf]") {
    image bad = tiny();
    bad.head().e_phnum = 0xffff;
    CHECK(refused(bad.bytes) == "it has 65535 program headers or more");

    bad = tiny();
    bad.head().e_phentsize = 32;
    CHECK(refused(bad.bytes) == "an entry of its program headers has 32 bytes, not 56");

    bad = tiny();
    bad.head().e_phoff = ~std::uint64_t{7};
    CHECK(refused(bad.bytes) == "its program headers lie past its end: it is truncated");

    bad = tiny();
    bad.segment_of(PT_DYNAMIC).p_type = PT_NULL;
    CHECK(refused(bad.bytes) == "it has no dynamic section");

    bad = tiny();
    bad.segment_of(PT_LOAD, 1).p_memsz = bad.segment_of(PT_LOAD, 1).p_filesz - 1;
    CHECK(refused(bad.bytes) == "a segment is larger in the file than in memory");

    bad = tiny();
    bad.segment_of(PT_LOAD, 1).p_align = 0x3000;
    CHECK(refused(bad.bytes) == "a segment's alignment is 12288, which is no power of two");

    bad = tiny();
    bad.segment_of(PT_LOAD, 1).p_vaddr = ~std::uint64_t{0xfff};
    CHECK(refused(bad.bytes) == "a segment ends past the end of all memory");
    bad = tiny();
    bad.segment_of(PT_LOAD, 3).p_memsz = ~std::uint64_t{0};
    CHECK(refused(bad.bytes) == "a segment ends past the end of all memory");

    bad = tiny();
    std::swap(bad.segment_of(PT_LOAD, 1), bad.segment_of(PT_LOAD, 2));
    CHECK(refused(bad.bytes) == "its segments overlap in memory, or are not in order");
    bad = tiny();
    bad.segment_of(PT_LOAD, 0).p_memsz = 0x100000;
    CHECK(refused(bad.bytes) == "its segments overlap in memory, or are not in order");

    const std::string elsewhere =
        "its dynamic section is not in the part of it that is loaded: is it a file of debug information?";
    bad = tiny();
    bad.segment_of(PT_DYNAMIC).p_vaddr += 0x100000;
    CHECK(refused(bad.bytes) == elsewhere);
    bad = tiny();
    bad.segment_of(PT_DYNAMIC).p_filesz = 0;
    CHECK(refused(bad.bytes) == elsewhere);
    bad = tiny();
    bad.segment_of(PT_DYNAMIC).p_offset = ~std::uint64_t{0} - 100;
    CHECK(refused(bad.bytes) == elsewhere);
}

TEST_CASE("notes that are not where memory will have them are refused", "[elf]") {
    const std::string text =
        "the manifest in 'x.so' is damaged: it is not in the part of the file that is loaded; "
        "compile the library again";
    image moved = tiny();
    moved.notes().p_vaddr += 16;
    CHECK(refused(moved.bytes) == text);

    image appended = tiny();
    segment& notes = appended.notes();
    appended.bytes.append(appended.bytes.substr(notes.p_offset, notes.p_filesz));
    appended.notes().p_offset = appended.bytes.size() - appended.notes().p_filesz;
    CHECK(refused(appended.bytes) == text);

    image past_the_end = tiny();
    past_the_end.notes().p_filesz = past_the_end.bytes.size();
    CHECK_THAT(refused(past_the_end.bytes), Catch::Matchers::EndsWith("it is truncated"));
}

TEST_CASE("notes that no segment holds are found through the sections", "[elf]") {
    image library = tiny();
    const auto expected = notes(library.bytes);
    for (int i = 0; i < 8; ++i)
        try {
            library.segment_of(PT_NOTE).p_type = PT_NULL;
        } catch (const std::runtime_error&) {
            break;
        }
    const auto found = notes(library.bytes);
    REQUIRE(found.size() == 1);
    CHECK(expected[0].bytes.find(found[0].bytes) != std::string::npos);

    section& of_notes = library.section_of(SHT_NOTE);
    of_notes.sh_size = ~std::uint64_t{0} / 2;
    CHECK(refused(library.bytes) == "its notes lie past its end: it is truncated");
    library.head().e_shoff = 0;
    CHECK(notes(library.bytes).empty());
}

TEST_CASE("notes are not kept as often as a file says that they are there", "[elf]") {
    std::string library = tests::library_of(std::string(100'000, '\0').append(tests::note(7, "")));
    header head;
    std::memcpy(&head, library.data(), sizeof head);
    const std::string segment_of_notes = library.substr(head.e_phoff + 2 * sizeof(segment), sizeof(segment));
    const auto with = [&](unsigned times) {
        std::string all = library, table = library.substr(head.e_phoff, 2 * sizeof(segment));
        for (unsigned i = 0; i < times; ++i)
            table += segment_of_notes;
        header changed = head;
        changed.e_phoff = all.size();
        changed.e_phnum = static_cast<decltype(changed.e_phnum)>(2 + times);
        std::memcpy(all.data(), &changed, sizeof changed);
        return all + table;
    };
    CHECK(notes(with(160)).size() == 160);
    CHECK(refused(with(200)) == "its notes are too large: more than 16777216 bytes");
    CHECK(refused(with(60'000)) == "its notes are too large: more than 16777216 bytes");
}

TEST_CASE("what lies in the first page is found by one read and nothing else", "[elf]") {
    static int reads, looks;
    reads = looks = 0;
    struct counting : tenon::detail::posix {
        static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
            ++reads;
            return posix::pread(fd, into, size, at);
        }
        static int fstat(int fd, struct stat* into) noexcept {
            ++looks;
            return posix::fstat(fd, into);
        }
    };
    const file one(tiny().bytes);
    CHECK(elf_reader<counting>(one.fd, path).notes(owner).size() == 1);
    CHECK(reads == 1);
    CHECK(looks == 0);
}

TEST_CASE("a file of holes is not read into memory", "[elf]") {
    image sparse = tiny();
    sparse.dynamic_of(DT_STRSZ).d_un.d_val = std::uint64_t{1} << 40;
    const file one(sparse.bytes);
    if (::ftruncate(one.fd, off_t{1} << 41) != 0)
        FAIL("cannot make holes");
    CHECK(refusal([&] { elf_reader<>(one.fd, path).what_pins(); }) ==
          "'x.so' is not a library that this program can load: its names of symbols are too large: "
          "1099511627776 bytes");
}

TEST_CASE("whatever stands in a file, there is an answer or an error", "[elf]") {
    const image& whole = tiny();
    const file damaged(whole.bytes);
    int answers = 0, errors = 0;
    const auto read = [&] {
        try {
            const elf_reader<> reader(damaged.fd, path);
            reader.notes(owner);
            reader.what_pins();
            read_information(reader);
            ++answers;
        } catch (const tenon::error&) {
            ++errors;
        }
    };
    const auto put = [&](std::size_t at, char value) {
        if (::pwrite(damaged.fd, &value, 1, static_cast<off_t>(at)) != 1)
            throw std::runtime_error("cannot write");
    };
    image plain = whole;
    const std::size_t headers = plain.head().e_phoff + plain.head().e_phnum * sizeof(segment);
    for (std::size_t at = 0; at < headers; ++at)
        for (const int change : {1, 0x80, 0xff}) {
            put(at, static_cast<char>(whole.bytes[at] ^ change));
            read();
            put(at, whole.bytes[at]);
        }
    numbers random;
    for (int round = 0; round < 4000; ++round) {
        damaged.fill(whole.bytes);
        for (std::size_t i = 0, n = 1 + random.below(8); i < n; ++i) {
            // Mostly where the reader looks: the headers at both ends, and the tables that they lead to.
            const std::size_t at =
                random.below(3) == 0 ? random.below(whole.bytes.size())
                : random.below(2) == 0
                    ? random.below(headers)
                    : plain.head().e_shoff + random.below(whole.bytes.size() - plain.head().e_shoff);
            put(at, static_cast<char>(random.below(256)));
        }
        read();
    }
    CHECK(answers > 100);
    CHECK(errors > 100);
}

TEST_CASE("what the operating system refuses is said in its words", "[elf]") {
    struct no_status : tenon::detail::posix {
        static int fstat(int, struct stat*) noexcept {
            errno = EIO;
            return -1;
        }
    };
    CHECK(refusal([] { notes<no_status>(tiny().bytes); }) == "cannot look at 'x.so': Input/output error");

    struct no_reading : tenon::detail::posix {
        static ssize_t pread(int, void*, size_t, off_t) noexcept {
            errno = EISDIR;
            return -1;
        }
    };
    CHECK(refusal([] { notes<no_reading>(tiny().bytes); }) == "cannot read 'x.so': Is a directory");

    struct shrinking : tenon::detail::posix {
        static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
            return at == 0 ? posix::pread(fd, into, size < 100 ? size : 100, at) : 0;
        }
    };
    CHECK(refusal([] { notes<shrinking>(tiny().bytes); }) ==
          "'x.so' is not a library that this program can load: it became shorter while it was being read");
}

TEST_CASE("reads that are interrupted, or give a few bytes at a time, go on", "[elf]") {
    struct slow : tenon::detail::posix {
        static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
            static bool interrupted = false;
            if ((interrupted = !interrupted)) {
                errno = EINTR;
                return -1;
            }
            return posix::pread(fd, into, size < 7 ? size : 7, at);
        }
    };
    const auto slowly = notes<slow>(tiny().bytes), at_once = notes(tiny().bytes);
    REQUIRE(slowly.size() == 1);
    CHECK(slowly[0].bytes == at_once[0].bytes);
    CHECK(what_pins<slow>(tiny().bytes).unique_symbols.empty());
}

TEST_CASE("a library whose notes are in its first page is read in one piece", "[elf]") {
    static int reads;
    reads = 0;
    struct counting : tenon::detail::posix {
        static ssize_t pread(int fd, void* into, size_t size, off_t at) noexcept {
            ++reads;
            return posix::pread(fd, into, size, at);
        }
    };
    CHECK(notes<counting>(tiny().bytes).size() == 1);
    CHECK(reads == 1);
}

TEST_CASE("a library says what will keep it in memory", "[elf]") {
    const pins none = pins_of("int f() { return 1; }");
    CHECK(none.unique_symbols.empty());
    CHECK(!none.thread_local_destructors);
    CHECK(!none.nodelete);

    const std::string singleton = "inline int& one() { static int value; return value; }\n"
                                  "__attribute__((visibility(\"default\"))) int& two() { return one(); }\n";
    CHECK(pins_of(singleton).unique_symbols.empty()); // hidden, as plugins are compiled
    if (const std::string gxx = TENON_GXX; gxx.empty()) {
        WARN("g++, which alone makes unique symbols, is absent, and not tested");
    } else {
        CHECK(pins_of(singleton, {"-fvisibility=default"}, gxx).unique_symbols ==
              std::vector<std::string>{"_ZZ3onevE5value"});
        CHECK(pins_of(singleton, {"-fvisibility=default", "-fno-gnu-unique"}, gxx).unique_symbols.empty());
    }

    const std::string thread_local_object = "struct counted { ~counted(); };\ncounted::~counted() {}\n"
                                            "__attribute__((visibility(\"default\"))) int f() { static "
                                            "thread_local counted one; return &one != nullptr; }\n";
    for (const std::string& compiler : tests::compilers())
        CHECK(pins_of(thread_local_object, {}, compiler).thread_local_destructors);
    CHECK(!pins_of("__attribute__((visibility(\"default\"))) int f() { static thread_local int one; return "
                   "++one; }")
               .thread_local_destructors);

    CHECK(pins_of("int f() { return 1; }", {"-Wl,-z,nodelete"}).nodelete);
}

TEST_CASE("of symbols that keep a library in memory as many are named, and as much of each, as can be read",
          "[elf]") {
    image library = tiny();
    ElfW(Sym) unique{};
    unique.st_info = STB_GNU_UNIQUE << 4;
    unique.st_shndx = 1;
    library.replace_symbols(2000, unique, std::string(5000, 'n') + '\0');
    const auto named = what_pins(library.bytes).unique_symbols;
    CHECK(named.size() == 1000);
    CHECK(named.at(0) == std::string(1024, 'n') + "...");
}

TEST_CASE("symbols that lie outside of their tables are refused", "[elf]") {
    image bad = tiny();
    bad.replace_symbols(1, {}, "");
    const std::uint32_t too_many = 0x100000;
    bad.dynamic_of(DT_HASH).d_un.d_val = bad.load({reinterpret_cast<const char*>(&too_many), 4}) - 4;
    CHECK(refusal([&] { what_pins(bad.bytes); }) == "'x.so' is not a library that this program can load: its "
                                                    "dynamic symbols lie past its end: it is truncated");

    bad = tiny();
    bad.at<ElfW(Sym)>(bad.section_of(SHT_DYNSYM).sh_offset + sizeof(ElfW(Sym))).st_name = 0x7fffffff;
    CHECK(
        refusal([&] { what_pins(bad.bytes); }) ==
        "'x.so' is not a library that this program can load: the name of a symbol lies outside of its names");
}

TEST_CASE("the symbols of a library are those that the system's loader has, by whichever table, and without "
          "section headers",
          "[elf]") {
    const std::string source =
        "extern \"C\" { void lacking(); __attribute__((visibility(\"default\"))) void first() { lacking(); "
        "}\n"
        "__attribute__((visibility(\"default\"))) void second() { first(); } void hidden() {} }\n";
    for (const char* table : {"-Wl,--hash-style=gnu", "-Wl,--hash-style=sysv", "-Wl,--hash-style=both"}) {
        CAPTURE(table);
        const std::string bytes = linked(source, {table});
        const std::string names = symbols_of(bytes);
        for (const char* name : {" lacking ", " first ", " second "})
            CHECK(names.find(name) != names.npos);
        CHECK(names.find("hidden") == names.npos);
        image stripped{bytes};
        stripped.head().e_shoff = stripped.head().e_shnum = stripped.head().e_shstrndx = 0;
        CHECK(symbols_of(stripped.bytes) == names);
    }
    CHECK(symbols_of(linked("void f() {}", {"-nostdlib"})) == " ");
}

TEST_CASE("a symbol is looked up unless the linker has bound it", "[elf]") {
    const std::string source =
        "extern \"C\" { __attribute__((visibility(\"default\"), noinline)) void first() { asm(\"\"); }\n"
        "__attribute__((visibility(\"default\"))) void second() { first(); first(); } }\n";
    const auto looked_up = [&](std::vector<std::string> flags) {
        const file one(linked(source, std::move(flags)));
        const elf_reader<> reader(one.fd, path);
        elf_reader<>::loader_information information;
        reader.read(information);
        std::vector<bool> symbols;
        reader.for_each_symbol(information, [&](std::size_t, std::string_view name, const ElfW(Sym)&) {
            symbols.push_back(name == "first");
        });
        return std::pair(reader.looks_up(information, symbols), information.symbolic());
    };
    CHECK(looked_up({"-fsemantic-interposition"}) == std::pair(true, false));
    CHECK(looked_up({"-fsemantic-interposition", "-fno-plt"}) == std::pair(true, false));
    CHECK(looked_up({"-Wl,-Bsymbolic-functions"}) == std::pair(false, false));
    CHECK(looked_up({"-Wl,-Bsymbolic", "-fuse-ld=bfd"}) == std::pair(false, true));
}

TEST_CASE("whether a library looks for others beside itself is known", "[elf]") {
    const auto beside = [](std::vector<std::string> flags) {
        const file one(linked("void f() {}", std::move(flags)));
        const elf_reader<> reader(one.fd, path);
        elf_reader<>::loader_information information;
        reader.read(information);
        return information.uses_own_folder();
    };
    CHECK(beside({"-Wl,-rpath,$ORIGIN/../lib"}));
    CHECK(beside({"-Wl,-rpath,/opt:${ORIGIN}", "-Wl,--enable-new-dtags"}));
    CHECK(beside({"-Wl,-rpath,$ORIGIN", "-Wl,--disable-new-dtags"}));
    CHECK_FALSE(beside({"-Wl,-rpath,/opt"}));
    CHECK_FALSE(beside({}));
}

TEST_CASE("tables for the system's loader that lie elsewhere, or have no end, are refused", "[elf]") {
    const std::string begin = "'x.so' is not a library that this program can load: ";
    const auto with = [](std::int64_t tag, std::uint64_t value) {
        image bad = tiny();
        bad.dynamic_of(tag).d_un.d_val = static_cast<decltype(ElfW(Dyn){}.d_un.d_val)>(value);
        return bad.bytes;
    };
    for (const std::int64_t tag :
         {std::int64_t{DT_SYMTAB}, std::int64_t{DT_STRTAB}, std::int64_t{DT_GNU_HASH}})
        CHECK(symbols_refused(with(tag, 0x7fffffff)) ==
              begin + "a table that its dynamic section names is not in the part of it that is loaded");
    CHECK(symbols_refused(with(DT_STRSZ, 0x7fffffff)) ==
          begin + "its names of symbols lie past its end: it is truncated");
    CHECK(symbols_refused(with(DT_STRSZ, 1)) == begin + "the name of a symbol lies outside of its names");

    image large = tiny();
    constexpr std::size_t many_bytes = 2 * 1024 * 1024;
    const std::uint64_t behind = large.bytes.size(), address = large.load(std::string(many_bytes, 'x'));
    segment& dynamic = large.segment_of(PT_DYNAMIC);
    dynamic.p_offset = behind;
    dynamic.p_vaddr = address;
    dynamic.p_filesz = many_bytes;
    CHECK(symbols_refused(large.bytes) == begin + "its dynamic section is too large: 2097152 bytes");

    image endless = tiny();
    auto* const words = &endless.at<std::uint32_t>(endless.section_of(SHT_GNU_HASH).sh_offset);
    words[0] = words[1] = words[2] =
        1; // buckets, the first symbol that is found by one, and the words of a filter before them
    auto& first_in_bucket = words[4 + sizeof(ElfW(Addr)) / sizeof(std::uint32_t)];
    first_in_bucket = 0x10000000;
    CHECK(symbols_refused(endless.bytes) == begin + "its hash table has no end: it is truncated");

    first_in_bucket = 1'000'000; // in the hole, where no hash ends a chain
    const file holes(endless.bytes);
    if (::ftruncate(holes.fd, off_t{1} << 41) != 0)
        FAIL("cannot make holes");
    constexpr std::size_t most = 256 * 1024 * 1024 / sizeof(ElfW(Sym));
    CHECK(refusal([&] { read_information({holes.fd, path}); }) ==
          begin + "its dynamic symbols are too many: more than " + std::to_string(most));
}

TEST_CASE("a library's section is found by its whole name, and one without section headers may have any",
          "[elf]") {
    const auto may_have = [](const std::string& bytes, std::string_view name) {
        const file one(bytes);
        return elf_reader<>(one.fd, path).may_have_section(name);
    };
    CHECK(may_have(tiny().bytes, ".note.tenon"));
    CHECK_FALSE(may_have(tiny().bytes, ".note.teno"));
    CHECK_FALSE(may_have(tiny().bytes, "note.tenon.x"));
    image bad = tiny();
    bad.head().e_shstrndx = bad.head().e_shnum;
    CHECK(may_have(bad.bytes, ".nowhere"));
    bad.head().e_shoff = bad.head().e_shnum = bad.head().e_shstrndx = 0;
    CHECK(may_have(bad.bytes, ".nowhere"));
}
