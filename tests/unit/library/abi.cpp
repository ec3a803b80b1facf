// SPDX-License-Identifier: MIT
#include <tenon/detail/library/abi.hpp>

#include <cstdint>
#include <string_view>

#include <tenon/detail/library/mangled_name.hpp>

#include "abi.hpp"
#include "catch.hpp"
#include "plugins/calculator.hpp"

using tenon::detail::plugin_abi;
using tenon::detail::slot_of;
using tests::abi_here;

TEST_CASE("the ABI of an interface in this image is read from its own notes", "[abi]") {
    const plugin_abi& here = abi_here<calc::calculator>();
    CHECK(tenon::detail::readable(here.interface) == "calc::calculator");
    CHECK(tenon::detail::readable_list(here.factory) == "int");
    CHECK(here.has_destructor);
    CHECK(here.slots == 5);
    REQUIRE(here.methods.size() == 3);
    CHECK(tenon::detail::readable(here.methods[0].signature) == "int (int, int)");
    CHECK(here.methods[0].slot == 2);
    CHECK(here.types.size() == 2);
}

TEST_CASE("the words of a member pointer give a slot, or say that there is none", "[abi]") {
    static_assert(sizeof(void*) == 8);
#ifdef __aarch64__
    CHECK(slot_of(16, 1) == 2);
    CHECK(slot_of(16, 0) == tenon::detail::no_slot);
#else
    CHECK(slot_of(17, 0) == 2);
    CHECK(slot_of(16, 0) == tenon::detail::no_slot); // a function that is not virtual
    CHECK(slot_of(17, 8) == tenon::detail::no_slot); // of a second base
#endif
}

TEST_CASE("a note is read from front to back and stays failed", "[abi]") {
    tenon::detail::note_reader reader(std::string_view("\1\0\0\0one\0two", 11));
    CHECK(reader.word<std::uint32_t>() == 1);
    CHECK(reader.text() == "one");
    CHECK(!reader.failed());
    CHECK(reader.text() == ""); // never ended
    CHECK(reader.failed());
    CHECK(reader.word<std::uint32_t>() == 0);
    CHECK(reader.text() == "");
    CHECK(reader.failed());
}
