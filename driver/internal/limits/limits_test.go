package limits

import (
	"errors"
	"strings"
	"testing"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
)

func TestOf(t *testing.T) {
	bounds := config.Fargate{MaxCPU: 4096, MaxMemory: 30720, MaxEphemeralStorage: 100}
	only := func(definitions ...string) config.Fargate { return config.Fargate{AllowedTaskDefinitions: definitions} }
	own := config.Fargate{CPU: 1024, Memory: 2048, EphemeralStorage: 30}
	ownOrMore := own
	ownOrMore.MaxCPU, ownOrMore.MaxMemory = 4096, 30720
	platform := config.Fargate{AllowedPlatformVersions: []string{"1.4.0", "LATEST"}}
	tests := map[string]struct {
		wanted  config.Wanted
		allowed config.Fargate
		want    Size
		err     string
	}{
		"nothing": {want: Size{}},
		"all": {config.Wanted{CPU: "2048", Memory: "4096", EphemeralStorage: "100"}, bounds,
			Size{2048, 4096, 100}, ""},
		"the smallest": {config.Wanted{CPU: "256", Memory: "512"}, bounds,
			Size{CPU: 256, Memory: 512}, ""},
		"memory only": {config.Wanted{Memory: "3072"}, bounds, Size{Memory: 3072}, ""},
		"too much CPU": {config.Wanted{CPU: "8192"}, bounds, Size{},
			"FARGATE_CPU is 8192, more than this runner's limit of 4096 CPU units (1024 = 1 vCPU) (Fargate.MaxCPU)"},
		"too much memory": {config.Wanted{Memory: "30721"}, bounds, Size{},
			"limit of 30720 MiB (Fargate.MaxMemory)"},
		"too much storage": {config.Wanted{EphemeralStorage: "101"}, bounds, Size{},
			"limit of 100 GiB (Fargate.MaxEphemeralStorage)"},
		"too little storage": {config.Wanted{EphemeralStorage: "20"}, bounds, Size{},
			"Fargate has 21 to 200 GiB"},
		"no number": {config.Wanted{CPU: "1 vCPU"}, bounds, Size{},
			`FARGATE_CPU is "1 vCPU", which is no whole number`},
		"a huge number": {config.Wanted{CPU: "99999999999"}, bounds, Size{}, "no whole number"},
		"negative": {config.Wanted{Memory: "-1"}, bounds, Size{},
			"Fargate has 512 to 122880 MiB"},
		"not for jobs to choose": {config.Wanted{CPU: "256"}, config.Fargate{}, Size{},
			"this runner lets no job choose it (Fargate.MaxCPU is not set)"},
		"no such CPU": {config.Wanted{CPU: "1000"}, bounds, Size{},
			"Fargate has only 256, 512, 1024"},
		"no such pair": {config.Wanted{CPU: "1024", Memory: "512"}, bounds, Size{},
			"with FARGATE_CPU 1024 Fargate has only 2048 to 8192 in steps of 1024"},
		"no such step": {config.Wanted{CPU: "4096", Memory: "8193"}, bounds, Size{},
			"in steps of 1024"},
		"no such pair of the least": {config.Wanted{CPU: "256", Memory: "4096"}, bounds, Size{},
			"Fargate has only 512, 1024, 2048"},
		"the runner's own size": {want: Size{1024, 2048, 30}, allowed: own},
		"and named by the job":  {config.Wanted{CPU: "1024"}, own, Size{1024, 2048, 30}, ""},
		"more memory than the runner's own": {config.Wanted{Memory: "4096"}, ownOrMore, Size{1024, 4096, 30},
			""},
		"more than the runner's own, which it allows not": {config.Wanted{Memory: "4096"}, own, Size{},
			"this runner lets no job choose it (Fargate.MaxMemory is not set)"},
		"no pair with the runner's own": {config.Wanted{CPU: "4096"}, ownOrMore, Size{},
			"the runner's own MEMORY is 2048, but with FARGATE_CPU 4096 Fargate has only 8192 to 30720"},
		"not over a definition that the job names": {config.Wanted{TaskDefinition: "large"}, own, Size{}, ""},
		"no ARN, with an allowed name at its end": {config.Wanted{TaskDefinition: "\x1b[2J/large"}, only("large"),
			Size{}, "not among"},
		"any definition":      {config.Wanted{TaskDefinition: "other"}, config.Fargate{}, Size{}, ""},
		"an allowed family":   {config.Wanted{TaskDefinition: "large"}, only("small", "large"), Size{}, ""},
		"a family's revision": {config.Wanted{TaskDefinition: "large:4"}, only("large"), Size{}, ""},
		"by its ARN": {
			config.Wanted{TaskDefinition: "arn:aws:ecs:us-east-1:123456789012:task-definition/large:4"},
			only("large:4"), Size{}, "",
		},
		"another revision": {config.Wanted{TaskDefinition: "large:5"}, only("large:4"), Size{},
			`FARGATE_TASK_DEFINITION is "large:5", which is not among`},
		"another family": {config.Wanted{TaskDefinition: "larger"}, only("large"), Size{},
			"(Fargate.AllowedTaskDefinitions): large"},
		"any platform version":        {config.Wanted{PlatformVersion: "1.3.0"}, config.Fargate{}, Size{}, ""},
		"an allowed platform version": {config.Wanted{PlatformVersion: "LATEST"}, platform, Size{}, ""},
		"another platform version": {config.Wanted{PlatformVersion: "1.3.0"}, platform, Size{},
			`FARGATE_PLATFORM_VERSION is "1.3.0", which is not among those that this runner allows ` +
				`(Fargate.AllowedPlatformVersions): 1.4.0, LATEST`},
		"none allowed, by an empty list": {config.Wanted{TaskDefinition: "large"},
			config.Fargate{AllowedTaskDefinitions: []string{}}, Size{}, "not among"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Of(test.wanted, test.allowed)
			if test.err == "" {
				if err != nil || got != test.want {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			var cause *failure.Failure
			if err == nil || !strings.Contains(err.Error(), test.err) || !errors.As(err, &cause) || !cause.Build {
				t.Errorf("got %+v, %v, want %q as the job's own failure", got, err, test.err)
			}
		})
	}
}

func TestEachPairOfFargate(t *testing.T) {
	bounds, pairs := config.Fargate{MaxCPU: 16384, MaxMemory: 122880}, 0
	for _, cpu := range cpus {
		for memory := int32(512); memory <= 122880; memory += 512 {
			if pair("", cpu, "", memory) == nil {
				pairs++
			}
		}
	}
	// 3 + 4 + 7 + 13 + 23 + 12 + 12 in the table of AWS's documentation
	if pairs != 74 {
		t.Errorf("%d pairs, Fargate has 74", pairs)
	}
	if got, err := Of(config.Wanted{CPU: "16384", Memory: "122880"}, bounds); err != nil ||
		got.String() != "16384 CPU units, 122880 MiB of memory" {
		t.Errorf("got %s, %v", got, err)
	}
}
