package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// records parses log records, one JSON object a line.
func records(t *testing.T, log string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(log) {
		record := map[string]any{}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("no record: %s", line)
		}
		all = append(all, record)
	}
	return all
}

func TestEachCallOfAWSIsLogged(t *testing.T) {
	w := newWorld(t)
	w.configure(`Tags = {note = "a-tag-of-theirs"}`)
	w.edit(`LogLevel = "info"`, `LogLevel = "debug"`)
	failingAt("RunTask", 1, "ThrottlingException")(w.ecs)
	got := w.must(0, "prepare", "--log-format", "json")
	var calls []map[string]any
	for _, record := range records(t, got.stderr) {
		if record["msg"] == "AWS call" {
			calls = append(calls, record)
		}
	}
	if len(calls) < 4 {
		t.Fatalf("%d calls are logged", len(calls))
	}
	compareWithServed(t, calls, w.ecs.Served())
	for i, want := range []map[string]any{
		{"action": "ecs:RunTask", "attempt": 1.0, "outcome": "ThrottlingException", "request_id": "request-1"},
		{"action": "ecs:RunTask", "attempt": 2.0, "outcome": "ok", "request_id": "request-2"},
		{"action": "ecs:DescribeTasks", "attempt": 1.0, "outcome": "ok", "request_id": "request-3"},
	} {
		for key, value := range want {
			if calls[i][key] != value {
				t.Errorf("call %d: %s is %v, want %v", i, key, calls[i][key], value)
			}
		}
		if _, known := calls[i]["duration"].(float64); !known || calls[i]["job"] != 7.0 {
			t.Errorf("call %d: %v", i, calls[i])
		}
	}
	for _, secret := range []string{"a-tag-of-theirs", "ssh-ed25519", "PRIVATE KEY", "AWS4-HMAC"} {
		if strings.Contains(got.stderr, secret) {
			t.Errorf("%q shows in\n%s", secret, got.stderr)
		}
	}
}

// compareWithServed compares the log with what ECS has served. They differ by calls that the driver cancelled: such a
// call may have been served or not, and its record has no request id.
func compareWithServed(t *testing.T, calls []map[string]any, served map[string]string) {
	t.Helper()
	cancelled := 0
	for _, call := range calls {
		id, _ := call["request_id"].(string)
		outcome, _ := call["outcome"].(string)
		switch {
		case id == "" && strings.Contains(outcome, context.Canceled.Error()):
			cancelled++
		case call["action"] != "ecs:"+served[id]:
			t.Errorf("ECS served no such call: %v", call)
		default:
			delete(served, id)
		}
	}
	if len(served) > cancelled {
		t.Errorf("ECS served calls that are not logged: %v", served)
	}
}

func TestLogFormat(t *testing.T) {
	w := newWorld(t)
	w.edit(`LogLevel = "info"`, `LogLevel = "debug"`)
	w.edit(`LogFormat = "text"`, `LogFormat = "json"`)
	if got := w.must(0, "cleanup"); len(records(t, got.stderr)) == 0 {
		t.Errorf("the file's format: %s", got.stderr)
	}
	if got := w.must(0, "cleanup", "--log-format", "text"); !strings.HasPrefix(got.stderr, "time=") {
		t.Errorf("--log-format counts more: %s", got.stderr)
	}
	for _, call := range []string{"config", "cleanup"} {
		got := w.must(systemFailure, call, "--log-format", "xml")
		if got.stderr != "ERROR: --log-format: \"xml\" is neither text nor json\n" {
			t.Errorf("%s: %s", call, got.stderr)
		}
	}
}
