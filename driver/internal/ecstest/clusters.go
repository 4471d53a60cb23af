package ecstest

import (
	"net/http"
	"slices"
	"strings"
)

// cluster returns the name of the cluster that a call names by name or ARN, and whether the call's region has it. The
// region is in the call's signature, as all calls of a test come to one address.
func (s *Server) cluster(r *http.Request, input map[string]any) (name string, found bool) {
	s.Lock()
	defer s.Unlock()
	name, _ = input["cluster"].(string)
	name = strings.TrimPrefix(name, "arn:aws:ecs:"+s.Region+":123456789012:cluster/")
	here := strings.Contains(r.Header.Get("Authorization"), "/"+s.Region+"/ecs/aws4_request")
	return name, here && slices.Contains(s.Clusters, name)
}

// elsewhere returns the cluster of a task that the call names and that is in another one, or "". ECS finds a task in
// its own cluster only.
func elsewhere(input map[string]any, cluster string) string {
	named, _ := input["tasks"].([]any)
	for _, item := range append(slices.Clone(named), input["task"]) {
		if arn, _ := item.(string); arn != "" && clusterOf(arn) != cluster {
			return clusterOf(arn)
		}
	}
	return ""
}

func clusterOf(arn string) string {
	if parts := strings.Split(arn, "/"); len(parts) == 3 {
		return parts[1]
	}
	return ""
}
