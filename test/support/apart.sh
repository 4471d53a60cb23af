#!/bin/sh
# apart.sh NUMBER COMMAND [ARGUMENT...]
#
# Runs a command that may bring up a sandbox beside others on this machine. It sees a network of its own, which leads
# nowhere and which its sandbox shares, no processes but its own, and this project and the home directory with whatever
# it writes there kept apart: all of that is gone when it ends. Cache and state of sandboxes are the machine's. What a
# sandbox is made of has to be in the cache before.
#
# KEPT_APART: a folder. In its home/upper is what the command has written at home, where other programs write meanwhile;
# in home/machine is the home directory as the machine has it.
set -eu

# In the new namespaces.
if [ "$1" = inside ]; then
  project=$2
  written=$3
  shift 3
  # What others mount and unmount meanwhile would look like something that the command has changed.
  mount --make-rprivate /
  cache=${XDG_CACHE_HOME:-$HOME/.cache} state=${XDG_STATE_HOME:-$HOME/.local/state}
  (cd "$written" && mkdir -p cache state home/machine home/upper home/work project/machine project/upper project/work)
  mkdir -p "$cache" "$state"
  # An overlay reads the machine's own folder, also where the project lies at home: more than two cannot be stacked.
  mount --bind "$HOME" "$written/home/machine"
  mount --bind "$project" "$written/project/machine"
  mount --bind "$cache" "$written/cache"
  mount --bind "$state" "$written/state"
  above() { mount -t overlay overlay -o "lowerdir=$1/machine,upperdir=$1/upper,workdir=$1/work" "$2"; }
  above "$written/home" "$HOME"
  mount --bind "$written/cache" "$cache"
  mount --bind "$written/state" "$state"
  above "$written/project" "$project"
  KEPT_APART=$written
  export KEPT_APART
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
trap 'rm -rf "$written"' EXIT
# The command gets signals itself, as one of this process group, and this script waits for it.
trap : INT TERM HUP
tools=$(cd "$project" && node --import tsx sandbox/setup/main.ts --tools)
"$project/sandbox/world/namespaces.sh" "$tools" "$script" inside "$project" "$written" "$@"
