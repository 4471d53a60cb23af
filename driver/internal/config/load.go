package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Duration is a time in TOML, in Go's notation: "500ms", "2m".
type Duration struct{ time.Duration }

// UnmarshalText parses a positive duration.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil || parsed <= 0 {
		return fmt.Errorf("%q is no positive duration such as \"30s\" or \"2m\"", text)
	}
	d.Duration = parsed
	return nil
}

// Load reads the file at path. getenv is os.Getenv; the runner passes CI variables as CUSTOM_ENV_*. One error reports
// all mistakes, a line each: file, line where it has one, key and reason.
func Load(path string, getenv func(string) string, flags Flags) (*Config, error) {
	if err := flags.validate(); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	config, err := read(path, content, getenv, flags)
	if err != nil {
		return nil, err
	}
	file, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	config.Changed = file.ModTime()
	return config, nil
}

// Parse is Load for content that the caller has read, without flags. path is for messages.
func Parse(path string, content []byte, getenv func(string) string) (*Config, error) {
	return read(path, content, getenv, Flags{})
}

func read(path string, content []byte, getenv func(string) string, flags Flags) (*Config, error) {
	config := defaults()
	if err := decode(content, config); err != nil {
		return nil, located(path, content, err)
	}
	// A mistake in the file itself is told once, not for each of its profiles.
	whole := *config
	if err := whole.complete(whole.apply(flags, noVariables)); err != nil {
		return nil, prefixed(path, err)
	}
	if err := config.checkProfiles(); err != nil {
		return nil, prefixed(path, err)
	}
	if err := config.choose(flags.Profile); err != nil {
		config.NoProfile = prefixed(path, err)
	}
	if err := config.complete(config.apply(flags, getenv)); err != nil {
		return nil, prefixed(path, err)
	}
	return config, nil
}

func noVariables(string) string { return "" }

// complete adds to the file what has other sources, and checks the whole.
func (c *Config) complete(getenv func(string) string) error {
	if err := c.merge(getenv); err != nil {
		return err
	}
	return c.validate()
}

func decode(content []byte, into *Config) error {
	return toml.NewDecoder(bytes.NewReader(content)).DisallowUnknownFields().Decode(into)
}

// merge combines values that have two sources.
func (c *Config) merge(getenv func(string) string) error {
	var errs []error
	fold := func(one *string, many *[]string, oneKey, manyKey string) {
		if *one == "" {
			return
		}
		if len(*many) > 0 {
			errs = append(errs, fmt.Errorf("%s and %s are both set; keep one", oneKey, manyKey))
		}
		*many, *one = []string{*one}, ""
	}
	fold(&c.Fargate.Subnet, &c.Fargate.Subnets, "Fargate.Subnet", "Fargate.Subnets")
	fold(&c.Fargate.SecurityGroup, &c.Fargate.SecurityGroups, "Fargate.SecurityGroup", "Fargate.SecurityGroups")
	override := func(target *string, variable string) {
		if value := getenv("CUSTOM_ENV_" + variable); value != "" {
			*target = value
		}
	}
	override(&c.Wanted.CPU, "FARGATE_CPU")
	override(&c.Wanted.Memory, "FARGATE_MEMORY")
	override(&c.Wanted.EphemeralStorage, "FARGATE_EPHEMERAL_STORAGE")
	if allowed := &c.Fargate.AllowedTaskDefinitions; *allowed != nil &&
		!slices.Contains(*allowed, c.Fargate.TaskDefinition) {
		*allowed = append(*allowed, c.Fargate.TaskDefinition)
	}
	override(&c.Wanted.TaskDefinition, "FARGATE_TASK_DEFINITION")
	c.Wanted.TaskDefinition = pinned(c.Wanted.TaskDefinition, c.Fargate.AllowedTaskDefinitions)
	c.Fargate.TaskDefinition = cmp.Or(c.Wanted.TaskDefinition, c.Fargate.TaskDefinition)
	if allowed := &c.Fargate.AllowedPlatformVersions; *allowed != nil &&
		!slices.Contains(*allowed, c.Fargate.PlatformVersion) {
		*allowed = append(*allowed, c.Fargate.PlatformVersion)
	}
	override(&c.Wanted.PlatformVersion, "FARGATE_PLATFORM_VERSION")
	override(&c.Fargate.PlatformVersion, "FARGATE_PLATFORM_VERSION")
	if last := &c.Fargate.LastSessionTimeout; last.Duration == 0 {
		last.Duration = max(defaultLastSession, c.comingBack()+absenceMargin)
	}
	c.LogLevel = strings.ToLower(c.LogLevel)
	return errors.Join(errs...)
}

// pinned returns the one revision that a job may have of the family that it names, where the owner allows no other. ECS
// would take the newest one.
func pinned(wanted string, allowed []string) string {
	if slices.Contains(allowed, wanted) || strings.Contains(wanted, ":") {
		return wanted
	}
	revisions := slices.DeleteFunc(slices.Clone(allowed), func(one string) bool {
		return !strings.HasPrefix(one, wanted+":")
	})
	if len(revisions) != 1 {
		return wanted
	}
	return revisions[0]
}

// A task whose host is alive is without a session for as long as the driver tries to come back, and for moments between
// two stages. The margin is for a host that is slow.
const (
	defaultLastSession = 20 * time.Minute
	absenceMargin      = 10 * time.Minute
)

// comingBack is how long the driver tries to reach a task again.
func (c *Config) comingBack() time.Duration {
	return c.SSH.ReconnectTimeout.Duration + c.SSH.ConnectTimeout.Duration
}

// located turns the decoder's errors into lines of "file:line: reason".
func located(path string, content []byte, err error) error {
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) {
		var errs []error
		for i := range missing.Errors {
			line, _ := missing.Errors[i].Position()
			errs = append(errs, fmt.Errorf("%s:%d: unknown key %s", path, line,
				strings.Join(missing.Errors[i].Key(), ".")))
		}
		return errors.Join(errs...)
	}
	var positioned *toml.DecodeError
	if errors.As(err, &positioned) {
		line, column := positioned.Position()
		reason := strings.TrimPrefix(positioned.Error(), "toml: ")
		if key := strings.Join(positioned.Key(), "."); key != "" {
			reason = key + ": " + reason
		}
		return fmt.Errorf("%s:%d:%d: %s", path, line, column, reason)
	}
	return fmt.Errorf("%s:%d: %w", path, lineOf(content, err), err)
}

// lineOf finds the line of an error that names none (a number where a Duration is read): it is the last line of the
// shortest beginning of the file that has the error. All longer beginnings have it too.
func lineOf(content []byte, err error) int {
	var ends []int
	for i, b := range content {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	return 1 + sort.Search(len(ends), func(i int) bool {
		got := decode(content[:ends[i]], defaults())
		return got != nil && got.Error() == err.Error()
	})
}

// prefixed puts the path before each of the joined errors.
func prefixed(path string, err error) error {
	var errs []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		errs = append(errs, fmt.Errorf("%s: %s", path, line))
	}
	return errors.Join(errs...)
}
