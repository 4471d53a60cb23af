package resident

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// prSetChildSubreaper is PR_SET_CHILD_SUBREAPER.
// https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
const prSetChildSubreaper = 36

// adoptOrphans makes this process the parent of its descendants whose own parent has ended. So the agent knows the
// stages' processes, whatever session they are in. It has to reap them.
func adoptOrphans() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0)
}

// CheckPeer returns an error unless the process at the connection's other end is root's or this user's, and of this
// container. All users of the network can reach the agent's address, and the containers of a task share their network.
func CheckPeer(conn *net.UnixConn) error {
	peer, err := peerOf(conn)
	if err != nil {
		return err
	}
	return judge(peer, os.Getuid())
}

// peerOf returns the process at the connection's other end, without an id where it has none in this container.
func peerOf(conn *net.UnixConn) (syscall.Ucred, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return syscall.Ucred{}, err
	}
	var peer *syscall.Ucred
	controlErr := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if controlErr != nil || err != nil {
		return syscall.Ucred{}, errors.Join(controlErr, err)
	}
	return *peer, nil
}

// PeerUser returns the user of the process at the connection's other end, whatever container that is in.
func PeerUser(conn *net.UnixConn) (int, error) {
	peer, err := peerOf(conn)
	return int(peer.Uid), err
}

func judge(peer syscall.Ucred, own int) error {
	switch {
	case peer.Uid != 0 && peer.Uid != uint32(own):
		return errors.New("the process at ci-agent's address is another user's")
	case peer.Pid == 0: // It has no id here. unix(7), pid_namespaces(7)
		return errors.New("the process at ci-agent's address is another container's")
	}
	return nil
}
