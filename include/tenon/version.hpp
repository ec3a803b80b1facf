// SPDX-License-Identifier: MIT
#ifndef TENON_VERSION_HPP
#define TENON_VERSION_HPP

/// The library's version, read by CMake and Meson too.
#define TENON_VERSION "0.1.0"

/// The number of the binary interface between host and plugin. It is also the inline namespace (`tenon::v1`)
/// and part of the exported symbol's name, so that another one is refused by name.
#define TENON_ABI 1

#endif
