#!/bin/sh
# beside.sh install|check docker|ufw|firewalld
#
# A program whose packet filters a sandbox's network could be at odds with: installs it, or checks that it works.
# Runs in the machine.
set -eu
name=$2
port=8099

install() {
  export DEBIAN_FRONTEND=noninteractive
  package=$name
  if [ "$name" = docker ]; then package=docker.io; fi
  apt-get update -qq
  apt-get install -qq --no-install-recommends "$package" busybox-static curl >/dev/null
  case $name in
  docker) tar -C / -c bin/busybox | docker import - busybox ;;
  # SSH is the way into this machine.
  ufw) ufw allow ssh && ufw --force enable ;;
  esac
}

fetch() { curl --silent --show-error --fail --max-time 60 --output /dev/null "$@"; }

# A container is reached at the port that it publishes, and reaches another by its name.
check_docker() {
  docker network create beside >/dev/null
  docker run --detach --rm --name served --network beside --publish "127.0.0.1:$port:80" busybox \
    /bin/busybox httpd -f -h /bin >/dev/null
  fetch --retry 20 --retry-all-errors "http://127.0.0.1:$port/busybox"
  docker run --rm --network beside busybox /bin/busybox wget -q -O /dev/null http://served/busybox
  docker stop --time 0 served >/dev/null
  docker network rm beside >/dev/null
}

# From another machine, which is a namespace here, SSH is reached and no other port.
check_firewall() {
  ip netns add outside
  ip link add outside type veth peer name eth0 netns outside
  ip addr add 192.0.2.1/24 dev outside
  ip link set outside up
  ip -n outside addr add 192.0.2.2/24 dev eth0
  ip -n outside link set eth0 up
  busybox httpd -f -p "$port" -h /bin &
  server=$!
  trap 'kill "$server"; ip netns del outside' EXIT
  fetch --retry 20 --retry-all-errors "http://192.0.2.1:$port/busybox"
  open=no
  if ip netns exec outside curl --silent --max-time 20 --output /dev/null "http://192.0.2.1:$port/busybox"; then
    open=yes
  fi
  greeting=$(ip netns exec outside busybox nc -w 60 192.0.2.1 22 </dev/null | head -c 3)
  [ "$open" = no ] && [ "$greeting" = SSH ]
}

check() {
  case $name in
  docker) check_docker ;;
  ufw) ufw status | grep -qx 'Status: active' && check_firewall ;;
  firewalld) firewall-cmd --quiet --state && check_firewall ;;
  esac
}

"$1"
