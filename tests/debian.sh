#!/bin/sh
# usage: tests/debian.sh RELEASE FOLDER [MIRROR]
#
# Follows README.md on a fresh Debian: compiles and runs the first command of "Try it", and then runs the tests, where nothing is
# installed but a compiler and git. FOLDER is such a system; debootstrap makes it of RELEASE, trixie say, where there is none. It
# stays as it is: what is written goes to a layer above it that is removed in the end. MIRROR is that of this machine's apt, where
# none is given. Only root can do this; it takes some GB and, on two processors, half an hour. What is not committed is not tested.
set -eu

# Everything happens in a namespace, and so what is mounted and what still runs goes with this process, whatever ends it.
if [ "${1:-}" != --inside ]; then
    [ $# = 2 ] || [ $# = 3 ] || { sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2; exit 2; }
    [ "$(id -u)" = 0 ] || { echo "tests/debian.sh mounts and changes its root directory, which only root can do" >&2; exit 1; }
    command -v debootstrap >/dev/null || { echo "tests/debian.sh needs debootstrap: apt-get install debootstrap" >&2; exit 1; }
    exec unshare --mount --pid --fork --kill-child --mount-proc "$0" --inside "$@"
fi
release=$2
folder=$(realpath -m "$3")
mirror=${4:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)}
cd "$(dirname "$0")/.."
first='c++ -std=c++20 -Iinclude examples/users/main.cpp -o users && ./users examples/users/passwd get root'
second='tests/run'
for command in "$first" "$second"; do
    grep -qxF "$command" README.md || { echo "README.md has no line that says: $command" >&2; exit 1; }
done

[ -e "$folder/etc/debian_version" ] || debootstrap --variant=minbase --include=g++,git "$release" "$folder" ${mirror:+"$mirror"}

layer=$(mktemp -d "$(dirname "$folder")/tenon-debian-XXXXXX")
trap '! mountpoint -q "$layer/root" || umount -l -R "$layer/root" && rm -rf --one-file-system "$layer"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$layer/upper" "$layer/work" "$layer/root"
mount -t overlay -o "lowerdir=$folder,upperdir=$layer/upper,workdir=$layer/work" overlay "$layer/root"
mount -t proc proc "$layer/root/proc"
mount --rbind /dev "$layer/root/dev"
mount --make-rslave "$layer/root/dev"
cp /etc/resolv.conf "$layer/root/etc/resolv.conf"
git clone -q --no-hardlinks . "$layer/root/root/tenon"

on_it() {
    chroot "$layer/root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin ${http_proxy:+http_proxy="$http_proxy"} \
        sh -c "cd /root/tenon && $1"
}
on_it '. /etc/os-release && echo "$PRETTY_NAME" && c++ --version && git --version'
for command in "$first" "$second"; do
    printf '\n$ %s\n' "$command"
    on_it "$command" || failed="${failed:-}, $command"
done
[ -z "${failed:-}" ] || { echo "failed on $release: ${failed#, }" >&2; exit 1; }
