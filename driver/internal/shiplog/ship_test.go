package shiplog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"
)

// journal has count entries, "1" to count, and then waits.
type journal struct{ count int }

func (j *journal) Follow(ctx context.Context, cursor string, take func(Entry) error) error {
	from, _ := strconv.Atoi(cursor)
	for i := from + 1; i <= j.count; i++ {
		number := strconv.Itoa(i)
		entry := Entry{Cursor: number, Realtime: number + "000", Message: json.RawMessage(`"` + number + `"`)}
		if err := take(entry); err != nil {
			return nil
		}
	}
	<-ctx.Done()
	return nil
}

// group is a log group in memory.
type group struct {
	sync.Mutex
	streams map[string][]string
	// fail decides on a call's fate before it has an effect.
	fail func(call int) error
	// full is called, unlocked, when a stream has got events.
	full  func(stream []string)
	calls int
}

func (g *group) CreateLogStream(
	_ context.Context, input *cloudwatchlogs.CreateLogStreamInput, _ ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	g.Lock()
	defer g.Unlock()
	if _, there := g.streams[aws.ToString(input.LogStreamName)]; there {
		return nil, &types.ResourceAlreadyExistsException{}
	}
	g.streams[aws.ToString(input.LogStreamName)] = nil
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

func (g *group) PutLogEvents(
	_ context.Context, input *cloudwatchlogs.PutLogEventsInput, _ ...func(*cloudwatchlogs.Options),
) (*cloudwatchlogs.PutLogEventsOutput, error) {
	g.Lock()
	g.calls++
	if g.fail != nil {
		if err := g.fail(g.calls); err != nil {
			g.Unlock()
			return nil, err
		}
	}
	name := aws.ToString(input.LogStreamName)
	if _, there := g.streams[name]; !there {
		g.Unlock()
		return nil, &types.ResourceNotFoundException{}
	}
	for _, event := range input.LogEvents {
		var fields message
		_ = json.Unmarshal([]byte(aws.ToString(event.Message)), &fields)
		g.streams[name] = append(g.streams[name], fields.Message)
	}
	stream := g.streams[name]
	g.Unlock()
	if g.full != nil {
		g.full(stream)
	}
	return &cloudwatchlogs.PutLogEventsOutput{}, nil
}

func numbers(from, to int) []string {
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

func newShipper(t *testing.T, source Source, logs Logs, directory string) *Shipper {
	return &Shipper{
		Source: source, Logs: logs, Group: "g", Stream: "i-1", Directory: directory,
		Gather: time.Millisecond, Retry: time.Millisecond, MaxRetry: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

// runUntil runs the shipper until the stream's last event is this one.
func runUntil(t *testing.T, s *Shipper, logs *group, last int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	logs.full = func(stream []string) {
		if stream[len(stream)-1] == strconv.Itoa(last) {
			cancel()
		}
	}
	if err := s.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestShipsEachEntryOnceAndInOrder(t *testing.T) {
	throttled, directory := errors.New("ThrottlingException"), t.TempDir()
	logs := &group{streams: map[string][]string{}, fail: func(call int) error {
		if call%3 == 2 {
			return throttled
		}
		return nil
	}}
	source := &journal{count: 25_000}
	runUntil(t, newShipper(t, source, logs, directory), logs, 25_000)
	source.count = 25_010
	runUntil(t, newShipper(t, source, logs, directory), logs, 25_010)
	if diff := cmp.Diff(numbers(1, 25_010), logs.streams["i-1"]); diff != "" {
		t.Error(diff)
	}
	if cursor, err := os.ReadFile(filepath.Join(directory, "cursor")); err != nil || string(cursor) != "25010\n" {
		t.Errorf("cursor %q, %v", cursor, err)
	}
}

func TestAKillRepeatsTheLastBatchAndLosesNothing(t *testing.T) {
	directory := t.TempDir()
	logs := &group{streams: map[string][]string{}}
	source := &journal{count: 10}
	runUntil(t, newShipper(t, source, logs, directory), logs, 10)
	// As a kill leaves it before the cursor is written.
	if err := cursorFile(filepath.Join(directory, "cursor")).save("8"); err != nil {
		t.Fatal(err)
	}
	source.count = 12
	runUntil(t, newShipper(t, source, logs, directory), logs, 12)
	if diff := cmp.Diff(append(numbers(1, 10), numbers(9, 12)...), logs.streams["i-1"]); diff != "" {
		t.Error(diff)
	}
}

func TestWhatDidNotArriveComesAfterTheNextStart(t *testing.T) {
	directory := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	logs := &group{streams: map[string][]string{"i-1": nil}, fail: func(call int) error {
		if call == 3 {
			cancel()
		}
		return errors.New("no network")
	}}
	source := &journal{count: 5}
	if err := newShipper(t, source, logs, directory).Run(ctx); err != nil {
		t.Fatalf("an end that was wanted: %v", err)
	}
	if _, err := os.Stat(filepath.Join(directory, "cursor")); !os.IsNotExist(err) {
		t.Fatalf("there is a cursor though nothing has arrived: %v", err)
	}
	logs.fail = nil
	runUntil(t, newShipper(t, source, logs, directory), logs, 5)
	if diff := cmp.Diff(numbers(1, 5), logs.streams["i-1"]); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsRefusedForGoodHoldsUpNothing(t *testing.T) {
	logs := &group{streams: map[string][]string{"i-1": nil}, fail: func(call int) error {
		if call == 1 {
			return &types.InvalidParameterException{}
		}
		return nil
	}}
	source := &journal{count: maxEvents + 1}
	runUntil(t, newShipper(t, source, logs, t.TempDir()), logs, maxEvents+1)
	if got := len(logs.streams["i-1"]); got == 0 || got > maxEvents {
		t.Errorf("%d events arrived, and the first batch was refused", got)
	}
}

func TestTheEndOfTheJournalIsAnError(t *testing.T) {
	script := filepath.Join(t.TempDir(), "journalctl")
	content := "#!/bin/sh\n" + `printf '%s\n' '{"__CURSOR":"1","__REALTIME_TIMESTAMP":"1","MESSAGE":"'"$*"'"}'` +
		"\necho no journal >&2\nexit 3\n"
	if err := os.WriteFile(script, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
	logs := &group{streams: map[string][]string{}}
	source := &Journal{Command: script, Units: []string{"a.service", "b.service"}}
	directory := t.TempDir()
	if err := cursorFile(filepath.Join(directory, "cursor")).save("0"); err != nil {
		t.Fatal(err)
	}
	err := newShipper(t, source, logs, directory).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no journal") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error: %v", err)
	}
	const args = "--follow --no-tail --merge --output=json --all --quiet --unit=a.service --unit=b.service " +
		"--after-cursor=0"
	if diff := cmp.Diff([]string{args}, logs.streams["i-1"]); diff != "" {
		t.Error(diff)
	}
}

func TestAJournalThatEndsWithoutAComplaintIsAnErrorToo(t *testing.T) {
	err := (&Journal{Command: "true"}).Follow(t.Context(), "", func(Entry) error { return nil })
	if err == nil || !strings.HasPrefix(err.Error(), "reading the journal: journalctl ended: exit status 0") {
		t.Errorf("error: %v", err)
	}
}

func TestCursorFile(t *testing.T) {
	file := cursorFile(filepath.Join(t.TempDir(), "cursor"))
	if cursor, err := file.load(); cursor != "" || err != nil {
		t.Errorf("before the first: %q, %v", cursor, err)
	}
	for i := range 2 {
		if err := file.save(fmt.Sprintf("c%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if cursor, err := file.load(); cursor != "c1" || err != nil {
		t.Errorf("%q, %v", cursor, err)
	}
	if err := cursorFile(filepath.Join(t.TempDir(), "gone", "cursor")).save("c"); err == nil {
		t.Error("no error though the folder is missing")
	}
}
