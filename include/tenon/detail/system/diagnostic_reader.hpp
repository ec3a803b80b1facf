// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SYSTEM_DIAGNOSTIC_READER_HPP
#define TENON_DETAIL_SYSTEM_DIAGNOSTIC_READER_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>

#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// A text without escape sequences for terminals, such as colours and links (ECMA-48).
inline std::string without_colours(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\x1b') {
            plain += text[i];
        } else if (text.substr(i + 1, 1) == "[") {
            for (i += 2; i < text.size() && (text[i] < '@' || text[i] > '~');)
                ++i;
        } else if (text.substr(i + 1, 1) == "]") {
            for (++i; i < text.size() && text[i] != '\a' && text.substr(i, 2) != "\x1b\\";)
                ++i;
            i += text.substr(i, 1) == "\x1b" ? 1 : 0;
        }
    }
    return plain;
}

/// True if a line has only marks such as `^~~~`, which compilers print below an excerpt of the source.
inline bool is_marks(std::string_view line) {
    return line.find('^') != line.npos && line.find_first_not_of(" \t^~|") == line.npos;
}

/// Parses the output of g++ and clang++, of the linkers that they run, of CMake and of make.
class diagnostic_reader {
public:
    /// `folder` is the working directory of the program, against which relative paths are resolved.
    explicit diagnostic_reader(std::string_view folder) : folder_(folder) {}

    std::vector<diagnostic> read(std::string_view said) {
        const std::string plain = without_colours(said);
        for (std::string_view rest = plain; !rest.empty();) {
            line_ = take_line(rest);
            // Older clangs print source lines as they are, and these may look like anything.
            if (!goes_on(line_) && !is_marks(rest.substr(0, rest.find('\n'))))
                look_at(line_);
        }
        return std::move(found_);
    }

    /// The line that says why a program failed, verbatim, with the file if only a line below names it. Empty
    /// if no line says why.
    std::string headline(std::string_view said) {
        using severity = diagnostic::severity;
        const std::vector<diagnostic> all = read(said);
        const auto first = std::find_if(all.begin(), all.end(),
                                        [](const diagnostic& line) { return line.level == severity::error; });
        if (first == all.end())
            return "";
        std::string line = std::move(first_error_);
        if (begins(line, "CMake ") && line.back() == ':')
            line += ' ' + first->text.substr(0, first->text.find('\n'));
        if (!first->file.empty() && line.find(basename(first->file)) == line.npos)
            line += " (" + first->place() + ')';
        return line;
    }

private:
    static bool begins(std::string_view text, std::string_view with) {
        return text.substr(0, with.size()) == with;
    }

    void look_at(std::string_view line) {
        diagnostic read;
        if (const std::string_view from = included_from(line); !from.empty()) {
            put_place(read, from);
            read.text = "included from here";
            leads_.push_back(std::move(read));
        } else if (begins(line, ">>> ")) {
            add_reference(line.substr(4));
        } else if (line.empty() || line[0] == ' ' || line[0] == '\t') {
            return; // the source, and marks below it
        } else if (cmakes(line, read)) {
            cmakes_ = line.back() == ':' ? part::text : part::none;
            paragraph_ends_ = false;
            add(std::move(read));
        } else if (labelled(line, read) || linkers(line, read) || makes(line, read)) {
            add(std::move(read));
        } else if (const auto gap = line.find(":  "); gap != line.npos) {
            const std::string_view how = line.substr(gap + 3);
            if (how.find("required") == how.npos)
                return;
            put_place(read, line.substr(0, gap));
            read.text = how.substr(how.find_first_not_of(' '));
            leads_.push_back(std::move(read));
        }
    }

    void add(diagnostic read) {
        if (read.level == diagnostic::severity::note && !found_.empty()) {
            found_.back().notes.push_back(std::move(read));
            return;
        }
        if (read.level == diagnostic::severity::error) {
            if (!first_error_.empty() && only_repeats(read))
                return;
            if (first_error_.empty())
                first_error_ = line_;
        }
        for (diagnostic& lead : leads_)
            lead.level = diagnostic::severity::note;
        read.notes = std::exchange(leads_, {});
        found_.push_back(std::move(read));
    }

