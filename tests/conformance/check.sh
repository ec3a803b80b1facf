#!/bin/bash
# usage: tests/conformance/check.sh HOST PLUGIN HEADERS RESULT
#
# A line of table.txt beside this: HOST and PLUGIN are each a compiler and its flags, HEADERS, "all" or "few", are those that the host
# has, and RESULT is what it says of the plugin. Exits with 77 where a compiler, or what its flags need, is not installed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tenon-conformance-XXXXXX")
trap 'rm -rf "$work"' EXIT
ulimit -t 300 # of the processor's time: to be slow is no fault

# versions FAMILY: "VERSION NAME" of those that are installed and that tenon is for, the oldest first.
versions() {
    local name version least=12
    case $1 in *clang++) least=14 ;; esac
    for name in $(compgen -c -- "$1" | grep -xE "${1//+/\\+}(-[0-9]+)?" | sort -u); do
        version=$("$name" -dumpversion) || continue
        [ "${version%%.*}" -lt "$least" ] || echo "$version $name"
    done | sort -k1,1V -k2,2
}

# compiler "NAME FLAG...": the same, with the name of a program that compiles a program with these flags.
compiler() {
    local name=${1%% *} found
    case $name in
    *-oldest) found=$(versions "${name%-*}" | head -n 1) ;;
    *-newest) found=$(versions "${name%-*}" | tail -n 1) ;;
    *) found="any $name" ;;
    esac
    found=${found#* }${1#"$name"}
    printf '#include <string>\nint main() { return static_cast<int>(std::string().size()); }\n' >"$work/least.cpp"
    [ "${found%% *}" != "" ] && $found -std=c++20 "$work/least.cpp" -o "$work/least" >&2 || {
        echo "there is no '$1' here: not tested" >&2
        exit 77
    }
    echo "$found"
}
host=$(compiler "$1")
plugin=$(compiler "$2")
headers=$3 result=$4

with="-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I$here/../../include"
[ "$headers" = few ] || all=-DALL_OF_TENON
runner=
case $host in aarch64*)
    command -v qemu-aarch64 >/dev/null || { echo "qemu-aarch64 is not installed: not tested"; exit 77; }
    runner="qemu-aarch64 -L /usr/aarch64-linux-gnu"
    ;;
esac

# The flags of a line come last, so that a language standard of its own is the one that counts.
${plugin%% *} $with -shared -fPIC -fvisibility=hidden ${plugin#"${plugin%% *}"} "$here/plugin.cpp" -o "$work/plugin.so"
${host%% *} $with ${all:-} ${host#"${host%% *}"} "$here/host.cpp" -o "$work/host" -pthread -ldl

export TENON_CACHE="$work/cache"
said=$($runner "$work/host" "$work/plugin.so")
[ "$said" = "$result" ] || {
    printf '%s\n' "$host and $plugin: the host has to say: $result" "it says: $said" >&2
    exit 1
}
echo "$host and $plugin: as it has to be"
