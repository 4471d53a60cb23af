#!/bin/sh
# Makes the root file system of an image that has BusyBox and nothing else, as Docker's official one is.
# usage: busybox.sh SUITE FOLDER
set -eu

suite=$1
root=$2
extracted=$root.extracted

mmdebstrap --quiet --variant=extract --include=busybox-static "$suite" "$extracted"
mkdir -p "$root/bin" "$root/dev" "$root/etc" "$root/home" "$root/proc" "$root/root" "$root/sys" "$root/usr" "$root/var"
install -d -m 1777 "$root/tmp"
cp "$extracted"/usr/bin/busybox "$root/bin/busybox"
"$root/bin/busybox" --list | grep -vx busybox | while read -r name; do
  ln -s busybox "$root/bin/$name"
done
ln -s ../bin "$root/usr/bin"
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/home:/bin/false' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'nobody:x:65534:' >"$root/etc/group"
rm -r "$extracted"
