// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_SOURCE_REPOSITORY_HPP
#define TENON_DETAIL_SOURCE_REPOSITORY_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/driver.hpp>
#include <tenon/error.hpp>
#include <tenon/event.hpp>
#include <tenon/policy.hpp>
#include <tenon/trust.hpp>

#include <tenon/detail/cache/cache_directory.hpp>
#include <tenon/detail/source/checkout.hpp>
#include <tenon/detail/source/driver_parser.hpp>
#include <tenon/detail/source/git_advice.hpp>
#include <tenon/detail/source/permitted_driver.hpp>
#include <tenon/detail/source/signing_keys.hpp>
#include <tenon/detail/source/ssh_command.hpp>
#include <tenon/detail/system/deadline.hpp>
#include <tenon/detail/system/directory.hpp>
#include <tenon/detail/system/event_report.hpp>
#include <tenon/detail/system/file.hpp>
#include <tenon/detail/system/path.hpp>
#include <tenon/detail/system/posix.hpp>
#include <tenon/detail/system/process.hpp>
#include <tenon/detail/system/sha256.hpp>
#include <tenon/detail/system/text.hpp>
#include <tenon/detail/system/trace.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

inline error not_signed(std::string_view url, std::string_view commit, std::string_view keys,
                        std::string_view how, std::string_view said, std::string_view advice, errc code) {
    return {code, concatenated({"commit ", commit, " of '", url,
                                "' is refused, because options.policy.signed_by allows only what a "
                                "key in ",
                                keys, " has signed: git verify-commit ", how,
                                said.empty() ? ", as it does where there is no signature" : ", and said:\n",
                                said, advice.empty() || said.ends_with('\n') ? "" : "\n", advice})};
}

inline error no_git(std::string_view url) {
    return {errc::fetch_failed,
            concatenated({"cannot fetch '", url, "': there is no git in $PATH; install it"})};
}

inline error fetch_failed(std::string_view url, std::string_view how, std::string_view said,
                          std::string_view command, std::string_view advice, errc code = errc::fetch_failed) {
    return {code, concatenated({"cannot fetch '", url, "': git ", how,
                                said.empty() ? ", and said nothing\n" : ", and said:\n", said,
                                said.empty() || said.back() == '\n' ? "" : "\n", "command: ", command,
                                advice.empty() ? "" : "\n", advice})};
}

inline error no_such_reference(std::string_view url, std::string_view reference, std::string_view known,
                               bool shortened) {
    return {errc::not_found,
            concatenated({"the repository '", url, "' does not have ", reference, "; ",
                          known.empty() ? "it has no branches and no tags" : "it has ", known,
                          shortened ? "; a commit has to be given by its full id" : ""})};
}

inline error no_such_commit(std::string_view url, std::string_view id) {
    return {errc::not_found,
            concatenated({"the repository '", url, "' has no commit ", id, " on any branch or tag"})};
}

inline error no_subdirectory(std::string_view url, std::string_view commit, std::string_view subdirectory,
                             std::string_view instead) {
    return {errc::not_found, concatenated({"the repository '", url, "' has no directory '", subdirectory,
                                           "' in commit ", commit, "; ", instead})};
}

/// The progress of a fetch in percent, from the last lines of git; 0 while git reports none.
inline std::size_t fetched_percent(std::string_view said) {
    // Bounds the cost of a server that sends much text in small parts.
    constexpr std::size_t most = 4096;
    said.remove_prefix(said.size() - std::min(said.size(), most));
    for (const std::string_view step : {"Receiving objects:", "Unpacking objects:"}) {
        const auto at = said.rfind(step);
        if (at == said.npos)
            continue;
        std::size_t percent = 0;
        for (const char c : said.substr(at + step.size(), std::string_view(" 100").size()))
            percent = is_digit(c) ? percent * 10 + static_cast<std::size_t>(c - '0') : percent;
        return percent <= 100 ? percent : 0;
    }
    return 0;
}

/// The text as a terminal shows it: a carriage return lets a line overwrite itself.
inline std::string as_shown(std::string_view said) {
    std::string text;
    bool back = false;
    for (const char c : said) {
        if (back && c != '\n' && c != '\r')
            text.erase(text.rfind('\n') + 1);
        back = c == '\r';
        if (!back)
            text += c;
    }
    return text;
}

