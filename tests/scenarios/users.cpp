// SPDX-License-Identifier: MIT
// The drivers of examples/users, used as plain classes and through the program that loads them.
#include "users.hpp"

#include "passwd/passwd.cpp"

#include "json/json.cpp"

#include "sqlite/sqlite.cpp"

#include "demo/demo.cpp"

#include "progress.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <type_traits>

#include <sys/ioctl.h>

#include <tenon/registry.hpp>

#include "catch.hpp"
#include "program.hpp"

using tests::outcome;
using tests::scratch_directory;
using tests::write;

namespace {

static_assert(users::user_driver<passwd_users> && users::user_driver<json_users> &&
              users::user_driver<sqlite_users> && users::user_driver<demo_users>);
static_assert(!users::user_driver<int> && !users::user_driver<users::settings>);
static_assert(tenon::plugin_interface<users::user_provider>);
static_assert(tenon::plugin_for<passwd_users, users::user_provider>);
static_assert(!std::is_polymorphic_v<passwd_users>);

users::settings with(std::vector<users::setting> values) {
    return {std::move(values)};
}

const std::string accounts = "root:x:0:0:root,,,:/root:/bin/sh\n"
                             "# the two below are for people\n"
                             "\n"
                             "operator:x:11:5:Site Operator,Room 7:/home/operator:/bin/sh\n"
                             "+::::::\n"
                             "build:x:900:77::/:/usr/sbin/nologin\n";
const std::string groups = "root:x:0:\n"
                           "tape:x:5:root,operator\n"
                           "wheel:x:10:operator,root,operator\n";

/// A passwd driver that reads files with these texts.
struct machine {
    explicit machine(const std::string& passwd_text, const std::string& group_text = groups,
                     std::vector<users::setting> more = {}) {
        write(scratch / "passwd", passwd_text);
        write(scratch / "group", group_text);
        given.values = {{"passwd", scratch / "passwd"}, {"group", scratch / "group"}};
        given.values.insert(given.values.end(), more.begin(), more.end());
    }

    passwd_users read() const { return passwd_users(given); }

    /// The error of the driver, without the scratch directory.
    std::string complaint() const {
        try {
            read();
        } catch (const std::exception& e) {
            std::string text = e.what();
            for (std::size_t at; (at = text.find(scratch.path().native() + "/")) != text.npos;)
                text.erase(at, scratch.path().native().size() + 1);
            return text;
        }
        return "no complaint";
    }

    scratch_directory scratch;
    users::settings given;
};

/// The same for a JSON file.
std::string complaint_about(const std::string& json) {
    scratch_directory scratch;
    write(scratch / "users.json", json);
    try {
        json_users(with({{"file", scratch / "users.json"}}));
    } catch (const std::exception& e) {
        std::string text = e.what();
        return text.replace(text.find(scratch.path().native()), scratch.path().native().size() + 1, "");
    }
    return "no complaint";
}

std::string one_user(const std::string& id, const std::string& rest) {
    return R"([{"id":)" + id + R"(,"username":"build","mail":"","display_name":"")" + rest + "}]";
}

std::vector<std::string> names(const std::vector<users::user>& all) {
    std::vector<std::string> found;
    for (const users::user& each : all)
        found.push_back(each.username);
    return found;
}

using texts = std::vector<std::string>;

/// The SQLite database of users.sql, or an empty one, open for writing.
class tables {
public:
    explicit tables(const std::string& schema = TENON_SOURCE_DIR "/examples/users/sqlite/users.sql") {
        REQUIRE(sqlite3_open(path().c_str(), &writer_) == SQLITE_OK);
        if (!schema.empty())
            run(tests::read(schema));
        given_.values = {{"file", path()}};
    }
    tables(const tables&) = delete;
    ~tables() { sqlite3_close(writer_); }

    void run(const std::string& sql) const {
        char* why = nullptr;
        sqlite3_exec(writer_, sql.c_str(), nullptr, nullptr, &why);
        const std::string said = why ? why : "";
        sqlite3_free(why);
        REQUIRE(said == "");
    }
    void add(const std::string& id, const std::string& name, const std::string& uid = "7") const {
        run("INSERT INTO users VALUES ('" + id + "', 'x', '" + name + "', NULL, NULL, " + uid + ")");
    }

    std::string path() const { return scratch_ / "users.db"; }
    const users::settings& given() const { return given_; }

    /// The error instead of an answer, without the scratch directory.
    template <class Question>
    std::string complaint(const Question& ask) const {
        try {
            const sqlite_users provider(given_);
            ask(provider);
        } catch (const std::exception& e) {
            std::string text = e.what();
            if (const auto at = text.find(scratch_.path().native()); at != text.npos)
                text.erase(at, scratch_.path().native().size() + 1);
            return text;
        }
        return "no complaint";
    }
    std::string complaint() const {
        return complaint([](const sqlite_users& provider) { provider.find_users(""); });
    }

private:
    scratch_directory scratch_;
    users::settings given_;
    sqlite3* writer_ = nullptr;
};

} // namespace

