package identity

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Become makes this process, with all of its threads, the user's for good.
func (u User) Become() error {
	for _, stream := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if err := u.own(stream); err != nil {
			return fmt.Errorf("giving %s to user %d: %w", stream.Name(), u.UID, err)
		}
	}
	if err := syscall.Setgroups(u.Groups); err != nil {
		return fmt.Errorf("setting the groups of user %d: %w", u.UID, err)
	}
	if err := syscall.Setgid(u.GID); err != nil {
		return fmt.Errorf("setting the group of user %d: %w", u.UID, err)
	}
	if err := syscall.Setuid(u.UID); err != nil {
		return fmt.Errorf("becoming user %d: %w", u.UID, err)
	}
	if os.Getuid() != u.UID || os.Geteuid() != u.UID || os.Getgid() != u.GID || os.Getegid() != u.GID {
		return fmt.Errorf("this process did not become user %d", u.UID)
	}
	return nil
}

// own makes the user a standard stream's owner, as a runtime does that starts a container as that user: who opens
// /dev/stderr or /proc/1/fd/1 needs that. Streams that cannot be given away stay as they are, and so does /dev/null, which
// is everybody's.
// https://github.com/opencontainers/runc/blob/main/libcontainer/init_linux.go (fixStdioPermissions)
func (u User) own(stream *os.File) error {
	var null, found syscall.Stat_t
	if err := syscall.Stat(os.DevNull, &null); err != nil {
		return err
	}
	if err := syscall.Fstat(int(stream.Fd()), &found); err != nil {
		return err
	}
	if int(found.Uid) == u.UID || found.Rdev == null.Rdev {
		return nil
	}
	err := syscall.Fchown(int(stream.Fd()), u.UID, int(found.Gid))
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EPERM) {
		return nil
	}
	return err
}
