// SPDX-License-Identifier: MIT
// The main function of every test program. Catch2's own stands in other places in version 2 and version 3.
#define CATCH_CONFIG_RUNNER
#include "catch.hpp"

int main(int argc, char** argv) {
    return Catch::Session().run(argc, argv);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
// The system's loader frees in dlclose on one thread what it allocated in dlopen on another, ordered by a
// lock of its own that the sanitizer does not see.
extern "C" const char* __tsan_default_suppressions() {
    return "race:_dl_close_worker\n";
}
#endif
