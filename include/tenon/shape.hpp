// SPDX-License-Identifier: MIT
#ifndef TENON_SHAPE_HPP
#define TENON_SHAPE_HPP

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/note.hpp>

namespace tenon::inline v1::detail {

inline constexpr std::uint64_t no_slot = ~std::uint64_t{0};

// The vtable slot that a member pointer's words stand for (Itanium C++ ABI 2.3; on Arm the virtual bit is in the adjustment).
inline std::uint64_t slot_of(std::uintptr_t pointer, std::uintptr_t adjustment) noexcept {
#if defined(__arm__) || defined(__aarch64__)
    return adjustment == 1 ? pointer / sizeof(void*) : no_slot;
#else
    return (pointer & 1) == 1 && adjustment == 0 ? (pointer - 1) / sizeof(void*) : no_slot;
#endif
}

inline bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

/// Reads a mangled name (Itanium C++ ABI, 5.1) for its length once each reference in it is written out. `S_`, `S0_` ... stand
/// for parts of the name that came before and refer to others, so that two hundred characters can mean gigabytes, and the
/// demangler would write them all.
///
/// It knows that part of the grammar which names types, and the functions and objects that are arguments of types, and of which
/// all compilers and demanglers think alike; a name with anything else in it is not understood.
class mangled_reader {
public:
    explicit mangled_reader(std::string_view mangled) noexcept : rest_(mangled) {}

    /// Whether the name is understood and not longer than this when it is written out.
    bool within(std::size_t most) {
        most_ = most;
        expect("_Z");
        if (take("Z")) { // a variable in a function
            encoding();
            expect("E");
            source_name();
        } else {
            encoding();
        }
        return !failed_ && rest_.empty();
    }

private:
    static constexpr std::string_view digits = "0123456789", qualifiers = "rVK";

    bool next_in(std::string_view characters) const noexcept {
        return !rest_.empty() && characters.find(rest_[0]) != characters.npos;
    }
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }
    void lengthen(std::size_t by) noexcept {
        length_ += by;
        if (length_ > most_)
            fail();
    }
    void skip(std::size_t count) noexcept {
        if (count > rest_.size())
            return fail();
        rest_.remove_prefix(count);
        lengthen(count);
    }
    bool take(std::string_view token) noexcept {
        const bool there = starts_with(rest_, token);
        if (there)
            skip(token.size());
        return there;
    }
    bool take_one_of(std::string_view characters) noexcept {
        const bool there = next_in(characters);
        if (there)
            skip(1);
        return there;
    }
    void expect(std::string_view token) noexcept {
        if (!take(token))
            fail();
    }

    // What has been read since the name had that length can be referred to from here on.
    void refer_to(std::size_t begin) { parts_.push_back(length_ - begin); }

    void reference() {
        expect("S");
        if (take_one_of("absiod")) // std::allocator, std::string ...
            return;
        constexpr std::string_view ciphers = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        std::size_t index = 0;
        for (bool first = true; next_in(ciphers) && index <= parts_.size(); first = false) {
            index = (first ? 0 : index - 1) * ciphers.size() + ciphers.find(rest_[0]) + 1;
            skip(1);
        }
        expect("_");
        if (failed_ || index >= parts_.size())
            return fail();
        lengthen(parts_[index]);
    }

    void source_name() {
        do {
            std::size_t size = 0;
            if (!next_in(digits))
                return fail();
            while (next_in(digits) && size <= rest_.size()) {
                size = size * 10 + digits.find(rest_[0]);
                skip(1);
            }
            if (size == 0)
                return fail();
            skip(size);
        } while (take("B")); // [abi:...]
    }

    void unqualified_name(bool of_type) {
        if (of_type || next_in(digits))
            return source_name();
        if (take("cv"))
            return type();
        if (!next_in("abcdegilmnopqrs") || starts_with(rest_, "li") || starts_with(rest_, "on"))
            return fail();
        skip(2); // an operator
    }

