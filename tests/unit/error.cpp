// SPDX-License-Identifier: MIT
#include <tenon/error.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <type_traits>

#include "catch.hpp"

using tenon::errc;
using tenon::error;

namespace {

static_assert(std::is_nothrow_copy_constructible_v<error> && std::is_nothrow_copy_assignable_v<error>);
static_assert(std::is_base_of_v<std::system_error, error>);
static_assert(std::is_error_code_enum_v<errc>);

std::string text(const error& of) {
    return of.what();
}

} // namespace

TEST_CASE("each code has words of its own", "[error]") {
    std::string all;
    for (int i = 0; i <= static_cast<int>(errc::too_many); ++i) {
        const std::string message = tenon::category().message(i);
        CHECK(message != "unknown error");
        CHECK(all.find("\n" + message + "\n") == std::string::npos);
        all += "\n" + message + "\n";
    }
    CHECK(tenon::category().message(static_cast<int>(errc::fetch_failed)) == "fetch failed");
    CHECK(tenon::category().message(static_cast<int>(errc::too_many) + 1) == "unknown error");
    CHECK(tenon::category().message(-1) == "unknown error");
    CHECK(std::string(tenon::category().name()) == "tenon");
}

TEST_CASE("an error is caught as what it is derived from, with its code, path and text", "[error]") {
    try {
        throw error(errc::not_a_library, "'./x.so' is empty", "./x.so");
    } catch (const std::system_error& e) {
        CHECK(e.code() == errc::not_a_library);
        CHECK(std::string(e.what()) == "'./x.so' is empty");
        const auto& ours = dynamic_cast<const error&>(e);
        CHECK(std::string(ours.path()) == "./x.so");
    }
    CHECK(std::string(error(errc::not_found, "gone").path()).empty());
}

TEST_CASE("a copy says the same after the first is gone", "[error]") {
    auto* first = new error(error::system_call("open", "./x.so", EACCES));
    error copy = *first, assigned = error::bad_plugin_name("X");
    assigned = *first;
    delete first;
    for (error* each : {&copy, &assigned}) {
        CHECK(text(*each) == "cannot open './x.so': Permission denied");
        CHECK(std::string(each->path()) == "./x.so");
        CHECK(each->code() == errc::system_call);
    }
}