/// The text without credentials in URLs, which the user's own git configuration may have added.
inline std::string without_any_credentials(std::string_view text) {
    std::string safe;
    for (std::size_t mark; (mark = text.find("://")) != text.npos;) {
        const std::size_t begin = mark + 3;
        const std::string_view authority = text.substr(begin, text.find_first_of("/ \t\n'\"", begin) - begin);
        const auto at = authority.rfind('@');
        const bool secret = at != authority.npos && (!text.substr(0, mark).ends_with("ssh") ||
                                                     authority.substr(0, at).find(':') != authority.npos);
        safe.append(text.substr(0, begin)).append(secret ? "***" : "");
        text.remove_prefix(secret ? begin + at : begin);
    }
    return safe.append(text);
}

/// Fetches a git repository into the cache, and returns a directory with its files.
///
/// Every commit has a folder of its own, `<cache>/src/<repository>/<commit>`, which is published whole and
/// never changes. Each fetch goes into a fresh scratch repository that is removed afterwards, so that a
/// killed git leaves nothing for a later one to trip over. The price: a branch that moved is fetched as a
/// whole, at depth one.
///
/// A full commit id is looked for in the cache first; if found, neither network nor git is needed. For a
/// branch, a tag or the default branch the remote is asked each time. If that fails or takes half a minute,
/// the commit that was last seen there is used. A branch takes precedence over a tag of the same name, as in
/// `git clone --branch`.
///
/// While git talks to the remote, it obeys the configuration of the system and the user, with credential
/// helpers, proxies and `insteadOf`. It runs no hook, fetches no submodule, uses no transport but the
/// driver's, and asks no questions. While git writes files, it obeys no configuration at all: no filter of a
/// `.gitattributes` runs, a Git LFS file stays a pointer, a symbolic link becomes a small file with its
/// target, and a submodule becomes an empty folder.
///
/// The signature of a commit is checked when the commit is fetched. `signed-<commit>-<keys>` beside the
/// folder records a good one. Other keys, and folders from a time without the rule, lead to another fetch.
template <class System = posix>
class basic_repository {
public:
    /// The policy has to permit the driver.
    basic_repository(driver wanted, basic_cache<System> in, event_handler on_event = {},
                     const basic_deadline<System>& within = {}, policy rules = {},
                     const trust& whose_keys = {})
        : wanted_(std::move(wanted)), cache_(std::move(in)), on_event_(std::move(on_event)),
          deadline_(within), rules_(std::move(rules)), name_(folder_name(wanted_.place)) {
        if (rules_.signed_by)
            keys_.emplace(*rules_.signed_by, whose_keys);
        if (is_commit_id(wanted_.reference))
            for (char& digit : wanted_.reference)
                // git prints ids in small letters; digits have that bit already
                digit = static_cast<char>(digit | 0x20);
    }

    /// The directory with the files, which are fetched if the cache does not have them.
    std::string checkout() const {
        if (pinned() && has(wanted_.reference)) {
            tell({event::step::cached, wanted_.place});
            return inside(wanted_.reference);
        }
        try {
            return inside(current());
        } catch (const error& failed) {
            const bool unreachable = failed.code() == errc::fetch_failed || failed.code() == errc::timed_out;
            const std::optional<std::string> before = unreachable ? remembered() : std::nullopt;
            if (!before)
                throw;
            tell({.what = event::step::falling_back,
                  .subject = wanted_.place,
                  .detail = failed.what() + ("\nusing commit " + *before) + " of " + described() +
                            ", which was fetched earlier"});
            return inside(*before);
        }
    }

    /// The same directory from the cache alone, or none if the cache does not have the commit. Runs no
    /// program and writes no file. Throws as `checkout` does if the commit has no such subdirectory.
    std::optional<std::string> cached() const {
        const std::optional<std::string> commit = pinned() ? wanted_.reference : remembered();
        return commit && has(*commit) ? std::optional(inside(*commit)) : std::nullopt;
    }

private:
    /// A reference of the remote, and the id of its commit.
    struct named_commit {
        std::string name, id;
    };
    struct finished {
        command run;
        process_result end;
    };
    using watcher = std::function<void(std::string_view said)>;

    bool pinned() const { return is_commit_id(wanted_.reference); }
    std::string described() const {
        return wanted_.reference.empty() ? "its default branch" : "'" + wanted_.reference + "'";
    }
    void tell(const event& step) const { detail::tell(on_event_, step); }

