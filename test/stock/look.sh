#!/bin/sh
# What of a machine the sandbox might change and leave changed, a line for each thing. Runs in the machine.
# Its own cache and the clone are left out, as is what the machine itself changes as it goes, and what Node, tsx and
# Pulumi's ts-node have compiled, which they keep in the folder for temporary files.
set -u
ip -o addr | awk '{ print "address", $2, $3, $4 }'
ip -o link | awk '{ print "link", $2 }'
for family in -4 -6; do ip "$family" route show table all | sed 's/ expires [0-9a-z]*//; s/^/route /'; done
ip rule | sed 's/^/rule /'
ip netns | sed 's/^/namespace /'
# A table that was never used is like one that lets all pass.
for program in iptables-save ip6tables-save; do
  "$program" | grep '^[:-]' | grep -v ' ACCEPT \[' | sed "s/ \[[0-9:]*\]$//; s/^/$program /"
done
nft list ruleset | grep -vE '^table|^\}|^$|type filter hook|type nat hook|policy accept|^	chain|^	\}' | sed 's/^/nft /'
# Not those that services come with: systemd's own go away after a while.
sed 's/^/mount /' /proc/self/mounts | grep -v -e /run/user -e credentials -e binfmt_misc
find /sys/fs/cgroup -type d | grep -vE '\.(service|scope|mount|socket|swap)(/|$)' | sed 's/^/cgroup /'
# A module that the kernel has loaded for a packet filter brings its settings (nf_conntrack).
sysctl --all --pattern '^net\.(ipv4|ipv6|bridge|netfilter)\.' 2>/dev/null |
  grep -vE '\.(conf|neigh)\.|nf_conntrack_|nf_flowtable_' | sed 's/^/setting /'
dpkg-query --show --showformat 'package ${Package}\n'
systemctl list-unit-files --no-legend --state=enabled | awk '{ print "enabled", $1 }'
find /etc /usr /opt /srv /home /root /var /tmp -xdev \
  \( -path /root/.cache -o -path /root/gitlab-fargate-runners -o -path /root/go -o -path /root/.npm \
  -o -path /var/log -o -path /var/lib/systemd -o -path /var/tmp -o -path /var/lib/dpkg -o -path /var/lib/apt \
  -o -path /var/cache -o -path /tmp/node-compile-cache -o -path '/tmp/tsx-*' -o -path '/tmp/ts-node-*' \) -prune \
  -o \( -type f -o -type l \) -print | sed 's/^/file /'
