// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_PRECOMPILED_INTERFACE_HPP
#define TENON_DETAIL_BUILD_PRECOMPILED_INTERFACE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/build/artifact_store.hpp>
#include <tenon/detail/build/compilation.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/build/system_packages.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/job_slots.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The header that a source begins with, in its quotes or brackets; empty where anything but comments and
/// `#pragma once` comes before, because that could change what the header says.
inline std::string_view first_include(std::string_view text) {
    const auto skip = [&](std::string_view what) {
        if (text.substr(0, what.size()) != what)
            return false;
        text.remove_prefix(what.size());
        return true;
    };
    const auto skip_to_end_of = [&](std::string_view what) {
        const std::size_t at = text.find(what);
        text.remove_prefix(at == text.npos ? text.size() : at + what.size());
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
                return {}; // perhaps it goes on in the next line
            text.remove_prefix(line.size());
        } else if (skip("#")) {
            skip_spaces(" \t");
            if (skip("pragma")) {
                skip_spaces(" \t");
                if (!skip("once"))
                    return {};
                continue;
            }
            if (!skip("include"))
                return {};
            skip_spaces(" \t");
            if (text.empty() || (text[0] != '"' && text[0] != '<'))
                return {};
            const std::size_t end = text.substr(0, text.find('\n')).find(text[0] == '"' ? '"' : '>', 1);
            return end == text.npos ? std::string_view() : text.substr(0, end + 1);
        } else {
            return {};
        }
    }
}

/// Whether a source in `directory` begins with the header at `path`. `folders` are those that headers are
/// searched in.
template <class System = posix>
bool begins_with(std::string_view source, const std::string& path, const std::string& directory,
                 const word_list& folders) {
    const std::string_view include = first_include(source);
    if (include.empty())
        return false;
    const std::string_view name = include.substr(1, include.size() - 2);
    word_list searched;
    if (name[0] == '/' || include[0] == '"')
        searched.push_back(name[0] == '/' ? "" : directory);
    searched.insert(searched.end(), folders.begin(), folders.end());
    struct stat wanted, found;
    for (const std::string& folder : searched)
        if (System::stat(join(folder, name).c_str(), &found) == 0)
            return System::stat(path.c_str(), &wanted) == 0 && wanted.st_dev == found.st_dev &&
                   wanted.st_ino == found.st_ino;
    return false;
}

/// Whether nothing in these flags has to come before a source's first header, or changes where that is found.
inline bool lets_precompile(const word_list& flags) {
    for (const std::string_view flag : flags)
        for (const std::string_view first : {"-include", "-imacros", "-iquote", "-I-", "-x", "-fmodules"})
            if (flag.substr(0, first.size()) == first)
                return false;
    return true;
}

/// The header of an interface, precompiled for one compiler with one set of flags.
template <class System = posix>
class basic_precompiled_interface {
public:
    /// Of the header at `header`, for a plugin type of that name. `arguments` begin the command of a compiler
    /// in `directory`; where they depend on that directory, so does what is made, and `local` says so.
    basic_precompiled_interface(const basic_cache<System>& in, const basic_compiler<System>& compiler,
                                std::string_view type, std::string header, word_list arguments,
                                const std::string& directory, bool local, bool thorough)
        : cache_(in), compiler_(compiler), header_(std::move(header)), arguments_(std::move(arguments)),
          directory_(directory), shelf_(shelf(type, local, thorough)) {}

    /// Whether there is one to use. The first time that it is missed only that is remembered, because making
    /// one takes longer than compiling a plugin: it pays from the second time on. Never throws but where it
    /// is called off. `making` is called before a compiler runs, and `say` with what that says of the header.
    template <class Making, class Say>
    bool prepare(const word_list& folders, const basic_deadline<System>& within, unsigned jobs,
                 Making&& making, Say&& say) {
        try {
            found_ = current();
            if (found_.path.empty() && shelf_.text().empty()) {
                shelf_.remember("missed once\n", basic_scratch<System>(cache_));
                trace("'", header_, "' is precompiled when it is needed again");
                return false;
            }
            if (found_.path.empty()) {
                const basic_lock<System> turn(shelf_.lock(), within, [] {});
                found_ = current();
                if (found_.path.empty()) {
                    making();
                    if (!make(folders, within, jobs, say))
                        return false;
                    found_ = current();
                }
            }
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            trace("not using '", header_, "' precompiled: ", failed.what());
            return false;
        }
        if (!found_.path.empty() && found_.made.size == 0)
            trace("not using '", header_, "' precompiled, because the compiler has refused it before");
        note_use<System>(found_.path);
        return !found_.path.empty() && found_.made.size != 0;
    }

