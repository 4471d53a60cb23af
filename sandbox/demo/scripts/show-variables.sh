#!/bin/sh
# Prints the predefined CI variables, sorted; what is or holds a secret stays out.
set -eu

env |
  grep -E '^(CI|CI_[A-Z0-9_]+|GITLAB_[A-Z0-9_]+)=' |
  grep -vE '^[A-Z0-9_]*(TOKEN|PASSWORD|PASSPHRASE|SECRET|JWT|KEY)[A-Z0-9_]*=' |
  grep -vE '://[^/]*@' |
  sort
