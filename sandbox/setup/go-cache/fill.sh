#!/bin/sh
# Compiles the driver as a runner host does, to fill Go's build cache. The cache's keys hold the place of the Go
# distribution, so that is put where hosts have it: in a mount namespace of its own (unshare --mount), on top of /opt.
# usage: fill.sh GO.tar.gz GOROOT-BELOW-/opt DRIVER-FOLDER MODULE-PROXY-FOLDER SCRATCH-FOLDER CACHE-FOLDER
set -eu

archive=$1
goroot=$2
driver=$3
proxy=$4
scratch=$5
cache=$6

mkdir -p "$scratch/upper" "$scratch/work" "$scratch/bin" "$cache"
mount -t overlay overlay -o "lowerdir=/opt,upperdir=$scratch/upper,workdir=$scratch/work" /opt
mkdir -p "$goroot"
tar --extract --gzip --file "$archive" --directory "$goroot" --strip-components=1 --no-same-owner

cd "$driver"
export GOROOT="$goroot" GOCACHE="$cache" GOMODCACHE="$scratch/mod" GOPROXY="file://$proxy"
export GOTOOLCHAIN=local GOFLAGS=-modcacherw GOENV=off GOWORK=off CGO_ENABLED=0
"$goroot/bin/go" build -trimpath -buildvcs=false -ldflags '-s -w' -o "$scratch/bin/" ./cmd/...
