package sshconn

import (
	"bufio"
	"net"
	"syscall"
)

// readAhead is how much is read from the connection at once, in bytes: two of sshd's longest packets. The ssh package
// reads at least twice for each packet.
const readAhead = 64 << 10

// quickACK acknowledges at once what it reads. sshd uses Nagle's algorithm for its small packets and sends the second
// one only when the first is acknowledged. With Linux's usual delayed acknowledgements each connection takes 40 ms
// longer.
type quickACK struct {
	net.Conn
	socket syscall.RawConn
	// busy is true where the last read filled the memory for it, so that more is there already.
	busy bool
}

// ahead is a connection that is read through a buffer.
type ahead struct {
	net.Conn
	from *bufio.Reader
}

func (a *ahead) Read(into []byte) (int, error) { return a.from.Read(into) }

func withQuickACK(conn net.Conn) net.Conn {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return conn
	}
	socket, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return &ahead{conn, bufio.NewReaderSize(&quickACK{Conn: conn, socket: socket}, readAhead)}
}

// Read sets the option before each read that may have to wait, because the kernel returns to delayed acknowledgements
// by itself (tcp(7), TCP_QUICKACK).
func (p *quickACK) Read(into []byte) (int, error) {
	if !p.busy {
		_ = p.socket.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
		})
	}
	n, err := p.Conn.Read(into)
	p.busy = n == len(into)
	return n, err
}
