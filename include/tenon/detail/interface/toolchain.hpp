// SPDX-License-Identifier: MIT
#ifndef TENON_DETAIL_INTERFACE_TOOLCHAIN_HPP
#define TENON_DETAIL_INTERFACE_TOOLCHAIN_HPP

#include <cstddef>

#include <tenon/version.hpp>

namespace tenon::inline v1 {
namespace TENON_HIDDEN detail {

// What decides whether two compilations agree on the standard library's types, read off predefined macros:
// one `key=value` a line.

#define TENON_DETAIL_TEXT(X) #X
#define TENON_DETAIL_VALUE(X) TENON_DETAIL_TEXT(X)

#if defined(_LIBCPP_ABI_VERSION)
#define TENON_DETAIL_LIBRARY "library=libc++ abi " TENON_DETAIL_VALUE(_LIBCPP_ABI_VERSION) "\n"
#elif defined(__GLIBCXX__) && _GLIBCXX_USE_CXX11_ABI
#define TENON_DETAIL_LIBRARY "library=libstdc++ with the C++11 strings\n"
#elif defined(__GLIBCXX__)
#define TENON_DETAIL_LIBRARY "library=libstdc++ with the old strings (_GLIBCXX_USE_CXX11_ABI=0)\n"
#else
#error "tenon: this standard library is not known: libstdc++ and libc++ are"
#endif

#if defined(_GLIBCXX_DEBUG)
#define TENON_DETAIL_DEBUG "debug mode=_GLIBCXX_DEBUG\n"
#elif defined(_LIBCPP_DEBUG) && _LIBCPP_DEBUG > 0
#define TENON_DETAIL_DEBUG "debug mode=_LIBCPP_DEBUG\n"
#else
#define TENON_DETAIL_DEBUG "debug mode=none\n"
#endif

#if defined(__has_feature)
#define TENON_DETAIL_FEATURE(X) __has_feature(X)
#else
#define TENON_DETAIL_FEATURE(X) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || TENON_DETAIL_FEATURE(address_sanitizer)
#define TENON_DETAIL_SANITIZER "sanitizer=address\n"
#elif defined(__SANITIZE_THREAD__) || TENON_DETAIL_FEATURE(thread_sanitizer)
#define TENON_DETAIL_SANITIZER "sanitizer=thread\n"
#elif TENON_DETAIL_FEATURE(memory_sanitizer)
#define TENON_DETAIL_SANITIZER "sanitizer=memory\n"
#else
#define TENON_DETAIL_SANITIZER "sanitizer=none\n"
#endif

#define TENON_DETAIL_LONG_DOUBLE                                                                             \
    "long double=" TENON_DETAIL_VALUE(__SIZEOF_LONG_DOUBLE__) " bytes, " TENON_DETAIL_VALUE(                 \
        __LDBL_MANT_DIG__) " digits\n"
#define TENON_DETAIL_WCHAR "wchar_t=" TENON_DETAIL_VALUE(__SIZEOF_WCHAR_T__) " bytes\n"

static constexpr char toolchain[] = TENON_DETAIL_LIBRARY TENON_DETAIL_DEBUG TENON_DETAIL_SANITIZER
    TENON_DETAIL_LONG_DOUBLE TENON_DETAIL_WCHAR;

#undef TENON_DETAIL_TEXT
#undef TENON_DETAIL_VALUE
#undef TENON_DETAIL_LIBRARY
#undef TENON_DETAIL_DEBUG
#undef TENON_DETAIL_FEATURE
#undef TENON_DETAIL_SANITIZER
#undef TENON_DETAIL_LONG_DOUBLE
#undef TENON_DETAIL_WCHAR

} // namespace detail
} // namespace tenon::inline v1

#endif
