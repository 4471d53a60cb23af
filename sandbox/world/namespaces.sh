#!/bin/sh
# namespaces.sh TOOLS COMMAND [ARGUMENT...]
#
# Runs a command in network, mount and process namespaces of its own, with the programs of the artifact "tools" (enter.sh). Whatever it does to addresses, routes, packet
# filters and mounts is out of the machine's sight, and when it ends, or is killed, or this script is, the kernel ends
# all processes that have come of it and takes their mounts and their network away.
#
# MACHINE_PID: the command's process id outside. SANDBOX_NETWORK=here: a sandbox that the command starts takes this
# network in place of one of its own, which the command then shares with it.
set -eu

if [ "$1" != --inside ]; then
  network=--net
  if [ "${SANDBOX_NETWORK:-}" = here ]; then network=; fi
  tools=$1
  shift
  # What is mounted or unmounted on the machine later is so in here too: nothing is kept busy.
  exec unshare --mount --propagation slave --pid --fork --kill-child $network \
    "${0%/*}/enter.sh" "$tools" "$0" --inside "$@"
fi
shift

ip link set lo up
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
export SANDBOX_NETWORK=here
# This shell stays as the namespace's first process, which has to collect those whose parents have ended.
(
  # /proc is still that of the processes outside.
  read -r MACHINE_PID _ </proc/self/stat
  export MACHINE_PID
  mount -t proc proc /proc
  exec "$@"
)
