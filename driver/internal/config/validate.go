package config

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gitlab-fargate-runners/driver/internal/agent/wire"
	"gitlab-fargate-runners/driver/internal/images"
)

// validate reports all that is missing or out of range.
func (c *Config) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	_, known := levels[c.LogLevel]
	check(known, "LogLevel: %q is none of debug, info, warn, error", c.LogLevel)
	check(c.LogFormat == "text" || c.LogFormat == "json", "LogFormat: %q is neither text nor json", c.LogFormat)

	check(c.Fargate.Cluster != "", "Fargate.Cluster is missing: the ECS cluster's name or ARN")
	check(c.Fargate.TaskDefinition != "", "Fargate.TaskDefinition is missing: a family or family:revision")
	check(len(c.Fargate.Subnets) > 0, "Fargate.Subnets (or Subnet) is missing: a task needs a subnet")
	check(len(c.Fargate.SecurityGroups) > 0,
		"Fargate.SecurityGroups (or SecurityGroup) is missing: a task needs one that lets the runner's host in on "+
			"the SSH port")
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
	check(len(c.Fargate.Subnets) <= 16, "Fargate.Subnets: %d are more than the 16 that ECS takes", len(c.Fargate.Subnets))
	check(len(c.Fargate.SecurityGroups) <= 5, "Fargate.SecurityGroups: %d are more than the 5 that ECS takes",
		len(c.Fargate.SecurityGroups))
	check(c.Fargate.EnablePublicIP || !c.Fargate.UsePublicIP,
		"Fargate.UsePublicIP needs EnablePublicIP: a task without a public address cannot be reached by one")
	for i, provider := range c.Fargate.CapacityProviders {
		check(provider.Name != "", "Fargate.CapacityProviders[%d].Name is missing, for example FARGATE or FARGATE_SPOT",
			i)
		check(provider.Weight >= 0 && provider.Weight <= 1000,
			"Fargate.CapacityProviders[%d].Weight: %d is not in 0–1000", i, provider.Weight)
		check(provider.Base >= 0 && provider.Base <= 100000,
			"Fargate.CapacityProviders[%d].Base: %d is not in 0–100000", i, provider.Base)
	}
	weighted := func(p CapacityProvider) bool { return p.Weight > 0 }
	check(len(c.Fargate.CapacityProviders) == 0 || slices.ContainsFunc(c.Fargate.CapacityProviders, weighted),
		"Fargate.CapacityProviders: no Weight is above 0, and ECS starts no task by a provider whose weight is 0")
	bases := 0
	for _, provider := range c.Fargate.CapacityProviders {
		bases += min(1, max(0, int(provider.Base)))
	}
	check(bases <= 1, "Fargate.CapacityProviders: %d have a Base, one may", bases)
	check(!c.Fargate.OnDemandFallback || len(c.Fargate.CapacityProviders) > 0,
		"Fargate.OnDemandFallback needs CapacityProviders: without, tasks are on on-demand capacity anyway")
	check(c.Fargate.MaxCPU >= 0 && c.Fargate.MaxMemory >= 0 && c.Fargate.MaxEphemeralStorage >= 0,
		"Fargate.MaxCPU, MaxMemory and MaxEphemeralStorage must not be negative")
	check(c.Fargate.CPU >= 0 && c.Fargate.Memory >= 0 && c.Fargate.EphemeralStorage >= 0,
		"Fargate.CPU, Memory and EphemeralStorage must not be negative")
	for key, role := range map[string]string{"TaskRole": c.Fargate.TaskRole, "ExecutionRole": c.Fargate.ExecutionRole} {
		check(role == "" || strings.HasPrefix(role, "arn:"), "Fargate.%s: %q is not a role's ARN", key, role)
	}
	if err := images.CheckPatterns(c.Fargate.AllowedImages); err != nil {
		check(false, "Fargate.AllowedImages: %v", err)
	}
	if err := images.CheckPatterns(c.Fargate.AllowedServices); err != nil {
		check(false, "Fargate.AllowedServices: %v", err)
	}
	if err := c.Fargate.Registries.Check(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			check(false, "Fargate.Registries: %s", line)
		}
	}
	check(len(c.Fargate.AllowedImages) == 0 || c.SSH.Username == "root",
		"Fargate.AllowedImages needs root as SSH.Username, as nobody else may write to the volume that the containers share")
	check(c.Fargate.MaxJobs >= 0, "Fargate.MaxJobs: %d is negative; 0 sets no bound", c.Fargate.MaxJobs)
	check(c.Fargate.APIAttempts >= 1, "Fargate.APIAttempts: %d is less than 1", c.Fargate.APIAttempts)
	check(c.Fargate.FirstSessionTimeout.Duration >= c.SSH.ConnectTimeout.Duration,
		"Fargate.FirstSessionTimeout is less than SSH.ConnectTimeout: the task would end while it is being "+
			"connected to")
	check(c.Fargate.LastSessionTimeout.Duration > c.comingBack(),
		"Fargate.LastSessionTimeout is not more than SSH.ReconnectTimeout and ConnectTimeout together: the task would "+
			"end while it is being connected to again")
	check(c.Fargate.PollInterval.Duration <= c.Fargate.MaxPollInterval.Duration,
		"Fargate.PollInterval is more than MaxPollInterval")

	check(filepath.IsAbs(c.TaskMetadata.Directory), "TaskMetadata.Directory: %q is not an absolute path",
		c.TaskMetadata.Directory)

	check(c.SSH.KeyType == "ed25519" || c.SSH.KeyType == "rsa", "SSH.KeyType: %q is neither ed25519 nor rsa",
		c.SSH.KeyType)
	check(c.SSH.Username != "", "SSH.Username is empty")
	check(c.SSH.Port >= 1 && c.SSH.Port <= 65535, "SSH.Port: %d is not in 1–65535", c.SSH.Port)
	check(c.SSH.KeepAliveCountMax >= 1, "SSH.KeepAliveCountMax: %d is less than 1", c.SSH.KeepAliveCountMax)
	check(c.SSH.ReconnectTimeout.Duration <= wire.KeepResult,
		"SSH.ReconnectTimeout is more than %s: a stage's result is not kept for longer", wire.KeepResult)
	check(c.SSH.RetryInterval.Duration <= c.SSH.MaxRetryInterval.Duration,
		"SSH.RetryInterval is more than MaxRetryInterval")

	check(c.Agent.File == "" || filepath.IsAbs(c.Agent.File), "Agent.File: %q is not an absolute path", c.Agent.File)
	check(c.Metrics.Directory == "" || filepath.IsAbs(c.Metrics.Directory),
		"Metrics.Directory: %q is not an absolute path", c.Metrics.Directory)
	check(c.Runner.BuildsDir == "" || path.IsAbs(c.Runner.BuildsDir), "Runner.BuildsDir: %q is not an absolute path",
		c.Runner.BuildsDir)
	check(c.Runner.CacheDir == "" || path.IsAbs(c.Runner.CacheDir), "Runner.CacheDir: %q is not an absolute path",
		c.Runner.CacheDir)
	check((c.JobLinks.LogGroup == "") == (c.JobLinks.LogStreamPrefix == ""),
		"JobLinks.LogGroup and JobLinks.LogStreamPrefix need each other: both are in the task definition")
	return errors.Join(errs...)
}
