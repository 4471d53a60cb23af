#!/bin/sh
# apart.sh NUMBER COMMAND [ARGUMENT...]
#
# Runs a command that may bring up a sandbox beside others on this machine. It sees a network of its own, which leads
# nowhere and which its sandbox shares, no processes but its own, and this project with whatever it writes there kept
# apart: all of that is gone when it ends. What a sandbox is made of has to be in the cache before.
set -eu

# In the new namespaces.
if [ "$1" = inside ]; then
  project=$2
  written=$3
  shift 3
  # What others mount and unmount meanwhile would look like something that the command has changed.
  mount --make-rprivate /
  mount -t overlay overlay -o "lowerdir=$project,upperdir=$written/upper,workdir=$written/work" "$project"
  cd "$project"
  exec "$@"
fi

SANDBOX_NUMBER=$1
export SANDBOX_NUMBER
unset SANDBOX_NETWORK
shift
script=$(readlink -f "$0")
project=${script%/test/support/apart.sh}
written=$(mktemp -d)
mkdir "$written/upper" "$written/work"
trap 'rm -rf "$written"' EXIT
# The command gets signals itself, as one of this process group, and this script waits for it.
trap : INT TERM HUP
tools=$(cd "$project" && node --import tsx sandbox/setup/main.ts --tools)
"$project/sandbox/world/namespaces.sh" "$tools" "$script" inside "$project" "$written" "$@"
