// SPDX-License-Identifier: MIT
// An interface with some of everything that interfaces can have.
#ifndef LEDGER_HPP
#define LEDGER_HPP

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/interface.hpp>
#include <tenon/registration.hpp>

struct entry {
    std::string account;
    std::int64_t cents;
    std::optional<std::string> note;
};

/// A type whose fields cannot be seen from outside.
class receipt {
public:
    explicit receipt(std::size_t number) : number_(number) {}
    std::size_t number() const { return number_; }

private:
    std::size_t number_;
};
template <>
struct tenon::layout<receipt> : tenon::opaque<receipt, 1> {};

/// The host, as its plugins see it.
struct journal {
    virtual ~journal() = default;
    [[nodiscard]] virtual tenon::registration on_entry(std::function<void(const entry&)> call) = 0;

    using methods = tenon::methods<&journal::on_entry>;
};

/// What a plugin throws of its own; it has no code of the plugin's but its destructor.
struct unknown_account : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class P>
concept ledger_book = requires(P& book, const P& same, const entry& added, std::string_view account) {
    { book.add(added) } -> std::same_as<receipt>;
    { same.total() } -> std::same_as<std::int64_t>;
    { same.total(account) } -> std::same_as<std::int64_t>;
    { same.entries() } -> std::same_as<std::vector<entry>>;
};

struct ledger {
    static constexpr tenon::plugin_type type{"ledger"};
    using factory = tenon::factory<const std::vector<entry>&, journal&>;
    using state = std::vector<entry>;

    virtual ~ledger() = default;
    virtual receipt add(const entry& added) = 0;
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
    receipt add(const entry& added) override { return this->self().add(added); }
    std::int64_t total() const override { return this->self().total(); }
    std::int64_t total(std::string_view account) const override { return this->self().total(account); }
    std::vector<entry> entries() const override { return this->self().entries(); }
};

#endif
