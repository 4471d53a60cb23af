#!/bin/sh
# Makes the root file system of a stock alpine image out of a virtual machine's disk of the same release: the disk's
# content without what only a machine needs. To be run in a mount namespace of its own (unshare --mount): its mounts
# and its loop device then go with it, however it ends.
# usage: rootfs.sh DISK.qcow2 SCRATCH-FOLDER OUTPUT.tar
set -eu

disk=$1
scratch=$2
output=$3
root=$scratch/root

qemu-img convert -O raw "$disk" "$scratch/disk.raw"
mkdir -p "$scratch/disk" "$root"
# The disk is one file system, without a partition table.
mount -o loop,ro "$scratch/disk.raw" "$scratch/disk"
cp -a "$scratch/disk/." "$root/"
umount "$scratch/disk"

# The stock image's packages are those of the disk less these.
mount --bind /dev "$root/dev"
chroot "$root" /sbin/apk del --no-network --quiet linux-virt openrc busybox-openrc cloud-utils-growpart dhcpcd \
  e2fsprogs-extra sudo curl ca-certificates
umount "$root/dev"

# What belonged to the machine and to no package of the image.
for user in quicksand dhcpcd; do
  chroot "$root" /usr/sbin/deluser "$user" 2>/dev/null || true
done
rm -rf "${root:?}/boot" "$root/lost+found" "$root/.dockerenv" "$root/home/quicksand" "$root/etc/ssh" \
  "$root/etc/runlevels" "$root/etc/init.d" "$root/etc/conf.d" "$root/etc/rc.conf" "$root/etc/sudoers.d" \
  "$root/etc/network" "$root/etc/hostname" "$root/etc/fstab" "$root/etc/inittab" "$root"/etc/resolv.conf* \
  "$root"/var/log/* "$root"/var/cache/apk/* "$root"/root/.[!.]*
find "$root/dev" "$root/run" "$root/tmp" -mindepth 1 -delete

# No times of the build in it: the same disk makes the same file.
tar --create --file "$output" --directory "$root" --numeric-owner --sort=name --mtime=@0 --xattrs .
