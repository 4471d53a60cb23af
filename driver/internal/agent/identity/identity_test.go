package identity

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func image(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for file, content := range map[string]string{
		"passwd": "root:x:0:0:root:/root:/bin/sh\n# a comment\nnode:x:1000:1001::/home/node:/bin/sh\nbroken:x:7\n",
		"group":  "root:x:0:\nnode:x:1001:\ndocker:x:998:ci,node\nusers:x:100:nodes\naudio:x:29:node\n",
	} {
		path := filepath.Join(root, "etc", file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFind(t *testing.T) {
	root := image(t)
	for text, want := range map[string]User{
		"node":          {1000, 1001, []int{998, 29}, "/home/node"},
		"1000":          {1000, 1001, []int{998, 29}, "/home/node"},
		"node:docker":   {1000, 998, nil, "/home/node"},
		"1000:4711":     {1000, 4711, nil, "/home/node"},
		"4711":          {4711, 0, nil, "/"},
		"4711:node":     {4711, 1001, nil, "/"},
		"root":          {0, 0, nil, "/root"},
		"node:1001":     {1000, 1001, nil, "/home/node"},
		"2147483647:29": {2147483647, 29, nil, "/"},
	} {
		if got, err := Find(root, text); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s is %+v, %v, want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"nobody": "unable to find user nobody: no matching entries in passwd file",
		"":       "unable to find user : no matching entries in passwd file", "-1": "unable to find user -1",
		"node:staff": "unable to find group staff: no matching entries in group file", "node:": "unable to find group",
		"broken": "unable to find user broken", "4294967296": "unable to find user 4294967296",
	} {
		if got, err := Find(root, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %+v, %v, want %s", text, got, err, want)
		}
	}
	if got, err := Find(t.TempDir(), "1000:1000"); err != nil || got.UID != 1000 || got.GID != 1000 {
		t.Errorf("in an image without the files: %+v, %v", got, err)
	}
}

func TestEnvironment(t *testing.T) {
	given := []string{"HOME=/root", "PATH=/bin", "OTHER=HOME=/root"}
	want := []string{"HOME=/home/node", "PATH=/bin", "OTHER=HOME=/root"}
	user := User{Home: "/home/node"}
	if got := user.Environment(given, "/root"); !cmp.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if got := user.Environment([]string{"HOME=/app"}, "/root"); got[0] != "HOME=/app" {
		t.Errorf("the image's own home is replaced by %v", got)
	}
}

// What the process starts from then on is the user's as well, and nothing leads back.
func TestBecome(t *testing.T) {
	if os.Getenv("BECOME") != "" {
		if err := (User{UID: 65534, GID: 65533, Groups: []int{29}}).Become(); err != nil {
			t.Fatal(err)
		}
		output, err := exec.Command("sh", "-c", "id -u; id -g; id -G; grep CapEff /proc/self/status").CombinedOutput()
		if got := strings.Join(strings.Fields(string(output)), " "); err != nil ||
			got != "65534 65533 65533 29 CapEff: 0000000000000000" {
			t.Errorf("%q, %v", got, err)
		}
		for _, path := range []string{"/dev/stderr", "/proc/self/fd/1"} { // to which programs write their logs
			stream, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_ = stream.Close()
		}
		if err := (User{}).Become(); err == nil {
			t.Error("it can become root again")
		}
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	command := exec.Command(os.Args[0], "-test.run=^TestBecome$")
	command.Env = append(os.Environ(), "BECOME=yes")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
