#!/bin/sh
# What makes an image of a service out of Debian's files: its entry point.
# usage: server.sh FOLDER ENTRYPOINT
set -eu

install -D -m 0755 "$2" "$1/usr/local/bin/docker-entrypoint.sh"
