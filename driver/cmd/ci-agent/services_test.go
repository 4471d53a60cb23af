package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What comes after the names is run by the user who was told, and by nobody else.
func TestEnter(t *testing.T) {
	if told := os.Getenv("ENTER_AS"); told != "" {
		t.Fatal(call([]string{"enter", "--socket", os.Getenv("ENTER_AT"), "--as", told, "--", "sh", "-c", "echo; id -u"}))
	}
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	program := filepath.Join(t.TempDir(), "ci-agent")
	content, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, content, 0o755); err != nil {
		t.Fatal(err)
	}
	for folder := filepath.Dir(program); folder != os.TempDir(); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const refused = "the job is to be run by user 4711, but the container's entry point has made this process user 4712's"
	for by, want := range map[uint32]string{0: "\n4711\n", 4711: "\n4711\n", 4712: refused} {
		command := exec.Command(program, "-test.run=^TestEnter$")
		command.Dir, command.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: by, Gid: by}}
		command.Env = append(os.Environ(), "ENTER_AS=4711", "ENTER_AT="+filepath.Join(filepath.Dir(program), "socket"))
		output, err := command.CombinedOutput()
		if !strings.Contains(string(output), want) || (err == nil) != (want != refused) {
			t.Errorf("by user %d: %v\n%s", by, err, output)
		}
	}
}
