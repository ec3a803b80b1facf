#!/bin/sh
# usage: check_test.sh COMPILER
#
# What check.sh has to find, in small cases that are each wrong in one way.
set -eu
check=$(dirname "$0")/check.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# expect STATUS TEXT COMPILER: check.sh on the case in standard input
expect() {
    cat >"$scratch/case.cpp"
    status=0
    said=$("$check" "$scratch/case.cpp" "$3" -std=c++20 -Wall) || status=$?
    if [ "$status" != "$1" ] || ! printf '%s\n' "$said" | grep -Fq -- "$2"; then
        echo "expected status $1 and '$2', found $status and '$said', for:"
        cat "$scratch/case.cpp"
        failed=1
    fi
}

expect 0 'refused, for the right reasons' "$1" <<'case'
// error: too small
// reason: sizeof
#ifdef FIXED
static_assert(sizeof(char) == 1, "too small");
#else
static_assert(sizeof(char) == 2, "too small"); // sizeof
#endif
case

expect 1 'compiled, and must not' "$1" <<'case'
// error: too small
static_assert(sizeof(char) == 1, "too small");
case

expect 1 'too large' "$1" <<'case'
// error: too small
// error: too large
#ifndef FIXED
static_assert(sizeof(char) == 2, "too small");
#endif
case

expect 1 'only remarked' "$1" <<'case'
// error: only remarked
#ifndef FIXED
static_assert(sizeof(char) == 2, "too small"); // only remarked
#endif
case

expect 1 'for another reason' "$1" <<'case'
// error: too small
// reason: for another reason
#ifndef FIXED
static_assert(sizeof(char) == 2, "too small");
#endif
case

expect 1 'must compile with -DFIXED' "$1" <<'case'
// error: too small
static_assert(sizeof(char) == 2, "too small");
case

expect 1 'must compile with -DFIXED' "$1" <<'case'
// error: too small
#ifdef FIXED
static int warned_of;
#else
static_assert(sizeof(char) == 2, "too small");
#endif
case

expect 0 'refused, for the right reasons' "$1" <<'case'
// error: too old
// flags: -DOLD -DOLDER
// lines: 4
#if defined OLD && defined OLDER
#error too old
#endif
case

expect 1 '2 have to do' "$1" <<'case'
// error: too small
// lines: 2
#ifndef FIXED
static_assert(sizeof(char) == 2, "too small");
#endif
case

expect 1 'another error stands first' "$1" <<'case'
// error: by one
#ifndef FIXED
static_assert(sizeof(char) == 3, "much too small");
static_assert(sizeof(char) == 2, "too small by one");
#endif
case

expect 0 'refused, for the right reasons' "$1" <<'case'
// error: by one
// above: any, as this is a test
#ifndef FIXED
static_assert(sizeof(char) == 3, "much too small");
static_assert(sizeof(char) == 2, "too small by one");
#endif
case

printf 'template <class T>\nstruct small {\n    static_assert(sizeof(T) == 2, "too small");\n};\n' >"$scratch/small.hpp"
expect 1 'the first error' "$1" <<'case'
// error: too small
#include "small.hpp"
#ifndef FIXED
small<char> one;
#endif
case

expect 0 'refused, for the right reasons' "$1" <<'case'
// error: too small
// above: 3
#include "small.hpp"
#ifndef FIXED
small<char> one;
#endif
case

expect 2 'no line' "$1" <<'case'
static_assert(sizeof(char) == 2, "too small");
case

expect 2 'no line' "$1" <<'case'

// error: below the head
static_assert(sizeof(char) == 2, "below the head");
case

for compiler in g++ clang++; do
    command -v "$compiler" >/dev/null || continue
    [ "$compiler" = g++ ] && status=77 || status=0
    expect "$status" '' "$compiler" <<'case'
// error: too small
// clang only: to test that others leave it out
#ifndef FIXED
static_assert(sizeof(char) == 2, "too small");
#endif
case
done

exit "$failed"
