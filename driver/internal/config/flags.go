package config

import (
	"fmt"
	"strings"
)

// Flags are the command line's values, which count more than the file's; empty where a flag is absent. TaskDefinition and
// PlatformVersion count more than the job's variables too, since whoever writes the runner's configuration gives them.
type Flags struct {
	LogLevel, LogFile, LogFormat    string
	Debug                           bool
	TaskDefinition, PlatformVersion string
	// Profile is one of the file's Profiles.
	Profile string
}

func (f Flags) validate() error {
	if _, known := levels[strings.ToLower(f.LogLevel)]; f.LogLevel != "" && !known {
		return fmt.Errorf("--log-level: %q is none of debug, info, warn, error", f.LogLevel)
	}
	if f.LogFormat != "" && f.LogFormat != "text" && f.LogFormat != "json" {
		return fmt.Errorf("--log-format: %q is neither text nor json", f.LogFormat)
	}
	return nil
}

// apply puts the flags in the place of the file's values, and returns getenv without the variables of the job that do not
// count beside them.
func (c *Config) apply(flags Flags, getenv func(string) string) func(string) string {
	if flags.Debug {
		flags.LogLevel = "debug"
	}
	unheard := map[string]bool{}
	for _, one := range []struct {
		value    string
		key      *string
		variable string
	}{
		{flags.LogLevel, &c.LogLevel, ""}, {flags.LogFile, &c.LogFile, ""}, {flags.LogFormat, &c.LogFormat, ""},
		{flags.TaskDefinition, &c.Fargate.TaskDefinition, "CUSTOM_ENV_FARGATE_TASK_DEFINITION"},
		{flags.PlatformVersion, &c.Fargate.PlatformVersion, "CUSTOM_ENV_FARGATE_PLATFORM_VERSION"},
	} {
		if one.value != "" {
			*one.key, unheard[one.variable] = one.value, true
			if variable, isWish := strings.CutPrefix(one.variable, "CUSTOM_ENV_"); isWish {
				c.Wanted.Unheard = append(c.Wanted.Unheard, variable)
			}
		}
	}
	return func(name string) string {
		if unheard[name] {
			return ""
		}
		return getenv(name)
	}
}
