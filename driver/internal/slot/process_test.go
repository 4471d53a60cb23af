package slot

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gitlab-fargate-runners/driver/internal/runnerproc"
)

// asJob makes the test binary a job: it takes a slot of its own process, and has it until its standard input ends. The
// value is the directory, the job's key and the number of slots; with 0 it is the job's clean-up instead, which makes
// the slot its own.
const asJob = "SLOT_TEST_AS_JOB"

func TestMain(m *testing.M) {
	if asked := os.Getenv(asJob); asked != "" {
		parts := strings.Split(asked, "\x1f")
		most, _ := strconv.Atoi(parts[2])
		slots := &Slots{parts[0]}
		var err error
		if most == 0 {
			err = slots.TransferToSelf(parts[1])
		} else {
			err = slots.Take(context.Background(), Job{parts[1], runnerproc.Self(), time.Now().Add(time.Hour)}, most,
				silent)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("taken")
		_, _ = io.Copy(io.Discard, os.Stdin)
		if err := slots.Release(parts[1]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type world struct {
	t     *testing.T
	slots *Slots
}

func newWorld(t *testing.T) *world { return &world{t, In(filepath.Join(t.TempDir(), "metadata"))} }

// files lists the slots that are taken.
func (w *world) files() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.slots.directory)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != ".line" {
			names = append(names, entry.Name())
		}
	}
	return names
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.slots.directory, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// process is a job in a process of its own.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	ended  sync.Once
}

func (w *world) start(key string, most int) *process {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s\x1f%s\x1f%d", asJob, w.slots.directory, key, most))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	p := &process{t: w.t, cmd: cmd, stdin: stdin, stdout: bufio.NewReader(stdout)}
	w.t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	p.ended.Do(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
}

// end lets the job come to its end.
func (p *process) end() {
	p.ended.Do(func() {
		_ = p.stdin.Close()
		if err := p.cmd.Wait(); err != nil {
			p.t.Error(err)
		}
	})
}

// awaitTaken returns once the job has a slot.
func (p *process) awaitTaken() {
	if line, err := p.stdout.ReadString('\n'); line != "taken\n" {
		p.t.Errorf("%q, %v", line, err)
	}
}

// awaitQueued returns once the process is the first in line or waits behind others: the kernel shows who does.
func (p *process) awaitQueued() {
	p.t.Helper()
	pid := strconv.Itoa(p.cmd.Process.Pid)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil {
			p.t.Skip("the system does not show its locks")
		}
		for line := range strings.Lines(string(locks)) {
			if fields := strings.Fields(line); slices.Contains(fields, "FLOCK") && slices.Contains(fields, pid) {
				return
			}
		}
	}
	p.t.Fatal("the process does not stand in line")
}

func TestFirstComeFirstServed(t *testing.T) {
	w := newWorld(t)
	holder := w.start("holder", 1)
	holder.awaitTaken()
	const jobs, killed = 8, 3
	order := make(chan int, jobs)
	var line []*process
	for i := range jobs {
		job := w.start(fmt.Sprint("job-", i), 1)
		job.awaitQueued()
		line = append(line, job)
		if i != killed {
			go func() {
				job.awaitTaken()
				order <- i
			}()
		}
	}
	line[killed].kill()
	holder.end()
	var got []int
	for range jobs - 1 {
		i := <-order
		got = append(got, i)
		line[i].end()
	}
	if want := []int{0, 1, 2, 4, 5, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("served in the order %v, want %v", got, want)
	}
}

// The runner lives on, and calls nobody again for this job.
func TestCleanupThatIsKilled(t *testing.T) {
	w := newWorld(t)
	runner := w.start("job", 1)
	runner.awaitTaken()
	cleanup := w.start("job", 0)
	cleanup.awaitTaken()
	if !w.isFull() {
		t.Error("the slot is free before its clean-up has ended")
	}
	cleanup.kill()
	if w.isFull() {
		t.Error("the slot has outlived its clean-up")
	}
}

// Many processes at once, some of which are killed while they wait or hold a slot.
func TestNeverMoreThanAllowed(t *testing.T) {
	w := newWorld(t)
	const jobs, most = 40, 5
	var mu sync.Mutex
	running, peak, served := 0, 0, 0
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		running += n
		peak = max(peak, running)
		if n > 0 {
			served++
		}
	}
	var all sync.WaitGroup
	for i := range jobs {
		job := w.start(fmt.Sprint("job-", i), most)
		if i%8 == 7 {
			time.AfterFunc(rand.N(300*time.Millisecond), job.kill) // wherever it is
			continue
		}
		all.Go(func() {
			job.awaitTaken()
			count(1)
			time.Sleep(rand.N(20 * time.Millisecond))
			count(-1) // before the slot is free, so that nobody is counted twice
			if i%3 == 0 {
				job.kill()
			} else {
				job.end()
			}
		})
	}
	all.Wait()
	if peak > most || served != jobs-jobs/8 {
		t.Errorf("%d at once, %d served", peak, served)
	}
	t.Logf("%d at once at the most, %d served", peak, served)
	for i := range most { // none is lost
		if err := w.slots.Take(t.Context(), Job{Key: fmt.Sprint("after-", i), Until: time.Now().Add(time.Hour)}, most,
			silent); err != nil {
			t.Error(err)
		}
	}
}