    // a::b<c>::d: whatever is followed by more can be referred to, and the whole where it is a type.
    void name(bool of_type) {
        const std::size_t begin = length_;
        const bool nested = take("N");
        if (nested && !of_type) {
            qualify();
            take_one_of("RO");
        }
        const bool in_std = take("St");
        bool arguments_may_follow = true, new_part = false;
        if (!in_std && next_in("S")) {
            reference();
            if (nested && next_in("E"))
                return fail();
        } else {
            unqualified_name(of_type);
            new_part = true;
        }
        while (!failed_ && (nested ? !take("E") : arguments_may_follow && next_in("I"))) {
            if (new_part)
                refer_to(begin);
            new_part = true;
            const bool is_template = next_in("I");
            if (is_template && !arguments_may_follow)
                return fail();
            arguments_may_follow = !is_template;
            is_template ? arguments() : unqualified_name(of_type);
        }
        if (new_part && of_type)
            refer_to(begin);
    }

    void arguments() {
        expect("I");
        while (!failed_ && !take("E"))
            argument();
    }

    void argument() {
        if (next_in("L"))
            return literal();
        if (take("X")) {
            expression();
            return expect("E");
        }
        if (!take("J")) // a pack
            return type();
        while (!failed_ && !take("E"))
            argument();
    }

    void expression() {
        if (take("ad")) // &
            return expression();
        if (!take("tl")) // a class's fields
            return literal();
        type();
        while (!failed_ && !take("E"))
            expression();
    }

    void literal() {
        expect("L");
        if (take("_Z")) {
            encoding();
        } else {
            type();
            take("n");
            while (take_one_of("0123456789abcdef")) {
            }
        }
        expect("E");
    }

    // A function, or an object.
    void encoding() {
        name(false);
        while (!rest_.empty() && !next_in("E"))
            type();
    }

    bool qualify() noexcept {
        bool any = take("r");
        any = take("V") || any;
        any = take("K") || any;
        return any;
    }

    void function() {
        expect("F");
        take("Y");
        while (!failed_ && !take("E") && !take("RE") && !take("OE"))
            type();
    }

    void type() {
        const std::size_t begin = length_;
        const bool qualified = qualify(), is_noexcept = take("Do");
        if (next_in("F")) {
            function();
        } else if (is_noexcept || (qualified && next_in(qualifiers))) {
            return fail();
        } else if (qualified || take_one_of("PRO")) {
            type();
        } else if (take("A")) {
            while (take_one_of(digits)) {
            }
            expect("_");
            type();
        } else if (take("M")) {
            type();
            type();
        } else if (next_in("NS") || next_in(digits)) {
            return name(true);
        } else {
            if (!take("Dn") && !take("Di") && !take("Ds") && !take("Du") && !take_one_of("abcdefghijlmnostvwxyz"))
                fail();
            return;
        }
        refer_to(begin);
    }

    std::string_view rest_;
    bool failed_ = false;
    std::size_t length_ = 0, most_ = 0;
    std::vector<std::size_t> parts_; // how long each is that can be referred to
};

// Whether a mangled name has references, to its parts or to the arguments of a template, or something that looks like one.
inline bool may_refer_back(std::string_view mangled) {
    for (std::size_t at = 0; at + 1 < mangled.size(); ++at) {
        const char next = mangled[at + 1];
        const bool digit = next >= '0' && next <= '9';
        if (mangled[at] == 'S' && (next == '_' || digit || (next >= 'A' && next <= 'Z')))
            return true;
        if (mangled[at] == 'T' && (next == '_' || digit || next == 'L'))
            return true;
    }
    return false;
}

/// What a mangled name stands for; the name itself where the demangler does not know it, or would take long.
inline std::string demangled(std::string_view mangled) {
    // Demanglers recurse. libstdc++'s takes no more than this, and what a person can read is not longer.
    constexpr std::size_t most = 1024, most_in_full = 16 * most;
    if (mangled.size() > most || (may_refer_back(mangled) && !mangled_reader(mangled).within(most_in_full)))
        return std::string(mangled);
    int status = -1;
    char* raw = abi::__cxa_demangle(std::string(mangled).c_str(), nullptr, nullptr, &status);
    const std::string text = status == 0 && raw ? raw : std::string(mangled);
    std::free(raw);
    return text;
}

