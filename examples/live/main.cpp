// SPDX-License-Identifier: MIT
// A web server whose pages are plugins: edit one while it serves, and no request is lost.
//
//   libraries=$(pkg-config --cflags --libs cpp-httplib tomlplusplus)
//   c++ -std=c++20 -Iinclude examples/live/main.cpp $libraries -o live && ./live examples/live/live.toml
#include <chrono>
#include <csignal>
#include <exception>
#include <future>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include <unistd.h>

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <tenon/loader.hpp>

#include "configuration.hpp"
#include "route.hpp"

namespace {

using routes = std::map<std::string, web::route>;

web::request request_of(const httplib::Request& asked) {
    web::values parameters;
    for (const auto& [name, value] : asked.params)
        parameters.emplace(name, value);
    return {asked.method, asked.path, std::move(parameters), asked.body};
}

void serve(httplib::Server& server, routes& all) {
    for (auto& [path, route] : all) {
        const auto answer = [&served = route](const httplib::Request& asked, httplib::Response& answered) {
            web::response found = served.answer(request_of(asked));
            answered.status = found.status;
            answered.set_content(std::move(found.body), found.type);
        };
        server.Get(path, answer);
        server.Post(path, answer);
    }
    server.Get("/status", [&all](const httplib::Request&, httplib::Response& answered) {
        nlohmann::ordered_json now;
        for (const auto& [path, route] : all)
            now[path] = route.status();
        using handling = nlohmann::json::error_handler_t;
        answered.set_content(now.dump(2, ' ', false, handling::replace) + '\n', "application/json");
    });
}

void configure_again(const std::string& file, routes& all) try {
    web::configuration now = web::read(file);
    for (auto& [path, route] : all)
        route.configure(now.routes[path]);
    web::log("the configuration has been read again");
} catch (const std::exception& e) {
    web::log(e.what());
}

void run(const std::string& file, const sigset_t& signals) {
    const web::configuration configured = web::read(file);
    const tenon::loader loader{{.profile = tenon::profile::quick}};
    routes all;
    for (const auto& [path, route] : configured.routes)
        all.try_emplace(path, loader, path, route);

    httplib::Server server;
    server.set_tcp_nodelay(true).set_keep_alive_max_count(1'000'000);
    serve(server, all);
    const int port = configured.port == 0 ? server.bind_to_any_port(configured.address)
                     : server.bind_to_port(configured.address, configured.port) ? configured.port
                                                                                : -1;
    if (port < 0)
        throw std::runtime_error("cannot listen at " + configured.address + ':' +
                                 std::to_string(configured.port));
    auto serving = std::async(std::launch::async, [&] {
        if (!server.listen_after_bind())
            ::kill(::getpid(), SIGTERM);
    });
    while (!server.is_running() &&
           serving.wait_for(std::chrono::milliseconds(1)) == std::future_status::timeout) {
    }
    std::cout << "http://" << configured.address << ':' << port << std::endl;

    for (int signal = 0; ::sigwait(&signals, &signal) == 0 && signal == SIGHUP;)
        configure_again(file, all);
    server.stop(); // answers what was asked before, and waits for connections to end or be idle for five
                   // seconds
}

} // namespace

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: live CONFIGURATION\n";
        return 2;
    }
    // Blocked before other threads start, which inherit the mask.
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGHUP, SIGINT, SIGTERM})
        ::sigaddset(&signals, number);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    run(argv[1], signals);
} catch (const std::exception& e) {
    std::cerr << "live: " << e.what() << '\n';
    return 1;
}
