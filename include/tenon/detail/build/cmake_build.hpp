// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_CMAKE_BUILD_HPP
#define TENON_DETAIL_BUILD_CMAKE_BUILD_HPP

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/event.hpp>
#include <tenon/trust.hpp>

#include <tenon/detail/build/build_report.hpp>
#include <tenon/detail/build/build_target.hpp>
#include <tenon/detail/build/cmake_project.hpp>
#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/build/flag_inputs.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/build/library_publisher.hpp>
#include <tenon/detail/build/source_tree.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/library/file_trust.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One attempt to build the library of a directory with a CMakeLists.txt.
template <class System = posix>
class basic_cmake_build {
public:
    /// All of these have to outlive the attempt.
    basic_cmake_build(const basic_build_target<System>& target, const basic_scratch<System>& scratch,
                      const basic_deadline<System>& within, expected_inputs& expected, build_report& report)
        : target_(target), scratch_(scratch), within_(within), expected_(expected), report_(report),
          sources_(trusted_sources()), folders_(target.interface_folders()),
          project_(target.tree, settings()) {}

    /// Returns the library, or nothing if an input changed meanwhile, which `changed()` names.
    std::optional<built_library> run() {
        if (project_.last())
            expected_.before = *project_.last();
        observe(sources_);
        bool compiling = false;
        try {
            if (!configure())
                return std::nullopt;
            compiling = true;
            report_.step(event::step::compiling);
            project_.build(target_.options.jobs, within_, [&](std::string_view text) { report_.said(text); });
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            if (compiling ? !inputs_->as_expected() : !inputs_->as_given({}))
                return std::nullopt;
            if (compiling)
                try_to_keep_tree();
            throw;
        }
        return take_library();
    }

    const source_change& changed() const noexcept { return inputs_->changed(); }

private:
    // The source tree, checked before any program runs.
    basic_source_tree<System> trusted_sources() const {
        basic_source_tree<System> tree(target_.directory, target_.written);
        for (const std::vector<std::string>* paths : {&tree.folders(), &tree.files()})
            for (const std::string& path : *paths)
                require_trusted_inside(path);
        return tree;
    }

    cmake_settings settings() const {
        if (!basic_cmake_project<System>::program())
            throw no_cmake(target_.directory);
        cmake_settings given{target_.directory,
                             target_.compiler.program_words(),
                             target_.compiler.traits(within_),
                             {},
                             {},
                             folders_,
                             target_.options.profile,
                             target_.options.target};
        const compile_flags of_compiler = target_.compiler.flags(true), of_host = target_.flags(false);
        for (const compile_flags* flags : {&of_compiler, &of_host}) {
            given.compile.insert(given.compile.end(), flags->compile().begin(), flags->compile().end());
            given.link.insert(given.link.end(), flags->common().begin(), flags->common().end());
            given.link.insert(given.link.end(), flags->link().begin(), flags->link().end());
        }
        return given;
    }

    // Takes the states of all files that may be read from now on.
    void observe(const basic_source_tree<System>& tree) {
        expected_.files.insert(tree.files().begin(), tree.files().end());
        expected_.folders.insert(tree.folders().begin(), tree.folders().end());
        const flag_inputs named = project_.named_inputs();
        inputs_.emplace(target_.directory, expected_);
        inputs_->add_inputs(named.files);
        std::vector<std::string> searched = folders_;
        searched.insert(searched.end(), tree.folders().begin(), tree.folders().end());
        searched.insert(searched.end(), named.folders.begin(), named.folders.end());
        inputs_->begin(std::move(searched));
    }

    // Runs CMake if the CMakeLists.txt has to be read. False if an input changed meanwhile.
    bool configure() {
        if (!project_.prepare(
                sources_, target_.library.tools.value_or(""), within_,
                [&] { report_.step(event::step::configuring); },
                [&](std::string_view text) { report_.said(text); }))
            return true;
        if (!inputs_->as_given(project_.configured_from()))
            return false;
        // Files that CMake has written among the sources count as sources from now on.
        observe(basic_source_tree<System>(target_.directory, target_.written));
        return true;
    }

    std::optional<build_result> take() {
        const basic_source_tree<System> now(target_.directory, target_.written);
        return inputs_->take(project_.files(), target_.library.sources, now.files());
    }

    void try_to_keep_tree() {
        try {
            if (std::optional<build_result> entry = take(); entry && !inputs_->untraceable())
                project_.keep(std::move(*entry), target_.library.tools.value_or(""), scratch_);
        } catch (const error& e) {
            trace("not keeping the tree of '", target_.path, "': ", e.what());
        }
    }

    std::optional<built_library> take_library() {
        std::optional<build_result> entry = take();
        if (!entry)
            return std::nullopt;
        built_library built{scratch_ / "library.so"};
        built.traceable = !inputs_->untraceable();
        if (built.traceable)
            project_.keep(*entry, target_.library.tools.value_or(""), scratch_);
        // The directory's own files were checked before the build. Behind a `..` there may be a link.
        for (const build_input& file : entry->files)
            if (!(is_at_or_below(file.path, target_.directory) && is_normal(file.path)) &&
                inputs_->belongs_to_author(file.path))
                target_.require_trusted(file.path);
        entry->key = copy_of(project_.library().path, built.file);
        built.entry = std::move(*entry);
        built.files = project_.files();
        return built;
    }

    // Below a trusted folder only the file itself is checked, unless a link leads elsewhere.
    void require_trusted_inside(const std::string& path) const {
        struct stat status;
        if (target_.options.trust.everyone || path == target_.directory)
            return;
        if (System::lstat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        if (S_ISLNK(status.st_mode))
            return target_.require_trusted(path);
        if (const std::string why = distrust<System>(path, status, target_.options.trust); !why.empty())
            throw untrusted(path, why);
    }

    // Copies a library and returns the SHA-256 of its content.
    static std::string copy_of(const std::string& original, const std::string& path) {
        const basic_file<System> from(original, O_RDONLY);
        const basic_file<System> to(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        sha256 all;
        from.parts(original, [&](std::string_view part) {
            all.add(part);
            to.write(path, part);
        });
        return all.hex();
    }

    const basic_build_target<System>& target_;
    const basic_scratch<System>& scratch_;
    const basic_deadline<System>& within_;
    expected_inputs& expected_;
    build_report& report_;
    const basic_source_tree<System> sources_;
    std::vector<std::string> folders_;
    basic_cmake_project<System> project_;
    std::optional<basic_input_tracker<System>> inputs_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
