// SPDX-License-Identifier: MIT
// Shared by most drivers: all users are read once, and then only looked up.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "users.hpp"

namespace users {

/// Users held in memory, in the order in which they were read.
///
///     struct some_users : users::directory {
///         explicit some_users(const users::settings& given) : directory("somewhere", read(given)) {}
///     };
class directory {
public:
    /// Throws `std::runtime_error`, which names the `source`, if two users have the same id.
    directory(const std::string& source, std::vector<user> all) : users_(std::move(all)) {
        std::unordered_set<std::string_view> ids;
        for (const user& candidate : users_)
            if (!ids.insert(candidate.id.opaque_id).second)
                throw std::runtime_error(source + ": two users have the id '" + candidate.id.opaque_id + "'");
    }

    std::optional<user> get_user(std::string_view id) const {
        return first([&](const user& candidate) { return candidate.id.opaque_id == id; });
    }

    std::optional<user> get_user_by_claim(std::string_view claim, std::string_view value) const {
        if (claim == "username")
            return first([&](const user& candidate) { return candidate.username == value; });
        if (claim == "mail") // users without an address have "", which must match nobody
            return first([&](const user& candidate) { return !value.empty() && candidate.mail == value; });
        if (claim == "uid") {
            std::int64_t uid = 0;
            const char* const end = value.data() + value.size();
            // Another spelling of a number, such as `07`, is no user's.
            if (std::from_chars(value.data(), end, uid).ptr != end || std::to_string(uid) != value)
                return std::nullopt;
            return first([&](const user& candidate) { return candidate.uid_number == uid; });
        }
        throw std::invalid_argument("unknown claim '" + std::string(claim) +
                                    "', expected username, mail or uid");
    }

    std::optional<std::vector<std::string>> get_user_groups(std::string_view id) const {
        auto found = get_user(id);
        return found ? std::optional(std::move(found->groups)) : std::nullopt;
    }

    std::vector<user> find_users(std::string_view query) const {
        const auto matches = [wanted = lower(query)](const std::string& text) {
            return lower(text).find(wanted) != std::string::npos;
        };
        std::vector<user> found;
        for (const user& candidate : users_)
            if (matches(candidate.username) || matches(candidate.display_name) || matches(candidate.mail) ||
                matches(candidate.id.opaque_id))
                found.push_back(candidate);
        return found;
    }

private:
    template <class Predicate>
    std::optional<user> first(Predicate wanted) const {
        const auto found = std::ranges::find_if(users_, wanted);
        return found != users_.end() ? std::optional(*found) : std::nullopt;
    }

    // ASCII letters only. `std::tolower` depends on the locale, which the host may change between two calls.
    static std::string lower(std::string_view text) {
        std::string result(text);
        for (char& c : result)
            if (c >= 'A' && c <= 'Z')
                c = static_cast<char>(c - 'A' + 'a');
        return result;
    }

    std::vector<user> users_;
};

} // namespace users
