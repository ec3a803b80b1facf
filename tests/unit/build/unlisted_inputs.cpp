// SPDX-License-Identifier: MIT
#include <tenon/detail/build/unlisted_inputs.hpp>

#include <string>
#include <vector>

#include "catch.hpp"

using tenon::detail::unlisted_inputs_in;
using list = std::vector<std::string>;

TEST_CASE("the names that a source asks for with __has_include and its like are found", "[unlisted_inputs]") {
    const auto asked = [](const char* text) { return unlisted_inputs_in(text).asked; };
    CHECK(asked("#if __has_include(\"local.hpp\")\n#endif") == list{"local.hpp"});
    CHECK(asked("#if defined(X) && __has_include ( <a/b.h> ) || __has_include(<c>)") == list{"a/b.h", "c"});
    CHECK(asked("#elif __has_include_next(<x.h>)\n# if __has_embed(\"y.png\" limit(1))") ==
          list{"x.h", "y.png"});
    CHECK(asked("#ifdef __has_include\n#if defined(__has_include) && 1") == list{});
    CHECK(asked("// __has_include(\"a\")\n * __has_include(\"b\")\n/* __has_include(\"c\") */") == list{});
    CHECK(asked("") == list{});
}

TEST_CASE("the files that a source has embedded are found", "[unlisted_inputs]") {
    const auto embedded = [](const char* text) { return unlisted_inputs_in(text).embedded; };
    CHECK(embedded(R"(asm(".incbin \"data.txt\"\n");)") == list{"data.txt"});
    CHECK(embedded("asm(R\"(.incbin \"a/b.bin\", 4, 8)\");") == list{"a/b.bin"});
    CHECK(embedded(R"(asm(".include \"more.s\"");)") == list{"more.s"});
    CHECK(embedded("#embed <logo.png> limit(10)\n  #  embed \"x.bin\"") == list{"logo.png", "x.bin"});
    CHECK(embedded("int embed = 1; embed(\"x\"); // .incbin \"y\"") == list{});
}

TEST_CASE("a name that a macro stands for is not known", "[unlisted_inputs]") {
    for (const char* text :
         {"#if __has_include(CONFIG)", "#if __has_include(", R"(asm(".incbin \"" PATH "\"");)",
          R"(asm(".incbin " TEXT(PATH));)", "#embed DATA"}) {
        INFO(text);
        CHECK(unlisted_inputs_in(text).unknown);
    }
    for (const char* text : {"#if __has_include(<x>)", R"(asm(".incbin \"x\"");)", "// see .incbin",
                             "#embed \"x\"", "this.include(x)", "// __has_include(x)"}) {
        INFO(text);
        CHECK_FALSE(unlisted_inputs_in(text).unknown);
    }
}
