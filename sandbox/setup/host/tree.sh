#!/bin/sh
# Makes the file system of a virtual machine: Debian with systemd, sshd and a user `admin`, as Debian's cloud images
# have it. Neither git nor a compiler: a host needs none.
# usage: tree.sh SUITE FOLDER
set -eu

suite=$1
tree=$2

mmdebstrap --quiet --variant=minbase \
  --include=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,curl,ca-certificates,iproute2,procps \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$tree"

chroot "$tree" useradd --create-home --shell /bin/bash admin
echo 'admin ALL=(ALL) NOPASSWD:ALL' >"$tree/etc/sudoers.d/90-cloud-init-users"
chmod 0440 "$tree/etc/sudoers.d/90-cloud-init-users"

# Each machine gets a name, an identity and host keys of its own at its first boot.
rm -f "$tree/etc/hostname" "$tree"/etc/ssh/ssh_host_*
: >"$tree/etc/machine-id"
cat >"$tree/etc/systemd/system/ssh-host-keys.service" <<'UNIT'
[Unit]
Description=Generate the SSH host key
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key

[Install]
WantedBy=ssh.service
UNIT
mkdir "$tree/etc/systemd/system/ssh.service.wants"
ln -s ../ssh-host-keys.service "$tree/etc/systemd/system/ssh.service.wants/"
cat >"$tree/etc/ssh/sshd_config.d/10-machine.conf" <<'CONFIG'
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
UseDNS no
CONFIG

# What would only slow the boot down: no disk to wait for, no package lists to refresh.
for unit in apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-timesyncd.service; do
  ln -sf /dev/null "$tree/etc/systemd/system/$unit"
done
