package task

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"gitlab-fargate-runners/driver/internal/failure"
	"gitlab-fargate-runners/driver/internal/images"
	"gitlab-fargate-runners/driver/internal/limits"
)

// Request holds what differs from task to task.
type Request struct {
	// ClientToken makes the call idempotent; StartedBy finds the task without its ARN.
	ClientToken string
	StartedBy   string
	// PublicKey becomes SSH_PUBLIC_KEY in the container, in the format of authorized_keys.
	PublicKey string
	// TaskDefinition takes the place of the configured one, for a job with an image or services.
	TaskDefinition string
	// Services get their variables by overrides of the containers that the task definition has for them.
	Services []images.Service
	// Placement is one of Placements.
	Placement Placement
	// Size overrides the task definition's size.
	Size limits.Size
	// Lease is for the guard in the task and for every reaper.
	Lease Lease
	// Tags describe the job. The driver sets them only where the configuration has tags.
	Tags map[string]string
}

// Start asks ECS for the task and returns its ARN; it does not wait until the task runs. Its error is ErrNotStarted
// where the call certainly started no task. After any other error there may be a task.
func (t *Tasks) Start(ctx context.Context, request Request) (string, error) {
	input := t.runTaskInput(request)
	if err := tooLong(input.Overrides, request.Services); err != nil {
		return "", notStarted{err}
	}
	output, err := t.API.RunTask(ctx, input)
	var conflict *types.ConflictException
	switch {
	case errors.As(err, &conflict) && len(conflict.ResourceIds) > 0:
		// An earlier try has started the task of this client token.
		return conflict.ResourceIds[0], nil
	case err != nil && definitelyNotStarted(err):
		return "", notStarted{explain("RunTask", err)}
	case err != nil:
		return "", explain("RunTask", err)
	case len(output.Tasks) == 0:
		return "", notStarted{refused(output.Failures)}
	}
	arn := aws.ToString(output.Tasks[0].TaskArn)
	if arn == "" {
		return "", failure.New("", "ECS answered RunTask without the task's ARN")
	}
	t.Log.Debug("started task", "arn", arn)
	return arn, nil
}

func (t *Tasks) runTaskInput(request Request) *ecs.RunTaskInput {
	c := t.Config
	assign := types.AssignPublicIpDisabled
	if c.EnablePublicIP {
		assign = types.AssignPublicIpEnabled
	}
	input := &ecs.RunTaskInput{
		Cluster:         aws.String(c.Cluster),
		TaskDefinition:  aws.String(cmp.Or(request.TaskDefinition, c.TaskDefinition)),
		Count:           aws.Int32(1),
		ClientToken:     aws.String(request.ClientToken),
		StartedBy:       aws.String(request.StartedBy),
		PlatformVersion: aws.String(c.PlatformVersion),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets:        request.Placement.Subnets,
			SecurityGroups: c.SecurityGroups,
			AssignPublicIp: assign,
		}},
		Overrides: &types.TaskOverride{ContainerOverrides: append([]types.ContainerOverride{{
			Name: aws.String(Container),
			Environment: append(
				[]types.KeyValuePair{{Name: aws.String("SSH_PUBLIC_KEY"), Value: aws.String(request.PublicKey)}},
				request.Lease.environment(c.FirstSessionTimeout.Duration, c.LastSessionTimeout.Duration)...),
		}}, environments(request.Services)...)},
		EnableExecuteCommand: c.EnableExecuteCommand,
		PropagateTags:        propagated(c.PropagateTags),
		Tags:                 t.tags(request.Tags, request.Lease.tags()),
	}
	if c.TaskRole != "" {
		input.Overrides.TaskRoleArn = aws.String(c.TaskRole)
	}
	if c.ExecutionRole != "" {
		input.Overrides.ExecutionRoleArn = aws.String(c.ExecutionRole)
	}
	if s := request.Size; s.CPU != 0 {
		input.Overrides.Cpu = aws.String(strconv.Itoa(int(s.CPU)))
	}
	if s := request.Size; s.Memory != 0 {
		input.Overrides.Memory = aws.String(strconv.Itoa(int(s.Memory)))
	}
	if s := request.Size; s.EphemeralStorage != 0 {
		input.Overrides.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: s.EphemeralStorage}
	}
	if provider := request.Placement.Provider; provider != "" {
		input.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{
			{CapacityProvider: aws.String(provider), Weight: 1},
		}
	} else {
		// Without a launch type or a strategy, RunTask works only in a cluster that has a default strategy.
		input.LaunchType = types.LaunchTypeFargate
	}
	return input
}

// propagated is empty, which ECS takes for none, or where the tags come from.
func propagated(tags bool) types.PropagateTags {
	if tags {
		return types.PropagateTagsTaskDefinition
	}
	return ""
}

// tags merges the configured tags with more, which win. They are sorted, so that a repeated call is the same call.
func (t *Tasks) tags(more ...map[string]string) []types.Tag {
	if len(t.Config.Tags) == 0 {
		return nil
	}
	all := maps.Clone(t.Config.Tags)
	for _, some := range more {
		maps.Copy(all, some)
	}
	var tags []types.Tag
	for _, key := range slices.Sorted(maps.Keys(all)) {
		tags = append(tags, types.Tag{Key: aws.String(key), Value: aws.String(all[key])})
	}
	return tags
}
