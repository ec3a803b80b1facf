// SPDX-License-Identifier: MIT
#ifndef TENON_MANIFEST_HPP
#define TENON_MANIFEST_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/interface/toolchain.hpp>
#include <tenon/detail/library/abi.hpp>
#include <tenon/detail/library/abi_text.hpp>
#include <tenon/detail/library/completeness.hpp>
#include <tenon/detail/library/elf.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>

namespace tenon::inline v1 {

namespace detail {
inline namespace TENON_OWN {

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

} // namespace TENON_OWN
} // namespace detail
/// The list of plugins in a library file, read without running any of the library's code.
///
///     const tenon::manifest library{"./libusers.so"};
///     for (const auto& plugin : library.plugins())
///         std::cout << plugin.type << ' ' << plugin.name << ' ' << plugin.version << '\n';   // userprovider passwd 1.2.0
///
/// The texts are views into the manifest and dangle once it is gone. The list of a library without plugins is
/// empty. Throws `error` with `errc::not_a_library` for a file that is no library for this machine, and with
/// `errc::malformed_note` for notes that tenon cannot have written. Only the pages that hold the notes are
/// read and checked, in most libraries the first one. A load checks the rest of the file.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes" // what it has is hidden
class TENON_HOST_TYPE manifest {
public:
    struct plugin {
        std::string_view type, name, version, toolchain;
        detail::plugin_abi abi;

        /// The methods of the interface and all types that cross it, as indented lines.
        std::string description() const { return detail::described(abi); }
        /// Sentences about virtual functions that `methods` leaves out, for which a load refuses the plugin;
        /// empty if there are none.
        std::string incompleteness() const { return detail::incompleteness(abi); }
    };

    template <path_like P>
    explicit manifest(const P& path) : manifest(opened<detail::posix>(detail::native(path))) {}

    /// Reads an open file. Messages name it by `path`.
    template <class System = detail::posix>
    static manifest of(int fd, const std::string& path) {
        return manifest(detail::elf_reader<System>(fd, path).notes(owner), path);
    }
    /// Reads an open file, and throws if the system's loader must not be given it.
    template <class System = detail::posix>
    static manifest of_loadable(int fd, const struct stat& status, const std::string& path) {
        return of_loadable(detail::elf_reader<System>(fd, status, path), path);
    }
    template <class System>
    static manifest of_loadable(const detail::elf_reader<System>& file, const std::string& path) {
        file.require_loadable();
        return manifest(file.notes(owner), path);
    }

    manifest(manifest&&) = default;
    manifest& operator=(manifest&&) = default;

    const std::vector<plugin>& plugins() const noexcept { return plugins_; }

    /// The addresses of the notes in the loaded library, and their bytes in the file.
    const std::vector<detail::note_range>& ranges() const noexcept { return ranges_; }

private:
    TENON_HIDDEN static constexpr std::string_view owner{"tenon", 6}; // as notes have it, with its NUL

    manifest(std::vector<detail::note_range> ranges, const std::string& path) : ranges_(std::move(ranges)) {
        read_notes(path);
    }

    template <class System>
    static manifest opened(const std::string& path) {
        // Without O_NONBLOCK, opening a pipe without a writer would block.
        const detail::basic_file<System> file(path, O_RDONLY | O_NONBLOCK);
        return of<System>(file.descriptor(), path);
    }

    // The two words that identify the interface of a note. They are only compared.
    using note_key = std::uint64_t;

    struct TENON_HIDDEN keyed {
        note_key key;
        detail::plugin_abi abi;
    };

    // Notes of a plugin that are read later: the number of its slots follows from its methods.
    struct TENON_HIDDEN waiting {
        note_key key;
        detail::note_reader rest;
    };

    // More than any real library has. The bound matters because each note is compared with every other.
    static constexpr std::size_t most = 1000;

