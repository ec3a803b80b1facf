// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_OBJECT_CACHE_HPP
#define TENON_DETAIL_BUILD_OBJECT_CACHE_HPP

#include <string>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/build/artifact_store.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// What one source of several was compiled to the last few times, so that an edit to one of them compiles
/// one.
template <class System = posix>
class basic_object_cache {
public:
    /// Of `source` in `directory`, compiled by a command that begins with `arguments`. Names in the cache
    /// begin with the path `stem`.
    basic_object_cache(const basic_compiler<System>& compiler, const std::string& directory,
                       const std::string& source, const word_list& arguments, const std::string& stem,
                       bool thorough)
        : compiler_(compiler), shelf_(shelf(directory, source, arguments, stem, thorough)) {}

    /// Puts the object at `path` where there is one that is current.
    bool take(const std::string& path) {
        try {
            found_ = shelf_.current({}, compiler_.stamp(), true, [](const std::string&) {});
        } catch (const error& failed) {
            trace("compiling again: ", failed.what());
            return false;
        }
        // A name of its own, which stays when others forget the object.
        taken_ = !found_.path.empty() && System::link(found_.path.c_str(), path.c_str()) == 0;
        return taken_;
    }

    bool taken() const noexcept { return taken_; }

    /// What a taken one was made from.
    const build_inputs& own_files() const noexcept { return found_.made.files; }
    const build_inputs& system_files() const noexcept { return found_.system; }

    /// Keeps one that was compiled from `files`, unless one of these changed meanwhile. Never throws: the
    /// library does not depend on it.
    void keep(const std::string& path, const word_list& files, basic_input_tracker<System>& observed,
              const std::string& packages, const basic_scratch<System>& scratch) const {
        try {
            build_result made;
            build_inputs system;
            made.compiler = compiler_.stamp();
            made.packages = packages;
            if (!observed.take(files, made, system))
                return;
            sha256 all;
            all.field(compiler_.traits().identity).field(shelf_.record());
            for (const build_inputs* list : {&made.files, &system})
                for (const build_input& each : *list)
                    all.field(each.path).field(each.digest);
            made.key = all.hex();
            const std::string copy = path + ".kept";
            if (System::link(path.c_str(), copy.c_str()) == 0)
                shelf_.keep(copy, std::move(made), system, most, scratch);
        } catch (const error& failed) {
            trace("not keeping '", path, "': ", failed.what());
        }
    }

private:
    static constexpr std::size_t most = 4;

    basic_artifact_store<System> shelf(const std::string& directory, const std::string& source,
                                       const word_list& arguments, const std::string& stem,
                                       bool thorough) const {
        sha256 all;
        all.field(directory).field(source).field(compiler_.stamp());
        for (const std::string& word : arguments)
            all.field(word);
        return {stem, all.hex(), ".o", thorough};
    }

    basic_compiler<System> compiler_;
    basic_artifact_store<System> shelf_;
    typename basic_artifact_store<System>::found found_{};
    bool taken_ = false;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
