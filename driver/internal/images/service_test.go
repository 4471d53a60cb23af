package images

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/job"
)

func service(image string, change ...func(*job.Service)) job.Service {
	one := job.Service{Image: image}
	for _, f := range change {
		f(&one)
	}
	return one
}

func aliased(aliases ...string) func(*job.Service) {
	return func(one *job.Service) { one.Aliases = aliases }
}

func given(name, value string) func(*job.Service) {
	return func(one *job.Service) { one.Variables = append(one.Variables, job.Variable{Name: name, Value: value}) }
}

var allowedServices = []string{"postgres:*", "redis", "registry.example.com:5000/**", "tutum/*"}

func TestServicesOf(t *testing.T) {
	type services = []job.Service
	for name, test := range map[string]struct {
		services services
		want     []Service
		told     []string
		err      string
	}{
		"none": {},
		"as the job says": {
			services: services{service("docker.io/library/postgres:18", aliased("db"), func(one *job.Service) {
				one.Entrypoint, one.Command, one.User = []string{"/entry"}, []string{"postgres"}, "999:999"
				one.Platform, one.PullPolicies = "linux/arm64", []string{"always"}
			}, given("A", "b"))},
			want: []Service{{
				Image: "postgres:18", Entrypoint: []string{"/entry"}, Command: []string{"postgres"}, User: "999:999",
				Architecture: "arm64", Names: []string{"docker.io__library__postgres", "docker.io-library-postgres", "db"},
				Variables: []job.Variable{{Name: "A", Value: "b"}},
			}},
		},
		"names": {
			services: services{
				service("registry.example.com:5000/team/db:1@" + digest), service("tutum/wordpress"), service("redis", aliased("a", "A")),
			},
			want: []Service{
				{Image: "registry.example.com:5000/team/db@" + digest,
					Names: []string{"registry.example.com__team__db", "registry.example.com-team-db"}},
				{Image: "tutum/wordpress:latest", Names: []string{"tutum__wordpress", "tutum-wordpress"}},
				{Image: "redis:latest", Names: []string{"redis", "a"}},
			},
		},
		"names that are taken": {
			services: services{
				service("postgres:17"), service("postgres:18", aliased("new", "Postgres")), service("postgres:16"),
			},
			want: []Service{
				{Image: "postgres:17", Names: []string{"postgres"}}, {Image: "postgres:18", Names: []string{"new"}},
			},
			told: []string{
				`Skipping alias "postgres" for service "postgres:18" (services[1]): alias is already in use by another service.`,
				`Skipping alias "Postgres" for service "postgres:18" (services[1]): alias is already in use by another service.`,
				`Skipping alias "postgres" for service "postgres:16" (services[2]): alias is already in use by another service.`,
				`services[2] postgres:16 is not started: another service has all of its names; alias: gives it one of its own`,
			},
		},
		"names that are none": {
			services: services{service("redis", aliased("-x", "a/b", "$(id)", "ok.example", "é", strings.Repeat("a", 254), "x.",
				"_y-9", strings.Repeat("a", 253)))},
			want: []Service{{Image: "redis:latest", Names: []string{"redis", "ok.example", "_y-9", strings.Repeat("a", 253)}}},
			told: []string{
				`Skipping alias "-x" for service "redis" (services[0]): it is no host name`,
				`Skipping alias "a/b" for service "redis" (services[0]): it is no host name`,
				`Skipping alias "$(id)" for service "redis" (services[0]): it is no host name`,
				`Skipping alias "é" for service "redis" (services[0]): it is no host name`,
				`Skipping alias "` + strings.Repeat("a", 254) + `" for service "redis" (services[0]): it is no host name`,
				`Skipping alias "x." for service "redis" (services[0]): it is no host name`,
			},
		},
		"a port": {
			services: services{service("redis", given("HEALTHCHECK_TCP_PORT", "6380"))},
			want: []Service{{Image: "redis:latest", Names: []string{"redis"}, Ports: []int{6380},
				Variables: []job.Variable{{Name: "HEALTHCHECK_TCP_PORT", Value: "6380"}}}},
		},
		"no entry point at all": {
			services: services{service("redis", func(one *job.Service) {
				one.Entrypoint, one.Command = []string{""}, []string{"redis-server", "--port", "1"}
			})},
			want: []Service{{Image: "redis:latest", Names: []string{"redis"}, Entrypoint: []string{"redis-server"},
				Command: []string{"--port", "1"}}},
		},
		"no entry point and no command": {
			services: services{service("redis", func(one *job.Service) { one.Entrypoint = []string{""} })},
			err:      `services: redis:latest has the entry point [""] and no command`,
		},
		"no port": {services: services{service("redis", given("healthcheck_tcp_port", "redis"))},
			err: "services: HEALTHCHECK_TCP_PORT of redis is no port"},
		"not allowed": {services: services{service("redis"), service("mysql:9")},
			err: "services: docker.io/library/mysql:9 is not among those that this runner allows (Fargate.AllowedServices): " +
				"postgres:*, redis"},
		"no name": {services: services{service("")}, err: `services: "" is no name of an image`},
		"another platform": {
			services: services{service("redis", func(one *job.Service) { one.Platform = "linux/s390x" })},
			err:      `services:docker:platform: "linux/s390x" cannot be had`},
		"no pull": {
			services: services{service("redis", func(one *job.Service) { one.PullPolicies = []string{"never"} })},
			err:      "services:pull_policy: never cannot be had"},
		"no user": {services: services{service("redis", func(one *job.Service) { one.User = "a b" })},
			err: `services:docker:user: "a b" is no user that ECS takes`},
	} {
		t.Run(name, func(t *testing.T) {
			got, told, err := ServicesOf(job.Job{Services: test.services}, allowedServices, false)
			var failed *failure.Failure
			switch {
			case (err == nil) != (test.err == ""):
				t.Fatalf("%v, want %q", err, test.err)
			case err != nil && (!strings.Contains(err.Error(), test.err) || !errors.As(err, &failed) || !failed.Build):
				t.Errorf("%v, want %s, as the job's own failure", err, test.err)
			}
			if diff := cmp.Diff(test.want, got) + cmp.Diff(test.told, told); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Where the runner allows no services, they are ignored, as the variables in them are; beside an image they are refused.
func TestServicesWhereNoneAreAllowed(t *testing.T) {
	wanted := job.Job{Services: []job.Service{service("Redis"), service("postgres:18")}}
	if got, told, err := ServicesOf(wanted, nil, false); got != nil || told != nil || err != nil {
		t.Errorf("%v, %v, %v", got, told, err)
	}
	_, _, err := ServicesOf(wanted, nil, true)
	var told *failure.Failure
	if !errors.As(err, &told) || !told.Build || !strings.Contains(told.Hint, "services.allowed") ||
		told.Sentence != "services: (Redis, postgres:18) cannot be had together with image: on this runner" {
		t.Errorf("%v", err)
	}
}

func TestCollisions(t *testing.T) {
	at := func(image string, ports ...int) Service { return Service{Image: image, Ports: ports} }
	if got := Collisions([]Service{at("a", 1, 2), at("b", 3), at("c"), at("d")}); got != nil {
		t.Errorf("%v", got)
	}
	got := Collisions([]Service{at("a", 1, 2, 2), at("b", 2), at("c", 3, 1, 2)})
	if len(got) != 2 || !strings.Contains(got[0], "The services a and b both name port 2") ||
		!strings.Contains(got[1], "The services a and c both name port 1") {
		t.Errorf("%v", got)
	}
}

// A container beside services starts as root where it is known who is to come after root, and what root must not run.
func TestUsersBesideServices(t *testing.T) {
	type users struct{ alone, beside, run string }
	for build, want := range map[[2]string]users{
		{"", ""}:           {"", "", ""},
		{"node", ""}:       {"node", "0", "node"},
		{"1000:1000", ""}:  {"1000:1000", "0", "1000:1000"},
		{"", "app"}:        {"", "0", "app"},
		{"node", "app"}:    {"node", "0", "node"},
		{"root", "app"}:    {"root", "root", ""},
		{"0:5", ""}:        {"0:5", "0:5", ""},
		{"", "root"}:       {"", "", ""},
		{"", "0:0"}:        {"", "", ""},
		{"rooter", "root"}: {"rooter", "0", "rooter"},
	} {
		b := Build{User: build[0], ConfigUser: build[1], ConfigKnown: true}
		if got := (users{b.StartUser(false), b.StartUser(true), b.RunUser()}); got != want {
			t.Errorf("%v: %v, want %v", build, got, want)
		}
	}
	for user, want := range map[string]users{
		"": {"", "", ""}, "node": {"node", "node", "node"}, "root": {"root", "root", ""},
	} {
		b := Build{User: user}
		if got := (users{b.StartUser(false), b.StartUser(true), b.RunUser()}); got != want {
			t.Errorf("%q, the image's entry point is not known: %v, want %v", user, got, want)
		}
		b.Entrypoint = []string{""}
		if b.RunUser() != "" && b.StartUser(true) != "0" {
			t.Errorf("%q, the job names the entry point: %v", user, b.StartUser(true))
		}
	}
}

func TestEntryPointsThatAreKnown(t *testing.T) {
	for name, test := range map[string]struct {
		build Build
		want  []string
	}{
		"the job's":           {Build{Entrypoint: []string{"/a"}}, []string{"/a"}},
		"the job's, not its":  {Build{Entrypoint: []string{"/a"}, ConfigKnown: true, ConfigEntrypoint: []string{"/b"}}, []string{"/a"}},
		"none of the job's":   {Build{Entrypoint: []string{""}, ConfigKnown: true, ConfigEntrypoint: []string{"/b"}}, []string{""}},
		"its image's":         {Build{ConfigKnown: true, ConfigEntrypoint: []string{"/b", "c"}}, []string{"/b", "c"}},
		"none of its image's": {Build{ConfigKnown: true}, []string{""}},
		"nobody knows":        {Build{User: "node"}, nil},
	} {
		got := test.build.WithEntrypoint()
		if (got == nil) != (test.want == nil) || got != nil && !cmp.Equal(got.Entrypoint, test.want) {
			t.Errorf("%s: %+v, want %v", name, got, test.want)
		}
	}
}
