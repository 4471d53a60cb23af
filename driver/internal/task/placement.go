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
		// By launch type: it costs the same, and needs no capacity provider to be associated with the cluster.
		all = append(all, inSubnets(describeProviders(nil), nil, c.Subnets)...)
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

// ErrQuota is in an error, besides ErrNoCapacity, where only a placement of another kind of capacity may work.
var ErrQuota = errors.New("the quota of this capacity is used up")
