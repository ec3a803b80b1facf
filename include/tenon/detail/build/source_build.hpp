// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_SOURCE_BUILD_HPP
#define TENON_DETAIL_BUILD_SOURCE_BUILD_HPP

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/event.hpp>

#include <tenon/detail/build/action_cache.hpp>
#include <tenon/detail/build/build_report.hpp>
#include <tenon/detail/build/build_target.hpp>
#include <tenon/detail/build/compilation.hpp>
#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/build/flag_inputs.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/build/library_publisher.hpp>
#include <tenon/detail/build/object_cache.hpp>
#include <tenon/detail/build/precompiled_interface.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// One attempt to compile a directory's sources, or a single source, to a library.
template <class System = posix>
class basic_source_build {
public:
    /// Takes the states of the `expected` inputs. All arguments have to outlive the attempt.
    basic_source_build(const basic_build_target<System>& target, const basic_cache<System>& in,
                       const basic_scratch<System>& scratch, const basic_deadline<System>& within,
                       expected_inputs& expected, build_report& report)
        : target_(target), cache_(in), scratch_(scratch), within_(within), report_(report),
          sources_(target.sources()), folders_(target.interface_folders()),
          inputs_(target.directory, with_sources(expected)),
          flags_(target.flags(inputs_.before().seen(target.flags_file()) != nullptr)),
          named_(target.inputs_named_by(flags_)),
          compilation_(target.compiler, target.directory, sources_, flags_, folders_, scratch, within,
                       target.options.profile, target.options.jobs) {}

    /// Returns the library, or nothing if an input changed meanwhile, which `changed()` names.
    std::optional<built_library> run() {
        inputs_.add_inputs(named_.files);
        inputs_.begin(searched());
        try {
            compile_and_link();
        } catch (const error& failed) {
            if (failed.code() == errc::timed_out || failed.code() == errc::cancelled)
                throw;
            if (!inputs_.as_expected())
                return std::nullopt;
            keep_objects();
            throw;
        }
        if (precompiled_ && compilation_.refused())
            precompiled_->refuse();
        for (const build_result* result : reused())
            inputs_.remember(*result);
        keep_objects();
        return take_library();
    }

    const source_change& changed() const noexcept { return inputs_.changed(); }

private:
    expected_inputs& with_sources(expected_inputs& expected) const {
        for (const std::string& source : sources_) {
            const std::string path = join(target_.directory, source);
            target_.require_trusted(path);
            expected.files.insert(path);
        }
        expected.files.insert(target_.flags_file());
        return expected;
    }

    // The directories in which compilers and linkers search.
    std::vector<std::string> searched() const {
        std::vector<std::string> folders = folders_;
        folders.push_back(target_.directory);
        folders.insert(folders.end(), named_.folders.begin(), named_.folders.end());
        return folders;
    }

    void compile_and_link() {
        // A single source needs no object cache: it changes whenever its library does.
        if (sources_.size() > 1)
            take_objects();
        precompile();
        const auto taken = static_cast<std::size_t>(std::count_if(
            objects_.begin(), objects_.end(), [](const auto& object) { return object.taken().has_value(); }));
        const auto say = [&](std::string_view text) { report_.said(text); };
        report_.step(event::step::compiling, taken, sources_.size());
        compilation_.compile(
            [&](std::size_t done) { report_.step(event::step::compiling, done, sources_.size()); }, say);
        report_.step(event::step::linking);
        compilation_.link(say);
    }

