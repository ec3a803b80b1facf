// SPDX-License-Identifier: MIT
// examples/live: the real server, with handlers that are edited while clients send requests.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spawn.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "program.hpp"

using tests::scratch_directory;
using tests::write;
using namespace std::chrono_literals;
namespace fs = tests::fs;

namespace {

const fs::path example = fs::path(TENON_SOURCE_DIR) / "examples/live";

/// A kept-alive connection. Throws on every failure.
class connection {
public:
    explicit connection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(port));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{60, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            fail("connect");
    }
    connection(const connection&) = delete;
    ~connection() { ::close(socket_); }

    struct answer {
        int status;
        std::string body;
    };

    answer get(const std::string& path) {
        const std::string asked = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
        if (::send(socket_, asked.data(), asked.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(asked.size()))
            fail("send");
        std::string text;
        std::size_t head, size = 0;
        while ((head = text.find("\r\n\r\n")) == text.npos)
            receive(text);
        if (const auto length = text.find("Content-Length: "); length < head)
            size = std::stoul(text.substr(length + 16));
        while (text.size() < head + 4 + size)
            receive(text);
        return {std::stoi(text.substr(text.find(' '))), text.substr(head + 4)};
    }

private:
    void receive(std::string& into) {
        char part[4096];
        const ssize_t got = ::recv(socket_, part, sizeof part, 0);
        if (got == 0)
            throw std::runtime_error("the server closed the connection");
        if (got < 0)
            fail("recv");
        into.append(part, static_cast<std::size_t>(got));
    }
    [[noreturn]] static void fail(const char* what) {
        throw std::system_error(errno, std::generic_category(), what);
    }

    int socket_;
};

/// The example's server in a folder of its own, with one handler made from the given text.
class server {
public:
    server(const std::string& handler, const std::string& text, const std::string& settings = "")
        : source(scratch / "handlers" / handler / (handler + ".cpp")), handler_(handler) {
        write(source, text);
        configure(settings);
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&files, ends[1], 1);
        posix_spawn_file_actions_addopen(&files, 2, (scratch / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                         0600);
        std::string program = TENON_LIVE_PROGRAM, file = scratch / "live.toml";
        static const scratch_directory shared; // a shared cache, to build the slow parts once
        std::string cache = "TENON_CACHE=" + (shared / "cache").native();
        char* const arguments[] = {program.data(), file.data(), nullptr};
        std::vector<char*> environment{cache.data()};
        for (char** each = environ; *each; ++each)
            environment.push_back(*each);
        environment.push_back(nullptr);
        REQUIRE(::posix_spawn(&child_, program.c_str(), &files, nullptr, arguments, environment.data()) == 0);
        posix_spawn_file_actions_destroy(&files);
        ::close(ends[1]);
        std::string said;
        for (char c; ::read(ends[0], &c, 1) == 1 && c != '\n';)
            said += c;
        ::close(ends[0]);
        INFO(log());
        REQUIRE(said.starts_with("http://127.0.0.1:"));
        port = std::stoi(said.substr(said.rfind(':') + 1));
    }
    server(const server&) = delete;
    ~server() {
        if (child_ > 0)
            end(SIGKILL);
    }

