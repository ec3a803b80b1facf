// SPDX-License-Identifier: MIT
// The contents of live.toml.
#pragma once

#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

#include <toml++/toml.h>

#include "handler.hpp"

namespace web {

struct configuration {
    struct route {
        std::string driver;
        values settings;
    };

    std::string address;
    int port;
    std::map<std::string, route> routes;
};

/// The settings of a driver as text, whatever their TOML types.
inline values settings_of(const toml::table* table) {
    values all;
    if (table)
        for (const auto& [key, value] : *table) {
            std::ostringstream text;
            if (const auto* string = value.as_string())
                text << string->get();
            else
                text << toml::node_view<const toml::node>(value);
            all.emplace(key.str(), text.str());
        }
    return all;
}

/// Throws `std::runtime_error`, which names the file and, if known, the line.
inline configuration read(const std::filesystem::path& file) {
    const auto refused = [&](const std::string& why) {
        return std::runtime_error(file.native() + ": " + why);
    };
    toml::table root;
    try {
        root = toml::parse_file(file.native());
    } catch (const toml::parse_error& e) {
        const auto line = e.source().begin.line;
        throw refused((line ? "line " + std::to_string(line) + ": " : "") + std::string(e.description()));
    }

    configuration found{root["address"].value_or(std::string("127.0.0.1")), root["port"].value_or(8080), {}};
    const toml::table* routes = root["routes"].as_table();
    if (!routes || routes->empty())
        throw refused("expected a table [routes.\"/path\"] for each path that is served, found none");
    for (const auto& [path, table] : *routes) {
        const auto driver = toml::node_view<const toml::node>(table)["driver"].value<std::string>();
        if (!driver)
            throw refused("expected driver = \"...\" in [routes.\"" + std::string(path.str()) +
                          "\"], found none");
        auto& route = found.routes[std::string(path.str())];
        route.driver =
            driver->starts_with("./") ? (file.parent_path() / *driver).lexically_normal().native() : *driver;
        route.settings = settings_of(root["drivers"][*driver].as_table());
    }
    return found;
}

} // namespace web
