package registry

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"
	"oras.land/oras-go/v2/registry/remote/auth"
)

func TestAddressesOfECR(t *testing.T) {
	for host, want := range map[string]ECRAddress{
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com":             {"123456789012", "eu-central-1", "api.ecr.eu-central-1.amazonaws.com"},
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn":            {"123456789012", "cn-north-1", "api.ecr.cn-north-1.amazonaws.com.cn"},
		"123456789012.dkr-ecr.eu-central-1.on.aws":                    {"123456789012", "eu-central-1", "api.ecr.eu-central-1.amazonaws.com"},
		"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com":       {"123456789012", "us-gov-west-1", "ecr-fips.us-gov-west-1.amazonaws.com"},
		"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn": {"123456789012", "cn-north-1", "api.ecr.cn-north-1.amazonaws.com.cn"},
		"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu:443":        {"123456789012", "eusc-de-east-1", "api.ecr.eusc-de-east-1.amazonaws.eu"},
		"public.ecr.aws": {},
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example": {},
		"evil.example.123456789012.dkr.ecr.eu-central-1.amazonaws.com": {},
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com:444":          {},
		"123456789012.dkr.ecr.eu-central-1_amazonaws.com":              {},
	} {
		if got, is := parseECR(host); got != want || is != (want.Region != "") {
			t.Errorf("%s: %+v, %t", host, got, is)
		}
	}
}

func TestLoginAtECR(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		answer string
		want   auth.Credential
		err    string
	}{
		"by the role": {200, fmt.Sprintf(`{"authorizationData":[{"authorizationToken":%q,"expiresAt":1.5}]}`,
			base64.StdEncoding.EncodeToString([]byte("AWS:pass:word"))), auth.Credential{Username: "AWS", Password: "pass:word"}, ""},
		"without the right": {400, `{"__type":"AccessDeniedException","Message":"not authorized"}`, auth.EmptyCredential,
			"AccessDeniedException"},
		"without a token":    {200, `{}`, auth.EmptyCredential, "without a token"},
		"with another token": {200, `{"authorizationData":[{"authorizationToken":"c2VjcmV0"}]}`, auth.EmptyCredential, "has no password"},
		"with a broken one":  {200, `{"authorizationData":[{"authorizationToken":"secret!"}]}`, auth.EmptyCredential, "bytes of something else"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
				if !strings.Contains(request.Header.Get("Authorization"), "/eu-central-1/ecr/aws4_request") ||
					request.Header.Get("X-Amz-Target") != "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken" {
					t.Errorf("asked with %v", request.Header)
				}
				answer.WriteHeader(test.status)
				_, _ = io.WriteString(answer, test.answer)
			}))
			defer server.Close()
			settings := func() (aws.Config, error) {
				return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
					Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}, nil
			}
			var told strings.Builder
			log := slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))
			address, _ := parseECR("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
			got, err := ECRClient{settings, log}.LogIn(t.Context(), address)
			if got != test.want || test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("%+v, %v", got, err)
			}
			for _, secret := range []string{"pass:word", "secret", "c2Vj"} {
				if strings.Contains(told.String()+fmt.Sprint(err), secret) {
					t.Errorf("a secret shows: %v, %s", err, told.String())
				}
			}
		})
	}
}

func TestPrefixesOfCaches(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		answer string
		want   []string
		err    string
	}{
		"none":               {200, `{"pullThroughCacheRules":[]}`, []string{}, ""},
		"some":               {200, `{"pullThroughCacheRules":[{"ecrRepositoryPrefix":"hub"},{"ecrRepositoryPrefix":"ROOT"}]}`, []string{"hub", "ROOT"}, ""},
		"more than it tells": {200, `{"pullThroughCacheRules":[],"nextToken":"more"}`, nil, "more rules"},
		"without the right":  {400, `{"__type":"AccessDeniedException"}`, nil, "AccessDeniedException"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
				body, _ := io.ReadAll(request.Body)
				if !strings.HasSuffix(request.Header.Get("X-Amz-Target"), ".DescribePullThroughCacheRules") ||
					string(body) != `{"registryId":"123456789012","maxResults":1000}` {
					t.Errorf("asked %s with %v", body, request.Header)
				}
				answer.WriteHeader(test.status)
				_, _ = io.WriteString(answer, test.answer)
			}))
			defer server.Close()
			settings := func() (aws.Config, error) {
				return aws.Config{BaseEndpoint: aws.String(server.URL),
					Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}, nil
			}
			address, _ := parseECR("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
			got, err := ECRClient{settings, slog.New(slog.DiscardHandler)}.CachePrefixes(t.Context(), address)
			if diff := cmp.Diff(test.want, got); diff != "" || test.err == "" && err != nil ||
				test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}
