#!/bin/sh
# Usage: compare-addresses.sh FOLDER COUNT. Fails unless COUNT tasks with COUNT addresses ran at the same time.
set -eu

folder=$1
count=$2

cat "$folder"/*
distinct=$(cut -d ' ' -f 1 "$folder"/* | sort -u | wc -l)
if [ "$distinct" -ne "$count" ]; then
  echo "$distinct different addresses instead of $count" >&2
  exit 1
fi

last_start=$(cut -d ' ' -f 2 "$folder"/* | sort -n | tail -n 1)
first_end=$(cut -d ' ' -f 3 "$folder"/* | sort -n | head -n 1)
if [ "$last_start" -ge "$first_end" ]; then
  echo "they did not run at the same time" >&2
  exit 1
fi
echo "$count tasks, $count addresses, together for $((first_end - last_start)) s or more"
