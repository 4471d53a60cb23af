package ecstest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	ecsNames  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	ecsImages = regexp.MustCompile(`^[A-Za-z0-9_./:@#-]{1,255}$`)
)

// refusedDefinition is why ECS takes no such definition for Fargate, or "".
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
func refusedDefinition(input map[string]any) string {
	family, _ := input["family"].(string)
	compatibilities, _ := input["requiresCompatibilities"].([]any)
	switch {
	case !ecsNames.MatchString(family):
		return "Family contains invalid characters."
	case input["networkMode"] != "awsvpc" || !slices.Contains(compatibilities, any("FARGATE")):
		return "Fargate only supports network mode ‘awsvpc’."
	case input["cpu"] == nil || input["memory"] == nil:
		return "Fargate requires that 'cpu' and 'memory' be defined at the task level."
	case input["placementConstraints"] != nil:
		return "Fargate does not support placement constraints."
	}
	for _, key := range []string{"status", "revision", "compatibilities", "requiresAttributes", "taskDefinitionArn"} {
		if _, has := input[key]; has {
			return "Unknown parameter " + key
		}
	}
	if tags, _ := input["tags"].([]any); refusedTags(tags) {
		return "Tags may not begin with aws: and may have no key twice."
	}
	return refusedContainers(input)
}

func refusedTags(tags []any) bool {
	seen := map[any]bool{}
	for _, tag := range tags {
		key, _ := tag.(map[string]any)["key"].(string)
		if seen[key] || strings.HasPrefix(strings.ToLower(key), "aws:") {
			return true
		}
		seen[key] = true
	}
	return false
}

// mostContainers is a quota that AWS does not raise. The text of the refusal is not AWS's.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
const mostContainers = 10

func refusedContainers(input map[string]any) string {
	volumes := map[any]bool{}
	all, _ := input["volumes"].([]any)
	for _, one := range all {
		name, _ := one.(map[string]any)["name"].(string)
		if volumes[name] || !ecsNames.MatchString(name) {
			return "Volume name is invalid or duplicate: " + name
		}
		volumes[name] = true
	}
	essential, names := false, map[string]bool{}
	containers, _ := input["containerDefinitions"].([]any)
	if len(containers) > mostContainers {
		return fmt.Sprintf("Task definitions may have %d containers at the most.", mostContainers)
	}
	for _, item := range containers {
		one, _ := item.(map[string]any)
		name, _ := one["name"].(string)
		if names[name] || !ecsNames.MatchString(name) {
			return "Container names are invalid or duplicate: " + name
		}
		names[name] = true
		if image, _ := one["image"].(string); !ecsImages.MatchString(image) {
			return "Container.image contains invalid characters."
		}
		if one["privileged"] == true || one["extraHosts"] != nil || one["links"] != nil {
			return "Fargate does not support privileged, extraHosts or links."
		}
		essential = essential || one["essential"] != false
		mounts, _ := one["mountPoints"].([]any)
		paths := map[any]bool{}
		for _, mount := range mounts {
			mount, _ := mount.(map[string]any)
			if !volumes[mount["sourceVolume"]] {
				return fmt.Sprintf("Unknown volume '%v'.", mount["sourceVolume"])
			}
			if paths[mount["containerPath"]] {
				return fmt.Sprintf("Duplicate mount point '%v'.", mount["containerPath"])
			}
			paths[mount["containerPath"]] = true
		}
	}
	if !essential {
		return "At least one container must be marked as essential."
	}
	return ""
}

// refusedTaskDefinition is why RunTask does not take its task definition, as "Code: message", or "". A test that defines
// none has each one that is named.
func (s *Server) refusedTaskDefinition(input map[string]any) string {
	if len(s.definitions) == 0 {
		return ""
	}
	name, _ := input["taskDefinition"].(string)
	found := s.definition(name)
	switch {
	case found == nil:
		return "ClientException: TaskDefinition not found."
	case found["status"] != "ACTIVE":
		return "ClientException: TaskDefinition is inactive"
	}
	overrides, _ := input["overrides"].(map[string]any)
	given, _ := overrides["containerOverrides"].([]any)
	containers, _ := found["containerDefinitions"].([]any)
	for _, one := range given {
		name := one.(map[string]any)["name"]
		if !slices.ContainsFunc(containers, func(has any) bool { return has.(map[string]any)["name"] == name }) {
			return fmt.Sprintf("InvalidParameterException: Override for container named %v is not a container in the "+
				"TaskDefinition.", name)
		}
	}
	return ""
}
