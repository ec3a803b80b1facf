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
        throw error::not_a_library("./x.so", "it is empty");
    } catch (const std::system_error& e) {
        CHECK(e.code() == errc::not_a_library);
        CHECK(std::string(e.what()) == "'./x.so' is not a library that this program can load: it is empty");
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

TEST_CASE("what a library lacks is said beside what it has", "[error]") {
    CHECK(
        text(error::not_a_plugin("x.so", "greeter", "")) ==
        "'x.so' has no plugins: it was not made with TENON_EXPORT; a plugin of type 'greeter' was asked for");
    CHECK(text(error::not_a_plugin("x.so", "greeter", "counter up")) ==
          "'x.so' has no plugin of type 'greeter'; it has counter up");
    CHECK(text(error::no_such_plugin("x.so", "greeter", "polite", "rude, loud")) ==
          "'x.so' has no plugin of type 'greeter' named 'polite'; it has rude, loud");
    CHECK(text(error::several_plugins("x.so", "greeter", "rude, loud")) ==
          "'x.so' has several plugins of type 'greeter': rude, loud; choose one by adding '#' and its name");
}

TEST_CASE("what does not fit is shown between what was loaded and what to do", "[error]") {
    CHECK(text(error::other_toolchain("x.so", "polite", "  library\n    host:   a\n    plugin: b\n")) ==
          "the plugin 'polite' in 'x.so' was compiled with another toolchain than this program:\n"
          "  library\n    host:   a\n    plugin: b\n"
          "compile it with the same standard library, mode and sanitizer");
    CHECK(text(error::misfit("x.so", "polite", "greeter", "  greet\n    host:   a\n    plugin: b\n")) ==
          "the plugin 'polite' in 'x.so' was compiled against another 'greeter' than this program:\n"
          "  greet\n    host:   a\n    plugin: b\n"
          "compile both against the same header");
    CHECK(text(error::bad_interface("greeter", "`methods` names greet twice\n")) ==
          "the interface 'greeter' does not describe itself: `methods` names greet twice\n"
          "name every virtual function in `methods`");
    CHECK(
        text(error::plugin_has_bad_interface("x.so", "polite", "greeter", "`methods` names greet twice\n")) ==
        "the plugin 'polite' in 'x.so' was compiled against a 'greeter' that does not describe itself: "
        "`methods` names greet twice\nname every virtual function in `methods`");
}

TEST_CASE("a manifest and an export table that do not belong together are said to", "[error]") {
    CHECK(text(error::note_changed("x.so")) ==
          "'x.so' changed while it was being loaded: its manifest in memory is not the one in the file");
    CHECK(text(error::export_table("x.so", "polite")) == "'x.so' says that it has a plugin 'polite', and its "
                                                         "export table does not; compile the library again");
}
