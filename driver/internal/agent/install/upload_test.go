package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/shellquote"
)

// Half an agent is none, in images with find and without.
func TestUpload(t *testing.T) {
	program := "#!/bin/sh\necho " + wire.Name() + "\n#the end\n"
	cut := program[:len(program)-5] // would run, too
	for _, tools := range [][]string{{"find"}, {}} {
		for sent, want := range map[string]bool{program: true, cut: false} {
			name := fmt.Sprintf("%v, %d bytes", tools, len(sent))
			t.Run(name, func(t *testing.T) {
				home, bin := t.TempDir(), t.TempDir()
				for _, tool := range append(tools, "cat", "wc", "chmod", "mv", "rm") {
					path, err := exec.LookPath(tool)
					if err == nil {
						err = os.Symlink(path, filepath.Join(bin, tool))
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				folder := filepath.Join(home, "a folder")
				if err := os.Mkdir(folder, 0o700); err != nil {
					t.Fatal(err)
				}
				script := fmt.Sprintf(upload, shellquote.Quote(folder), len(program), wire.Name(), "version")
				command := exec.Command("/bin/sh", "-c", script)
				command.Env, command.Stdin = []string{"PATH=" + bin}, strings.NewReader(sent)
				output, err := command.CombinedOutput()
				if err != nil || strings.Contains(string(output), wire.Name()) != want {
					t.Errorf("%q, %v", output, err)
				}
				if _, err := os.Stat(filepath.Join(folder, "ci-agent")); (err == nil) != want {
					t.Errorf("the program: %v", err)
				}
			})
		}
	}
}
