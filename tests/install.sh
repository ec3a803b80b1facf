#!/bin/sh
# Installs what the tests need and the system lacks, on Debian and its relatives; says so, and does nothing when all is there.
set -eu

packages='
    g++ clang libclang-rt-dev llvm lld mold binutils
    clang-16 clang-19 libc++-dev libc++abi-dev g++-aarch64-linux-gnu qemu-user
    clang-format clang-tidy
    cmake make ninja-build meson pkg-config
    catch2 nlohmann-json3-dev libcpp-httplib-dev libtomlplusplus-dev libsqlite3-dev valgrind
    ccache distcc git openssh-client gnupg openssl patchelf python3'

if ! command -v dpkg-query >/dev/null; then
    echo "tests/install.sh knows Debian's packages only; the tests need:" $packages >&2
    exit 1
fi

missing=
for package in $packages; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
    installed) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "the tests need packages that are not installed; to install them:" >&2
    echo "  sudo apt-get update && sudo apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends $missing
