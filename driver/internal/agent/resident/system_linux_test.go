package resident

import (
	"syscall"
	"testing"
)

func TestPeers(t *testing.T) {
	const own, another, where = 1000, 1001, "the process at ci-agent's address is "
	for name, test := range map[string]struct {
		peer syscall.Ucred
		want string
	}{
		"own":                       {syscall.Ucred{Pid: 7, Uid: own}, ""},
		"root":                      {syscall.Ucred{Pid: 7}, ""},
		"another":                   {syscall.Ucred{Pid: 7, Uid: another}, where + "another user's"},
		"root of another container": {syscall.Ucred{}, where + "another container's"},
	} {
		got := ""
		if err := judge(test.peer, own); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