    // Readable, because messages of compilers show the name; unique by the digest at its end.
    static std::string folder_name(std::string_view url) {
        std::string name(basename(url.substr(0, url.find_last_not_of('/') + 1)).substr(0, 40));
        for (char& c : name)
            if (!is_letter_or_digit(c) && c != '.' && c != '-' && c != '_')
                c = '_';
        return name + "-" + sha256(url).hex().substr(0, 32);
    }

    std::string folder() const { return join(join(cache_.path(), "src"), name_); }
    std::string made_folder() const { return cache_.folder(join("src", name_)); }

    /// True if the cache has the commit, with a good signature where the policy wants one.
    bool has(const std::string& commit) const {
        return has_files(commit) && (!keys_ || System::access(signature_mark(commit).c_str(), F_OK) == 0);
    }
    bool has_files(const std::string& commit) const {
        struct stat status;
        return System::stat(join(folder(), commit).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }
    std::string signature_mark(const std::string& commit) const {
        return join(folder(), "signed-" + commit + "-" + keys_->id());
    }

    std::string inside(const std::string& commit) const {
        std::string path = join(folder(), commit);
        if (wanted_.subdirectory.empty())
            return path;
        path = join(path, wanted_.subdirectory);
        struct stat status;
        if (System::stat(path.c_str(), &status) != 0)
            basic_checkout<System>(join(folder(), commit))
                .throw_explained(
                    no_subdirectory(wanted_.place, commit, wanted_.subdirectory, instead_of<System>(path)));
        if (!S_ISDIR(status.st_mode))
            throw no_subdirectory(wanted_.place, commit, wanted_.subdirectory,
                                  "it is a file there, or a symbolic link, which is not followed");
        return path;
    }

    // ---- The commit of a branch or tag when it was last seen: a file with the line `COMMIT REFERENCE URL`

    std::string memory() const { return join(folder(), "at-" + sha256(wanted_.reference).hex()); }
    std::string line(const std::string& commit) const {
        return commit + " " + wanted_.reference + " " + wanted_.place + "\n";
    }

    std::optional<std::string> remembered() const {
        try {
            const std::string text = read_file<System>(memory());
            const std::string commit = text.substr(0, text.find(' '));
            return is_commit_id(commit) && text == line(commit) && has(commit) ? std::optional(commit)
                                                                               : std::nullopt;
        } catch (const error&) {
            return std::nullopt;
        }
    }

    void remember(const std::string& commit) const {
        if (pinned() || remembered() == commit)
            return;
        made_folder();
        const basic_scratch<System> beside(cache_);
        publish<System>(memory(), line(commit), beside.path());
    }

    /// The id of the commit that the driver names now, after it is in the cache.
    std::string current() const {
        const named_commit asked_for =
            pinned() ? named_commit{wanted_.reference, wanted_.reference} : asked();
        // libcurl would wait five minutes to connect to a host that does not answer.
        if (pinned() && transport_of(wanted_.place) == transport::https)
            listed({"ls-remote", "--", wanted_.place, "HEAD"});
        const bool cached = has(asked_for.id);
        if (cached)
            tell({event::step::cached, wanted_.place});
        const std::string commit = cached ? asked_for.id : fetched(asked_for);
        trace(described(), " of ", wanted_.place, " is commit ", commit);
        remember(commit);
        return commit;
    }

    /// Asks the remote for the commit of the reference.
    named_commit asked() const {
        tell({event::step::resolving, wanted_.place});
        const std::string& reference = wanted_.reference;
        std::vector<std::string> names;
        if (reference.empty())
            names = {"HEAD"};
        else if (reference == "HEAD" || reference.starts_with("refs/"))
            names = {reference};
        else
            names = {"refs/heads/" + reference, "refs/tags/" + reference};

        std::vector<std::string> asking{"ls-remote", "--", wanted_.place};
        for (const std::string& name : names)
            asking.insert(asking.end(), {name, name + "^{}"}); // the commit of an annotated tag
        const std::vector<named_commit> branches = listed(std::move(asking));
        for (const std::string& name : names)
            for (const std::string& spelling : {name + "^{}", name})
                for (const named_commit& remote : branches)
                    if (remote.name == spelling)
                        return {name, remote.id};

        std::vector<std::string> known;
        for (const named_commit& remote : listed({"ls-remote", "--heads", "--tags", "--", wanted_.place}))
            if (!remote.name.ends_with("^{}"))
                known.push_back(
                    remote.name.substr(remote.name.find('/', std::string_view("refs/").size()) + 1));
        const bool shortened =
            reference.size() >= 4 && std::all_of(reference.begin(), reference.end(), is_hex_digit);
        throw no_such_reference(wanted_.place, described(), likeliest(reference, known), shortened);
    }

    std::vector<named_commit> listed(std::vector<std::string> arguments) const {
        // Runs in the root folder: the current one may be a repository with a configuration of its own.
        // libcurl would wait five minutes for a host that does not answer.
        constexpr int patience = 30;
        const finished asking = with_remote(std::move(arguments), "/", patience);
        const std::string& text = asking.end.out;
        if (asking.end.failed() || (!asking.end.known && text.empty()))
            throw failure(asking);
        std::vector<named_commit> listing;
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view line = take_line(rest);
            const auto tab = line.find('\t');
            if (tab != line.npos && is_commit_id(line.substr(0, tab)))
                listing.push_back({std::string(line.substr(tab + 1)), std::string(line.substr(0, tab))});
        }
        return listing;
    }

