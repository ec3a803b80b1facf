// SPDX-License-Identifier: MIT
// The main function of every test program. Catch2 has its own in different places in version 2 and 3.
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
// The system's loader allocates in dlopen on one thread and frees in dlclose on another. Its internal lock
// orders the two, but the sanitizer does not see that lock.
extern "C" const char* __tsan_default_suppressions() {
    return "race:_dl_close_worker\n";
}
#endif
