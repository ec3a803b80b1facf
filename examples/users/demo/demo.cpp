// SPDX-License-Identifier: MIT
// Two users to try things out with, built into the host.
#include <tenon/export.hpp>

#include "../directory.hpp"

struct demo_users : users::directory {
    explicit demo_users(const users::settings& given)
        : directory("demo", {{.id = {"1", "demo"},
                              .username = "administrator",
                              .mail = "admin@example.org",
                              .display_name = "Demo Administrator",
                              .uid_number = 1001,
                              .groups = {"staff", "admins"}},
                             {.id = {"2", "demo"},
                              .username = "visitor",
                              .mail = "visitor@example.org",
                              .display_name = "Demo Visitor",
                              .uid_number = 1002,
                              .groups = {}}}) {
        given.allow({});
    }
};

TENON_EXPORT(users::user_provider, demo_users, "demo", "1.0.0")
