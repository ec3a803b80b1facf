#!/bin/sh
# usage: tests/fuzz/run.sh PROGRAM SECONDS COMPILER...
#
# Gives PROGRAM, one of libFuzzer's, inputs for so many seconds: first what is kept in corpus/, and real plugins of each COMPILER where
# it reads such, and then what becomes of these. $SEED, else 1, decides what does. An input that PROGRAM does not survive is kept in
# the current folder.
set -eu
program=$1 seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
name=${program##*/fuzz_}
found=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/tenon-fuzz-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/made" "$work/seeds"

if [ "$name" = manifest ]; then
    for compiler in "$@"; do
        for plugin in tiny served; do
            seed=$work/seeds/${compiler##*/}-$plugin
            # Small, so that a change finds something to damage.
            "$compiler" -std=c++20 -Os -I"$here/../../include" -shared -fPIC -fvisibility=hidden \
                -Wl,-s,-z,noseparate-code "$here/../plugins/$plugin.cpp" -o "$seed.so"
            objcopy -O binary --only-section=.note.tenon "$seed.so" "$seed.notes"
        done
    done
fi

"$program" -seed="${SEED:-1}" -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$found/$name-" "$work/made" "$work/seeds" "$here/corpus/$name" >"$work/said" 2>&1 || {
    grep -v '^#[0-9]' "$work/said"
    echo "$name: what was found is kept in $found; once it is mended, keep it in tests/fuzz/corpus/$name"
    exit 1
}
inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/said")
echo "$name, $inputs inputs: as it has to be"
