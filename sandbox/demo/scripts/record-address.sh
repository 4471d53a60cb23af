#!/bin/sh
# Usage: record-address.sh FILE SECONDS. Writes this task's address and from when until when it was in use.
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
from=$(date +%s)
sleep "$seconds"
echo "$address $from $(date +%s)" | tee "$file"
