package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const profiles = minimal + `
MaxCPU = 1024
AllowedServices = ["redis"]
Tags = {"gitlab-fargate-runners:stack" = "prod"}

[Profiles.large]
TaskDefinition = "large:7"
AllowedTaskDefinitions = ["large:7", "ci:3"]
CPU = 4096
Memory = 8192
MaxCPU = 8192
MaxMemory = 16384
Subnets = ["subnet-8", "subnet-9"]
SecurityGroups = ["sg-9"]
TaskRole = "arn:aws:iam::123456789012:role/deploy"
CapacityTimeout = "1h"
AllowedServices = []
WaitForServices = "2m"

[Profiles.spot]
CapacityProviders = [{Name = "FARGATE_SPOT", Weight = 1}]
Subnet = "subnet-7"
MaxCPU = 0
Tags = {team = "data"}
`

func chosen(t *testing.T, content string, flags Flags, env map[string]string) (*Config, error) {
	t.Helper()
	return read("f", []byte(content), func(name string) string { return env[name] }, flags)
}

func TestProfilesReplaceKeysOfFargate(t *testing.T) {
	for name, change := range map[string]func(*Fargate){
		"": func(*Fargate) {},
		"large": func(f *Fargate) {
			f.TaskDefinition, f.AllowedTaskDefinitions = "large:7", []string{"large:7", "ci:3"}
			f.CPU, f.Memory, f.MaxCPU, f.MaxMemory = 4096, 8192, 8192, 16384
			f.Subnets, f.SecurityGroups = []string{"subnet-8", "subnet-9"}, []string{"sg-9"}
			f.TaskRole, f.CapacityTimeout.Duration = "arn:aws:iam::123456789012:role/deploy", time.Hour
			f.AllowedServices, f.WaitForServices.Duration = []string{}, 2*time.Minute
		},
		"spot": func(f *Fargate) {
			f.CapacityProviders = []CapacityProvider{{Name: "FARGATE_SPOT", Weight: 1}}
			f.Subnets, f.MaxCPU = []string{"subnet-7"}, 0
			f.Tags = map[string]string{"gitlab-fargate-runners:stack": "prod", "team": "data"}
		},
	} {
		got, err := chosen(t, profiles, Flags{Profile: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := parse(t, profiles[:strings.Index(profiles, "[Profiles")]).Fargate
		change(&want)
		if diff := cmp.Diff(want, got.Fargate); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

// The file itself, and whoever writes the command line, is above the profile; a job is below it.
func TestProfileFlagAndJob(t *testing.T) {
	wish := map[string]string{"CUSTOM_ENV_FARGATE_TASK_DEFINITION": "ci"}
	for want, flags := range map[string]Flags{
		"ci:3": {Profile: "large"}, "other:1": {Profile: "large", TaskDefinition: "other:1"}, "ci": {},
	} {
		got, err := chosen(t, profiles, flags, wish)
		if err != nil || got.Fargate.TaskDefinition != want {
			t.Errorf("%+v: %v, %v, want %s", flags, got, err, want)
		}
	}
}

// ECS would take a family's newest revision, which is not the one that the owner allows.
func TestPinned(t *testing.T) {
	for wanted, want := range map[string]string{
		"ci": "ci:3", "ci:3": "ci:3", "ci:2": "ci:2", "two": "two", "large": "large", "other": "other", "": "",
	} {
		if got := pinned(wanted, []string{"ci:3", "two:1", "two:2", "large", "large:4"}); got != want {
			t.Errorf("%q: %q, want %q", wanted, got, want)
		}
	}
}

func TestProfileErrors(t *testing.T) {
	for name, test := range map[string]struct {
		content, profile string
		want             []string
	}{
		"none of that name": {profiles, "huge",
			[]string{"f: --profile huge: the file has only Profiles.large, Profiles.spot"}},
		"none at all": {minimal, "large", []string{"f: --profile large: the file has no Profiles"}},
		"what is the host's": {minimal + "[Profiles.a]\nCluster = \"d\"\nMaxJobs = 1\n", "",
			[]string{"f:7: unknown key Profiles.a.Cluster", "f:8: unknown key Profiles.a.MaxJobs"}},
		"a wrong type": {minimal + "[Profiles.a]\nCPU = \"1024\"\n", "", []string{"f:7:7: Profiles.a.CPU: "}},
		"mistakes in profiles that nobody has chosen": {minimal + "[Profiles.b]\nMaxCPU = -1\nTaskRole = \"deploy\"\n" +
			"[Profiles.a]\nUsePublicIP = true\nSubnet = \"x\"\nSubnets = [\"y\"]\n[Profiles.c]\nCPU = 256\n", "c",
			[]string{"f: Profiles.a: Subnet and Fargate.Subnets are both set", "f: Profiles.b: MaxCPU, MaxMemory and",
				`f: Profiles.b: TaskRole: "deploy" is not a role's ARN`}},
		"a mistake of the file itself, once": {minimal + "MaxJobs = -1\n[Profiles.a]\n[Profiles.b]\n", "a",
			[]string{"f: Fargate.MaxJobs: -1 is negative"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := chosen(t, test.content, Flags{Profile: test.profile}, nil)
			if err == nil {
				err = got.NoProfile
			}
			if err == nil {
				t.Fatal("accepted")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("got\n%s", err)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("got\n%s\nwant line %d to begin with %q", err, i+1, want)
				}
			}
		})
	}
}

func TestEachKeyOfAProfileIsOneOfFargate(t *testing.T) {
	section := reflect.TypeFor[Fargate]()
	for i := range reflect.TypeFor[Profile]().NumField() {
		key := reflect.TypeFor[Profile]().Field(i)
		kind := key.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if known, has := section.FieldByName(key.Name); !has || known.Type != kind {
			t.Errorf("Fargate has no %s of type %s", key.Name, kind)
		}
	}
}
