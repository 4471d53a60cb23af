package task

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Base is what the configured task definition says of the tasks of jobs with an image.
type Base struct {
	// Architecture is GOARCH of the tasks.
	Architecture string
}

// baseIsGood is how long Define takes what Base was told. A job may wait for longer between the two.
const baseIsGood = 10 * time.Second

type toldBase struct {
	*ecs.DescribeTaskDefinitionOutput
	at time.Time
}

// Base looks the configured task definition up. A Define soon afterwards does not ask ECS for it again.
func (t *Tasks) Base(ctx context.Context) (Base, error) {
	described, err := t.describeBase(ctx)
	if err != nil {
		return Base{}, undefined(ctx, "DescribeTaskDefinition", err)
	}
	t.base.Store(&toldBase{described, time.Now()})
	return Base{Architecture: architectureOf(described.TaskDefinition)}, nil
}

func (t *Tasks) describeBase(ctx context.Context) (*ecs.DescribeTaskDefinitionOutput, error) {
	if known := t.base.Swap(nil); known != nil && time.Since(known.at) < baseIsGood {
		return known.DescribeTaskDefinitionOutput, nil
	}
	return t.Definitions.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: aws.String(t.Config.TaskDefinition), Include: []types.TaskDefinitionField{"TAGS"},
	})
}

// architectureOf returns GOARCH of a task definition's tasks.
func architectureOf(definition *types.TaskDefinition) string {
	if definition.RuntimePlatform != nil && definition.RuntimePlatform.CpuArchitecture == types.CPUArchitectureArm64 {
		return "arm64"
	}
	return "amd64"
}
