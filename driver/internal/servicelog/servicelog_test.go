package servicelog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// pages answers each call with the next of its answers, the last one for good.
type pages struct {
	answers []answer
	calls   []Query
	region  string
}

type answer struct {
	messages []string
	token    string
	err      error
}

func (p *pages) GetLogEvents(_ context.Context, region string, query Query) (Page, error) {
	p.region = region
	p.calls = append(p.calls, query)
	now := p.answers[min(len(p.calls), len(p.answers))-1]
	page := Page{Before: now.token}
	for i, message := range now.messages {
		page.Events = append(page.Events, Event{At: int64(100 + i), Message: message})
	}
	return page, now.err
}

var stream = Stream{Region: "eu-central-1", Group: "g", Name: "p/ci-service-1/t"}

func TestLast(t *testing.T) {
	many := strings.Split(strings.Repeat("line\n", MostLines+1), "\n")[:MostLines+1]
	long := strings.Repeat("é", MostBytes)
	since := Mark{42, 1}
	nothing := Lines{Until: since}
	for name, test := range map[string]struct {
		answers []answer
		want    Lines
		calls   int
	}{
		"nothing":         {[]answer{{}}, nothing, 1},
		"lines":           {[]answer{{messages: []string{"a\r\n", "b\nc"}}}, Lines{[]string{"a", "b", "c"}, Mark{101, 1}}, 1},
		"control":         {[]answer{{messages: []string{"\x1b[31mred\x00\xff\tand"}}}, Lines{[]string{"[31mred and"}, Mark{100, 1}}, 1},
		"too many":        {[]answer{{messages: many}}, Lines{many[1:], Mark{100 + MostLines, 1}}, 1},
		"too long":        {[]answer{{messages: []string{"a", long}}}, Lines{[]string{long[:MostBytes]}, Mark{101, 1}}, 1},
		"long and short":  {[]answer{{messages: []string{long, "a"}}}, Lines{[]string{"a"}, Mark{101, 1}}, 1},
		"an empty page":   {[]answer{{token: "b/1"}, {messages: []string{"a"}}}, Lines{[]string{"a"}, Mark{100, 1}}, 2},
		"the end at once": {[]answer{{token: "b/1"}, {token: "b/1"}}, nothing, 2},
		"empty pages":     {[]answer{{token: "1"}, {token: "2"}, {token: "3"}, {token: "4"}, {token: "5"}, {token: "6"}}, nothing, 5},
	} {
		api := &pages{answers: test.answers}
		got, err := Last(t.Context(), api, stream, since)
		if diff := cmp.Diff(test.want, got); err != nil || diff != "" || len(api.calls) != test.calls {
			t.Errorf("%s: %v, %d calls (-want +got):\n%s", name, err, len(api.calls), diff)
		}
		first := api.calls[0]
		want := Query{Group: "g", Stream: "p/ci-service-1/t", From: 42, Limit: MostLines}
		if first != want || api.region != "eu-central-1" {
			t.Errorf("%s: it asks for %+v in %s", name, first, api.region)
		}
	}
}

// events is a stream in which they are all.
type events []Event

func (e events) GetLogEvents(_ context.Context, _ string, query Query) (page Page, _ error) {
	for _, event := range e {
		if event.At >= query.From {
			page.Events = append(page.Events, event)
		}
	}
	return page, nil
}

// What a service has written in one millisecond may come in parts, and each is told once.
func TestEventsOfOneMillisecond(t *testing.T) {
	var all events
	var since Mark
	for _, step := range []struct {
		come []Event
		want []string
	}{
		{[]Event{{1, "a"}, {2, "b"}, {2, "c"}}, []string{"a", "b", "c"}}, {nil, nil},
		{[]Event{{2, "d"}}, []string{"d"}}, {nil, nil},
		{[]Event{{2, "e"}, {3, "f"}}, []string{"e", "f"}}, {[]Event{{3, "g"}}, []string{"g"}}, {nil, nil},
	} {
		all = append(all, step.come...)
		got, err := Last(t.Context(), all, stream, since)
		if err != nil || !cmp.Equal(got.Text, step.want) {
			t.Errorf("after %+v: %q, %v, want %q", since, got.Text, err, step.want)
		}
		since = got.Until
	}
}

// ECS makes the stream with the first line, which comes some seconds late.
func TestPatiently(t *testing.T) {
	missing := fmt.Errorf("the call: %w", &smithy.GenericAPIError{Code: "ResourceNotFoundException"})
	denied := errors.New("AccessDeniedException")
	for name, test := range map[string]struct {
		answers []answer
		takes   time.Duration
		want    []string
		err     error
	}{
		"at once": {[]answer{{messages: []string{"a"}}}, 0, []string{"a"}, nil},
		"late":    {[]answer{{err: missing}, {}, {messages: []string{"a"}}}, 2 * pause, []string{"a"}, nil},
		"never":   {[]answer{{err: missing}}, 5 * time.Second, nil, nil},
		"denied":  {[]answer{{err: missing}, {err: denied}}, pause, nil, denied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, err := Patiently(t.Context(), &pages{answers: test.answers}, stream, Mark{}, 5*time.Second)
				if took := time.Since(began); !cmp.Equal(got.Text, test.want) || !errors.Is(err, test.err) || took != test.takes {
					t.Errorf("%v, %v after %s", got, err, took)
				}
			})
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(denied)
	if _, err := Patiently(ctx, &pages{answers: []answer{{err: missing}}}, stream, Mark{}, time.Hour); !errors.Is(err, denied) {
		t.Errorf("after a cancel: %v", err)
	}
}
