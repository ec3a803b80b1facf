// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_COMPILER_HPP
#define TENON_DETAIL_BUILD_COMPILER_HPP

#include <cstddef>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/interface/toolchain.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error no_compiler(std::string_view tried) {
    return {errc::no_compiler, concatenated({"there is no compiler for plugins: ", tried,
                                             "; install one, or name another in $CXX or options.compiler"})};
}

inline error compiler_unusable(std::string_view command, std::string_view how, std::string_view said,
                               errc code = errc::no_compiler) {
    return {code, concatenated({"the compiler for plugins does not work: `", command, "` ", how,
                                said.empty() ? "" : ", and said:\n", said})};
}

using word_list = std::vector<std::string>;

/// The language that this program was compiled as, as a flag.
inline std::string language_flag() {
    // The names that standards had as drafts: clang 14 and g++ 12 know no others.
    const char* const standard = __cplusplus > 202302L ? "2c" : __cplusplus > 202002L ? "2b" : "20";
#ifdef __STRICT_ANSI__
    return std::string("-std=c++") + standard;
#else
    return std::string("-std=gnu++") + standard;
#endif
}

/// The flags that turn a compiler's default settings into a toolchain, which is given as in `toolchain`.
inline word_list toolchain_flags(std::string_view wanted, bool clang) {
    const auto says = [&](std::string_view key) { return wanted.find(key) != wanted.npos; };
    word_list flags;
    if (says("library=libc++"))
        flags.push_back("-stdlib=libc++");
    else if (clang)
        flags.push_back("-stdlib=libstdc++");
    if (says("_GLIBCXX_USE_CXX11_ABI=0"))
        flags.push_back("-D_GLIBCXX_USE_CXX11_ABI=0");
    if (says("debug mode=_GLIBCXX_DEBUG"))
        flags.push_back("-D_GLIBCXX_DEBUG");
    if (says("debug mode=_LIBCPP_DEBUG"))
        flags.push_back("-D_LIBCPP_DEBUG=1");
    for (const char* sanitizer : {"address", "thread", "memory"})
        if (says(std::string("sanitizer=") + sanitizer))
            flags.push_back(std::string("-fsanitize=") + sanitizer);
#if defined(__x86_64__) || defined(__i386__)
    // Elsewhere compilers have no choice here, and know no such flags.
    if (says("long double=8 bytes"))
        flags.push_back("-mlong-double-64");
    if (says("113 digits"))
        flags.push_back("-mlong-double-128");
#endif
#if defined(__i386__)
    flags.push_back("-m32");
#endif
    if (says("wchar_t=2 bytes"))
        flags.push_back("-fshort-wchar");
    return flags;
}

/// The name of the C++ driver beside a C driver, which does not link the C++ library: `g++-12` for `gcc-12`,
/// `c++` for `cc`, `clang++` for `clang`. Empty for any other program.
inline std::string cxx_name(std::string_view name) {
    for (const auto& [c, cxx] :
         {std::pair<std::string_view, const char*>{"gcc", "g++"}, {"clang", "clang++"}, {"cc", "c++"}}) {
        const auto at = name.rfind(c);
        if (at == name.npos || (at != 0 && name[at - 1] != '-'))
            continue;
        const std::string_view after = name.substr(at + c.size());
        if (after.empty() || (after[0] == '-' && after.find_first_not_of("0123456789.", 1) == after.npos))
            return std::string(name.substr(0, at)).append(cxx).append(after);
    }
    return "";
}

/// The properties of a compiler, as it reports them.
struct compiler_traits {
    bool clang = false;
    bool gnu_unique = false; ///< it knows -fno-gnu-unique
    std::string identity;    ///< of its version and of everything that it defines
};

/// The flags for all code of a plugin: those of the host's toolchain, and those that let it be unloaded.
inline word_list plugin_flags(const compiler_traits& traits) {
    word_list flags = toolchain_flags(toolchain, traits.clang);
    // With default visibility, a symbol of the host or of another plugin could replace this plugin's own.
    for (const char* flag : {"-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden"})
        flags.push_back(flag);
    // A unique symbol keeps a library in memory for good, and carries its value over to the next version.
    if (traits.gnu_unique)
        flags.push_back("-fno-gnu-unique");
    // Flags for the link are given to the compiler too, which should not warn the author of that.
    if (traits.clang)
        flags.push_back("-Qunused-arguments");
    return flags;
}

