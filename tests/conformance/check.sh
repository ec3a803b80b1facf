#!/bin/sh
# usage: tests/conformance/check.sh HOST PLUGIN HEADERS RESULT
#
# A row of the table in README.md, of what is tested with what: HOST and PLUGIN are each a compiler and its flags, HEADERS, "all" or
# "few", are those that the host has, and RESULT is what it says of the plugin. Exits with 77 where a compiler is not installed.
set -eu
host=$1 plugin=$2 headers=$3 result=$4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tenon-conformance-XXXXXX")
trap 'rm -rf "$work"' EXIT

for compiler in "${host%% *}" "${plugin%% *}"; do
    command -v "$compiler" >/dev/null || { echo "$compiler is not installed"; exit 77; }
done

with="-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I$here/../../include"
[ "$headers" = few ] || all=-DALL_OF_TENON
runner=
case $host in *aarch64*)
    command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed"; exit 77; }
    runner="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    ;;
esac

# Flags of a row come last, so that a language standard of its own is the one that counts.
${plugin%% *} $with -shared -fPIC -fvisibility=hidden ${plugin#"${plugin%% *}"} "$here/plugin.cpp" -o "$work/plugin.so"
${host%% *} $with ${all:-} ${host#"${host%% *}"} "$here/host.cpp" -o "$work/host" -pthread -ldl

export TENON_CACHE="$work/cache"
said=$($runner "$work/host" "$work/plugin.so")
[ "$said" = "$result" ] || {
    printf '%s\n' "the host has to say: $result" "it says: $said" >&2
    exit 1
}
echo "$host and $plugin: as it has to be"
