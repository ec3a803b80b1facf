// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_OBJECT_CACHE_HPP
#define TENON_DETAIL_BUILD_OBJECT_CACHE_HPP

#include <optional>
#include <string>
#include <utility>

#include <tenon/error.hpp>

#include <tenon/detail/build/action_cache.hpp>
#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/build/input_tracker.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The last few objects of one source among several, so that an edit recompiles a single source.
template <class System = posix>
class basic_object_cache {
public:
    /// `arguments` begin the compiler's command. Names in the cache begin with the path `stem`.
    basic_object_cache(const basic_compiler<System>& compiler, const std::string& directory,
                       const std::string& source, const word_list& arguments, const std::string& stem,
                       bool thorough)
        : objects_({.stem = stem,
                    .digest = sha256()
                                  .field(directory)
                                  .field(source)
                                  .field(compiler.traits().identity)
                                  .fields(arguments)
                                  .hex(),
                    .suffix = ".o",
                    .tools = compiler.stamp(),
                    .kept = 4,
                    .thorough = thorough}) {}

    /// Puts the current object at `path`. False if there is none.
    bool take(const std::string& path) {
        try {
            // A link of its own, which stays when another build removes the object.
            if (auto found = objects_.find(); found && System::link(found->path.c_str(), path.c_str()) == 0)
                taken_ = std::move(found->entry);
        } catch (const error& failed) {
            trace("compiling again: ", failed.what());
        }
        return taken_.has_value();
    }

    /// The inputs of the object that `take` has found.
    const std::optional<build_result>& taken() const noexcept { return taken_; }

    /// Stores an object that was compiled from `files`, unless one of these changed meanwhile. Never throws,
    /// because the library does not depend on the cache.
    void keep(const std::string& path, const word_list& files, basic_input_tracker<System>& inputs,
              const basic_scratch<System>& scratch) const {
        try {
            std::optional<build_result> entry = inputs.take(files);
            const std::string copy = path + ".kept";
            if (entry && !inputs.untraceable() && System::link(path.c_str(), copy.c_str()) == 0)
                objects_.keep(copy, std::move(*entry), scratch);
        } catch (const error& failed) {
            trace("not keeping '", path, "': ", failed.what());
        }
    }

private:
    basic_action_cache<System> objects_;
    std::optional<build_result> taken_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
