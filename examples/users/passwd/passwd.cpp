// SPDX-License-Identifier: MIT
// The accounts of a machine, read once from /etc/passwd and /etc/group or from files like them.
//
//   passwd=FILE group=FILE   the files to read
//   idp=NAME                 the issuer of the ids, localhost if not set
//   mail_domain=DOMAIN       gives everybody the address ACCOUNT@DOMAIN; if not set, nobody has one
//
// An account's id is its name, because the uid of a deleted account may be given to a new one.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

#include <tenon/export.hpp>

#include "directory.hpp"

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (std::size_t end; (end = text.find(separator)) != text.npos; text.remove_prefix(end + 1))
        parts.emplace_back(text.substr(0, end));
    parts.emplace_back(text);
    return parts;
}

/// One line of a file like /etc/passwd.
struct entry {
    std::vector<std::string> fields;
    std::string place;

    [[noreturn]] void reject(const std::string& why) const { throw std::runtime_error(place + ": " + why); }

    const std::string& name() const {
        if (fields[0].empty())
            reject("expected a name before the first ':'");
        return fields[0];
    }

    std::uint32_t id(std::size_t field) const {
        std::uint32_t value;
        const std::string& text = fields[field];
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failed != std::errc{} || end != text.data() + text.size())
            reject("expected a number from 0 to 4294967295, found '" + text + "'");
        return value;
    }
};

/// The entries of a file, each with `fields` fields. A damaged line is an error: skipping it would hide an
/// account. Comments are skipped, and so are the lines that used to include NIS accounts (`+`, `-`).
std::vector<entry> read(const std::string& path, std::size_t fields) {
    std::vector<entry> entries;
    errno = 0;
    std::ifstream file(path);
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (line.empty() || std::string_view("#+-").find(line[0]) != std::string_view::npos)
            continue;
        entries.push_back({split(line, ':'), path + ":" + std::to_string(number)});
        if (const entry& added = entries.back(); added.fields.size() != fields)
            added.reject("expected " + std::to_string(fields) + " fields separated by ':', found " +
                         std::to_string(added.fields.size()));
    }
    if (!file.is_open() || file.bad())
        throw std::system_error(errno, std::generic_category(), "cannot read '" + path + "'");
    return entries;
}

/// The members of each group, from /etc/group.
class membership {
public:
    explicit membership(const std::string& path) {
        for (const entry& group : read(path, 4)) {
            names_.try_emplace(group.id(2), group.name());
            for (const std::string& member : split(group.fields[3], ','))
                of_member_[member].push_back(group.name());
        }
    }

    /// The primary group, then the others. A group without a name is given by its number.
    std::vector<std::string> groups(const std::string& account, std::uint32_t primary) const {
        const auto named = names_.find(primary);
        std::vector all{named != names_.end() ? named->second : std::to_string(primary)};
        if (const auto others = of_member_.find(account); others != of_member_.end())
            for (const std::string& group : others->second)
                if (std::ranges::find(all, group) == all.end())
                    all.push_back(group);
        return all;
    }

private:
    std::unordered_map<std::uint32_t, std::string> names_;
    std::unordered_map<std::string, std::vector<std::string>> of_member_;
};

} // namespace

class passwd_users : public users::directory {
public:
    explicit passwd_users(const users::settings& given)
        : directory(given.get("passwd", "/etc/passwd"), accounts(given)) {}

private:
    static std::vector<users::user> accounts(const users::settings& given) {
        given.allow({"passwd", "group", "idp", "mail_domain"});
        const membership members(given.get("group", "/etc/group"));
        const std::string idp = given.get("idp", "localhost"), domain = given.get("mail_domain");

        std::vector<users::user> all;
        for (const entry& account : read(given.get("passwd", "/etc/passwd"), 7)) {
            const std::string& name = account.name();
            const std::string& gecos = account.fields[4]; // full name, room, telephone numbers …
            all.push_back({.id = {name, idp},
                           .username = name,
                           .mail = domain.empty() ? "" : name + "@" + domain,
                           .display_name = gecos.substr(0, gecos.find(',')),
                           .uid_number = account.id(2),
                           .groups = members.groups(name, account.id(3))});
        }
        return all;
    }
};

TENON_EXPORT(users::user_provider, passwd_users, "passwd", "1.0.0")
