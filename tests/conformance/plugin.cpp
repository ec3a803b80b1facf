// SPDX-License-Identifier: MIT
// Two plugins in one library: a plain class, and one that derives from the interface.
#include "ledger.hpp"

#include <tenon/export.hpp>

struct book {
    book(const std::vector<entry>& first, journal& of) : journal_(of), entries_(first) {}

    void start() {
        elsewhere_ = journal_.on_entry([this](const entry& each) { add(each); });
    }
    void stop() noexcept { elsewhere_.end(); }
    std::vector<entry> save() { return entries_; }
    void restore(std::vector<entry> saved) { entries_.swap(saved); }

    receipt add(const entry& added) {
        entries_.push_back(added);
        return receipt(entries_.size());
    }
    std::int64_t total() const {
        std::int64_t sum = 0;
        for (const entry& each : entries_)
            sum += each.cents;
        return sum;
    }
    std::int64_t total(std::string_view account) const {
        std::int64_t sum = 0;
        bool known = false;
        for (const entry& each : entries_)
            if (each.account == account) {
                sum += each.cents;
                known = true;
            }
#ifdef __cpp_exceptions
        if (!known)
            throw unknown_account("no account " + std::string(account));
#else
        static_cast<void>(known);
#endif
        return sum;
    }
    std::vector<entry> entries() const { return entries_; }

private:
    journal& journal_;
    std::vector<entry> entries_;
    tenon::registration elsewhere_;
};
TENON_EXPORT(ledger, book, "book", "1.0.0")

struct empty : ledger {
    empty(const std::vector<entry>&, journal&) {}
    receipt add(const entry&) override { return receipt(0); }
    std::int64_t total() const override { return 0; }
    std::int64_t total(std::string_view) const override { return 0; }
    std::vector<entry> entries() const override { return {}; }
};
TENON_EXPORT(ledger, empty, "empty", "1.0.0")
