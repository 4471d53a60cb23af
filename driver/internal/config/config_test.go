package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const minimal = `[Fargate]
Cluster = "c"
Subnet = "subnet-1"
SecurityGroup = "sg-1"
TaskDefinition = "ci"
`

// community is a file as the community driver's documentation shows it.
const community = `LogLevel = "info"
LogFormat = "text"

[Fargate]
  Cluster = "test-cluster"
  Region = "us-east-2"
  Subnet = "subnet-xxxxxx"
  SecurityGroup = "sg-xxxxxxxxxxxxx"
  TaskDefinition = "test-task:1"
  EnablePublicIP = true

[TaskMetadata]
  Directory = "/opt/gitlab-runner/metadata"

[SSH]
  Username = "root"
  Port = 22
`

func noEnv(string) string { return "" }

func parse(t *testing.T, content string) *Config {
	t.Helper()
	config, err := Parse("fargate.toml", []byte(content), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestDefaults(t *testing.T) {
	want := defaults()
	want.Fargate.Cluster, want.Fargate.TaskDefinition = "c", "ci"
	want.Fargate.Subnets, want.Fargate.SecurityGroups = []string{"subnet-1"}, []string{"sg-1"}
	want.Fargate.LastSessionTimeout.Duration = 20 * time.Minute
	if diff := cmp.Diff(want, parse(t, minimal)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want.SSH.Port != 22 || want.SSH.Username != "root" || want.Fargate.PlatformVersion != "LATEST" {
		t.Error("a default of the community driver has changed")
	}
}

func TestCommunityFile(t *testing.T) {
	want := defaults()
	want.Fargate.Cluster, want.Fargate.Region, want.Fargate.TaskDefinition = "test-cluster", "us-east-2", "test-task:1"
	want.Fargate.LastSessionTimeout.Duration = 20 * time.Minute
	want.Fargate.Subnets, want.Fargate.SecurityGroups = []string{"subnet-xxxxxx"}, []string{"sg-xxxxxxxxxxxxx"}
	want.Fargate.EnablePublicIP = true
	if diff := cmp.Diff(want, parse(t, community)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewKeys(t *testing.T) {
	got := parse(t, `LogLevel = "Warning"
[Fargate]
Cluster = "c"
Subnets = ["subnet-1", "subnet-2"]
SecurityGroups = ["sg-1", "sg-2"]
TaskDefinition = "ci"
StartTimeout = "90s"
AllowedServices = ["postgres:*"]
WaitForServices = "45s"
[[Fargate.CapacityProviders]]
Name = "FARGATE_SPOT"
Weight = 4
[[Fargate.CapacityProviders]]
Name = "FARGATE"
Base = 1
[Fargate.Tags]
stack = "prod"
[SSH]
KeepAliveCountMax = 2
`)
	want := Fargate{
		Cluster: "c", TaskDefinition: "ci", PlatformVersion: "LATEST", ReadRegistries: true,
		Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-1", "sg-2"},
		CapacityProviders: []CapacityProvider{{Name: "FARGATE_SPOT", Weight: 4}, {Name: "FARGATE", Base: 1}},
		Tags:              map[string]string{"stack": "prod"},
		AllowedServices:   []string{"postgres:*"}, WaitForServices: Duration{45 * time.Second},
		StartTimeout: Duration{90 * time.Second}, StopTimeout: Duration{5 * time.Minute},
		SlotTimeout: Duration{5 * time.Minute}, CapacityTimeout: Duration{15 * time.Minute},
		PollInterval: Duration{500 * time.Millisecond}, MaxPollInterval: Duration{5 * time.Second}, APIAttempts: 8,
		APITimeout: Duration{15 * time.Second},
		JobTimeout: Duration{24 * time.Hour}, LifetimeMargin: Duration{30 * time.Minute},
		FirstSessionTimeout: Duration{10 * time.Minute}, LastSessionTimeout: Duration{20 * time.Minute},
	}
	if diff := cmp.Diff(want, got.Fargate); diff != "" {
		t.Errorf("Fargate (-want +got):\n%s", diff)
	}
	if got.SSH.KeepAliveCountMax != 2 || got.SSH.Port != 22 || got.Level() != slog.LevelWarn {
		t.Errorf("got %+v, level %s", got.SSH, got.Level())
	}
}

func TestJobOverrides(t *testing.T) {
	env := map[string]string{
		"CUSTOM_ENV_FARGATE_TASK_DEFINITION": "other", "CUSTOM_ENV_FARGATE_PLATFORM_VERSION": "1.3.0",
		"FARGATE_TASK_DEFINITION": "not the job's", "CUSTOM_ENV_FARGATE_CLUSTER": "not a setting",
	}
	got, err := Parse("fargate.toml", []byte(minimal), func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if got.Fargate.TaskDefinition != "other" || got.Fargate.PlatformVersion != "1.3.0" || got.Fargate.Cluster != "c" {
		t.Errorf("got %+v", got.Fargate)
	}
}

func TestAllowedPlatformVersions(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "AllowedPlatformVersions = []": {"1.4.0"},
		`AllowedPlatformVersions = ["1.4.0"]`: {"1.4.0"}, `AllowedPlatformVersions = ["LATEST"]`: {"LATEST", "1.4.0"},
	} {
		got := parse(t, strings.Replace(minimal, "[Fargate]", "[Fargate]\nPlatformVersion = \"1.4.0\"\n"+text, 1))
		if diff := cmp.Diff(want, got.Fargate.AllowedPlatformVersions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// To name what a job gets anyway is no wish.
func TestAllowedTaskDefinitionsHoldTheRunnersOwn(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil, "AllowedTaskDefinitions = []": {"ci"}, `AllowedTaskDefinitions = ["large"]`: {"large", "ci"},
	} {
		got := parse(t, strings.Replace(minimal, "[Fargate]", "[Fargate]\n"+text, 1))
		if diff := cmp.Diff(want, got.Fargate.AllowedTaskDefinitions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// A file with long timeouts of SSH stays what it is.
func TestLastSessionTimeoutCoversTheWayBack(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 20 * time.Minute, "[SSH]\nReconnectTimeout = \"50m\"\nConnectTimeout = \"5m\"": 65 * time.Minute,
		"LastSessionTimeout = \"8m\"": 8 * time.Minute,
	} {
		if got := parse(t, minimal+text+"\n").Fargate.LastSessionTimeout.Duration; got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	many := func(key string, count int) string {
		return key + " = [\"x\"" + strings.Repeat(", \"x\"", count-1) + "]\n"
	}
	tests := map[string]struct {
		content string
		want    []string // one a line, in order
	}{
		"a strategy without a weight": {
			minimal + "[[Fargate.CapacityProviders]]\nName = \"FARGATE\"\n",
			[]string{"f: Fargate.CapacityProviders: no Weight is above 0"},
		},
		"two bases": {
			minimal + "CapacityProviders = [{Name = \"A\", Weight = 1, Base = 1}, {Name = \"B\", Base = 2}]\n",
			[]string{"f: Fargate.CapacityProviders: 2 have a Base"},
		},
		"more subnets and security groups than ECS takes": {
			"[Fargate]\nCluster = \"c\"\nTaskDefinition = \"ci\"\n" + many("Subnets", 17) + many("SecurityGroups", 6),
			[]string{"f: Fargate.Subnets: 17 are more than", "f: Fargate.SecurityGroups: 6 are more than"},
		},
		"unknown keys, all of them": {
			"Loglevel = \"info\"\nColour = 1\n" + minimal + "Subnt = \"x\"\n[Metric]\nPort = 1\n",
			[]string{"f:2: unknown key Colour", "f:8: unknown key Fargate.Subnt", "f:9: unknown key Metric"},
		},
		"unknown key in a list": {
			minimal + "[[Fargate.CapacityProviders]]\nName = \"FARGATE\"\nWait = 1\n",
			[]string{"f:8: unknown key Fargate.CapacityProviders.Wait"},
		},
		"text for a number":   {minimal + "[SSH]\nPort = \"22\"\n", []string{"f:7:8: SSH.Port: "}},
		"number for a text":   {"LogLevel = 1\n", []string{"f:1:12: LogLevel: "}},
		"text for a list":     {"[Fargate]\nSubnets = \"subnet-1\"\n", []string{"f:2:11: Fargate.Subnets: "}},
		"number for a switch": {minimal + "EnablePublicIP = 1\n", []string{"f:6:18: Fargate.EnablePublicIP: "}},
		"number for a time":   {minimal + "StartTimeout = 5\n", []string{`f:6: "5" is no positive duration`}},
		"no time": {minimal + "StartTimeout = \"soon\"\n",
			[]string{`f:6:16: Fargate.StartTimeout: "soon" is no positive duration`}},
		"negative time": {minimal + "StartTimeout = \"-1s\"\n",
			[]string{`f:6:16: Fargate.StartTimeout: "-1s" is no positive duration`}},
		"broken TOML":   {"[Fargate\n", []string{"f:1:"}},
		"key set twice": {minimal + "Cluster = \"d\"\n", []string{"f:6:"}},
		"nothing set": {"", []string{
			"f: Fargate.Cluster is missing", "f: Fargate.TaskDefinition is missing",
			"f: Fargate.Subnets (or Subnet) is missing", "f: Fargate.SecurityGroups (or SecurityGroup) is missing",
		}},
		"new keys out of range": {minimal + "OnDemandFallback = true\nMaxCPU = -1\nFirstSessionTimeout = \"1m\"\n" +
			"LastSessionTimeout = \"7m\"\n",
			[]string{
				"f: Fargate.OnDemandFallback needs CapacityProviders",
				"f: Fargate.MaxCPU, MaxMemory and MaxEphemeralStorage",
				"f: Fargate.FirstSessionTimeout is less than SSH.ConnectTimeout",
				"f: Fargate.LastSessionTimeout is not more than SSH.ReconnectTimeout and ConnectTimeout together",
			}},
		"folders that are no paths, half of a log stream": {
			minimal + "[Runner]\nBuildsDir = \"builds\"\nCacheDir = \"c\"\n[JobLinks]\nLogGroup = \"g\"\n",
			[]string{
				`f: Runner.BuildsDir: "builds" is not an absolute path`, `f: Runner.CacheDir: "c" is not an absolute path`,
				"f: JobLinks.LogGroup and JobLinks.LogStreamPrefix need each other",
			}},
		"what the job wants is no key": {minimal + "[Wanted]\nCPU = \"1\"\n", []string{"f:6: unknown key Wanted"}},
		"both forms": {minimal + "Subnets = [\"a\"]\nSecurityGroups = [\"b\"]\n", []string{
			"f: Fargate.Subnet and Fargate.Subnets are both set",
			"f: Fargate.SecurityGroup and Fargate.SecurityGroups are both set",
		}},
		"out of range": {"LogLevel = \"loud\"\nLogFormat = \"xml\"\n" + minimal + "UsePublicIP = true\n" +
			"CapacityProviders = [{Weight = 1001, Base = -1}]\nAPIAttempts = 0\nPollInterval = \"9s\"\n" +
			"[TaskMetadata]\nDirectory = \"here\"\n[SSH]\nUsername = \"\"\nPort = 65536\n" +
			"KeepAliveCountMax = 0\nRetryInterval = \"1m\"\n",
			[]string{
				`f: LogLevel: "loud"`, `f: LogFormat: "xml"`, "f: Fargate.UsePublicIP needs EnablePublicIP",
				"f: Fargate.CapacityProviders[0].Name is missing", "f: Fargate.CapacityProviders[0].Weight: 1001",
				"f: Fargate.CapacityProviders[0].Base: -1",
				"f: Fargate.APIAttempts: 0", "f: Fargate.PollInterval is more than MaxPollInterval",
				`f: TaskMetadata.Directory: "here"`, "f: SSH.Username is empty", "f: SSH.Port: 65536",
				"f: SSH.KeepAliveCountMax: 0", "f: SSH.RetryInterval is more than MaxRetryInterval",
			}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f", []byte(test.content), noEnv)
			if err == nil {
				t.Fatal("accepted")
			}
			lines := strings.Split(err.Error(), "\n")
			for i, want := range test.want {
				if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
					t.Fatalf("got\n%s\nwant line %d to begin with %q", err, i+1, want)
				}
			}
			if len(lines) != len(test.want) {
				t.Errorf("got %d lines, want %d:\n%s", len(lines), len(test.want), err)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fargate.toml")
	if _, err := Load(path, noEnv, Flags{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, noEnv, Flags{}); err != nil {
		t.Error(err)
	}
}
