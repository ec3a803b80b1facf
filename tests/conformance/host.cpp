// SPDX-License-Identifier: MIT
// usage: host LIBRARY; says in one line how it and the plugins in the library get on.
//
// With ALL_OF_TENON it has every header, and uses what a host with a configuration would.
#ifdef ALL_OF_TENON
#include <tenon.hpp>
#else
#include <tenon/plugin.hpp>
#include <tenon/registry.hpp>
#include <tenon/share.hpp>
#endif

#include "ledger.hpp"

#include <iostream>
#include <memory>

namespace {

void require(bool holds, const char* what) {
    if (!holds)
        throw std::logic_error(std::string("not so: ") + what);
}
#define REQUIRE(...) require(static_cast<bool>(__VA_ARGS__), #__VA_ARGS__)

struct silent : ledger {
    explicit silent(const std::vector<entry>&) {}
    void add(const entry&) override {}
    std::int64_t total() const override { return -1; }
    std::int64_t total(std::string_view) const override { return -1; }
    std::vector<entry> entries() const override { return {}; }
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
template <class Options>
concept can_be_stopped = requires(Options options) {
    options.stop;
};
#ifdef _LIBCPP_VERSION
static_assert(can_be_stopped<tenon::loader_options> == (_LIBCPP_VERSION >= 200000));
#else
static_assert(can_be_stopped<tenon::loader_options>);
#endif

void use_everything(const std::string& library) {
    const tenon::manifest manifest(library);
    REQUIRE(manifest.plugins().size() == 2 && manifest.plugins()[0].type == "ledger");

    std::string told;
    tenon::loader loader{{.on_event = [&](const tenon::event& step) { told += step.text(); }}};
    use_registry(loader.built_ins());
    REQUIRE(loader.load<ledger>("added", first)->total() == -1);
    REQUIRE(loader.load<ledger>(library + "#book", first)->total() == 40'250);
    tenon::live<ledger> watched = loader.watch<ledger>(library + "#book", first);
    REQUIRE(watched->entries().size() == 2);
    REQUIRE(told.empty());
    REQUIRE(tenon::cache().entries().empty());

    const tenon::loader strict{{.policy = {.kinds = {tenon::driver::kind::name}}}};
    try {
        static_cast<void>(strict.load<ledger>(library, first));
        throw std::logic_error("not so: what the policy does not allow is refused");
    } catch (const tenon::error& e) {
        REQUIRE(std::string_view(e.what()).find("options.policy.kinds") != std::string_view::npos);
        REQUIRE(tenon::diagnostics(e).empty());
    }
}
#endif

std::string use(const std::string& library) {
    tenon::plugin<ledger> book{library + "#book", first};
    book->add({"bread", 260, "rye"});
    REQUIRE(book->total() == 40'510 && book->total("bread") == 510);
    REQUIRE(book->entries().size() == 3 && book->entries()[2].note == "rye");
    REQUIRE(book.info().version == "1.0.0");
    const std::string fit = greatest_common_exception(*book);
    REQUIRE(book.close());

    const std::shared_ptr<ledger> empty = tenon::share(tenon::plugin<ledger>{library + "#empty", first});
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