    // A compiler driver or make only repeats that the program it ran has failed.
    static bool only_repeats(const diagnostic& message) {
        return message.file.empty() &&
               (begins(message.text, "ld returned ") || begins(message.text, "*** ") ||
                begins(message.text, "linker command failed "));
    }

    // The lines below what CMake has begun to say, and whether this is one: its text, whose paragraphs become
    // lines, and after it what called what.
    bool goes_on(std::string_view line) {
        constexpr std::string_view calls = "Call Stack ";
        if (cmakes_ == part::none)
            return false;
        if (begins(line, calls)) {
            cmakes_ = part::calls;
            return true;
        }
        if (!line.empty() && !begins(line, "  ")) {
            cmakes_ = part::none;
            return false;
        }
        diagnostic& said = found_.back();
        if (line.empty()) {
            paragraph_ends_ = true;
        } else if (line.remove_prefix(2); cmakes_ == part::calls) {
            diagnostic note;
            note.level = diagnostic::severity::note;
            put_place(note, line.substr(0, line.find(" (")));
            note.text = "called from here";
            said.notes.push_back(std::move(note));
        } else {
            said.text += said.text.empty() ? "" : paragraph_ends_ ? "\n" : " ";
            said.text += line;
            paragraph_ends_ = false;
        }
        return true;
    }

    // `CMake Warning (dev) at FILE:LINE (COMMAND):`, and the text below it; or `CMake Error: TEXT`.
    bool cmakes(std::string_view line, diagnostic& into) const {
        if (!begins(line, "CMake "))
            return false;
        const std::size_t place = std::min(line.find(" at "), line.find(" in "));
        const std::size_t end = std::min({place, line.find(": "), line.size() - 1});
        const std::string_view kind = line.substr(0, end);
        if (kind.find("Warning") == kind.npos && kind.find("Error") == kind.npos)
            return false;
        into.level =
            kind.find("Error") == kind.npos ? diagnostic::severity::warning : diagnostic::severity::error;
        if (end == place && line.back() == ':') {
            line.remove_suffix(1);
            line.remove_prefix(std::min(line.size(), end + 4));
            put_place(into, line.substr(0, line.rfind(" (")));
        } else if (line.back() != ':') {
            into.text = end == place ? line : line.substr(std::min(line.size(), end + 2));
        }
        return true;
    }

    // `FILE:LINE:COLUMN: error: TEXT`, and `PROGRAM: error: TEXT`.
    bool labelled(std::string_view line, diagnostic& into) const {
        using severity = diagnostic::severity;
        constexpr std::pair<std::string_view, severity> labels[] = {
            {"error: ", severity::error},     {"fatal error: ", severity::error},
            {"fatal: ", severity::error},     {"internal compiler error: ", severity::error},
            {"warning: ", severity::warning}, {"sorry, unimplemented: ", severity::error},
            {"note: ", severity::note},       {"remark: ", severity::note},
            {"Error: ", severity::error},     {"Fatal error: ", severity::error}, // an assembler's
            {"Warning: ", severity::warning}, {"LLVM ERROR: ", severity::error}};
        auto first = line.npos;
        for (const auto& [label, level] : labels) {
            auto at = begins(line, label) ? 0 : line.find(": " + std::string(label));
            if (at >= first)
                continue;
            first = at;
            into.level = level;
            into.text = line.substr(at + label.size() + (at == 0 ? 0 : 2));
        }
        if (first == line.npos)
            return false;
        std::string_view head = line.substr(0, first);
        if (const auto function = head.find(":function ");
            function != head.npos) // gold: OBJECT:SOURCE:function NAME
            head = head.substr(0, function),
            head.remove_prefix(head.find(".o:") == head.npos ? 0 : head.find(".o:") + 3);
        else if (const auto section = head.rfind(":("); section != head.npos) // ld: SOURCE:(.text+0x5)
            head = head.substr(0, section);
        else if (!has_line(head)) // a program, or something else that has the word
            return head.find_first_of(" \t\"'") == head.npos;
        put_place(into, head);
        return true;
    }

