// SPDX-License-Identifier: MIT
// The users of a JSON file, read once with nlohmann/json (Debian: nlohmann-json3-dev).
//
//   file=FILE   an array of users, every one with all of these:
//               {"id": {"opaque_id": "", "idp": ""}, "username": "", "mail": "", "display_name": "",
//               "uid_number": 0, "groups": [""]}
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>
#include <tenon/export.hpp>

#include "directory.hpp"

namespace {

/// A value inside the file, and its place there, such as `users.json[3].id.idp`.
class node {
public:
    node(const nlohmann::json& value, std::string place) : value_(value), place_(std::move(place)) {}

    node field(const std::string& name) const {
        expect(value_.is_object(), "an object");
        const auto found = value_.find(name);
        if (found == value_.end())
            throw std::runtime_error(place_ + ": the field '" + name + "' is missing");
        return {*found, place_ + "." + name};
    }

    std::vector<node> elements() const {
        expect(value_.is_array(), "an array");
        std::vector<node> all;
        for (const auto& element : value_)
            all.emplace_back(element, place_ + "[" + std::to_string(all.size()) + "]");
        return all;
    }

    std::string text() const {
        expect(value_.is_string(), "a string");
        return value_.get<std::string>();
    }

    std::int64_t number() const {
        constexpr auto most = std::numeric_limits<std::int64_t>::max();
        expect(value_.is_number_unsigned() && value_.get<std::uint64_t>() <= most,
               "a whole number from 0 to 2^63-1");
        return value_.get<std::int64_t>();
    }

private:
    void expect(bool right, const std::string& what) const {
        if (!right)
            throw std::runtime_error(place_ + ": expected " + what + ", found " +
                                     (value_.is_structured() ? value_.type_name() : value_.dump()));
    }

    const nlohmann::json& value_;
    std::string place_;
};

nlohmann::json parse(const std::string& path) {
    errno = 0;
    std::ifstream file(path);
    file.peek(); // opening a folder succeeds, reading it does not
    if (!file.is_open() || file.bad())
        throw std::system_error(errno, std::generic_category(), "cannot read '" + path + "'");
    try {
        return nlohmann::json::parse(file);
    } catch (const nlohmann::json::exception& e) {
        // The code of a nlohmann exception is in this library, so the exception must not leave it.
        throw std::runtime_error(path + ": " + e.what());
    }
}

} // namespace

class json_users : public users::directory {
public:
    explicit json_users(const users::settings& given) : directory(given.get("file"), read(given)) {}

private:
    static std::vector<users::user> read(const users::settings& given) {
        given.allow({"file"});
        const std::string path = given.get("file");
        if (path.empty())
            throw std::invalid_argument(
                "the setting 'file' is missing: the JSON file to read the users from");

        const nlohmann::json document = parse(path);
        std::vector<users::user> all;
        for (const node& entry : node(document, path).elements()) {
            users::user& added = all.emplace_back();
            added.id = {entry.field("id").field("opaque_id").text(), entry.field("id").field("idp").text()};
            added.username = entry.field("username").text();
            added.mail = entry.field("mail").text();
            added.display_name = entry.field("display_name").text();
            added.uid_number = entry.field("uid_number").number();
            for (const node& group : entry.field("groups").elements())
                added.groups.push_back(group.text());
        }
        return all;
    }
};

TENON_EXPORT(users::user_provider, json_users, "json", "1.0.0")
