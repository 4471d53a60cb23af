#!/bin/sh
# Packs what compiling needs of a Go distribution, always to the same bytes: names sorted, no times, owners or modes of
# the machine. Left out: the commands' own sources, tests and test data.
# usage: archive.sh GOROOT SCRATCH-FOLDER OUTPUT.tar.gz
set -eu

goroot=$1
scratch=$2
output=$3

mkdir -p "$scratch/go"
(cd "$goroot" && tar --create --exclude='./src/cmd/*' --exclude=testdata --exclude='*_test.go' \
  ./LICENSE ./PATENTS ./VERSION ./go.env ./bin ./pkg/tool ./pkg/include ./src ./lib) |
  tar --extract --directory "$scratch/go" --no-same-permissions

# A module can't hold a go.mod in a folder: the toolchain's module has them under another name, until the go command
# has once used it.
chmod -R u+w "$scratch/go"
find "$scratch/go" -name _go.mod | while read -r file; do
  mv "$file" "${file%_go.mod}go.mod"
done
find "$scratch/go" -type d -exec chmod 0755 {} +
find "$scratch/go" -type f -exec chmod 0644 {} +
chmod 0755 "$scratch"/go/bin/* "$scratch"/go/pkg/tool/*/*

tar --create --directory "$scratch" --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 go |
  gzip -n -6 >"$output"
