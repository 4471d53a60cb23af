#!/bin/bash
# run.sh [SUITE]: the sandbox on a stock machine, from a fresh clone of this repository's HEAD; see README.md.
#
# COLD=1: without this machine's artifact cache. KEEP=1: the machine stays up, for a look. BESIDE: programs that are
# there first, of docker, ufw and firewalld (beside.sh); separated by spaces.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(git -C "$here" rev-parse --show-toplevel)
export STOCK_SUITE=${1:-trixie}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gitlab-fargate-runners
clone=/root/gitlab-fargate-runners
work=$(mktemp -d)
prepare='import("./sandbox/lifecycle.ts").then(({ prepare }) => prepare())'
machine() { "$here/machine.sh" "$@"; }

finish() {
  local status=$?
  rm -rf "$work"
  [ -n "${KEEP:-}" ] || machine stop
  exit "$status"
}
trap finish EXIT

# step NAME COMMAND...: says how long the command took.
step() {
  local name=$1 began=$SECONDS
  shift
  "$@"
  echo "== $name: $((SECONDS - began)) s"
}

# Runs a shell command in the clone.
inside() { machine ssh "cd $clone && $1"; }
beside() {
  for name in ${BESIDE:-}; do machine ssh sh -s "$1" "$name" <"$here/beside.sh"; done
}
look() { machine ssh sh -s <"$here/look.sh" | sort >"$work/$1"; }

# The whole ones alone: others may be building in the cache meanwhile.
share_cache() {
  local parts=$cache.share
  rm -rf "$parts"
  mkdir "$parts"
  find "$cache" -mindepth 1 -maxdepth 1 -regextype posix-extended -regex '.*-[0-9a-f]{16}' \
    -exec cp --archive --link --target-directory "$parts" {} +
  machine share "$parts" cache
  rm -rf "$parts"
}

expect_oom() {
  inside "npm run -s sandbox -- run test/stock/memory.yml" 2>&1 | tee "$work/memory" && return 1
  grep -q 'ran out of memory (its limit is 2048 MiB)' "$work/memory" && ! grep -q '| still here' "$work/memory"
}

unchanged() {
  look after
  diff "$work/before" "$work/after"
}

machine stop
machine fresh
[ -f "$(machine image)" ] || step "image built" machine build
if [ -z "${COLD:-}" ] && [ -d "$cache" ]; then step "artifact cache copied" share_cache; fi
step "booted" machine start
git -C "$project" bundle create -q "$work/bundle" HEAD
machine ssh "cat >/root/bundle" <"$work/bundle"
machine ssh "git -c advice.detachedHead=false clone -q /root/bundle $clone && rm /root/bundle && mkdir -p /root/.cache &&
  if [ -d /mnt/cache ]; then cp -a /mnt/cache /root/.cache/gitlab-fargate-runners && umount /mnt/cache; fi"
# An emulated machine is some 25 times slower than the one that it runs on: one job at a time.
inside "sed -i 's/^  gitlab-fargate-runners:host:/&\n    concurrency: 1/' Pulumi.sandbox.yaml"

step "neighbours" beside install
step "neighbours work" beside check
step "packages" inside "npm run -s sandbox -- status"
look fresh
step "artifacts" inside "node_modules/.bin/node --import tsx --eval '$prepare'"
look before
diff "$work/fresh" "$work/before" | grep '^[<>] \(package\|enabled\)' && exit 1
step "up" inside "npm run -s sandbox -- up"
step "neighbours work" beside check
step "pipeline" inside "npm run -s sandbox -- run test/stock/pipeline.yml"
step "memory limit" expect_oom
step "down" inside "npm run -s sandbox -- down"
step "unchanged" unchanged
step "neighbours work" beside check
echo "The sandbox came up on Debian $STOCK_SUITE, held a task to its memory, and left nothing."
