// SPDX-License-Identifier: MIT
// The main function of every test program. Catch2's own stands in other places in version 2 and version 3.
#define CATCH_CONFIG_RUNNER
#include "catch.hpp"

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
