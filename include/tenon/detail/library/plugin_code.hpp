// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_LIBRARY_PLUGIN_CODE_HPP
#define TENON_DETAIL_LIBRARY_PLUGIN_CODE_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/export.hpp>
#include <tenon/hooks.hpp>
#include <tenon/interface.hpp>

#include <tenon/detail/library/compatibility.hpp>
#include <tenon/detail/library/library.hpp>
#include <tenon/detail/library/library_file.hpp>

namespace tenon::inline v1 {

/// The type, name and version of a plugin.
struct TENON_HOST_TYPE plugin_info {
    std::string type, name, version;
    std::string path; ///< of its library; empty for a built-in
};

namespace detail {
inline namespace TENON_OWN {

inline error export_table(const std::string& path, std::string_view name) {
    return {errc::malformed_note,
            concatenated({"'", path, "' says that it has a plugin '", name,
                          "', and its export table does not; compile the library again"}),
            path};
}

template <class Arguments, class... A>
inline constexpr bool takes_arguments_v = false;
template <class... Parameter, class... A>
inline constexpr bool takes_arguments_v<list<Parameter...>, A...> =
    requires(void (*create)(Parameter...), A&&... arguments) { create(static_cast<A&&>(arguments)...); };

// Where T's `factory` is none, that is what there is to say.
template <class T, class... A>
inline constexpr bool factory_takes = !has_valid_factory<T> || takes_arguments_v<factory_arguments<T>, A...>;

} // namespace TENON_OWN
} // namespace detail

/// The arguments are those of T's factory.
template <class T, class... A>
concept arguments_of_the_factory = detail::factory_takes<T, A...>;

/// Named by compilers where a factory is given other arguments: `the_factory_takes<const
/// settings&>::and_was_given<int>`.
template <class... Argument>
struct the_factory_takes {
    template <class... Given>
    struct and_was_given;
};

namespace detail {
inline namespace TENON_OWN {

template <class T, class Arguments>
struct creating;
template <class T, class... Parameter>
struct creating<T, list<Parameter...>> {
    using function = T*(Parameter...);
    template <class... A>
    using given = typename the_factory_takes<Parameter...>::template and_was_given<A...>;
};

/// A type whose name says what is wrong with some arguments.
template <class T, class... A>
using mismatch = typename creating<T, factory_arguments<T>>::template given<A...>;

/// The code of one plugin of type T: its factory, and a reference to its library.
template <class T>
class plugin_code {
public:
    /// Loads the plugin `name` of a library, or its only one if the name is empty. A file that is replaced
    /// during the load is tried again a few times.
    static plugin_code* load(const library_options& options, const std::string& path, std::string_view name) {
        for (int tries = 5;; --tries)
            try {
                return new plugin_code(options, library_file(path, options.trust), name);
            } catch (const error& e) {
                if (e.code() != errc::changed || tries == 1)
                    throw;
            }
    }

    /// The code of a plugin that is part of the program.
    explicit plugin_code(const exported<>& built_in)
        : info_{built_in.type, built_in.name, built_in.version, ""}, entry_(built_in) {}

    const plugin_info& info() const noexcept { return info_; }
    const hooks<T>& offers() const noexcept {
        static constexpr hooks<T> none{};
        return entry_.hooks ? *static_cast<const hooks<T>*>(entry_.hooks) : none;
    }

    template <class... A>
    T* create(A&&... arguments) const {
        using function = typename creating<T, factory_arguments<T>>::function;
        return reinterpret_cast<function*>(entry_.create)(static_cast<A&&>(arguments)...);
    }

    /// Null for a built-in.
    const library* from() const noexcept { return library_ ? &*library_ : nullptr; }

    /// Lets go of the library, and says what became of it.
    unloaded close() {
        if (!library_)
            return {unloaded::state::pinned,
                    "'" + info_.name + "' stays in memory: it is built into this program"};
        return library_->close();
    }

private:
    plugin_code(const library_options& options, const library_file& file, std::string_view name)
        : info_(fitting(file, name)), library_(std::in_place, file, options), entry_(found()) {}

    static plugin_info fitting(const library_file& file, std::string_view name) {
        require_every_method<T>();
        const std::string_view type(T::type.name(), T::type.size());
        const manifest::plugin& chosen =
            fitting_plugin(file.manifest(), file.path(), type, name, expected_abi<T>());
        return {std::string(type), std::string(chosen.name), std::string(chosen.version), file.path()};
    }

    const exported<>& found() const {
        using table = tenon_exports_v1_range();
        if (const auto all = reinterpret_cast<table*>(library_->symbol("tenon_exports_v1"))) {
            const auto [begin, end] = all();
            for (const auto* exported = begin; exported != end; ++exported)
                if (exported->type == info_.type && exported->name == info_.name)
                    return *exported;
        }
        throw export_table(info_.path, info_.name);
    }

    plugin_info info_;
    std::optional<library> library_;
    exported<> entry_;
};

} // namespace TENON_OWN
} // namespace detail
} // namespace tenon::inline v1

#endif
