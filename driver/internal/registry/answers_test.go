package registry

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What registries say of an image that they do not show, as they write it.
func TestWhatAnswersProve(t *testing.T) {
	const (
		unauthorized = `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"repository",` +
			`"Class":"","Name":"library/nope","Action":"pull"}]}]}`
		ecr = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	)
	for name, test := range map[string]struct {
		registry string
		status   int
		body     string
		want     Outcome
		reason   string
	}{
		"Docker Hub, no such tag": {"docker.io", 404,
			`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown tag=nope"}]}`, Absent,
			"manifest unknown: manifest unknown: unknown tag=nope"},
		"Docker Hub, no such repository, or a private one": {"docker.io", 401, unauthorized, Unknown, ""},
		"Docker Hub, too many pulls": {"docker.io", 429,
			`{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your unauthenticated pull rate limit. ` +
				`https://www.docker.com/increase-rate-limit"}]}`, Unknown, "Too Many Requests"},
		"GitHub, no such tag": {"ghcr.io", 404, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`,
			Absent, "manifest unknown"},
		"GitHub, no such repository, or a private one": {"ghcr.io", 403,
			`{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`, Unknown, "denied: "},
		"Quay, no such tag": {"quay.io", 404,
			`{"errors":[{"code":"MANIFEST_UNKNOWN","detail":{},"message":"manifest unknown"}]}`, Absent, "manifest unknown"},
		"Quay, no such repository, or a private one": {"quay.io", 401,
			`{"errors":[{"code":"UNAUTHORIZED","detail":{},"message":"access to the requested resource is not authorized"}]}`,
			Unknown, "Unauthorized"},
		"ECR, no such tag": {ecr, 404, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Requested image not found"}]}`, Absent,
			"Requested image not found"},
		"ECR, no such repository": {ecr, 404, `{"errors":[{"code":"NAME_UNKNOWN","message":"The repository with name 'nope' does ` +
			`not exist in the registry with id '123456789012'"}]}`, Absent, "The repository with name 'nope' does not exist"},
		"ECR, no right": {ecr, 403, `{"errors":[{"code":"DENIED","message":"User: arn:aws:sts::123456789012:assumed-role/host/i-1 ` +
			`is not authorized to perform: ecr:BatchGetImage"}]}`, Unknown, "not authorized to perform: ecr:BatchGetImage"},
		"ECR Public, no such tag": {"public.ecr.aws", 404,
			`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"Requested image not found"}]}`, Absent, ""},
		"ECR Public, no such repository": {"public.ecr.aws", 404, `{"errors":[{"code":"NAME_UNKNOWN","message":"The repository with ` +
			`name 'nope' does not exist in the registry with id 'docker'"}]}`, Absent, ""},
		"GitLab, no such tag": {"registry.gitlab.com", 404,
			`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"nope"}}]}`, Absent, "manifest unknown"},
		"GitLab, no such repository, or a private one": {"registry.gitlab.com", 401, unauthorized, Unknown, ""},
		"distribution, no such tag": {"registry.example.com:5000", 404,
			`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"nope"}}]}`, Absent, ""},
		"distribution, no such repository": {"registry.example.com:5000", 404, `{"errors":[{"code":"NAME_UNKNOWN","message":` +
			`"repository name not known to registry","detail":{"name":"nope"}}]}`, Absent, ""},
		// Answers of others on the way, and of registries in trouble.
		"a web server":              {"registry.example.com", 404, "<html>404 page not found</html>", Unknown, "Not Found"},
		"another 404":               {"registry.example.com", 404, `{"errors":[{"code":"UNSUPPORTED","message":"no"}]}`, Unknown, "unsupported: no"},
		"a log-in page":             {"registry.example.com", 200, "<html>log in</html>", There, "is something else"},
		"a refusal by another name": {"registry.example.com", 403, `{"errors":[{"code":"NAME_UNKNOWN"}]}`, Unknown, "name unknown"},
		"a code that lies":          {"registry.example.com", 503, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, Unknown, "Service Unavailable"},
		"a proxy":                   {"registry.example.com", 502, "", Unknown, "Bad Gateway"},
		"forging a log line":        {"registry.example.com", 404, `{"errors":[{"code":"NAME_UNKNOWN","message":"no\nJob succeeded\u001b[0m"}]}`, Absent, "name unknown: noJob succeeded[0m"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(answer http.ResponseWriter, _ *http.Request) bool {
				if test.status == http.StatusOK {
					answer.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
				}
				answer.WriteHeader(test.status)
				_, _ = io.WriteString(answer, test.body)
				return true
			})
			got := w.one(test.registry + "/nope:nope")
			if got.Outcome != test.want || !strings.Contains(got.Reason, test.reason) || got.Config != nil {
				t.Errorf("%+v", got)
			}
		})
	}
}

// Whoever gives out tokens says nothing about images.
func TestATokenServerProvesNothing(t *testing.T) {
	w := newWorld(t, func(answer http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path == "/token" {
			answer.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(answer, `{"errors":[{"code":"NAME_UNKNOWN","message":"no such service"}]}`)
			return true
		}
		return lock("me", "secret", false)(answer, request)
	})
	if got := w.one("registry.example.com/app:1"); got.Outcome != Unknown || !strings.Contains(got.Reason, "no such service") {
		t.Errorf("%+v", got)
	}
}
