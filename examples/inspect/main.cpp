// SPDX-License-Identifier: MIT
// Prints the manifests of libraries, without running any of their code.
//
//   c++ -std=c++20 -Iinclude examples/inspect/main.cpp -o inspect
//   ./inspect libhello.so
//
// Exit status: 0: all are sound; 1: one has no plugins, or an incomplete interface; 2: one cannot be read.
#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>

#include <tenon/manifest.hpp>

namespace {

void print_lines(std::string_view indent, std::string_view lines) {
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        std::cout << indent << line << '\n';
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
}

void print(const tenon::manifest::plugin& plugin) {
    std::cout << "  " << plugin.type << ' ' << plugin.name << ' ' << plugin.version << '\n';
    print_lines("  ", plugin.description());
    std::cout << "    toolchain\n";
    print_lines("      ", plugin.toolchain);
}

int inspect(const char* path) try {
    const tenon::manifest manifest(path);
    std::cout << path << (manifest.plugins().empty() ? ": no plugins\n" : "\n");
    int status = manifest.plugins().empty() ? 1 : 0;
    for (const auto& plugin : manifest.plugins()) {
        print(plugin);
        if (const std::string wrong = plugin.incompleteness(); !wrong.empty()) {
            std::cout << "    incomplete\n";
            print_lines("      ", wrong);
            status = 1;
        }
    }
    return status;
} catch (const tenon::error& e) {
    std::cerr << "inspect: " << e.what() << '\n';
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: inspect LIBRARY...\n";
        return 2;
    }
    int status = 0;
    for (int i = 1; i < argc; ++i)
        status = std::max(status, inspect(argv[i]));
    return std::cout.flush() ? status : 2;
}
