#!/bin/sh
# usage: check.sh SOURCE COMPILER FLAG...
#
# SOURCE begins with lines of these kinds, where REGEX is extended:
#   // error: REGEX      an error has to say this
#   // reason: REGEX     what the compiler adds to its errors has to say this
#   // clang only: WHY   other compilers cannot know
#   // flags: FLAG...     with which it must not compile, beside the others
#   // lines: N          the compiler says no more than so many
# It must not compile, with everything said that it asks for; and with FIXED defined it must compile without a warning.
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
if said=$("$@" $flags -fsyntax-only "$src" 2>&1); then
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
lines=$(printf '%s\n' "$said" | wc -l)
if [ -n "$most" ] && [ "$lines" -gt "$most" ]; then
    printf '%s: %s lines were said, and %s have to do:\n%s\n' "$src" "$lines" "$most" "$said"
    exit 1
fi

if ! said=$("$@" -c -o /dev/null -Werror -DFIXED "$src" 2>&1); then
    printf '%s must compile with -DFIXED, and did not:\n%s\n' "$src" "$said"
    exit 1
fi
echo "$src: refused, for the right reasons"
