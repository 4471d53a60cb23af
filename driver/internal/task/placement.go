package task

import (
	"cmp"
	"errors"
	"slices"

	"gitlab-fargate-runners/driver/internal/config"
)

// Placement is one way to place a task: which capacity, and which subnets.
type Placement struct {
	// Name is the placement's name in the job's log.
	Name string
	// Provider is the capacity provider. Without one, the launch type is FARGATE.
	Provider string
	Subnets  []string
}

const onDemand = "FARGATE"

// Lot decides which capacity provider a job's task is placed on first.
type Lot struct {
	// Number is a job's own, and evenly spread over jobs.
	Number uint64
	// Running counts this host's tasks by capacity provider.
	Running func() map[string]int
}

// Placements returns the placements in the order in which the driver tries them while there is no capacity: first the
// provider on which the lot falls, in all subnets and then in each of them; then the other configured ones in the same
// way; after that on-demand capacity, where Fargate.OnDemandFallback is set.
//
// One call names one provider. ECS divides the tasks of one call by the weights and gives the first of them to the base,
// and the driver starts one task a call: left to ECS, a share would be that of no call, and a base would take all jobs.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
func (t *Tasks) Placements(lot Lot) []Placement {
	c := t.Config
	if len(c.CapacityProviders) == 0 {
		return inSubnets("", c.Subnets)
	}
	providers := ordered(c.CapacityProviders, lot)
	// By launch type: it costs the same, and needs no capacity provider to be associated with the cluster.
	if c.OnDemandFallback && !slices.Contains(providers, onDemand) {
		providers = append(providers, "")
	}
	var all []Placement
	for _, provider := range providers {
		all = append(all, inSubnets(provider, c.Subnets)...)
	}
	return all
}

// ordered returns the names of the providers, the one of this job first and the others by their weights. A provider
// without weight has its base and nothing else, as in ECS.
func ordered(providers []config.CapacityProvider, lot Lot) []string {
	first := draw(providers, lot)
	rest := slices.Clone(providers)
	slices.SortStableFunc(rest, func(a, b config.CapacityProvider) int { return cmp.Compare(b.Weight, a.Weight) })
	names := []string{first}
	for _, provider := range rest {
		if provider.Weight > 0 && provider.Name != first {
			names = append(names, provider.Name)
		}
	}
	return names
}

// draw returns the provider whose base is not reached on this host, and otherwise one by the weights.
func draw(providers []config.CapacityProvider, lot Lot) string {
	var total uint64
	for _, provider := range providers {
		if provider.Base > 0 && lot.Running()[provider.Name] < int(provider.Base) {
			return provider.Name
		}
		total += uint64(provider.Weight)
	}
	left := lot.Number % total // some weight is above 0
	for _, provider := range providers {
		if left < uint64(provider.Weight) {
			return provider.Name
		}
		left -= uint64(provider.Weight)
	}
	return ""
}

func inSubnets(provider string, subnets []string) []Placement {
	name := "on-demand capacity"
	if provider != "" {
		name = provider + " capacity"
	}
	all := []Placement{{Name: name, Provider: provider, Subnets: subnets}}
	if len(subnets) < 2 {
		return all
	}
	for _, subnet := range subnets {
		all = append(all, Placement{Name: name + " in " + subnet, Provider: provider, Subnets: []string{subnet}})
	}
	return all
}

// ErrNoCapacity is in an error where another placement may work.
var ErrNoCapacity = errors.New("no capacity")

// ErrQuota is in an error, besides ErrNoCapacity, where only a placement of another kind of capacity may work.
var ErrQuota = errors.New("the quota of this capacity is used up")
