#!/bin/sh
# What makes an image of an application out of Debian's files: a user of its own, its folder, an entry point.
# usage: app.sh FOLDER ENTRYPOINT
set -eu

root=$1
chroot "$root" useradd --uid 1000 --create-home --shell /bin/sh app
install -d -o 1000 -g 1000 "$root/srv/app"
install -m 0755 "$2" "$root/usr/local/bin/entrypoint"
