package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// call runs one call against an AWS that answers everything with an empty object, and returns the actions called.
func call(t *testing.T, state string, args ...string) (code int, actions []string, stderr string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action := r.Header.Get("X-Amz-Target") + r.URL.Path
		_, _ = io.Copy(io.Discard, r.Body)
		actions = append(actions, action)
		if r.Header.Get("smithy-protocol") == "rpc-v2-cbor" {
			w.Header().Set("smithy-protocol", "rpc-v2-cbor")
			w.Header().Set("Content-Type", "application/cbor")
			_, _ = w.Write([]byte{0xa0})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{})
	}))
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	var output bytes.Buffer
	getenv := func(name string) string { return map[string]string{"STATE_DIRECTORY": state}[name] }
	return execute(t.Context(), args, getenv, &output), actions, output.String()
}

func TestReport(t *testing.T) {
	runner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "gitlab_runner_jobs 0\n")
	}))
	defer runner.Close()
	args := []string{"report", "--region", "us-east-1", "--stack", "s", "--host", "i-1", "--cluster", "c"}
	code, actions, stderr := call(t, t.TempDir(), append(args, "--runner", runner.URL)...)
	all := strings.Join(actions, " ")
	if code != 0 || strings.Count(all, ".ListTasks") != 2 || !strings.Contains(all, "PutMetricData") {
		t.Errorf("exit code %d, calls %s\n%s", code, all, stderr)
	}
	runner.Close()
	code, actions, stderr = call(t, t.TempDir(), append(args, "--runner", runner.URL)...)
	if code != 1 || !strings.Contains(strings.Join(actions, " "), "PutMetricData") ||
		!strings.Contains(stderr, "asking the runner") {
		t.Errorf("a runner that is down: exit code %d, calls %v\n%s", code, actions, stderr)
	}
}

func TestWrongCalls(t *testing.T) {
	tests := map[string]struct {
		state string
		args  []string
		says  string
	}{
		"no call":         {"/nowhere", nil, "report or ship-log"},
		"a flag missing":  {"/nowhere", []string{"report", "--stack", "s"}, `"cluster", "host"`},
		"no folder":       {"", []string{"report", "--stack", "s", "--host", "h", "--cluster", "c"}, "STATE_DIRECTORY"},
		"no unit":         {"/nowhere", []string{"ship-log", "--log-group", "g", "--stream", "h"}, `"unit"`},
		"an unknown call": {"/nowhere", []string{"sing"}, "sing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, actions, stderr := call(t, test.state, test.args...)
			if code != 1 || len(actions) != 0 || !strings.Contains(stderr, test.says) {
				t.Errorf("exit code %d, calls %v\n%s", code, actions, stderr)
			}
		})
	}
}

// A metadata service or an endpoint that says nothing must not hold a report or a shipper for ever.
func TestAnAnswerIsNotWaitedForWithoutALimit(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	loaded, err := loadAWS(t.Context(), "us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	client, _ := loaded.HTTPClient.(*awshttp.BuildableClient)
	if client == nil || client.GetTimeout() != answerTimeout {
		t.Errorf("the client is %T", loaded.HTTPClient)
	}
}
