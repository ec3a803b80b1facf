// SPDX-License-Identifier: MIT
#ifndef TENON_DIAGNOSTIC_HPP
#define TENON_DIAGNOSTIC_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tenon/error.hpp>

namespace tenon::inline v1 {

/// One message of a compiler, a linker or CMake: an error, a warning or a note.
struct TENON_HOST_TYPE diagnostic {
    enum class severity { note, warning, error };

    severity level = severity::error;
    std::string file{};     ///< empty where it is about no file
    std::size_t line = 0;   ///< from 1; 0 where that is not known
    std::size_t column = 0; ///< from 1; 0 where that is not known
    std::string text{};
    std::vector<diagnostic> notes{}; ///< what belongs to it: where it was included, instantiated or declared

    /// `/opt/users/json.cpp:12:7`, as editors and terminals open it.
    std::string place() const {
        std::string where = file;
        for (const std::size_t number : {line, column})
            if (number != 0)
                where += ':' + std::to_string(number);
        return where;
    }

    /// `/opt/users/json.cpp:12:7: warning: unused variable 'x' [-Wunused]`, as a compiler prints it, and a
    /// line for each note.
    std::string message() const {
        constexpr const char* word[] = {"note: ", "warning: ", "error: "};
        std::string lines = place() + (file.empty() ? "" : ": ") + word[static_cast<int>(level)] + text;
        for (const diagnostic& note : notes)
            lines += '\n' + note.message();
        return lines;
    }
};

/// A command of a build that failed.
struct TENON_HOST_TYPE failed_command {
    std::string command{}; ///< as one would type it
    std::string ending{};  ///< `exited with status 1`, `was killed by signal 11 (Segmentation fault)`
    std::optional<int> exit_status{}, signal{};
    std::string output{}; ///< word for word
    std::vector<diagnostic> diagnostics{};
};

/// The error of a build in which commands failed. Copying one does not throw.
///
///     catch (const tenon::build_error& e) { std::cerr << e.commands()[0].ending; }   // exited with status 1
///
/// The first line of `what()` is the cause. Each command follows, with how it ended and all of its output.
class TENON_HOST_TYPE build_error : public error {
public:
    build_error(errc code, const std::string& text, const std::string& directory,
                std::vector<failed_command> commands)
        : error(code, text, directory),
          commands_(std::make_shared<const std::vector<failed_command>>(std::move(commands))) {}

    const std::vector<failed_command>& commands() const noexcept { return *commands_; }

    const void* details() const noexcept override { return commands_.get(); }

private:
    std::shared_ptr<const std::vector<failed_command>> commands_;
};

/// The commands that failed in a build. The list is empty for other errors, and for errors of another copy of
/// tenon in this process.
///
///     catch (const tenon::error& e) {
///         for (const tenon::failed_command& failed : tenon::failed_commands(e))
///             std::cerr << failed.command << ' ' << failed.ending << '\n';   // g++ … exited with status 1
///     }
TENON_HIDDEN inline std::vector<failed_command> failed_commands(const error& failed) {
    // In a copy of tenon that was compiled with other modes, vectors may have another layout.
    if (&failed.code().category() != &category() || !failed.details())
        return {};
    return *static_cast<const std::vector<failed_command>*>(failed.details());
}

/// The messages of compilers and linkers in a build that failed. The list is empty for other errors.
///
///     catch (const tenon::error& e) {
///         for (const tenon::diagnostic& found : tenon::diagnostics(e))
///             editor.mark(found.file, found.line, found.column, found.text);
///     }
TENON_HIDDEN inline std::vector<diagnostic> diagnostics(const error& failed) {
    std::vector<diagnostic> all;
    for (failed_command& command : failed_commands(failed))
        for (diagnostic& said : command.diagnostics)
            all.push_back(std::move(said));
    return all;
}

} // namespace tenon::inline v1

#endif
