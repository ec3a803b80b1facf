// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_SSH_COMMAND_HPP
#define TENON_DETAIL_SOURCE_SSH_COMMAND_HPP

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/allow_list.hpp>

#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/process.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// The user's choice of an ssh program, as git reads it: core.sshCommand and ssh.variant of git-config(1).
struct ssh_settings {
    std::optional<std::string> command{}; ///< $GIT_SSH_COMMAND, else core.sshCommand: words for a shell
    std::optional<std::string> program{}; ///< $GIT_SSH: a path, which `command` goes before
    /// $GIT_SSH_VARIANT, else ssh.variant: which options the program takes
    std::optional<std::string> variant{};
};

/// The settings, overridden by those of the environment. A program with elevated rights ignores the
/// environment, secure_getenv(3).
inline ssh_settings with_environment(ssh_settings configured) {
    const auto prefer = [](const char* name, std::optional<std::string>& value) {
        if (const char* const set = ::secure_getenv(name))
            value = set;
    };
    prefer("GIT_SSH_COMMAND", configured.command);
    prefer("GIT_SSH", configured.program);
    // Made absolute, because git runs in another folder than this program.
    if (configured.program && configured.program->find('/') != std::string::npos)
        configured.program = absolute(*configured.program);
    prefer("GIT_SSH_VARIANT", configured.variant);
    return configured;
}

/// The kind of options that a program takes, as git decides it: by the setting, else by the program's name.
/// Empty if git would ask the program itself.
inline std::string ssh_variant(const std::string& command, const ssh_settings& set) {
    const std::vector<std::string> words = shell_words(command);
    std::string name = set.variant ? *set.variant : words.empty() ? "" : in_small_letters(basename(words[0]));
    if (!set.variant && name.ends_with(".exe"))
        name.resize(name.size() - std::string_view(".exe").size());
    for (const std::string_view known : {"plink", "putty", "tortoiseplink"})
        if (name == known)
            return name;
    if (set.variant)
        return name == "auto" || name == "simple" ? "" : "ssh";
    return name == "ssh" ? name : "";
}

/// A value for $GIT_SSH_COMMAND: the user's own program, with options against questions if it is known to
/// take them. Another program is left as it is; it has neither a terminal nor a window to ask in.
inline std::string quiet_ssh_command(const ssh_settings& set) {
    std::string command = "ssh";
    if (set.command)
        command = *set.command;
    else if (set.program)
        command = in_shell_quotes(*set.program);
    const std::string variant = ssh_variant(command, set);
    // Time limits for a host that does not answer, and for one that falls silent.
    if (variant == "ssh")
        return command + " -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15";
    return command +
           (variant == "plink" || variant == "putty" ? " -batch" : ""); // git gives it to tortoiseplink
}

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
