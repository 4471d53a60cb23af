#!/bin/sh
# Usage: record-address.sh FILE SECONDS. Writes this task's address and from when until when it was in use: for SECONDS,
# and for as long as the task took to come here, since tasks that start at once come here one by one on a slow machine.
set -eu

file=$1
seconds=$2

# The first address that is neither loopback's nor link-local (Fargate's metadata endpoint has one of these).
address=$(ip -4 -o addr show | awk '$2 != "lo" && $4 !~ /^169\.254\./ { sub("/.*", "", $4); print $4; exit }')
if [ -z "$address" ]; then
  echo "no IPv4 address" >&2
  exit 1
fi

mkdir -p "$(dirname "$file")"
# When the task's first process started, in hundredths of seconds since the machine's start: proc_pid_stat(5).
age=$(sed 's/.*) //' /proc/1/stat | awk -v up="$(cut -d ' ' -f 1 /proc/uptime)" '{ printf "%d", up - $20 / 100 }')
from=$(($(date +%s) - age))
sleep "$((age > seconds ? age : seconds))"
echo "$address $from $(date +%s)" | tee "$file"
