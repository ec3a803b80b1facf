// SPDX-License-Identifier: MIT
// The part of tenon that knows no plugin's type, for programs that are compiled with TENON_SEPARATE.
#ifndef TENON_IMPLEMENTATION
#define TENON_IMPLEMENTATION
#endif
#if __has_include(<tenon.hpp>)
#include <tenon.hpp> // gives no warnings where it is a system header
#else
#include "tenon.hpp"
#endif
