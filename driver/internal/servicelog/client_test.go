package servicelog

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// The answers are as CloudWatch Logs writes them.
func TestClient(t *testing.T) {
	var status int
	var body string
	var asked map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		asked = map[string]any{"target": r.Header.Get("X-Amz-Target")}
		if err := json.Unmarshal(content, &asked); err != nil {
			t.Error(err)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	client := Client{Log: slog.New(slog.DiscardHandler), Settings: func() (aws.Config, error) {
		return aws.Config{
			Region: "eu-central-1", BaseEndpoint: aws.String(server.URL),
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		}, nil
	}}
	query := Query{Group: "g", Stream: "p/ci-service-1/t", Limit: 50, From: 42}

	status, body = http.StatusOK, `{"events":[{"timestamp":43,"ingestionTime":44,"message":"ready"}],"nextBackwardToken":"b/1"}`
	got, err := client.GetLogEvents(t.Context(), "", query)
	if want := (Page{Before: "b/1", Events: []Event{{43, "ready"}}}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	want := map[string]any{
		"target": "Logs_20140328.GetLogEvents", "logGroupName": "g", "logStreamName": "p/ci-service-1/t", "limit": 50.0,
		"startTime": 42.0, "startFromHead": false,
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("it asks (-want +got):\n%s", diff)
	}

	for text, code := range map[string]string{
		`{"__type":"ResourceNotFoundException","message":"The specified log stream does not exist."}`: "ResourceNotFoundException",
		`{"__type":"com.amazonaws.logs#AccessDeniedException:http://x","Message":"no"}`:               "AccessDeniedException",
		`<html>`: "400",
	} {
		status, body = http.StatusBadRequest, text
		var api smithy.APIError
		if _, err := client.GetLogEvents(t.Context(), "", query); !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("%s: %v", text, err)
		}
	}
	status, body = http.StatusOK, "<html>"
	if _, err := client.GetLogEvents(t.Context(), "", query); err == nil {
		t.Error("no error for an answer that is none")
	}
}
