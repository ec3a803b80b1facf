// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_MANIFEST_READER_HPP
#define TENON_DETAIL_LIBRARY_MANIFEST_READER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/manifest.hpp>

#include <tenon/detail/interface/toolchain.hpp>
#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/abi_text.hpp>
#include <tenon/detail/library/completeness.hpp>
#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/library/note_range.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

inline constexpr std::string_view note_owner{"tenon", 6}; // as notes have it, with its NUL

inline error other_format(const std::string& path, unsigned found, unsigned known) {
    return {errc::malformed_note,
            concatenated({"the manifest in '", path, "' has format ", std::to_string(found),
                          ", and this program reads format ", std::to_string(known),
                          "; compile both with the same version of tenon"}),
            path};
}

inline error two_plugins(const std::string& path, std::string_view type, std::string_view name,
                         std::string_view version, std::string_view other_version) {
    return {errc::ambiguous,
            concatenated({"'", path, "' has two plugins of type '", type, "' named '", name, "', versions ",
                          version, " and ", other_version, "; give one of them another name"}),
            path};
}

/// Reads the plugins out of a library's notes. The texts of the result are views into these.
class manifest_reader {
public:
    manifest_reader(const std::vector<note_range>& ranges, const std::string& path)
        : ranges_(ranges), path_(path) {}

    std::vector<manifest::plugin> read() {
        std::size_t bytes = 0, places = 0;
        for (const note_range& range : ranges_)
            bytes += range.bytes.size();
        std::vector<waiting> plugin_notes;
        for (const note_range& range : ranges_) {
            std::string_view rest = range.bytes;
            for (elf_note note; take_note(rest, note);) {
                if (note.owner != note_owner)
                    continue;
                note_reader reader(note.description);
                if (note.kind == static_cast<std::uint32_t>(note_kind::plugin)) {
                    const auto format = reader.word<std::uint32_t>();
                    if (!reader.failed() && format != note_format)
                        throw other_format(path_, format, note_format);
                    const auto key = reader.word<note_key>();
                    plugin_notes.push_back({key, reader});
                    continue;
                }
                if (!known_kind(note.kind))
                    continue;
                const auto key = reader.word<note_key>();
                if (reader.failed())
                    throw malformed_note(path_, "a note of kind " + std::to_string(note.kind) + " has " +
                                                    std::to_string(note.description.size()) + " bytes");
                plugin_abi& abi = abi_of(key);
                places -= abi.methods.size();
                if (!add_note(abi, static_cast<note_kind>(note.kind), reader))
                    throw malformed_note(
                        path_, "two notes about one interface contradict each other, or one is damaged");
                places += abi.methods.size();
                constexpr std::size_t least = 32; // of the bytes that name a method
                if (places > bytes / least)
                    throw malformed_note(path_, "it has places for more methods than it names");
                limit(abis_.size(), "interfaces");
                limit(abi.types.size(), "types of one interface");
            }
            if (rest.find(note_owner) != rest.npos)
                throw malformed_note(path_, "a note of it ends past the end of all notes");
        }
        limit(plugin_notes.size(), "plugins");
        plugins_.reserve(plugin_notes.size());
        for (waiting& block : plugin_notes) {
            bool last = true; // of those with these types
            for (const waiting* other = &block + 1; other != plugin_notes.data() + plugin_notes.size();
                 ++other)
                last = last && other->key != block.key;
            plugin_abi& known = abi_of(block.key);
            manifest::plugin read;
            static_cast<interface_abi&>(read.abi) = known;
            read.abi.factory = known.factory;
            read.abi.state = known.state;
            read.abi.types = last ? std::move(known.types) : known.types;
            read_slots(read.abi, block.rest);
            read_texts(std::move(read), block.rest);
        }
        return std::move(plugins_);
    }

private:
    // The two words that identify the interface of a note. They are only compared.
    using note_key = std::uint64_t;

    struct keyed {
        note_key key;
        plugin_abi abi;
    };

    // Notes of a plugin that are read later: the number of its slots follows from its methods.
    struct waiting {
        note_key key;
        note_reader rest;
    };

    // More than any real library has. The bound matters because each note is compared with every other.
    static constexpr std::size_t most = 1000;