    // Errors of ld, which does not label them `error`.
    bool linkers(std::string_view line, diagnostic& into) const {
        const auto colon = line.find(": ");
        const std::string_view program = basename(line.substr(0, colon));
        const bool by_name =
            colon != line.npos && (program == "ld" || begins(program, "ld.") || program.ends_with("-ld"));
        if (by_name)
            line.remove_prefix(colon + 2);
        if (line.find(": in function `") != line.npos)
            return false;
        for (const std::string_view word : {"undefined reference to ", "multiple definition of "})
            if (const auto at = line.find(": " + std::string(word)); at != line.npos) {
                std::string_view head = line.substr(0, at);
                if (const auto section = head.rfind(":("); section != head.npos) // SOURCE:(.text+0x5)
                    head = head.substr(0, section);
                put_place(into, head);
                into.text = line.substr(at + 2);
                return true;
            }
        into.text = line;
        // Failures of the compiler itself, which it does not label `error`.
        const bool memory = line.find(": out of memory allocating ") != line.npos ||
                            begins(line, "virtual memory exhausted") || begins(line, "memory exhausted");
        return by_name || memory;
    }

    // `make[2]: *** No rule to make target 'a.cpp', needed by 'a.o'.  Stop.`
    static bool makes(std::string_view line, diagnostic& into) {
        const auto stars = line.find(": *** ");
        if (stars == line.npos || !(begins(line, "make") || begins(line, "gmake")))
            return false;
        into.text = line.substr(stars + 2);
        return true;
    }

    // lld and mold print the places below the error.
    void add_reference(std::string_view text) {
        const std::string_view word = begins(text, "defined at ") ? "defined at " : "referenced by ";
        if (found_.empty() || !begins(text, word))
            return;
        diagnostic read;
        read.level = diagnostic::severity::note;
        read.text = text;
        text.remove_prefix(word.size());
        // `json.cpp:12 (/opt/users/json.cpp:12)`
        if (const auto whole = text.find(" ("); whole != text.npos && text.back() == ')')
            text = text.substr(whole + 2, text.size() - whole - 3);
        put_place(read, text);
        if (found_.back().file.empty())
            found_.back().file = read.file, found_.back().line = read.line;
        found_.back().notes.push_back(std::move(read));
    }

    // `In file included from FILE:LINE,` and, below, `                 from FILE:LINE:`.
    static std::string_view included_from(std::string_view line) {
        for (const std::string_view words : {"In file included from ", "                 from "})
            if (begins(line, words)) {
                line.remove_prefix(words.size());
                return line.substr(0, line.find_last_not_of(",:") + 1);
            }
        return {};
    }

    static bool take_number(std::string_view& text, std::size_t& into) {
        const auto colon = text.rfind(':');
        if (colon == text.npos || colon == 0)
            return false;
        const std::string_view digits = text.substr(colon + 1);
        std::size_t number = 0;
        const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (failed != std::errc{} || end != digits.data() + digits.size() || number == 0)
            return false;
        into = number;
        text.remove_suffix(text.size() - colon);
        return true;
    }
    static bool has_line(std::string_view place) {
        std::size_t ignored = 0;
        return take_number(place, ignored);
    }

    // Parses from the right, because a path may have colons too.
    void put_place(diagnostic& into, std::string_view place) const {
        std::size_t last = 0;
        if (take_number(place, last)) {
            into.line = last;
            if (take_number(place, into.line))
                into.column = last;
        }
        const bool made_up = place.empty() || place[0] == '<'; // <command line>
        into.file = made_up || place[0] == '/' || folder_.empty() ? std::string(place) : join(folder_, place);
    }

    enum class part { none, text, calls };

    std::string_view folder_, line_;
    std::vector<diagnostic> found_, leads_;
    std::string first_error_;
    part cmakes_ = part::none; // of what CMake says, and goes on with in the next line
    bool paragraph_ends_ = false;
};

