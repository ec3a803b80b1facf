// SPDX-License-Identifier: MIT
// compile_flags.txt.
#include <tenon/detail/build/compile_flags.hpp>
#include <tenon/detail/build/flag_inputs.hpp>

#include <string>

#include "answer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = fuzz::text(data, size);
    for (const bool may_run_programs : {false, true})
        fuzz::answer([&] {
            tenon::detail::compile_flags flags(may_run_programs);
            flags.add_lines(input, "compile_flags.txt");
            std::size_t words = 0;
            // What is left over takes neither the builder's outputs nor its inputs away, however it was
            // written down.
            for (const auto* list : {&flags.compile(), &flags.link()})
                for (const std::string& each : *list) {
                    ++words;
                    fuzz::require(!each.empty() && each.find('\n') == each.npos);
                    fuzz::require(each[0] != '@' && each.compare(0, 2, "-o") != 0 &&
                                  each.compare(0, 2, "-M") != 0);
                    fuzz::require(may_run_programs ||
                                  (each.compare(0, 2, "-B") != 0 && each.compare(0, 8, "-fplugin") != 0));
                }
            for (const std::string& each : flags.common())
                fuzz::require(each.compare(0, 2, "-x") != 0);
            tenon::detail::flag_inputs named;
            named.add(flags.words(), "/no/such/directory");
            for (const std::string& folder : named.folders)
                fuzz::require(!folder.empty() && folder[0] == '/');
            std::size_t lines = 0;
            for (const char c : input)
                lines += c == '\n';
            fuzz::require(words <= lines + 1);
        });
    return 0;
}
