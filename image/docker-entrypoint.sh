#!/bin/sh
# Prepares a container for its one job, then runs sshd, and stays in front of it for the job's last minutes.
#
# Environment:
#   SSH_PUBLIC_KEY  the public keys that may log in as root, one a line, as in authorized_keys; required
#   FARGATE_GUARD_FIRST_SESSION  seconds that the container waits for its first SSH session before it ends; no limit if unset
#   FARGATE_GUARD_DEADLINE  when the container ends whatever happens, in seconds since 1970; no limit if unset
#   FARGATE_GUARD_LAST_SESSION  seconds without an SSH session, after the first one, in which the container ends; no limit
#                   if unset
#   GUARD_FIRST_SESSION, GUARD_DEADLINE  the names that earlier drivers use; the names above win
# SSH sessions get all other variables of the container, but no FARGATE_GUARD_*.
set -eu

# The kernel keeps from a container's first process what that has no trap for. A task can be stopped at any moment, and
# would stay for its whole stopTimeout.
trap 'exit 0' TERM

fail() {
  echo "docker-entrypoint: $*" >&2
  exit 1
}

# Whatever the key contains stays out of messages: it might be a private one, given by mistake.
[ -n "${SSH_PUBLIC_KEY:-}" ] ||
  fail "SSH_PUBLIC_KEY is not set. Set it to the public key that may log in, for example by a RunTask override."

check_number() {
  case $2 in
  '' | 0?* | *[!0-9]* | ?????????????*) fail "$1 is '$2'. It must be a whole number of seconds." ;;
  esac
}
if [ -n "${GUARD_FIRST_SESSION+set}" ]; then
  FARGATE_GUARD_FIRST_SESSION=${FARGATE_GUARD_FIRST_SESSION-$GUARD_FIRST_SESSION}
fi
if [ -n "${GUARD_DEADLINE+set}" ]; then
  FARGATE_GUARD_DEADLINE=${FARGATE_GUARD_DEADLINE-$GUARD_DEADLINE}
fi
if [ -n "${FARGATE_GUARD_FIRST_SESSION+set}" ]; then
  check_number FARGATE_GUARD_FIRST_SESSION "$FARGATE_GUARD_FIRST_SESSION"
fi
if [ -n "${FARGATE_GUARD_LAST_SESSION+set}" ]; then
  check_number FARGATE_GUARD_LAST_SESSION "$FARGATE_GUARD_LAST_SESSION"
fi
if [ -n "${FARGATE_GUARD_DEADLINE+set}" ]; then
  check_number FARGATE_GUARD_DEADLINE "$FARGATE_GUARD_DEADLINE"
  left=$((FARGATE_GUARD_DEADLINE - $(date +%s)))
  [ "$left" -gt 0 ] || fail "FARGATE_GUARD_DEADLINE has passed: the time of the container's job is over."
fi

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
  split("SSH_PUBLIC_KEY HOME USER LOGNAME SHELL MAIL PWD OLDPWD SHLVL TERM HOSTNAME _ " \
    "GUARD_FIRST_SESSION GUARD_DEADLINE GUARD_HOST", names, " ")
  for (i in names) skip[names[i]] = 1
  for (name in ENVIRON) {
    if (name in skip || name ~ /^FARGATE_GUARD_/ || name !~ /^[A-Za-z_][A-Za-z0-9_]*$/) continue
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

# Each session leaves a trace before its command runs. sshd reads the file by sh, whose stdin is not the command's.
rm -f /run/ssh-session
echo ': >/run/ssh-session' >/etc/ssh/sshrc

first_session=${FARGATE_GUARD_FIRST_SESSION-}
last_session=${FARGATE_GUARD_LAST_SESSION-}
deadline=${FARGATE_GUARD_DEADLINE-}
unset SSH_PUBLIC_KEY FARGATE_GUARD_FIRST_SESSION FARGATE_GUARD_LAST_SESSION FARGATE_GUARD_DEADLINE FARGATE_GUARD_HOST
unset GUARD_FIRST_SESSION GUARD_DEADLINE GUARD_HOST

# The driver creates it when the job's last stage begins, and the guard when the container has to end.
job_over=/run/ci-job-over
# ci-agent writes its text to the job's log.
last_words=/run/ci-task-stops
rm -f "$job_over" "$last_words"

# sshd has a child of its name for each connection. Where pgrep cannot tell, nobody ends the job for it.
connected() { pgrep -P "$sshd" sshd >/dev/null 2>&1 || [ $? -ne 1 ]; }
# For so many seconds a job may have no connection, as between two stages.
between_stages=10

# ECS sends SIGTERM when a task has to stop, as when AWS takes spot capacity back, and SIGKILL after the container's
# stopTimeout. Until then a job that is at work goes on, and its artifacts are safe if it ends before. A task whose job is
# over ends at once.
# shellcheck disable=SC2329 # called by the trap
stop() {
  trap '' TERM
  sshd=${sshd:-${!-}}
  [ -n "$sshd" ] || exit 0
  if [ ! -e "$job_over" ] && { [ -e /run/ssh-session ] || connected; }; then
    echo "docker-entrypoint: the task has to stop; its job goes on as long as it may" >&2
    echo "ECS stops this task, as it does when AWS takes spot capacity back." \
      "The job goes on for two minutes at the most." >"$last_words"
    pkill -TERM -f "ci-agent serve " || true
    idle=0
    while [ ! -e "$job_over" ] && [ "$idle" -lt "$between_stages" ]; do
      sleep 1
      if connected; then idle=0; else idle=$((idle + 1)); fi
    done
  fi
  kill -TERM "$sshd" 2>/dev/null || true
  end_with_sshd
}

end_with_sshd() {
  status=0
  wait "$sshd" || status=$?
  exit $status
}

sshd=
trap stop TERM
# sshd hands it on to sessions; a job's files are for whoever it starts.
umask 022
# In the background, as this shell has to hear SIGTERM. A session's signals are as in the foreground: sshd sees to that.
/usr/sbin/sshd -D -e &
sshd=$!

# The guard, for the case that whoever started the container does not come back for it: it ends sshd, and with it the
# container. One sleep for each limit takes nothing from the job.
end_container() {
  kill -0 "$sshd" 2>/dev/null || return 0
  echo "docker-entrypoint: $1: the container ends" >&2
  touch "$job_over"
  kill -TERM "$sshd" 2>/dev/null || true
}

# The driver has a session open while a stage runs, and comes back within minutes where one was lost, so the job's host is
# gone when nobody was here for long. Twenty looks in a row count, so that no pause between two stages does.
await_absence() {
  pause=$((last_session / 20))
  [ "$pause" -gt 0 ] || pause=1
  seen='' absent=0
  while [ "$absent" -lt 20 ]; do
    sleep "$pause"
    [ ! -e /run/ssh-session ] || seen=yes
    if [ -z "$seen" ] || connected; then absent=0; else absent=$((absent + 1)); fi
  done
}

if [ -n "$first_session" ]; then
  {
    sleep "$first_session"
    [ -e /run/ssh-session ] || end_container "no SSH session came within $first_session s"
  } &
fi
if [ -n "$deadline" ]; then
  {
    sleep "$left"
    end_container "the time of its job is over"
  } &
fi

if [ -n "$last_session" ]; then
  {
    await_absence
    end_container "no SSH session for $last_session s, so the host of its job is gone"
  } &
fi

end_with_sshd
