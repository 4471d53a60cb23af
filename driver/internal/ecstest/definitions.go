package ecstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Define registers a task definition as a call would, and fails the test's own mistake by a panic.
func (s *Server) Define(input map[string]any) {
	s.Lock()
	defer s.Unlock()
	if refusal := refusedDefinition(input); refusal != "" {
		panic(refusal)
	}
	s.register(input)
}

// Definitions returns the families that were registered, each with the number of its revisions.
func (s *Server) Definitions() map[string]int {
	s.Lock()
	defer s.Unlock()
	counts := map[string]int{}
	for family, revisions := range s.definitions {
		counts[family] = len(revisions)
	}
	return counts
}

// Definition returns the revision that a name or ARN stands for, nil where there is no active one.
func (s *Server) Definition(name string) map[string]any {
	s.Lock()
	defer s.Unlock()
	return s.definition(name)
}

// Deregister makes all revisions of a family inactive.
func (s *Server) Deregister(family string) {
	s.Lock()
	defer s.Unlock()
	for _, revision := range s.definitions[family] {
		revision["status"] = "INACTIVE"
	}
}

func (s *Server) register(input map[string]any) map[string]any {
	family, _ := input["family"].(string)
	number := len(s.definitions[family]) + 1
	revision := maps.Clone(input)
	maps.Copy(revision, map[string]any{
		"status": "ACTIVE", "revision": number, "compatibilities": []any{"EC2", "FARGATE"}, "registeredBy": "somebody",
		"taskDefinitionArn": fmt.Sprintf("arn:aws:ecs:%s:123456789012:task-definition/%s:%d", s.Region, family, number),
	})
	if s.definitions == nil {
		s.definitions = map[string][]map[string]any{}
	}
	s.definitions[family] = append(s.definitions[family], revision)
	return revision
}

// definition finds family, family:revision or an ARN. A family alone is its newest active revision.
func (s *Server) definition(name string) map[string]any {
	name = strings.TrimPrefix(name, "arn:aws:ecs:"+s.Region+":123456789012:task-definition/")
	family, number, exact := strings.Cut(name, ":")
	for _, revision := range slices.Backward(s.definitions[family]) {
		if exact && strconv.Itoa(revision["revision"].(int)) == number || !exact && revision["status"] == "ACTIVE" {
			return revision
		}
	}
	return nil
}

// answersDefinition answers calls about task definitions, which name no cluster.
func (s *Server) answersDefinition(w http.ResponseWriter, action string, input map[string]any) bool {
	switch action {
	case "DescribeTaskDefinition":
		s.describeTaskDefinition(w, input)
	case "RegisterTaskDefinition":
		s.registerTaskDefinition(w, input)
	default:
		return false
	}
	return true
}

func (s *Server) describeTaskDefinition(w http.ResponseWriter, input map[string]any) {
	s.Lock()
	defer s.Unlock()
	name, _ := input["taskDefinition"].(string)
	found := s.definition(name)
	if found == nil {
		answerError(w, "ClientException", "Unable to describe task definition.")
		return
	}
	shown := maps.Clone(found)
	delete(shown, "tags")
	body := map[string]any{"taskDefinition": shown}
	if include, _ := input["include"].([]any); slices.Contains(include, any("TAGS")) {
		body["tags"] = found["tags"]
	}
	answer(w, body)
}

func (s *Server) registerTaskDefinition(w http.ResponseWriter, input map[string]any) {
	s.Lock()
	defer s.Unlock()
	if refusal := refusedDefinition(input); refusal != "" {
		answerError(w, "ClientException", refusal)
		return
	}
	answer(w, map[string]any{"taskDefinition": s.register(input), "tags": input["tags"]})
}
