// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_COMPILATION_HPP
#define TENON_DETAIL_BUILD_COMPILATION_HPP

#include <algorithm>
#include <cstddef>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/error.hpp>
#include <tenon/options.hpp>

#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/linker.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/interface/toolchain.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/diagnostic_reader.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/job_slots.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error other_sanitizer(const std::string& compiler) {
    return {errc::toolchain,
            concatenated({"this program was compiled with a sanitizer, and '", compiler,
                          "' is of another family than its compiler: two "
                          "sanitizers would end the program; name one of the same family in $CXX or "
                          "options.compiler"}),
            compiler};
}

/// Collects the failed commands of a build for its error.
class build_failures {
public:
    /// `directory` is the plugin's, for the error.
    explicit build_failures(std::string directory) : directory_(std::move(directory)) {}

    bool empty() const noexcept { return commands_.empty(); }

    void add(const command& invocation, const process_result& end) {
        std::string said = end.err + end.out;
        failed_command failed{.command = shown(invocation), .ending = end.how()};
        // A command without a failure is added if its output is missing.
        if (end.known && !end.failed())
            failed.ending += " and made no output";
        if (end.known && end.cause == stop_reason::itself) {
            if (WIFSIGNALED(end.status))
                failed.signal = WTERMSIG(end.status);
            else
                failed.exit_status = WEXITSTATUS(end.status);
        }
        const std::string how = std::string(basename(invocation.arguments[0])) + ' ' + failed.ending;
        const bool cut_short = end.cause == stop_reason::time || end.cause == stop_reason::stop;
        if (cut_short) {
            first_ = how;
            code_ = end.code(code_);
        } else if (first_.empty()) {
            first_ = end.limit.empty() ? cause_of_failure(invocation.folder, said, how) : how;
        }
        if (!said.empty() && said.back() != '\n')
            said += '\n';
        failed.diagnostics = diagnostic_reader(directory_).read(said);
        failed.output = std::move(said);
        commands_.push_back(std::move(failed));
    }

    /// The error, with advice below its first line.
    build_error error_with(const std::string& advice = "") const {
        std::string text = first_ + (advice.empty() ? "" : '\n' + advice) + "\nthe plugin in '" + directory_ +
                           "' was not built:\n";
        for (const failed_command& failed : commands_)
            text += failed.command + '\n' + failed.ending + (failed.output.empty() ? "\n" : ", and said:\n") +
                    failed.output;
        text.pop_back();
        return {code_, text, directory_, commands_};
    }

private:
    std::string directory_, first_;
    std::vector<failed_command> commands_;
    errc code_ = errc::build_failed;
};

/// The files in a dependency file, which a compiler writes in the syntax of makefiles.
inline word_list read_dependencies(std::string_view makefile) {
    word_list files;
    std::string path;
    const auto finish = [&] {
        // The target is the one word that ends in a colon; a colon in a path is not at its end.
        if (!path.empty() && path.back() != ':')
            files.push_back(path);
        path.clear();
    };
    for (std::size_t i = 0; i < makefile.size(); ++i) {
        const char c = makefile[i], next = i + 1 < makefile.size() ? makefile[i + 1] : '\0';
        if (c == '\\' && next == '\n')
            ++i, finish();
        else if (c == ' ' || c == '\n' || c == '\t')
            finish();
        else if ((c == '\\' && (next == ' ' || next == '#' || next == ':' || next == '\t')) ||
                 (c == '$' && next == '$'))
            path += next, ++i;
        else
            path += c;
    }
    finish();
    return files;
}

/// The files in the output of a linker's `--trace`: one a line, members of archives as `lib.a(member.o)` or
/// `(lib.a)member.o`.
inline word_list read_linked(std::string_view trace) {
    word_list files;
    while (!trace.empty()) {
        std::string_view line = take_line(trace);
        skip(line, "trace: "); // mold
        if (!line.empty() && line.front() == '(')
            line = line.substr(1, line.find(')') - 1);
        else if (!line.empty() && line.back() == ')')
            line = line.substr(0, line.rfind('('));
        if (!line.empty())
            files.emplace_back(line);
    }
    return files;
}

