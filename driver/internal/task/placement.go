package task

import (
	"errors"
	"slices"
	"strings"

	"gitlab-fargate-runners/driver/internal/config"
)

// Placement is one way to place a task: which capacity, and which subnets.
type Placement struct {
	// Name is the placement's name in the job's log.
	Name string
	// Providers is RunTask's strategy. Without any, the launch type is FARGATE.
	Providers []config.CapacityProvider
	Subnets   []string
}

const onDemand = "FARGATE"

// Placements returns the placements in the order in which the driver tries them while there is no capacity: first the
// configured providers, in all subnets and then in each of them; after that on-demand capacity in the same order, where
// Fargate.OnDemandFallback is set.
func (t *Tasks) Placements() []Placement {
	c := t.Config
	all := inSubnets(describeProviders(c.CapacityProviders), c.CapacityProviders, c.Subnets)
	elsewhere := slices.ContainsFunc(c.CapacityProviders,
		func(p config.CapacityProvider) bool { return p.Name != onDemand })
	if c.OnDemandFallback && elsewhere {
		all = append(all, inSubnets("on-demand capacity", []config.CapacityProvider{{Name: onDemand, Weight: 1}},
			c.Subnets)...)
	}
	return all
}

func inSubnets(name string, providers []config.CapacityProvider, subnets []string) []Placement {
	all := []Placement{{Name: name, Providers: providers, Subnets: subnets}}
	if len(subnets) < 2 {
		return all
	}
	for _, subnet := range subnets {
		all = append(all, Placement{Name: name + " in " + subnet, Providers: providers, Subnets: []string{subnet}})
	}
	return all
}

func describeProviders(providers []config.CapacityProvider) string {
	if len(providers) == 0 {
		return "on-demand capacity"
	}
	names := make([]string, len(providers))
	for i, provider := range providers {
		names[i] = provider.Name
	}
	return "capacity of " + strings.Join(names, " or ")
}

// ErrNoCapacity is in an error where another placement may work.
var ErrNoCapacity = errors.New("no capacity")

// noCapacity adds ErrNoCapacity to an error and keeps the error's text.
type noCapacity struct{ error }

func (e noCapacity) Is(target error) bool { return target == ErrNoCapacity }
func (e noCapacity) Unwrap() error        { return e.error }

// lacksCapacity reads the reason in RunTask's failures[] or of a stopped task. A subnet without a free address counts
// as a lack of capacity (RESOURCE:ENI).
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
func lacksCapacity(reason string) bool {
	if strings.Contains(reason, "RESOURCE:") { // not the "resource: arn:…" of a denied action
		return true
	}
	lower := strings.ToLower(reason)
	for _, sign := range []string{"capacity is unavailable", "insufficientfreeaddresses", "not enough free addresses",
		"spotinterruption"} {
		if strings.Contains(lower, sign) {
			return true
		}
	}
	return false
}