    void configure(const std::string& settings) {
        write(scratch / "live.toml", "port = 0\n[routes.'/" + handler_ + "']\ndriver = './handlers/" +
                                         handler_ + "'\n[drivers.'./handlers/" + handler_ + "']\n" +
                                         settings);
    }
    void read_again() { ::kill(child_, SIGHUP); }
    /// Sends the signal, and returns the program's exit status.
    int end(int signal = SIGTERM) {
        ::kill(child_, signal);
        int status = -1;
        ::waitpid(std::exchange(child_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    std::string get() { return connection(port).get('/' + handler_).body; }
    nlohmann::json status() {
        return nlohmann::json::parse(connection(port).get("/status").body)['/' + handler_];
    }
    bool has_refused(const std::string& reason) {
        return status()["refusal"].get<std::string>().find(reason) != reason.npos;
    }
    std::string log() const { return tests::read(scratch / "log"); }

    scratch_directory scratch;
    const fs::path source;
    int port = 0;

private:
    const std::string handler_;
    pid_t child_ = -1;
};

/// Whether the condition becomes true within a minute.
template <class Condition>
bool soon(const Condition& holds) {
    for (const auto end = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < end;) {
        if (holds())
            return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

/// The source of the example's handler, with one text replaced.
std::string edited(const std::string& handler, const std::string& from, const std::string& to) {
    std::string text = tests::read(example / "handlers" / handler / (handler + ".cpp"));
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    return text.replace(at, from.size(), to);
}

const std::string greeted = "greeting_ + \", \" + web::get(asked.parameters, \"name\", \"world\") + \"\\n\"";

/// A hello handler that answers with a number.
std::string numbered(int version) {
    return edited("hello", greeted,
                  "greeting_.substr(0, 0) + web::get(asked.parameters, \"none\", \"" +
                      std::to_string(version) + "\")");
}

} // namespace

TEST_CASE("handlers are edited while clients ask, and no request is lost", "[live_example]") {
    server served("hello", numbered(1));
    std::atomic<bool> done = false;
    std::atomic<long> wrong = 0, requests = 0;
    std::vector<int> newest(4, 0);
    std::vector<std::thread> clients;
    for (int& last : newest)
        clients.emplace_back([&] {
            try {
                for (connection kept(served.port); !done; std::this_thread::sleep_for(2ms)) {
                    const auto [status, body] = kept.get("/hello");
                    const int version = status == 200 ? std::stoi(body) : 0;
                    wrong += version < last;
                    last = std::max(last, version);
                    ++requests;
                }
            } catch (const std::exception&) {
                ++wrong;
            }
        });
    const auto answers = [&](const char* version) { return soon([&] { return served.get() == version; }); };
    CHECK(answers("1"));
    write(served.source, numbered(2)); // in place
    CHECK(answers("2"));
    write(served.source, numbered(3) + "static_assert(false, \"not yet\");\n");
    CHECK(soon([&] { return served.has_refused("not yet"); }));
    write(served.scratch / "new", numbered(4));
    fs::rename(served.scratch / "new", served.source); // by renaming, as many editors do
    CHECK(answers("4"));
    write(served.source, edited("hello", "web::get(host.settings(), \"greeting\", \"hello\")",
                                "host.settings().at(\"no such setting\")"));
    CHECK(soon([&] { return served.has_refused("map::at"); }));
    CHECK(served.get() == "4");
    write(served.source, numbered(5));
    CHECK(answers("5"));
    const long before = requests;
    CHECK(soon([&] { return requests >= before + 40; }));
    done = true;
    for (std::thread& each : clients)
        each.join();
    CHECK(wrong == 0);
    CHECK(newest == std::vector<int>(4, 5));

    const nlohmann::json now = served.status();
    INFO(now.dump(2));
    CHECK(now["plugin"] == "hello 1.0.0");
    CHECK(now["builds"]["taken"] == 3);
    CHECK(now["builds"]["refused"] == 2);
    CHECK(now["builds"]["last_took_ms"] > 0);
    CHECK(now["refusal"] == "");
    CHECK(now["failed"] == 0);
    CHECK(now["requests"] > requests.load());
    CHECK(now["latency_us"]["p50"] > 0);
    CHECK(now["latency_us"]["p50"] <= now["latency_us"]["most"]);
    CHECK(served.end() == 0);
    CHECK(served.log().find("has taken over\n") != std::string::npos);
}

TEST_CASE("a counter goes on where its version before was, by the settings of the moment", "[live_example]") {
    server served("counter", tests::read(example / "handlers/counter/counter.cpp"), "step = 2");
    CHECK(served.get() == "2\n");
    CHECK(served.get() == "4\n");
    write(served.source, edited("counter", "+ \"\\n\"", "+ \" so far\\n\""));
    CHECK(soon([&] { return served.status()["version"] == 2; }));
    CHECK(served.get() == "6 so far\n");

    const auto logged = [&](const std::string& line) {
        return soon([&] { return served.log().find(line) != line.npos; });
    };
    served.configure("step = 100");
    served.read_again();
    CHECK(logged("/counter: counts in steps of 100\nthe configuration has been read again\n"));
    CHECK(served.get() == "106 so far\n");
    served.configure("step = 'many'");
    served.read_again();
    CHECK(logged("/counter: did not take its settings: stol\n"));
    served.configure("step = [");
    served.read_again();
    CHECK(logged("live.toml: line 5: "));
    CHECK(served.get() == "206 so far\n");
    write(served.scratch / "live.toml", "[routes.'/counter']\ndriver = 'another'\n");
    served.read_again();
    CHECK(logged("' until the server is started again\n"));
    CHECK(served.get() == "306 so far\n");
    CHECK(served.end(SIGINT) == 0);
}

TEST_CASE("a handler that throws answers 500, and is counted", "[live_example]") {
    server served("hello", edited("hello", greeted, greeted + " + asked.parameters.at(\"name\")"));
    {
        connection client(served.port);
        CHECK(client.get("/hello?name=you").status == 200);
        CHECK(client.get("/hello?name=you").body == "hello, you\nyou");
        const auto failed = client.get("/hello");
        CHECK(failed.status == 500);
        CHECK(failed.body == "map::at\n");
        CHECK(client.get("/nowhere").status == 404);
    }
    const nlohmann::json now = served.status();
    CHECK(now["requests"] == 3);
    CHECK(now["failed"] == 1);
    CHECK(now["failure"] == "map::at");
    CHECK(served.end() == 0);
}

TEST_CASE("what is wrong with a configuration is said with its file", "[live_example]") {
    const scratch_directory scratch;
    const auto said = [&](const std::string& text) {
        write(scratch / "live.toml", text);
        const tests::outcome ended = tests::run({TENON_LIVE_PROGRAM, "live.toml"}, scratch.path(),
                                                {"TENON_CACHE=" + (scratch / "cache").native()});
        CHECK(ended.status == 1);
        CHECK(ended.out == "");
        return ended.err;
    };
    CHECK(said("port = ").starts_with("live: live.toml: line 1: "));
    CHECK(said("port = 0") ==
          "live: live.toml: expected a table [routes.\"/path\"] for each path that is served, found none\n");
    CHECK(said("[routes.'/a']\ndriver = 1") ==
          "live: live.toml: expected driver = \"...\" in [routes.\"/a\"], found none\n");
    CHECK(said("[routes.'/a']\ndriver = './none'").find("none") != std::string::npos);
    CHECK(tests::run({TENON_LIVE_PROGRAM}).err == "usage: live CONFIGURATION\n");
}