// Where the bracket that opens at `open` closes; npos where it does not.
inline std::size_t closing(std::string_view text, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < text.size(); ++at) {
        if (text[at] == '<' || text[at] == '(')
            ++depth;
        else if ((text[at] == '>' || text[at] == ')') && --depth == 0)
            return at;
    }
    return text.npos;
}

// `x` of `name<x>`, where x may be an operator that looks like a bracket; the whole text where it is something else.
inline std::string_view argument_of(std::string_view name, std::string_view text) {
    if (starts_with(text, name) && text.size() >= name.size() + 2 && text[name.size()] == '<' && text.back() == '>')
        text = text.substr(name.size() + 1, text.size() - name.size() - 2);
    return text;
}

/// What is written here loses what nobody writes: inline namespaces, ABI tags, allocators that are the default.
inline std::string as_written(std::string_view text) {
    constexpr std::string_view std_allocator = ", std::allocator";
    std::string written;
    std::vector<std::size_t> open; // where each bracket is
    const auto shorten = [&written](std::string_view end, std::string_view to) {
        if (written.ends_with(end))
            written.replace(written.size() - end.size(), end.size(), to);
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '>')
            written.erase(written.find_last_not_of(' ') + 1);
        written += text[at];
        switch (text[at]) {
        case ':':
            shorten("tenon::v1::detail::", "");
            shorten("std::__cxx11::", "std::");
            shorten("std::__1::", "std::");
            if (written.ends_with("[abi:")) { // of functions that return a std::string
                shorten("[abi:", "");
                while (at + 1 < text.size() && text[at] != ']')
                    ++at;
            }
            break;
        case '<':
        case '(':
            open.push_back(written.size() - 1);
            break;
        case '>':
        case ')':
            if (open.empty())
                break;
            if (const std::string_view before = std::string_view(written).substr(0, open.back());
                before.ends_with(std_allocator))
                written.resize(before.size() - std_allocator.size());
            open.pop_back();
            shorten("std::basic_string<char, std::char_traits<char>>", "std::string");
            shorten("std::basic_string_view<char, std::char_traits<char>>", "std::string_view");
            break;
        }
    }
    written.erase(written.find_last_not_of(' ') + 1);
    return written;
}

/// What a mangled `type_name<...>` names, as a person would write it.
inline std::string readable(std::string_view mangled) {
    const std::string whole = demangled(mangled);
    std::string_view text = whole;
    if (starts_with(text, "void tenon::v1::detail::type_name<"))
        text = argument_of("void tenon::v1::detail::type_name", text.substr(0, text.size() - 2));
    return as_written(text);
}

// `a, b` of `list<a, b>`.
inline std::string readable_list(std::string_view mangled) {
    const std::string text = readable(mangled);
    return std::string(argument_of("list", text));
}

// `a` of `list<a>`.
inline std::string readable_state(std::string_view mangled) {
    std::string text = readable_list(mangled);
    return text.empty() ? "none" : text;
}

// `f` of `method<&(space::type::f(int) const)>`.
inline std::string readable_method(std::string_view mangled) {
    const std::string whole = readable(mangled);
    std::string_view text = argument_of("method", whole);
    while (starts_with(text, "&") || starts_with(text, "("))
        text.remove_prefix(1);
    std::size_t begin = 0, at = 0;
    while (at < text.size() && text[at] != '(') {
        if (starts_with(text.substr(at), "operator")) {
            const auto paren = text.find('(', at);
            at = paren != text.npos && starts_with(text.substr(paren), "()") && paren == at + 8
                     ? paren + 2
                     : paren;
            break;
        }
        if (text[at] == '<') {
            const auto close = closing(text, at);
            if (close == text.npos)
                break;
            at = close;
        } else if (text[at] == ':') {
            begin = at + 1;
        }
        ++at;
    }
    return std::string(text.substr(begin, at == text.npos ? at : at - begin));
}

