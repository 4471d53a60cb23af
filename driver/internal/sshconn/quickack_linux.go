package sshconn

import (
	"net"
	"syscall"
)

// quickACK acknowledges at once what it reads. sshd uses Nagle's algorithm for its small packets and sends the second
// one only when the first is acknowledged. With Linux's usual delayed acknowledgements each connection takes 40 ms
// longer.
type quickACK struct {
	net.Conn
	socket syscall.RawConn
}

func withQuickACK(conn net.Conn) net.Conn {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return conn
	}
	socket, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return &quickACK{Conn: conn, socket: socket}
}

// Read sets the option before each read, because the kernel returns to delayed acknowledgements by itself (tcp(7),
// TCP_QUICKACK).
func (p *quickACK) Read(into []byte) (int, error) {
	_ = p.socket.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
	return p.Conn.Read(into)
}
