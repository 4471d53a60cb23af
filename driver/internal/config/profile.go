package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Profile is what the jobs of a class of runners get, and may choose. A key that it has replaces Fargate's key of the
// same name; what concerns the host, its cluster and the driver's own calls has no place here.
type Profile struct {
	TaskDefinition          *string
	AllowedTaskDefinitions  []string
	AllowedImages           []string
	AllowedServices         []string
	CPU                     *int32
	Memory                  *int32
	EphemeralStorage        *int32
	MaxCPU                  *int32
	MaxMemory               *int32
	MaxEphemeralStorage     *int32
	PlatformVersion         *string
	AllowedPlatformVersions []string
	Subnet                  *string
	Subnets                 []string
	SecurityGroup           *string
	SecurityGroups          []string
	EnablePublicIP          *bool
	UsePublicIP             *bool
	CapacityProviders       []CapacityProvider
	OnDemandFallback        *bool
	TaskRole                *string
	ExecutionRole           *string
	EnableExecuteCommand    *bool
	AwaitHealthy            *bool
	PropagateTags           *bool
	Tags                    map[string]string
	StartTimeout            *Duration
	WaitForServices         *Duration
	CapacityTimeout         *Duration
	JobTimeout              *Duration
}

// over returns the section with the profile's keys in the place of its own. One subnet or group takes the place of a
// list, and a list that of one. Tags come to the file's, among which is the one that tells stacks apart.
func (p Profile) over(section Fargate) Fargate {
	if p.Subnet != nil || p.Subnets != nil {
		section.Subnet, section.Subnets = "", nil
	}
	if p.SecurityGroup != nil || p.SecurityGroups != nil {
		section.SecurityGroup, section.SecurityGroups = "", nil
	}
	fileTags := section.Tags
	from, to := reflect.ValueOf(p), reflect.ValueOf(&section).Elem()
	for i := range from.NumField() {
		field := from.Field(i)
		if field.IsNil() {
			continue
		}
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		to.FieldByName(from.Type().Field(i).Name).Set(field)
	}
	if fileTags != nil && p.Tags != nil {
		section.Tags = maps.Clone(fileTags)
		maps.Copy(section.Tags, p.Tags)
	}
	section.AllowedTaskDefinitions = slices.Clone(section.AllowedTaskDefinitions)
	section.AllowedPlatformVersions = slices.Clone(section.AllowedPlatformVersions)
	return section
}

// choose puts the profile's keys in the place of Fargate's; "" chooses none.
func (c *Config) choose(name string) error {
	profile, known := c.Profiles[name]
	switch {
	case name == "":
		return nil
	case !known && len(c.Profiles) == 0:
		return fmt.Errorf("--profile %s: the file has no Profiles", name)
	case !known:
		return fmt.Errorf("--profile %s: the file has only Profiles.%s", name,
			strings.Join(slices.Sorted(maps.Keys(c.Profiles)), ", Profiles."))
	}
	c.Fargate = profile.over(c.Fargate)
	return nil
}

// checkProfiles tells what is wrong with profiles that no call has chosen yet.
func (c *Config) checkProfiles() error {
	var lines []error
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		alone := *c
		err := alone.choose(name)
		if err == nil {
			err = alone.complete(noVariables)
		}
		if err == nil {
			continue
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			lines = append(lines, fmt.Errorf("%s.%s: %s", "Profiles", name, strings.TrimPrefix(line, "Fargate.")))
		}
	}
	return errors.Join(lines...)
}
