// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_MANGLED_NAME_HPP
#define TENON_DETAIL_LIBRARY_MANGLED_NAME_HPP

#include <cstddef>
#include <cstdlib>
#include <cxxabi.h>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/version.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Reads a mangled name (Itanium C++ ABI, 5.1) for its length once each reference in it is written out. `S_`,
/// `S0_` ... stand for parts of the name that came before and refer to others, so that two hundred characters
/// can mean gigabytes, and the demangler would write them all.
///
/// It knows that part of the grammar which names types, and the functions and objects that are arguments of
/// types, and of which all compilers and demanglers think alike; a name with anything else in it is not
/// understood.
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
        const bool matches = rest_.starts_with(token);
        if (matches)
            skip(token.size());
        return matches;
    }
    bool take_one_of(std::string_view characters) noexcept {
        const bool matches = next_in(characters);
        if (matches)
            skip(1);
        return matches;
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
        if (!next_in("abcdegilmnopqrs") || rest_.starts_with("li") || rest_.starts_with("on"))
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
            if (!take("Dn") && !take("Di") && !take("Ds") && !take("Du") &&
                !take_one_of("abcdefghijlmnostvwxyz"))
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

// Whether a mangled name has references, to its parts or to the arguments of a template, or something that
// looks like one.
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

/// Whether a demangler ends soon with a name that anybody may have made up.
inline bool ends_soon(std::string_view mangled) {
    // Demanglers recurse. libstdc++'s takes no more than this, and what a person can read is not longer.
    constexpr std::size_t most = 1024, most_in_full = 16 * most;
    return mangled.size() <= most &&
           (!may_refer_back(mangled) || mangled_reader(mangled).within(most_in_full));
}

/// What a mangled name stands for; the name itself where the demangler does not know it.
inline std::string demangled(std::string_view mangled) {
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

// `x` of `name<x>`, where x may be an operator that looks like a bracket; the whole text where it is
// something else.
inline std::string_view argument_of(std::string_view name, std::string_view text) {
    if (text.starts_with(name) && text.size() >= name.size() + 2 && text[name.size()] == '<' &&
        text.back() == '>')
        text = text.substr(name.size() + 1, text.size() - name.size() - 2);
    return text;
}

/// What is written here loses what nobody writes: inline namespaces, ABI tags, allocators that are the
/// default. No character of it controls a terminal.
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
        if (const auto code = static_cast<unsigned char>(text[at]); code < ' ' || code == 0x7f) {
            constexpr std::string_view digits = "0123456789abcdef";
            written.append("\\x").append({digits[code / 16], digits[code % 16]});
            continue;
        }
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

/// What a mangled `type_name<...>` names, as a person would write it; the name itself where that takes long
/// to say.
inline std::string readable(std::string_view mangled) {
    const std::string whole = ends_soon(mangled) ? demangled(mangled) : std::string(mangled);
    std::string_view text = whole;
    if (text.starts_with("void tenon::v1::detail::type_name<"))
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

// Whether a name is that of an operator, and not of `operators` or `operator_panel`.
inline bool begins_with_operator(std::string_view name) {
    constexpr std::string_view word = "operator";
    if (!name.starts_with(word) || name.size() == word.size())
        return false;
    const char next = name[word.size()];
    return !((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || (next >= '0' && next <= '9') ||
             next == '_');
}

// `space::type::f` of the readable `method<&(space::type::f(int) const)>`, and where `f` begins in it.
struct method_name {
    std::string_view whole;
    std::size_t begin;
};
inline method_name name_of_method(std::string_view readable) {
    std::string_view text = argument_of("method", readable);
    while (text.starts_with("&") || text.starts_with("("))
        text.remove_prefix(1);
    std::size_t begin = 0, at = 0;
    while (at < text.size() && text[at] != '(') {
        if (at == begin && begins_with_operator(text.substr(at))) {
            const auto paren = text.find('(', at);
            at = paren != text.npos && text.substr(paren).starts_with("()") && paren == at + 8 ? paren + 2
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
    return {text.substr(0, at), begin};
}

// `f` of `method<&(space::type::f(int) const)>`.
inline std::string readable_method(std::string_view mangled) {
    const std::string text = readable(mangled);
    const method_name name = name_of_method(text);
    return std::string(name.whole.substr(name.begin));
}

// `space::type` of the same.
inline std::string readable_owner(std::string_view mangled) {
    const std::string text = readable(mangled);
    const method_name name = name_of_method(text);
    return std::string(name.whole.substr(0, name.begin < 2 ? 0 : name.begin - 2));
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