TEST_CASE("an account of a passwd file has its name for an id, the first GECOS field and its groups, the "
          "primary one first",
          "[users]") {
    const passwd_users provider = machine(accounts).read();
    const auto found = provider.get_user("operator");
    REQUIRE(found);
    CHECK(found->id.opaque_id == "operator");
    CHECK(found->id.idp == "localhost");
    CHECK(found->username == "operator");
    CHECK(found->mail == "");
    CHECK(found->display_name == "Site Operator");
    CHECK(found->uid_number == 11);
    CHECK(found->groups == texts{"tape", "wheel"});
    CHECK_FALSE(provider.get_user("operato"));
    CHECK_FALSE(provider.get_user(""));
}

TEST_CASE("a passwd driver's settings name the issuer and the domain of the mail addresses", "[users]") {
    const passwd_users provider =
        machine(accounts, groups, {{"idp", "https://idp.example.org"}, {"mail_domain", "example.org"}})
            .read();
    CHECK(provider.get_user("build")->mail == "build@example.org");
    CHECK(provider.get_user("build")->id.idp == "https://idp.example.org");
    CHECK(provider.get_user_by_claim("mail", "root@example.org")->username == "root");
}

TEST_CASE("a passwd driver without settings reads the machine's own accounts", "[users]") {
    const passwd_users provider{users::settings{}};
    CHECK(provider.get_user_by_claim("uid", "0"));
    CHECK_FALSE(provider.find_users("").empty());
}

TEST_CASE("groups are given for known ids only, and a primary group without a name by its number",
          "[users]") {
    const passwd_users provider = machine(accounts).read();
    CHECK(provider.get_user_groups("root") == texts{"root", "tape", "wheel"});
    CHECK(provider.get_user_groups("build") == texts{"77"});
    CHECK(provider.get_user_groups("nobody") == std::nullopt);
}

TEST_CASE("comments, empty lines and NIS entries of a passwd file are no accounts", "[users]") {
    CHECK(names(machine(accounts).read().find_users("")) == texts{"root", "operator", "build"});
    CHECK(names(machine("").read().find_users("")).empty());
    CHECK(names(machine("no-newline:x:1:1::/:/").read().find_users("")) == texts{"no-newline"});
}

TEST_CASE("a claim finds the first user whose field is exactly its value", "[users]") {
    const passwd_users provider = machine(accounts + "toor:x:0:0::/root:/bin/sh\n").read();
    CHECK(provider.get_user_by_claim("username", "build")->uid_number == 900);
    CHECK(provider.get_user_by_claim("uid", "0")->username == "root");
    CHECK_FALSE(provider.get_user_by_claim("uid", "00"));
    CHECK_FALSE(provider.get_user_by_claim("uid", "root"));
    CHECK_FALSE(provider.get_user_by_claim("username", "Build"));
}

TEST_CASE("an unknown mail address is empty, and nobody is found by it", "[users]") {
    CHECK_FALSE(machine(accounts).read().get_user_by_claim("mail", ""));
}

TEST_CASE("an unknown claim is an error that names the known ones", "[users]") {
    CHECK_THROWS_WITH(machine(accounts).read().get_user_by_claim("gid", "0"),
                      "unknown claim 'gid', expected username, mail or uid");
}

TEST_CASE("find looks into names, mail addresses and ids, whether in capitals or not", "[users]") {
    const json_users provider(with({{"file", TENON_SOURCE_DIR "/examples/users/json/users.json"}}));
    CHECK(names(provider.find_users("OPERATOR")) == texts{"backup-operator", "print-operator"});
    CHECK(names(provider.find_users("Build Serv")) == texts{"build-service"});
    CHECK(names(provider.find_users("PRINT@example")) == texts{"print-operator"});
    CHECK(names(provider.find_users("0AB27D94")) == texts{"guest"});
    CHECK(provider.find_users("").size() == 4);
    CHECK(provider.find_users("nobody at all").empty());
    CHECK(provider.find_users(std::string(1000, 'x')).empty());
}

TEST_CASE("a malformed line of a passwd or group file is an error that names the file and the line",
          "[users]") {
    CHECK(machine("root:x:0:0\n").complaint() == "passwd:1: expected 7 fields separated by ':', found 4");
    CHECK(machine(accounts + "a:b:1:1:::::\n").complaint() ==
          "passwd:7: expected 7 fields separated by ':', found 9");
    CHECK(machine(":x:1:1:::\n").complaint() == "passwd:1: expected a name before the first ':'");
    CHECK(machine("a:x:-1:1:::\n").complaint() ==
          "passwd:1: expected a number from 0 to 4294967295, found '-1'");
    CHECK(machine("a:x:1:4294967296:::\n").complaint() ==
          "passwd:1: expected a number from 0 to 4294967295, found '4294967296'");
    CHECK(machine("a:x::1:::\n").complaint() == "passwd:1: expected a number from 0 to 4294967295, found ''");
    CHECK(machine("a:x:0x1:1:::\n").complaint() ==
          "passwd:1: expected a number from 0 to 4294967295, found '0x1'");
    CHECK(machine(accounts, "root:x\n").complaint() ==
          "group:1: expected 4 fields separated by ':', found 2");
    CHECK(machine(accounts, "root:x:none:\n").complaint() ==
          "group:1: expected a number from 0 to 4294967295, found 'none'");
    CHECK(machine(std::string(5000, '\0')).complaint() ==
          "passwd:1: expected 7 fields separated by ':', found 1");
}

