// SPDX-License-Identifier: MIT
// Greets the person in the parameter `name`. Edit this file while the server runs.
//
//   greeting = "hello"   what it says before the name
#include "handler.hpp"

#include <string>

#include <tenon/export.hpp>

class hello : public web::handler {
public:
    explicit hello(web::host& host) : greeting_(web::get(host.settings(), "greeting", "hello")) {}

    web::response handle(const web::request& asked) override {
        return {.body = greeting_ + ", " + web::get(asked.parameters, "name", "world") + "\n"};
    }

private:
    const std::string greeting_;
};

TENON_EXPORT(web::handler, hello, "hello", "1.0.0")
