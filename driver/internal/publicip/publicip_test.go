package publicip

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

func TestPublicAddress(t *testing.T) {
	const associated = `<DescribeNetworkInterfacesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><networkInterfaceSet><item>` +
		`<networkInterfaceId>eni-1</networkInterfaceId><association><publicIp>203.0.113.7</publicIp></association></item></networkInterfaceSet></DescribeNetworkInterfacesResponse>`
	const refusal = `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized.</Message></Error></Errors></Response>`
	tests := map[string]struct {
		status              int
		body, want, wantErr string
	}{
		"address":     {200, associated, "203.0.113.7", ""},
		"not yet":     {200, strings.Replace(associated, "<association><publicIp>203.0.113.7</publicIp></association>", "", 1), "", ""},
		"not shown":   {200, `<DescribeNetworkInterfacesResponse><networkInterfaceSet/></DescribeNetworkInterfacesResponse>`, "", ""},
		"denied":      {403, refusal, "", "EC2 refused DescribeNetworkInterfaces (UnauthorizedOperation): You are not authorized."},
		"unavailable": {503, "busy", "", "EC2 answered DescribeNetworkInterfaces with status 503"},
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
			client := &Client{Config: aws.Config{
				Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
			}}
			got, err := client.PublicAddress(t.Context(), "eni-1")
			if got != test.want || (err == nil) != (test.wantErr == "") || (err != nil && !strings.HasPrefix(err.Error(), test.wantErr)) {
				t.Errorf("got %q, %v", got, err)
			}
			if want := "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-1&Version=2016-11-15"; body != want {
				t.Errorf("body %q, want %q", body, want)
			}
			if !strings.Contains(authorization, "Credential=AKID/") || !strings.Contains(authorization, "/eu-west-1/ec2/aws4_request") {
				t.Errorf("Authorization: %q", authorization)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1": "https://ec2.eu-west-1.amazonaws.com/", "cn-north-1": "https://ec2.cn-north-1.amazonaws.com.cn/",
	} {
		if got := (&Client{Config: aws.Config{Region: region}}).endpoint(); got != want {
			t.Errorf("%s: got %s, want %s", region, got, want)
		}
	}
	t.Setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:1")
	if got := (&Client{Config: aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String("http://other")}}).endpoint(); got != "http://127.0.0.1:1" {
		t.Errorf("EC2's own endpoint is ignored: %s", got)
	}
}
