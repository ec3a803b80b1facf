#!/bin/sh
# usage: tests/install.sh [all]
#
# Installs what tests/run needs and the system lacks, or what `tests/run all` does, on Debian and its relatives. What they do not have,
# or this user may not install, is named: the tests leave out what needs it.
set -eu

packages='
    g++ binutils mold
    cmake make ninja-build meson pkg-config
    catch2 nlohmann-json3-dev libcpp-httplib-dev libtomlplusplus-dev libsqlite3-dev
    ccache distcc git openssh-client gnupg openssl patchelf python3'
[ "${1:-}" != all ] || packages="$packages
    g++-12 clang clang-14 clang-17 clang-19 libclang-rt-dev llvm lld libc++-dev libc++abi-dev
    g++-aarch64-linux-gnu qemu-user valgrind clang-format-19 clang-tidy"

if ! command -v dpkg-query >/dev/null; then
    echo "tests/install.sh knows Debian's packages only; what needs one of these that is not here is not tested:" $packages
    exit 0
fi

missing=
for package in $packages; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

root=
[ "$(id -u)" != 0 ] || root=yes

# Which of the missing packages there are.
look() {
    known=$(LC_ALL=C apt-cache policy $missing | awk '/^[^ ]/ { name = $1; sub(/:$/, "", name) } /^ *Candidate: [^(]/ { print name }')
    unknown=
    for package in $missing; do
        case " $(echo $known) " in
        *" $package "*) ;;
        *) unknown="$unknown $package" ;;
        esac
    done
}
look
set -- /var/lib/apt/lists/*_Packages*
if [ -n "$root" ] && { [ -n "$known" ] || [ ! -e "$1" ]; }; then
    apt-get update -qq || echo "apt-get update failed"
    look
elif [ ! -e "$1" ]; then
    known=$missing unknown= # which of them there are is not known before apt-get update
fi

[ -z "$unknown" ] || echo "this system does not have, and what needs them is not tested:$unknown"
[ -n "$known" ] || exit 0
if [ -z "$root" ]; then
    echo "what needs these packages is not tested; to install them:"
    echo "  sudo apt-get update && sudo apt-get install --no-install-recommends" $known
    exit 0
fi
echo "installing" $known
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $known >/dev/null ||
    echo "not all of them were installed; what needs one that was not is not tested"
