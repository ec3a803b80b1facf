// SPDX-License-Identifier: MIT
#ifndef TENON_ERROR_HPP
#define TENON_ERROR_HPP

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <tenon/version.hpp>

namespace tenon::inline v1 {

/// What went wrong, for a program to act on.
enum class errc {
    system_call = 1,  ///< the operating system refused something
    not_found,        ///< no such file, plugin or built-in
    malformed_driver, ///< a driver string that names nothing
    untrusted,        ///< somebody else could have written the file
    not_a_library,    ///< not an ELF shared library for this machine, or a damaged one
    not_a_plugin,     ///< a library without a plugin of this type, or one that hides its plugins
    malformed_note,   ///< a manifest that tenon cannot have written
    ambiguous,        ///< several plugins to choose from, or two of one name
    toolchain, ///< compiled for another standard library, ABI or sanitizer, or linked with a runtime of its
               ///< own
    misfit,    ///< compiled against another shape of the interface
    bad_interface,  ///< an interface that does not describe itself completely
    load_failed,    ///< the system's loader refused the library
    changed,        ///< the file changed while it was being loaded
    no_compiler,    ///< no compiler, or one that cannot be run
    build_failed,   ///< the compiler refused the source
    build_needed,   ///< something has to be built and `build = never`
    fetch_failed,   ///< git could not fetch or check out
    timed_out,      ///< a build or a fetch took longer than it may
    cancelled,      ///< options.stop asked for the end of a build or a fetch
    forbidden,      ///< options.policy does not allow it
    nothing_before, ///< there is no version to go back to
    too_many,       ///< versions of one plugin that are in memory
};

namespace detail {
inline namespace TENON_OWN {
class category final : public std::error_category {
public:
    const char* name() const noexcept override { return "tenon"; }
    std::string message(int value) const override {
        static constexpr const char* text[] = {
            "success",        "system call failed", "not found",        "malformed driver",
            "untrusted file", "not a library",      "not a plugin",     "malformed note",
            "ambiguous",      "other toolchain",    "interface misfit", "bad interface",
            "load failed",    "file changed",       "no compiler",      "build failed",
            "build needed",   "fetch failed",       "timed out",        "cancelled",
            "forbidden",      "nothing before",     "too many versions"};
        const bool known = value >= 0 && value < static_cast<int>(sizeof text / sizeof *text);
        return known ? text[value] : "unknown error";
    }
};

/// One string of many.
inline std::string concatenated(std::initializer_list<std::string_view> parts) {
    std::string whole;
    for (const std::string_view part : parts)
        whole += part;
    return whole;
}

// How one of several is chosen, for those who know no more of the driver than its path.
inline constexpr std::string_view adding_a_plugin = "by adding '#' and its name",
                                  adding_a_target = "by adding '#target=' and its name";
} // namespace TENON_OWN
} // namespace detail

TENON_HIDDEN inline const std::error_category& category() noexcept {
    static const detail::category instance;
    return instance;
}

TENON_HIDDEN inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), category()};
}

/// The one type of exception that this library throws; `build_error` is one, with more to say.
///
///     try { tenon::plugin<greeter> g{"./nowhere.so"}; }
///     catch (const tenon::error& e) { std::cerr << e.what(); }
///     // cannot open './nowhere.so': No such file or directory
///
/// `what()` is for a person: what was expected, what was found, what to do, and verbatim what the loader, the
/// compiler or git said. `code()` is an `errc`. Copying one does not throw.
class error : public std::system_error {
public:
    error(errc code, const std::string& text, const std::string& path = {})
        : std::system_error(make_error_code(code)), text_(text), path_(path) {}

    const char* what() const noexcept override { return text_.what(); }
    /// The file that the error is about; empty where there is none.
    const char* path() const noexcept { return path_.what(); }

    /// What a failed build has to say besides, for `failed_commands`: a virtual function, because hosts may
    /// have no run-time type information. Null for all other errors.
    virtual const void* details() const noexcept { return nullptr; }

    // What several headers throw; what one throws is made beside it.

    static error system_call(std::string_view doing, const std::string& path, int error_number) {
        return {errc::system_call,
                detail::concatenated({"cannot ", doing, " '", path, "': ", reason(error_number)}), path};
    }

    static error bad_plugin_name(std::string_view name) {
        return {
            errc::malformed_driver,
            detail::concatenated({"'", name, "' is no name for a plugin: it has to be [a-z][a-z0-9_-]*"})};
    }

private:
    static std::string reason(int error_number) { return std::generic_category().message(error_number); }

    // std::runtime_error shares its text, so that copies of an error cannot throw.
    std::runtime_error text_, path_;
};

} // namespace tenon::inline v1

template <>
struct std::is_error_code_enum<tenon::errc> : std::true_type {};

namespace tenon::inline v1 {

/// Also of an error that another library's copy of tenon threw, which has a category of its own.
TENON_HIDDEN inline bool operator==(const std::error_code& code, errc what) noexcept {
    return code.value() == static_cast<int>(what) &&
           std::string_view(code.category().name()) == category().name();
}

} // namespace tenon::inline v1

#endif