/// Compiles the sources of a directory, and links their objects.
template <class System = posix>
class basic_compilation {
public:
    /// Compiles `sources` in `directory`; `folders` are searched for headers first.
    basic_compilation(const basic_compiler<System>& compiler, const std::string& directory, word_list sources,
                      const compile_flags& flags, const word_list& folders, const basic_scratch<System>& in,
                      const basic_deadline<System>& within = {}, profile wanted = profile::optimised,
                      unsigned jobs = 0)
        : directory_(directory), sources_(std::move(sources)), scratch_(in), deadline_(within), jobs_(jobs) {
        const compile_flags own = compiler.flags(false);
        const compiler_traits traits = compiler.traits(within);
#ifdef __clang__
        constexpr bool with_clang = true;
#else
        constexpr bool with_clang = false;
#endif
        if (traits.clang != with_clang &&
            std::string_view(toolchain).find("sanitizer=none") == std::string_view::npos)
            throw other_sanitizer(compiler.arguments()[0]);
        word_list both{language_flag()};
        add(both, plugin_flags(traits));
        add(both, wanted == profile::quick ? word_list{"-O0"} : word_list{"-O2", "-g"});
        compile_ = link_ = compiler.program_words();
        add(compile_, own.compile());
        add(compile_, both);
        add(link_, own.common());
        add(link_, both);
        after_objects_ = own.link();
        add(after_objects_, flags.link());
        for (const std::string& folder : folders)
            compile_.push_back("-I" + folder);
        add(compile_, flags.compile());
        add(link_, flags.common());
        link_.push_back("-shared");
        // Clang leaves a sanitizer's symbols to the host's executable.
        if (!traits.clang || std::none_of(link_.begin(), link_.end(), is_sanitizer))
            link_.push_back("-Wl,-z,defs");
        if (lets_choose_linker(link_) && lets_choose_linker(after_objects_))
            linker_ = find_fast_linker(compiler, within);
    }

    /// The path of the object of a source.
    std::string object(std::size_t source) const { return output(source, ".o"); }

    /// Marks a source as compiled: its object is already at `object(source)`.
    void reuse(std::size_t source) { reused_.insert(source); }

    /// The absolute paths of all files that the compiler read for one source.
    word_list read_for(std::size_t source) const {
        word_list read = read_dependencies(read_file<System>(output(source, ".d")));
        for (std::string& path : read)
            path = absolute(path);
        // clang lists the source of the precompiled header, which is /dev/null.
        std::erase(read, "/dev/null");
        return read;
    }

    /// The beginning of each compiler's command.
    const word_list& arguments() const noexcept { return compile_; }

    /// Adds flags for the marked sources. A source that does not compile with the flags is compiled without
    /// them.
    void try_with(word_list flags, std::vector<bool> sources) {
        more_ = std::move(flags);
        with_more_ = std::move(sources);
    }

    /// True if a source could only be compiled without the flags of `try_with`.
    bool refused() const noexcept { return refused_; }

    /// A digest of the commands: of all that decides the library besides the contents of files.
    std::string recipe() const {
        sha256 all;
        for (const word_list* list : {&compile_, &link_, &linker_.flags, &after_objects_, &sources_})
            all.fields(*list);
        return all.field(linker_.version).hex();
    }

    /// Compiles all sources. Throws with the messages for every source that fails. Calls `done` with the
    /// number of finished sources each time it grows, and `say` with the compiler's messages for a source
    /// that compiles.
    template <class Done, class Say>
    void compile(Done&& done, Say&& say) {
        build_failures failed(directory_);
        std::size_t ends = reused_.size();
        std::vector<std::size_t> all, again;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            if (!reused_.count(i))
                all.push_back(i);
        std::string said;
        const auto ended = [&](std::size_t i, const command& invocation, const process_result& end) {
            const bool good = succeeded(end, output(i, ".o"));
            if (!good && with_more(i)) {
                said = end.err;
                again.push_back(i);
                return;
            }
            if (good && std::find(again.begin(), again.end(), i) != again.end()) {
                trace("'", sources_[i], "' could only be compiled without ", more_.back(), ": ", said);
                refused_ = true;
            }
            good ? say(end.err) : failed.add(invocation, end);
            done(++ends);
        };
        for_each_run(all, ended);
        with_more_.clear();
        for_each_run(again, ended);
        if (!failed.empty())
            throw failed.error_with();
    }

    /// Links the objects. Throws with the linker's messages if that fails; otherwise calls `say` with them.
    template <class Say>
    void link(Say&& say) {
        for (;;) {
            const command invocation = link_command();
            const process_result end = run<System>(invocation, deadline_);
            if (succeeded(end, library())) {
                linked_ = read_linked(end.out);
                return say(end.err);
            }
            if (linker_.flags.empty() || cut_short(end)) {
                build_failures failed(directory_);
                failed.add(invocation, with_the_fault_alone(end));
                throw failed.error_with(misses_symbols(end.err) ? what_is_left_out() : "");
            }
            trace("linking as the compiler does by itself, because '", linker_.version,
                  "' failed: ", end.err);
            linker_ = {};
        }
    }

    std::string library() const { return scratch_ / "library.so"; }

    /// A sentence about files that look like sources and are not compiled; empty if there are none.
    std::string what_is_left_out() const {
        return sentence_on_sources_left_out<System>(directory_, sources_);
    }

