// SPDX-License-Identifier: MIT
// The interface of a request handler, shared by the server and its handlers.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <tenon/interface.hpp>
#include <tenon/registration.hpp>

namespace web {

/// Names and values: the configuration of a handler, or the parameters of a request.
using values = std::map<std::string, std::string, std::less<>>;

/// The value of a name, or `otherwise` if there is none.
inline std::string get(const values& all, std::string_view name, std::string_view otherwise = {}) {
    const auto found = all.find(name);
    return found != all.end() ? found->second : std::string(otherwise);
}

struct request {
    std::string method;
    std::string path;
    values parameters;
    std::string body;
};

struct response {
    int status = 200;
    std::string type = "text/plain";
    std::string body;
};

/// The server as one handler sees it. It outlives all versions of the handler.
struct host {
    virtual ~host() = default;

    virtual values settings() const = 0;
    /// Calls `changed` now, and again after each reload of the configuration until the registration ends.
    [[nodiscard]] virtual tenon::registration on_settings(std::function<void(const values&)> changed) = 0;
    virtual void log(std::string_view line) = 0;

    using methods = tenon::methods<&host::settings, &host::on_settings, &host::log>;
};

/// Answers requests. `handle` is called from several threads at once.
struct handler {
    static constexpr tenon::plugin_type type{"handler"};
    using factory = tenon::factory<host&>;
    /// State that a version may hand on to the next. A string, because the next version may store more fields
    /// or fewer.
    using state = std::string;

    virtual ~handler() = default;
    virtual response handle(const request& asked) = 0;

    using methods = tenon::methods<&handler::handle>;
};

} // namespace web