    /// Fetches and publishes a commit. Returns its id, which differs if the reference has just moved.
    std::string fetched(const named_commit& asked_for) const {
        const basic_lock<System> turn(join(made_folder(), "lock"), deadline_,
                                      [&] { tell({event::step::waiting, wanted_.place}); });
        if (has(asked_for.id)) // while this one waited for its turn
            return asked_for.id;
        tell({event::step::fetching, wanted_.place});

        const basic_scratch<System> workshop(cache_);
        std::vector<std::string> making{"init", "--quiet", "--bare", "--template="};
        if (asked_for.id.size() == 64)
            making.push_back("--object-format=sha256");
        making.push_back("git");
        if (const finished initialised = alone(std::move(making), workshop.path()); initialised.end.failed())
            throw failure(initialised);

        const std::string commit = transferred(asked_for, workshop.path());
        if (keys_)
            require_signature(commit, workshop);
        if (!has_files(commit))
            write_files(commit, workshop);
        if (keys_)
            basic_file<System>(signature_mark(commit), O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
        return commit;
    }

    /// Fetches into the scratch repository, at depth one if the server can. Returns the id of the commit.
    std::string transferred(const named_commit& asked_for, const std::string& where) const {
        const std::string wanted = "+" + asked_for.name + ":refs/tenon/wanted";
        finished fetching = fetch(where, {"--depth=1"}, {wanted});
        std::optional<std::string> commit = id_of("refs/tenon/wanted", where);
        // Old servers and plain file servers cannot fetch at a depth, and each says so in words of its own. A
        // server may refuse a commit's id as well, but every server gives out branches and tags.
        const bool done = pinned() ? commit == asked_for.id : commit.has_value();
        const bool may_be_server =
            fetching.end.cause == stop_reason::itself && known_cause(fetching.end.err).empty();
        if (!done && may_be_server && pinned()) {
            trace("looking for ", asked_for.id, " in all branches and tags");
            fetching =
                fetch(where, {}, {"+refs/heads/*:refs/tenon/heads/*", "+refs/tags/*:refs/tenon/tags/*"});
            commit = id_of(asked_for.id, where);
            if (fetching.end.known && !fetching.end.failed() && commit != asked_for.id)
                throw no_such_commit(wanted_.place, asked_for.id);
        } else if (!done && may_be_server) {
            trace("fetching ", asked_for.name, " with its history");
            fetching = fetch(where, {}, {wanted});
            commit = id_of("refs/tenon/wanted", where);
        }
        if (fetching.end.failed() || !commit)
            throw failure(fetching);
        return std::move(*commit);
    }

    finished fetch(const std::string& where, std::initializer_list<std::string> options,
                   std::initializer_list<std::string> references) const {
        std::vector<std::string> arguments{"--git-dir=git", "fetch", "--progress", "--no-tags",
                                           "--no-recurse-submodules"};
        arguments.insert(arguments.end(), options);
        arguments.insert(arguments.end(), {"--", wanted_.place});
        arguments.insert(arguments.end(), references);
        return with_remote(std::move(arguments), where, 0,
                           [this, before = std::size_t{0}](std::string_view said) mutable {
                               if (const std::size_t percent = fetched_percent(said); percent > before)
                                   tell({event::step::fetching, wanted_.place, before = percent, 100});
                           });
    }

    /// The id of the commit behind a name in the scratch repository.
    std::optional<std::string> id_of(const std::string& name, const std::string& where) const {
        std::string id =
            alone({"--git-dir=git", "rev-parse", "--verify", "--quiet", name + "^{commit}"}, where).end.out;
        if (id.ends_with('\n'))
            id.pop_back();
        return is_commit_id(id) ? std::optional(std::move(id)) : std::nullopt;
    }

    void write_files(const std::string& commit, const basic_scratch<System>& workshop) const {
        const std::string tree = workshop / "tree";
        if (System::mkdir(tree.c_str(), 0700) != 0)
            throw error::system_call("make the folder", tree, errno);
        const finished writing =
            alone({"-c", "core.symlinks=false", "--git-dir=git", "--work-tree=tree", "checkout", "--quiet",
                   "--force", "--detach", "--no-recurse-submodules", commit, "--"},
                  workshop.path());
        // git moves HEAD after the last file, which tells of success even if the host has reaped the child.
        if (writing.end.failed() || id_of("HEAD", workshop.path()) != commit)
            throw failure(writing);
        close_to_others(tree);
        store(tree);
        const std::string path = join(folder(), commit);
        if (System::rename(tree.c_str(), path.c_str()) != 0)
            if (const int why = errno; !has_files(commit))
                throw error::system_call("rename to", path, why);
    }

    void require_signature(const std::string& commit, const basic_scratch<System>& workshop) const {
        typename basic_signing_keys<System>::command_parts with = keys_->prepared(workshop.path());
        std::vector<std::string> checking = std::move(with.settings);
        checking.insert(checking.end(), {"--git-dir=git", "verify-commit", commit});
        const process_result how = alone(std::move(checking), workshop.path(), std::move(with.variables)).end;
        // If the host has reaped the child, nothing says that the signature is good.
        if (!how.known || how.failed()) {
            const std::string said = shown_of(how.err);
            throw not_signed(wanted_.place, commit, keys_->files(), how.how(), said, known_cause(how.err),
                             how.code(errc::forbidden));
        }
    }

    // A daemon often has umask 0, and then its own files would not be trusted.
    static void close_to_others(const std::string& path) {
        struct stat status;
        if (System::lstat(path.c_str(), &status) != 0)
            throw error::system_call("look at", path, errno);
        if (S_ISLNK(status.st_mode))
            return;
        if ((status.st_mode & (S_IWGRP | S_IWOTH)) && System::chmod(path.c_str(), status.st_mode & 0755) != 0)
            throw error::system_call("change the mode of", path, errno);
        if (!S_ISDIR(status.st_mode))
            return;
        for (const std::string& name : names_in<System>(path))
            close_to_others(join(path, name));
    }

    // Without this, a loss of power after the rename might leave empty files for good under the id of a
    // commit that never had them. Syncing a hundred files one by one would take thirty times as long.
    static void store(const std::string& tree) {
        const basic_file<System> folder(tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (System::syncfs(folder.descriptor()) != 0)
            throw error::system_call("store", tree, errno);
    }

    /// Runs git with the user's configuration, but without programs that are not needed to reach the remote.
    finished with_remote(std::vector<std::string> arguments, const std::string& where, int seconds,
                         const watcher& meanwhile = {}) const {
        std::vector<std::string> variables =
            environment({"PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SSH_AUTH_SOCK", "http_proxy",
                         "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE",
                         "SSL_CERT_DIR", "GIT_SSL_CAINFO"});
        // An empty GIT_ASKPASS keeps git from using SSH_ASKPASS and core.askPass.
        variables.insert(variables.end(), {"GIT_ALLOW_PROTOCOL=" + transports(), "GIT_ASKPASS=",
                                           "GIT_TERMINAL_PROMPT=0", "SSH_ASKPASS_REQUIRE=never"});
        if (transport_of(wanted_.place) != transport::file)
            add_ssh(variables);
        std::vector<std::string> settings;
        for (const char* setting :
             {"core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false",
              "fetch.fsckObjects=true", "credential.interactive=false",
              // for a remote that goes silent
              "http.lowSpeedLimit=1", "http.lowSpeedTime=60"})
            settings.insert(settings.end(), {"-c", setting});
        if (!rules_.hosts.anything())
            settings.insert(settings.end(), {"-c", "http.followRedirects=false"});
        arguments.insert(arguments.begin(), settings.begin(), settings.end());
        return git(std::move(arguments), std::move(variables), where, seconds, meanwhile);
    }

    /// Adds the user's ssh program. It may be set in the configuration, so git is asked first.
    void add_ssh(std::vector<std::string>& variables) const {
        const finished asking =
            git({"config", "--null", "--get-regexp", "^(core\\.sshcommand|ssh\\.variant)$"}, variables, "/");
        ssh_settings configured;
        // Each entry is NAME, a newline and the value. The last entry of a name counts.
        for (std::string_view rest = asking.end.out; !rest.empty();) {
            const std::string_view setting = take_until(rest, '\0');
            const auto end = std::min(setting.find('\n'), setting.size());
            const std::string value(setting.substr(std::min(end + 1, setting.size())));
            (setting.substr(0, end) == "ssh.variant" ? configured.variant : configured.command) = value;
        }
        const ssh_settings set = with_environment(std::move(configured));
        variables.push_back("GIT_SSH_COMMAND=" + quiet_ssh_command(set));
        if (set.variant)
            variables.push_back("GIT_SSH_VARIANT=" + *set.variant);
    }

    /// The transports that git may use. The user's configuration may replace an address by one of another
    /// kind.
    std::string transports() const {
        if (transport_of(wanted_.place) == transport::file)
            return "file";
        std::string names;
        for (const transport allowed : {transport::https, transport::ssh})
            if (rules_.transports(allowed))
                names.append(names.empty() ? "" : ":").append(scheme(allowed));
        return names;
    }

    /// Runs git without any configuration, for steps that need no remote.
    finished alone(std::vector<std::string> arguments, const std::string& where,
                   std::vector<std::string> variables = {}) const {
        const std::vector<std::string> passed = environment({"PATH", "TMPDIR"});
        variables.insert(variables.end(), passed.begin(), passed.end());
        variables.insert(variables.end(),
                         {"GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1",
                          "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1"});
        return git(std::move(arguments), std::move(variables), where);
    }

    finished git(std::vector<std::string> arguments, std::vector<std::string> variables,
                 const std::string& where, int seconds = 0, const watcher& meanwhile = {}) const {
        const std::optional<std::string> program = find_program<System>("git");
        if (!program)
            throw no_git(wanted_.place);
        arguments.insert(arguments.begin(), *program);
        variables.push_back("LC_ALL=C.UTF-8");
        command what{std::move(arguments), std::move(variables), where};
        basic_process<System> running(what, seconds == 0 ? deadline_ : deadline_.at_most(seconds * 1000));
        process_result how = meanwhile ? running.wait(meanwhile) : running.wait();
        return {std::move(what), std::move(how)};
    }

    error failure(const finished& git) const {
        const std::string said = shown_of(git.end.err);
        return fetch_failed(wanted_.place, git.end.how(), said, shown(git.run), advice(git.end),
                            git.end.code(errc::fetch_failed));
    }

    /// Advice by git's words if these are known, else by how git ended.
    std::string advice(const process_result& how) const {
        if (std::string known = known_cause(how.err); !known.empty())
            return known;
        if (const auto page = repository_of_page(wanted_.place))
            return "this looks like the address of a web page: the repository is written " + *page;
        if (says_absent(how.err))
            return "is the address right? Many servers say the same of a repository that this user may not "
                   "read";
        // The exit status of git for every fatal error.
        constexpr int fatal = 128;
        const bool gave_up = how.cause == stop_reason::itself && how.known && WIFEXITED(how.status) &&
                             WEXITSTATUS(how.status) == fatal;
        return gave_up && transport_of(wanted_.place) != transport::file
                   ? "`git ls-remote " + wanted_.place +
                         "` in a terminal may ask for what nobody can be asked for here"
                   : "";
    }

    static std::string shown_of(std::string_view said) {
        return escaped(without_any_credentials(as_shown(said)), "\n\t");
    }

    driver wanted_;
    basic_cache<System> cache_;
    event_handler on_event_;
    basic_deadline<System> deadline_;
    policy rules_;
    std::optional<basic_signing_keys<System>> keys_;
    std::string name_;
};
using repository = basic_repository<>;

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
