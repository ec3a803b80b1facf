// SPDX-License-Identifier: MIT
#ifndef TENON_VERSION_HPP
#define TENON_VERSION_HPP

// The lowest header, which every other one includes before any code: what cannot compile ends here, with one
// sentence. An #error alone is followed by thousands of lines; a header that cannot be found ends the
// compilation.
#if __cplusplus < 202002L
#error "tenon: C++20 is needed: compile with -std=c++20, or a later standard"
#include <the compilation ends here>
#elif !defined(__ELF__)
#error                                                                                                       \
    "tenon: libraries have to be ELF files: tenon runs on Linux and other POSIX systems that have them, and not on macOS or Windows"
#include <the compilation ends here>
#endif

/// The library's version, read by CMake and Meson too.
#define TENON_VERSION "0.1.0"

/// The number of the binary interface between host and plugin. It is also the inline namespace (`tenon::v1`)
/// and part of the exported symbol's name, so that another one is refused by name.
#define TENON_ABI 1

// Each program and library that includes tenon has a copy of it, and several may be in one process: of other
// versions, or compiled for other containers. None may use what was made for another one. So all that has a
// state is hidden, and what is no part of the binary interface has its copy's kind in its name. Public types
// are not hidden, because a class with a member of a hidden type would have to be hidden too; their functions
// have no static objects.
#ifdef _GLIBCXX_DEBUG
#define TENON_COPY v0_1_0_debug
#define TENON_COPY_NAME "v0_1_0_debug"
#else
#define TENON_COPY v0_1_0
#define TENON_COPY_NAME "v0_1_0"
#endif
#define TENON_HIDDEN [[gnu::visibility("hidden")]]
#define TENON_OWN TENON_HIDDEN TENON_COPY
#ifdef __clang__
#define TENON_HOST_TYPE                                                                                      \
    [[clang::type_visibility("default"), gnu::visibility("hidden"), gnu::abi_tag(TENON_COPY_NAME)]]
#else
#define TENON_HOST_TYPE [[gnu::abi_tag(TENON_COPY_NAME)]]
#endif

// With TENON_SEPARATE, the functions that know no type of a plugin are compiled once for a program: in its
// file with TENON_IMPLEMENTATION.
#if defined(TENON_IMPLEMENTATION) && !defined(TENON_SEPARATE)
#define TENON_SEPARATE
#endif
#ifdef TENON_SEPARATE
#define TENON_INLINE
#else
#define TENON_INLINE inline
#endif
#if !defined(TENON_SEPARATE) || defined(TENON_IMPLEMENTATION)
#define TENON_DEFINITIONS
#endif

#endif
