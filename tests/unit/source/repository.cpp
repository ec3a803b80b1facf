// SPDX-License-Identifier: MIT
#include <tenon/detail/source/repository.hpp>

#include <algorithm>
#include <csignal>
#include <memory>

#include "remote.hpp"

using tenon::driver;
using tenon::errc;
using tests::real_git;
using tests::variable;
using tests::world;
using tests::fs::path;
namespace detail = tenon::detail;
namespace fs = tests::fs;

namespace {

/// Does something in a process of its own; that process.
template <class Act>
pid_t elsewhere(Act&& act) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            act();
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    return child;
}

int status_of(pid_t child) {
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

const std::string settings =
    "-c core.hooksPath=/dev/null -c core.fsmonitor=false -c gc.auto=0 -c maintenance.auto=false -c "
    "fetch.fsckObjects=true "
    "-c credential.interactive=false -c http.lowSpeedLimit=1 -c http.lowSpeedTime=60";

} // namespace

TEST_CASE("the default branch is checked out, whatever its name", "[repository]") {
    world w;
    const std::string first = w.commit("a.cpp", "one");
    w.git({"checkout", "--quiet", "-b", "trunk/x"});
    const std::string second = w.commit("a.cpp", "two");

    const path found = w.checkout();
    CHECK(tests::read(found / "a.cpp") == "two");
    CHECK(found.filename() == second);
    CHECK(w.without_folders(found).starts_with("HERE/cache/src/remote-"));
    CHECK(w.reports == "asking file://HERE/remote\nfetching file://HERE/remote\n");
    w.reports.clear();
    w.checkout();
    CHECK(w.reports == "asking file://HERE/remote\nfound file://HERE/remote\n");
    CHECK(w.text("@main", "a.cpp") == "one");
    CHECK(w.text("@HEAD", "a.cpp") == "two");
    CHECK(w.text("@refs/heads/main", "a.cpp") == "one");
    CHECK(w.checkouts() == 2);
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
    CHECK(!fs::exists(found / ".git"));
}

TEST_CASE("a branch that moved is seen at the next checkout, and the earlier files stay as they were",
          "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const path before = w.checkout("@main");
    w.commit("a.cpp", "two");
    CHECK(w.text("@main", "a.cpp") == "two");
    CHECK(tests::read(before / "a.cpp") == "one");
    CHECK(w.cached("@main") == w.checkout("@main"));

    // Back again, to a commit that the cache has.
    w.git({"reset", "--quiet", "--hard", "HEAD^"});
    CHECK(w.checkout("@main") == before);
    CHECK(w.cached("@main") == before);
}

TEST_CASE("tags are checked out: plain ones, annotated ones, and tags of tags", "[repository]") {
    world w;
    const std::string commit = w.commit("a.cpp", "one");
    w.git({"tag", "plain"});
    w.git({"tag", "--annotate", "--message=x", "v1.0"});
    w.git({"tag", "--annotate", "--message=x", "json@1.0", "v1.0"});
    w.commit("a.cpp", "two");
    for (const char* tag : {"@plain", "@v1.0", "@json@1.0", "@refs/tags/v1.0"})
        CHECK(w.checkout(tag).filename() == commit);
    CHECK(w.checkouts() == 1);
}

TEST_CASE("a branch goes before a tag of the same name", "[repository]") {
    world w;
    w.commit("a.cpp", "tag");
    w.git({"tag", "both"});
    w.git({"checkout", "--quiet", "-b", "both"});
    w.commit("a.cpp", "branch");
    CHECK(w.text("@both", "a.cpp") == "branch");
    CHECK(w.text("@refs/tags/both", "a.cpp") == "tag");
}

