// SPDX-License-Identifier: MIT
#ifndef TENON_COMPILER_HPP
#define TENON_COMPILER_HPP

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/bounds.hpp>
#include <tenon/error.hpp>
#include <tenon/file.hpp>
#include <tenon/posix.hpp>
#include <tenon/process.hpp>
#include <tenon/sha256.hpp>
#include <tenon/toolchain.hpp>

namespace tenon::inline v1::detail {

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

/// The flags that make a toolchain, given as in `toolchain`, of what a compiler is by itself.
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

inline word_list split_at_spaces(std::string_view text) {
    word_list found;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        if (!word.empty())
            found.emplace_back(word);
        text.remove_prefix(word.size() < text.size() ? word.size() + 1 : word.size());
    }
    return found;
}

/// What a compiler is, as it says itself.
struct compiler_traits {
    bool clang = false;
    bool gnu_unique = false; ///< it knows -fno-gnu-unique
    std::string identity;    ///< of its version and of everything that it defines
};

/// The compiler for plugins: a program and its first arguments.
template <class System = posix>
class basic_compiler {
public:
    /// The chosen one; else $CXX, split at spaces; else the one that compiled this program, or one of its
    /// family.
    explicit basic_compiler(word_list chosen) : chosen_(std::move(chosen)) {
        if (chosen_.empty())
            if (const char* set = ::secure_getenv("CXX"))
                chosen_ = split_at_spaces(set);
        for (const std::string& name : chosen_.empty() ? family() : word_list{chosen_[0]})
            if (std::string path = find_program<System>(name); !path.empty()) {
                arguments_ = chosen_;
                arguments_.resize(chosen_.empty() ? 1 : chosen_.size());
                arguments_[0] = std::move(path);
                break;
            }
        if (found())
            look_at_programs();
    }

    bool found() const noexcept { return !arguments_.empty(); }

    /// What it was chosen as, whether or not it is there.
    std::string choice() const {
        sha256 all;
        for (const std::string& word : chosen_.empty() ? family() : chosen_)
            all.field(word);
        return all.hex();
    }

    /// Equal as long as nobody has installed another; nothing has to run for it.
    const std::string& stamp() const noexcept { return stamp_; }

    /// Whether another program runs the compiler, such as ccache: the word after the first is a program too.
    bool launched() const noexcept { return arguments_.size() > 1 && arguments_[1][0] != '-'; }

    /// Its path and first arguments.
    const word_list& arguments() const noexcept { return arguments_; }

    /// The paths of all programs among these.
    word_list programs() const {
        word_list found;
        for (const std::string& word : arguments_)
            if (std::string path = word[0] == '-' ? "" : find_program<System>(word); !path.empty())
                found.push_back(std::move(path));
        return found;
    }

    /// Asks the compiler itself, once in the life of this program.
    compiler_traits traits(const basic_bounds<System>& within = basic_bounds<System>()) const {
        if (!found())
            throw error::no_compiler(tried());
        static std::mutex one_at_a_time;
        static std::map<std::string, compiler_traits> asked;
        {
            const std::lock_guard<std::mutex> turn(one_at_a_time);
            if (const auto known = asked.find(stamp_); known != asked.end())
                return known->second;
        }
        // Not under the lock: who waits for that could not be called off.
        compiler_traits traits = ask(within);
        const std::lock_guard<std::mutex> turn(one_at_a_time);
        return asked[stamp_] = std::move(traits);
    }

    /// Only these variables reach a compiler: what else is set where the host happens to run shall not change
    /// what a plugin is compiled to.
    static word_list variables() {
        word_list passed = environment(
            {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SOURCE_DATE_EPOCH", "CCACHE_*", "DISTCC_*"});
        // Messages in English, for whoever looks for `error:` in them, and names in any alphabet.
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

    std::string tried() const {
        std::string names;
        for (const std::string& name : chosen_.empty() ? family() : word_list{chosen_[0]})
            names += (names.empty() ? "'" : ", '") + name + "'";
        return names;
    }

    void look_at_programs() {
        sha256 all;
        for (std::size_t i = 0; i < arguments_.size(); ++i) {
            all.field(arguments_[i]);
            // Of `ccache g++ -m64` the second word is the compiler.
            const std::string path = i == 0                    ? arguments_[0]
                                     : arguments_[i][0] == '-' ? ""
                                                               : find_program<System>(arguments_[i]);
            struct stat found;
            if (path.empty() || System::stat(path.c_str(), &found) != 0)
                continue;
            const file_identity state(found);
            all.field(path).field(std::to_string(state.size)).field(std::to_string(state.modified));
        }
        stamp_ = all.hex();
    }

    compiler_traits ask(const basic_bounds<System>& within) const {
        // Neither the status nor the absence of complaints says more than that a preprocessor did its work.
        const auto works = [](const ended& run) { return run.out.find("__cplusplus") != run.out.npos; };
        compiler_traits traits;
        ended said = run<System>(defines("-fno-gnu-unique"), within);
        traits.gnu_unique = works(said);
        if (!traits.gnu_unique)
            said = run<System>(defines("-fPIC"), within);
        if (!works(said))
            throw error::compiler_unusable(shown(defines("-fPIC")), said.how(), said.err,
                                           said.code(errc::no_compiler));
        traits.clang = said.out.find("__clang__") != said.out.npos;
        traits.identity = sha256().field(stamp_).field(said.out).hex();
        return traits;
    }

    command defines(const char* flag) const {
        command what{arguments_, variables(), "/"};
        what.arguments.insert(what.arguments.end(), {flag, "-dM", "-E", "-x", "c++", "/dev/null"});
        return what;
    }

    word_list chosen_, arguments_;
    std::string stamp_;
};

} // namespace tenon::inline v1::detail

#endif
