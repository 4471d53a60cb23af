#!/bin/sh
# Fetches a Go distribution as a module from the first of some module proxies that has it, and checks it against the
# checksum that Go's checksum database has of it.
# usage: fetch.sh VERSION CHECKSUM SCRATCH-FOLDER GOROOT PROXY...
set -eu

module=golang.org/toolchain
version=v0.0.1-go$1.linux-amd64
checksum=$2
scratch=$3
goroot=$4
shift 4

zip=$scratch/toolchain.zip
for proxy; do
  if curl --fail --silent --show-error --location --netrc-optional --retry 3 --output "$zip" \
    "$proxy/$module/@v/$version.zip"; then break; fi
  rm -f "$zip"
done
[ -f "$zip" ] || {
  echo "no module proxy has $module $version" >&2
  exit 1
}
python3 -m zipfile -e "$zip" "$scratch/files"

# "h1:", https://go.dev/ref/mod#go-sum-files: of the sorted list of all files' checksums.
found=h1:$(cd "$scratch/files" && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum |
  openssl dgst -sha256 -binary | base64)
[ "$found" = "$checksum" ] || {
  echo "$module $version has checksum $found; on record is $checksum" >&2
  exit 1
}

mv "$scratch/files/$module@$version" "$goroot"
# A module can't hold a go.mod in a folder, nor say what can be run.
find "$goroot" -name _go.mod | while read -r file; do
  mv "$file" "${file%_go.mod}go.mod"
done
chmod 0755 "$goroot"/bin/* "$goroot"/pkg/tool/*/*
