#!/bin/sh
# usage: tests/consumers/check.sh WAY COMPILER
#
# Builds and runs a project that uses tenon in one WAY: installed_cmake, added_cmake, fetched_cmake, installed_meson,
# added_meson, pkgconfig_of_cmake, pkgconfig_of_meson or single_file. All of it is in a folder with a space in its name. Exits with 77
# where a tool of this way is not installed.
set -eu
way=$1 CXX=$2
export CXX
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$(dirname "$here")")
work=$(mktemp -d "${TMPDIR:-/tmp}/tenon consumer XXXXXX")
trap 'rm -rf "$work"' EXIT
prefix="$work/the prefix" project="$work/the project" build="$work/the build"
export CMAKE_PREFIX_PATH="$prefix"
! command -v ninja >/dev/null || export CMAKE_GENERATOR=Ninja

case $way in
pkgconfig_of_cmake) tools='cmake make pkg-config' ;;
pkgconfig_of_meson) tools='meson ninja make pkg-config' ;;
*_cmake) tools=cmake ;;
*_meson) tools='meson ninja pkg-config' ;;
*) tools= ;;
esac
for tool in $tools; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed, and $way: not tested"; exit 77; }
done

# A failure is the only time that anybody wants to know what the programs said.
quietly() {
    "$@" >"$work/said" 2>&1 || {
        echo "failed: $*" >&2
        cat "$work/said" >&2
        exit 1
    }
}

refused() { # what it has to say, command
    words=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "this had to fail: $*" >&2
        exit 1
    fi
    grep -q "$words" "$work/said" || {
        echo "$* failed, but not with: $words" >&2
        cat "$work/said" >&2
        exit 1
    }
}

says() { # what it has to say, command
    words=$1
    shift
    quietly "$@"
    [ "$(cat "$work/said")" = "$words" ] || {
        echo "$* has to say: $words" >&2
        cat "$work/said" >&2
        exit 1
    }
}

install_with_cmake() {
    quietly cmake -S "$source" -B "$work/tenon" -DTENON_BUILD_TESTS=OFF -DTENON_BUILD_EXAMPLES=OFF
    quietly cmake --install "$work/tenon" --prefix "$prefix"
}

install_with_meson() {
    quietly meson setup --prefix "$prefix" "$work/tenon" "$source"
    quietly meson install --no-rebuild -C "$work/tenon"
}

mkdir "$project"
case $way in
*_cmake) cp "$here"/*.?pp "$here/cmake/CMakeLists.txt" "$project" ;;
*_meson) cp "$here"/*.?pp "$here/meson/meson.build" "$project" ;;
esac
case $way in pkgconfig_*) cp "$here"/*.?pp "$here/pkgconfig/Makefile" "$project" ;; esac

with_cmake() { # arguments for CMake
    quietly cmake -S "$project" -B "$build" -DCMAKE_EXPORT_COMPILE_COMMANDS=ON "$@"
    quietly cmake --build "$build"
    if sed 's/-Wpadded//; s/-Werror//' "$build/compile_commands.json" | grep -e ' -W'; then
        echo "these warnings are not the consumer's own" >&2
        exit 1
    fi
    says 'hello, world' "$build/host" "$build/plugins/hello.so"
    says 'hello, world' "$build/separate_host" "$build/plugins/hello.so"
    refused 'undefined reference.*defined_nowhere' cmake --build "$build" --target lacking
    correct "$build/plugins/hello.so"
}

with_meson() { # arguments for Meson
    quietly meson setup "$@" "$build" "$project"
    quietly meson compile -C "$build"
    says 'hello, world' "$build/host" "$build/hello.so"
    says 'hello, world' "$build/separate_host" "$build/hello.so"
    refused 'undefined reference.*defined_nowhere' ninja -C "$build" lacking.so
    correct "$build/hello.so"
}

with_make() {
    quietly make -C "$project"
    says 'hello, world' "$project/host" "$project/hello.so"
    says 'hello, world' "$project/separate_host" "$project/hello.so"
    refused 'undefined reference.*defined_nowhere' make -C "$project" lacking.so
    correct "$project/hello.so"
}

# A class of the plugin's own is nothing that others see; what TENON_EXPORT makes is.
correct() { # library
    nm -DC --defined-only "$1" >"$work/symbols"
    grep -q ' tenon_exports_v1' "$work/symbols" && ! grep -q 'hello::greet' "$work/symbols" || {
        echo "$1 shows other names than it should:" >&2
        cat "$work/symbols" >&2
        exit 1
    }
}

case $way in
installed_cmake)
    install_with_cmake
    with_cmake
    ;;
added_cmake)
    with_cmake -Dtenon_from="$source"
    refused 'called as tenon_add_plugin(bad hello.cpp)' cmake -S "$project" -B "$build" -Dmistaken=ON
    ;;
fetched_cmake) with_cmake -Dtenon_from=fetched -DFETCHCONTENT_SOURCE_DIR_TENON="$source" ;;
installed_meson)
    install_with_meson
    libraries=$(cd "$prefix" && find . -name pkgconfig)
    with_meson -Dpkg_config_path="$prefix/$libraries"
    ;;
added_meson)
    mkdir "$project/subprojects"
    ln -s "$source" "$project/subprojects/tenon"
    with_meson --wrap-mode=forcefallback
    ;;
pkgconfig_of_cmake | pkgconfig_of_meson)
    install_with_"${way#*_of_}"
    PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig)
    export PKG_CONFIG_PATH
    with_make
    ;;
single_file)
    cp -r "$here/single_file/." "$project"
    mkdir "$project/vendored" "$project/many"
    cp "$source"/include/tenon.?pp "$source/include/tenon_plugin.hpp" "$project/vendored"
    cp "$here/greeter.hpp" "$here/hello.cpp" "$here/host.cpp" "$project/many"
    cd "$project"
    plugin="-std=c++20 -shared -fPIC -fvisibility=hidden"
    # Hosts and plugins, of one file and of many, in each combination.
    quietly "$CXX" $plugin -Ivendored -I. hello/hello.cpp -o one.so
    quietly "$CXX" $plugin -I"$source/include" many/hello.cpp -o many.so
    quietly "$CXX" -std=c++20 -Ivendored -c host.cpp
    quietly "$CXX" -std=c++20 -Ivendored -I"$source/include" -c other.cpp
    quietly "$CXX" host.o other.o -o one_host -pthread -ldl
    quietly "$CXX" -std=c++20 -I"$source/include" many/host.cpp -o many_host -pthread -ldl
    says 'hello from one file, world' ./many_host ./one.so
    quietly "$CXX" -std=c++20 -DTENON_SEPARATE -Ivendored -c host.cpp other.cpp -I"$source/include" vendored/tenon.cpp
    quietly "$CXX" host.o other.o tenon.o -o separate_host -pthread -ldl
    # The folder hello is compiled against the vendored file, which is the only one that this host knows of.
    export TENON_CACHE="$work/cache"
    says 'hello, world
hello from one file, world
hello from one file, world
hello, again' ./one_host ./many.so ./one.so ./hello
    says 'hello, world
hello from one file, world
hello from one file, world
hello, again' ./separate_host ./many.so ./one.so ./hello
    ;;
*)
    echo "there is no such way: $way" >&2
    exit 2
    ;;
esac
echo "$way: as it has to be"
