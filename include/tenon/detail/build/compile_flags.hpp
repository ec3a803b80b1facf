// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_COMPILE_FLAGS_HPP
#define TENON_DETAIL_BUILD_COMPILE_FLAGS_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/text.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// `kind` is "line" or "flag".
inline error refused_flag(std::string_view where, std::string_view kind, std::string_view flag,
                          std::string_view why) {
    return {errc::build_failed,
            concatenated({where, ": the ", kind, " '", flag, "' is refused, because ", why}),
            std::string(where.substr(0, where.rfind(':')))};
}

inline error not_plain_text(const std::string& path) {
    return {
        errc::build_failed,
        concatenated({"'", path,
                      "' is not read, because it has zero bytes in it, as text in UTF-16 has; store it as "
                      "UTF-8, one flag a line"}),
        path};
}

/// The flags for a plugin, sorted by the program that reads them.
class compile_flags {
public:
    /// `may_run_programs`: whether flags may name programs that take part in the build. `tree_stays`: whether
    /// what compilers write beside their objects is still there when the build is done.
    explicit compile_flags(bool may_run_programs = false, bool tree_stays = false)
        : may_run_programs_(may_run_programs), tree_stays_(tree_stays) {}

    /// Adds one flag, or the value of the flag before. `where` names the place of the flag, for messages.
    void add(const std::string& flag, const std::string& where) {
        const bool language = std::exchange(language_follows_, false);
        if (takes_away(flag) || (passed_on_ && (passes_away(flag) || changes_messages(flag))) ||
            makes_headers(language                 ? flag
                          : flag.starts_with("-x") ? flag.substr(2)
                                                   : ""))
            throw refused_flag(where, "flag", flag,
                               "what is made of a plugin's sources, by which program and where, is not for "
                               "its flags to say; remove it");
        if (!may_run_programs_ && runs_a_program(flag))
            throw refused_flag(where, "flag", flag,
                               "it has another program take part in the build, of which a change would not "
                               "be seen; remove it, or set options.builds_may_run_programs");
        if (!tree_stays_ && writes_beside(flag))
            throw refused_flag(where, "flag", flag,
                               "what it has written beside the objects is lost with these once the library "
                               "is made; remove it, or give the directory a CMakeLists.txt, of which the "
                               "build tree is kept");
        if (changes_messages(flag)) {
            trace(where, ": the flag '", flag, "' is left out, because tenon reads what compilers say");
            return;
        }
        passed_on_ = among(flag, {"-Xlinker", "-Xpreprocessor", "-Xclang"});
        language_follows_ = !language && flag == "-x";
        const bool value = std::exchange(
            value_follows_, among(flag, {"-l", "-L", "-z", "-u", "-T", "-Xlinker", "--library-directory"}));
        if (value || value_follows_ || for_the_linker(flag)) {
            link_.push_back(flag);
            return;
        }
        compile_.push_back(flag);
        // With -x the linker driver would treat objects as sources.
        if (!language && !flag.starts_with("-x"))
            common_.push_back(flag);
    }

    /// Adds the flags of a compile_flags.txt as clangd reads it: one flag a line, without surrounding space.
    void add_lines(std::string_view text, const std::string& path) {
        if (text.find('\0') != text.npos)
            throw not_plain_text(path);
        skip(text, "\xEF\xBB\xBF");
        for (std::size_t number = 1; !text.empty(); ++number) {
            std::string_view line = take_until(text, '\n');
            while (!line.empty() && space(line.front()))
                line.remove_prefix(1);
            while (!line.empty() && space(line.back()))
                line.remove_suffix(1);
            if (line.empty())
                continue;
            const std::string where = path + ':' + std::to_string(number);
            if (const std::string why = mistake(line, path); !why.empty())
                throw refused_flag(where, "line", line, why);
            before_ = line[0] == '-' ? line : "";
            add(std::string(line), where);
        }
    }

    /// The flags for the compiler.
    const std::vector<std::string>& compile() const noexcept { return compile_; }

    /// The compiler's flags that the linker driver gets too, because some decide what is linked, such as
    /// -fsanitize: all but the language of the sources.
    const std::vector<std::string>& common() const noexcept { return common_; }

    /// The flags for the link alone. They follow the objects: a linker takes from a library what is missing
    /// by then.
    const std::vector<std::string>& link() const noexcept { return link_; }

