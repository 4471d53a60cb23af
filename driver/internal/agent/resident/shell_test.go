package resident

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What a command that sshd runs finds of ~/.bashrc, where bash was built to read it then, the script finds too. What
// ~/.bashrc reads is not the script.
func TestTheShellReadsBashrcAsSshdsDoes(t *testing.T) {
	home := t.TempDir()
	bashrc := "cat >/dev/null\nhello() { echo a function; }\n"
	if err := os.WriteFile(filepath.Join(home, ".bashrc"), []byte(bashrc), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("SSH_CLIENT", "192.0.2.1 40000 22")
	t.Setenv("SHLVL", "0") // of the login shell that has become ci-agent
	t.Setenv("OF_THE_IMAGE", "kept")
	const script = "hello 2>/dev/null || echo none; echo $OF_THE_IMAGE; cat"
	want, err := exec.Command("bash", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	reaper := newReaper()
	defer reaper.stop()
	for _, level := range []string{"0", "1", "5"} {
		t.Setenv("SHLVL", level)
		shell, err := startShell(reaper, "abc", []byte(script))
		if err != nil {
			t.Fatal(err)
		}
		output, err := io.ReadAll(shell.output)
		if err != nil || string(output) != string(want) {
			t.Errorf("SHLVL=%s: %q, %v; want %q", level, output, err, want)
		}
		if result := shell.wait(); result.Code != 0 {
			t.Errorf("exit code %d", result.Code)
		}
	}
}