    /// What makes a compiler use it.
    word_list flags() const {
        if (compiler_.traits().clang)
            return {"-include-pch", found_.path};
        return {"-Winvalid-pch", "-include", found_.path.substr(0, found_.path.size() - end.size())};
    }

    /// What it was made from.
    const build_inputs& own_files() const noexcept { return found_.made.files; }
    const build_inputs& system_files() const noexcept { return found_.system; }

    /// Sees to it that it is not used again until something has changed.
    void refuse() {
        try {
            const basic_scratch<System> scratch(cache_);
            const std::string nothing = scratch / "refused";
            basic_file<System>(nothing, O_WRONLY | O_CREAT, 0600);
            shelf_.keep(nothing, found_.made, found_.system, 1, scratch);
        } catch (const error& failed) {
            trace("not remembering that '", found_.path, "' was refused: ", failed.what());
        }
    }

private:
    static constexpr std::string_view end = ".gch";

    basic_artifact_store<System> shelf(std::string_view type, bool local, bool thorough) const {
        sha256 all;
        all.field(header_).field(compiler_.stamp()).field(local ? directory_ : "");
        for (const std::string& word : arguments_)
            all.field(word);
        return {join(join(join(cache_.path(), "bin"), type), "interface-"), all.hex(), end, thorough};
    }

    auto current() const {
        return shelf_.current({}, compiler_.stamp(), true, [](const std::string&) {});
    }

    template <class Say>
    bool make(const word_list& folders, const basic_deadline<System>& within, unsigned jobs, Say& say) {
        const build_record before(shelf_.text());
        expected_inputs known;
        known.files.insert(header_);
        if (!before.results().empty())
            for (const build_input& each : before.results()[0].files)
                known.files.insert(each.path);
        // No folder's sources go into it.
        const std::string nowhere;
        basic_input_tracker<System> observed(nowhere, known);
        observed.begin(folders);
        build_result made;
        made.compiler = compiler_.stamp();
        made.packages = package_state<System>(observed.start());

        const basic_scratch<System> scratch(cache_);
        const std::string result = scratch / "interface.gch", read = scratch / "interface.d";
        command what{arguments_, basic_compiler<System>::variables(), directory_};
        for (const std::string& word :
             {std::string("-MD"), std::string("-MT"), std::string("library"), std::string("-MF"), read,
              std::string("-x"), std::string("c++-header"), std::string("/dev/null"), std::string("-include"),
              header_, std::string("-o"), result})
            what.arguments.push_back(word);
        // Whether headers have changed is for the record to say: clang would take one that was only touched
        // for another.
        // What it instantiates of the header's templates, no plugin has to.
        if (compiler_.traits().clang)
            what.arguments.insert(what.arguments.end(),
                                  {"-Xclang", "-fno-pch-timestamp", "-fpch-instantiate-templates"});
        const basic_job_slot<System> job = basic_job_slot<System>::next_of(jobs, within);
        const process_result how = run<System>(what, within);
        struct stat status;
        if (how.failed() || System::stat(result.c_str(), &status) != 0) {
            trace("'", header_, "' cannot be precompiled: ", how.how(), "\n", how.err);
            return false;
        }
        word_list files = read_dependencies(read_file<System>(read));
        // The source that only has the header included.
        std::erase(files, "/dev/null");
        for (std::string& path : files)
            if (path[0] != '/')
                path.insert(0, join(directory_, ""));
        build_inputs system;
        if (!observed.take(files, made, system)) {
            trace("'", observed.changed().path, "' changed while '", header_, "' was being precompiled");
            return false;
        }
        if (package_state<System>(observed.start()) != made.packages)
            made.packages.clear();
        sha256 all;
        all.field(compiler_.traits().identity).field(shelf_.record());
        for (const build_inputs* list : {&made.files, &system})
            for (const build_input& each : *list)
                all.field(each.path).field(each.digest);
        made.key = all.hex();
        shelf_.keep(result, made, system, 1, scratch);
        // Who includes it precompiled hears none of this.
        say(how.err);
        return true;
    }

    basic_cache<System> cache_;
    basic_compiler<System> compiler_;
    std::string header_;
    word_list arguments_;
    std::string directory_;
    basic_artifact_store<System> shelf_;
    typename basic_artifact_store<System>::found found_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