inline bool is_sanitizer(std::string_view flag) {
    return flag.starts_with("-fsanitize=");
}

/// The compiler for plugins: a program and its first arguments.
template <class System = posix>
class basic_compiler {
public:
    /// Finds the chosen compiler; else $CXX; else the compiler of this program, or one of its family. A
    /// driver for C stands for the C++ driver beside it.
    explicit basic_compiler(word_list chosen) : chosen_(named(std::move(chosen))) {
        for (const std::string& name : chosen_.empty() ? family() : word_list{chosen_[0]})
            if (auto path = find_program<System>(name)) {
                arguments_ = chosen_;
                arguments_.resize(chosen_.empty() ? 1 : chosen_.size());
                arguments_[0] = std::move(*path);
                break;
            }
        if (!found())
            return;
        first_flag_ = look_for_first_flag();
        for (std::size_t i = 0; i < first_flag_; ++i)
            if (const auto better = for_cxx(arguments_[i])) {
                trace("'", arguments_[i], "' compiles C; for C++ it is '", *better, "'");
                arguments_[i] = *better;
            }
        look_at_programs();
    }

    /// The chosen command, else the one in $CXX, which may also be a path with spaces, else none. Paths of
    /// programs in it become absolute.
    static word_list named(word_list chosen) {
        if (const char* const set = ::secure_getenv("CXX"); chosen.empty() && set) {
            const bool path = std::string_view(set).find('/') != std::string_view::npos;
            chosen = (path && find_program<System>(set)) || has_open_quote(set) ? word_list{set}
                                                                                : shell_words(set);
        }
        for (std::string& word : chosen)
            if (word.find('/') != word.npos && word[0] != '-' &&
                (&word == &chosen[0] || find_program<System>(word)))
                word = absolute<System>(word);
        return chosen;
    }

    bool found() const noexcept { return !arguments_.empty(); }

    /// The compiler as it was chosen, whether or not it exists.
    std::string choice() const { return sha256().fields(chosen_.empty() ? family() : chosen_).hex(); }

    /// A digest of the compiler's programs that changes when another version is installed. Runs no program.
    const std::string& stamp() const noexcept { return stamp_; }

    /// True if another program runs the compiler, such as ccache.
    bool launched() const noexcept { return first_flag_ > 1; }

    /// Its path and first arguments.
    const word_list& arguments() const noexcept { return arguments_; }

    /// The words before the flags: the launcher, if there is one, and the compiler.
    word_list program_words() const {
        return {arguments_.begin(), arguments_.begin() + static_cast<std::ptrdiff_t>(first_flag_)};
    }

    /// The flags among its words, sorted by who reads them and refused where a plugin's would be. For
    /// `tree_stays` see `compile_flags`.
    compile_flags flags(bool tree_stays) const {
        // A host that chooses the compiler may also choose the programs that it runs.
        compile_flags found(true, tree_stays);
        for (std::size_t i = first_flag_; i < arguments_.size(); ++i)
            found.add(arguments_[i], "options.compiler or $CXX");
        return found;
    }

    /// The paths of all programs among its words.
    word_list programs() const {
        word_list found;
        for (const std::string& word : arguments_)
            if (auto path = program_of(word))
                found.push_back(std::move(*path));
        return found;
    }

    /// Asks the compiler itself, once for each version in the life of this process.
    compiler_traits traits(const basic_deadline<System>& within = basic_deadline<System>()) const {
        if (!found())
            throw no_compiler(tried());
        static std::mutex one_at_a_time;
        static std::map<std::string, compiler_traits> asked;
        {
            const std::lock_guard<std::mutex> turn(one_at_a_time);
            if (const auto known = asked.find(stamp_); known != asked.end())
                return known->second;
        }
        // Without the lock, because waiting for the lock could not be cancelled.
        compiler_traits traits = ask(within);
        const std::lock_guard<std::mutex> turn(one_at_a_time);
        return asked[stamp_] = std::move(traits);
    }

