// SPDX-License-Identifier: MIT
#ifndef TENON_COMPILE_FLAGS_HPP
#define TENON_COMPILE_FLAGS_HPP

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

namespace tenon::inline v1::detail {

/// The flags that somebody gives for a plugin, sorted by who reads them.
class compile_flags {
public:
    /// `may_run_programs`: whether flags may name programs that take part in the build.
    explicit compile_flags(bool may_run_programs = false) : may_run_programs_(may_run_programs) {}

    /// Adds one flag, or the value of the one before. `where` says where it stands, for whoever has to change
    /// it.
    void add(const std::string& flag, const std::string& where) {
        if (takes_away(flag) || (passed_on_ && passes_away(flag)))
            throw error::refused_flag(where, flag);
        if (!may_run_programs_ && runs_a_program(flag))
            throw error::flag_runs_program(where, flag);
        passed_on_ = among(flag, {"-Xlinker", "-Xpreprocessor", "-Xclang"});
        const bool value =
            std::exchange(value_follows_, among(flag, {"-l", "-L", "-z", "-u", "-T", "-Xlinker"}));
        if (value || value_follows_ || for_the_linker(flag))
            link_.push_back(flag);
        else
            compile_.push_back(flag);
    }

    /// Adds what a compile_flags.txt says, as clangd reads it: one flag a line, without the space around it.
    void add_lines(std::string_view text, const std::string& path) {
        for (std::size_t number = 1; !text.empty(); ++number) {
            std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
            while (!line.empty() && space(line.front()))
                line.remove_prefix(1);
            while (!line.empty() && space(line.back()))
                line.remove_suffix(1);
            if (!line.empty())
                add(std::string(line), path + ':' + std::to_string(number));
        }
    }

    /// For every step. The linker driver gets them too, because some of them decide what it links, such as
    /// -fsanitize.
    const std::vector<std::string>& compile() const noexcept { return compile_; }

    /// For the link alone, and after the objects: a linker takes from a library what it misses by then.
    const std::vector<std::string>& link() const noexcept { return link_; }

    /// The folders that these flags have headers searched in.
    std::vector<std::string> include_folders() const {
        std::vector<std::string> found;
        for (std::size_t i = 0; i < compile_.size(); ++i)
            for (const std::string_view name : {"-I", "-iquote", "-isystem", "-idirafter"})
                if (compile_[i].compare(0, name.size(), name) == 0) {
                    if (compile_[i].size() > name.size())
                        found.push_back(compile_[i].substr(name.size()));
                    else if (i + 1 < compile_.size())
                        found.push_back(compile_[i + 1]);
                    break;
                }
        return found;
    }

private:
    static bool space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

    static bool among(std::string_view flag, std::initializer_list<std::string_view> list) {
        for (const std::string_view each : list)
            if (flag == each)
                return true;
        return false;
    }
    static bool begins(std::string_view flag, std::initializer_list<std::string_view> list) {
        for (const std::string_view each : list)
            if (flag.substr(0, each.size()) == each)
                return true;
        return false;
    }

    // What would have the compiler write something else, or to another place, or read flags that nobody has
    // looked at.
    static bool takes_away(std::string_view flag) {
        if (among(flag, {"-c", "-E", "-S", "-###", "-fsyntax-only", "--compile", "--assemble", "--preprocess",
                         "--help", "--version", "-dumpversion", "-dumpmachine"}) ||
            begins(flag, {"@", "-o", "--output", "-M", "-save-temps", "--save-temps"}))
            return true;
        if (!begins(flag, {"-Wl,", "-Wp,"}))
            return false;
        for (flag.remove_prefix(4); !flag.empty();) {
            const std::string_view part = flag.substr(0, flag.find(','));
            if (passes_away(part))
                return true;
            flag.remove_prefix(part.size() < flag.size() ? part.size() + 1 : flag.size());
        }
        return false;
    }

    // The same of what a step of the compiler is given: a linker's -M writes a map to standard output.
    static bool passes_away(std::string_view flag) {
        return flag == "-o" || begins(flag, {"--output", "-M", "@"});
    }

    // What would have another program run than those of the compiler, which nothing looks for changes of.
    static bool runs_a_program(std::string_view flag) {
        return begins(
            flag, {"-B", "-wrapper", "-specs", "--specs", "-fplugin", "-fpass-plugin", "--ld-path", "-load"});
    }

    static bool for_the_linker(std::string_view flag) {
        if (begins(flag, {"-l", "-L", "-Wl,", "-Xlinker"}))
            return true;
        if (flag.empty() || flag[0] == '-')
            return false;
        for (const std::string_view end : {".a", ".o", ".so"})
            if (flag.size() > end.size() && flag.substr(flag.size() - end.size()) == end)
                return true;
        return false;
    }

    std::vector<std::string> compile_, link_;
    bool may_run_programs_;
    bool value_follows_ = false; // of the flag before
    bool passed_on_ = false;
};

} // namespace tenon::inline v1::detail

#endif
