// SPDX-License-Identifier: MIT
#include <tenon/detail/build/include_scan.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "program.hpp"

using tenon::detail::basic_include_scan;
using tenon::detail::included_in;
using tests::scratch_directory;
using tests::write;

TEST_CASE("the headers that a text includes are found, whatever stands around them", "[header_search]") {
    using names = std::vector<std::string_view>;
    CHECK(included_in("").empty());
    CHECK(included_in("#include \"a.hpp\"\n  # include <b/c>\n#if 0\n\t#\tinclude\"d\" // why\n#endif") ==
          names{"\"a.hpp\"", "<b/c>", "\"d\""});
    CHECK(included_in("#include MACRO\n#include \"open\n#include <\n#include \"\"\n#includes\nint include;")
              .empty());
}

TEST_CASE("a search has all files on the way to a header, and the folders where it would be found first",
          "[header_search]") {
    const scratch_directory root;
    write(root / "sources/a.cpp", "#include \"own.hpp\"\n#include <net/port.hpp>\n#include <string>\n");
    write(root / "sources/own.hpp", "#include \"own.hpp\"\n#include \"a/missing.hpp\"\n");
    write(root / "late/net/port.hpp", "");
    create_directory(root / "early");
    const auto in = [&](const std::string& name) { return (root / name).native(); };
    CHECK(basic_include_scan<>({in("sources/a.cpp"), in("sources/gone.cpp")}, {in("early"), in("late")})
              .paths() == std::set<std::string>{in("early"), in("late"), in("late/net"),
                                                in("late/net/port.hpp"), in("sources"), in("sources/a.cpp"),
                                                in("sources/gone.cpp"), in("sources/own.hpp")});
}
