// SPDX-License-Identifier: MIT
#ifndef TENON_LINKER_HPP
#define TENON_LINKER_HPP

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <tenon/bounds.hpp>
#include <tenon/compiler.hpp>
#include <tenon/posix.hpp>
#include <tenon/process.hpp>

namespace tenon::inline v1::detail {

/// A linker that is faster than the one a compiler would take by itself.
struct fast_linker {
    std::string flag;    ///< with which a compiler takes it; empty where there is none
    std::string version; ///< as it says itself
};

/// The first of mold, lld and gold that a compiler can use; asked for once in the life of this program.
template <class System = posix>
fast_linker find_fast_linker(const basic_compiler<System>& compiler, const basic_bounds<System>& within) {
    static std::mutex one_at_a_time;
    static std::map<std::string, fast_linker> asked;
    {
        const std::lock_guard<std::mutex> turn(one_at_a_time);
        if (const auto known = asked.find(compiler.stamp()); known != asked.end())
            return known->second;
    }
    fast_linker found;
    struct candidate {
        const char *name, *program, *says;
    };
    for (const candidate& each :
         {candidate{"mold", "ld.mold", "mold"}, {"lld", "ld.lld", "LLD"}, {"gold", "ld.gold", "gold"}}) {
        if (find_program<System>(each.program).empty())
            continue;
        command what{compiler.arguments(), basic_compiler<System>::variables(), "/"};
        what.arguments.push_back(std::string("-fuse-ld=") + each.name);
        what.arguments.push_back("-Wl,--version");
        const ended said = run<System>(std::move(what), within);
        const std::string version = said.out.substr(0, said.out.find('\n'));
        // A compiler that does not know the flag may take its usual linker all the same.
        if (!said.failed() && version.find(each.says) != version.npos) {
            found = {std::string("-fuse-ld=") + each.name, version};
            break;
        }
        if (within.cause() != end_cause::itself)
            return {};
    }
    const std::lock_guard<std::mutex> turn(one_at_a_time);
    return asked[compiler.stamp()] = found;
}

/// Whether a fast linker may take the usual one's place in a link with these flags: not where they name one,
/// and not where compiler and linker have to be made for each other.
inline bool lets_choose_linker(const word_list& flags) {
    for (const std::string_view flag : flags)
        for (const std::string_view tied : {"-fuse-ld", "--ld-path", "-flto", "-fsanitize", "-T", "-Wl,-T",
                                            "-Wl,--script", "-Wl,-plugin", "-Wl,--plugin"})
            if (flag.substr(0, tied.size()) == tied)
                return false;
    return true;
}

} // namespace tenon::inline v1::detail

#endif