    // Copies at most one method for each slot in the note, so that all copies together are no larger than the
    // file.
    void read_slots(plugin_abi& into, note_reader& from) {
        if (!add_slots(into, from, from.word<std::uint32_t>()))
            throw malformed_note(path_, "a plugin's note does not go with its methods' notes");
        while (const auto count = from.word<std::uint32_t>()) {
            const auto key = from.word<note_key>();
            const auto properties = from.word<std::uint32_t>();
            const plugin_abi& known = abi_of(key);
            if (count != known.methods.size() + 1)
                throw malformed_note(
                    path_, "a plugin's note does not go with the notes of an interface that it reaches");
            interface_abi reached = known;
            reached.has_destructor = properties & has_destructor_slots;
            if (!add_slots(reached, from, count) || !sound(reached))
                throw malformed_note(path_,
                                     "what a plugin's note says of an interface that it reaches is damaged");
            into.reached.push_back(std::move(reached));
            limit(into.reached.size(), "interfaces that one reaches");
        }
    }

    static bool sound(const interface_abi& read) {
        bool named = !read.interface.empty();
        for (const interface_abi::method& method : read.methods)
            named = named && !method.name.empty();
        return named;
    }

    void limit(std::size_t count, const char* of_what) const {
        if (count > most)
            throw malformed_note(path_, "it has more than " + std::to_string(most) + " " + of_what);
    }

    void read_texts(manifest::plugin read, note_reader& from) {
        read.type = from.text();
        read.name = from.text();
        read.version = from.text();
        read.toolchain = from.text();
        bool whole = !from.failed() && well_named(read.type) && well_named(read.name) &&
                     !read.version.empty() && sound(read.abi);
        for (const char c : read.version)
            whole = whole && c > ' ' && c <= '~';
        if (read.toolchain != toolchain)
            for (const char c : read.toolchain) // which a refusal shows
                whole = whole && (c == '\n' || (c >= ' ' && c <= '~'));
        if (!whole)
            throw malformed_note(path_, "a plugin's note is damaged");
        for (const manifest::plugin& other : plugins_)
            if (other.type == read.type && other.name == read.name)
                throw two_plugins(path_, read.type, read.name, other.version, read.version);
        plugins_.push_back(std::move(read));
    }

    plugin_abi& abi_of(note_key key) {
        for (keyed& known : abis_)
            if (known.key == key)
                return known.abi;
        abis_.push_back({key, {}});
        return abis_.back().abi;
    }

    const std::vector<note_range>& ranges_;
    const std::string& path_;
    std::vector<keyed> abis_;
    std::vector<manifest::plugin> plugins_;
};

} // namespace TENON_OWN
} // namespace detail

TENON_INLINE std::string manifest::plugin::description() const {
    return detail::described(abi);
}

TENON_INLINE std::string manifest::plugin::incompleteness() const {
    return detail::incompleteness(abi);
}

TENON_INLINE manifest::manifest(std::vector<detail::note_range> ranges, const std::string& path)
    : ranges_(std::move(ranges)), plugins_(detail::manifest_reader(ranges_, path).read()) {}

template <class System>
manifest manifest::opened(const std::string& path) {
    // Without O_NONBLOCK, opening a pipe without a writer would block.
    const detail::basic_file<System> file(path, O_RDONLY | O_NONBLOCK);
    return of<System>(file.descriptor(), path);
}

template <class System>
manifest manifest::of(int fd, const std::string& path) {
    return manifest(detail::elf_reader<System>(fd, path).notes(detail::note_owner), path);
}

template <class System>
manifest manifest::of_loadable(int fd, const struct stat& status, const std::string& path) {
    return of_loadable(detail::elf_reader<System>(fd, status, path), path);
}

template <class System>
manifest manifest::of_loadable(const detail::elf_reader<System>& file, const std::string& path) {
    file.require_loadable();
    return manifest(file.notes(detail::note_owner), path);
}

#ifdef TENON_SEPARATE
template manifest manifest::of<detail::posix>(int, const std::string&);
template manifest manifest::opened<detail::posix>(const std::string&);
#endif

} // namespace tenon::inline v1

#endif
