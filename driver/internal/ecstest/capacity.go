package ecstest

import "slices"

// refusedCapacity is why ECS refuses the capacity that a call of RunTask asks for, as "Code: message", or "".
// The texts are AWS's.
func (s *Server) refusedCapacity(input map[string]any) string {
	const code = "InvalidParameterException: "
	launchType, _ := input["launchType"].(string)
	strategy, _ := input["capacityProviderStrategy"].([]any)
	switch {
	case launchType != "" && len(strategy) > 0:
		return code + "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try " +
			"again."
	case launchType == "FARGATE":
		return ""
	case len(strategy) == 0: // this cluster has no default strategy
		return code + "No Container Instances were found in your cluster."
	}
	weights := 0.0
	for _, entry := range strategy {
		item, _ := entry.(map[string]any)
		name, _ := item["capacityProvider"].(string)
		if !slices.Contains(s.Providers, name) {
			return code + "The capacity provider strategy cannot contain a capacity provider that is not associated with " +
				"the cluster. Associate the capacity provider with the cluster and try again."
		}
		weight, _ := item["weight"].(float64)
		weights += weight
	}
	if weights == 0 {
		return code + "The specified capacity provider strategy must contain at least one capacity provider with a " +
			"weight value greater than zero."
	}
	return ""
}
