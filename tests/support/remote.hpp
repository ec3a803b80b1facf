// SPDX-License-Identifier: MIT
// For tests that fetch: a remote repository, and the environment that git reads here.
#ifndef TENON_TESTS_REMOTE_HPP
#define TENON_TESTS_REMOTE_HPP

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tenon/detail/source/repository.hpp>

#include "catch.hpp"
#include "program.hpp"

namespace tests {

/// Sets an environment variable, and restores it on destruction.
class variable {
public:
    variable(std::string name, const std::string& value) : name_(std::move(name)) {
        if (const char* before = std::getenv(name_.c_str()))
            before_ = before, was_set_ = true;
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() {
        if (was_set_)
            ::setenv(name_.c_str(), before_.c_str(), 1);
        else
            ::unsetenv(name_.c_str());
    }

private:
    std::string name_, before_;
    bool was_set_ = false;
};

inline std::string real_git() {
    static const std::string found = tenon::detail::find_program("git").value();
    return found;
}

/// A remote repository, and a cache and a home directory for the host.
class world {
public:
    world() : home_("HOME", scratch / "home") {
        fs::create_directories(scratch / "home");
        fs::create_directories(scratch / "remote");
        git({"init", "--quiet", "--initial-branch=main"});
    }

    /// Runs git in the remote, with a fixed author and without the user's configuration. Returns its output
    /// without the final newline.
    std::string git(std::vector<std::string> words) const {
        words.insert(words.begin(), {real_git(), "-C", scratch / "remote"});
        outcome said = run(words, ".",
                           {"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A",
                            "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@b"});
        if (said.status != 0)
            throw std::runtime_error(tenon::detail::shown({words, {}}) + ": " + said.err);
        return said.out.substr(0, said.out.find_last_not_of('\n') + 1);
    }
    /// Commits all files in the remote's folder.
    std::string commit() const {
        git({"add", "--all"});
        git({"commit", "--quiet", "--allow-empty", "--message=more"});
        return git({"rev-parse", "HEAD"});
    }
    std::string commit(const std::string& name, const std::string& text) const {
        write(scratch / "remote" / name, text);
        return commit();
    }

    std::string url(const std::string& rest = "") const {
        return "git+file://" + (scratch / "remote").native() + rest;
    }

    template <class System = tenon::detail::posix>
    tenon::detail::basic_repository<System> repository(const std::string& rest = "") {
        return {tenon::driver::parse(url(rest)), tenon::detail::basic_cache<System>(scratch / "cache"),
                [this](const tenon::event& told) {
                    if (told.done == 0)
                        reports += without_folders(told.text()) + "\n";
                }};
    }

    fs::path checkout(const std::string& rest = "") { return repository(rest).checkout(); }
    std::string cached(const std::string& rest = "") { return repository(rest).cached().value_or(""); }
    /// The text of a file in a checkout.
    std::string text(const std::string& rest, const std::string& name) { return read(checkout(rest) / name); }

    /// The error of a failed checkout.
    template <class System = tenon::detail::posix>
    std::string complaint(const std::string& rest = "", tenon::errc code = tenon::errc::fetch_failed) {
        try {
            return "checked out " + without_folders(repository<System>(rest).checkout());
        } catch (const tenon::error& e) {
            CHECK(e.code() == code);
            return without_folders(e.what());
        }
    }

    /// Puts a script named git before the real one. `$git` in it is the real program, `$here` the scratch
    /// folder.
    std::unique_ptr<variable> fake_git(const std::string& script) const {
        const fs::path program = scratch / "bin/git";
        write(program,
              "#!/bin/sh\ngit='" + real_git() + "' here='" + scratch.path().native() + "'\n" + script);
        fs::permissions(program, fs::perms::owner_all);
        return std::make_unique<variable>("PATH", (scratch / "bin").native() + ":" + std::getenv("PATH"));
    }

    std::string without_folders(std::string text) const {
        const std::pair<std::string, std::string> known[] = {{scratch.path().native() + "/bin/git", "GIT"},
                                                             {real_git(), "GIT"},
                                                             {scratch.path().native(), "HERE"}};
        for (const auto& [folder, shorter] : known)
            for (std::size_t at; (at = text.find(folder)) != text.npos;)
                text.replace(at, folder.size(), shorter);
        return text;
    }

    /// The number of commits that the cache has.
    std::ptrdiff_t checkouts() const {
        std::ptrdiff_t count = 0;
        for (const auto& repository : fs::directory_iterator(scratch / "cache/src"))
            for (const auto& each : fs::directory_iterator(repository))
                count += each.is_directory();
        return count;
    }

    const scratch_directory scratch;
    std::string reports;

private:
    variable home_;
};

} // namespace tests

#endif