TEST_CASE("two accounts of one name are an error", "[users]") {
    CHECK(machine(accounts + accounts).complaint() == "passwd: two users have the id 'root'");
}

TEST_CASE("a file that cannot be read is an error with the system's reason", "[users]") {
    CHECK_THROWS_WITH(passwd_users(with({{"passwd", "/nowhere/passwd"}})),
                      "cannot read '/nowhere/passwd': No such file or directory");
    CHECK_THROWS_WITH(passwd_users(with({{"group", "/nowhere/group"}})),
                      "cannot read '/nowhere/group': No such file or directory");
    CHECK_THROWS_WITH(passwd_users(with({{"passwd", "/"}})), "cannot read '/': Is a directory");
    CHECK_THROWS_WITH(json_users(with({{"file", "/nowhere/users.json"}})),
                      "cannot read '/nowhere/users.json': No such file or directory");
    CHECK_THROWS_WITH(json_users(with({{"file", "/"}})), "cannot read '/': Is a directory");
}

TEST_CASE("a setting that a driver does not have, or has twice, is an error that says so", "[users]") {
    CHECK_THROWS_WITH(passwd_users(with({{"file", "/etc/passwd"}})),
                      "unknown setting 'file', expected one of: passwd, group, idp, mail_domain");
    CHECK_THROWS_WITH(passwd_users(with({{"idp", "a"}, {"idp", "b"}})), "the setting 'idp' is given twice");
    CHECK_THROWS_WITH(json_users(with({{"path", "users.json"}})),
                      "unknown setting 'path', expected one of: file");
    CHECK_THROWS_WITH(json_users(with({})),
                      "the setting 'file' is missing: the JSON file to read the users from");
    CHECK_THROWS_WITH(demo_users(with({{"file", "x"}})), "unknown setting 'file', expected none");
}

TEST_CASE("a JSON driver gives what the file says", "[users]") {
    const json_users provider(with({{"file", TENON_SOURCE_DIR "/examples/users/json/users.json"}}));
    const auto found = provider.get_user("c35f8e07-print");
    REQUIRE(found);
    CHECK(found->id.opaque_id == "c35f8e07-print");
    CHECK(found->id.idp == "https://idp.example.org");
    CHECK(found->username == "print-operator");
    CHECK(found->mail == "print@example.org");
    CHECK(found->display_name == "Print Operator");
    CHECK(found->uid_number == 2003);
    CHECK(found->groups == texts{"operators", "printers"});
    CHECK(provider.get_user_groups("0ab27d94-guest") == texts{});
    CHECK(provider.get_user_by_claim("mail", "backup@example.org")->uid_number == 2002);
    CHECK_FALSE(provider.get_user("print-operator"));
}

