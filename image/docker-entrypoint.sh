#!/bin/sh
# Makes a task ready for the driver: its public key authorized, sshd running as PID 1.
#
# Environment: SSH_PUBLIC_KEY, the key that the driver logs in with, as in authorized_keys.
# Exits with 64 when it is missing or malformed.
set -eu

# Where the system's files are; another folder in tests.
root=${ENTRYPOINT_ROOT:-}

fail() {
  echo "docker-entrypoint: $1" >&2
  exit 64
}

authorize_key() {
  [ -n "${SSH_PUBLIC_KEY:-}" ] ||
    fail "SSH_PUBLIC_KEY is not set. The driver sets it by an override of the container 'ci-coordinator'."
  umask 077
  mkdir -p "$root/root/.ssh"
  printf '%s\n' "$SSH_PUBLIC_KEY" >"$root/root/.ssh/authorized_keys"
  # One key: a second line could carry options or a key of somebody else.
  [ "$(wc -l <"$root/root/.ssh/authorized_keys")" -eq 1 ] ||
    fail "SSH_PUBLIC_KEY has more than one line; it has to be one public key."
  ssh-keygen -l -f "$root/root/.ssh/authorized_keys" >/dev/null 2>&1 ||
    fail "SSH_PUBLIC_KEY is not a public key. It has to look like 'ssh-ed25519 AAAA…'."
}

# Alpine locks root's account ("!" or "*" in its password field), and sshd refuses locked accounts even with a key.
# "x" opens no password either: no hash is equal to it.
unlock_root() {
  sed -i 's/^root:[!*]*:/root:x:/' "$root/etc/shadow"
}

make_host_key() {
  key=$root/etc/ssh/ssh_host_ed25519_key
  [ -s "$key" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$key"
}

# ECS gives these to PID 1 only. SSH sessions get them from ~/.ssh/environment, so that a job finds its task role.
pass_task_environment() {
  env | grep -E '^(AWS_CONTAINER_CREDENTIALS_(RELATIVE|FULL)_URI|AWS_CONTAINER_AUTHORIZATION_TOKEN|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|ECS_CONTAINER_METADATA_URI(_V4)?|ECS_AGENT_URI)=' \
    >"$root/root/.ssh/environment" || : # none of them outside of ECS
}

authorize_key
unlock_root
make_host_key
pass_task_environment
umask 022
# The folder that sshd gives up its rights into.
mkdir -p "$root/run/sshd" "$root/var/empty"

unset SSH_PUBLIC_KEY
exec "${SSHD:-/usr/sbin/sshd}" -D -e
