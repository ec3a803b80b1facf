// SPDX-License-Identifier: MIT
// Which of a library's plugins a host may use; what handles make of it is in plugin.cpp.
#include <tenon/detail/library/compatibility.hpp>

#include <tenon/detail/library/library.hpp>
#include <tenon/detail/library/plugin_code_definitions.hpp>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/part.hpp"

using tenon::detail::expected_abi;
using tenon::detail::fitting_plugin;
using tenon::detail::notes_here;

namespace forgetful {

struct speaker {
    static constexpr tenon::plugin_type type{"speaker"};
    virtual ~speaker() = default;
    virtual int louder() = 0;
    virtual int softer() = 0;
    using methods = tenon::methods<&speaker::softer>;
};

} // namespace forgetful

namespace thorough {

struct speaker {
    static constexpr tenon::plugin_type type{"speaker"};
    virtual ~speaker() = default;
    virtual int louder() = 0;
    using methods = tenon::methods<&speaker::louder>;
};

} // namespace thorough

namespace {

const char* const plugin_source = R"(
#include <tenon/export.hpp>
namespace forgetful {
struct speaker {
    static constexpr tenon::plugin_type type{"speaker"};
    virtual ~speaker() = default;
    virtual int louder() = 0;
    virtual int softer() = 0;
    using methods = tenon::methods<&speaker::softer>;
};
struct quiet : speaker {
    int louder() override { return 2; }
    int softer() override { return 1; }
};
}
TENON_EXPORT(forgetful::speaker, forgetful::quiet, "quiet", "1.0.0")
)";

const std::string left_out =
    "`forgetful::speaker::methods` names 1 of 2 virtual functions: no name stands for the slots 0, 1, 2, of "
    "which two are the destructor's\nname every virtual function in `methods`";

} // namespace

TEST_CASE("a host whose interface leaves a virtual function out finds out when it first uses it", "[fit]") {
    CHECK_THROWS_WITH(expected_abi(notes_here<forgetful::speaker>()),
                      "the interface 'speaker' does not describe itself: " + left_out);
    CHECK_THROWS_AS(expected_abi(notes_here<forgetful::speaker>()), tenon::error); // and each time after that
    CHECK(expected_abi(notes_here<part>()).methods.size() == 2);
}

TEST_CASE("a plugin that was compiled against an interface that leaves a virtual function out is refused",
          "[fit]") {
    const tests::scratch_directory scratch;
    tests::write(scratch / "quiet.cpp", plugin_source);
    const auto library = tests::compiled(scratch / "quiet.so", scratch / "quiet.cpp", {}, TENON_CXX);
    const tenon::manifest manifest(library);
    CHECK_THROWS_WITH(
        fitting_plugin(manifest, "quiet.so", "", notes_here<thorough::speaker>()),
        "the plugin 'quiet' in 'quiet.so' was compiled against a 'speaker' that does not describe itself: " +
            left_out);
}

TEST_CASE("the only plugin of a type needs no name, and is found by its name", "[fit]") {
    const tests::scratch_directory scratch;
    const auto library = tests::compiled(scratch / "part.so",
                                         tests::source_directory / "tests/plugins/part.cpp", {}, TENON_CXX);
    const tenon::manifest manifest(library);
    const auto& host = notes_here<part>();
    CHECK(fitting_plugin(manifest, "part.so", "", host).name == "plain");
    CHECK(fitting_plugin(manifest, "part.so", "plain", host).version == "1.0.0");
    CHECK_THROWS_WITH(fitting_plugin(manifest, "part.so", "other", host),
                      "'part.so' has no plugin of type 'part' named 'other'; it has 'plain'");
    CHECK_THROWS_WITH(fitting_plugin(manifest, "part.so", "", notes_here<thorough::speaker>()),
                      "'part.so' has no plugin of type 'speaker'; it has 'plain' of type 'part'");
}

TEST_CASE("what a library lacks is said beside what it has", "[compatibility]") {
    CHECK(
        tests::text_of(tenon::detail::not_a_plugin("x.so", "greeter", "")) ==
        "'x.so' has no plugins: it was not made with TENON_EXPORT; a plugin of type 'greeter' was asked for");
    CHECK(tests::text_of(tenon::detail::not_a_plugin("x.so", "greeter", "counter up")) ==
          "'x.so' has no plugin of type 'greeter'; it has counter up");
    CHECK(tests::text_of(tenon::detail::no_such_plugin("x.so", "greeter", "polite", "rude, loud")) ==
          "'x.so' has no plugin of type 'greeter' named 'polite'; it has rude, loud");
    CHECK(tests::text_of(tenon::detail::several_plugins("x.so", "greeter", "rude, loud")) ==
          "'x.so' has several plugins of type 'greeter': rude, loud; choose one by adding '#' and its name");
}

TEST_CASE("what does not fit is shown between what was loaded and what to do", "[compatibility]") {
    CHECK(tests::text_of(tenon::detail::other_toolchain("x.so", "polite",
                                                        "  library\n    host:   a\n    plugin: b\n")) ==
          "the plugin 'polite' in 'x.so' was compiled with another toolchain than this program:\n"
          "  library\n    host:   a\n    plugin: b\n"
          "compile it with the same standard library, mode and sanitizer");
    CHECK(tests::text_of(tenon::detail::misfit("x.so", "polite", "greeter",
                                               "  greet\n    host:   a\n    plugin: b\n")) ==
          "the plugin 'polite' in 'x.so' was compiled against another 'greeter' than this program:\n"
          "  greet\n    host:   a\n    plugin: b\n"
          "compile both against the same header");
    CHECK(tests::text_of(tenon::detail::bad_interface("greeter", "`methods` names greet twice\n")) ==
          "the interface 'greeter' does not describe itself: `methods` names greet twice\n"
          "name every virtual function in `methods`");
    CHECK(tests::text_of(tenon::detail::plugin_has_bad_interface("x.so", "polite", "greeter",
                                                                 "`methods` names greet twice\n")) ==
          "the plugin 'polite' in 'x.so' was compiled against a 'greeter' that does not describe itself: "
          "`methods` names greet twice\nname every virtual function in `methods`");
}

TEST_CASE("a manifest and an export table that do not belong together are said to", "[compatibility]") {
    CHECK(tests::text_of(tenon::detail::note_changed("x.so")) ==
          "'x.so' changed while it was being loaded: its manifest in memory is not the one in the file");
    CHECK(tests::text_of(tenon::detail::export_table("x.so", "polite")) ==
          "'x.so' says that it has a plugin 'polite', and its "
          "export table does not; compile the library again");
}
