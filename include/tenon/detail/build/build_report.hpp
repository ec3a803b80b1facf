// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_BUILD_BUILD_REPORT_HPP
#define TENON_DETAIL_BUILD_BUILD_REPORT_HPP

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/diagnostic.hpp>
#include <tenon/event.hpp>

#include <tenon/detail/system/diagnostic_reader.hpp>
#include <tenon/detail/system/event_report.hpp>

namespace tenon::inline v1::detail {
inline namespace TENON_OWN {

/// Reports the steps of a build, and the warnings of compilers, linkers and CMake. Each warning is reported
/// once, however many sources include the header that it is about.
class build_report {
public:
    /// For the plugin called `name`, compiled in `directory`. The handler has to outlive the report.
    build_report(const event_handler& handler, std::string name, std::string directory)
        : handler_(handler), name_(std::move(name)), directory_(std::move(directory)) {}

    void step(event::step step, std::size_t done = 0, std::size_t all = 0) const {
        tell(handler_, {step, name_, done, all});
    }

    /// Reports the warnings in the output of a program.
    void said(std::string_view text) {
        for (diagnostic& warning : diagnostic_reader(directory_).read(text)) {
            // Linkers do not label all of their warnings.
            if (warning.level == diagnostic::severity::error)
                warning.level = diagnostic::severity::warning;
            if (told_.insert(warning.place() + '\n' + warning.text).second) {
                warnings_.push_back(std::move(warning));
                tell(handler_, {.what = event::step::warning, .subject = name_, .said = warnings_.back()});
            }
        }
    }

    std::vector<diagnostic> take_warnings() { return std::move(warnings_); }

private:
    const event_handler& handler_;
    std::string name_, directory_;
    std::set<std::string> told_;
    std::vector<diagnostic> warnings_;
};

} // namespace TENON_OWN
} // namespace tenon::inline v1::detail

#endif
