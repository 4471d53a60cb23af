package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A job finds the functions of ~/.bashrc that a command over SSH finds, as nvm's, with ci-agent and without.
func TestFunctionsOfBashrc(t *testing.T) {
	w := newWorld(t)
	w.withAgent()
	bashrc := "echo welcome\nhello() { echo a function; }\n" // it prints once, as it is read once for the script
	if err := os.WriteFile(filepath.Join(w.home, ".bashrc"), []byte(bashrc), 0o600); err != nil {
		t.Fatal(err)
	}
	w.sshd.Shell = "/bin/bash"
	w.sshd.Env = append(w.sshd.Env, "SSH_CLIENT=192.0.2.1 40000 22")
	const script = "type -t hello && hello; echo level $SHLVL"
	// As the community driver runs it.
	reference := exec.Command("/bin/bash", "-c", script)
	reference.Env = w.sshd.Env
	want, err := reference.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"with ci-agent", "without"} {
		w.must(0, "prepare")
		if got := w.must(0, "run", w.script(script), "build_script"); got.stdout != string(want) || got.stderr != "" {
			t.Errorf("%s: %q, %q; want %q", name, got.stdout, got.stderr, want)
		}
		w.must(0, "cleanup")
		_ = os.Remove(filepath.Join(w.dir, "ci-agent"))
	}
}
