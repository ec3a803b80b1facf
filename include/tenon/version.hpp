// SPDX-License-Identifier: MIT
#ifndef TENON_VERSION_HPP
#define TENON_VERSION_HPP

// The lowest header, which every other one includes before any code: what cannot compile ends here, with one sentence. An #error alone
// is followed by thousands of lines; a header that cannot be found ends the compilation.
#if __cplusplus < 202002L
#error "tenon: C++20 is needed: compile with -std=c++20, or a later standard"
#include <the compilation ends here>
#elif !defined(__ELF__)
#error "tenon: libraries have to be ELF files: tenon runs on Linux and other POSIX systems that have them, and not on macOS or Windows"
#include <the compilation ends here>
#endif

/// The library's version, read by CMake and Meson too.
#define TENON_VERSION "0.1.0"

/// The number of the binary interface between host and plugin. It is also the inline namespace (`tenon::v1`)
/// and part of the exported symbol's name, so that another one is refused by name.
#define TENON_ABI 1

#endif