/// An interface as one side was compiled with it: the host's from its own image, a plugin's from its manifest.
/// The texts are views of the notes they were read from.
struct shape {
    struct method {
        std::string_view name, signature; // mangled
        std::uint64_t slot = no_slot;
    };
    struct type {
        std::string_view name, fields; // mangled
        std::uint32_t size = 0, alignment = 0, version = 0;
        friend bool operator==(const type&, const type&) = default;
    };
    std::string_view interface, factory, state; // mangled
    std::vector<method> methods;
    std::vector<type> types;
    std::uint64_t slots = no_slot; // how many slots the vtable has
};

// ---- Reading the notes.

/// Reads a note's description from front to back; what it cannot give makes it fail, for good.
class note_reader {
public:
    explicit note_reader(std::string_view description) noexcept : rest_(description) {}

    template <class Word>
    Word word() noexcept {
        Word value{};
        if (rest_.size() < sizeof value) {
            failed_ = true;
            rest_ = {};
        } else {
            std::memcpy(&value, rest_.data(), sizeof value);
            rest_.remove_prefix(sizeof value);
        }
        return value;
    }
    std::string_view text() noexcept {
        const auto end = rest_.find('\0');
        if (end == rest_.npos) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return found;
    }
    bool failed() const noexcept { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

/// Puts one interface, method or type note into the shape; false where the notes contradict each other or are damaged.
inline bool add_note(shape& into, note_kind kind, note_reader from) {
    if (kind == note_kind::interface) {
        const auto name = from.text(), made = from.text(), state = from.text();
        if (from.failed() ||
            (!into.interface.empty() && (into.interface != name || into.factory != made || into.state != state)))
            return false;
        into.interface = name;
        into.factory = made;
        into.state = state;
    } else if (kind == note_kind::method) {
        const auto index = from.word<std::uint32_t>();
        const auto name = from.text(), signature = from.text();
        if (from.failed() || name.empty() || index > 100'000)
            return false;
        if (into.methods.size() <= index)
            into.methods.resize(index + 1);
        shape::method& method = into.methods[index];
        if (!method.name.empty() && (method.name != name || method.signature != signature))
            return false;
        method.name = name;
        method.signature = signature;
    } else if (kind == note_kind::type) {
        shape::type type;
        type.size = from.word<std::uint32_t>();
        type.alignment = from.word<std::uint32_t>();
        type.version = from.word<std::uint32_t>();
        type.name = from.text();
        type.fields = from.text();
        if (from.failed())
            return false;
        for (const shape::type& other : into.types)
            if (other.name == type.name)
                return other == type;
        into.types.push_back(type);
    }
    return true;
}

/// Puts the slots of a plugin's note into the shape.
inline bool add_slots(shape& into, note_reader& from, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count && !from.failed(); ++i) {
        const auto pointer = from.word<std::uintptr_t>();
        const std::uint64_t slot = slot_of(pointer, from.word<std::uintptr_t>());
        if (i + 1 == count)
            into.slots = slot;
        else if (i < into.methods.size())
            into.methods[i].slot = slot;
    }
    return !from.failed() && count == into.methods.size() + 1;
}

// The description of the note that stands at an address of this image, its key left out.
inline note_reader note_at(void (*address)()) noexcept {
    const char* note = reinterpret_cast<const char*>(address);
    std::uint32_t size;
    std::memcpy(&size, note + 4, sizeof size);
    return note_reader({note + 20 + 8, size - 8});
}

template <class T, auto... M, std::size_t... I, class... U>
[[gnu::visibility("hidden")]] shape make_shape(methods<M...>*, indices<I...>, list<U...>) {
    using here = shape_in_image<T>;
    here::emit();
    shape made;
    bool sound = add_note(made, note_kind::interface, note_at(&interface_note<T>));
    sound = (add_note(made, note_kind::method, note_at(&method_note<T, I>)) && ... && sound);
    sound = (add_note(made, note_kind::type, note_at(&crossing_note<T, U>)) && ... && sound);
    static constexpr auto slots = here::make_slots();
    note_reader words({reinterpret_cast<const char*>(&slots), sizeof slots});
    sound = add_slots(made, words, sizeof...(M) + 1) && sound;
    if (!sound)
        std::abort(); // the compiler wrote these notes a moment ago
    return made;
}

/// The shape of T in this image, which the notes written here outlive.
template <class T>
[[gnu::visibility("hidden")]] const shape& shape_here() {
    static const shape made =
        make_shape<T>(static_cast<typename T::methods*>(nullptr), make_indices<T::methods::size>{}, crossing<T>{});
    return made;
}

/// What is wrong with an interface that names too few of its virtual functions or something else; empty where nothing is.
inline std::string incompleteness(const shape& of) {
    constexpr std::uint64_t most = 100'000;
    if (of.slots < 2 || of.slots > most)
        return "the number of its virtual table's slots, " + (of.slots == no_slot ? "unknown" : std::to_string(of.slots)) +
               ", cannot be: two are the destructor's, and no table has more than " + std::to_string(most) + "\n";
    std::string named(static_cast<std::size_t>(of.slots), '\0'); // not vector<bool>, which has to be compiled
    std::string wrong;
    for (const auto& method : of.methods) {
        if (method.slot == no_slot)
            wrong += "`methods` names " + readable_method(method.name) + ", which is not a virtual function of its first base\n";
        else if (method.slot >= named.size())
            wrong += "the slot of " + readable_method(method.name) + " is outside of the virtual table\n";
        else if (named[static_cast<std::size_t>(method.slot)])
            wrong += "`methods` names " + readable_method(method.name) + " twice\n";
        else
            named[static_cast<std::size_t>(method.slot)] = 'x';
    }
    std::size_t missing = 0;
    std::string slots;
    for (std::size_t i = 0; i < named.size(); ++i)
        if (!named[i]) {
            ++missing;
            slots += (slots.empty() ? "" : ", ") + std::to_string(i);
        }
    if (wrong.empty() && missing != 2) // the virtual destructor has two
        wrong = "`methods` names " + std::to_string(of.methods.size()) + " of " + std::to_string(named.size() - 2) +
                " virtual functions: no name stands for the slots " + slots + ", of which two are the destructor's\n";
    return wrong;
}

// ---- Comparing.

inline std::string described(const shape::method& method) {
    return readable(method.signature) + ", slot " + (method.slot == no_slot ? "none" : std::to_string(method.slot));
}

inline std::string described(const shape::type& type) {
    if (type.size == 0)
        return "incomplete";
    std::string text = "size " + std::to_string(type.size) + ", alignment " + std::to_string(type.alignment);
    if (type.version)
        text += ", stated version " + std::to_string(type.version);
    const std::string fields = readable_list(type.fields);
    return fields.empty() ? text : text + ": " + fields;
}

inline const shape::type* find_type(const shape& in, std::string_view name, std::size_t likely) {
    if (likely < in.types.size() && in.types[likely].name == name)
        return &in.types[likely];
    for (const auto& type : in.types)
        if (type.name == name)
            return &type;
    return nullptr;
}

// A type that one side knows by name only says nothing about its layout.
inline bool same_layout(const shape::type& a, const shape::type& b) { return a.size == 0 || b.size == 0 || a == b; }

/// Whether a host compiled with `host` may use a plugin compiled with `plugin`: every method that it may call is there, with the
/// same signature, slot and layouts. What the plugin has more does not matter.
inline bool fits(const shape& host, const shape& plugin) {
    if (host.interface != plugin.interface || host.factory != plugin.factory || host.state != plugin.state ||
        host.methods.size() > plugin.methods.size())
        return false;
    for (std::size_t i = 0; i < host.methods.size(); ++i)
        if (host.methods[i].name != plugin.methods[i].name || host.methods[i].signature != plugin.methods[i].signature ||
            host.methods[i].slot != plugin.methods[i].slot)
            return false;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const shape::type* found = find_type(plugin, host.types[i].name, i);
        if (!found || !same_layout(host.types[i], *found))
            return false;
    }
    return true;
}

inline void differ(std::string& into, std::string_view what, std::string_view host, std::string_view plugin) {
    into.append("  ").append(what).append("\n    host:   ").append(host).append("\n    plugin: ").append(plugin).append("\n");
}

/// Every difference, the host's side and the plugin's beside each other.
inline std::string differences(const shape& host, const shape& plugin) {
    std::string text;
    if (host.interface != plugin.interface)
        differ(text, "interface", readable(host.interface), readable(plugin.interface));
    if (host.factory != plugin.factory)
        differ(text, "factory", "(" + readable_list(host.factory) + ")", "(" + readable_list(plugin.factory) + ")");
    if (host.state != plugin.state)
        differ(text, "state", readable_state(host.state), readable_state(plugin.state));

    std::vector<std::string> names, theirs;
    for (const auto& method : host.methods)
        names.push_back(readable_method(method.name));
    for (const auto& method : plugin.methods)
        theirs.push_back(readable_method(method.name));
    std::string used(theirs.size(), '\0');
    for (std::size_t i = 0; i < names.size(); ++i) {
        // Overloads have one name: the one of the same signature is meant, else the one in the same place, else the first.
        std::size_t match = theirs.size();
        for (std::size_t j = 0; j < theirs.size(); ++j) {
            if (used[j] || theirs[j] != names[i])
                continue;
            const bool exact = plugin.methods[j].signature == host.methods[i].signature;
            if (match == theirs.size() || exact || (j == i && plugin.methods[match].signature != host.methods[i].signature))
                match = j;
            if (exact)
                break;
        }
        if (match == theirs.size()) {
            differ(text, names[i], described(host.methods[i]), "not there");
            continue;
        }
        used[match] = 'x';
        if (host.methods[i].signature != plugin.methods[match].signature || host.methods[i].slot != plugin.methods[match].slot)
            differ(text, names[i], described(host.methods[i]), described(plugin.methods[match]));
        else if (match != i)
            differ(text, names[i], "place " + std::to_string(i) + " in `methods`", "place " + std::to_string(match));
    }
    std::string absent;
    for (std::size_t i = 0; i < host.types.size(); ++i) {
        const shape::type& type = host.types[i];
        const shape::type* found = find_type(plugin, type.name, i);
        if (!found)
            differ(absent, readable(type.name), described(type), "not there");
        else if (!same_layout(type, *found))
            differ(text, readable(type.name), described(type), described(*found));
    }
    // A type is absent because something that leads to it differs, and that is said already.
    return text.empty() ? absent : text;
}

/// What keeps a plugin of one toolchain out of a host of another, line for line; empty where nothing does.
inline std::string toolchain_differences(std::string_view host, std::string_view plugin) {
    std::string text;
    const auto value = [](std::string_view in, std::string_view key) -> std::string_view {
        while (!in.empty()) {
            const std::string_view line = in.substr(0, in.find('\n'));
            in.remove_prefix(line.size() < in.size() ? line.size() + 1 : line.size());
            if (starts_with(line, key) && line.size() > key.size() && line[key.size()] == '=')
                return line.substr(key.size() + 1);
        }
        return "not stated";
    };
    for (std::string_view rest = host; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
        const std::string_view key = line.substr(0, line.find('='));
        const std::string_view ours = value(host, key), theirs = value(plugin, key);
        // A plain plugin runs in a host with a sanitizer, except memory's; a plugin with one needs a host with the same.
        const bool allowed = key == "sanitizer" && theirs == "none" && ours != "memory";
        if (ours != theirs && !allowed)
            differ(text, key, ours, theirs);
    }
    return text;
}

} // namespace tenon::inline v1::detail

#endif
