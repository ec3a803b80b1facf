// SPDX-License-Identifier: MIT
#include <tenon/detail/reload/reload_history.hpp>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <sys/auxv.h>

#include "catch.hpp"

using tenon::reload_event;
using tenon::unloaded;
using tenon::detail::loaded_image;
using tenon::detail::reload_history;
using step = tenon::reload_event::step;

namespace {

reload_event told(step what, std::string reason = "") {
    return {what, 3, "json 1.2.0", std::move(reason), {}};
}

/// An image that is in memory for as long as the process.
loaded_image of_the_kernel() {
    return {"linux-vdso.so.1", ::getauxval(AT_SYSINFO_EHDR)};
}

} // namespace

TEST_CASE("a reload says in a line what happened", "[reload]") {
    CHECK(told(step::built).text() == "version 3 of json 1.2.0 is there and is being loaded");
    CHECK(told(step::replaced).text() == "version 3 of json 1.2.0 has taken over");
    CHECK(told(step::refused, "no").text() ==
          "version 3 of json 1.2.0 goes on, because a newer one was refused: no");
    CHECK(told(step::unchanged).text() == "version 3 of json 1.2.0 goes on, as nothing is newer");
    CHECK(told(step::rolled_back).text() == "version 3 of json 1.2.0 has taken over again");
    CHECK(told(step::retired).text() == "version 3 of json 1.2.0 is retired");
    CHECK(told(step::closed).text() == "version 3 of json 1.2.0's code is unmapped");
    CHECK(told(step::closed, "it is used").text() == "version 3 of json 1.2.0's code stays: it is used");
}

TEST_CASE("a handler is told at once, in order, and what it throws is lost", "[reload]") {
    reload_history history;
    history.tell(told(step::built)); // to nobody
    std::vector<step> heard;
    history.on_event([&](const reload_event& what) {
        heard.push_back(what.what);
        throw std::runtime_error("lost");
    });
    history.tell(told(step::built));
    history.tell(told(step::replaced));
    CHECK(heard == std::vector<step>{step::built, step::replaced});
    history.on_event({});
    history.tell(told(step::retired));
    CHECK(heard.size() == 2);
}

TEST_CASE("while something is held nothing is told, by any thread, and afterwards everything", "[reload]") {
    reload_history history;
    std::vector<step> heard;
    history.on_event([&](const reload_event& what) { heard.push_back(what.what); });
    {
        const reload_history::hold held(history);
        history.tell(told(step::built));
        {
            const reload_history::hold again(history);
            std::thread([&] { history.tell(told(step::retired)); }).join();
        }
        CHECK(heard.empty());
    }
    CHECK(heard == std::vector<step>{step::built, step::retired});
}

TEST_CASE("a handler may tell, and replace itself", "[reload]") {
    reload_history history;
    std::vector<step> heard;
    history.on_event([&](const reload_event& what) {
        heard.push_back(what.what);
        if (what.what == step::built) {
            history.on_event([&](const reload_event& later) { heard.push_back(later.what); });
            history.tell(told(step::closed));
        }
    });
    history.tell(told(step::built));
    CHECK(heard == std::vector<step>{step::built, step::closed});
}

TEST_CASE("what is in memory is counted: what is loaded, and what stayed, for as long as it does",
          "[reload]") {
    reload_history history;
    CHECK(history.mapped() == 0);
    const loaded_image going{"nowhere.so", 1}, staying = of_the_kernel();
    history.loaded(going);
    history.loaded(staying);
    history.loaded({"elsewhere.so", 1});
    CHECK(history.mapped() == 3);
    history.closed({"elsewhere.so", 1}, {unloaded::state::unmapped, ""});
    CHECK(history.mapped() == 2);
    CHECK(history.stays().empty());
    history.closed(going, {unloaded::state::deferred, "for a moment"});
    history.closed(staying, {unloaded::state::pinned, "for good"}); // never goes
    CHECK(history.mapped() == 1);
    CHECK(history.stays() == "for good");
}

TEST_CASE("versions of one library are one library in memory, however often it was opened and closed",
          "[reload]") {
    reload_history history;
    const loaded_image library = of_the_kernel();
    history.loaded(library);
    for (int i = 0; i < 100; ++i) {
        history.loaded(library);
        CHECK(history.mapped() == 1);
        history.closed(library, {unloaded::state::shared, "it has 1 more open handle"});
        CHECK(history.mapped() == 1);
        CHECK(history.stays().empty()); // it does not stay: a version has it open
    }
    history.closed(library, {unloaded::state::shared, "it has 1 more open handle"});
    CHECK(history.mapped() == 1);
    CHECK(history.stays() == "it has 1 more open handle");
    history.loaded(library);
    CHECK(history.stays().empty());
    for (int i = 0; i < 100; ++i) {
        history.closed(library, {unloaded::state::pinned, "for good"});
        history.loaded(library);
    }
    history.loaded(library);
    for (int i = 0; i < 2; ++i)
        history.closed(library, {unloaded::state::pinned, "for good"});
    CHECK(history.mapped() == 1);
}

TEST_CASE("libraries without a name are taken for different ones", "[reload]") {
    reload_history history;
    history.loaded({});
    history.loaded({});
    CHECK(history.mapped() == 2);
    history.closed({}, {unloaded::state::shared, "used"});
    CHECK(history.mapped() == 1);
}

TEST_CASE("who waits for room is told once, when something has been unmapped", "[reload]") {
    reload_history history;
    for (int i = 0; i < 3; ++i)
        history.loaded({});
    int told_of_room = 0;
    history.when_room([&] { ++told_of_room; });
    history.closed({}, {unloaded::state::pinned, "for good"});
    CHECK(told_of_room == 0);
    history.closed({}, {unloaded::state::unmapped, ""});
    history.closed({}, {unloaded::state::unmapped, ""});
    CHECK(told_of_room == 1);
}
