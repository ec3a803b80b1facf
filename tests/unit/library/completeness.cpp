// SPDX-License-Identifier: MIT
#include <tenon/detail/library/completeness.hpp>

#include <cstdint>
#include <string>

#include <tenon/manifest.hpp>

#include "abi.hpp"
#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/calculator.hpp"

using tenon::detail::incompleteness;
using tenon::detail::plugin_abi;
using tests::abi_here;

namespace described_wrongly {

struct whole {
    static constexpr tenon::plugin_type type{"whole"};
    virtual ~whole() = default;
    virtual int first(int) = 0;
    virtual int second(int) = 0;
    virtual int third(int) = 0;
    using methods = tenon::methods<&whole::first, &whole::second, &whole::third>;
};

struct lacks_first : whole {
    using methods = tenon::methods<&whole::second, &whole::third>;
};
struct lacks_middle : whole {
    using methods = tenon::methods<&whole::first, &whole::third>;
};
struct lacks_last : whole {
    using methods = tenon::methods<&whole::first, &whole::second>;
};
struct adds_one : whole {
    virtual void fourth() = 0;
};
struct names_twice : whole {
    using methods = tenon::methods<&whole::first, &whole::second, &whole::first, &whole::third>;
};
struct in_other_order : whole {
    using methods = tenon::methods<&whole::third, &whole::first, &whole::second>;
};
struct destructor_last {
    static constexpr tenon::plugin_type type{"destructor-last"};
    virtual int first(int) = 0;
    virtual ~destructor_last() = default;
    using methods = tenon::methods<&destructor_last::first>;
};
// Functions with names that tenon uses itself.
struct ends {
    static constexpr tenon::plugin_type type{"ends"};
    virtual ~ends() = default;
    virtual int begin() const = 0;
    virtual int end() const = 0;
    virtual operator int*() = 0;
    virtual int tail() = 0;
    using methods = tenon::methods<&ends::begin, &ends::end, &ends::operator int*, &ends::tail>;
};
#ifndef __clang__ // which refuses it sooner
struct names_plain : whole {
    int plain(int of) { return of; }
    using methods = tenon::methods<&whole::first, &whole::second, &whole::third, &names_plain::plain>;
};
#endif

struct takes_one {
    static constexpr tenon::plugin_type type{"takes-one"};
    virtual ~takes_one() = default;
    virtual int take(adds_one&) = 0;
    using methods = tenon::methods<&takes_one::take>;
};

} // namespace described_wrongly

TEST_CASE("an interface that names all of its virtual functions is complete, in whatever order",
          "[completeness]") {
    using namespace described_wrongly;
    CHECK(incompleteness(abi_here<whole>()) == "");
    CHECK(incompleteness(abi_here<in_other_order>()) == "");
    CHECK(incompleteness(abi_here<destructor_last>()) == "");
    CHECK(incompleteness(abi_here<ends>()) == "");
    CHECK(incompleteness(abi_here<calc::calculator>()) == "");
}

TEST_CASE("an interface that does not name all of its virtual functions once says which slots are left",
          "[completeness]") {
    using namespace described_wrongly;
    const auto too_few = [](const std::string& name, const std::string& named, const std::string& slots) {
        return "`described_wrongly::" + name + "::methods` names " + named +
               " virtual functions: no name stands for the slots " + slots +
               ", of which two are the destructor's\n`described_wrongly::" + name +
               "::methods` is inherited from the base `described_wrongly::whole`, or names functions of that "
               "alone: say `using methods "
               "= tenon::methods<...>;` in `described_wrongly::" +
               name + "` itself, with every virtual function of both\n";
    };
    CHECK(incompleteness(abi_here<lacks_first>()) == too_few("lacks_first", "2 of 3", "0, 1, 2"));
    CHECK(incompleteness(abi_here<lacks_middle>()) == too_few("lacks_middle", "2 of 3", "0, 1, 3"));
    CHECK(incompleteness(abi_here<lacks_last>()) == too_few("lacks_last", "2 of 3", "0, 1, 4"));
    CHECK(incompleteness(abi_here<adds_one>()) == too_few("adds_one", "3 of 4", "0, 1, 5"));
    CHECK(incompleteness(abi_here<names_twice>()) ==
          "`described_wrongly::names_twice::methods` names first twice\n");
#ifndef __clang__
    CHECK(incompleteness(abi_here<names_plain>()) == "`described_wrongly::names_plain::methods` names plain, "
                                                     "which is not a virtual function of its first base\n");
#endif
}

TEST_CASE("a virtual table of a size that none has makes an interface incomplete", "[completeness]") {
    plugin_abi damaged = abi_here<described_wrongly::whole>();
    const auto with_slots = [&](std::uint64_t count) {
        damaged.slots = count;
        return incompleteness(damaged);
    };
    const auto refusal = [](const std::string& slots) {
        return "the number of slots in the virtual table of `described_wrongly::whole`, " + slots +
               ", cannot be: two are the destructor's, and no table has more than 100000\n";
    };
    CHECK(with_slots(0) == refusal("0"));
    CHECK(with_slots(1) == refusal("1"));
    CHECK(with_slots(100'001) == refusal("100001"));
    CHECK(with_slots(tenon::detail::no_slot) == refusal("unknown"));
    CHECK(with_slots(2) ==
          "the slot of first is outside of the virtual table of `described_wrongly::whole`\n"
          "the slot of second is outside of the virtual table of `described_wrongly::whole`\n"
          "the slot of third is outside of the virtual table of `described_wrongly::whole`\n");
    damaged.methods.clear();
    CHECK(with_slots(2) == "");
    CHECK(with_slots(100'000) == "`described_wrongly::whole::methods` names 0 of 99998 virtual functions: no "
                                 "name stands for the slots 0, 1, 2, 3, 4, 5, 6, 7, "
                                 "8, 9, 10, 11, 12, 13, 14, 15, ..., of which two are the destructor's\n");
}

TEST_CASE("an interface that is reached and does not name all of its functions is found as any other",
          "[completeness]") {
    CHECK(incompleteness(abi_here<described_wrongly::takes_one>()) ==
          incompleteness(abi_here<described_wrongly::adds_one>()));
    const tests::scratch_directory scratch;
    const tenon::manifest served{tests::compiled(scratch / "served.so",
                                                 tests::source_directory / "tests/plugins/served.cpp",
                                                 {"-DSERVICES=INCOMPLETE"})};
    CHECK(served.plugins().at(0).incompleteness() ==
          "`served::services::methods` names 1 of 2 virtual functions: no name stands for the "
          "slots 0, 1, 3, of which two are the destructor's\n");
}
