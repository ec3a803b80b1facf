// SPDX-License-Identifier: MIT
// The interface of an identity provider, shared by its hosts and its drivers.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/interface.hpp>

namespace users {

/// An id that survives a rename of its user, and the identity provider that issued it.
struct user_id {
    std::string opaque_id;
    std::string idp;
};

/// A person or a service. Fields that a driver does not know are empty.
struct user {
    user_id id;
    std::string username;
    std::string mail;
    std::string display_name;
    std::int64_t uid_number;
    std::vector<std::string> groups;
};

struct setting {
    std::string key;
    std::string value;
};

/// The configuration of a driver.
struct settings {
    std::vector<setting> values;

    /// The value of `key`, or `otherwise` if it is not set.
    std::string get(std::string_view key, std::string_view otherwise = {}) const {
        const auto found = std::ranges::find(values, key, &setting::key);
        return found != values.end() ? found->value : std::string(otherwise);
    }

    /// Throws `std::invalid_argument` if a key is not among the `known` ones, or is set twice.
    void allow(std::initializer_list<std::string_view> known) const {
        for (const auto& [key, value] : values) {
            if (std::ranges::find(known, key) == known.end()) {
                std::string expected;
                for (const std::string_view name : known)
                    expected.append(expected.empty() ? "" : ", ").append(name);
                throw std::invalid_argument("unknown setting '" + key + "', expected " +
                                            (expected.empty() ? "none" : "one of: " + expected));
            }
            if (std::ranges::count(values, key, &setting::key) > 1)
                throw std::invalid_argument("the setting '" + key + "' is given twice");
        }
    }
};

/// The requirements on a driver: a plain class, constructed from `const settings&`.
template <class P>
concept user_driver = requires(const P& provider, std::string_view text) {
    { provider.get_user(text) } -> std::same_as<std::optional<user>>;
    { provider.get_user_by_claim(text, text) } -> std::same_as<std::optional<user>>;
    { provider.get_user_groups(text) } -> std::same_as<std::optional<std::vector<std::string>>>;
    { provider.find_users(text) } -> std::same_as<std::vector<user>>;
};

/// The interface that hosts call.
struct user_provider {
    static constexpr tenon::plugin_type type{"userprovider"};
    using factory = tenon::factory<const settings&>;

    virtual ~user_provider() = default;

    /// The user with this opaque id.
    virtual std::optional<user> get_user(std::string_view id) const = 0;
    /// The first user whose `username`, `mail` or `uid` is `value`; throws `std::invalid_argument` for
    /// another claim.
    virtual std::optional<user> get_user_by_claim(std::string_view claim, std::string_view value) const = 0;
    /// The groups of the user with this opaque id, or nothing if there is no such user.
    virtual std::optional<std::vector<std::string>> get_user_groups(std::string_view id) const = 0;
    /// The users with `query` in their username, display name, mail or id. Upper and lower case are the same.
    virtual std::vector<user> find_users(std::string_view query) const = 0;

    using methods = tenon::methods<&user_provider::get_user, &user_provider::get_user_by_claim,
                                   &user_provider::get_user_groups, &user_provider::find_users>;

    template <user_driver P>
    struct model;
};

/// Adapts a plain driver class to user_provider.
template <user_driver P>
struct user_provider::model final : tenon::holds<user_provider, P> {
    std::optional<user> get_user(std::string_view id) const override { return this->self().get_user(id); }
    std::optional<user> get_user_by_claim(std::string_view claim, std::string_view value) const override {
        return this->self().get_user_by_claim(claim, value);
    }
    std::optional<std::vector<std::string>> get_user_groups(std::string_view id) const override {
        return this->self().get_user_groups(id);
    }
    std::vector<user> find_users(std::string_view query) const override {
        return this->self().find_users(query);
    }
};

} // namespace users
