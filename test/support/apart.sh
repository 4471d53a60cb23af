#!/bin/sh
# apart.sh NUMBER COMMAND [ARGUMENT...]
#
# Runs a command that may bring up a sandbox beside others on this machine. It sees a network of its own, which leads
# nowhere, no processes but its own, and this project with whatever it writes there kept apart: all of that is gone when
# it ends. What a sandbox is made of has to be in the cache before.
set -eu
SANDBOX_NUMBER=$1
export SANDBOX_NUMBER
shift
project=$(cd "$(dirname "$0")/../.." && pwd)
written=$(mktemp -d)
mkdir "$written/upper" "$written/work"
trap 'rm -rf "$written"' EXIT
# The command gets signals itself, as one of this process group, and this script waits for it.
trap : INT TERM HUP
# The inner shell stays, as the first process of its namespace: it has to reap those whose parents have ended.
unshare --net --pid --fork --mount-proc sh -c '
  ip link set lo up
  mkdir -p /run/netns
  mount -t tmpfs tmpfs /run/netns
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$1"
  cd "$1"
  shift 2
  "$@"
' sh "$project" "$written" "$@"
