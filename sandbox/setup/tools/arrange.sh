#!/bin/sh
# Makes of unpacked packages what sandbox/world/enter.sh mounts: usr and etc. Does what of the packages' own scripts is
# needed, none of which has run.
# usage: arrange.sh UNPACKED OUTPUT
set -eu

unpacked=$1
output=$2
usr=$unpacked/usr
etc=$unpacked/etc

# Each package has its files at either place.
for folder in bin sbin lib lib64; do
  cp -a "$unpacked/$folder/." "$usr/$folder/"
  rm -r "${unpacked:?}/$folder"
  ln -s "usr/$folder" "$unpacked/$folder"
done
for family in iptables ip6tables; do
  for program in "" -save -restore; do
    ln -s xtables-nft-multi "$usr/sbin/$family$program"
  done
done
ln -s gawk "$usr/bin/awk"
ln -s which.debianutils "$usr/bin/which"
# Mount points: programs of the machine's administrator, and npm's packages.
mkdir -p "$usr/local" "$usr/lib/node_modules" "$usr/share/nodejs"
# For a machine that has none.
cat "$usr"/share/ca-certificates/mozilla/*.crt >"$usr/share/ca-certificates/all.crt"
# /usr is never written to, so that without this Python would compile its library at each start.
chroot "$unpacked" /usr/bin/python3 -c \
  'import compileall, os; compileall.compile_dir(os.path.dirname(os.__file__), quiet=1)'
chroot "$unpacked" /usr/sbin/ldconfig

# Of the settings, what these programs take in place of the machine's, which may be another distribution's.
cat >"$etc/nsswitch.conf" <<'END'
passwd: files
group: files
hosts: files dns
END
mkdir -p "$output/etc/ssl"
for name in alternatives apt containers ethertypes iproute2 ld.so.cache ld.so.conf ld.so.conf.d nsswitch.conf os-release \
  protocols services ssh; do
  mv "$etc/$name" "$output/etc/"
done
mv "$etc/ssl/openssl.cnf" "$output/etc/ssl/"
mv "$usr" "$output/usr"
# Where the new root is made.
mkdir "$output/root"