/// The lines of a failed program about itself: without messages about places in sources, without excerpts of
/// these, and without the words of a server.
inline std::vector<std::string_view> said_of_itself(std::string_view text) {
    const auto is_about_a_place = [](std::string_view line) {
        for (auto colon = line.find(':'); colon != line.npos; colon = line.find(':', colon + 1))
            if (const auto end = line.find_first_not_of("0123456789", colon + 1);
                end != line.npos && end != colon + 1 && line[end] == ':')
                return true;
        return false;
    };
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.empty() || line[0] == ' ' || line[0] == '\t' || line.starts_with("remote:") ||
            is_marks(text.substr(0, text.find('\n'))))
            continue;
        // A compiler that cannot write its output names a place in the source all the same.
        if (!is_about_a_place(line) || line.find(": fatal error: error ") != line.npos)
            lines.push_back(line);
    }
    return lines;
}

/// Advice for a failure whose headline is known; empty if it is not.
inline std::string_view advice_for(std::string_view headline) {
    const bool of_itself = !said_of_itself(headline).empty();
    const auto says = [&](std::string_view part) {
        return of_itself && headline.find(part) != headline.npos;
    };
    if (says("No space left on device"))
        return "; make room where the cache is and where $TMPDIR is, else in /tmp";
    for (const std::string_view words : {"out of memory", "memory exhausted", "Cannot allocate memory",
                                         "bad_alloc", "Killed signal terminated", "terminated with signal 9",
                                         "unable to execute command: Killed", "was killed by signal 9"})
        if (says(words))
            return "; memory has run out, it seems: let fewer compilers run at once (options.jobs), or give "
                   "them more";
    if (says("cannot execute") && says("cc1plus"))
        return "; the compiler is installed without its part for C++: install that (g++), or name another "
               "compiler in $CXX or options.compiler";
    for (const std::string_view words : {"undefined reference to ", "undefined symbol: "})
        if (headline.find(words) != headline.npos)
            return "; if it is the host that has this, link the host with -rdynamic, and the plugin with "
                   "-Wl,-z,undefs: a line of compile_flags.txt, or LINKER:-z,undefs in CMake's "
                   "target_link_options";
    return "";
}

/// Names environment variables that add search folders, if one is set and a headline says that a file was not
/// found: compilers that a loader runs do not see these variables.
inline std::string advice_on_variables(std::string_view headline) {
    const auto says = [&](std::string_view part) { return headline.find(part) != headline.npos; };
    struct variable {
        const char* name;
        std::string_view with; // what has to be in it
    };
    std::vector<variable> all;
    if (said_of_itself(headline).empty() && says("fatal error: ") &&
        (says("No such file or directory") || says("' file not found")))
        all = {{"CPATH", ""},
               {"CPLUS_INCLUDE_PATH", ""},
               {"C_INCLUDE_PATH", ""},
               {"CPPFLAGS", "-I"},
               {"CXXFLAGS", "-I"}};
    if (says("cannot find -l") || says("unable to find library -l") || says("library not found: "))
        all = {{"LIBRARY_PATH", ""}, {"LDFLAGS", "-L"}, {"CXXFLAGS", "-L"}};
    std::string names;
    for (const variable& setting : all)
        if (const char* set = std::getenv(setting.name);
            set && *set && std::string_view(set).find(setting.with) != std::string_view::npos)
            names.append(names.empty() ? "$" : ", $").append(setting.name);
    if (names.empty())
        return "";
    return "; " + names + (names.find(',') == names.npos ? " is set, and it is" : " are set, and they are") +
           " nothing to the compilers of plugins: name the folders in the plugin's compile_flags.txt, or "
           "in its CMakeLists.txt";
}

/// Why a program that ran in `folder` failed, in its own words or else by how it ended, and what to do.
inline std::string cause_of_failure(std::string_view folder, std::string_view said, std::string how) {
    std::string line = diagnostic_reader(folder).headline(said);
    if (line.empty())
        line = std::move(how);
    const std::string variables = advice_on_variables(line);
    return line.append(advice_for(line)).append(variables);
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