TEST_CASE("a JSON file that is none is an error that names the position", "[users]") {
    CHECK(complaint_about("[\n{,}]") ==
          "users.json: [json.exception.parse_error.101] parse error at line 2, column 2: syntax "
          "error while parsing object key - unexpected ','; expected string literal");
    CHECK(complaint_about("").find(
              "users.json: [json.exception.parse_error.101] parse error at line 1, column 1") == 0);
    CHECK(complaint_about("[] trailing").find("users.json: [json.exception.parse_error.101]") == 0);
    CHECK(complaint_about("\"\xff\"").find("users.json: [json.exception.parse_error.101]") == 0);
    CHECK(complaint_about(std::string(100'000, '[')).find("users.json: [json.exception.parse_error.101]") ==
          0);
}

TEST_CASE("a JSON file of another shape is an error that names the field", "[users]") {
    const std::string id = R"({"opaque_id":"1","idp":"x"})";
    CHECK(complaint_about("{}") == "users.json: expected an array, found object");
    CHECK(complaint_about("[7]") == "users.json[0]: expected an object, found 7");
    CHECK(complaint_about("[{}]") == "users.json[0]: the field 'id' is missing");
    CHECK(complaint_about(one_user("\"1\"", "")) == "users.json[0].id: expected an object, found \"1\"");
    CHECK(complaint_about(one_user(R"({"opaque_id":"1"})", "")) ==
          "users.json[0].id: the field 'idp' is missing");
    CHECK(complaint_about(one_user(R"({"opaque_id":null,"idp":"x"})", "")) ==
          "users.json[0].id.opaque_id: expected a string, found null");
    CHECK(complaint_about(one_user(id, "")) == "users.json[0]: the field 'uid_number' is missing");
    for (const std::string wrong : {"-1", "1.5", "\"7\"", "9223372036854775808", "1e400"})
        CHECK(complaint_about(one_user(id, R"(,"groups":[],"uid_number":)" + wrong)).find("users.json") == 0);
    CHECK(complaint_about(one_user(id, R"(,"groups":[],"uid_number":-1)")) ==
          "users.json[0].uid_number: expected a whole number from 0 to 2^63-1, found -1");
    CHECK(complaint_about(one_user(id, R"(,"uid_number":1,"groups":["a",{}])")) ==
          "users.json[0].groups[1]: expected a string, found object");
    CHECK(complaint_about(one_user(id, R"(,"uid_number":9223372036854775807,"groups":[])")) ==
          "no complaint");
}

TEST_CASE("two users of one id in a JSON file are an error", "[users]") {
    std::string two = one_user(R"({"opaque_id":"1","idp":"x"})", R"(,"uid_number":1,"groups":[])");
    two.pop_back();
    two += "," + two.substr(1) + "]";
    CHECK(complaint_about(two) == "users.json: two users have the id '1'");
}

TEST_CASE("an SQLite driver gives what the database says, and nothing for what it leaves open", "[users]") {
    const tables base;
    const sqlite_users provider(base.given());
    const auto found = provider.get_user("c35f8e07-print");
    REQUIRE(found);
    CHECK(found->id.opaque_id == "c35f8e07-print");
    CHECK(found->id.idp == "https://idp.example.org");
    CHECK(found->username == "print-operator");
    CHECK(found->mail == "print@example.org");
    CHECK(found->display_name == "Print Operator");
    CHECK(found->uid_number == 2003);
    CHECK(found->groups == texts{"operators", "printers"});
    CHECK(provider.get_user("0ab27d94-guest")->mail == "");
    CHECK(provider.get_user_groups("0ab27d94-guest") == texts{});
    CHECK(provider.get_user_groups("nobody") == std::nullopt);
    CHECK(provider.get_user_by_claim("mail", "backup@example.org")->uid_number == 2002);
    CHECK(provider.get_user_by_claim("uid", "2001")->username == "build-service");
    CHECK_FALSE(provider.get_user_by_claim("uid", "02001"));
    CHECK_FALSE(provider.get_user_by_claim("mail", ""));
    CHECK_FALSE(provider.get_user("print-operator"));
    CHECK_FALSE(provider.get_user(""));
    CHECK_THROWS_WITH(provider.get_user_by_claim("gid", "0"),
                      "unknown claim 'gid', expected username, mail or uid");
}

TEST_CASE("an SQLite driver finds as the others do, whether in capitals or not", "[users]") {
    const tables base;
    const sqlite_users provider(base.given());
    CHECK(names(provider.find_users("OPERATOR")) == texts{"backup-operator", "print-operator"});
    CHECK(names(provider.find_users("Build Serv")) == texts{"build-service"});
    CHECK(names(provider.find_users("PRINT@example")) == texts{"print-operator"});
    CHECK(names(provider.find_users("0AB27D94")) == texts{"guest"});
    CHECK(provider.find_users("").size() == 4);
    CHECK(provider.find_users(std::string_view()).size() == 4);
    CHECK(provider.find_users("nobody at all").empty());
    CHECK(provider.find_users("%").empty());
    CHECK(provider.find_users("print_operator").empty());
}

TEST_CASE("text that is SQL is asked for as it is", "[users]") {
    const tables base;
    const sqlite_users provider(base.given());
    for (const std::string text : {"' OR 1=1 --", "'; DROP TABLE users; --", "\"", "?1", "\xff", "x'00'"}) {
        CHECK_FALSE(provider.get_user(text));
        CHECK_FALSE(provider.get_user_by_claim("username", text));
        CHECK_FALSE(provider.get_user_by_claim("uid", text));
        CHECK(provider.find_users(text).empty());
    }
    CHECK(provider.find_users("").size() == 4);
    CHECK_FALSE(provider.get_user(std::string_view("c35f8e07-print\0", 15)));

    base.add("''; DROP TABLE users; --", "bobby");
    CHECK(provider.get_user("'; DROP TABLE users; --")->username == "bobby");
}

TEST_CASE("an SQLite database can only be read, and what changes in it is seen", "[users]") {
    const tables base;
    const sqlite_users provider(base.given());
    const std::string before = tests::read(base.path());
    CHECK(provider.find_users("").size() == 4);
    CHECK(tests::read(base.path()) == before);

    base.run("UPDATE users SET username = 'printer' WHERE uid_number = 2003");
    CHECK(provider.get_user("c35f8e07-print")->username == "printer");
    base.run("DROP TABLE memberships");
    CHECK(base.complaint() == "users.db: no such table: memberships");
    CHECK_THROWS_WITH(provider.get_user("c35f8e07-print"), base.path() + ": no such table: memberships");
}

TEST_CASE("an SQLite database that is none, or another's, is an error in SQLite's words", "[users]") {
    CHECK_THROWS_WITH(sqlite_users(with({{"file", "/nowhere/users.db"}})),
                      "cannot read '/nowhere/users.db': No such file or directory");
    CHECK_THROWS_WITH(sqlite_users(with({{"file", ":memory:"}})),
                      "cannot read ':memory:': No such file or directory");
    CHECK_THROWS_WITH(sqlite_users(with({{"path", "users.db"}})),
                      "unknown setting 'path', expected one of: file");
    CHECK_THROWS_WITH(sqlite_users(with({})),
                      "the setting 'file' is missing: the SQLite database to read the users from");

    const tables base;
    const std::string whole = tests::read(base.path());
    write(base.path(), std::string(4096, 'x'));
    CHECK(base.complaint() == "users.db: file is not a database");
    write(base.path(), "");
    CHECK(base.complaint() == "users.db: no such table: users");
    write(base.path(), whole.substr(0, 4096) + std::string(whole.size() - 4096, '\xff'));
    CHECK(base.complaint() == "users.db: database disk image is malformed");
    write(base.path(), whole.substr(0, 4096));
    CHECK(base.complaint() == "users.db: database disk image is malformed");

    const tables others("");
    others.run("CREATE TABLE users (name TEXT); CREATE TABLE memberships (opaque_id TEXT, name TEXT)");
    CHECK(others.complaint() == "users.db: no such column: u.opaque_id");
}

TEST_CASE("a uid number in an SQLite database that is none is an error that names the user", "[users]") {
    const std::string expected = "': expected a whole number from 0 to 2^63-1, found '";
    for (const std::string wrong : {"-1", "1.5", "'seven'", "9223372036854775808"}) {
        const tables base;
        base.add("1", "build", wrong);
        CHECK(base.complaint().find("users.db: the uid_number of '1" + expected) == 0);
    }
    const tables base;
    base.add("1", "build", "'seven'");
    CHECK(base.complaint() == "users.db: the uid_number of '1" + expected + "seven'");
    CHECK(base.complaint([](const sqlite_users& provider) { provider.get_user("c35f8e07-print"); }) ==
          "no complaint");
}

TEST_CASE("an SQLite database that somebody writes to is waited for, and not for ever", "[users]") {
    const tables base;
    const sqlite_users provider(base.given());
    base.run("BEGIN EXCLUSIVE");
    CHECK_THROWS_WITH(provider.get_user("c35f8e07-print"), base.path() + ": database is locked");

    std::atomic<bool> asks = false;
    std::optional<users::user> found;
    std::thread reader([&] {
        asks = true;
        found = provider.get_user("c35f8e07-print");
    });
    while (!asks)
        std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    base.run("COMMIT");
    reader.join();
    CHECK(found);
}

TEST_CASE("many users of an SQLite database are found, by several threads at once", "[users]") {
    const tables base;
    base.run("WITH RECURSIVE n(i) AS (SELECT 10000 UNION ALL SELECT i + 1 FROM n WHERE i < 19999) "
             "INSERT INTO users SELECT 'id' || i, 'x', 'user' || i, NULL, NULL, i FROM n");
    base.run("INSERT INTO memberships SELECT opaque_id, 'all' FROM users WHERE uid_number >= 10000 "
             "UNION ALL SELECT opaque_id, 'both' FROM users WHERE uid_number >= 10000");
    const sqlite_users provider(base.given());
    const auto all = provider.find_users("user");
    CHECK(all.size() == 10'000);
    CHECK(all.back().groups == texts{"all", "both"});
    CHECK(all.back().username == "user19999");

    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int which = 0; which < 4; ++which)
        threads.emplace_back([&, which] {
            for (int i = 10'000 + which; i < 12'000; i += 4) {
                const std::string number = std::to_string(i);
                const auto found = provider.get_user("id" + number);
                wrong +=
                    !found || found->username != "user" + number || found->groups != texts{"all", "both"};
                wrong += provider.get_user_by_claim("username", "user" + number)->uid_number != i;
            }
        });
    for (std::thread& each : threads)
        each.join();
    CHECK(wrong == 0);
}

TEST_CASE("the demo driver has two users", "[users]") {
    const demo_users provider{users::settings{}};
    CHECK(names(provider.find_users("")) == texts{"administrator", "visitor"});
    CHECK(provider.get_user_groups("1") == texts{"staff", "admins"});
    CHECK(provider.get_user_by_claim("mail", "visitor@example.org")->id.opaque_id == "2");
}

// ---- The program, with each kind of driver.

namespace {

namespace fs = std::filesystem;

/// Runs `users` with a cache of its own.
class host {
public:
    outcome operator()(std::vector<std::string> words) const {
        words.insert(words.begin(), TENON_USERS_PROGRAM);
        return tests::run(words, scratch_.path(), {"TENON_CACHE=" + (scratch_ / "cache").native()});
    }

    outcome operator()(const std::vector<std::string>& driver,
                       const std::vector<std::string>& command) const {
        std::vector<std::string> words = driver;
        words.insert(words.end(), command.begin(), command.end());
        return (*this)(words);
    }

    /// The same with a terminal as standard error. `err` of the result is the text that the terminal
    /// received.
    outcome on_terminal(std::vector<std::string> words, int columns, const std::string& term,
                        std::vector<std::string> variables = {}) const {
        const int keyboard = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE((keyboard >= 0 && ::grantpt(keyboard) == 0 && ::unlockpt(keyboard) == 0));
        const std::string screen = ::ptsname(keyboard);
        const int open = ::open(screen.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(open >= 0);
        const winsize size{24, static_cast<unsigned short>(columns), 0, 0};
        REQUIRE(::ioctl(open, TIOCSWINSZ, &size) == 0);
        std::string received;
        std::thread reader([&] {
            char part[4096];
            for (ssize_t got; (got = ::read(keyboard, part, sizeof part)) > 0;)
                received.append(part, static_cast<std::size_t>(got));
        });
        words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$@\" 2> \"$0\"", screen, TENON_USERS_PROGRAM});
        variables.insert(variables.end(), {"TENON_CACHE=" + (scratch_ / "cache").native(), "TERM=" + term});
        outcome said = tests::run(words, scratch_.path(), variables);
        ::close(open); // the last open descriptor, so the reader sees the end
        reader.join();
        ::close(keyboard);
        said.err = received;
        return said;
    }

    /// A driver of several sources.
    std::string several() const {
        for (const char* name : {"a.cpp", "b.cpp", "c.cpp"})
            write(scratch_ / "several" / name, "");
        fs::copy(TENON_SOURCE_DIR "/examples/users/passwd/passwd.cpp", scratch_ / "several");
        return "./several";
    }

    /// A git repository with all drivers.
    std::string repository() const {
        const fs::path made = scratch_ / "repository";
        fs::copy(TENON_SOURCE_DIR "/examples/users", made, fs::copy_options::recursive);
        const auto git = [&](std::vector<std::string> words) {
            words.insert(words.begin(),
                         {"git", "-c", "user.name=tests", "-c", "user.email=tests@example.org"});
            const outcome said =
                tests::run(words, made, {"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null"});
            INFO(said.err);
            REQUIRE(said.status == 0);
        };
        git({"init", "--quiet"});
        git({"add", "."});
        git({"commit", "--quiet", "--message=The drivers"});
        return made;
    }

    fs::path operator/(const fs::path& name) const { return scratch_ / name; }

private:
    scratch_directory scratch_;
};

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const std::string examples = TENON_SOURCE_DIR "/examples/users";

const std::string print_operator = "id:       c35f8e07-print\n"
                                   "idp:      https://idp.example.org\n"
                                   "username: print-operator\n"
                                   "mail:     print@example.org\n"
                                   "name:     Print Operator\n"
                                   "uid:      2003\n"
                                   "group:    operators\n"
                                   "group:    printers\n";

/// The four questions, to a driver that knows the users of examples/users/json/users.json.
void ask(const host& users, const std::vector<std::string>& driver) {
    const outcome got = users(driver, {"get", "c35f8e07-print"});
    INFO(got.err);
    CHECK(got.out == print_operator);
    CHECK(got.status == 0);
    CHECK(users(driver, {"claim", "uid", "2003"}).out == print_operator);
    CHECK(users(driver, {"groups", "c35f8e07-print"}).out == "operators\nprinters\n");
    CHECK(users(driver, {"find", "PRINT"}).out == print_operator);

    const outcome none = users(driver, {"get", "print-operator"});
    CHECK(none.out == "");
    CHECK(says(none.err, "users: not found\n"));
    CHECK(none.status == 1);
    CHECK(users(driver, {"claim", "mail", ""}).status == 1);
    CHECK(users(driver, {"groups", "nobody"}).status == 1);
    CHECK(users(driver, {"find", "nobody at all"}).status == 1);
    const outcome nothing = users(driver, {"groups", "0ab27d94-guest"});
    CHECK(nothing.out == "");
    CHECK(nothing.status == 0);
}

} // namespace

TEST_CASE("users answers from a driver that is built in", "[users][program]") {
    const host users;
    const std::string visitor =
        "id:       2\nidp:      demo\nusername: visitor\nmail:     visitor@example.org\n"
        "name:     Demo Visitor\nuid:      1002\n";
    const outcome got = users({"demo", "get", "2"});
    CHECK(got.out == visitor);
    CHECK(got.err == "");
    CHECK(got.status == 0);
    CHECK(users({"demo", "claim", "username", "visitor"}).out == visitor);
    CHECK(users({"demo", "groups", "1"}).out == "staff\nadmins\n");
    CHECK(users({"demo", "find", "VISIT"}).out == visitor);
    CHECK(users({"demo", "find", "nobody"}).status == 1);
    CHECK_FALSE(fs::exists(users / "cache"));
}

TEST_CASE("users answers from a library", "[users][program]") {
    const host users;
    ask(users, {TENON_JSON_PLUGIN, "file=" + examples + "/json/users.json"});
    CHECK(users({TENON_JSON_PLUGIN, "file=" + examples + "/json/users.json", "get", "0ab27d94-guest"}).err ==
          "");
}

TEST_CASE("users answers from a directory of sources, which it compiles once", "[users][program]") {
    const host users;
    const std::vector<std::string> driver = {examples + "/json", "file=" + examples + "/json/users.json"};
    CHECK(says(users(driver, {"get", "c35f8e07-print"}).err, "compiling "));
    CHECK(users(driver, {"get", "c35f8e07-print"}).err == "");
    ask(users, driver);
}

TEST_CASE("users answers from a git repository, which it fetches and compiles", "[users][program]") {
    const host users;
    const std::vector<std::string> driver = {"git+file://" + users.repository() + "#subdirectory=json",
                                             "file=" + examples + "/json/users.json"};
    const outcome first = users(driver, {"get", "c35f8e07-print"});
    INFO(first.err);
    CHECK(says(first.err, "fetching "));
    CHECK(says(first.err, "compiling "));
    ask(users, driver);
}

TEST_CASE(
    "users asks the machine's accounts of examples/users/passwd, and of the files that its settings name",
    "[users][program]") {
    const host users;
    write(users / "passwd", accounts);
    write(users / "group", groups);
    const std::vector<std::string> driver = {examples + "/passwd", "passwd=passwd", "group=group",
                                             "mail_domain=example.org"};
    const std::string operator_ = "id:       operator\nidp:      localhost\nusername: operator\n"
                                  "mail:     operator@example.org\nname:     Site Operator\nuid:      11\n"
                                  "group:    tape\ngroup:    wheel\n";
    CHECK(users(driver, {"get", "operator"}).out == operator_);
    CHECK(users(driver, {"claim", "mail", "operator@example.org"}).out == operator_);
    CHECK(users(driver, {"groups", "root"}).out == "root\ntape\nwheel\n");
    CHECK(users(driver, {"find", "site op"}).out == operator_);
    CHECK(users({examples + "/passwd", "claim", "uid", "0"}).status == 0);
}

TEST_CASE("users answers from an SQLite database, by each kind of driver", "[users][program]") {
    const host users;
    const tables base;
    const std::string file = "file=" + base.path();
    ask(users, {TENON_SQLITE_PLUGIN, file});

    // The driver's compile_flags.txt names the SQLite library.
    const std::vector<std::string> directory = {examples + "/sqlite", file};
    CHECK(users(directory, {"get", "c35f8e07-print"}).err == "compiling sqlite\n");
    CHECK(users(directory, {"get", "c35f8e07-print"}).err == "");
    ask(users, directory);

    const std::vector<std::string> repository = {"git+file://" + users.repository() + "#subdirectory=sqlite",
                                                 file};
    CHECK(says(users(repository, {"get", "c35f8e07-print"}).err, "compiling "));
    ask(users, repository);

    CHECK(tenon::registry().find<users::user_provider>("sqlite"));

    CHECK(users({TENON_SQLITE_PLUGIN, "file=absent.db", "get", "1"}).err ==
          "users: cannot read 'absent.db': No such file or directory\n");
    const outcome all = users({TENON_SQLITE_PLUGIN, file});
    CHECK(says(all.out, "\n\n" + print_operator + "\nid:       0ab27d94-guest\n"));
}

TEST_CASE("users without a command says which plugin it is, and gives everybody", "[users][program]") {
    const host users;
    const outcome said = users({TENON_JSON_PLUGIN, "file=" + examples + "/json/users.json"});
    CHECK(said.out.find("json 1.0.0 ") == 0);
    CHECK(says(said.out, "\n\n" + print_operator + "\nid:       0ab27d94-guest\n"));
    CHECK(said.status == 0);
}

TEST_CASE("users that is asked in the wrong way says how to ask, and loads nothing", "[users][program]") {
    const host users;
    const std::string usage =
        "usage: users DRIVER [KEY=VALUE...] [get ID | claim NAME VALUE | groups ID | find QUERY]\n"
        "DRIVER is a library, a directory of sources, a git repository, or built in: demo\n";
    const auto complaint = [&](const std::vector<std::string>& words) {
        const outcome said = users(words);
        CHECK(said.out == "");
        CHECK(said.status == 2);
        return said.err;
    };
    CHECK(complaint({}) == "users: which driver?\n" + usage);
    CHECK(complaint({"./absent", "fetch", "x"}) == "users: unknown command 'fetch'\n" + usage);
    CHECK(complaint({"./absent", "get"}) == "users: 'get' takes 1 argument, found 0\n" + usage);
    CHECK(complaint({"./absent", "find", "a", "b"}) == "users: 'find' takes 1 argument, found 2\n" + usage);
    CHECK(complaint({"./absent", "claim", "uid"}) == "users: 'claim' takes 2 arguments, found 1\n" + usage);
}

TEST_CASE("what a driver refuses is an error on standard error, with status 2", "[users][program]") {
    const host users;
    const auto complaint = [&](const std::vector<std::string>& words) {
        const outcome said = users(words);
        CHECK(said.out == "");
        CHECK(said.status == 2);
        return said.err;
    };
    CHECK(complaint({"demo", "claim", "gid", "0"}) ==
          "users: unknown claim 'gid', expected username, mail or uid\n");
    CHECK(complaint({"demo", "file=x", "get", "1"}) == "users: unknown setting 'file', expected none\n");
    CHECK(complaint({TENON_JSON_PLUGIN, "get", "1"}) ==
          "users: the setting 'file' is missing: the JSON file to read the users from\n");
    write(users / "broken.json", "[");
    CHECK(says(complaint({TENON_JSON_PLUGIN, "file=broken.json", "get", "1"}),
               "users: broken.json: [json.exception.parse_error.101] parse error at line 1, column 2: "));
    CHECK(says(complaint({"dmeo", "get", "1"}), "demo"));
    CHECK(says(complaint({"./absent.so", "get", "1"}), "absent.so"));
}

TEST_CASE("a bar has the width that is left of a line, and is left out where that is little", "[users]") {
    using step = tenon::event::step;
    const auto drawn = [](std::size_t done, std::size_t columns) {
        return users::bar({step::compiling, "passwd", done, 4}, columns);
    };
    CHECK(drawn(0, 40) == "compiling passwd [>                    ]");
    CHECK(drawn(2, 40) == "compiling passwd (2 of 4) [======>     ]");
    CHECK(drawn(4, 40) == "compiling passwd (4 of 4) [============]");
    CHECK(drawn(4, 38) == "compiling passwd (4 of 4) [==========]");
    CHECK(drawn(4, 37) == "compiling passwd (4 of 4)");
    CHECK(drawn(4, 9) == "compiling");
    CHECK(drawn(4, 0) == "");
    CHECK(drawn(3, 400).size() == std::string("compiling passwd (3 of 4) []").size() + 40);
    CHECK(users::bar({step::linking, "passwd"}, 40) == "linking passwd");
    CHECK(users::bar({step::linking, "a\nb\x1b[2J"}, 40) == "linking a?b?[2J");
    CHECK(users::bar({step::fetching, "x", 45, 100}, 30) == "fetching x (45%) [====>      ]");
    // No character is cut, and wide characters count as two columns.
    CHECK(users::bar({step::linking, "\u00e4\u6f22"}, 12) == "linking \u00e4\u6f22");
    CHECK(users::bar({step::linking, "\u00e4\u6f22"}, 11) == "linking \u00e4");
    CHECK(users::bar({step::linking, "\u00e4\u6f22"}, 9) == "linking ");
}

TEST_CASE("what takes time is one line each where standard error is no terminal, or one that cannot redraw",
          "[users][program]") {
    const host users;
    const std::string driver = users.several();
    CHECK(users({driver, "claim", "uid", "0"}).err == "compiling several\n");
    CHECK(users({driver, "claim", "uid", "0"}).err == "");
    for (const char* term : {"dumb", ""}) {
        fs::remove_all(users / "cache");
        CHECK(users.on_terminal({driver, "claim", "uid", "0"}, 80, term).err == "compiling several\r\n");
    }
}

TEST_CASE("on a terminal one line is redrawn within its width, and is gone in the end", "[users][program]") {
    const host users;
    const std::string driver = users.several();
    for (const int columns : {80, 20, 0}) {
        fs::remove_all(users / "cache");
        const outcome said =
            users.on_terminal({driver, "claim", "uid", "0"}, columns, "xterm", {"NO_COLOR=1"});
        INFO(said.err);
        CHECK(said.status == 0);
        CHECK(says(said.out, "username: root\n"));
        CHECK(says(said.err,
                   columns == 20 ? "\rcompiling several (\x1b[K" : "\rcompiling several (2 of 4) [===="));
        texts lines;
        const std::string end = "\x1b[K";
        for (std::string rest = said.err; !rest.empty();) {
            REQUIRE(rest[0] == '\r');
            REQUIRE(says(rest, end));
            lines.push_back(rest.substr(1, rest.find(end) - 1));
            rest.erase(0, rest.find(end) + end.size());
            CHECK(lines.back().find_first_of("\r\n\x1b") == std::string::npos);
            CHECK(lines.back().size() < (columns == 0 ? 80u : static_cast<unsigned>(columns)));
        }
        CHECK(lines.size() > 5);
        CHECK(lines.back() == "");
    }
    CHECK(users.on_terminal({driver, "claim", "uid", "0"}, 80, "xterm").err == "");
    CHECK(users.on_terminal({"dmeo", "get", "1"}, 80, "xterm").err.find("users: unknown name") == 0);
}

TEST_CASE("what a compiler warns of is printed, and stays", "[users][program]") {
    const host users;
    const std::string driver = users.several();
    write(users / "several/old.cpp", "#warning old\n");
    const std::string warning = (users / "several/old.cpp:1:2: warning: ").native();
    const std::string said = users({driver, "claim", "uid", "0"}).err;
    INFO(said);
    CHECK(says(said, "compiling several\n" + warning));
    fs::remove_all(users / "cache");
    CHECK(says(users.on_terminal({driver, "claim", "uid", "0"}, 80, "xterm").err, "\r\x1b[K" + warning));
}

TEST_CASE("an error follows the line that was there, which is gone then", "[users][program]") {
    const host users;
    write(users / "broken/a.cpp", "int");
    const outcome said = users.on_terminal({"./broken", "get", "1"}, 80, "xterm");
    CHECK(said.status == 2);
    CHECK(says(said.err, "\r\x1b[Kusers: "));
    CHECK_FALSE(says(said.err.substr(said.err.find("users: ")), "\x1b[K"));
}

TEST_CASE("control characters in what a driver says do not reach the terminal", "[users][program]") {
    const host users;
    write(users / "users.json",
          one_user(R"({"opaque_id":"1\nuid: 0","idp":"x\u001b[2J"})", R"(,"uid_number":7,"groups":[])"));
    CHECK(users({TENON_JSON_PLUGIN, "file=users.json", "find", ""}).out ==
          "id:       1?uid: 0\nidp:      x?[2J\nusername: build\nuid:      7\n");
}
