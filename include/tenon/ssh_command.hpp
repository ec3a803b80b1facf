// SPDX-License-Identifier: MIT
#ifndef TENON_SSH_COMMAND_HPP
#define TENON_SSH_COMMAND_HPP

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <tenon/allowed.hpp>
#include <tenon/folder.hpp>
#include <tenon/path.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The user's choice of an ssh program, each part as git reads it: git-config(1), core.sshCommand and
/// ssh.variant.
struct ssh_settings {
    std::optional<std::string> command{}; ///< $GIT_SSH_COMMAND, else core.sshCommand: words for a shell
    std::optional<std::string> program{}; ///< $GIT_SSH: a path, which `command` goes before
    std::optional<std::string>
        variant{}; ///< $GIT_SSH_VARIANT, else ssh.variant: which options the program takes
};

/// The settings with those of the environment in front. A program that runs with the rights of another user
/// than its caller does not see them.
inline ssh_settings with_environment(ssh_settings configured) {
    const auto prefer = [](const char* name, std::optional<std::string>& value) {
        if (const char* const set = ::secure_getenv(name))
            value = set;
    };
    prefer("GIT_SSH_COMMAND", configured.command);
    prefer("GIT_SSH", configured.program);
    // git runs in another folder than this program.
    if (configured.program && configured.program->find('/') != std::string::npos)
        configured.program = absolute(*configured.program);
    prefer("GIT_SSH_VARIANT", configured.variant);
    return configured;
}

/// The first word of a shell's command, without its quotes.
inline std::string first_word(std::string_view command) {
    std::string word;
    char quote = 0;
    for (std::size_t i = std::min(command.find_first_not_of(" \t"), command.size()); i < command.size();
         ++i) {
        const char c = command[i];
        if (quote == 0 && (c == ' ' || c == '\t'))
            break;
        if (c == quote)
            quote = 0;
        else if (quote == 0 && (c == '\'' || c == '"'))
            quote = c;
        else if (c == '\\' && quote != '\'' && i + 1 < command.size())
            word += command[++i];
        else
            word += c;
    }
    return word;
}

/// Which options a program takes: the setting says, else the program's name, as git decides it. Empty where
/// git would ask the program.
inline std::string ssh_variant(const std::string& command, const ssh_settings& set) {
    std::string name = set.variant ? *set.variant : in_small_letters(basename(first_word(command)));
    if (!set.variant && name.ends_with(".exe"))
        name.resize(name.size() - std::string_view(".exe").size());
    for (const std::string_view known : {"plink", "putty", "tortoiseplink"})
        if (name == known)
            return name;
    if (set.variant)
        return name == "auto" || name == "simple" ? "" : "ssh";
    return name == "ssh" ? name : "";
}

/// A value for $GIT_SSH_COMMAND: the user's own program, with options that keep it from asking anybody, if it
/// is known to take such. Any other is as it was; it has no terminal, and no window to ask in.
inline std::string quiet_ssh_command(const ssh_settings& set) {
    std::string command = "ssh";
    if (set.command) {
        command = *set.command;
    } else if (set.program) {
        command = "'";
        for (const char c : *set.program)
            c == '\'' ? command += "'\\''" : command += c;
        command += '\'';
    }
    const std::string variant = ssh_variant(command, set);
    // For a host that does not answer, and one that falls silent.
    if (variant == "ssh")
        return command + " -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15";
    return command +
           (variant == "plink" || variant == "putty" ? " -batch" : ""); // git gives it to tortoiseplink
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
