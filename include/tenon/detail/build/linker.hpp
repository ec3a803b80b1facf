// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_LINKER_HPP
#define TENON_DETAIL_BUILD_LINKER_HPP

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <tenon/detail/build/compiler.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/text.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The linker that a link tries first, chosen by flags.
struct linker_choice {
    word_list flags;     ///< none where there is nothing to try
    std::string version; ///< of the linker that takes them, as it says itself
};

/// The version text of the linker that a compiler's command would run; empty if it cannot be run.
template <class System = posix>
std::string linker_version(command invocation, const basic_deadline<System>& within) {
    invocation.arguments.push_back("-Wl,--version");
    const process_result said = run<System>(std::move(invocation), within);
    return said.failed() ? "" : said.out.substr(0, said.out.find('\n'));
}

/// The first of mold, lld and gold that a compiler can use. Determined once in the life of this process.
template <class System = posix>
linker_choice find_fast_linker(const basic_compiler<System>& compiler, const basic_deadline<System>& within) {
    static std::mutex one_at_a_time;
    static std::map<std::string, linker_choice> asked;
    {
        const std::lock_guard<std::mutex> turn(one_at_a_time);
        if (const auto known = asked.find(compiler.stamp()); known != asked.end())
            return known->second;
    }
    linker_choice fastest;
    struct candidate {
        const char *name, *program, *says;
    };
    for (const candidate& choice :
         {candidate{"mold", "ld.mold", "mold"}, {"lld", "ld.lld", "LLD"}, {"gold", "ld.gold", "gold"}}) {
        if (!find_program<System>(choice.program))
            continue;
        const std::string flag = std::string("-fuse-ld=") + choice.name;
        command invocation{compiler.program_words(), basic_compiler<System>::variables(), "/"};
        const word_list own = compiler.flags(true).common();
        invocation.arguments.insert(invocation.arguments.end(), own.begin(), own.end());
        invocation.arguments.push_back(flag);
        const std::string version = linker_version<System>(std::move(invocation), within);
        // A compiler that does not know the flag may silently use its default linker.
        if (version.find(choice.says) != version.npos) {
            fastest = {{flag}, version};
            break;
        }
        if (within.cause() != stop_reason::itself)
            return {};
    }
    const std::lock_guard<std::mutex> turn(one_at_a_time);
    return asked[compiler.stamp()] = fastest;
}

/// True if a faster linker may replace the default one for these flags: they name no linker, need no linker
/// made for the compiler, and allow no missing symbols but by `-z undefs`. (mold would make a missing symbol
/// null, and a call of it would end the program.)
inline bool lets_choose_linker(const word_list& flags) {
    for (const std::string_view flag : flags)
        if (begins_with_one_of(flag, {"-fuse-ld", "--ld-path", "-flto", "-fsanitize", "-T", "-Wl,-T",
                                      "-Wl,--script", "-Wl,-plugin", "-Wl,--plugin",
                                      "-Wl,--unresolved-symbols", "-Wl,--warn-unresolved-symbols"}))
            return false;
    return true;
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
