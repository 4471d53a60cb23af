#!/bin/sh
# into-scope.sh NAME LEAF COMMAND [ARGUMENT...]
#
# In a scope that systemd has delegated: makes the cgroup NAME there and runs the command in its LEAF, so that neither the
# scope nor NAME has processes and both can hand controllers on.
set -eu
scope=/sys/fs/cgroup$(cut -d: -f3- /proc/self/cgroup)
leaf=$scope/$1/$2
shift 2
mkdir -p "$leaf"
echo $$ >"$leaf/cgroup.procs"
exec "$@"
