package registry

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"

	"gitlab-fargate-runners/driver/internal/failure"
)

var postgres = ocispec.ImageConfig{
	User: "70:70", Entrypoint: []string{"docker-entrypoint.sh"},
	ExposedPorts: map[string]struct{}{"5432/tcp": {}, "80": {}, "53/udp": {}, "x/tcp": {}, "0/tcp": {}, "99999/tcp": {}},
}

func TestReading(t *testing.T) {
	w := newWorld(t, nil)
	amd := w.Push("team/app", "amd64", "amd64", postgres)
	arm := w.Push("team/app", "arm64", "arm64", ocispec.ImageConfig{})
	other := arm
	other.Platform = &ocispec.Platform{OS: "linux", Architecture: "s390x"}
	signed := arm
	signed.Platform = &ocispec.Platform{OS: "unknown", Architecture: "unknown"}
	small := amd
	small.Platform = &ocispec.Platform{OS: "linux", Architecture: "386"}
	open := arm
	open.Platform = nil
	w.PushIndex("team/app", "1", signed, arm, amd)
	w.PushIndex("team/app", "others", signed, other, arm)
	w.PushIndex("team/app", "386", small)
	w.PushIndex("team/app", "open", open, other)
	const at = "registry.example.com"
	config := &Config{User: "70:70", Ports: []int{80, 5432}, Entrypoint: []string{"docker-entrypoint.sh"}}
	for image, want := range map[string]Found{
		"team/app:1":                        {Outcome: There, Config: config},
		"team/app:amd64":                    {Outcome: There, Config: config},
		"team/app@" + amd.Digest.String():   {Outcome: There, Config: config},
		"team/app:2@" + amd.Digest.String(): {Outcome: There, Config: config},
		"team/app:arm64":                    {Outcome: There, Config: &Config{User: "root"}}, // the pull takes it as well
		"team/app:others":                   {Outcome: NoPlatform, Platforms: []string{"linux/arm64", "linux/s390x"}},
		"team/app:386":                      {Outcome: There},
		"team/app:open":                     {Outcome: There},
		"team/app:absent":                   {Outcome: Absent, Reason: "manifest unknown: Unknown manifest"},
		"team/absent":                       {Outcome: Absent, Reason: "name unknown: Unknown name"},
		"team/app@sha256:" + strings.Repeat("0", 64): {Outcome: Absent, Reason: "manifest unknown: Unknown manifest"},
	} {
		got := w.one(at + "/" + image)
		want.Registry = at
		if want.Outcome != Absent && got.Digest == "" {
			t.Errorf("%s has no digest", image)
		}
		got.Digest = ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", image, diff)
		}
	}
	// For the other architecture, by the same index.
	found := w.ReadAll(t.Context(), []Wanted{
		{Image: at + "/team/app:1", Architecture: "arm64"}, {Image: at + "/team/absent", Architecture: "arm64"},
		{Image: at + "/team/app:1"}, {Image: "No:Name:AtAll"},
	})
	if found[0].Config == nil || found[0].Config.User != "root" || found[1].Outcome != Absent ||
		found[2].Outcome != There || found[2].Config != nil || found[3].Outcome != Unknown {
		t.Errorf("%+v", found)
	}
}

// Whether an image is there is asked each time, and what it is once: its manifest counts as a pull at Docker Hub.
func TestWhatIsKept(t *testing.T) {
	w := newWorld(t, nil)
	w.Push("library/node", "24", "amd64", ocispec.ImageConfig{User: "node"})
	first := w.one("node:24")
	if got := w.Asked(); strings.Count(got, "GET ") != 2 || !strings.HasPrefix(got, "HEAD library/node/manifests/24, GET ") {
		t.Errorf("asked %s", got)
	}
	second := w.one("node:24")
	if got := w.Asked(); got != "HEAD library/node/manifests/24" {
		t.Errorf("asked %s", got)
	}
	if diff := cmp.Diff(first, second); diff != "" || second.Config.User != "node" || second.Registry != "registry-1.docker.io" {
		t.Errorf("%+v, then (-first +second)\n%s", first, diff)
	}
	w.Push("library/node", "24", "amd64", ocispec.ImageConfig{User: "other"})
	if got := w.one("node:24"); got.Config == nil || got.Config.User != "other" {
		t.Errorf("%+v", got)
	}
}

