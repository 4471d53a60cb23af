#!/bin/sh
# Makes a signed apk repository with the packages that the job image installs, and two more (jq, gitlab-runner), for
# where Alpine's own repositories are out of reach. A stand-in: the programs are Debian's, with the C library and loader
# they were linked against, at their native paths; names, files and behaviour are the real ones, versions and sizes
# differ from Alpine's. gitlab-runner is of Alpine's version, which is older than the hosts': see older-gitlab-runner.sh.
# To be run in a mount namespace of its own (unshare --mount).
# usage: repository.sh SUITE ROOTFS.tar GITLAB-RUNNER OLDER-RUNNER.sh OLDER-VERSION SCRATCH-FOLDER OUTPUT-FOLDER
set -eu

suite=$1
rootfs=$2
runner=$3
older_runner=$4
older_version=$5
scratch=$6
output=$7

debian=$scratch/debian
alpine=$scratch/alpine
# Seen by apk in the chroot.
work=$alpine/build

mmdebstrap --quiet --variant=extract --include=openssh-server,openssh-client,git,git-lfs,bash,curl,ca-certificates,jq \
  "$suite" "$debian"
mkdir -p "$alpine"
tar --extract --file "$rootfs" --directory "$alpine" --numeric-owner
mount --bind /dev "$alpine/dev"
mkdir -p "$work/x86_64" "$output"

openssl genrsa -out "$work/key.rsa" 2048 2>/dev/null
openssl rsa -in "$work/key.rsa" -pubout -out "$output/sandbox.rsa.pub" 2>/dev/null
cp "$output/sandbox.rsa.pub" "$alpine/etc/apk/keys/"

# take PACKAGE PATH…: copies files of the Debian tree into the package's folder, paths kept.
take() {
  package=$1
  shift
  mkdir -p "$work/$package"
  (cd "$debian" && tar --create "$@") | tar --extract --directory "$work/$package"
}

# version_of PACKAGE: the version in its changelog as apk spells it ("1:9.2p1-2+deb12u6" is 9.2_p1-r0).
version_of() {
  for changelog in "$debian/usr/share/doc/$1/changelog.Debian.gz" "$debian/usr/share/doc/$1/changelog.gz"; do
    [ -f "$changelog" ] || continue
    zcat "$changelog" | sed -n '1s/^[^(]*(\([0-9]*:\)\{0,1\}\([0-9.]*\(p[0-9]*\)\{0,1\}\).*/\2-r0/p' | sed 's/p/_p/'
    return
  done
  echo "no changelog of $1" >&2
  return 1
}

# pack PACKAGE VERSION DESCRIPTION [DEPENDENCIES]
pack() {
  set -- "$1" "$2" "$3" "${4:-}"
  chroot "$alpine" /sbin/apk mkpkg --arch x86_64 --sign-key /build/key.rsa --files "/build/$1" \
    --output "/build/x86_64/$1-$2.apk" --info "name:$1" --info "version:$2" --info "description:$3" \
    --info "license:custom" ${4:+--info "depends:$4"}
}

take bash bin/bash
take curl usr/bin/curl
take ca-certificates usr/share/ca-certificates
take git-lfs usr/bin/git-lfs
# Not in the image unless asked for.
take jq usr/bin/jq
take git usr/bin/git usr/bin/git-receive-pack usr/bin/git-upload-archive usr/bin/git-upload-pack usr/lib/git-core \
  usr/share/git-core
# One program, which Debian has as two hard links.
ln -sf ../../bin/git "$work/git/usr/lib/git-core/git"
take openssh usr/sbin/sshd usr/bin/ssh usr/bin/scp usr/bin/sftp usr/bin/ssh-keygen usr/bin/ssh-keyscan usr/bin/ssh-add \
  usr/bin/ssh-agent usr/lib/openssh/sftp-server usr/lib/openssh/sshd-session usr/lib/openssh/sshd-auth etc/ssh
# Not in the image unless asked for, either.
mkdir -p "$work/gitlab-runner/usr/bin" "$work/gitlab-runner/usr/libexec"
sed "s/@VERSION@/${older_version%-r*}/" "$older_runner" >"$work/gitlab-runner/usr/bin/gitlab-runner"
chmod 0755 "$work/gitlab-runner/usr/bin/gitlab-runner"
install -m 0755 "$runner" "$work/gitlab-runner/usr/libexec/gitlab-runner-newer"

# The C library, the loader and whatever else these programs load, each found by the loader itself.
find "$work" -type f -perm -u+x -path '*/*bin/*' -o -type f -perm -u+x -path '*/usr/lib/git-core/*' -o \
  -type f -perm -u+x -path '*/usr/lib/openssh/*' |
  while read -r file; do
    program=/${file#"$work"/*/}
    # Scripts and static programs have no libraries to list.
    chroot "$debian" /lib64/ld-linux-x86-64.so.2 --list "$program" 2>/dev/null || true
  done | sed -n 's/.*=> \(\/[^ ]*\) (0x.*/\1/p' | sort -u >"$scratch/libraries"
mkdir -p "$work/glibc"
while read -r library; do
  mkdir -p "$work/glibc${library%/*}"
  cp -L "$debian$library" "$work/glibc$library"
done <"$scratch/libraries"
mkdir -p "$work/glibc/lib64"
cp -L "$debian/lib64/ld-linux-x86-64.so.2" "$work/glibc/lib64/"

pack glibc "$(version_of libc6)" "Debian's C library and the libraries of the programs here"
pack bash "$(version_of bash)" "The GNU Bourne Again shell" glibc
pack curl "$(version_of curl)" "URL retrieval utility" glibc
pack ca-certificates "$(version_of ca-certificates)" "Common CA certificates PEM files"
pack git "$(version_of git)" "Distributed version control system" glibc
pack git-lfs "$(version_of git-lfs)" "Git extension for versioning large files" "git glibc"
pack jq "$(version_of jq)" "Command-line JSON processor" glibc
pack openssh "$(version_of openssh-server)" "Port of OpenBSD's free SSH release" glibc
pack gitlab-runner "$older_version" "GitLab Runner"

chroot "$alpine" /bin/sh -c \
  'cd /build/x86_64 && apk mkndx --quiet --sign-key /build/key.rsa --output APKINDEX.tar.gz ./*.apk'
cp -R "$work/x86_64" "$output/x86_64"
# The image build mounts the repository there.
echo /repo >"$output/repositories"
umount "$alpine/dev"
