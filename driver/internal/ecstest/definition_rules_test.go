package ecstest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// definition has as many containers as count says.
func definition(count int) *ecs.RegisterTaskDefinitionInput {
	input := &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("ci"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
	}
	for i := range count {
		input.ContainerDefinitions = append(input.ContainerDefinitions, types.ContainerDefinition{
			Name: aws.String(fmt.Sprint("container-", i)), Image: aws.String("image"), Essential: aws.Bool(true),
		})
	}
	return input
}

func TestContainersOfADefinition(t *testing.T) {
	s := New()
	if _, err := client(s).RegisterTaskDefinition(t.Context(), definition(10)); err != nil {
		t.Error(err)
	}
	if _, err := client(s).RegisterTaskDefinition(t.Context(), definition(11)); err == nil {
		t.Error("eleven containers are taken")
	}
}

func TestOverrides(t *testing.T) {
	s := New()
	if _, err := client(s).RegisterTaskDefinition(t.Context(), definition(2)); err != nil {
		t.Fatal(err)
	}
	room := 8192 - len(`{"containerOverrides":[{"environment":[{"name":"A","value":""}],"name":"container-1"}]}`)
	for name, test := range map[string]struct {
		container string
		length    int
		want      string
	}{
		"as long as may be": {"container-1", room, ""},
		"too long":          {"container-1", room + 1, "Container Overrides length must be at most 8192"},
		"of another container": {"other", 1,
			"Override for container named other is not a container in the TaskDefinition."},
	} {
		input := run(name, "job")
		input.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String(test.container), Environment: []types.KeyValuePair{
				{Name: aws.String("A"), Value: aws.String(strings.Repeat("<", test.length))},
			},
		}}}
		_, err := client(s).RunTask(t.Context(), input)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
