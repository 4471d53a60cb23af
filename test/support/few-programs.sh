#!/bin/sh
# few-programs.sh COMMAND [ARGUMENT...]
#
# Runs a command where the machine has no programs but those that docs/sandbox.md asks for: /usr holds them, what they and Node
# load, and nothing else. /etc has its users, names and certificates.
set -eu

if [ "$1" != --inside ]; then exec unshare --mount --propagation private "$0" --inside "$@"; fi
shift

programs="sh cat chroot cp cut env ln mkdir mv nice rm rmdir tar flock mount nsenter pivot_root umount unshare"
node=$(dirname "$(readlink -f "$0")")/../../node_modules/node/bin

usr=/mnt
mount -t tmpfs tmpfs "$usr"
mkdir -p "$usr/bin" "$usr/sbin" "$usr/lib" "$usr/lib64"
for program in $programs "$node/node"; do
  file=$(command -v "$program")
  if [ "$program" != "$node/node" ]; then cp -L "$file" "$usr/bin/"; fi
  ldd "$file" | sed -n 's,.*[ \t]\(/lib[^ ]*\) (.*,\1,p' | while read -r library; do
    mkdir -p "$usr${library%/*}"
    cp -L "$library" "$usr$library"
  done
done
for file in passwd group hosts resolv.conf ssl/certs/ca-certificates.crt; do
  if [ ! -e "/etc/$file" ]; then continue; fi
  mkdir -p "$(dirname "$usr/etc/$file")"
  cp -L "/etc/$file" "$usr/etc/$file"
done
mount --bind "$usr/etc" /etc
mount --bind "$usr" /usr
umount "$usr"
PATH=$node:/usr/bin
export PATH
exec "$@"
