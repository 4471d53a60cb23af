//go:build !linux

package sshconn

import "net"

func withQuickACK(conn net.Conn) net.Conn { return conn }
