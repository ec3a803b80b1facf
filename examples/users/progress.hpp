// SPDX-License-Identifier: MIT
// Shows the progress of a loader on a terminal or in a log.
#ifndef USERS_PROGRESS_HPP
#define USERS_PROGRESS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include <tenon/event.hpp>

namespace users {

/// Names from elsewhere may have line breaks and control characters, which must not reach the terminal.
inline std::string printable(std::string text) {
    std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c == 127; }, '?');
    return text;
}

/// The same for a text of several lines.
inline std::string printable_lines(std::string text) {
    std::ranges::replace_if(text, [](unsigned char c) { return (c < ' ' && c != '\n') || c == 127; }, '?');
    return text;
}

/// An upper bound on the columns of a UTF-8 text. Continuation bytes take none, and no character takes more
/// than two.
inline std::size_t width(std::string_view text) {
    std::size_t columns = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        columns += byte < 0x80 ? 1 : byte >= 0xc0 ? 2 : 0;
    }
    return columns;
}

/// The longest beginning of a text, in whole characters, that fits into `columns`.
inline std::string_view fitting(std::string_view text, std::size_t columns) {
    std::size_t size = 0;
    for (std::size_t i = 1; i <= text.size() && width(text.substr(0, i)) <= columns; ++i)
        if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
            size = i;
    return text.substr(0, size);
}

/// `compiling passwd (3 of 12) [=====>              ]`, within `columns`. The bar is left out if there is no
/// room.
inline std::string bar(const tenon::event& step, std::size_t columns) {
    std::string line(fitting(printable(step.text()), columns));
    const std::size_t room = columns - width(line), most = 40, least = 10;
    if (step.of < 2 || room < least + 3)
        return line;
    const std::size_t length = std::min(most, room - 3);
    const std::size_t filled = length * std::min(step.done, step.of) / step.of;
    return line + " [" + std::string(filled, '=') + (filled < length ? ">" : "") +
           std::string(length - std::min(length, filled + 1), ' ') + ']';
}

/// Shows events on standard error. A terminal gets one line, which is redrawn, and erased on destruction.
/// Otherwise each step that takes time gets a line. Uses no colours, so NO_COLOR has no effect.
class progress {
public:
    progress() = default;
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() { clear(); }

    void operator()(const tenon::event& step) {
        using enum tenon::event::step;
        if (step.what == falling_back) {
            clear();
            std::cerr << step.text() << '\n'; // several lines, which have to stay readable
        } else if (step.what == warning) {
            clear();
            std::cerr << printable_lines(step.text()) << '\n';
        } else if (redraws_) {
            draw(step.what == cached ? ""
                                     : bar(step, columns() - 1)); // the last column would begin another line
        } else if (step.done == 0 && (step.what == resolving || step.what == fetching ||
                                      step.what == waiting || step.what == compiling)) {
            std::cerr << printable(step.text()) << '\n';
        }
    }

private:
    static bool can_redraw() {
        const char* terminal = std::getenv("TERM");
        return ::isatty(STDERR_FILENO) && terminal && *terminal && std::string_view(terminal) != "dumb";
    }

    // Queried each time, because the window may be resized.
    static std::size_t columns() {
        winsize size{};
        const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        return known ? size.ws_col : 80;
    }

    void draw(const std::string& line) {
        if (line.empty() && !drawn_)
            return;
        std::cerr << "\r" + line + "\x1b[K" << std::flush; // in one write, to avoid flicker
        drawn_ = !line.empty();
    }
    void clear() { draw(""); }

    const bool redraws_ = can_redraw();
    bool drawn_ = false;
};

} // namespace users

#endif
