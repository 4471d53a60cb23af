package supervisor

import (
	"io"
	"testing"
)

func TestShellKnowsNothingOfTheSession(t *testing.T) {
	t.Setenv("SSH_CLIENT", "192.0.2.1 40000 22")
	t.Setenv("SSH_CONNECTION", "192.0.2.1 40000 192.0.2.2 22")
	t.Setenv("OF_THE_IMAGE", "kept")
	shell, err := startShell([]byte(`echo "${SSH_CLIENT-none} ${SSH_CONNECTION-none} $OF_THE_IMAGE"`), "marker")
	if err != nil {
		t.Fatal(err)
	}
	output, err := io.ReadAll(shell.output)
	if err != nil || string(output) != "none none kept\n" {
		t.Errorf("%q, %v", output, err)
	}
	if result := shell.wait(); result.Code != 0 {
		t.Errorf("exit code %d", result.Code)
	}
}
