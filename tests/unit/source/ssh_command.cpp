// SPDX-License-Identifier: MIT
#include <tenon/detail/source/ssh_command.hpp>

#include <string>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::quiet_ssh_command;
using tenon::detail::ssh_settings;
using tenon::detail::with_environment;

namespace {

const std::string quiet = " -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15";

std::string by_command(const std::string& command) {
    return quiet_ssh_command({.command = command});
}

} // namespace

TEST_CASE("OpenSSH is told to ask nobody, whatever else its command says", "[ssh_command]") {
    CHECK(quiet_ssh_command({}) == "ssh" + quiet);
    for (const std::string command : {"ssh", "ssh -i ~/.ssh/deploy_key -oIdentitiesOnly=yes", "/usr/bin/ssh",
                                      "'/my ssh/ssh' -v", "SSH.exe"})
        CHECK(by_command(command) == command + quiet);
    CHECK(quiet_ssh_command({.program = "/it's here/ssh"}) == "'/it'\\''s here/ssh'" + quiet);
    CHECK(quiet_ssh_command({.command = "ssh -v", .program = "/other"}) == "ssh -v" + quiet);
}

TEST_CASE("other programs get the options that they know, and those that nobody knows none",
          "[ssh_command]") {
    CHECK(by_command("plink -i key") == "plink -i key -batch");
    CHECK(by_command("/opt/Plink.exe") == "/opt/Plink.exe -batch");
    for (const char* command : {"tortoiseplink", "my-ssh -x", "sshpass -e ssh", "exec ssh -i key", "X=1 ssh",
                                "", "f() { ssh \"$@\"; }; f"})
        CHECK(by_command(command) == command);
    CHECK(quiet_ssh_command({.program = "/opt/wrapper"}) == "'/opt/wrapper'");
}

TEST_CASE("which options a program takes can be set, and goes before its name", "[ssh_command]") {
    const auto as = [](const std::string& variant) {
        return quiet_ssh_command({.command = "wrapper", .variant = variant});
    };
    CHECK(as("ssh") == "wrapper" + quiet);
    CHECK(as("anything") == "wrapper" + quiet); // as git has it
    CHECK(as("plink") == "wrapper -batch");
    CHECK(as("putty") == "wrapper -batch");
    for (const char* variant : {"tortoiseplink", "simple", "auto"}) {
        CHECK(as(variant) == "wrapper");
        CHECK(quiet_ssh_command({.command = "ssh", .variant = variant}) == "ssh");
    }
}

TEST_CASE("what the environment says goes before git's configuration", "[ssh_command]") {
    ::unsetenv("GIT_SSH_COMMAND");
    ::unsetenv("GIT_SSH_VARIANT");
    ::setenv("GIT_SSH", "/opt/ssh", 1);
    CHECK(quiet_ssh_command(with_environment(ssh_settings{.command = "configured"})) == "configured");
    CHECK(quiet_ssh_command(with_environment({})) == "'/opt/ssh'" + quiet);
    ::setenv("GIT_SSH", "wrapper", 1);
    CHECK(quiet_ssh_command(with_environment({})) == "'wrapper'"); // along PATH
    ::setenv("GIT_SSH", "bin/wrapper", 1);
    CHECK(quiet_ssh_command(with_environment({})) ==
          "'" + tests::fs::current_path().native() + "/bin/wrapper'");
    ::setenv("GIT_SSH_COMMAND", "ssh -F file", 1);
    CHECK(quiet_ssh_command(with_environment(ssh_settings{.command = "configured"})) ==
          "ssh -F file" + quiet);
    ::setenv("GIT_SSH_VARIANT", "simple", 1);
    CHECK(quiet_ssh_command(with_environment(ssh_settings{.variant = "ssh"})) == "ssh -F file");
    for (const char* name : {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT"})
        ::unsetenv(name);
}
