#!/bin/sh
# Prepares a container for its one job, then becomes sshd.
#
# Environment:
#   SSH_PUBLIC_KEY  the public keys that may log in as root, one a line, as in authorized_keys; required
# All other variables of the container are handed on to SSH sessions.
set -eu

fail() {
  echo "docker-entrypoint: $*" >&2
  exit 1
}

# Whatever the key contains stays out of messages: it might be a private one, given by mistake.
[ -n "${SSH_PUBLIC_KEY:-}" ] ||
  fail "SSH_PUBLIC_KEY is not set. Set it to the public key that may log in, for example by a RunTask override."

umask 077
mkdir -p /root/.ssh
printf '%s\n' "$SSH_PUBLIC_KEY" >/root/.ssh/authorized_keys

# ssh-keygen skips lines that are no keys; here each must be one, without options.
while IFS= read -r line; do
  case $line in
  '' | '#'*) continue ;;
  ssh-* | ecdsa-sha2-* | sk-*) ;;
  *) fail "SSH_PUBLIC_KEY has a line that is no public key. It must look like 'ssh-ed25519 AAAA… comment'." ;;
  esac
  printf '%s\n' "$line" | ssh-keygen -l -f - >/dev/null 2>&1 ||
    fail "SSH_PUBLIC_KEY has a line that looks like a public key but can't be read as one. Was it cut off?"
  found=yes
done </root/.ssh/authorized_keys
[ -n "${found:-}" ] || fail "SSH_PUBLIC_KEY holds no public key, only empty lines or comments."

# sshd refuses accounts whose password field starts with "!". A "*" is no password that could match, and no lock.
accounts=$(sed 's/^root:[^:]*:/root:*:/' /etc/shadow)
printf '%s\n' "$accounts" >/etc/shadow

# One host key, made here: no two containers share one, and ed25519 takes milliseconds.
[ -f /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -C '' -f /etc/ssh/ssh_host_ed25519_key

# For sessions: the container's variables, above all those by which AWS SDKs find the task role's credentials
# (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI) and the task its metadata (ECS_CONTAINER_METADATA_URI_V4). Not what belongs
# to a login or to this shell. sshd reads one NAME=value a line, the value as it is.
awk 'BEGIN {
  split("SSH_PUBLIC_KEY HOME USER LOGNAME SHELL MAIL PWD OLDPWD SHLVL TERM HOSTNAME _", names, " ")
  for (i in names) skip[names[i]] = 1
  for (name in ENVIRON) {
    if (name in skip || name !~ /^[A-Za-z_][A-Za-z0-9_]*$/) continue
    if (index(ENVIRON[name], "\n")) {
      print "docker-entrypoint: " name " has several lines and can not be handed on to SSH sessions" >"/dev/stderr"
      continue
    }
    print name "=" ENVIRON[name]
  }
}' >/root/.ssh/environment

# sshd needs it for its unprivileged half.
mkdir -p /run/sshd
chmod 0755 /run/sshd

unset SSH_PUBLIC_KEY
# sshd hands it on to sessions; a job's files are for whoever it starts.
umask 022
exec /usr/sbin/sshd -D -e
