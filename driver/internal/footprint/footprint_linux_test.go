package footprint

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Distributions build position-independent executables, whose pages with relocations nobody may take away.
func TestALongStageOfAPositionIndependentDriver(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "long")
	build := exec.Command("go", "build", "-buildmode=pie", "-o", binary, "./testdata/long")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, output)
	}
	if output, err := exec.Command(binary).CombinedOutput(); err != nil || string(output) != "survived\n" {
		t.Errorf("%v: %s", err, output)
	}
}