    void read_notes(const std::string& path) {
        std::vector<keyed> abis;
        std::size_t bytes = 0, places = 0;
        for (const detail::note_range& range : ranges_)
            bytes += range.bytes.size();
        std::vector<waiting> plugin_notes;
        for (const detail::note_range& range : ranges_) {
            std::string_view rest = range.bytes;
            for (detail::elf_note note; detail::take_note(rest, note);) {
                if (note.owner != owner)
                    continue;
                detail::note_reader reader(note.description);
                if (note.kind == static_cast<std::uint32_t>(detail::note_kind::plugin)) {
                    const auto format = reader.word<std::uint32_t>();
                    if (!reader.failed() && format != detail::note_format)
                        throw detail::other_format(path, format, detail::note_format);
                    const auto key = reader.word<note_key>();
                    plugin_notes.push_back({key, reader});
                    continue;
                }
                if (!detail::known_kind(note.kind))
                    continue;
                const auto key = reader.word<note_key>();
                if (reader.failed())
                    throw detail::malformed_note(path, "a note of kind " + std::to_string(note.kind) +
                                                           " has " + std::to_string(note.description.size()) +
                                                           " bytes");
                detail::plugin_abi& abi = abi_of(abis, key);
                places -= abi.methods.size();
                if (!detail::add_note(abi, static_cast<detail::note_kind>(note.kind), reader))
                    throw detail::malformed_note(
                        path, "two notes about one interface contradict each other, or one is damaged");
                places += abi.methods.size();
                constexpr std::size_t least = 32; // of the bytes that name a method
                if (places > bytes / least)
                    throw detail::malformed_note(path, "it has places for more methods than it names");
                limit(path, abis.size(), "interfaces");
                limit(path, abi.types.size(), "types of one interface");
            }
            if (rest.find(owner) != rest.npos)
                throw detail::malformed_note(path, "a note of it ends past the end of all notes");
        }
        limit(path, plugin_notes.size(), "plugins");
        plugins_.reserve(plugin_notes.size());
        for (waiting& block : plugin_notes) {
            bool last = true; // of those with these types
            for (const waiting* other = &block + 1; other != plugin_notes.data() + plugin_notes.size();
                 ++other)
                last = last && other->key != block.key;
            detail::plugin_abi& known = abi_of(abis, block.key);
            plugin read;
            static_cast<detail::interface_abi&>(read.abi) = known;
            read.abi.factory = known.factory;
            read.abi.state = known.state;
            read.abi.types = last ? std::move(known.types) : known.types;
            read_slots(path, abis, read.abi, block.rest);
            read_texts(path, std::move(read), block.rest);
        }
    }

    // Copies at most one method for each slot in the note, so that all copies together are no larger than the
    // file.
    static void read_slots(const std::string& path, std::vector<keyed>& abis, detail::plugin_abi& into,
                           detail::note_reader& from) {
        if (!detail::add_slots(into, from, from.word<std::uint32_t>()))
            throw detail::malformed_note(path, "a plugin's note does not go with its methods' notes");
        while (const auto count = from.word<std::uint32_t>()) {
            const auto key = from.word<note_key>();
            const auto properties = from.word<std::uint32_t>();
            const detail::plugin_abi& known = abi_of(abis, key);
            if (count != known.methods.size() + 1)
                throw detail::malformed_note(
                    path, "a plugin's note does not go with the notes of an interface that it reaches");
            detail::interface_abi reached = known;
            reached.has_destructor = properties & detail::has_destructor_slots;
            if (!detail::add_slots(reached, from, count) || !sound(reached))
                throw detail::malformed_note(
                    path, "what a plugin's note says of an interface that it reaches is damaged");
            into.reached.push_back(std::move(reached));
            limit(path, into.reached.size(), "interfaces that one reaches");
        }
    }

    static bool sound(const detail::interface_abi& read) {
        bool named = !read.interface.empty();
        for (const detail::interface_abi::method& method : read.methods)
            named = named && !method.name.empty();
        return named;
    }

    static void limit(const std::string& path, std::size_t count, const char* of_what) {
        if (count > most)
            throw detail::malformed_note(path, "it has more than " + std::to_string(most) + " " + of_what);
    }

    void read_texts(const std::string& path, plugin read, detail::note_reader& from) {
        read.type = from.text();
        read.name = from.text();
        read.version = from.text();
        read.toolchain = from.text();
        bool whole = !from.failed() && detail::well_named(read.type) && detail::well_named(read.name) &&
                     !read.version.empty() && sound(read.abi);
        for (const char c : read.version)
            whole = whole && c > ' ' && c <= '~';
        if (read.toolchain != detail::toolchain)
            for (const char c : read.toolchain) // which a refusal shows
                whole = whole && (c == '\n' || (c >= ' ' && c <= '~'));
        if (!whole)
            throw detail::malformed_note(path, "a plugin's note is damaged");
        for (const plugin& other : plugins_)
            if (other.type == read.type && other.name == read.name)
                throw detail::two_plugins(path, read.type, read.name, other.version, read.version);
        plugins_.push_back(std::move(read));
    }

    static detail::plugin_abi& abi_of(std::vector<keyed>& abis, note_key key) {
        for (keyed& known : abis)
            if (known.key == key)
                return known.abi;
        abis.push_back({key, {}});
        return abis.back().abi;
    }

    std::vector<detail::note_range> ranges_; // never grows once views of it exist
    std::vector<plugin> plugins_;
};
#pragma GCC diagnostic pop

} // namespace tenon::inline v1

#endif
