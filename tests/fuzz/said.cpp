// SPDX-License-Identifier: MIT
// What other programs have written down: diagnostics, makefiles of what was read, lists of what was linked,
// records of builds.
#include <tenon/detail/build/compilation.hpp>
#include <tenon/detail/cache/build_record.hpp>
#include <tenon/diagnostic.hpp>

#include <string>

#include "answer.hpp"

namespace {

const std::string digest(64, 'a');

/// A record that was read says the same once it is written and read again.
void reread(const tenon::detail::build_record& record) {
    const tenon::detail::build_record again(record.with({digest, 1, digest}));
    fuzz::require(!again.results().empty() && again.results()[0].key == digest);
    std::size_t kept = 1;
    for (const auto& each : record.results())
        if (each.key != digest && kept < again.results().size())
            fuzz::require(again.results()[kept++].key == each.key);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text(data, size);
    fuzz::answer([&] {
        for (const auto& each : tenon::detail::diagnostic_reader("/plugin").read(input))
            fuzz::require(each.place().size() >= each.file.size());
        tenon::detail::read_dependencies(input);
        tenon::detail::read_linked(input);
        const std::string text(input);
        reread(tenon::detail::build_record(text));
        reread(tenon::detail::build_record(text, 1));
        reread(tenon::detail::build_record("tenon build record 2\n" + text));
    });
    return 0;
}
