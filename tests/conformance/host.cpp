// SPDX-License-Identifier: MIT
// usage: host LIBRARY; says in one line how it and the plugins in the library get on.
//
// With ALL_OF_TENON it has every header, and uses what a host with a configuration would.
#ifdef ALL_OF_TENON
// Functions of the standard library take part wherever tenon calls one of its own with a string: std::quoted
// did.
#include <algorithm>
#include <array>
#include <complex>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <iomanip>
#include <list>
#include <numeric>
#include <random>
#include <ranges>
#include <regex>
#include <sstream>
#include <valarray>

#include <tenon.hpp>
#else
#include <tenon/callbacks.hpp>
#include <tenon/plugin.hpp>
#include <tenon/registry.hpp>
#include <tenon/share.hpp>
#endif

#include "ledger.hpp"

#include <functional>
#include <iostream>
#include <memory>
#ifdef ALL_OF_TENON
#include <atomic>
#endif

namespace {

void require(bool holds, const char* what) {
    if (!holds)
        throw std::logic_error(std::string("not so: ") + what);
}
#define REQUIRE(...) require(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)

struct silent : ledger {
    silent(const std::vector<entry>&, journal&) {}
    receipt add(const entry&) override { return receipt(0); }
    std::int64_t total() const override { return -1; }
    std::int64_t total(std::string_view) const override { return -1; }
    std::vector<entry> entries() const override { return {}; }
};

struct paper : journal {
    tenon::registration on_entry(std::function<void(const entry&)> call) override {
        return written.add(std::move(call));
    }
    tenon::callbacks<void(const entry&)> written;
};

const std::vector<entry> first{{"rent", 40'000, "May"}, {"bread", 250, {}}};

std::string greatest_common_exception(const ledger& book) {
    try {
        static_cast<void>(book.total("travel"));
    } catch (const unknown_account& e) {
        REQUIRE(std::string_view(e.what()) == "no account travel");
        return "they fit";
    } catch (const std::runtime_error& e) {
        REQUIRE(std::string_view(e.what()) == "no account travel");
        return "they fit, but an exception of the plugin's own type is caught as its standard base only";
    }
    return "they fit, and the plugin throws nothing";
}

void use_registry(tenon::registry& built_ins) {
    built_ins.add<ledger, silent>("added", "1.0.0");
    REQUIRE(built_ins.names("ledger") == std::vector<std::string>{"added", "silent"});
    REQUIRE(built_ins.find<ledger>("silent") && !built_ins.find<ledger>("absent"));
}

#ifdef ALL_OF_TENON
// Nothing can be called off where the standard library has no std::stop_token; README.md says which.
#if !defined _LIBCPP_VERSION || _LIBCPP_VERSION >= 200000
static_assert(std::is_convertible_v<std::stop_token, decltype(tenon::loader_options::stop)>);
#endif

void use_loader(const std::string& library) {
    paper host;
    std::string told;
    tenon::loader loader{{.build = tenon::build_policy::never,
                          .on_event = [&](const tenon::event& step) { told += step.text(); },
                          .limits = {.cpu_seconds = 60}}};
    use_registry(loader.built_ins());
    REQUIRE(loader.load<ledger>("added", first, host)->total() == -1);
    REQUIRE(loader.load<ledger>(library + "#book", first, host)->total() == 40'250);
    REQUIRE(loader.prepare<ledger>(library + "#book") == library);
    REQUIRE(told.empty());

    const tenon::loader strict{{.policy = {.kinds = {tenon::driver::kind::name}}}};
    try {
        static_cast<void>(strict.load<ledger>(library, first, host));
        throw std::logic_error("not so: what the policy does not allow is refused");
    } catch (const tenon::error& e) {
        REQUIRE(std::string_view(e.what()).find("options.policy.kinds") != std::string_view::npos);
        REQUIRE(e.code() == tenon::errc::forbidden);
        REQUIRE(tenon::diagnostics(e).empty() && tenon::failed_commands(e).empty());
    }
}

// Two versions of one plugin: what the first was told is in the second.
void watch(const std::string& library) {
    const std::string watched = library + ".watched";
    std::filesystem::copy_file(library, watched);
    paper host;
    std::atomic<int> told = 0;
    tenon::live<ledger> book = tenon::loader().watch<ledger>(watched + "#book", first, std::ref(host));
    book.on_event(
        [&](const tenon::reload_event& step) { told += step.what == tenon::reload_event::step::replaced; });
    book.check([](ledger& newer) { REQUIRE(newer.entries().size() == 3); });
    host.written({"bread", 260, "rye"});
    REQUIRE(book->entries().size() == 3);

    const tenon::pinned<ledger> before = book.pin();
    std::filesystem::copy_file(library, watched + ".new");
    std::filesystem::rename(watched + ".new", watched);
    while (book.status().version == 1) // another thread may be faster
        REQUIRE(book.refresh().what != tenon::reload_event::step::refused);
    REQUIRE(book->total("bread") == 510 && before->total("bread") == 510);
    REQUIRE(book.rollback().what == tenon::reload_event::step::rolled_back);
    REQUIRE(book->total("bread") == 510 && book.status().refused == 0);
    static_cast<void>(tenon::live<ledger>(std::move(book))); // ends with its thread
    REQUIRE(told == 1);
}

void use_everything(const std::string& library) {
    const tenon::manifest manifest(library);
    REQUIRE(manifest.plugins().size() == 2 && manifest.plugins()[0].type == "ledger");
    REQUIRE(tenon::driver::parse(library + "#book").plugin == "book");
    use_loader(library);
    watch(library);
    REQUIRE(tenon::cache().entries().empty() && tenon::cache().prune({.most_bytes = 0}).empty());
}
#endif

std::string use(const std::string& library) {
    paper host;
    tenon::plugin<ledger> book{library + "#book", first, host};
    REQUIRE(book->add({"bread", 260, "rye"}).number() == 3);
    REQUIRE(book->total() == 40'510 && book->total("bread") == 510);
    REQUIRE(book->entries().size() == 3 && book->entries()[2].note == "rye");
    REQUIRE(book.info().version == "1.0.0");
    host.written({"tea", 300, {}});
    REQUIRE(book->total("tea") == 300);
    const std::string fit = greatest_common_exception(*book);
    REQUIRE(book.close() && host.written.size() == 0);

    const std::shared_ptr<ledger> empty = tenon::share(
        tenon::plugin<ledger>{tenon::library_options{.private_copy = true}, library + "#empty", first, host});
    REQUIRE(empty->total() == 0);

    tenon::registry built_ins;
    use_registry(built_ins);
#ifdef ALL_OF_TENON
    use_everything(library);
#endif
    return fit;
}

// The first of the things in which they differ: a line that is indented by two.
std::string difference(std::string_view message) {
    const auto begin = message.find("\n  ");
    return std::string(begin == message.npos
                           ? message
                           : message.substr(begin + 3, message.find('\n', begin + 1) - begin - 3));
}

} // namespace

TENON_EXPORT(ledger, silent, "silent", "1.0.0")

int main(int, char** arguments) {
    try {
        std::cout << use(arguments[1]) << '\n';
    } catch (const tenon::error& e) {
        std::cout << "they do not fit: " << difference(e.what()) << '\n';
    } catch (const std::exception& e) {
        std::cout << e.what() << '\n';
    }
}
