package attach_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hashing is a log that keeps nothing, and pauses each time it has taken so many bytes.
type hashing struct {
	hash.Hash
	taken  int64
	every  int64
	pause  func()
	paused int64
}

func (h *hashing) Write(p []byte) (int, error) {
	n, err := h.Hash.Write(p)
	if h.taken += int64(n); h.every > 0 && h.taken/h.every > h.paused {
		h.paused = h.taken / h.every
		h.pause()
	}
	return n, err
}

// 200 MB, of a job that writes as fast as it can, to a log that is slow and loses its connection now and then.
func TestMuchOutput(t *testing.T) {
	const lines = 25_000_000
	want := sha256.New()
	count := exec.Command("seq", strconv.Itoa(lines))
	count.Stdout = want
	if err := count.Run(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	var peak, cuts atomic.Int64
	log := &hashing{Hash: sha256.New(), every: 20 << 20}
	log.pause = func() {
		time.Sleep(100 * time.Millisecond) // the spool fills meanwhile
		peak.Store(max(peak.Load(), residentKiB(t, w.pid("agent"))))
		w.sshd.Cut()
		cuts.Add(1)
	}
	stage := w.stage(fmt.Sprintf("echo $PPID >%s; seq %d", w.file("agent"), lines), nil)
	stage.Log = log
	started := time.Now()
	if err := stage.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB in %s, %d cuts, the agent's memory %d KiB", log.taken/1e6,
		time.Since(started).Round(10*time.Millisecond), cuts.Load(), peak.Load())
	if got := log.Sum(nil); hex.EncodeToString(got) != hex.EncodeToString(want.Sum(nil)) || cuts.Load() < 9 {
		t.Errorf("another log came: %d bytes, %d cuts", log.taken, cuts.Load())
	}
	if peak.Load() > 24<<10 {
		t.Errorf("the agent takes %d KiB of memory", peak.Load())
	}
	entries, err := os.ReadDir(w.sockets)
	if err != nil || len(entries) != 0 {
		t.Errorf("%v: %v, want nothing on disk", entries, err)
	}
}

// A job whose driver is away stops when the spool is full, and goes on when the driver comes back.
func TestStageBlocksWhileNobodyReads(t *testing.T) {
	w := newWorld(t)
	released := make(chan struct{})
	log := &hashing{Hash: sha256.New(), every: 1}
	log.pause = func() {
		log.every = 0
		<-released
	}
	stage := w.stage(fmt.Sprintf("echo $PPID >%s; i=0; while [ $i -lt 400 ]; do head -c 100000 /dev/zero; "+
		"i=$((i+1)); echo $i >%s; done",
		w.file("agent"), w.file("progress")), nil)
	stage.Log = log
	go func() {
		defer close(released)
		for before, now := "", w.await("progress"); before != now; now = w.await("progress") {
			before = now
			time.Sleep(300 * time.Millisecond)
		}
		written, _ := strconv.Atoi(w.await("progress"))
		t.Logf("blocked after %.1f MB, the agent's memory %d KiB", float64(written)/10,
			residentKiB(t, w.pid("agent")))
		if written > 120 { // spool, SSH's window, sockets and pipes
			t.Errorf("the job wrote %d00 KB that nobody took", written)
		}
	}()
	if err := stage.Run(t.Context()); err != nil || log.taken != 400*100_000 {
		t.Errorf("%v, %d bytes", err, log.taken)
	}
}

func residentKiB(t *testing.T, pid int) int64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Error(err)
	}
	_, rest, _ := strings.Cut(string(content), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		t.Error("the agent has no memory")
		return 0
	}
	kib, _ := strconv.ParseInt(fields[0], 10, 64)
	return kib
}
