// SPDX-License-Identifier: MIT
// The users of an SQLite database, asked anew for each question (Debian: libsqlite3-dev).
//
//   file=FILE   a database with the tables of users.sql; it is only read, and who writes to it meanwhile is
//               waited for, for a second
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sqlite3.h>
#include <tenon/export.hpp>

#include "users.hpp"

namespace {

/// A read-only database. Errors are thrown as `std` exceptions, which outlive SQLite.
class database {
public:
    explicit database(const std::string& path) : path_(path) {
        // SQLite treats the names `:memory:` and, in some builds, `file:` specially. A slash makes them plain
        // paths.
        const std::string plain = (path.rfind('/', 0) == 0 ? "" : "./") + path;
        sqlite3* made = nullptr;
        const int status =
            sqlite3_open_v2(plain.c_str(), &made, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
        opened_.reset(made);
        if (status != SQLITE_OK)
            fail();
        sqlite3_busy_timeout(made, 1000);
    }

    sqlite3* get() const { return opened_.get(); }

    [[noreturn]] void fail() const {
        if (!opened_)
            throw std::bad_alloc();
        const int kind = sqlite3_errcode(opened_.get()) & 0xff, why = sqlite3_system_errno(opened_.get());
        if ((kind == SQLITE_CANTOPEN || kind == SQLITE_IOERR) && why != 0)
            throw std::system_error(why, std::generic_category(), "cannot read '" + path_ + "'");
        reject(sqlite3_errmsg(opened_.get()));
    }
    [[noreturn]] void reject(const std::string& why) const { throw std::runtime_error(path_ + ": " + why); }

private:
    struct closer {
        void operator()(sqlite3* opened) const { sqlite3_close_v2(opened); }
    };
    std::string path_;
    std::unique_ptr<sqlite3, closer> opened_;
};

/// A prepared statement with one parameter, which SQLite never reads as SQL.
class question {
public:
    question(const database& to, const std::string& sql) : to_(to) {
        sqlite3_stmt* made = nullptr;
        if (sqlite3_prepare_v3(to.get(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) !=
            SQLITE_OK)
            to.fail();
        prepared_.reset(made);
    }

    /// The users in the result, which has one row for each of a user's groups.
    std::vector<users::user> ask(std::string_view parameter) const {
        sqlite3_stmt* const asked = prepared_.get();
        // Resets the statement at the end. Otherwise its read lock would stay, and block writers for good.
        const std::unique_ptr<sqlite3_stmt, resetter> reset_at_the_end(asked);
        if (sqlite3_bind_text64(asked, 1, parameter.empty() ? "" : parameter.data(), parameter.size(),
                                SQLITE_STATIC, SQLITE_UTF8) != SQLITE_OK)
            to_.fail();
        std::vector<users::user> all;
        std::int64_t row = 0;
        int status;
        while ((status = sqlite3_step(asked)) == SQLITE_ROW) {
            if (all.empty() || row != sqlite3_column_int64(asked, 0)) {
                row = sqlite3_column_int64(asked, 0);
                all.push_back({{text(1), text(2)}, text(3), text(4), text(5), number(), {}});
            }
            if (sqlite3_column_type(asked, 7) != SQLITE_NULL)
                all.back().groups.push_back(text(7));
        }
        if (status != SQLITE_DONE)
            to_.fail();
        return all;
    }

private:
    struct resetter {
        void operator()(sqlite3_stmt* used) const { sqlite3_reset(used), sqlite3_clear_bindings(used); }
    };
    struct finalizer {
        void operator()(sqlite3_stmt* prepared) const { sqlite3_finalize(prepared); }
    };

    std::string text(int column) const {
        const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(prepared_.get(), column));
        return begin ? std::string(begin,
                                   static_cast<std::size_t>(sqlite3_column_bytes(prepared_.get(), column)))
                     : std::string();
    }

    // SQLite does not enforce column types, so this column may hold any value.
    std::int64_t number() const {
        constexpr int column = 6;
        const std::int64_t value = sqlite3_column_int64(prepared_.get(), column);
        if (sqlite3_column_type(prepared_.get(), column) != SQLITE_INTEGER || value < 0)
            to_.reject("the uid_number of '" + text(1) +
                       "': expected a whole number from 0 to 2^63-1, found '" + text(column) + "'");
        return value;
    }

    const database& to_;
    std::unique_ptr<sqlite3_stmt, finalizer> prepared_;
};

class sqlite_users {
public:
    explicit sqlite_users(const users::settings& given) : database_(file(given)) {}

    std::optional<users::user> get_user(std::string_view id) const { return first(by_id_, id); }

    std::optional<users::user> get_user_by_claim(std::string_view claim, std::string_view value) const {
        if (claim == "username")
            return first(by_username_, value);
        if (claim == "mail") // users without an address have "", which must match nobody
            return value.empty() ? std::nullopt : first(by_mail_, value);
        if (claim == "uid")
            return first(by_uid_, value);
        throw std::invalid_argument("unknown claim '" + std::string(claim) +
                                    "', expected username, mail or uid");
    }

    std::optional<std::vector<std::string>> get_user_groups(std::string_view id) const {
        auto found = get_user(id);
        return found ? std::optional(std::move(found->groups)) : std::nullopt;
    }

    std::vector<users::user> find_users(std::string_view query) const { return ask(find_, query); }

private:
    static std::string file(const users::settings& given) {
        given.allow({"file"});
        std::string path = given.get("file");
        if (path.empty())
            throw std::invalid_argument(
                "the setting 'file' is missing: the SQLite database to read the users from");
        return path;
    }

    // One statement, so that the user and the groups come from the same moment.
    static std::string where(const std::string& condition) {
        return "SELECT u.rowid, u.opaque_id, u.idp, u.username, u.mail, u.display_name, u.uid_number, m.name "
               "FROM users AS u LEFT JOIN memberships AS m ON m.opaque_id = u.opaque_id WHERE " +
               condition + " ORDER BY u.rowid, m.rowid";
    }
    static std::string where_first(const std::string& condition) {
        return where("u.rowid = (SELECT min(rowid) FROM users WHERE " + condition + ")");
    }

    std::vector<users::user> ask(const question& what, std::string_view parameter) const {
        const std::lock_guard lock(mutex_);
        return what.ask(parameter);
    }
    std::optional<users::user> first(const question& what, std::string_view parameter) const {
        auto found = ask(what, parameter);
        return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
    }

    mutable std::mutex mutex_; // protects the members below
    database database_;
    question by_id_{database_, where_first("opaque_id = ?1")};
    question by_username_{database_, where_first("username = ?1")};
    question by_mail_{database_, where_first("mail = ?1")};
    question by_uid_{database_, where_first("CAST(uid_number AS TEXT) = ?1")};
    question find_{database_,
                   where("instr(lower(u.username), lower(?1)) OR instr(lower(u.display_name), lower(?1)) OR "
                         "instr(lower(u.mail), lower(?1)) OR instr(lower(u.opaque_id), lower(?1))")};
};

} // namespace

TENON_EXPORT(users::user_provider, sqlite_users, "sqlite", "1.0.0")
