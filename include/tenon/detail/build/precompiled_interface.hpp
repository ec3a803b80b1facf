// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_PRECOMPILED_INTERFACE_HPP
#define TENON_DETAIL_BUILD_PRECOMPILED_INTERFACE_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/build/action_cache.hpp>
#include <tenon/detail/build/compilation.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/job_slots.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/text.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The header that a source begins with, in its quotes or brackets; none where anything but comments and
/// `#pragma once` comes before, because that could change what the header says.
inline std::optional<std::string_view> first_include(std::string_view text) {
    const auto skip = [&](std::string_view token) { return detail::skip(text, token); };
    const auto skip_to_end_of = [&](std::string_view token) {
        const std::size_t at = text.find(token);
        text.remove_prefix(at == text.npos ? text.size() : at + token.size());
    };
    const auto skip_spaces = [&](std::string_view which) {
        const std::size_t at = text.find_first_not_of(which);
        text.remove_prefix(at == text.npos ? text.size() : at);
    };
    skip("\xef\xbb\xbf"); // what some editors begin a file in UTF-8 with
    for (;;) {
        skip_spaces(" \t\r\n\f\v");
        if (skip("/*")) {
            skip_to_end_of("*/");
        } else if (text.substr(0, 2) == "//") {
            const std::string_view line = text.substr(0, text.find('\n'));
            if (line.find('\\') != line.npos)
                return std::nullopt; // perhaps it goes on in the next line
            text.remove_prefix(line.size());
        } else if (skip("#")) {
            skip_spaces(" \t");
            if (skip("pragma")) {
                skip_spaces(" \t");
                if (!skip("once"))
                    return std::nullopt;
                continue;
            }
            if (!skip("include"))
                return std::nullopt;
            skip_spaces(" \t");
            if (text.empty() || (text[0] != '"' && text[0] != '<'))
                return std::nullopt;
            const std::size_t end = text.substr(0, text.find('\n')).find(text[0] == '"' ? '"' : '>', 1);
            return end == text.npos ? std::nullopt : std::optional(text.substr(0, end + 1));
        } else {
            return std::nullopt;
        }
    }
}

/// True if a source in `directory` begins by including the header at `path`. `folders` are the search
/// folders.
template <class System = posix>
bool begins_with(std::string_view source, const std::string& path, const std::string& directory,
                 const word_list& folders) {
    const std::optional<std::string_view> include = first_include(source);
    if (!include)
        return false;
    const std::string_view name = include->substr(1, include->size() - 2);
    word_list searched;
    if (name[0] == '/' || include->front() == '"')
        searched.push_back(name[0] == '/' ? "" : directory);
    searched.insert(searched.end(), folders.begin(), folders.end());
    struct stat wanted, found;
    for (const std::string& folder : searched)
        if (System::stat(join(folder, name).c_str(), &found) == 0)
            return System::stat(path.c_str(), &wanted) == 0 && wanted.st_dev == found.st_dev &&
                   wanted.st_ino == found.st_ino;
    return false;
}

/// True if no flag includes a file before a source's first header, or changes where that header is found.
inline bool lets_precompile(const word_list& flags) {
    for (const std::string_view flag : flags)
        if (begins_with_one_of(flag, {"-include", "-imacros", "-iquote", "-I-", "-x", "-fmodules"}))
            return false;
    return true;
}

/// The header of an interface, precompiled for one compiler with one set of flags.
template <class System = posix>
class basic_precompiled_interface {
public:
    /// The compiler, flags and place for the header.
    struct settings {
        const basic_compiler<System>& compiler;
        std::string_view type; ///< name of the plugin type
        std::string header;
        word_list arguments;   ///< that begin the compiler's command
        std::string directory; ///< in which it works
        bool local;            ///< whether the arguments depend on the directory
        bool thorough;
        word_list folders;      ///< in which headers are searched
        word_list named_inputs; ///< files that the arguments name
    };

    basic_precompiled_interface(const basic_cache<System>& in, settings given)
        : cache_(in), given_(std::move(given)), headers_(action_of(in, given_)) {}

    /// True if a precompiled header can be used. The first miss is only noted: making one takes longer than
    /// compiling a plugin, so it pays from the second plugin on. `making` is called before a compiler runs,
    /// and `say` with the compiler's messages. Throws only if the build is cancelled.
    template <class Making, class Say>
    bool prepare(const basic_deadline<System>& within, unsigned jobs, Making&& making, Say&& say) {
        try {
            found_ = headers_.find();
            if (!found_ && headers_.text().empty()) {
                publish<System>(headers_.record(), "missed once\n", basic_scratch<System>(cache_).path());
                trace("'", given_.header, "' is precompiled when it is needed again");
                return false;
            }
            if (!found_) {
                const basic_lock<System> turn(headers_.lock(), within, [] {});
                found_ = headers_.find();
                if (!found_) {
                    making();
                    found_ = make(within, jobs, say);
                }
            }
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            trace("not using '", given_.header, "' precompiled: ", failed.what());
            return false;
        }
        if (!found_)
            return false;
        note_use<System>(found_->path);
        if (refused_before())
            trace("not using '", given_.header, "' precompiled, because the compiler has refused it before");
        return !refused_before();
    }