// ECS pulls without credentials, but for ECR. What only the job's own credentials open cannot be pulled.
func TestAccess(t *testing.T) {
	const at = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	mine := []auth.Credential{{Username: "wrong", Password: "wrong"}, {Username: "me", Password: "secret"}}
	for name, test := range map[string]struct {
		image string
		guard func(http.ResponseWriter, *http.Request) bool
		ofJob []auth.Credential
		ecr   ecr
		// login is true where the pull has a login of its own.
		login bool
		want  Outcome
		known bool
	}{
		"public":                                {image: "r.example/app:1", want: There, known: true},
		"public, with credentials all the same": {image: "r.example/app:1", ofJob: mine, want: There, known: true},
		"by a token for everybody":              {image: "r.example/app:1", guard: lock("", "", false), want: There, known: true},
		"closed":                                {image: "r.example/app:1", guard: lock("me", "secret", false), want: Unknown},
		"closed, by passwords":                  {image: "r.example/app:1", guard: lock("me", "secret", true), want: Unknown},
		"open to the job alone":                 {image: "r.example/app:1", guard: lock("me", "secret", false), ofJob: mine, want: Private},
		"open to the job alone, by password":    {image: "r.example/app:1", guard: lock("me", "secret", true), ofJob: mine, want: Private},
		"open by the pull's own login": {image: "r.example/app:1", guard: lock("me", "secret", false), ofJob: mine, login: true,
			want: There, known: true},
		"absent for all but the pull's own login": {image: "r.example/app:2", login: true, want: Unknown},
		"absent for the job":                      {image: "r.example/app:2", guard: lock("me", "secret", false), ofJob: mine, want: Absent},
		"closed to the job too":                   {image: "r.example/app:1", guard: lock("you", "secret", false), ofJob: mine, want: Unknown},
		"ECR by the host's role": {image: at + "/app:1", guard: lock("me", "secret", true), ecr: ecr{opens: mine[1]}, want: There,
			known: true},
		"absent in ECR": {image: at + "/app:2", guard: lock("me", "secret", true), ecr: ecr{opens: mine[1]}, want: Absent},
		"absent in ECR, beside a cache": {image: at + "/app:2", guard: lock("me", "secret", true),
			ecr: ecr{opens: mine[1], prefixes: []string{"hub", "ap"}}, want: Absent},
		"what a cache may bring": {image: at + "/hub/library/app:2", guard: lock("me", "secret", true),
			ecr: ecr{opens: mine[1], prefixes: []string{"quay", "hub"}}, want: Unknown},
		"what a cache of all may bring": {image: at + "/app:2", guard: lock("me", "secret", true),
			ecr: ecr{opens: mine[1], prefixes: []string{"ROOT"}}, want: Unknown},
		"absent in ECR that does not tell of caches": {image: at + "/app:2", guard: lock("me", "secret", true),
			ecr: ecr{opens: mine[1], hidden: errors.New("denied")}, want: Unknown},
		"ECR that lets the host not in": {image: at + "/app:1", guard: lock("me", "secret", true), ecr: ecr{opens: mine[0]}, want: Unknown},
		"ECR without the right to log in": {image: at + "/app:1", guard: lock("me", "secret", true), ecr: ecr{denied: errors.New("denied")},
			want: Unknown},
		// The task has the execution role for ECR.
		"ECR by the job's credentials": {image: at + "/app:1", guard: lock("me", "secret", true), ecr: ecr{opens: mine[0]}, ofJob: mine,
			want: There, known: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.guard)
			w.Push("app", "1", "amd64", ocispec.ImageConfig{})
			w.Job = func(string) []auth.Credential { return test.ofJob }
			w.ECR = &test.ecr
			wanted := Wanted{Image: test.image, Architecture: "amd64", LoggedIn: test.login}
			got := w.ReadAll(t.Context(), []Wanted{wanted})[0]
			if got.Outcome != test.want || (got.Config != nil) != test.known {
				t.Errorf("%+v", got)
			}
			if asked := test.ecr.region; asked != "" && asked != "eu-central-1" || (asked != "") != strings.Contains(test.image, "ecr") {
				t.Errorf("asked ECR in %q", asked)
			}
		})
	}
}

func TestABrokenRegistry(t *testing.T) {
	var w *world
	for name, test := range map[string]struct {
		guard func(http.ResponseWriter, *http.Request) bool
		want  Outcome
	}{
		"silent": {func(_ http.ResponseWriter, request *http.Request) bool { <-request.Context().Done(); return true }, Unknown},
		"silent about what it has": {func(_ http.ResponseWriter, request *http.Request) bool {
			if request.Method == http.MethodGet {
				<-request.Context().Done()
			}
			return request.Method == http.MethodGet
		}, There},
		"with other contents": {func(answer http.ResponseWriter, request *http.Request) bool {
			if request.Method == http.MethodGet {
				answer.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
				_, _ = answer.Write([]byte(`{"config": {}}`))
			}
			return request.Method == http.MethodGet
		}, There},
		"without digests": {func(answer http.ResponseWriter, request *http.Request) bool {
			return request.Method == http.MethodHead
		}, There},
		"that ends connections": {func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, Unknown},
		"that leads elsewhere": {func(answer http.ResponseWriter, request *http.Request) bool {
			http.Redirect(answer, request, "http://r.example/v2/", http.StatusFound)
			return true
		}, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			w = newWorld(t, test.guard)
			w.Push("app", "1", "amd64", ocispec.ImageConfig{})
			w.Limit = 200 * time.Millisecond
			if name == "that leads elsewhere" {
				w.Reader.Transport = transport{direct: w.Reader.Transport, proxied: w.Reader.Transport}
			}
			if got := w.one("r.example/app:1"); got.Outcome != test.want || got.Config != nil {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestTrouble(t *testing.T) {
	for _, test := range []struct {
		found Found
		want  string
	}{
		{Found{Outcome: Absent, Registry: "r.example", Reason: "manifest unknown"},
			`the job's image app:1 is not there: r.example answers "manifest unknown"`},
		{Found{Outcome: NoPlatform, Platforms: []string{"linux/arm64", "windows/amd64"}},
			"the job's image app:1 is not for linux/amd64, which the task is: it is for linux/arm64, windows/amd64"},
		{Found{Outcome: Private, Registry: "r.example"},
			"the job's image app:1 cannot be pulled: r.example lets in nobody but the job's own credentials, which Fargate does not have"},
	} {
		err := test.found.Trouble("the job's image app:1", "amd64")
		var told *failure.Failure
		if !errors.As(err, &told) || !told.Build || told.Hint == "" || err.Error() != test.want {
			t.Errorf("%v", err)
		}
	}
	for _, outcome := range []Outcome{Unknown, There} {
		if err := (Found{Outcome: outcome}).Trouble("", ""); err != nil {
			t.Error(err)
		}
	}
}
