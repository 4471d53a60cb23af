package publicip

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

func TestPublicAddress(t *testing.T) {
	const associated = `<DescribeNetworkInterfacesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` +
		`<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId>` +
		`<association><publicIp>203.0.113.7</publicIp></association></item></networkInterfaceSet>` +
		`</DescribeNetworkInterfacesResponse>`
	const refusal = `<Response><Errors><Error><Code>UnauthorizedOperation</Code>` +
		`<Message>You are not authorized.</Message></Error></Errors></Response>`
	tests := map[string]struct {
		status              int
		body, want, wantErr string
	}{
		"address": {200, associated, "203.0.113.7", ""},
		"not yet": {200, strings.Replace(associated, "<association><publicIp>203.0.113.7</publicIp></association>",
			"", 1), "", ""},
		"not shown": {200,
			`<DescribeNetworkInterfacesResponse><networkInterfaceSet/></DescribeNetworkInterfacesResponse>`, "", ""},
		"denied": {403, refusal, "", "AWS denied ec2:DescribeNetworkInterfaces: You are not authorized."},
		"throttled": {503, strings.Replace(refusal, "UnauthorizedOperation", "RequestLimitExceeded", 1), "",
			"AWS throttled ec2:DescribeNetworkInterfaces in every try: "},
		"unavailable": {503, "busy", "", "AWS refused ec2:DescribeNetworkInterfaces (503): Service Unavailable"},
		"no XML":      {200, "hello", "", "reading EC2's answer failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var body, authorization string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				content, _ := io.ReadAll(r.Body)
				body, authorization = string(content), r.Header.Get("Authorization")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			defer server.Close()
			client := newClient(server.URL)
			got, err := client.PublicAddress(t.Context(), "eni-1")
			if got != test.want || (err == nil) != (test.wantErr == "") ||
				(err != nil && !strings.HasPrefix(err.Error(), test.wantErr)) {
				t.Errorf("got %q, %v", got, err)
			}
			if want := "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-1&Version=2016-11-15"; body != want {
				t.Errorf("body %q, want %q", body, want)
			}
			if !strings.Contains(authorization, "Credential=AKID/") ||
				!strings.Contains(authorization, "/eu-west-1/ec2/aws4_request") {
				t.Errorf("Authorization: %q", authorization)
			}
		})
	}
}

func newClient(url string) *Client {
	settings := aws.Config{
		Region: "eu-west-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	}
	return &Client{Config: func() (aws.Config, error) { return settings, nil }, Attempts: 2,
		Log: slog.New(slog.DiscardHandler)}
}

func TestSecondAttempt(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, `<DescribeNetworkInterfacesResponse/>`)
	}))
	defer server.Close()
	if _, err := newClient(server.URL).PublicAddress(t.Context(), "eni-1"); err != nil || calls != 2 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
