#!/bin/sh
# Makes a root file system of Debian's packages, as its slim images are: no documentation, no other languages.
# usage: debian.sh SUITE FOLDER [PACKAGE...]
set -eu

suite=$1
root=$2
shift 2
packages=$(IFS=, && echo "$*")

# PostgreSQL's package makes a cluster of its own at its installation unless it is told not to.
# shellcheck disable=SC2016 # The folder is mmdebstrap's to fill in.
mmdebstrap --quiet --variant=minbase ${packages:+"--include=$packages"} \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --essential-hook='mkdir "$1/etc/postgresql-common"' \
  --essential-hook='echo create_main_cluster = false >"$1/etc/postgresql-common/createcluster.conf"' \
  "$suite" "$root"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root/etc/hostname" "$root/etc/resolv.conf"
# A compiler of queries, half of the whole image. PostgreSQL does without where it is not there.
rm -rf "$root"/usr/lib/x86_64-linux-gnu/libLLVM* "$root"/usr/lib/llvm-* "$root"/usr/lib/postgresql/*/lib/llvmjit.so \
  "$root"/usr/lib/postgresql/*/lib/bitcode
