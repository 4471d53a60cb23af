#!/bin/sh
# enter.sh TOOLS COMMAND [ARGUMENT...]
#
# Runs a command with the programs of the artifact "tools" in place of the machine's, in a mount namespace that is the
# caller's own (unshare --mount): /usr and some settings are the artifact's, all else is the machine's, at its own place.
# So it needs no programs of the machine but those here, of sh, coreutils and util-linux.
set -eu

tools=$1
shift

# There already: what runs in there starts others.
if [ /usr -ef "$tools/usr" ]; then exec "$@"; fi

here=$(pwd)
case $here in
/usr/local/*) ;;
/usr/* | /etc/*)
  echo "$here is out of sight of the sandbox, which has a /usr and /etc of its own: move it elsewhere" >&2
  exit 1
  ;;
esac
new=$tools/root
mount -t tmpfs -o mode=0755 tmpfs "$new"
# It lies in a folder that is bound below, and is no part of that.
mount --make-unbindable "$new"

for place in /* /.[!.]*; do
  case $place in
  /usr | /etc | /bin | /sbin | /lib | /lib32 | /lib64 | /libx32 | /.etc | /lost+found) continue ;;
  esac
  if [ -L "$place" ]; then
    cp -P "$place" "$new$place"
  elif [ -d "$place" ]; then
    mkdir "$new$place"
    mount --rbind "$place" "$new$place"
  fi
done
for folder in bin sbin lib lib64; do
  ln -s "usr/$folder" "$new/$folder"
done

mkdir "$new/usr"
mount --bind "$tools/usr" "$new/usr"
mount -o remount,bind,ro "$new/usr"
for folder in /usr/local /usr/lib/node_modules /usr/share/nodejs; do
  if [ -d "$folder" ]; then mount --rbind "$folder" "$new$folder"; fi
done

# An overlay takes no layers that are unbindable.
mount --make-private "$new"
# What is written there is nobody else's, and goes.
mkdir -p "$new/.etc/changes" "$new/.etc/work" "$new/etc"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$new/.etc/changes,workdir=$new/.etc/work" "$new/etc"
for file in resolv.conf hosts hostname; do
  # In a container these are mounts, which the overlay does not show.
  if [ -f "/etc/$file" ] && [ ! -L "/etc/$file" ]; then cp "/etc/$file" "$new/etc/$file"; fi
done
rm -f "$new/etc/ld.so.preload"
for setting in "$tools"/etc/*; do
  name=${setting##*/}
  if [ "$name" != ssl ]; then rm -rf "${new:?}/etc/$name"; cp -a "$setting" "$new/etc/$name"; fi
done
mkdir -p "$new/etc/ssl"
cp "$tools/etc/ssl/openssl.cnf" "$new/etc/ssl/"
# Certificates are the machine's, with those of its company, where Debian's programs look for them.
bundle=$new/etc/ssl/certs/ca-certificates.crt
if [ ! -e "$bundle" ]; then
  mkdir -p "${bundle%/*}"
  for file in /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem "$tools/usr/share/ca-certificates/all.crt"; do
    if [ -f "$file" ]; then cp "$file" "$bundle"; break; fi
  done
fi

mkdir "$new/.machine"
pivot_root "$new" "$new/.machine"
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
export PATH
umount --lazy /.machine
rmdir /.machine
cd "$here"
exec "$@"