    /// The flags that make a compiler use it.
    word_list flags() const {
        if (given_.compiler.traits().clang)
            return {"-include-pch", found_->path};
        return {"-Winvalid-pch", "-include", found_->path.substr(0, found_->path.size() - suffix.size())};
    }

    /// The inputs that it was made from.
    const build_result& entry() const noexcept { return found_->entry; }

    /// Records that compilers refuse the precompiled header, until an input changes.
    void refuse() {
        try {
            const basic_scratch<System> scratch(cache_);
            const std::string nothing = scratch / "refused";
            basic_file<System>(nothing, O_WRONLY | O_CREAT, 0600);
            headers_.keep(nothing, found_->entry, scratch);
        } catch (const error& failed) {
            trace("not remembering that '", found_->path, "' was refused: ", failed.what());
        }
    }

private:
    static constexpr std::string_view suffix = ".gch";

    static action action_of(const basic_cache<System>& in, const settings& given) {
        return {.stem = join(join(join(in.path(), "bin"), given.type), "interface-"),
                .digest = sha256()
                              .field(given.header)
                              .field(given.compiler.traits().identity)
                              .field(given.local ? given.directory : "")
                              .fields(given.arguments)
                              .hex(),
                .suffix = suffix,
                .tools = given.compiler.stamp(),
                .kept = 1,
                .thorough = given.thorough};
    }

    // An empty file stands for a precompiled header that the compiler refuses.
    bool refused_before() const {
        struct stat status;
        return System::stat(found_->path.c_str(), &status) != 0 || status.st_size == 0;
    }

    command compile_command(const std::string& result, const std::string& read) const {
        command compile{given_.arguments, basic_compiler<System>::variables(), given_.directory};
        compile.arguments.insert(compile.arguments.end(),
                                 {"-MD", "-MT", "library", "-MF", read, "-x", "c++-header", "/dev/null",
                                  "-include", given_.header, "-o", result});
        // The record says whether headers have changed; clang would also refuse one that was only touched.
        // Templates of the header that are instantiated here need not be in every plugin.
        if (given_.compiler.traits().clang)
            compile.arguments.insert(compile.arguments.end(),
                                     {"-Xclang", "-fno-pch-timestamp", "-fpch-instantiate-templates"});
        return compile;
    }

    // The absolute paths that a compiler lists, but for the source that only has the header included.
    word_list files_read(const std::string& list) const {
        word_list files = read_dependencies(read_file<System>(list));
        std::erase(files, "/dev/null");
        for (std::string& path : files)
            if (path[0] != '/')
                path.insert(0, join(given_.directory, ""));
        return files;
    }

    template <class Say>
    std::optional<artifact> make(const basic_deadline<System>& within, unsigned jobs, Say& say) const {
        expected_inputs known = headers_.expected();
        known.files.insert(given_.header);
        const std::string nowhere; // no directory's sources are part of it
        basic_input_tracker<System> inputs(nowhere, known);
        inputs.add_inputs(given_.named_inputs);
        inputs.begin(given_.folders);

        const basic_scratch<System> scratch(cache_);
        const std::string result = scratch / "interface.gch", read = scratch / "interface.d";
        const basic_job_slot<System> job = basic_job_slot<System>::next_of(jobs, within);
        const process_result end = run<System>(compile_command(result, read), within);
        struct stat status;
        if (end.failed() || System::stat(result.c_str(), &status) != 0) {
            trace("'", given_.header, "' cannot be precompiled: ", end.how(), "\n", end.err);
            return std::nullopt;
        }
        std::optional<build_result> entry = inputs.take(files_read(read));
        if (!entry || inputs.untraceable()) {
            trace("'", entry ? *inputs.untraceable() : inputs.changed().path,
                  entry ? "' names files by macros" : "' changed", " while '", given_.header,
                  "' was being precompiled");
            return std::nullopt;
        }
        // A compiler that uses the precompiled header does not repeat its warnings.
        say(end.err);
        return headers_.keep(result, std::move(*entry), scratch);
    }

    basic_cache<System> cache_;
    settings given_;
    basic_action_cache<System> headers_;
    std::optional<artifact> found_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
