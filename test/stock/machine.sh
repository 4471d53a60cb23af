#!/bin/bash
# A stock Debian machine (systemd, cgroup v2) in QEMU. All that it is lies in $STOCK_DIR.
#
#   machine.sh build             makes the image of the suite: nothing but Debian's packages, of which some are the
#                                project's own requirements (git, nodejs, npm, golang-go)
#   machine.sh share FOLDER NAME puts a copy of FOLDER on a disk, which the next start mounts at /mnt/NAME
#   machine.sh start             boots it on a copy-on-write disk; waits until SSH answers
#   machine.sh ssh [COMMAND...]  runs a command in it as root, or a shell
#   machine.sh image            the path of the image
#   machine.sh stop              powers off; the disk stays, the next start goes on with it
#   machine.sh fresh             forgets the disk (after stop): the next start is a new machine
#   machine.sh rm                removes images, disks, key
#
# Settings, in the environment: STOCK_SUITE (trixie, sid), STOCK_DIR, STOCK_CPUS, STOCK_MEMORY, STOCK_PORT (of SSH, on
# loopback), STOCK_APPEND (to the kernel's command line).
set -euo pipefail

dir=${STOCK_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/gitlab-fargate-runners-stock}
suite=${STOCK_SUITE:-trixie} port=${STOCK_PORT:-22022} cpus=${STOCK_CPUS:-2} memory=${STOCK_MEMORY:-6G}
image=$dir/$suite run=$dir/$suite/run
packages=systemd-sysv,systemd-timesyncd,dbus,udev,libpam-systemd,linux-image-cloud-amd64,openssh-server,iproute2
packages+=,iptables,nftables,sudo,ca-certificates,git,nodejs,npm
# A machine that is emulated takes whatever it can get; it leaves what others want.
gently=(nice -n 19)

die() {
  echo "machine.sh: $*" >&2
  exit 1
}

need() {
  local missing=() program
  for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
  [ ${#missing[@]} = 0 ] ||
    die "missing: ${missing[*]}. On Debian: apt-get install qemu-system-x86 qemu-utils mmdebstrap e2fsprogs openssh-client"
}

guest() {
  ssh -i "$dir/key" -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
    -o ConnectTimeout=20 -o ServerAliveInterval=60 root@127.0.0.1 "$@"
}

# A process that ended and waits to be collected has no program any more.
running() { [ -s "$run/pid" ] && [[ $(readlink "/proc/$(cat "$run/pid")/exe") == *qemu-system* ]]; }

build() {
  need mmdebstrap mke2fs ssh-keygen unshare
  mkdir -p "$image"
  [ -f "$dir/key" ] || ssh-keygen -q -t ed25519 -N '' -C stock -f "$dir/key"
  local root=$image/root
  rm -rf "$root"
  # mmdebstrap's mounts never show outside. A mirror may be a snapshot of some time ago.
  "${gently[@]}" unshare --mount --propagation private mmdebstrap --mode=root --variant=important --include="$packages" \
    --skip=cleanup/apt/lists --aptopt='Acquire::Check-Valid-Until "false"' "$suite" "$root"
  install -D -m 600 "$dir/key.pub" "$root/root/.ssh/authorized_keys"
  chmod 700 "$root/root/.ssh"
  echo stock >"$root/etc/hostname"
  echo '127.0.0.1 localhost stock' >"$root/etc/hosts"
  echo '/dev/vda / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
  rm -f "$root/etc/resolv.conf"
  echo 'nameserver 10.0.2.3' >"$root/etc/resolv.conf"
  printf '[Match]\nName=en*\n[Network]\nDHCP=ipv4\n' >"$root/etc/systemd/network/10-wired.network"
  ln -sf /usr/lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
  # This machine's way out may have certificate authorities of its own.
  if cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null; then
    chroot "$root" update-ca-certificates >/dev/null
    echo NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt >>"$root/etc/environment"
  fi
  cp "$root"/boot/vmlinuz-* "$image/vmlinuz"
  cp "$root"/boot/initrd.img-* "$image/initrd"
  rm -f "$image/base.img"
  "${gently[@]}" mke2fs -q -t ext4 -d "$root" "$image/base.img" 14G
  rm -rf "$root"
}

start() {
  need qemu-system-x86_64 qemu-img ssh
  running && die "it runs already"
  [ -f "$image/base.img" ] || die "no image: machine.sh build"
  mkdir -p "$run"
  [ -f "$run/disk.qcow2" ] || qemu-img create -q -f qcow2 -F raw -b "$image/base.img" "$run/disk.qcow2"
  local disk name disks=()
  for disk in "$run"/share-*.img; do
    if [ -f "$disk" ]; then disks+=(-drive "file=$disk,if=virtio,format=raw,cache=unsafe"); fi
  done
  "${gently[@]}" qemu-system-x86_64 -accel "${STOCK_ACCEL:-tcg,thread=multi}" -cpu max -smp "$cpus" -m "$memory" \
    -display none -vga none -kernel "$image/vmlinuz" -initrd "$image/initrd" \
    -append "root=/dev/vda rw console=ttyS0 ${STOCK_APPEND:-}" \
    -drive "file=$run/disk.qcow2,if=virtio,format=qcow2,cache=unsafe" "${disks[@]}" -device virtio-rng-pci \
    -nic "user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:$port-:22" \
    -serial "file:$run/console.log" -monitor none -pidfile "$run/pid" -daemonize
  until guest true 2>/dev/null; do
    running || die "QEMU ended; see $run/console.log"
    sleep 2
  done
  for disk in "$run"/share-*.img; do
    name=${disk##*/share-} name=${name%.img}
    if [ -f "$disk" ]; then guest "mkdir -p /mnt/$name && mount /dev/disk/by-label/$name /mnt/$name"; fi
  done
}

# The cloud kernel knows no shared folders, so it is a disk, which is there from the next start on.
share() {
  need mke2fs
  local size
  size=$(du -sm --apparent-size "$1" | cut -f1)
  mkdir -p "$run"
  rm -f "$run/share-$2.img"
  "${gently[@]}" mke2fs -q -t ext4 -i 4096 -L "$2" -d "$1" "$run/share-$2.img" "$((size * 5 / 4 + 200))M"
}

stop() {
  running || return 0
  local pid
  pid=$(cat "$run/pid")
  guest poweroff 2>/dev/null || true
  tail --pid="$pid" --follow /dev/null
}

command=${1:-help}
[ $# -gt 0 ] && shift
case $command in
  build | start | share | stop) "$command" "$@" ;;
  ssh) guest "$@" ;;
  image) echo "$image/base.img" ;;
  fresh | rm)
    running && die "stop it first"
    if [ "$command" = fresh ]; then rm -rf "$run"; else rm -rf "$dir"; fi
    ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" ;;
esac
