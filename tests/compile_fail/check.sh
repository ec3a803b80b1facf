#!/bin/sh
# usage: check.sh SOURCE COMPILER FLAG...
#
# SOURCE begins with lines of these kinds, where REGEX is extended:
#   // error: REGEX      an error has to say this
#   // reason: REGEX     what the compiler adds to its errors has to say this
#   // clang only: WHY   other compilers cannot know
#   // flags: FLAG...     with which it must not compile, beside the others
#   // lines: N          the compiler says no more than so many; left out: 15 for each error
#   // above: N          so many may stand above the first error, of how the compiler got there
#   // above: any, WHY   the compiler has an error of its own to say before
# It must not compile, with everything said that it asks for, and of all errors one that it asks for first: at a line of SOURCE, with
# at most one line above it, unless more are allowed. With FIXED defined it must compile without a warning.
# Exits with 77 where the compiler cannot know. One that goes on for ever is ended by the time that it takes of the processor, because a
# slow machine is no fault.
export LC_ALL=C
ulimit -t 120
src=$1
shift

head=$(sed '/^\/\/ /!q' "$src")
errors=$(printf '%s\n' "$head" | sed -n 's,^// error: ,,p')
reasons=$(printf '%s\n' "$head" | sed -n 's,^// reason: ,,p')
flags=$(printf '%s\n' "$head" | sed -n 's,^// flags: ,,p')
most=$(printf '%s\n' "$head" | sed -n 's,^// lines: ,,p')
above=$(printf '%s\n' "$head" | sed -n 's,^// above: ,,p')

if [ -z "$errors" ]; then
    echo "$src: no line '// error: REGEX' says what is wrong"
    exit 2
fi
if printf '%s\n' "$head" | grep -q '^// clang only: ' &&
    ! "$@" -dM -E -x c++ /dev/null | grep -q __clang__; then
    echo "$src is for clang only: not tested"
    exit 77
fi

# shellcheck disable=SC2086 # several flags
if said=$("$@" -w $flags -c -o /dev/null "$src" 2>&1); then
    echo "$src compiled, and must not"
    exit 1
fi

# missing PREFIX REGEXES: those that no line of what was said has behind the prefix
missing() {
    printf '%s\n' "$2" | while read -r want; do
        [ -z "$want" ] || printf '%s\n' "$said" | grep -Eq -- "$1($want)" || printf '%s\n' "$want"
    done
}
lacks=$(missing 'error: .*' "$errors"; missing '' "$reasons")
if [ -n "$lacks" ]; then
    printf '%s did not compile, as it should, but nothing said:\n%s\nThe compiler said:\n%s\n' "$src" "$lacks" "$said"
    exit 1
fi
# fail WHAT: with all that was said
fail() {
    printf '%s: %s\nThe compiler said:\n%s\n' "$src" "$1" "$said"
    exit 1
}
lines=$(printf '%s\n' "$said" | wc -l)
: "${most:=$((15 * $(printf '%s\n' "$errors" | wc -l)))}"
[ "$lines" -le "$most" ] || fail "$lines lines were said, and $most have to do"

case $above in
any*) ;;
*)
    # The source that a compiler shows below a line is not counted: g++ does from 13 on, below each "required from here" too.
    first=$(printf '%s\n' "$said" | grep -Ev '^ *[0-9]* \| ' | grep -n -m1 'error: ')
    printf '%s\n' "$errors" | while read -r want; do
        ! printf '%s\n' "$first" | grep -Eq -- "error: .*($want)" || exit 1
    done && fail 'another error stands first'
    [ $((${first%%:*} - 1)) -le "${above:-1}" ] || fail "the first error stands in line ${first%%:*} of what was said"
    [ -n "$above" ] || [ "${first#*:"$src":}" != "$first" ] || fail "the first error is not at a line of this file"
    printf '%s\n' "$said" | grep -q "$src:[0-9]" || fail 'no line of this file is named'
    ;;
esac

if ! said=$("$@" -c -o /dev/null -Werror -DFIXED "$src" 2>&1); then
    printf '%s must compile with -DFIXED, and did not:\n%s\n' "$src" "$said"
    exit 1
fi
echo "$src: refused, for the right reasons"
