package supervisor_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"gitlab-fargate-runners/driver/internal/agent/supervisor"
	"gitlab-fargate-runners/driver/internal/agent/wire"
)

// output takes a stage's output until its end.
func output(t *testing.T, stage *supervisor.RunningScript) string {
	t.Helper()
	in, out := io.Pipe()
	go func() { _ = out.CloseWithError(stage.Send(wire.NewWriter(out), 0, func() bool { return false })) }()
	var said strings.Builder
	for from := wire.NewReader(in); ; {
		kind, payload, err := from.Next()
		if err != nil {
			t.Fatal(err)
		}
		if kind == wire.Exit {
			return said.String()
		}
		_, data, err := wire.ParseOutput(payload)
		if err != nil {
			t.Fatal(err)
		}
		said.Write(data)
	}
}

// has tells whether a stage said both, in whatever order, and nothing else: the stage may write as its agent does.
func has(output, words, own string) bool { return output == words+own || output == own+words }

func TestLastWords(t *testing.T) {
	const text = "this task ends soon\n"
	start := func(script string) *supervisor.RunningScript {
		t.Helper()
		stage, err := supervisor.Start([]byte(script), "marker", supervisor.SpoolLimit)
		if err != nil {
			t.Fatal(err)
		}
		return stage
	}
	words := filepath.Join(t.TempDir(), "words")
	untilTold := "until [ -e " + words + ".told ]; do sleep 0.01; done; "
	signals := make(chan os.Signal)

	stage := start(untilTold + "echo more")
	go stage.TellLastWords(words, signals)
	signals <- syscall.SIGTERM // the job's own: there is no text
	if err := os.WriteFile(words, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	signals <- syscall.SIGTERM
	if got := output(t, stage); !has(got, "\n"+text, "more\n") {
		t.Errorf("the running stage says %q", got)
	}

	// Where the text comes between two stages, the next one has it at its begin, and the one after it has not.
	if err := os.WriteFile(words, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n" + text, ""} {
		stage := start(untilTold + "echo next")
		go stage.TellLastWords(words, nil)
		if got := output(t, stage); !has(got, want, "next\n") {
			t.Errorf("the next stage says %q", got)
		}
	}
}
