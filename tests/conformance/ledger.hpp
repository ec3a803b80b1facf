// SPDX-License-Identifier: MIT
// An interface with some of everything that interfaces can have.
#ifndef LEDGER_HPP
#define LEDGER_HPP

#include <concepts>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/interface.hpp>

struct entry {
    std::string account;
    std::int64_t cents;
    std::optional<std::string> note;
};

/// What a plugin throws of its own; it has no code of the plugin's but its destructor.
struct unknown_account : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class P>
concept ledger_book = requires(P& book, const P& same, const entry& added, std::string_view account) {
    book.add(added);
    { same.total() } -> std::same_as<std::int64_t>;
    { same.total(account) } -> std::same_as<std::int64_t>;
    { same.entries() } -> std::same_as<std::vector<entry>>;
};

struct ledger {
    static constexpr tenon::plugin_type type{"ledger"};
    using factory = tenon::factory<const std::vector<entry>&>;

    virtual ~ledger() = default;
    virtual void add(const entry& added) = 0;
    virtual std::int64_t total() const = 0;
    virtual std::int64_t total(std::string_view account) const = 0;
    virtual std::vector<entry> entries() const = 0;

    using methods = tenon::methods<&ledger::add, tenon::overload<std::int64_t() const>(&ledger::total),
                                   tenon::overload<std::int64_t(std::string_view) const>(&ledger::total),
                                   &ledger::entries>;
    template <ledger_book P>
    struct model;
};

template <ledger_book P>
struct ledger::model final : tenon::holds<ledger, P> {
    void add(const entry& added) override { this->self().add(added); }
    std::int64_t total() const override { return this->self().total(); }
    std::int64_t total(std::string_view account) const override { return this->self().total(account); }
    std::vector<entry> entries() const override { return this->self().entries(); }
};

#endif
