// SPDX-License-Identifier: MIT
// Catch2 version 2 and version 3 behind one name.
#ifndef TENON_TESTS_CATCH_HPP
#define TENON_TESTS_CATCH_HPP

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#endif