    // Takes the current objects from the cache.
    void take_objects() {
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            objects_.emplace_back(target_.compiler, target_.directory, sources_[i], compilation_.arguments(),
                                  target_.library.stem, target_.options.thorough);
            if (objects_.back().take(compilation_.object(i)))
                compilation_.reuse(i);
        }
    }

    // Stores the new objects, also if another source did not compile.
    void keep_objects() {
        for (std::size_t i = 0; i < objects_.size(); ++i) {
            struct stat status;
            if (objects_[i].taken() || System::stat(compilation_.object(i).c_str(), &status) != 0)
                continue;
            word_list files = compilation_.read_for(i);
            if (precompiled_)
                for (const build_input& file : precompiled_->entry().files)
                    files.push_back(file.path);
            objects_[i].keep(compilation_.object(i), files, inputs_, scratch_);
        }
    }

    // The records of the cached parts of this library.
    std::vector<const build_result*> reused() const {
        std::vector<const build_result*> results;
        for (const basic_object_cache<System>& object : objects_)
            if (object.taken())
                results.push_back(&*object.taken());
        if (precompiled_)
            results.push_back(&precompiled_->entry());
        return results;
    }

    std::optional<built_library> take_library() {
        built_library built{compilation_.library()};
        built.sources = sources_;
        built.files = compilation_.files();
        for (const build_result* result : reused())
            for (const build_input& file : result->files)
                built.files.push_back(file.path);
        if (inputs_.before().seen(target_.flags_file()))
            built.files.push_back(target_.flags_file());
        std::optional<build_result> entry = inputs_.take(built.files, target_.library.sources);
        for (const build_result* result : reused())
            if (!entry || !inputs_.still_say(result->files))
                return std::nullopt;
        if (!entry)
            return std::nullopt;
        for (const build_input& file : entry->files)
            if (inputs_.belongs_to_author(file.path))
                target_.require_trusted(file.path);
        built.traceable = !inputs_.untraceable();
        if (!built.traceable)
            trace("'", target_.path, "' is compiled each time, because '", *inputs_.untraceable(),
                  "' names a file by a macro, for __has_include, .incbin or #embed");
        entry->key = built.traceable ? key_of(recipe(), *entry)
                                     : content_digest(basic_file<System>(built.file, O_RDONLY), built.file);
        built.entry = std::move(*entry);
        return built;
    }

    std::string recipe() const {
        return sha256()
            .field(target_.compiler.traits().identity)
            .field(target_.directory)
            .field(compilation_.recipe())
            .hex();
    }

    // Precompiles the interface's header, if these sources can use it.
    void precompile() {
        if (const std::string_view why = why_not_precompiled(); !why.empty()) {
            trace("'", target_.directory, "' is compiled without a precompiled interface: ", why);
            return;
        }
        const std::string header = target_.header();
        std::vector<bool> begin_so;
        for (const std::string& source : sources_) {
            const std::string text = read_file<System>(join(target_.directory, source));
            begin_so.push_back(begins_with<System>(text, header, target_.directory, folders_));
            if (!begin_so.back())
                trace("'", source, "' is compiled without a precompiled interface: it does not begin with '",
                      header, "'");
        }
        if (std::find(begin_so.begin(), begin_so.end(), true) == begin_so.end())
            return;
        std::vector<std::string> searched = folders_;
        searched.insert(searched.end(), named_.folders.begin(), named_.folders.end());
        const bool local =
            !flags_.compile().empty() || !target_.compiler.flags(target_.cmake).compile().empty();
        precompiled_.emplace(cache_, typename basic_precompiled_interface<System>::settings{
                                         target_.compiler, target_.type.name(), header,
                                         compilation_.arguments(), target_.directory, local,
                                         target_.options.thorough, std::move(searched), named_.files});
        if (precompiled_->prepare(
                within_, target_.options.jobs, [&] { report_.step(event::step::precompiling); },
                [&](std::string_view text) { report_.said(text); }))
            compilation_.try_with(precompiled_->flags(), std::move(begin_so));
        else
            precompiled_.reset();
    }

    std::string_view why_not_precompiled() const {
        if (!target_.options.precompile)
            return "options.precompile says so";
        // Launchers such as ccache and distcc work on the preprocessed text of a source.
        if (target_.compiler.launched())
            return "another program runs the compiler";
        if (!lets_precompile(compilation_.arguments()))
            return "its flags put something before it, or change where it is found";
        return "";
    }

    const basic_build_target<System>& target_;
    const basic_cache<System>& cache_;
    const basic_scratch<System>& scratch_;
    const basic_deadline<System>& within_;
    build_report& report_;
    std::vector<std::string> sources_, folders_;
    basic_input_tracker<System> inputs_;
    compile_flags flags_;
    flag_inputs named_;
    basic_compilation<System> compilation_;
    std::vector<basic_object_cache<System>> objects_{};
    std::optional<basic_precompiled_interface<System>> precompiled_{};
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
