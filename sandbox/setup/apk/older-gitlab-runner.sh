#!/bin/sh
# A stand-in for the gitlab-runner of Alpine's package, which is older than the hosts'. It knows no flag that came to the
# job's commands after its version (in 19.0: GitLab Runner's merge request 6574), and answers one as the real one does.
# Everything else is the newer runner's.
set -eu

case ${1:-} in
--version | -v)
  printf 'Version:      %s\n' '@VERSION@'
  exit
  ;;
cache-extractor)
  for argument; do
    case $argument in
    --alternate-url | --alternate-gocloud-url | --alternate-head-url | --alternate-url=* | \
      --alternate-gocloud-url=* | --alternate-head-url=*)
      flag=${argument%%=*}
      printf 'Incorrect Usage: flag provided but not defined: %s\n\n' "${flag#-}"
      printf 'FATAL: flag provided but not defined: %s\n' "${flag#-}" >&2
      exit 1
      ;;
    esac
  done
  ;;
verify-version)
  echo "FATAL: Command verify-version not found." >&2
  exit 1
  ;;
esac
exec /usr/libexec/gitlab-runner-newer "$@"