    /// The only variables that reach a compiler. The rest of the host's environment must not change the
    /// result.
    static word_list variables() {
        word_list passed = environment(
            {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH", "CCACHE_*", "DISTCC_*"});
        // English messages, in which `error:` can be found, and file names in any alphabet.
        passed.push_back("LC_ALL=C.UTF-8");
        return passed;
    }

private:
    static word_list family() {
#ifdef __clang__
        return {"clang++-" + std::to_string(__clang_major__), "clang++", "c++"};
#else
        return {"g++-" + std::to_string(__GNUC__), "g++", "c++"};
#endif
    }

    static std::optional<std::string> program_of(const std::string& word) {
        return word[0] == '-' ? std::nullopt : find_program<System>(word);
    }

    // The path of the program for C++ beside one for C.
    static std::optional<std::string> for_cxx(const std::string& word) {
        const std::string name = cxx_name(basename(word));
        const auto path = name.empty() ? std::nullopt : find_program<System>(word);
        return path ? find_program<System>(join(parent(*path), name)) : std::nullopt;
    }

    // The index behind the last word that is a program: a launcher may have options, as in `taskset -c 0
    // g++`.
    std::size_t look_for_first_flag() const {
        for (std::size_t i = arguments_.size(); i > 1; --i) {
            const std::string &word = arguments_[i - 1], &before = arguments_[i - 2];
            const bool language = before == "-x"; // there is a program `c++` too
            if (!language && program_of(word))
                return i;
        }
        return 1;
    }

    std::string tried() const {
        if (chosen_.empty()) {
            std::string names;
            for (const std::string& name : family())
                names += (names.empty() ? "cannot find '" : ", '") + name + "'";
            return names;
        }
        if (const char* set = ::secure_getenv("CXX"); set && has_open_quote(set) && named({}) == chosen_)
            return std::string("$CXX, which is '")
                .append(set)
                .append("', has a quotation mark that is not closed");
        const std::string& first = chosen_[0];
        const bool path = first.find('/') != first.npos;
        std::string text = path && System::access(first.c_str(), F_OK) == 0
                               ? "'" + first + "' is no program that can be run"
                               : "cannot find '" + first + "'";
        if (const auto folder = path ? std::nullopt : passed_over<System>(first))
            text.append(" where $PATH counts: it is in '").append(*folder).append("', which is not absolute");
        if (const char* set = ::secure_getenv("CXX");
            path && set && chosen_.size() > 1 && named({}) == chosen_)
            text.append(", the first word of $CXX, which is '")
                .append(set)
                .append("': a path with spaces needs "
                        "quotes around it");
        return text;
    }

    void look_at_programs() {
        sha256 all;
        for (std::size_t i = 0; i < arguments_.size(); ++i) {
            all.field(arguments_[i]);
            // Of `ccache g++ -m64` the second word is the compiler.
            const auto path = i == 0 ? std::optional(arguments_[0]) : program_of(arguments_[i]);
            struct stat status;
            if (!path || System::stat(path->c_str(), &status) != 0)
                continue;
            const file_identity state(status);
            all.field(*path).field(std::to_string(state.size)).field(std::to_string(state.modified));
        }
        stamp_ = all.hex();
    }

    compiler_traits ask(const basic_deadline<System>& within) const {
        // Only the output shows that the preprocessor worked: the status may be unknown, and warnings are no
        // fault.
        const auto works = [](const process_result& run) {
            return run.out.find("__cplusplus") != run.out.npos;
        };
        compiler_traits traits;
        process_result said = run<System>(defines("-fno-gnu-unique"), within);
        traits.gnu_unique = works(said);
        if (!traits.gnu_unique)
            said = run<System>(defines("-fPIC"), within);
        if (!works(said))
            throw compiler_unusable(shown(defines("-fPIC")),
                                    said.how() + (said.failed() ? "" : " and did not write what it defines"),
                                    said.err, said.code(errc::no_compiler));
        traits.clang = said.out.find("__clang__") != said.out.npos;
        traits.identity = sha256().field(stamp_).field(said.out).hex();
        return traits;
    }

    command defines(const char* flag) const {
        command invocation{program_words(), variables(), "/"};
        const word_list own = flags(true).compile();
        invocation.arguments.insert(invocation.arguments.end(), own.begin(), own.end());
        invocation.arguments.insert(invocation.arguments.end(),
                                    {flag, "-dM", "-E", "-x", "c++", "/dev/null"});
        return invocation;
    }

    word_list chosen_, arguments_;
    std::size_t first_flag_ = 0;
    std::string stamp_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