    /// All flags.
    std::vector<std::string> words() const {
        std::vector<std::string> all = compile_;
        all.insert(all.end(), link_.begin(), link_.end());
        return all;
    }

private:
    // A sentence about an obvious mistake in a line; empty if there is none. `before_` is the flag before.
    std::string mistake(std::string_view line, const std::string& path) const {
        if (line[0] == '#')
            return "the file has no comments, as each line is a flag; remove it";
        if (line[0] == '"' || line[0] == '\'')
            return "no shell reads it, and a quotation mark would be part of the flag; write it without";
        if (line[0] == '-') {
            const std::string_view first = line.substr(0, line.find(' '));
            const auto next = line.find(" -");
            // A macro may stand for anything.
            const bool macro = line.starts_with("-D") && first.find('=') != first.npos;
            const bool two = next + 2 < line.size() && next != line.npos && line[next + 2] != ' ' && !macro;
            if (two || (first.size() < line.size() && takes_value(first)))
                return "each line is one flag, or the value of the flag before; write it on several lines";
            return "";
        }
        const std::string folder(parent(path));
        if (line[0] == '@' || may_take_value(before_) || for_the_linker(line))
            return "";
        const std::string_view name = basename(line);
        if (!name.empty() && is_source_name(name))
            return "it is a source, and sources are not named: those directly in the directory are compiled; "
                   "move it there, or give the directory a CMakeLists.txt";
        if (!name.empty() && is_foreign_source_name(name))
            return "it is a source in another language than C++, or a module; give the directory a "
                   "CMakeLists.txt, which can have it compiled";
        if (ends_in_one_of(line, {".h", ".hh", ".hpp", ".hxx"}))
            return "it is a header and no flag; include it in the sources, or write -include before it";
        if (posix::access((line[0] == '/' ? std::string(line) : join(folder, line)).c_str(), F_OK) == 0)
            return "";
        return "a flag begins with '-', and no file in '" + folder +
               "' has this name; correct it or remove it";
    }

    static bool takes_value(std::string_view flag) {
        return among(flag, {"-D", "-I", "-L", "-U", "-idirafter", "-include", "-iquote", "-isystem", "-l",
                            "-x", "-z", "-Xlinker", "-Xclang", "-Xpreprocessor", "--include-directory",
                            "--library-directory"});
    }

    // False only for flags that certainly have no value in the next line: other flags are unknown here.
    static bool may_take_value(std::string_view flag) {
        if (flag.empty() || (flag.size() > 2 && begins_with_one_of(flag, {"-D", "-I", "-L", "-U", "-l"})))
            return false;
        return !begins_with_one_of(flag, {"-W", "-O", "-f", "-g", "-m", "-std", "-pedantic", "-pthread"}) ||
               among(flag, {"-framework", "-mllvm", "-gcc-toolchain"});
    }

    static bool space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

    static bool among(std::string_view flag, std::initializer_list<std::string_view> list) {
        for (const std::string_view known : list)
            if (flag == known)
                return true;
        return false;
    }
    // Flags that make the compiler write other output, write to another place, or read flags from a file.
    static bool takes_away(std::string_view flag) {
        if (among(flag, {"-c", "-E", "-S", "-###", "-fsyntax-only", "--compile", "--assemble", "--preprocess",
                         "--help", "--version"}) ||
            begins_with_one_of(flag, {"@", "-o", "--output", "-M", "-save-temps", "--save-temps", "-dump",
                                      "-print-", "--print-"}))
            return true;
        if (!begins_with_one_of(flag, {"-Wl,", "-Wp,"}))
            return false;
        for (flag.remove_prefix(4); !flag.empty();)
            if (passes_away(take_until(flag, ',')))
                return true;
        return false;
    }

    // The same for flags passed on to a step of the compiler: a linker's -M writes a map to standard output.
    static bool passes_away(std::string_view flag) {
        return flag == "-o" || begins_with_one_of(flag, {"--output", "-M", "@"});
    }

    // Flags that run other programs than those of the compiler, whose changes would not be noticed.
    static bool runs_a_program(std::string_view flag) {
        return begins_with_one_of(
            flag, {"-B", "-wrapper", "-specs", "--specs", "-fplugin", "-fpass-plugin", "--ld-path", "-load"});
    }

    // True for the languages of headers, which are precompiled and give no object.
    static bool makes_headers(std::string_view language) { return language.find("-header") != language.npos; }

    // Flags that make compilers, or the plugin at its end, write further files beside an object: profiles,
    // the order of calls, debug information.
    static bool writes_beside(std::string_view flag) {
        return among(flag, {"--coverage", "-coverage", "-fprofile-arcs", "-ftest-coverage",
                            "-fcondition-coverage", "-fpath-coverage", "-fstack-usage", "-aux-info",
                            "-serialize-diagnostics", "--serialize-diagnostics"}) ||
               begins_with_one_of(flag, {"-fprofile-generate", "-fcs-profile-generate", "-fprofile-note",
                                         "-gsplit-dwarf", "-fcallgraph-info", "-fdump-", "-ftime-trace",
                                         "-fsave-optimization-record", "-foptimization-record-file"});
    }

    // Flags that change the form or the place of messages, so that files and lines would not be found in
    // them.
    static bool changes_messages(std::string_view flag) {
        return begins_with_one_of(flag,
                                  {"-fdiagnostics-format", "-fdiagnostics-add-output",
                                   "-fdiagnostics-set-output", "-fdiagnostics-parseable-fixits",
                                   "-fdiagnostics-generate-patch", "-fdiagnostics-print-source-range-info",
                                   "-fdiagnostics-column-", "-fdiagnostics-show-location", "-fmessage-length",
                                   "-fno-show-column", "-fno-show-source-location"});
    }

    static bool for_the_linker(std::string_view flag) {
        if (begins_with_one_of(flag, {"-l", "-L", "-Wl,", "-Xlinker", "--library-directory"}))
            return true;
        return !flag.starts_with('-') && ends_in_one_of(flag, {".a", ".o", ".so"});
    }

    std::vector<std::string> compile_, common_, link_;
    std::string before_;
    bool may_run_programs_, tree_stays_;
    bool value_follows_ = false; // of the flag before
    bool language_follows_ = false;
    bool passed_on_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
