// SPDX-License-Identifier: MIT
// Two users to try things out with, built into the host.
#include <vector>

#include <tenon/export.hpp>

#include "../directory.hpp"

class demo_users : public users::directory {
public:
    explicit demo_users(const users::settings& given) : directory("demo", all()) { given.allow({}); }

private:
    static std::vector<users::user> all() {
        return {{{"1", "demo"},
                 "administrator",
                 "admin@example.org",
                 "Demo Administrator",
                 1001,
                 {"staff", "admins"}},
                {{"2", "demo"}, "visitor", "visitor@example.org", "Demo Visitor", 1002, {}}};
    }
};

TENON_EXPORT(users::user_provider, demo_users, "demo", "1.0.0")
