// Package limits checks what a job asks for in FARGATE_CPU, FARGATE_MEMORY, FARGATE_EPHEMERAL_STORAGE,
// FARGATE_TASK_DEFINITION and FARGATE_PLATFORM_VERSION against what the runner's owner allows and what Fargate offers.
package limits

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gitlab-fargate-runners/driver/internal/config"
	"gitlab-fargate-runners/driver/internal/failure"
)

// Size overrides the task definition's size. A field of 0 leaves the task definition's value.
type Size struct {
	// CPU in units of 1/1024 vCPU, Memory in MiB, EphemeralStorage in GiB.
	CPU, Memory, EphemeralStorage int32
}

// String is empty where the size overrides nothing.
func (s Size) String() string {
	var parts []string
	add := func(value int32, unit string) {
		if value != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", value, unit))
		}
	}
	add(s.CPU, "CPU units")
	add(s.Memory, "MiB of memory")
	add(s.EphemeralStorage, "GiB of storage")
	return strings.Join(parts, ", ")
}

// memoryByCPU holds the memory in MiB that Fargate offers with each number of CPU units: from, to, step.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
var memoryByCPU = map[int32][3]int32{
	512: {1024, 4096, 1024}, 1024: {2048, 8192, 1024}, 2048: {4096, 16384, 1024},
	4096: {8192, 30720, 1024}, 8192: {16384, 61440, 4096}, 16384: {32768, 122880, 8192},
}

var cpus = []int32{256, 512, 1024, 2048, 4096, 8192, 16384}

// Of returns the size that the job asks for. Its error is the job's own failure and names the bound.
func Of(wanted config.Wanted, allowed config.Fargate) (Size, error) {
	if err := taskDefinition(wanted.TaskDefinition, allowed); err != nil {
		return Size{}, err
	}
	if err := platformVersion(wanted.PlatformVersion, allowed.AllowedPlatformVersions); err != nil {
		return Size{}, err
	}
	var size Size
	if wanted.TaskDefinition == "" { // which has a size of its own
		size = Size{allowed.CPU, allowed.Memory, allowed.EphemeralStorage}
	}
	for _, item := range []struct {
		variable, text, key, unit string
		bound, least, most        int32
		into                      *int32
	}{
		{"FARGATE_CPU", wanted.CPU, "Fargate.MaxCPU", "CPU units (1024 = 1 vCPU)", allowed.MaxCPU, 256, 16384,
			&size.CPU},
		{"FARGATE_MEMORY", wanted.Memory, "Fargate.MaxMemory", "MiB", allowed.MaxMemory, 512, 122880, &size.Memory},
		{"FARGATE_EPHEMERAL_STORAGE", wanted.EphemeralStorage, "Fargate.MaxEphemeralStorage", "GiB",
			allowed.MaxEphemeralStorage, 21, 200, &size.EphemeralStorage},
	} {
		if item.text == "" {
			continue
		}
		value, err := strconv.ParseInt(item.text, 10, 32)
		switch {
		case err != nil:
			return Size{}, rejected("Set it to a whole number of "+item.unit+".", "%s is %q, which is no whole number",
				item.variable, item.text)
		case value == int64(*item.into):
			// To name what a job gets anyway is no wish.
		case item.bound == 0:
			return Size{}, rejected("Leave it out, or ask the runner's owner to set "+item.key+" in fargate.toml.",
				"%s is %d, but this runner lets no job choose it (%s is not set)", item.variable, value, item.key)
		case value > int64(item.bound):
			return Size{}, rejected("Ask for less, or ask the runner's owner to raise the limit.",
				"%s is %d, more than this runner's limit of %d %s (%s)", item.variable, value, item.bound, item.unit,
				item.key)
		case value < int64(item.least) || value > int64(item.most):
			return Size{}, rejected("", "%s is %d, but Fargate has %d to %d %s", item.variable, value, item.least,
				item.most, item.unit)
		}
		*item.into = int32(value)
	}
	if wanted.CPU == "" && wanted.Memory == "" {
		return size, nil // ECS checks what the runner's owner has chosen.
	}
	return size, pair(named("FARGATE_CPU", wanted.CPU), size.CPU, named("FARGATE_MEMORY", wanted.Memory), size.Memory)
}

func named(variable, text string) string {
	if text == "" {
		return "the runner's own " + strings.TrimPrefix(variable, "FARGATE_")
	}
	return variable
}

// pair checks what it can without the task definition, whose values replace those that job and runner leave out.
func pair(cpuName string, cpu int32, memoryName string, memory int32) error {
	if cpu != 0 && !slices.Contains(cpus, cpu) {
		return rejected("", "%s is %d, but Fargate has only %s", cpuName, cpu, list(cpus))
	}
	if cpu == 0 || memory == 0 {
		return nil
	}
	if cpu == 256 {
		if small := []int32{512, 1024, 2048}; !slices.Contains(small, memory) {
			return rejected("", "%s is %d, but with %s %d Fargate has only %s", memoryName, memory, cpuName, cpu,
				list(small))
		}
		return nil
	}
	from, to, step := memoryByCPU[cpu][0], memoryByCPU[cpu][1], memoryByCPU[cpu][2]
	if memory < from || memory > to || (memory-from)%step != 0 {
		return rejected("", "%s is %d, but with %s %d Fargate has only %d to %d in steps of %d",
			memoryName, memory, cpuName, cpu, from, to, step)
	}
	return nil
}

var definitionARN = regexp.MustCompile(`^arn:[a-z-]+:ecs:[a-z0-9-]+:[0-9]{12}:task-definition/`)

// taskDefinition allows any task definition where the file has no list, as the community driver does. Then IAM sets the
// bound.
func taskDefinition(wanted string, allowed config.Fargate) error {
	if wanted == "" || allowed.AllowedTaskDefinitions == nil {
		return nil
	}
	name := definitionARN.ReplaceAllString(wanted, "")
	family, _, _ := strings.Cut(name, ":")
	if slices.Contains(allowed.AllowedTaskDefinitions, name) ||
		slices.Contains(allowed.AllowedTaskDefinitions, family) {
		return nil
	}
	return rejected("Choose one of them, or ask the runner's owner to add it.",
		"FARGATE_TASK_DEFINITION is %q, which is not among those that this runner allows "+
			"(Fargate.AllowedTaskDefinitions): %s",
		wanted, strings.Join(allowed.AllowedTaskDefinitions, ", "))
}

// platformVersion allows any version where the file has no list, as the community driver does.
func platformVersion(wanted string, allowed []string) error {
	if wanted == "" || allowed == nil || slices.Contains(allowed, wanted) {
		return nil
	}
	return rejected("Choose one of them, or ask the runner's owner to add it.",
		"FARGATE_PLATFORM_VERSION is %q, which is not among those that this runner allows "+
			"(Fargate.AllowedPlatformVersions): %s",
		wanted, strings.Join(allowed, ", "))
}

func rejected(hint, format string, args ...any) error {
	err := failure.New(hint, format, args...)
	err.Build = true
	return err
}

func list(values []int32) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = strconv.Itoa(int(value))
	}
	return strings.Join(texts, ", ")
}