    /// The sorted absolute paths of all files that were read, as the compiler spells them.
    word_list files() const {
        word_list read;
        for (std::size_t i = 0; i < sources_.size(); ++i)
            if (!reused_.count(i))
                add(read, read_for(i));
        for (const std::string& path : linked_)
            // Skips other output of the linker, and files that this build made.
            if (struct stat seen; !is_at_or_below(path, scratch_.path()) &&
                                  System::stat(absolute(path).c_str(), &seen) == 0 && S_ISREG(seen.st_mode))
                read.push_back(absolute(path));
        std::sort(read.begin(), read.end());
        read.erase(std::unique(read.begin(), read.end()), read.end());
        return read;
    }

private:
    static bool cut_short(const process_result& end) {
        return end.cause == stop_reason::time || end.cause == stop_reason::stop;
    }

    static bool succeeded(const process_result& end, const std::string& result) {
        struct stat status;
        // If the status is unknown, an existing result means success.
        return !end.failed() && System::stat(result.c_str(), &status) == 0;
    }

    static void add(word_list& to, const word_list& more) { to.insert(to.end(), more.begin(), more.end()); }

    // Drops the trace of opened files, and the last line, in which the driver repeats that the linker failed.
    static process_result with_the_fault_alone(process_result of) {
        std::string fault;
        for (std::string_view rest = of.err; !rest.empty();) {
            const std::string_view line = take_line(rest);
            if (!line.starts_with("collect2: error: ") &&
                line.find(": error: linker command failed with exit code ") == line.npos)
                fault.append(line).append("\n");
        }
        if (!fault.empty()) {
            of.err = std::move(fault);
            of.out.clear();
        }
        return of;
    }

    static bool misses_symbols(std::string_view said) {
        return said.find("undefined reference to") != said.npos || said.find("undefined symbol") != said.npos;
    }

    // Compiles sources, and calls `ended` for each in their order.
    template <class Ended>
    void for_each_run(const std::vector<std::size_t>& which, Ended&& tell) {
        struct running {
            basic_process<System> process;
            basic_job_slot<System> job;
        };
        std::deque<running> now;
        std::size_t ends = 0;
        const auto wait_for_next = [&] {
            const process_result end = now.front().process.wait();
            if (cut_short(end)) {
                build_failures failed(directory_);
                failed.add(now.front().process.what(), end);
                throw failed.error_with();
            }
            tell(which[ends++], now.front().process.what(), end);
            now.pop_front();
        };
        for (const std::size_t i : which) {
            basic_job_slot<System> job = basic_job_slot<System>::one_of(jobs_);
            // Waits for own compilers before waiting for a job slot, so that two builds cannot deadlock.
            while (!job && !now.empty()) {
                wait_for_next();
                job = basic_job_slot<System>::one_of(jobs_);
            }
            if (!job)
                job = basic_job_slot<System>::next_of(jobs_, deadline_);
            now.push_back({basic_process<System>(compile_command(i), deadline_), std::move(job)});
        }
        while (!now.empty())
            wait_for_next();
    }

    command compile_command(std::size_t i) const {
        command invocation = prepared(compile_);
        if (with_more(i))
            add(invocation.arguments, more_);
        add(invocation.arguments, {"-MD", "-MT", "library", "-MF", output(i, ".d"), "-c",
                                   join(directory_, sources_[i]), "-o", output(i, ".o")});
        return invocation;
    }

    bool with_more(std::size_t i) const { return i < with_more_.size() && with_more_[i]; }

    command link_command() const {
        command invocation = prepared(link_);
        add(invocation.arguments, linker_.flags);
        for (std::size_t i = 0; i < sources_.size(); ++i)
            invocation.arguments.push_back(output(i, ".o"));
        add(invocation.arguments, {"-o", library()});
        add(invocation.arguments, after_objects_);
        if (!after_objects_.empty())
            invocation.arguments.push_back("-Wl,--trace");
        return invocation;
    }

    // Runs in the source directory, so that relative paths in flags start there.
    command prepared(const word_list& arguments) const {
        return {arguments, basic_compiler<System>::variables(), directory_};
    }

    // The name of an output contains the source's, because linkers name objects in their messages.
    std::string output(std::size_t source, std::string_view end) const {
        const std::string& name = sources_[source];
        return scratch_ / ((name.size() < 240 ? name : std::to_string(source)) + std::string(end));
    }

    std::string absolute(const std::string& path) const {
        return path[0] == '/' ? path : join(directory_, path);
    }

    const std::string& directory_;
    word_list sources_;
    const basic_scratch<System>& scratch_;
    basic_deadline<System> deadline_;
    unsigned jobs_;
    word_list compile_, link_, after_objects_, linked_, more_;
    std::vector<bool> with_more_;
    std::set<std::size_t> reused_;
    bool refused_ = false;
    linker_choice linker_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
