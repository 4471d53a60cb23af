#!/bin/sh
# apart.sh NUMBER COMMAND [ARGUMENT...]
#
# Runs a command that may bring up a sandbox beside others on this machine. It sees a network of its own, which leads
# nowhere, no processes but its own, and this project with whatever it writes there kept apart: all of that is gone when
# it ends. What a sandbox is made of has to be in the cache before.
set -eu

# In the new namespaces. The shell stays, as the first process of them: it has to reap those whose parents have ended.
inside() {
  project=$1
  written=$2
  shift 2
  # Those of a sandbox that is up end when that ends, which would look like something that the command has changed.
  awk '$2 ~ "^/run/netns/|/gitlab-fargate-runners/sandbox" { print $2 }' /proc/self/mounts | tac |
    while read -r target; do umount --lazy "$target"; done
  ip link set lo up
  mkdir -p /run/netns
  mount -t tmpfs tmpfs /run/netns
  mount -t overlay overlay -o "lowerdir=$project,upperdir=$written/upper,workdir=$written/work" "$project"
  cd "$project"
  "$@"
}

if [ "$1" = inside ]; then
  shift
  inside "$@"
  exit
fi

SANDBOX_NUMBER=$1
export SANDBOX_NUMBER
shift
script=$(readlink -f "$0")
written=$(mktemp -d)
mkdir "$written/upper" "$written/work"
trap 'rm -rf "$written"' EXIT
# The command gets signals itself, as one of this process group, and this script waits for it.
trap : INT TERM HUP
unshare --net --pid --fork --mount-proc "$script" inside "${script%/test/support/apart.sh}" "$written" "$@"
