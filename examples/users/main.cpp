// SPDX-License-Identifier: MIT
// Asks any user provider: a built-in one, a library, a directory of sources, or a git repository.
//
//   c++ -std=c++20 -Iinclude examples/users/main.cpp -o users
//   ./users examples/users/passwd get root
#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/loader.hpp>

#include "progress.hpp"
#include "users.hpp"

#include "demo/demo.cpp" // built in; included, so that this file compiles alone

namespace {

enum status { found = 0, not_found = 1, failed = 2 };

struct usage_error : std::invalid_argument {
    using invalid_argument::invalid_argument;
};

struct command_form {
    std::string_view name;
    std::size_t operands;
};
constexpr command_form commands[] = {{"get", 1}, {"claim", 2}, {"groups", 1}, {"find", 1}};

struct request {
    std::string driver;
    users::settings settings;
    std::string command; // if empty: shows the driver and all its users
    std::vector<std::string> operands;
};

request parse(std::span<char*> words) {
    request asked;
    auto word = words.begin();
    if (word == words.end())
        throw usage_error("which driver?");
    asked.driver = *word++;
    for (; word != words.end(); ++word) {
        const std::string text = *word;
        const auto equals = text.find('=');
        if (equals == text.npos)
            break;
        asked.settings.values.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
    if (word == words.end())
        return asked;

    asked.command = *word++;
    asked.operands.assign(word, words.end());
    const auto known = std::ranges::find(commands, asked.command, &command_form::name);
    if (known == std::end(commands))
        throw usage_error("unknown command '" + asked.command + "'");
    if (asked.operands.size() != known->operands)
        throw usage_error("'" + asked.command + "' takes " + std::to_string(known->operands) +
                          (known->operands == 1 ? " argument" : " arguments") + ", found " +
                          std::to_string(asked.operands.size()));
    return asked;
}

void print(std::string_view label, const std::string& value) {
    if (!value.empty())
        std::cout << label << users::printable(value) << '\n';
}

void print(const users::user& user) {
    print("id:       ", user.id.opaque_id);
    print("idp:      ", user.id.idp);
    print("username: ", user.username);
    print("mail:     ", user.mail);
    print("name:     ", user.display_name);
    print("uid:      ", std::to_string(user.uid_number));
    for (const std::string& group : user.groups)
        print("group:    ", group);
}

std::vector<users::user> ask(const users::user_provider& provider, const request& asked) {
    const auto listed = [](std::optional<users::user> user) {
        return user ? std::vector{std::move(*user)} : std::vector<users::user>{};
    };
    if (asked.command == "get")
        return listed(provider.get_user(asked.operands[0]));
    if (asked.command == "claim")
        return listed(provider.get_user_by_claim(asked.operands[0], asked.operands[1]));
    return provider.find_users(asked.command == "find" ? asked.operands[0] : "");
}

status answer(const users::user_provider& provider, const request& asked) {
    if (asked.command == "groups") {
        const auto groups = provider.get_user_groups(asked.operands[0]);
        if (!groups)
            return not_found;
        for (const std::string& group : *groups)
            print("", group);
        return found;
    }
    const auto users = ask(provider, asked);
    for (const char* separator = ""; const users::user& user : users) {
        std::cout << separator;
        print(user);
        separator = "\n";
    }
    return users.empty() ? not_found : found;
}

tenon::plugin<users::user_provider> load(const request& asked) {
    users::progress shown;
    const tenon::loader loader{{.on_event = std::ref(shown)}};
    return loader.load<users::user_provider>(asked.driver, asked.settings);
}

void print_usage() {
    std::cerr << "usage: users DRIVER [KEY=VALUE...] [get ID | claim NAME VALUE | groups ID | find QUERY]\n"
                 "DRIVER is a library, a directory of sources, a git repository, or built in:";
    for (const std::string& name : tenon::registry().names("userprovider"))
        std::cerr << ' ' << name;
    std::cerr << '\n';
}

} // namespace

int main(int argc, char** argv) try {
    const request asked = parse(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    const auto provider = load(asked);
    if (asked.command.empty())
        std::cout << provider.info().name << ' ' << provider.info().version << ' ' << provider.info().path
                  << "\n\n";
    const status result = answer(*provider, asked);
    if (!std::cout.flush())
        throw std::runtime_error("cannot write the answer to standard output");
    if (result == not_found)
        std::cerr << "users: not found\n";
    return result;
} catch (const usage_error& e) {
    std::cerr << "users: " << e.what() << '\n';
    print_usage();
    return failed;
} catch (const std::exception& e) {
    std::cerr << "users: " << e.what() << '\n';
    return failed;
}