TEST_CASE("a commit id is that commit, and once cached it needs neither network nor git", "[repository]") {
    world w;
    const std::string first = w.commit("a.cpp", "one");
    w.commit("a.cpp", "two");
    CHECK(w.cached("@" + first) == "");
    CHECK(w.text("@" + first, "a.cpp") == "one");

    fs::remove_all(w.scratch / "remote");
    const variable path_without_git("PATH", w.scratch / "empty");
    w.reports.clear();
    CHECK(w.text("@" + first, "a.cpp") == "one");
    CHECK(w.cached("@" + first) == w.checkout("@" + first));
    std::string capitals = first;
    std::transform(first.begin(), first.end(), capitals.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    CHECK(w.text("@" + capitals, "a.cpp") == "one");
    CHECK(w.reports == "found file://HERE/remote\nfound file://HERE/remote\nfound file://HERE/remote\n");
}

TEST_CASE("a commit that the server does not give out by its id is found in its branches and tags",
          "[repository]") {
    world w;
    const std::string first = w.commit("a.cpp", "one");
    w.commit("a.cpp", "two");
    w.git({"checkout", "--quiet", "--detach"});
    const std::string tagged = w.commit("a.cpp", "three");
    w.git({"tag", "--annotate", "--message=x", "v3"});
    const std::string nowhere = w.commit("a.cpp", "four");
    w.git({"checkout", "--quiet", "main"});
    const auto old_protocol = w.fake_git("exec $git -c protocol.version=0 \"$@\"\n");

    CHECK(w.text("@" + first, "a.cpp") == "one");
    CHECK(w.text("@" + tagged, "a.cpp") == "three");
    CHECK(w.complaint("@" + nowhere, errc::not_found) ==
          "the repository 'file://HERE/remote' has no commit " + nowhere + " on any branch or tag");
}

TEST_CASE("the id of something else than a commit is refused", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    w.git({"tag", "--annotate", "--message=x", "v1"});
    for (const char* object : {"HEAD^{tree}", "HEAD:a.cpp", "refs/tags/v1"}) {
        const std::string id = w.git({"rev-parse", object});
        CHECK(w.complaint("@" + id, errc::not_found) ==
              "the repository 'file://HERE/remote' has no commit " + id + " on any branch or tag");
    }
    w.git({"tag", "tree", "HEAD^{tree}"});
    CHECK(w.complaint("@tree").starts_with("cannot fetch 'file://HERE/remote': git exited with status "));
}

TEST_CASE("a repository of SHA-256 objects is checked out", "[repository]") {
    world w;
    fs::remove_all(w.scratch / "remote/.git");
    w.git({"init", "--quiet", "--initial-branch=main", "--object-format=sha256"});
    const std::string commit = w.commit("a.cpp", "one");
    REQUIRE(commit.size() == 64);
    CHECK(w.checkout().filename() == commit);
    CHECK(w.text("@" + commit, "a.cpp") == "one");
}

TEST_CASE("what a reference could have been is said", "[repository]") {
    world w;
    const std::string id = w.commit("a.cpp", "one");
    w.git({"tag", "v1.0"});
    w.git({"tag", "--annotate", "--message=x", "v1.1"});
    w.git({"branch", "feature/x"});
    CHECK(w.complaint("@mian", errc::not_found) ==
          "the repository 'file://HERE/remote' does not have 'mian'; it has main, v1.0, v1.1, feature/x");
    CHECK(w.complaint("@x", errc::not_found)
              .starts_with("the repository 'file://HERE/remote' does not have 'x'; it has "));
    const std::string shortened = w.complaint("@" + id.substr(0, 8), errc::not_found);
    CHECK(shortened.starts_with("the repository 'file://HERE/remote' does not have '" + id.substr(0, 8) +
                                "'; it has "));
    CHECK(shortened.ends_with("; a commit has to be given by its full id"));
    CHECK(w.complaint("@" + std::string(3000, 'x'), errc::not_found)
              .starts_with("the repository 'file://HERE/remote' does not have 'xxx"));
}

TEST_CASE("a repository without a commit says so", "[repository]") {
    world w;
    CHECK(w.complaint("", errc::not_found) == "the repository 'file://HERE/remote' does not have its default "
                                              "branch; it has no branches and no tags");
}

TEST_CASE("a remote that is gone does not stop a host that has what it needs", "[repository]") {
    world w;
    const std::string commit = w.commit("a.cpp", "one");
    w.git({"tag", "v1"});
    w.checkout();
    w.checkout("@v1");
    fs::rename(w.scratch / "remote", w.scratch / "moved");

    w.reports.clear();
    CHECK(w.text("", "a.cpp") == "one");
    CHECK(w.reports == "asking file://HERE/remote\n"
                       "cannot reach file://HERE/remote: cannot fetch 'file://HERE/remote': git exited with "
                       "status 128, and said:\n"
                       "fatal: 'HERE/remote' does not appear to be a git repository\n"
                       "fatal: Could not read from remote repository.\n\n"
                       "Please make sure you have the correct access rights\nand the repository exists.\n"
                       "command: GIT " +
                           settings +
                           " ls-remote -- file://HERE/remote HEAD 'HEAD^{}'\n"
                           "using commit " +
                           commit + " of its default branch, which was fetched earlier\n");
    w.reports.clear();
    CHECK(w.text("@v1", "a.cpp") == "one");
    CHECK(w.reports.ends_with("\nusing commit " + commit + " of 'v1', which was fetched earlier\n"));

    // The commit is cached, but not that the branch was at it.
    CHECK(w.complaint("@main").starts_with(
        "cannot fetch 'file://HERE/remote': git exited with status 128, and said:\n"));
    CHECK(w.cached("@main") == "");
}

TEST_CASE("a remote that does not answer is not waited for", "[repository]") {
    struct impatient : detail::posix {
        // Thirty seconds of the clock pass in one.
        static std::int64_t milliseconds() noexcept { return posix::milliseconds() * 30; }
        static int poll(pollfd* watched, nfds_t size, int milliseconds) noexcept {
            return posix::poll(watched, size, milliseconds < 0 ? -1 : milliseconds / 30 + 1);
        }
    };
    world w;
    w.commit("a.cpp", "one");
    const path found = w.checkout();
    const auto silent = w.fake_git(
        "case \"$*\" in *' ls-remote '*) echo waiting >&2; exec sleep 60;; esac; exec $git \"$@\"\n");
    const std::string complaint = w.complaint<impatient>("@main", errc::timed_out);
    CHECK(complaint.starts_with("cannot fetch 'file://HERE/remote': git was ended after 3"));
    CHECK(complaint.ends_with(" seconds, because its time was up, and said:\nwaiting\ncommand: GIT " +
                              settings +
                              " ls-remote -- file://HERE/remote refs/heads/main 'refs/heads/main^{}' "
                              "refs/tags/main 'refs/tags/main^{}'"));
    CHECK(w.repository<impatient>().checkout() == found);
}

TEST_CASE("how much git has fetched is read from what it says on a terminal", "[repository]") {
    using detail::fetched_percent;
    CHECK(fetched_percent("") == 0);
    CHECK(fetched_percent("remote: Counting objects:  95% (146/153)        \r") == 0);
    CHECK(fetched_percent("Receiving objects:   0% (0/153)\rReceiving objects:   7% (3/153)\r") == 7);
    CHECK(fetched_percent("Receiving objects:  45% (9/20)\r") == 45);
    CHECK(fetched_percent("Receiving objects: 100% (20/20), done.\nResolving deltas:   0% (0/5)\r") == 100);
    CHECK(fetched_percent("Unpacking objects: 100% (3/3), 2 KiB | 9 KiB/s, done.\n") == 100);
    CHECK(fetched_percent("Receiving objects:  45% (9/20)\r" + std::string(1 << 20, 'x')) == 0);
    for (const char* cut : {"Receiving objects:", "Receiving objects: x", "Receiving objects:999999"})
        CHECK(fetched_percent(cut) == 0);

    using detail::as_shown;
    CHECK(as_shown("a 1%\ra 2%\rfatal: no\nb 1%\rb 2%, done.\n") == "fatal: no\nb 2%, done.\n");
    CHECK(as_shown("a\r\n\r\n\rb\r") == "a\n\nb");
}

TEST_CASE(
    "a fetch that takes too long, or is cancelled, ends with all that git has started, and leaves nothing",
    "[repository]") {
    world w;
    const std::string first = w.commit("a.cpp", "one");
    w.checkout();
    w.commit("a.cpp", "two");
    const auto hanging =
        w.fake_git("case \"$*\" in *' fetch '*) echo slow >&2; sleep 60 & echo $! > $here/pid; wait;; esac; "
                   "exec $git \"$@\"\n");
    const auto is_gone = [&] {
        const std::string state =
            tests::read("/proc/" + std::to_string(std::stoi(tests::read(w.scratch / "pid"))) + "/stat");
        return state.empty() || state.find(") Z ") != state.npos;
    };
    const auto fetched = [&](const std::string& reference, const detail::deadline& within) {
        try {
            return detail::basic_repository<>(driver::parse(w.url() + reference),
                                              detail::basic_cache<>(w.scratch / "cache"), {}, within)
                .checkout();
        } catch (const tenon::error& e) {
            return tenon::category().message(e.code().value()) + ": " + w.without_folders(e.what());
        }
    };
    const std::string late = fetched("@main", detail::deadline({}, 1000, -1, "options.fetch_timeout"));
    CHECK(late.starts_with("timed out: cannot fetch 'file://HERE/remote': git was ended after "));
    CHECK(late.find(" seconds, because its time was up: options.fetch_timeout is 1.0 seconds, and "
                    "said:\nslow\ncommand: GIT ") != std::string::npos);
    CHECK(is_gone());
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
    // What was fetched before will do where the network is slow, but not for who wants no more of it.
    CHECK(fetched("", detail::deadline({}, 1000)).ends_with("/" + first));
    const detail::basic_file<> stop(detail::posix::event());
    const std::uint64_t one = 1;
    REQUIRE(detail::posix::write(stop.descriptor(), &one, sizeof one) == sizeof one);
    CHECK(fetched("", detail::deadline({}, 0, stop.descriptor()))
              .starts_with("cancelled: cannot fetch 'file://HERE/remote': git was ended"));
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("how far a fetch is is told while it runs, and only its end is in an error", "[repository]") {
    world w;
    const std::string commit = w.commit("a.cpp", "one");
    const std::string slow = "p() { printf 'Receiving objects:  %s%% (1/9)\\r' $1 >&2; sleep 0.3; }; "
                             "case \"$*\" in *' fetch '*) p 10; p 10; p 70;; esac; ";
    std::vector<std::size_t> told;
    const tenon::event_handler keep = [&](const tenon::event& e) {
        if (e.what == tenon::event::step::fetching) {
            CHECK(e.of == (e.done == 0 ? 0u : 100u));
            told.push_back(e.done);
        }
    };
    const auto checked_out = [&](const tenon::event_handler& handler) {
        return detail::basic_repository<>(driver::parse(w.url()), detail::basic_cache<>(w.scratch / "cache"),
                                          handler)
            .checkout();
    };
    {
        const auto failing = w.fake_git(
            slow +
            "case \"$*\" in *' fetch '*) echo 'fatal: early EOF' >&2; exit 1;; esac; exec $git \"$@\"\n");
        CHECK(w.complaint().find("said:\nfatal: early EOF\ncommand: GIT ") != std::string::npos);
    }
    const auto working = w.fake_git(slow + "exec $git \"$@\"\n");
    CHECK_THROWS_AS(checked_out([](const tenon::event& e) {
                        if (e.done == 10)
                            throw 7;
                    }),
                    int);
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
    checked_out(keep);
    // Then comes what git itself has said, in as many parts as it happens to be read in.
    REQUIRE(told.size() >= 3);
    told.resize(3);
    CHECK(told == std::vector<std::size_t>{0, 10, 70});
}

TEST_CASE("a reference that the remote no longer has is an error, also where it was fetched earlier",
          "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    w.git({"branch", "old"});
    w.checkout("@old");
    w.git({"branch", "--quiet", "-D", "old"});
    CHECK(w.complaint("@old", errc::not_found) ==
          "the repository 'file://HERE/remote' does not have 'old'; it has main");
}

TEST_CASE("a memory that is damaged, or whose commit is gone, is none", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const path found = w.checkout();
    path memory;
    for (const auto& each : fs::directory_iterator(found.parent_path()))
        if (each.path().filename().native().starts_with("at-"))
            memory = each.path();
    const std::string text = tests::read(memory);
    CHECK(w.without_folders(text) == found.filename().native() + "  file://HERE/remote\n");
    for (const std::string& damaged :
         {std::string(), text.substr(0, 40), text + "x", "../../" + text, std::string(1 << 16, 'a')}) {
        tests::write(memory, damaged);
        CHECK(w.cached() == "");
    }
    CHECK(w.checkout() == found);
    CHECK(tests::read(memory) == text);
    fs::remove_all(found);
    CHECK(w.cached() == "");
    CHECK(w.checkout() == found);
}

TEST_CASE("a subdirectory is the directory that is given, and one that is missing gives those that are there",
          "[repository]") {
    world w;
    tests::write(w.scratch / "remote/drivers/json/json.cpp", "json");
    tests::write(w.scratch / "remote/drivers/file", "");
    fs::create_symlink("json", w.scratch / "remote/drivers/link");
    const std::string commit = w.commit();

    const path all = w.checkout(), json = w.checkout("#subdirectory=drivers/json");
    CHECK(json == all / "drivers/json");
    CHECK(w.cached("#subdirectory=drivers/json") == json);
    const std::string begin = "the repository 'file://HERE/remote' has no directory 'drivers/";
    CHECK(w.complaint("#subdirectory=drivers/jsno", errc::not_found) == begin + "jsno' in commit " + commit +
                                                                            "; '" + w.without_folders(all) +
                                                                            "/drivers' has json, link, file");
    for (const std::string name : {"file", "link"})
        CHECK(w.complaint("#subdirectory=drivers/" + name, errc::not_found) ==
              begin + name + "' in commit " + commit +
                  "; it is a file there, or a symbolic link, which is not followed");
    CHECK_THROWS_AS(w.cached("#subdirectory=none"), tenon::error);
}

TEST_CASE("symbolic links become files, and so lead nowhere", "[repository]") {
    world w;
    tests::write(w.scratch / "outside", "secret");
    fs::create_symlink(w.scratch / "outside", w.scratch / "remote/absolute.cpp");
    fs::create_symlink("../../../../outside", w.scratch / "remote/relative.cpp");
    fs::create_symlink("..", w.scratch / "remote/up");
    w.commit();
    for (const auto& each : fs::recursive_directory_iterator(w.checkout()))
        CHECK(fs::is_regular_file(fs::symlink_status(each)));
    CHECK(w.text("", "absolute.cpp") == (w.scratch / "outside").native());
    CHECK(w.text("", "up") == "..");
}

TEST_CASE("a tree with a name that leads out of it, or into git's own folder, is not fetched",
          "[repository]") {
    world w;
    const std::string blob = w.git({"rev-parse", w.commit("evil", "#!/bin/sh\n") + ":evil"});
    for (const char* name : {"..", ".", ".git", ".GIT", "a/b", "../evil"}) {
        std::string raw_id;
        for (std::size_t i = 0; i < blob.size(); i += 2)
            raw_id += static_cast<char>(std::stoi(blob.substr(i, 2), nullptr, 16));
        tests::write(w.scratch / "tree", "100644 " + std::string(name) + '\0' + raw_id);
        const std::string tree =
            w.git({"hash-object", "-t", "tree", "--literally", "-w", w.scratch / "tree"});
        w.git({"update-ref", "refs/heads/main", w.git({"commit-tree", "-m", "evil", tree})});
        CHECK(w.complaint().starts_with("cannot fetch 'file://HERE/remote': git exited with status "));
    }
    CHECK(w.checkouts() == 0);
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("names with line breaks and control characters do no harm", "[repository]") {
    world w;
    w.commit("a\nb\x1b[2J.cpp", "one");
    w.commit(std::string(255, 'x'), "two");
    w.commit("-rf/--help", "three");
    const path found = w.checkout();
    CHECK(tests::read(found / "a\nb\x1b[2J.cpp") == "one");
    CHECK(tests::read(found / std::string(255, 'x')) == "two");
    CHECK(tests::read(found / "-rf/--help") == "three");
}

TEST_CASE("submodules are not fetched", "[repository]") {
    world w;
    const std::string id = w.commit("a.cpp", "one");
    tests::write(w.scratch / "remote/.gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ext::touch " +
                                                       (w.scratch / "marker").native() + "\n");
    w.git({"add", "--all"});
    w.git({"update-index", "--add", "--cacheinfo", "160000," + id + ",sub"});
    w.git({"commit", "--quiet", "--message=sub"});
    tests::write(
        w.scratch / "home/.gitconfig",
        "[submodule]\n\trecurse = true\n[fetch]\n\trecurseSubmodules = true\n[protocol]\n\tallow = always\n");
    const path found = w.checkout();
    CHECK(fs::is_empty(found / "sub"));
    CHECK(tests::read(found / "a.cpp") == "one");
    CHECK(!fs::exists(w.scratch / "marker"));
    CHECK(w.complaint("#subdirectory=sub/deep/er", errc::not_found)
              .find("\n'sub' is a submodule of the repository, which is not fetched: commit its files") !=
          std::string::npos);
}

TEST_CASE("no filter, hook, monitor or alias runs, whether the tree or the user asks for it",
          "[repository]") {
    world w;
    const path marker = w.scratch / "marker", program = w.scratch / "home/program";
    tests::write(program, "#!/bin/sh\necho \"$0 $@\" >> '" + marker.native() + "'\ncat\n");
    fs::permissions(program, fs::perms::owner_all);
    for (const char* hook : {"post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc",
                             "post-merge", "fsmonitor-watchman"})
        for (const char* folder : {"home/hooks", "home/template/hooks"}) {
            fs::create_directories(w.scratch / folder);
            fs::copy(program, w.scratch / folder / hook);
        }
    const std::string run = program.native();
    tests::write(w.scratch / "home/.gitconfig",
                 "[core]\n\thooksPath = " + (w.scratch / "home/hooks").native() + "\n\tfsmonitor = " + run +
                     "\n\tattributesFile = " + (w.scratch / "home/attributes").native() +
                     "\n\tpager = " + run + "\n\taskPass = " + run + "\n[init]\n\ttemplateDir = " +
                     (w.scratch / "home/template").native() + "\n[filter \"evil\"]\n\tsmudge = " + run +
                     "\n\tprocess = " + run + "\n\trequired = true\n[alias]\n\tfetch = !" + run +
                     "\n\tcheckout = !" + run + "\n\tls-remote = !" + run + "\n");
    tests::write(w.scratch / "home/attributes", "* filter=evil\n");
    tests::write(w.scratch / "home/git/attributes", "* filter=evil\n");
    const variable configuration("XDG_CONFIG_HOME", w.scratch / "home");
    tests::write(w.scratch / "remote/.gitattributes",
                 "* filter=evil text eol=lf\n*.x filter=lfs diff=evil merge=evil\n");
    tests::write(w.scratch / "remote/pointer.x", "version https://git-lfs.github.com/spec/v1\n");
    w.commit("a.cpp", "one");
    CHECK(w.text("", "a.cpp") == "one");
    CHECK(w.text("", "pointer.x") == "version https://git-lfs.github.com/spec/v1\n");
    CHECK(tests::read(marker) == "");
}

TEST_CASE("the user's own configuration counts while git talks to the remote", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    tests::write(w.scratch / "home/.gitconfig", "[url \"file://" + (w.scratch / "remote").native() +
                                                    "\"]\n\tinsteadOf = file:///mirrored\n");
    detail::repository mirrored(driver::parse("git+file:///mirrored"), detail::cache(w.scratch / "cache"));
    CHECK(tests::read(path(mirrored.checkout()) / "a.cpp") == "one");
}

TEST_CASE("neither where the host was started nor its environment tells git what to do", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    // The current directory is a repository with a configuration that would redirect git.
    fs::create_directories(w.scratch / "started");
    REQUIRE(tests::run({real_git(), "init", "--quiet"}, w.scratch / "started").status == 0);
    tests::write(w.scratch / "started/.git/config", "[url \"file:///elsewhere\"]\n\tinsteadOf = file://" +
                                                        (w.scratch / "remote").native() + "\n");
    const variable directory("GIT_DIR", w.scratch / "started/.git"),
        tree("GIT_WORK_TREE", w.scratch / "started"), index("GIT_INDEX_FILE", w.scratch / "started/index"),
        count("GIT_CONFIG_COUNT", "1"), key("GIT_CONFIG_KEY_0", "core.bare"),
        value("GIT_CONFIG_VALUE_0", "nonsense"),
        objects("GIT_OBJECT_DIRECTORY", w.scratch / "started/objects");
    const path before = fs::current_path();
    fs::current_path(w.scratch / "started");
    const std::string text = w.text("", "a.cpp");
    fs::current_path(before);
    CHECK(text == "one");
    CHECK(std::distance(fs::directory_iterator(w.scratch / "started"), fs::directory_iterator()) == 1);
}

TEST_CASE("git sees what it needs of the environment, and nothing else", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const auto spy =
        w.fake_git("/usr/bin/env -u PWD -u OLDPWD -u SHLVL -u _ | /usr/bin/sort > $here/seen-$(for last in "
                   "\"$@\"; do case $last in ls-remote|init|fetch|checkout) "
                   "echo $last;; esac; done | /usr/bin/head -1)\nexec $git \"$@\"\n");
    const std::vector<std::string> passed{"SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "http_proxy",     "https_proxy",
                                          "no_proxy",      "HTTP_PROXY",      "HTTPS_PROXY",    "NO_PROXY",
                                          "SSL_CERT_FILE", "SSL_CERT_DIR",    "GIT_SSL_CAINFO", "TMPDIR"};
    std::vector<std::unique_ptr<variable>> set;
    for (const std::string& name : passed)
        set.push_back(std::make_unique<variable>(name, w.scratch / "home"));
    for (const char* name : {"LD_PRELOAD_OF_A_TEST", "SSH_ASKPASS", "GIT_ASKPASS", "GIT_EXEC_PATH_OF_A_TEST",
                             "GIT_SSH", "GIT_TRACE", "GIT_PROXY_COMMAND", "GIT_EXTERNAL_DIFF", "GIT_EDITOR",
                             "DISPLAY", "SECRET", "GIT_ALLOW_PROTOCOL", "GIT_TERMINAL_PROMPT"})
        set.push_back(std::make_unique<variable>(name, "/nonsense"));
    w.checkout();

    const std::string path_line = "PATH=" + std::string(std::getenv("PATH")), home = w.scratch / "home";
    std::vector<std::string> network{path_line,       "HOME=" + home,          "GIT_ALLOW_PROTOCOL=file",
                                     "GIT_ASKPASS=",  "GIT_TERMINAL_PROMPT=0", "SSH_ASKPASS_REQUIRE=never",
                                     "LC_ALL=C.UTF-8"};
    for (const std::string& name : passed)
        network.push_back(name + "=" + home);
    std::vector<std::string> alone{path_line,
                                   "TMPDIR=" + home,
                                   "GIT_ALLOW_PROTOCOL=none",
                                   "GIT_ATTR_NOSYSTEM=1",
                                   "GIT_CONFIG_GLOBAL=/dev/null",
                                   "GIT_CONFIG_NOSYSTEM=1",
                                   "GIT_TERMINAL_PROMPT=0",
                                   "LC_ALL=C.UTF-8"};
    for (const auto& [name, expected] :
         {std::pair{"ls-remote", network}, {"fetch", network}, {"init", alone}, {"checkout", alone}}) {
        std::vector<std::string> seen;
        std::istringstream lines(tests::read(w.scratch / ("seen-" + std::string(name))));
        for (std::string line; std::getline(lines, line);)
            seen.push_back(line);
        std::vector<std::string> sorted = expected;
        std::sort(seen.begin(), seen.end());
        std::sort(sorted.begin(), sorted.end());
        CHECK(seen == sorted);
    }
}

TEST_CASE("only the transport of the driver is allowed", "[repository]") {
    world w;
    const auto spy = w.fake_git(
        "case \"$*\" in 'config '*) exit 1;; esac; echo \"$GIT_ALLOW_PROTOCOL $*\" >> $here/log; exit 1\n");
    for (const char* url : {"https://host.invalid/x", "git+ssh://git@host.invalid/x", "git+file:///nowhere"})
        CHECK_THROWS_AS(detail::repository(driver::parse(url), detail::cache(w.scratch / "cache")).checkout(),
                        tenon::error);
    CHECK(tests::read(w.scratch / "log") == "https:ssh " + settings +
                                                " ls-remote -- https://host.invalid/x HEAD HEAD^{}\n"
                                                "https:ssh " +
                                                settings +
                                                " ls-remote -- ssh://git@host.invalid/x HEAD HEAD^{}\n"
                                                "file " +
                                                settings + " ls-remote -- file:///nowhere HEAD HEAD^{}\n");
}

namespace {

/// A program that stands for ssh: writes down what it is given, and does here what the other side would.
std::string pretended_ssh(const world& w, const std::string& name) {
    const path program = w.scratch / name;
    tests::write(program, "#!/bin/sh\necho \"$(basename \"$0\") $*\" >> '" + (w.scratch / "log").native() +
                              "'\n[ \"$1\" != -G ] || exit 1\n"
                              "for last; do :; done\nexec sh -c \"$last\"\n");
    fs::permissions(program, fs::perms::owner_all);
    return program;
}

std::string by_ssh(world& w) {
    fs::remove_all(w.scratch / "cache");
    fs::remove(w.scratch / "log");
    const std::string url = "git+ssh://me@host.invalid" + (w.scratch / "remote").native() + "@main";
    CHECK(tests::read(
              path(detail::repository(driver::parse(url), detail::cache(w.scratch / "cache")).checkout()) /
              "a.cpp") == "one");
    return w.without_folders(tests::read(w.scratch / "log"));
}

} // namespace

TEST_CASE("ssh is asked for the host and the path, and may ask nobody", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const auto bin = w.fake_git("exec $git \"$@\"\n");
    pretended_ssh(w, "bin/ssh");
    const std::string line = "ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -o "
                             "SendEnv=GIT_PROTOCOL me@host.invalid git-upload-pack 'HERE/remote'\n";
    CHECK(by_ssh(w) == line + line);
}

TEST_CASE("ssh is the one that the user has chosen, in the environment or the configuration",
          "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const std::string batch = "-oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15",
                      key = "-i 'a key'", rest = "me@host.invalid git-upload-pack 'HERE/remote'\n",
                      ssh = pretended_ssh(w, "my programs/ssh"), other = pretended_ssh(w, "other"),
                      plink = pretended_ssh(w, "plink");
    const auto twice = [](const std::string& line) { return line + line; };
    const auto configure = [&](const std::string& section) {
        tests::write(w.scratch / "home/.gitconfig", section);
    };

    configure("[core]\n\tsshCommand = \"'" + ssh + "' " + key + "\"\n");
    CHECK(by_ssh(w) == twice("ssh -i a key " + batch + " -o SendEnv=GIT_PROTOCOL " + rest));
    // Some deploy keys are chosen by where git goes.
    tests::write(w.scratch / "home/more", "[core]\n\tsshCommand = " + plink + "\n");
    configure("[include]\n\tpath = more\n");
    CHECK(by_ssh(w) == twice("plink -batch " + rest));
    configure("[core]\n\tsshCommand = " + other + " -v\n[ssh]\n\tvariant = ssh\n");
    CHECK(by_ssh(w) == twice("other -v " + batch + " -o SendEnv=GIT_PROTOCOL " + rest));
    {
        const variable variant("GIT_SSH_VARIANT", "simple");
        CHECK(by_ssh(w) == twice("other -v " + rest));
    }
    {
        const variable command("GIT_SSH_COMMAND", "'" + ssh + "' -F file"), variant("GIT_SSH_VARIANT", "ssh");
        CHECK(by_ssh(w) == twice("ssh -F file " + batch + " -o SendEnv=GIT_PROTOCOL " + rest));
    }
    // Goes before the variable with the path of a program alone.
    const variable program("GIT_SSH", ssh);
    CHECK(by_ssh(w) == twice("other -v " + batch + " -o SendEnv=GIT_PROTOCOL " + rest));
    configure("");
    CHECK(by_ssh(w) == twice("ssh " + batch + " -o SendEnv=GIT_PROTOCOL " + rest));
    // For an unknown ssh program, git finds out itself which options it takes.
    const variable unknown("GIT_SSH", other);
    CHECK(by_ssh(w) == twice("other -G " + ("-o SendEnv=GIT_PROTOCOL " + std::string("me@host.invalid\n")) +
                             "other " + rest));
}

TEST_CASE("an address that the configuration exchanges for one of ssh goes to the user's ssh as well",
          "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    tests::write(w.scratch / "home/.gitconfig",
                 "[core]\n\tsshCommand = " + pretended_ssh(w, "ssh") + "\n[url \"ssh://host.invalid" +
                     (w.scratch / "remote").native() + "\"]\n\tinsteadOf = https://host.invalid/repo\n");
    detail::repository mirrored(driver::parse("https://host.invalid/repo"),
                                detail::cache(w.scratch / "cache"));
    CHECK(tests::read(path(mirrored.checkout()) / "a.cpp") == "one");
    CHECK(tests::read(w.scratch / "log").starts_with("ssh -oBatchMode=yes "));
}

TEST_CASE("a program that stands for ssh has no terminal and no window to ask in", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const path asking = w.scratch / "asking";
    tests::write(asking, "#!/bin/sh\n(echo password? > /dev/tty) 2> /dev/null && echo terminal >> '" +
                             (w.scratch / "log").native() +
                             "'\necho \"$SSH_ASKPASS$DISPLAY $SSH_ASKPASS_REQUIRE\" >> '" +
                             (w.scratch / "log").native() +
                             "'\nfor last; do :; done\nexec sh -c \"$last\"\n");
    fs::permissions(asking, fs::perms::owner_all);
    const variable command("GIT_SSH_COMMAND", asking), variant("GIT_SSH_VARIANT", "simple"),
        window("DISPLAY", ":0"), program("SSH_ASKPASS", "/nonsense");
    CHECK(by_ssh(w) == " never\n never\n");
}

TEST_CASE("from a server that has no depth every kind of reference is fetched with its history",
          "[repository]") {
    world w;
    const std::string first = w.commit("a.cpp", "one");
    w.git({"tag", "plain"});
    w.git({"tag", "--annotate", "--message=x", "annotated"});
    const std::string second = w.commit("a.cpp", "two");
    for (const char* words :
         {"fatal: dumb http transport does not support shallow capabilities",
          "fatal: Server does not support --depth", "fatal: what nobody has said yet", ""}) {
        const auto old = w.fake_git("case \"$*\" in *--depth*) echo '" + std::string(words) +
                                    "' >&2; exit 128;; esac; exec $git \"$@\"\n");
        for (const auto& [reference, text] : {std::pair<std::string, std::string>{"", "two"},
                                              {"@main", "two"},
                                              {"@HEAD", "two"},
                                              {"@plain", "one"},
                                              {"@annotated", "one"},
                                              {"@refs/tags/plain", "one"},
                                              {"@" + first, "one"},
                                              {"@" + second, "two"}}) {
            fs::remove_all(w.scratch / "cache");
            CHECK(w.text(reference, "a.cpp") == text);
        }
    }
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("what is known to have another cause is not fetched once more", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const auto failing =
        w.fake_git("case \"$*\" in *' fetch '*) echo >> $here/fetches; "
                   "echo 'fatal: Authentication failed for x' >&2; exit 128;; esac; exec $git \"$@\"\n");
    CHECK(w.complaint().ends_with(
        "\nthe server refuses the credentials that git's credential helper gives: may they read this "
        "repository?"));
    CHECK(tests::read(w.scratch / "fetches") == "\n");
}

TEST_CASE("a malformed object is refused with what would let it through, which git's configuration can",
          "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    tests::write(w.scratch / "commit", [&] {
        std::string text = w.git({"cat-file", "commit", "HEAD"}) + "\n";
        for (std::size_t at; (at = text.find(" +0000")) != text.npos;)
            text.replace(at, 6, " +051800");
        return text;
    }());
    const std::string bad = w.git({"hash-object", "--literally", "-w", "-t", "commit", w.scratch / "commit"});
    w.git({"update-ref", "refs/heads/main", bad});
    const std::string advice = "\ngit found a malformed object, as some histories have from old tools, and "
                               "attacks too; if you trust this repository, "
                               "`git config --global fetch.fsck.badTimezone ignore` lets it through, and "
                               "fetch.fsck.skipList names single objects";
    for (const std::string& reference : {std::string(), std::string("@main"), "@" + bad}) {
        const std::string said = w.complaint(reference);
        CHECK(said.find("error: object " + bad +
                        ": badTimezone: invalid author/committer line - bad time zone\n") != said.npos);
        CHECK(said.find(" fetch --progress --no-tags --no-recurse-submodules --depth=1 -- ") != said.npos);
        CHECK(said.ends_with(advice));
    }
    tests::write(w.scratch / "home/.gitconfig", "[fetch \"fsck\"]\n\tbadTimezone = ignore\n");
    CHECK(w.text("", "a.cpp") == "one");
    fs::remove_all(w.scratch / "cache");
    tests::write(w.scratch / "skipped", bad + "\n");
    tests::write(w.scratch / "home/.gitconfig",
                 "[fetch \"fsck\"]\n\tskipList = " + (w.scratch / "skipped").native() + "\n");
    CHECK(w.text("@" + bad, "a.cpp") == "one");
}

TEST_CASE("a branch that moves between the question and the fetch is taken where it is then",
          "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    tests::write(w.scratch / "remote/a.cpp", "two");
    const auto moving = w.fake_git("case \"$*\" in *' fetch '*) $git -C $here/remote -c user.name=a -c "
                                   "user.email=a@b commit --quiet --all "
                                   "--message=x;; esac; exec $git \"$@\"\n");
    const path found = w.checkout();
    CHECK(found.filename() == w.git({"rev-parse", "HEAD"}));
    CHECK(tests::read(found / "a.cpp") == "two");
    CHECK(w.cached() == found);
    CHECK(w.checkouts() == 1);
}

TEST_CASE("a new commit that cannot be fetched leaves the earlier one in use", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const path found = w.checkout();
    w.commit("a.cpp", "two");
    const auto failing =
        w.fake_git("case \"$*\" in *' fetch '*) echo broken >&2; exit 1;; esac; exec $git \"$@\"\n");
    CHECK(w.checkout() == found);
    CHECK(w.reports.ends_with("HEAD:refs/tenon/wanted\nusing commit " + found.filename().native() +
                              " of its default branch, which was "
                              "fetched earlier\n"));
    CHECK(w.reports.find("git exited with status 1, and said:\nbroken\ncommand: GIT " + settings +
                         " --git-dir=git fetch --progress --no-tags "
                         "--no-recurse-submodules -- file://HERE/remote +HEAD:") != std::string::npos);
}

TEST_CASE("where there is no git, the error says so", "[repository]") {
    world w;
    const variable path_without_git("PATH", w.scratch / "empty");
    CHECK(w.complaint() == "cannot fetch 'file://HERE/remote': there is no git in $PATH; install it");
}

TEST_CASE("git that is killed, or says nothing, is reported with its command", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    {
        const auto killed = w.fake_git("kill -9 $$\n");
        CHECK(w.complaint() ==
              "cannot fetch 'file://HERE/remote': git was killed by signal 9 (Killed), and said nothing\n"
              "command: GIT " +
                  settings + " ls-remote -- file://HERE/remote HEAD 'HEAD^{}'");
    }
    {
        const auto killed =
            w.fake_git("case \"$*\" in *' checkout '*) kill -9 $$;; esac; exec $git \"$@\"\n");
        const std::string commit = w.git({"rev-parse", "HEAD"});
        CHECK(w.complaint() ==
              "cannot fetch 'file://HERE/remote': git was killed by signal 9 (Killed), and said nothing\n"
              "command: GIT -c core.symlinks=false --git-dir=git --work-tree=tree checkout --quiet --force "
              "--detach "
              "--no-recurse-submodules " +
                  commit + " --");
    }
    CHECK(w.checkouts() == 0);
    CHECK(w.text("", "a.cpp") == "one");
}

TEST_CASE("what a remote sends to a terminal does not reach it", "[repository]") {
    world w;
    const auto hostile = w.fake_git("printf 'remote: \\033[2Jgone\\r\\n\\tno' >&2; exit 7\n");
    CHECK(
        w.complaint() ==
        "cannot fetch 'file://HERE/remote': git exited with status 7, and said:\nremote: \\x1b[2Jgone\n\tno\n"
        "command: GIT " +
            settings + " ls-remote -- file://HERE/remote HEAD 'HEAD^{}'");
}

TEST_CASE("for what stops people most often there is advice", "[repository]") {
    world w;
    const auto failing = w.fake_git("echo 'git@x: Permission denied (publickey).' >&2; exit 128\n");
    CHECK(w.complaint().ends_with("HEAD 'HEAD^{}'\nnobody can be asked for a passphrase here: add the key to "
                                  "ssh-agent, or name it in git's core.sshCommand"));
}

TEST_CASE("where git gives up on a server for a reason that nobody knows, a terminal may tell more",
          "[repository]") {
    world w;
    const auto complaint = [&](const std::string& url, const std::string& script) {
        const auto failing = w.fake_git("case \"$*\" in 'config '*) exit 1;; esac\n" + script);
        try {
            detail::repository(driver::parse(url), detail::cache(w.scratch / "cache")).checkout();
            return std::string("checked out");
        } catch (const tenon::error& e) {
            const std::string all = e.what();
            return all.substr(all.rfind('\n') + 1);
        }
    };
    for (const std::string url : {"https://host.invalid/x", "ssh://git@host.invalid/x"})
        CHECK(complaint((url[0] == 's' ? "git+" : "") + url,
                        "echo 'fatal: a sentence of a later git' >&2; exit 128\n") ==
              "`git ls-remote " + url + "` in a terminal may ask for what nobody can be asked for here");
    CHECK(complaint("https://host.invalid/x", "exit 1\n").starts_with("command: "));
    CHECK(complaint("git+file:///x", "exit 128\n").starts_with("command: "));
    CHECK(complaint("https://host.invalid/user/repo/tree/v1/json",
                    "echo \"fatal: repository 'x/' not found\" >&2; exit 128\n") ==
          "this looks like the address of a web page: the repository is written "
          "https://host.invalid/user/repo@v1#subdirectory=json");
    CHECK(
        complaint("https://host.invalid/user/repo", "echo 'remote: Repository not found.' >&2; exit 128\n") ==
        "is the address right? Many servers say the same of a repository that this user may not read");
}

TEST_CASE("a list of references that no git would print is not believed", "[repository]") {
    world w;
    const auto odd = w.fake_git("printf "
                                "'x\\tHEAD\\n\\n--help\\tHEAD\\n../../../"
                                "x\\tHEAD\\nHEAD\\nda39a3ee5e6b4b0d3255bfef95601890afd80709 HEAD\\n'\n");
    CHECK(w.complaint("", errc::not_found) == "the repository 'file://HERE/remote' does not have its default "
                                              "branch; it has no branches and no tags");
}

TEST_CASE("a host that ignores its children's ends fetches all the same", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const pid_t host = elsewhere([&] {
        std::signal(SIGCHLD, SIG_IGN);
        if (w.text("", "a.cpp") != "one")
            ::_exit(2);
        fs::rename(w.scratch / "remote", w.scratch / "moved");
        if (w.text("", "a.cpp") != "one" ||
            w.reports.find("git ended in an unknown way, and said:\nfatal: ") == std::string::npos)
            ::_exit(3);
    });
    CHECK(status_of(host) == 0);
}

TEST_CASE("what is checked out is for nobody else to write, whatever the umask", "[repository]") {
    world w;
    tests::write(w.scratch / "remote/sub/run.sh", "");
    fs::permissions(w.scratch / "remote/sub/run.sh", fs::perms::all);
    w.commit("a.cpp", "one");
    const mode_t before = ::umask(0);
    const path found = w.checkout();
    ::umask(before);
    for (const auto& each : fs::recursive_directory_iterator(found))
        CHECK((each.status().permissions() & (fs::perms::group_write | fs::perms::others_write)) ==
              fs::perms::none);
    CHECK((fs::status(found / "sub/run.sh").permissions() & fs::perms::owner_exec) != fs::perms::none);
}

TEST_CASE("processes that need the same commit at once fetch it once", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    const auto counting = w.fake_git(
        "case \"$*\" in *' fetch '*) echo x >> $here/fetches; sleep 0.1;; esac; exec $git \"$@\"\n");
    std::vector<pid_t> hosts;
    for (int i = 0; i < 4; ++i)
        hosts.push_back(elsewhere([&] {
            if (w.text("", "a.cpp") != "one")
                ::_exit(2);
        }));
    for (const pid_t host : hosts)
        CHECK(status_of(host) == 0);
    CHECK(tests::read(w.scratch / "fetches") == "x\n");
    CHECK(w.checkouts() == 1);
}

TEST_CASE("after a kill at any time the next host works, and sweeps what was left", "[repository]") {
    world w;
    for (int i = 0; i < 200; ++i)
        tests::write(w.scratch / "remote" / ("file" + std::to_string(i)), std::string(1000, 'x'));
    w.commit();
    for (int kills = 0; kills < 25; ++kills) {
        const std::string text = std::to_string(kills);
        const std::string commit = w.commit("a.cpp", text), rest = kills % 2 ? "@" + commit : "@main";
        const pid_t host = elsewhere([&] { w.checkout(rest); });
        ::usleep(static_cast<useconds_t>(kills * 2000));
        ::kill(host, SIGKILL);
        status_of(host);

        const path found = w.checkout(rest);
        CHECK(tests::read(found / "a.cpp") == text);
        CHECK(std::distance(fs::directory_iterator(found), fs::directory_iterator()) == 201);
    }
    // A git that outlived its host may have written after the sweep; the next one has it.
    for (int i = 0; i < 50 && !fs::is_empty(w.scratch / "cache/tmp"); ++i) {
        ::usleep(20'000);
        w.commit("a.cpp", "more" + std::to_string(i));
        w.checkout();
    }
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("a host whose system fails says what failed, and leaves nothing half done", "[repository]") {
    world w;
    const std::string commit = w.commit("a.cpp", "one");

    struct no_rename : detail::posix {
        static int rename(const char*, const char*) noexcept {
            errno = EROFS;
            return -1;
        }
    };
    const std::string failed = w.complaint<no_rename>("", errc::system_call);
    CHECK(failed.substr(0, 39) == "cannot rename to 'HERE/cache/src/remote");
    CHECK(failed.substr(failed.rfind('/')) == "/" + commit + "': Read-only file system");

    struct no_process : detail::posix {
        static int spawn(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                         char* const*, char* const*) noexcept {
            return EAGAIN;
        }
    };
    CHECK(w.complaint<no_process>("", errc::system_call) ==
          "cannot run 'GIT': Resource temporarily unavailable");

    struct no_tree : detail::posix {
        static int mkdir(const char* name, mode_t mode) noexcept {
            if (std::string_view(name).ends_with("/tree")) {
                errno = ENOSPC;
                return -1;
            }
            return posix::mkdir(name, mode);
        }
    };
    CHECK(w.complaint<no_tree>("", errc::system_call).ends_with("/tree': No space left on device"));

    struct no_mode : detail::posix {
        static int chmod(const char*, mode_t) noexcept {
            errno = EPERM;
            return -1;
        }
    };
    const mode_t before = ::umask(0);
    CHECK(w.complaint<no_mode>("", errc::system_call).ends_with("': Operation not permitted"));
    ::umask(before);

    struct no_look : detail::posix {
        static DIR* opendir(const char* name) noexcept {
            if (std::string_view(name).ends_with("/tree")) {
                errno = EMFILE;
                return nullptr;
            }
            return posix::opendir(name);
        }
    };
    CHECK(w.complaint<no_look>("", errc::system_call).ends_with("/tree': Too many open files"));

    CHECK(w.checkouts() == 0);
    CHECK(w.cached() == "");
    CHECK(w.text("", "a.cpp") == "one");
    CHECK(fs::is_empty(w.scratch / "cache/tmp"));
}

TEST_CASE("a commit that somebody else published meanwhile is as good", "[repository]") {
    world w;
    w.commit("a.cpp", "one");
    struct late : detail::posix {
        static int rename(const char* from, const char* to) noexcept {
            if (!std::string_view(from).ends_with("/tree"))
                return posix::rename(from, to);
            fs::copy(from, to, fs::copy_options::recursive);
            return posix::rename(from, to);
        }
    };
    CHECK(tests::read(path(w.repository<late>().checkout()) / "a.cpp") == "one");
}

TEST_CASE("a cache that has what is needed is not written to", "[repository]") {
    world w;
    const std::string commit = w.commit("a.cpp", "one");
    w.checkout("@" + commit);
    w.checkout();
    struct read_only : detail::posix {
        static int open(const char* name, int flags, mode_t mode = 0) noexcept {
            if (std::string_view(name).find("/cache/") != std::string_view::npos &&
                (flags & (O_WRONLY | O_RDWR | O_CREAT))) {
                errno = EROFS;
                return -1;
            }
            return posix::open(name, flags, mode);
        }
        static int mkdir(const char*, mode_t) noexcept {
            errno = EROFS;
            return -1;
        }
        static char* mkdtemp(char*) noexcept {
            errno = EROFS;
            return nullptr;
        }
    };
    CHECK(path(w.repository<read_only>("@" + commit).checkout()).filename() == commit);
    CHECK(path(w.repository<read_only>().checkout()).filename() == commit);
    CHECK(path(w.repository<read_only>().cached().value()).filename() == commit);
}

TEST_CASE("repositories whose names look alike are kept apart", "[repository]") {
    world w;
    const std::string odd = "re po?";
    fs::create_directories(w.scratch / "a");
    fs::create_directories(w.scratch / odd);
    const auto checkout = [&](const std::string& url) {
        const driver of = driver::parse("git+file://" + w.scratch.path().native() + url);
        return path(detail::repository(of, detail::cache(w.scratch / "cache")).checkout());
    };
    w.commit("a.cpp", "one");
    fs::copy(w.scratch / "remote", w.scratch / "a/remote", fs::copy_options::recursive);
    fs::copy(w.scratch / "remote", w.scratch / odd, fs::copy_options::recursive);
    w.commit("a.cpp", "two");
    CHECK(tests::read(checkout("/remote") / "a.cpp") == "two");
    CHECK(tests::read(checkout("/remote/") / "a.cpp") == "two");
    CHECK(tests::read(checkout("/a/remote") / "a.cpp") == "one");
    CHECK(tests::read(checkout("/re%20po%3f") / "a.cpp") == "one");

    std::vector<std::string> names;
    for (const auto& each : fs::directory_iterator(w.scratch / "cache/src"))
        names.push_back(each.path().filename().native().substr(0, each.path().filename().native().find('-')));
    std::sort(names.begin(), names.end());
    CHECK(names == std::vector<std::string>{"re_20po_3f", "remote", "remote", "remote"});
}
