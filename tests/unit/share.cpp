// SPDX-License-Identifier: MIT
#include <tenon/share.hpp>

#include "catch.hpp"
#include "compiled.hpp"
#include "plugins/part.hpp"

namespace {

bool mapped(const tests::fs::path& library) {
    return tests::read("/proc/self/maps").find(library.native()) != std::string::npos;
}

} // namespace

TEST_CASE("a shared plugin goes with its last owner, the object before the code", "[share]") {
    const tests::scratch_directory scratch;
    const auto library = tests::compiled(scratch / "part.so",
                                         tests::source_directory / "tests/plugins/part.cpp", {}, TENON_CXX);
    part_counts counts{};
    std::shared_ptr<part> first = tenon::share(tenon::plugin<part>{library, counts});
    const std::weak_ptr<part> weak = first;
    {
        const std::shared_ptr<part> second = first;
        first.reset();
        CHECK(second->version() == 1);
        CHECK(counts.destroyed == 0);
        CHECK(mapped(library));
    }
    CHECK(counts.destroyed == 1);
    CHECK(weak.expired());
    CHECK_FALSE(mapped(library));
}

TEST_CASE("a handle that holds nothing is shared as nothing", "[share]") {
    CHECK(tenon::share(tenon::plugin<part>{}) == nullptr);
}
